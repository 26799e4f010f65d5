//! What an evaluation looks at: the tables, what they cover, and the circumstances of the review.

use std::cell::OnceCell;
use std::ops::Range;

use crate::codes::{CodeSet, Members};
use crate::column::{Code, Column, Rows, Table};
use crate::host::Evaluation;
use crate::tables::{TABLE_COUNT, Views};
use crate::units::Day;

/// One batch of hospital data. Each column is fetched when a rule first asks for it.
pub struct Batch {
    pub(crate) views: Views,
    pub(crate) host: Evaluation,
    pub(crate) told: Told,
}

/// What the host has told of the review: rules ask for it in every row, and each call across the border
/// costs as much as many rows.
#[derive(Default)]
pub(crate) struct Told {
    stage: OnceCell<Stage>,
    scope: OnceCell<Scope>,
    today: OnceCell<Day>,
    jurisdiction: OnceCell<Option<Code>>,
    /// By the number of the table, less one.
    presences: [OnceCell<Presence>; TABLE_COUNT],
}

/// When in the course of care a rule looks at data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// 事前: while an order, a registration or a charge is being entered (3101).
    Before,
    /// 事中: at settlement or pre-settlement (3102).
    During,
    /// 事后: settled claims are looked at again.
    After,
}

/// What a batch holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Whole patients with their history.
    Patient,
    /// One institution and period, whole.
    Institution,
    /// Several institutions of one jurisdiction, whole. Nobody evaluates it yet: a pack that declares it is refused.
    Region,
}

/// Whether a table or column is there. The absence of a row is evidence only where it is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Presence {
    /// Not recorded, or not granted.
    Absent,
    /// Some rows are known.
    Partial,
    /// All rows are known.
    Complete,
}

/// How far history reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// This institution only.
    Institution,
    /// 统筹区
    PoolingArea,
    /// 省
    Province,
}

impl Batch {
    /// The imports of the component. [`export!`](crate::export) calls this.
    #[cfg(target_arch = "wasm32")]
    #[doc(hidden)]
    #[allow(
        clippy::new_without_default,
        reason = "only the generated border makes one"
    )]
    pub fn new() -> Self {
        Batch {
            views: Views::new(),
            host: Evaluation,
            told: Told::default(),
        }
    }

    /// When in the course of care this is.
    #[must_use]
    pub fn stage(&self) -> Stage {
        *self.told.stage.get_or_init(|| self.host.stage())
    }

    /// What the batch holds.
    #[must_use]
    pub fn scope(&self) -> Scope {
        *self.told.scope.get_or_init(|| self.host.scope())
    }

    /// 触发场景 (`trig_scen`), where the caller told.
    #[must_use]
    pub fn scenes(&self) -> Vec<Code> {
        let scenes = self.host.scenes();
        scenes.into_iter().filter_map(Code::from_number).collect()
    }

    /// The day that rules take as today.
    #[must_use]
    pub fn today(&self) -> Day {
        *self.told.today.get_or_init(|| Day(self.host.today()))
    }

    /// Division code (行政区划) of the place of care; `None` where nobody told.
    #[must_use]
    pub fn jurisdiction(&self) -> Option<Code> {
        let ask = || Code::from_number(self.host.jurisdiction());
        *self.told.jurisdiction.get_or_init(ask)
    }

    /// First and last day of the period; `None` in patient scope.
    #[must_use]
    pub fn period(&self) -> Option<(Day, Day)> {
        let (first, last) = self.host.period();
        (first != i32::MIN && last != i32::MIN).then_some((Day(first), Day(last)))
    }

    /// What is known of a table: `batch.presence::<CareRecords>()`.
    #[must_use]
    pub fn presence<T: Table>(&self) -> Presence {
        let ask = || self.host.table_presence(T::NAME);
        match self
            .told
            .presences
            .get(usize::from(T::NUMBER).wrapping_sub(1))
        {
            Some(told) => *told.get_or_init(ask),
            None => ask(),
        }
    }

    /// What is known of a column, by its name in the contract:
    /// `batch.column_presence::<Orders>("supply-days")`. A name that the table does not have traps; in a
    /// native run it is [`Presence::Absent`].
    #[must_use]
    pub fn column_presence<T: Table>(&self, column: &str) -> Presence {
        self.host.column_presence(T::NAME, column)
    }

    /// Whether all of these columns are recorded, by their names in a manifest's `needs`: `orders.items`. A
    /// host lists a rule that lacks one as not evaluable, and takes no answer that names it.
    #[must_use]
    pub fn are_recorded(&self, columns: &[&str]) -> bool {
        columns.iter().all(|name| {
            name.split_once('.').is_some_and(|(table, column)| {
                self.host.column_presence(table, column) != Presence::Absent
            })
        })
    }

    /// Whether a rule runs: it looks at this stage, and the columns that it needs are recorded.
    #[must_use]
    pub fn runs(&self, stages: &[Stage], needs: &[&str]) -> bool {
        stages.contains(&self.stage()) && self.are_recorded(needs)
    }

    /// First day of the history held for a table; `None` where nobody told.
    #[must_use]
    pub fn history_start<T: Table>(&self) -> Option<Day> {
        let day = self.host.history_start(T::NAME);
        (day != i32::MIN).then_some(Day(day))
    }

    /// How far history reaches.
    #[must_use]
    pub fn history_reach(&self) -> Reach {
        self.host.history_reach()
    }

    /// For each row of a column, whether its code is in the set: one call for the whole column.
    #[must_use]
    pub fn members<T>(&self, set: CodeSet, column: &Column<'_, T, Code>) -> Members<T> {
        Members::new(0, self.host.contains(set.0, column.raw()))
    }

    /// The same for these rows alone, as of one stay among many.
    #[must_use]
    pub fn members_among<T>(
        &self,
        set: CodeSet,
        column: &Column<'_, T, Code>,
        rows: Rows<T>,
    ) -> Members<T> {
        let Range { start, end } = rows.range();
        let codes = column.raw().get(start as usize..end as usize);
        Members::new(
            start as usize,
            self.host.contains(set.0, codes.unwrap_or_default()),
        )
    }

    /// For each code, whether it is in the set.
    #[must_use]
    pub fn contains(&self, set: CodeSet, codes: &[Code]) -> Vec<bool> {
        let flags = self.host.contains(set.0, &crate::codes::numbers(codes));
        flags.into_iter().map(|flag| flag == 1).collect()
    }

    /// For each code, the code of its first characters; the code itself where it is shorter.
    #[must_use]
    pub fn prefixes(&self, codes: &[Code], characters: u8) -> Vec<Option<Code>> {
        let prefixes = self
            .host
            .prefixes(&crate::codes::numbers(codes), characters);
        prefixes.into_iter().map(Code::from_number).collect()
    }

    /// For each row of a column, the code of the first characters: one call for the whole column.
    #[must_use]
    pub fn column_prefixes<T>(
        &self,
        column: &Column<'_, T, Code>,
        characters: u8,
    ) -> Vec<Option<Code>> {
        let prefixes = self.host.prefixes(column.raw(), characters);
        prefixes.into_iter().map(Code::from_number).collect()
    }

    /// The text of each code.
    #[must_use]
    pub fn texts(&self, codes: &[Code]) -> Vec<String> {
        self.host.texts(&crate::codes::numbers(codes))
    }

    /// The text of a code.
    #[must_use]
    pub fn text(&self, code: Code) -> String {
        self.texts(&[code]).pop().unwrap_or_default()
    }
}
