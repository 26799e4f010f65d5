//! Why there is no verdict.

use crate::answer::AnswerError;

/// Why an evaluation, or `prepare`, came to nothing. Whoever is told of it is told by its kind: the texts
/// of [`Fault::Refused`], [`Fault::Malformed`] and [`Fault::Misuse`] hold words of the pack and belong in no log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The pack ended itself: a panic, a division by zero, an access out of bounds.
    #[error("the pack trapped: {0}")]
    Trap(String),
    /// The pack asked the host for something that it may not have.
    #[error("the pack broke the contract: {0}")]
    Misuse(Misuse),
    /// The pack answered `err`.
    #[error("the pack refused: {0}")]
    Refused(String),
    /// It used up its fuel.
    #[error("the pack used up its fuel of {0}")]
    Fuel(u64),
    /// It asked for more memory than it may have.
    #[error("the pack asked for more than {0} bytes of memory")]
    Memory(usize),
    /// It called itself too deeply.
    #[error("the pack used up its stack")]
    Stack,
    /// The outer guard, by the clock.
    #[error("the pack ran longer than the outer guard allows")]
    Wall,
    /// What it handed over is not of the types that it says, or too large.
    #[error("the pack handed over malformed values: {0}")]
    Malformed(String),
    /// Its answer breaks a rule of the contract.
    #[error("the answer is invalid: {0}")]
    Answer(AnswerError),
}

impl Fault {
    /// A stable word for counters and exports.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Fault::Trap(_) => "trap",
            Fault::Misuse(_) => "misuse",
            Fault::Refused(_) => "refused",
            Fault::Fuel(_) => "fuel",
            Fault::Memory(_) => "memory",
            Fault::Stack => "stack",
            Fault::Wall => "wall",
            Fault::Malformed(_) => "malformed",
            Fault::Answer(_) => "answer",
        }
    }

    /// From what wasmtime says.
    pub(crate) fn new(error: &wasmtime::Error, fuel: u64) -> Self {
        use wasmtime::Trap;
        if let Some(misuse) = error.downcast_ref::<Misuse>() {
            return Fault::Misuse(misuse.shortened());
        }
        if let Some(MemoryRefused(bytes)) = error.downcast_ref::<MemoryRefused>() {
            return Fault::Memory(*bytes);
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => Fault::Fuel(fuel),
            Some(Trap::StackOverflow) => Fault::Stack,
            Some(Trap::Interrupt) => Fault::Wall,
            Some(trap) => Fault::Trap(trap.to_string()),
            None => Fault::Malformed(shortened(error.root_cause().to_string())),
        }
    }
}

/// Texts that come from a pack are cut, so that an error stays one.
pub(crate) fn shortened(mut text: String) -> String {
    const BYTES_MAX: usize = 500;
    if text.len() > BYTES_MAX {
        let end = (0..=BYTES_MAX).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or(0));
        text.push('…');
    }
    text
}

/// The pack asked the host for something that it may not have: the call traps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misuse {
    /// A number that this instance did not receive.
    #[error("code `{0}` was not given to this instance")]
    UnknownCode(u32),
    /// A set that was not defined.
    #[error("code set `{0}` was not defined")]
    UnknownSet(u32),
    /// A function of `prepare`, called in `evaluate`.
    #[error("`{0}` may be called in `prepare` only")]
    OnlyInPrepare(&'static str),
    /// A function of `evaluate`, called in `prepare`.
    #[error("`{0}` may be called in `evaluate` only")]
    OnlyInEvaluate(&'static str),
    /// A table that the manifest, or the contract, does not have.
    #[error("table `{0}` is not declared")]
    UnknownTable(String),
    /// A column that the table does not have, or of another type.
    #[error("column `{0}.{1}` is not declared with this type")]
    UnknownColumn(String, String),
    /// A parameter that is not declared, or of another form.
    #[error("parameter `{0}` is not declared with this form")]
    UnknownParameter(String),
    /// Ranges of rows that are empty, leave the table, overlap or do not ascend.
    #[error("a column was narrowed to rows that the table does not have, or not in their order")]
    Part,
    /// More texts, or longer ones, than an instance may have numbered.
    #[error("more texts than an instance may receive")]
    Dictionary,
}

impl Misuse {
    /// The same with names that an error can bear: they are the pack's own words, as long as it likes.
    fn shortened(&self) -> Self {
        let short = |name: &String| shortened(name.clone());
        match self {
            Misuse::UnknownTable(table) => Misuse::UnknownTable(short(table)),
            Misuse::UnknownColumn(table, column) => {
                Misuse::UnknownColumn(short(table), short(column))
            }
            Misuse::UnknownParameter(name) => Misuse::UnknownParameter(short(name)),
            other => other.clone(),
        }
    }
}

/// Growth of memory beyond the budget.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the memory may have {0} bytes")]
pub(crate) struct MemoryRefused(pub(crate) usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_read_as_one_phrase() {
        let texts = [
            (Fault::Fuel(7), "the pack used up its fuel of 7"),
            (Fault::Stack, "the pack used up its stack"),
            (
                Fault::Wall,
                "the pack ran longer than the outer guard allows",
            ),
            (
                Fault::Memory(65_536),
                "the pack asked for more than 65536 bytes of memory",
            ),
            (Fault::Refused("no".into()), "the pack refused: no"),
            (Fault::Trap("x".into()), "the pack trapped: x"),
            (
                Fault::Malformed("x".into()),
                "the pack handed over malformed values: x",
            ),
        ];
        for (fault, text) in texts {
            assert_eq!(fault.to_string(), text);
        }
        let misuses = [
            (
                Misuse::UnknownCode(9),
                "code `9` was not given to this instance",
            ),
            (Misuse::UnknownSet(9), "code set `9` was not defined"),
            (
                Misuse::OnlyInPrepare("intern"),
                "`intern` may be called in `prepare` only",
            ),
            (
                Misuse::OnlyInEvaluate("today"),
                "`today` may be called in `evaluate` only",
            ),
            (
                Misuse::UnknownTable("t".into()),
                "table `t` is not declared",
            ),
            (
                Misuse::UnknownColumn("t".into(), "c".into()),
                "column `t.c` is not declared with this type",
            ),
            (
                Misuse::UnknownParameter("p".into()),
                "parameter `p` is not declared with this form",
            ),
            (
                Misuse::Part,
                "a column was narrowed to rows that the table does not have, or not in their order",
            ),
            (
                Misuse::Dictionary,
                "more texts than an instance may receive",
            ),
        ];
        for (misuse, text) in misuses {
            assert_eq!(misuse.to_string(), text);
        }
    }

    #[test]
    fn a_long_text_of_a_pack_is_cut_between_characters() {
        let text = shortened("药".repeat(400));
        assert_eq!(text.chars().count(), 167);
        assert!(text.ends_with('…'));
    }
}
