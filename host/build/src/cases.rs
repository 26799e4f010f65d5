//! The cases of a pack's source: `cases/*.json`, each one case or a list of them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use rulepack_contract::case::Case;
use serde::Deserialize;

/// Why cases cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CasesError {
    /// A file or folder cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is no case.
    #[error("`{path}`: {source}")]
    Json {
        /// The file.
        path: PathBuf,
        /// What the reader said, with line and column.
        source: serde_json::Error,
    },
    /// Two cases cannot be told apart.
    #[error("`{path}` has the case `{name}`, which is in `{first}` already")]
    Twice {
        /// The later file.
        path: PathBuf,
        /// The name.
        name: String,
        /// The earlier file.
        first: PathBuf,
    },
}

/// The cases of a folder, in the order of file names. A folder that is not there has none.
pub(crate) fn read(folder: &Path) -> Result<Vec<Case>, CasesError> {
    let mut cases: Vec<Case> = Vec::new();
    let mut names: BTreeMap<String, PathBuf> = BTreeMap::new();
    for path in files(folder)? {
        for case in read_file(&path)? {
            if let Some(first) = names.insert(case.name.clone(), path.clone()) {
                let name = case.name;
                return Err(CasesError::Twice { path, name, first });
            }
            cases.push(case);
        }
    }
    Ok(cases)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, CasesError> {
    let failed = |source| CasesError::Read {
        path: folder.to_owned(),
        source,
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read_file(path: &Path) -> Result<Vec<Case>, CasesError> {
    let path = path.to_owned();
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(source) => return Err(CasesError::Read { path, source }),
    };
    let is_list = bytes.trim_ascii_start().starts_with(b"[");
    let mut reader = serde_json::Deserializer::from_slice(&bytes);
    let cases = if is_list {
        Vec::deserialize(&mut reader)
    } else {
        Case::deserialize(&mut reader).map(|case| vec![case])
    };
    cases
        .and_then(|cases| reader.end().map(|()| cases))
        .map_err(|source| CasesError::Json { path, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASE: &str = r#"{"name": "NAME", "stage": "after", "scope": "patient",
        "today": "2026-11-22", "jurisdiction": "370303", "tables": {}, "expected": {}}"#;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    #[test]
    fn cases_come_in_the_order_of_files() {
        let [one, two] = ["one", "two"].map(|name| CASE.replace("NAME", name));
        let list = format!(" [{two}]");
        let folder = folder(&[("b.json", &one), ("a.json", &list), ("notes.md", "x")]);
        let cases = read(folder.path()).unwrap();
        let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names, ["two", "one"]);
        assert!(read(&folder.path().join("missing")).unwrap().is_empty());
    }

    #[test]
    fn errors_name_the_file_and_the_place() {
        let malformed = folder(&[("a.json", "{\"name\": 1}")]);
        let error = read(malformed.path()).unwrap_err().to_string();
        assert!(
            error.contains("a.json`: invalid type: integer `1`"),
            "{error}"
        );
        assert!(error.contains("line 1 column 10"), "{error}");
        let twice = folder(&[("a.json", CASE), ("b.json", CASE)]);
        let error = read(twice.path()).unwrap_err().to_string();
        assert!(
            error.contains("b.json` has the case `NAME`, which is in `"),
            "{error}"
        );
    }
}
