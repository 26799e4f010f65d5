use std::io::Write as _;
use std::path::PathBuf;

use rulepack_contract::knowledge::{KnowledgeTable, TableDeclaration};

use super::*;

/// The declarations in the documentation of this module.
fn declarations() -> Vec<TableDeclaration> {
    #[derive(Deserialize)]
    struct Tables {
        table: Vec<TableDeclaration>,
    }
    let source = include_str!("import_chs_drg.rs");
    let (_, documented) = source.split_once("//! ```toml\n").unwrap();
    let (documented, _) = documented.split_once("//! ```\n").unwrap();
    let lines: Vec<&str> = documented
        .lines()
        .map(|line| line.trim_start_matches("//!"))
        .collect();
    toml::from_str::<Tables>(&lines.join("\n")).unwrap().table
}

const SCHEME_JSON: &str = r#"{
  "mdc_order": ["MDCA", "MDCZ"],
  "mdc": [
    {"mdc": "MDCA", "gate": ["male", "main_diag_in"], "adrg_order": ["AA1", "AB1"],
     "diag": ["D1", "D1", "D2"]},
    {"mdc": "MDCZ", "gate": ["main_diag_in", "ge2_trauma_sites"], "adrg_order": ["ZZ1"],
     "trauma_sites": {"胸": ["T1"], "头": ["T1", "T2"]}}
  ],
  "adrg": {
    "AA1": {"condition": ["main_diagnosis", "procedure_classes:1|2&3"], "diag": ["D1"],
            "proc": ["P1", "P2"], "proc2": ["1", "2"], "drg_order": ["AA19"]},
    "AB1": {"condition": ["any_procedure", "any_procedure_2"], "proc": ["P1"], "proc2": ["P3"],
            "drg_order": ["AB11", "AB15"]},
    "ZZ1": {"condition": ["weight_g>=1500", "age_days<=28"], "drg_order": []}
  },
  "severity": {"AA19": "always", "AB11": "mcc", "AB15": "always"},
  "drg_names": {"AA19": "甲"}
}"#;

fn published(scheme: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let complications =
        "code\tlevel\tself_class\tprincipal_exclusion_class\nD1\tMCC\t1\t\nD2\t\t\t1\n";
    for (name, text) in [
        (SCHEME, scheme),
        (COMPLICATIONS, complications),
        (VALID_PROCEDURES, "P1\nP2\n"),
    ] {
        let file = std::fs::File::create(folder.path().join(name)).unwrap();
        let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        gzip.finish().unwrap();
    }
    folder
}

fn refusal(old: &str, new: &str) -> String {
    let folder = published(&SCHEME_JSON.replacen(old, new, 1));
    import(folder.path()).unwrap_err().to_string()
}

/// Every file is a table as documented.
fn check(files: &[TableFile]) {
    let declarations = declarations();
    let documented: Vec<String> = declarations
        .iter()
        .map(|declaration| declaration.file.clone().unwrap())
        .collect();
    let written: Vec<String> = files
        .iter()
        .map(|file| format!("tables/{}", file.file_name))
        .collect();
    assert_eq!(written, documented);
    for (file, declaration) in files.iter().zip(&declarations) {
        let table = KnowledgeTable::from_csv(declaration, &file.csv).unwrap();
        assert_eq!(table.rows as usize, file.rows, "{}", file.file_name);
    }
}

#[test]
fn the_tables_are_those_that_are_documented() {
    let files = import(published(SCHEME_JSON).path()).unwrap();
    check(&files);
    let texts: Vec<&str> = files
        .iter()
        .map(|file| std::str::from_utf8(&file.csv).unwrap())
        .collect();
    assert_eq!(
        texts,
        [
            "mdc,rank,gate\nMDCA,0,main_diag_in+male\nMDCZ,1,main_diag_in+ge2_trauma_sites\n",
            "mdc,diagnosis,site\nMDCA,D1,\nMDCA,D2,\nMDCZ,T1,头\nMDCZ,T2,头\nMDCZ,T1,胸\n",
            "adrg,mdc,rank,condition\nAA1,MDCA,0,main_diagnosis;procedure_classes:1|2&3\n\
             AB1,MDCA,1,any_procedure;any_procedure_2\nZZ1,MDCZ,0,weight_g>=1500;age_days<=28\n",
            "adrg,list,code,class\nAA1,diag,D1,0\nAA1,proc,P1,1\nAA1,proc,P2,2\nAB1,proc,P1,0\n\
             AB1,proc2,P3,0\n",
            "drg,adrg,rank,severity,name\nAA19,AA1,0,always,甲\nAB11,AB1,0,mcc,\nAB15,AB1,1,always,\n",
            "code,level,self_class,exclusion_class\nD1,MCC,1,\nD2,,,1\n",
            "procedure\nP1\nP2\n",
        ]
    );
}

#[test]
fn what_the_tables_cannot_express_is_refused() {
    assert_eq!(
        refusal("\"male\"", "\"adult\""),
        "`mdc[MDCA].gate` is `adult`, expected a clause that the grouper knows"
    );
    assert_eq!(
        refusal("weight_g>=1500", "weight_g>=heavy"),
        "`adrg[ZZ1].condition` is `weight_g>=heavy`, expected a clause that the grouper knows"
    );
    assert_eq!(
        refusal("[\"1\", \"2\"]", "[\"1\"]"),
        "`adrg[AA1].proc2` is `1`, expected a class for each procedure"
    );
    assert_eq!(
        refusal("\"mcc\"", "\"severe\""),
        "`severity[AB11]` is `severe`, expected `always`, `mcc` or `mcc_or_cc`"
    );
    assert_eq!(
        refusal("[\"ZZ1\"]", "[\"ZZ2\"]"),
        "`mdc[MDCZ].adrg_order` is `ZZ2`, expected a core group"
    );
}

#[test]
fn a_missing_or_malformed_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = import(folder.path()).unwrap_err().to_string();
    assert!(error.contains("chs_drg_1_1.json.gz`: "), "{error}");
    std::fs::write(folder.path().join(SCHEME), "not gzip").unwrap();
    let error = import(folder.path()).unwrap_err().to_string();
    assert!(error.starts_with("cannot read `"), "{error}");
}

#[test]
fn the_published_scheme_imports_whole() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let shared = std::env::var_os("RULEPACK_SHARED_DATA").map_or(own, PathBuf::from);
    let folder = shared.join("chs_drg_1_1");
    if !folder.is_dir() {
        println!("skipped: `{}` is not there", folder.display());
        return;
    }
    let files = import(&folder).unwrap();
    check(&files);
    let rows: Vec<usize> = files.iter().map(|file| file.rows).collect();
    // Of the 10,343 lines of valid procedures 92 stand twice.
    assert_eq!((rows[0], rows[2], rows[4], rows[6]), (26, 376, 628, 10_251));
}
