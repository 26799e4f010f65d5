//! What hospitals say, for people.

use std::fmt;

use rulepack_contract::units;
use rulepack_host::status_export::{
    Events, ExportedState, ExportedStatus, Range, RuleSum, Standing, VersionSpread,
};

use super::{Came, FileRead, Read, StatusesRead};
use crate::commands::host::states::{self, States};

/// The words of one language.
struct Words {
    made: &'static str,
    refused: &'static str,
    hint: &'static str,
    known: &'static str,
    older: &'static str,
    went_back: &'static str,
    rewritten: &'static str,
    not_counted: &'static str,
    refreshed: &'static str,
    never: &'static str,
    valid_until: &'static str,
    no_memory: &'static str,
    gap: &'static str,
    held: &'static str,
    journal: &'static str,
    entries: &'static str,
    acknowledged: &'static str,
    foreign_head: &'static str,
    signed: &'static str,
    reviewed: &'static str,
    unreviewed: &'static str,
    no_verdict: &'static str,
    events: [&'static str; 7],
    no_decisions: &'static str,
    states: States,
    rules: &'static str,
    columns: [&'static str; 6],
    blind: [&'static str; 3],
    versions: &'static str,
    other_bytes: &'static str,
}

const ENGLISH: Words = Words {
    made: "made",
    refused: "REFUSED",
    hint: "hint",
    known: "seen before",
    older: "OLDER: a status of this month was seen that was made at",
    went_back: "THE JOURNAL WENT BACK: entries now and before",
    rewritten: "THE JOURNAL WAS REWRITTEN: other entries were seen up to",
    not_counted: "not counted",
    refreshed: "refreshed",
    never: "never",
    valid_until: "valid until",
    no_memory: "the host's memory of the registry cannot be read",
    gap: "gap",
    held: "held",
    journal: "journal",
    entries: "entries",
    acknowledged: "acknowledged",
    foreign_head: "THIS BUREAU DID NOT SIGN THAT HEAD",
    signed: "signed",
    reviewed: "reviewed",
    unreviewed: "not reviewed",
    no_verdict: "no verdict",
    events: [
        "clock went back",
        "ends of the journal cut",
        "journal could not be written for a time",
        "fell back to the version before",
        "could not fall back",
        "abnormal rates of findings",
        "packs could not be used",
    ],
    no_decisions: "what clinicians decided is not known",
    states: states::ENGLISH,
    rules: "rules, those overridden most often first",
    columns: [
        "overridden",
        "findings",
        "continued",
        "changed",
        "hospitals",
        "CNY",
    ],
    blind: ["could not look in", "requests and at", "rows, missing"],
    versions: "versions, and in how many hospitals",
    other_bytes: "OTHER BYTES UNDER ONE NAME",
};

const CHINESE: Words = Words {
    made: "生成于",
    refused: "拒绝",
    hint: "提示",
    known: "已读过",
    older: "较旧：本月已读过更新的状态，生成于",
    went_back: "日志倒退：现有与此前的条数",
    rewritten: "日志被改写：此前所见条目不同，条数",
    not_counted: "不计入",
    refreshed: "最近更新",
    never: "从未",
    valid_until: "有效至",
    no_memory: "前置机的登记中心记录无法读取",
    gap: "无生效版本",
    held: "暂停",
    journal: "日志",
    entries: "条",
    acknowledged: "已确认",
    foreign_head: "该日志头并非本局签署",
    signed: "已签署",
    reviewed: "已审核",
    unreviewed: "未审核",
    no_verdict: "未得出结论",
    events: [
        "时钟倒退",
        "日志尾部截断",
        "日志曾无法写入",
        "自动回退版本",
        "无法回退",
        "疑点率异常",
        "规则包无法使用",
    ],
    no_decisions: "医师处理结果无法读取",
    states: states::CHINESE,
    rules: "规则（医师继续执行占比由高到低）",
    columns: [
        "继续占比",
        "疑点",
        "继续执行",
        "返回修改",
        "机构数",
        "金额（元）",
    ],
    blind: ["无法评估：", "次请求，", "行；缺少"],
    versions: "版本与机构数",
    other_bytes: "同名版本字节不同",
};

impl fmt::Display for StatusesRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.lang.choose(&ENGLISH, &CHINESE);
        for file in &self.files {
            write_file(f, words, file)?;
        }
        if !self.sums.versions.is_empty() {
            writeln!(f, "\n{}", words.versions)?;
        }
        for version in &self.sums.versions {
            write_version(f, words, version)?;
        }
        if !self.sums.rules.is_empty() {
            writeln!(f, "\n{}", words.rules)?;
        }
        for rule in &self.sums.rules {
            write_rule(f, words, rule)?;
        }
        Ok(())
    }
}

fn write_file(f: &mut fmt::Formatter<'_>, words: &Words, file: &FileRead) -> fmt::Result {
    let path = file.file.display();
    match &file.came {
        Came::Refused { refused, hint } => {
            writeln!(f, "{path}: {}: {refused}", words.refused)?;
            match hint {
                Some(hint) => writeln!(f, "  {}: {hint}", words.hint),
                None => Ok(()),
            }
        }
        Came::Read(read) => {
            let status = &read.status;
            writeln!(
                f,
                "{} {} ({}), {} {}",
                status.month, status.institution, status.division, words.made, status.made
            )?;
            write_standing(f, words, &read.standing)?;
            write_host(f, words, status)?;
            write_journal(f, words, read)?;
            write_counts(f, words, status)
        }
    }
}

fn write_standing(f: &mut fmt::Formatter<'_>, words: &Words, standing: &Standing) -> fmt::Result {
    let not = words.not_counted;
    match standing {
        Standing::New => Ok(()),
        Standing::Known => writeln!(f, "  {}", words.known),
        Standing::Older { seen } => writeln!(f, "  {} {seen}; {not}", words.older),
        Standing::WentBack { count, seen } => {
            writeln!(f, "  {} {count}, {seen}; {not}", words.went_back)
        }
        Standing::Rewritten { count } => writeln!(f, "  {} {count}; {not}", words.rewritten),
    }
}

/// Registry, versions that are not simply in force, gaps and holds.
fn write_host(f: &mut fmt::Formatter<'_>, words: &Words, status: &ExportedStatus) -> fmt::Result {
    match &status.knowledge {
        None => writeln!(f, "  {}", words.no_memory)?,
        Some(known) => {
            let told = |moment: Option<rulepack_protocol::moment::Moment>| {
                moment.map_or(words.never.to_owned(), |moment| moment.to_string())
            };
            let (refreshed, until) = (told(known.refreshed), told(known.valid_until));
            let (at, valid) = (words.refreshed, words.valid_until);
            writeln!(f, "  {at} {refreshed}, {valid} {until}")?;
        }
    }
    for version in &status.versions {
        let is_told = !matches!(version.state, ExportedState::Ready);
        if is_told {
            writeln!(f, "  {} {}", state(words, version.state), version.path)?;
        }
    }
    for pack in &status.gaps {
        writeln!(f, "  {} {pack}", words.gap)?;
    }
    for pack in &status.holds {
        writeln!(f, "  {} {pack}", words.held)?;
    }
    Ok(())
}

fn write_journal(f: &mut fmt::Formatter<'_>, words: &Words, read: &Read) -> fmt::Result {
    let Some(journal) = &read.status.journal else {
        return writeln!(f, "  {} 0 {}", words.journal, words.entries);
    };
    let acknowledged = journal.acknowledged.as_ref();
    let count = acknowledged.map_or(0, |acknowledged| acknowledged.head.count);
    writeln!(
        f,
        "  {} {} {}, {} {count}",
        words.journal, journal.head.count, words.entries, words.acknowledged
    )?;
    if read.acknowledged_here == Some(false) {
        writeln!(f, "  {}", words.foreign_head)?;
    }
    match &read.acknowledgement {
        Some(path) => writeln!(f, "  {} {}", words.signed, path.display()),
        None => Ok(()),
    }
}

fn write_counts(f: &mut fmt::Formatter<'_>, words: &Words, status: &ExportedStatus) -> fmt::Result {
    for (word, counts) in [
        (words.reviewed, &status.reviewed),
        (words.unreviewed, &status.unreviewed),
    ] {
        for (transaction, count) in counts {
            writeln!(f, "  {word} {}: {count}", transaction.word())?;
        }
    }
    for none in &status.no_verdict {
        let amount = none
            .amount
            .map(|fen| format!(", {} CNY", units::format_short(fen, 2)));
        let (word, kind) = (words.no_verdict, none.kind.word());
        let (pack, patients) = (&none.pack, none.patients);
        writeln!(
            f,
            "  {word} {pack} {kind}: {patients}{}",
            amount.unwrap_or_default()
        )?;
    }
    for (word, count) in words.events.iter().zip(happened(&status.events)) {
        if count > 0 {
            writeln!(f, "  {word}: {count}")?;
        }
    }
    match status.decisions_known {
        true => Ok(()),
        false => writeln!(f, "  {}", words.no_decisions),
    }
}

/// In the order of [`Words::events`].
fn happened(events: &Events) -> [u64; 7] {
    [
        events.clock_back,
        events.ends_cut,
        events.interruptions,
        events.fell_back,
        events.cannot_fall_back,
        events.abnormal_rates,
        events.broken,
    ]
}

fn state(words: &Words, state: ExportedState) -> &'static str {
    let states = &words.states;
    match state {
        ExportedState::InForce => states.in_force,
        ExportedState::Ready => states.ready,
        ExportedState::Waiting => states.waiting,
        ExportedState::Held => states.put_aside,
        ExportedState::Refused => states.refused,
        ExportedState::Withdrawn => states.withdrawn,
    }
}

fn write_version(
    f: &mut fmt::Formatter<'_>,
    words: &Words,
    version: &VersionSpread,
) -> fmt::Result {
    let states = version.states.iter();
    let states: Vec<String> = states
        .map(|(made, hospitals)| format!("{} {hospitals}", state(words, *made)))
        .collect();
    writeln!(f, "  {}: {}", version.path, states.join(", "))?;
    if version.digests.len() > 1 {
        writeln!(f, "    {}", words.other_bytes)?;
        for digest in &version.digests {
            writeln!(f, "    sha256 {digest}")?;
        }
    }
    Ok(())
}

fn write_rule(f: &mut fmt::Formatter<'_>, words: &Words, rule: &RuleSum) -> fmt::Result {
    writeln!(f, "  {} {} {}", rule.month, rule.pack, rule.rule)?;
    let [overridden, findings, continued, changed, hospitals, amount] = words.columns;
    let many = format!("{hospitals} {}", rule.hospitals);
    if rule.findings.most > 0 {
        let share = rule.share.map_or("-".to_owned(), percent);
        let (found, went_on, gave_way) = (rule.findings, rule.continued, rule.changed);
        let told = units::format_short(rule.amount, 2);
        writeln!(
            f,
            "    {overridden} {share}; {findings} {found}, {continued} {went_on}, {changed} {gave_way}; {amount} \
             {told}; {many}",
        )?;
    }
    let (requests, rows) = (rule.not_evaluable, rule.abstained);
    if requests.most == 0 && rows.most == 0 {
        return Ok(());
    }
    let missing: Vec<String> = rule.missing.iter().map(ToString::to_string).collect();
    let missing = missing.join(", ");
    let [could_not, in_requests, at_rows] = words.blind;
    writeln!(
        f,
        "    {could_not} {requests} {in_requests} {rows} {at_rows} {missing}; {many}"
    )
}

/// Ten-thousandths as per cent.
fn percent(share: Range) -> String {
    let told = |part: u64| units::format_short(i64::try_from(part).unwrap_or(i64::MAX), 2);
    match share.least == share.most {
        true => format!("{} %", told(share.least)),
        false => format!("{}-{} %", told(share.least), told(share.most)),
    }
}
