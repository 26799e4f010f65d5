use super::*;
use crate::digest::Digest;
use crate::moment::Effective;
use crate::tuf::{AnyEnvelope, Envelope, Hashes, Language, summary};

/// A role that lists these versions of `37/limits`: version, first day, last day, channel.
fn role(versions: &[(&str, &str, Option<&str>, Channel)]) -> Targets {
    let mut targets = Targets::new("2027-01-01T00:00:00Z".parse().unwrap());
    for (version, from, to, channel) in versions {
        let custom = Custom {
            name: "37/limits".parse().unwrap(),
            version: version.parse().unwrap(),
            contract: "rulepack:rules@0.1.0".to_owned(),
            effective: Effective {
                from: from.parse().unwrap(),
                to: to.map(|day| day.parse().unwrap()),
            },
            jurisdictions: vec!["37".parse().unwrap()],
            channel: *channel,
            status: Status::Active,
            imports: Vec::new(),
            published: "2026-01-01".parse().unwrap(),
            mandatory_by: None,
            reason: None,
            extra: Default::default(),
        };
        let hashes = Hashes {
            sha256: Digest::of(version.as_bytes()),
        };
        let target = Target {
            length: 1,
            hashes,
            custom,
        };
        targets.add_target(path(version), target).unwrap();
    }
    targets
}

fn path(version: &str) -> TargetPath {
    format!("37/limits/{version}.wasm").parse().unwrap()
}

fn told(old: &Targets, new: &Targets, language: Language) -> Vec<String> {
    let any = |targets: &Targets| {
        AnyEnvelope::parse(&Envelope::unsigned(targets.clone()).unwrap().to_bytes()).unwrap()
    };
    let lines = summary(None, Some(&any(old)), &any(new), language);
    let about_days = |line: &String| line.starts_with("on rule days") || line.starts_with("规则日");
    lines.into_iter().filter(about_days).collect()
}

const STABLE: Channel = Channel::Stable;
const CANARY: Channel = Channel::Canary;

#[test]
fn a_withdrawn_version_puts_no_lower_one_in_force() {
    let old = role(&[
        ("1.0.0", "2026-01-01", None, STABLE),
        ("1.1.0", "2026-06-01", None, STABLE),
    ]);
    let mut new = old.clone();
    let reason = "counts the dose twice".parse().unwrap();
    new.withdraw(&path("1.1.0"), reason).unwrap();
    let pack = "37/limits".parse().unwrap();
    let on = |day: &str| new.in_force(&pack, day.parse().unwrap(), STABLE);
    assert_eq!(on("2026-05-31"), InForce::Version(&path("1.0.0")));
    assert_eq!(on("2026-06-01"), InForce::Withdrawn(&path("1.1.0")));
    assert_eq!(
        told(&old, &new, Language::English),
        [
            "on rule days from 2026-06-01 on, hosts use NO VERSION of `37/limits` (before: 1.1.0): its rules \
          are not evaluable until a higher version is published"
        ]
    );
    assert_eq!(
        told(&old, &new, Language::Chinese),
        [
            "规则日 2026-06-01 起,医院端【无可用版本】`37/limits`(原为 1.1.0):发布更高版本之前,其规则不可评估"
        ]
    );
}

#[test]
fn a_withdrawn_first_wave_goes_back_to_what_everybody_has() {
    let old = role(&[
        ("1.0.0", "2026-01-01", None, STABLE),
        ("1.1.0", "2026-06-01", None, CANARY),
    ]);
    let mut new = old.clone();
    new.withdraw(&path("1.1.0"), "too many findings".parse().unwrap())
        .unwrap();
    assert_eq!(
        told(&old, &new, Language::English),
        [
            "on rule days from 2026-06-01 on, hosts of the first wave use 1.0.0 of `37/limits` (before: \
          1.1.0)"
        ]
    );
}

#[test]
fn a_higher_version_and_a_denied_digest_are_told_with_what_hosts_use_instead() {
    let old = role(&[
        ("1.0.0", "2026-01-01", None, STABLE),
        ("1.1.0", "2026-01-01", None, STABLE),
        ("1.2.0", "2026-01-01", Some("2026-12-31"), STABLE),
    ]);
    // Nobody uses it: nothing shifts while 1.2.0 lasts.
    let mut new = old.clone();
    new.withdraw(&path("1.1.0"), "superseded".parse().unwrap())
        .unwrap();
    assert_eq!(
        told(&old, &new, Language::English),
        [
            "on rule days from 2027-01-01 on, hosts use NO VERSION of `37/limits` (before: 1.1.0): its rules \
          are not evaluable until a higher version is published"
        ]
    );
    // A forged version is denied: the genuine one below it goes on.
    let mut new = old.clone();
    new.deny(Digest::of(b"1.2.0"), "stolen keys".parse().unwrap())
        .unwrap();
    assert_eq!(
        told(&old, &new, Language::English),
        [
            "on rule days from 2026-01-01 to 2026-12-31, hosts use 1.1.0 of `37/limits` (before: 1.2.0)"
        ]
    );
    let mut new = old.clone();
    new.require(&"37/limits".parse().unwrap(), "1.2.0".parse().unwrap())
        .unwrap();
    assert_eq!(
        told(&old, &new, Language::English),
        [
            "on rule days from 2027-01-01 on, hosts use NO VERSION of `37/limits` (before: 1.1.0): its rules \
          are not evaluable until a higher version is published"
        ]
    );
    let mut new = old.clone();
    let (day, today) = ("2026-06-30".parse().unwrap(), "2026-03-01".parse().unwrap());
    new.end(&path("1.2.0"), day, today).unwrap();
    assert_eq!(
        told(&old, &new, Language::English),
        [
            "on rule days from 2026-07-01 to 2026-12-31, hosts use 1.1.0 of `37/limits` (before: 1.2.0)"
        ]
    );
}

#[test]
fn a_promoted_version_is_told_to_those_who_get_it() {
    let old = role(&[
        ("1.0.0", "2026-01-01", None, STABLE),
        ("1.1.0", "2026-01-01", None, CANARY),
    ]);
    let mut new = old.clone();
    new.promote(&path("1.1.0")).unwrap();
    assert_eq!(
        told(&old, &new, Language::English),
        ["on rule days from 2026-01-01 on, hosts use 1.1.0 of `37/limits` (before: 1.0.0)"]
    );
}
