//! The steps that a new version goes through before anybody decides about it: verify, inspect, compile,
//! cases, shadow run. What came of each is kept at once, so that a person sees how far it is.

use std::error::Error as _;

use rulepack_engine::worker::CaseOutcome;
use rulepack_protocol::names::{NameSpace, TargetPath};
use rulepack_protocol::pack::Pack;
use rulepack_protocol::pack::manifest::ColumnReference;
use rulepack_protocol::trust::ResolvedTarget;
use semver::VersionReq;

use super::course::{Came, Clock, Course, Stage, Step};
use super::{Refusal, Source, Updater, in_full};
use crate::client::{self, FailurePoint};
use crate::files;
use crate::grants::GrantTable;
use crate::history::History;
use crate::lock::{Choice, Lock, LockedVersion, Purpose, State};
use crate::packs::{self, PackError};
use crate::shadow::{self, References, ShadowError, ShadowReport, ShadowRun};

/// What the steps came to.
pub(super) struct Examined {
    pub(super) course: Course,
    /// Whether the manifest states a basis for earlier rule days.
    pub(super) retroactive: bool,
    /// Of an overlay: the versions of the pack that it is made for.
    pub(super) for_versions: Option<VersionReq>,
    pub(super) outcome: Result<(), Refusal>,
}

/// Whoever takes versions through the steps, with what was known when the update began.
pub(super) struct Examiner<'a> {
    pub(super) updater: &'a Updater<'a>,
    pub(super) source: Source<'a>,
    pub(super) known: &'a Lock,
}

/// A version on its way.
struct Way<'a> {
    examiner: &'a Examiner<'a>,
    version: LockedVersion,
    course: Course,
    clock: Clock,
    /// The step that is being made.
    step: Step,
}

impl Examiner<'_> {
    /// Takes a version through the steps: a new one, one that a step refused, or one that waits without a
    /// shadow run. `None` where there is nothing to do.
    pub(super) fn examine(
        &self,
        target: &ResolvedTarget,
        version: LockedVersion,
    ) -> Option<Examined> {
        let known = self.known.version(&target.path);
        let passed = known.is_some_and(|known| !matches!(known.state, State::Refused { .. }));
        let waits = known.is_some_and(|known| matches!(known.state, State::Waiting { .. }));
        let folder = self.updater.folder;
        let course = Course::of(folder, &version);
        // A run that was stopped half-way, or could not be made, compared nothing.
        let is_compared = match course.stage(Step::Shadow).map(|stage| stage.came) {
            Some(Came::Passed | Came::Skipped) => true,
            Some(Came::Asks) => course.shadow.is_some(),
            _ => false,
        };
        if passed && (!waits || is_compared) {
            return None;
        }
        let mut way = Way {
            examiner: self,
            course: match passed {
                true => course,
                false => Course::new(version.digest),
            },
            version,
            clock: Clock::start(self.updater.now),
            step: Step::Verify,
        };
        let outcome = match passed {
            true => Ok(()),
            false => way.verify_to_cases(target),
        };
        match &outcome {
            Ok(()) => way.shadow(),
            Err(refusal) => way.end(Came::Refused, in_full(refusal)),
        }
        Some(Examined {
            course: way.course,
            retroactive: way.version.retroactive,
            for_versions: None,
            outcome,
        })
    }

    /// The version that a new one would take the place of, if so.
    fn in_force(&self, path: &TargetPath) -> Choice<'_> {
        self.known
            .choose(path.pack(), self.updater.today, Purpose::Service)
    }
}

impl Way<'_> {
    fn verify_to_cases(&mut self, target: &ResolvedTarget) -> Result<(), Refusal> {
        let updater = self.examiner.updater;
        let pack = self.verify(target)?;
        self.step = Step::Inspect;
        let told = inspect(updater, target.path.name_space(), &pack.0)?;
        self.end(Came::Passed, told);
        self.step = Step::Compile;
        updater.packs.get(&self.version, false)?;
        self.end(Came::Passed, "in a bounded process, and loaded");
        self.step = Step::Cases;
        let outcomes = updater.packs.run_cases(&pack.0, &pack.1)?;
        let cases = outcomes.len();
        if let Some(failed) = outcomes.into_iter().find(|outcome| !outcome.passed) {
            return Err(case_refusal(failed));
        }
        self.end(Came::Passed, format!("{cases} sealed cases"));
        Ok(())
    }

    /// Downloads what is not there yet, and holds it against what is signed.
    fn verify(&mut self, target: &ResolvedTarget) -> Result<(Pack, Vec<u8>), Refusal> {
        let (updater, source) = (self.examiner.updater, self.examiner.source);
        let path = updater.packs.path_of(&target.digest);
        if !path.exists() {
            let folder = updater.folder.packs();
            std::fs::create_dir_all(&folder)?;
            let file = client::download(source.transport, target, &folder, source.failures)?;
            file.persist(&path).map_err(|error| error.error)?;
            files::sync_folder(&folder)?;
            source.failures.reach(FailurePoint::PackStored)?;
        }
        let bytes = updater.packs.read(&target.digest)?;
        let pack = packs::open(&bytes).map_err(PackError::from)?;
        check_declaration(target, &pack)?;
        self.version.retroactive = pack.manifest.pack.retroactive.is_some();
        let told = format!(
            "{} bytes, signed by {}",
            bytes.len(),
            target.path.name_space()
        );
        self.end(Came::Passed, told);
        Ok((pack, bytes))
    }

    /// The shadow run. It refuses nothing: whether its outcome waits for a person is decided afterwards.
    fn shadow(&mut self) {
        self.step = Step::Shadow;
        let old = match self.examiner.in_force(&self.version.path) {
            Choice::Version { version, .. }
                if version.path.version() > self.version.path.version() =>
            {
                return self.end(Came::Skipped, format!("{} is in force", version.path));
            }
            Choice::Version { version, .. } => Some(version),
            Choice::Gap => None,
        };
        self.course.put(
            self.clock
                .end(Step::Shadow, Came::Running, "over the recent history"),
        );
        self.course
            .keep(self.examiner.updater.folder, &self.version.path);
        match self.compare(old) {
            Ok(Some(report)) => {
                let settings = &self.examiner.updater.settings.updates.shadow;
                let measured = shadow::measure(&report).english;
                let came = match (
                    shadow::asks_for_a_person(&report, settings),
                    report.reviewed,
                ) {
                    (Some(_), _) => Came::Asks,
                    (None, None) => Came::Skipped,
                    (None, Some(_)) => Came::Passed,
                };
                self.course.shadow = Some(report);
                self.end(came, measured);
            }
            Ok(None) => self.end(Came::Skipped, "no history to compare"),
            Err(error) => self.end(
                Came::Asks,
                format!("the shadow run cannot be made: {}", told(&error)),
            ),
        }
    }

    fn compare(&self, old: Option<&LockedVersion>) -> Result<Option<ShadowReport>, ShadowError> {
        let updater = self.examiner.updater;
        let folder = updater.folder.history();
        if !folder.is_dir() {
            return Ok(None);
        }
        let since = updater.settings.history.since(updater.today);
        let run = ShadowRun {
            packs: updater.packs,
            lock: self.examiner.known,
            history: &History::open(&folder)?.since(since),
            division: &updater.settings.division,
            settings: updater.settings.updates.shadow,
            references: &References::of(updater.folder)?,
            today: updater.today,
            now: updater.now,
            failures: self.examiner.source.failures,
        };
        run.compare(old, &self.version).map(Some)
    }

    /// Notes and keeps what came of the step that is being made.
    fn end(&mut self, came: Came, told: impl Into<String>) {
        let stage: Stage = self.clock.end(self.step, came, told);
        self.course.put(stage);
        self.course
            .keep(self.examiner.updater.folder, &self.version.path);
    }
}

/// An error with its first source: what lies below may be long.
fn told(error: &ShadowError) -> String {
    let told = error.to_string();
    match error.source().map(ToString::to_string) {
        Some(source) if !told.ends_with(&source) => format!("{told}: {source}"),
        _ => told,
    }
}

/// What the pack asks to read, held against the grants of the host.
fn inspect(updater: &Updater<'_>, of: &NameSpace, pack: &Pack) -> Result<String, Refusal> {
    let grants = GrantTable::read(updater.folder)
        .map_err(PackError::from)?
        .of(of);
    let is_granted = |at: &ColumnReference| grants.column(at.table, at.column);
    let asked = pack.imports.columns.iter();
    let asked: Vec<ColumnReference> = asked
        .flat_map(|(table, columns)| {
            columns
                .iter()
                .map(move |column| format!("{table}.{column}"))
        })
        .filter_map(|name| name.parse().ok())
        .collect();
    let missing = asked.iter().filter(|at| !is_granted(at)).count();
    let rules = pack.manifest.rules.iter();
    let blind = rules.filter(|rule| rule.needs.iter().any(|need| !is_granted(need)));
    let blind: Vec<&str> = blind.map(|rule| rule.id.as_str()).collect();
    let asks = format!("asks for {} columns", asked.len());
    Ok(match (missing, blind.is_empty()) {
        (0, _) => format!("{asks}, all granted"),
        (_, true) => format!("{asks}, {missing} not granted"),
        (_, false) => format!(
            "{asks}, {missing} not granted; not evaluable: {}",
            blind.join(", ")
        ),
    })
}

/// What a resolver relies on must be what the pack itself says.
fn check_declaration(target: &ResolvedTarget, pack: &Pack) -> Result<(), Refusal> {
    let header = &pack.manifest.pack;
    if *target.path.pack() != header.name || *target.path.version() != header.version {
        return Err(Refusal::Declaration("path"));
    }
    match target.custom.differs_from(pack) {
        Some(field) => Err(Refusal::Declaration(field)),
        None => Ok(()),
    }
}

fn case_refusal(failed: CaseOutcome) -> Refusal {
    Refusal::Case {
        name: failed.name,
        reason: failed.differences.into_iter().next().unwrap_or_default(),
    }
}
