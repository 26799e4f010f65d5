//! `rulepack inspect`: what a sealed pack is, and what it may read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use rulepack_host::grants::GrantTable;
use rulepack_host::settings::HostFolder;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::pack::Pack;
use rulepack_protocol::pack::manifest::{ColumnReference, Manifest, Rule};
use serde::Serialize;

use super::Command;
use super::build::TableLine;
use crate::failure::{Failure, Outcome};
use crate::output::Report;
use crate::packs::{self, SealedPack};

/// Show what a sealed pack is: its rules, tables and limits, who may sign it, and every column that it
/// can read, with the rules that need it and the reason they give.
///
/// Whether it is signed, and by whom, `rulepack verify` shows.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// The sealed pack.
    pub pack: PathBuf,
    /// The folder of a host: says of every column whether its `grants.toml` lets the pack read it, and
    /// what to write there for the others. Ends with 3 where a rule needs a column that is not granted.
    #[arg(long, value_name = "DIR")]
    pub host: Option<PathBuf>,
}

/// What a pack is.
#[derive(Debug, Serialize)]
pub struct InspectReport {
    file: PathBuf,
    bytes: usize,
    digest: Digest,
    component_bytes: usize,
    component_digest: Digest,
    /// The roles from which trust comes, the one that signs it last.
    signing_roles: Vec<String>,
    manifest: Manifest,
    tables: Vec<TableLine>,
    cases: usize,
    reads: BTreeMap<String, Vec<ColumnLine>>,
    /// What is to be written into `grants.toml` so that every rule can be evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    to_grant: Option<String>,
    functions: BTreeMap<String, BTreeSet<String>>,
}

/// A column that a pack can read.
#[derive(Debug, Serialize)]
pub struct ColumnLine {
    column: String,
    /// The rules that are not evaluable without it.
    needed_by: Vec<String>,
    /// The rules that read it where it is recorded, and can do without.
    used_by: Vec<String>,
    /// Why they read it, in their author's words.
    why: BTreeSet<String>,
    /// Whether the host lets the pack read it, where a host was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    granted: Option<bool>,
}

impl Command for InspectArgs {
    type Report = InspectReport;

    fn execute(&self) -> Outcome<InspectReport> {
        let sealed = packs::open(&self.pack)?;
        let mut report = inspect(&self.pack, &sealed);
        if let Some(host) = &self.host {
            report.compare(&sealed.pack, &HostFolder::at(host))?;
        }
        Ok(report)
    }
}

/// What a sealed pack is.
pub fn inspect(file: &Path, sealed: &SealedPack) -> InspectReport {
    let pack = &sealed.pack;
    let manifest = &pack.manifest;
    let name_space = manifest.pack.name.name_space();
    let parent = name_space.parent().map(|parent| parent.to_string());
    let mut signing_roles = vec!["targets".to_owned()];
    signing_roles.extend(parent);
    signing_roles.push(name_space.to_string());
    InspectReport {
        file: file.to_owned(),
        bytes: sealed.bytes.len(),
        digest: pack.digest,
        component_bytes: pack.component.len(),
        component_digest: pack.component_digest,
        signing_roles,
        manifest: manifest.clone(),
        tables: TableLine::of(pack),
        cases: pack.cases.len(),
        reads: reads(pack),
        to_grant: None,
        functions: pack.imports.functions.clone(),
    }
}

/// The columns that the code can read, by table, each with the rules behind it.
fn reads(pack: &Pack) -> BTreeMap<String, Vec<ColumnLine>> {
    let rules = &pack.manifest.rules;
    let line = |table: &str, column: &String| {
        let is = |at: &ColumnReference| at.table_name() == table && at.column_name() == column;
        let naming = |names: fn(&Rule) -> &[ColumnReference]| -> Vec<String> {
            let naming = rules.iter().filter(|rule| names(rule).iter().any(is));
            naming.map(|rule| rule.id.clone()).collect()
        };
        let why = rules.iter().flat_map(|rule| &rule.why);
        ColumnLine {
            column: column.clone(),
            needed_by: naming(|rule| &rule.needs),
            used_by: naming(|rule| &rule.uses),
            why: why
                .filter(|(at, _)| is(at))
                .map(|(_, why)| why.clone())
                .collect(),
            granted: None,
        }
    };
    let tables = pack.imports.columns.iter();
    tables
        .map(|(table, columns)| {
            let lines = columns.iter().map(|column| line(table, column));
            (table.clone(), lines.collect())
        })
        .collect()
}

impl Report for InspectReport {
    fn is_good(&self) -> bool {
        let mut columns = self.reads.values().flatten();
        !columns.any(|line| line.granted == Some(false) && !line.needed_by.is_empty())
    }
}

impl fmt::Display for InspectReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = &self.manifest.pack;
        writeln!(f, "{} {} · {}", header.name, header.version, header.title)?;
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
        writeln!(f, "  signed by  {}", self.signing_roles.join(" → "))?;
        let places = header.jurisdictions.iter().map(ToString::to_string);
        let places: Vec<String> = places.collect();
        let places = match places.is_empty() {
            true => "where a hospital decides".to_owned(),
            false => places.join(", "),
        };
        writeln!(f, "  applies    {places}, {}", period(&self.manifest))?;
        let (limits, fuel) = (self.manifest.limits, self.manifest.limits.fuel);
        writeln!(
            f,
            "  limits     {} MiB; fuel {} to prepare, {} alone, {} and {} a row in a batch",
            limits.memory_mib, fuel.prepare, fuel.alone, fuel.base, fuel.per_row
        )?;
        writeln!(f, "  cases      {}", self.cases)?;
        self.fmt_rules(f)?;
        self.fmt_knowledge(f)?;
        self.fmt_reads(f)
    }
}

impl InspectReport {
    /// Says which of the columns a host grants.
    fn compare(&mut self, pack: &Pack, host: &HostFolder) -> Outcome {
        // Without this a folder that is no host's would grant everything.
        let _ = host.settings().map_err(|error| {
            let hint = error.hint();
            let failure = Failure::from(error);
            hint.into_iter().fold(failure, Failure::hint)
        })?;
        let name_space = pack.manifest.pack.name.name_space();
        let grants = GrantTable::read(host)?.of(name_space);
        let mut missing = Vec::new();
        for (table, lines) in &mut self.reads {
            for line in lines {
                let name = format!("{table}.{}", line.column);
                let at: ColumnReference = name.parse()?;
                let is_granted = grants.column(at.table, at.column);
                line.granted = Some(is_granted);
                if !is_granted {
                    missing.push(format!("\"{name}\""));
                }
            }
        }
        self.to_grant = (!missing.is_empty()).then(|| {
            let columns = missing.join(", ");
            format!("[{name_space}]\nby = \"\"\nday = \"\"\ncolumns = [{columns}]")
        });
        Ok(())
    }

    fn fmt_rules(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "rules")?;
        for rule in &self.manifest.rules {
            writeln!(f, "  {} {}", rule.id, rule.title)?;
            let stages: Vec<String> = rule.stages.iter().map(word).collect();
            let actions = rule.action.iter();
            let actions: Vec<String> = actions
                .map(|(certainty, action)| format!("{} → {}", word(certainty), word(action)))
                .collect();
            let actions = match actions.is_empty() {
                true => "remind".to_owned(),
                false => actions.join(", "),
            };
            writeln!(
                f,
                "    {} scope; {}; {actions}",
                word(&rule.scope),
                stages.join(", ")
            )?;
            writeln!(f, "    {}", rule.basis)?;
        }
        Ok(())
    }

    fn fmt_knowledge(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.manifest.parameters.is_empty() {
            writeln!(f, "parameters")?;
        }
        for parameter in &self.manifest.parameters {
            let setters: Vec<String> = parameter.set_by.iter().map(ToString::to_string).collect();
            let setters = match setters.is_empty() {
                true => "nobody".to_owned(),
                false => setters.join(", "),
            };
            let value = serde_json::to_string(&parameter.default).map_err(|_| fmt::Error)?;
            writeln!(f, "  {} = {value}, changed by {setters}", parameter.name)?;
        }
        if !self.tables.is_empty() {
            writeln!(f, "tables")?;
        }
        for table in &self.tables {
            writeln!(f, "  {table}")?;
        }
        self.fmt_triggers(f)
    }

    /// What has to occur in a patient's data for the pack to be asked.
    fn fmt_triggers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.manifest.triggers.is_empty() {
            writeln!(f, "asked only about patients with")?;
        }
        for trigger in &self.manifest.triggers {
            let values = trigger.values.iter().map(|value| format!("{value:?}"));
            let parameters = trigger
                .parameters
                .iter()
                .map(|it| format!("parameter {it}"));
            let tables = trigger.tables.iter().map(|it| format!("table {it}"));
            let codes: Vec<String> = values.chain(parameters).chain(tables).collect();
            let unrecorded = match trigger.unrecorded.is_occurrence() {
                true => ", or not recorded",
                false => "",
            };
            writeln!(
                f,
                "  {} of {}{unrecorded}",
                trigger.column,
                codes.join(", ")
            )?;
        }
        Ok(())
    }

    fn fmt_reads(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "can read of a hospital's data")?;
        for (table, columns) in &self.reads {
            writeln!(f, "  {table}")?;
            for line in columns {
                let used = line.used_by.iter().map(|rule| format!("{rule} (optional)"));
                let rules: Vec<String> = line.needed_by.iter().cloned().chain(used).collect();
                let mark = match line.granted {
                    Some(false) => "  NOT GRANTED",
                    _ => "",
                };
                writeln!(f, "    {:<28} {}{mark}", line.column, rules.join(", "))?;
                for why in &line.why {
                    writeln!(f, "      {why}")?;
                }
            }
        }
        if let Some(lines) = &self.to_grant {
            writeln!(
                f,
                "to grant what is missing, add to `grants.toml`, with your name and the day:"
            )?;
            writeln!(f, "{lines}")?;
        }
        writeln!(f, "calls of the host")?;
        for (interface, functions) in &self.functions {
            let functions: Vec<&str> = functions.iter().map(String::as_str).collect();
            writeln!(f, "  {interface}: {}", functions.join(", "))?;
        }
        Ok(())
    }
}

/// The word by which a manifest names a value.
fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

fn period(manifest: &Manifest) -> String {
    let effective = &manifest.pack.effective;
    match &effective.to {
        Some(to) => format!("from {} to {to}", effective.from),
        None => format!("from {}", effective.from),
    }
}
