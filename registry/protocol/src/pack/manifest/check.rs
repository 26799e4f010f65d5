//! What a manifest must keep to beyond its shape.

use std::collections::BTreeSet;
use std::fmt::Display;

use rulepack_contract::CONTRACT;
use rulepack_contract::answer::Certainty;
use rulepack_contract::knowledge::{ColumnType, Supplier, TableDeclaration};
use rulepack_contract::parameters::{ParameterDeclaration, ParameterValue};
use rulepack_contract::review::Scope;

use super::{Action, Manifest, ManifestError, Rule};
use crate::names::{Jurisdiction, NameSpace, NameSpaceClass};

/// A pack takes an authority that its name space does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// A bureau declares a place outside its own.
    #[error("`pack.jurisdictions` holds `{jurisdiction}`, which does not lie under `{name_space}`")]
    Jurisdiction {
        /// Who issues the pack.
        name_space: NameSpace,
        /// The place.
        jurisdiction: Jurisdiction,
    },
    /// A bureau declares no place at all.
    #[error("`pack.jurisdictions` is empty, expected places under `{0}`")]
    NoJurisdiction(NameSpace),
    /// A vendor declares a place.
    #[error("`pack.jurisdictions` is not empty, but the vendor `{0}` has no jurisdiction")]
    VendorJurisdiction(NameSpace),
    /// A vendor blocks.
    #[error("`rule[{rule}].action` is `block`, but a vendor's rule may at most ask for `review`")]
    VendorBlocks {
        /// The rule.
        rule: String,
    },
    /// A vendor uses an official rule code.
    #[error(
        "`rule[{rule}].kind` is `{kind}`, but a vendor's rule has no code of the national catalogue"
    )]
    VendorKind {
        /// The rule.
        rule: String,
        /// The code.
        kind: String,
    },
    /// A vendor speaks in a bureau's name.
    #[error("`rule[{rule}].basis` names `{bureau}`, but a vendor does not speak for a bureau")]
    VendorBasis {
        /// The rule.
        rule: String,
        /// The name found.
        bureau: &'static str,
    },
}

/// The longest name, title, basis or meaning, in bytes.
pub(super) const NAME_BYTES_MAX: usize = 64;
const TEXT_BYTES_MAX: usize = 4_096;
/// The most words that a column takes.
const WORDS_MAX: usize = 64;
/// The longest name of a sheet in a workbook.
const SHEET_CHARACTERS_MAX: usize = 31;
/// The most fuel that a manifest may ask for.
const FUEL_MAX: u64 = 1_000_000_000_000;
/// Names by which bureaus go.
const BUREAUS: [&str; 3] = ["医疗保障局", "医保局", "卫生健康委"];

const NAME: &str =
    "a name of lower-case letters, digits, `-` and `_`, beginning with a letter, at most 64 long";

pub(super) type Checked = Result<(), ManifestError>;

impl Manifest {
    pub(super) fn check(&self) -> Checked {
        self.check_header()?;
        self.check_limits()?;
        let bounds = self.bounds();
        count("`rule`", self.rules.len(), bounds.rules)?;
        count("`parameter`", self.parameters.len(), bounds.parameters)?;
        count("`table`", self.tables.len(), bounds.tables)?;
        count("`total`", self.totals.len(), bounds.tables)?;
        if self.rules.is_empty() {
            return refuse("`rule`", "empty", "at least one `[[rule]]`");
        }
        distinct("rule.id", self.rules.iter().map(|rule| &rule.id))?;
        distinct("parameter.name", self.parameters.iter().map(|it| &it.name))?;
        distinct("table.name", self.tables.iter().map(|table| &table.name))?;
        self.rules.iter().try_for_each(check_rule)?;
        self.parameters.iter().try_for_each(check_parameter)?;
        for table in &self.tables {
            check_table(table, bounds.table_columns)?;
        }
        for (index, total) in self.totals.iter().enumerate() {
            let field = format!("total[{index}].by");
            distinct(&field, total.by.iter().map(|by| format!("{by:?}")))?;
            if total.by.is_empty() {
                return refuse(format!("`{field}`"), "empty", "at least one grouping");
            }
        }
        self.check_triggers()?;
        self.check_authority()?;
        Ok(())
    }

    fn check_header(&self) -> Checked {
        let pack = &self.pack;
        text("`pack.title`", &pack.title)?;
        if pack.name.is_overlay() {
            return refuse("`pack.name`", &pack.name, "a name without a dot");
        }
        if pack.contract != CONTRACT {
            return refuse("`pack.contract`", &pack.contract, format!("`{CONTRACT}`"));
        }
        if !pack.version.build.is_empty() {
            let expected = "a version without build metadata (`+…`)";
            return refuse("`pack.version`", &pack.version, expected);
        }
        if let Some(to) = pack.effective.to
            && to < pack.effective.from
        {
            let expected = format!("`{}` or later", pack.effective.from);
            return refuse("`pack.effective.to`", to, expected);
        }
        if let Some(retroactive) = &pack.retroactive {
            text("`pack.retroactive.basis`", &retroactive.basis)?;
        }
        distinct("pack.left_out", pack.left_out.iter())?;
        for id in &pack.left_out {
            rule_id("`pack.left_out`", id)?;
            if self.rule(id).is_some() {
                return refuse("`pack.left_out`", id, "rules without a `[[rule]]`");
            }
        }
        distinct("pack.jurisdictions", pack.jurisdictions.iter())
    }

    fn check_limits(&self) -> Checked {
        let memory_max = self.bounds().memory_mib;
        let memory = self.limits.memory_mib;
        if !(1..=memory_max).contains(&memory) {
            return refuse("`limits.memory_mib`", memory, format!("1 to {memory_max}"));
        }
        let fuel = self.limits.fuel;
        for (name, value) in [
            ("prepare", fuel.prepare),
            ("alone", fuel.alone),
            ("base", fuel.base),
            ("per_row", fuel.per_row),
        ] {
            if !(1..=FUEL_MAX).contains(&value) {
                let field = format!("`limits.fuel.{name}`");
                return refuse(field, value, format!("1 to {FUEL_MAX}"));
            }
        }
        Ok(())
    }

    /// T2: a pack cannot grant itself an authority.
    fn check_authority(&self) -> Result<(), AuthorityError> {
        let name_space = self.pack.name.name_space();
        if name_space.class() == NameSpaceClass::Vendor {
            if !self.pack.jurisdictions.is_empty() {
                return Err(AuthorityError::VendorJurisdiction(name_space.clone()));
            }
            return self.rules.iter().try_for_each(check_vendor_rule);
        }
        if self.pack.jurisdictions.is_empty() {
            return Err(AuthorityError::NoJurisdiction(name_space.clone()));
        }
        let mut declared = self.pack.jurisdictions.iter();
        match declared.find(|jurisdiction| !name_space.may_declare(jurisdiction)) {
            None => Ok(()),
            Some(jurisdiction) => Err(AuthorityError::Jurisdiction {
                name_space: name_space.clone(),
                jurisdiction: jurisdiction.clone(),
            }),
        }
    }
}

fn check_vendor_rule(rule: &Rule) -> Result<(), AuthorityError> {
    let id = rule.id.clone();
    if rule.action.values().any(|action| *action == Action::Block) {
        return Err(AuthorityError::VendorBlocks { rule: id });
    }
    if let Some(kind) = rule.kind.clone() {
        return Err(AuthorityError::VendorKind { rule: id, kind });
    }
    match BUREAUS.iter().find(|name| rule.basis.contains(**name)) {
        None => Ok(()),
        Some(bureau) => Err(AuthorityError::VendorBasis { rule: id, bureau }),
    }
}

fn rule_id(field: &str, id: &str) -> Checked {
    let plain = id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    if id.is_empty() || id.len() > NAME_BYTES_MAX || !plain {
        let expected = "ASCII letters, digits, `-`, `_` and `.`, at most 64 long";
        return refuse(field, id, expected);
    }
    Ok(())
}

fn check_rule(rule: &Rule) -> Checked {
    let id = &rule.id;
    rule_id("`rule.id`", id)?;
    let field = |name: &str| format!("`rule[{id}].{name}`");
    text(field("title"), &rule.title)?;
    text(field("basis"), &rule.basis)?;
    if let Some(kind) = &rule.kind {
        text(field("kind"), kind)?;
    }
    if rule.scope == Scope::Region {
        let expected =
            "`patient` or `institution`: no program gives a rule several institutions at once";
        return refuse(field("scope"), "region", expected);
    }
    if rule.stages.is_empty() {
        return refuse(field("stages"), "empty", "`before`, `during` or `after`");
    }
    let stages = rule.stages.iter().map(|stage| format!("{stage:?}"));
    distinct(&format!("rule[{id}].stages"), stages)?;
    let read = || rule.needs.iter().chain(&rule.uses);
    distinct(&format!("rule[{id}].needs"), read())?;
    for certainty in [Certainty::HighSuspicion, Certainty::LowSuspicion] {
        if rule.action(certainty) == Action::Block {
            let expected = "`remind` or `review`: a suspicion never blocks";
            return refuse(field("action"), "block", expected);
        }
    }
    for name in rule.messages.keys() {
        word(field("messages"), name)?;
    }
    for (column, why) in &rule.why {
        if !read().any(|known| known == column) {
            let expected = format!("a column of `rule[{id}].needs` or `uses`");
            return refuse(field("why"), column, expected);
        }
        text(field("why"), why)?;
    }
    Ok(())
}

fn check_parameter(parameter: &ParameterDeclaration) -> Checked {
    word("`parameter.name`", &parameter.name)?;
    let name = &parameter.name;
    let field = |part: &str| format!("`parameter[{name}].{part}`");
    let bounded = parameter.min.is_some() || parameter.max.is_some();
    let number = matches!(parameter.default, ParameterValue::Integer(_));
    if bounded && !number {
        return refuse(
            field("min"),
            "set",
            "no bounds, for the default is not a number",
        );
    }
    if let (Some(min), Some(max)) = (parameter.min, parameter.max)
        && min > max
    {
        return refuse(field("max"), max, format!("{min} or more"));
    }
    if let ParameterValue::Text(value) = &parameter.default
        && value.len() > TEXT_BYTES_MAX
    {
        return refuse(field("default"), "a longer text", "at most 4096 bytes");
    }
    let setters = parameter.set_by.iter().map(|setter| format!("{setter:?}"));
    distinct(&format!("parameter[{name}].set_by"), setters)?;
    parameter
        .check(&parameter.default)
        .or_else(|error| refuse(field("default"), "out of bounds", error))
}

fn check_table(table: &TableDeclaration, columns_max: usize) -> Checked {
    word("`table.name`", &table.name)?;
    let name = &table.name;
    let field = |part: &str| format!("`table[{name}].{part}`");
    count(&field("columns"), table.columns.len(), columns_max)?;
    if table.columns.is_empty() {
        return refuse(field("columns"), "empty", "at least one column");
    }
    for column in table.columns.keys() {
        word(field("columns"), column)?;
    }
    check_headings(table)?;
    check_words(table)?;
    for (part, columns) in [("key", &table.key), ("required", &table.required)] {
        distinct(&format!("table[{name}].{part}"), columns.iter())?;
        let undeclared = |column: &&String| !table.columns.contains_key(*column);
        if let Some(column) = columns.iter().find(undeclared) {
            let expected = format!("a column of `table[{name}].columns`");
            return refuse(field(part), column, expected);
        }
    }
    match (&table.file, table.supplied_by) {
        (Some(file), Supplier::Pack) if !is_table_file(file) => {
            let expected =
                "a `.csv` or `.xlsx` file inside the pack's folder, such as `tables/x.csv`";
            refuse(field("file"), file, expected)
        }
        (Some(_), Supplier::Pack)
        | (None, Supplier::Province | Supplier::City | Supplier::Hospital) => Ok(()),
        (None, Supplier::Pack) => refuse(
            field("file"),
            "missing",
            "a file, or `supplied_by` a province, city or hospital",
        ),
        (Some(file), _) => refuse(
            field("file"),
            file,
            "no file where somebody else supplies the rows",
        ),
    }
}

/// What people call a table and its columns: a sheet has to tell them apart.
fn check_headings(table: &TableDeclaration) -> Checked {
    let field = |part: &str| format!("`table[{}].{part}`", table.name);
    if let Some(title) = &table.title {
        let plain = !title.contains(['[', ']', ':', '*', '?', '/', '\\', '\'']);
        if title.trim().is_empty() || title.chars().count() > SHEET_CHARACTERS_MAX || !plain {
            let expected = "a name of a sheet: at most 31 characters, none of `[]:*?/\\'`";
            return refuse(field("title"), title, expected);
        }
    }
    for (column, heading) in &table.headings {
        if !table.columns.contains_key(column) {
            let expected = format!("a column of `table[{}].columns`", table.name);
            return refuse(field("headings"), column, expected);
        }
        if heading.trim() != heading || table.columns.contains_key(heading) {
            let expected = "a heading without space around it that is no name of a column";
            return refuse(field("headings"), heading, expected);
        }
        text(field("headings"), heading)?;
    }
    // Whoever reads a file looks at no spaces in its headings.
    let headings = table.headings.values();
    let headings = headings.map(|it| it.split_whitespace().collect::<String>());
    distinct(&format!("table[{}].headings", table.name), headings)
}

/// The words that columns of texts take: a sheet has to tell what people call them apart.
fn check_words(table: &TableDeclaration) -> Checked {
    let field = format!("`table[{}].words`", table.name);
    for (column, words) in &table.words {
        let takes_texts = [ColumnType::Code, ColumnType::Text];
        if !table
            .columns
            .get(column)
            .is_some_and(|of| takes_texts.contains(of))
        {
            let expected = format!("a column of texts of `table[{}].columns`", table.name);
            return refuse(field, column, expected);
        }
        count(&field, words.len(), WORDS_MAX)?;
        for (word, called) in words {
            if called.trim() != called || called.is_empty() || words.contains_key(called) {
                let expected = "what people call the word, which is no other word of the column";
                return refuse(field, called, expected);
            }
            text(field.as_str(), word)?;
            text(field.as_str(), called)?;
        }
        let name = format!("table[{}].words", table.name);
        distinct(&name, words.values())?;
    }
    Ok(())
}

/// A relative path of plain parts that ends in `.csv` or `.xlsx`.
fn is_table_file(file: &str) -> bool {
    let plain = file
        .split('/')
        .all(|part| !matches!(part, "" | "." | "..") && !part.contains(['\\', ':', '\0']));
    plain && file.len() <= 256 && (file.ends_with(".csv") || file.ends_with(".xlsx"))
}

pub(super) fn refuse(
    field: impl Into<String>,
    value: impl Display,
    expected: impl Display,
) -> Checked {
    Err(ManifestError::Field {
        field: field.into(),
        value: value.to_string(),
        expected: expected.to_string(),
    })
}

pub(super) fn count(field: &str, count: usize, count_max: usize) -> Checked {
    if count > count_max {
        return refuse(
            field,
            format!("{count} entries"),
            format!("at most {count_max}"),
        );
    }
    Ok(())
}

pub(super) fn distinct<T: Display>(field: &str, values: impl Iterator<Item = T>) -> Checked {
    let mut seen = BTreeSet::new();
    for value in values.map(|value| value.to_string()) {
        if seen.contains(&value) {
            return refuse(format!("`{field}`"), value, "each value once");
        }
        seen.insert(value);
    }
    Ok(())
}

fn text(field: impl Into<String>, text: &str) -> Checked {
    if text.trim().is_empty() {
        return refuse(field, text, "a text");
    }
    if text.len() > TEXT_BYTES_MAX || text.chars().any(char::is_control) {
        let shown: String = text
            .chars()
            .take(20)
            .map(|c| if c.is_control() { '?' } else { c })
            .collect();
        return refuse(field, format!("{shown}…"), "one line of at most 4096 bytes");
    }
    Ok(())
}

fn word(field: impl Into<String>, name: &str) -> Checked {
    let proper = name.len() <= NAME_BYTES_MAX
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
        });
    if proper {
        Ok(())
    } else {
        refuse(field, name, NAME)
    }
}
