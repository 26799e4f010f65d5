//! The side of the bounded process: one job from its input, one answer to its output.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use rulepack_contract::knowledge::KnowledgeTable;
use rulepack_protocol::pack::{self, Bounds, Pack, columnar};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::confine::{ConfineError, confine};
use super::frames::{self, FrameError};
use super::job::{
    CaseOutcome, CasesAnswer, CasesJob, CompileJob, HEADER_BYTES, Kind, PACK_BYTES, PrepareAnswer,
    PrepareJob, TABLE_BYTES, Verdict, component_bytes,
};
use crate::cases::{self, CaseResult};
use crate::config;
use crate::engine::{Engine, EngineError, Setup};
use crate::fault::shortened;
use crate::input::Program;

/// Why a bounded process cannot do its job.
#[derive(Debug, thiserror::Error)]
enum ServeError {
    /// Its walls do not stand.
    #[error(transparent)]
    Confine(#[from] ConfineError),
    /// The job cannot be read.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The job is not one.
    #[error("the job is malformed: {0}")]
    Job(#[from] serde_json::Error),
    /// There is no sandbox.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Confines this process to so much address space and processor time, does one job of a kind, and
/// answers. To be called first thing in a process of its own, which then ends.
///
/// # Errors
/// Where the answer cannot be written. What is wrong with the pack, the job or this process is an answer.
pub fn serve(
    kind: Kind,
    (memory_mib, cpu_seconds): (u64, u64),
    input: &mut impl Read,
    output: &mut impl Write,
) -> io::Result<()> {
    let frames = confine(memory_mib, cpu_seconds)
        .map_err(ServeError::from)
        .and_then(|()| match kind {
            Kind::Prepare => prepare(input),
            Kind::Compile => compile(input),
            Kind::Cases => Ok(vec![run_cases(input)?]),
        });
    let frames = match frames {
        Ok(frames) => frames,
        Err(error) => vec![serde_json::to_vec(&Verdict::<()>::Unable(
            error.to_string(),
        ))?],
    };
    for frame in frames {
        frames::write(output, &frame)?;
    }
    output.flush()
}

fn prepare(input: &mut impl Read) -> Result<Vec<Vec<u8>>, ServeError> {
    let job: PrepareJob = header(input)?;
    let bytes = frames::read(input, PACK_BYTES)?;
    let mut tables = Vec::new();
    for name in job.supplied() {
        tables.push((name.clone(), frames::read(input, TABLE_BYTES)?));
    }
    let engine = Engine::confined(job.limits.clone())?;
    let prepared = open(&bytes).and_then(|pack| {
        let program = Program::of(&pack, &bytes);
        let setup = Setup::new(&engine, program, job.input(supplied(tables)?));
        let setup = setup.map_err(|error| error.to_string())?;
        let prepared = engine.prepare(program.component, &setup);
        prepared.map_err(|error| error.to_string())
    });
    Ok(match prepared {
        Ok(prepared) => {
            let answer = PrepareAnswer {
                fuel: prepared.fuel,
                snapshot: prepared.component.is_some(),
            };
            vec![
                json(&Verdict::Done(answer))?,
                prepared.component.unwrap_or_default(),
                prepared.dictionary.to_bytes(),
            ]
        }
        Err(reason) => vec![json(&Verdict::<PrepareAnswer>::Refused(reason))?],
    })
}

fn supplied(tables: Vec<(String, Vec<u8>)>) -> Result<BTreeMap<String, KnowledgeTable>, String> {
    let mut supplied = BTreeMap::new();
    for (name, bytes) in tables {
        // Each for itself: what a hospital supplies does not count against what the pack brings.
        let mut allowance = columnar::Allowance::new(&Bounds::NATIVE);
        let table = columnar::decode(&bytes, &mut allowance);
        let table = table.map_err(|error| format!("table `{name}` {error}"))?;
        supplied.insert(name, table);
    }
    Ok(supplied)
}

/// Neither opens a pack nor has an engine that could run one: the component is compiled, and forgotten.
fn compile(input: &mut impl Read) -> Result<Vec<Vec<u8>>, ServeError> {
    let job: CompileJob = header(input)?;
    let component = frames::read(input, component_bytes(&job.limits))?;
    let engine = wasmtime::Engine::new(&config::compile(&job.limits))
        .map_err(|error| EngineError::Setup(format!("{error:#}")))?;
    Ok(match engine.precompile_component(&component) {
        Ok(compiled) => vec![json(&Verdict::Done(()))?, compiled],
        Err(error) => vec![json(&Verdict::<()>::Refused(shortened(format!(
            "{error:#}"
        ))))?],
    })
}

fn run_cases(input: &mut impl Read) -> Result<Vec<u8>, ServeError> {
    let job: CasesJob = header(input)?;
    let bytes = frames::read(input, PACK_BYTES)?;
    let engine = Engine::confined(job.limits)?;
    let answer = open(&bytes).map(|pack| {
        let results = cases::run_within(&engine, Program::of(&pack, &bytes), &pack.cases, job.fuel);
        let outcomes = results.into_iter().map(|result| {
            let told = (job.told && result.outcome.is_ok()).then(|| result.told.clone());
            CaseOutcome {
                told,
                ..CaseOutcome::from(result)
            }
        });
        outcomes.collect()
    });
    let answer: CasesAnswer = match answer {
        Ok(outcomes) => Verdict::Done(outcomes),
        Err(reason) => Verdict::Refused(reason),
    };
    json(&answer)
}

fn open(bytes: &[u8]) -> Result<Pack, String> {
    pack::open(bytes, &Bounds::NATIVE).map_err(|error| error.to_string())
}

fn header<T: DeserializeOwned>(input: &mut impl Read) -> Result<T, ServeError> {
    Ok(serde_json::from_slice(&frames::read(input, HEADER_BYTES)?)?)
}

fn json(answer: &impl Serialize) -> Result<Vec<u8>, ServeError> {
    Ok(serde_json::to_vec(answer)?)
}

impl From<CaseResult> for CaseOutcome {
    fn from(result: CaseResult) -> Self {
        /// Whoever mends the case reads the first ones; 2,000 cases of these fit a frame.
        const LINES_MAX: usize = 20;
        let passed = result.passed();
        let differences = match result.outcome {
            Ok(differences) => differences,
            Err(failure) => vec![failure.to_string()],
        };
        let lines = differences.into_iter().take(LINES_MAX).map(shortened);
        CaseOutcome {
            passed,
            name: shortened(result.name),
            differences: lines.collect(),
            fuel: result.fuel,
            told: None,
        }
    }
}
