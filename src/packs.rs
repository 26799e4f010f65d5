//! Packs as people name them on a command line: the folder of a source, or a sealed file.

use std::path::{Path, PathBuf};

use clap::Args;
use rulepack_build::{
    BuildError, Built, Options, TablesError, Toolchain, import_chs_drg, import_two_libraries,
};
use rulepack_protocol::pack::{self, Bounds, Pack};

use semver::Version;

use crate::commands::{FileEncoding, Language};
use crate::failure::{Explain as _, Failure, Outcome};
use crate::{files, toolchain};

/// The file by which the published layout of the CHS-DRG tables is recognised.
const CHS_DRG: &str = "chs_drg_1_1.json.gz";

/// How tables of a source are read, and their faults told.
#[derive(Debug, Clone, Copy, Args)]
pub struct TableArgs {
    /// How tables that are CSV files are encoded: `gbk` as spreadsheets in China save them (read as GB 18030).
    /// It is never guessed (CSV 表格的编码).
    #[arg(long, value_enum, default_value = "utf-8")]
    pub encoding: FileEncoding,
    /// The language in which faults of tables are told (表格错误的语言).
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub lang: Language,
}

impl TableArgs {
    /// Tables in UTF-8, faults in English.
    pub const PLAIN: TableArgs = TableArgs {
        encoding: FileEncoding::Utf8,
        lang: Language::En,
    };
}

/// A sealed pack with its bytes.
#[derive(Debug)]
pub struct SealedPack {
    /// The file.
    pub bytes: Vec<u8>,
    /// The same, opened.
    pub pack: Pack,
}

/// Opens a sealed pack; its own bounds are checked.
pub fn open(path: &Path) -> Outcome<SealedPack> {
    let bytes = files::read(path)?;
    let pack = pack::open(&bytes, &Bounds::NATIVE)
        .context(|| format!("`{}`", path.display()))
        .hint("give a file that `rulepack build` wrote")?;
    Ok(SealedPack { bytes, pack })
}

/// Builds a source where `path` is a folder, opens a sealed pack where it is a file.
pub fn open_or_build(path: &Path, tables: Option<&Path>) -> Outcome<SealedPack> {
    open_or_build_as(path, tables, TableArgs::PLAIN)
}

/// The same, with tables read and their faults told as somebody asks.
pub fn open_or_build_as(
    path: &Path,
    tables: Option<&Path>,
    args: TableArgs,
) -> Outcome<SealedPack> {
    if path.is_dir() {
        let options = Options {
            tables: tables.map(PathBuf::from),
            encoding: args.encoding.into(),
            ..Options::default()
        };
        let Built { bytes, pack, .. } = build(path, options, args.lang)?;
        return Ok(SealedPack { bytes, pack });
    }
    if tables.is_some() {
        let failure = Failure::new(format!("`{}` is sealed with its tables", path.display()));
        return Err(failure.hint("give the folder of the source, or leave `--tables` out"));
    }
    open(path)
}

/// A pack by what a person calls it: a sealed file; the folder of a source; or a plain name, which is the
/// highest version `NAME-VERSION.wasm` in the current folder, else the source `plugins/NAME`.
pub fn find(name: &str) -> Outcome<SealedPack> {
    let path = Path::new(name);
    if path.exists() {
        return open_or_build(path, None);
    }
    if let Some(file) = newest(Path::new("."), name)? {
        return open(&file);
    }
    let source = Path::new("plugins").join(name);
    if source.is_dir() {
        return open_or_build(&source, None);
    }
    let failure = Failure::new(format!("there is no pack `{name}`"));
    Err(failure.hint(format!(
        "give a sealed pack or the folder of a source; as a name, `{name}-VERSION.wasm` and \
         `plugins/{name}` are looked for in the current folder"
    )))
}

/// The file `NAME-VERSION.wasm` of the highest version in a folder.
fn newest(folder: &Path, name: &str) -> Outcome<Option<PathBuf>> {
    let mut newest: Option<(Version, PathBuf)> = None;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let file = path.file_name().and_then(|file| file.to_str());
        let version = file.and_then(|file| {
            let version = file.strip_prefix(name)?.strip_prefix('-')?;
            Version::parse(version.strip_suffix(".wasm")?).ok()
        });
        if let Some(version) = version
            && newest.as_ref().is_none_or(|(known, _)| *known < version)
        {
            newest = Some((version, path));
        }
    }
    Ok(newest.map(|(_, path)| path))
}

/// Builds the source in `folder`. Tables in the published layout of CHS-DRG or of the two libraries
/// are imported first. Faults of tables are told in a language.
pub fn build(folder: &Path, options: Options, language: Language) -> Outcome<Built> {
    build_with(&toolchain::detect(folder)?, folder, options, language)
}

/// The same from nothing: what an earlier build left, or a source brings along as such, is not used.
pub fn rebuild(folder: &Path, options: Options) -> Outcome<Built> {
    let fresh = tempfile::tempdir().context(|| "cannot make a temporary folder".into())?;
    let target_folder = fresh.path().canonicalize()?;
    let toolchain = Toolchain {
        target_folder,
        ..toolchain::detect(folder)?
    };
    build_with(&toolchain, folder, options, Language::En)
}

fn build_with(
    toolchain: &Toolchain,
    folder: &Path,
    mut options: Options,
    language: Language,
) -> Outcome<Built> {
    let published = options.tables.as_deref();
    let imported = published.map(import).transpose()?.flatten();
    if let Some(imported) = &imported {
        options.tables = Some(imported.path().to_owned());
    }
    rulepack_build::build(folder, toolchain, &options).map_err(|error| explained(error, language))
}

/// The published tables as the tables of a pack, in a folder that goes when it is dropped; `None` where
/// the folder holds tables of a pack already.
fn import(published: &Path) -> Outcome<Option<tempfile::TempDir>> {
    let tables = if published.join(CHS_DRG).is_file() {
        import_chs_drg::import(published)?
    } else if published.join(import_two_libraries::CATALOGUE).is_file() {
        import_two_libraries::import(published)?.files
    } else {
        return Ok(None);
    };
    let folder = tempfile::tempdir().context(|| "cannot make a temporary folder".into())?;
    for table in tables {
        files::write(&folder.path().join(table.file_name), &table.csv)?;
    }
    Ok(Some(folder))
}

fn explained(error: BuildError, language: Language) -> Failure {
    if let BuildError::Tables(error) = error {
        return explained_table(error, language);
    }
    let hint = error.hint();
    hint.into_iter().fold(Failure::from(error), Failure::hint)
}

/// A fault of a table in a language; in Chinese it says itself what to do.
pub fn explained_table(error: TablesError, language: Language) -> Failure {
    match language {
        Language::Zh => Failure::new(error.chinese()),
        Language::En => {
            let hint = error.hint();
            hint.into_iter().fold(Failure::from(error), Failure::hint)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_highest_version_in_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a-0.9.0.wasm", "a-0.10.0.wasm", "a-x.wasm", "ab-1.0.0.wasm"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let found = |name| newest(folder.path(), name).unwrap();
        assert_eq!(found("a"), Some(folder.path().join("a-0.10.0.wasm")));
        assert_eq!(found("b"), None);
        let failure = find("no-such-pack").unwrap_err();
        assert_eq!(failure.to_string(), "there is no pack `no-such-pack`");
        assert_eq!(
            failure.hint_text(),
            Some(
                "give a sealed pack or the folder of a source; as a name, \
                 `no-such-pack-VERSION.wasm` and `plugins/no-such-pack` are looked for in the \
                 current folder"
            )
        );
    }

    #[test]
    fn what_is_no_pack_is_named_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wasm");
        std::fs::write(&path, "text").unwrap();
        let failure = open(&path).unwrap_err();
        let name = path.display();
        assert_eq!(
            failure.to_string(),
            format!("`{name}`: the file is not a WebAssembly component")
        );
        assert_eq!(
            failure.hint_text(),
            Some("give a file that `rulepack build` wrote")
        );
        let failure = open_or_build(&path, Some(Path::new("tables"))).unwrap_err();
        assert_eq!(
            failure.to_string(),
            format!("`{name}` is sealed with its tables")
        );
    }
}
