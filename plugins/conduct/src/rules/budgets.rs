//! CND-15 科室预算: a department charges no more in a month than its budget.

use rulepack_sdk::prelude::*;

use crate::totals::{Department, Departments};

/// Id of the rule.
pub const ID: &str = "CND-15";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "totals.departments",
    "totals.charge-types",
    "totals.amounts",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];
/// The place of `department-budgets` among the tables of the manifest.
const BUDGETS: u8 = 2;

/// 科室预算, as the hospital supplies it.
#[derive(Debug)]
pub struct Budgets(Vec<Budget>);

/// A row of the table.
#[derive(Debug)]
struct Budget {
    department: Code,
    /// 收费类别; all charges where none is named.
    kind: Option<Code>,
    monthly: Money,
    validity: Validity,
}

impl Budgets {
    /// Reads table `department-budgets`; without one nothing is limited.
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        let table = setup.table("department-budgets")?;
        let kinds = table.optional_codes("charge_type")?;
        let rows = table.codes("department")?.into_iter().zip(kinds);
        let terms = table.money("monthly")?.into_iter().zip(table.validity()?);
        let budget = |((department, kind), (monthly, validity))| Budget {
            department,
            kind,
            monthly,
            validity,
        };
        Ok(Budgets(rows.zip(terms).map(budget).collect()))
    }
}

/// By the budget in force on the first day of the month.
///
/// # Errors
/// [`Overflow`] of a sum.
pub(crate) fn check(
    budgets: &Budgets,
    departments: &Departments,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    departments.abstain(ID, answer);
    for department in &departments.departments {
        for (place, budget) in budgets.0.iter().enumerate() {
            if budget.department != department.code || !budget.validity.includes(department.start) {
                continue;
            }
            let Some((row, spent)) = spent(department, budget.kind)? else {
                continue;
            };
            answer.add(Measure::new(ID, row, spent.0, budget.monthly.0));
            if spent > budget.monthly {
                answer.add(
                    Finding::low_suspicion(ID, "over")
                        .offending(row, Money::ZERO)
                        .argument("department", department.code)
                        .argument("month", department.start)
                        .argument("spent", spent)
                        .argument("budget", budget.monthly)
                        .evidence(BUDGETS, place),
                );
            }
        }
    }
    Ok(())
}

fn spent(
    department: &Department,
    kind: Option<Code>,
) -> Result<Option<(Row<Totals>, Money)>, Overflow> {
    match kind {
        Some(kind) => department.sum_of(&[kind]),
        None => {
            let sum = department.sum()?;
            Ok(department.charges.first().map(|(row, ..)| (*row, sum)))
        }
    }
}
