//! The status of a host for people.

use std::fmt;

use rulepack_host::history::HistorySurvey;
use rulepack_host::host_status::{HostStatus, VersionStatus};
use rulepack_host::lock::State;
use rulepack_host::update::course::{Came, Stage, Step};
use rulepack_protocol::tuf::{Channel, Status};

use super::ShownStatus;
use crate::commands::Language;
use crate::commands::host::states::{self, States};

/// The words of one language.
struct Words {
    language: Language,
    host: &'static str,
    division: &'static str,
    refreshed: &'static str,
    never: &'static str,
    roles: &'static str,
    lock: &'static str,
    history: &'static str,
    imports: &'static str,
    encounters: &'static str,
    since: &'static str,
    states: States,
    coming: &'static str,
    held: &'static str,
    gap: &'static str,
    not_evaluable: &'static str,
    warning: &'static str,
    from: &'static str,
    to: &'static str,
    first_wave: &'static str,
    mandatory: &'static str,
    comma: &'static str,
    colon: &'static str,
    step: fn(Step) -> &'static str,
    came: fn(Came) -> &'static str,
}

impl Words {
    /// What begins a line.
    fn label(&self, word: &str) -> String {
        self.language.label(word)
    }
}

const ENGLISH: Words = Words {
    language: Language::En,
    host: "host of",
    division: " in ",
    refreshed: "refreshed",
    never: "never",
    roles: "roles",
    lock: "lock",
    history: "history",
    imports: " imports",
    encounters: " encounters of requests",
    since: " since ",
    states: states::ENGLISH,
    coming: "coming",
    held: "held",
    gap: "gap",
    not_evaluable: "no version is in force, its rules are not evaluable",
    warning: "warning",
    from: " from ",
    to: " to ",
    first_wave: "first wave",
    mandatory: "mandatory by ",
    comma: ", ",
    colon: ": ",
    step: Step::word,
    came: Came::word,
};

const CHINESE: Words = Words {
    language: Language::Zh,
    host: "前置机",
    division: "，区划 ",
    refreshed: "最近更新",
    never: "从未",
    roles: "签署文件",
    lock: "锁定文件",
    history: "历史记录",
    imports: " 次导入",
    encounters: " 次就诊",
    since: "，起始日 ",
    states: states::CHINESE,
    coming: "更新中",
    held: "暂停",
    gap: "无版本",
    not_evaluable: "无生效版本，其规则无法评估",
    warning: "注意",
    from: "，自 ",
    to: " 至 ",
    first_wave: "首批试行",
    mandatory: "最迟启用日 ",
    comma: "，",
    colon: "：",
    step: chinese_step,
    came: chinese_came,
};

fn chinese_step(step: Step) -> &'static str {
    match step {
        Step::Verify => "验签",
        Step::Inspect => "检查",
        Step::Compile => "编译",
        Step::Cases => "用例",
        Step::Shadow => "试算",
        Step::Decision => "审批",
        Step::Switch => "切换",
        Step::Watch => "观察",
    }
}

fn chinese_came(came: Came) -> &'static str {
    match came {
        Came::Passed => "通过　",
        Came::Running => "进行中",
        Came::Skipped => "略过　",
        Came::Asks => "待批准",
        Came::Refused => "拒绝　",
        Came::FellBack => "已回退",
    }
}

impl fmt::Display for ShownStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.lang.choose(&ENGLISH, &CHINESE);
        write_host(f, words, &self.status)?;
        write_packs(f, words, &self.status)
    }
}

/// Whose host it is, how old its knowledge is, and what it rests on.
fn write_host(f: &mut fmt::Formatter<'_>, words: &Words, status: &HostStatus) -> fmt::Result {
    writeln!(
        f,
        "{} {}{}{}{}{}",
        words.host, status.institution, words.division, status.division, words.comma, status.today
    )?;
    match status.refreshed {
        Some(refreshed) => writeln!(f, "  {} {refreshed}", words.label(words.refreshed))?,
        None => writeln!(f, "  {} {}", words.label(words.refreshed), words.never)?,
    }
    let roles = status.roles.iter();
    let roles: Vec<_> = roles
        .map(|accepted| format!("{} {}", accepted.role, accepted.version))
        .collect();
    writeln!(
        f,
        "  {} {}",
        words.label(words.roles),
        roles.join(words.comma)
    )?;
    writeln!(f, "  {} {}", words.label(words.lock), status.lock)?;
    write_history(f, words, &status.history)
}

fn write_history(
    f: &mut fmt::Formatter<'_>,
    words: &Words,
    history: &HistorySurvey,
) -> fmt::Result {
    let since = history.since.map(|since| format!("{}{since}", words.since));
    writeln!(
        f,
        "  {} {}{}{}{}{}{}",
        words.label(words.history),
        history.imports,
        words.imports,
        words.comma,
        history.encounters,
        words.encounters,
        since.unwrap_or_default()
    )
}

/// Its versions, and what a person should look at.
fn write_packs(f: &mut fmt::Formatter<'_>, words: &Words, status: &HostStatus) -> fmt::Result {
    for version in &status.versions {
        write_version(f, words, version)?;
    }
    for version in &status.coming {
        writeln!(f, "{} {}", words.label(words.coming), version.path)?;
        write_stages(f, words, &version.stages)?;
    }
    let colon = words.colon;
    for (pack, reason) in &status.holds {
        writeln!(f, "{} {pack}{colon}{reason}", words.label(words.held))?;
    }
    for pack in &status.gaps {
        writeln!(
            f,
            "{} {pack}{colon}{}",
            words.label(words.gap),
            words.not_evaluable
        )?;
    }
    for warning in &status.warnings {
        writeln!(f, "{} {warning}", words.label(words.warning))?;
    }
    Ok(())
}

fn write_version(
    f: &mut fmt::Formatter<'_>,
    words: &Words,
    version: &VersionStatus,
) -> fmt::Result {
    let states = &words.states;
    let (word, reason) = match (&version.state, version.status) {
        (State::Refused { reason }, Status::Yanked) => (states.withdrawn, Some(reason)),
        (_, Status::Yanked) => (states.withdrawn, None),
        (State::Active, _) if version.in_force => (states.in_force, None),
        (State::Active, _) => (states.ready, None),
        (State::Waiting { reason }, _) => (states.waiting, Some(reason)),
        (State::Held { reason }, _) => (states.put_aside, Some(reason)),
        (State::Refused { reason }, _) => (states.refused, Some(reason)),
        (State::Unfollowed, _) => (states.unfollowed, None),
    };
    let (path, from) = (&version.path, version.effective.from);
    let word = words.label(word);
    write!(f, "{word} {path}{}{from}", words.from)?;
    if let Some(to) = version.effective.to {
        write!(f, "{}{to}", words.to)?;
    }
    if version.channel == Channel::Canary {
        write!(f, "{}{}", words.comma, words.first_wave)?;
    }
    if let Some(day) = version.mandatory_by {
        write!(f, "{}{}{day}", words.comma, words.mandatory)?;
    }
    match reason {
        Some(reason) => writeln!(f, "{}{reason}", words.colon)?,
        None => writeln!(f)?,
    }
    write_stages(f, words, &version.stages)
}

/// What came of the steps of an update, a line each.
fn write_stages(f: &mut fmt::Formatter<'_>, words: &Words, stages: &[Stage]) -> fmt::Result {
    for stage in stages {
        let (step, came) = ((words.step)(stage.step), (words.came)(stage.came));
        let took = format!("{} ms", stage.milliseconds);
        writeln!(
            f,
            "  {step:<8} {came:<9} {} {took:>9}  {}",
            stage.at, stage.told
        )?;
    }
    Ok(())
}
