//! The versions that a review chooses from, and the days that it is made for, as a person asks for them.

use std::path::Path;

use rulepack_host::lock::{Lock, LockedVersion, State};
use rulepack_host::packs::{self, Packs};
use rulepack_host::settings::{HostFolder, Settings};
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::{Day, Effective};
use rulepack_protocol::names::{Division, PackName, TargetPath};
use rulepack_protocol::tuf::{Channel, Status};

use crate::failure::{Explain as _, Failure, Outcome};
use crate::files;

/// Which packs, and which lock.
pub struct Versions<'a> {
    /// Only this pack: by name, or a sealed file.
    pub pack: Option<&'a str>,
    /// The lock that had this digest, instead of the one in force.
    pub as_of: Option<&'a Digest>,
}

impl Versions<'_> {
    /// The versions to choose from, and where the host lies. With a sealed file: that one, in force on
    /// every day, wherever it applies.
    pub fn lock(&self, folder: &HostFolder, packs: &Packs) -> Outcome<(Lock, Division)> {
        let settings: Result<Settings, _> = folder.settings();
        match self.pack {
            Some(file) if Path::new(file).is_file() => {
                let bytes = files::read(Path::new(file))?;
                let version = version_of(&bytes).context(|| format!("`{file}`"))?;
                let place = version
                    .jurisdictions
                    .first()
                    .map_or("37", |place| place.as_str());
                let division = match settings {
                    Ok(settings) => settings.division,
                    Err(_) => format!("{:0<6}", place.replace("cn", "10")).parse()?,
                };
                packs.preload(&version, &bytes)?;
                // What is set at this host holds for a file too.
                let mut lock = self.host_lock(folder)?;
                lock.versions.retain(|known| known.path.is_overlay());
                lock.put(version);
                Ok((lock, division))
            }
            Some(name) => {
                let mut lock = self.host_lock(folder)?;
                let pack = name.parse().context(|| format!("`{name}`"))?;
                let is_of = |name: &PackName| *name == pack || name.is_overlay_of(&pack);
                lock.versions.retain(|version| is_of(version.path.pack()));
                if lock.packs().is_empty() {
                    return Err(Failure::new(format!("pack `{name}` is not installed"))
                        .hint("`rulepack sync` brings what the host follows"));
                }
                Ok((lock, settings?.division))
            }
            None => Ok((self.host_lock(folder)?, settings?.division)),
        }
    }

    /// The lock in force, or the one that was asked for.
    pub fn host_lock(&self, folder: &HostFolder) -> Outcome<Lock> {
        let Some(digest) = &self.as_of else {
            return Ok(Lock::read(folder)?);
        };
        Lock::with_digest(folder, digest)?.ok_or_else(|| {
            Failure::new(format!("the host keeps no lock with the digest `{digest}`"))
                .hint("`sync`, `host status` and every receipt name the lock that was in force")
        })
    }
}

/// First and last day of a period as a person writes it; the year that ends today where nobody does.
pub fn period(text: Option<&str>, today: Day) -> Outcome<(Day, Day)> {
    let Some(text) = text else {
        let first = Day::from_number(today.number() - 364);
        return Ok((first.unwrap_or(today), today));
    };
    let days = text.split_once("..").and_then(|(first, last)| {
        let first: Day = first.parse().ok()?;
        let last: Day = last.parse().ok()?;
        (first <= last).then_some((first, last))
    });
    days.ok_or_else(|| {
        Failure::new(format!(
            "period `{text}` is not of the form `2025-01-01..2025-12-31`"
        ))
    })
}

/// A sealed file as a version that is in force on every day.
fn version_of(bytes: &[u8]) -> Outcome<LockedVersion> {
    let header = packs::open(bytes)?.manifest.pack;
    let always = Effective {
        from: Day::new(1970, 1, 1).ok_or_else(|| Failure::new("no such day"))?,
        to: None,
    };
    Ok(LockedVersion {
        path: TargetPath::new(header.name, header.version)?,
        digest: Digest::of(bytes),
        effective: always,
        known_from: always.from,
        retroactive: false,
        jurisdictions: header.jurisdictions,
        channel: Channel::Stable,
        status: Status::Active,
        mandatory_by: None,
        for_versions: None,
        state: State::Active,
    })
}
