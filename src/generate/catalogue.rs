//! The code universe of the generated hospital, in one place: diseases, items, inpatient cases.
//!
//! Codes have the shapes of the national catalogues (X 23 characters, Z 20, C 20, services 15,
//! ICD-10 and ICD-9-CM-3 医保版 2.0, M codes of 门诊慢特病). Drugs, prices and enterprises are
//! fictional. The groups of [`CASES`] are those of CHS-DRG 1.1.

use super::record::Money;

/// 省市区划 of the hospital and of its patients' insurance.
pub(super) const AREA: &str = "3703";
/// `accumulators.kinds` of the yearly amounts of chronic diseases.
pub(super) const CHRONIC_AMOUNT: &str = "chronic-amount";
/// 门诊慢特病, 慢病, 特病 (med_type): the visits that chronic rules look at.
pub(super) const CHRONIC_CARE_TYPES: [&str; 3] = ["14", "140104", "140201"];
/// Days of supply that one line of a chronic visit may have: twelve weeks (长期处方).
pub(super) const SUPPLY_DAYS_MAX: i64 = 84;
/// Days before the end of the previous supply from which a new one is not early.
pub(super) const OVERLAP_DAYS_MAX: i64 = 7;
/// Days of a drug that a patient may have on hand after it was supplied.
pub(super) const STOCK_DAYS_MAX: i64 = 112;
/// The group of a case that belongs to none (无法入组).
pub(super) const UNGROUPABLE: &str = "0000";

/// What kind of thing an item is, and so how it is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Drug,
    PatentMedicine,
    Slice,
    Bed,
    Consultation,
    Examination,
    Laboratory,
    Treatment,
    Operation,
    Nursing,
    Consumable,
}

impl Kind {
    /// 目录类别 (hilist_type).
    pub(super) const fn catalogue_type(self) -> &'static str {
        match self {
            Kind::Drug | Kind::PatentMedicine => "101",
            Kind::Slice => "102",
            Kind::Consumable => "301",
            _ => "201",
        }
    }

    /// 收费类别 (chrg_type).
    pub(super) const fn charge_type(self) -> &'static str {
        match self {
            Kind::Bed => "01",
            Kind::Consultation => "02",
            Kind::Examination => "03",
            Kind::Laboratory => "04",
            Kind::Treatment => "05",
            Kind::Operation => "06",
            Kind::Nursing => "07",
            Kind::Consumable => "08",
            Kind::Drug => "09",
            Kind::Slice => "10",
            Kind::PatentMedicine => "11",
        }
    }

    /// Whether it stands on a prescription.
    pub(super) const fn is_prescribed(self) -> bool {
        matches!(self, Kind::Drug | Kind::PatentMedicine | Kind::Slice)
    }
}

/// 甲, 乙, 丙 (hilist_lv).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    A,
    B,
    C,
}

impl Class {
    /// National dictionary.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Class::A => "01",
            Class::B => "02",
            Class::C => "03",
        }
    }
}

/// Something that is ordered and charged.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) code: &'static str,
    pub(super) kind: Kind,
    pub(super) class: Class,
    pub(super) unit: &'static str,
    /// Millionths of a CNY for one unit.
    pub(super) price: i64,
    /// Base units (片, 支, U) in one unit.
    pub(super) pack: i64,
    pub(super) base_unit: &'static str,
    /// How it is taken; nothing that is not a drug has a dosage.
    pub(super) dosage: Option<Dosage>,
}

/// How a drug is taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dosage {
    /// Base units at a time.
    pub(super) dose: i64,
    /// Times a day.
    pub(super) times: i64,
    /// Route of administration.
    pub(super) route: &'static str,
}

impl Item {
    /// Days that one unit lasts; `None` where it is not taken by the day.
    pub(super) fn days_of_unit(&self) -> Option<i64> {
        self.dosage
            .map(|dosage| self.pack / (dosage.dose * dosage.times))
    }
}

const fn drug(code: &'static str, class: Class, price: i64, pack: i64, dosage: Dosage) -> Item {
    let (unit, base_unit) = ("盒", "片");
    let kind = Kind::Drug;
    let dosage = Some(dosage);
    Item {
        code,
        kind,
        class,
        unit,
        price,
        pack,
        base_unit,
        dosage,
    }
}

const fn injection(
    code: &'static str,
    price: i64,
    pack: i64,
    base_unit: &'static str,
    dosage: Dosage,
) -> Item {
    let (kind, class, unit, dosage) = (Kind::Drug, Class::B, "支", Some(dosage));
    Item {
        code,
        kind,
        class,
        unit,
        price,
        pack,
        base_unit,
        dosage,
    }
}

const fn service(code: &'static str, kind: Kind, class: Class, price: i64) -> Item {
    let (unit, base_unit) = ("次", "次");
    Item {
        code,
        kind,
        class,
        unit,
        price,
        pack: 1,
        base_unit,
        dosage: None,
    }
}

const fn by_mouth(dose: i64, times: i64) -> Dosage {
    Dosage {
        dose,
        times,
        route: "口服",
    }
}

static AMLODIPINE: Item = drug(
    "XC08CAA112A001010100001",
    Class::A,
    9_870_000,
    28,
    by_mouth(1, 1),
);
static ENALAPRIL: Item = drug(
    "XC09AAB043A001010100002",
    Class::A,
    11_340_000,
    28,
    by_mouth(1, 2),
);
static METOPROLOL: Item = drug(
    "XC07ABA065A001010100003",
    Class::A,
    8_260_000,
    28,
    by_mouth(1, 2),
);
static LIPIDS: Item = service("002505030400000", Kind::Laboratory, Class::A, 18_000_000);
static METFORMIN: Item = drug(
    "XA10BAE102A001010100004",
    Class::A,
    6_720_000,
    42,
    by_mouth(1, 3),
);
static SITAGLIPTIN: Item = drug(
    "XA10BHS168A001010100005",
    Class::B,
    62_370_000,
    28,
    by_mouth(1, 1),
);
static INSULIN: Item = injection(
    "XA10ABG001B001010100006",
    46_580_000,
    300,
    "U",
    Dosage {
        dose: 10,
        times: 1,
        route: "皮下注射",
    },
);
static GLYCATED_HAEMOGLOBIN: Item =
    service("002503030100000", Kind::Laboratory, Class::A, 46_000_000);
static CLOPIDOGREL: Item = drug(
    "XB01ACA045A001010100007",
    Class::B,
    30_520_000,
    28,
    by_mouth(1, 1),
);
static ATORVASTATIN: Item = drug(
    "XC10AAA100A001010100008",
    Class::A,
    13_160_000,
    28,
    by_mouth(1, 1),
);

/// 门诊慢特病 with what may be charged under it.
#[derive(Debug)]
pub(super) struct Disease {
    /// M code.
    pub(super) code: &'static str,
    /// The diagnosis of its visits.
    pub(super) diagnosis: &'static str,
    /// Drugs of its catalogue.
    pub(super) drugs: [&'static Item; 3],
    /// The test of its catalogue, where it has one.
    pub(super) test: Option<&'static Item>,
    /// What the fund recognises in a calendar year.
    pub(super) yearly_limit: Money,
}

impl Disease {
    /// Whether an item may be charged under this disease.
    pub(super) fn covers(&self, item: &Item) -> bool {
        let test = self.test.into_iter();
        self.drugs
            .into_iter()
            .chain(test)
            .any(|covered| covered.code == item.code)
    }
}

/// 高血压, 糖尿病, 冠心病.
pub(super) static DISEASES: [Disease; 3] = [
    Disease {
        code: "M03900",
        diagnosis: "I10.x00x002",
        drugs: [&AMLODIPINE, &ENALAPRIL, &METOPROLOL],
        test: Some(&LIPIDS),
        yearly_limit: 400_000,
    },
    Disease {
        code: "M01600",
        diagnosis: "E11.900",
        drugs: [&METFORMIN, &SITAGLIPTIN, &INSULIN],
        test: Some(&GLYCATED_HAEMOGLOBIN),
        yearly_limit: 600_000,
    },
    Disease {
        code: "M04600",
        diagnosis: "I25.103",
        drugs: [&CLOPIDOGREL, &ATORVASTATIN, &METOPROLOL],
        test: None,
        yearly_limit: 500_000,
    },
];

static CONSULTATION: Item = service("001102000010000", Kind::Consultation, Class::A, 10_000_000);
static BLOOD_COUNT: Item = service("002501010150000", Kind::Laboratory, Class::A, 20_000_000);
static CHEST_CT: Item = service("002103000010000", Kind::Examination, Class::B, 180_000_000);
static ULTRASOUND: Item = service("002203020010000", Kind::Examination, Class::A, 85_000_000);
static ELECTROCARDIOGRAM: Item =
    service("003107010010000", Kind::Examination, Class::A, 22_000_000);
pub(super) static AMOXICILLIN: Item = drug(
    "XJ01CAA040E001010100011",
    Class::A,
    7_350_000,
    21,
    by_mouth(1, 3),
);
static IBUPROFEN: Item = drug(
    "XM01AEB158A001010100012",
    Class::A,
    5_180_000,
    10,
    by_mouth(1, 2),
);
static OMEPRAZOLE: Item = drug(
    "XA02BCA214E001010100013",
    Class::A,
    12_460_000,
    7,
    by_mouth(1, 1),
);
static COLD_GRANULES: Item = Item {
    code: "ZA01BAG0105010100014",
    kind: Kind::PatentMedicine,
    class: Class::B,
    unit: "盒",
    price: 18_900_000,
    pack: 9,
    base_unit: "袋",
    dosage: Some(by_mouth(1, 3)),
};
static VITAMIN: Item = drug(
    "XA11EAW053A001010100015",
    Class::C,
    24_500_000,
    7,
    by_mouth(1, 1),
);

/// Services of an ordinary visit.
pub(super) static CLINIC_SERVICES: [&Item; 5] = [
    &CONSULTATION,
    &BLOOD_COUNT,
    &CHEST_CT,
    &ULTRASOUND,
    &ELECTROCARDIOGRAM,
];
/// Drugs of an ordinary visit: none is in the catalogue of a chronic disease, none lasts over a week.
pub(super) static CLINIC_DRUGS: [&Item; 5] = [
    &AMOXICILLIN,
    &IBUPROFEN,
    &OMEPRAZOLE,
    &COLD_GRANULES,
    &VITAMIN,
];
/// Diagnoses of an ordinary visit.
pub(super) const CLINIC_DIAGNOSES: [&str; 4] = ["J06.900", "K29.500", "M54.500", "R10.400"];

const fn daily(code: &'static str, price: i64) -> Item {
    let dosage = Dosage {
        dose: 1,
        times: 1,
        route: "静脉滴注",
    };
    injection(code, price, 1, "支", dosage)
}

/// What every day of a stay is charged for: bed, round, nursing.
pub(super) static WARD_SERVICES: [Item; 3] = [
    service("001109000010000", Kind::Bed, Class::A, 45_000_000),
    service("001102000050000", Kind::Consultation, Class::A, 25_000_000),
    service("001201000040000", Kind::Nursing, Class::A, 26_000_000),
];
/// What is ordered on the ward for the whole stay.
pub(super) static WARD_DRUGS: [Item; 3] = [
    daily("XJ01DCT058B001010100021", 28_640_000),
    daily("XA02BCP009B001010100022", 16_380_000),
    daily("XB05BBL199B001010100023", 4_270_000),
];
/// Tests on admission.
pub(super) static WARD_TESTS: [Item; 4] = [
    service("002501010150000", Kind::Laboratory, Class::A, 20_000_000),
    service("002503010010000", Kind::Laboratory, Class::A, 92_000_000),
    service("002102000010000", Kind::Examination, Class::A, 60_000_000),
    service("003107010010000", Kind::Examination, Class::A, 22_000_000),
];
/// 手术, 麻醉 and a consumable of the operation.
pub(super) static OPERATION: Item =
    service("003311030060000", Kind::Operation, Class::A, 1_860_000_000);
/// General anaesthesia.
pub(super) static ANAESTHESIA: Item =
    service("003301000050000", Kind::Operation, Class::A, 680_000_000);
/// Charged where something is done that is not an operation.
pub(super) static INTERVENTION: Item =
    service("003106050010000", Kind::Treatment, Class::A, 420_000_000);
/// Of the operation.
pub(super) static CLIP: Item = Item {
    code: "C0203011180100104321",
    kind: Kind::Consumable,
    class: Class::C,
    unit: "个",
    price: 186_500_000,
    pack: 1,
    base_unit: "个",
    dosage: None,
};

/// An inpatient case whose group is known.
#[derive(Debug)]
pub(super) struct Case {
    /// ICD-10 医保版 2.0, the principal one first.
    pub(super) diagnoses: &'static [&'static str],
    /// ICD-9-CM-3 医保版 2.0, the principal one first.
    pub(super) procedures: &'static [&'static str],
    /// Group of CHS-DRG 1.1.
    pub(super) group: &'static str,
    /// Whether an operation with anaesthesia is charged.
    pub(super) operation: bool,
    /// National dictionary, where the case fits one gender only.
    pub(super) gender: Option<&'static str>,
    /// Completed years, both included.
    pub(super) ages: (i32, i32),
    /// National specialty (caty).
    pub(super) specialty: &'static str,
}

const fn case(
    diagnoses: &'static [&'static str],
    procedures: &'static [&'static str],
    group: &'static str,
    specialty: &'static str,
) -> Case {
    let (operation, gender, ages) = (!procedures.is_empty(), None, (30, 85));
    Case {
        diagnoses,
        procedures,
        group,
        operation,
        gender,
        ages,
        specialty,
    }
}

/// Cases whose claimed group is the group of their record.
pub(super) static CASES: [Case; 9] = [
    case(&["J18.900"], &[], "ES35", "A03"),
    case(&["J18.900", "E11.900"], &[], "ES35", "A03"),
    case(&["J18.900", "J96.900"], &[], "ES31", "A03"),
    case(&["K80.100x001"], &["51.2300"], "HC29", "A04"),
    case(&["K80.100x001", "I10.x00x002"], &["51.2300"], "HC29", "A04"),
    case(&["I20.000"], &[], "FR39", "A03"),
    case(&["I25.103"], &["36.0700"], "FM19", "A03"),
    case(&["S72.000"], &["81.5100"], "IC29", "A04"),
    Case {
        diagnoses: &["O82.000"],
        procedures: &["74.1x01"],
        group: "OB19",
        operation: true,
        gender: Some("2"),
        ages: (22, 38),
        specialty: "A05",
    },
];

/// Pneumonia with diabetes, which is no complication: ES35, whatever is claimed.
pub(super) static PNEUMONIA_WITH_DIABETES: &Case = &CASES[1];
/// Pneumonia with respiratory failure, a major complication: ES31.
pub(super) static PNEUMONIA_WITH_FAILURE: &Case = &CASES[2];
/// Gall stones, operated on.
pub(super) static CHOLECYSTECTOMY: &Case = &CASES[3];
/// Angina without any procedure.
pub(super) static ANGINA: &Case = &CASES[5];
/// Pneumonia whose principal procedure belongs to the biliary system (MDCH).
pub(super) static FOREIGN_OPERATION: Case = case(&["J18.900"], &["51.2300"], "ES35", "A03");
/// Pneumonia with a bronchoscopic biopsy, a procedure that groups nowhere.
pub(super) static NEUTRAL_PROCEDURE: Case = Case {
    operation: false,
    ..case(&["J18.900"], &["33.2400"], "ES35", "A03")
};
/// A degenerated hip as `M16.100`, a residual category that is no principal diagnosis of any MDC.
pub(super) static RESIDUAL_DIAGNOSIS: Case = case(&["M16.100"], &[], UNGROUPABLE, "A04");
