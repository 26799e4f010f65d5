//! DIP 辅助目录: coefficients for what a group does not tell of a patient.
//!
//! A city's table `auxiliary-coefficients` gives a coefficient to a range of age (年龄, years), of days in
//! intensive care (ICU), of comorbidity (合并症, the sum of points) and of severity (疾病严重程度, by diagnoses, death and
//! cost: [`crate::severity`]). Points and
//! levels of diagnoses are in table `auxiliary-diagnoses`. The largest single coefficient is taken; where none
//! applies it is one. Where a fact that the city's table asks for is not recorded, the coefficient is not known.

use rulepack_sdk::prelude::*;

use crate::severity::CostSeverity;

/// Place of `auxiliary-coefficients` among the tables of the manifest.
const TABLE: u8 = 8;
const MINUTES_OF_A_DAY: i32 = 1_440;

/// The lists of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Age,
    IntensiveCare,
    Comorbidity,
    Severity,
}

/// What the city and the pack know.
#[derive(Debug)]
pub struct Auxiliary {
    supplied: bool,
    ranges: Vec<Range>,
    comorbidities: Map<Code, Weight>,
    severities: Map<Code, Weight>,
    died: Code,
    severity_of_death: i64,
    severity_of_cost: CostSeverity,
}

/// The stay that a coefficient is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) stay: Row<Encounters>,
    /// With the principal one first.
    pub(crate) diagnoses: &'a [Code],
    /// 例均费用 of its group, where the city tells it.
    pub(crate) average_cost: Option<Money>,
}

/// A row of `auxiliary-coefficients`, both ends included.
#[derive(Debug)]
struct Range {
    list: List,
    from: i64,
    to: Option<i64>,
    coefficient: Ratio,
    validity: Validity,
}

/// A row of `auxiliary-diagnoses`.
#[derive(Debug, Clone, Copy)]
struct Weight {
    category: Code,
    points: i64,
    /// Days that the stay must have lasted.
    days_min: i64,
}

/// The coefficient of a stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coefficient {
    /// One where no row applies.
    pub coefficient: Ratio,
    /// The row that applies.
    pub row: Option<usize>,
}

impl Coefficient {
    /// The row that it rests on, added to a finding.
    pub(crate) fn evidence(&self, finding: Finding) -> Finding {
        match self.row {
            Some(row) => finding.evidence(TABLE, row),
            None => finding,
        }
    }
}

impl Auxiliary {
    /// # Errors
    /// Where a cell is empty or a list is not one of the four.
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        let [died] = setup.codes(["5"])?;
        let (comorbidities, severities) = weights(setup)?;
        Ok(Auxiliary {
            supplied: setup.table("auxiliary-coefficients")?.supplied(),
            ranges: ranges(setup)?,
            comorbidities,
            severities,
            died,
            severity_of_death: setup.integer("severity_of_death")?,
            severity_of_cost: CostSeverity::read(setup)?,
        })
    }

    /// The coefficient of a stay on a day; `None` where it is not known.
    pub(crate) fn coefficient(
        &self,
        batch: &Batch,
        subject: Subject<'_>,
        day: Day,
    ) -> Option<Coefficient> {
        if !self.supplied {
            return None;
        }
        let mut largest: Option<Coefficient> = None;
        for (row, range) in self.ranges.iter().enumerate() {
            if !range.validity.includes(day) {
                continue;
            }
            let figure = self.figure(range.list, batch, subject)?;
            let applies = figure >= range.from && range.to.is_none_or(|to| figure <= to);
            if applies {
                let one = Coefficient {
                    coefficient: range.coefficient,
                    row: Some(row),
                };
                // Of two that are equal the row that stands first.
                let larger = |known| std::cmp::max_by_key(one, known, |it| it.coefficient);
                largest = Some(largest.map_or(one, larger));
            }
        }
        Some(largest.unwrap_or(Coefficient {
            coefficient: Ratio::ONE,
            row: None,
        }))
    }

    fn figure(&self, list: List, batch: &Batch, subject: Subject<'_>) -> Option<i64> {
        let encounters = batch.encounters();
        let (stay, diagnoses) = (subject.stay, subject.diagnoses);
        match list {
            List::Age => encounters.ages().get(stay).map(i64::from),
            List::IntensiveCare => {
                let minutes = encounters.icu_minutes().get(stay)?;
                Some(i64::from(minutes / MINUTES_OF_A_DAY))
            }
            List::Comorbidity => {
                let others = diagnoses.get(1..).unwrap_or_default();
                let mut points: Map<Code, i64> = Map::default();
                for weight in found(&self.comorbidities, batch, others) {
                    let most = points.entry(weight.category).or_default();
                    *most = (*most).max(weight.points);
                }
                points
                    .values()
                    .try_fold(0_i64, |sum, it| sum.checked_add(*it))
            }
            List::Severity => self.severity(batch, subject),
        }
    }

    fn severity(&self, batch: &Batch, subject: Subject<'_>) -> Option<i64> {
        let encounters = batch.encounters();
        let (stay, diagnoses) = (subject.stay, subject.diagnoses);
        let died = encounters.discharge_dispositions().get(stay)? == self.died;
        let discharged = encounters.discharge_days().get(stay);
        let end = discharged.unwrap_or_else(|| batch.today());
        let days = end.since(encounters.admission_days().get(stay)?);
        let weights = found(&self.severities, batch, diagnoses);
        let levels = weights.filter(|it| days >= it.days_min).map(|it| it.points);
        let death = died.then_some(self.severity_of_death);
        let by_cost = self
            .severity_of_cost
            .level(batch, stay, subject.average_cost);
        Some(levels.chain(death).chain([by_cost?]).max().unwrap_or(0))
    }
}

/// The rows that diagnoses stand in, by their category (three characters), subcategory (four) or whole code.
fn found<'a>(
    weights: &'a Map<Code, Weight>,
    batch: &Batch,
    diagnoses: &[Code],
) -> impl Iterator<Item = &'a Weight> + use<'a> {
    let mut codes: Vec<Code> = diagnoses.to_vec();
    // The dot stands between the third and the fourth character.
    for characters in [3, 5] {
        codes.extend(batch.prefixes(diagnoses, characters).into_iter().flatten());
    }
    codes.into_iter().filter_map(|code| weights.get(&code))
}

fn ranges(setup: &Setup) -> Result<Vec<Range>, String> {
    let table = setup.table("auxiliary-coefficients")?;
    let rows = table.texts("list")?.into_iter();
    let rows = rows.zip(table.integers("from")?);
    let rows = rows.zip(table.optional_integers("to")?);
    let rows = rows.zip(table.ratios("coefficient")?);
    let rows = (1..).zip(rows).zip(table.validity()?);
    rows.map(|((row, (((list, from), to), coefficient)), validity)| {
        Ok(Range {
            list: list_of(&list, row)?,
            from,
            to,
            coefficient,
            validity,
        })
    })
    .collect()
}

fn list_of(text: &str, row: usize) -> Result<List, String> {
    match text {
        "age" => Ok(List::Age),
        "icu-days" => Ok(List::IntensiveCare),
        "comorbidity" => Ok(List::Comorbidity),
        "severity" => Ok(List::Severity),
        other => Err(format!(
            "table `auxiliary-coefficients` row {row}: expected `age`, `icu-days`, `comorbidity` or \
             `severity`, got `{other}`"
        )),
    }
}

/// The points of comorbidity and the levels of severity.
type Weights = (Map<Code, Weight>, Map<Code, Weight>);

fn weights(setup: &Setup) -> Result<Weights, String> {
    let table = setup.table("auxiliary-diagnoses")?;
    let rows = table.texts("list")?.into_iter();
    let rows = rows.zip(table.codes("diagnosis")?);
    let rows = rows.zip(table.codes("category")?);
    let rows = rows.zip(table.integers("points")?);
    let rows = rows.zip(table.integers("days_min")?);
    let (mut comorbidities, mut severities) = Weights::default();
    for (row, ((((list, diagnosis), category), points), days_min)) in (1..).zip(rows) {
        let weight = Weight {
            category,
            points,
            days_min,
        };
        match list.as_str() {
            "comorbidity" => comorbidities.insert(diagnosis, weight),
            "severity" => severities.insert(diagnosis, weight),
            other => {
                return Err(format!(
                    "table `auxiliary-diagnoses` row {row}: expected `comorbidity` or `severity`, got `{other}`"
                ));
            }
        };
    }
    Ok((comorbidities, severities))
}
