//! A grouper after CHS-DRG 1.1, driven wholly by its tables (see [`Tables`]).
//!
//! The MDCs (主要诊断大类) are tried in the order of their rank. In an MDC whose gate is open, the ADRGs
//! (核心病组) are tried in theirs; the first whose condition holds takes the case. An MDC whose gate is open
//! but of which no ADRG takes the case is left for the next one. A case that nobody takes is ungroupable
//! (无法入组). Within the ADRG, the first DRG (细分组) whose level of complication is met is the group; an
//! ADRG none of whose DRGs is met is the group itself.
//!
//! Codes are of any type that can be compared: numbers in a pack, texts in a test.

mod code_list;
mod condition;
mod core_group;
mod major_category;
mod severity;
mod tables;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub use severity::{Level, SeverityTest};
pub use tables::{
    Complication, CoreGroup, CoreGroupCode, Group, List, MajorCategory, MajorCategoryDiagnosis,
    Tables,
};

use code_list::CodeList;
use condition::Truth;
use severity::Severity;

/// What the settlement list says of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case<'a, C> {
    /// The patient's gender.
    pub gender: Option<Gender>,
    /// Completed years at admission.
    pub age: Option<i32>,
    /// Days of life at admission, under one year.
    pub age_days: Option<i32>,
    /// Grams at admission, of a newborn.
    pub weight: Option<i32>,
    /// The principal one first.
    pub diagnoses: &'a [C],
    /// The principal one first.
    pub procedures: &'a [C],
}

/// 性别.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gender {
    /// 男
    Male,
    /// 女
    Female,
}

/// The group that a case belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grouping<C> {
    /// 主要诊断大类 (MDC).
    pub major_category: C,
    /// 核心病组 (ADRG).
    pub core_group: C,
    /// 细分组 (DRG); the ADRG itself where none of its DRGs is met.
    pub group: C,
    /// Complications that count beside the principal diagnosis.
    pub level: Level,
}

/// The group of a case, and what could change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome<C> {
    /// `None` for a case that is ungroupable (0000, 无法入组).
    pub grouping: Option<Grouping<C>>,
    /// What is not recorded although an MDC or ADRG that was passed over asks for it, the rest of its
    /// condition being met. The grouping takes such a condition as not met.
    pub unrecorded: BTreeSet<Fact>,
}

/// A fact about a case, beside its codes, that conditions ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// 性别
    Gender,
    /// 年龄(岁)
    Age,
    /// 年龄(天)
    AgeDays,
    /// 新生儿入院体重
    Weight,
}

/// Where a group stands among the groups of its ADRG.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<C> {
    /// 核心病组 (ADRG).
    pub core_group: C,
    /// From 0; a lower one asks for the graver complication.
    pub rank: usize,
}

/// Groups cases. Made by [`Grouper::new`] from the tables.
#[derive(Debug, Clone)]
pub struct Grouper<C> {
    major_categories: Vec<major_category::MajorCategory<C>>,
    valid_procedures: CodeList<C>,
    severity: Severity<C>,
    places: Vec<(C, Place<C>)>,
}

impl<C: Copy + Ord> Grouper<C> {
    /// The group of a case without principal diagnosis is none.
    #[must_use]
    pub fn group(&self, case: &Case<'_, C>) -> Outcome<C> {
        let mut unrecorded = BTreeSet::new();
        let mut holds = |truth: Truth| match truth {
            Truth::Yes => true,
            Truth::No => false,
            Truth::Unrecorded(fact) => {
                unrecorded.insert(fact);
                false
            }
        };
        for category in &self.major_categories {
            if !holds(category.opens(case, &self.valid_procedures)) {
                continue;
            }
            let mut core_groups = category.core_groups.iter();
            if let Some(core_group) =
                core_groups.find(|group| holds(group.takes(case, &self.valid_procedures)))
            {
                let level = self.severity.level(case.diagnoses);
                let grouping = Grouping {
                    major_category: category.code,
                    core_group: core_group.code,
                    group: core_group.group(level),
                    level,
                };
                let grouping = Some(grouping);
                return Outcome {
                    grouping,
                    unrecorded,
                };
            }
        }
        Outcome {
            grouping: None,
            unrecorded,
        }
    }

    /// The MDC of the principal diagnosis, where no MDC that the diagnosis opens has a place for the
    /// principal procedure, but others have. `None` where they agree, where the diagnosis opens no MDC, and
    /// where no ADRG lists the procedure.
    ///
    /// An MDC that does not look at diagnoses (transplants, ventilation) has a place for its procedures
    /// whatever the diagnosis; one with an ADRG for any valid procedure has a place for each of them.
    #[must_use]
    pub fn foreign_procedure(&self, diagnosis: C, procedure: C) -> Option<C> {
        let valid = self.valid_procedures.holds(procedure);
        let categories = self.major_categories.iter();
        let mut own = categories
            .clone()
            .filter(|category| category.may_open(diagnosis));
        let home = own
            .clone()
            .find(|category| category.lists_diagnosis(diagnosis))?;
        let foreign = !own.any(|category| category.accepts(procedure, valid))
            && categories
                .clone()
                .any(|category| category.lists_procedure(procedure));
        foreign.then_some(home.code)
    }

    /// Where a group, or an ADRG that stands for one, has its place; `None` where the tables do not have it.
    #[must_use]
    pub fn place(&self, group: C) -> Option<Place<C>> {
        let found = self.places.binary_search_by_key(&group, |(code, _)| *code);
        found
            .ok()
            .and_then(|index| self.places.get(index))
            .map(|(_, place)| *place)
    }
}
