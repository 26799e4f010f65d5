//! What of a request is kept for later ones: see decision 151.
//!
//! The history is what the fund was asked to pay, not what was asked about it. So a line that 3101 asks about
//! (`curr_drord_flag` 1), or that is ordered and not charged, is not kept: nobody knows whether it ever will be.
//! What is charged is kept with its encounter, as the request tells it, whatever rules found of it.

use std::collections::{BTreeMap, HashMap, HashSet};

use rulepack_contract::review::Stage;
use rulepack_contract::schema::{TableId, ids};
use rulepack_contract::units;

use crate::data::BroughtRow;
use crate::history::segment::OwnerRows;

/// A refund is looked for among so many lines of its item.
const LINES_LOOKED_AT: usize = 64;

/// An encounter as one request told it, with all that is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ToldVisit {
    /// Whose.
    pub(crate) patient: String,
    /// Its key.
    pub(crate) encounter: String,
    /// Whether the request is about it; others are told beside it, for its rules.
    pub(crate) is_current: bool,
    /// Encounter, patient and institution, diagnoses, procedures, lines.
    pub(crate) rows: OwnerRows,
}

/// A row by the names of its columns; what is not recorded does not stand in it.
type Cells = BTreeMap<String, String>;

/// The encounters of a request that are kept.
pub(crate) fn told(rows: &[BroughtRow], stage: Stage) -> Vec<ToldVisit> {
    if stage == Stage::After {
        // A question about months that are over is no news of a patient: those are imported.
        return Vec::new();
    }
    let rows: Vec<(TableId, Cells)> = rows.iter().map(|row| (row.table, cells(row))).collect();
    let request = ByOwner::of(&rows, stage);
    let encounters = rows.iter().filter(|(table, _)| *table == ids::ENCOUNTERS);
    let visits = encounters.filter_map(|(_, encounter)| {
        let visit = request.visit(encounter)?;
        let is_told = stage == Stage::During || !visit.is_current || visit.has_lines();
        is_told.then_some(visit)
    });
    visits.collect()
}

/// The rows of a request by what they belong to.
struct ByOwner<'r> {
    /// Patients and institutions.
    roots: HashMap<(TableId, &'r str), &'r Cells>,
    of_encounters: HashMap<&'r str, Vec<(TableId, &'r Cells)>>,
    /// Keys of lines that are not kept.
    asked: HashSet<&'r str>,
}

impl<'r> ByOwner<'r> {
    fn of(rows: &'r [(TableId, Cells)], stage: Stage) -> Self {
        let mut request = ByOwner {
            roots: HashMap::new(),
            of_encounters: HashMap::new(),
            asked: HashSet::new(),
        };
        for (table, row) in rows {
            if *table == ids::ENCOUNTERS {
                continue;
            }
            if let Some(key) = root_key(*table, row) {
                request.roots.insert((*table, key), row);
            } else if *table == ids::ORDERS && is_only_asked(row, stage) {
                request.asked.extend(text(row, "order"));
            } else if let Some(encounter) = text(row, "encounters") {
                let of = request.of_encounters.entry(encounter).or_default();
                of.push((*table, row));
            }
        }
        request
    }

    fn visit(&self, encounter: &Cells) -> Option<ToldVisit> {
        let key = text(encounter, "encounter")?;
        let patient = text(encounter, "patients")?;
        let institution = text(encounter, "institutions").unwrap_or_default();
        let roots = [(ids::PATIENTS, patient), (ids::INSTITUTIONS, institution)];
        let roots = roots
            .iter()
            .filter_map(|root| Some((root.0, *self.roots.get(root)?)));
        let of = self.of_encounters.get(key).into_iter().flatten().copied();
        let all = roots.chain([(ids::ENCOUNTERS, encounter)]).chain(of);
        let mut kept = OwnerRows::new();
        for (table, row) in all {
            let of_table = kept.entry(table.table().name.to_owned()).or_default();
            of_table.push(as_kept(table, row, &self.asked));
        }
        if let Some(lines) = kept.get_mut(ids::ORDERS.table().name) {
            link_refunds(lines);
        }
        Some(ToldVisit {
            patient: patient.to_owned(),
            encounter: key.to_owned(),
            is_current: text(encounter, "current") != Some("0"),
            rows: kept,
        })
    }
}

impl ToldVisit {
    fn has_lines(&self) -> bool {
        self.rows.contains_key(ids::ORDERS.table().name)
    }
}

/// The key of a patient or an institution.
fn root_key(table: TableId, row: &Cells) -> Option<&str> {
    match table {
        ids::PATIENTS => text(row, "patient"),
        ids::INSTITUTIONS => text(row, "institution"),
        _ => None,
    }
}

/// A line that is not charged, or of which nobody says whether it is and that is being written.
fn is_only_asked(line: &Cells, stage: Stage) -> bool {
    match text(line, "charged") {
        Some(charged) => charged == "0",
        None => stage == Stage::Before && text(line, "current") == Some("1"),
    }
}

/// A row as it stands in the history: whose it is stands apart, it is under review no more, and it points to no
/// line that is not kept.
fn as_kept(table: TableId, row: &Cells, asked: &HashSet<&str>) -> Cells {
    let mut row = row.clone();
    if let Some(name) = crate::history::segment::column_of_owner(table)
        && matches!(table, ids::PATIENTS | ids::ENCOUNTERS)
    {
        row.remove(name);
    }
    if let Some(current) = row.get_mut("current") {
        "0".clone_into(current);
    }
    for name in ["fulfils", "reverses"] {
        if text(&row, name).is_some_and(|target| asked.contains(target)) {
            row.remove(name);
        }
    }
    row
}

/// A refund of which the request does not tell the line (3101 and 3102 have no field for it) takes back the last
/// line before it of the same item that still has as much.
fn link_refunds(lines: &mut [Cells]) {
    // By item: what is left of each line, with its key.
    let mut left: HashMap<Item, Vec<(i64, String)>> = HashMap::new();
    for line in lines {
        let (quantity, key) = (quantity(line), text(line, "order").unwrap_or_default());
        let of_item = left.entry(item(line)).or_default();
        if quantity >= 0 {
            of_item.push((quantity, key.to_owned()));
            continue;
        }
        if line.contains_key("reverses") {
            continue;
        }
        let latest = of_item.iter_mut().rev().take(LINES_LOOKED_AT);
        let rest = |left: i64| left.checked_add(quantity).filter(|rest| *rest >= 0);
        let taken = latest
            .filter_map(|(left, key)| Some((rest(*left)?, left, key)))
            .next();
        if let Some((rest, left, key)) = taken {
            *left = rest;
            line.insert("reverses".to_owned(), key.clone());
        }
    }
}

/// National code and the hospital's own.
type Item = [Option<String>; 2];

fn item(line: &Cells) -> Item {
    ["items", "local-items"].map(|name| line.get(name).cloned())
}

/// In ten-thousandths; 0 where it is not recorded.
fn quantity(line: &Cells) -> i64 {
    let told = line.get("quantities");
    told.and_then(|text| units::parse_decimal(text, 4).ok())
        .unwrap_or(0)
}

fn cells(row: &BroughtRow) -> Cells {
    let columns = row.table.table().columns;
    let told = row
        .cells
        .iter()
        .map(|(column, text)| (*column, text.trim()));
    let told = told.filter(|(_, text)| !text.is_empty());
    let mut cells: Cells = told
        .filter_map(|(column, text)| Some((columns.get(column)?.name.to_owned(), text.to_owned())))
        .collect();
    if let Some(name) = row.table.table().key() {
        cells.insert(name.to_owned(), row.key.clone());
    }
    cells
}

fn text<'c>(cells: &'c Cells, name: &str) -> Option<&'c str> {
    cells.get(name).map(String::as_str)
}
