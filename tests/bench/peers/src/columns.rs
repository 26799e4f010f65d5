//! A patient as columns of the contract.

use std::sync::Arc;

use peers_common::hospital::{Encounter, Order, Patient};
use peers_common::knowledge::{diagnosis_code, item_code};
use rulepack_contract::data::{Data, DataBuilder};
use rulepack_contract::schema;
use rulepack_contract::units::format_day;

/// As columns of the contract, as a host holds a request.
///
/// # Panics
/// Where a row does not fit the contract: then this file is wrong.
#[must_use]
pub fn data(patient: &Patient) -> Arc<Data> {
    let mut builder = DataBuilder::new();
    let mut line = 0;
    let mut push = |table: &str, key: &str, cells: &[(&str, &str)]| {
        let table = schema::table(table).expect("the contract has the table");
        line += 1;
        let cells = cells.iter().map(|(name, text)| {
            let column = table.table().column(name);
            (column.expect("the contract has the column"), *text)
        });
        builder.push(table, line, key, cells);
    };
    push("patients", &patient.key(), &[]);
    for encounter in &patient.encounters {
        push(
            "encounters",
            &encounter.key,
            &encounter_cells(encounter, &patient.key())
                .each_ref()
                .map(pair),
        );
        for diagnosis in encounter.diagnoses {
            let code = diagnosis_code(diagnosis);
            push(
                "diagnoses",
                "",
                &[("encounters", &encounter.key), ("codes", &code)],
            );
        }
    }
    for order in &patient.orders {
        let cells = order_cells(order, &patient.encounters[order.encounter].key);
        push("orders", &order.key, &cells.each_ref().map(pair));
    }
    let (data, rejections) = builder.finish();
    assert_eq!(rejections, [], "rows that do not fit the contract");
    Arc::new(data)
}

/// The columns of an encounter.
#[must_use]
pub fn encounter_cells(encounter: &Encounter, patient: &str) -> [(&'static str, String); 6] {
    [
        ("patients", patient.to_owned()),
        ("current", u8::from(encounter.under_review).to_string()),
        (
            "visit-types",
            if encounter.is_stay { "2" } else { "1" }.to_owned(),
        ),
        ("admission-days", format_day(encounter.admission)),
        ("discharge-days", format_day(encounter.discharge)),
        ("settlement-days", format_day(encounter.discharge)),
    ]
}

/// The columns of a line.
#[must_use]
pub fn order_cells(order: &Order, encounter: &str) -> [(&'static str, String); 6] {
    [
        ("encounters", encounter.to_owned()),
        ("current", u8::from(order.under_review).to_string()),
        ("items", item_code(order.item)),
        ("quantities", order.quantity.to_string()),
        ("amounts", format!("{}.50", order.quantity)),
        ("days", format_day(order.day)),
    ]
}

fn pair<'c>((name, text): &'c (&'static str, String)) -> (&'static str, &'c str) {
    (name, text)
}
