//! Bounded processes, in which the code of a pack that nobody tried yet is compiled and run (threat T11).
//!
//! A hostile pack may be made to break the tools that read it: validator, snapshot, compiler, sandbox. So
//! that happens in a process of its own, which has nothing but one job on its input: no environment, no
//! open file or socket, no folder; limits of the system on memory, processor time and files ([`Bounds`]),
//! and a deadline that its parent keeps. There are three [`Kind`]s, and the first two are apart for a
//! reason: what runs a pack's code may be broken by it and hands over only a component, which is then held
//! against the bounds of every pack again; machine code comes from a process that ran none of a pack.
//!
//! [`Worker`] is the parent's side, [`serve`] the other. Both are of one executable.

mod confine;
mod error;
mod frames;
mod job;
mod process;
mod serve;

use std::path::PathBuf;

use rulepack_protocol::pack::{Bounds as PackBounds, Pack, imports};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use confine::Bounds;
pub use error::WorkerError;
pub use frames::FrameError;
pub use job::{CaseOutcome, Kind};
pub use serve::serve;

use crate::cases::FUEL_OF_ALL;
use crate::compiled::Compiled;
use crate::input::LoadInput;
use crate::limits::Limits;
use crate::made::{Left, Made, Prepared};
use crate::numbering::{Bounds as DictionaryBounds, Dictionary};
use crate::prepare::Preparation;
use job::{
    COMPILED_BYTES, CasesJob, CompileJob, DICTIONARY_BYTES, HEADER_BYTES, PrepareAnswer,
    PrepareJob, Verdict, component_bytes,
};
use process::Answer;

/// Starts bounded processes and takes their answers. Every call is a process of its own.
#[derive(Debug, Clone)]
pub struct Worker {
    /// What answers `EXECUTABLE worker KIND`.
    pub executable: PathBuf,
    /// What each process may use.
    pub bounds: Bounds,
}

impl Worker {
    /// Workers of this executable, within the bounds of this release.
    #[must_use]
    pub fn new(executable: impl Into<PathBuf>) -> Self {
        Worker {
            executable: executable.into(),
            bounds: Bounds::default(),
        }
    }

    /// Runs `prepare` of a sealed pack in one process and compiles what it left in another.
    ///
    /// # Errors
    /// [`WorkerError`].
    pub fn make(
        &self,
        limits: &Limits,
        (pack, bytes): (&Pack, &[u8]),
        input: &LoadInput,
    ) -> Result<Made, WorkerError> {
        let prepared = self.prepare(limits, (pack, bytes), input)?;
        let snapshot = prepared.component.as_deref();
        let (compiled, preparation) = match snapshot.map(|snapshot| self.compile(limits, snapshot))
        {
            Some(Ok(compiled)) => (compiled, Preparation::Snapshot),
            // No snapshot, or one that the compiler refuses: each instance runs `prepare`.
            None | Some(Err(WorkerError::Pack(_))) => {
                let original = bytes.get(pack.component.clone()).unwrap_or_default();
                (self.compile(limits, original)?, Preparation::EachInstance)
            }
            Some(Err(error)) => return Err(error),
        };
        let left: Left = prepared.left(preparation);
        Ok(Made { left, compiled })
    }

    /// Runs the cases that are sealed in a pack. It is opened there, so `bytes` may be any.
    ///
    /// # Errors
    /// [`WorkerError`]; a case that fails is an answer.
    pub fn cases(&self, limits: &Limits, bytes: &[u8]) -> Result<Vec<CaseOutcome>, WorkerError> {
        self.run_cases(limits, bytes, false)
    }

    /// The same with the answers, for an author who looks at them.
    ///
    /// # Errors
    /// [`WorkerError`], among others where the answers are longer than a frame.
    pub fn cases_told(
        &self,
        limits: &Limits,
        bytes: &[u8],
    ) -> Result<Vec<CaseOutcome>, WorkerError> {
        self.run_cases(limits, bytes, true)
    }

    fn run_cases(
        &self,
        limits: &Limits,
        bytes: &[u8],
        told: bool,
    ) -> Result<Vec<CaseOutcome>, WorkerError> {
        let job = CasesJob {
            limits: limits.clone(),
            fuel: FUEL_OF_ALL,
            told,
        };
        let mut answer = self.ask(Kind::Cases, &job, &[bytes], 0)?;
        let outcomes = header::<Vec<CaseOutcome>>(&mut answer)?;
        answer.end()?;
        Ok(outcomes)
    }

    /// What comes back was in the hands of the pack's code: it is held against the bounds again, and may
    /// import nothing that the pack does not.
    fn prepare(
        &self,
        limits: &Limits,
        (pack, bytes): (&Pack, &[u8]),
        input: &LoadInput,
    ) -> Result<Prepared, WorkerError> {
        let (job, tables) = PrepareJob::new(limits, input)?;
        let mut frames = vec![bytes];
        frames.extend(tables.iter().map(Vec::as_slice));
        let bound = component_bytes(limits).saturating_add(DICTIONARY_BYTES);
        let mut answer = self.ask(Kind::Prepare, &job, &frames, bound)?;
        let told: PrepareAnswer = header(&mut answer)?;
        let component = answer.frame(component_bytes(limits))?;
        let dictionary = answer.frame(DICTIONARY_BYTES)?;
        answer.end()?;
        if told.snapshot && imports::read(&component, &PackBounds::NATIVE)? != pack.imports {
            return Err(WorkerError::Imports);
        }
        Ok(Prepared {
            component: told.snapshot.then_some(component),
            dictionary: Dictionary::from_bytes(&dictionary, DictionaryBounds::new(limits))?,
            fuel: told.fuel,
        })
    }

    fn compile(&self, limits: &Limits, component: &[u8]) -> Result<Compiled, WorkerError> {
        let job = CompileJob {
            limits: limits.clone(),
        };
        let mut answer = self.ask(Kind::Compile, &job, &[component], COMPILED_BYTES)?;
        header::<()>(&mut answer)?;
        let compiled = answer.frame(COMPILED_BYTES)?;
        answer.end()?;
        Ok(Compiled::by_this_host(compiled))
    }

    /// One process: a job in, an answer of at most so many bytes beside its first frame out.
    fn ask(
        &self,
        kind: Kind,
        job: &impl Serialize,
        frames: &[&[u8]],
        bytes_max: u64,
    ) -> Result<Answer, WorkerError> {
        let job = serde_json::to_vec(job).map_err(|source| WorkerError::Answer { kind, source })?;
        let mut request = Vec::new();
        for frame in std::iter::once(job.as_slice()).chain(frames.iter().copied()) {
            frames::write(&mut request, frame)?;
        }
        let bytes_max = bytes_max.saturating_add(HEADER_BYTES);
        process::exchange(self, kind, request, bytes_max)
    }
}

/// What the first frame says was done.
fn header<T: DeserializeOwned>(answer: &mut Answer) -> Result<T, WorkerError> {
    let kind = answer.kind();
    let frame = answer.frame(HEADER_BYTES)?;
    let verdict: Result<Verdict<T>, _> = serde_json::from_slice(&frame);
    verdict
        .map_err(|source| WorkerError::Answer { kind, source })?
        .done(kind)
}
