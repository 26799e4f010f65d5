//! Writes one typed view per table of the contract, from the schema that the `.wit` files give.

use std::fmt::Write as _;
use std::path::Path;

use rulepack_contract::schema::{Column, Kind, Layout, Table, TableId};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = std::env::var("CARGO_CFG_TARGET_ARCH").expect("cargo sets the target");
    let component = target == "wasm32";
    let mut code = String::new();
    for id in TableId::all() {
        write_view(&mut code, id, component).expect("strings take text");
        write_part(&mut code, id, component).expect("strings take text");
    }
    write_views(&mut code, component).expect("strings take text");
    let out = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    std::fs::write(Path::new(&out).join("views.rs"), code).expect("OUT_DIR is writable");
}

/// The struct of one table, and a method for each of its columns.
fn write_view(code: &mut String, id: TableId, component: bool) -> std::fmt::Result {
    let table = id.table();
    let view = camel(table.name);
    write_doc(code, "", table.doc, &format!("Table `{}`.", table.name))?;
    writeln!(code, "pub struct {view} {{")?;
    if !component {
        writeln!(code, "    source: std::rc::Rc<crate::host::Source>,")?;
    }
    write_cells(code, table)?;
    writeln!(code, "}}\n\nimpl crate::column::Table for {view} {{")?;
    writeln!(code, "    const NUMBER: u8 = {};", id.number())?;
    writeln!(
        code,
        "    const NAME: &'static str = {:?};\n}}\n",
        table.name
    )?;
    writeln!(code, "impl {view} {{")?;
    write_constructor(code, table, component)?;
    for (index, column) in table.columns.iter().enumerate() {
        write_column(code, (id, index, column), component, Form::Whole)?;
    }
    write_part_of(code, table, component)?;
    if let Some((index, owner)) = table.owner() {
        let (owner, column) = (camel(owner.table().name), &table.columns[index]);
        writeln!(
            code,
            "    /// The rows that belong to this row of `{}`.\n    #[must_use]\n    \
             pub fn of(&self, owner: Row<{owner}>) -> Rows<{view}> {{\n        \
             self.{}().owned_by(owner)\n    }}",
            column.name,
            snake(column.name)
        )?;
    }
    writeln!(code, "}}\n")
}

/// Which rows a view is of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Whole,
    Part,
}

/// The method of a view that makes a part of its table.
fn write_part_of(code: &mut String, table: &Table, component: bool) -> std::fmt::Result {
    let view = camel(table.name);
    writeln!(
        code,
        "    /// These rows alone, in ascending order: a column of the part is fetched for them only. A range\n    \
         /// that begins within the one before loses what they share.\n    #[must_use]\n    \
         pub fn part(&self, rows: impl IntoIterator<Item = Rows<{view}>>) -> {view}Part {{\n        \
         {view}Part {{\n            selection: Selection::new(rows),"
    )?;
    match (component, table.owner()) {
        (false, _) => writeln!(code, "            source: self.source.clone(),")?,
        (true, None) => writeln!(code, "            length: None,")?,
        (true, Some((owner, _))) => {
            let owner = snake(table.columns[owner].name);
            writeln!(
                code,
                "            length: self.{owner}.get().map(Vec::len),"
            )?;
        }
    }
    write_empty_cells(code, table)?;
    writeln!(code, "        }}\n    }}\n")
}

/// The struct of some rows of one table, with the same methods.
fn write_part(code: &mut String, id: TableId, component: bool) -> std::fmt::Result {
    let table = id.table();
    let view = camel(table.name);
    writeln!(
        code,
        "/// Some rows of table `{}`, numbered anew: see [`{view}::part`].\npub struct {view}Part {{\n    \
         selection: Selection<{view}>,",
        table.name
    )?;
    match component {
        // How many rows the table has, where that is known already.
        true => writeln!(code, "    length: Option<usize>,")?,
        false => writeln!(code, "    source: std::rc::Rc<crate::host::Source>,")?,
    }
    write_cells(code, table)?;
    writeln!(
        code,
        "}}\n\nimpl {view}Part {{\n    \
         /// The rows of each range that the part was made of, in their order.\n    \
         pub fn ranges(&self) -> impl Iterator<Item = Rows<InPart<{view}>>> + use<'_> {{\n        \
         self.selection.groups()\n    }}\n\n    \
         /// Every row of the part, with the row of the table that it is.\n    \
         pub fn rows(&self) -> impl Iterator<Item = (Row<InPart<{view}>>, Row<{view}>)> + use<'_> {{\n        \
         self.selection.rows()\n    }}\n"
    )?;
    for (index, column) in table.columns.iter().enumerate() {
        write_column(code, (id, index, column), component, Form::Part)?;
    }
    writeln!(code, "}}\n")
}

/// A cell for each column, filled when a rule first asks for it.
fn write_cells(code: &mut String, table: &Table) -> std::fmt::Result {
    for column in table.columns {
        let (field, raw) = (snake(column.name), raw(column.kind));
        writeln!(code, "    {field}: std::cell::OnceCell<Vec<{raw}>>,")?;
    }
    Ok(())
}

fn write_empty_cells(code: &mut String, table: &Table) -> std::fmt::Result {
    for column in table.columns {
        let field = snake(column.name);
        writeln!(code, "            {field}: std::cell::OnceCell::new(),")?;
    }
    Ok(())
}

fn write_constructor(code: &mut String, table: &Table, component: bool) -> std::fmt::Result {
    match component {
        true => writeln!(code, "    fn new() -> Self {{\n        Self {{")?,
        false => writeln!(
            code,
            "    fn new(source: std::rc::Rc<crate::host::Source>) -> Self {{\n        Self {{\n            \
             source,"
        )?,
    }
    write_empty_cells(code, table)?;
    writeln!(code, "        }}\n    }}\n")
}

fn write_column(
    code: &mut String,
    (id, index, column): (TableId, usize, &Column),
    component: bool,
    form: Form,
) -> std::fmt::Result {
    let table = id.table();
    let method = snake(column.name);
    let name = format!(
        "Column `{}.{}`{}.",
        table.name,
        column.name,
        unit(column.kind)
    );
    write_doc(code, "    ", column.doc, &name)?;
    let marker = match form {
        Form::Whole => camel(table.name),
        Form::Part => format!("InPart<{}>", camel(table.name)),
    };
    writeln!(
        code,
        "    #[must_use]\n    #[inline]\n    pub fn {method}(&self) -> Column<'_, {marker}, {}> {{",
        value(column.kind)
    )?;
    let target = match column.kind {
        Kind::Row(target) => target,
        _ => id,
    };
    let import = format!(
        "crate::bindings::rulepack::rules::{}::{method}",
        snake(table.name)
    );
    match (component, form) {
        (true, Form::Whole) => writeln!(
            code,
            "        let fetch = || crate::host::all({import});\n        \
             Column::new(self.{method}.get_or_init(fetch), 0)"
        )?,
        (true, Form::Part) => writeln!(
            code,
            "        let fetch = || crate::host::only((self.selection.ranges(), self.length), {import});\n        \
             Column::new(self.{method}.get_or_init(fetch), 0)"
        )?,
        (false, Form::Whole) => writeln!(
            code,
            "        let values = self.source.values(&self.{method}, {}, {index});\n        \
             Column::new(values, self.source.start({}))",
            id.0, target.0
        )?,
        (false, Form::Part) => writeln!(
            code,
            "        let ranges = self.selection.ranges();\n        \
             let values = self.source.part(&self.{method}, ({}, {index}), ranges);\n        \
             Column::new(values, self.source.start({}))",
            id.0, target.0
        )?,
    }
    writeln!(code, "    }}\n")
}

/// All views of a batch, and the methods by which a batch gives them.
fn write_views(code: &mut String, component: bool) -> std::fmt::Result {
    writeln!(
        code,
        "/// How many tables the contract has.\npub(crate) const TABLE_COUNT: usize = {};\n",
        TableId::all().count()
    )?;
    writeln!(
        code,
        "/// The views of one batch.\npub(crate) struct Views {{"
    )?;
    for id in TableId::all() {
        let name = id.table().name;
        writeln!(code, "    {}: {},", snake(name), camel(name))?;
    }
    let (parameter, argument) = match component {
        true => ("", ""),
        false => (
            "source: &std::rc::Rc<crate::host::Source>",
            "source.clone()",
        ),
    };
    writeln!(code, "}}\n\nimpl Views {{")?;
    writeln!(
        code,
        "    pub(crate) fn new({parameter}) -> Self {{\n        Self {{"
    )?;
    for id in TableId::all() {
        let name = id.table().name;
        writeln!(
            code,
            "            {}: {}::new({argument}),",
            snake(name),
            camel(name)
        )?;
    }
    writeln!(
        code,
        "        }}\n    }}\n}}\n\nimpl crate::batch::Batch {{"
    )?;
    for id in TableId::all() {
        let table = id.table();
        let name = snake(table.name);
        write_doc(code, "    ", table.doc, &format!("Table `{}`.", table.name))?;
        writeln!(
            code,
            "    #[must_use]\n    pub fn {name}(&self) -> &{} {{\n        &self.views.{name}\n    }}\n",
            camel(table.name)
        )?;
    }
    writeln!(code, "}}")
}

/// What the contract says, then what it is called there.
fn write_doc(code: &mut String, indent: &str, doc: &str, name: &str) -> std::fmt::Result {
    if !doc.is_empty() {
        for line in doc.lines() {
            writeln!(code, "{indent}/// {}", line.trim())?;
        }
        writeln!(code, "{indent}///")?;
    }
    writeln!(code, "{indent}/// {name}")
}

fn value(kind: Kind) -> String {
    match kind {
        Kind::Code => "Code".into(),
        Kind::Token => "Token".into(),
        Kind::Row(target) => format!("Row<{}>", camel(target.table().name)),
        Kind::Flag => "bool".into(),
        Kind::Small => "u8".into(),
        Kind::Integer => "i32".into(),
        Kind::Count => "i64".into(),
        Kind::Day => "Day".into(),
        Kind::Instant => "Instant".into(),
        Kind::Money => "Money".into(),
        Kind::UnitPrice => "UnitPrice".into(),
        Kind::Quantity => "Quantity".into(),
        Kind::Ratio => "Ratio".into(),
        Kind::Measurement => "Measurement".into(),
    }
}

fn unit(kind: Kind) -> &'static str {
    match kind {
        Kind::Money => ", in fen",
        Kind::UnitPrice => ", in millionths of a CNY",
        Kind::Quantity => ", in ten-thousandths of its unit",
        Kind::Ratio => ", in ten-thousandths",
        Kind::Measurement => ", in millionths of its unit",
        _ => "",
    }
}

fn raw(kind: Kind) -> &'static str {
    match kind.layout() {
        Layout::U8 => "u8",
        Layout::U32 => "u32",
        Layout::S32 => "i32",
        Layout::S64 => "i64",
    }
}

fn snake(name: &str) -> String {
    name.replace('-', "_")
}

fn camel(name: &str) -> String {
    name.split('-')
        .map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_uppercase() + rest
        })
        .collect()
}
