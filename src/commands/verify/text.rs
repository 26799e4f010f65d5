//! What `verify` found, for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::chain::{PersonLine, RoleLine, Signed};
use super::{Since, VerifyReport, is_of_the_registry};
use crate::commands::diff::text::{self, ENGLISH};

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.path, self.digest)?;
        writeln!(f, "  judged at  {}", self.at)?;
        let names = self.chain.iter().map(|line| line.role.to_string().len());
        let width = names.max().unwrap_or_default().max(9);
        for line in &self.chain {
            self.role(f, line, width)?;
        }
        writeln!(
            f,
            "  digest     sha256 {} ({} bytes), compared before the file was opened",
            self.digest, self.bytes
        )?;
        if let Some(code) = &self.component_digest {
            writeln!(f, "  code       {code}")?;
        }
        let until = self.effective.to.map(|to| format!(" to {to}"));
        writeln!(
            f,
            "  published  {}, {}, for rule days from {}{}",
            self.published,
            format!("{:?}", self.channel).to_lowercase(),
            self.effective.from,
            until.unwrap_or_default()
        )?;
        match &self.sets {
            Some(sets) => write!(f, "{sets}")?,
            None => self.contents(f)?,
        }
        for warning in &self.expiring {
            writeln!(f, "warning      {warning}")?;
        }
        if self.faults.is_empty() {
            return writeln!(f, "valid at {}", self.at);
        }
        writeln!(f, "NOT valid at {}", self.at)?;
        for fault in &self.faults {
            writeln!(f, "  {fault}")?;
        }
        Ok(())
    }
}

impl VerifyReport {
    /// What a pack may read, what changed in it, and whether it rebuilds.
    fn contents(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.permissions(f)?;
        self.since(f)?;
        match &self.reproduced {
            None => writeln!(f, "rebuilds     not asked: give the source with `--source`"),
            Some(report) if report.is_same() => {
                writeln!(f, "rebuilds     to the same bytes from {}", report.source())
            }
            Some(report) => writeln!(
                f,
                "rebuilds     NOT to the same bytes: {}",
                report.verdict()
            ),
        }
    }

    fn role(&self, f: &mut fmt::Formatter<'_>, line: &RoleLine, width: usize) -> fmt::Result {
        let (version, expires) = (line.version, line.expires);
        let expired = match expires <= self.at {
            true => " EXPIRED",
            false => "",
        };
        let daily = match is_of_the_registry(&line.role) {
            true => " (the registry renews it)",
            false => "",
        };
        let role = line.role.to_string();
        writeln!(
            f,
            "  {role:<width$}  version {version}, until {expires}{expired}{daily}"
        )?;
        let names = |wanted: Signed| -> Vec<String> {
            let persons = line
                .persons
                .iter()
                .filter(|person| person.signature == wanted);
            persons
                .map(|PersonLine { person, .. }| person.to_string())
                .collect()
        };
        let mut told = format!("signed by {}", names(Signed::Yes).join(", "));
        for (wanted, words) in [(Signed::No, "not by"), (Signed::Wrong, "WRONGLY by")] {
            let names = names(wanted);
            if !names.is_empty() {
                told = format!("{told}; {words} {}", names.join(", "));
            }
        }
        let (threshold, count) = (line.threshold, line.persons.len());
        writeln!(f, "             {threshold} of {count} must sign: {told}")?;
        for PersonLine { person, key, .. } in &line.persons {
            writeln!(f, "               {person} has key {key}")?;
        }
        if self.rekeyed.contains(&line.role) {
            writeln!(
                f,
                "             its officers are OTHERS than this host knew"
            )?;
        }
        Ok(())
    }

    fn permissions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, of: &BTreeMap<String, BTreeSet<String>>| {
            for (name, functions) in of {
                let functions: Vec<&str> = functions.iter().map(String::as_str).collect();
                writeln!(f, "  {name}: {}", functions.join(", "))?;
            }
            Ok(())
        };
        writeln!(f, "may read")?;
        list(f, &self.reads)?;
        writeln!(f, "may call")?;
        list(f, &self.calls)
    }

    fn since(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.since {
            Since::First => writeln!(f, "since        nothing: no earlier version is signed"),
            Since::Unreadable { version, reason } => {
                writeln!(f, "since {version}: cannot be told, {reason}")
            }
            Since::Version { diff } => {
                writeln!(f, "since {}", diff.before.version)?;
                text::changes(f, diff, &ENGLISH)
            }
        }
    }
}
