//! An MDC (主要诊断大类): its gate and its ADRGs.

use super::code_list::{CodeClasses, CodeList};
use super::condition::Truth;
use super::core_group::{CoreGroup, principal};
use super::{Case, Fact, Gender};

/// An MDC, ready to be asked.
#[derive(Debug, Clone)]
pub(super) struct MajorCategory<C> {
    pub(super) code: C,
    pub(super) gate: Vec<Gate>,
    /// The principal diagnoses that open it.
    pub(super) diagnoses: CodeList<C>,
    /// Body sites (创伤部位) of the diagnoses, where the gate counts them.
    pub(super) sites: CodeClasses<C>,
    /// In the order in which they are tried.
    pub(super) core_groups: Vec<CoreGroup<C>>,
}

/// One clause of the gate of an MDC; all must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    /// The principal procedure counts as surgery.
    MainProcedureValid,
    /// The principal diagnosis is of the MDC.
    MainDiagnosis,
    /// Before the first birthday.
    UnderOneYear,
    Gender(Gender),
    /// The diagnoses of the case touch two body sites or more (多发创伤).
    TwoTraumaSites,
}

impl Gate {
    /// Reads the clauses of a gate, which are joined by `+`.
    ///
    /// # Errors
    /// Names the clause that is not one.
    pub(super) fn parse_all(gate: &str) -> Result<Vec<Gate>, String> {
        gate.split('+')
            .map(|clause| Gate::parse(clause.trim()))
            .collect()
    }

    fn parse(text: &str) -> Result<Gate, String> {
        match text {
            "main_proc_valid" => Ok(Gate::MainProcedureValid),
            "main_diag_in" => Ok(Gate::MainDiagnosis),
            "age_lt_1y" => Ok(Gate::UnderOneYear),
            "male" => Ok(Gate::Gender(Gender::Male)),
            "female" => Ok(Gate::Gender(Gender::Female)),
            "ge2_trauma_sites" => Ok(Gate::TwoTraumaSites),
            _ => Err(format!("`{text}` is not a clause of a gate")),
        }
    }
}

impl<C: Copy + Ord> MajorCategory<C> {
    /// Whether the gate is open to a case.
    pub(super) fn opens(&self, case: &Case<'_, C>, valid: &CodeList<C>) -> Truth {
        Truth::all(
            self.gate
                .iter()
                .map(|clause| self.meets(*clause, case, valid)),
        )
    }

    /// Whether the gate may be open to a case with this principal diagnosis.
    pub(super) fn may_open(&self, diagnosis: C) -> bool {
        !self.gate.contains(&Gate::MainDiagnosis) || self.diagnoses.holds(diagnosis)
    }

    /// Whether the diagnosis is one of those that open it.
    pub(super) fn lists_diagnosis(&self, diagnosis: C) -> bool {
        self.diagnoses.holds(diagnosis)
    }

    /// Whether one of its ADRGs lists the procedure.
    pub(super) fn lists_procedure(&self, procedure: C) -> bool {
        self.core_groups
            .iter()
            .any(|group| group.lists_procedure(procedure))
    }

    /// Whether one of its ADRGs has a place for the procedure.
    pub(super) fn accepts(&self, procedure: C, valid: bool) -> bool {
        let any_valid = || {
            self.core_groups
                .iter()
                .any(CoreGroup::takes_any_valid_procedure)
        };
        self.lists_procedure(procedure) || (valid && any_valid())
    }

    fn meets(&self, clause: Gate, case: &Case<'_, C>, valid: &CodeList<C>) -> Truth {
        match clause {
            Gate::MainProcedureValid => valid.holds_any(principal(case.procedures)).into(),
            Gate::MainDiagnosis => self.diagnoses.holds_any(principal(case.diagnoses)).into(),
            Gate::UnderOneYear => match case.age {
                Some(age) => (age < 1).into(),
                None => Truth::Unrecorded(Fact::Age),
            },
            Gate::Gender(wanted) => match case.gender {
                Some(gender) => (gender == wanted).into(),
                None => Truth::Unrecorded(Fact::Gender),
            },
            Gate::TwoTraumaSites => (self.sites.met_by(case.diagnoses).len() >= 2).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_are_read_and_others_named() {
        assert_eq!(
            Gate::parse_all("main_diag_in+female").unwrap(),
            [Gate::MainDiagnosis, Gate::Gender(Gender::Female)]
        );
        assert_eq!(
            Gate::parse_all("main_diag_in+age").unwrap_err(),
            "`age` is not a clause of a gate"
        );
        assert_eq!(
            Gate::parse_all("").unwrap_err(),
            "`` is not a clause of a gate"
        );
    }
}
