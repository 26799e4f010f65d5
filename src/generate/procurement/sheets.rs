//! The varieties of a hospital, and what of each breaks the policy or nearly does.

use super::super::record::{Breach, Verdict};

pub(super) const PACK: &str = "37/vbp-quota";
pub(super) static INCOMPLETE: Breach = Breach::new("VBP-INCOMPLETE", PACK, "VBP-01");
pub(super) static NON_SELECTED: Breach = Breach::new("VBP-NON-SELECTED", PACK, "VBP-02");
pub(super) static NO_PURCHASE: Breach = Breach::new("VBP-ZERO-PURCHASE", PACK, "VBP-03");
pub(super) static BEHIND: Breach = Breach::new("VBP-BEHIND-TIME", PACK, "VBP-04");
pub(super) static EXCESS: Breach = Breach::new("VBP-NON-SELECTED-EXCESS", PACK, "VBP-06");
pub(super) static HIGH_PRICE: Breach = Breach::new("VBP-HIGH-PRICE", PACK, "VBP-07");
pub(super) static SUBSTITUTES: Breach = Breach::new("VBP-SUBSTITUTES", PACK, "VBP-08");
/// Of the first order of the agreement, in `purchases`.
pub(super) static LARGE_ORDER: Breach = Breach::new("VBP-LARGE-ORDER", PACK, "VBP-09");
/// Of the first of these orders, in `purchases`.
pub(super) static FREQUENT_ORDERS: Breach = Breach::new("VBP-FREQUENT-ORDERS", PACK, "VBP-10");

/// Whether the agreement year is over on the last generated day.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Term {
    Over,
    Running,
}

/// When the orders of a variety are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// About every four weeks.
    Monthly,
    /// The first four within so many days, the others as ever.
    Crowded(i64),
}

/// A variety in its latest agreement year. Quantities are whole tablets.
pub(super) struct Sheet {
    pub(super) variety: &'static str,
    /// National codes up to the enterprise.
    pub(super) item: &'static str,
    pub(super) term: Term,
    pub(super) agreed: i64,
    /// Of the selected product.
    pub(super) ordered: i64,
    pub(super) delivered: i64,
    pub(super) returned: i64,
    pub(super) non_selected: i64,
    /// Order lines that these quantities are spread over.
    pub(super) orders: u8,
    pub(super) pace: Pace,
    pub(super) verdicts: &'static [(&'static Breach, Verdict, &'static str)],
}

use Pace::{Crowded, Monthly};
use Term::{Over, Running};
use Verdict::{Hit, NearMiss};

#[rustfmt::skip]
pub(super) static SHEETS: [Sheet; 15] = [
    Sheet { variety: "氨氯地平口服常释剂型", item: "XC08CAA112A0010101", term: Over, agreed: 120_000,
        ordered: 132_000, delivered: 130_000, returned: 0, non_selected: 15_600, orders: 12, pace: Monthly,
        verdicts: &[(&SUBSTITUTES, NearMiss, "exactly 30 % more substitutes than in the year before")] },
    Sheet { variety: "二甲双胍口服常释剂型", item: "XA10BAE102A0010101", term: Over, agreed: 90_000,
        ordered: 75_600, delivered: 72_000, returned: 0, non_selected: 24_000, orders: 12, pace: Monthly,
        verdicts: &[(&INCOMPLETE, Hit, "80 % of the agreed volume at the end of the year"),
            (&HIGH_PRICE, NearMiss, "twice the selected price exactly")] },
    Sheet { variety: "阿托伐他汀口服常释剂型", item: "XC10AAA100A0010101", term: Over, agreed: 60_000,
        ordered: 66_000, delivered: 66_000, returned: 6_000, non_selected: 15_000, orders: 12, pace: Monthly,
        verdicts: &[(&INCOMPLETE, NearMiss, "100 % of the agreed volume exactly after a return")] },
    Sheet { variety: "氯吡格雷口服常释剂型", item: "XB01ACA045A0010101", term: Over, agreed: 48_000,
        ordered: 57_600, delivered: 28_800, returned: 0, non_selected: 7_200, orders: 12, pace: Monthly,
        verdicts: &[(&INCOMPLETE, NearMiss, "ordered in full; the supplier delivered half")] },
    Sheet { variety: "美托洛尔口服常释剂型", item: "XC07ABA065A0010101", term: Over, agreed: 50_000,
        ordered: 31_000, delivered: 30_000, returned: 0, non_selected: 35_000, orders: 12, pace: Monthly,
        verdicts: &[(&INCOMPLETE, Hit, "60 % of the agreed volume at the end of the year"),
            (&NON_SELECTED, Hit, "53.8 % non-selected while the volume is unmet"),
            (&EXCESS, Hit, "70 % of the agreed volume in non-selected products")] },
    Sheet { variety: "头孢呋辛口服常释剂型", item: "XJ01DCT058A0010101", term: Over, agreed: 40_000,
        ordered: 20_000, delivered: 20_000, returned: 0, non_selected: 20_000, orders: 10, pace: Monthly,
        verdicts: &[(&INCOMPLETE, Hit, "half of the agreed volume at the end of the year"),
            (&NON_SELECTED, NearMiss, "50 % non-selected exactly"),
            (&EXCESS, NearMiss, "exactly half of the agreed volume in non-selected products")] },
    Sheet { variety: "奥美拉唑口服常释剂型", item: "XA02BCA214E0010101", term: Over, agreed: 30_000,
        ordered: 36_000, delivered: 36_000, returned: 0, non_selected: 54_000, orders: 12, pace: Monthly,
        verdicts: &[(&NON_SELECTED, NearMiss, "60 % non-selected beyond a volume that was met"),
            (&EXCESS, Hit, "180 % of the agreed volume in non-selected products"),
            (&HIGH_PRICE, Hit, "three times the selected price")] },
    Sheet { variety: "西格列汀口服常释剂型", item: "XA10BHS168A0010101", term: Running, agreed: 73_000,
        ordered: 38_000, delivered: 36_500, returned: 0, non_selected: 7_300, orders: 5, pace: Monthly,
        verdicts: &[(&SUBSTITUTES, Hit, "2.4 times the substitutes of the same days of the year before"),
            (&LARGE_ORDER, NearMiss, "orders a seventh larger than those of the year before")] },
    Sheet { variety: "依那普利口服常释剂型", item: "XC09AAB043A0010101", term: Running, agreed: 73_000,
        ordered: 23_000, delivered: 21_900, returned: 0, non_selected: 4_000, orders: 5, pace: Monthly,
        verdicts: &[(&BEHIND, Hit, "30 % done after 41.4 % of the year")] },
    Sheet { variety: "布洛芬口服常释剂型", item: "XM01AEB158A0010101", term: Running, agreed: 73_000,
        ordered: 30_600, delivered: 30_600, returned: 0, non_selected: 3_000, orders: 5, pace: Monthly,
        verdicts: &[(&BEHIND, NearMiss, "two days ahead of the elapsed part of the year")] },
    Sheet { variety: "阿莫西林口服常释剂型", item: "XJ01CAA040E0010101", term: Running, agreed: 73_000,
        ordered: 30_600, delivered: 9_180, returned: 0, non_selected: 2_000, orders: 5, pace: Monthly,
        verdicts: &[(&BEHIND, NearMiss, "ordered in time; the supplier delivered 30 %")] },
    Sheet { variety: "厄贝沙坦口服常释剂型", item: "XC09CAE088A0010101", term: Running, agreed: 36_500,
        ordered: 0, delivered: 0, returned: 0, non_selected: 0, orders: 0, pace: Monthly,
        verdicts: &[(&NO_PURCHASE, Hit, "nothing bought in five months"),
            (&BEHIND, Hit, "nothing done after 41.4 % of the year")] },
    Sheet { variety: "瑞舒伐他汀口服常释剂型", item: "XC10AAR030A0010101", term: Running, agreed: 36_500,
        ordered: 18_250, delivered: 18_250, returned: 0, non_selected: 0, orders: 1, pace: Monthly,
        verdicts: &[(&NO_PURCHASE, NearMiss, "a single purchase"),
            (&LARGE_ORDER, Hit, "half a year of the agreed volume in one order")] },
    Sheet { variety: "格列美脲口服常释剂型", item: "XA10BBG096A0010101", term: Running, agreed: 73_000,
        ordered: 36_500, delivered: 36_500, returned: 0, non_selected: 2_000, orders: 5, pace: Crowded(6),
        verdicts: &[(&FREQUENT_ORDERS, Hit, "four orders within seven days")] },
    Sheet { variety: "缬沙坦口服常释剂型", item: "XC09CAX131A0010101", term: Running, agreed: 73_000,
        ordered: 36_500, delivered: 36_500, returned: 0, non_selected: 2_000, orders: 5, pace: Crowded(7),
        verdicts: &[(&FREQUENT_ORDERS, NearMiss, "four orders within eight days")] },
];
