//! What a receipt says, for people.

use std::fmt;

use super::{Anchor, VerifiedReceipt};
use crate::commands::Language;

/// The words of one language; those that begin a line of the host are of one width.
struct Words {
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
    digest: &'static str,
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

const ENGLISH: Words = Words {
    receipt: "receipt of answer",
    hospital: "hospital ",
    host_key: "host key ",
    enrolled: "the enrolled one",
    not_enrolled: "compare it with the enrolled one, or give `--host-key`",
    entry: "entry    ",
    of_journal: " of the journal",
    engine: "engine   ",
    lock: "lock     ",
    pack: "pack     ",
    fuel: "fuel",
    digest: "         ",
    finding: "finding  ",
    not_evaluable: "not evaluable ",
    no_verdict: "no verdict    ",
    anchor: "anchor   ",
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
    receipt: "判定回执，应答号",
    hospital: "医疗机构",
    host_key: "前置机钥",
    enrolled: "与登记的密钥一致",
    not_enrolled: "请与登记的密钥核对，或用 `--host-key` 给出",
    entry: "日志条目",
    of_journal: "",
    engine: "引擎版本",
    lock: "锁定文件",
    pack: "规则包　",
    fuel: "计算量",
    digest: "　　　　",
    finding: "疑点　　",
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
        let words = match self.lang {
            Language::En => &ENGLISH,
            Language::Zh => &CHINESE,
        };
        self.write_origin(f, words)?;
        self.write_verdict(f, words)?;
        write_anchor(f, words, &self.anchor)
    }
}

impl VerifiedReceipt {
    /// Whose it is, and what ran.
    fn write_origin(&self, f: &mut fmt::Formatter<'_>, words: &Words) -> fmt::Result {
        let verdict = &self.verdict;
        writeln!(f, "{} {}", words.receipt, verdict.answer)?;
        writeln!(f, "  {} {}", words.hospital, self.institution)?;
        let enrolled = match self.enrolled {
            true => words.enrolled,
            false => words.not_enrolled,
        };
        let (key, comma) = (self.host_key, words.comma);
        writeln!(f, "  {} {key}{comma}{enrolled}", words.host_key)?;
        writeln!(f, "  {} {}{}", words.entry, self.entry, words.of_journal)?;
        writeln!(f, "  {} {}", words.engine, verdict.engine)?;
        writeln!(f, "  {} {}", words.lock, verdict.lock)?;
        for run in &verdict.packs {
            writeln!(
                f,
                "  {} {} {} {}",
                words.pack, run.pack, words.fuel, run.fuel
            )?;
            writeln!(f, "  {} {}", words.digest, run.digest)?;
        }
        Ok(())
    }

    /// What it came to.
    fn write_verdict(&self, f: &mut fmt::Formatter<'_>, words: &Words) -> fmt::Result {
        let (verdict, colon) = (&self.verdict, words.colon);
        for finding in &verdict.findings {
            let certainty = finding.certainty.chinese();
            writeln!(f, "  {} {} {certainty}", words.finding, finding.rule)?;
        }
        for one in &verdict.not_evaluable {
            let missing = one.missing.join(words.comma);
            writeln!(f, "  {} {}{colon}{missing}", words.not_evaluable, one.rule)?;
        }
        for none in &verdict.no_verdict {
            writeln!(
                f,
                "  {} {}{colon}{}",
                words.no_verdict, none.pack, none.reason
            )?;
        }
        Ok(())
    }
}

/// Whether the bureau knows it.
fn write_anchor(f: &mut fmt::Formatter<'_>, words: &Words, anchor: &Anchor) -> fmt::Result {
    write!(f, "  {} ", words.anchor)?;
    let ([before, after], head) = match anchor {
        Anchor::NotCompared => return writeln!(f, "{}", words.not_compared),
        Anchor::Contradicted { problem } => {
            return writeln!(f, "{}{}{problem}", words.problem, words.colon);
        }
        Anchor::Anchored { head } => (words.anchored, head),
        Anchor::Unanchored { head } => (words.unanchored, head),
        Anchor::NeedsJournal { head } => (words.needs_journal, head),
    };
    writeln!(f, "{before}{head}{after}")
}
