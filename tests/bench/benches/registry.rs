//! What the registry bears: `cargo bench -p rulepack-bench --bench registry -- [POLLS]`.
//!
//! Prints a table and writes `registry.json` into the folder `bench` of the target folder. What the figures
//! mean, and what they were when last looked at, stands in `docs/PERFORMANCE.md`.

use std::cell::Cell;
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::time::Instant;

use rulepack_bench::packs::target_folder;
use rulepack_bench::registry::load::{CONNECTIONS, Poll};
use rulepack_bench::registry::process::{self, Process};
use rulepack_bench::registry::repository::{self, now};
use rulepack_bench::timing;
use rulepack_host::client::{
    FloorsStore, HttpTransport, NoFailures, Opened, Transport, TransportError, refresh,
};
use rulepack_protocol::names::NameSpace;
use rulepack_protocol::trust::Freshness;
use rulepack_protocol::tuf::RoleName;
use rulepack_registry::Registry;
use serde::Serialize;

const NAME_SPACES: usize = 500;
const PACKS_OF_EACH: usize = 20;
/// How many of the name spaces have packs in the smaller repository.
const FEW: usize = 5;
/// Publications that are timed in each repository.
const PUBLICATIONS: usize = 41;
/// What a host of a hospital follows: the nation, its province and city, two vendors.
const FOLLOWED: [&str; 5] = ["cn", "37", "3703", "vendor-v0001", "vendor-v0002"];
/// Fresh hosts that refresh.
const REFRESHES: usize = 15;
/// Turns of the two servers, and requests of a turn.
const TURNS: usize = 41;
const POLLS_OF_TURN: usize = 16_384;
/// Polls after which memory is looked at again, unless another number is given.
const POLLS: usize = 1_000_000;

/// A line of the table.
#[derive(Serialize)]
struct Figure {
    what: String,
    value: f64,
    unit: &'static str,
    target: Option<String>,
    met: Option<bool>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", folder] => return process::registry(Path::new(folder)),
        ["bare", file] => return process::bare(Path::new(file)),
        _ => {}
    }
    let polls = arguments.iter().find_map(|argument| argument.parse().ok());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let few = tempfile::tempdir().expect("a temporary folder");
    let mut figures = publishing(few.path(), folder.path());
    let folder_text = folder.path().to_string_lossy();
    let registry = Process::start(["serve", &folder_text]);
    figures.extend(refreshing(&registry));
    let timestamp = folder.path().join("repository/metadata/timestamp.json");
    let bare = Process::start(["bare", &timestamp.to_string_lossy()]);
    figures.extend(polling(&registry, &bare));
    figures.extend(memory(&registry, polls.unwrap_or(POLLS)));
    print(&figures);
    let folder = target_folder().join("bench");
    fs::create_dir_all(&folder).expect("the target folder can be written to");
    let file = folder.join("registry.json");
    let json = serde_json::to_string_pretty(&figures).expect("figures are plain numbers");
    fs::write(&file, json).expect("the target folder can be written to");
    println!("\nwritten to {}", file.display());
}

/// Two repositories of the same bureaus, one with few packs and one with many. The same bureau publishes
/// version after version in both, in turns.
fn publishing(few: &Path, many: &Path) -> Vec<Figure> {
    let all = repository::name_spaces(NAME_SPACES);
    let (publisher, others) = all.split_last().expect("more than one");
    let filled = |folder: &Path, count: usize| {
        let started = Instant::now();
        let registry = repository::open(folder);
        repository::delegate(&registry, &all);
        fill(&registry, &all, &others[..count]);
        println!(
            "{} name spaces, {} packs: published in {:.0} s",
            all.len(),
            count * PACKS_OF_EACH,
            started.elapsed().as_secs_f64()
        );
        registry
    };
    let (with_few, with_many) = (filled(few, FEW), filled(many, others.len()));
    let releases = releases(publisher);
    let (mut here, mut there) = (releases.iter(), releases.iter());
    let publish = |registry: &Registry, next: Option<&Vec<u8>>| {
        repository::publish(registry, next.expect("one release a turn"));
    };
    let paired = timing::in_turns(
        PUBLICATIONS,
        1,
        || publish(&with_few, here.next()),
        || publish(&with_many, there.next()),
    );
    let figure = |count: usize, seconds: f64| Figure {
        what: format!("publish a pack beside {} of others", count * PACKS_OF_EACH),
        value: seconds * 1e3,
        unit: "ms",
        target: None,
        met: None,
    };
    let (low, high) = (paired.ratio.low, paired.ratio.high);
    vec![
        figure(FEW, paired.first.median),
        figure(others.len(), paired.second.median),
        Figure {
            what: format!("the second over the first ({low:.2} – {high:.2})"),
            value: paired.ratio.median,
            unit: "×",
            target: Some("1, within noise".to_owned()),
            met: Some(low <= 1.05),
        },
        Figure {
            what: format!("snapshot with {} pins", all.len() + 1),
            value: newest_snapshot(many) as f64 / 1e3,
            unit: "kB",
            target: None,
            met: None,
        },
    ]
}

fn fill(registry: &Registry, all: &[NameSpace], name_spaces: &[NameSpace]) {
    for name_space in name_spaces {
        let packs = repository::packs(name_space, 0, PACKS_OF_EACH);
        let metadata = repository::role(name_space, all, 2, &packs);
        let role = RoleName::Space(name_space.clone());
        repository::publish(registry, &repository::upload([(role, metadata)], packs));
    }
}

/// Version after version of a role, each with one pack more.
fn releases(name_space: &NameSpace) -> Vec<Vec<u8>> {
    let packs = repository::packs(name_space, 0, PUBLICATIONS);
    let release = |(at, new): (usize, &Vec<u8>)| {
        let listed = packs.get(..=at).unwrap_or_default();
        let metadata = repository::role(name_space, &[], at as u64 + 2, listed);
        let role = RoleName::Space(name_space.clone());
        repository::upload([(role, metadata)], vec![new.clone()])
    };
    packs.iter().enumerate().map(release).collect()
}

/// The length of the longest snapshot, in bytes.
fn newest_snapshot(folder: &Path) -> u64 {
    let files = fs::read_dir(folder.join("repository/metadata"));
    let files = files.expect("a folder of ours").flatten();
    let is_snapshot = |name: &OsStr| name.to_string_lossy().ends_with(".snapshot.json");
    files
        .filter(|entry| is_snapshot(&entry.file_name()))
        .filter_map(|entry| Some(entry.metadata().ok()?.len()))
        .max()
        .unwrap_or_default()
}

/// Counts the bytes of bodies.
struct Counted {
    transport: HttpTransport,
    bytes: std::rc::Rc<Cell<u64>>,
}

struct CountedReader(Box<dyn Read>, std::rc::Rc<Cell<u64>>);

impl Read for CountedReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.read(buffer)?;
        self.1.set(self.1.get() + count as u64);
        Ok(count)
    }
}

impl Transport for Counted {
    fn open(&self, path: &str, known: Option<&str>) -> Result<Opened, TransportError> {
        Ok(match self.transport.open(path, known)? {
            Opened::Body { reader, tag } => Opened::Body {
                reader: Box::new(CountedReader(reader, self.bytes.clone())),
                tag,
            },
            other => other,
        })
    }
}

/// A host that knows the root alone refreshes and resolves.
fn refreshing(registry: &Process) -> Vec<Figure> {
    let followed = FOLLOWED.map(|name| name.parse::<NameSpace>().expect("a name space"));
    let (mut times, mut bytes) = (Vec::new(), 0);
    for _ in 0..REFRESHES {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = FloorsStore::new(folder.path());
        store.init(&repository::root()).expect("a root of ours");
        let transport = Counted {
            transport: HttpTransport::new(&format!("http://{}", registry.address)),
            bytes: Default::default(),
        };
        let started = Instant::now();
        let refreshed = refresh(
            &transport,
            &store,
            &followed,
            Freshness::at(now()),
            &NoFailures,
        )
        .expect("a repository of ours");
        times.push(started.elapsed().as_secs_f64());
        assert_eq!(
            refreshed.resolution.targets.len(),
            FOLLOWED.len() * PACKS_OF_EACH
        );
        bytes = transport.bytes.get();
    }
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];
    vec![
        Figure {
            what: "first refresh and resolve, five name spaces followed".to_owned(),
            value: median * 1e3,
            unit: "ms",
            target: Some("≤ 1000".to_owned()),
            met: Some(median <= 1.0),
        },
        Figure {
            what: "metadata fetched for it".to_owned(),
            value: bytes as f64 / 1e3,
            unit: "kB",
            target: Some("≤ 1000".to_owned()),
            met: Some(bytes <= 1_000_000),
        },
    ]
}

/// Polls in turns at the registry and at a bare server that answers with the same bytes.
fn polling(registry: &Process, bare: &Process) -> Vec<Figure> {
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    let poll = |process: &Process, headers: &str| {
        let poll = runtime.block_on(Poll::new(process.address, headers));
        poll.expect("the server answers")
    };
    let whole = poll(registry, "");
    let tag = String::from_utf8_lossy(&whole.answer)
        .lines()
        .find_map(|line| line.strip_prefix("etag: ").map(str::to_owned))
        .expect("an entity tag");
    let conditional = poll(registry, &format!("if-none-match: {tag}\r\n"));
    let same = poll(bare, "");
    let mut figures = vec![Figure {
        what: "request and answer of a poll that finds nothing new".to_owned(),
        value: conditional.wire_bytes() as f64,
        unit: "bytes",
        target: Some("≤ 1024".to_owned()),
        met: Some(conditional.wire_bytes() <= 1024),
    }];
    for (what, asked) in [
        ("nothing new (304)", &conditional),
        ("the whole file (200)", &whole),
    ] {
        let send = |poll: &Poll| {
            let sent = runtime.block_on(poll.send(POLLS_OF_TURN));
            sent.expect("the server answers");
        };
        send(asked);
        send(&same);
        let paired = timing::in_turns(TURNS, 1, || send(asked), || send(&same));
        let each = (POLLS_OF_TURN / CONNECTIONS * CONNECTIONS) as f64;
        let figure = |what: String, value, unit| Figure {
            what,
            value,
            unit,
            target: None,
            met: None,
        };
        figures.extend([
            figure(
                format!("registry, {what}"),
                each / paired.first.median,
                "/s",
            ),
            figure("bare server".to_owned(), each / paired.second.median, "/s"),
            Figure {
                target: Some("≥ 0.7".to_owned()),
                met: Some(paired.ratio.median >= 0.7),
                ..figure(
                    format!(
                        "the first over the second ({:.2} – {:.2})",
                        paired.ratio.low, paired.ratio.high
                    ),
                    paired.ratio.median,
                    "×",
                )
            },
        ]);
    }
    figures
}

/// Polls as fast as it answers, and looks at its memory.
fn memory(registry: &Process, polls: usize) -> Vec<Figure> {
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    let poll = runtime.block_on(Poll::new(registry.address, ""));
    let poll = poll.expect("the registry answers");
    let mut seen = vec![registry.resident_kib()];
    const PARTS: usize = 10;
    for _ in 0..PARTS {
        let sent = runtime.block_on(poll.send(polls / PARTS));
        sent.expect("the registry answers");
        seen.push(registry.resident_kib());
    }
    println!("resident KiB after each tenth of {polls} polls: {seen:?}");
    let (before, after) = (seen[0], seen[PARTS]);
    let grown = after as f64 - before as f64;
    vec![
        Figure {
            what: format!("memory of the registry before {polls} polls"),
            value: before as f64 / 1e3,
            unit: "MB",
            target: None,
            met: None,
        },
        Figure {
            what: "growth over them".to_owned(),
            value: grown,
            unit: "KiB",
            target: Some("flat (≤ 1 MiB)".to_owned()),
            met: Some(grown <= 1024.0),
        },
    ]
}

fn print(figures: &[Figure]) {
    println!("\n| what | figure | target |\n|---|---|---|");
    for figure in figures {
        let target = match (&figure.target, figure.met) {
            (Some(target), Some(true)) => format!("{target} met"),
            (Some(target), _) => format!("{target} **missed**"),
            (None, _) => String::new(),
        };
        let places = match figure.value {
            value if value < 10.0 => 2,
            value if value < 1000.0 => 1,
            _ => 0,
        };
        println!(
            "| {} | {:.places$} {} | {target} |",
            figure.what, figure.value, figure.unit
        );
    }
}
