use std::convert::Infallible;
use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};

use super::*;
use crate::report::tests::{many, report};
use crate::synthetic;

fn written(report: &Report, findings: Vec<AuditFinding>, rows_max: u32) -> Vec<u8> {
    let count = findings.len() as u64;
    let findings = findings.into_iter().map(Ok::<_, Infallible>);
    let mut out = Vec::new();
    let told = write(report, Language::Chinese, findings, (&mut out, rows_max)).unwrap();
    assert_eq!(told, count);
    out
}

fn sheet(bytes: &[u8], name: &str) -> Vec<Vec<Data>> {
    let mut workbook = Xlsx::new(Cursor::new(bytes)).unwrap();
    let range = workbook.worksheet_range(name).unwrap();
    range.rows().map(<[Data]>::to_vec).collect()
}

#[test]
fn findings_are_split_over_sheets_and_none_is_lost() {
    let findings: Vec<_> = (0..25).map(synthetic::finding).collect();
    let bytes = written(&many(25), findings.clone(), 11);
    let workbook = Xlsx::new(Cursor::new(&bytes[..])).unwrap();
    let names = workbook.sheet_names();
    let expected = [
        "汇总",
        "按月份",
        "按规则",
        "按定点医药机构",
        "按科室",
        "按医师",
        "违规项目",
        "疑点明细1",
        "疑点明细2",
        "疑点明细3",
    ];
    assert_eq!(names, expected);
    let sheets: Vec<_> = (1..=3)
        .map(|at| sheet(&bytes, &format!("疑点明细{at}")))
        .collect();
    assert_eq!(sheets.iter().map(Vec::len).collect::<Vec<_>>(), [11, 11, 6]);
    for rows in &sheets {
        assert_eq!(rows[0][0], Data::String("规则包".to_owned()));
    }
    let encounters = sheets
        .iter()
        .flat_map(|rows| &rows[1..])
        .map(|row| row[14].to_string());
    let all = findings.iter().map(|finding| finding.encounter.clone());
    assert_eq!(encounters.collect::<Vec<_>>(), all.collect::<Vec<_>>());
}

#[test]
fn figures_are_figures_and_texts_are_texts() {
    let mut finding = synthetic::finding(1);
    (finding.amount, finding.department) = (123_456, "=1+1".to_owned());
    finding.doctor = "00012".to_owned();
    finding.message = "甲".repeat(40_000);
    let bytes = written(
        &report(vec![finding.clone()]),
        vec![finding],
        SHEET_ROWS_MAX,
    );
    let row = &sheet(&bytes, "疑点明细1")[1];
    assert_eq!(row[AMOUNT], Data::Float(1_234.56));
    assert_eq!(row[11], Data::String("=1+1".to_owned()));
    assert_eq!(row[12], Data::String("00012".to_owned()));
    assert_eq!(row[6].to_string().chars().count(), CELL_CHARACTERS_MAX);
    let rules = sheet(&bytes, "按规则");
    assert_eq!(
        rules[1][4..7],
        [Data::Float(1.0), Data::Float(1_234.56), Data::Float(1.0)]
    );
    let first = &sheet(&bytes, "汇总")[0][0];
    assert_eq!(first.to_string(), "示例市中心医院 · 季度模拟飞检");
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let once = || {
        written(
            &many(20),
            (0..20).map(synthetic::finding).collect(),
            SHEET_ROWS_MAX,
        )
    };
    assert_eq!(once(), once());
    let none = written(&report(Vec::new()), Vec::new(), SHEET_ROWS_MAX);
    assert_eq!(
        Xlsx::new(Cursor::new(&none[..]))
            .unwrap()
            .sheet_names()
            .len(),
        7
    );
}
