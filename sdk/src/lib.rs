//! What the author of a rule pack uses: typed views over hospital data, knowledge tables and parameters,
//! answers, and a harness that runs the same rules natively.
//!
//! A pack is a type that implements [`Pack`]. [`Pack::prepare`] reads parameters and knowledge tables
//! once; [`Pack::evaluate`] looks at one [`Batch`] and gives an [`Answer`] of figures and references.
//! [`export!`] makes the type the component of its crate. A whole pack:
//!
//! ```
//! use rulepack_sdk::prelude::*;
//!
//! /// 限儿童用药: items that only children may be given.
//! pub struct ChildrenOnly {
//!     /// Item to the rows that name it: until which age, and when they are in force.
//!     limits: Map<Code, Vec<(i64, Validity)>>,
//! }
//!
//! impl Pack for ChildrenOnly {
//!     fn prepare(setup: &Setup) -> Result<Self, String> {
//!         let table = setup.table("children-only")?;
//!         let mut limits: Map<Code, Vec<(i64, Validity)>> = Map::default();
//!         let rows = table.codes("item")?.into_iter();
//!         for ((item, age), validity) in rows.zip(table.integers("age_max")?).zip(table.validity()?) {
//!             limits.entry(item).or_default().push((age, validity));
//!         }
//!         Ok(ChildrenOnly { limits })
//!     }
//!
//!     fn evaluate(&self, batch: &Batch) -> Result<Answer, String> {
//!         let mut answer = Answer::default();
//!         let (orders, encounters) = (batch.orders(), batch.encounters());
//!         for (order, item) in orders.items().recorded() {
//!             let Some(limits) = self.limits.get(&item) else { continue };
//!             let (Some(encounter), Some(day)) =
//!                 (orders.encounters().get(order), orders.days().get(order)) else { continue };
//!             let Some((age_max, _)) = limits.iter().find(|(_, valid)| valid.includes(day)) else {
//!                 continue;
//!             };
//!             match encounters.ages().get(encounter) {
//!                 None => answer.add(Abstention::new("AGE-01", order).missing("encounters.ages")),
//!                 Some(age) if i64::from(age) > *age_max => answer.add(
//!                     Finding::violation("AGE-01", "too-old")
//!                         .offending(order, orders.amounts().get(order).unwrap_or_default())
//!                         .argument("item", item)
//!                         .argument("age", i64::from(age)),
//!                 ),
//!                 Some(_) => {}
//!             }
//!         }
//!         Ok(answer)
//!     }
//! }
//!
//! rulepack_sdk::export!(ChildrenOnly);
//! # fn main() {}
//! ```
//!
//! What to know:
//!
//! - **Columns are permissions.** [`Batch::orders`] and its siblings give a view with one method a column
//!   ([`tables`]). A column is fetched when a rule first asks for it, and a component imports exactly the
//!   columns that its code can ask for. So a table has no length of its own: walk a column that the rule
//!   reads anyway, with [`Column::recorded`] or [`Column::rows`]. A rule that looks at few rows of a large
//!   table asks for a part of it ([`tables::Orders::part`]), and fetches those rows only.
//! - **Rows are typed.** A column of `orders` takes a `Row<Orders>` only; `orders.encounters().get(order)`
//!   is a `Row<Encounters>`; `batch.diagnoses().of(encounter)` are the rows that belong to it. Any row goes
//!   into an answer as it is.
//! - **Not recorded is `None`.** A column that the hospital lacks, or did not grant, is `None` in every
//!   row; [`Batch::column_presence`] tells which. Say what was missing with an [`Abstention`].
//! - **Nothing wraps, nothing is a float.** [`Money`], [`Quantity`] and their like are integers in the
//!   units of the contract; sums are checked, and `?` turns an [`Overflow`] into "no verdict".
//! - **Codes are compared, texts are for people.** A [`Code`] is a number of this instance. Texts of rules
//!   become codes in `prepare` ([`Setup::code`]), families of them a [`CodeSet`] ([`Setup::code_set`]).
//! - **Maps have a fixed hasher** ([`Map`], [`Set`]), so that order and fuel repeat.
//! - **Natively** `harness` runs the rules over borrowed slices: for `#[test]`, and for benchmarks.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

#[cfg(target_arch = "wasm32")]
extern crate self as rulepack_sdk;

mod answer;
mod batch;
mod charges;
mod codes;
mod column;
pub mod group_payment;
mod host;
mod knowledge;
mod map;
mod net_lines;
mod part;
mod settlement_list;
mod setup;
pub mod shifted_costs;
pub mod tables;
mod units;

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
#[allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    clippy::all,
    reason = "generated from the contract"
)]
pub mod bindings;
#[cfg(not(target_arch = "wasm32"))]
pub mod harness;
#[cfg(target_arch = "wasm32")]
mod wire;

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub use host::leave_room;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub use wit_bindgen;

pub use answer::{
    Abstention, Answer, Certainty, Figure, Finding, Measure, Notice, Part, RowReference,
};
pub use batch::{Batch, Presence, Reach, Scope, Stage};
pub use charges::{Charged, Charges, ShowingItems};
pub use codes::{CodeSet, Members};
pub use column::{Code, Column, Row, Rows, Table, Token, Value};
pub use knowledge::{Dated, InForce, KnowledgeTable, Validity};
pub use map::{FixedHasher, Map, Set};
pub use net_lines::{NetLines, Refundable};
pub use part::InPart;
pub use settlement_list::{MissingColumns, Reading, SettlementList};
pub use setup::Setup;
pub use units::{Day, Instant, Measurement, Money, Overflow, Quantity, Ratio, UnitPrice};

/// A rule pack: rules over one batch, with what they know. It is made once and only read afterwards.
pub trait Pack: Sized + Send + Sync + 'static {
    /// Builds look-up structures from parameters and knowledge tables; called once.
    ///
    /// # Errors
    /// A message for the regulator: it refuses activation of the pack.
    fn prepare(setup: &Setup) -> Result<Self, String>;

    /// Looks at one batch. In patient scope the answer must not change when the same patients are
    /// batched differently.
    ///
    /// # Errors
    /// A message: the patient (or institution) gets no verdict from this pack.
    fn evaluate(&self, batch: &Batch) -> Result<Answer, String>;
}

/// Everything that rules use, in one `use`.
pub mod prelude {
    pub use crate::tables::*;
    pub use crate::{
        Abstention, Answer, Batch, Certainty, Charged, Charges, Code, CodeSet, Column, Dated, Day,
        Figure, Finding, InForce, InPart, Instant, KnowledgeTable, Map, Measure, Measurement,
        Members, MissingColumns, Money, NetLines, Notice, Overflow, Pack, Presence, Quantity,
        Ratio, Reach, Reading, Refundable, Row, RowReference, Rows, Scope, Set, SettlementList,
        Setup, ShowingItems, Stage, Token, UnitPrice, Validity,
    };
}

/// Makes a type that is a [`Pack`] the component of its crate. Nothing is exported in native builds.
#[macro_export]
macro_rules! export {
    ($pack:ty) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, reason = "the border of the component is generated")]
        mod component {
            use super::*;

            /// The pack as `prepare` made it.
            static PACK: std::sync::OnceLock<$pack> = std::sync::OnceLock::new();

            struct Component;

            impl $crate::bindings::Guest for Component {
                fn prepare() -> Result<(), String> {
                    let pack = <$pack as $crate::Pack>::prepare(&$crate::Setup::new())?;
                    PACK.set(pack).map_err(|_| "prepared twice".to_owned())?;
                    $crate::leave_room();
                    Ok(())
                }

                fn evaluate() -> Result<$crate::bindings::Answer, String> {
                    let pack = PACK.get().ok_or("not prepared")?;
                    let answer = $crate::Pack::evaluate(pack, &$crate::Batch::new())?;
                    Ok(answer.into())
                }
            }

            $crate::bindings::export_component!(Component with_types_in $crate::bindings);
        }
    };
}
