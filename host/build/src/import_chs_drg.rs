//! Turns the published CHS-DRG 1.1 grouping tables into the knowledge tables of a grouper pack.
//!
//! # The tables
//!
//! These are the declarations for the manifest of the pack that reads them:
//!
//! ```toml
//! [[table]]
//! name = "mdc"                # 主要诊断大类, in the order in which they are tried
//! file = "tables/mdc.csv"
//! columns = { mdc = "code", rank = "integer", gate = "text" }
//! key = ["mdc"]
//!
//! [[table]]
//! name = "mdc_diagnoses"      # the principal diagnoses that open an MDC
//! file = "tables/mdc_diagnoses.csv"
//! columns = { mdc = "code", diagnosis = "code", site = "text" }
//! key = ["mdc", "diagnosis", "site"]
//!
//! [[table]]
//! name = "adrg"               # 核心病组, in the order in which they are tried within their MDC
//! file = "tables/adrg.csv"
//! columns = { adrg = "code", mdc = "code", rank = "integer", condition = "text" }
//! key = ["adrg"]
//!
//! [[table]]
//! name = "adrg_codes"         # the code lists that conditions look in
//! file = "tables/adrg_codes.csv"
//! columns = { adrg = "code", list = "text", code = "code", class = "integer" }
//! key = ["adrg", "list", "code", "class"]
//!
//! [[table]]
//! name = "drg"                # 细分组, in the order in which they are tried within their ADRG
//! file = "tables/drg.csv"
//! columns = { drg = "code", adrg = "code", rank = "integer", severity = "text", name = "text" }
//! key = ["drg"]
//!
//! [[table]]
//! name = "complications"      # MCC, CC and the classes by which a principal diagnosis excludes them
//! file = "tables/complications.csv"
//! columns = { code = "code", level = "text", self_class = "code", exclusion_class = "code" }
//! key = ["code"]
//!
//! [[table]]
//! name = "valid_procedures"   # procedures that count as surgery
//! file = "tables/valid_procedures.csv"
//! columns = { procedure = "code" }
//! key = ["procedure"]
//! ```
//!
//! # What the values mean
//!
//! - `rank`: from 0 upwards; `mdc.rank` over all MDCs, `adrg.rank` within the MDC, `drg.rank` within the
//!   ADRG. The first that holds is taken.
//! - `mdc.gate`: clauses joined by `+` that must all hold, one of `main_proc_valid`, `main_diag_in`,
//!   `main_diag_in+age_lt_1y`, `main_diag_in+male`, `main_diag_in+female`,
//!   `main_diag_in+ge2_trauma_sites`.
//! - `mdc_diagnoses.site`: the body site of the trauma, where the gate counts sites; else empty. A
//!   diagnosis has one row for each of its sites.
//! - `adrg.condition`: clauses joined by `;` that must all hold; empty always holds. The clauses are
//!   `main_diagnosis`, `any_diagnosis` (in list `diag`), `main_procedure`, `any_procedure` (in list
//!   `proc`), `any_procedure_2` (in list `proc2`), `main_procedure_valid`, `no_valid_procedure`,
//!   `age_days<=28`, `weight_g<1500` and so on with `<`, `<=`, `>`, `>=` (false where the age in days
//!   or the weight is not recorded), and `procedure_classes:1&2|1&3&4`: each procedure in list `proc`
//!   stands for its class, and the classes met by all procedures of the case must satisfy the expression
//!   (`&` binds before `|`). A clause whose list has no row for the ADRG always holds.
//! - `adrg_codes.list`: `diag`, `proc` or `proc2`. `adrg_codes.class`: the class of a procedure where the
//!   condition asks for `procedure_classes`; else 0.
//! - `drg.severity`: `always`, `mcc` or `mcc_or_cc`.
//! - `complications.level`: `MCC`, `CC`, or empty for a diagnosis that is neither but has an
//!   `exclusion_class`. A complication is excluded where its `self_class` equals the `exclusion_class`
//!   of the principal diagnosis; an empty class equals none.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::Path;

use flate2::read::GzDecoder;
use serde::Deserialize;

use crate::published::{ImportError, Rows, TableFile, refused};

const SCHEME: &str = "chs_drg_1_1.json.gz";
const COMPLICATIONS: &str = "cc_mcc_exclusion.tsv.gz";
const VALID_PROCEDURES: &str = "valid_procedures.txt.gz";
/// More than any published table inflates to.
const INFLATED_BYTES_MAX: u64 = 256 * 1024 * 1024;

const GATES: [&str; 6] = [
    "main_proc_valid",
    "main_diag_in",
    "age_lt_1y",
    "male",
    "female",
    "ge2_trauma_sites",
];
const CLAUSES: [&str; 7] = [
    "main_diagnosis",
    "any_diagnosis",
    "main_procedure",
    "any_procedure",
    "any_procedure_2",
    "main_procedure_valid",
    "no_valid_procedure",
];
const PROCEDURE_CLASSES: &str = "procedure_classes:";
const SEVERITIES: [&str; 3] = ["always", "mcc", "mcc_or_cc"];

/// `chs_drg_1_1.json`
#[derive(Deserialize)]
struct Scheme {
    mdc_order: Vec<String>,
    mdc: Vec<Mdc>,
    adrg: BTreeMap<String, Adrg>,
    severity: BTreeMap<String, String>,
    drg_names: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Mdc {
    mdc: String,
    gate: Vec<String>,
    adrg_order: Vec<String>,
    #[serde(default)]
    diag: Vec<String>,
    #[serde(default)]
    trauma_sites: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Adrg {
    condition: Vec<String>,
    drg_order: Vec<String>,
    #[serde(default)]
    diag: Vec<String>,
    #[serde(default)]
    proc: Vec<String>,
    #[serde(default)]
    proc2: Vec<String>,
}

/// The seven tables, made from the published files in `folder`.
///
/// # Errors
/// [`ImportError`] where a file is missing or holds what the tables cannot express.
pub fn import(folder: &Path) -> Result<Vec<TableFile>, ImportError> {
    let path = folder.join(SCHEME);
    let scheme = inflate(&path)?;
    let scheme: Scheme =
        serde_json::from_slice(&scheme).map_err(|source| ImportError::Json { path, source })?;
    let mut files = scheme_tables(&scheme)?;
    files.push(complications(folder)?);
    files.push(valid_procedures(folder)?);
    Ok(files)
}

fn scheme_tables(scheme: &Scheme) -> Result<Vec<TableFile>, ImportError> {
    let mut mdc = Rows::new("mdc.csv", &["mdc", "rank", "gate"]);
    let mut diagnoses = Rows::new("mdc_diagnoses.csv", &["mdc", "diagnosis", "site"]);
    let mut adrg = Rows::new("adrg.csv", &["adrg", "mdc", "rank", "condition"]);
    let mut codes = Rows::new("adrg_codes.csv", &["adrg", "list", "code", "class"]);
    let mut drg = Rows::new("drg.csv", &["drg", "adrg", "rank", "severity", "name"]);
    for group in &scheme.mdc {
        let name = &group.mdc;
        let rank = scheme.mdc_order.iter().position(|other| other == name);
        let rank = rank.ok_or_else(|| refused("mdc", name, "a category in `mdc_order`"))?;
        mdc.push([name, &rank.to_string(), &gate(group)?]);
        for diagnosis in &group.diag {
            diagnoses.push([name, diagnosis, ""]);
        }
        for (site, members) in &group.trauma_sites {
            for diagnosis in members {
                diagnoses.push([name, diagnosis, site]);
            }
        }
        for (rank, code) in group.adrg_order.iter().enumerate() {
            let Some(core) = scheme.adrg.get(code) else {
                return Err(refused(
                    format!("mdc[{name}].adrg_order"),
                    code,
                    "a core group",
                ));
            };
            adrg.push([code, name, &rank.to_string(), &condition(code, core)?]);
            core_codes(code, core, &mut codes)?;
            for (rank, group) in core.drg_order.iter().enumerate() {
                let (severity, title) = severity_and_name(scheme, group)?;
                drg.push([group, code, &rank.to_string(), severity, title]);
            }
        }
    }
    [mdc, diagnoses, adrg, codes, drg]
        .into_iter()
        .map(Rows::finish)
        .collect()
}

fn gate(mdc: &Mdc) -> Result<String, ImportError> {
    if let Some(clause) = mdc
        .gate
        .iter()
        .find(|clause| !GATES.contains(&clause.as_str()))
    {
        let place = format!("mdc[{}].gate", mdc.mdc);
        return Err(refused(place, clause, "a clause that the grouper knows"));
    }
    // `main_diag_in` comes first wherever it is; the order of the others is the scheme's.
    let mut clauses: Vec<&str> = mdc.gate.iter().map(String::as_str).collect();
    clauses.sort_by_key(|clause| *clause != "main_diag_in");
    Ok(clauses.join("+"))
}

fn condition(code: &str, core: &Adrg) -> Result<String, ImportError> {
    let compared = |clause: &str| {
        let number = ["age_days", "weight_g"]
            .iter()
            .find_map(|name| clause.strip_prefix(name));
        let number = number.map(|rest| rest.trim_start_matches(['<', '>']).trim_start_matches('='));
        number.is_some_and(|digits| {
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    let known = |clause: &str| {
        CLAUSES.contains(&clause) || clause.starts_with(PROCEDURE_CLASSES) || compared(clause)
    };
    match core.condition.iter().find(|clause| !known(clause)) {
        None => Ok(core.condition.join(";")),
        Some(clause) => {
            let place = format!("adrg[{code}].condition");
            Err(refused(place, clause, "a clause that the grouper knows"))
        }
    }
}

/// The lists of a core group. Where its condition asks for classes, `proc2` says them for `proc`.
fn core_codes(code: &str, core: &Adrg, rows: &mut Rows) -> Result<(), ImportError> {
    for diagnosis in &core.diag {
        rows.push([code, "diag", diagnosis, "0"]);
    }
    let classed = core
        .condition
        .iter()
        .any(|clause| clause.starts_with(PROCEDURE_CLASSES));
    if classed && core.proc.len() != core.proc2.len() {
        let place = format!("adrg[{code}].proc2");
        return Err(refused(
            place,
            core.proc2.len(),
            "a class for each procedure",
        ));
    }
    if classed {
        for (procedure, class) in core.proc.iter().zip(&core.proc2) {
            if class.parse::<u8>().is_err() {
                return Err(refused(
                    format!("adrg[{code}].proc2"),
                    class,
                    "the number of a class",
                ));
            }
            rows.push([code, "proc", procedure, class]);
        }
        return Ok(());
    }
    for (list, procedures) in [("proc", &core.proc), ("proc2", &core.proc2)] {
        for procedure in procedures {
            rows.push([code, list, procedure, "0"]);
        }
    }
    Ok(())
}

fn severity_and_name<'a>(scheme: &'a Scheme, drg: &str) -> Result<(&'a str, &'a str), ImportError> {
    let severity = scheme.severity.get(drg).map_or("", String::as_str);
    if !SEVERITIES.contains(&severity) {
        let place = format!("severity[{drg}]");
        return Err(refused(place, severity, "`always`, `mcc` or `mcc_or_cc`"));
    }
    Ok((
        severity,
        scheme.drg_names.get(drg).map_or("", String::as_str),
    ))
}

fn complications(folder: &Path) -> Result<TableFile, ImportError> {
    let path = folder.join(COMPLICATIONS);
    let text = inflate(&path)?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b'\t')
        .quoting(false)
        .from_reader(text.as_slice());
    let header = ["code", "level", "self_class", "exclusion_class"];
    let mut rows = Rows::new("complications.csv", &header);
    for record in reader.deserialize::<(String, String, String, String)>() {
        let record = record.map_err(|source| ImportError::Csv {
            path: path.clone(),
            source,
        })?;
        let (code, level, self_class, exclusion_class) = record;
        if !["", "CC", "MCC"].contains(&level.as_str()) {
            return Err(refused(
                format!("{COMPLICATIONS}[{code}]"),
                level,
                "`MCC`, `CC` or nothing",
            ));
        }
        rows.push([code, level, self_class, exclusion_class]);
    }
    rows.finish()
}

fn valid_procedures(folder: &Path) -> Result<TableFile, ImportError> {
    let text = inflate(&folder.join(VALID_PROCEDURES))?;
    let mut rows = Rows::new("valid_procedures.csv", &["procedure"]);
    for line in String::from_utf8_lossy(&text).lines().map(str::trim) {
        if !line.is_empty() {
            rows.push([line]);
        }
    }
    rows.finish()
}

fn inflate(path: &Path) -> Result<Vec<u8>, ImportError> {
    let failed = |source| ImportError::Read {
        path: path.to_owned(),
        source,
    };
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    let mut inflated = GzDecoder::new(file).take(INFLATED_BYTES_MAX + 1);
    inflated.read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > INFLATED_BYTES_MAX {
        return Err(failed(io::Error::other("inflates to more than 256 MiB")));
    }
    Ok(bytes)
}

#[cfg(test)]
#[path = "import_chs_drg_tests.rs"]
mod tests;
