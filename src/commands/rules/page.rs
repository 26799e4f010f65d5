//! The page of all rules, as Markdown.

use std::fmt::{Display, Write as _};

use rulepack_contract::answer::Certainty;
use rulepack_contract::parameters::{ParameterDeclaration, ParameterValue};
use rulepack_contract::review::{Scope, Stage};
use rulepack_protocol::pack::Manifest;
use rulepack_protocol::pack::manifest::{Action, Behaviour, ColumnReference, Rule};

use super::answers::Point;

const HEAD: &str = "\
# The rules

Written by `rulepack rules`; do not edit. What a rule *tells* are the messages of its findings and notices, its definition in the words that a
clinician reads. *Needs* are the columns ([DATA.md](DATA.md)) without which a hospital reports the rule as not evaluable; *uses* are those that it
reads where they are recorded. Parameters are those of the whole pack. Money, shares and days of supply in parameters are in the units that their
meaning names.
";

/// The page.
pub fn page(packs: &[Manifest], points: &[Point]) -> String {
    let mut page = HEAD.to_owned();
    // Writing into a text cannot fail.
    let _ = write(&mut page, packs, points);
    page
}

fn write(page: &mut String, packs: &[Manifest], points: &[Point]) -> std::fmt::Result {
    writeln!(page, "\n| pack | title | rules | parameters | tables |")?;
    writeln!(page, "|---|---|---|---|---|")?;
    for pack in packs {
        let header = &pack.pack;
        let (rules, parameters) = (pack.rules.len(), pack.parameters.len());
        let tables = pack.tables.len();
        let (name, title) = (&header.name, cell(&header.title));
        writeln!(
            page,
            "| `{name}` | {title} | {rules} | {parameters} | {tables} |"
        )?;
    }
    if !points.is_empty() {
        write_points(page, points)?;
    }
    for pack in packs {
        writeln!(page, "\n## `{}` {}", pack.pack.name, pack.pack.title)?;
        for rule in &pack.rules {
            write_rule(page, rule, points)?;
        }
        if !pack.parameters.is_empty() {
            write_parameters(page, &pack.parameters)?;
        }
    }
    Ok(())
}

fn write_points(page: &mut String, points: &[Point]) -> std::fmt::Result {
    let count = |wanted: &dyn Fn(&Point) -> bool| points.iter().filter(|it| wanted(it)).count();
    let ruled = count(&|it| !it.rules.is_empty());
    let offered = count(&|it| it.rules.is_empty() && it.feature.is_some());
    let part = |it: &Point| it.not_yet.is_some();
    let ruled_part = count(&|it| !it.rules.is_empty() && part(it));
    let offered_part = count(&|it| it.rules.is_empty() && it.feature.is_some() && part(it));
    let (all, open) = (points.len(), points.len() - ruled - offered);
    writeln!(page, "\n## Points of supervision (监管要点)\n")?;
    writeln!(
        page,
        "Of {all} points, {ruled} are answered by rules ({ruled_part} of them in part), {offered} by the \
         platform alone ({offered_part} in part), {open} not yet.\n",
    )?;
    writeln!(
        page,
        "| point | | rules | platform | not yet |\n|---|---|---|---|---|"
    )?;
    for point in points {
        let open = point.not_yet.as_deref().map(cell).unwrap_or_default();
        let feature = point.feature.as_deref().map(cell).unwrap_or_default();
        let (number, title) = (&point.number, cell(&point.title));
        let rules = listed(&point.rules);
        writeln!(
            page,
            "| {number} | {title} | {rules} | {feature} | {open} |"
        )?;
    }
    Ok(())
}

fn write_rule(page: &mut String, rule: &Rule, points: &[Point]) -> std::fmt::Result {
    writeln!(page, "\n### {} {}\n", rule.id, rule.title)?;
    let kind = rule.kind.as_ref().map(|kind| format!("`{kind}` · "));
    let stages: Vec<&str> = rule.stages.iter().map(|stage| stage_of(*stage)).collect();
    let certainties = [
        Certainty::Violation,
        Certainty::HighSuspicion,
        Certainty::LowSuspicion,
    ];
    let acts = certainties.iter().filter(|it| rule.action.contains_key(it));
    let acts: Vec<String> = acts
        .map(|it| format!("{} → {}", it.chinese(), action_of(rule.action(*it))))
        .collect();
    writeln!(
        page,
        "- {}{} · {} · {}{}",
        kind.unwrap_or_default(),
        behaviour_of(rule.behaviour),
        scope_of(rule.scope),
        stages.join("、"),
        if acts.is_empty() {
            String::new()
        } else {
            format!(" · {}", acts.join("，"))
        },
    )?;
    for (name, message) in &rule.messages {
        writeln!(page, "- tells `{name}`: {message}")?;
    }
    writeln!(page, "- basis: {}", rule.basis)?;
    writeln!(page, "- needs: {}", columns(&rule.needs))?;
    if !rule.uses.is_empty() {
        writeln!(page, "- uses: {}", columns(&rule.uses))?;
    }
    let answered = points.iter().filter(|point| point.rules.contains(&rule.id));
    let answered: Vec<&str> = answered.map(|point| point.number.as_str()).collect();
    if !answered.is_empty() {
        writeln!(page, "- answers: {}", answered.join(", "))?;
    }
    Ok(())
}

fn write_parameters(page: &mut String, parameters: &[ParameterDeclaration]) -> std::fmt::Result {
    writeln!(
        page,
        "\n| parameter | default | range | set by | meaning |\n|---|---|---|---|---|"
    )?;
    for parameter in parameters {
        let bound = |value: Option<i64>| value.map_or("…".to_owned(), |value| value.to_string());
        let range = match (parameter.min, parameter.max) {
            (None, None) => String::new(),
            (min, max) => format!("{} – {}", bound(min), bound(max)),
        };
        let default = match &parameter.default {
            ParameterValue::Integer(value) => value.to_string(),
            ParameterValue::Text(text) => format!("`{text}`"),
            ParameterValue::Codes(codes) => listed(codes),
        };
        let setters: Vec<String> = parameter.set_by.iter().map(ToString::to_string).collect();
        let (name, meaning) = (&parameter.name, cell(&parameter.meaning));
        let setters = setters.join(", ");
        writeln!(
            page,
            "| `{name}` | {default} | {range} | {setters} | {meaning} |"
        )?;
    }
    Ok(())
}

fn columns(columns: &[ColumnReference]) -> String {
    match columns.is_empty() {
        true => "nothing".to_owned(),
        false => listed(columns),
    }
}

fn listed<T: Display>(values: &[T]) -> String {
    let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
    values.join(", ")
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn behaviour_of(behaviour: Behaviour) -> &'static str {
    match behaviour {
        Behaviour::Conduct => "行为类",
        Behaviour::Item => "项目类",
    }
}

fn scope_of(scope: Scope) -> &'static str {
    match scope {
        Scope::Patient => "patient (参保人)",
        Scope::Institution => "institution (机构)",
        Scope::Region => "region (统筹区)",
    }
}

fn stage_of(stage: Stage) -> &'static str {
    match stage {
        Stage::Before => "事前",
        Stage::During => "事中",
        Stage::After => "事后",
    }
}

fn action_of(action: Action) -> &'static str {
    match action {
        Action::Remind => "提醒",
        Action::Review => "审核",
        Action::Block => "拦截",
    }
}
