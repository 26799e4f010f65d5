use std::sync::Arc;

use proptest::prelude::*;
use rulepack_contract::parameters::{ParameterValue, Setter};

use super::{Adjustment, Fit, Layer, Overlay, OverlaySetter};
use crate::digest::Digest;
use crate::moment::Day;
use crate::pack::Manifest;
use crate::tuf::{Channel, Status};

const MANIFEST: &str = r#"
[pack]
name = "37/limits"
version = "1.2.0"
title = "限额"
contract = "rulepack:rules@0.1.0"
profile = "native"
effective = { from = "2026-01-01" }
jurisdictions = ["37"]

[[rule]]
id = "L-01"
title = "超量"
scope = "patient"
stages = ["before"]
behaviour = "行为类"
basis = "依据"

[[parameter]]
name = "days"
default = 30
min = 7
max = 90
set_by = ["province", "city", "hospital"]

[[parameter]]
name = "share"
default = 50
min = 0
max = 100
set_by = ["province"]

[[table]]
name = "exempt"
columns = { item = "code" }
key = ["item"]
supplied_by = "city"
"#;

fn manifest() -> Manifest {
    Manifest::from_toml(MANIFEST).unwrap()
}

/// An overlay of a setter with these lines after its header.
fn written(setter: &str, header: &str, rest: &str) -> String {
    format!(
        "[overlay]\npack = \"37/limits\"\nsetter = \"{setter}\"\nversion = \"1.0.0\"\n\
         basis = \"通知\"\neffective = {{ from = \"2026-06-01\" }}\n{header}\n{rest}"
    )
}

fn days(value: i64) -> String {
    format!("[[parameter]]\nname = \"days\"\nvalue = {value}\n")
}

fn layer(text: &str) -> Layer {
    let overlay = Overlay::from_published(text.as_bytes()).unwrap();
    let path = overlay.path().unwrap();
    Layer {
        name: path.map_or_else(|| "hospital 1.0.0".to_owned(), |path| path.to_string()),
        digest: Digest::of(text.as_bytes()),
        overlay: Arc::new(overlay),
    }
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn on(layers: Vec<Layer>, at: &str) -> Adjustment {
    Fit::new(&manifest(), layers).on(day(at))
}

fn value(adjustment: &Adjustment, name: &str) -> Option<(i64, String)> {
    let set = adjustment.values.get(name)?;
    match set.value {
        ParameterValue::Integer(value) => Some((value, set.by.setter.clone())),
        _ => None,
    }
}

/// Why the one overlay is refused for the manifest.
fn refusal(text: &str) -> (String, String) {
    let adjustment = on(vec![layer(text)], "2026-06-01");
    assert!(adjustment.is_empty(), "it is refused whole");
    let refused = &adjustment.refused[0];
    (refused.word.to_owned(), refused.reason.clone())
}

fn malformed(text: &str) -> String {
    Overlay::from_published(text.as_bytes())
        .unwrap_err()
        .to_string()
}

#[test]
fn what_a_city_sets_is_written_signed_and_found_under_its_own_name() {
    let text = written(
        "3703",
        "versions = \">=1.0.0, <2.0.0\"",
        "[[parameter]]\nname = \"days\"\nvalue = 14\nfixed = true\n\
         effective = { from = \"2026-06-01\", to = \"2026-12-31\" }\n\n\
         [[table]]\nname = \"exempt\"\nrows = '''\nitem\nXA01\n'''\n",
    );
    let overlay = Overlay::from_published(text.as_bytes()).unwrap();
    let published = overlay.to_published().unwrap();
    assert_eq!(Overlay::from_published(&published).unwrap(), overlay);
    assert_eq!(overlay.to_published().unwrap(), published);
    let path = overlay.path().unwrap().unwrap();
    assert_eq!(path.to_string(), "3703/37.limits/1.0.0.toml");
    assert_eq!(path.pack().overlaid().unwrap().to_string(), "37/limits");
    let custom = overlay
        .custom(Channel::Stable, day("2026-05-20"))
        .unwrap()
        .unwrap();
    assert_eq!(custom.contract, "rulepack:overlay@0.1.0");
    assert_eq!(custom.jurisdictions[0].as_str(), "3703");
    assert_eq!((custom.status, custom.imports.len()), (Status::Active, 0));
    let mut other = custom.clone();
    other.effective.from = day("2026-05-01");
    assert_eq!(other.differs(&custom), Some("effective.from"));
    let own = written("hospital", "", &days(20));
    let own = Overlay::from_published(own.as_bytes()).unwrap();
    assert_eq!(own.path().unwrap(), None);
    assert_eq!(
        own.custom(Channel::Stable, day("2026-05-20")).unwrap(),
        None
    );
}

#[test]
fn rows_keep_their_line_ends_and_signs() {
    let odd = [
        "item\r\nXA01\r\n",
        "item\n'''\n",
        "item\n\"\"\"\n\\\n",
        "\nitem\n",
        "item\nXA\u{1}\n",
    ];
    for rows in odd {
        let text = written("3703", "", &days(9));
        let mut overlay = Overlay::from_published(text.as_bytes()).unwrap();
        overlay.tables.push(super::SuppliedTable {
            name: "exempt".into(),
            file: None,
            rows: rows.into(),
        });
        let published = overlay.to_published().unwrap();
        assert_eq!(Overlay::from_published(&published).unwrap(), overlay);
    }
}

#[test]
fn the_hospital_comes_after_the_city_and_the_city_after_the_province() {
    let layers = || {
        ["hospital", "37", "3703"]
            .into_iter()
            .zip([10, 60, 14])
            .map(|(setter, value)| layer(&written(setter, "", &days(value))))
    };
    let set = |count: usize| {
        // As they come in, whatever their order.
        let some = layers().filter(|it| it.overlay.header.setter.level() <= level(count));
        value(&on(some.collect(), "2026-06-01"), "days").unwrap()
    };
    assert_eq!(set(0), (60, "37".to_owned()));
    assert_eq!(set(1), (14, "3703".to_owned()));
    assert_eq!(set(2), (10, "hospital".to_owned()));
    let all = on(layers().collect(), "2026-06-01");
    let used: Vec<_> = all.overlays.iter().map(|used| &*used.overlay).collect();
    assert_eq!(
        used,
        [
            "37/37.limits/1.0.0.toml",
            "3703/37.limits/1.0.0.toml",
            "hospital 1.0.0"
        ]
    );
}

fn level(count: usize) -> Setter {
    [Setter::Province, Setter::City, Setter::Hospital][count]
}

#[test]
fn a_value_is_that_of_the_day() {
    let set = "[[parameter]]\nname = \"days\"\nvalue = 20\n\
               effective = { from = \"2026-06-01\", to = \"2026-06-30\" }\n\
               [[parameter]]\nname = \"days\"\nvalue = 25\neffective = { from = \"2026-08-01\" }\n";
    let city = written("3703", "", set);
    let at = |day: &str| value(&on(vec![layer(&city)], day), "days").map(|(value, _)| value);
    assert_eq!(at("2026-06-30"), Some(20));
    assert_eq!(at("2026-07-01"), None);
    assert_eq!(at("2026-08-01"), Some(25));
}

#[test]
fn t14_each_refusal_has_its_reason_and_is_of_the_whole_overlay() {
    let city = |rest: &str| written("3703", "", rest);
    let told = |word: &str, reason: &str| (word.to_owned(), reason.to_owned());
    assert_eq!(
        refusal(&city(&days(6))),
        told(
            "out-of-bounds",
            "parameter `days` is `6`, expected a value from 7 to 90"
        )
    );
    let both = days(14) + "[[parameter]]\nname = \"share\"\nvalue = 40\n";
    assert_eq!(
        refusal(&city(&both)),
        told(
            "not-the-setter",
            "parameter `share` is not to be set by a city (市), but by a province (省)"
        )
    );
    assert_eq!(
        refusal(&city("[[parameter]]\nname = \"weeks\"\nvalue = 2\n")),
        told(
            "undeclared",
            "parameter `weeks` is not declared by the pack"
        )
    );
    assert_eq!(
        refusal(&city("[[parameter]]\nname = \"days\"\nvalue = \"two\"\n")),
        told("form", "parameter `days` takes a whole number")
    );
    assert_eq!(
        refusal(&city("[[table]]\nname = \"prices\"\nrows = \"item\\n\"\n")),
        told("undeclared", "table `prices` is not declared by the pack")
    );
}

#[test]
fn t14_tables_places_versions_and_packs_are_refused_with_their_reasons() {
    let city = |rest: &str| written("3703", "", rest);
    let told = |word: &str, reason: &str| (word.to_owned(), reason.to_owned());
    let table = "[[table]]\nname = \"exempt\"\nrows = \"item\\nXA01\\nXA01\\n\"\n";
    assert_eq!(
        refusal(&city(table)),
        told(
            "table",
            "table `exempt` line 3 has the same key `XA01` as line 2"
        )
    );
    assert_eq!(
        refusal(&written("37", "", table)),
        told(
            "not-the-setter",
            "table `exempt` is not to be supplied by a province (省), but by a city (市)"
        )
    );
    assert_eq!(
        refusal(&written("4401", "", &days(14))),
        told(
            "foreign",
            "`4401` has no part of the places where the pack applies"
        )
    );
    assert_eq!(
        refusal(&written("3703", "versions = \"^2\"", &days(14))),
        told("other-pack", "it is for versions `^2`, and not for `1.2.0`")
    );
    let other = city(&days(14)).replace("37/limits", "37/other");
    assert_eq!(
        refusal(&other),
        told("other-pack", "it is for `37/other`, not for `37/limits`")
    );
}

#[test]
fn what_a_province_fixes_stays_and_what_is_refused_leaves_the_level_below_in_force() {
    let fixed = "[[parameter]]\nname = \"days\"\nvalue = 45\nfixed = true\n";
    let province = layer(&written("37", "", fixed));
    let city = layer(&written("3703", "", &days(14)));
    let adjustment = on(vec![city, province.clone()], "2026-06-01");
    assert_eq!(value(&adjustment, "days"), Some((45, "37".to_owned())));
    assert_eq!(
        adjustment.refused[0].reason,
        "parameter `days` is fixed by `37/37.limits/1.0.0.toml`"
    );
    // One that is refused itself fixes nothing.
    let beyond = layer(&written("37", "", &fixed.replace("45", "91")));
    let city = layer(&written("3703", "", &days(14)));
    let adjustment = on(vec![beyond, city], "2026-06-01");
    assert_eq!(value(&adjustment, "days"), Some((14, "3703".to_owned())));
    assert_eq!(adjustment.refused.len(), 1);
}

#[test]
fn an_overlay_that_is_wrong_in_itself_is_refused_with_field_and_value() {
    let city = |rest: &str| written("3703", "", rest);
    assert_eq!(
        malformed(&city("")),
        "`parameter` is `empty`, expected at least one `[[parameter]]` or `[[table]]`"
    );
    assert_eq!(
        malformed("x = 1\n"),
        "line 1: unknown field `x`, expected one of `overlay`, `parameter`, `table`"
    );
    assert!(
        malformed(&written("cn", "", &days(9)))
            .contains("`cn` sets no parameters, expected a province, a city or `hospital`")
    );
    assert!(malformed(&written("380", "", &days(9))).contains("name space `380` is neither"));
    assert_eq!(
        malformed(&city(&days(9)).replace("37/limits", "3703/37.limits")),
        "`overlay.pack` is `3703/37.limits`, expected the name of a pack"
    );
    assert_eq!(
        malformed(&city(&days(9)).replace("通知", "")),
        "`overlay.basis` is ``, expected one line of text, at most 4096 bytes"
    );
    assert_eq!(
        malformed(&written("3703", "jurisdictions = [\"3702\"]", &days(9))),
        "`overlay.jurisdictions` is `3702`, expected a place under `3703`"
    );
    assert_eq!(
        malformed(&written("hospital", "jurisdictions = [\"3702\"]", &days(9))),
        "`overlay.jurisdictions` is `3702`, expected nothing: a hospital sets for itself alone"
    );
}

#[test]
fn days_that_overlap_tables_without_rows_and_what_is_too_long_are_refused() {
    let city = |rest: &str| written("3703", "", rest);
    let outside = days(9) + "effective = { from = \"2026-05-01\" }\n";
    assert_eq!(
        malformed(&city(&outside)),
        "`parameter[days].effective` is `from 2026-05-01`, expected days within those of the \
         overlay, from 2026-06-01"
    );
    let twice = days(9) + &days(10);
    assert_eq!(
        malformed(&city(&twice)),
        "`parameter[days].effective` is `from 2026-06-01`, expected days beside from 2026-06-01, \
         which are set already"
    );
    let file = "[[table]]\nname = \"exempt\"\nfile = \"exempt.csv\"\n";
    assert_eq!(
        malformed(&city(file)),
        "`table[exempt].file` is `exempt.csv`, expected `rows`: `rulepack overlay build` puts them \
         in its place"
    );
    assert_eq!(
        malformed(&city("[[table]]\nname = \"exempt\"\n")),
        "`table[exempt]` is `without rows`, expected either `rows` or a `file`, and not both"
    );
    assert_eq!(
        malformed(&city(&days(9)).replace("1.0.0", "1.0.0+a")),
        "`overlay.version` is `1.0.0+a`, expected a version without build metadata (`+…`)"
    );
    let long = "x".repeat(super::BYTES_MAX + 1);
    assert_eq!(
        malformed(&long),
        "the overlay is 4194305 bytes long, expected at most 4194304"
    );
    assert_eq!(
        Overlay::from_published(b"\xff").unwrap_err().to_string(),
        "the overlay is not UTF-8"
    );
}

#[test]
fn a_retroactive_overlay_says_on_which_ground() {
    let text = written("3703", "retroactive = { basis = \"追溯\" }", &days(9));
    let overlay = Overlay::from_published(text.as_bytes()).unwrap();
    assert_eq!(overlay.header.retroactive.unwrap().basis, "追溯");
    assert_eq!(
        overlay.header.setter,
        "3703".parse::<OverlaySetter>().unwrap()
    );
}

proptest! {
    /// Whatever three setters write, in whatever order it comes: a value is in force only where the
    /// manifest allows it from that setter, and each overlay is either used whole or refused whole.
    #[test]
    fn no_value_is_ever_outside_what_the_manifest_allows(
        values in prop::collection::vec((0_usize..3, -5_i64..120, any::<bool>(), any::<bool>()), 0..3),
    ) {
        let setters = ["37", "3703", "hospital"];
        let layers: Vec<Layer> = values.iter().map(|(setter, value, fixed, share)| {
            let name = if *share { "share" } else { "days" };
            let set = format!("[[parameter]]\nname = \"{name}\"\nvalue = {value}\nfixed = {fixed}\n");
            layer(&written(setters[*setter], "", &set))
        }).collect();
        let count = layers.len();
        let manifest = manifest();
        let adjustment = Fit::new(&manifest, layers.clone()).on(day("2026-07-01"));
        prop_assert_eq!(adjustment.overlays.len() + adjustment.refused.len(), count);
        for (name, set) in &adjustment.values {
            let declared = manifest.parameters.iter().find(|it| it.name == *name).unwrap();
            prop_assert!(declared.check(&set.value).is_ok());
            let setter: OverlaySetter = set.by.setter.parse().unwrap();
            prop_assert!(declared.set_by.contains(&setter.level()));
        }
        let before = Fit::new(&manifest, layers).on(day("2026-07-01"));
        prop_assert_eq!(before.digest(), adjustment.digest());
    }
}
