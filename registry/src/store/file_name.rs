//! Names of the files that a repository serves. Only what parses here is ever looked up on disk, so no
//! path from outside reaches the file system.

use std::fmt;
use std::str::FromStr;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::names::TargetPath;
use rulepack_protocol::tuf::RoleName;

/// A text that names no file of a repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileNameError {
    /// Not `timestamp.json` or `<version>.<role>.json`.
    #[error("`{0}` names no metadata")]
    Metadata(String),
    /// Not `<name space>/<name>/<sha256>.<version>.wasm`, nor the like of an overlay in `.toml`.
    #[error("`{0}` names no pack")]
    Target(String),
}

/// A file under `metadata/`: `timestamp.json`, or `<version>.<role>.json`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MetadataFile {
    /// `timestamp.json`
    Timestamp,
    /// A version of another role: its bytes never change.
    Version(RoleName, u64),
}

impl MetadataFile {
    /// Whether what stands under this name never changes.
    pub fn is_immutable(&self) -> bool {
        *self != MetadataFile::Timestamp
    }
}

impl fmt::Display for MetadataFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MetadataFile::Timestamp => formatter.write_str(&RoleName::TIMESTAMP.file()),
            MetadataFile::Version(role, version) => {
                formatter.write_str(&role.file_of_version(*version))
            }
        }
    }
}

impl FromStr for MetadataFile {
    type Err = FileNameError;

    fn from_str(text: &str) -> Result<Self, FileNameError> {
        let refused = || FileNameError::Metadata(text.escape_default().to_string());
        if text == "timestamp.json" {
            return Ok(MetadataFile::Timestamp);
        }
        let stem = text.strip_suffix(".json").ok_or_else(refused)?;
        let (version, role) = stem.split_once('.').ok_or_else(refused)?;
        let file = MetadataFile::Version(
            role.parse().map_err(|_| refused())?,
            version.parse().map_err(|_| refused())?,
        );
        // Written back it is the same, so `01.root.json` and `1.timestamp.json` are no second names.
        let known = !matches!(
            file,
            MetadataFile::Version(RoleName::TIMESTAMP, _) | MetadataFile::Version(_, 0)
        );
        if known && file.to_string() == text {
            Ok(file)
        } else {
            Err(refused())
        }
    }
}

/// A file under `targets/`: the bytes of one version of a pack or overlay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetFile {
    /// The target that it holds.
    pub path: TargetPath,
    /// The digest of its bytes.
    pub digest: Digest,
}

impl fmt::Display for TargetFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.path.file_of(&self.digest))
    }
}

impl FromStr for TargetFile {
    type Err = FileNameError;

    fn from_str(text: &str) -> Result<Self, FileNameError> {
        let parse = || {
            let (pack, file) = text.rsplit_once('/')?;
            let (digest, rest) = file.split_once('.')?;
            let path = format!("{pack}/{rest}").parse::<TargetPath>().ok()?;
            let digest = digest.parse().ok()?;
            Some(TargetFile { path, digest })
        };
        parse()
            .filter(|file: &TargetFile| file.to_string() == text)
            .ok_or_else(|| FileNameError::Target(text.escape_default().to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_metadata_have_one_spelling() {
        for text in [
            "timestamp.json",
            "1.root.json",
            "12.snapshot.json",
            "3.37.json",
            "4.vendor-acme.json",
        ] {
            assert_eq!(text.parse::<MetadataFile>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "root.json",
            "01.root.json",
            "0.root.json",
            "+1.root.json",
            "1.timestamp.json",
            "1.../root.json",
            "../timestamp.json",
            "1.root.json/",
            "1.37/x.json",
            "99999999999999999999.root.json",
        ] {
            let error = text.parse::<MetadataFile>().unwrap_err();
            assert_eq!(error.to_string(), format!("`{text}` names no metadata"));
        }
    }

    #[test]
    fn names_of_packs_have_one_spelling() {
        let digest = Digest::of(b"pack");
        let good = format!("37/vbp-quota/{digest}.1.2.0.wasm");
        assert_eq!(good.parse::<TargetFile>().unwrap().to_string(), good);
        let overlay = format!("3703/37.vbp-quota/{digest}.1.0.0.toml");
        assert_eq!(overlay.parse::<TargetFile>().unwrap().to_string(), overlay);
        for text in [
            format!("3703/37.vbp-quota/{digest}.1.0.0.wasm"),
            format!("37/vbp-quota/{digest}.1.2.0.toml"),
            format!("37/../{digest}.1.2.0.wasm"),
            format!("37/vbp-quota/{digest}.1.2.wasm"),
            format!("37/vbp-quota/{digest}.1.2.0+x.wasm"),
            "37/vbp-quota/1.2.0.wasm".to_owned(),
            "../../etc/passwd".to_owned(),
        ] {
            let error = text.parse::<TargetFile>().unwrap_err();
            assert_eq!(error.to_string(), format!("`{text}` names no pack"));
        }
    }
}
