//! All rows of a table, file after file, read ahead by a thread of their own where one is to spare.

use std::sync::mpsc;
use std::thread::Scope;

use rulepack_host::data::FileRejection;

use super::{Input, Layout, RowSource, Rows};
use crate::error::AuditError;

/// Batches that wait for whoever takes them.
const AHEAD: usize = 4;

/// Rows of a file, and its lines that are none.
pub(crate) struct FileRows {
    /// The number of the file.
    pub(crate) file: u32,
    pub(crate) rows: Rows,
    pub(crate) rejected: Vec<FileRejection>,
}

/// Rows until the end, or until they cannot be read on.
type Reading<'r> = Box<dyn Iterator<Item = Result<FileRows, AuditError>> + 'r>;

/// Reads a table, on another thread where `ahead`. Who stops taking ends it.
pub(crate) fn read<'scope, 'r: 'scope>(
    (input, layout): (&'r Input, &'r Layout),
    scope: &'scope Scope<'scope, 'r>,
    ahead: bool,
) -> Reading<'scope> {
    let rows = Files {
        files: Box::new(input.of(layout.table)),
        layout,
        open: None,
    };
    if !ahead {
        return Box::new(rows);
    }
    let (give, take) = mpsc::sync_channel(AHEAD);
    scope.spawn(move || {
        for some in rows {
            // Nobody takes any more once the other end failed.
            if give.send(some).is_err() {
                break;
            }
        }
    });
    Box::new(take.into_iter())
}

/// Files one after the other.
struct Files<'r> {
    files: Box<dyn Iterator<Item = (u32, &'r super::InputFile)> + Send + 'r>,
    layout: &'r Layout,
    open: Option<(u32, Box<dyn RowSource + Send>)>,
}

impl Files<'_> {
    fn next_rows(&mut self) -> Result<Option<FileRows>, AuditError> {
        loop {
            let (file, source) = match &mut self.open {
                Some((file, source)) => (*file, source),
                None => match self.files.next() {
                    Some(file) => {
                        self.open = Some((file.0, self.layout.open(file)?));
                        continue;
                    }
                    None => return Ok(None),
                },
            };
            let mut rejected = Vec::new();
            if let Some(rows) = source.next(&mut rejected)? {
                return Ok(Some(FileRows {
                    file,
                    rows,
                    rejected,
                }));
            }
            self.open = None;
        }
    }
}

impl Iterator for Files<'_> {
    type Item = Result<FileRows, AuditError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_rows().transpose()
    }
}
