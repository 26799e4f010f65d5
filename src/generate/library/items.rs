//! Items that the rules of the library are about. Their codes are those of the example rows that the pack
//! carries; what they are, and what they cost, is made up.

use super::super::catalogue::{Class, Dosage, Item, Kind};

/// A Western medicine: a box of 28 tablets, one a day.
pub(super) const fn medicine(code: &'static str, price: i64) -> Item {
    let dosage = Dosage {
        dose: 1,
        times: 1,
        route: "口服",
    };
    Item {
        code,
        kind: Kind::Drug,
        class: Class::A,
        unit: "盒",
        price,
        pack: 28,
        base_unit: "片",
        dosage: Some(dosage),
    }
}

/// 中药饮片, by the gram.
pub(super) const fn slice(code: &'static str, price: i64) -> Item {
    of_kind(code, Kind::Slice, "g", price)
}

/// 医疗服务项目
pub(super) const fn service(code: &'static str, kind: Kind, price: i64) -> Item {
    of_kind(code, kind, "次", price)
}

/// 医用耗材
pub(super) const fn material(code: &'static str, price: i64) -> Item {
    of_kind(code, Kind::Consumable, "个", price)
}

const fn of_kind(code: &'static str, kind: Kind, unit: &'static str, price: i64) -> Item {
    Item {
        code,
        kind,
        class: Class::A,
        unit,
        price,
        pack: 1,
        base_unit: unit,
        dosage: None,
    }
}

/// Millionths of a CNY in a CNY.
pub(super) const YUAN: i64 = 1_000_000;
