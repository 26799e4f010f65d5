//! 医用耗材监管: is each consumable that is charged one that was bought, stored, scanned and used?
//!
//! One file per rule:
//!
//! | rule | scope | file |
//! |---|---|---|
//! | CON-01 五码合一 | patient | [`rules::five_codes`] |
//! | CON-02 唯一标识 (UDI) 校验 | patient | [`rules::identifiers`] |
//! | CON-03 高值耗材扫码缺失 | patient | [`rules::scans`] |
//! | CON-04 计费数量与使用登记数量不一致 | patient | [`rules::counts`] |
//! | CON-05 未入库先使用 | patient | [`rules::stocking`] |
//! | CON-06 过期使用 | patient | [`rules::expiry`] |
//! | CON-07 一物多用 | patient | [`rules::single_piece`] |
//! | CON-08 套包拆分 | patient | [`rules::bundles`] |
//! | CON-09 进销存差异率 | institution | [`rules::stock_difference`] |
//! | CON-10 三数一致 (出库、计费、消耗) | institution | [`rules::stock_counts`] |
//! | CON-11 四价统一 | institution | [`rules::four_prices`] |
//! | CON-12 黑名单供应商 | institution | [`rules::suppliers`] |
//! | CON-13 系统组套超价 | patient | [`rules::product_sets`] |
//! | CON-14 计费耗材无五码对照 | patient | [`rules::unmapped_charges`] |
//!
//! The rules about patients look at charge lines less their refunds ([`lines`]) and at the pieces that were
//! scanned for them ([`uses`]). A piece whose charge was refunded in full was not used.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

pub mod calendar;
pub mod lines;
pub mod rules;
pub mod stock;
pub mod tables;
pub mod udi;
pub mod uses;

use rulepack_sdk::prelude::*;

use lines::Lines;
use rules::product_sets::ProductSets;
use rules::{
    bundles, counts, expiry, five_codes, four_prices, identifiers, product_sets, scans,
    single_piece, stock_counts, stock_difference, stocking, suppliers, unmapped_charges,
};
use tables::{Bundles, CodeMapping, Suppliers, TracedItems};
use uses::Uses;

/// The pack `37/consumables`.
#[derive(Debug)]
pub struct Consumables {
    /// 高值耗材 of which each piece is traced.
    pub traced: TracedItems,
    /// The five codes of each device, as the hospital maps them.
    pub mapping: CodeMapping,
    /// 套包
    pub bundles: Bundles,
    /// Suppliers from whom nothing may be bought.
    pub barred: Suppliers,
    /// 组套
    pub product_sets: ProductSets,
    /// Consumables (C) of the national catalogue.
    pub consumables: CodeSet,
    /// How far book and charge may differ (进销存差异率).
    pub difference_max: Ratio,
    /// Words for the four kinds of prices.
    pub prices: rules::four_prices::Kinds,
}

/// What the rules about patients look at.
pub struct Care<'a> {
    /// The batch.
    pub batch: &'a Batch,
    /// Its charge lines.
    pub lines: Lines,
    /// Its scanned pieces.
    pub uses: Uses,
}

impl Pack for Consumables {
    fn prepare(setup: &Setup) -> Result<Self, String> {
        Ok(Consumables {
            traced: TracedItems::read(setup)?,
            mapping: CodeMapping::read(setup)?,
            bundles: Bundles::read(setup)?,
            barred: Suppliers::read(setup)?,
            product_sets: ProductSets::read(setup)?,
            consumables: setup.code_set(&["C"]),
            difference_max: Ratio(setup.integer("stock_difference_max")?),
            prices: rules::four_prices::Kinds::read(setup)?,
        })
    }

    fn evaluate(&self, batch: &Batch) -> Result<Answer, String> {
        let mut answer = Answer::default();
        match batch.scope() {
            Scope::Patient => self.check_care(batch, &mut answer)?,
            Scope::Institution => self.check_store(batch, &mut answer)?,
            Scope::Region => {}
        }
        Ok(answer)
    }
}

impl Consumables {
    fn check_care(&self, batch: &Batch, answer: &mut Answer) -> Result<(), Overflow> {
        let lines = Lines::read(self, batch)?;
        let uses = Uses::read(batch, &lines)?;
        let care = Care { batch, lines, uses };
        if batch.are_recorded(five_codes::NEEDS) {
            five_codes::check(self, &care, answer);
        }
        if batch.are_recorded(identifiers::NEEDS) {
            identifiers::check(&care, answer);
        }
        if batch.are_recorded(scans::NEEDS) {
            scans::check(&care, answer);
        }
        if batch.are_recorded(counts::NEEDS) {
            counts::check(&care, answer)?;
        }
        if batch.are_recorded(stocking::NEEDS) {
            stocking::check(&care, answer);
        }
        if batch.are_recorded(expiry::NEEDS) {
            expiry::check(&care, answer);
        }
        if batch.are_recorded(single_piece::NEEDS) {
            single_piece::check(&care, answer);
        }
        if batch.are_recorded(bundles::NEEDS) {
            bundles::check(self, &care, answer)?;
        }
        if batch.are_recorded(product_sets::NEEDS) {
            product_sets::check(self, &care, answer)?;
        }
        if batch.are_recorded(unmapped_charges::NEEDS) {
            unmapped_charges::check(self, &care, answer);
        }
        Ok(())
    }

    fn check_store(&self, batch: &Batch, answer: &mut Answer) -> Result<(), Overflow> {
        let accounts = stock::accounts(self, batch);
        if batch.are_recorded(stock_difference::NEEDS) {
            stock_difference::check(self, &accounts, answer)?;
        }
        if batch.are_recorded(stock_counts::NEEDS) {
            stock_counts::check(&accounts, answer)?;
        }
        if batch.are_recorded(four_prices::NEEDS) {
            four_prices::check(self, batch, answer);
        }
        if batch.are_recorded(suppliers::NEEDS) {
            suppliers::check(self, batch, answer)?;
        }
        Ok(())
    }
}

rulepack_sdk::export!(Consumables);
