//! A code system (编码体系) from a list: CSV, or text with tabs (`.tsv`), gzipped where it ends in `.gz`.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rulepack_contract::units::{self, ValueError};
use rulepack_protocol::pack::lint::CodeSystem;

/// What the columns of a list are called; other columns are left aside.
const CODE: [&str; 4] = ["code", "编码", "代码", "医保编码"];
const FROM: [&str; 3] = ["valid_from", "生效日期", "启用日期"];
const TO: [&str; 3] = ["valid_to", "失效日期", "停用日期"];

/// The most that a list may unpack to.
const BYTES_MAX: u64 = 1 << 30;

/// Why a list of codes cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CodeSystemError {
    /// The file cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is larger than any list of codes.
    #[error("`{path}` is larger than {BYTES_MAX} bytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// It is no list.
    #[error("`{path}` is not a list in UTF-8: {source}")]
    Csv {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        source: csv::Error,
    },
    /// No column holds codes.
    #[error("`{path}` has no column `code` (编码)")]
    NoCodes {
        /// The file.
        path: PathBuf,
    },
    /// A day that is none.
    #[error("`{path}` line {line}: `{value}` is {problem}, expected a day such as `2026-11-22`")]
    Day {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What stands there.
        value: String,
        /// What is wrong with it.
        problem: ValueError,
    },
}

/// Reads a list of codes.
///
/// # Errors
/// [`CodeSystemError`], which names file, line and value.
pub fn read_code_system(path: &Path) -> Result<CodeSystem, CodeSystemError> {
    let bytes = bytes(path)?;
    let failed = |source| CodeSystemError::Csv {
        path: path.to_owned(),
        source,
    };
    let name = path.to_string_lossy();
    let has_tabs = name.trim_end_matches(".gz").ends_with(".tsv");
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(if has_tabs { b'\t' } else { b',' })
        .flexible(true)
        .from_reader(text);
    let header = reader.headers().map_err(failed)?.clone();
    let place = |names: &[&str]| header.iter().position(|it| names.contains(&it.trim()));
    let Some(code) = place(&CODE) else {
        return Err(CodeSystemError::NoCodes {
            path: path.to_owned(),
        });
    };
    let (from, to) = (place(&FROM), place(&TO));
    let mut system = CodeSystem::default();
    for record in reader.records() {
        let record = record.map_err(failed)?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |place: usize| record.get(place).unwrap_or_default().trim();
        let day = |place: Option<usize>| match place.map(cell).unwrap_or_default() {
            "" => Ok(None),
            value => match units::parse_day(value) {
                Ok(day) => Ok(Some(day)),
                Err(problem) => Err(CodeSystemError::Day {
                    path: path.to_owned(),
                    line,
                    value: value.to_owned(),
                    problem,
                }),
            },
        };
        if !cell(code).is_empty() {
            system.insert(cell(code).to_owned(), day(from)?, day(to)?);
        }
    }
    Ok(system)
}

fn bytes(path: &Path) -> Result<Vec<u8>, CodeSystemError> {
    let failed = |source| CodeSystemError::Read {
        path: path.to_owned(),
        source,
    };
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut reader: Box<dyn io::Read> = match path.extension().is_some_and(|it| it == "gz") {
        true => Box::new(flate2::read::GzDecoder::new(file)),
        false => Box::new(file),
    };
    let mut bytes = Vec::new();
    let limited = reader.by_ref().take(BYTES_MAX + 1);
    { limited }.read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > BYTES_MAX {
        let path = path.to_owned();
        return Err(CodeSystemError::TooLarge { path });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> Result<CodeSystem, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let folder = folder.path().display().to_string();
        read_code_system(&path).map_err(|error| error.to_string().replace(&folder, ""))
    }

    #[test]
    fn a_list_is_read_by_what_its_columns_are_called() {
        let mut expected = CodeSystem::default();
        expected.insert("A".into(), units::parse_day("2024-01-01").ok(), None);
        expected.insert("B".into(), None, units::parse_day("2025-12-31").ok());
        let csv =
            "\u{feff}名称,编码,生效日期,失效日期\n甲,A,2024-01-01,\n乙,B,,2025-12-31\n丙,,,\n";
        assert_eq!(read("a.csv", csv), Ok(expected.clone()));
        let tsv = "code\tvalid_from\tvalid_to\nA\t2024-01-01\nB\t\t2025-12-31\n";
        assert_eq!(read("a.tsv", tsv), Ok(expected));
    }

    #[test]
    fn what_is_no_list_is_refused_with_file_line_and_value() {
        assert_eq!(
            read("a.csv", "name\nA\n").unwrap_err(),
            "`/a.csv` has no column `code` (编码)"
        );
        assert_eq!(
            read("a.csv", "code,valid_to\nA,2025\n").unwrap_err(),
            "`/a.csv` line 2: `2025` is not a date, expected a day such as `2026-11-22`"
        );
        let broken = read("a.csv.gz", "code\n").unwrap_err();
        assert!(broken.starts_with("cannot read `/a.csv.gz`: "), "{broken}");
    }
}
