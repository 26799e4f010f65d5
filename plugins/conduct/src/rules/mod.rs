//! One file per rule.

pub mod adjuvant_medicines;
pub mod admission_bundles;
pub mod antibiotics;
pub mod budgets;
pub mod consent;
pub mod cost_growth;
pub mod cost_structure;
pub mod frequent_visits;
pub mod idle_bed;
pub mod impersonation;
pub mod intensive_care;
pub mod lab_limits;
pub mod operations;
pub mod pathway;
pub mod positive_findings;
pub mod price_cuts;
pub mod refused_claims;
pub mod restricted_patients;
pub mod similar_treatments;
pub mod split_prescriptions;
pub mod supply_days;
pub mod third_party;
pub mod treatment_counts;
pub mod treatment_frequency;
pub mod treatment_records;
pub mod treatment_sites;
pub mod unordered_charges;
pub mod unreported_examinations;
pub mod visit_costs;

#[cfg(test)]
mod tests {
    use rulepack_sdk::harness::{assert_needs, assert_stages};

    use super::*;

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
            (cost_growth::ID, cost_growth::NEEDS),
            (intensive_care::ID, intensive_care::NEEDS),
            (lab_limits::ID, lab_limits::NEEDS),
            (pathway::ID, pathway::NEEDS),
            (positive_findings::ID, positive_findings::NEEDS),
            (price_cuts::ID, price_cuts::NEEDS),
            (restricted_patients::ID, restricted_patients::NEEDS),
            (third_party::ID, third_party::NEEDS),
            (adjuvant_medicines::ID, adjuvant_medicines::NEEDS),
            (admission_bundles::ID, admission_bundles::NEEDS),
            (treatment_counts::ID, treatment_counts::NEEDS),
            (unreported_examinations::ID, unreported_examinations::NEEDS),
            (visit_costs::ID, visit_costs::NEEDS),
            (supply_days::ID, supply_days::NEEDS),
        ];
        assert_needs(env!("CARGO_MANIFEST_DIR"), &rules);
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
            (cost_growth::ID, cost_growth::STAGES),
            (intensive_care::ID, intensive_care::STAGES),
            (lab_limits::ID, lab_limits::STAGES),
            (pathway::ID, pathway::STAGES),
            (positive_findings::ID, positive_findings::STAGES),
            (price_cuts::ID, price_cuts::STAGES),
            (restricted_patients::ID, restricted_patients::STAGES),
            (third_party::ID, third_party::STAGES),
            (adjuvant_medicines::ID, adjuvant_medicines::STAGES),
            (admission_bundles::ID, admission_bundles::STAGES),
            (treatment_counts::ID, treatment_counts::STAGES),
            (unreported_examinations::ID, unreported_examinations::STAGES),
            (visit_costs::ID, visit_costs::STAGES),
            (supply_days::ID, supply_days::STAGES),
        ];
        assert_stages(env!("CARGO_MANIFEST_DIR"), &rules);
    }
}
