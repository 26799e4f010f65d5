//! `rulepack audit`: a made-up hospital through the packs of a host, from files in every form. What is found is
//! what the generator planted, however the files are written, cut, sorted or interrupted.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;
#[path = "common/parquet.rs"]
mod parquet;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rulepack_audit::findings_file::FindingsReader;
use rulepack_audit::run::{Run, RunState};
use rulepack_audit::table_writer::TableWriter;
use rulepack_contract::schema;
use tempfile::TempDir;

use common::bare_host::{BareHost, Days};
use common::packs::pack;
use common::{Ran, command, rulepack};
use parquet::{first_message, write_parquet};

/// The last day of the generated data.
const TODAY: &str = "2026-06-30";

/// One for patients and one for institutions.
const PACKS: [&str; 2] = ["chronic-limits", "vbp-quota"];

/// A host with the packs, and a hospital of a thousand lines; set up once.
struct Site {
    host: BareHost,
    folder: TempDir,
}

fn site() -> &'static Site {
    static SITE: OnceLock<Site> = OnceLock::new();
    SITE.get_or_init(|| {
        let host = BareHost::begin();
        for name in PACKS {
            let path = format!("37/{name}/1.0.0.wasm");
            host.install(&path, &pack(name), &Days("2024-01-01", "2024-01-01"));
        }
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let out = data.to_str().unwrap();
        rulepack(["generate", "--lines", "1000", "--months", "3", "--out", out]).done();
        Site { host, folder }
    })
}

impl Site {
    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn arguments(&self, data: &Path, out: &Path, options: &[&str]) -> Vec<String> {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let mut arguments = vec!["audit".to_owned(), text(data)];
        arguments.extend(["--out".to_owned(), text(out), "--today".to_owned()]);
        arguments.extend([
            TODAY.to_owned(),
            "--dir".to_owned(),
            text(&self.host.path("host")),
        ]);
        arguments.extend(options.iter().map(|option| (*option).to_owned()));
        arguments
    }

    fn audit(&self, data: &Path, out: &Path, options: &[&str]) -> Ran {
        rulepack(self.arguments(data, out, options))
    }

    /// Audits the generated CSV and gives the bytes of the findings.
    fn findings(&self, options: &[&str]) -> Vec<u8> {
        let out = tempfile::tempdir().unwrap();
        self.audit(&self.data(), out.path(), options).done();
        for file in fs::read_dir(out.path()).unwrap() {
            let file = file.unwrap();
            let mode = file.metadata().unwrap().permissions().mode();
            // It is about patients.
            assert_eq!(mode & 0o077, 0, "{:?}", file.path());
        }
        fs::read(out.path().join("findings.parquet")).unwrap()
    }
}

/// What identifies a breach: pack, rule, and the table, key and patient of its first offending row.
type Breach = [String; 5];

/// The planted hits, with the fen at stake where the policy gives them.
fn planted(folder: &Path) -> BTreeMap<Breach, Option<i64>> {
    let mut rows = csv::Reader::from_path(folder.join("planted.csv")).unwrap();
    let mut hits = BTreeMap::new();
    for row in rows.deserialize() {
        let row: BTreeMap<String, String> = row.unwrap();
        // Surpluses and lists of rounds are figures, and no findings.
        let is_figure = ["VBP-11", "VBP-12"].contains(&row["rule"].as_str());
        let is_asked = PACKS.iter().any(|pack| row["pack"].ends_with(pack)) && !is_figure;
        if row["verdict"] == "hit" && is_asked {
            let breach = ["pack", "rule", "table", "key", "patient"].map(|name| row[name].clone());
            let amount = Some(row["amount"].as_str()).filter(|amount| !amount.is_empty());
            hits.insert(
                breach,
                amount.map(|yuan| yuan.replace('.', "").parse().unwrap()),
            );
        }
    }
    hits
}

/// What a run found. A row without a key is told by file and line, and planted by its number in the file.
fn found(out: &Path) -> BTreeMap<Breach, i64> {
    let findings = FindingsReader::open(&out.join("findings.parquet")).unwrap();
    let mut breaches = BTreeMap::new();
    for finding in findings.flat_map(Result::unwrap) {
        let (pack, _version) = finding.pack.rsplit_once('/').unwrap();
        let row = &finding.offending[0];
        let key = match row.key.split_once(".csv:") {
            Some((_, line)) => (line.parse::<u64>().unwrap() - 1).to_string(),
            None => row.key.clone(),
        };
        let breach = [pack, &finding.rule, &row.table, &key, &finding.patient];
        let before = breaches.insert(breach.map(str::to_owned), finding.amount);
        assert_eq!(before, None, "found twice: {breach:?}");
    }
    breaches
}

fn assert_exactly_planted(data: &Path, out: &Path) {
    let (planted, found) = (planted(data), found(out));
    assert!(!planted.is_empty());
    let keys: Vec<_> = planted.keys().collect();
    assert_eq!(found.keys().collect::<Vec<_>>(), keys);
    for (breach, amount) in planted {
        assert!(
            amount.is_none_or(|amount| amount == found[&breach]),
            "{breach:?}"
        );
    }
}

#[test]
fn an_audit_finds_exactly_what_was_planted_and_tells_what_it_read() {
    let site = site();
    let out = tempfile::tempdir().unwrap();
    let told = site.audit(&site.data(), out.path(), &[]).done();
    assert!(told.contains("  order lines           1000\n"), "{told}");
    assert_exactly_planted(&site.data(), out.path());
    let run = Run::read(out.path()).unwrap().unwrap();
    assert_eq!(run.state, RunState::Done);
    assert_eq!(
        (run.counts.lines, run.tables["orders"].rows),
        (1_000, 1_000)
    );
    assert!(run.counts.no_verdict.is_empty() && run.counts.broken.is_empty());
    assert!(
        run.counts.not_evaluable.is_empty(),
        "{:?}",
        run.counts.not_evaluable
    );
    assert_eq!(run.counts.findings, found(out.path()).len() as u64);
    // Nothing is left of the way there.
    let mut left: Vec<_> = fs::read_dir(out.path()).unwrap().collect();
    left.sort_by_key(|entry| entry.as_ref().unwrap().file_name());
    let names = left.iter().map(|entry| entry.as_ref().unwrap().file_name());
    let names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    assert_eq!(
        names,
        [
            "findings.parquet",
            "no-verdict.csv",
            "rejected.csv",
            "run.json"
        ]
    );
}

#[test]
fn findings_depend_neither_on_threads_nor_on_memory() {
    let site = site();
    let one = site.findings(&[]);
    for options in [
        &["--threads", "2", "--memory", "2GiB"][..],
        &["--threads", "1", "--memory", "64MiB"],
        &["--threads", "3", "--memory", "192MiB"],
        &["--on-disk"],
        &["--on-disk", "--threads", "3", "--memory", "192MiB"],
    ] {
        assert!(one == site.findings(options), "{options:?}");
    }
}

#[test]
fn parquet_split_and_shuffled_tells_the_same_as_csv() {
    let site = site();
    let (data, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_parquet(&site.data(), data.path());
    site.audit(data.path(), out.path(), &["--threads", "2"])
        .done();
    let of_csv = tempfile::tempdir().unwrap();
    site.audit(&site.data(), of_csv.path(), &[]).done();
    let all = |folder: &Path| {
        let findings = FindingsReader::open(&folder.join("findings.parquet")).unwrap();
        let all = findings
            .flat_map(Result::unwrap)
            .filter(|found| !found.patient.is_empty());
        all.collect::<Vec<_>>()
    };
    assert!(!all(out.path()).is_empty());
    // Rows without a key are told by another place.
    let told = |folder: &Path| -> Vec<_> {
        let all = all(folder).into_iter();
        all.map(|found| {
            (
                found.rule,
                found.patient,
                found.message,
                found.amount,
                found.day,
            )
        })
        .collect()
    };
    assert_eq!(told(out.path()), told(of_csv.path()));
    let run = Run::read(out.path()).unwrap().unwrap();
    assert_eq!(run.tables["orders"].files, 3);
    assert_eq!(run.tables["orders"].rows, 1_000);
}

#[test]
fn the_summary_is_told_in_chinese() {
    let site = site();
    let out = tempfile::tempdir().unwrap();
    let told = site
        .audit(&site.data(), out.path(), &["--lang", "zh"])
        .done();
    let run = Run::read(out.path()).unwrap().unwrap().counts;
    let yuan = format!("{}.{:02}", run.amount / 100, run.amount % 100);
    for line in [
        "结算日期 2025-07-01 至 2026-06-30\n".to_owned(),
        "  明细行                1000\n".to_owned(),
        format!(
            "  就诊          {:>12}，其中本次审核 {}\n",
            run.encounters, run.under_review
        ),
        format!("  疑点          {:>12}，涉及金额 {yuan} 元\n", run.findings),
        "疑点明细已写入 ".to_owned(),
    ] {
        assert!(told.contains(&line), "{line}{told}");
    }
}

#[test]
fn a_run_that_was_killed_goes_on_to_the_same_bytes() {
    let site = site();
    let whole = site.findings(&[]);
    for (point, by_resume, options) in [
        ("kill AuditCut 1", false, &["--on-disk"][..]),
        ("kill AuditPart 1", true, &["--on-disk"]),
        ("kill AuditPartDone 1", false, &["--on-disk"]),
        ("kill AuditFindings 1", true, &["--on-disk"]),
        ("kill AuditCut 1", true, &[]),
        ("kill AuditPartDone 1", false, &[]),
        ("kill AuditFindings 1", true, &[]),
    ] {
        let out = tempfile::tempdir().unwrap();
        let mut killed = command();
        killed.args(site.arguments(&site.data(), out.path(), options));
        let ended = killed
            .env("RULEPACK_FAILURE_POINT", point)
            .output()
            .unwrap();
        assert_eq!(ended.status.signal(), Some(9), "{point}: {ended:?}");
        let run = Run::read(out.path()).unwrap().unwrap();
        assert_eq!(run.state, RunState::Running, "{point}");
        // What it goes on from; a run in memory begins anew.
        let is_cut = out.path().join("parts/cut.json").exists();
        assert_eq!(is_cut, !options.is_empty(), "{point}");
        let folder = out.path().to_str().unwrap();
        let host = site.host.path("host");
        let host = host.to_str().unwrap();
        match by_resume {
            true => rulepack(["audit", "--resume", folder, "--dir", host]).done(),
            false => site.audit(&site.data(), out.path(), options).done(),
        };
        let bytes = fs::read(out.path().join("findings.parquet")).unwrap();
        assert!(bytes == whole, "{point}");
        assert!(Run::read(out.path()).unwrap().unwrap().resumed, "{point}");
    }
}

#[test]
fn a_stopped_run_refuses_other_data_and_other_settings() {
    let site = site();
    let (folder, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let data = folder.path();
    for entry in fs::read_dir(site.data()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, data.join(path.file_name().unwrap())).unwrap();
    }
    let mut killed = command();
    killed.args(site.arguments(data, out.path(), &[]));
    killed.env("RULEPACK_FAILURE_POINT", "kill AuditCut 1");
    assert_eq!(killed.output().unwrap().status.signal(), Some(9));
    let other = site.audit(data, out.path(), &["--period", "2026-05-01..2026-06-30"]);
    let told = format!(
        "error: `{}` holds a run with another period\nhint: name a new folder, or go on with `--resume`",
        out.path().display()
    );
    assert_eq!(other.failed(), told);
    let path = data.join("orders.csv");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("O0000001,", "O9000001,", 1)).unwrap();
    let told = format!(
        "error: `{}` is not what it was when this run began\n\
         hint: put the file back, or begin a new run in another folder",
        fs::canonicalize(&path).unwrap().display()
    );
    assert_eq!(site.audit(data, out.path(), &[]).failed(), told);
    fs::write(&path, text).unwrap();
    site.audit(data, out.path(), &[]).done();
    let told = format!(
        "error: `{}` holds a run that is done\nhint: name a new folder, or go on with `--resume`",
        out.path().display()
    );
    assert_eq!(site.audit(data, out.path(), &[]).failed(), told);
}

/// A small hospital of one patient: tables by name.
fn write_small(folder: &Path, tables: &[(&str, &str)]) {
    for (name, text) in tables {
        fs::write(folder.join(name), text).unwrap();
    }
}

const PATIENTS: (&str, &str) = ("patients.csv", "patient\nP1\nP2\n");
const ENCOUNTERS: (&str, &str) = (
    "encounters.csv",
    "encounter,patients,settlement-days\nE1,P1,2026-06-01\nE2,P2,2026-06-02\n",
);

/// The rows left out, but for their reason.
fn rejected(out: &Path) -> Vec<String> {
    let text = fs::read_to_string(out.join("rejected.csv")).unwrap();
    text.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn rows_with_a_fault_are_listed_by_place_and_the_rest_goes_on() {
    let site = site();
    let data = tempfile::tempdir().unwrap();
    let orders = "order,encounters,amounts,days\n\
                  L1,E1,12.345,2026-06-01\n\
                  L2,E9,1.00,2026-06-01\n\
                  L3,E1,1.00\n\
                  L4,,1.00,2026-06-01\n\
                  L5,E1,1.00,2026-06-01\n\
                  L5,E2,1.00,2026-06-01\n\
                  L6,E2,=1+1,2026-06-01\n";
    write_small(data.path(), &[PATIENTS, ENCOUNTERS, ("orders.csv", orders)]);
    let told = [
        "orders.csv,2,amounts,12.345,\"an amount in CNY with at most 2 decimals, such as `12.30`\",\
         \"`12.345` is more than 2 decimals, expected an amount in CNY with at most 2 decimals, such as `12.30`\"",
        "orders.csv,3,encounters,E9,the key of a row of `encounters`,`E9` is no row of `encounters`",
        "orders.csv,4,amounts,,\"4 fields, as the header has\",\
         \"the row has 3 fields, expected 4 as in the header\"",
        "orders.csv,5,encounters,,the key of a row,\"nothing is recorded, expected a key\"",
        "orders.csv,7,order,L5,a key of its own,`L5` is the key of an earlier row too",
        "orders.csv,8,amounts,'=1+1,\"an amount in CNY with at most 2 decimals, such as `12.30`\",\
         \"`=1+1` is not a number, expected an amount in CNY with at most 2 decimals, such as `12.30`\"",
    ];
    for form in [&[][..], &["--on-disk"]] {
        let out = tempfile::tempdir().unwrap();
        site.audit(data.path(), out.path(), form).done();
        assert_eq!(rejected(out.path()), told);
        let run = Run::read(out.path()).unwrap().unwrap();
        let orders = &run.tables["orders"];
        assert_eq!((orders.rows, orders.rejected), (7, 6));
        assert_eq!((run.counts.patients, run.counts.lines), (2, 1));
    }
}

#[test]
fn what_cannot_be_read_is_told_with_what_was_expected() {
    let site = site();
    let data = tempfile::tempdir().unwrap();
    let refused = |told: &str| {
        let out = tempfile::tempdir().unwrap();
        let folder = fs::canonicalize(data.path()).unwrap();
        let told = told.replace("{}", folder.to_str().unwrap());
        assert_eq!(
            site.audit(data.path(), out.path(), &[]).failed(),
            format!("error: {told}")
        );
    };
    refused(
        "`{}` holds no CSV or Parquet file of a table, expected some such as `encounters.parquet`",
    );
    write_small(data.path(), &[ENCOUNTERS]);
    refused("there is no file of the table `patients`, to which the rows of `encounters` belong");
    write_small(data.path(), &[PATIENTS, ("orders.parquet", "no Parquet")]);
    refused(
        "`{}/orders.parquet` is not a Parquet file, or is cut off: Parquet error: Invalid Parquet \
         file. Corrupt footer",
    );
    fs::remove_file(data.path().join("orders.parquet")).unwrap();
    write_small(data.path(), &[("oders.csv", "order\n")]);
    refused(
        "`{}/oders.csv` is named after no table of the contract\nhint: did you mean `orders.csv`?",
    );
    fs::remove_file(data.path().join("oders.csv")).unwrap();
    let path = data.path().join("orders.parquet");
    let encounters = schema::table("diagnoses").unwrap();
    let mut writer = TableWriter::create(&path, encounters, &["encounters", "codes"]).unwrap();
    writer.push(["E1", "I10"]).unwrap();
    writer.finish().unwrap();
    refused(
        "`{}/orders.parquet` has the column `codes`, which the table `orders` does not have\n\
         hint: did you mean `doses`?",
    );
    fs::remove_file(&path).unwrap();
    let arguments = site.arguments(data.path(), data.path(), &["--memory", "1MiB"]);
    let told = rulepack(arguments).failed();
    assert_eq!(
        told,
        "error: 1048576 bytes of memory are too few, expected at least 67108864"
    );
}

#[test]
fn parquet_is_imported_as_csv_is_and_faults_are_told_where_they_stand() {
    let site = site();
    let (data, host) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_small(data.path(), &[PATIENTS, ENCOUNTERS]);
    for (part, lines) in [[["L1", "E1"], ["L2", "E9"]], [["L3", "E2"], ["L3", "E2"]]]
        .iter()
        .enumerate()
    {
        let path = data.path().join(format!("orders-{part}.parquet"));
        let orders = schema::table("orders").unwrap();
        let mut writer = TableWriter::create(&path, orders, &["order", "encounters"]).unwrap();
        for line in lines {
            writer.push(*line).unwrap();
        }
        writer.finish().unwrap();
    }
    fs::copy(
        site.host.path("host").join("host.toml"),
        host.path().join("host.toml"),
    )
    .unwrap();
    let [data, host] = [data.path(), host.path()].map(|path| path.to_str().unwrap());
    let told = rulepack(["import", data, "--dir", host]).found_fault();
    assert_eq!(
        told,
        "        2 encounters\n        2 orders\n        2 patients\n\
         left out: `orders-0.parquet` line 2, column `encounters`: `E9` is no row of `encounters`\n\
         left out: `orders-1.parquet` line 2, column `order`: `L3` is the key of an earlier row too\n"
    );
}

#[test]
fn files_that_a_stopped_run_lost_end_it_and_are_named() {
    let site = site();
    for (point, lost) in [
        ("kill AuditCut 1", "parts/orders/0000.arrow"),
        ("kill AuditCut 1", "parts/institutions/0000.arrow"),
        ("kill AuditFindings 1", "parts/0000.findings"),
    ] {
        for cut_off in [false, true] {
            let out = tempfile::tempdir().unwrap();
            let mut killed = command();
            killed.args(site.arguments(&site.data(), out.path(), &["--on-disk"]));
            let ended = killed.env("RULEPACK_FAILURE_POINT", point).output();
            assert_eq!(ended.unwrap().status.signal(), Some(9), "{point}");
            let path = out.path().join(lost);
            // A file that ends after a whole message reads like a shorter one.
            match cut_off {
                true => fs::write(&path, first_message(&path)).unwrap(),
                false => fs::remove_file(&path).unwrap(),
            }
            let told = site
                .audit(&site.data(), out.path(), &["--on-disk"])
                .failed();
            let begins = format!("error: `{}` holds 0 rows, expected the ", path.display());
            let ends = " that were written\nhint: files of a stopped run were lost or changed: begin a new one in another folder";
            assert!(told.starts_with(&begins) && told.ends_with(ends), "{told}");
        }
    }
}
