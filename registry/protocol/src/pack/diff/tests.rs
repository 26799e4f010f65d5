use proptest::prelude::*;
use rulepack_contract::case::Case;
use rulepack_contract::knowledge::{KnowledgeTable, TableDeclaration};
use serde_json::json;

use super::*;
use crate::pack::testing::{MANIFEST, Recipe};
use crate::pack::{Bounds, Manifest, open, seal};

const KEYED: &str = "columns = { item = \"code\", price = \"money\", valid_from = \"day\" }\n\
                     key = [\"item\", \"valid_from\"]";
const ROWS: &str = "item,price,valid_from\nA,1.50,2026-01-01\nB,2,2026-01-01\nC,3,\n";

fn case(name: &str) -> Case {
    let text = format!(
        r#"{{"name": "{name}", "stage": "after", "scope": "patient", "today": "2026-11-22",
            "jurisdiction": "370303", "tables": {{}}, "expected": {{}}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

fn keyed() -> String {
    let plain = "columns = { item = \"code\", price = \"money\", valid_from = \"day\" }";
    MANIFEST.replace(plain, KEYED)
}

fn bytes(manifest: &str, rows: &str, recipe: &Recipe<'_>) -> Vec<u8> {
    let manifest = Manifest::from_toml(manifest).unwrap();
    let declaration: &TableDeclaration = &manifest.tables[0];
    let table = KnowledgeTable::from_csv(declaration, rows.as_bytes()).unwrap();
    let tables = [("limits".to_owned(), table)].into();
    seal(&recipe.component(), &manifest, &tables, &[case("nothing")]).unwrap()
}

fn pack(manifest: &str, rows: &str) -> Pack {
    let sealed = bytes(manifest, rows, &Recipe::default());
    open(&sealed, &Bounds::NATIVE).unwrap()
}

fn field(field: &str, before: Value, after: Value) -> FieldChange {
    let some = |value: Value| (!value.is_null()).then_some(value);
    FieldChange {
        field: field.to_owned(),
        before: some(before),
        after: some(after),
    }
}

#[test]
fn a_pack_does_not_differ_from_itself() {
    let one = pack(&keyed(), ROWS);
    let diff = compare(&one, &one, 10);
    assert!(diff.is_equal());
    assert_eq!(diff.tables, []);
    assert!(diff.rules.is_empty() && diff.parameters.is_empty() && diff.cases.is_empty());
}

#[test]
fn a_release_of_knowledge_is_told_cell_by_cell() {
    let newer = keyed().replace("1.2.0", "1.2.1");
    let rows = "item,price,valid_from\nD,4.25,2026-02-01\nA,1.75,2026-01-01\nC,3,\n";
    let diff = compare(&pack(&keyed(), ROWS), &pack(&newer, rows), 10);
    assert_eq!(diff.release, Release::Knowledge);
    assert_eq!(
        diff.header,
        [field("pack.version", json!("1.2.0"), json!("1.2.1"))]
    );
    let [table] = diff.tables.as_slice() else {
        panic!("{:?}", diff.tables)
    };
    assert_eq!((table.added, table.removed, table.changed), (1, 1, 1));
    let cells = |cells: &[(&str, &str)]| -> Vec<(String, String)> {
        let owned = cells
            .iter()
            .map(|(column, value)| ((*column).into(), (*value).into()));
        owned.collect()
    };
    assert_eq!(
        table.rows,
        [
            RowChange::Changed {
                key: cells(&[("item", "A"), ("valid_from", "2026-01-01")]),
                cells: vec![CellChange {
                    column: "price".into(),
                    before: "1.5".into(),
                    after: "1.75".into()
                }],
            },
            RowChange::Removed {
                cells: cells(&[("item", "B"), ("valid_from", "2026-01-01"), ("price", "2")]),
            },
            RowChange::Added {
                cells: cells(&[
                    ("item", "D"),
                    ("valid_from", "2026-02-01"),
                    ("price", "4.25")
                ]),
            },
        ]
    );
}

#[test]
fn rows_are_listed_up_to_the_limit_and_counted_beyond() {
    let rows: String = (0..50).map(|number| format!("X{number},1,\n")).collect();
    let rows = format!("item,price,valid_from\n{rows}");
    let diff = compare(&pack(&keyed(), ROWS), &pack(&keyed(), &rows), 4);
    let table = &diff.tables[0];
    assert_eq!((table.added, table.removed, table.rows.len()), (50, 3, 4));
}

#[test]
fn without_a_common_key_a_row_is_all_that_it_holds() {
    // The same rows in another order, one of them twice.
    let rows = "item,price,valid_from\nB,2,2026-01-01\nA,1.50,2026-01-01\nC,3,\nC,3,\n";
    let diff = compare(&pack(MANIFEST, ROWS), &pack(MANIFEST, rows), 10);
    let table = &diff.tables[0];
    assert_eq!((table.added, table.removed, table.changed), (1, 0, 0));

    let other_key = keyed().replace("[\"item\", \"valid_from\"]", "[\"item\"]");
    let rows = ROWS.replace("1.50", "1.60");
    let diff = compare(&pack(&keyed(), ROWS), &pack(&other_key, &rows), 10);
    let table = &diff.tables[0];
    assert_eq!(table.key, [""; 0]);
    assert_eq!((table.added, table.removed, table.changed), (1, 1, 0));
    let key = field("key", json!(["item", "valid_from"]), json!(["item"]));
    assert_eq!(table.declaration, [key]);
    assert_eq!(diff.release, Release::Declarations);
}

#[test]
fn rules_parameters_and_places_are_told_field_by_field() {
    let newer = keyed()
        .replace("violation = \"block\"", "violation = \"review\"")
        .replace("超过 {limit}", "已超过 {limit}")
        .replace("max = 5000", "max = 6000")
        .replace("jurisdictions = [\"37\"]", "jurisdictions = [\"3703\"]");
    let diff = compare(&pack(&keyed(), ROWS), &pack(&newer, ROWS), 10);
    assert_eq!(diff.release, Release::Declarations);
    assert_eq!(
        diff.header,
        [field("pack.jurisdictions", json!(["37"]), json!(["3703"]))]
    );
    assert_eq!(
        diff.rules.changed,
        [EntryChange {
            name: "LIM-01".into(),
            fields: vec![
                field("action.violation", json!("block"), json!("review")),
                field(
                    "messages.over",
                    json!("{item}超过 {limit}"),
                    json!("{item}已超过 {limit}")
                ),
            ],
        }]
    );
    assert_eq!(
        diff.parameters.changed,
        [EntryChange {
            name: "share_max".into(),
            fields: vec![field("max", json!(5000), json!(6000))],
        }]
    );
}

#[test]
fn a_permission_that_is_gained_is_told() {
    let recipe = Recipe {
        imports: &[("rulepack:rules/orders@0.1.0", &["items", "days", "amounts"])],
        ..Recipe::default()
    };
    let newer = open(&bytes(&keyed(), ROWS, &recipe), &Bounds::NATIVE).unwrap();
    let diff = compare(&pack(&keyed(), ROWS), &newer, 10);
    assert_eq!(diff.release, Release::Code);
    assert_eq!(diff.imports_gained, ["orders.amounts"]);
    assert_eq!(diff.imports_lost, [""; 0]);
    assert_eq!(
        compare(&newer, &pack(&keyed(), ROWS), 10).imports_lost,
        ["orders.amounts"]
    );
}

#[test]
fn the_first_difference_of_the_bytes_is_named_by_its_section() {
    let one = bytes(&keyed(), ROWS, &Recipe::default());
    assert_eq!(first_difference(&one, &one), None);
    let newer = bytes(&keyed(), &ROWS.replace("1.50", "1.60"), &Recipe::default());
    let difference = first_difference(&one, &newer).unwrap();
    // The manifest holds the digests of the tables, and stands before them.
    assert_eq!(difference.section, "rulepack:manifest");
    assert_eq!(
        difference.parts,
        ["rulepack:manifest", "rulepack:table/limits"]
    );
    let padded = Recipe {
        padding: 3,
        ..Recipe::default()
    };
    let difference = first_difference(&one, &bytes(&keyed(), ROWS, &padded)).unwrap();
    assert_eq!(
        (difference.section.as_str(), difference.parts.as_slice()),
        ("code", &["code".to_owned()][..])
    );
    let cut = first_difference(&one[..one.len() - 1], &one).unwrap();
    assert_eq!((cut.at, cut.section.as_str()), (one.len() - 1, "the end"));
}

proptest! {
    /// What is added one way is removed the other way, and the counts add up.
    #[test]
    fn a_diff_reads_the_same_backwards(
        one in proptest::collection::btree_map(0_u8..30, 0_u8..4, 0..20),
        other in proptest::collection::btree_map(0_u8..30, 0_u8..4, 0..20),
    ) {
        let rows = |map: &BTreeMap<u8, u8>| {
            let rows = map.iter().map(|(item, price)| format!("I{item},{price},\n"));
            format!("item,price,valid_from\n{}", rows.collect::<String>())
        };
        let (before, after) = (pack(&keyed(), &rows(&one)), pack(&keyed(), &rows(&other)));
        let added = other.keys().filter(|item| !one.contains_key(*item)).count() as u64;
        let removed = one.keys().filter(|item| !other.contains_key(*item)).count() as u64;
        let changed = one.iter().filter(|(item, price)| other.get(*item).is_some_and(|p| p != *price)).count() as u64;
        let counts = |diff: PackDiff| diff.tables.first().map_or((0, 0, 0), |t| (t.added, t.removed, t.changed));
        prop_assert_eq!(counts(compare(&before, &after, 0)), (added, removed, changed));
        prop_assert_eq!(counts(compare(&after, &before, 0)), (removed, added, changed));
    }
}
