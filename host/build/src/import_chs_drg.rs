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
