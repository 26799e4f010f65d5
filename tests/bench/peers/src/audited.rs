//! Months of claims as Parquet files, and their review by the library of `rulepack audit`.

use std::path::{Path, PathBuf};

use peers_common::finding::{Findings, Found};
use peers_common::hospital::{self, FIRST_DAY, HALF_A_YEAR};
use peers_common::knowledge::diagnosis_code;
use rulepack_audit::finding::{AuditFinding, AuditRow};
use rulepack_audit::findings_file::FindingsReader;
use rulepack_audit::run::{FileEncoding, Run, RunSettings};
use rulepack_audit::table_writer::TableWriter;
use rulepack_audit::{Audit, FINDINGS, NoProgress};
use rulepack_build::Built;
use rulepack_contract::schema;
use rulepack_contract::units::parse_decimal;
use rulepack_engine::{Engine, Limits};
use rulepack_host::client::NoFailures;
use rulepack_host::lock::{Lock, LockedVersion, State};
use rulepack_host::packs::Packs;
use rulepack_host::review::InForce;
use rulepack_host::settings::HostFolder;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::{Day, Effective};
use rulepack_protocol::names::{Division, TargetPath};
use rulepack_protocol::tuf::{Channel, Status};

use crate::columns::{encounter_cells, order_cells};

/// Memory for rows, as `rulepack audit` is given where nobody says otherwise.
const MEMORY_BYTES: u64 = 2 << 30;
/// Months of lines, a file each.
const MONTHS: usize = 6;
/// Days of such a month.
const DAYS_OF_MONTH: i32 = 31;

/// Writes the claims of so many patients, lines by month and so each patient's in several files, as a hospital
/// exports them.
///
/// # Panics
/// Where the folder cannot be written to.
pub fn write(folder: &Path, patients: u32) {
    std::fs::create_dir_all(folder).expect("the target folder can be written to");
    let create = |file: &str, table: &str, columns: &[&str]| {
        let table = schema::table(table).expect("the contract has the table");
        let created = TableWriter::create(&folder.join(file), table, columns);
        created.expect("the target folder can be written to")
    };
    let of_encounters = [
        "encounter",
        "patients",
        "current",
        "visit-types",
        "admission-days",
        "discharge-days",
        "settlement-days",
    ];
    let of_orders = [
        "order",
        "encounters",
        "current",
        "items",
        "quantities",
        "amounts",
        "days",
    ];
    let mut people = create("patients.parquet", "patients", &["patient"]);
    let mut visits = create("encounters.parquet", "encounters", &of_encounters);
    let mut diagnoses = create("diagnoses.parquet", "diagnoses", &["encounters", "codes"]);
    let month = |month| create(&format!("orders-{month}.parquet"), "orders", &of_orders);
    let mut months: Vec<TableWriter> = (0..MONTHS).map(month).collect();
    for number in 0..patients {
        let patient = hospital::patient(number, HALF_A_YEAR);
        let key = patient.key();
        let mut written = vec![people.push([key.as_str()])];
        for encounter in &patient.encounters {
            let cells = encounter_cells(encounter, &key);
            let cells = cells.iter().map(|(_, text)| text.as_str());
            written.push(visits.push(std::iter::once(encounter.key.as_str()).chain(cells)));
            for diagnosis in encounter.diagnoses {
                let code = diagnosis_code(diagnosis);
                written.push(diagnoses.push([encounter.key.as_str(), &code]));
            }
        }
        for order in &patient.orders {
            let cells = order_cells(order, &patient.encounters[order.encounter].key);
            let cells = cells.iter().map(|(_, text)| text.as_str());
            let month = usize::try_from((order.day - FIRST_DAY) / DAYS_OF_MONTH).unwrap_or(0);
            let file = &mut months[month.min(MONTHS - 1)];
            written.push(file.push(std::iter::once(order.key.as_str()).chain(cells)));
        }
        for result in written {
            result.expect("values are those of their columns");
        }
    }
    for writer in months.into_iter().chain([people, visits, diagnoses]) {
        writer
            .finish()
            .expect("the target folder can be written to");
    }
}

/// A host that has one pack in force, ready to audit: the pack is loaded, as DuckDB is before it is timed.
pub struct Auditor {
    packs: Packs,
    lock: Lock,
    division: Division,
}

impl Auditor {
    /// # Panics
    /// Where the pack cannot be loaded.
    #[must_use]
    pub fn new(built: &Built, folder: &Path) -> Self {
        let engine = Engine::new(Limits::default()).expect("this machine runs the sandbox");
        let packs = Packs::new(HostFolder::at(folder), engine);
        let version = version_of(built);
        packs
            .preload(&version, &built.bytes)
            .expect("the pack was just built");
        let mut lock = Lock::default();
        lock.put(version);
        Auditor {
            packs,
            lock,
            division: "370300".parse().expect("a division"),
        }
    }

    /// Audits the claims of a folder into another, which is new.
    ///
    /// # Panics
    /// Where the run fails, or leaves anybody or anything out.
    #[must_use]
    pub fn audit(&self, claims: &Path, out: &Path, threads: usize) -> Run {
        let day = |month, day| Day::new(2026, month, day).expect("a day of the calendar");
        let audit = Audit {
            input: claims,
            folder: out,
            in_force: InForce {
                packs: &self.packs,
                lock: &self.lock,
                division: &self.division,
            },
            settings: RunSettings {
                data: claims.display().to_string(),
                from: day(1, 1),
                to: day(12, 31),
                today: day(12, 31),
                division: self.division.to_string(),
                lock: self.lock.digest(),
                versions: self.lock.digest(),
                encoding: FileEncoding::Utf8,
                pack: String::new(),
                release: env!("CARGO_PKG_VERSION").to_owned(),
                parts: 0,
            },
            memory_bytes: MEMORY_BYTES,
            on_disk: false,
            threads,
            findings_csv: false,
            progress: &NoProgress,
            failures: &NoFailures,
        };
        let run = audit.run().expect("the claims can be audited");
        let counts = &run.counts;
        assert!(
            counts.no_verdict.is_empty()
                && counts.broken.is_empty()
                && counts.abstentions.is_empty()
        );
        assert!(
            run.tables.values().all(|table| table.rejected == 0),
            "rows are left out"
        );
        run
    }
}

/// The findings of a run.
///
/// # Panics
/// Where their file cannot be read.
#[must_use]
pub fn findings(out: &Path) -> Findings {
    let file: PathBuf = out.join(FINDINGS);
    let reader = FindingsReader::open(&file).expect("the run wrote its findings");
    let some = reader.map(|some| some.expect("the findings can be read to their end"));
    some.flatten().map(|finding| found(&finding)).collect()
}

fn found(finding: &AuditFinding) -> Found {
    let key = |rows: &[AuditRow]| rows.first().map(|row| row.key.clone()).unwrap_or_default();
    // The figure stands last in its message.
    let figure = finding.message.rsplit(' ').next().unwrap_or_default();
    Found {
        rule: finding.rule.clone(),
        row: key(&finding.offending),
        other: key(&finding.related),
        found: parse_decimal(figure, 4).map_or(0, |found| found / 10_000),
    }
}

fn version_of(built: &Built) -> LockedVersion {
    let header = &built.pack.manifest.pack;
    let always = Effective {
        from: Day::new(1970, 1, 1).expect("a day of the calendar"),
        to: None,
    };
    let path = TargetPath::new(header.name.clone(), header.version.clone());
    LockedVersion {
        path: path.expect("a name and a version make a path"),
        digest: Digest::of(&built.bytes),
        effective: always,
        known_from: always.from,
        retroactive: false,
        jurisdictions: header.jurisdictions.clone(),
        channel: Channel::Stable,
        status: Status::Active,
        mandatory_by: None,
        for_versions: None,
        state: State::Active,
    }
}
