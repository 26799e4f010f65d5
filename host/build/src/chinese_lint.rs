//! What somebody should look at in a pack, in Chinese (签发前检查).

use rulepack_protocol::pack::lint::{Level, Lint, Problem};

/// A lint in Chinese (中文), with its level.
#[must_use]
pub fn lint_in_chinese(lint: &Lint) -> String {
    let level = match lint.level {
        Level::Error => "错误",
        Level::Warning => "注意",
    };
    format!("{level}：{}", place_and_problem(lint))
}

/// The same without its level.
pub(crate) fn place_and_problem(lint: &Lint) -> String {
    let place = match lint.place.split_once(' ') {
        Some(("rule", rule)) => format!("规则 {rule}"),
        Some(("table", table)) => format!("表 {table}"),
        Some(("parameter", parameter)) => format!("参数 {parameter}"),
        _ => lint.place.clone(),
    };
    format!("{place}：{}", problem(&lint.problem))
}

fn problem(problem: &Problem) -> String {
    match problem {
        Problem::RuleId => "编号不是 `ABC-01` 的形式".to_owned(),
        Problem::NoBasis { basis } => format!("依据为 `{basis}`，应为所依据的政策文件"),
        Problem::ExampleBasis { basis } => format!("依据 `{basis}` 只是示例"),
        Problem::RowsWithoutBasis { rows, first } => {
            format!("{rows} 行没有依据，最前为第 {first} 行数据")
        }
        Problem::UnreachableRule => "程序中没有这一编号，规则不会有结果".to_owned(),
        Problem::UnreachableMessage { message } => {
            format!("程序中没有文案 `{message}` 的名称，不会用到")
        }
        Problem::NeverRead => "程序中没有这一名称，不会读取".to_owned(),
        Problem::UnknownCode { row, column, code } => {
            format!("第 {row} 行数据“{column}”列的编码 `{code}` 不在编码表中")
        }
        Problem::ExpiredCode {
            row,
            column,
            code,
            day,
        } => format!("第 {row} 行数据在 {day} 有效，而“{column}”列的编码 `{code}` 当日无效"),
        Problem::SameKind { pack, kind, rule } => {
            format!("规则包 `{pack}` 的 `{rule}` 也判断国家规则 `{kind}`，可能重复提示")
        }
        about => rows(about),
    }
}

/// What is wrong with rows.
fn rows(problem: &Problem) -> String {
    match problem {
        Problem::UnknownRule { row, rule } => {
            format!("第 {row} 行数据的规则 `{rule}` 不是本规则包的规则")
        }
        Problem::NeverInForce { row, from, to } => {
            format!("第 {row} 行数据的失效日期 {to} 早于生效日期 {from}")
        }
        Problem::Contradiction {
            first,
            second,
            day,
            key,
            column,
            one,
            other,
        } => format!(
            "第 {first} 行和第 {second} 行数据在 {day} 对 `{key}` 都有效，“{column}”列不同：`{one}` 和 `{other}`"
        ),
        Problem::Repetition {
            first,
            second,
            day,
            key,
        } => format!("第 {first} 行和第 {second} 行数据在 {day} 对 `{key}` 内容相同"),
        Problem::ContradictsPack {
            pack,
            row,
            their_row,
            day,
            key,
            column,
            one,
            other,
        } => format!(
            "第 {row} 行数据与规则包 `{pack}` 第 {their_row} 行在 {day} 对 `{key}` 都有效，“{column}”列不同：\
             `{one}` 和 `{other}`"
        ),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(level: Level, place: &str, problem: Problem) -> String {
        let place = place.to_owned();
        lint_in_chinese(&Lint {
            level,
            place,
            problem,
        })
    }

    #[test]
    fn what_is_wrong_with_rows_is_told_in_chinese() {
        let unknown = Problem::UnknownRule {
            row: 3,
            rule: "NL-999".to_owned(),
        };
        assert_eq!(
            told(Level::Error, "table limits", unknown),
            "错误：表 limits：第 3 行数据的规则 `NL-999` 不是本规则包的规则"
        );
        let never = Problem::NeverInForce {
            row: 1,
            from: "2026-01-01".to_owned(),
            to: "2020-01-01".to_owned(),
        };
        assert_eq!(
            told(Level::Error, "table limits", never),
            "错误：表 limits：第 1 行数据的失效日期 2020-01-01 早于生效日期 2026-01-01"
        );
        let same = Problem::Repetition {
            first: 1,
            second: 2,
            day: "2026-01-01".to_owned(),
            key: "A".to_owned(),
        };
        assert_eq!(
            told(Level::Warning, "table limits", same),
            "注意：表 limits：第 1 行和第 2 行数据在 2026-01-01 对 `A` 内容相同"
        );
    }

    #[test]
    fn what_is_wrong_with_rules_is_told_in_chinese() {
        let basis = "TODO".to_owned();
        assert_eq!(
            told(Level::Error, "rule MY-01", Problem::NoBasis { basis }),
            "错误：规则 MY-01：依据为 `TODO`，应为所依据的政策文件"
        );
        assert_eq!(
            told(Level::Warning, "parameter x", Problem::NeverRead),
            "注意：参数 x：程序中没有这一名称，不会读取"
        );
    }
}
