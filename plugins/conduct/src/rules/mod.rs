//! One file per rule.

pub mod antibiotics;
pub mod budgets;
pub mod consent;
pub mod cost_structure;
pub mod frequent_visits;
pub mod idle_bed;
pub mod impersonation;
pub mod operations;
pub mod refused_claims;
pub mod similar_treatments;
pub mod split_prescriptions;
pub mod treatment_frequency;
pub mod treatment_records;
pub mod treatment_sites;
pub mod unordered_charges;

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts in quotes of a list of a rule in the manifest.
    fn listed(id: &str, field: &str) -> Vec<String> {
        let manifest = include_str!("../../pack.toml");
        let (_, rule) = manifest.split_once(&format!("id = \"{id}\"")).unwrap();
        let (_, list) = rule.split_once(&format!("\n{field} = [")).unwrap();
        let (list, _) = list.split_once(']').unwrap();
        list.split('"')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn the_rules_need_what_the_manifest_says() {
        let rules = [
            (antibiotics::ID, antibiotics::NEEDS),
            (budgets::ID, budgets::NEEDS),
            (consent::ID, consent::NEEDS),
            (cost_structure::ID, cost_structure::NEEDS),
            (frequent_visits::ID, frequent_visits::NEEDS),
            (idle_bed::ID, idle_bed::NEEDS),
            (impersonation::ID, impersonation::NEEDS),
            (operations::ID, operations::NEEDS),
            (refused_claims::ID, refused_claims::NEEDS),
            (similar_treatments::ID, similar_treatments::NEEDS),
            (split_prescriptions::ID, split_prescriptions::NEEDS),
            (treatment_frequency::ID, treatment_frequency::NEEDS),
            (treatment_records::ID, treatment_records::NEEDS),
            (treatment_sites::ID, treatment_sites::NEEDS),
            (unordered_charges::ID, unordered_charges::NEEDS),
        ];
        for (id, needs) in rules {
            assert_eq!(listed(id, "needs"), needs, "{id}");
        }
    }

    #[test]
    fn the_rules_run_when_the_manifest_says() {
        let rules = [
            (antibiotics::ID, antibiotics::STAGES),
            (budgets::ID, budgets::STAGES),
            (consent::ID, consent::STAGES),
            (cost_structure::ID, cost_structure::STAGES),
            (frequent_visits::ID, frequent_visits::STAGES),
            (idle_bed::ID, idle_bed::STAGES),
            (impersonation::ID, impersonation::STAGES),
            (operations::ID, operations::STAGES),
            (refused_claims::ID, refused_claims::STAGES),
            (similar_treatments::ID, similar_treatments::STAGES),
            (split_prescriptions::ID, split_prescriptions::STAGES),
            (treatment_frequency::ID, treatment_frequency::STAGES),
            (treatment_records::ID, treatment_records::STAGES),
            (treatment_sites::ID, treatment_sites::STAGES),
            (unordered_charges::ID, unordered_charges::STAGES),
        ];
        for (id, stages) in rules {
            let stages: Vec<String> = stages
                .iter()
                .map(|it| format!("{it:?}").to_lowercase())
                .collect();
            assert_eq!(listed(id, "stages"), stages, "{id}");
        }
    }
}
