//! Conditions of ADRGs: clauses that must all hold.

use super::{Case, Fact};

/// Whether a condition holds, or which fact is not recorded that it turns on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    Yes,
    No,
    Unrecorded(Fact),
}

/// One clause of the condition of an ADRG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Clause {
    /// The principal diagnosis is in the list `diag`.
    MainDiagnosis,
    /// Any diagnosis is in the list `diag`.
    AnyDiagnosis,
    /// The principal procedure is in the list `proc`.
    MainProcedure,
    /// Any procedure is in the list `proc`.
    AnyProcedure,
    /// Any procedure is in the list `proc2`.
    AnyProcedure2,
    /// The principal procedure counts as surgery.
    MainProcedureValid,
    /// No procedure counts as surgery.
    NoValidProcedure,
    /// Age in days or weight in grams against a bound.
    Compare(Fact, Comparison, i32),
    /// The classes met by the procedures satisfy one of these conjunctions.
    ProcedureClasses(Vec<Vec<i64>>),
}

/// How a number is held against a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// The longer spelling of each pair comes first.
const COMPARISONS: [(&str, Comparison); 4] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

impl Truth {
    /// Whether all hold: one that does not hold settles it, whatever is not recorded.
    pub(super) fn all(truths: impl IntoIterator<Item = Truth>) -> Truth {
        let mut result = Truth::Yes;
        for truth in truths {
            match truth {
                Truth::Yes => {}
                Truth::No => return Truth::No,
                Truth::Unrecorded(_) => result = truth,
            }
        }
        result
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Truth::Yes } else { Truth::No }
    }
}

impl Comparison {
    fn holds(self, value: i32, bound: i32) -> bool {
        match self {
            Comparison::Less => value < bound,
            Comparison::AtMost => value <= bound,
            Comparison::Greater => value > bound,
            Comparison::AtLeast => value >= bound,
        }
    }
}

impl Clause {
    /// Reads the clauses of a condition, which are joined by `;`. An empty condition has none.
    ///
    /// # Errors
    /// Names the clause that is not one.
    pub(super) fn parse_all(condition: &str) -> Result<Vec<Clause>, String> {
        let clauses = condition.split(';').map(str::trim);
        clauses
            .filter(|clause| !clause.is_empty())
            .map(Clause::parse)
            .collect()
    }

    fn parse(text: &str) -> Result<Clause, String> {
        let clause = match text {
            "main_diagnosis" => Some(Clause::MainDiagnosis),
            "any_diagnosis" => Some(Clause::AnyDiagnosis),
            "main_procedure" => Some(Clause::MainProcedure),
            "any_procedure" => Some(Clause::AnyProcedure),
            "any_procedure_2" => Some(Clause::AnyProcedure2),
            "main_procedure_valid" => Some(Clause::MainProcedureValid),
            "no_valid_procedure" => Some(Clause::NoValidProcedure),
            _ => match text.strip_prefix("procedure_classes:") {
                Some(expression) => parse_classes(expression),
                None => parse_comparison(text),
            },
        };
        clause.ok_or_else(|| format!("`{text}` is not a clause of a condition"))
    }

    /// Whether a number of the case keeps to the bound.
    pub(super) fn compare<C>(
        case: &Case<'_, C>,
        fact: Fact,
        comparison: Comparison,
        bound: i32,
    ) -> Truth {
        let value = match fact {
            Fact::Gender => None,
            Fact::Age => case.age,
            Fact::AgeDays => case.age_days,
            Fact::Weight => case.weight,
        };
        match value {
            Some(value) => comparison.holds(value, bound).into(),
            None => Truth::Unrecorded(fact),
        }
    }
}

/// `age_days<=28`, `weight_g<1500`
fn parse_comparison(text: &str) -> Option<Clause> {
    let (name, comparison, bound) = COMPARISONS.iter().find_map(|(sign, comparison)| {
        let (name, bound) = text.split_once(sign)?;
        Some((name, *comparison, bound))
    })?;
    let fact = match name.trim() {
        "age_days" => Fact::AgeDays,
        "weight_g" => Fact::Weight,
        _ => return None,
    };
    Some(Clause::Compare(
        fact,
        comparison,
        bound.trim().parse().ok()?,
    ))
}

/// `1&2|1&3&4`: `&` binds before `|`.
fn parse_classes(expression: &str) -> Option<Clause> {
    let conjunction = |text: &str| {
        let classes = text.split('&').map(|class| class.trim().parse().ok());
        classes.collect::<Option<Vec<i64>>>()
    };
    let alternatives: Option<_> = expression.split('|').map(conjunction).collect();
    alternatives.map(Clause::ProcedureClasses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_clause_of_the_published_tables_is_read() {
        let condition = "main_diagnosis;any_procedure;any_procedure_2;weight_g>=1500;age_days<=28";
        assert_eq!(
            Clause::parse_all(condition).unwrap(),
            [
                Clause::MainDiagnosis,
                Clause::AnyProcedure,
                Clause::AnyProcedure2,
                Clause::Compare(Fact::Weight, Comparison::AtLeast, 1_500),
                Clause::Compare(Fact::AgeDays, Comparison::AtMost, 28),
            ]
        );
        assert_eq!(
            Clause::parse_all("procedure_classes:1&2|1&3&4").unwrap(),
            [Clause::ProcedureClasses(vec![vec![1, 2], vec![1, 3, 4]])]
        );
        assert_eq!(Clause::parse_all("").unwrap(), []);
    }

    #[test]
    fn what_is_no_clause_is_named() {
        for text in [
            "main_diagnoses",
            "age_days<=",
            "length<3",
            "procedure_classes:1&",
            "<5",
        ] {
            assert_eq!(
                Clause::parse_all(text).unwrap_err(),
                format!("`{text}` is not a clause of a condition")
            );
        }
    }

    #[test]
    fn one_clause_that_fails_settles_it_whatever_is_not_recorded() {
        let unrecorded = Truth::Unrecorded(Fact::Weight);
        assert_eq!(Truth::all([unrecorded, Truth::No]), Truth::No);
        assert_eq!(Truth::all([Truth::Yes, unrecorded]), unrecorded);
        assert_eq!(Truth::all([]), Truth::Yes);
    }
}
