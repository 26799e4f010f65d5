//! Findings made up for tests.

use crate::finding::{AuditFinding, AuditRow};

/// The same number for the same seed, spread over all bits.
fn spread(seed: u64) -> u64 {
    let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

const RULES: [(&str, &str, &str, &str); 6] = [
    (
        "LIB-03",
        "限二线用药",
        "项目类",
        "《国家基本医疗保险药品目录(2025年)》限定支付范围",
    ),
    (
        "LIB-11",
        "重复收费",
        "行为类",
        "《医疗保障基金使用监督管理条例》第十五条",
    ),
    (
        "LIB-21",
        "超标准收费",
        "行为类",
        "《医疗保障基金使用监督管理条例》第三十八条第(二)项",
    ),
    (
        "CHR-01",
        "门诊慢特病超量开药",
        "行为类",
        "山东省门诊慢特病长处方管理规定",
    ),
    (
        "DRG-05",
        "分解住院",
        "行为类",
        "《医疗保障基金使用监督管理条例》第三十八条第(一)项",
    ),
    (
        "CON-02",
        "高值耗材超限定数量",
        "项目类",
        "医用耗材限定支付范围",
    ),
];
const DEPARTMENTS: [&str; 9] = [
    "心血管内科",
    "骨科",
    "肿瘤科",
    "神经内科",
    "普外科",
    "儿科",
    "急诊医学科",
    "康复科",
    "",
];
const ITEMS: [(&str, &str); 5] = [
    ("XA01BCD001A002010100001", "注射用人血白蛋白"),
    ("003310000100000", "心电监测"),
    ("C0102010010000100001", "一次性使用血管内支架"),
    ("XC10AAA002A001010203456", "阿托伐他汀钙片"),
    ("", "自制敷料"),
];

/// The finding of this number.
pub(crate) fn finding(number: u64) -> AuditFinding {
    let random = spread(number.wrapping_add(1));
    let pick = |shift: u32, many: usize| ((random >> shift) % many as u64) as usize;
    // The first rules and departments have most findings.
    let rule = pick(0, RULES.len()).min(pick(5, RULES.len()));
    let (id, title, behaviour, basis) = RULES[rule];
    let department = DEPARTMENTS[pick(10, 9).min(pick(15, 9) + 1)];
    let (month, day) = (pick(20, 12) + 1, pick(25, 28) + 1);
    let rows = 1 + pick(30, 3);
    let offending: Vec<AuditRow> = (0..rows)
        .map(|at| row(number, at, pick(33 + at as u32, 5)))
        .collect();
    AuditFinding {
        pack: format!(
            "{}/{}",
            ["cn/national-library", "37/chronic-limits"][usize::from(rule > 2)],
            ["1.0.0", "1.10.0", "1.9.0"][pick(40, 3)]
        ),
        rule: id.to_owned(),
        title: title.to_owned(),
        kind: format!("K{rule:02}"),
        basis: basis.to_owned(),
        behaviour: behaviour.to_owned(),
        certainty: ["明确违规", "高度可疑", "高度可疑", "轻度可疑"][pick(43, 4)].to_owned(),
        message: format!("患者{title}:{}次，限1次", rows + 1),
        amount: offending.iter().map(|row| row.amount).sum(),
        day: format!("2026-{month:02}-{day:02}"),
        retroactive: number % 11 == 0,
        institution: format!("H3703000000{}", pick(46, 3)),
        department: department.to_owned(),
        doctor: format!("D3703{:05}", pick(48, 60)),
        patient: if rule == 4 {
            String::new()
        } else {
            format!("P{:07}", random % 50_000)
        },
        encounter: format!("E{number:09}"),
        related: (0..pick(55, 3))
            .map(|at| row(number + 1, at + 8, 0))
            .collect(),
        offending,
    }
}

fn row(number: u64, at: usize, item: usize) -> AuditRow {
    let (code, name) = ITEMS[item];
    AuditRow {
        table: "orders".to_owned(),
        key: format!("O{number:09}-{at}"),
        item: code.to_owned(),
        name: name.to_owned(),
        amount: 1_000 + (spread(number + at as u64) % 200_000) as i64,
    }
}

/// A run over the year 2026.
pub(crate) fn facts() -> crate::report::RunFacts {
    let text = include_str!("synthetic.json");
    serde_json::from_str(text).unwrap()
}
