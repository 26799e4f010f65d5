//! What a receipt says, for people.

use std::fmt;

use super::{Anchor, VerifiedReceipt};
use crate::commands::Language;

/// The words of one language.
struct Words {
    language: Language,
    receipt: &'static str,
    hospital: &'static str,
    host_key: &'static str,
    enrolled: &'static str,
    not_enrolled: &'static str,
    entry: &'static str,
    of_journal: &'static str,
    engine: &'static str,
    lock: &'static str,
    pack: &'static str,
    fuel: &'static str,
    finding: &'static str,
    not_evaluable: &'static str,
    no_verdict: &'static str,
    anchor: &'static str,
    not_compared: &'static str,
    /// Before and after the number of entries.
    anchored: [&'static str; 2],
    unanchored: [&'static str; 2],
    needs_journal: [&'static str; 2],
    problem: &'static str,
    comma: &'static str,
    colon: &'static str,
}

impl Words {
    /// A line of what is known.
    fn line(&self, f: &mut fmt::Formatter<'_>, word: &str, told: &dyn fmt::Display) -> fmt::Result {
        writeln!(f, "  {} {told}", self.language.label(word))
    }
}

const ENGLISH: Words = Words {
    language: Language::En,
    receipt: "receipt of answer",
    hospital: "hospital",
    host_key: "host key",
    enrolled: "the enrolled one",
    not_enrolled: "compare it with the enrolled one, or give `--host-key`",
    entry: "entry",
    of_journal: " of the journal",
    engine: "engine",
    lock: "lock",
    pack: "pack",
    fuel: "fuel",
    finding: "finding",
    not_evaluable: "not evaluable ",
    no_verdict: "no verdict    ",
    anchor: "anchor",
    not_compared: "not compared with the bureau",
    anchored: ["the bureau acknowledged ", " entries with this one"],
    unanchored: [
        "UNANCHORED: the bureau acknowledged ",
        " entries, before this one",
    ],
    needs_journal: [
        "the bureau acknowledged ",
        " entries; give the journal with `--dir`",
    ],
    problem: "PROBLEM",
    comma: ", ",
    colon: ": ",
};

const CHINESE: Words = Words {
    language: Language::Zh,
    receipt: "判定回执，应答号",
    hospital: "医疗机构",
    host_key: "前置机钥",
    enrolled: "与登记的密钥一致",
    not_enrolled: "请与登记的密钥核对，或用 `--host-key` 给出",
    entry: "日志条目",
    of_journal: "",
    engine: "引擎版本",
    lock: "锁定文件",
    pack: "规则包",
    fuel: "计算量",
    finding: "疑点",
    not_evaluable: "无法评估",
    no_verdict: "未得结论",
    anchor: "经办确认",
    not_compared: "未与医保局的记录核对",
    anchored: ["医保局已确认 ", " 条日志，包含本条"],
    unanchored: ["未确认！医保局已确认 ", " 条日志，均在本条之前"],
    needs_journal: ["医保局已确认 ", " 条日志；请用 `--dir` 给出日志"],
    problem: "有问题",
    comma: "，",
    colon: "：",
};

impl fmt::Display for VerifiedReceipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.lang.choose(&ENGLISH, &CHINESE);
        self.write_origin(f, words)?;
        self.write_verdict(f, words)?;
        write_anchor(f, words, &self.anchor)
    }
}

impl VerifiedReceipt {
    /// Whose it is, and what ran.
    fn write_origin(&self, f: &mut fmt::Formatter<'_>, words: &Words) -> fmt::Result {
        let (verdict, key, comma) = (&self.verdict, self.host_key, words.comma);
        let enrolled = match self.enrolled {
            true => words.enrolled,
            false => words.not_enrolled,
        };
        let entry = format_args!("{}{}", self.entry, words.of_journal);
        writeln!(f, "{} {}", words.receipt, verdict.answer)?;
        words.line(f, words.hospital, &self.institution)?;
        words.line(f, words.host_key, &format_args!("{key}{comma}{enrolled}"))?;
        words.line(f, words.entry, &entry)?;
        words.line(f, words.engine, &verdict.engine)?;
        words.line(f, words.lock, &verdict.lock)?;
        for run in &verdict.packs {
            let ran = format_args!("{} {} {}", run.pack, words.fuel, run.fuel);
            words.line(f, words.pack, &ran)?;
            words.line(f, "", &run.digest)?;
        }
        Ok(())
    }

    /// What it came to.
    fn write_verdict(&self, f: &mut fmt::Formatter<'_>, words: &Words) -> fmt::Result {
        let (verdict, colon) = (&self.verdict, words.colon);
        for finding in &verdict.findings {
            let (rule, certainty) = (&finding.rule, finding.certainty.chinese());
            words.line(f, words.finding, &format_args!("{rule} {certainty}"))?;
        }
        for one in &verdict.not_evaluable {
            let (rule, missing) = (&one.rule, one.missing.join(words.comma));
            words.line(
                f,
                words.not_evaluable,
                &format_args!("{rule}{colon}{missing}"),
            )?;
        }
        for none in &verdict.no_verdict {
            let (pack, reason) = (&none.pack, &none.reason);
            words.line(f, words.no_verdict, &format_args!("{pack}{colon}{reason}"))?;
        }
        Ok(())
    }
}

/// Whether the bureau knows it.
fn write_anchor(f: &mut fmt::Formatter<'_>, words: &Words, anchor: &Anchor) -> fmt::Result {
    let counted = |[before, after]: [&str; 2], head: &u64| format!("{before}{head}{after}");
    let told = match anchor {
        Anchor::NotCompared => words.not_compared.to_owned(),
        Anchor::Anchored { head } => counted(words.anchored, head),
        Anchor::Unanchored { head } => counted(words.unanchored, head),
        Anchor::NeedsJournal { head } => counted(words.needs_journal, head),
        Anchor::Contradicted { problem } => format!("{}{}{problem}", words.problem, words.colon),
    };
    words.line(f, words.anchor, &told)
}
