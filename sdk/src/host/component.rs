//! The imports of the component, called as they are. A method that no rule calls leaves no import.

use std::hint::black_box;
use std::ops::Range;

use crate::batch::{Presence, Reach, Scope, Stage};
use crate::bindings::rulepack::rules::{codes, coverage, knowledge, parameters, parts, review};

/// The memory of the component. The standard library's allocator takes longer for a block, and an answer is
/// made of hundreds.
#[global_allocator]
static MEMORY: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// What `prepare` may call.
pub(crate) struct Preparation;

/// What `evaluate` may call beside the columns.
pub(crate) struct Evaluation;

/// Fetches a column for all rows.
pub(crate) fn all<R>(column: impl FnOnce() -> Vec<R>) -> Vec<R> {
    column()
}

/// Fetches a column for these rows only, of a table with so many rows, where that is known.
pub(crate) fn only<R>(
    (rows, length): (&[Range<u32>], Option<usize>),
    column: impl FnOnce() -> Vec<R>,
) -> Vec<R> {
    if let [all] = rows
        && all.start == 0
        && Some(all.len()) == length
    {
        return column();
    }
    let range = |range: &Range<u32>| parts::RowRange {
        first: range.start,
        count: range.end - range.start,
    };
    parts::only(&rows.iter().map(range).collect::<Vec<_>>());
    column()
}

/// Leaves free memory behind `prepare`, so that it is part of what every instance begins with. Memory that grows
/// for a batch is made accessible and hidden again page by page, which takes a tenth of the time of 10,000 rows.
#[doc(hidden)]
pub fn leave_room() {
    /// What a batch of 10,000 rows takes, and more. Nobody pays for pages that are not written to.
    const BYTES: usize = 1024 * 1024;
    // What is given back at once stays with the instance.
    drop(black_box(Vec::<u8>::with_capacity(BYTES)));
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

impl Preparation {
    pub(crate) fn intern(&self, texts: &[&str]) -> Vec<u32> {
        codes::intern(&owned(texts))
    }

    pub(crate) fn define_set(&self, prefixes: &[&str]) -> u32 {
        codes::define_set(&owned(prefixes))
    }

    pub(crate) fn contains(&self, set: u32, numbers: &[u32]) -> Vec<u8> {
        codes::contains(set, numbers)
    }

    pub(crate) fn prefixes(&self, numbers: &[u32], characters: u8) -> Vec<u32> {
        codes::prefixes(numbers, characters)
    }

    pub(crate) fn texts(&self, numbers: &[u32]) -> Vec<String> {
        codes::texts(numbers)
    }

    /// The host traps on a table that is not declared.
    #[allow(
        clippy::unnecessary_wraps,
        reason = "the native counterpart refuses here"
    )]
    pub(crate) fn declared(&self, _table: &str) -> Result<(), String> {
        Ok(())
    }

    pub(crate) fn rows(&self, table: &str) -> u32 {
        knowledge::rows(table)
    }

    pub(crate) fn supplied(&self, table: &str) -> bool {
        knowledge::supplied(table) == 1
    }
}

/// Readers of which the host itself refuses what is not declared.
macro_rules! readers {
    ($($method:ident($($name:ident),*) -> $value:ty = $import:path;)*) => {
        impl Preparation { $(
            #[allow(clippy::unnecessary_wraps, reason = "the native counterpart refuses here")]
            pub(crate) fn $method(&self, $($name: &str),*) -> Result<$value, String> {
                Ok($import($($name),*))
            }
        )* }
    };
}

readers! {
    table_codes(table, column) -> Vec<u32> = knowledge::codes;
    table_integers(table, column) -> Vec<i64> = knowledge::integers;
    table_days(table, column) -> Vec<i32> = knowledge::days;
    table_texts(table, column) -> Vec<String> = knowledge::texts;
    integer(parameter) -> i64 = parameters::integer;
    text(parameter) -> String = parameters::text;
    code_list(parameter) -> Vec<u32> = parameters::codes;
}

impl Evaluation {
    pub(crate) fn contains(&self, set: u32, numbers: &[u32]) -> Vec<u8> {
        codes::contains(set, numbers)
    }

    pub(crate) fn prefixes(&self, numbers: &[u32], characters: u8) -> Vec<u32> {
        codes::prefixes(numbers, characters)
    }

    pub(crate) fn texts(&self, numbers: &[u32]) -> Vec<String> {
        codes::texts(numbers)
    }

    pub(crate) fn stage(&self) -> Stage {
        match review::current_stage() {
            review::Stage::Before => Stage::Before,
            review::Stage::During => Stage::During,
            review::Stage::After => Stage::After,
        }
    }

    pub(crate) fn scope(&self) -> Scope {
        match review::current_scope() {
            review::Scope::Patient => Scope::Patient,
            review::Scope::Institution => Scope::Institution,
            review::Scope::Region => Scope::Region,
        }
    }

    pub(crate) fn scenes(&self) -> Vec<u32> {
        review::scenes()
    }

    pub(crate) fn today(&self) -> i32 {
        review::today()
    }

    pub(crate) fn jurisdiction(&self) -> u32 {
        review::jurisdiction()
    }

    pub(crate) fn period(&self) -> (i32, i32) {
        review::period()
    }

    pub(crate) fn table_presence(&self, table: &str) -> Presence {
        presence(coverage::table(table))
    }

    pub(crate) fn column_presence(&self, table: &str, column: &str) -> Presence {
        presence(coverage::column(table, column))
    }

    pub(crate) fn history_start(&self, table: &str) -> i32 {
        coverage::history_start(table)
    }

    pub(crate) fn history_reach(&self) -> Reach {
        match coverage::history_reach() {
            coverage::Reach::Institution => Reach::Institution,
            coverage::Reach::PoolingArea => Reach::PoolingArea,
            coverage::Reach::Province => Reach::Province,
        }
    }
}

fn presence(presence: coverage::Presence) -> Presence {
    match presence {
        coverage::Presence::Absent => Presence::Absent,
        coverage::Presence::Partial => Presence::Partial,
        coverage::Presence::Complete => Presence::Complete,
    }
}
