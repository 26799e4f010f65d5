//! `rulepack host parameters`, `set` and `unset`: what is set for a pack, by whom, and what the hospital
//! sets itself.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use rulepack_contract::parameters::ParameterValue;
use rulepack_host::lock::{Choice, Lock, OwnOverlay, Purpose};
use rulepack_host::overlays;
use rulepack_host::parameters::{PackParameters, ParameterStatus, TableStatus};
use rulepack_host::settings::HostFolder;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::PackName;
use rulepack_protocol::overlay::{Fit, Layer, OverlaySetter};

use super::{HostReport, decided, host, undecided};
use crate::clock;
use crate::commands::overlay;
use crate::engine;
use crate::failure::{Failure, Outcome};
use crate::packs::TableArgs;

#[derive(Debug, Args)]
pub struct ParametersArgs {
    /// The pack: `37/vbp-quota`; all of them where it is left out.
    pack: Option<PackName>,
    /// The rule day: `2026-03-15`; today where it is left out. As an audit of that day would see it.
    #[arg(long, value_name = "DAY")]
    on: Option<Day>,
    /// The host's folder.
    #[arg(long, default_value = "host-data")]
    dir: PathBuf,
}

#[derive(Debug, Args)]
pub struct SetArgs {
    /// The overlay: a TOML file with `setter = "hospital"`. Tables may lie beside it as CSV or XLSX.
    file: PathBuf,
    #[command(flatten)]
    told: TableArgs,
    /// The host's folder.
    #[arg(long, default_value = "host-data")]
    dir: PathBuf,
}

#[derive(Debug, Args)]
pub struct UnsetArgs {
    /// The pack: `37/vbp-quota`.
    pack: PackName,
    /// The host's folder.
    #[arg(long, default_value = "host-data")]
    dir: PathBuf,
}

/// What is set for packs.
pub fn parameters(args: &ParametersArgs) -> Outcome<HostReport> {
    let folder = set_up(&args.dir)?;
    let lock = Lock::read(&folder)?;
    let packs = engine::packs(&args.dir)?;
    let on = match args.on {
        Some(day) => (day, Purpose::Audit),
        None => (clock::today()?, Purpose::Service),
    };
    let names = match &args.pack {
        Some(pack) => vec![pack],
        None => lock.packs(),
    };
    let mut found = Vec::new();
    for name in names {
        match PackParameters::of(&packs, &lock, name, on)? {
            Some(parameters) => found.push(parameters),
            None if args.pack.is_some() => {
                let day = on.0;
                let nothing = format!("no version of `{name}` is in force on {day}");
                return Err(
                    Failure::new(nothing).hint("`rulepack host status` lists what is known")
                );
            }
            None => {}
        }
    }
    Ok(HostReport::Parameters(found))
}

/// Puts an overlay of the hospital's own in force.
pub fn set(args: &SetArgs) -> Outcome<HostReport> {
    let folder = set_up(&args.dir)?;
    let today = clock::today()?;
    let mut overlay = overlay::read(&args.file)?;
    let header = overlay.header.clone();
    if header.setter != OverlaySetter::Hospital {
        let setter = &header.setter;
        let other = format!("the overlay is set by `{setter}`, expected `hospital`");
        return Err(Failure::new(other).hint("what a bureau sets is published and signed by it"));
    }
    let packs = engine::packs(&args.dir)?;
    let lock = Lock::read(&folder)?;
    let choice = lock.choose(&header.pack, today, Purpose::Service);
    let Choice::Version { version, .. } = choice else {
        let nothing = format!("no version of `{}` is in force", header.pack);
        return Err(Failure::new(nothing).hint("bring it with `rulepack sync` first"));
    };
    let manifest = packs.manifest(&version.digest)?;
    overlay::put_in_tables(&mut overlay, &args.file, args.told, &manifest.tables)?;
    let bytes = overlay.to_published()?;
    let digest = Digest::of(&bytes);
    let mut layers = vec![Layer {
        name: format!("hospital {}", header.version),
        digest,
        overlay: Arc::new(overlay.clone()),
    }];
    // What province and city fixed is not to be changed.
    for above in lock.overlays(version, today, Purpose::Service) {
        let overlay = packs.overlays().get(&above.digest)?;
        if overlay.header.setter != OverlaySetter::Hospital {
            let (name, digest) = (above.name, above.digest);
            layers.push(Layer {
                name,
                digest,
                overlay,
            });
        }
    }
    let fit = Fit::new(&manifest, layers);
    if let Some(refused) = fit.refused().iter().find(|it| it.digest == digest) {
        let reason = format!("`{}` refuses it: {}", version.path, refused.reason);
        return Err(Failure::new(reason)
            .hint("nothing was changed; `rulepack host parameters` shows the bounds"));
    }
    overlays::keep(&packs.overlays().path_of(&digest), &bytes)?;
    let own = OwnOverlay {
        pack: header.pack.clone(),
        version: header.version.clone(),
        digest,
        for_versions: header.versions.clone(),
        effective: header.effective,
        known_from: today,
        retroactive: header.retroactive.is_some(),
    };
    let done = format!("hospital {} is set for {}", own.version, own.pack);
    let ((), lock) =
        Lock::decide(&host(&args.dir)?, |lock| lock.set_own(own)).map_err(undecided)?;
    Ok(decided(done, &lock))
}

/// Ends what the hospital set for a pack.
pub fn unset(args: &UnsetArgs) -> Outcome<HostReport> {
    let (today, pack) = (clock::today()?, &args.pack);
    let ((), lock) =
        Lock::decide(&host(&args.dir)?, |lock| lock.end_own(pack, today)).map_err(undecided)?;
    let done = format!("the hospital sets nothing for {pack} from {today} on");
    Ok(decided(done, &lock))
}

fn set_up(dir: &PathBuf) -> Outcome<HostFolder> {
    let folder = HostFolder::at(dir);
    match folder.settings() {
        Ok(_) => Ok(folder),
        Err(error) => {
            let hint = error.hint();
            Err(hint.into_iter().fold(Failure::from(error), Failure::hint))
        }
    }
}

/// What is set for one pack, for people.
pub fn write(f: &mut fmt::Formatter<'_>, set: &PackParameters) -> fmt::Result {
    writeln!(f, "{} on {}", set.pack, set.day)?;
    for parameter in &set.parameters {
        write_parameter(f, parameter)?;
    }
    for table in &set.tables {
        write_table(f, table)?;
    }
    for used in &set.overlays {
        writeln!(f, "  overlay  {} {}", used.overlay, used.digest)?;
    }
    for refused in &set.refused {
        writeln!(f, "  REFUSED  {}: {}", refused.overlay, refused.reason)?;
    }
    if !set.refused.is_empty() {
        writeln!(
            f,
            "           what stands below a refused overlay is in force"
        )?;
    }
    Ok(())
}

fn write_parameter(f: &mut fmt::Formatter<'_>, parameter: &ParameterStatus) -> fmt::Result {
    let value = told(&parameter.value);
    write!(f, "  {} = {value}", parameter.name)?;
    match &parameter.set_by {
        Some(author) => writeln!(
            f,
            ", set by {} ({}; the default is {})",
            author.setter,
            author.overlay,
            told(&parameter.default)
        )?,
        None => writeln!(f, ", the default")?,
    }
    if let Some(author) = &parameter.set_by {
        writeln!(f, "      {}", author.basis)?;
    }
    let bounds = match (parameter.min, parameter.max) {
        (None, None) => String::new(),
        (min, max) => {
            let open =
                |bound: Option<i64>| bound.map_or_else(|| "any".to_owned(), |it| it.to_string());
            format!("from {} to {}; ", open(min), open(max))
        }
    };
    let setters = parameter.may_be_set_by.iter();
    let setters: Vec<String> = setters.map(ToString::to_string).collect();
    let setters = match setters.is_empty() {
        true => "nobody".to_owned(),
        false => setters.join(", "),
    };
    writeln!(f, "      {bounds}may be set by {setters}")
}

fn write_table(f: &mut fmt::Formatter<'_>, table: &TableStatus) -> fmt::Result {
    let left_to = table.left_to.map(|setter| setter.to_string());
    let left_to = left_to.unwrap_or_default();
    match &table.supplied {
        Some(rows) => writeln!(
            f,
            "  table {}: {} rows by {} ({}), left to the {left_to}",
            table.name, rows.rows, rows.by.setter, rows.by.overlay
        ),
        None => writeln!(
            f,
            "  table {}: not supplied, left to the {left_to}",
            table.name
        ),
    }
}

/// A value as a manifest writes it.
pub fn told(value: &ParameterValue) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
