//! `rulepack host read-status`: what hospitals say, for the bureau that they say it to.

mod text;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use rulepack_host::status_export::{
    Enrolled, ExportedStatus, InstitutionCode, Month, Seen, SignedStatus, Standing, Sums,
};
use rulepack_protocol::key::SecretKey;
use serde::Serialize;

use crate::clock;
use crate::commands::Language;
use crate::failure::{Explain as _, Failure, Outcome};
use crate::files;
use crate::keys;

#[derive(Debug, Args)]
pub struct ReadStatusArgs {
    /// The files that hospitals brought.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Whose key is whose: a TOML file with a line `H37030000001 = "FINGERPRINT"` for each hospital.
    #[arg(long)]
    hosts: PathBuf,
    /// The bureau's folder of what it has seen; it is made where it is missing. Keep it: it is what a hospital
    /// cannot go back behind.
    #[arg(long)]
    seen: PathBuf,
    /// Sign that the heads of the journals were seen, with this secret key of the bureau.
    #[arg(long, requires = "out")]
    acknowledge: Option<PathBuf>,
    /// A file whose first line is the passphrase of the key; asked for where it is left out.
    #[arg(long, requires = "acknowledge")]
    passphrase_file: Option<PathBuf>,
    /// The folder for the acknowledgements, INSTITUTION.seen.json, for the hospitals to take home.
    #[arg(long, requires = "acknowledge")]
    out: Option<PathBuf>,
    /// The language of the text.
    #[arg(long, value_enum, default_value = "en")]
    lang: Language,
}

/// What hospitals say.
#[derive(Debug, Serialize)]
pub struct StatusesRead {
    #[serde(skip)]
    lang: Language,
    /// Each file, the oldest status first, those refused last.
    files: Vec<FileRead>,
    /// Of all that is good.
    #[serde(flatten)]
    sums: Sums,
}

/// A file.
#[derive(Debug, Serialize)]
pub struct FileRead {
    /// Its path.
    file: PathBuf,
    /// What came of it.
    #[serde(flatten)]
    came: Came,
}

/// What came of a file.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Came {
    /// It is a status of the hospital that it names.
    Read(Box<Read>),
    /// It is not counted.
    Refused {
        /// Why.
        refused: String,
        /// What to do.
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
    },
}

/// A status of the hospital that it names.
#[derive(Debug, Serialize)]
pub struct Read {
    /// How it stands to what was seen; counted only where that is good.
    #[serde(flatten)]
    standing: Standing,
    /// What it says.
    status: ExportedStatus,
    /// Whether the head that the hospital calls acknowledged is one that this bureau signed; nothing where it
    /// names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledged_here: Option<bool>,
    /// The new acknowledgement.
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledgement: Option<PathBuf>,
}

impl ReadStatusArgs {
    /// Reads, judges, keeps and sums.
    pub fn read(&self) -> Outcome<StatusesRead> {
        let hosts = Enrolled::parse(&files::read_text(&self.hosts)?);
        let hosts = hosts.map_err(|error| {
            let hint = error.hint();
            let named = Failure::new(format!("`{}`: {error}", self.hosts.display()));
            hint.into_iter().fold(named, Failure::hint)
        })?;
        let key = self.acknowledge.as_ref().map(|path| {
            let passphrase = self.passphrase_file.as_deref();
            keys::read_secret(path, passphrase)
        });
        let key = key.transpose()?;
        let (mut signed, mut refused) = (Vec::new(), Vec::new());
        for file in &self.files {
            match signed_by_its_host(file, &hosts) {
                Ok(status) => signed.push((file, status)),
                Err(failure) => refused.push(FileRead::refused(file, &failure)),
            }
        }
        // In their order each one is held against those before it, of this call too.
        signed.sort_by_key(|(_, signed)| (signed.status().made, signed.status().head().count));
        let mut read = Vec::new();
        for (file, signed) in signed {
            read.push(FileRead {
                file: file.clone(),
                came: Came::Read(Box::new(self.judge(&signed, key.as_ref())?)),
            });
        }
        let sums = Sums::of(newest(&read).into_values());
        read.extend(refused);
        Ok(StatusesRead {
            lang: self.lang,
            files: read,
            sums,
        })
    }

    fn judge(&self, signed: &SignedStatus, key: Option<&SecretKey>) -> Outcome<Read> {
        let seen = Seen::at(&self.seen);
        let standing = seen.judge(signed)?;
        let status = signed.status();
        let told = status.journal.as_ref();
        let told = told.and_then(|journal| journal.acknowledged.as_ref());
        let acknowledged_here = told.map(|told| seen.acknowledged(signed, &told.head));
        let acknowledged_here = acknowledged_here.transpose()?;
        let mut acknowledgement = None;
        if standing.is_good() {
            seen.keep(signed)?;
            acknowledgement = self.acknowledge(&seen, signed, key)?;
        }
        Ok(Read {
            standing,
            status: status.clone(),
            acknowledged_here,
            acknowledgement,
        })
    }

    /// Signs that the head was seen: first for the bureau's own memory, then for the hospital.
    fn acknowledge(
        &self,
        seen: &Seen,
        signed: &SignedStatus,
        key: Option<&SecretKey>,
    ) -> Outcome<Option<PathBuf>> {
        let (Some(key), Some(out), Some(head)) = (key, &self.out, signed.head()) else {
            return Ok(None);
        };
        let institution = &signed.status().institution;
        let acknowledgement = head.acknowledge(clock::now()?, key)?;
        seen.keep_head(institution, &acknowledgement)?;
        std::fs::create_dir_all(out).context(|| format!("cannot make `{}`", out.display()))?;
        let path = out.join(format!("{institution}.seen.json"));
        files::write(&path, &serde_json::to_vec_pretty(&acknowledgement)?)?;
        Ok(Some(path))
    }
}

/// The status in a file, signed by the key that was enrolled for the hospital which it names.
fn signed_by_its_host(file: &Path, hosts: &Enrolled) -> Outcome<SignedStatus> {
    let signed = SignedStatus::parse(&files::read(file)?)?;
    hosts.check(&signed).map_err(|error| {
        let hint = error.hint();
        hint.into_iter().fold(Failure::from(error), Failure::hint)
    })?;
    Ok(signed)
}

/// Of each hospital and month the newest good one.
fn newest(read: &[FileRead]) -> BTreeMap<(&InstitutionCode, Month), &ExportedStatus> {
    let good = read.iter().filter_map(|file| match &file.came {
        Came::Read(read) if read.standing.is_good() => Some(&read.status),
        _ => None,
    });
    good.map(|status| ((&status.institution, status.month), status))
        .collect()
}

impl FileRead {
    fn refused(file: &Path, failure: &Failure) -> Self {
        FileRead {
            file: file.to_owned(),
            came: Came::Refused {
                refused: failure.to_string(),
                hint: failure.hint_text().map(str::to_owned),
            },
        }
    }
}

impl StatusesRead {
    /// Good where every file counts, no bytes differ under one name, and no hospital calls acknowledged what
    /// this bureau did not sign.
    pub fn is_good(&self) -> bool {
        let is_good = |file: &FileRead| match &file.came {
            Came::Read(read) => read.standing.is_good() && read.acknowledged_here != Some(false),
            Came::Refused { .. } => false,
        };
        let is_one =
            |version: &rulepack_host::status_export::VersionSpread| version.digests.len() == 1;
        self.files.iter().all(is_good) && self.sums.versions.iter().all(is_one)
    }
}
