use proptest::prelude::*;

use super::*;

fn error<T>(text: &str) -> String
where
    T: std::str::FromStr + std::fmt::Debug,
    T::Err: std::fmt::Display,
{
    text.parse::<T>().map(|_| ()).unwrap_err_text()
}

trait ErrorText {
    fn unwrap_err_text(self) -> String;
}

impl<E: std::fmt::Display> ErrorText for Result<(), E> {
    fn unwrap_err_text(self) -> String {
        match self {
            Ok(()) => "accepted".to_owned(),
            Err(error) => error.to_string(),
        }
    }
}

#[test]
fn a_division_covers_what_lies_within_it() {
    let covers = |a: &str, b: &str| {
        a.parse::<Division>()
            .unwrap()
            .covers(&b.parse::<Division>().unwrap())
    };
    assert!(covers("370000", "370303"));
    assert!(covers("370300", "370303"));
    assert!(covers("370303", "370303"));
    assert!(!covers("370303", "370300"));
    assert!(!covers("370300", "370403"));
    assert!(!covers("320000", "370303"));
}

#[test]
fn a_host_follows_the_country_its_province_and_its_city() {
    let follows = |division: &str| {
        division
            .parse::<Division>()
            .unwrap()
            .name_spaces()
            .iter()
            .map(NameSpace::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(follows("370303"), ["cn", "37", "3703"]);
    assert_eq!(follows("370000"), ["cn", "37"]);
}

#[test]
fn divisions_and_jurisdictions_are_refused_with_a_reason() {
    assert_eq!(
        error::<Division>("37030"),
        "division `37030` is not six digits"
    );
    assert_eq!(
        error::<Division>("３７０３０３"),
        "division `３７０３０３` is not six digits"
    );
    assert_eq!(
        error::<Division>("070303"),
        "division `070303` begins with zero"
    );
    assert_eq!(
        error::<Jurisdiction>("370"),
        "jurisdiction `370` is neither `cn` nor the first 2, 4 or 6 digits of a division"
    );
}

#[test]
fn a_jurisdiction_lies_under_its_name_space_and_a_vendor_has_none() {
    let allowed = |name_space: &str, area: &str| {
        name_space
            .parse::<NameSpace>()
            .unwrap()
            .may_declare(&area.parse().unwrap())
    };
    assert!(allowed("cn", "cn") && allowed("cn", "37") && allowed("37", "3703"));
    assert!(!allowed("37", "cn") && !allowed("37", "32") && !allowed("3703", "37"));
    assert!(!allowed("vendor-acme", "37"));
}

#[test]
fn name_spaces_know_their_class_parent_and_patterns() {
    let of = |text: &str| text.parse::<NameSpace>().unwrap();
    assert_eq!(of("cn").class(), NameSpaceClass::National);
    assert_eq!(of("37").class(), NameSpaceClass::Province);
    assert_eq!(of("3703").class(), NameSpaceClass::City);
    assert_eq!(of("vendor-acme").class(), NameSpaceClass::Vendor);
    assert_eq!(of("3703").parent(), Some(of("37")));
    assert_eq!(of("3703").parent_role(), "37");
    assert_eq!(of("37").parent_role(), "targets");
    assert_eq!(of("vendor-acme").parent(), None);
    assert_eq!(of("37").patterns(), ["37/*/*", "37[0-9][0-9]/*/*"]);
    assert_eq!(of("3703").patterns(), ["3703/*/*"]);
    assert_eq!(of("cn").patterns(), ["cn/*/*"]);
}

#[test]
fn name_spaces_are_refused_with_a_reason() {
    let general = "is neither `cn`, a province's 2 digits, a city's 4 digits nor `vendor-<id>`";
    for text in ["", "CN", "370", "370303", "3a", "targets", "..", "acme"] {
        assert_eq!(
            error::<NameSpace>(text),
            format!("name space `{text}` {general}")
        );
    }
    assert_eq!(error::<NameSpace>("07"), "name space `07` begins with zero");
    assert_eq!(
        error::<NameSpace>("3700"),
        "name space `3700` is a province written as a city"
    );
    for text in [
        "vendor-",
        "vendor-A",
        "vendor-a--b",
        "vendor-a-",
        "vendor-1",
    ] {
        assert_eq!(
            error::<NameSpace>(text),
            format!(
                "name space `{text}` needs an id of lower-case letters, digits and single hyphens, \
                 beginning with a letter, at most 32 long"
            )
        );
    }
}

#[test]
fn pack_names_and_paths_are_refused_with_a_reason() {
    assert_eq!(
        error::<PackName>("37"),
        "pack name `37` is not of the form `<name space>/<name>`"
    );
    assert_eq!(
        error::<PackName>("37/a/b"),
        "pack name `37/a/b` is not of the form `<name space>/<name>`"
    );
    assert_eq!(
        error::<PackName>("37/Upper"),
        "pack name `37/Upper` needs a name of lower-case letters, digits and single hyphens, \
         beginning with a letter, at most 64 long"
    );
    let form = "is not of the form `<name space>/<name>/<version>.wasm`";
    for text in [
        "37/a",
        "37/a/b/1.0.0.wasm",
        "37/a/1.0.0.toml",
        "/37/a/1.0.0.wasm",
    ] {
        assert_eq!(
            error::<TargetPath>(text),
            format!("target path `{text}` {form}")
        );
    }
    assert_eq!(
        error::<TargetPath>("37/a/01.0.0.wasm"),
        "target path `37/a/01.0.0.wasm` has no semantic version before `.wasm`"
    );
    assert_eq!(
        error::<TargetPath>("37/a/1.0.0+x.wasm"),
        "target path `37/a/1.0.0+x.wasm` has build metadata (`+…`) in its version"
    );
    let long = format!("37/a/1.0.0-{}.wasm", "a".repeat(200));
    assert_eq!(
        error::<TargetPath>(&long),
        "target path is 216 bytes long, expected at most 200"
    );
}

#[test]
fn what_a_city_sets_for_a_pack_has_a_name_and_path_of_its_own() {
    let path: TargetPath = "3703/cn.national-library/1.0.0.toml".parse().unwrap();
    assert!(path.is_overlay());
    let pack: PackName = "cn/national-library".parse().unwrap();
    assert_eq!(path.pack().overlaid(), Some(pack.clone()));
    assert!(path.pack().is_overlay_of(&pack));
    assert!(!path.pack().is_overlay_of(&"cn/national".parse().unwrap()));
    assert!(!pack.is_overlay() && pack.overlaid().is_none());
    let digest = crate::digest::Digest::of(b"x");
    assert_eq!(
        path.file_of(&digest),
        format!("3703/cn.national-library/{digest}.1.0.0.toml")
    );
    let form = "is not of the form `<province or city>/<name space>.<name of the pack>`";
    for text in [
        "cn/37.limits",
        "vendor-acme/37.limits",
        "3703/xx.limits",
        "3703/37.Limits",
        "3703/37.3703.limits",
        "3703/37.",
    ] {
        assert_eq!(
            error::<PackName>(text),
            format!("overlay name `{text}` {form}")
        );
    }
    // The ending says which of the two it is.
    for text in ["3703/37.limits/1.0.0.wasm", "3703/limits/1.0.0.toml"] {
        assert!(error::<TargetPath>(text).contains("is not of the form"));
    }
}

#[test]
fn a_person_is_an_ascii_id() {
    assert!("li.wei_2".parse::<PersonId>().is_ok());
    assert_eq!(
        error::<PersonId>("李伟"),
        "person `李伟` is not an id of lower-case letters, digits, `.`, `-` and `_`, beginning with \
         a letter, at most 64 long"
    );
}

#[test]
fn the_stored_file_carries_the_digest_before_the_version() {
    let path: TargetPath = "37/vbp-quota/1.2.0.wasm".parse().unwrap();
    let digest = crate::digest::Digest::of(b"x");
    assert_eq!(
        path.file_of(&digest),
        format!("37/vbp-quota/{digest}.1.2.0.wasm")
    );
}

proptest! {
    #[test]
    fn whatever_parses_as_a_path_is_written_back_the_same(text in "[a-z0-9./+*-]{0,40}|[ -~]{0,30}|\\PC{0,12}") {
        if let Ok(path) = text.parse::<TargetPath>() {
            prop_assert_eq!(path.to_string(), text);
        }
    }

    #[test]
    fn every_path_of_well_formed_parts_parses(
        name_space in "cn|[1-9][0-9]|[1-9][0-9][0-9][1-9]|vendor-[a-z][a-z0-9]{0,8}",
        name in "[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8}){0,2}",
        version in "(0|[1-9][0-9]{0,3})\\.(0|[1-9][0-9]{0,3})\\.(0|[1-9][0-9]{0,3})(-[a-z]{1,5})?",
    ) {
        let text = format!("{name_space}/{name}/{version}.wasm");
        let path: TargetPath = text.parse().unwrap();
        prop_assert_eq!(path.to_string(), text);
        prop_assert_eq!(path.name_space().to_string(), name_space);
    }

    #[test]
    fn no_name_space_climbs_out_of_a_folder(text in "\\PC{0,20}") {
        if let Ok(name_space) = text.parse::<NameSpace>() {
            let safe = name_space.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            prop_assert!(safe);
        }
    }
}
