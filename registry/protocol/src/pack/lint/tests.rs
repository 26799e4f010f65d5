use std::collections::BTreeMap;

use rulepack_contract::knowledge::KnowledgeTable;

use super::*;
use crate::pack::testing::{MANIFEST, Recipe};
use crate::pack::{Bounds, Manifest, open, seal};

/// A manifest whose one table has a key, validity, and a column that names rules.
fn manifest() -> String {
    MANIFEST.replace(
        "columns = { item = \"code\", price = \"money\", valid_from = \"day\" }",
        "columns = { rule = \"code\", item = \"code\", price = \"money\", valid_from = \"day\", \
         valid_to = \"day\", basis = \"text\" }\nkey = [\"rule\", \"item\", \"valid_from\"]",
    )
}

const HEADER: &str = "rule,item,price,valid_from,valid_to,basis\n";

fn pack(manifest: &str, rows: &str) -> Pack {
    let manifest = Manifest::from_toml(manifest).unwrap();
    let csv = format!("{HEADER}{rows}");
    let table = KnowledgeTable::from_csv(&manifest.tables[0], csv.as_bytes()).unwrap();
    let tables = [("limits".to_owned(), table)].into();
    let component = Recipe::default().component();
    let bytes = seal(&component, &manifest, &tables, &[]).unwrap();
    open(&bytes, &Bounds::NATIVE).unwrap()
}

/// Code that holds all names of the manifest.
const CODE: &[u8] = b"..LIM-01..over..share_max..limits..standards..";

fn told(lints: &[Lint]) -> Vec<String> {
    lints.iter().map(ToString::to_string).collect()
}

fn of_rows(rows: &str) -> Vec<String> {
    told(&lint(&pack(&manifest(), rows), CODE))
}

#[test]
fn a_pack_in_which_nothing_is_to_be_looked_at_has_no_lints() {
    let rows = "LIM-01,A,1,2024-01-01,2024-12-31,甲\nLIM-01,A,2,2025-01-01,,甲\nLIM-01,B,1,,,甲\n";
    assert_eq!(of_rows(rows), [""; 0]);
}

#[test]
fn rules_without_a_form_or_a_ground_are_told() {
    let lints = |from: &str, to: &str| {
        let manifest = manifest().replace(from, to);
        told(&lint(
            &pack(&manifest, ""),
            b"limit-1 LIM-01 over share_max limits standards",
        ))
    };
    assert_eq!(
        lints("id = \"LIM-01\"", "id = \"limit-1\""),
        ["warning: rule limit-1: the id is not of the form `ABC-01`"]
    );
    let basis = "山东省医疗保障局 2024-01-04《通知》";
    assert_eq!(
        lints(basis, "待补"),
        ["error: rule LIM-01: the basis is `待补`, expected the policy that it rests on"]
    );
    assert_eq!(
        lints(basis, "通知（示例）"),
        ["warning: rule LIM-01: the basis `通知（示例）` is an example"]
    );
}

#[test]
fn names_that_the_code_does_not_hold_are_told() {
    let pack = pack(&manifest(), "");
    assert_eq!(
        told(&lint(&pack, b"..LIM-02..over..")),
        [
            "error: rule LIM-01: the code does not hold this name, so nothing ever answers for the rule",
            "warning: parameter share_max: the code does not hold this name, so it is never read",
            "warning: table limits: the code does not hold this name, so it is never read",
            "warning: table standards: the code does not hold this name, so it is never read",
        ]
    );
    assert_eq!(
        told(&lint(&pack, b"LIM-01share_maxlimitsstandardsove")),
        [
            "warning: rule LIM-01: the code does not hold the name of the message `over`, so it is never \
             told"
        ]
    );
}

#[test]
fn rows_that_contradict_each_other_are_told_with_the_day_and_both_values() {
    let rows =
        "LIM-01,A,1,2024-01-01,2024-12-31,甲\nLIM-01,B,1,,,甲\nLIM-01,A,2.5,2024-12-31,,乙\n";
    assert_eq!(
        of_rows(rows),
        [
            "error: table limits: rows 1 and 3 are both in force on 2024-12-31 for `LIM-01/A`, and \
             differ in `price`: `1` and `2.5`"
        ]
    );
    let same = "LIM-01,A,1,2024-01-01,,甲\nLIM-01,A,1,2024-06-01,,乙\n";
    assert_eq!(
        of_rows(same),
        ["warning: table limits: rows 1 and 2 say the same of `LIM-01/A` on 2024-06-01"]
    );
}

#[test]
fn a_short_row_inside_a_long_one_does_not_hide_what_follows() {
    let rows = "LIM-01,A,1,2024-01-01,,甲\nLIM-01,A,1,2024-02-01,2024-02-02,甲\n\
                LIM-01,A,3,2025-01-01,,甲\n";
    assert_eq!(
        of_rows(rows),
        [
            "error: table limits: rows 1 and 3 are both in force on 2025-01-01 for `LIM-01/A`, and \
             differ in `price`: `1` and `3`",
            "warning: table limits: rows 1 and 2 say the same of `LIM-01/A` on 2024-02-01",
        ]
    );
}

#[test]
fn rows_of_no_rule_no_day_or_no_ground_are_told() {
    let rows = "LIM-01,A,1,2024-01-01,2023-12-31,甲\nLIM-99,A,1,2024-01-01,,\nLIM-99,B,1,,,\n";
    assert_eq!(
        of_rows(rows),
        [
            "error: table limits: row 2 is about the rule `LIM-99`, which the manifest does not declare",
            "error: table limits: row 1 ends on 2023-12-31, before it begins on 2024-01-01",
            "warning: table limits: 2 rows have no `basis`, the first is row 2",
        ]
    );
}

#[test]
fn another_pack_is_looked_at_where_both_are_in_force_at_one_place() {
    let mine = pack(
        &manifest(),
        "LIM-01,A,1,2024-01-01,,甲\nLIM-01,B,1,2024-01-01,,甲\n",
    );
    let theirs = |place: &str| {
        let manifest = manifest()
            .replace("37/limits", "cn/limits")
            .replace("jurisdictions = [\"37\"]", place)
            .replace("kind", "");
        pack(
            &manifest,
            "LIM-01,C,9,,,甲\nLIM-01,A,2,2025-01-01,,甲\nLIM-01,B,1,,,甲\n",
        )
    };
    let sentence = "table limits: row 1 and row 2 of `cn/limits` are both in force on 2025-01-01 for \
                    `LIM-01/A`, and differ in `price`: `1` and `2`";
    let lints = |place: &str| told(&against(&mine, &theirs(place)));
    assert_eq!(
        lints("jurisdictions = [\"37\"]"),
        [format!("error: {sentence}")]
    );
    assert_eq!(
        lints("jurisdictions = [\"cn\"]"),
        [format!("warning: {sentence}")]
    );
    assert_eq!(lints("jurisdictions = [\"11\"]"), [""; 0]);
}

#[test]
fn a_rule_of_the_catalogue_that_two_packs_judge_is_told() {
    let kind = |manifest: &str| {
        let id = "id = \"LIM-01\"";
        manifest.replace(id, &format!("{id}\nkind = \"GZ1\""))
    };
    let mine = pack(&kind(&manifest()), "");
    let theirs = pack(&kind(&manifest()).replace("37/limits", "37/more"), "");
    assert_eq!(
        told(&against(&mine, &theirs)),
        [
            "warning: rule LIM-01: `37/more` judges the rule `GZ1` of the catalogue too, as `LIM-01`: it \
             may be told twice"
        ]
    );
}

#[test]
fn codes_that_are_unknown_or_have_ended_are_told() {
    let mut system = CodeSystem::default();
    let day = |text| rulepack_contract::units::parse_day(text).ok();
    system.insert("A".into(), day("2024-01-01"), day("2024-12-31"));
    system.insert("B1".into(), None, None);
    let rows = "LIM-01,A,1,2024-01-01,,甲\nLIM-01,B,1,,,甲\nLIM-01,C,1,,,甲\n\
                LIM-01,A,1,2023-01-01,2023-06-30,甲\n";
    let pack = pack(&manifest(), rows);
    let lints = |column: &str| {
        let systems: BTreeMap<String, CodeSystem> = [(column.to_owned(), system.clone())].into();
        check_codes(&pack, &systems).map(|lints| told(&lints))
    };
    let expected = [
        "error: table limits: row 1 is in force on 2025-01-01, when the code `A` in `item` is not",
        "error: table limits: row 3 has the code `C` in `item`, which the code system does not know",
        "error: table limits: row 4 is in force on 2023-01-01, when the code `A` in `item` is not",
    ];
    assert_eq!(lints("item").unwrap(), expected);
    assert_eq!(lints("limits.item").unwrap(), expected);
    assert_eq!(
        lints("limits.thing").unwrap_err().to_string(),
        "no table of the pack has the column `limits.thing`, expected one such as `limits.code`"
    );
}

#[test]
fn a_trigger_on_a_column_that_the_code_does_not_read_is_told() {
    let of = |column: &str| {
        let trigger = format!("[[trigger]]\ncolumn = \"{column}\"\nvalues = [\"X\"]\n");
        told(&lint(&pack(&(manifest() + &trigger), ""), CODE))
    };
    assert_eq!(of("orders.items"), [""; 0]);
    assert_eq!(
        of("diagnoses.codes"),
        [
            "warning: trigger diagnoses.codes: the code does not read this column, so nothing keeps it silent \
             where the trigger does not occur"
        ]
    );
}
