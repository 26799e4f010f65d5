//! With the full published tables the grouper agrees with every case of the differential oracle.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use drg_checks::grouper::{
    Case, Complication, CoreGroup, CoreGroupCode, Gender, Group, Grouper, List, MajorCategory,
    MajorCategoryDiagnosis, Tables,
};
use flate2::bufread::GzDecoder;
use serde_json::Value;

/// The published tables, or `None` where they are not at hand.
fn folder() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("RULEPACK_SHARED_DATA").map_or_else(beside, PathBuf::from);
    let folder = data.join("chs_drg_1_1");
    folder.is_dir().then_some(folder)
}

fn unpack(path: &Path) -> String {
    let mut text = String::new();
    let file = BufReader::new(File::open(path).unwrap());
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .map(|text| text.as_str().unwrap())
}

fn joined(value: &Value, separator: &str) -> String {
    texts(value).collect::<Vec<_>>().join(separator)
}

fn major_categories<'a>(published: &'a Value, tables: &mut Tables<&'a str>) {
    for (rank, mdc) in (0..).zip(published["mdc"].as_array().unwrap()) {
        let code = mdc["mdc"].as_str().unwrap();
        let gate = joined(&mdc["gate"], "+");
        tables
            .major_categories
            .push(MajorCategory { code, rank, gate });
        let mut list = |diagnoses: &'a Value, site: &str| {
            tables
                .major_category_diagnoses
                .extend(texts(diagnoses).map(|diagnosis| MajorCategoryDiagnosis {
                    major_category: code,
                    diagnosis,
                    site: site.to_owned(),
                }));
        };
        list(&mdc["diag"], "");
        for (site, diagnoses) in mdc["trauma_sites"].as_object().into_iter().flatten() {
            list(diagnoses, site);
        }
        for (rank, adrg) in (0..).zip(texts(&mdc["adrg_order"])) {
            let condition = joined(&published["adrg"][adrg]["condition"], ";");
            tables.core_groups.push(CoreGroup {
                code: adrg,
                major_category: code,
                rank,
                condition,
            });
        }
    }
}

fn core_group_lists<'a>(published: &'a Value, tables: &mut Tables<&'a str>) {
    for (core_group, adrg) in published["adrg"].as_object().unwrap() {
        let core_group = core_group.as_str();
        let classed = texts(&adrg["condition"]).any(|it| it.starts_with("procedure_classes:"));
        let classes: Vec<&str> = texts(&adrg["proc2"]).collect();
        let mut add = |list, code, class| {
            tables.core_group_codes.push(CoreGroupCode {
                core_group,
                list,
                code,
                class,
            });
        };
        texts(&adrg["diag"]).for_each(|code| add(List::Diagnoses, code, 0));
        for (place, code) in texts(&adrg["proc"]).enumerate() {
            add(
                List::Procedures,
                code,
                if classed {
                    classes[place].parse().unwrap()
                } else {
                    0
                },
            );
        }
        if !classed {
            classes
                .iter()
                .for_each(|code| add(List::SecondProcedures, code, 0));
        }
        for (rank, code) in (0..).zip(texts(&adrg["drg_order"])) {
            let severity = published["severity"][code].as_str().unwrap().to_owned();
            tables.groups.push(Group {
                code,
                core_group,
                rank,
                severity,
            });
        }
    }
}

fn complications<'a>(lines: &'a str, tables: &mut Tables<&'a str>) {
    for line in lines.lines().skip(1) {
        let mut fields = line.split('\t');
        let mut field = || fields.next().unwrap_or_default();
        let (code, level) = (field(), field().to_owned());
        let mut class = || Some(field()).filter(|class| !class.is_empty());
        let (self_class, exclusion_class) = (class(), class());
        tables.complications.push(Complication {
            code,
            level,
            self_class,
            exclusion_class,
        });
    }
}

/// `None` where the grouper agrees with a line of the oracle.
fn disagreement(grouper: &Grouper<&str>, line: &str) -> Option<String> {
    let fields: Vec<&str> = line.split('\t').collect();

    let (diagnoses, procedures): (Vec<&str>, Vec<&str>) =
        (codes_of(fields[5]), codes_of(fields[6]));
    let case = Case {
        gender: match fields[1] {
            "1" => Some(Gender::Male),
            "2" => Some(Gender::Female),
            _ => None,
        },
        age: fields[2].parse().ok(),
        age_days: fields[3].parse().ok(),
        weight: fields[4].parse().ok(),
        diagnoses: &diagnoses,
        procedures: &procedures,
    };
    let got = grouper.group(&case).grouping;
    let got = got.map_or(["", "", ""], |got| {
        [got.major_category, got.core_group, got.group]
    });
    let expected = match fields[10] {
        "分组成功" => [fields[7], fields[8], fields[9]],
        _ => ["", "", ""],
    };
    (got != expected).then(|| format!("{}: expected {expected:?}, got {got:?}", fields[0]))
}

fn codes_of(text: &str) -> Vec<&str> {
    text.split('|').filter(|code| !code.is_empty()).collect()
}

#[test]
fn the_grouper_agrees_with_every_case_of_the_oracle() {
    let Some(folder) = folder() else {
        println!("skipped: the published CHS-DRG tables are not at hand (RULEPACK_SHARED_DATA)");
        return;
    };
    let published: Value =
        serde_json::from_str(&unpack(&folder.join("chs_drg_1_1.json.gz"))).unwrap();
    let exclusions = unpack(&folder.join("cc_mcc_exclusion.tsv.gz"));
    let valid = unpack(&folder.join("valid_procedures.txt.gz"));
    let mut tables = Tables {
        major_categories: Vec::new(),
        major_category_diagnoses: Vec::new(),
        core_groups: Vec::new(),
        core_group_codes: Vec::new(),
        groups: Vec::new(),
        complications: Vec::new(),
        valid_procedures: valid.lines().collect(),
    };
    major_categories(&published, &mut tables);
    core_group_lists(&published, &mut tables);
    complications(&exclusions, &mut tables);
    let grouper = Grouper::new(tables).unwrap();

    let oracle = std::fs::read_to_string(folder.join("oracle_cases.tsv")).unwrap();
    let lines: Vec<&str> = oracle.lines().skip(1).collect();
    assert_eq!(lines.len(), 1_038);
    let differing: Vec<String> = lines
        .iter()
        .filter_map(|line| disagreement(&grouper, line))
        .collect();
    assert!(
        differing.is_empty(),
        "{} differ:\n{}",
        differing.len(),
        differing.join("\n")
    );
}
