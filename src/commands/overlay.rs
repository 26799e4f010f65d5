//! `rulepack overlay`: what a province or city sets for a pack, from its source to the file that is signed.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use rulepack_build::supplied_table;
use rulepack_contract::knowledge::TableDeclaration;
use rulepack_host::data::to_utf8;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Effective;
use rulepack_protocol::names::PackName;
use rulepack_protocol::overlay::{Fit, Layer, Overlay};
use rulepack_protocol::pack::Manifest;
use serde::Serialize;

use super::Command;
use super::host::told;
use super::import::explain_data;
use crate::failure::{Explain as _, Failure, Outcome};
use crate::output::Report;
use crate::packs::TableArgs;
use crate::{files, packs};

/// Set parameters of somebody else's pack, within the bounds of its manifest, and supply the tables that it
/// leaves to a province or city (本地化参数). The file is published and signed like a pack.
#[derive(Debug, Args)]
pub struct OverlayArgs {
    #[command(subcommand)]
    action: OverlayAction,
}

#[derive(Debug, Subcommand)]
enum OverlayAction {
    /// Make the one file that is signed: tables that lie beside it as CSV or XLSX are put into it. With `--pack`
    /// it is held against sealed packs as every host will do; a workbook is read as the last of them declares it.
    Build(BuildArgs),
    /// Show what an overlay sets, for the officers who are to sign it. With `--pack` beside the defaults
    /// and bounds of the pack.
    Show(ShowArgs),
}

#[derive(Debug, Args)]
struct BuildArgs {
    /// The overlay as it is written: a TOML file.
    source: PathBuf,
    /// Where the file goes; `SETTER.PACK-VERSION.toml` in the current folder where it is left out.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Sealed versions of the pack that it is for.
    #[arg(long = "pack", value_name = "FILE")]
    packs: Vec<PathBuf>,
    #[command(flatten)]
    told: TableArgs,
}

#[derive(Debug, Args)]
struct ShowArgs {
    /// The overlay.
    file: PathBuf,
    /// Sealed versions of the pack that it is for.
    #[arg(long = "pack", value_name = "FILE")]
    packs: Vec<PathBuf>,
    #[command(flatten)]
    told: TableArgs,
}

/// What an overlay sets.
#[derive(Debug, Serialize)]
pub struct OverlayReport {
    file: PathBuf,
    digest: Digest,
    bytes: usize,
    pack: PackName,
    versions: String,
    setter: String,
    version: String,
    effective: Effective,
    basis: String,
    parameters: Vec<ParameterLine>,
    /// Rows of each table.
    tables: BTreeMap<String, usize>,
    /// The versions that it was held against, and fits.
    fits: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ParameterLine {
    name: String,
    value: String,
    fixed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    effective: Option<Effective>,
    /// Default and bounds, where a pack was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    bounds: Option<String>,
}

impl Command for OverlayArgs {
    type Report = OverlayReport;

    fn execute(&self) -> Outcome<OverlayReport> {
        match &self.action {
            OverlayAction::Build(args) => build(args),
            OverlayAction::Show(args) => {
                let overlay = read_whole(&args.file, args.told, &args.packs)?;
                let manifests = fitting(&overlay, &args.packs)?;
                let bytes = files::read(&args.file)?;
                Ok(OverlayReport::new(&args.file, &overlay, &bytes, &manifests))
            }
        }
    }
}

fn build(args: &BuildArgs) -> Outcome<OverlayReport> {
    let overlay = read_whole(&args.source, args.told, &args.packs)?;
    let manifests = fitting(&overlay, &args.packs)?;
    let bytes = overlay.to_published()?;
    let header = &overlay.header;
    let name = || {
        let (setter, pack, version) = (&header.setter, header.pack.name(), &header.version);
        PathBuf::from(format!("{setter}.{pack}-{version}.toml"))
    };
    let file = args.out.clone().unwrap_or_else(name);
    files::write(&file, &bytes)?;
    Ok(OverlayReport::new(&file, &overlay, &bytes, &manifests))
}

/// Reads an overlay as it is written; its tables may lie beside it still.
pub fn read(file: &Path) -> Outcome<Overlay> {
    let overlay = Overlay::from_source(&files::read(file)?);
    overlay.context(|| format!("`{}`", file.display()))
}

/// Puts the tables that lie beside the file of an overlay into it, as a pack declares them, where it is known.
pub fn put_in_tables(
    overlay: &mut Overlay,
    file: &Path,
    told: TableArgs,
    declared: &[TableDeclaration],
) -> Outcome {
    let folder = file.parent().unwrap_or(Path::new(""));
    for table in &mut overlay.tables {
        let Some(name) = table.file.take() else {
            continue;
        };
        let declaration = declared.iter().find(|it| it.name == table.name);
        let bytes = beside(&table.name, &folder.join(name), told, declaration)?;
        let rows = String::from_utf8(bytes).context(|| format!("table `{}`", table.name))?;
        table.rows = rows.trim_start_matches('\u{feff}').to_owned();
    }
    Ok(())
}

/// The rows of a table that lies beside an overlay, as CSV.
fn beside(
    table: &str,
    path: &Path,
    told: TableArgs,
    declaration: Option<&TableDeclaration>,
) -> Outcome<Vec<u8>> {
    match (declaration, path.extension().and_then(OsStr::to_str)) {
        (Some(declaration), Some("csv" | "xlsx")) => {
            let supplied = supplied_table(path, told.encoding.into(), declaration);
            let (rows, _) = supplied.map_err(|it| packs::explained_table(it, told.lang))?;
            Ok(rows)
        }
        (None, Some("csv")) => to_utf8(path, told.encoding.into()).map_err(explain_data),
        (None, Some("xlsx")) => {
            let path = path.display();
            let failure = Failure::new(format!("no pack declares what `{path}` holds"));
            Err(failure.hint("give the pack whose table it is with `--pack`, or save it as CSV"))
        }
        _ => Err(Failure::new(format!(
            "table `{table}` is in `{}`, expected a `.csv` or `.xlsx` file",
            path.display()
        ))),
    }
}

/// An overlay with its tables, as the last of some packs declares them.
fn read_whole(file: &Path, told: TableArgs, packs: &[PathBuf]) -> Outcome<Overlay> {
    let mut overlay = read(file)?;
    let declared = match packs.last() {
        Some(pack) => packs::open(pack)?.pack.manifest.tables,
        None => Vec::new(),
    };
    put_in_tables(&mut overlay, file, told, &declared)?;
    Ok(overlay)
}

/// The manifests of sealed packs, each of which the overlay fits.
fn fitting(overlay: &Overlay, files: &[PathBuf]) -> Outcome<Vec<Manifest>> {
    let mut manifests = Vec::new();
    for file in files {
        let manifest = packs::open(file)?.pack.manifest;
        let layer = Layer {
            name: String::new(),
            digest: Digest::of(&[]),
            overlay: Arc::new(overlay.clone()),
        };
        if let [refused, ..] = Fit::new(&manifest, vec![layer]).refused() {
            let (pack, reason) = (&manifest.pack, &refused.reason);
            let refusal = format!("{} {} refuses it: {reason}", pack.name, pack.version);
            return Err(Failure::new(refusal)
                .hint("every host would refuse it whole, and keep what stands below it"));
        }
        manifests.push(manifest);
    }
    Ok(manifests)
}

impl OverlayReport {
    /// What an overlay sets; beside bounds of the last of these manifests, each of which it fits.
    pub fn new(file: &Path, overlay: &Overlay, bytes: &[u8], manifests: &[Manifest]) -> Self {
        let header = &overlay.header;
        let parameters = overlay.parameters.iter().map(|set| ParameterLine {
            name: set.name.clone(),
            value: told(&set.value),
            fixed: set.fixed,
            effective: set.effective,
            bounds: manifests.last().and_then(|last| bounds(last, &set.name)),
        });
        let tables = overlay.tables.iter();
        let rows = |text: &str| text.lines().skip(1).filter(|line| !line.is_empty()).count();
        OverlayReport {
            file: file.to_owned(),
            digest: Digest::of(bytes),
            bytes: bytes.len(),
            pack: header.pack.clone(),
            versions: header.versions.to_string(),
            setter: header.setter.to_string(),
            version: header.version.to_string(),
            effective: header.effective,
            basis: header.basis.clone(),
            parameters: parameters.collect(),
            tables: tables
                .map(|table| (table.name.clone(), rows(&table.rows)))
                .collect(),
            fits: manifests
                .iter()
                .map(|manifest| format!("{}@{}", manifest.pack.name, manifest.pack.version))
                .collect(),
        }
    }
}

fn bounds(manifest: &Manifest, name: &str) -> Option<String> {
    let mut declared = manifest.parameters.iter();
    let declared = declared.find(|declared| declared.name == name)?;
    let default = told(&declared.default);
    Some(match (declared.min, declared.max) {
        (Some(min), Some(max)) => format!("default {default}, from {min} to {max}"),
        (Some(min), None) => format!("default {default}, at least {min}"),
        (None, Some(max)) => format!("default {default}, at most {max}"),
        (None, None) => format!("default {default}"),
    })
}

impl Report for OverlayReport {}

impl fmt::Display for OverlayReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (setter, version, pack) = (&self.setter, &self.version, &self.pack);
        writeln!(
            f,
            "overlay {version} of {setter} for {pack}, versions {}",
            self.versions
        )?;
        writeln!(
            f,
            "  file     {} ({} bytes)",
            self.file.display(),
            self.bytes
        )?;
        writeln!(f, "  digest   {}", self.digest)?;
        writeln!(f, "  applies  {}", period(&self.effective))?;
        writeln!(f, "  basis    {}", self.basis)?;
        for set in &self.parameters {
            write!(f, "  {} = {}", set.name, set.value)?;
            if let Some(bounds) = &set.bounds {
                write!(f, " ({bounds})")?;
            }
            if let Some(days) = &set.effective {
                write!(f, ", {}", period(days))?;
            }
            writeln!(f, "{}", if set.fixed { ", fixed" } else { "" })?;
        }
        for (table, rows) in &self.tables {
            writeln!(f, "  table {table}: {rows} rows")?;
        }
        for pack in &self.fits {
            writeln!(f, "  fits     {pack}")?;
        }
        Ok(())
    }
}

fn period(days: &Effective) -> String {
    match days.to {
        Some(to) => format!("from {} to {to}", days.from),
        None => format!("from {}", days.from),
    }
}
