//! An ADRG (核心病组): its condition, the lists that the condition looks in, and its DRGs.

use super::code_list::{CodeClasses, CodeList};
use super::condition::{Clause, Truth};
use super::severity::SeverityTest;
use super::{Case, Level};

/// An ADRG, ready to be asked.
#[derive(Debug, Clone)]
pub(super) struct CoreGroup<C> {
    pub(super) code: C,
    pub(super) condition: Vec<Clause>,
    /// List `diag`.
    pub(super) diagnoses: CodeList<C>,
    /// List `proc`.
    pub(super) procedures: CodeList<C>,
    /// List `proc2`.
    pub(super) second_procedures: CodeList<C>,
    /// Classes of the procedures in list `proc`, where the condition asks for them.
    pub(super) classes: CodeClasses<C>,
    /// The DRGs in the order in which they are tried.
    pub(super) groups: Vec<(C, SeverityTest)>,
}

impl<C: Copy + Ord> CoreGroup<C> {
    /// Whether the condition holds.
    pub(super) fn takes(&self, case: &Case<'_, C>, valid: &CodeList<C>) -> Truth {
        Truth::all(
            self.condition
                .iter()
                .map(|clause| self.meets(clause, case, valid)),
        )
    }

    /// The first DRG whose level of complication is met, else the ADRG itself.
    pub(super) fn group(&self, level: Level) -> C {
        let met = self.groups.iter().find(|(_, test)| test.met(level));
        met.map_or(self.code, |(code, _)| *code)
    }

    /// Whether a procedure stands in one of the lists.
    pub(super) fn lists_procedure(&self, procedure: C) -> bool {
        self.procedures.holds(procedure) || self.second_procedures.holds(procedure)
    }

    /// Whether any procedure that counts as surgery may lead here.
    pub(super) fn takes_any_valid_procedure(&self) -> bool {
        self.condition.contains(&Clause::MainProcedureValid)
    }

    /// A clause whose list is empty always holds.
    fn meets(&self, clause: &Clause, case: &Case<'_, C>, valid: &CodeList<C>) -> Truth {
        let any = |list: &CodeList<C>, codes: &[C]| list.is_empty() || list.holds_any(codes);
        let holds = match clause {
            Clause::MainDiagnosis => any(&self.diagnoses, principal(case.diagnoses)),
            Clause::AnyDiagnosis => any(&self.diagnoses, case.diagnoses),
            Clause::MainProcedure => any(&self.procedures, principal(case.procedures)),
            Clause::AnyProcedure => any(&self.procedures, case.procedures),
            Clause::AnyProcedure2 => any(&self.second_procedures, case.procedures),
            Clause::MainProcedureValid => valid.holds_any(principal(case.procedures)),
            Clause::NoValidProcedure => !valid.holds_any(case.procedures),
            Clause::ProcedureClasses(alternatives) => self.meets_classes(alternatives, case),
            Clause::Compare(fact, comparison, bound) => {
                return Clause::compare(case, *fact, *comparison, *bound);
            }
        };
        holds.into()
    }

    /// Each procedure in list `proc` stands for its classes; together they must satisfy a conjunction.
    fn meets_classes(&self, alternatives: &[Vec<i64>], case: &Case<'_, C>) -> bool {
        if self.classes.is_empty() {
            return true;
        }
        let met = self.classes.met_by(case.procedures);
        alternatives
            .iter()
            .any(|classes| classes.iter().all(|class| met.contains(class)))
    }
}

/// The first code, or none.
pub(super) fn principal<C>(codes: &[C]) -> &[C] {
    codes.get(..1).unwrap_or_default()
}
