//! `rulepack new`: the source of a pack to begin with.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use rulepack_build::{Inheritor, SheetForm, inherit};
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::{NameSpaceClass, PackName};
use semver::Version;
use serde::Serialize;

use super::Command;
use crate::failure::{Explain as _, Failure, Outcome};
use crate::output::Report;
use crate::packs::{self, SealedPack};
use crate::{clock, files};

/// Write the source of a new pack: a crate with one rule, its table, and its cases.
///
/// The SDK and the contract of this release are written beside it (`sdk/`, `wit/`), so that the pack
/// builds without this project, and the same bytes come out years later.
///
/// With `--from` it is a source without a crate: the code of another pack as it is, its manifest under the
/// new name, and its tables as spreadsheets. Staff edit rows, and `build` needs no Rust.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// What it is called: `37/my-checks`, `vendor-acme/my-checks`.
    pub name: PackName,
    /// Its folder, new or empty; the name within the name space where it is left out.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// The pack whose code and tables it takes over: a sealed pack, the folder of a source, or a name
    /// (`national-library`), which is looked for in the current folder and under `plugins/`.
    #[arg(long, value_name = "PACK")]
    pub from: Option<String>,
    /// The rules that it takes over, by their ids (采用的规则); all of them where it is left out. What the code says
    /// of the others is dropped, and their rows and cases are not written.
    #[arg(long, value_name = "IDS", value_delimiter = ',', requires = "from")]
    pub rules: Vec<String>,
    /// In which form the tables are written (表格格式).
    #[arg(long, value_enum, default_value = "xlsx", requires = "from")]
    pub form: Form,
}

/// In which form tables are written.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Form {
    /// Workbooks of Excel.
    Xlsx,
    /// Text in UTF-8.
    Csv,
}

/// What was written.
#[derive(Debug, Serialize)]
pub struct NewReport {
    /// The name of the pack.
    pub name: PackName,
    /// Its folder.
    pub folder: PathBuf,
    /// How many files it has.
    pub files: usize,
    /// The pack whose code it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Origin>,
}

/// A pack that another one takes its code from.
#[derive(Debug, Serialize)]
pub struct Origin {
    /// Its name.
    pub name: PackName,
    /// Its version.
    pub version: Version,
    /// The digest of the code, which stays the same.
    pub component_digest: Digest,
    /// The spreadsheets to edit, and how many rows each has.
    pub tables: Vec<(String, u32)>,
}

/// The files of a new pack: its own, the SDK's and the contract's.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/new_pack.rs"));

impl Command for NewArgs {
    type Report = NewReport;

    fn execute(&self) -> Outcome<NewReport> {
        let default = || PathBuf::from(self.name.name());
        let folder = self.out.clone().unwrap_or_else(default);
        if std::fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some()) {
            let failure = Failure::new(format!("`{}` is not empty", folder.display()));
            return Err(failure.hint("nothing is overwritten; choose another folder with `--out`"));
        }
        match &self.from {
            None => self.write_crate(folder),
            Some(from) => self.write_tables(folder, from),
        }
    }
}

impl NewArgs {
    fn write_crate(&self, folder: PathBuf) -> Outcome<NewReport> {
        let today = clock::today()?;
        for (path, content) in FILES {
            let content = named(path, content, &self.name, today)?;
            files::write(&folder.join(path), &content)?;
        }
        // `cargo component` writes bindings of its own, which nothing uses.
        let ignored = b"/target\n/src/bindings.rs\n";
        files::write(&folder.join(".gitignore"), ignored)?;
        Ok(NewReport {
            name: self.name.clone(),
            folder,
            files: FILES.len() + 1,
            from: None,
        })
    }

    fn write_tables(&self, folder: PathBuf, from: &str) -> Outcome<NewReport> {
        let SealedPack { bytes, pack } = packs::find(from)?;
        let component = bytes.get(pack.component.clone()).unwrap_or_default();
        let inheritor = Inheritor {
            name: self.name.clone(),
            from: clock::today()?,
            form: match self.form {
                Form::Xlsx => SheetForm::Xlsx,
                Form::Csv => SheetForm::Csv,
            },
            rules: self.rules.clone(),
        };
        let written = inherit(&pack, component, &inheritor)?;
        for (path, content) in &written {
            files::write(&folder.join(path), content)?;
        }
        let sheets = written
            .iter()
            .filter(|(path, _)| path.starts_with("tables/"));
        let rows = pack.manifest.sealed_tables().map(|table| {
            let rows = pack.tables.get(&table.name);
            rows.map_or(0, |table| table.rows)
        });
        Ok(NewReport {
            name: self.name.clone(),
            folder,
            files: written.len(),
            from: Some(Origin {
                name: pack.manifest.pack.name.clone(),
                version: pack.manifest.pack.version.clone(),
                component_digest: pack.component_digest,
                tables: sheets.map(|(path, _)| path.clone()).zip(rows).collect(),
            }),
        })
    }
}

/// A file of the template under the name of the new pack, which is in force from `today` on; those of SDK
/// and contract stay as they are.
fn named(path: &str, content: &[u8], name: &PackName, today: Day) -> Outcome<Vec<u8>> {
    let shared = [
        "sdk/",
        "wit/",
        "Cargo.lock",
        "rust-toolchain.toml",
        "clippy.toml",
    ];
    if shared.iter().any(|prefix| path.starts_with(prefix)) {
        return Ok(content.to_vec());
    }
    let text = std::str::from_utf8(content).context(|| format!("template `{path}`"))?;
    let word = name.name();
    let mut text = text
        .replace("vendor-example/my-pack", &name.to_string())
        .replace("my-pack", word)
        .replace("my_pack", &word.replace('-', "_"))
        .replace("MyPack", &type_name(word))
        .replace("My pack", word);
    let name_space = name.name_space();
    if path == "pack.toml" {
        text = text.replace("from = \"2026-01-01\"", &format!("from = \"{today}\""));
    }
    if path == "pack.toml" && name_space.class() != NameSpaceClass::Vendor {
        // A bureau says where its pack applies; for a vendor's, the hospital decides.
        let (before, after) = text.split_once("\n\n[[rule]]").unwrap_or((&text, ""));
        text = format!("{before}\njurisdictions = [\"{name_space}\"]\n\n[[rule]]{after}");
    }
    Ok(text.into_bytes())
}

/// `MyChecks` of `my-checks`.
fn type_name(word: &str) -> String {
    let parts = word.split('-').map(|part| {
        let mut letters = part.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    parts.collect()
}

impl Report for NewReport {}

impl fmt::Display for NewReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder = self.folder.display();
        writeln!(f, "wrote {} to {folder} ({} files)", self.name, self.files)?;
        if let Some(origin) = &self.from {
            return origin.tell(f, &self.folder);
        }
        writeln!(f, "next:")?;
        writeln!(f, "  rulepack test {folder}       the cases in the sandbox")?;
        writeln!(
            f,
            "  cargo test                  the same cases natively, in {folder}"
        )?;
        writeln!(f, "  rulepack build {folder}      the sealed pack")
    }
}

impl Origin {
    fn tell(&self, f: &mut fmt::Formatter<'_>, folder: &Path) -> fmt::Result {
        let (name, version, digest) = (&self.name, &self.version, &self.component_digest);
        writeln!(
            f,
            "the code is that of {name} {version}, component {digest}"
        )?;
        for (path, rows) in &self.tables {
            writeln!(f, "  {path}: {rows} rows")?;
        }
        let folder = folder.display();
        writeln!(f, "next: edit the tables, then")?;
        writeln!(
            f,
            "  rulepack build {folder} --lang zh    seals them, without Rust"
        )?;
        writeln!(
            f,
            "  rulepack test {folder}     runs the cases in the sandbox"
        )
    }
}

#[cfg(test)]
mod tests {
    use rulepack_protocol::pack::Manifest;

    use super::*;

    fn manifest_of(name: &str) -> Manifest {
        let find = FILES.iter().find(|(path, _)| *path == "pack.toml");
        let (path, content) = find.unwrap();
        let today = "2026-11-22".parse().unwrap();
        let content = named(path, content, &name.parse().unwrap(), today).unwrap();
        Manifest::from_toml(std::str::from_utf8(&content).unwrap()).unwrap()
    }

    #[test]
    fn a_new_manifest_is_valid_for_every_class_of_name_space() {
        for name in ["cn/a-b", "37/a-b", "3703/a-b", "vendor-acme/a-b"] {
            let manifest = manifest_of(name);
            assert_eq!(manifest.pack.name.to_string(), name);
            assert_eq!(manifest.pack.effective.from.to_string(), "2026-11-22");
            let places = usize::from(!name.starts_with("vendor"));
            assert_eq!(manifest.pack.jurisdictions.len(), places, "{name}");
        }
    }

    #[test]
    fn a_folder_with_content_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine"), "x").unwrap();
        let args = NewArgs {
            name: "37/a".parse().unwrap(),
            out: Some(folder.path().to_owned()),
            from: None,
            rules: Vec::new(),
            form: Form::Xlsx,
        };
        let failure = args.execute().unwrap_err();
        let path = folder.path().display();
        assert_eq!(failure.to_string(), format!("`{path}` is not empty"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn types_are_named_after_the_pack() {
        assert_eq!(type_name("vbp-quota"), "VbpQuota");
        assert_eq!(type_name("a"), "A");
    }
}
