//! What a pack answers: figures and references. Texts for people stand in the manifest as templates.
//!
//! Few of the rows that a rule looks at are found wanting. So what makes an answer is marked cold and kept out of
//! the loops of rules, which then have the registers for themselves.

use crate::column::{Code, Row, Table};
use crate::units::{Day, Money, Quantity, Ratio, UnitPrice};

/// All that a pack says of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    pub(crate) findings: Vec<Finding>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) measures: Vec<Measure>,
    pub(crate) abstentions: Vec<Abstention>,
}

/// A row of a table of the contract. Every typed row is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowReference {
    /// Number of the table, from 1.
    pub table: u8,
    /// Row of the batch, from 0.
    pub row: u32,
}

impl<T: Table> From<Row<T>> for RowReference {
    fn from(row: Row<T>) -> Self {
        RowReference {
            table: T::NUMBER,
            row: row.number(),
        }
    }
}

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// 明确违规: the record itself shows the breach.
    Violation,
    /// 高度可疑: a person has to look.
    HighSuspicion,
    /// 轻度可疑.
    LowSuspicion,
}

/// A figure that fills a place in a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// A number of things.
    Count(i64),
    /// Shown with two decimals.
    Money(Money),
    /// A price of one unit.
    UnitPrice(UnitPrice),
    /// A number of units or of days.
    Quantity(Quantity),
    /// Shown in per cent.
    Ratio(Ratio),
    /// A day of the calendar.
    Day(Day),
    /// The text of a code.
    Term(Code),
}

/// Makes a [`Figure`] of the types that are one.
macro_rules! figures {
    ($($from:ty => $variant:ident;)*) => { $(
        impl From<$from> for Figure {
            fn from(value: $from) -> Self {
                Figure::$variant(value)
            }
        }
    )* };
}

figures! {
    i64 => Count;
    Money => Money;
    UnitPrice => UnitPrice;
    Quantity => Quantity;
    Ratio => Ratio;
    Day => Day;
    Code => Term;
}

/// A row with the money at stake in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) at: RowReference,
    pub(crate) amount: Money,
}

/// A named figure.
pub(crate) type Argument = (&'static str, Figure);

/// A breach, or the suspicion of one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "add it to the answer"]
pub struct Finding {
    pub(crate) rule: &'static str,
    pub(crate) certainty: Certainty,
    pub(crate) template: &'static str,
    pub(crate) offending: Vec<Item>,
    pub(crate) related: Vec<Item>,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) evidence: Vec<(u8, u32)>,
}

impl Finding {
    /// Of a rule of the manifest, told with one of its templates.
    #[cold]
    #[inline(never)]
    pub fn new(rule: &'static str, template: &'static str, certainty: Certainty) -> Self {
        Finding {
            rule,
            certainty,
            template,
            offending: Vec::new(),
            related: Vec::new(),
            arguments: Vec::new(),
            evidence: Vec::new(),
        }
    }

    /// 明确违规: the record itself shows the breach.
    pub fn violation(rule: &'static str, template: &'static str) -> Self {
        Self::new(rule, template, Certainty::Violation)
    }

    /// 高度可疑: a person has to look.
    pub fn high_suspicion(rule: &'static str, template: &'static str) -> Self {
        Self::new(rule, template, Certainty::HighSuspicion)
    }

    /// 轻度可疑.
    pub fn low_suspicion(rule: &'static str, template: &'static str) -> Self {
        Self::new(rule, template, Certainty::LowSuspicion)
    }

    /// 违规项, with the money at stake; the one to act on first comes first. A finding needs at least one,
    /// in patient scope of an encounter under review.
    pub fn offending(self, at: impl Into<RowReference>, amount: Money) -> Self {
        let at = at.into();
        self.with_offending(Item { at, amount })
    }

    #[cold]
    #[inline(never)]
    fn with_offending(mut self, item: Item) -> Self {
        self.offending.push(item);
        self
    }

    /// 涉及项: a row that explains it, with its money.
    pub fn related(self, at: impl Into<RowReference>, amount: Money) -> Self {
        let at = at.into();
        self.with_related(Item { at, amount })
    }

    #[cold]
    #[inline(never)]
    fn with_related(mut self, item: Item) -> Self {
        self.related.push(item);
        self
    }

    /// A figure of the template.
    pub fn argument(self, name: &'static str, figure: impl Into<Figure>) -> Self {
        self.with_argument((name, figure.into()))
    }

    #[cold]
    #[inline(never)]
    fn with_argument(mut self, argument: Argument) -> Self {
        self.arguments.push(argument);
        self
    }

    /// A row of knowledge that it rests on: the place of the table among the `[[table]]` of the
    /// manifest, from 0, and the row, from 0. A row beyond 32 bits is left out: no table has one.
    #[cold]
    #[inline(never)]
    pub fn evidence(mut self, table: u8, row: usize) -> Self {
        if let Ok(row) = u32::try_from(row) {
            self.evidence.push((table, row));
        }
        self
    }
}

/// Not a breach: what is left of a limit, what to keep in mind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "add it to the answer"]
pub struct Notice {
    pub(crate) rule: &'static str,
    pub(crate) template: &'static str,
    pub(crate) about: Vec<RowReference>,
    pub(crate) arguments: Vec<Argument>,
}

impl Notice {
    /// Of a rule of the manifest, told with one of its templates.
    #[cold]
    #[inline(never)]
    pub fn new(rule: &'static str, template: &'static str) -> Self {
        Notice {
            rule,
            template,
            about: Vec::new(),
            arguments: Vec::new(),
        }
    }

    /// A row that it is about.
    pub fn about(mut self, at: impl Into<RowReference>) -> Self {
        self.about.push(at.into());
        self
    }

    /// A figure of the template.
    pub fn argument(self, name: &'static str, figure: impl Into<Figure>) -> Self {
        self.with_argument((name, figure.into()))
    }

    #[cold]
    #[inline(never)]
    fn with_argument(mut self, argument: Argument) -> Self {
        self.arguments.push(argument);
        self
    }
}

/// A statistic, for indicators and time series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "add it to the answer"]
pub struct Measure {
    pub(crate) rule: &'static str,
    pub(crate) about: RowReference,
    pub(crate) numerator: i64,
    pub(crate) denominator: i64,
}

impl Measure {
    /// Of a rule of the manifest: so much of so much, in one unit, for this row.
    pub fn new(
        rule: &'static str,
        about: impl Into<RowReference>,
        numerator: i64,
        denominator: i64,
    ) -> Self {
        Measure {
            rule,
            about: about.into(),
            numerator,
            denominator,
        }
    }
}

/// Not evaluable for this row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "add it to the answer"]
pub struct Abstention {
    pub(crate) rule: &'static str,
    pub(crate) about: RowReference,
    pub(crate) missing: Vec<&'static str>,
}

impl Abstention {
    /// A rule of the manifest cannot judge this row.
    pub fn new(rule: &'static str, about: impl Into<RowReference>) -> Self {
        Self::about(rule, about.into())
    }

    #[cold]
    #[inline(never)]
    fn about(rule: &'static str, about: RowReference) -> Self {
        Abstention {
            rule,
            about,
            missing: Vec::new(),
        }
    }

    /// The same, for want of these columns.
    pub fn lacking(
        rule: &'static str,
        about: impl Into<RowReference>,
        missing: &[&'static str],
    ) -> Self {
        let abstention = Self::new(rule, about);
        missing.iter().copied().fold(abstention, Self::missing)
    }

    /// A column that is missing, as in the contract: `orders.supply-days`.
    #[cold]
    #[inline(never)]
    pub fn missing(mut self, column: &'static str) -> Self {
        self.missing.push(column);
        self
    }
}

/// What an answer is made of: findings, notices, measures and abstentions.
pub trait Part {
    /// Puts this into its place.
    fn add_to(self, answer: &mut Answer);
}

impl Answer {
    /// Adds a finding, notice, measure or abstention.
    pub fn add(&mut self, part: impl Part) {
        part.add_to(self);
    }
}

impl Part for Finding {
    #[cold]
    #[inline(never)]
    fn add_to(self, answer: &mut Answer) {
        answer.findings.push(self);
    }
}

impl Part for Notice {
    #[cold]
    #[inline(never)]
    fn add_to(self, answer: &mut Answer) {
        answer.notices.push(self);
    }
}

impl Part for Measure {
    #[cold]
    #[inline(never)]
    fn add_to(self, answer: &mut Answer) {
        answer.measures.push(self);
    }
}

impl Part for Abstention {
    #[cold]
    #[inline(never)]
    fn add_to(self, answer: &mut Answer) {
        answer.abstentions.push(self);
    }
}
