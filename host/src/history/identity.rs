//! What makes two rows of two imports the same row.

use rulepack_contract::schema::TableId;

/// The columns by which a row is told from the others of its owner: the key where the table has one.
/// Within one import rows that agree in these stay side by side; a later import replaces them together.
pub(super) fn identity(table: TableId) -> Vec<&'static str> {
    if let Some(key) = table.table().key() {
        return vec![key];
    }
    match table.table().name {
        "enrolments" => vec!["patients", "diseases", "starts"],
        "diagnoses" => vec!["encounters", "codes", "kinds"],
        "drug-traces" => vec!["orders", "traces"],
        "examinations" => vec!["encounters", "items", "body-sites", "reported"],
        "lab-results" => vec!["encounters", "items", "reported"],
        "care-records" => vec!["encounters", "orders", "kinds", "items", "performed"],
        "data-defects" => vec!["encounters", "orders", "sources", "fields", "kinds"],
        "accumulators" => vec!["patients", "kinds", "subjects", "period-starts"],
        "totals" => vec![
            "institutions",
            "departments",
            "doctors",
            "items",
            "period-starts",
        ],
        "agreements" => vec!["institutions", "rounds", "varieties", "items"],
        "purchases" => vec![
            "institutions",
            "rounds",
            "items",
            "suppliers",
            "ordered-days",
        ],
        "stock" => vec!["institutions", "items", "period-starts"],
        "item-prices" => vec!["institutions", "items", "kinds", "starts"],
        "device-uses" => vec!["encounters", "device-identifiers", "production-identifiers"],
        "denials" => vec!["institutions", "departments", "doctors", "reasons", "days"],
        _ => Vec::new(),
    }
}
