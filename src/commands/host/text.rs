//! The status of a host for people.

use std::fmt;

use rulepack_host::host_status::{HostStatus, VersionStatus};
use rulepack_host::lock::State;
use rulepack_host::update::course::Stage;
use rulepack_protocol::tuf::{Channel, Status};

use super::HostReport;

impl fmt::Display for HostReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostReport::Status(status) => write_status(f, status),
            HostReport::Parameters(packs) => packs
                .iter()
                .try_for_each(|pack| super::parameters::write(f, pack)),
            HostReport::Decided { done, lock } => writeln!(f, "{done}\nlock {lock}"),
            HostReport::Shadow(report) => report.fmt(f),
            HostReport::Exported(exported) => exported.fmt(f),
            HostReport::Read(read) => read.fmt(f),
        }
    }
}

fn write_status(f: &mut fmt::Formatter<'_>, status: &HostStatus) -> fmt::Result {
    let (institution, division) = (&status.institution, &status.division);
    writeln!(f, "host of {institution} in {division}, {}", status.today)?;
    match status.refreshed {
        Some(refreshed) => writeln!(f, "  refreshed {refreshed}")?,
        None => writeln!(f, "  refreshed never")?,
    }
    let roles = status.roles.iter();
    let roles: Vec<_> = roles
        .map(|accepted| format!("{} {}", accepted.role, accepted.version))
        .collect();
    writeln!(f, "  roles     {}", roles.join(", "))?;
    writeln!(f, "  lock      {}", status.lock)?;
    writeln!(f, "  history   {}", status.history)?;
    for version in &status.versions {
        write_version(f, version)?;
    }
    for version in &status.coming {
        writeln!(f, "coming    {}", version.path)?;
        write_stages(f, &version.stages)?;
    }
    for (pack, reason) in &status.holds {
        writeln!(f, "held      {pack}: {reason}")?;
    }
    for pack in &status.gaps {
        writeln!(
            f,
            "gap       {pack}: no version is in force, its rules are not evaluable"
        )?;
    }
    for warning in &status.warnings {
        writeln!(f, "warning   {warning}")?;
    }
    Ok(())
}

fn write_version(f: &mut fmt::Formatter<'_>, version: &VersionStatus) -> fmt::Result {
    let (word, reason) = match (&version.state, version.status) {
        (State::Refused { reason }, Status::Yanked) => ("withdrawn", Some(reason)),
        (_, Status::Yanked) => ("withdrawn", None),
        (State::Active, _) if version.in_force => ("in force", None),
        (State::Active, _) => ("ready", None),
        (State::Waiting { reason }, _) => ("waiting", Some(reason)),
        (State::Held { reason }, _) => ("put aside", Some(reason)),
        (State::Refused { reason }, _) => ("refused", Some(reason)),
        (State::Unfollowed, _) => ("unfollowed", None),
    };
    write!(
        f,
        "{word:<9} {} from {}",
        version.path, version.effective.from
    )?;
    if let Some(to) = version.effective.to {
        write!(f, " to {to}")?;
    }
    if version.channel == Channel::Canary {
        write!(f, ", first wave")?;
    }
    if let Some(day) = version.mandatory_by {
        write!(f, ", mandatory by {day}")?;
    }
    match reason {
        Some(reason) => writeln!(f, ": {reason}")?,
        None => writeln!(f)?,
    }
    write_stages(f, &version.stages)
}

/// What came of the steps of an update, a line each.
fn write_stages(f: &mut fmt::Formatter<'_>, stages: &[Stage]) -> fmt::Result {
    for stage in stages {
        let (step, came) = (stage.step.word(), stage.came.word());
        let took = format!("{} ms", stage.milliseconds);
        writeln!(
            f,
            "  {step:<8} {came:<9} {} {took:>9}  {}",
            stage.at, stage.told
        )?;
    }
    Ok(())
}
