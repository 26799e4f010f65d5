//! Whether something was charged in a stay: what was charged and wholly refunded was not.

use crate::batch::{Batch, Presence};
use crate::codes::CodeSet;
use crate::column::{Code, Row, Rows};
use crate::map::Map;
use crate::part::InPart;
use crate::setup::Setup;
use crate::tables::{Encounters, Orders, OrdersPart};

/// The charge lines of some stays, one range each.
pub struct Charges {
    lines: OrdersPart,
    complete: bool,
}

/// What the lines of a stay say of a kind of item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charged {
    /// Charged; also where a line of the kind has no amount, which is no evidence of its absence.
    Yes,
    /// Not charged, or wholly refunded; all lines of the stay are known.
    No,
    /// The lines that are known show none; not all are known, for want of this column.
    Unknown(&'static str),
}

/// 对照表: the items that show that something was done or treated.
#[derive(Debug, Clone)]
pub struct ShowingItems(Map<Code, CodeSet>);

impl ShowingItems {
    /// From a table with a row for each subject and item (column `item`, the first characters of its code).
    ///
    /// # Errors
    /// Where the manifest does not declare the table so, or a cell is empty.
    pub fn read(setup: &Setup, table: &str, subject: &str) -> Result<Self, String> {
        let rows = setup.table(table)?;
        let subjects = rows.codes(subject)?.into_iter();
        let (mut items, mut order) = (Map::<Code, Vec<String>>::default(), Vec::new());
        for (row, (subject, item)) in (1..).zip(subjects.zip(rows.texts("item")?)) {
            if item.is_empty() {
                return Err(format!("table `{table}` row {row}: column `item` is empty"));
            }
            if !items.contains_key(&subject) {
                order.push(subject);
            }
            items.entry(subject).or_default().push(item);
        }
        let set = |subject: Code| {
            let items = items.get(&subject).into_iter().flatten();
            let items: Vec<&str> = items.map(String::as_str).collect();
            (subject, setup.code_set(&items))
        };
        Ok(ShowingItems(order.into_iter().map(set).collect()))
    }

    /// The items of a subject; `None` where the table does not name it.
    #[must_use]
    pub fn of(&self, subject: Code) -> Option<CodeSet> {
        self.0.get(&subject).copied()
    }
}

impl Charges {
    /// The lines of these stays. Each column is fetched for these lines only.
    pub fn of(batch: &Batch, stays: impl IntoIterator<Item = Row<Encounters>>) -> Self {
        let orders = batch.orders();
        Charges {
            lines: orders.part(stays.into_iter().map(|stay| orders.of(stay))),
            complete: batch.presence::<Orders>() == Presence::Complete,
        }
    }

    /// Their columns.
    #[must_use]
    pub fn lines(&self) -> &OrdersPart {
        &self.lines
    }

    /// Whether items of a set are charged in a stay, refunds taken off.
    pub fn charged_items(
        &self,
        batch: &Batch,
        stay: Rows<InPart<Orders>>,
        set: CodeSet,
    ) -> Charged {
        let items = self.lines.items();
        let members = batch.members_among(set, &items, stay.clone());
        self.charged(stay, "orders.items", |line| {
            items.get(line).map(|_| members.contains(line))
        })
    }

    /// Whether lines of a kind are charged in a stay, refunds taken off. `kind` tells from `column` whether a
    /// line is of the kind; where it cannot tell, the line could be.
    pub fn charged(
        &self,
        stay: Rows<InPart<Orders>>,
        column: &'static str,
        kind: impl Fn(Row<InPart<Orders>>) -> Option<bool>,
    ) -> Charged {
        let (mut sum, mut unknown) = (0_i128, None);
        for line in stay {
            match (self.lines.charged().get(line), kind(line)) {
                (Some(true), Some(true)) => match self.lines.amounts().get(line) {
                    Some(amount) => sum += i128::from(amount.0),
                    None => return Charged::Yes,
                },
                (Some(true), None) => unknown = unknown.or(Some(column)),
                (None, Some(true) | None) => unknown = unknown.or(Some("orders.charged")),
                (Some(false), _) | (_, Some(false)) => {}
            }
        }
        match unknown {
            _ if sum > 0 => Charged::Yes,
            _ if !self.complete => Charged::Unknown(column),
            Some(column) => Charged::Unknown(column),
            None => Charged::No,
        }
    }
}
