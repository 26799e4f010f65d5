//! `rulepack audit` as a bureau runs it: several hospitals in one folder, months of claims, patients who are seen in
//! two of them, and rules of institutions, whose sums the audit makes of the lines.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::OnceLock;

use rulepack_audit::finding::AuditFinding;
use rulepack_audit::findings_file::FindingsReader;
use rulepack_audit::run::{Run, Totals};
use rulepack_audit::table_writer::TableWriter;
use rulepack_contract::schema;
use tempfile::TempDir;

use common::bare_host::{BareHost, Days};
use common::packs::{self, pack};
use common::{Ran, command, rulepack, workspace};

/// The last day of the generated data.
const TODAY: &str = "2026-06-30";
/// Rules that find nothing: they measure, or list.
const FIGURES: [&str; 4] = ["NL-62", "NL-63", "VBP-11", "VBP-12"];

/// A host with the library and the provincial packs, and three hospitals.
struct Region {
    host: BareHost,
    folder: TempDir,
}

fn region() -> &'static Region {
    static REGION: OnceLock<Region> = OnceLock::new();
    REGION.get_or_init(|| {
        let host = BareHost::begin();
        let (library, edition) = (pack("national-library"), Days("2026-02-12", "2026-02-12"));
        host.install("cn/national-library/1.0.0.wasm", &library, &edition);
        let early = Days("2024-01-01", "2024-01-01");
        for name in packs::ALL {
            host.install(&format!("37/{name}/1.0.0.wasm"), &pack(name), &early);
        }
        let set = host.path("3703.toml");
        let source = workspace().join("examples/library-settings/3703.toml");
        let [source, out, library] = [&source, &set, &library].map(|path| path.to_str().unwrap());
        rulepack(["overlay", "build", source, "--out", out, "--pack", library]).done();
        host.install("3703/cn.national-library/1.0.0.toml", &set, &early);
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let size = [
            "--hospitals",
            "3",
            "--lines",
            "6000",
            "--months",
            "3",
            "--library",
        ];
        let out = ["--out", data.to_str().unwrap()];
        rulepack([&["generate"], &size[..], &out].concat()).done();
        Region { host, folder }
    })
}

impl Region {
    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn arguments(&self, data: &Path, out: &Path, options: &[&str]) -> Vec<String> {
        let host = self.host.path("host");
        let [data, out, host] = [data, out, &host].map(|path| path.to_str().unwrap());
        let always = ["audit", data, "--out", out, "--today", TODAY, "--dir", host];
        [&always, options]
            .concat()
            .iter()
            .map(|text| (*text).to_owned())
            .collect()
    }

    fn audit(&self, data: &Path, out: &Path, options: &[&str]) -> Ran {
        rulepack(self.arguments(data, out, options))
    }
}

/// What identifies a breach: pack, rule, table and key of its first offending row, and the patient. Sums have the
/// money that is summed for a key and the institution for a patient.
type Breach = [String; 5];

/// The planted hits, as often as they are planted.
fn planted(folder: &Path) -> BTreeMap<Breach, usize> {
    let mut rows = csv::Reader::from_path(folder.join("planted.csv")).unwrap();
    let mut hits = BTreeMap::new();
    for row in rows.deserialize() {
        let row: BTreeMap<String, String> = row.unwrap();
        if row["verdict"] == "hit" && !FIGURES.contains(&row["rule"].as_str()) {
            let mut breach =
                ["pack", "rule", "table", "key", "patient"].map(|name| row[name].clone());
            if row["table"] == "totals" {
                breach[3] = row["amount"]
                    .replace('.', "")
                    .parse::<i64>()
                    .unwrap()
                    .to_string();
            }
            *hits.entry(breach).or_default() += 1;
        }
    }
    hits
}

fn findings(out: &Path) -> Vec<AuditFinding> {
    let findings = FindingsReader::open(&out.join("findings.parquet")).unwrap();
    findings.flat_map(Result::unwrap).collect()
}

/// What a run found; `place` makes the number of a row of the place that it is told by.
fn found(out: &Path, place: impl Fn(&str) -> Option<String>) -> BTreeMap<Breach, usize> {
    let mut breaches = BTreeMap::new();
    for finding in findings(out) {
        let (pack, _version) = finding.pack.rsplit_once('/').unwrap();
        let row = &finding.offending[0];
        let breach = match row.table.as_str() {
            "totals" => [
                pack.to_owned(),
                finding.rule,
                row.table.clone(),
                finding.amount.to_string(),
                finding.institution,
            ],
            _ => [
                pack.to_owned(),
                finding.rule,
                row.table.clone(),
                place(&row.key).unwrap_or_else(|| row.key.clone()),
                finding.patient,
            ],
        };
        *breaches.entry(breach).or_default() += 1;
    }
    breaches
}

/// The number of a row of a CSV file, whose header is line 1.
fn of_csv(key: &str) -> Option<String> {
    let (_, line) = key.split_once(".csv:")?;
    Some((line.parse::<u64>().unwrap() - 1).to_string())
}

fn assert_same(planted: &BTreeMap<Breach, usize>, found: &BTreeMap<Breach, usize>) {
    assert!(!planted.is_empty());
    let missing: Vec<_> = planted
        .iter()
        .filter(|it| found.get(it.0) != Some(it.1))
        .collect();
    let more: Vec<_> = found
        .iter()
        .filter(|it| planted.get(it.0) != Some(it.1))
        .collect();
    assert!(
        missing.is_empty() && more.is_empty(),
        "missing {missing:?}, too many {more:?}"
    );
}

#[test]
fn three_hospitals_break_exactly_what_was_planted_with_sums_made_of_their_lines() {
    let (region, out) = (region(), tempfile::tempdir().unwrap());
    region.audit(&region.data(), out.path(), &[]).done();
    assert_same(&planted(&region.data()), &found(out.path(), of_csv));
    let run = Run::read(out.path()).unwrap().unwrap();
    let Totals::Made { rows, left_out } = run.totals else {
        panic!("{:?}", run.totals);
    };
    assert_eq!(left_out, 0);
    let told = fs::read_to_string(out.path().join("totals.csv")).unwrap();
    assert_eq!(told.lines().count() as u64, rows + 1);
    let lacks_sums = |missing: &[String]| missing.iter().any(|it| it.starts_with("totals"));
    let lacking = run
        .counts
        .not_evaluable
        .iter()
        .filter(|rule| lacks_sums(&rule.missing));
    assert_eq!(lacking.count(), 0);
    // 42 institutions: each hospital with those that stand beside it.
    assert_eq!(run.counts.institutions, 42);
    // Rules that look at the lines of two hospitals found some.
    let found = findings(out.path());
    let is_of_two = |finding: &&AuditFinding| finding.rule == "CHR-03";
    let hospitals: BTreeSet<&str> = found
        .iter()
        .filter(is_of_two)
        .map(|finding| finding.institution.as_str())
        .collect();
    assert_eq!(hospitals.len(), 3);
    // A sum is told by what it is of.
    let of_sum = found
        .iter()
        .find(|finding| finding.offending[0].table == "totals")
        .unwrap();
    let key = &of_sum.offending[0].key;
    assert!(key.starts_with("2026-0") && key.contains(".."), "{key}");
}

#[test]
fn what_every_institution_costs_is_the_sum_of_its_lines_under_review() {
    let (region, out) = (region(), tempfile::tempdir().unwrap());
    region.audit(&region.data(), out.path(), &[]).done();
    let rows = |table: &str| -> Vec<BTreeMap<String, String>> {
        let path = region.data().join(table).with_extension("csv");
        let mut reader = csv::Reader::from_path(path).unwrap();
        reader.deserialize().map(Result::unwrap).collect()
    };
    let encounters = rows("encounters").into_iter();
    let reviewed = encounters.filter(|row| row["current"] == "1");
    let whose: BTreeMap<String, String> = reviewed
        .map(|row| (row["encounter"].clone(), row["institutions"].clone()))
        .collect();
    let mut costs: BTreeMap<String, i64> = BTreeMap::new();
    for line in rows("orders").iter().filter(|line| line["counted"] == "1") {
        if let Some(institution) = whose.get(&line["encounters"]) {
            let fen: i64 = line["amounts"].replace('.', "").parse().unwrap();
            *costs.entry(institution.clone()).or_default() += fen;
        }
    }
    let run = Run::read(out.path()).unwrap().unwrap();
    for (institution, cost) in &run.counts.costs {
        let expected = costs.get(institution).copied().unwrap_or(0);
        assert_eq!(cost.amount, Some(expected), "{institution}");
    }
    let encounters: u64 = run.counts.costs.values().map(|cost| cost.encounters).sum();
    assert_eq!(encounters, run.counts.under_review);
    let folder = out.path().to_str().unwrap();
    let told = rulepack(["audit", "report", folder, "--lang", "zh"]).done();
    assert!(
        told.contains("由费用明细汇总") && !told.contains("未统计"),
        "{told}"
    );
    assert!(told.contains("按定点医药机构"), "{told}");
}

/// Every table in one form or the other, encounters and orders in both, in no order.
fn write_mixed(data: &Path, to: &Path) {
    for (number, entry) in (0..).zip(fs::read_dir(data).unwrap()) {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let Some(table) = schema::table(&name) else {
            continue;
        };
        let mut reader = csv::Reader::from_path(&path).unwrap();
        let header = reader.headers().unwrap().clone();
        let columns: Vec<&str> = header.iter().collect();
        let mut rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let is_split = table.table().key().is_some();
        if is_split {
            rows.reverse();
        }
        let middle = if is_split {
            rows.len() / 2
        } else {
            rows.len() * (number % 2)
        };
        let (one, other) = rows.split_at(middle);
        let mut text = csv::Writer::from_path(to.join(format!("{name}-1.csv"))).unwrap();
        text.write_record(&header).unwrap();
        for row in one {
            text.write_record(row).unwrap();
        }
        text.flush().unwrap();
        let path = to.join(format!("{name}-2.parquet"));
        let mut writer = TableWriter::create(&path, table, &columns).unwrap();
        for row in other {
            writer.push(row.iter()).unwrap();
        }
        writer.finish().unwrap();
    }
}

#[test]
fn files_of_both_forms_in_no_order_and_little_memory_give_the_same() {
    let (region, data) = (region(), tempfile::tempdir().unwrap());
    write_mixed(&region.data(), data.path());
    let out = tempfile::tempdir().unwrap();
    region
        .audit(
            data.path(),
            out.path(),
            &["--on-disk", "--memory", "128MiB", "--threads", "2"],
        )
        .done();
    // Rows without a key are told by their place in other files.
    let without_place = |breaches: BTreeMap<Breach, usize>| {
        let mut counts: BTreeMap<Breach, usize> = BTreeMap::new();
        for ([pack, rule, table, key, patient], count) in breaches {
            let is_keyed =
                ["orders", "encounters", "procedures", "totals"].contains(&table.as_str());
            let key = if is_keyed { key } else { String::new() };
            *counts.entry([pack, rule, table, key, patient]).or_default() += count;
        }
        counts
    };
    let planted = without_place(planted(&region.data()));
    assert_same(&planted, &without_place(found(out.path(), |_| None)));
}

#[test]
fn a_run_that_was_killed_before_or_after_its_sums_goes_on_to_the_same_bytes() {
    let region = region();
    let whole = tempfile::tempdir().unwrap();
    region.audit(&region.data(), whole.path(), &[]).done();
    let parts = Run::read(whole.path()).unwrap().unwrap().settings.parts;
    let of_institutions = parts + 1;
    for point in [
        format!("kill AuditPartDone {parts}"),
        format!("kill AuditPart {of_institutions}"),
        format!("kill AuditPartDone {of_institutions}"),
    ] {
        let out = tempfile::tempdir().unwrap();
        let mut killed = command();
        killed.args(region.arguments(&region.data(), out.path(), &["--on-disk"]));
        let ended = killed
            .env("RULEPACK_FAILURE_POINT", &point)
            .output()
            .unwrap();
        assert_eq!(ended.status.signal(), Some(9), "{point}");
        let folder = out.path().to_str().unwrap();
        region.host.run(&["audit", "--resume", folder]).done();
        for name in ["findings.parquet", "totals.csv", "no-verdict.csv"] {
            let bytes = |folder: &Path| fs::read(folder.join(name)).unwrap();
            assert!(bytes(out.path()) == bytes(whole.path()), "{point} {name}");
        }
        let run = Run::read(out.path()).unwrap().unwrap();
        let expected = Run::read(whole.path()).unwrap().unwrap();
        assert_eq!(
            (run.totals, run.counts),
            (expected.totals, expected.counts),
            "{point}"
        );
    }
}

/// A run that waits where it reaches a point for the first time.
fn paused(point: &str, arguments: Vec<String>) -> Child {
    let mut paused = command();
    paused.args(arguments);
    paused.env("RULEPACK_FAILURE_POINT", format!("pause {point} 1"));
    paused
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut process = paused.spawn().unwrap();
    let expected = format!("reached {point}");
    let mut told = vec![0; expected.len()];
    let stdout = process.stdout.as_mut().unwrap();
    stdout.read_exact(&mut told).unwrap();
    assert_eq!(told, expected.as_bytes());
    process
}

#[test]
fn what_a_part_lost_before_its_sums_are_joined_ends_the_run_and_is_named() {
    let region = region();
    for lost in ["0000.json", "0000.sums"] {
        let out = tempfile::tempdir().unwrap();
        let one_after_the_other = ["--on-disk", "--threads", "1"];
        let arguments = region.arguments(&region.data(), out.path(), &one_after_the_other);
        let mut process = paused("AuditPartDone", arguments);
        let parts = out.path().join("parts");
        let done = fs::read(parts.join("0000.json")).unwrap();
        let done: serde_json::Value = serde_json::from_slice(&done).unwrap();
        fs::remove_file(parts.join(lost)).unwrap();
        process.stdin.take().unwrap().write_all(b"\n").unwrap();
        let ended = process.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        assert!(!parts.join("totals.json").exists());
        let (path, sums) = (parts.join(lost), &done["rows"]["sums"]);
        let path = path.display();
        let expected = match lost {
            "0000.json" => format!(
                "error: `{path}`, which said that a part is done, is gone\n\
                 hint: go on with `--resume`: what is missing is made anew\n"
            ),
            _ => format!(
                "error: `{path}` holds 0 rows, expected the {sums} that were written\n\
                 hint: files of a stopped run were lost or changed: begin a new one in another folder\n"
            ),
        };
        let told = String::from_utf8(ended.stderr).unwrap();
        assert!(told.ends_with(&expected), "{told}");
        if lost == "0000.json" {
            let folder = out.path().to_str().unwrap();
            region.host.run(&["audit", "--resume", folder]).done();
            assert_same(&planted(&region.data()), &found(out.path(), of_csv));
        }
    }
}

#[test]
fn ctrl_c_ends_a_run_at_once_and_says_how_it_goes_on() {
    let region = region();
    let out = tempfile::tempdir().unwrap();
    let process = paused(
        "AuditPart",
        region.arguments(&region.data(), out.path(), &[]),
    );
    let pid = rustix::process::Pid::from_child(&process);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let ended = process.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let folder = out.path().display();
    let expected = format!(
        "\nerror: stopped\nhint: the run is kept: `rulepack audit --resume {folder}` goes on with it, \
         from the beginning where memory held its rows\n"
    );
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), expected);
    let folder = out.path().to_str().unwrap();
    region.host.run(&["audit", "--resume", folder]).done();
    assert_same(&planted(&region.data()), &found(out.path(), of_csv));
}

#[test]
fn a_folder_in_gbk_is_read_where_that_is_said_and_else_refused() {
    let (region, data) = (region(), tempfile::tempdir().unwrap());
    fs::write(data.path().join("patients.csv"), "patient\nP1\n").unwrap();
    // 内科
    let encounters =
        b"encounter,patients,settlement-days,departments\nE1,P1,2026-06-01,\xc4\xda\xbf\xc6\n";
    fs::write(data.path().join("encounters.csv"), encounters).unwrap();
    let out = tempfile::tempdir().unwrap();
    let told = region.audit(data.path(), out.path(), &[]).failed();
    assert!(
        told.contains("column `departments` is not in UTF-8"),
        "{told}"
    );
    assert!(told.contains("say `--encoding gbk`"), "{told}");
    region
        .audit(data.path(), out.path(), &["--encoding", "gbk"])
        .failed();
    let out = tempfile::tempdir().unwrap();
    region
        .audit(data.path(), out.path(), &["--encoding", "gbk"])
        .done();
    let run = Run::read(out.path()).unwrap().unwrap();
    assert_eq!(
        (run.counts.encounters, run.tables["encounters"].rejected),
        (1, 0)
    );
}

#[test]
fn sums_that_are_brought_win_and_give_the_same_findings() {
    let region = region();
    let (data, made) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for entry in fs::read_dir(region.data()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, data.path().join(path.file_name().unwrap())).unwrap();
    }
    region.audit(data.path(), made.path(), &[]).done();
    fs::copy(
        made.path().join("totals.csv"),
        data.path().join("totals.csv"),
    )
    .unwrap();
    let brought = tempfile::tempdir().unwrap();
    region.audit(data.path(), brought.path(), &[]).done();
    let run = Run::read(brought.path()).unwrap().unwrap();
    assert_eq!(run.totals, Totals::Brought);
    assert_eq!(found(brought.path(), of_csv), found(made.path(), of_csv));
    let of_sums = findings(brought.path());
    let of_sums = of_sums
        .iter()
        .find(|finding| finding.offending[0].table == "totals");
    assert!(of_sums.unwrap().offending[0].key.starts_with("totals.csv:"));
    // Nobody has to bring them, so a second one that brings other sums is told apart by institution.
    let told = rulepack([
        "audit",
        "compare",
        made.path().to_str().unwrap(),
        brought.path().to_str().unwrap(),
    ])
    .done();
    assert!(told.contains("By institution"), "{told}");
}
