//! What packs and instances take of a server's memory, looked at in a process of its own.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Barrier};
use std::thread;

use rulepack_contract::data::{Batch, Data};
use rulepack_contract::review::Stage;
use rulepack_engine::worker::{Kind, Worker, serve};
use rulepack_engine::{Engine, Limits, LoadInput, LoadedPack, Made, Program};
use rulepack_protocol::pack::{self, Bounds, Pack};
use serde::{Deserialize, Serialize};

use crate::hospital::{self, LINES_OF_PATIENT};

/// How many packs are loaded when memory is looked at.
pub const PACKS: [u32; 6] = [1, 5, 20, 50, 100, 200];
/// Threads that evaluate at the same time when it is.
pub const THREADS: [u32; 5] = [1, 2, 4, 8, 16];
/// Order lines of each of their batches: many enough for all threads to be at work at once.
const LINES: u32 = 10_000;
/// Batches of each thread.
const ROUNDS: u32 = 20;

/// MiB by number, more than before the first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Taken {
    /// With so many packs loaded.
    pub packs: Vec<(u32, f64)>,
    /// After so many threads evaluated at the same time.
    pub threads: Vec<(u32, f64)>,
}

/// A pack that was prepared and compiled once, to be loaded many times.
pub struct Once {
    bytes: Vec<u8>,
    pack: Pack,
    made: Made,
}

impl Once {
    /// Prepares and compiles it in bounded processes of this program.
    ///
    /// # Panics
    /// Where it cannot be: there is nothing to measure then.
    #[must_use]
    pub fn make(bytes: Vec<u8>) -> Self {
        let pack = pack::open(&bytes, &Bounds::NATIVE).expect("a sealed pack");
        let program = std::env::current_exe().expect("this program has a path");
        let worker = Worker::new(program);
        let made = worker.make(&Limits::default(), (&pack, &bytes), &LoadInput::default());
        Once {
            made: made.expect("a pack that can be compiled"),
            bytes,
            pack,
        }
    }

    /// Loads it once more; `triggers` are the codes of its triggers in place of its own.
    ///
    /// # Panics
    /// Where it does not load.
    #[must_use]
    pub fn load(&self, engine: &Engine, triggers: Option<&str>) -> LoadedPack {
        let mut manifest = self.pack.manifest.clone();
        if let Some(value) = triggers {
            for trigger in &mut manifest.triggers {
                trigger.parameters.clear();
                trigger.tables.clear();
                trigger.values = vec![value.to_owned()];
            }
        }
        let program = Program {
            manifest: &manifest,
            ..Program::of(&self.pack, &self.bytes)
        };
        let loaded = engine.load_made(program, LoadInput::default(), self.made.clone());
        loaded.expect("it was loaded before")
    }
}

/// Looks at the memory of a process that loads this pack again and again.
///
/// # Panics
/// Where that process fails.
#[must_use]
pub fn measure(sealed: &Path) -> Taken {
    let program = std::env::current_exe().expect("this program has a path");
    let ran = Command::new(program).arg("memory").arg(sealed).output();
    let ran = ran.expect("this program can be started");
    let told = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{told}");
    serde_json::from_slice(&ran.stdout).expect("it tells numbers")
}

/// What this program does where its arguments ask for a part of it: a bounded process, or the one that is looked at.
///
/// # Panics
/// Where it cannot.
#[must_use]
pub fn is_part(arguments: &[String]) -> bool {
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["worker", kind, memory_mib, cpu_seconds] => {
            let kind = match kind {
                "prepare" => Kind::Prepare,
                _ => Kind::Compile,
            };
            let number = |text: &str| {
                let (_, number) = text.split_once('=').expect("`--memory-mib=…`");
                number.parse().expect("a number")
            };
            let bounds = (number(memory_mib), number(cpu_seconds));
            let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
            serve(kind, bounds, &mut input, &mut output).expect("the parent reads");
            true
        }
        ["memory", sealed] => {
            let bytes = fs::read(sealed).expect("the parent wrote it");
            let taken = serde_json::to_string(&look(&Once::make(bytes)));
            println!("{}", taken.expect("plain numbers"));
            true
        }
        _ => false,
    }
}

fn look(once: &Once) -> Taken {
    let engine = Engine::new(Limits::default()).expect("this machine runs the sandbox");
    let data = hospital::batch(LINES / LINES_OF_PATIENT);
    let mut loaded = Vec::new();
    let before = now();
    let packs = PACKS.map(|count| {
        while loaded.len() < count as usize {
            loaded.push(once.load(&engine, None));
        }
        (count, now() - before)
    });
    let before = now();
    let threads = THREADS.map(|count| {
        evaluate(&loaded, &data, count);
        (count, now() - before)
    });
    Taken {
        packs: packs.into(),
        threads: threads.into(),
    }
}

/// Evaluates with so many threads at the same time.
fn evaluate(packs: &[LoadedPack], data: &Arc<Data>, threads: u32) {
    let Some(pack) = packs.first() else { return };
    let ready = Barrier::new(threads as usize);
    let review = hospital::review(Stage::After);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                ready.wait();
                for _ in 0..ROUNDS {
                    let batch = Batch::patients(data.clone(), 0..u32::MAX);
                    pack.evaluate(&batch, &review).expect("the rules hold");
                }
            });
        }
    });
}

/// MiB that this process takes: what is resident of its own, and the files in memory that its instances begin with,
/// whether anything of them is resident or not.
fn now() -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells it");
    let kib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        number.expect("Linux tells it")
    };
    let own = (kib("VmRSS:") - kib("RssShmem:")) / 1024.0;
    let files = fs::read_dir("/proc/self/fd").expect("Linux tells it");
    let in_memory = files.filter_map(Result::ok).map(|file| file.path());
    let in_memory = in_memory.filter(|file| {
        let target = fs::read_link(file).unwrap_or_default();
        target.to_string_lossy().starts_with("/memfd:")
    });
    let blocks = in_memory.filter_map(|file| Some(fs::metadata(file).ok()?.blocks()));
    own + blocks.sum::<u64>() as f64 * 512.0 / 1024.0 / 1024.0
}
