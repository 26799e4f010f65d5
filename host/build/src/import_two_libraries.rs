//! Turns the published knowledge points of the two libraries (两库) into the knowledge tables of pack
//! `national-library`.
//!
//! # From what
//!
//! | file | becomes |
//! |---|---|
//! | `rule_catalog_2025.tsv` | the ids of the rules: `NL-` and the number in the catalogue |
//! | `knowledge_points.tsv` | `limits`, `evidence` and `window-limits`, one row for each code |
//! | `service_item_duplicate_pairs.tsv` | `pairs` of NL-25 |
//! | `service_item_frequency.tsv` | `window-limits` of NL-27: so many in a calendar day |
//! | `service_item_period_frequency.tsv` | `window-limits` of NL-31: so many in a period |
//! | `service_item_course_limit.tsv` | `window-limits` of NL-23: so many days in a course |
//! | `surgery_same_incision_discount_groups.tsv` | `groups` of NL-15 |
//!
//! The declarations of the tables stand in the manifest of the pack. Table `line-limits` has no public
//! source and comes out empty.
//!
//! # How they are read
//!
//! - A knowledge point is in force from the day on which its batch was published. Of batches 13 to 17
//!   only the last day is known, and taken for all; lists without a batch are in force always.
//! - 限支付疗程: the days are those of one stay where the text says 单次, else of one course.
//! - 限医疗机构级别 and 限就医方式 without a parameter: the lowest grade that the text names, and hospital
//!   where the text names 住院. 限年龄 names the legal working age, of which only the beginning (16) is fixed.
//! - A limit that is told in words only becomes a row of `evidence` without a code: the pack reminds of
//!   it. What has no code, or no parameter that can be read, is left out and counted.

use std::collections::BTreeMap;
use std::path::Path;

use crate::published::{ImportError, Rows, TableFile, refused};

/// The file by which the published layout is recognised.
pub const CATALOGUE: &str = "rule_catalog_2025.tsv";

const LIMITS: [&str; 8] = [
    "rule",
    "code",
    "value",
    "minimum",
    "maximum",
    "valid_from",
    "valid_to",
    "basis",
];
const EVIDENCE: [&str; 8] = [
    "rule",
    "code",
    "alternative",
    "source",
    "needed",
    "valid_from",
    "valid_to",
    "basis",
];
const WINDOW_LIMITS: [&str; 10] = [
    "rule",
    "code",
    "subject",
    "measure",
    "maximum",
    "window",
    "span",
    "valid_from",
    "valid_to",
    "basis",
];
const LINE_LIMITS: [&str; 8] = [
    "rule",
    "code",
    "measure",
    "maximum",
    "unit",
    "valid_from",
    "valid_to",
    "basis",
];
const PAIRS: [&str; 8] = [
    "rule",
    "main",
    "other",
    "scope",
    "span",
    "valid_from",
    "valid_to",
    "basis",
];
const GROUPS: [&str; 6] = ["rule", "group", "code", "valid_from", "valid_to", "basis"];

/// When the batches were published.
const BATCHES: [(&str, &str); 18] = [
    ("01", "2025-05-23"),
    ("02", "2025-07-22"),
    ("03", "2025-07-30"),
    ("04", "2025-08-08"),
    ("05", "2025-08-14"),
    ("06", "2025-08-26"),
    ("07", "2025-12-12"),
    ("08", "2026-01-06"),
    ("upd2026-01", "2026-01-28"),
    ("09", "2026-04-21"),
    ("10", "2026-04-28"),
    ("11", "2026-05-11"),
    ("12", "2026-05-23"),
    ("13", "2026-06-29"),
    ("14", "2026-06-29"),
    ("15", "2026-06-29"),
    ("16", "2026-06-29"),
    ("17", "2026-06-29"),
];

/// The tables, and what could not be read.
#[derive(Debug)]
pub struct Imported {
    /// The six tables.
    pub files: Vec<TableFile>,
    /// Knowledge points left out, for they have no code or no parameter that can be read.
    pub left_out: usize,
}

/// A line of `knowledge_points.tsv`.
struct Point<'a> {
    id: &'a str,
    rule_name: &'a str,
    batch: &'a str,
    parameter: &'a str,
    basis: &'a str,
    codes: Vec<&'a str>,
}

/// What a knowledge point says of each of its codes.
enum Meaning {
    /// Value, minimum, maximum.
    Limit(&'static str, &'static str, &'static str),
    /// In words only.
    Words,
    /// Days, window.
    Course(String, &'static str),
}

/// The tables, made from the published files in `folder`.
///
/// # Errors
/// [`ImportError`] where a file is missing or holds what the tables cannot express.
pub fn import(folder: &Path) -> Result<Imported, ImportError> {
    let rules = rules(folder)?;
    let mut tables = Tables {
        limits: Rows::new("limits.csv", &LIMITS),
        evidence: Rows::new("evidence.csv", &EVIDENCE),
        window_limits: Rows::new("window-limits.csv", &WINDOW_LIMITS),
        pairs: Rows::new("pairs.csv", &PAIRS),
        groups: Rows::new("groups.csv", &GROUPS),
        left_out: 0,
    };
    tables.points(folder, &rules)?;
    tables.frequencies(folder)?;
    tables.courses(folder)?;
    tables.pairs(folder)?;
    tables.groups(folder)?;
    let line_limits = Rows::new("line-limits.csv", &LINE_LIMITS);
    let files = [
        tables.limits,
        tables.evidence,
        tables.window_limits,
        line_limits,
        tables.pairs,
        tables.groups,
    ];
    let files: Result<Vec<TableFile>, ImportError> = files.into_iter().map(Rows::finish).collect();
    Ok(Imported {
        files: files?,
        left_out: tables.left_out,
    })
}

/// The id of each rule by its name.
fn rules(folder: &Path) -> Result<BTreeMap<String, String>, ImportError> {
    let mut rules = BTreeMap::new();
    for row in read::<4>(folder, CATALOGUE, ["seq", "tier1", "tier2", "rule_name"])? {
        let [number, _, _, name] = row;
        let place = format!("{CATALOGUE}[{name}].seq");
        let number: u8 = number
            .parse()
            .map_err(|_| refused(place, &number, "the number of a rule"))?;
        rules.insert(name, format!("NL-{number:02}"));
    }
    Ok(rules)
}

struct Tables {
    limits: Rows,
    evidence: Rows,
    window_limits: Rows,
    pairs: Rows,
    groups: Rows,
    left_out: usize,
}

impl Tables {
    fn points(
        &mut self,
        folder: &Path,
        rules: &BTreeMap<String, String>,
    ) -> Result<(), ImportError> {
        let file = "knowledge_points.tsv";
        let columns = ["kp_id", "rule_name", "batch", "param", "basis", "codes"];
        for row in read::<6>(folder, file, columns)? {
            let [id, rule_name, batch, parameter, basis, codes] = &row;
            let point = Point {
                id,
                rule_name,
                batch,
                parameter,
                basis,
                codes: codes.split_whitespace().collect(),
            };
            let Some(rule) = rules.get(point.rule_name) else {
                let place = format!("{file}[{id}].rule_name");
                return Err(refused(place, rule_name, "a rule of the catalogue"));
            };
            let known = BATCHES.iter().find(|(batch, _)| *batch == point.batch);
            let Some((_, from)) = known else {
                let place = format!("{file}[{id}].batch");
                return Err(refused(place, batch, "a batch whose day is known"));
            };
            match meaning(&point)? {
                Some(meaning) if !point.codes.is_empty() => {
                    self.point(rule, from, &point, &meaning)
                }
                _ => self.left_out += 1,
            }
        }
        Ok(())
    }

    fn point(&mut self, rule: &str, from: &str, point: &Point<'_>, meaning: &Meaning) {
        for code in &point.codes {
            match meaning {
                Meaning::Limit(value, minimum, maximum) => {
                    let row = [rule, code, value, minimum, maximum, from, "", point.basis];
                    self.limits.push(row);
                }
                Meaning::Words => {
                    let row = [rule, code, "1", "diagnosis", "", from, "", point.basis];
                    self.evidence.push(row);
                }
                Meaning::Course(days, window) => {
                    self.window_limits.push([
                        rule,
                        code,
                        point.id,
                        "days",
                        days,
                        window,
                        "",
                        from,
                        "",
                        point.basis,
                    ]);
                }
            }
        }
    }

    fn frequencies(&mut self, folder: &Path) -> Result<(), ImportError> {
        let file = "service_item_frequency.tsv";
        for [count, unit, code] in read::<3>(folder, file, ["max_cnt", "unit", "code"])? {
            // Hours are charged one by one, so that many of them make a day; a day is charged once.
            if !["小时", "日", "天"].contains(&unit.as_str()) {
                return Err(refused(
                    format!("{file}[{code}].unit"),
                    unit,
                    "`小时`, `日` or `天`",
                ));
            }
            let count = number(&count, || format!("{file}[{code}].max_cnt"))?;
            self.window_limits.push([
                "NL-27", &code, &code, "quantity", &count, "days", "1", "", "", "",
            ]);
        }
        let file = "service_item_period_frequency.tsv";
        let columns = ["max_cnt", "period_days", "basis", "code"];
        for [count, days, basis, code] in read::<4>(folder, file, columns)? {
            let count = number(&count, || format!("{file}[{code}].max_cnt"))?;
            let days = number(&days, || format!("{file}[{code}].period_days"))?;
            self.window_limits.push([
                "NL-31", &code, &code, "quantity", &count, "days", &days, "", "", &basis,
            ]);
        }
        Ok(())
    }

    fn courses(&mut self, folder: &Path) -> Result<(), ImportError> {
        let file = "service_item_course_limit.tsv";
        for [text, code] in read::<2>(folder, file, ["limit_text", "code"])? {
            let Some(days) = days_in(&text) else {
                let place = format!("{file}[{code}].limit_text");
                return Err(refused(
                    place,
                    text,
                    "`不超过` and a number of days, or a year",
                ));
            };
            self.window_limits.push([
                "NL-23", &code, &code, "days", &days, "course", "", "", "", &text,
            ]);
        }
        Ok(())
    }

    fn pairs(&mut self, folder: &Path) -> Result<(), ImportError> {
        let file = "service_item_duplicate_pairs.tsv";
        let columns = ["scope", "main_code", "other_code", "basis"];
        for [scope, main, other, basis] in read::<4>(folder, file, columns)? {
            let (scope, span) = match scope.as_str() {
                "单日" => ("day", ""),
                "单次就诊" => ("visit", ""),
                "6小时" => ("hours", "6"),
                "同一小时" => ("same-hour", ""),
                _ => {
                    let place = format!("{file}[{main}].scope");
                    return Err(refused(place, scope, "a scope that the rule knows"));
                }
            };
            self.pairs
                .push(["NL-25", &main, &other, scope, span, "", "", &basis]);
        }
        Ok(())
    }

    fn groups(&mut self, folder: &Path) -> Result<(), ImportError> {
        let file = "surgery_same_incision_discount_groups.tsv";
        for [code, group] in read::<2>(folder, file, ["code", "group"])? {
            self.groups.push(["NL-15", &group, &code, "", "", ""]);
        }
        Ok(())
    }
}

/// What a knowledge point says, or `None` where it does not say it readably.
fn meaning(point: &Point<'_>) -> Result<Option<Meaning>, ImportError> {
    let place = || format!("knowledge_points.tsv[{}].param", point.id);
    let says = |word: &str| point.parameter.contains(word) || point.basis.contains(word);
    Ok(match point.rule_name {
        "药品限工伤保险"
        | "药品限生育保险"
        | "中药饮片单复方均不予支付"
        | "中药饮片单方使用不予支付"
        | "超互联网医院药品支付范围"
        | "药品限儿童使用"
        | "药品儿童专用"
        | "医疗服务项目儿童专用" => Some(Meaning::Limit("", "", "")),
        "药品区分性别使用" | "医疗服务项目区分性别使用" => {
            match point.parameter {
                "男" => Some(Meaning::Limit("1", "", "")),
                "女" => Some(Meaning::Limit("2", "", "")),
                "" => None,
                other => return Err(refused(place(), other, "`男` or `女`")),
            }
        }
        "药品限医疗机构级别" => match () {
            () if says("一级") => Some(Meaning::Limit("", "1", "")),
            () if says("二级") => Some(Meaning::Limit("", "2", "")),
            () if says("三级") => Some(Meaning::Limit("", "3", "")),
            () => None,
        },
        "药品限就医方式" => says("住院").then_some(Meaning::Limit("2", "", "")),
        "医疗服务项目限年龄" => {
            says("法定就业年龄").then_some(Meaning::Limit("", "16", ""))
        }
        "药品限二线使用" | "药品限适应症" => Some(Meaning::Words),
        "药品限支付疗程" => match point.parameter.strip_suffix('天') {
            Some(days) => {
                let window = if says("单次") { "visit" } else { "course" };
                Some(Meaning::Course(number(days, place)?, window))
            }
            None => None,
        },
        other => {
            let place = format!("knowledge_points.tsv[{}].rule_name", point.id);
            return Err(refused(
                place,
                other,
                "a rule whose knowledge points are known",
            ));
        }
    })
}

/// The days of 不超过30天 or 不超过一年.
fn days_in(text: &str) -> Option<String> {
    let (_, after) = text.split_once("不超过")?;
    if after.starts_with("一年") {
        return Some("365".to_owned());
    }
    let (days, _) = after.split_once('天')?;
    let plain = !days.is_empty() && days.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| days.to_owned())
}

fn number(text: &str, place: impl FnOnce() -> String) -> Result<String, ImportError> {
    match text.parse::<u32>() {
        Ok(number) => Ok(number.to_string()),
        Err(_) => Err(refused(place(), text, "a whole number")),
    }
}

/// These columns of a tab-separated file, without quotes, by the names of its header.
fn read<const N: usize>(
    folder: &Path,
    file: &str,
    columns: [&str; N],
) -> Result<Vec<[String; N]>, ImportError> {
    let path = folder.join(file);
    let text = std::fs::read(&path).map_err(|source| ImportError::Read {
        path: path.clone(),
        source,
    })?;
    let failed = |source| ImportError::Csv {
        path: path.clone(),
        source,
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b'\t')
        .quoting(false)
        .from_reader(text.as_slice());
    let header = reader.headers().map_err(failed)?.clone();
    let mut places = [0; N];
    for (place, column) in places.iter_mut().zip(columns) {
        let found = header.iter().position(|name| name == column);
        *place = found.ok_or_else(|| refused(file, column, "a column of the header"))?;
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(failed)?;
        let cell = |place: usize| record.get(place).unwrap_or_default().trim().to_owned();
        rows.push(places.map(cell));
    }
    Ok(rows)
}

#[cfg(test)]
#[path = "import_two_libraries_tests.rs"]
mod tests;
