//! What is told of a shadow run that saw a part of the history, or none.

use rulepack_host::shadow::ShadowReport;
use serde_json::{Value, json};

use super::Shown;
use crate::commands::Language;

#[test]
fn a_run_over_a_part_of_the_history_says_so() {
    let part = json!({
        "from": "2026-01-01", "to": "2026-03-31", "patients": 100, "patients_in_all": 101,
        "encounters": 200, "institutions": 1, "left_out": 2
    });
    let english = told(&part, Language::En);
    let chinese = told(&part, Language::Zh);
    for (text, lines) in [
        (
            english,
            [
                "  reviewed  100 of 101 patients, 1 institutions\n",
                "  left out  2 rows of the history\n",
                "  result    no earlier version to compare with; 3 findings in 100 patients\n",
                "  no verdict 0 → 4, 4 from the new version alone\n",
                "  not evaluable any more: daily-limit misses orders.days, orders.quantity\n",
            ],
        ),
        (
            chinese,
            [
                "  审核范围 100 名参保人（共 101 名），1 家机构\n",
                "  未用数据 2 行历史记录\n",
                "  结果　　 没有可比较的现行版本；100 名参保人中发现疑点 3 条\n",
                "  未得结论 0 → 4，4 个仅因新版本\n",
                "  不再能评估：daily-limit 缺少 orders.days，orders.quantity\n",
            ],
        ),
    ] {
        for line in lines {
            assert!(text.contains(line), "`{line}` is not in\n{text}");
        }
    }
}

#[test]
fn a_run_without_history_says_so() {
    let english = told(&Value::Null, Language::En);
    assert!(english.ends_with("  result    no history to compare\n"));
    let chinese = told(&Value::Null, Language::Zh);
    assert!(chinese.ends_with("  结果　　 没有可比较的历史记录\n"));
}

fn told(reviewed: &Value, lang: Language) -> String {
    let none = json!({"findings": 0, "amount": 0});
    let all = json!({
        "before": none, "after": {"findings": 3, "amount": 500}, "gained": none, "lost": none, "altered": none
    });
    let engine = json!({"fuel": 0, "milliseconds": 0});
    let report = json!({
        "new": "37/limits/1.1.0.wasm", "digest": "00".repeat(32), "old": null, "made": "2026-04-01T00:00:00Z",
        "history": {"segments": 1, "digest": "00".repeat(32)}, "reviewed": reviewed, "all": all,
        "rules": [], "departments": [], "old_engine": engine, "new_engine": engine,
        "no_verdict": {"before": 0, "after": 4, "only_after": 4},
        "not_evaluable": [["daily-limit", ["orders.days", "orders.quantity"]]], "examples": []
    });
    let report: ShadowReport = serde_json::from_value(report).unwrap();
    let shown = Shown::Report {
        report: Box::new(report),
        asks: None,
        page: None,
        lang,
    };
    shown.to_string()
}
