//! Holds `docs/DATA.md` against the schema; `UPDATE_DOCS=1 cargo test -p rulepack-host` writes it anew.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use rulepack_contract::schema::{Kind, TABLES};
use rulepack_contract::units::expectation;

const BEGIN: &str = "<!-- tables: made from the contract, do not edit -->\n";

fn tables() -> String {
    let mut text = String::new();
    for table in TABLES {
        let doc = table.doc.replace('\n', " ");
        write!(
            text,
            "\n### `{}.csv`\n\n{doc}\n\n| column | value | meaning |\n|---|---|---|\n",
            table.name
        )
        .unwrap();
        if let Some(key) = table.key() {
            writeln!(text, "| `{key}` | key, required | tells the rows apart |").unwrap();
        }
        for (index, column) in table.columns.iter().enumerate() {
            let mut value = match column.kind {
                Kind::Row(target) => format!("key of a row of `{}`", target.table().name),
                kind => expectation(kind).to_owned(),
            };
            if table.owner().is_some_and(|(owner, _)| owner == index) {
                value.push_str(", required");
            }
            let doc = column.doc.replace('\n', " ").replace('|', "\\|");
            writeln!(text, "| `{}` | {value} | {doc} |", column.name).unwrap();
        }
    }
    text
}

#[test]
fn the_documented_tables_are_those_of_the_contract() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/DATA.md");
    let written = fs::read_to_string(&path).unwrap();
    let (before, found) = written.split_once(BEGIN).unwrap();
    let current = tables();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{current}")).unwrap();
        return;
    }
    assert_eq!(
        found, current,
        "run UPDATE_DOCS=1 cargo test -p rulepack-host documented"
    );
}
