//! Where a test has a real process of the registry, the signer or a host stop.
//!
//! In a build with debug assertions, and only there, the variable `RULEPACK_FAILURE_POINT` names what
//! happens at a point: `kill NAME N` ends the process by SIGKILL when the point NAME
//! (of the registry's `FailurePoint` or the host's) is reached for the N-th time; `pause NAME N` says `reached NAME` on standard output
//! and waits for a line on standard input. In a release build nothing happens anywhere.

use std::sync::Arc;

use rulepack_host::client::Failures;
#[cfg(not(debug_assertions))]
use rulepack_host::client::NoFailures;
use rulepack_registry::failure::{FailurePoints, NoFailure};

/// What happens at the points of this process.
#[cfg(not(debug_assertions))]
pub fn of_this_process() -> Arc<dyn FailurePoints> {
    Arc::new(NoFailure)
}

/// What happens at the points of this process.
#[cfg(debug_assertions)]
pub fn of_this_process() -> Arc<dyn FailurePoints> {
    match std::env::var("RULEPACK_FAILURE_POINT") {
        Ok(text) => Arc::new(chosen::Chosen::from(text.as_str())),
        Err(_) => Arc::new(NoFailure),
    }
}

/// What happens at the points of this process, where it is a host.
#[cfg(not(debug_assertions))]
pub fn of_this_host() -> Arc<dyn Failures + Send + Sync> {
    Arc::new(NoFailures)
}

/// What happens at the points of this process, where it is a host.
#[cfg(debug_assertions)]
pub fn of_this_host() -> Arc<dyn Failures + Send + Sync> {
    let text = std::env::var("RULEPACK_FAILURE_POINT").unwrap_or_default();
    Arc::new(chosen::Chosen::from(text.as_str()))
}

#[cfg(debug_assertions)]
mod chosen {
    use std::io::{self, Write as _};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use std::fmt::Debug;

    use rulepack_host::client::{self, Failures};
    use rulepack_registry::failure::{FailurePoint, FailurePoints};

    /// One point, and what happens when it is reached for the n-th time.
    pub(super) struct Chosen {
        action: String,
        point: String,
        left: AtomicUsize,
    }

    impl From<&str> for Chosen {
        fn from(text: &str) -> Self {
            let mut words = text.split(' ');
            let mut next = || words.next().unwrap_or_default().to_owned();
            Chosen {
                action: next(),
                point: next(),
                left: AtomicUsize::new(next().parse().unwrap_or(1)),
            }
        }
    }

    impl FailurePoints for Chosen {
        fn reached(&self, point: FailurePoint) -> io::Result<()> {
            self.stop_at(&point)
        }
    }

    impl Failures for Chosen {
        fn reach(&self, point: client::FailurePoint) -> io::Result<()> {
            self.stop_at(&point)
        }
    }

    impl Chosen {
        fn stop_at(&self, point: &dyn Debug) -> io::Result<()> {
            if format!("{point:?}") != self.point || self.left.fetch_sub(1, Ordering::SeqCst) != 1 {
                return Ok(());
            }
            match self.action.as_str() {
                "kill" => Ok(rustix::process::kill_process(
                    rustix::process::getpid(),
                    rustix::process::Signal::KILL,
                )?),
                "pause" => {
                    let mut out = io::stdout().lock();
                    writeln!(out, "reached {point:?}")?;
                    out.flush()?;
                    io::stdin().read_line(&mut String::new()).map(|_| ())
                }
                other => Err(io::Error::other(format!("`{other}` is no action"))),
            }
        }
    }
}
