//! CHR-07 同一处方病种不一致.

use rulepack_sdk::prelude::*;

use crate::disease::Disease;
use crate::lines::{Line, Lines};

/// Id of the rule.
pub const ID: &str = "CHR-07";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "encounters.care-types",
    "orders.prescriptions",
    "orders.diseases",
];

/// The lines of a prescription that name their disease name the same: 2204 asks it of what is charged at once
/// (同一收费批次号病种编号必须一致), and no table tells that number, so the prescription stands for it. Which
/// of the diseases is right is not known, so a person looks; one finding a prescription with a line under review.
pub(crate) fn check(lines: &Lines, answer: &mut Answer) {
    let mut named: Vec<(Row<Encounters>, Token, Code, &Line)> = Vec::new();
    for line in &lines.supplied {
        if let (Some(prescription), Disease::Named(disease)) = (line.prescription, line.disease) {
            named.push((line.encounter, prescription, disease, line));
        }
    }
    named.sort_unstable_by_key(|(encounter, prescription, _, line)| {
        (*encounter, *prescription, line.order)
    });
    for prescription in named.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
        let Some((_, _, first, _)) = prescription.first() else {
            continue;
        };
        let other = prescription
            .iter()
            .find(|(_, _, disease, _)| disease != first);
        let Some((_, _, other, _)) = other else {
            continue;
        };
        let reviewed = prescription.iter().any(|(.., line)| line.under_review);
        if reviewed {
            answer.add(finding(prescription, *first, *other));
        }
    }
}

fn finding(
    prescription: &[(Row<Encounters>, Token, Code, &Line)],
    first: Code,
    other: Code,
) -> Finding {
    let finding = Finding::high_suspicion(ID, "two-diseases")
        .argument("first", first)
        .argument("other", other);
    let lines = prescription.iter().map(|(.., line)| line);
    lines.fold(finding, |it, line| match line.under_review {
        true => it.offending(line.order, Money::ZERO),
        false => it.related(line.order, Money::ZERO),
    })
}
