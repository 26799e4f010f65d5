//! What a caller asks to be reviewed, in whatever shape it came: national or our own.

use std::collections::HashSet;

use rulepack_contract::data::{DataBuilder, Problem};
use rulepack_contract::review::Stage;
use rulepack_contract::schema::{TableId, ids};
use rulepack_contract::units;

use super::national::{Region, Request};
use super::native::NativeRequest;

/// A request for a review whose frame is sound.
pub trait Call {
    /// By which journal and metrics call it: `3101`, `3102` or `check`.
    fn infno(&self) -> &'static str;

    /// When in the course of care it is made.
    fn stage(&self) -> Stage;

    /// 触发场景
    fn scenes(&self) -> &[String];

    /// 就医地医保区划: division code of the place of care, where the caller told.
    fn care_division(&self) -> Option<&str>;

    /// First and last day that institutions are reviewed for, where the caller told.
    fn period(&self) -> Option<(i32, i32)>;

    /// Whether what this host knows of the patients is to be added.
    fn wants_history(&self) -> bool;

    /// The keys of the patients, by whom history is looked up.
    ///
    /// # Errors
    /// [`RequestError`] where one has none.
    fn patients(&self) -> Result<Vec<&str>, RequestError>;

    /// Adds the rows of the request to a builder that is still empty.
    ///
    /// # Errors
    /// [`RequestError`]: a request is reviewed whole or not at all, so that any fault refuses it.
    fn fill(&self, builder: &mut DataBuilder) -> Result<Brought, RequestError>;
}

/// The rows that a request brought, by table and key: history must not bring them again.
pub type Known = HashSet<(TableId, String)>;

/// What a request brought.
#[derive(Debug, Default)]
pub struct Brought {
    /// Its rows that have a key.
    pub known: Known,
    /// Its rows of patients, in its order, as it wrote them: what may be kept for later requests.
    pub rows: Vec<BroughtRow>,
}

/// A row of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BroughtRow {
    /// Its table.
    pub table: TableId,
    /// Its key; empty where the table has none.
    pub key: String,
    /// Columns, by place, with their texts.
    pub cells: Vec<(usize, String)>,
}

impl Brought {
    /// Notes a row.
    pub(super) fn row(&mut self, table: TableId, key: &str, cells: Vec<(usize, String)>) {
        let key = key.to_owned();
        if table.table().key().is_some() {
            self.known.insert((table, key.clone()));
        }
        if TOLD_OF_PATIENTS.contains(&table) {
            self.rows.push(BroughtRow { table, key, cells });
        }
    }
}

/// What 3101 and 3102 tell. Other tables of a native request are not noted: see decision 151.
const TOLD_OF_PATIENTS: [TableId; 6] = [
    ids::INSTITUTIONS,
    ids::PATIENTS,
    ids::ENCOUNTERS,
    ids::DIAGNOSES,
    ids::PROCEDURES,
    ids::ORDERS,
];

/// Why a request is refused. No value of the request is in any of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// No JSON.
    #[error("the body is not JSON: wrong at line {line}, column {column}")]
    NotJson {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// No text.
    #[error("the body is not in UTF-8")]
    NotUtf8,
    /// Nested deeper than any national request.
    #[error("the body nests deeper than {0} levels")]
    TooDeep(usize),
    /// A field that must be there.
    #[error("`{path}` is missing, expected {expected}")]
    Missing {
        /// The way to it.
        path: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// A field with something else in it.
    #[error("`{path}` is something else, expected {expected}")]
    Unexpected {
        /// The way to it.
        path: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// A value that cannot be read.
    #[error("`{path}` is {problem}, expected {expected}")]
    Value {
        /// The way to it.
        path: String,
        /// What is wrong.
        problem: units::ValueError,
        /// What should stand there.
        expected: &'static str,
    },
    /// A row that contradicts itself or another.
    #[error("`{path}` cannot be used: {sentence}")]
    Inconsistent {
        /// The way to the row.
        path: String,
        /// How.
        sentence: &'static str,
    },
}

/// Reads what a receipt says was asked by this `infno`, as the region wrote it.
///
/// # Errors
/// [`RequestError`] where the text is something else.
pub(crate) fn parse(
    infno: &str,
    text: &str,
    region: &Region,
) -> Result<Box<dyn Call>, RequestError> {
    Ok(match infno {
        NativeRequest::INFNO => Box::new(NativeRequest::parse(text)?),
        _ => Box::new(Request::parse(text, region)?),
    })
}

/// The first row that the builder left out, as an error with its path and without its value. `paths` are the
/// ways to the rows by their lines (from 1), `field` the name that a column has in the request.
///
/// # Errors
/// [`RequestError`] where there is such a row.
pub(super) fn refuse_faults(
    builder: &DataBuilder,
    paths: &[String],
    field: impl Fn(TableId, &'static str) -> Option<&'static str>,
) -> Result<(), RequestError> {
    let Some(rejection) = builder.rejections().first() else {
        return Ok(());
    };
    let line = usize::try_from(rejection.line).unwrap_or(0);
    let row = line.checked_sub(1).and_then(|line| paths.get(line));
    let row = row.cloned().unwrap_or_default();
    let field = field(rejection.table, rejection.column);
    let path = field.map_or_else(|| row.clone(), |field| format!("{row}.{field}"));
    let inconsistent = |path, sentence| Err(RequestError::Inconsistent { path, sentence });
    match rejection.problem {
        Problem::Value(problem, kind) => Err(RequestError::Value {
            path,
            problem,
            expected: units::expectation(kind),
        }),
        Problem::Inconsistent(sentence) => inconsistent(row, sentence),
        Problem::DuplicateKey => inconsistent(path, "its id is the id of an earlier one too"),
        _ => inconsistent(row, "it belongs to nothing"),
    }
}
