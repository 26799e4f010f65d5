//! `rulepack build`: from the source of a pack to a sealed file.

use std::fmt;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use rulepack_build::{Built, Options, Warning};
use rulepack_contract::knowledge::Supplier;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::names::PackName;
use rulepack_protocol::pack::Pack;
use semver::Version;
use serde::Serialize;

use super::{Command, Language};
use crate::failure::Outcome;
use crate::output::Report;
use crate::packs::TableArgs;
use crate::{files, packs};

/// Build a pack: compile its crate to WebAssembly, and seal it with its manifest, tables and cases.
///
/// A source that `new --from` wrote has the code of another pack in place of a crate (`component.wasm`):
/// nothing is compiled, and no Rust is needed.
///
/// The same source gives the same bytes. `--tables` replaces all knowledge tables of the pack at once:
/// one that the folder lacks is an error, so that a release never mixes two states of knowledge unseen.
#[derive(Debug, Args)]
pub struct BuildArgs {
    /// The source of the pack: the folder with `pack.toml`.
    pub folder: PathBuf,
    /// Where the sealed pack goes; `NAME-VERSION.wasm` in the current folder where it is left out.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// A folder of tables, CSV or XLSX, to seal instead of the pack's own; or the published tables
    /// of CHS-DRG (`chs_drg_1_1.json.gz` and the files beside it) or of the two libraries
    /// (`rule_catalog_2025.tsv` and the files beside it) as they are.
    #[arg(long, value_name = "DIR")]
    pub tables: Option<PathBuf>,
    /// A folder of cases to seal instead of the pack's own.
    #[arg(long, value_name = "DIR")]
    pub cases: Option<PathBuf>,
    /// A component or a sealed pack whose code is taken as it is: new knowledge without a compiler.
    #[arg(long, value_name = "FILE")]
    pub component: Option<PathBuf>,
    #[command(flatten)]
    pub told: TableArgs,
}

/// What was built.
#[derive(Debug, Serialize)]
pub struct BuildReport {
    /// The sealed pack.
    pub file: PathBuf,
    /// Name space and name.
    pub name: PackName,
    /// Its version.
    pub version: Version,
    /// Of the whole file.
    pub digest: Digest,
    /// Of the code alone: the same after a release of knowledge.
    pub component_digest: Digest,
    /// Size of the file.
    pub bytes: usize,
    /// Size of the code.
    pub component_bytes: usize,
    /// How many rules it has.
    pub rules: usize,
    /// Its tables.
    pub tables: Vec<TableLine>,
    /// How many cases it has.
    pub cases: usize,
    /// How many functions of the contract it imports.
    pub imports: usize,
    /// What the author should look at.
    pub warnings: Vec<String>,
    /// How long it took.
    pub milliseconds: u128,
    #[serde(skip)]
    language: Language,
}

/// A table of a pack.
#[derive(Debug, Serialize)]
pub struct TableLine {
    /// Its name.
    pub name: String,
    /// Who brings its rows.
    pub supplied_by: Supplier,
    /// How many rows the pack brings; none where somebody else does.
    pub rows: Option<u32>,
}

impl TableLine {
    /// The tables of a pack, in the order of its manifest.
    pub fn of(pack: &Pack) -> Vec<TableLine> {
        let tables = pack.manifest.tables.iter();
        tables
            .map(|table| TableLine {
                name: table.name.clone(),
                supplied_by: table.supplied_by,
                rows: pack.tables.get(&table.name).map(|table| table.rows),
            })
            .collect()
    }
}

impl Command for BuildArgs {
    type Report = BuildReport;

    fn execute(&self) -> Outcome<BuildReport> {
        let started = Instant::now();
        let options = Options {
            tables: self.tables.clone(),
            cases: self.cases.clone(),
            component: self.component.clone(),
            encoding: self.told.encoding.into(),
        };
        let built = packs::build(&self.folder, options, self.told.lang)?;
        let header = &built.pack.manifest.pack;
        let default = || format!("{}-{}.wasm", header.name.name(), header.version).into();
        let file = self.out.clone().unwrap_or_else(default);
        files::write(&file, &built.bytes)?;
        Ok(BuildReport {
            file,
            milliseconds: started.elapsed().as_millis(),
            ..BuildReport::of(&built, self.told.lang)
        })
    }
}

impl BuildReport {
    fn of(built: &Built, language: Language) -> BuildReport {
        let pack = &built.pack;
        BuildReport {
            file: PathBuf::new(),
            name: pack.manifest.pack.name.clone(),
            version: pack.manifest.pack.version.clone(),
            digest: pack.digest,
            component_digest: pack.component_digest,
            bytes: built.bytes.len(),
            component_bytes: pack.component.len(),
            rules: pack.manifest.rules.len(),
            tables: TableLine::of(pack),
            cases: pack.cases.len(),
            imports: pack.imports.iter().count(),
            warnings: built.warnings.iter().map(|it| told(it, language)).collect(),
            milliseconds: 0,
            language,
        }
    }
}

impl Report for BuildReport {}

impl fmt::Display for BuildReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.milliseconds / 100;
        let (whole, tenth) = (tenths / 10, tenths % 10);
        let (name, version) = (&self.name, &self.version);
        if self.language == Language::Zh {
            return self.tell_chinese(f, &format!("{whole}.{tenth}"));
        }
        writeln!(f, "built {name} {version} in {whole}.{tenth} s")?;
        writeln!(
            f,
            "  file       {} ({} bytes)",
            self.file.display(),
            self.bytes
        )?;
        writeln!(f, "  digest     {}", self.digest)?;
        writeln!(
            f,
            "  component  {} ({} bytes)",
            self.component_digest, self.component_bytes
        )?;
        writeln!(
            f,
            "  {} rules, {} cases, {} imports",
            self.rules, self.cases, self.imports
        )?;
        for table in &self.tables {
            writeln!(f, "  table {table}")?;
        }
        for warning in &self.warnings {
            writeln!(f, "  warning: {warning}")?;
        }
        Ok(())
    }
}

impl BuildReport {
    fn tell_chinese(&self, f: &mut fmt::Formatter<'_>, seconds: &str) -> fmt::Result {
        let (name, version) = (&self.name, &self.version);
        writeln!(f, "已封装 {name} {version}，用时 {seconds} 秒")?;
        let (file, bytes) = (self.file.display(), self.bytes);
        writeln!(f, "  文件       {file}（{bytes} 字节）")?;
        writeln!(f, "  摘要       {}", self.digest)?;
        let (digest, bytes) = (self.component_digest, self.component_bytes);
        writeln!(f, "  程序摘要   {digest}（{bytes} 字节）")?;
        let (rules, cases, imports) = (self.rules, self.cases, self.imports);
        writeln!(
            f,
            "  规则 {rules} 条，用例 {cases} 个，读取数据列 {imports} 个"
        )?;
        for table in &self.tables {
            writeln!(f, "  表 {}", table.chinese())?;
        }
        for warning in &self.warnings {
            writeln!(f, "  注意：{warning}")?;
        }
        Ok(())
    }
}

fn told(warning: &Warning, language: Language) -> String {
    match language {
        Language::En => warning.to_string(),
        Language::Zh => warning.chinese(),
    }
}

impl TableLine {
    fn chinese(&self) -> String {
        let supplier = match self.supplied_by {
            Supplier::Pack => "",
            Supplier::Province => "由省级提供",
            Supplier::City => "由市级提供",
            Supplier::Hospital => "由医院提供",
        };
        match self.rows {
            Some(rows) => format!("{}：{rows} 行", self.name),
            None if supplier.is_empty() => format!("{}：没有行", self.name),
            None => format!("{}：{supplier}", self.name),
        }
    }
}

impl fmt::Display for TableLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.rows, self.supplied_by.setter()) {
            (Some(rows), _) => write!(f, "{}: {rows} rows", self.name),
            (None, Some(setter)) => write!(f, "{}: supplied by the {setter}", self.name),
            (None, None) => write!(f, "{}: without rows", self.name),
        }
    }
}
