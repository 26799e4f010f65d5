//! Parts of a run that have to end: one that does not is named, and ends the program.

use std::path::Path;
use std::process::{Command, exit};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, process, thread};

/// How long parts of a run may take.
#[derive(Debug, Clone, Copy)]
pub struct Phases {
    /// Of each; load that is told to last longer is given its time besides.
    pub limit: Duration,
}

impl Phases {
    /// Does a part of the run.
    pub fn run<T>(self, name: &str, work: impl FnOnce() -> T) -> T {
        self.run_at_least(name, Duration::ZERO, work)
    }

    /// Does a part of the run that lasts so long by itself.
    ///
    /// Where it does not end in time, this says so, ends the processes that this one started, and then this one:
    /// whatever hangs cannot be asked to stop.
    pub fn run_at_least<T>(self, name: &str, lasts: Duration, work: impl FnOnce() -> T) -> T {
        eprintln!("{name} …");
        let (begun, limit) = (Instant::now(), self.limit + lasts);
        let over = Arc::new((Mutex::new(false), Condvar::new()));
        let (watched, of) = (Arc::clone(&over), name.to_owned());
        thread::spawn(move || {
            let (is_over, changed) = &*watched;
            let guard = is_over.lock().unwrap_or_else(PoisonError::into_inner);
            let waited = changed.wait_timeout_while(guard, limit, |is_over| !*is_over);
            let (is_over, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if !*is_over {
                eprintln!("error: `{of}` did not end within {} s", limit.as_secs());
                end_children();
                exit(1);
            }
        });
        let done = work();
        *over.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        over.1.notify_all();
        eprintln!("{name}: {:.1} s", begun.elapsed().as_secs_f64());
        done
    }
}

/// Ends the processes whose parent this one is.
fn end_children() {
    let Ok(all) = fs::read_dir("/proc") else {
        return;
    };
    let own = process::id().to_string();
    for process in all.flatten() {
        if parent(&process.path()).as_deref() == Some(&own) {
            // It may have ended meanwhile.
            drop(
                Command::new("kill")
                    .arg("-KILL")
                    .arg(process.file_name())
                    .status(),
            );
        }
    }
}

/// The parent of a process, by its folder in `/proc`.
fn parent(process: &Path) -> Option<String> {
    let status = fs::read_to_string(process.join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    Some(line.trim().to_owned())
}
