//! Parameters: words of dictionaries, and limits.

use rulepack_sdk::prelude::*;

/// The parameters of the pack.
#[derive(Debug)]
pub struct Settings {
    /// 就诊类型 of visits to the clinic.
    pub clinic_types: Vec<Code>,
    /// 就诊类型 of stays.
    pub stay_types: Vec<Code>,
    /// 就诊类型 of purchases at a pharmacy.
    pub pharmacy_types: Vec<Code>,
    /// 医疗类别 of emergencies.
    pub emergency_types: Vec<Code>,
    /// 医疗类别 of visits whose prescriptions may last long: chronic and special diseases.
    pub long_supply_types: Vec<Code>,
    /// The most days that a line of an ordinary visit supplies.
    pub clinic_supply_max: Quantity,
    /// The most days that a line of an emergency supplies.
    pub emergency_supply_max: Quantity,
    /// Kinds of records that say that the person and the card do not agree.
    pub mismatch_kinds: Vec<Code>,
    /// Kinds of records that are a consent.
    pub consent_kinds: Vec<Code>,
    /// Kinds of records that describe an operation.
    pub operation_kinds: Vec<Code>,
    /// 医疗类别 of injuries.
    pub injury_types: Vec<Code>,
    /// Kinds of records that state whether somebody else is liable.
    pub liability_kinds: Vec<Code>,
    /// Kinds of accumulators that restrict what a person may be given.
    pub restriction_kinds: Vec<Code>,
    /// Kinds of records that approve what a pathway does not hold.
    pub variance_kinds: Vec<Code>,
    /// Examinations whose positive reports are counted.
    pub rated_examinations: CodeSet,
    /// How many items by cost are looked at for growth.
    pub growth_rank: i64,
    /// Growth of an item's cost above which it is told.
    pub growth_max: Ratio,
    /// Months before and after a cut of price that are compared.
    pub usage_months: i64,
    /// Growth of a doctor's use above which it is told.
    pub usage_growth_max: Ratio,
    /// Growth of the cost of a visit above which it is told.
    pub visit_growth_max: Ratio,
    /// 收费类别 that are charged for being in bed: 床位, 诊察, 护理.
    pub passive_charges: Vec<Code>,
    /// 收费类别 of the bed itself.
    pub bed_charges: Vec<Code>,
    /// 收费类别 of operations.
    pub operation_charges: Vec<Code>,
    /// 收费类别 of which the hospital links each charge to its order.
    pub linked_charges: Vec<Code>,
    /// 收费类别 of drugs.
    pub drug_charges: Vec<Code>,
    /// 收费类别 of consumables.
    pub consumable_charges: Vec<Code>,
    /// Western and Chinese patent medicines of the national catalogue.
    pub medicines: CodeSet,
    /// Days in a row without care from which a stay is suspected.
    pub idle_days_min: i64,
    /// Days that visits are counted over, and stays.
    pub visit_window_days: i64,
    /// Days that stays are counted over.
    pub stay_window_days: i64,
    /// The most days with a visit to the clinic.
    pub clinic_days_max: i64,
    /// The most days with a purchase.
    pub pharmacy_days_max: i64,
    /// The most stays.
    pub stays_max: i64,
    /// The most medicines on one prescription.
    pub medicines_max: i64,
    /// How many doctors are on the list of refused claims.
    pub denial_rank: i64,
    /// How many months in a row on the list are too many.
    pub denial_months: i64,
    /// 药占比 above which a department is told.
    pub drug_share_max: Ratio,
    /// 耗占比 above which a department is told.
    pub consumable_share_max: Ratio,
    /// 辅助用药占比 above which a hospital is told.
    pub adjuvant_share_max: Ratio,
    /// 收费类别 of examinations that have reports.
    pub examination_charges: Vec<Code>,
    /// How many parts of the table of 入院常规检查 are a bundle.
    pub bundle_parts_min: i64,
    /// On how many days after that of admission examinations belong to it.
    pub bundle_days: i64,
}

impl Settings {
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        let codes = |name| setup.code_list(name);
        let integer = |name| setup.integer(name);
        Ok(Settings {
            clinic_types: codes("clinic_types")?,
            stay_types: codes("stay_types")?,
            pharmacy_types: codes("pharmacy_types")?,
            emergency_types: codes("emergency_types")?,
            long_supply_types: codes("long_supply_types")?,
            clinic_supply_max: Quantity(integer("clinic_supply_max")?),
            emergency_supply_max: Quantity(integer("emergency_supply_max")?),
            mismatch_kinds: codes("mismatch_kinds")?,
            consent_kinds: codes("consent_kinds")?,
            operation_kinds: codes("operation_kinds")?,
            injury_types: codes("injury_types")?,
            liability_kinds: codes("liability_kinds")?,
            restriction_kinds: codes("restriction_kinds")?,
            variance_kinds: codes("variance_kinds")?,
            rated_examinations: beginning_with(setup, "rated_examinations")?,
            growth_rank: integer("growth_rank")?,
            growth_max: Ratio(integer("growth_max")?),
            usage_months: integer("usage_months")?,
            usage_growth_max: Ratio(integer("usage_growth_max")?),
            visit_growth_max: Ratio(integer("visit_growth_max")?),
            passive_charges: codes("passive_charges")?,
            bed_charges: codes("bed_charges")?,
            operation_charges: codes("operation_charges")?,
            linked_charges: codes("linked_charges")?,
            drug_charges: codes("drug_charges")?,
            consumable_charges: codes("consumable_charges")?,
            medicines: setup.code_set(&["X", "Z"]),
            idle_days_min: integer("idle_days_min")?,
            visit_window_days: integer("visit_window_days")?,
            stay_window_days: integer("stay_window_days")?,
            clinic_days_max: integer("clinic_days_max")?,
            pharmacy_days_max: integer("pharmacy_days_max")?,
            stays_max: integer("stays_max")?,
            medicines_max: integer("medicines_max")?,
            denial_rank: integer("denial_rank")?,
            denial_months: integer("denial_months")?,
            drug_share_max: Ratio(integer("drug_share_max")?),
            consumable_share_max: Ratio(integer("consumable_share_max")?),
            adjuvant_share_max: Ratio(integer("adjuvant_share_max")?),
            examination_charges: codes("examination_charges")?,
            bundle_parts_min: integer("bundle_parts_min")?,
            bundle_days: integer("bundle_days")?,
        })
    }
}

/// All codes that begin with one of a parameter's.
fn beginning_with(setup: &Setup, parameter: &str) -> Result<CodeSet, String> {
    let beginnings = setup.texts(&setup.code_list(parameter)?);
    let beginnings: Vec<&str> = beginnings.iter().map(String::as_str).collect();
    Ok(setup.code_set(&beginnings))
}
