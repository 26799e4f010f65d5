//! The knowledge tables of a grouper as rows, and a grouper made of them.
//!
//! The rows are those of the tables of `pack.toml`; their meaning is told in the documentation of the
//! importer of CHS-DRG tables.

use std::collections::BTreeMap;

use super::code_list::{CodeClasses, CodeList};
use super::condition::Clause;
use super::major_category::Gate;
use super::severity::{Entry, Severity};
use super::{Grouper, Level, Place, SeverityTest, core_group, major_category};

/// All tables of a grouper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables<C> {
    /// `mdc`
    pub major_categories: Vec<MajorCategory<C>>,
    /// `mdc_diagnoses`
    pub major_category_diagnoses: Vec<MajorCategoryDiagnosis<C>>,
    /// `adrg`
    pub core_groups: Vec<CoreGroup<C>>,
    /// `adrg_codes`
    pub core_group_codes: Vec<CoreGroupCode<C>>,
    /// `drg`
    pub groups: Vec<Group<C>>,
    /// `complications`
    pub complications: Vec<Complication<C>>,
    /// `valid_procedures`
    pub valid_procedures: Vec<C>,
}

/// A row of `mdc`: 主要诊断大类.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MajorCategory<C> {
    /// The MDC.
    pub code: C,
    /// Order among all.
    pub rank: i64,
    /// Clauses joined by `+`.
    pub gate: String,
}

/// A row of `mdc_diagnoses`: a principal diagnosis that opens an MDC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MajorCategoryDiagnosis<C> {
    /// The MDC.
    pub major_category: C,
    /// The diagnosis.
    pub diagnosis: C,
    /// The body site of the trauma, where the gate counts sites; else empty.
    pub site: String,
}

/// A row of `adrg`: 核心病组.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreGroup<C> {
    /// The ADRG.
    pub code: C,
    /// Its MDC.
    pub major_category: C,
    /// Order within the MDC.
    pub rank: i64,
    /// Clauses joined by `;`.
    pub condition: String,
}

/// A row of `adrg_codes`: a code of a list that a condition looks in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreGroupCode<C> {
    /// The ADRG.
    pub core_group: C,
    /// The list.
    pub list: List,
    /// The diagnosis or procedure.
    pub code: C,
    /// The class of a procedure, where the condition asks for classes; else 0.
    pub class: i64,
}

/// The lists of an ADRG.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// `diag`
    Diagnoses,
    /// `proc`
    Procedures,
    /// `proc2`
    SecondProcedures,
}

/// A row of `drg`: 细分组.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group<C> {
    /// The DRG.
    pub code: C,
    /// Its ADRG.
    pub core_group: C,
    /// Order within the ADRG.
    pub rank: i64,
    /// `always`, `mcc` or `mcc_or_cc`.
    pub severity: String,
}

/// A row of `complications`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complication<C> {
    /// The diagnosis.
    pub code: C,
    /// `MCC`, `CC` or empty.
    pub level: String,
    /// The class by which a principal diagnosis excludes it.
    pub self_class: Option<C>,
    /// The class that it excludes as principal diagnosis.
    pub exclusion_class: Option<C>,
}

impl List {
    /// Reads the word of the table.
    ///
    /// # Errors
    /// Names what is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "diag" => Ok(List::Diagnoses),
            "proc" => Ok(List::Procedures),
            "proc2" => Ok(List::SecondProcedures),
            _ => Err(format!("`{text}` is not a list of an ADRG")),
        }
    }
}

/// The lists of one ADRG as they are gathered.
struct Lists<C> {
    diagnoses: Vec<C>,
    procedures: Vec<C>,
    second_procedures: Vec<C>,
    classes: Vec<(C, i64)>,
}

impl<C> Default for Lists<C> {
    fn default() -> Self {
        let (diagnoses, procedures) = (Vec::new(), Vec::new());
        Lists {
            diagnoses,
            procedures,
            second_procedures: Vec::new(),
            classes: Vec::new(),
        }
    }
}

impl<C: Copy + Ord> Grouper<C> {
    /// Makes a grouper.
    ///
    /// # Errors
    /// Names the clause or word that is not one, and the row that belongs to nothing.
    pub fn new(tables: Tables<C>) -> Result<Self, String> {
        let places = places(&tables.groups, &tables.core_groups);
        let mut complications: Vec<(C, Entry<C>)> = Vec::with_capacity(tables.complications.len());
        for row in tables.complications {
            let level = Level::parse(&row.level)?;
            let (self_class, exclusion_class) = (row.self_class, row.exclusion_class);
            complications.push((
                row.code,
                Entry {
                    level,
                    self_class,
                    exclusion_class,
                },
            ));
        }
        complications.sort_unstable_by_key(|(code, _)| *code);
        let groups = by_rank(tables.groups, |row| (row.core_group, row.rank));
        let lists = lists(tables.core_group_codes);
        let core_groups = core_groups(tables.core_groups, lists, groups)?;
        let major_categories = major_categories(
            tables.major_categories,
            tables.major_category_diagnoses,
            core_groups,
        )?;
        Ok(Grouper {
            major_categories,
            valid_procedures: tables.valid_procedures.into_iter().collect(),
            severity: Severity(complications),
            places,
        })
    }
}

/// Rows by their owner, in the order of their rank.
fn by_rank<C: Copy + Ord, R>(rows: Vec<R>, key: impl Fn(&R) -> (C, i64)) -> BTreeMap<C, Vec<R>> {
    let mut owned: BTreeMap<C, Vec<R>> = BTreeMap::new();
    for row in rows {
        owned.entry(key(&row).0).or_default().push(row);
    }
    for rows in owned.values_mut() {
        rows.sort_by_key(|row| key(row).1);
    }
    owned
}

/// Where each DRG stands in its ADRG; an ADRG may stand for a group too, the least grave one.
fn places<C: Copy + Ord>(groups: &[Group<C>], core_groups: &[CoreGroup<C>]) -> Vec<(C, Place<C>)> {
    let mut places: BTreeMap<C, Place<C>> = BTreeMap::new();
    let place = |core_group, rank: i64| {
        let rank = usize::try_from(rank).unwrap_or(usize::MAX);
        Place { core_group, rank }
    };
    for row in core_groups {
        places.insert(row.code, place(row.code, i64::MAX));
    }
    for row in groups {
        places.insert(row.code, place(row.core_group, row.rank));
    }
    places.into_iter().collect()
}

fn lists<C: Copy + Ord>(rows: Vec<CoreGroupCode<C>>) -> BTreeMap<C, Lists<C>> {
    let mut lists: BTreeMap<C, Lists<C>> = BTreeMap::new();
    for row in rows {
        let own = lists.entry(row.core_group).or_default();
        match row.list {
            List::Diagnoses => own.diagnoses.push(row.code),
            List::Procedures => {
                own.procedures.push(row.code);
                if row.class != 0 {
                    own.classes.push((row.code, row.class));
                }
            }
            List::SecondProcedures => own.second_procedures.push(row.code),
        }
    }
    lists
}

fn core_groups<C: Copy + Ord>(
    rows: Vec<CoreGroup<C>>,
    mut lists: BTreeMap<C, Lists<C>>,
    mut groups: BTreeMap<C, Vec<Group<C>>>,
) -> Result<BTreeMap<C, Vec<core_group::CoreGroup<C>>>, String> {
    let mut core_groups = BTreeMap::new();
    for (category, rows) in by_rank(rows, |row| (row.major_category, row.rank)) {
        let mut own = Vec::with_capacity(rows.len());
        for row in rows {
            let lists = lists.remove(&row.code).unwrap_or_default();
            let mut tests = Vec::new();
            for group in groups.remove(&row.code).unwrap_or_default() {
                tests.push((group.code, SeverityTest::parse(&group.severity)?));
            }
            own.push(core_group::CoreGroup {
                code: row.code,
                condition: Clause::parse_all(&row.condition)?,
                diagnoses: lists.diagnoses.into_iter().collect(),
                procedures: lists.procedures.into_iter().collect(),
                second_procedures: lists.second_procedures.into_iter().collect(),
                classes: lists.classes.into_iter().collect(),
                groups: tests,
            });
        }
        core_groups.insert(category, own);
    }
    match (lists.is_empty(), groups.is_empty()) {
        (true, true) => Ok(core_groups),
        (false, _) => Err("`adrg_codes` has an ADRG that `adrg` does not have".to_owned()),
        (_, false) => Err("`drg` has an ADRG that `adrg` does not have".to_owned()),
    }
}

fn major_categories<C: Copy + Ord>(
    mut rows: Vec<MajorCategory<C>>,
    diagnoses: Vec<MajorCategoryDiagnosis<C>>,
    mut core_groups: BTreeMap<C, Vec<core_group::CoreGroup<C>>>,
) -> Result<Vec<major_category::MajorCategory<C>>, String> {
    rows.sort_by_key(|row| row.rank);
    let mut owned = by_rank(diagnoses, |row| (row.major_category, 0));
    let mut categories = Vec::with_capacity(rows.len());
    for row in rows {
        let diagnoses = owned.remove(&row.code).unwrap_or_default();
        categories.push(major_category::MajorCategory {
            code: row.code,
            gate: Gate::parse_all(&row.gate)?,
            sites: sites(&diagnoses),
            diagnoses: diagnoses
                .iter()
                .map(|row| row.diagnosis)
                .collect::<CodeList<C>>(),
            core_groups: core_groups.remove(&row.code).unwrap_or_default(),
        });
    }
    match (owned.is_empty(), core_groups.is_empty()) {
        (true, true) => Ok(categories),
        (false, _) => Err("`mdc_diagnoses` has an MDC that `mdc` does not have".to_owned()),
        (_, false) => Err("`adrg` has an MDC that `mdc` does not have".to_owned()),
    }
}

/// The sites of each diagnosis, each site by a number of its own.
fn sites<C: Copy + Ord>(diagnoses: &[MajorCategoryDiagnosis<C>]) -> CodeClasses<C> {
    let mut numbers: BTreeMap<&str, i64> = BTreeMap::new();
    let named = diagnoses.iter().filter(|row| !row.site.is_empty());
    for (number, row) in (0..).zip(named.clone()) {
        numbers.entry(&row.site).or_insert(number);
    }
    let number = |row: &MajorCategoryDiagnosis<C>| numbers.get(row.site.as_str()).copied();
    named
        .filter_map(|row| Some((row.diagnosis, number(row)?)))
        .collect()
}
