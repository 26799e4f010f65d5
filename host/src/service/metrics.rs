//! Counts for Prometheus. Labels are transactions, packs and rules: nothing of a request.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rulepack_engine::Readiness;
use rulepack_protocol::names::TargetPath;

use super::status::Status;
use crate::findings::Overrides;
use crate::review::report::RuleReference;

/// The text format of Prometheus.
pub(super) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
/// A call that could not be read, so that nobody knows its transaction.
pub(super) const REFUSED_UNREAD: (&str, Outcome) = ("unread", Outcome::Refused);

/// Upper bounds of the buckets, in milliseconds: a HIS waits at most a second or two.
const BUCKETS_MS: [u64; 10] = [1, 2, 5, 10, 25, 50, 100, 250, 1_000, 5_000];

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// Reviewed.
    Done,
    /// The request was at fault.
    Refused,
    /// This host was at fault.
    Failed,
}

/// What a call waits for, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// The request is read.
    Read,
    /// Its rows are made, with what is known of its patients.
    Rows,
    /// The packs run, and what they found is put into words.
    Review,
    /// What it tells of its encounters is kept.
    History,
    /// What was found is kept.
    Findings,
    /// The verdict is in the journal; what else is kept goes on meanwhile.
    Journal,
}

/// What was counted since the start.
#[derive(Debug, Default)]
pub(super) struct Metrics(Mutex<Counts>);

#[derive(Debug, Default, Clone)]
struct Counts {
    requests: BTreeMap<(&'static str, Outcome), u64>,
    findings: BTreeMap<(String, String), u64>,
    no_verdict: BTreeMap<String, u64>,
    /// Calls by the first bucket that they fit into; the last is for all longer ones.
    latencies: [u64; BUCKETS_MS.len() + 1],
    latency: Duration,
    parts: BTreeMap<Part, Duration>,
}

impl Metrics {
    /// Does a part of a call.
    pub(super) fn timed<T>(&self, part: Part, work: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let done = work();
        *self.counts().parts.entry(part).or_default() += begun.elapsed();
        done
    }

    /// A call was answered.
    pub(super) fn request(&self, key: (&'static str, Outcome), took: Duration) {
        let mut counts = self.counts();
        *counts.requests.entry(key).or_default() += 1;
        let fits = |bound: &u64| took <= Duration::from_millis(*bound);
        let bucket = BUCKETS_MS.iter().position(fits).unwrap_or(BUCKETS_MS.len());
        if let Some(count) = counts.latencies.get_mut(bucket) {
            *count += 1;
        }
        counts.latency = counts.latency.saturating_add(took);
    }

    /// A rule found something.
    pub(super) fn finding(&self, rule: &RuleReference) {
        let key = (rule.pack.pack().to_string(), rule.rule.clone());
        *self.counts().findings.entry(key).or_default() += 1;
    }

    /// A pack gave a patient no verdict.
    pub(super) fn no_verdict(&self, pack: &TargetPath) {
        let key = pack.pack().to_string();
        *self.counts().no_verdict.entry(key).or_default() += 1;
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        // Counts are good whatever happened to whom counted.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The page.
pub(super) fn render(
    metrics: &Metrics,
    readiness: Readiness,
    status: &Status,
    is_recording: bool,
) -> String {
    let counts = metrics.counts().clone();
    let mut page = Page::default();
    calls(&mut page, &counts);
    decisions(&mut page, &status.overrides);
    histogram(&mut page, &counts);
    parts(&mut page, &counts);
    instances(&mut page, readiness);
    page.family(
        "rulepack_active_packs",
        "gauge",
        "Packs in force today that can be used.",
    );
    let active = status.packs.iter().filter(|pack| pack.in_use).count();
    page.sample("rulepack_active_packs", &[], active);
    page.family(
        "rulepack_recording",
        "gauge",
        "1 while the journal can be written; without it nothing is answered.",
    );
    page.sample("rulepack_recording", &[], u8::from(is_recording));
    page.family(
        "rulepack_faults",
        "gauge",
        "Files of this host that are damaged or cannot be read; the status tells which.",
    );
    page.sample("rulepack_faults", &[], status.faults.len() as u64);
    history(&mut page, status);
    if let Some(age) = status.refresh_age_seconds {
        page.family(
            "rulepack_last_refresh_age_seconds",
            "gauge",
            "Since the registry last answered well.",
        );
        page.sample("rulepack_last_refresh_age_seconds", &[], age);
    }
    page.text
}

fn calls(page: &mut Page, counts: &Counts) {
    page.family(
        "rulepack_requests_total",
        "counter",
        "Calls by transaction and result.",
    );
    for ((infno, outcome), count) in &counts.requests {
        let labels = [("infno", *infno), ("result", outcome.word())];
        page.sample("rulepack_requests_total", &labels, count);
    }
    page.family("rulepack_findings_total", "counter", "Findings by rule.");
    for ((pack, rule), count) in &counts.findings {
        page.sample(
            "rulepack_findings_total",
            &[("pack", pack), ("rule", rule)],
            count,
        );
    }
    page.family(
        "rulepack_no_verdict_total",
        "counter",
        "Patients to whom a pack gave no verdict.",
    );
    for (pack, count) in &counts.no_verdict {
        page.sample("rulepack_no_verdict_total", &[("pack", pack)], count);
    }
}

fn history(page: &mut Page, status: &Status) {
    for (name, help, value) in [
        (
            "rulepack_history_encounters",
            "Encounters that requests told, kept for later ones.",
            status.history.encounters,
        ),
        (
            "rulepack_history_set_aside",
            "Damaged files of the history that are not looked at.",
            status.history.set_aside.len() as u64,
        ),
    ] {
        page.family(name, "gauge", help);
        page.sample(name, &[], value);
    }
}

/// Of all findings kept, not only of those since the start.
fn decisions(page: &mut Page, overrides: &[Overrides]) {
    const NAME: &str = "rulepack_decisions";
    page.family(
        NAME,
        "gauge",
        "Findings kept, by rule version and what was decided on them (3103).",
    );
    for rule in overrides {
        let (pack, version) = (
            rule.pack.pack().to_string(),
            rule.pack.version().to_string(),
        );
        let decided = rule.continued.saturating_add(rule.changed);
        let open = rule.findings.saturating_sub(decided);
        for (way, count) in [
            ("continued", rule.continued),
            ("changed", rule.changed),
            ("none", open),
        ] {
            let labels = [
                ("pack", &*pack),
                ("version", &*version),
                ("rule", &*rule.rule),
                ("decision", way),
            ];
            page.sample(NAME, &labels, count);
        }
    }
}

fn histogram(page: &mut Page, counts: &Counts) {
    const NAME: &str = "rulepack_request_seconds";
    page.family(NAME, "histogram", "Time until a call is answered.");
    let mut sum = 0;
    for (bound, count) in BUCKETS_MS.iter().zip(&counts.latencies) {
        sum += count;
        let seconds = format!("{}.{:03}", bound / 1_000, bound % 1_000);
        page.sample(&format!("{NAME}_bucket"), &[("le", &seconds)], sum);
    }
    let all: u64 = counts.latencies.iter().sum();
    page.sample(&format!("{NAME}_bucket"), &[("le", "+Inf")], all);
    page.sample(&format!("{NAME}_sum"), &[], counts.latency.as_secs_f64());
    page.sample(&format!("{NAME}_count"), &[], all);
}

fn parts(page: &mut Page, counts: &Counts) {
    const NAME: &str = "rulepack_request_part_seconds_total";
    page.family(NAME, "counter", "What calls waited for.");
    for (part, took) in &counts.parts {
        page.sample(NAME, &[("part", part.word())], took.as_secs_f64());
    }
}

fn instances(page: &mut Page, readiness: Readiness) {
    const NAME: &str = "rulepack_instances_total";
    page.family(
        NAME,
        "counter",
        "Instances of packs, by whether a call found one ready or waited until it was made.",
    );
    for (ready, count) in [("yes", readiness.found), ("no", readiness.missed)] {
        page.sample(NAME, &[("ready", ready)], count);
    }
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
            .collect();
        let labels = match labels.is_empty() {
            true => String::new(),
            false => format!("{{{}}}", labels.join(",")),
        };
        self.line(format_args!("{name}{labels} {value}\n"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        self.text.write_fmt(line).expect("a text can always grow");
    }
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
        }
    }
}

impl Part {
    fn word(self) -> &'static str {
        match self {
            Part::Read => "read",
            Part::Rows => "rows",
            Part::Review => "review",
            Part::History => "history",
            Part::Findings => "findings",
            Part::Journal => "journal",
        }
    }
}

fn escaped(label: &str) -> String {
    label
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
