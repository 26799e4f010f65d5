//! `rulepack new`: the source of a pack to begin with.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::{NameSpaceClass, PackName};
use serde::Serialize;

use super::Command;
use crate::failure::{Explain as _, Failure, Outcome};
use crate::output::Report;
use crate::{clock, files};

/// Write the source of a new pack: a crate with one rule, its table, and its cases.
///
/// The SDK and the contract of this release are written beside it (`sdk/`, `wit/`), so that the pack
/// builds without this project, and the same bytes come out years later.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// What it is called: `37/my-checks`, `vendor-acme/my-checks`.
    pub name: PackName,
    /// Its folder, new or empty; the name within the name space where it is left out.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
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
        let today = clock::today()?;
        for (path, content) in FILES {
            let content = named(path, content, &self.name, today)?;
            files::write(&folder.join(path), &content)?;
        }
        files::write(&folder.join(".gitignore"), b"/target\n")?;
        Ok(NewReport {
            name: self.name.clone(),
            folder,
            files: FILES.len() + 1,
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
        writeln!(f, "next:")?;
        writeln!(f, "  rulepack test {folder}       the cases in the sandbox")?;
        writeln!(
            f,
            "  cargo test                  the same cases natively, in {folder}"
        )?;
        writeln!(f, "  rulepack build {folder}      the sealed pack")
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
