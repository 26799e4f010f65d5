//! Malformed, truncated, oversized, wrongly encoded and contradictory input to the commands: each error
//! names the file, the place, the value and what was expected; what is sound goes on where that is safe.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use common::nation::Nation;
use common::packs::{Source, pack};
use common::{Ran, rulepack};

const ITEM: &str = "XA10BAE102A001010100004";

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Copies a pack's source, spoils it, and gives the reason for which `build` refuses it, with the folder
/// left out.
fn refused_by_build(spoil: impl FnOnce(&Source)) -> String {
    let folder = folder();
    let source = Source::copy("chronic-limits", folder.path());
    spoil(&source);
    let out = folder.path().join("out.wasm");
    let reason = source.build(&out).failed();
    assert!(!out.exists());
    reason.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn build_names_what_is_wrong_in_a_manifest() {
    let replaced = |old: &'static str, new: &'static str| {
        refused_by_build(move |source| {
            source.replace("pack.toml", old, new);
        })
    };
    assert_eq!(
        replaced("\"37/chronic-limits\"", "\"chronic\""),
        "error: `pack.toml`: line 2: pack name `chronic` is not of the form `<name space>/<name>`"
    );
    assert_eq!(
        replaced("version = \"1.0.0\"", "version = \"one\""),
        "error: `pack.toml`: line 3: unexpected character 'o' while parsing major version number"
    );
    let reason = replaced("\"before\", \"during\", \"after\"", "\"sometime\"");
    let end = "unknown variant `sometime`, expected one of `before`, `during`, `after`";
    assert!(reason.starts_with("error: `pack.toml`: line "), "{reason}");
    assert!(reason.ends_with(end), "{reason}");

    let reason = refused_by_build(|source| {
        source.write("pack.toml", b"[pack]\nname = \"\xb1\xb1\"\n");
    });
    let expected = "error: cannot read `pack.toml`: stream did not contain valid UTF-8";
    assert_eq!(reason, expected);
    let reason = refused_by_build(|source| {
        source.write("pack.toml", "[pack");
    });
    assert!(
        reason.starts_with("error: `pack.toml`: line 1: "),
        "{reason}"
    );
    let reason = refused_by_build(|source| {
        source.write("pack.toml", "#".repeat(1_048_577));
    });
    let expected =
        "error: `pack.toml`: the manifest is 1048577 bytes long, expected at most 1048576";
    assert_eq!(reason, expected);
}

#[test]
fn build_names_what_is_wrong_in_a_table() {
    const TABLE: &str = "tables/catalogue.csv";
    let appended = |row: &'static [u8]| {
        refused_by_build(move |source| {
            let mut bytes = fs::read(source.folder.join(TABLE)).unwrap();
            bytes.extend_from_slice(row);
            source.write(TABLE, bytes);
        })
    };
    assert_eq!(
        appended(b"M03900,X,2024-02-30,,x\n"),
        "error: `tables/catalogue.csv`: table `catalogue` line 13, column `valid_from`: \
         `2024-02-30` is not a date, expected a day such as `2026-11-22`"
    );
    assert_eq!(
        appended(b"M03900,XC08CAA112A001010100001,2024-01-01,,x\n"),
        "error: `tables/catalogue.csv`: table `catalogue` line 13 has the same key \
         `M03900/XC08CAA112A001010100001/2024-01-01` as line 2"
    );
    assert_eq!(
        appended(b"M03900,X\n"),
        "error: `tables/catalogue.csv`: table `catalogue` line 13 has 2 values, expected 5 as in the header"
    );
    assert_eq!(
        appended(b"M03900,X,2024-01-01,,\xb8\xdf\n"),
        "error: `tables/catalogue.csv`: table `catalogue` line 13, column `basis`: the text is not in UTF-8\n\
         hint: save it as CSV in UTF-8, or say `--encoding gbk` where it is GBK"
    );
    let reason = refused_by_build(|source| {
        source.replace(TABLE, "disease,item,", "disease,items,");
    });
    assert_eq!(
        reason,
        "error: `tables/catalogue.csv`: table `catalogue` has the column `items`, which the \
         manifest does not declare"
    );
    let reason = refused_by_build(|source| fs::remove_file(source.folder.join(TABLE)).unwrap());
    let start = "error: cannot read `tables/catalogue.csv`: ";
    assert!(reason.starts_with(start), "{reason}");
}

#[test]
fn build_names_what_is_wrong_in_a_case() {
    let reason = refused_by_build(|source| {
        source.write("cases/zz.json", "{");
    });
    assert_eq!(
        reason,
        "error: `cases/zz.json`: EOF while parsing an object at line 1 column 1"
    );
}

/// Writes a hospital of one patient and one visit, with more rows.
fn write_hospital(folder: &Path, encounters: &str, orders: &str) {
    let patients = "patient,genders,pooling-areas\nP1,2,3703\n";
    fs::write(folder.join("patients.csv"), patients).unwrap();
    let enrolments = "patients,diseases,starts\nP1,M03900,2025-01-01\n";
    fs::write(folder.join("enrolments.csv"), enrolments).unwrap();
    let text = format!(
        "encounter,patients,current,care-types,admission-days,discharge-days\n\
         E1,P1,1,140104,2026-11-20,2026-11-20\n{encounters}"
    );
    fs::write(folder.join("encounters.csv"), text).unwrap();
    let text = format!(
        "order,encounters,current,counted,reverses,items,quantities,amounts,days,diseases,supply-days\n\
         O1,E1,1,1,,{ITEM},2,100.00,2026-11-20,M03900,28\n{orders}"
    );
    fs::write(folder.join("orders.csv"), text).unwrap();
}

fn check(from: &Path, options: &[&str]) -> Ran {
    let sealed = pack("chronic-limits");
    let (from, sealed) = (from.to_str().unwrap(), sealed.to_str().unwrap());
    let always = ["check", from, "--pack", sealed, "--today", "2026-11-22"];
    rulepack([&always[..], options].concat())
}

#[test]
fn rows_that_contradict_themselves_or_others_are_listed_and_the_rest_goes_on() {
    let folder = folder();
    let line = |key: &str, encounter: &str, reverses: &str, quantity: &str, amount: &str| {
        format!(
            "{key},{encounter},1,1,{reverses},{ITEM},{quantity},{amount},2026-11-20,M03900,28\n"
        )
    };
    let encounters = "E2,P1,1,140104,2026-11-20,2026-11-19\n\
                      E3,P9,1,140104,2026-11-20,2026-11-20\n\
                      E4,P1,1,140104,2026-11-20\n\
                      E5,P1,1,140104,20-11-2026,\n\
                      E1,P1,1,140104,2026-11-20,\n";
    let orders = [
        line("O2", "E9", "", "2", "100.00"),
        line("O3", "E1", "", "2", "100.005"),
        line("O4", "E1", "", "2.00001", "100.00"),
        line("O5", "E1", "O99", "-2", "-100.00"),
        line("O6", "E1", "O1", "-3", "-100.00"),
        line("O7", "E1", "", "2", "99999999999999999999"),
        line("O8", "E2", "", "2", "100.00"),
        line("O9", "E1", "", "2", "-100.00"),
    ];
    write_hospital(folder.path(), encounters, &orders.concat());
    let report = check(folder.path(), &["--json"]).found_fault();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let rejected: Vec<&str> = report["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row.as_str().unwrap())
        .collect();
    assert_eq!(
        rejected,
        [
            "`encounters.csv` line 3, column `discharge-days`: the discharge lies before the admission",
            "`encounters.csv` line 4, column `patients`: `P9` is no row of `patients`",
            "`encounters.csv` line 5, column `admission-days`: the row has 5 fields, expected 6 as in the header",
            "`encounters.csv` line 6, column `admission-days`: `20-11-2026` is not a date, expected a day such as `2026-11-22`",
            "`encounters.csv` line 7, column `encounter`: `E1` is the key of an earlier row too",
            "`orders.csv` line 3, column `encounters`: `E9` is no row of `encounters`",
            "`orders.csv` line 4, column `amounts`: `100.005` is more than 2 decimals, expected an amount in CNY with at most 2 decimals, such as `12.30`",
            "`orders.csv` line 5, column `quantities`: `2.00001` is more than 4 decimals, expected a quantity with at most 4 decimals",
            "`orders.csv` line 6, column `reverses`: `O99` is no row of `orders`",
            "`orders.csv` line 7, column `quantities`: more is refunded than was charged",
            "`orders.csv` line 8, column `amounts`: `99999999999999999999` is out of range, expected an amount in CNY with at most 2 decimals, such as `12.30`",
            "`orders.csv` line 9, column `encounters`: `E2` of `encounters` was left out",
            "`orders.csv` line 10, column `amounts`: quantity and amount differ in sign",
        ]
    );
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0]["rule"], "CHR-01");
    assert_eq!(findings[0]["offending"][0]["key"], "O1");
}

#[test]
fn check_names_the_file_that_it_cannot_read() {
    let folder = folder();
    let reason = |name: &str, bytes: &[u8]| {
        let data = folder.path().join("data");
        fs::create_dir_all(&data).unwrap();
        fs::write(data.join(name), bytes).unwrap();
        let reason = check(&data, &[]).failed();
        fs::remove_dir_all(&data).unwrap();
        reason.replace(&format!("{}/", data.display()), "")
    };
    assert_eq!(
        reason("patients.csv", b"patient,genders\nP1,\xd6\xd0\n"),
        "error: `patients.csv` line 2, column `genders` is not in UTF-8, which all of the file must be\n\
         hint: it could be in GBK (ANSI), as most hospital systems export: say `--encoding gbk` and look at what \
         is read, or export it as UTF-8"
    );
    assert_eq!(
        reason("patients.csv", b""),
        "error: `patients.csv` is empty, expected a first line with the names of the columns"
    );
    assert_eq!(
        reason("patients.csv", b"patient,gendres\n"),
        "error: `patients.csv` has the column `gendres`, which the table `patients` does not have\n\
         hint: did you mean `genders`?"
    );
    assert_eq!(
        reason("patiants.csv", b"patient\n"),
        "error: `patiants.csv` is named after no table of the contract\n\
         hint: did you mean `patients.csv`?"
    );
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    assert_eq!(
        check(&empty, &[]).failed(),
        format!(
            "error: `{}` holds no CSV file of a table, expected one such as `encounters.csv`",
            empty.display()
        )
    );
}

#[test]
fn audit_names_the_file_that_stands_where_its_folder_would_be() {
    let folder = folder();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    write_hospital(&data, "", "");
    let file = folder.path().join("findings");
    fs::write(&file, "kept").unwrap();
    let sealed = pack("chronic-limits");
    for out in [file.clone(), file.join("2026").join("11")] {
        let [from, out, sealed] = [&data, &out, &sealed].map(|path| path.to_str().unwrap());
        let ran = rulepack(["audit", from, "--pack", sealed, "--out", out]);
        let told = format!(
            "error: `{}` is no folder, so it holds no run\n\
             hint: name the folder of a run, or for a new run one that is not there yet",
            file.display()
        );
        assert_eq!(ran.failed(), told);
        assert_eq!(rulepack(["audit", "--resume", out]).failed(), told);
        assert_eq!(rulepack(["audit", "report", out]).failed(), told);
    }
    assert_eq!(fs::read(&file).unwrap(), b"kept");
}

#[test]
fn check_names_the_field_of_a_request_that_it_cannot_use() {
    const REQUEST: &str = include_str!("../host/src/data/national/testdata/3101.json");
    let folder = folder();
    let path = folder.path().join("3101.json");
    let reason = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let reason = check(&path, &[]).failed();
        let start = format!("error: `{}`: ", path.display());
        reason.strip_prefix(&start).unwrap().to_owned()
    };
    let replaced = |old: &str, new: &str| {
        assert!(REQUEST.contains(old));
        reason(REQUEST.replace(old, new).as_bytes())
    };
    let encounter = "input.data.patient_dtos[0].fsi_encounter_dtos[0]";
    assert_eq!(
        replaced("\"cnt\": \"1\"", "\"cnt\": \"eins\""),
        format!(
            "`{encounter}.fsi_order_dtos[0].cnt` is not a number, expected a quantity with at most 4 decimals"
        )
    );
    assert_eq!(
        replaced("2026-11-22 09:00:00", "2026-11-19 09:00:00"),
        format!("`{encounter}` cannot be used: the discharge lies before the admission")
    );
    assert_eq!(
        replaced("\"patient_dtos\"", "\"patients\""),
        "`input.data.patient_dtos` is missing, expected a list with at least one element"
    );
    assert_eq!(
        replaced("\"3101\"", "\"3199\""),
        "`infno` is something else, expected `3101`, `3102` or `3103` (or what the region calls them)"
    );
    assert_eq!(
        reason(&REQUEST.as_bytes()[..500]),
        "the body is not JSON: wrong at line 22, column 27"
    );
    assert_eq!(
        reason(b"\xff\xfe\0"),
        "the body is neither in UTF-8 nor in GBK, expected one of them"
    );
}

#[test]
fn sign_names_the_file_that_is_no_metadata_and_the_key_that_is_none() {
    let nation = Nation::found();
    let sign = |bytes: &[u8]| {
        fs::write(nation.path("37.json"), bytes).unwrap();
        let ran = nation.run("sign {}/37.json --key {}/keys/bureau-a.key --yes");
        let start = format!("error: `{}`: ", nation.path("37.json").display());
        let reason = ran.failed();
        assert_eq!(fs::read(nation.path("37.json")).unwrap(), bytes);
        reason.strip_prefix(&start).unwrap().to_owned()
    };
    let root = fs::read(nation.path("root.json")).unwrap();
    let start = "the file is not canonical metadata: not strict JSON: ";
    for bytes in [&root[..500], b"\xff\xfe{}", b""] {
        let reason = sign(bytes);
        assert!(reason.starts_with(start), "{reason}");
    }
    assert_eq!(sign(b"{}"), "expected metadata of type `targets`, got ``");

    let twice = nation
        .run("sign {}/root.json --key {}/keys/root-a.key --yes")
        .failed();
    let start = format!("error: `{}`: the key `", nation.path("root.json").display());
    assert!(twice.starts_with(&start), "{twice}");
    assert!(twice.ends_with("` has signed twice"), "{twice}");
    let key = nation.path("keys/bureau-a.pub");
    assert_eq!(
        nation
            .run("sign {}/root.json --key {}/keys/bureau-a.pub --yes")
            .failed(),
        format!(
            "error: `{}`: not a secret key file, expected the line `rulepack key of PERSON`, then \
             `id KEY`",
            key.display()
        )
    );
}

#[test]
fn init_takes_nothing_but_a_signed_root_and_leaves_nothing_behind() {
    let nation = Nation::found();
    let root = fs::read(nation.path("root.json")).unwrap();
    let mut unsigned: serde_json::Value = serde_json::from_slice(&root).unwrap();
    unsigned["signatures"].as_array_mut().unwrap().truncate(1);
    let unsigned = unsigned.to_string();
    let targets = fs::read(nation.path("targets.json")).unwrap();
    for bytes in [
        &root[..500],
        b"\xff\xfe{}",
        b"",
        unsigned.as_bytes(),
        &targets,
    ] {
        fs::write(nation.path("bad.json"), bytes).unwrap();
        let ran = nation.run(
            "init --dir {}/host --root {}/bad.json --registry http://127.0.0.1:1 \
             --institution H37030000001 --division 370303",
        );
        let reason = ran.failed();
        let start = format!("error: `{}`: `root` ", nation.path("bad.json").display());
        assert!(reason.starts_with(&start), "{reason}");
        let hint = "\nhint: give the root as its keepers signed it";
        assert!(reason.ends_with(hint), "{reason}");
        assert!(!nation.path("host").exists());
    }
    let ran = nation.run(
        "init --dir {}/host --root {}/root.json --registry ftp://127.0.0.1:1 --institution H37030000001 \
         --division 370303",
    );
    assert_eq!(
        ran.failed(),
        "error: `ftp://127.0.0.1:1` is no address of a registry\n\
         hint: begin it with `http://` or `https://`, or name a folder"
    );
    assert!(!nation.path("host").exists());
}

#[test]
fn import_lists_the_rows_left_out_and_names_a_table_that_cannot_be_used() {
    let nation = Nation::found();
    let registry = nation.serve();
    nation.publish(&[&pack("drg-checks")], &registry);
    let host = nation.host("host", &registry);
    host.sync().done();
    let data = nation.path("data");
    fs::create_dir(&data).unwrap();
    write_hospital(&data, "E2,P9,1,140104,2026-11-20,2026-11-20\n", "");
    let told = nation.run("import {}/data --dir {}/host").found_fault();
    let line = "left out: `encounters.csv` line 3, column `patients`: `P9` is no row of `patients`";
    assert_eq!(told.lines().last(), Some(line));

    let file = nation.path("standards.csv");
    let import = |text: &[u8], table: &str| {
        fs::write(&file, text).unwrap();
        let line = format!("import {{}}/standards.csv --table {table} --dir {{}}/host");
        nation.run(&line).failed()
    };
    const TABLE: &str = "37/drg-checks/payment-standards";
    let named = file.display();
    assert_eq!(
        import(
            b"group,standard,valid_from,valid_to\nES31,12.345,2024-01-01,\n",
            TABLE
        ),
        format!(
            "error: `{named}`: table `payment-standards` line 2, column `standard`: `12.345` is more \
             than 2 decimals, expected an amount in CNY with at most 2 decimals, such as `12.30`"
        )
    );
    assert_eq!(
        import(b"group\n", TABLE),
        format!("error: `{named}`: table `payment-standards` has no column `standard`")
    );
    assert_eq!(
        import(b"", "37/drg-checks/adrg"),
        "error: `37/drg-checks` leaves no table `adrg` to be supplied"
    );
    assert_eq!(
        import(b"", "payment-standards"),
        "error: table `payment-standards` is not of the form `<name space>/<pack>/<table>`"
    );
}

#[test]
fn publish_names_the_pack_or_role_that_cannot_be_sent() {
    let folder = folder();
    let sealed = fs::read(pack("chronic-limits")).unwrap();
    let path = folder.path().join("pack.wasm");
    let role = folder.path().join("37.json");
    fs::write(&role, "{}").unwrap();
    let send = |role: &Path, bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let (role, path) = (role.to_str().unwrap(), path.to_str().unwrap());
        let line = [
            "publish",
            "send",
            role,
            "--pack",
            path,
            "--registry",
            "http://127.0.0.1:1",
        ];
        rulepack(line).failed()
    };
    let named = path.display();
    assert_eq!(
        send(&role, b"text"),
        format!("error: `{named}`: the file is not a WebAssembly component")
    );
    let reason = send(&role, &sealed[..sealed.len() / 2]);
    assert!(
        reason.starts_with(&format!("error: `{named}`: the section at byte ")),
        "{reason}"
    );
    assert!(reason.ends_with(" is truncated or malformed"), "{reason}");
    let oversized = vec![0; 16_777_217];
    assert_eq!(
        send(&role, &oversized),
        format!("error: `{named}`: the pack is 16777217 bytes long, expected at most 16777216")
    );
    let nobody = folder.path().join("nobody.json");
    assert_eq!(
        send(&nobody, &sealed),
        format!(
            "error: `{}` does not say which role it is: name space `nobody` is neither `cn`, a \
             province's 2 digits, a city's 4 digits nor `vendor-<id>`\n\
             hint: name the file `<role>.json`, or write `<role>=<file>`",
            nobody.display()
        )
    );
}
