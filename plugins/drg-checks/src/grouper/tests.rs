//! Each shape of condition on tables of a few rows.

use super::*;

/// Gate `M` for the diagnosis `d` (and `e`), with one ADRG of the condition.
fn grouper(
    gate: &str,
    condition: &str,
    codes: &[(&'static str, List, &'static str, i64)],
) -> Grouper<&'static str> {
    let diagnosis = |diagnosis, site: &str| MajorCategoryDiagnosis {
        major_category: "M",
        diagnosis,
        site: site.to_owned(),
    };
    Grouper::new(Tables {
        major_categories: vec![MajorCategory {
            code: "M",
            rank: 0,
            gate: gate.to_owned(),
        }],
        major_category_diagnoses: vec![diagnosis("d", "head"), diagnosis("e", "leg")],
        core_groups: vec![CoreGroup {
            code: "M1",
            major_category: "M",
            rank: 0,
            condition: condition.to_owned(),
        }],
        core_group_codes: codes
            .iter()
            .map(|(core_group, list, code, class)| CoreGroupCode {
                core_group: *core_group,
                list: *list,
                code: *code,
                class: *class,
            })
            .collect(),
        groups: Vec::new(),
        complications: Vec::new(),
        valid_procedures: vec!["v"],
    })
    .unwrap()
}

fn case<'a>(
    diagnoses: &'a [&'static str],
    procedures: &'a [&'static str],
) -> Case<'a, &'static str> {
    let (gender, age, age_days, weight) = (Some(Gender::Female), Some(40), None, None);
    Case {
        gender,
        age,
        age_days,
        weight,
        diagnoses,
        procedures,
    }
}

fn taken(grouper: &Grouper<&'static str>, case: &Case<'_, &'static str>) -> bool {
    grouper
        .group(case)
        .grouping
        .is_some_and(|grouping| grouping.group == "M1")
}

#[test]
fn the_principal_diagnosis_must_open_the_category() {
    let grouper = grouper("main_diag_in", "", &[]);
    assert!(taken(&grouper, &case(&["d"], &[])));
    assert!(!taken(&grouper, &case(&["x", "d"], &[])));
    assert!(!taken(&grouper, &case(&[], &[])));
}

#[test]
fn two_procedures_of_two_lists_are_asked_for_in_any_place() {
    let codes = [
        ("M1", List::Procedures, "p", 0),
        ("M1", List::SecondProcedures, "q", 0),
    ];
    let grouper = grouper("main_diag_in", "any_procedure;any_procedure_2", &codes);
    assert!(taken(&grouper, &case(&["d"], &["x", "q", "p"])));
    assert!(!taken(&grouper, &case(&["d"], &["p"])));
}

#[test]
fn classes_of_procedures_satisfy_the_expression_together() {
    let codes = [
        ("M1", List::Procedures, "a", 1),
        ("M1", List::Procedures, "b", 2),
        ("M1", List::Procedures, "c", 3),
    ];
    let grouper = grouper("main_diag_in", "procedure_classes:1|2&3", &codes);
    assert!(taken(&grouper, &case(&["d"], &["a"])));
    assert!(taken(&grouper, &case(&["d"], &["c", "b"])));
    assert!(!taken(&grouper, &case(&["d"], &["b"])));
}

#[test]
fn surgery_is_what_the_valid_list_holds() {
    let surgical = grouper("main_diag_in", "main_procedure_valid", &[]);
    assert!(taken(&surgical, &case(&["d"], &["v"])));
    assert!(!taken(&surgical, &case(&["d"], &["x", "v"])));
    let medical = grouper("main_diag_in", "no_valid_procedure", &[]);
    assert!(taken(&medical, &case(&["d"], &["x"])));
    assert!(!taken(&medical, &case(&["d"], &["x", "v"])));
}

#[test]
fn an_expression_over_no_classes_always_holds() {
    let grouper = grouper("main_diag_in", "procedure_classes:1", &[]);
    assert!(taken(&grouper, &case(&["d"], &[])));
}

#[test]
fn a_category_of_the_other_sex_is_not_opened() {
    let woman = case(&["d"], &[]);
    assert!(taken(&grouper("main_diag_in+female", "", &[]), &woman));
    assert!(!taken(&grouper("main_diag_in+male", "", &[]), &woman));
}

#[test]
fn under_one_year_ends_with_the_first_birthday() {
    let grouper = grouper("main_diag_in+age_lt_1y", "", &[]);
    let aged = |age| Case {
        age: Some(age),
        ..case(&["d"], &[])
    };
    assert!(taken(&grouper, &aged(0)));
    assert!(!taken(&grouper, &aged(1)));
}

#[test]
fn more_than_a_weight_is_not_that_weight() {
    let grouper = grouper("main_diag_in", "weight_g>1500", &[]);
    let weighing = |weight| Case {
        weight: Some(weight),
        ..case(&["d"], &[])
    };
    assert!(!taken(&grouper, &weighing(1_500)));
    assert!(taken(&grouper, &weighing(1_501)));
}

#[test]
fn a_procedure_is_foreign_where_only_other_categories_have_a_place_for_it() {
    let category = |code, rank| MajorCategory {
        code,
        rank,
        gate: "main_diag_in".to_owned(),
    };
    let opens = |major_category, diagnosis| MajorCategoryDiagnosis {
        major_category,
        diagnosis,
        site: String::new(),
    };
    let core_group = |code, major_category, condition: &str| CoreGroup {
        code,
        major_category,
        rank: 0,
        condition: condition.to_owned(),
    };
    let code = |list, code| CoreGroupCode {
        core_group: "N1",
        list,
        code,
        class: 0,
    };
    let grouper = Grouper::new(Tables {
        major_categories: vec![category("M", 0), category("N", 1)],
        major_category_diagnoses: vec![opens("M", "d"), opens("N", "n")],
        core_groups: vec![
            core_group("M1", "M", "main_procedure_valid"),
            core_group("N1", "N", "any_procedure;any_procedure_2"),
        ],
        core_group_codes: vec![
            code(List::Procedures, "p"),
            code(List::Procedures, "v"),
            code(List::SecondProcedures, "q"),
        ],
        groups: Vec::new(),
        complications: Vec::new(),
        valid_procedures: vec!["v"],
    })
    .unwrap();
    assert_eq!(grouper.foreign_procedure("d", "p"), Some("M"));
    assert_eq!(grouper.foreign_procedure("d", "q"), Some("M"));
    // Any procedure that counts as surgery has a place in M.
    assert_eq!(grouper.foreign_procedure("d", "v"), None);
    assert_eq!(grouper.foreign_procedure("n", "p"), None);
}

#[test]
fn trauma_counts_sites_not_diagnoses() {
    let grouper = grouper("main_diag_in+ge2_trauma_sites", "", &[]);
    assert!(taken(&grouper, &case(&["d", "e"], &[])));
    assert!(!taken(&grouper, &case(&["d", "d"], &[])));
}

#[test]
fn a_fact_that_is_not_recorded_is_told_only_where_the_rest_holds() {
    let grouper = grouper(
        "main_diag_in+age_lt_1y",
        "main_diagnosis;weight_g<1500",
        &[],
    );
    let newborn = |age, diagnoses| Case {
        age,
        ..case(diagnoses, &[])
    };
    let unrecorded = |case| {
        grouper
            .group(&case)
            .unrecorded
            .into_iter()
            .collect::<Vec<_>>()
    };
    assert_eq!(unrecorded(newborn(Some(0), &["d"])), [Fact::Weight]);
    assert_eq!(unrecorded(newborn(None, &["d"])), [Fact::Age]);
    assert_eq!(unrecorded(newborn(Some(3), &["d"])), []);
    assert_eq!(unrecorded(newborn(None, &["x"])), []);
}

#[test]
fn a_row_that_belongs_to_nothing_is_refused() {
    let mut tables: Tables<&str> = Tables {
        major_categories: Vec::new(),
        major_category_diagnoses: Vec::new(),
        core_groups: Vec::new(),
        core_group_codes: Vec::new(),
        groups: Vec::new(),
        complications: Vec::new(),
        valid_procedures: Vec::new(),
    };
    let severity = "always".to_owned();
    tables.groups.push(Group {
        code: "M11",
        core_group: "M1",
        rank: 0,
        severity,
    });
    assert_eq!(
        Grouper::new(tables).unwrap_err(),
        "`drg` has an ADRG that `adrg` does not have"
    );
}
