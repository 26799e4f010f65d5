//! What a hospital sets for itself, and the tables that packs leave to others: set, imported, or supplied by
//! the city's overlay.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

use common::bare_host::{BareHost, Days};
use common::packs::{Source, pack};
use common::{rulepack, today, workspace};
use serde_json::Value;

const PACK: &str = "37/chronic-limits";
const CITY: &str = "3703/37.chronic-limits/1.0.0.toml";

/// An overlay for the pack, from today on, that sets so many days and these lines.
fn written(setter: &str, version: &str, days: i64, lines: &str) -> String {
    let (from, value) = (today(), days * 10_000);
    format!(
        "[overlay]\npack = \"{PACK}\"\nsetter = \"{setter}\"\nversion = \"{version}\"\n\
         basis = \"通知\"\neffective = {{ from = \"{from}\" }}\n\n\
         [[parameter]]\nname = \"days_max\"\nvalue = {value}\n{lines}"
    )
}

/// A host with a pack that leaves its limit to the hospital too.
fn host_that_may_set() -> BareHost {
    let host = BareHost::begin();
    let file = host.path("pack.wasm");
    let (old, new) = ("[\"province\", \"city\"]", "[\"city\", \"hospital\"]");
    Source::copy("chronic-limits", &host.path("source"))
        .replace("pack.toml", old, new)
        .build(&file)
        .done();
    let always = Days("2024-01-01", "2024-01-01");
    host.install("37/chronic-limits/1.0.0.wasm", &file, &always);
    host
}

#[test]
fn a_hospital_sets_for_itself_what_the_manifest_leaves_to_it_and_ends_it() {
    let host = host_that_may_set();
    let file = host.path("own.toml");
    let set = |version: &str, days: i64| {
        fs::write(&file, written("hospital", version, days, "")).unwrap();
        host.run(&["host", "set", file.to_str().unwrap()])
    };
    let parameters = || host.run(&["host", "parameters", PACK]).done();
    let told = set("1.0.0", 50).done();
    let done = format!("hospital 1.0.0 is set for {PACK}");
    assert_eq!(told.lines().next(), Some(&*done));
    let expected = "days_max = 500000, set by hospital (hospital 1.0.0; the default is 840000)";
    assert!(parameters().contains(expected), "{}", parameters());

    let refused = set("1.0.0", 40).failed();
    assert_eq!(
        refused,
        "error: version `1.0.0` of the overlay is set already with other content\n\
         hint: raise `version` in the file"
    );
    let refused = set("1.1.0", 90).failed();
    assert_eq!(
        refused,
        "error: `37/chronic-limits/1.0.0.wasm` refuses it: parameter `days_max` is `900000`, \
         expected a value from 280000 to 840000\n\
         hint: nothing was changed; `rulepack host parameters` shows the bounds"
    );
}

#[test]
fn t14_what_the_city_fixes_is_not_the_hospitals_to_change() {
    let host = host_that_may_set();
    let file = host.path("own.toml");
    let set = |version: &str, days: i64| {
        fs::write(&file, written("hospital", version, days, "")).unwrap();
        host.run(&["host", "set", file.to_str().unwrap()])
    };
    set("1.0.0", 50).done();
    let overlay = host.path("city.toml");
    fs::write(&overlay, written("3703", "1.0.0", 60, "fixed = true\n")).unwrap();
    let from = today().to_string();
    host.install(CITY, &overlay, &Days(&from, &from));
    let refused = set("1.1.0", 45).failed();
    let expected = format!("parameter `days_max` is fixed by `{CITY}`");
    assert!(refused.contains(&expected), "{refused}");
    let told = host.run(&["host", "parameters", PACK]).found_fault();
    assert!(told.contains("days_max = 600000, set by 3703"), "{told}");
    let expected = format!("  REFUSED  hospital 1.0.0: parameter `days_max` is fixed by `{CITY}`");
    assert!(told.contains(&expected), "{told}");

    host.run(&["host", "unset", PACK]).done();
    let told = host.run(&["host", "parameters", PACK]).done();
    assert!(told.contains("days_max = 600000, set by 3703"), "{told}");
    let refused = host.run(&["host", "unset", PACK]).failed();
    assert_eq!(
        refused.lines().next().unwrap(),
        format!("error: `an overlay of the hospital for {PACK}` is not in the lock")
    );
    // A bureau's is published and signed, and not set by hand.
    let refused = host
        .run(&["host", "set", overlay.to_str().unwrap()])
        .failed();
    assert_eq!(
        refused,
        "error: the overlay is set by `3703`, expected `hospital`\n\
         hint: what a bureau sets is published and signed by it"
    );
}

/// What the city sets for the grouper: the payment standards in a file beside it.
const STANDARDS: &str = r#"
[overlay]
pack = "37/drg-checks"
setter = "3703"
version = "1.0.0"
basis = "通知"
effective = { from = "2025-01-01" }

[[table]]
name = "payment-standards"
file = "standards.csv"
"#;

/// A host with the grouper, whose payment standards are left to the city.
struct Grouper {
    host: BareHost,
}

impl Grouper {
    fn begin() -> Self {
        let host = BareHost::begin();
        let always = Days("2024-01-01", "2024-01-01");
        host.install("37/drg-checks/1.0.0.wasm", &pack("drg-checks"), &always);
        Grouper { host }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.host.path(name);
        fs::write(&file, text).unwrap();
        file
    }

    fn import(&self, text: &str) {
        let file = self.write("standards.csv", text);
        let name = "37/drg-checks/payment-standards";
        let line = ["import", file.to_str().unwrap(), "--table", name];
        self.host.run(&line).done();
    }

    /// What is found of the discharge of the examples.
    fn check(&self, options: &[&str]) -> Value {
        let data = workspace().join("examples/discharge");
        let line = ["--json", "check", data.to_str().unwrap()];
        let told = self.host.run(&[&line[..], options].concat());
        serde_json::from_str(&told.done()).unwrap()
    }
}

fn supplied(answer: &Value) -> Value {
    answer["packs"][0]["supplied"]["payment-standards"].clone()
}

fn example_standards() -> String {
    fs::read_to_string(workspace().join("examples/payment-standards.csv")).unwrap()
}

#[test]
fn an_imported_table_is_kept_for_audits_under_an_old_lock() {
    let grouper = Grouper::begin();
    assert_eq!(supplied(&grouper.check(&[])), Value::Null);
    grouper.import(&example_standards());
    let before = grouper.check(&[]);
    assert_eq!(supplied(&before)["by"], "imported");
    let old = grouper.host.lock().digest().to_string();
    grouper.import(&example_standards().replace("9800.00", "9900.00"));
    assert_ne!(supplied(&grouper.check(&[])), supplied(&before));
    assert_eq!(grouper.check(&["--as-of", &old]), before);
}

#[test]
fn a_table_left_to_the_city_comes_with_its_overlay_before_what_was_imported() {
    let grouper = Grouper::begin();
    grouper.import(&example_standards());
    let source = grouper.write("source.toml", STANDARDS);
    let (out, sealed) = (grouper.host.path("city.toml"), pack("drg-checks"));
    let build = ["overlay", "build", "--out"].map(OsStr::new);
    let files = [out.as_os_str(), source.as_os_str()];
    let against = ["--pack".as_ref(), sealed.as_os_str()];
    let told = rulepack([&build[..], &files, &against].concat()).done();
    assert!(told.contains("  table payment-standards: "), "{told}");
    let early = Days("2025-01-01", "2025-01-01");
    let host = &grouper.host;
    host.install("3703/37.drg-checks/1.0.0.toml", &out, &early);
    assert_eq!(supplied(&grouper.check(&[]))["by"], "3703");
    let told = host.run(&["host", "parameters", "37/drg-checks"]).done();
    let expected = "rows by 3703 (3703/37.drg-checks/1.0.0.toml), left to the city (市)";
    assert!(told.contains(expected), "{told}");
    // What a workbook holds is known where its pack is.
    let sheet = STANDARDS.replace("standards.csv", "standards.xlsx");
    let source = grouper.write("source.toml", &sheet);
    let refused = rulepack(["overlay", "show", source.to_str().unwrap()]).failed();
    let workbook = source.with_file_name("standards.xlsx");
    assert_eq!(
        refused,
        format!(
            "error: no pack declares what `{}` holds\n\
             hint: give the pack whose table it is with `--pack`, or save it as CSV",
            workbook.display()
        )
    );
}
