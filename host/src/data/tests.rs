//! CSV files as hospitals write them, and as they should not.

mod encodings;

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use rulepack_contract::data::{Presence, Reach};
use rulepack_contract::schema::ids;
use tempfile::TempDir;

use super::*;

const PATIENTS: &str = "patient,genders\nP1,1\nP2,2\n";
const ENCOUNTERS: &str = "encounter,patients,admission-days,discharge-days\n\
                          E1,P1,2026-01-02,2026-01-05\nE2,P2,2026-01-02,\n";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// The text of an error, with the folder taken out, and its hint.
fn error(files: &[(&str, &str)]) -> (String, Option<String>) {
    let folder = folder(files);
    let error = read_directory(folder.path()).unwrap_err();
    let path = folder.path().display().to_string();
    let text = error
        .to_string()
        .replace(&format!("{path}/"), "")
        .replace(&path, "FOLDER");
    (text, error.hint())
}

fn rejections(files: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    let loaded = read_directory(folder.path()).unwrap();
    loaded.rejected.iter().map(ToString::to_string).collect()
}

/// What is left out of orders of these lines, which stand below a fixed header.
fn orders(lines: &str) -> Vec<String> {
    let header = "order,encounters,quantities,amounts,reverses,supply-days,started,stopped\n";
    let orders = format!("{header}{lines}");
    rejections(&[
        ("patients.csv", PATIENTS),
        ("encounters.csv", ENCOUNTERS),
        ("orders.csv", &orders),
    ])
}

#[test]
fn tables_are_read_with_their_units() {
    let orders = "\u{feff}order,encounters,items,quantities,amounts,days\r\n\
                  O1,E1,XL01,2.5,12.30,2026-01-03\r\n\r\nO2 , E2,\"a,b\",-1,,2026-01-02\r\n";
    let folder = folder(&[
        ("patients.csv", PATIENTS),
        ("encounters.csv", ENCOUNTERS),
        ("Orders.CSV", orders),
        ("planted.csv", "what,ever\n"),
        ("notes.txt", "not data"),
    ]);
    let loaded = read_directory(folder.path()).unwrap();
    let texts: Vec<String> = loaded.rejected.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        ["`Orders.CSV` line 4, column `reverses`: a refund that reverses no line"]
    );
    let data = loaded.data;
    assert_eq!(data.rows(ids::ORDERS), 1);
    assert_eq!(data.text(ids::ORDERS, "items", 0), Some("XL01"));
    assert_eq!(data.number(ids::ORDERS, "quantities", 0), Some(25_000));
    assert_eq!(data.number(ids::ORDERS, "amounts", 0), Some(1230));
    assert_eq!(data.number(ids::ENCOUNTERS, "discharge-days", 1), None);
}

#[test]
fn one_file_alone_is_read_by_its_name() {
    let folder = folder(&[("patients.csv", PATIENTS)]);
    let loaded = read_file(&folder.path().join("patients.csv")).unwrap();
    assert_eq!(loaded.data.rows(ids::PATIENTS), 2);
    let missing = read_file(Path::new("nowhere/patients.csv")).unwrap_err();
    assert_eq!(missing.to_string(), "`nowhere/patients.csv` cannot be read");
}

#[test]
fn coverage_is_told() {
    let coverage = "table,presence,history_start,reach\nencounters,partial,2025-01-01,province\n";
    let folder = folder(&[
        ("patients.csv", PATIENTS),
        ("encounters.csv", ENCOUNTERS),
        ("coverage.csv", coverage),
    ]);
    let data = read_directory(folder.path()).unwrap().data;
    assert_eq!(data.coverage(ids::ENCOUNTERS).presence, Presence::Partial);
    assert_eq!(data.coverage(ids::ENCOUNTERS).history_start, 20_089);
    assert_eq!(data.coverage(ids::PATIENTS).presence, Presence::Complete);
    assert_eq!(data.coverage(ids::ORDERS).presence, Presence::Absent);
    assert_eq!(data.reach(), Reach::Province);
}

/// Files, the end of the error's text, and the hint.
type FaultOfFile<'t> = (&'t [(&'t str, &'t str)], &'t str, Option<&'t str>);

#[test]
fn faults_of_files_name_the_file_and_what_is_expected() {
    let patients = ("patients.csv", PATIENTS);
    let cases: [FaultOfFile<'_>; 8] = [
        (
            &[],
            "`FOLDER` holds no CSV file of a table, expected one such as `encounters.csv`",
            None,
        ),
        (
            &[patients, ("order.csv", "order\n")],
            "`order.csv` is named after no table of the contract",
            Some("did you mean `orders.csv`?"),
        ),
        (
            &[("patients.csv", "patient,gender\n")],
            "`patients.csv` has the column `gender`, which the table `patients` does not have",
            Some("did you mean `genders`?"),
        ),
        (
            &[("patients.csv", "patient,genders,genders\n")],
            "`patients.csv` has the column `genders` twice, expected it once",
            None,
        ),
        (
            &[("patients.csv", "genders\n1\n")],
            "`patients.csv` lacks the column `patient`, which tells the rows apart",
            None,
        ),
        (
            &[("diagnoses.csv", "codes\nI10\n")],
            "`diagnoses.csv` lacks the column `encounters`, which tells to what a row belongs",
            None,
        ),
        (
            &[("patients.csv", "")],
            "`patients.csv` is empty, expected a first line with the names of the columns",
            None,
        ),
        (
            &[patients, ("Patients.CSV", PATIENTS)],
            "is a second file of the table `patients`, expected one",
            None,
        ),
    ];
    for (files, text, hint) in cases {
        let (found, found_hint) = error(files);
        assert!(found.ends_with(text), "{found}");
        assert_eq!(found_hint.as_deref(), hint, "{found}");
    }
    let (_, hint) = error(&[("zzzzzzzzzz.csv", "x\n")]);
    assert!(
        hint.unwrap()
            .starts_with("the tables are patients, enrolments, encounters")
    );
}

#[test]
fn faults_of_coverage_are_faults_of_the_whole() {
    let coverage = |text: &str| error(&[("patients.csv", PATIENTS), ("coverage.csv", text)]).0;
    for (text, expected) in [
        (
            "table,presence\norder,complete\n",
            "`coverage.csv` line 2, column `table`: `order` is not known, expected the name of a table \
             of the contract",
        ),
        (
            "table,presence\norders,all\n",
            "`coverage.csv` line 2, column `presence`: `all` is not known, expected `absent`, `partial` \
             or `complete`",
        ),
        (
            "table,presence,history_start\norders,complete,2026\n",
            "`coverage.csv` line 2, column `history_start`: `2026` is not known, expected a day such as \
             `2026-11-22`, or nothing",
        ),
        (
            "table,presence,reach\norders,complete,province\npatients,complete,institution\n",
            "`coverage.csv` line 3, column `reach`: `institution` is not known, expected `institution`, \
             `pooling-area` or `province`, the same on every line",
        ),
        (
            "table\norders\n",
            "`coverage.csv` lacks the column `presence`, which tells whether its rows are all there",
        ),
        (
            "table,presence,start\n",
            "`coverage.csv` has the column `start`, which the table `coverage` does not have",
        ),
    ] {
        assert_eq!(coverage(text), expected);
    }
}

#[test]
fn faults_of_rows_leave_out_the_row_and_what_belongs_to_it() {
    let patients = "patient,genders\nP1,1\nP1,2\nP3\n,1\nP4,\"1\nP5,1\n";
    assert_eq!(
        rejections(&[("patients.csv", patients), ("encounters.csv", ENCOUNTERS)]),
        [
            "`encounters.csv` line 3, column `patients`: `P2` is no row of `patients`",
            "`patients.csv` line 3, column `patient`: `P1` is the key of an earlier row too",
            "`patients.csv` line 4, column `patient`: the row has 1 fields, expected 2 as in the header",
            "`patients.csv` line 5, column `patient`: nothing is recorded, expected a key",
            "`patients.csv` line 6, column `genders`: a line break or control character within a value, \
             expected a value on one line; is a quotation mark left open?",
        ]
    );
    assert_eq!(
        orders("O1,E1,1.23456,1.234,,1,,\nO2,E9,1,1,,1,,\n"),
        [
            "`orders.csv` line 2, column `quantities`: `1.23456` is more than 4 decimals, expected a \
             quantity with at most 4 decimals",
            "`orders.csv` line 2, column `amounts`: `1.234` is more than 2 decimals, expected an amount \
             in CNY with at most 2 decimals, such as `12.30`",
            "`orders.csv` line 3, column `encounters`: `E9` is no row of `encounters`",
        ]
    );
    let long = format!("patient,genders\nP1,{}\n", "1".repeat(1001));
    let shown = "1".repeat(60);
    assert_eq!(
        rejections(&[("patients.csv", &long)]),
        [format!(
            "`patients.csv` line 2, column `genders`: `{shown}…` is too long, expected at most 1000 bytes"
        )]
    );
}

#[test]
fn times_that_run_backwards_are_left_out() {
    let encounters = "encounter,patients,admission-days,discharge-days,settlement-days,admitted,discharged\n\
                      E1,P1,2026-01-02,2026-01-01,,,\n\
                      E2,P1,2026-01-02,2026-01-02,2026-01-01,,\n\
                      E3,P1,,,,2026-01-02 09:00:00,2026-01-02 08:59:59\n\
                      E4,P1,2026-01-02,2026-01-02,2026-01-02,2026-01-02 09:00:00,2026-01-02 09:00:00\n";
    let diagnoses = "encounters,codes\nE1,I10\nE4,I10\n";
    assert_eq!(
        rejections(&[
            ("patients.csv", PATIENTS),
            ("encounters.csv", encounters),
            ("diagnoses.csv", diagnoses)
        ]),
        [
            "`diagnoses.csv` line 2, column `encounters`: `E1` of `encounters` was left out",
            "`encounters.csv` line 2, column `discharge-days`: the discharge lies before the admission",
            "`encounters.csv` line 3, column `settlement-days`: the settlement lies before the admission",
            "`encounters.csv` line 4, column `discharged`: the discharge lies before the admission",
        ]
    );
}

#[test]
fn periods_that_end_before_they_start_are_left_out() {
    let institutions = ("institutions.csv", "institution,codes\nH1,H1\n");
    for (file, header, column, sentence) in [
        (
            "stock.csv",
            "institutions,period-starts,period-ends",
            "period-ends",
            "the period ends before it starts",
        ),
        (
            "agreements.csv",
            "institutions,starts,ends",
            "ends",
            "the agreement ends before it starts",
        ),
        (
            "item-prices.csv",
            "institutions,starts,ends",
            "ends",
            "the price ends before it starts",
        ),
        (
            "enrolments.csv",
            "patients,starts,ends",
            "ends",
            "the registration ends before it starts",
        ),
        (
            "accumulators.csv",
            "patients,period-starts,period-ends",
            "period-ends",
            "the period ends before it starts",
        ),
    ] {
        let owner = if header.starts_with('i') { "H1" } else { "P1" };
        let text =
            format!("{header}\n{owner},2026-02-01,2026-01-31\n{owner},2026-02-01,2026-02-01\n");
        assert_eq!(
            rejections(&[("patients.csv", PATIENTS), institutions, (file, &text)]),
            [format!("`{file}` line 2, column `{column}`: {sentence}")]
        );
    }
    assert_eq!(
        orders("O1,E1,1,1,,1,2026-01-02 09:00:00,2026-01-02 08:00:00\n"),
        ["`orders.csv` line 2, column `stopped`: the order is stopped before it is started"]
    );
}

#[test]
fn days_of_supply_lie_above_zero_but_for_refunds() {
    let lines = "O1,E1,1,1,,0,,\nO2,E1,1,1,,-1,,\nO3,E1,1,1,,0.5,,\nO4,E1,-1,-1,O3,-0.5,,\n";
    assert_eq!(
        orders(lines),
        [
            "`orders.csv` line 2, column `supply-days`: the days of supply are not above zero",
            "`orders.csv` line 3, column `supply-days`: the days of supply are not above zero",
        ]
    );
}

#[test]
fn refunds_take_back_a_charge_of_the_same_patient_and_no_more() {
    let charge = "O1,E1,2,20.00,,,,\n";
    let of = |line: &str| orders(&format!("{charge}{line}\n"));
    let fault = |column: &str, sentence: &str| {
        vec![format!(
            "`orders.csv` line 3, column `{column}`: {sentence}"
        )]
    };
    assert!(of("O2,E1,-2,-20.00,O1,,,").is_empty());
    assert_eq!(
        of("O2,E1,-1,-10.00,,,,"),
        fault("reverses", "a refund that reverses no line")
    );
    assert_eq!(
        of("O2,E1,-1,-10.00,O9,,,"),
        fault("reverses", "`O9` is no row of `orders`")
    );
    assert_eq!(
        of("O2,E2,-1,-10.00,O1,,,"),
        fault("reverses", "a refund of a line of another patient")
    );
    assert_eq!(
        of("O2,E1,-1,-10.00,O2,,,"),
        fault("reverses", "a refund of a line that charges nothing")
    );
    assert_eq!(
        of("O2,E1,1,10.00,O1,,,"),
        fault(
            "reverses",
            "it reverses a line, but its quantity is not negative"
        )
    );
    assert_eq!(
        of("O2,E1,-3,-20.00,O1,,,"),
        fault("quantities", "more is refunded than was charged")
    );
    assert_eq!(
        of("O2,E1,-1,-20.01,O1,,,"),
        fault("amounts", "a higher amount is refunded than was charged")
    );
    assert_eq!(
        of("O2,E1,-1,10.00,O1,,,"),
        fault("amounts", "quantity and amount differ in sign")
    );
    let twice = "O1,E1,2,20.00,,,,\nO2,E1,-1.5,-15.00,O1,,,\nO3,E1,-1,-5.00,O1,,,\n";
    assert_eq!(
        orders(twice),
        ["`orders.csv` line 4, column `quantities`: more is refunded than was charged"]
    );
}

#[test]
fn every_rejection_says_what_was_expected() {
    let folder = folder(&[("patients.csv", "patient,genders\nP1\nP2,1\nP2,1\n")]);
    let loaded = read_directory(folder.path()).unwrap();
    let expected: Vec<String> = loaded
        .rejected
        .iter()
        .map(FileRejection::expected)
        .collect();
    assert_eq!(
        expected,
        ["2 fields, as the header has", "a key of its own"]
    );
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("orders.csv"), &bytes).unwrap();
        let _ = read_directory(folder.path());
    }

    #[test]
    fn no_rows_panic(text in "([-0-9EPO.,\"\n :]|2026-01-0[1-9],){0,120}") {
        let header = "order,encounters,quantities,amounts,reverses,supply-days,days\n";
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("orders.csv"), format!("{header}{text}")).unwrap();
        fs::write(folder.path().join("patients.csv"), PATIENTS).unwrap();
        fs::write(folder.path().join("encounters.csv"), ENCOUNTERS).unwrap();
        prop_assert!(read_directory(folder.path()).is_ok());
    }
}
