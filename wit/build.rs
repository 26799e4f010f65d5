//! Derives the schema of tables and columns from the `.wit` files, so that the contract is written once.

#![allow(clippy::panic, reason = "a build script stops the build by panicking")]

use std::fmt::Write as _;
use std::path::Path;

use wit_parser::{Function, Interface, Resolve, Type, TypeDefKind, TypeId, WorldItem};

/// Columns that point into a table whose name they do not bear.
const REFERENCES: [(&str, &str); 2] = [("fulfils", "orders"), ("reverses", "orders")];

fn main() {
    println!("cargo::rerun-if-changed=base.wit");
    println!("cargo::rerun-if-changed=care.wit");
    println!("cargo::rerun-if-changed=supply.wit");
    println!("cargo::rerun-if-changed=world.wit");
    let mut resolve = Resolve::default();
    let (package, _) = resolve
        .push_dir(Path::new("."))
        .expect("the contract parses");
    let world = resolve
        .select_world(&[package], Some("rule-pack"))
        .expect("the contract has the world `rule-pack`");
    let tables: Vec<&Interface> = resolve.worlds[world]
        .imports
        .values()
        .filter_map(|item| match item {
            WorldItem::Interface { id, .. } => Some(&resolve.interfaces[*id]),
            _ => None,
        })
        .filter(|interface| is_table(&resolve, interface))
        .collect();
    let names: Vec<&str> = tables.iter().map(|table| name(table)).collect();
    let mut code = String::from(
        "/// The tables of the contract, in the order of their numbers.\npub const TABLES: &[Table] = &[\n",
    );
    for table in &tables {
        write_table(&mut code, &resolve, table, &names);
    }
    code.push_str("];\n");
    let out = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    std::fs::write(Path::new(&out).join("schema.rs"), code).expect("OUT_DIR is writable");
}

fn name(interface: &Interface) -> &str {
    interface.name.as_deref().expect("tables are named")
}

/// A table is an interface of which every function takes nothing and returns a list.
fn is_table(resolve: &Resolve, interface: &Interface) -> bool {
    !interface.functions.is_empty()
        && interface
            .functions
            .values()
            .all(|function| function.params.is_empty() && element(resolve, function).is_some())
        && name(interface) != "review"
}

fn element(resolve: &Resolve, function: &Function) -> Option<Type> {
    match function.result? {
        Type::Id(id) => match resolve.types[id].kind {
            TypeDefKind::List(element) => Some(element),
            _ => None,
        },
        _ => None,
    }
}

fn write_table(code: &mut String, resolve: &Resolve, table: &Interface, names: &[&str]) {
    let doc = table.docs.contents.as_deref().unwrap_or_default().trim();
    writeln!(
        code,
        "Table {{ name: {:?}, doc: {doc:?}, columns: &[",
        name(table)
    )
    .expect("strings take text");
    for function in table.functions.values() {
        let element = element(resolve, function).expect("tables have columns only");
        let kind = kind(resolve, &function.name, element, names);
        let doc = function.docs.contents.as_deref().unwrap_or_default().trim();
        writeln!(
            code,
            "    Column {{ name: {:?}, kind: {kind}, doc: {doc:?} }},",
            function.name
        )
        .expect("strings take text");
    }
    code.push_str("] },\n");
}

fn kind(resolve: &Resolve, column: &str, element: Type, names: &[&str]) -> String {
    let named = match element {
        Type::U8 => return "Kind::Small".into(),
        Type::S32 => return "Kind::Integer".into(),
        Type::S64 => return "Kind::Count".into(),
        Type::Id(id) => original_name(resolve, id),
        other => panic!("column `{column}` has the unexpected type {other:?}"),
    };
    match named.as_str() {
        "row" => {
            let target = REFERENCES
                .iter()
                .find(|(name, _)| *name == column)
                .map_or(column, |(_, target)| target);
            let index = names
                .iter()
                .position(|name| *name == target)
                .unwrap_or_else(|| panic!("column `{column}` points to no table"));
            format!("Kind::Row(TableId({index}))")
        }
        "code" => "Kind::Code".into(),
        "token" => "Kind::Token".into(),
        "flag" => "Kind::Flag".into(),
        "day" => "Kind::Day".into(),
        "instant" => "Kind::Instant".into(),
        "money" => "Kind::Money".into(),
        "unit-price" => "Kind::UnitPrice".into(),
        "quantity" => "Kind::Quantity".into(),
        "ratio" => "Kind::Ratio".into(),
        "measurement" => "Kind::Measurement".into(),
        other => panic!("column `{column}` has the unknown unit `{other}`"),
    }
}

/// The name under which a type was first defined, behind the aliases that `use` makes.
fn original_name(resolve: &Resolve, mut id: TypeId) -> String {
    while let TypeDefKind::Type(Type::Id(next)) = resolve.types[id].kind {
        id = next;
    }
    resolve.types[id].name.clone().expect("units are named")
}
