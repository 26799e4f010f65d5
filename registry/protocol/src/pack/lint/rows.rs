//! Rows of knowledge: without ground, about rules that are not there, in force on no day, and those that say
//! different things of the same on the same day.
//!
//! Two rows are about the same where they agree in the key without `valid_from`. What they *say* is the rest,
//! without validity and `basis`. Rows are sorted by what they are about and walked once, so a table of a
//! million rows costs no more than sorting.

use std::cmp::Ordering;
use std::ops::Range;

use rulepack_contract::knowledge::{
    KnowledgeColumn, KnowledgeTable, KnowledgeValue, TableDeclaration,
};

use super::{Level, Lint, Problem, at, told};
use crate::pack::Pack;

const FROM: &str = "valid_from";
const TO: &str = "valid_to";
const BASIS: &str = "basis";

pub(super) fn lint(pack: &Pack) -> Vec<Lint> {
    let mut lints = Vec::new();
    for declaration in pack.manifest.sealed_tables() {
        let Some(table) = pack.tables.get(&declaration.name) else {
            continue;
        };
        let place = || format!("table {}", declaration.name);
        lints.extend(without_basis(table).map(|it| at(Level::Warning, place(), it)));
        let known = |rule: &str| pack.manifest.rule(rule).is_some();
        let unknown = about_unknown(table, known).into_iter();
        lints.extend(unknown.map(|it| at(Level::Error, place(), it)));
        let rows = Rows::of(declaration, table);
        lints.extend(
            rows.never_in_force()
                .map(|it| at(Level::Error, place(), it)),
        );
        if declaration.key.iter().any(|column| column == FROM) {
            lints.extend(rows.overlaps().map(|(level, it)| at(level, place(), it)));
        }
    }
    lints
}

/// Rows that say something else than those of another pack. An error where both are in force at exactly the
/// same places; else one place may mean to differ from the larger one.
pub(super) fn against(pack: &Pack, other: &Pack) -> Vec<Lint> {
    let same = pack.manifest.pack.jurisdictions == other.manifest.pack.jurisdictions;
    let level = if same { Level::Error } else { Level::Warning };
    let mut lints = Vec::new();
    for declaration in pack.manifest.sealed_tables() {
        let theirs = other.manifest.tables.iter();
        let theirs = theirs.clone().find(|it| it.name == declaration.name);
        let alike =
            theirs.filter(|it| it.columns == declaration.columns && it.key == declaration.key);
        let (Some(_), Some(mine), Some(their)) = (
            alike.filter(|it| !it.key.is_empty()),
            pack.tables.get(&declaration.name),
            other.tables.get(&declaration.name),
        ) else {
            continue;
        };
        let (mine, their) = (Rows::of(declaration, mine), Rows::of(declaration, their));
        for (row, their_row) in mine.meeting(&their) {
            if let Some(difference) = mine.difference(row, &their, their_row) {
                let problem = Problem::ContradictsPack {
                    pack: other.manifest.pack.name.clone(),
                    row: row + 1,
                    their_row: their_row + 1,
                    day: told(mine.first(row).max(their.first(their_row))),
                    key: mine.key_text(row),
                    column: difference.column,
                    one: difference.one,
                    other: difference.other,
                };
                lints.push(at(level, format!("table {}", declaration.name), problem));
            }
        }
    }
    lints
}

fn without_basis(table: &KnowledgeTable) -> Option<Problem> {
    let basis = table.columns.get(BASIS)?;
    let mut bare = (0..table.rows).filter(|row| basis.value(*row) == KnowledgeValue::Nothing);
    let first = bare.next()?;
    let others = u32::try_from(bare.count()).unwrap_or(u32::MAX);
    Some(Problem::RowsWithoutBasis {
        rows: others.saturating_add(1),
        first: first + 1,
    })
}

/// The first row about each rule that is not known.
fn about_unknown(table: &KnowledgeTable, known: impl Fn(&str) -> bool) -> Vec<Problem> {
    let Some(KnowledgeColumn::Texts { dictionary, rows }) = table.columns.get("rule") else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    for (number, rule) in (0..).zip(dictionary) {
        let first = rows.iter().zip(1..).find(|(of, _)| **of == number);
        if let Some((_, row)) = first
            && !rule.is_empty()
            && !known(rule)
        {
            let rule = rule.clone();
            problems.push(Problem::UnknownRule { row, rule });
        }
    }
    problems
}

/// The first column in which two rows differ, and what each says.
struct Difference {
    column: String,
    one: String,
    other: String,
}

/// A table, sorted by what its rows are about and when they begin.
pub(super) struct Rows<'a> {
    declaration: &'a TableDeclaration,
    table: &'a KnowledgeTable,
    about: Vec<&'a KnowledgeColumn>,
    says: Vec<(&'a str, &'a KnowledgeColumn)>,
    order: Vec<u32>,
}

impl<'a> Rows<'a> {
    pub(super) fn of(declaration: &'a TableDeclaration, table: &'a KnowledgeTable) -> Self {
        let about: Vec<&str> = declaration.key.iter().map(String::as_str).collect();
        let is_said = |name: &&str| !about.contains(name) && ![FROM, TO, BASIS].contains(name);
        let names = declaration
            .columns
            .keys()
            .map(String::as_str)
            .filter(is_said);
        let says = names.filter_map(|name| Some((name, table.columns.get(name)?)));
        let keys = about.iter().filter(|name| **name != FROM);
        let mut rows = Rows {
            declaration,
            table,
            says: says.collect(),
            about: keys.filter_map(|name| table.columns.get(*name)).collect(),
            order: Vec::new(),
        };
        let mut order: Vec<u32> = (0..table.rows).collect();
        order.sort_by(|one, other| {
            let key = rows.compare(*one, &rows, *other);
            key.then(rows.first(*one).cmp(&rows.first(*other)))
        });
        rows.order = order;
        rows
    }

    /// The first day on which a row is in force.
    pub(super) fn first(&self, row: u32) -> i32 {
        self.day(FROM, row).unwrap_or(i32::MIN)
    }

    /// The last one.
    pub(super) fn last(&self, row: u32) -> i32 {
        self.day(TO, row).unwrap_or(i32::MAX)
    }

    fn day(&self, column: &str, row: u32) -> Option<i32> {
        match self.table.columns.get(column)?.value(row) {
            KnowledgeValue::Day(day) => Some(day),
            _ => None,
        }
    }

    fn never_in_force(&self) -> impl Iterator<Item = Problem> + '_ {
        let ended = |row: &u32| self.last(*row) < self.first(*row);
        (0..self.table.rows)
            .filter(ended)
            .map(|row| Problem::NeverInForce {
                row: row + 1,
                from: told(self.first(row)),
                to: told(self.last(row)),
            })
    }

    /// Each row that begins before an earlier one about the same has ended, with that one.
    fn overlaps(&self) -> impl Iterator<Item = (Level, Problem)> + '_ {
        let mut latest: Option<u32> = None;
        self.order.iter().filter_map(move |row| {
            let row = *row;
            let before = latest.filter(|before| self.compare(*before, self, row).is_eq());
            let (Some(before), true) = (before, self.last(row) >= self.first(row)) else {
                latest = Some(row);
                return None;
            };
            if self.last(row) > self.last(before) {
                latest = Some(row);
            }
            (self.first(row) <= self.last(before)).then(|| self.overlap(before, row))
        })
    }

    fn overlap(&self, before: u32, row: u32) -> (Level, Problem) {
        let (first, second) = (before.min(row), before.max(row));
        let (day, key) = (told(self.first(row)), self.key_text(row));
        match self.difference(first, self, second) {
            Some(difference) => {
                let problem = Problem::Contradiction {
                    first: first + 1,
                    second: second + 1,
                    day,
                    key,
                    column: difference.column,
                    one: difference.one,
                    other: difference.other,
                };
                (Level::Error, problem)
            }
            None => {
                let (first, second) = (first + 1, second + 1);
                let problem = Problem::Repetition {
                    first,
                    second,
                    day,
                    key,
                };
                (Level::Warning, problem)
            }
        }
    }

    /// Pairs of rows of two tables that are about the same and in force on a common day.
    fn meeting(&self, other: &Rows<'_>) -> Vec<(u32, u32)> {
        let mut pairs = Vec::new();
        let mut theirs = 0;
        for range in self.runs() {
            let Some(mine) = self.order.get(range.clone()) else {
                continue;
            };
            let Some(first) = mine.first() else { continue };
            let before = |row: &u32| self.compare(*first, other, *row).is_gt();
            while other.order.get(theirs).is_some_and(before) {
                theirs += 1;
            }
            let rest = other.order.get(theirs..).unwrap_or_default();
            let same = |row: &&u32| self.compare(*first, other, **row).is_eq();
            for their in rest.iter().take_while(same) {
                pairs.extend(mine.iter().filter_map(|row| {
                    let meets = self.first(*row) <= other.last(*their)
                        && other.first(*their) <= self.last(*row);
                    meets.then_some((*row, *their))
                }));
            }
        }
        pairs
    }

    /// The places in the order of rows that are about the same.
    fn runs(&self) -> Vec<Range<usize>> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        for (place, row) in self.order.iter().enumerate() {
            let same = runs.last().and_then(|run| self.order.get(run.start));
            match (
                same.is_some_and(|first| self.compare(*first, self, *row).is_eq()),
                runs.last_mut(),
            ) {
                (true, Some(run)) => run.end = place + 1,
                _ => runs.push(place..place + 1),
            }
        }
        runs
    }

    /// By what two rows are about.
    fn compare(&self, row: u32, other: &Rows<'_>, their: u32) -> Ordering {
        let pairs = self.about.iter().zip(&other.about);
        let compared = pairs.map(|(mine, theirs)| mine.value(row).cmp(&theirs.value(their)));
        compared.fold(Ordering::Equal, Ordering::then)
    }

    fn difference(&self, row: u32, other: &Rows<'_>, their: u32) -> Option<Difference> {
        let mut pairs = self.says.iter().zip(&other.says);
        let ((name, mine), (_, theirs)) =
            pairs.find(|((_, mine), (_, theirs))| mine.value(row) != theirs.value(their))?;
        let column_type = self.declaration.columns.get(*name).copied();
        Some(Difference {
            column: (*name).to_owned(),
            one: mine.cell(column_type, row),
            other: theirs.cell(column_type, their),
        })
    }

    /// What a row is about, for people.
    pub(super) fn key_text(&self, row: u32) -> String {
        let keys = self.declaration.key.iter().filter(|name| *name != FROM);
        let cells = keys.map(|name| self.table.cell(self.declaration, name, row));
        cells.collect::<Vec<_>>().join("/")
    }
}
