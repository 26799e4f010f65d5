//! The walls of a bounded process, which it puts up around itself before it reads a byte.

use std::fs;
use std::io;
use std::path::PathBuf;

use rustix::process::{
    Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit,
};

/// What one bounded process may use. Wall-clock time is kept by whoever started it, the rest by the
/// system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// Address space, in MiB: what a compiler takes for the largest pack, and the memory of two instances.
    pub memory_mib: u64,
    /// Processor time of all its threads, in seconds. The largest packs of `plugins/` take less than one.
    pub cpu_seconds: u64,
    /// How long its answer may take, in seconds: more than `cpu_seconds`, for the machine has other
    /// work.
    pub wall_seconds: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            memory_mib: 4_096,
            cpu_seconds: 60,
            wall_seconds: 120,
        }
    }
}

/// Why the walls do not stand.
#[derive(Debug, thiserror::Error)]
pub enum ConfineError {
    /// The system refuses a limit.
    #[error("the limit of {what} cannot be set: {source}")]
    Limit {
        /// Which one.
        what: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// Something of the parent's is open here.
    #[error("descriptor {number} (`{target}`) was inherited")]
    Inherited {
        /// Its number.
        number: u32,
        /// What it leads to.
        target: PathBuf,
    },
}

/// Descriptors of a bounded process: the three standard ones, and what the runtime opens for itself.
const DESCRIPTORS: u64 = 64;
const MIB: u64 = 1024 * 1024;

/// Limits this process: for good, for no limit can be raised again. It ends with its parent.
///
/// # Errors
/// [`ConfineError`]; the process must then end.
pub(super) fn confine(memory_mib: u64, cpu_seconds: u64) -> Result<(), ConfineError> {
    nothing_inherited()?;
    let limits = [
        (
            "address space",
            Resource::As,
            memory_mib.saturating_mul(MIB),
        ),
        ("file size", Resource::Fsize, 0),
        ("core dumps", Resource::Core, 0),
        ("open files", Resource::Nofile, DESCRIPTORS),
    ];
    for (what, resource, most) in limits {
        limit(what, resource, most, most)?;
    }
    // A second between the two: at the first the process ends with a signal that says why.
    limit(
        "processor time",
        Resource::Cpu,
        cpu_seconds,
        cpu_seconds.saturating_add(1),
    )?;
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|error| ConfineError::Limit {
        what: "lifetime",
        source: error.into(),
    })
}

/// Sets a limit, but never above the one that the process began with.
fn limit(what: &'static str, resource: Resource, soft: u64, hard: u64) -> Result<(), ConfineError> {
    let given = getrlimit(resource).maximum;
    let hard = given.map_or(hard, |given| given.min(hard));
    let new = Rlimit {
        current: Some(soft.min(hard)),
        maximum: Some(hard),
    };
    setrlimit(resource, new).map_err(|error| ConfineError::Limit {
        what,
        source: error.into(),
    })
}

/// Rust opens every file and socket such that no child has it; this is for those that the parent itself
/// inherited. Pipes and devices are let pass: shells and build tools leave theirs open. Where there is no
/// `/proc`, nothing can be listed.
fn nothing_inherited() -> Result<(), ConfineError> {
    let Ok(descriptors) = fs::read_dir("/proc/self/fd") else {
        return Ok(());
    };
    let own = PathBuf::from(format!("/proc/{}/fd", std::process::id()));
    for entry in descriptors.flatten() {
        let number = entry.file_name().to_string_lossy().parse().unwrap_or(0);
        let Ok(target) = fs::read_link(entry.path()) else {
            continue;
        };
        let text = target.to_string_lossy();
        let is_harmless = text.starts_with("pipe:") || text.starts_with("/dev/");
        if number > 2 && !is_harmless && target != own {
            return Err(ConfineError::Inherited { number, target });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_limit_or_the_descriptor() {
        let error = ConfineError::Limit {
            what: "open files",
            source: io::Error::other("no"),
        };
        assert_eq!(
            error.to_string(),
            "the limit of open files cannot be set: no"
        );
        let error = ConfineError::Inherited {
            number: 7,
            target: "socket:[1]".into(),
        };
        assert_eq!(
            error.to_string(),
            "descriptor 7 (`socket:[1]`) was inherited"
        );
    }
}
