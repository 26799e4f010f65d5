//! The catalogue of each disease (门诊慢特病用药及诊疗项目目录): drugs and tests that it covers.

use rulepack_sdk::prelude::*;

/// Items by disease, each with the days on which it is in force.
#[derive(Debug)]
pub struct Catalogue {
    items: Map<(Code, Code), Vec<Validity>>,
    diseases: Map<Code, Vec<Validity>>,
}

impl Catalogue {
    /// Reads table `catalogue`.
    ///
    /// # Errors
    /// Where a row lacks its disease or item.
    pub fn read(setup: &Setup) -> Result<Self, String> {
        let table = setup.table("catalogue")?;
        let rows = table
            .codes("disease")?
            .into_iter()
            .zip(table.codes("item")?)
            .zip(table.validity()?);
        let mut catalogue = Catalogue {
            items: Map::default(),
            diseases: Map::default(),
        };
        for ((disease, item), validity) in rows {
            let items = catalogue.items.entry((disease, item)).or_default();
            items.push(validity);
            catalogue
                .diseases
                .entry(disease)
                .or_default()
                .push(validity);
        }
        Ok(catalogue)
    }

    /// Whether the catalogue says on this day what the disease covers. A disease that it does not know
    /// is not judged by it: its items may be listed elsewhere.
    #[must_use]
    pub fn knows(&self, disease: Code, day: Day) -> bool {
        in_force(self.diseases.get(&disease), day)
    }

    /// Whether the disease covers the item on this day.
    #[must_use]
    pub fn covers(&self, disease: Code, item: Code, day: Day) -> bool {
        in_force(self.items.get(&(disease, item)), day)
    }
}

fn in_force(rows: Option<&Vec<Validity>>, day: Day) -> bool {
    rows.is_some_and(|rows| rows.iter().any(|validity| validity.includes(day)))
}
