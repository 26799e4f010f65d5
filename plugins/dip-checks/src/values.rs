//! 分值与点值: what the fund pays for a group, as a city supplies it.
//!
//! Payment standard = score × coefficient of the hospital × auxiliary coefficient × point value, multiplied in
//! 128 bits and rounded half away from zero (四舍五入) to a fen, once.

use rulepack_sdk::prelude::*;

use crate::auxiliary::Coefficient;

/// Place of `group-scores` among the tables of the manifest.
pub(crate) const SCORES: u8 = 5;
/// Place of `point-values`.
pub(crate) const POINT_VALUES: u8 = 6;
/// Place of `hospital-coefficients`.
pub(crate) const HOSPITALS: u8 = 7;

/// Scores (10^-4), two coefficients (10^-4 each) and a point value (10^-6 yuan) in a fen (10^-2 yuan).
const PRODUCTS_OF_A_FEN: i128 = 10_000_000_000_000_000;

/// What the city supplies; nothing where nobody supplied it.
#[derive(Debug)]
pub struct Values {
    scores: Dated<Code, Score>,
    /// By 险种; under `None` for those that have no row of their own.
    point_values: Dated<Option<Code>, UnitPrice>,
    hospitals: Dated<Code, Ratio>,
}

/// 分值 of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Score {
    /// 分值, in ten-thousandths of a point.
    pub points: Quantity,
    /// 例均费用 of the group at the level of the hospital.
    pub average_cost: Option<Money>,
}

/// What a stay's points are worth, whatever its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    point_value: InForce<UnitPrice>,
    hospital: InForce<Ratio>,
    auxiliary: Coefficient,
}

impl Values {
    /// # Errors
    /// Where a cell that must be given is empty.
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        let table = setup.table("group-scores")?;
        let scores = table.quantities("score")?.into_iter();
        let scores = scores.zip(table.optional_money("average_cost")?);
        let scores = scores.map(|(points, average_cost)| Score {
            points,
            average_cost,
        });
        let scores = table.codes("group")?.into_iter().zip(scores);
        let scores = Dated::new(scores.zip(table.validity()?));
        let table = setup.table("point-values")?;
        let point_values = table.optional_codes("insurance_type")?.into_iter();
        let point_values = point_values.zip(table.unit_prices("value")?);
        let point_values = Dated::new(point_values.zip(table.validity()?));
        let table = setup.table("hospital-coefficients")?;
        let hospitals = table.codes("institution")?.into_iter();
        let hospitals = hospitals.zip(table.ratios("coefficient")?);
        Ok(Values {
            scores,
            point_values,
            hospitals: Dated::new(hospitals.zip(table.validity()?)),
        })
    }

    /// The score of a group on a day.
    #[must_use]
    pub fn score(&self, group: Code, day: Day) -> Option<InForce<Score>> {
        self.scores.on(&group, day)
    }

    /// What points are worth for an insurance and a hospital on a day; `None` where one of them is not known.
    #[must_use]
    pub fn rate(
        &self,
        insurance: Option<Code>,
        institution: Option<Code>,
        auxiliary: Option<Coefficient>,
        day: Day,
    ) -> Option<Rate> {
        let own = insurance.and_then(|it| self.point_values.on(&Some(it), day));
        Some(Rate {
            point_value: own.or_else(|| self.point_values.on(&None, day))?,
            hospital: self.hospitals.on(&institution?, day)?,
            auxiliary: auxiliary?,
        })
    }
}

impl Rate {
    /// What is paid for so many points.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn payment(&self, points: Quantity) -> Result<Money, Overflow> {
        let factors = [
            self.hospital.value.0,
            self.auxiliary.coefficient.0,
            self.point_value.value.0,
        ];
        let mut product = i128::from(points.0);
        for factor in factors {
            product = product.checked_mul(i128::from(factor)).ok_or(Overflow)?;
        }
        let half = PRODUCTS_OF_A_FEN / 2;
        let half = if product < 0 { -half } else { half };
        let fen = product.checked_add(half).ok_or(Overflow)? / PRODUCTS_OF_A_FEN;
        let fen = i64::try_from(fen).ok().filter(|fen| *fen != i64::MIN);
        fen.map(Money).ok_or(Overflow)
    }

    /// The rows that it rests on, added to a finding.
    pub fn evidence(&self, finding: Finding) -> Finding {
        let finding = finding
            .evidence(POINT_VALUES, self.point_value.row)
            .evidence(HOSPITALS, self.hospital.row);
        self.auxiliary.evidence(finding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(hospital: i64, auxiliary: i64, point_value: i64) -> Rate {
        let row = 0;
        Rate {
            point_value: InForce {
                value: UnitPrice(point_value),
                row,
            },
            hospital: InForce {
                value: Ratio(hospital),
                row,
            },
            auxiliary: Coefficient {
                coefficient: Ratio(auxiliary),
                row: None,
            },
        }
    }

    #[test]
    fn a_payment_is_rounded_once_to_a_fen() {
        // 856.37 points × 1.05 × 1.1 × 10.123456 yuan = 10013.184... yuan.
        let rate = rate(10_500, 11_000, 10_123_456);
        assert_eq!(rate.payment(Quantity(8_563_700)), Ok(Money(1_001_318)));
    }

    #[test]
    fn half_a_fen_is_rounded_away_from_zero() {
        let rate = rate(10_000, 10_000, 5_000);
        assert_eq!(rate.payment(Quantity(10_000)), Ok(Money(1)));
        assert_eq!(rate.payment(Quantity(9_999)), Ok(Money(0)));
        assert_eq!(rate.payment(Quantity(-10_000)), Ok(Money(-1)));
    }

    #[test]
    fn a_payment_beyond_64_bits_is_an_overflow() {
        let rate = rate(i64::MAX, i64::MAX, i64::MAX);
        assert_eq!(rate.payment(Quantity(i64::MAX)), Err(Overflow));
    }
}
