//! The knowledge tables: rows of all rules, found by the code that they are about.

use rulepack_sdk::prelude::*;

use crate::binding::BINDINGS;
use crate::evaluators::Catalogue;
use crate::lines::Line;

/// The places of the tables in the manifest.
pub mod place {
    /// `limits`
    pub const LIMITS: u8 = 0;
    /// `evidence`
    pub const EVIDENCE: u8 = 1;
    /// `window-limits`
    pub const WINDOW_LIMITS: u8 = 2;
    /// `line-limits`
    pub const LINE_LIMITS: u8 = 3;
    /// `pairs`
    pub const PAIRS: u8 = 4;
    /// `groups`
    pub const GROUPS: u8 = 5;
}

/// All that the tables hold.
#[derive(Debug)]
pub struct Knowledge {
    /// What an item, diagnosis or procedure is limited to.
    pub limits: Index<Limit>,
    /// What justifies or forbids an item, diagnosis or procedure.
    pub evidence: Index<Evidence>,
    /// Sums over windows.
    pub window_limits: Index<WindowLimit>,
    /// Limits of one line.
    pub line_limits: Index<LineLimit>,
    /// Items that exclude each other; found by either.
    pub pairs: Index<Pair>,
    /// Members of groups.
    pub groups: Index<Member>,
    /// How many members each group of a rule has.
    pub part_counts: Map<(usize, Code), usize>,
    /// What each chronic disease covers.
    pub chronic_catalogue: Catalogue,
}

/// Rows by code.
#[derive(Debug)]
pub struct Index<T> {
    rows: Map<Code, Vec<Entry<T>>>,
}

/// A row of knowledge.
#[derive(Debug, Clone)]
pub struct Entry<T> {
    /// Place of the rule among the bindings.
    pub rule: usize,
    /// Place of the row in its table.
    pub row: usize,
    /// When it is in force.
    pub validity: Validity,
    /// What it says.
    pub value: T,
}

/// A row of `limits`.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// A word of the dictionary that the rule compares with.
    pub value: Option<Code>,
    /// The smallest number allowed.
    pub minimum: Option<i64>,
    /// The largest number allowed.
    pub maximum: Option<i64>,
}

/// A row of `evidence`.
#[derive(Debug, Clone, Copy)]
pub struct Evidence {
    /// Rows of one alternative must all hold; one alternative is enough.
    pub alternative: i64,
    /// Where it is looked for.
    pub source: Source,
    /// The code; `None` where the limit is told in words only.
    pub code: Option<Code>,
}

/// Where evidence is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Any diagnosis.
    Diagnosis,
    /// The principal diagnosis.
    PrincipalDiagnosis,
    /// Any procedure.
    Procedure,
    /// Another item.
    Item,
    /// An abnormal laboratory result of this test.
    AbnormalResult,
}

/// A row of `window-limits`.
#[derive(Debug, Clone, Copy)]
pub struct WindowLimit {
    /// Items of one subject are summed together.
    pub subject: Code,
    /// What is summed.
    pub measure: Measured,
    /// How much is allowed.
    pub maximum: Quantity,
    /// Over what.
    pub window: Window,
}

/// What a window sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measured {
    /// Billing units.
    Quantity,
    /// Days of use.
    Days,
    /// CNY inside the scope of the fund.
    Amount,
}

/// What a sum is taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// So many calendar days up to the line.
    Days(i32),
    /// So many hours up to the line.
    Hours(i64),
    /// The visit or stay.
    Visit,
    /// Use without a longer gap than parameter `course_gap_days`.
    Course,
    /// The calendar year.
    Year,
}

/// A row of `line-limits`.
#[derive(Debug, Clone, Copy)]
pub struct LineLimit {
    /// What is compared.
    pub measure: LineMeasure,
    /// How much is allowed.
    pub maximum: Quantity,
    /// The unit of a dose.
    pub unit: Option<Code>,
}

/// What of a line is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineMeasure {
    /// Days that it lasts.
    SupplyDays,
    /// Billing units.
    Quantity,
    /// What is taken in a day.
    DailyDose,
}

/// A row of `pairs`, seen from one of its items.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    /// The item that must not stand beside `main`.
    pub other: Code,
    /// How near is too near.
    pub scope: PairScope,
}

/// How near two items are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairScope {
    /// One calendar day (单日).
    Day,
    /// One visit or stay (单次就诊).
    Visit,
    /// So many hours.
    Hours(i64),
    /// The same hour of the clock (同一小时).
    SameHour,
    /// One prescription.
    Prescription,
    /// While either still lasts.
    Overlap,
}

/// A row of `groups`.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// The group: of a bundle the code of the whole.
    pub group: Code,
}

impl<T> Entry<T> {
    /// Whether its rule judges at this stage of care.
    fn judges_at(&self, stage: Stage) -> bool {
        let binding = BINDINGS.get(self.rule);
        binding.is_some_and(|binding| binding.since <= stage)
    }
}

impl<T> Index<T> {
    /// The rows of these codes that are in force on a day, of rules that judge at this stage.
    pub fn on(
        &self,
        codes: impl IntoIterator<Item = Code>,
        day: Day,
        stage: Stage,
    ) -> impl Iterator<Item = &Entry<T>> {
        let rows = codes.into_iter().filter_map(|code| self.rows.get(&code));
        rows.flatten()
            .filter(move |entry| entry.judges_at(stage) && entry.validity.includes(day))
    }

    /// The rows about a line: by its item, and by the name that its first ten characters are.
    pub fn about(&self, line: &Line, stage: Stage) -> impl Iterator<Item = &Entry<T>> {
        let name = line.name.filter(|name| *name != line.item);
        let codes = [Some(line.item), name].into_iter().flatten();
        let rows = codes.filter_map(|code| self.rows.get(&code)).flatten();
        let day = line.day;
        rows.filter(move |entry| {
            entry.judges_at(stage) && day.is_none_or(|day| entry.validity.includes(day))
        })
    }

    #[inline(never)]
    fn read(
        setup: &Setup,
        name: &str,
        key: &str,
        value: impl Fn(usize) -> Result<T, String>,
    ) -> Result<Self, String> {
        let table = setup.table(name)?;
        let rules = Rules::new(setup)?;
        let mut rows: Map<Code, Vec<Entry<T>>> = Map::default();
        let codes = table.codes(key)?.into_iter().zip(table.codes("rule")?);
        for (row, ((code, rule), validity)) in codes.zip(table.validity()?).enumerate() {
            let told = |problem: String| format!("table `{name}` row {}: {problem}", row + 1);
            rows.entry(code).or_default().push(Entry {
                rule: rules.place(rule).map_err(told)?,
                row,
                validity,
                value: value(row).map_err(told)?,
            });
        }
        Ok(Index { rows })
    }
}

/// The places of the rules by the codes of their ids.
struct Rules<'a> {
    setup: &'a Setup,
    places: Map<Code, usize>,
}

impl<'a> Rules<'a> {
    fn new(setup: &'a Setup) -> Result<Self, String> {
        let codes = setup.codes(BINDINGS.map(|binding| binding.rule))?;
        let places = codes.into_iter().zip(0..).collect();
        Ok(Rules { setup, places })
    }

    fn place(&self, rule: Code) -> Result<usize, String> {
        self.places.get(&rule).copied().ok_or_else(|| {
            let text = self.setup.texts(&[rule]).pop().unwrap_or_default();
            format!("column `rule` is `{text}`, expected `NL-01` to `NL-88`")
        })
    }
}

impl Knowledge {
    /// Reads all tables.
    ///
    /// # Errors
    /// A message that names table, row and column of what no rule understands.
    pub fn read(setup: &Setup) -> Result<Self, String> {
        let groups = groups(setup)?;
        let mut part_counts: Map<(usize, Code), usize> = Map::default();
        for entries in groups.rows.values() {
            let of = |entry: &Entry<Member>| (entry.rule, entry.value.group);
            let mut memberships: Vec<(usize, Code)> = entries.iter().map(of).collect();
            memberships.sort_unstable();
            memberships.dedup();
            for membership in memberships {
                *part_counts.entry(membership).or_default() += 1;
            }
        }
        Ok(Knowledge {
            limits: limits(setup)?,
            evidence: evidence(setup)?,
            window_limits: window_limits(setup)?,
            line_limits: line_limits(setup)?,
            pairs: pairs(setup)?,
            groups,
            part_counts,
            chronic_catalogue: Catalogue::read(setup)?,
        })
    }
}

#[inline(never)]
fn limits(setup: &Setup) -> Result<Index<Limit>, String> {
    let table = setup.table("limits")?;
    let values = table.optional_codes("value")?;
    let minima = table.optional_integers("minimum")?;
    let maxima = table.optional_integers("maximum")?;
    Index::read(setup, "limits", "code", |row| {
        Ok(Limit {
            value: values.get(row).copied().flatten(),
            minimum: minima.get(row).copied().flatten(),
            maximum: maxima.get(row).copied().flatten(),
        })
    })
}

#[inline(never)]
fn evidence(setup: &Setup) -> Result<Index<Evidence>, String> {
    let table = setup.table("evidence")?;
    let alternatives = table.integers("alternative")?;
    let sources = table.texts("source")?;
    let codes = table.optional_codes("needed")?;
    Index::read(setup, "evidence", "code", |row| {
        Ok(Evidence {
            alternative: at(&alternatives, row)?,
            source: match text(&sources, row) {
                "diagnosis" => Source::Diagnosis,
                "principal-diagnosis" => Source::PrincipalDiagnosis,
                "procedure" => Source::Procedure,
                "item" => Source::Item,
                "abnormal-result" => Source::AbnormalResult,
                other => return Err(refused("source", other)),
            },
            code: codes.get(row).copied().flatten(),
        })
    })
}

#[inline(never)]
fn window_limits(setup: &Setup) -> Result<Index<WindowLimit>, String> {
    let table = setup.table("window-limits")?;
    let subjects = table.codes("subject")?;
    let measures = table.texts("measure")?;
    let maxima = table.quantities("maximum")?;
    let windows = table.texts("window")?;
    let spans = table.optional_integers("span")?;
    Index::read(setup, "window-limits", "code", |row| {
        let span = || {
            let span = spans.get(row).copied().flatten();
            let span = span.and_then(|span| i32::try_from(span).ok());
            span.filter(|span| (1..=36_500).contains(span))
                .ok_or_else(|| "column `span` is empty or not from 1 to 36500".to_owned())
        };
        Ok(WindowLimit {
            subject: at(&subjects, row)?,
            measure: match text(&measures, row) {
                "quantity" => Measured::Quantity,
                "days" => Measured::Days,
                "amount" => Measured::Amount,
                other => return Err(refused("measure", other)),
            },
            maximum: at(&maxima, row)?,
            window: match text(&windows, row) {
                "days" => Window::Days(span()?),
                "hours" => Window::Hours(i64::from(span()?)),
                "visit" => Window::Visit,
                "course" => Window::Course,
                "year" => Window::Year,
                other => return Err(refused("window", other)),
            },
        })
    })
}

#[inline(never)]
fn line_limits(setup: &Setup) -> Result<Index<LineLimit>, String> {
    let table = setup.table("line-limits")?;
    let measures = table.texts("measure")?;
    let maxima = table.quantities("maximum")?;
    let units = table.optional_codes("unit")?;
    Index::read(setup, "line-limits", "code", |row| {
        Ok(LineLimit {
            measure: match text(&measures, row) {
                "supply-days" => LineMeasure::SupplyDays,
                "quantity" => LineMeasure::Quantity,
                "daily-dose" => LineMeasure::DailyDose,
                other => return Err(refused("measure", other)),
            },
            maximum: at(&maxima, row)?,
            unit: units.get(row).copied().flatten(),
        })
    })
}

#[inline(never)]
fn pairs(setup: &Setup) -> Result<Index<Pair>, String> {
    let table = setup.table("pairs")?;
    let others = table.codes("other")?;
    let scopes = table.texts("scope")?;
    let spans = table.optional_integers("span")?;
    Index::read(setup, "pairs", "main", |row| {
        let hours = || {
            let span = spans.get(row).copied().flatten();
            span.filter(|span| (1..=8_760).contains(span))
                .ok_or_else(|| "column `span` is empty or not from 1 to 8760".to_owned())
        };
        Ok(Pair {
            other: at(&others, row)?,
            scope: match text(&scopes, row) {
                "day" => PairScope::Day,
                "visit" => PairScope::Visit,
                "hours" => PairScope::Hours(hours()?),
                "same-hour" => PairScope::SameHour,
                "prescription" => PairScope::Prescription,
                "overlap" => PairScope::Overlap,
                other => return Err(refused("scope", other)),
            },
        })
    })
}

#[inline(never)]
fn groups(setup: &Setup) -> Result<Index<Member>, String> {
    let table = setup.table("groups")?;
    let groups = table.codes("group")?;
    Index::read(setup, "groups", "code", |row| {
        Ok(Member {
            group: at(&groups, row)?,
        })
    })
}

fn at<T: Copy>(values: &[T], row: usize) -> Result<T, String> {
    let value = values.get(row).copied();
    value.ok_or_else(|| "the row is not there".to_owned())
}

fn text(values: &[String], row: usize) -> &str {
    values.get(row).map_or("", String::as_str)
}

fn refused(column: &str, value: &str) -> String {
    format!("column `{column}` is `{value}`, which no rule understands")
}
