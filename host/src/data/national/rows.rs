//! From the national objects to rows of the contract. What 3101 has no field for stays not recorded.

use rulepack_contract::data::DataBuilder;
use rulepack_contract::schema::{TableId, ids};
use rulepack_contract::units::{self, ValueError};
use time::Date;

use super::node::Place;
use super::request::Transaction;
use crate::data::call::{Brought, RequestError, refuse_faults};
use crate::data::checks;

/// A column that takes a field as it stands: column, field, whether the field is required.
type Field = (&'static str, &'static str, bool);

/// What is expected of an id.
pub(super) const KEY: &str = "an id";
const CODE: &str = "a code";
const TIME: &str = "a time such as `2026-11-22 09:30:00`";
const BIRTHDAY: &str = "a day such as `2026-11-22`, not after the admission";

const ENCOUNTER: &[Field] = &[
    ("visit-types", "med_mdtrt_type", true),
    ("care-types", "med_type", true),
    ("insurance-types", "insutype", true),
    ("reimbursed", "reim_flag", true),
    ("out-of-area", "out_setl_flag", true),
    ("departments", "adm_dept_codg", true),
    ("discharge-departments", "dscg_dept_codg", false),
    ("doctors", "dr_codg", true),
    ("beds", "bedno", false),
    ("chronic-diseases", "dise_codg", false),
    ("total-amounts", "medfee_sumamt", true),
    ("own-pays", "ownpay_amt", true),
    ("self-pays", "selfpay_amt", true),
    ("pooled-fund-pays", "hifp_payamt", false),
    ("maternity", "matn_stas", true),
];

const DIAGNOSIS: &[Field] = &[
    ("codes", "dise_codg", true),
    ("principal", "maindise_flag", true),
    ("kinds", "inout_dise_type", true),
];

const PROCEDURE: &[Field] = &[
    ("codes", "oprn_code", true),
    ("principal", "main_oprn_flag", true),
    ("anaesthesia", "anst_way", false),
    ("surgeons", "oper_dr_code", false),
];

/// `dise_codg` and `prd_days` are fields of 2204 that 3101 lacks; they are read where a region adds them.
const ORDER: &[Field] = &[
    ("current", "curr_drord_flag", true),
    ("items", "hilist_code", true),
    ("local-items", "hosplist_code", true),
    ("catalogue-types", "hilist_type", true),
    ("charge-types", "chrg_type", true),
    ("reimbursement-classes", "hilist_lv", true),
    ("quantities", "cnt", true),
    ("units", "spec_unt", true),
    ("unit-prices", "pric", true),
    ("catalogue-prices", "hilist_pric", true),
    ("amounts", "sumamt", true),
    ("own-pays", "ownpay_amt", true),
    ("self-pays", "selfpay_amt", true),
    ("departments", "drord_dept_codg", true),
    ("doctors", "drord_dr_codg", true),
    ("doctor-titles", "drord_dr_profttl", true),
    ("long-term", "long_drord_flag", true),
    ("order-purposes", "drord_bhvr", true),
    ("prescriptions", "rxno", true),
    ("groups", "grpno", false),
    ("diseases", "dise_codg", false),
    ("supply-days", "prd_days", false),
];

/// Adds all patients of a request.
pub(super) fn fill(
    data: &Place<'_>,
    transaction: Transaction,
    builder: &mut DataBuilder,
) -> Result<Brought, RequestError> {
    let mut filling = Filling {
        builder,
        transaction,
        brought: Brought::default(),
        paths: Vec::new(),
    };
    for table in [
        ids::PATIENTS,
        ids::ENCOUNTERS,
        ids::DIAGNOSES,
        ids::PROCEDURES,
        ids::ORDERS,
    ] {
        filling.builder.declare(table, []);
    }
    for patient in data.field("patient_dtos").filled_list()? {
        filling.patient(&patient)?;
    }
    checks::consistency(filling.builder);
    filling.refuse_faults()?;
    Ok(filling.brought)
}

struct Filling<'b> {
    builder: &'b mut DataBuilder,
    transaction: Transaction,
    brought: Brought,
    /// The way to each row, by its line (from 1).
    paths: Vec<String>,
}

/// The cells of one row that is being put together.
struct Cells {
    table: TableId,
    cells: Vec<(usize, String)>,
}

impl Filling<'_> {
    fn patient(&mut self, patient: &Place<'_>) -> Result<(), RequestError> {
        let id = patient.field("patn_id").required(KEY)?;
        let mut cells = Cells::new(ids::PATIENTS);
        cells.put("genders", patient.field("gend").required(CODE)?);
        cells.put(
            "pooling-areas",
            four(patient.field("poolarea").required(CODE)?),
        );
        self.push(patient, id, cells)?;
        let birthday = patient.field("brdy");
        let text = birthday.required(BIRTHDAY)?;
        let born = text
            .get(..10)
            .map_or(Err(ValueError::NotADate), units::parse_day);
        let born = born.map_err(|problem| value(&birthday, problem, BIRTHDAY))?;
        let current = patient.field("curr_mdtrt_id").required(KEY)?;
        let mut has_current = false;
        for encounter in patient.field("fsi_encounter_dtos").filled_list()? {
            let is_current = encounter.field("mdtrt_id").required(KEY)? == current;
            has_current |= is_current;
            self.encounter(id, &encounter, is_current, (&birthday, born))?;
        }
        if !has_current {
            let expected = "the mdtrt_id of one of the encounters";
            return Err(patient.field("curr_mdtrt_id").unexpected(expected));
        }
        Ok(())
    }

    fn encounter(
        &mut self,
        patient: &str,
        encounter: &Place<'_>,
        is_current: bool,
        (birthday, born): (&Place<'_>, i32),
    ) -> Result<(), RequestError> {
        let institution = self.institution(encounter)?;
        let key = encounter.field("mdtrt_id").required(KEY)?;
        let mut cells = Cells::new(ids::ENCOUNTERS);
        cells.put("patients", patient);
        cells.put("institutions", institution);
        cells.put("current", if is_current { "1" } else { "0" });
        cells.fields(encounter, ENCOUNTER)?;
        let admitted = cells.moment(encounter, "adm_date", ("admission-days", "admitted"))?;
        if cells
            .moment(encounter, "dscg_date", ("discharge-days", "discharged"))?
            .is_none()
        {
            cells.put("discharge-days", "");
        }
        let Some(admitted) = admitted else {
            return Err(RequestError::Missing {
                path: encounter.field("adm_date").path().to_owned(),
                expected: TIME,
            });
        };
        let (years, days) =
            age(born, units::day_of(admitted)).ok_or_else(|| birthday.unexpected(BIRTHDAY))?;
        cells.put("ages", years.to_string());
        if years == 0 {
            cells.put("age-days", days.to_string());
        }
        self.push(encounter, key, cells)?;
        self.diagnoses(key, encounter)?;
        for operation in encounter.field("fsi_operation_dtos").list()? {
            self.procedure(key, &operation)?;
        }
        for order in encounter.field("fsi_order_dtos").list()? {
            self.order(key, &order)?;
        }
        Ok(())
    }

    fn institution<'n>(&mut self, encounter: &Place<'n>) -> Result<&'n str, RequestError> {
        let id = encounter.field("medins_id").required(KEY)?;
        let institution = (ids::INSTITUTIONS, id.to_owned());
        if self.brought.known.contains(&institution) {
            return Ok(id);
        }
        let mut cells = Cells::new(ids::INSTITUTIONS);
        cells.put("codes", id);
        cells.fields(
            encounter,
            &[
                ("types", "medins_type", true),
                ("levels", "medins_lv", true),
            ],
        )?;
        cells.put(
            "areas",
            four(encounter.field("medins_admdvs").required(CODE)?),
        );
        self.push(encounter, id, cells)?;
        Ok(id)
    }

    /// In the order of `dias_srt_no`; the principal diagnosis of the encounter where no list comes.
    fn diagnoses(&mut self, encounter: &str, place: &Place<'_>) -> Result<(), RequestError> {
        let mut diagnoses = Vec::new();
        for diagnosis in place.field("fsi_diagnose_dtos").list()? {
            let rank = diagnosis
                .field("dias_srt_no")
                .text()?
                .and_then(|rank| rank.parse().ok());
            diagnoses.push((rank.unwrap_or(u32::MAX), diagnosis));
        }
        diagnoses.sort_by_key(|(rank, _)| *rank);
        for (_, diagnosis) in &diagnoses {
            let mut cells = Cells::new(ids::DIAGNOSES);
            cells.put("encounters", encounter);
            cells.fields(diagnosis, DIAGNOSIS)?;
            self.push(diagnosis, "", cells)?;
        }
        if diagnoses.is_empty() {
            let mut cells = Cells::new(ids::DIAGNOSES);
            cells.put("encounters", encounter);
            cells.put("principal", "1");
            cells.put("codes", place.field("dscg_main_dise_codg").required(CODE)?);
            self.push(place, "", cells)?;
        }
        Ok(())
    }

    fn procedure(&mut self, encounter: &str, operation: &Place<'_>) -> Result<(), RequestError> {
        // The national id counts within an encounter in some systems.
        let id = operation.field("setl_list_oprn_id").required(KEY)?;
        let mut cells = Cells::new(ids::PROCEDURES);
        cells.put("encounters", encounter);
        cells.fields(operation, PROCEDURE)?;
        cells.moment(operation, "oprn_date", ("days", "began"))?;
        self.push(operation, &format!("{encounter}/{id}"), cells)
    }

    /// A line that is just being written is ordered and not charged yet in 3101; every other line is a
    /// charge. 3101 has no line twice, so that every line counts.
    fn order(&mut self, encounter: &str, order: &Place<'_>) -> Result<(), RequestError> {
        let key = order.field("rx_id").required(KEY)?;
        let mut cells = Cells::new(ids::ORDERS);
        cells.put("encounters", encounter);
        cells.fields(order, ORDER)?;
        let is_new = order.field("curr_drord_flag").text()? == Some("1");
        let only_ordered = is_new && self.transaction == Transaction::Before;
        cells.put("charged", if only_ordered { "0" } else { "1" });
        cells.put("counted", "1");
        if cells
            .moment(order, "drord_begn_date", ("days", "started"))?
            .is_none()
        {
            let path = order.field("drord_begn_date").path().to_owned();
            return Err(RequestError::Missing {
                path,
                expected: TIME,
            });
        }
        if let Some(stopped) = order.field("drord_stop_date").text()? {
            cells.put("stopped", stopped);
        }
        self.push(order, key, cells)
    }

    fn push(&mut self, place: &Place<'_>, key: &str, cells: Cells) -> Result<(), RequestError> {
        self.paths.push(place.path().to_owned());
        let line = self.paths.len() as u64;
        let texts = cells
            .cells
            .iter()
            .map(|(column, text)| (*column, text.as_str()));
        let pushed = self.builder.push(cells.table, line, key, texts);
        self.brought.row(cells.table, key, cells.cells);
        match pushed {
            Some(_) => Ok(()),
            None => self.refuse_faults(),
        }
    }

    fn refuse_faults(&self) -> Result<(), RequestError> {
        refuse_faults(self.builder, &self.paths, field_of)
    }
}

impl Cells {
    fn new(table: TableId) -> Self {
        Cells {
            table,
            cells: Vec::new(),
        }
    }

    fn put(&mut self, column: &str, text: impl Into<String>) {
        if let Some(column) = self.table.table().column(column) {
            self.cells.push((column, text.into()));
        }
    }

    fn fields(&mut self, place: &Place<'_>, fields: &[Field]) -> Result<(), RequestError> {
        for (column, field, required) in fields {
            let field = place.field(field);
            if *required {
                let expected = self.table.table().column(column).map_or(CODE, |index| {
                    units::expectation(self.table.table().columns[index].kind)
                });
                self.put(column, field.required(expected)?);
            } else if let Some(text) = field.text()? {
                self.put(column, text);
            }
        }
        Ok(())
    }

    /// A time that fills a column of days and one of instants; `None` where nothing stands there.
    fn moment(
        &mut self,
        place: &Place<'_>,
        field: &str,
        (days, instants): (&str, &str),
    ) -> Result<Option<i64>, RequestError> {
        let field = place.field(field);
        let text = field.text()?.unwrap_or_default();
        if text.is_empty() {
            return Ok(None);
        }
        let instant = units::parse_instant(text).map_err(|problem| value(&field, problem, TIME))?;
        self.put(days, units::format_day(units::day_of(instant)));
        self.put(instants, units::format_instant(instant));
        Ok(Some(instant))
    }
}

/// The field that a column was filled from.
fn field_of(table: TableId, column: &'static str) -> Option<&'static str> {
    let (fields, key) = match table {
        ids::ENCOUNTERS => (ENCOUNTER, "mdtrt_id"),
        ids::DIAGNOSES => (DIAGNOSIS, ""),
        ids::PROCEDURES => (PROCEDURE, "setl_list_oprn_id"),
        ids::ORDERS => (ORDER, "rx_id"),
        ids::PATIENTS => (&[][..], "patn_id"),
        _ => return None,
    };
    if table.table().key() == Some(column) {
        return Some(key);
    }
    fields
        .iter()
        .find(|(name, ..)| *name == column)
        .map(|(_, field, _)| *field)
}

fn value(place: &Place<'_>, problem: ValueError, expected: &'static str) -> RequestError {
    RequestError::Value {
        path: place.path().to_owned(),
        problem,
        expected,
    }
}

/// The first four digits of a division code: province and city.
fn four(code: &str) -> String {
    code.chars().take(4).collect()
}

/// Completed years, and days since birth; `None` for somebody not born yet.
fn age(born: i32, day: i32) -> Option<(i32, i32)> {
    const EPOCH_JULIAN_DAY: i32 = 2_440_588;
    let date = |day: i32| Date::from_julian_day(day.checked_add(EPOCH_JULIAN_DAY)?).ok();
    let (birth, today) = (date(born)?, date(day)?);
    let had_birthday = (today.month() as u8, today.day()) >= (birth.month() as u8, birth.day());
    let years = today.year() - birth.year() - i32::from(!had_birthday);
    (years >= 0).then_some((years, day - born))
}
