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

/// What officers are told of the days on which other versions are used, after these changes of a role.
fn told(old: &Targets, change: impl FnOnce(&mut Targets), language: Language) -> Vec<String> {
    let mut new = old.clone();
    change(&mut new);
    let any = |targets: &Targets| {
        AnyEnvelope::parse(&Envelope::unsigned(targets.clone()).unwrap().to_bytes()).unwrap()
    };
    let lines = summary(None, Some(&any(old)), &any(&new), language);
    let about_days = |line: &String| line.starts_with("on rule days") || line.starts_with("规则日");
    lines.into_iter().filter(about_days).collect()
}

/// The withdrawal of a version.
fn withdrawn(version: &str) -> impl FnOnce(&mut Targets) {
    let path = path(version);
    move |role| {
        role.withdraw(&path, "too many findings".parse().unwrap())
            .unwrap()
    }
}

/// What is told where these days, and all after them, have no version to use.
fn nothing_from(day: &str, before: &str) -> [String; 1] {
    [format!(
        "on rule days from {day} on, hosts use NO VERSION of `37/limits` (before: {before}): its rules \
         are not evaluable until a higher version is published"
    )]
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
    withdrawn("1.1.0")(&mut new);
    let pack = "37/limits".parse().unwrap();
    let on = |day: &str| new.in_force(&pack, day.parse().unwrap(), STABLE);
    assert_eq!(on("2026-05-31"), InForce::Version(&path("1.0.0")));
    assert_eq!(on("2026-06-01"), InForce::Withdrawn(&path("1.1.0")));
    assert_eq!(
        told(&old, withdrawn("1.1.0"), Language::English),
        nothing_from("2026-06-01", "1.1.0")
    );
    assert_eq!(
        told(&old, withdrawn("1.1.0"), Language::Chinese),
        [
            "规则日 2026-06-01 起，医院端【无可用版本】`37/limits`（原为 1.1.0）：发布更高版本之前，其规则无法评估"
        ]
    );
}

#[test]
fn a_withdrawn_first_wave_goes_back_to_what_everybody_has() {
    let old = role(&[
        ("1.0.0", "2026-01-01", None, STABLE),
        ("1.1.0", "2026-06-01", None, CANARY),
    ]);
    assert_eq!(
        told(&old, withdrawn("1.1.0"), Language::English),
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
    assert_eq!(
        told(&old, withdrawn("1.1.0"), Language::English),
        nothing_from("2027-01-01", "1.1.0")
    );
    // A forged version is denied: the genuine one below it goes on.
    let denied = |role: &mut Targets| {
        let reason = "stolen keys".parse().unwrap();
        role.deny(Digest::of(b"1.2.0"), reason).unwrap();
    };
    assert_eq!(
        told(&old, denied, Language::English),
        [
            "on rule days from 2026-01-01 to 2026-12-31, hosts use 1.1.0 of `37/limits` (before: 1.2.0)"
        ]
    );
    let required = |role: &mut Targets| {
        let pack = "37/limits".parse().unwrap();
        role.require(&pack, "1.2.0".parse().unwrap()).unwrap();
    };
    assert_eq!(
        told(&old, required, Language::English),
        nothing_from("2027-01-01", "1.1.0")
    );
    let ended = |role: &mut Targets| {
        let (day, today) = ("2026-06-30".parse().unwrap(), "2026-03-01".parse().unwrap());
        role.end(&path("1.2.0"), day, today).unwrap();
    };
    assert_eq!(
        told(&old, ended, Language::English),
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
    let promoted = |role: &mut Targets| role.promote(&path("1.1.0")).unwrap();
    assert_eq!(
        told(&old, promoted, Language::English),
        ["on rule days from 2026-01-01 on, hosts use 1.1.0 of `37/limits` (before: 1.0.0)"]
    );
}
