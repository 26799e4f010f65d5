//! What came of every step in the life of a version on this host, for people: verify, inspect, compile,
//! cases, shadow run, decision, switch, watch.
//!
//! One file a version in the folder `updates`, replaced after every step, so that `host status` shows how
//! far an update is. It is an account only: which version is in force stands in the lock.

use std::path::{Path, PathBuf};
use std::time::Instant;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Moment;
use rulepack_protocol::names::TargetPath;
use serde::{Deserialize, Serialize};

use crate::files;
use crate::lock::LockedVersion;
use crate::settings::HostFolder;
use crate::shadow::ShadowReport;

/// The course of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Course {
    /// Of the sealed bytes that went through these steps.
    pub digest: Digest,
    /// What came of the steps, in their order.
    pub stages: Vec<Stage>,
    /// The report of the shadow run, where one was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<ShadowReport>,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Which step.
    pub step: Step,
    /// What came of it.
    pub came: Came,
    /// When it ended.
    pub at: Moment,
    /// How long it took.
    pub milliseconds: u64,
    /// In words, without patient data.
    pub told: String,
}

/// A step, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Its signatures and its bytes are what they should be.
    Verify,
    /// What it asks to read, held against the grants.
    Inspect,
    /// Made ready in a bounded process.
    Compile,
    /// Its sealed cases.
    Cases,
    /// Both versions over the hospital's recent history.
    Shadow,
    /// Whether it may be used.
    Decision,
    /// Used from now on.
    Switch,
    /// Watched while it is used.
    Watch,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Came {
    /// It went well.
    Passed,
    /// It went on for the time being.
    Running,
    /// There was nothing to do.
    Skipped,
    /// A person has to look; nothing was changed.
    Asks,
    /// It failed, and the version is not used.
    Refused,
    /// The host went back to the version before, by itself.
    FellBack,
}

/// When a step began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    now: Moment,
    started: Instant,
    last: Instant,
}

impl Course {
    /// A version before any step.
    #[must_use]
    pub fn new(digest: Digest) -> Self {
        Course {
            digest,
            stages: Vec::new(),
            shadow: None,
        }
    }

    /// What is known of the course of a version; an empty one where nothing of these bytes is known, or
    /// what is known cannot be read.
    #[must_use]
    pub fn of(folder: &HostFolder, version: &LockedVersion) -> Self {
        let known = read(&path(folder, &version.path));
        let known = known.filter(|course| course.digest == version.digest);
        known.unwrap_or_else(|| Course::new(version.digest))
    }

    /// Every course that is kept and can be read, in the order of packs and versions.
    #[must_use]
    pub fn all(folder: &HostFolder) -> Vec<(TargetPath, Course)> {
        let mut found = Vec::new();
        let name_spaces = names_in(&folder.updates());
        for name_space in name_spaces {
            for pack in names_in(&folder.updates().join(&name_space)) {
                for file in names_in(&folder.updates().join(&name_space).join(&pack)) {
                    let version = file.strip_suffix(".json").unwrap_or_default();
                    let of = format!("{name_space}/{pack}/{version}.wasm");
                    if let Ok(of) = of.parse::<TargetPath>()
                        && let Some(course) = read(&path(folder, &of))
                    {
                        found.push((of, course));
                    }
                }
            }
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    /// What came of a step, where it was made.
    #[must_use]
    pub fn stage(&self, step: Step) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.step == step)
    }

    /// Notes what came of a step. What came of later ones no longer holds. It ended after the one before,
    /// also where it is noted with the time at which its update began.
    pub fn put(&mut self, mut stage: Stage) {
        self.stages.retain(|known| known.step < stage.step);
        let before = self.stages.last().map_or(stage.at, |before| before.at);
        stage.at = stage.at.max(before);
        self.stages.push(stage);
    }

    /// Keeps it. A course that cannot be kept stops nothing, and is told to the log.
    pub fn keep(&self, folder: &HostFolder, version: &TargetPath) {
        let bytes = serde_json::to_vec_pretty(self).expect("a course holds texts and numbers only");
        if let Err(error) = files::replace(&path(folder, version), &bytes) {
            tracing::warn!(pack = %version, %error, "what came of an update cannot be kept");
        }
    }

    /// Notes what came of a step of a version, and keeps it.
    pub fn note(
        folder: &HostFolder,
        version: &LockedVersion,
        stages: impl IntoIterator<Item = Stage>,
    ) {
        let mut course = Course::of(folder, version);
        for stage in stages {
            course.put(stage);
        }
        course.keep(folder, &version.path);
    }
}

impl Stage {
    /// A step that took no time.
    #[must_use]
    pub fn at(now: Moment, step: Step, came: Came, told: impl Into<String>) -> Self {
        Stage {
            step,
            came,
            at: now,
            milliseconds: 0,
            told: told.into(),
        }
    }
}

impl Clock {
    /// A clock for steps from `now` on.
    pub(crate) fn start(now: Moment) -> Self {
        let started = Instant::now();
        Clock {
            now,
            started,
            last: started,
        }
    }

    /// A step that began when the last one ended, and ends now.
    pub(crate) fn end(&mut self, step: Step, came: Came, told: impl Into<String>) -> Stage {
        let took = self.last.elapsed();
        self.last = Instant::now();
        let since = i64::try_from(self.started.elapsed().as_secs()).unwrap_or(0);
        let at = Moment::from_unix(self.now.unix().saturating_add(since)).unwrap_or(self.now);
        Stage {
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            ..Stage::at(at, step, came, told)
        }
    }
}

/// A course that is there and can be read.
fn read(path: &Path) -> Option<Course> {
    let bytes = files::read_if_there(path).ok()??;
    serde_json::from_slice(&bytes).ok()
}

/// What lies in a folder; nothing where there is none.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

/// `updates/37/vbp-quota/1.2.0.json`: every part of a path is a plain name.
fn path(folder: &HostFolder, version: &TargetPath) -> PathBuf {
    let of_pack = folder.updates().join(version.pack().to_string());
    of_pack.join(format!("{}.json", version.version()))
}

impl Step {
    /// As people read it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Step::Verify => "verify",
            Step::Inspect => "inspect",
            Step::Compile => "compile",
            Step::Cases => "cases",
            Step::Shadow => "shadow",
            Step::Decision => "decision",
            Step::Switch => "switch",
            Step::Watch => "watch",
        }
    }
}

impl Came {
    /// As people read it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Came::Passed => "passed",
            Came::Running => "running",
            Came::Skipped => "skipped",
            Came::Asks => "asks",
            Came::Refused => "refused",
            Came::FellBack => "fell back",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::tests::version;

    fn stage(step: Step, second: i64) -> Stage {
        Stage::at(Moment::from_unix(second).unwrap(), step, Came::Passed, "")
    }

    #[test]
    fn a_step_that_is_made_anew_ends_what_came_of_later_ones_and_time_never_goes_back() {
        let mut course = Course::new(Digest::of(b"pack"));
        for (step, second) in [(Step::Shadow, 30), (Step::Decision, 10), (Step::Switch, 40)] {
            course.put(stage(step, second));
        }
        let at = |course: &Course| -> Vec<i64> {
            course.stages.iter().map(|stage| stage.at.unix()).collect()
        };
        assert_eq!(at(&course), [30, 30, 40]);
        course.put(stage(Step::Decision, 50));
        assert_eq!(at(&course), [30, 50]);
        assert_eq!(course.stage(Step::Switch), None);
    }

    #[test]
    fn a_course_of_other_bytes_or_one_that_cannot_be_read_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let host = HostFolder::at(folder.path());
        let version = version("1.0.0", "2026-01-01", "2026-01-01");
        let empty = Course::new(version.digest);
        assert_eq!(Course::of(&host, &version), empty);
        Course::note(&host, &version, [stage(Step::Verify, 1)]);
        assert_eq!(Course::of(&host, &version).stages.len(), 1);
        let all = Course::all(&host);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].0, version.path);

        Course::new(Digest::of(b"other")).keep(&host, &version.path);
        assert_eq!(Course::of(&host, &version), empty);
        files::replace(&path(&host, &version.path), b"{\"digest\":").unwrap();
        assert_eq!(Course::of(&host, &version), empty);
        assert_eq!(Course::all(&host), []);
    }
}
