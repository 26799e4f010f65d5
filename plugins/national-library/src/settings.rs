//! What a province, a city or a hospital may set, and the vocabulary that rules compare with.

use rulepack_sdk::prelude::*;

/// The parameters of the manifest and fixed words of the national dictionaries.
#[derive(Debug)]
pub struct Settings {
    /// 西药 and 中成药.
    pub medicines: CodeSet,
    /// 中药饮片.
    pub slices: CodeSet,
    /// 医用耗材.
    pub consumables: CodeSet,
    /// Whole-number parameters.
    pub numbers: Numbers,
    /// Lists of codes.
    pub lists: Lists,
    /// Fixed words of the national dictionaries.
    pub words: Words,
}

/// Defines a struct whose fields are read from the parameters of the same names.
macro_rules! parameters {
    ($(#[$doc:meta])* $name:ident, $read:ident, $kind:ty; $($(#[$field_doc:meta])* $field:ident,)*) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name { $($(#[$field_doc])* pub $field: $kind,)* }

        impl $name {
            #[inline(never)]
            fn read(setup: &Setup) -> Result<Self, String> {
                Ok($name { $($field: setup.$read(stringify!($field))?,)* })
            }
        }
    };
}

parameters! {
    /// Whole numbers; the manifest tells unit, bounds and meaning of each.
    Numbers, integer, i64;
    /// 儿童: below this age, in years.
    child_age,
    /// 新生儿: at most this many days.
    newborn_days_max,
    /// 老年人: from this age, in years.
    elder_age,
    /// Days without use that end a course.
    course_gap_days,
    /// Days in which an earlier line of therapy is looked for.
    first_line_days,
    /// Ten-thousandths that the second operation through one incision may be charged at.
    second_operation_factor,
    /// Kinds of medicine on one prescription.
    prescription_kinds_max,
    /// Kinds of slices on one prescription.
    slice_kinds_max,
    /// Grams of slices in one dose.
    slice_grams_max,
    /// Days between two stays below which the second is suspicious.
    readmission_days,
    /// Days between two stays up to which the suspicion is high.
    readmission_days_high,
    /// Days in which visits are counted.
    visit_period_days,
    /// Outpatient visits in the period.
    outpatient_visits_max,
    /// Pharmacy purchases in the period.
    purchases_max,
    /// Stays in the period.
    stays_max,
    /// Days of a stay below which its reason is asked for.
    short_stay_days,
    /// Share of examinations in a short stay without treatment, ten-thousandths.
    examination_stay_share,
    /// Days that a charge may lie outside its stay.
    billing_grace_days,
    /// Minutes before an operation from which prophylaxis may begin.
    prophylaxis_before_minutes,
    /// Hours after an operation until which prophylaxis may last.
    prophylaxis_after_hours,
    /// Ten-thousandths by which stock may differ.
    stock_tolerance,
    /// Ten-thousandths of total cost.
    medicine_share_max,
    /// Ten-thousandths of total cost.
    examination_share_max,
    /// Ten-thousandths of total cost.
    consumable_share_max,
    /// Ten-thousandths of total cost.
    treatment_share_max,
    /// Ten-thousandths of total cost.
    ct_share_max,
    /// Ten-thousandths of total cost.
    mr_share_max,
}

parameters! {
    /// Lists of codes; the manifest tells the dictionary of each.
    Lists, code_list, Vec<Code>;
    /// 险种 of work injury insurance.
    injury_insurance_types,
    /// 险种 that are known not to be work injury insurance.
    medical_insurance_types,
    /// 险种 of maternity insurance.
    maternity_insurance_types,
    /// 医疗类别 of maternity.
    maternity_care_types,
    /// 医疗类别 of internet visits.
    internet_care_types,
    /// 就诊类型 of stays.
    inpatient_visit_types,
    /// 就诊类型 of outpatient visits.
    outpatient_visit_types,
    /// 就诊类型 of purchases at a pharmacy.
    pharmacy_visit_types,
    /// 医疗类别 that visit counts and short intervals leave out: cycles of chemotherapy, dialysis.
    repeated_care_types,
    /// Principal diagnoses (three characters) for which stays repeat by plan.
    repeated_diagnoses,
    /// 机构等级 of tertiary hospitals.
    tertiary_levels,
    /// 机构等级 of secondary hospitals.
    secondary_levels,
    /// 机构等级 of primary hospitals.
    primary_levels,
    /// 机构等级 without a grade.
    ungraded_levels,
    /// 医疗类别 of chronic outpatient diseases.
    chronic_care_types,
    /// Kinds of data defect that mean late.
    late_kinds,
    /// Sources of data defects that are the settlement list.
    settlement_list_sources,
    /// Sources of data defects that are charge lines.
    charge_line_sources,
    /// 收费类别 of medicines.
    medicine_charge_types,
    /// 收费类别 of examinations and tests.
    examination_charge_types,
    /// 收费类别 of consumables.
    consumable_charge_types,
    /// 收费类别 of treatment.
    treatment_charge_types,
    /// 收费类别 that show that a stay was needed.
    stay_charge_types,
    /// 收费类别 of operations.
    operation_charge_types,
    /// CT items.
    ct_items,
    /// Magnetic resonance items.
    mr_items,
    /// Diagnoses (three characters) of infection.
    infection_diagnoses,
    /// 入院病情 of what arose in hospital.
    hospital_acquired,
}

/// Words of the national dictionaries that have one meaning everywhere.
#[derive(Debug)]
pub struct Words {
    /// gend 1.
    pub male: Code,
    /// gend 2.
    pub female: Code,
    /// 离院方式 5.
    pub died: Code,
    /// The gram.
    pub gram: Code,
    /// drord_dr_profttl, from the lowest: 无, 医士, 医师, 主治, 副主任, 主任.
    pub titles: [Code; 6],
}

impl Settings {
    /// Reads all parameters.
    ///
    /// # Errors
    /// Where the manifest does not declare one.
    pub fn read(setup: &Setup) -> Result<Self, String> {
        let [male, female, died, gram] = setup.codes(["1", "2", "5", "g"])?;
        Ok(Settings {
            medicines: setup.code_set(&["X", "Z"]),
            slices: setup.code_set(&["T"]),
            consumables: setup.code_set(&["C"]),
            numbers: Numbers::read(setup)?,
            lists: Lists::read(setup)?,
            words: Words {
                male,
                female,
                died,
                gram,
                titles: setup.codes(["6", "1", "2", "3", "4", "5"])?,
            },
        })
    }
}
