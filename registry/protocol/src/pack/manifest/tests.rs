use super::*;
use crate::pack::testing::{MANIFEST, manifest};

/// The refusal of the manifest with one passage replaced.
fn refusal(old: &str, new: &str) -> String {
    assert!(MANIFEST.contains(old), "{old}");
    let text = MANIFEST.replacen(old, new, 1);
    Manifest::from_toml(&text).unwrap_err().to_string()
}

/// As [`refusal`], for a vendor's manifest.
fn vendor_refusal(old: &str, new: &str) -> String {
    let text = MANIFEST
        .replace("37/limits", "vendor-acme/limits")
        .replace("jurisdictions = [\"37\"]\n", "")
        .replace("violation = \"block\"", "violation = \"review\"")
        .replace("山东省医疗保障局", "药典");
    assert!(Manifest::from_toml(&text).is_ok());
    assert!(text.contains(old), "{old}");
    Manifest::from_toml(&text.replacen(old, new, 1))
        .unwrap_err()
        .to_string()
}

#[test]
fn a_manifest_reads_and_its_sealed_form_reads_back() {
    let mut manifest = manifest();
    assert_eq!(manifest.limits, Limits::default());
    assert_eq!(manifest.rule("LIM-01").unwrap().needs.len(), 1);
    let digest = Digest::of(b"rows");
    manifest.table_digests.insert("limits".to_owned(), digest);
    let sealed = manifest.to_sealed().unwrap();
    assert_eq!(Manifest::from_sealed(&sealed).unwrap(), manifest);
}

#[test]
fn a_sealed_manifest_has_one_spelling_and_all_digests() {
    let sealed = manifest().to_sealed().unwrap();
    let refusal = |bytes: &[u8]| Manifest::from_sealed(bytes).unwrap_err().to_string();
    assert_eq!(
        refusal(&sealed),
        "the sealed manifest has no digest for exactly the tables that the pack brings"
    );
    let spaced = [b" ".as_slice(), &sealed].concat();
    assert_eq!(
        refusal(&spaced),
        "the sealed manifest is not canonical JSON"
    );
    assert!(refusal(b"{").starts_with("the sealed manifest is malformed: "));
}

#[test]
fn shape_errors_name_the_line() {
    let text = refusal("scope = \"patient\"", "scope = \"ward\"");
    assert!(
        text.starts_with("line 14: unknown variant `ward`, expected one of `patient`"),
        "{text}"
    );
    let text = refusal("title = \"超限额\"", "titel = \"超限额\"");
    assert!(
        text.starts_with("line 13: unknown field `titel`, expected one of "),
        "{text}"
    );
    assert_eq!(
        refusal("37/limits", "37"),
        "line 3: pack name `37` is not of the form `<name space>/<name>`"
    );
    assert_eq!(
        refusal("2024-01-04\"", "2024-02-30\""),
        "line 8: day `2024-02-30` is not of the form `2026-11-22`"
    );
    assert_eq!(
        refusal("[\"orders.items\"]", "[\"orders.names\"]")
            .split_once(", expected")
            .unwrap()
            .0,
        "line 19: column `orders.names` is not in the table"
    );
}

/// A passage, what replaces it, and the refusal.
const REFUSALS: [(&str, &str, &str); 28] = [
    (
        "rulepack:rules@0.1.0",
        "rulepack:rules@0.2.0",
        "`pack.contract` is `rulepack:rules@0.2.0`, expected `rulepack:rules@0.1.0`",
    ),
    (
        "\"1.2.0\"",
        "\"1.2.0+x\"",
        "`pack.version` is `1.2.0+x`, expected a version without build metadata (`+…`)",
    ),
    (
        "from = \"2024-01-04\"",
        "from = \"2024-01-04\", to = \"2024-01-03\"",
        "`pack.effective.to` is `2024-01-03`, expected `2024-01-04` or later",
    ),
    (
        "version = ",
        "left_out = [\"限额\"]\nversion = ",
        "`pack.left_out` is `限额`, expected ASCII letters, digits, `-`, `_` and `.`, at most 64 long",
    ),
    (
        "version = ",
        "left_out = [\"LIM-01\"]\nversion = ",
        "`pack.left_out` is `LIM-01`, expected rules without a `[[rule]]`",
    ),
    (
        "id = \"LIM-01\"",
        "id = \"限额\"",
        "`rule.id` is `限额`, expected ASCII letters, digits, `-`, `_` and `.`, at most 64 long",
    ),
    (
        "scope = \"patient\"",
        "scope = \"region\"",
        "`rule[LIM-01].scope` is `region`, expected `patient` or `institution`: no program gives a rule \
             several institutions at once",
    ),
    (
        "[\"before\", \"after\"]",
        "[]",
        "`rule[LIM-01].stages` is `empty`, expected `before`, `during` or `after`",
    ),
    (
        "[\"before\", \"after\"]",
        "[\"after\", \"after\"]",
        "`rule[LIM-01].stages` is `After`, expected each value once",
    ),
    (
        "high-suspicion = \"review\"",
        "high-suspicion = \"block\"",
        "`rule[LIM-01].action` is `block`, expected `remind` or `review`: a suspicion never blocks",
    ),
    (
        "why = { \"orders.items\"",
        "why = { \"orders.days\"",
        "`rule[LIM-01].why` is `orders.days`, expected a column of `rule[LIM-01].needs` or `uses`",
    ),
    (
        "default = 5000",
        "default = 2000",
        "`parameter[share_max].default` is `out of bounds`, expected parameter `share_max` is \
             `2000`, expected a value from 3000 to 5000",
    ),
    (
        "min = 3000",
        "min = 6000",
        "`parameter[share_max].max` is `5000`, expected 6000 or more",
    ),
    (
        "tables/limits.csv",
        "../limits.csv",
        "`table[limits].file` is `../limits.csv`, expected a `.csv` or `.xlsx` file inside the \
             pack's folder, such as `tables/x.csv`",
    ),
    (
        "file = \"tables/limits.csv\"\n",
        "",
        "`table[limits].file` is `missing`, expected a file, or `supplied_by` a province, city or \
             hospital",
    ),
    (
        "supplied_by = \"city\"",
        "supplied_by = \"city\"\nkey = [\"item\"]",
        "`table[standards].key` is `item`, expected a column of `table[standards].columns`",
    ),
    (
        "supplied_by = \"city\"",
        "supplied_by = \"city\"\nrequired = [\"item\"]",
        "`table[standards].required` is `item`, expected a column of `table[standards].columns`",
    ),
    (
        "supplied_by = \"city\"",
        "supplied_by = \"city\"\nrequired = [\"group\", \"group\"]",
        "`table[standards].required` is `group`, expected each value once",
    ),
    (
        "supplied_by = \"city\"",
        "supplied_by = \"city\"\ntitle = \"限价/标准\"",
        "`table[standards].title` is `限价/标准`, expected a name of a sheet: at most 31 characters, \
             none of `[]:*?/\\'`",
    ),
    (
        "supplied_by = \"city\"",
        "supplied_by = \"city\"\nheadings = { item = \"编码\" }",
        "`table[standards].headings` is `item`, expected a column of `table[standards].columns`",
    ),
    (
        "supplied_by = \"city\"",
        "supplied_by = \"city\"\nheadings = { group = \"standard\" }",
        "`table[standards].headings` is `standard`, expected a heading without space around it that \
             is no name of a column",
    ),
    (
        "supplied_by = \"city\"",
        "supplied_by = \"city\"\nheadings = { group = \"病组\", standard = \"病组\" }",
        "`table[standards].headings` is `病组`, expected each value once",
    ),
    (
        "supplied_by = \"city\"",
        "supplied_by = \"city\"\nwords = { standard = { day = \"单日\" } }",
        "`table[standards].words` is `standard`, expected a column of texts of \
             `table[standards].columns`",
    ),
    (
        "supplied_by = \"city\"",
        "supplied_by = \"city\"\nwords = { group = { day = \"visit\", visit = \"就诊\" } }",
        "`table[standards].words` is `visit`, expected what people call the word, which is no other \
             word of the column",
    ),
    (
        "supplied_by = \"city\"",
        "supplied_by = \"city\"\nwords = { group = { day = \"单日\", visit = \"单日\" } }",
        "`table[standards].words` is `单日`, expected each value once",
    ),
    (
        "name = \"standards\"",
        "name = \"limits\"",
        "`table.name` is `limits`, expected each value once",
    ),
    (
        "by = [\"department\", \"item\"]",
        "by = []",
        "`total[0].by` is `empty`, expected at least one grouping",
    ),
    (
        "profile = \"native\"",
        "profile = \"native\"\n[limits]\nmemory_mib = 257\n[pack.x]",
        "line 10: unknown field `x`",
    ),
];

#[test]
fn every_field_is_checked_and_named() {
    for (old, new, text) in REFUSALS {
        let found = refusal(old, new);
        assert!(found.starts_with(text), "{found}");
    }
}

#[test]
fn limits_have_bounds() {
    let limits = |limits: &str| {
        let text = format!("{MANIFEST}\n[limits]\n{limits}\n");
        Manifest::from_toml(&text).unwrap_err().to_string()
    };
    assert_eq!(
        limits("memory_mib = 257"),
        "`limits.memory_mib` is `257`, expected 1 to 256"
    );
    assert_eq!(
        limits("fuel = { base = 0 }"),
        "`limits.fuel.base` is `0`, expected 1 to 1000000000000"
    );
}

#[test]
fn counts_and_size_have_bounds() {
    let mut many = manifest();
    let rule = many.rules[0].clone();
    many.rules = (0..=1_000)
        .map(|number| Rule {
            id: format!("R-{number}"),
            ..rule.clone()
        })
        .collect();
    assert_eq!(
        many.check().unwrap_err().to_string(),
        "`rule` is `1001 entries`, expected at most 1000"
    );
    many.rules.pop();
    assert!(many.check().is_ok());
    let long = format!("{MANIFEST}#{}", "x".repeat(1024 * 1024));
    assert_eq!(
        Manifest::from_toml(&long).unwrap_err().to_string(),
        format!(
            "the manifest is {} bytes long, expected at most 1048576",
            long.len()
        )
    );
}

#[test]
fn t2_a_pack_applies_only_where_its_name_space_does() {
    assert_eq!(
        refusal("jurisdictions = [\"37\"]", "jurisdictions = [\"32\"]"),
        "`pack.jurisdictions` holds `32`, which does not lie under `37`"
    );
    assert_eq!(
        refusal("jurisdictions = [\"37\"]", "jurisdictions = []"),
        "`pack.jurisdictions` is empty, expected places under `37`"
    );
}

#[test]
fn t2_a_vendor_takes_no_authority() {
    assert_eq!(
        vendor_refusal("[[rule]]", "jurisdictions = [\"37\"]\n[[rule]]"),
        "`pack.jurisdictions` is not empty, but the vendor `vendor-acme` has no jurisdiction"
    );
    assert_eq!(
        vendor_refusal("violation = \"review\"", "violation = \"block\""),
        "`rule[LIM-01].action` is `block`, but a vendor's rule may at most ask for `review`"
    );
    assert_eq!(
        vendor_refusal("scope = \"patient\"", "scope = \"patient\"\nkind = \"A01\""),
        "`rule[LIM-01].kind` is `A01`, but a vendor's rule has no code of the national catalogue"
    );
    assert_eq!(
        vendor_refusal("basis = \"药典", "basis = \"山东省医保局"),
        "`rule[LIM-01].basis` names `医保局`, but a vendor does not speak for a bureau"
    );
}

const TRIGGER: &str = r#"
[[parameter]]
name = "care_types"
default = ["14"]

[[trigger]]
column = "orders.items"
values = ["X"]
parameters = ["care_types"]
tables = ["limits.item", "standards.group"]
unrecorded = "ignored"
"#;

/// The refusal of a manifest with one passage of [`TRIGGER`] replaced.
fn trigger_refusal(old: &str, new: &str) -> String {
    assert!(TRIGGER.contains(old), "{old}");
    let text = [MANIFEST, &TRIGGER.replacen(old, new, 1)].concat();
    Manifest::from_toml(&text).unwrap_err().to_string()
}

#[test]
fn triggers_are_read_and_a_manifest_without_them_is_sealed_as_before() {
    let mut manifest = Manifest::from_toml(&[MANIFEST, TRIGGER].concat()).unwrap();
    let trigger = &manifest.triggers[0];
    assert_eq!(trigger.unrecorded, Unrecorded::Ignored);
    let knowledge: Vec<(&str, &str)> = trigger.knowledge().collect();
    assert_eq!(knowledge, [("limits", "item"), ("standards", "group")]);
    let digest = Digest::of(b"rows");
    manifest.table_digests.insert("limits".to_owned(), digest);
    let sealed = manifest.to_sealed().unwrap();
    assert_eq!(Manifest::from_sealed(&sealed).unwrap(), manifest);
    manifest.triggers.clear();
    let sealed = String::from_utf8(manifest.to_sealed().unwrap()).unwrap();
    assert!(!sealed.contains("trigger"), "{sealed}");
}

#[test]
fn a_trigger_is_a_column_of_codes_of_patients_with_codes_that_the_pack_declares() {
    let expected = "expected a column of codes, of a table whose rows belong to patients";
    for column in [
        "orders.days",
        "orders.doctors",
        "purchases.items",
        "institutions.codes",
    ] {
        assert_eq!(
            trigger_refusal("orders.items", column),
            format!("`trigger.column` is `{column}`, {expected}")
        );
    }
    let field = "`trigger[orders.items].";
    let long = "X".repeat(65);
    for (old, new, refusal) in [
        (
            "\"X\"",
            &*format!("\"{long}\""),
            format!("{field}values` is `{long}`, expected at most 64 bytes"),
        ),
        (
            "\"care_types\"]",
            "\"share_max\"]",
            format!("{field}parameters` is `share_max`, expected a `[[parameter]]` of codes"),
        ),
        (
            "limits.item",
            "limits.price",
            format!(
                "{field}tables` is `limits.price`, expected `<table>.<column>` of a `[[table]]` and a column of type \
                 `code`"
            ),
        ),
        (
            "values = [\"X\"]\nparameters = [\"care_types\"]\ntables = [\"limits.item\", \"standards.group\"]",
            "",
            format!(
                "{field}values` is `empty`, expected at least one of `values`, `parameters` and `tables`"
            ),
        ),
    ] {
        assert_eq!(trigger_refusal(old, new), refusal);
    }
    let twice = "[[trigger]]\ncolumn = \"orders.items\"\nvalues = [\"Y\"]\n[[trigger]]";
    assert_eq!(
        trigger_refusal("[[trigger]]", twice),
        "`trigger.column` is `orders.items`, expected each value once"
    );
}
