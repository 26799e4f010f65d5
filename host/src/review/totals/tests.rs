//! Sums of two institutions over months, to the fen, and what makes them incomplete.

use std::collections::BTreeMap;

use rulepack_contract::data::{Cell, DataBuilder, Reach};
use rulepack_engine::patients::Division as Batches;
use rulepack_protocol::moment::Day;
use rulepack_protocol::pack::manifest::Period;

use super::*;

const CHARGES: &[Grouping] = &[Grouping::Department, Grouping::ChargeType];

/// Encounters and their institutions.
const ENCOUNTERS: [(&str, &str); 3] = [("E1", "H1"), ("E2", "H1"), ("E3", "H2")];

/// encounter, day, department, charge type, amount; two lines of the first encounter are of one group.
const LINES: [[&str; 5]; 7] = [
    ["E1", "2026-01-31", "内科", "09", "0.10"],
    ["E1", "2026-01-31", "内科", "09", "0.20"],
    ["E2", "2026-01-01", "内科", "09", "100.00"],
    ["E2", "2026-01-01", "内科", "08", "-5.00"],
    ["E2", "2026-02-01", "外科", "09", "7.00"],
    ["E3", "2026-01-15", "内科", "09", "1.00"],
    // Beyond the last whole month.
    ["E3", "2026-03-01", "内科", "09", "1000.00"],
];

fn builder(lines: &[[&str; 5]]) -> DataBuilder {
    let mut builder = DataBuilder::new();
    let cell = |table: TableId, name| table.table().column(name).unwrap();
    for institution in ["H1", "H2"] {
        builder.push(ids::INSTITUTIONS, 1, institution, []);
    }
    builder.push(ids::PATIENTS, 1, "P1", []);
    for (encounter, institution) in ENCOUNTERS {
        let cells = [("patients", "P1"), ("institutions", institution)];
        let cells = cells.map(|(name, text)| (cell(ids::ENCOUNTERS, name), text));
        builder.push(ids::ENCOUNTERS, 1, encounter, cells);
    }
    let names = [
        "encounters",
        "days",
        "departments",
        "charge-types",
        "amounts",
    ];
    for (number, line) in lines.iter().enumerate() {
        let cells = names.iter().zip(line);
        let cells = cells.map(|(name, text)| (cell(ids::ORDERS, name), *text));
        builder.push(ids::ORDERS, 1, &number.to_string(), cells);
    }
    builder
}

fn data(builder: DataBuilder) -> Arc<Data> {
    let (data, rejections) = builder.finish();
    assert!(rejections.is_empty(), "{rejections:?}");
    Arc::new(data)
}

fn day(text: &str) -> i32 {
    text.parse::<Day>().unwrap().number()
}

fn circumstances(first: &str, last: &str) -> Circumstances {
    Circumstances {
        stage: Stage::After,
        today: day("2026-06-30"),
        scenes: Vec::new(),
        jurisdiction: "370303".into(),
        period: Some((day(first), day(last))),
        sums: None,
        batches: Batches::default(),
    }
}

fn total(by: &[Grouping], period: Period) -> Total {
    Total {
        by: by.to_vec(),
        period,
    }
}

fn made(data: &Arc<Data>, by: &[Grouping]) -> Result<Option<Totalled>, Vec<String>> {
    let circumstances = circumstances("2026-01-01", "2026-02-28");
    let declared = [total(by, Period::Month)];
    add(data, &declared, (Scope::Institution, &circumstances))
}

/// `H1 2026-01-01 内科 08: 1 encounters, -500`
fn told(totalled: &Totalled) -> Vec<String> {
    let data = &totalled.data;
    let number = |column, row| data.number(ids::TOTALS, column, row);
    let rows = 0..data.rows(ids::TOTALS);
    let told = rows.map(|row| {
        let institution = u32::try_from(number("institutions", row).unwrap()).unwrap();
        let code = |column| data.text(ids::TOTALS, column, row).unwrap_or("-");
        let (start, amount) = (
            number("period-starts", row).unwrap(),
            number("amounts", row),
        );
        format!(
            "{} {} {} {}: {} encounters, {}",
            data.key(ids::INSTITUTIONS, institution).unwrap(),
            units::format_day(i32::try_from(start).unwrap()),
            code("departments"),
            code("charge-types"),
            number("encounters", row).unwrap(),
            amount.unwrap()
        )
    });
    told.collect()
}

#[test]
fn lines_are_summed_by_institution_month_and_what_is_declared() {
    let data = data(builder(&LINES));
    let totalled = made(&data, CHARGES).unwrap().unwrap();
    assert_eq!(
        told(&totalled),
        [
            "H1 2026-01-01 内科 08: 1 encounters, -500",
            "H1 2026-01-01 内科 09: 2 encounters, 10030",
            "H1 2026-02-01 外科 09: 1 encounters, 700",
            "H2 2026-01-01 内科 09: 1 encounters, 100",
        ]
    );
    assert!(totalled.left_out.is_empty());
    let summed = &totalled.data;
    assert_eq!(summed.coverage(ids::TOTALS).presence, Presence::Complete);
    let ends = summed.number(ids::TOTALS, "period-ends", 2).unwrap();
    assert_eq!(
        units::format_day(i32::try_from(ends).unwrap()),
        "2026-02-28"
    );
    // What the source does not record is not recorded of the sums.
    let own_pays = ids::TOTALS.table().column("own-pays").unwrap();
    assert_eq!(summed.presence(ids::TOTALS, own_pays), Presence::Absent);
    assert_eq!(summed.text(ids::TOTALS, "items", 0), None);
    assert_eq!(data.rows(ids::TOTALS), 0);
}

#[test]
fn each_pack_gets_its_own_sums_alone() {
    let data = data(builder(&LINES));
    let totalled = made(&data, &[Grouping::ChargeType]).unwrap().unwrap();
    assert_eq!(
        told(&totalled),
        [
            "H1 2026-01-01 - 08: 1 encounters, -500",
            "H1 2026-01-01 - 09: 2 encounters, 10030",
            "H1 2026-02-01 - 09: 1 encounters, 700",
            "H2 2026-01-01 - 09: 1 encounters, 100",
        ]
    );
    // Declared twice, in another order: summed once.
    let twice = [
        total(&[Grouping::ChargeType, Grouping::Department], Period::Month),
        total(CHARGES, Period::Month),
        total(CHARGES, Period::Quarter),
    ];
    let circumstances = circumstances("2026-01-01", "2026-06-30");
    let totalled = add(&data, &twice, (Scope::Institution, &circumstances));
    let told = told(&totalled.unwrap().unwrap());
    let of_medicine = told
        .iter()
        .filter(|line| line.contains("H1 2026-01-01 内科 09"));
    // The month, and the quarter.
    assert_eq!(of_medicine.count(), 2, "{told:?}");
}

#[test]
fn a_line_that_does_not_say_spoils_its_institution_and_month_and_is_told() {
    for (column, place, missing) in [
        (2, 0, "orders.departments"),
        (3, 0, "orders.charge-types"),
        (4, 0, "orders.amounts"),
    ] {
        let mut lines = LINES;
        lines[place][column] = "";
        let totalled = made(&data(builder(&lines)), CHARGES).unwrap().unwrap();
        assert_eq!(
            told(&totalled),
            [
                "H1 2026-02-01 外科 09: 1 encounters, 700",
                "H2 2026-01-01 内科 09: 1 encounters, 100",
            ]
        );
        assert_eq!(totalled.left_out, [(0, missing.to_owned())].into());
        let presence = totalled.data.coverage(ids::TOTALS).presence;
        assert_eq!(presence, Presence::Partial);
    }
    // Nobody knows which month lacks it.
    let mut lines = LINES;
    lines[0][1] = "";
    let totalled = made(&data(builder(&lines)), CHARGES).unwrap().unwrap();
    assert_eq!(
        told(&totalled),
        ["H2 2026-01-01 内科 09: 1 encounters, 100"]
    );
    assert_eq!(totalled.left_out, [(0, "orders.days".to_owned())].into());
    // Nobody knows which institution lacks it.
    let mut builder = builder(&LINES);
    let patients = ids::ENCOUNTERS.table().column("patients").unwrap();
    builder.push(ids::ENCOUNTERS, 1, "E9", [(patients, "P1")]);
    let encounters = ids::ORDERS.table().column("encounters").unwrap();
    builder.push(ids::ORDERS, 1, "L9", [(encounters, "E9")]);
    let totalled = made(&data(builder), CHARGES).unwrap().unwrap();
    assert!(told(&totalled).is_empty());
    let expected = [0, 1].map(|row| (row, "encounters.institutions".to_owned()));
    assert_eq!(totalled.left_out, expected.into());
}

#[test]
fn a_sum_beyond_64_bits_is_left_out() {
    let most = "92233720368547758.07";
    let mut lines = LINES;
    lines[0][4] = most;
    lines[1][4] = most;
    let totalled = made(&data(builder(&lines)), CHARGES).unwrap().unwrap();
    assert_eq!(told(&totalled).len(), 2);
    assert_eq!(totalled.left_out, [(0, "orders.amounts".to_owned())].into());
}

#[test]
fn incomplete_sources_are_not_summed_and_what_is_missing_is_said() {
    let cover = |presence, start: &str| {
        let mut builder = builder(&LINES);
        builder.reach(Reach::Institution);
        let history_start = if start.is_empty() {
            units::NOT_RECORDED_S32
        } else {
            day(start)
        };
        builder.cover(
            ids::ORDERS,
            Coverage {
                presence,
                history_start,
            },
        );
        data(builder)
    };
    let error = made(&cover(Presence::Partial, ""), CHARGES).unwrap_err();
    assert_eq!(error, ["orders (partial)"]);
    let error = made(&cover(Presence::Complete, "2026-02-02"), CHARGES).unwrap_err();
    assert_eq!(error, ["period (no whole one)"]);
    let totalled = made(&cover(Presence::Complete, "2026-01-02"), CHARGES)
        .unwrap()
        .unwrap();
    assert_eq!(
        told(&totalled),
        ["H1 2026-02-01 外科 09: 1 encounters, 700"]
    );
    let expected = [0, 1].map(|row| (row, "orders before 2026-01-02".to_owned()));
    assert_eq!(totalled.left_out, expected.into());
    let error = made(&data(builder(&LINES)), &[Grouping::Item]).unwrap_err();
    assert_eq!(error, ["orders.items"]);
    let error = made(&data(DataBuilder::new()), CHARGES).unwrap_err();
    assert_eq!(
        error,
        [
            "encounters",
            "encounters.institutions",
            "orders",
            "orders.amounts",
            "orders.days"
        ]
    );
}

#[test]
fn of_sums_that_were_brought_a_pack_sees_what_it_declares_and_no_request_is_summed() {
    let mut builder = builder(&LINES);
    let column = |name| ids::TOTALS.table().column(name).unwrap();
    for (line, department, item) in [(1, "内科", ""), (2, "", "X1")] {
        let cells = [
            (column("institutions"), "H1"),
            (column("departments"), department),
            (
                column("charge-types"),
                if item.is_empty() { "09" } else { "" },
            ),
            (column("items"), item),
            (column("period-starts"), "2026-01-01"),
            (column("encounters"), "7"),
            (column("amounts"), "5.00"),
        ];
        builder.push(ids::TOTALS, line, "", cells);
    }
    let brought = made(&data(builder), CHARGES).unwrap().unwrap();
    assert_eq!(told(&brought), ["H1 2026-01-01 内科 09: 7 encounters, 500"]);
    assert!(brought.left_out.is_empty());
    let data = data(self::builder(&LINES));
    let declared = [total(CHARGES, Period::Month)];
    let after = circumstances("2026-01-01", "2026-02-28");
    let before = Circumstances {
        stage: Stage::Before,
        ..after.clone()
    };
    let unsaid = Circumstances {
        period: None,
        ..after.clone()
    };
    for (scope, circumstances) in [
        (Scope::Patient, &after),
        (Scope::Institution, &before),
        (Scope::Institution, &unsaid),
    ] {
        assert!(
            add(&data, &declared, (scope, circumstances))
                .unwrap()
                .is_none()
        );
    }
}

/// One part for each encounter, as an audit reads them.
fn joined(lines: &[[&str; 5]], declared: &[Total]) -> Result<Option<Totalled>, Vec<String>> {
    let period = (day("2026-01-01"), day("2026-02-28"));
    let whole = data(builder(lines));
    let summing = Summing::new(&whole, declared, period);
    let mut sums: BTreeMap<SumKey, SumOfLines> = BTreeMap::new();
    let mut left_out = BTreeSet::new();
    for (encounter, _) in ENCOUNTERS {
        let of_part = lines.iter().filter(|line| line[0] == encounter);
        let part = summing.sum(&data(builder(&of_part.copied().collect::<Vec<_>>())));
        left_out.extend(part.left_out);
        for (key, sum) in part.sums {
            match sums.get_mut(&key) {
                None => _ = sums.insert(key, sum),
                Some(known) => {
                    if let Err(missing) = known.join(&sum) {
                        left_out.insert(LeftOut {
                            institution: Some(key.institution.clone()),
                            of: Some((key.by(), key.first, key.last)),
                            missing,
                        });
                    }
                }
            }
        }
    }
    let made = SumsMade::new(summing.clone(), left_out);
    sums.retain(|key, _| made.keeps(key));
    let mut builder = builder(&[]);
    let column = |name| ids::TOTALS.table().column(name).unwrap();
    let columns = ids::TOTALS.table().columns.iter();
    let recorded = columns.filter(|column| summing.has(column.name));
    builder.declare(
        ids::TOTALS,
        recorded.map(|it| column(it.name)).collect::<Vec<_>>(),
    );
    for (line, (key, sum)) in (1..).zip(&sums) {
        let texts = [&key.institution, &key.group[0], &key.group[3]];
        let names = ["institutions", "departments", "charge-types"];
        let texts = names.iter().zip(texts);
        let texts = texts.map(|(name, text)| (column(name), Cell::Text(text)));
        let numbers = [
            ("period-starts", i64::from(key.first)),
            ("period-ends", i64::from(key.last)),
            ("encounters", sum.encounters),
            ("amounts", sum.amount),
        ];
        let numbers = numbers.map(|(name, number)| (column(name), Cell::Number(number)));
        builder.push_cells(ids::TOTALS, line, "", texts.chain(numbers));
    }
    let circumstances = Circumstances {
        sums: Some(Arc::new(made)),
        ..circumstances("2026-01-01", "2026-02-28")
    };
    add(
        &data(builder),
        declared,
        (Scope::Institution, &circumstances),
    )
}

#[test]
fn sums_of_parts_that_are_joined_are_those_of_the_whole() {
    let declared = [total(CHARGES, Period::Month)];
    let mut lines = LINES;
    for (column, text) in [(4, "0.10"), (2, ""), (1, "")] {
        lines[0][column] = text;
        let whole = made(&data(builder(&lines)), CHARGES).unwrap().unwrap();
        let parts = joined(&lines, &declared).unwrap().unwrap();
        assert_eq!(told(&parts), told(&whole), "without column {column}");
        assert_eq!(parts.left_out, whole.left_out, "without column {column}");
        let coverage = |of: &Totalled| of.data.coverage(ids::TOTALS);
        assert_eq!(
            coverage(&parts),
            coverage(&whole),
            "without column {column}"
        );
    }
    let of_items = [total(&[Grouping::Item], Period::Month)];
    assert_eq!(joined(&LINES, &of_items).unwrap_err(), ["orders.items"]);
    assert!(told(&joined(&LINES, &[]).unwrap().unwrap()).is_empty());
}

#[test]
fn sums_that_64_bits_do_not_hold_together_are_left_out() {
    let mut lines = LINES;
    lines[0][4] = "92233720368547758.07";
    let whole = made(&data(builder(&lines)), CHARGES).unwrap().unwrap();
    let parts = joined(&lines, &[total(CHARGES, Period::Month)])
        .unwrap()
        .unwrap();
    assert_eq!(told(&parts), told(&whole));
    assert_eq!(parts.left_out, [(0, "orders.amounts".to_owned())].into());
}
