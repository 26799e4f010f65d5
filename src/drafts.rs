//! Drafts: the next version of a role, unsigned, with the version before it beside, so that officers see
//! what changes on a machine without a network.
//!
//! A file that carries no signature yet is a draft: a further change continues it, so that several
//! changes are signed as one version.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use rulepack_protocol::moment::Moment;
use rulepack_protocol::names::{PackName, TargetPath};
use rulepack_protocol::trust::{Limits, policy};
use rulepack_protocol::tuf::{
    AnyEnvelope, Envelope, ExpiryWarning, Language, Payload, RoleName, Targets, TopRole,
    expiry_warnings, summary,
};
use rulepack_registry::Client;
use serde::Serialize;

use crate::clock;
use crate::failure::{Explain as _, Failure, Outcome};
use crate::files;
use crate::output::Report;

/// What a draft continues, and where it goes.
#[derive(Debug, Clone, Default, Args)]
pub struct Base {
    /// The registry from which the newest version of the role is fetched.
    #[arg(long, value_name = "ADDRESS")]
    pub registry: Option<String>,
    /// The role file to continue instead: `<role>.json`, or ROLE=FILE. An unsigned one is a draft and is
    /// changed further.
    #[arg(long, value_name = "FILE", conflicts_with = "registry")]
    pub from: Option<String>,
    /// Days until the new version expires; 365 for the national role, 90 for a name space.
    #[arg(long)]
    pub days: Option<i64>,
    /// Where the draft goes; `<role>.json` where it is left out.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// A role being changed.
pub struct Draft {
    role: RoleName,
    before: Option<Envelope<Targets>>,
    /// What is to be signed.
    pub targets: Targets,
    out: PathBuf,
    above: Vec<(RoleName, Moment)>,
    /// Whether the draft continues the file that it is written to.
    is_continuation: bool,
}

/// What was drafted, in plain words.
#[derive(Debug, Serialize)]
pub struct DraftReport {
    file: PathBuf,
    /// The version before, which `sign` compares with.
    before: Option<PathBuf>,
    changes: Vec<String>,
    /// What lay there before, and is lost.
    replaced: Option<Replaced>,
    expiring: Vec<ExpiryWarning>,
}

/// Another file of the same version that a draft took the place of: one version must never be signed with
/// two contents.
#[derive(Debug, Serialize)]
struct Replaced {
    role: RoleName,
    version: u64,
    signatures: usize,
    /// Whether it says something else, but for its end.
    differs: bool,
}

impl Draft {
    /// Begins the next version of a role. Without anything to continue it is the first one.
    pub fn begin(role: RoleName, base: &Base) -> Outcome<Self> {
        let now = clock::now()?;
        let expires = now.plus_days(base.days.unwrap_or_else(|| lifetime_days(&role)));
        let out = base.out.clone().unwrap_or_else(|| role.file().into());
        let mut above = Vec::new();
        let (before, targets) = match (&base.from, &base.registry) {
            (Some(from), _) => continue_file(&role, from, expires)?,
            (None, Some(registry)) => {
                let client = Client::new(registry);
                above = ends_of(&client, roles_above(&role))?;
                match client.role(&role)? {
                    Some(bytes) => succeed(Envelope::parse(&bytes)?, expires)?,
                    None => (None, Targets::new(expires)),
                }
            }
            (None, None) => (None, Targets::new(expires)),
        };
        Ok(Self {
            role,
            before,
            targets,
            is_continuation: base.from.as_deref().is_some_and(|from| is_file(from, &out)),
            out,
            above,
        })
    }

    /// The same, for a change that needs something to change.
    pub fn continued(role: RoleName, base: &Base) -> Outcome<Self> {
        if base.from.is_none() && base.registry.is_none() {
            return Err(
                Failure::new(format!("it is not said which `{role}` is to be changed"))
                    .hint("fetch it with `--registry ADDRESS`, or name a file with `--from`"),
            );
        }
        Self::begin(role, base)
    }

    /// Checks the rules that registry and hosts have, so that nobody signs in vain.
    pub fn check(self) -> Outcome<Self> {
        let limits = Limits::default();
        let now = clock::now()?;
        policy::check_targets(&self.role, &self.targets, &limits)
            .and_then(|()| {
                policy::check_lifetime(&self.role, &self.targets, now, &limits.lifetimes)
            })
            .context(|| format!("the new `{}` breaks the rules", self.role))?;
        Ok(self)
    }

    /// Writes the draft, and the version before it.
    pub fn write(self) -> Outcome<DraftReport> {
        let there = self.there();
        let replaced = there.as_ref().and_then(|there| self.replaced(there));
        let before = self.before.map(AnyEnvelope::Targets);
        // What is signed of the very same content, as one made within a second is, holds for this one too.
        let new = match there.filter(|there| *there.signed() == self.targets) {
            Some(signed) => signed,
            None => Envelope::unsigned(self.targets)?,
        };
        let new = AnyEnvelope::Targets(new);
        let report = write(&self.role, &self.out, before.as_ref(), &new, self.above)?;
        Ok(DraftReport { replaced, ..report })
    }

    /// The draft that lies where this one goes.
    fn there(&self) -> Option<Envelope<Targets>> {
        let bytes = self.out.exists().then(|| files::read(&self.out).ok());
        Envelope::parse(&bytes??).ok()
    }

    /// What the draft takes the place of, where that is of the same version and says something else, or is signed: an
    /// officer who signed it must sign again.
    fn replaced(&self, there: &Envelope<Targets>) -> Option<Replaced> {
        if self.is_continuation || *there.signed() == self.targets {
            return None;
        }
        let mut same = there.signed().clone();
        same.expires = self.targets.expires;
        let version = self.targets.version();
        let differs = same != self.targets;
        let is_signed = !there.signatures().is_empty();
        let is_lost = same.version() == version && (is_signed || differs);
        is_lost.then(|| Replaced {
            role: self.role.clone(),
            version,
            signatures: there.signatures().len(),
            differs,
        })
    }
}

/// Writes a draft of any role beside the version before it. Told is what expires soon of `above`, the ends
/// of the roles that it stands on, and of the draft itself: the end of what it replaces matters no more.
pub fn write(
    role: &RoleName,
    out: &Path,
    before: Option<&AnyEnvelope>,
    new: &AnyEnvelope,
    above: Vec<(RoleName, Moment)>,
) -> Outcome<DraftReport> {
    let own = (role.clone(), new.expires());
    let expiring = expiry_warnings(above.into_iter().chain([own]), clock::now()?);
    let beside = before_of(out);
    if let Some(before) = before {
        files::write(&beside, &before.to_bytes())?;
    }
    files::write(out, &new.to_bytes())?;
    Ok(DraftReport {
        file: out.to_owned(),
        before: before.map(|_| beside),
        changes: summary(Some(role), before, new, Language::English),
        replaced: None,
        expiring,
    })
}

/// Where the version before a draft lies: `37.before.json` beside `37.json`.
pub fn before_of(draft: &Path) -> PathBuf {
    draft.with_extension("before.json")
}

/// The version before a draft, where it lies beside it and is the one before.
pub fn read_before(draft: &Path, version: u64) -> Outcome<Option<AnyEnvelope>> {
    let path = before_of(draft);
    if !path.exists() {
        return Ok(None);
    }
    let before =
        AnyEnvelope::parse(&files::read(&path)?).context(|| format!("`{}`", path.display()))?;
    Ok(Some(before).filter(|before| before.version().checked_add(1) == Some(version)))
}

/// Which role a file on the command line is: `<role>.json`, `7.<role>.json`, or ROLE=FILE.
pub fn named_role(text: &str) -> Outcome<(RoleName, PathBuf)> {
    let (name, path) = match text.split_once('=') {
        Some((name, path)) => (name.to_owned(), PathBuf::from(path)),
        None => (stem(Path::new(text)), PathBuf::from(text)),
    };
    let role = name
        .parse()
        .context(|| format!("`{text}` does not say which role it is"))
        .hint("name the file `<role>.json`, or write `<role>=<file>`")?;
    Ok((role, path))
}

/// The file name without its ending, and without the version that a repository puts before it.
fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    match stem.split_once('.') {
        Some((version, role)) if version.parse::<u64>().is_ok() => role.to_owned(),
        _ => stem.into_owned(),
    }
}

/// Reads `NAME@VERSION`, such as `37/vbp-quota@1.2.0`.
pub fn version_of_pack(text: &str) -> Result<TargetPath, String> {
    let expected = || "expected NAME@VERSION, such as `37/vbp-quota@1.2.0`".to_owned();
    let (name, version) = text.split_once('@').ok_or_else(expected)?;
    let name: PackName = name.parse().map_err(|error| format!("{error}"))?;
    let version = version.parse().map_err(|error| format!("{error}"))?;
    TargetPath::new(name, version).map_err(|error| error.to_string())
}

/// The role that signs the packs of a name space.
pub fn role_of(path: &TargetPath) -> RoleName {
    RoleName::Space(path.name_space().clone())
}

/// The longest that a role may be valid.
pub fn lifetime_days(role: &RoleName) -> i64 {
    match role {
        RoleName::Top(_) => 365,
        RoleName::Space(_) => 90,
    }
}

/// What expires soon of a role and of all above it, as a registry serves them.
pub fn expiring_in_force(
    client: &Client,
    role: &RoleName,
    now: Moment,
) -> Outcome<Vec<ExpiryWarning>> {
    let mut roles = roles_above(role);
    roles.push(role.clone());
    Ok(expiry_warnings(ends_of(client, roles)?, now))
}

/// The roles that a role stands on, the root first.
fn roles_above(role: &RoleName) -> Vec<RoleName> {
    match role {
        RoleName::Top(TopRole::Root) => Vec::new(),
        RoleName::Top(_) => vec![RoleName::ROOT],
        RoleName::Space(name_space) => {
            let parent = name_space.parent().map(RoleName::Space);
            let top = [RoleName::ROOT, RoleName::TARGETS];
            top.into_iter().chain(parent).collect()
        }
    }
}

/// Until when roles are valid, as a registry serves them. One that published nothing yet has no end.
fn ends_of(client: &Client, roles: Vec<RoleName>) -> Outcome<Vec<(RoleName, Moment)>> {
    let mut ends = Vec::new();
    for role in roles {
        if let Some(bytes) = client.role(&role)? {
            ends.push((role, AnyEnvelope::parse(&bytes)?.expires()));
        }
    }
    Ok(ends)
}

/// Whether the file on the command line is `out`.
fn is_file(named: &str, out: &Path) -> bool {
    named_role(named).is_ok_and(|(_, path)| path == out)
}

fn continue_file(
    role: &RoleName,
    from: &str,
    expires: Moment,
) -> Outcome<(Option<Envelope<Targets>>, Targets)> {
    let (found, path) = named_role(from)?;
    if found != *role {
        let why = match role {
            RoleName::Space(name_space) => format!("name space `{name_space}`"),
            RoleName::Top(top) => format!("the role `{top}`"),
        };
        return Err(Failure::new(format!(
            "`{from}` is the file of `{found}`, but {why} is to be changed"
        )));
    }
    let envelope: Envelope<Targets> =
        Envelope::parse(&files::read(&path)?).context(|| format!("`{}`", path.display()))?;
    if !envelope.signatures().is_empty() {
        return succeed(envelope, expires);
    }
    let mut targets = envelope.signed().clone();
    targets.expires = expires;
    match read_before(&path, targets.version())? {
        Some(AnyEnvelope::Targets(before)) => Ok((Some(before), targets)),
        _ => Ok((None, targets)),
    }
}

fn succeed(
    before: Envelope<Targets>,
    expires: Moment,
) -> Outcome<(Option<Envelope<Targets>>, Targets)> {
    let mut targets = before.signed().clone();
    targets.bump(expires)?;
    Ok((Some(before), targets))
}

/// A line for each role that expires soon.
pub fn tell_expiring(f: &mut fmt::Formatter<'_>, expiring: &[ExpiryWarning]) -> fmt::Result {
    for warning in expiring {
        writeln!(f, "warning: {warning}")?;
    }
    Ok(())
}

impl fmt::Display for Replaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (role, version) = (&self.role, self.version);
        write!(f, "another draft of version {version} of `{role}` lay here")?;
        let lost = match self.differs {
            true => "what it changed is not in this one",
            false => "they do not hold for this one, which ends at another time",
        };
        match self.signatures {
            0 => write!(f, "; {lost}"),
            count => write!(
                f,
                ", with {count} signatures; {lost}: publish only one of them"
            ),
        }
    }
}

impl Report for DraftReport {}

impl fmt::Display for DraftReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} (unsigned)", self.file.display())?;
        for change in &self.changes {
            writeln!(f, "  {change}")?;
        }
        if let Some(replaced) = &self.replaced {
            writeln!(f, "warning: {replaced}")?;
        }
        tell_expiring(f, &self.expiring)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rulepack_protocol::key::SecretKey;

    #[test]
    fn a_draft_loses_the_signatures_of_one_that_ends_at_another_time_and_not_of_the_very_same() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("37.json");
        let targets = Targets::new("2027-02-20T08:00:00Z".parse().unwrap());
        let key = SecretKey::from_seed([0xab; 32], "li.wei".parse().unwrap());
        let mut there = Envelope::unsigned(targets.clone()).unwrap();
        there.sign(&key).unwrap();
        files::write(&out, &AnyEnvelope::Targets(there).to_bytes()).unwrap();
        let signed = files::read(&out).unwrap();
        let draft = |days| {
            let mut targets = targets.clone();
            targets.expires = targets.expires.plus_days(days);
            Draft {
                role: "37".parse().unwrap(),
                before: None,
                targets,
                out: out.clone(),
                above: Vec::new(),
                is_continuation: false,
            }
        };
        assert!(draft(0).write().unwrap().replaced.is_none());
        assert_eq!(files::read(&out).unwrap(), signed);
        let replaced = draft(1).write().unwrap().replaced;
        assert_ne!(files::read(&out).unwrap(), signed);
        assert_eq!(
            replaced.unwrap().to_string(),
            "another draft of version 1 of `37` lay here, with 1 signatures; they do not hold for this one, which ends \
             at another time: publish only one of them"
        );
    }
}
