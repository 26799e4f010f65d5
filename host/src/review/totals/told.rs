//! What could not be summed, told of the rules that would have read it.

use rulepack_contract::answer::RowReference;
use rulepack_contract::data::Data;
use rulepack_contract::review::{Scope, Stage};
use rulepack_contract::schema::ids;
use rulepack_protocol::pack::manifest::Rule;

use super::sums::{COLUMNS, GROUPINGS};
use super::{Source, Totalled};
use crate::review::report::{Report, ReportedAbstention};
use crate::review::{ActivePack, tell};

/// Adds what was left out of the sums of a pack to what it reports.
pub(in crate::review) fn tell_left_out(
    report: &mut Report,
    (pack, data): (&ActivePack, &Data),
    made: &Result<Option<Totalled>, Vec<String>>,
) {
    match made {
        Ok(None) => {}
        Ok(Some(totalled)) => {
            for rule in pack.manifest.rules.iter().filter(|rule| reads_totals(rule)) {
                let of_rule = totalled.left_out.iter();
                for (institution, column) in of_rule.filter(|(_, column)| concerns(rule, column)) {
                    let at = RowReference {
                        table: ids::INSTITUTIONS.number(),
                        row: *institution,
                    };
                    report.abstentions.push(ReportedAbstention {
                        rule: tell::reference(pack, rule),
                        about: tell::row(data, at, 0),
                        missing: vec![column.clone()],
                    });
                }
            }
        }
        Err(missing) => {
            let without = |missing: &[String]| missing.iter().any(|it| it.starts_with("totals."));
            let rules = report.not_evaluable.iter_mut();
            for rule in rules.filter(|rule| without(&rule.missing)) {
                rule.missing.extend_from_slice(missing);
            }
        }
    }
}

fn reads_totals(rule: &Rule) -> bool {
    let needs_any = rule.needs.iter().any(|need| need.table == ids::TOTALS);
    needs_any && rule.scope == Scope::Institution && rule.stages.contains(&Stage::After)
}

/// What a rule does not group by is no matter of its own.
fn concerns(rule: &Rule, left_out: &str) -> bool {
    let grouping = GROUPINGS
        .iter()
        .zip(COLUMNS)
        .find(|(grouping, _)| Source::of(**grouping).told() == left_out);
    grouping.is_none_or(|(_, column)| {
        let wanted = format!("totals.{column}");
        rule.needs.iter().any(|need| need.to_string() == wanted)
    })
}
