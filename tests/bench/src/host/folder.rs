//! The folder of a host with three real packs, a year of history and nothing else, and the requests that it
//! is asked.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use rulepack_contract::data::{Data, DataBuilder};
use rulepack_contract::review::Stage;
use rulepack_engine::patients::Division as Batches;
use rulepack_engine::{Engine, Limits};
use rulepack_host::client::NoFailures;
use rulepack_host::data::Call as _;
use rulepack_host::data::national::{Region, Request};
use rulepack_host::files;
use rulepack_host::history::History;
use rulepack_host::lock::{Lock, LockedVersion, State};
use rulepack_host::packs::{self, Packs};
use rulepack_host::review::{Circumstances, InForce};
use rulepack_host::service::{Options, Service};
use rulepack_host::settings::{HistorySettings, HostFolder, Settings, Updates};
use rulepack_host::subscription::Subscription;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::{Day, Effective};
use rulepack_protocol::names::{Division, TargetPath};
use rulepack_protocol::tuf::{Channel, Status};

use crate::packs::sealed;

/// The packs of the host.
pub const PACKS: [&str; 3] = ["chronic-limits", "drg-checks", "conduct"];
/// Knowledge points that the first pack has more than its own.
pub const KNOWLEDGE_POINTS: u32 = 10_000;
/// Patients with history: a visit a month each.
pub const PATIENTS: u32 = 1_000;
/// Lines of the encounter of a request.
pub const LINES: u32 = 40;

const MONTHS: u32 = 12;
const DIVISION: &str = "370303";
/// 2026-11-22 09:31:00.250, China Standard Time: the day of the requests.
const NOW_MS: i64 = 1_795_311_060_250;

/// Sets a host up in this folder.
///
/// # Panics
/// Where it cannot be: there is nothing to measure then.
pub fn set_up(folder: &Path) {
    let packs = PACKS.map(|name| {
        let more = (name == PACKS[0]).then(knowledge);
        sealed(name, more.as_deref())
    });
    set_up_with(folder, packs, PATIENTS);
}

/// The same with other packs, and a year of so many patients.
///
/// # Panics
/// Where it cannot be: there is nothing to measure then.
pub fn set_up_with(folder: &Path, packs: impl IntoIterator<Item = Vec<u8>>, patients: u32) {
    let host = HostFolder::at(folder);
    let division: Division = DIVISION.parse().expect("a division");
    let settings = Settings {
        registry: "http://127.0.0.1:1".into(),
        institution: "H37030000001".into(),
        subscriptions: Subscription::defaults(&division),
        division,
        canary: false,
        hold_rekeyed: false,
        updates: Updates::default(),
        history: HistorySettings::default(),
        air_gap: None,
    };
    host.create(&settings).expect("an empty folder");
    install(&host, packs);
    let data = folder.join("to-import");
    fs::create_dir_all(&data).expect("a folder of ours");
    write_history(&data, patients);
    let mut history = History::open(&host.history()).expect("a folder of ours");
    let imported = history.import(&data).expect("files of ours");
    assert!(imported.rejected.is_empty(), "{:?}", imported.rejected);
}

/// The service of that folder.
///
/// # Panics
/// Where it cannot be opened.
#[must_use]
pub fn open(folder: &Path) -> Service {
    let host = HostFolder::at(folder);
    let engine = Engine::new(Limits::default()).expect("this machine runs the sandbox");
    let packs = Arc::new(Packs::new(host.clone(), engine));
    let options = Options {
        region: Region::default(),
        hosts: Vec::new(),
        clock: || NOW_MS,
    };
    Service::open(host, packs, options).expect("a host of ours")
}

/// A 3101 of one patient of the history: one encounter of [`LINES`] lines, all being written.
#[must_use]
pub fn request(patient: u32) -> String {
    let example = include_str!("../../../../examples/3101-order.json");
    let (head, rest) = example.split_once("\"fsi_order_dtos\": [").expect("lines");
    let (lines, tail) = rest.split_once("\n       ],").expect("an end of them");
    let (line, _) = lines.split_once("},").expect("more than one line");
    let lines: Vec<String> = (0..LINES)
        .map(|number| {
            let line = format!("{line}}}");
            // The first is outside of the catalogue.
            let item = match number {
                0 => format!("XC{number:021}"),
                _ => format!("XA{number:021}"),
            };
            line.replace("O2026112201", &format!("O{patient:05}{number:04}"))
                .replace("XC10AAA100A001010100008", &item)
        })
        .collect();
    let request = format!(
        "{head}\"fsi_order_dtos\": [{}\n       ],{tail}",
        lines.join(",")
    );
    request
        .replace("P2026000101", &format!("P{patient:05}"))
        .replace("M2026112201", &format!("M{patient:05}"))
}

/// Reviews requests without a server.
#[derive(Debug)]
pub struct Reviewer {
    packs: Packs,
    lock: Lock,
    history: History,
    division: Division,
    today: Day,
}

impl Reviewer {
    /// By what that folder has in force.
    ///
    /// # Panics
    /// Where it cannot be read.
    #[must_use]
    pub fn of(folder: &Path) -> Self {
        let host = HostFolder::at(folder);
        let engine = Engine::new(Limits::default()).expect("this machine runs the sandbox");
        Reviewer {
            lock: Lock::read(&host).expect("a host of ours"),
            history: History::open(&host.history()).expect("a host of ours"),
            division: DIVISION.parse().expect("a division"),
            today: Day::new(2026, 11, 22).expect("a day"),
            packs: Packs::new(host, engine),
        }
    }

    /// The rows of a request, with what is known of its patient.
    ///
    /// # Panics
    /// Where it is none of ours.
    #[must_use]
    pub fn data(&self, request: &str) -> Arc<Data> {
        let request = Request::parse(request, &Region::default()).expect("a request of ours");
        let mut builder = DataBuilder::new();
        let mut known = request.fill(&mut builder).expect("a request of ours").known;
        let patients = request.patients().expect("a request of ours");
        let added = self
            .history
            .add_patients(&patients, &mut known, &mut builder);
        added.expect("a history of ours");
        Arc::new(builder.finish().0)
    }

    /// Reviews them as a 3101 is.
    ///
    /// # Panics
    /// Where a pack fails.
    pub fn review(&self, data: &Arc<Data>) {
        let in_force = InForce {
            packs: &self.packs,
            lock: &self.lock,
            division: &self.division,
        };
        let reviewed = in_force.review(
            data,
            &Circumstances {
                stage: Stage::Before,
                today: self.today.number(),
                scenes: vec!["4".to_owned()],
                jurisdiction: DIVISION.to_owned(),
                period: None,
                sums: None,
                batches: Batches::default(),
            },
        );
        assert!(reviewed.broken.is_empty() && reviewed.report.no_verdict.is_empty());
    }
}

fn install(host: &HostFolder, sealed: impl IntoIterator<Item = Vec<u8>>) {
    let engine = Engine::new(Limits::default()).expect("this machine runs the sandbox");
    let stored = Packs::new(host.clone(), engine);
    let mut lock = Lock::default();
    for bytes in sealed {
        let opened = packs::open(&bytes).expect("a pack of this workspace");
        let header = opened.manifest.pack;
        let digest = Digest::of(&bytes);
        files::replace(&stored.path_of(&digest), &bytes).expect("a folder of ours");
        let from = Day::new(2020, 1, 1).expect("a day");
        lock.put(LockedVersion {
            path: TargetPath::new(header.name, header.version).expect("a name of a pack"),
            digest,
            effective: Effective { from, to: None },
            known_from: from,
            retroactive: false,
            jurisdictions: header.jurisdictions,
            channel: Channel::Stable,
            status: Status::Active,
            mandatory_by: None,
            state: State::Active,
            for_versions: None,
        });
    }
    lock.write(host, &NoFailures).expect("a folder of ours");
}

/// Rows for the catalogue of `chronic-limits`, of which the requests order some.
#[must_use]
pub fn knowledge() -> String {
    let mut rows = String::new();
    for number in 0..KNOWLEDGE_POINTS {
        let row = writeln!(rows, "M03900,XA{number:021},2024-01-01,,示例");
        row.expect("a text can grow");
    }
    rows
}

/// A visit a month of each of so many patients, of two lines.
///
/// # Panics
/// Where the folder cannot be written to.
pub fn write_history(folder: &Path, patients: u32) {
    let mut rows = "patient,pooling-areas\n".to_owned();
    let mut enrolments = "patients,diseases,starts,ends\n".to_owned();
    let mut encounters = "encounter,patients,institutions,current,visit-types,care-types,\
                          admission-days,settlement-days,total-amounts\n"
        .to_owned();
    let mut orders = "order,encounters,current,counted,charged,items,days,quantities,amounts,\
                      supply-days,departments,doctors\n"
        .to_owned();
    for patient in 0..patients {
        rows.push_str(&format!("P{patient:05},3703\n"));
        enrolments.push_str(&format!("P{patient:05},M03900,2025-11-01,2026-12-31\n"));
        for month in 0..MONTHS {
            let (year, month) = (2025 + (10 + month) / 12, (10 + month) % 12 + 1);
            let (day, key) = (
                format!("{year}-{month:02}-10"),
                format!("H{patient:05}{month:02}"),
            );
            encounters.push_str(&format!(
                "{key},P{patient:05},H37030000001,0,1,14,{day},{day},120.00\n"
            ));
            for line in 0..2 {
                orders.push_str(&format!(
                    "{key}{line},{key},0,1,1,XC08CAA112A00101010000{line},{day},2,60.00,28,A03,D1\n"
                ));
            }
        }
    }
    let institutions = "institution,levels\nH37030000001,02\n".to_owned();
    for (name, text) in [
        ("institutions.csv", institutions),
        ("patients.csv", rows),
        ("enrolments.csv", enrolments),
        ("encounters.csv", encounters),
        ("orders.csv", orders),
    ] {
        fs::write(folder.join(name), text).expect("a folder of ours");
    }
}
