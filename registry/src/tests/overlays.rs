//! Overlays are published like packs: signed by the role of who sets them, read, and held against what is
//! signed of them (T14).

use super::fixture::{SHANDONG, World, now, officers, sealed_with, signed, space};
use crate::publication::Publication;
use crate::publish::RefusalKind;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::overlay::{BYTES_MAX, Overlay};
use rulepack_protocol::tuf::{Channel, Hashes, Target, Targets};

const PATH: &str = "37/cn.limits/1.0.0.toml";

fn overlay(from: &str) -> Vec<u8> {
    let text = format!(
        "[overlay]\npack = \"cn/limits\"\nsetter = \"37\"\nversion = \"1.0.0\"\n\
         basis = \"山东省医疗保障局《通知》\"\neffective = {{ from = \"{from}\" }}\n\n\
         [[parameter]]\nname = \"days\"\nvalue = 14\n"
    );
    text.into_bytes()
}

/// An upload of Shandong's role that lists bytes as the overlay that `said` is.
fn upload(bytes: &[u8], said: &[u8], change: impl FnOnce(&mut Target)) -> Publication {
    let said = Overlay::from_published(said).unwrap();
    let custom = said.custom(Channel::Stable, now().day()).unwrap().unwrap();
    let mut target = Target {
        length: bytes.len() as u64,
        hashes: Hashes {
            sha256: Digest::of(bytes),
        },
        custom,
    };
    change(&mut target);
    let mut role = Targets::new(now().plus_days(60));
    role.add_target(PATH.parse().unwrap(), target).unwrap();
    Publication {
        metadata: [(
            "37".parse().unwrap(),
            signed(role, &officers(SHANDONG)[..2]),
        )]
        .into(),
        targets: [(PATH.parse().unwrap(), bytes.to_vec())].into(),
    }
}

fn refusal(publication: &Publication) -> (RefusalKind, String) {
    let world = World::with_delegations();
    let refused = world.open().publish(&publication.to_bytes()).unwrap_err();
    let mut text = refused.to_string();
    if let Some(source) = std::error::Error::source(&refused) {
        text = format!("{text}: {source}");
    }
    (refused.kind(), text)
}

#[test]
fn a_province_publishes_what_it_sets_for_the_national_pack() {
    let world = World::with_delegations();
    let registry = world.open();
    let bytes = overlay("2026-12-01");
    let publication = upload(&bytes, &bytes, |_| {});
    let receipt = registry.publish(&publication.to_bytes()).unwrap();
    assert_eq!(receipt.packs[&PATH.parse().unwrap()], Digest::of(&bytes));
    let told = &receipt.warnings[&PATH.parse().unwrap()];
    let expected = "no published version of `cn/limits` is one of `*`: it was held against none";
    assert_eq!(told, &[expected]);
    let found = registry.index().search("通知").unwrap();
    let names: Vec<String> = found.iter().map(|entry| entry.name.to_string()).collect();
    assert_eq!(names, ["37/cn.limits"]);
}

#[test]
fn t14_what_is_no_overlay_or_not_the_signed_one_is_refused() {
    let good = overlay("2026-12-01");
    assert_eq!(
        refusal(&upload(b"[overlay]\n", &good, |_| {})),
        (
            RefusalKind::PackFormat,
            format!("`{PATH}` is not an acceptable overlay: line 1: missing field `pack`")
        )
    );
    assert_eq!(
        refusal(&upload(&overlay("2026-12-02"), &good, |_| {})),
        (
            RefusalKind::PackCustom,
            format!(
                "`{PATH}` is signed with effective `2026-12-01`, but its manifest says `2026-12-02`"
            )
        )
    );
    let text = String::from_utf8(good.clone()).unwrap();
    let own = text.replace("\"37\"", "\"hospital\"");
    assert_eq!(
        refusal(&upload(own.as_bytes(), &good, |_| {})),
        (
            RefusalKind::PackCustom,
            format!(
                "`{PATH}` is signed with name `37/cn.limits`, but its manifest says `hospital`"
            )
        )
    );
    let early = overlay("2026-01-01");
    assert_eq!(
        refusal(&upload(&early, &early, |_| {})),
        (
            RefusalKind::PackCustom,
            format!(
                "`{PATH}` is in force from 2026-01-01, before its publication on 2026-11-22, but its \
                 manifest has no `retroactive` basis"
            )
        )
    );
    let long = upload(&good, &good, |target| target.length = BYTES_MAX as u64 + 1);
    assert_eq!(
        refusal(&long),
        (
            RefusalKind::Metadata,
            "`37` breaks the rules: `37/cn.limits/1.0.0.toml` is 4194305 bytes long, expected 1 to \
             4194304"
                .to_owned()
        )
    );
}

/// What Shandong may set for its pack.
const DAYS: &str =
    "[[parameter]]\nname = \"days\"\ndefault = 30\nmin = 7\nmax = 90\nset_by = [\"province\"]\n";
const OWN: &str = "37/37.limits/1.0.0.toml";

/// An overlay of Shandong for its own pack.
fn own(versions: &str, lines: &str) -> Vec<u8> {
    let text = format!(
        "[overlay]\npack = \"37/limits\"\nversions = \"{versions}\"\nsetter = \"37\"\nversion = \"1.0.0\"\n\
         basis = \"《通知》\"\neffective = {{ from = \"2026-12-01\" }}\n\n{lines}"
    );
    text.into_bytes()
}

fn days(value: u32) -> String {
    format!("[[parameter]]\nname = \"days\"\nvalue = {value}\n")
}

/// The next version of Shandong's role, with the packs that are there and an overlay.
pub(super) fn with_overlay(version: u64, packs: &[&[u8]], bytes: &[u8]) -> Publication {
    let overlay = Overlay::from_published(bytes).unwrap();
    let custom = overlay
        .custom(Channel::Stable, now().day())
        .unwrap()
        .unwrap();
    let path = overlay.path().unwrap().unwrap();
    let target = Target {
        length: bytes.len() as u64,
        hashes: Hashes {
            sha256: Digest::of(bytes),
        },
        custom,
    };
    let mut role = space(version, packs);
    role.add_target(path.clone(), target).unwrap();
    let mut publication = super::fixture::upload("37", signed(role, &officers(SHANDONG)[..2]), &[]);
    publication.targets.insert(path, bytes.to_vec());
    publication
}

/// A registry with two versions of a pack of which the second has narrower bounds, as Shandong publishes them.
pub(super) fn two_versions() -> [Vec<u8>; 2] {
    let narrower = DAYS.replace("max = 90", "max = 45");
    [
        sealed_with("37/limits", "1.0.0", DAYS),
        sealed_with("37/limits", "1.1.0", &narrower),
    ]
}

#[test]
fn t14_an_overlay_that_no_host_would_take_is_not_published() {
    let world = World::with_delegations();
    let registry = world.open();
    let packs = two_versions();
    let [first, second] = &packs;
    let both = space(1, &[first, second]);
    let release = super::fixture::upload(
        "37",
        signed(both, &officers(SHANDONG)[..2]),
        &[first, second],
    );
    registry.publish(&release.to_bytes()).unwrap();
    let publish = |bytes: &[u8]| {
        let publication = with_overlay(2, &[first, second], bytes);
        registry.publish(&publication.to_bytes())
    };
    let unknown = "[[parameter]]\nname = \"weeks\"\nvalue = 2\n";
    let table = "[[table]]\nname = \"standards\"\nrows = \"group\\nA01\\n\"\n";
    let text = "[[parameter]]\nname = \"days\"\nvalue = \"x\"\n";
    for (versions, lines, at, reason) in [
        (
            "*",
            &*days(60),
            "1.1.0",
            "parameter `days` is `60`, expected a value from 7 to 45",
        ),
        (
            "*",
            &*days(91),
            "1.0.0",
            "parameter `days` is `91`, expected a value from 7 to 90",
        ),
        (
            "=1.0.0",
            unknown,
            "1.0.0",
            "parameter `weeks` is not declared by the pack",
        ),
        (
            "=1.0.0",
            table,
            "1.0.0",
            "table `standards` is not declared by the pack",
        ),
        (
            "=1.0.0",
            text,
            "1.0.0",
            "parameter `days` takes a whole number",
        ),
    ] {
        let refused = publish(&own(versions, lines)).unwrap_err();
        assert_eq!(refused.kind(), RefusalKind::OverlayFit);
        let expected = format!(
            "`{OWN}` does not fit `37/limits/{at}.wasm`, which it says it is for: {reason}"
        );
        assert_eq!(refused.to_string(), expected);
        assert!(refused.hint().unwrap().contains("name in `versions`"));
    }
    // Made for the first version alone, the same value fits.
    let receipt = publish(&own("=1.0.0", &days(60))).unwrap();
    assert!(receipt.warnings.is_empty());
}

#[test]
fn t14_an_overlay_is_held_against_the_pack_of_the_same_upload_and_not_against_what_was_withdrawn() {
    let world = World::with_delegations();
    let registry = world.open();
    let packs = two_versions();
    let [first, second] = &packs;
    let mut beyond = with_overlay(1, &[first], &own("*", &days(91)));
    beyond
        .targets
        .insert("37/limits/1.0.0.wasm".parse().unwrap(), first.clone());
    let refused = registry.publish(&beyond.to_bytes()).unwrap_err();
    assert_eq!(refused.kind(), RefusalKind::OverlayFit);
    let both = space(1, &[first, second]);
    let release = super::fixture::upload(
        "37",
        signed(both, &officers(SHANDONG)[..2]),
        &[first, second],
    );
    registry.publish(&release.to_bytes()).unwrap();
    let bytes = own("*", &days(60));
    let mut role = Targets::clone(with_role(&with_overlay(2, &[first, second], &bytes)).signed());
    let narrower = "37/limits/1.1.0.wasm".parse().unwrap();
    role.custom_mut(&narrower).unwrap().status = rulepack_protocol::tuf::Status::Yanked;
    let mut publication = super::fixture::upload("37", signed(role, &officers(SHANDONG)[..2]), &[]);
    publication.targets.insert(OWN.parse().unwrap(), bytes);
    registry.publish(&publication.to_bytes()).unwrap();
}

fn with_role(publication: &Publication) -> rulepack_protocol::tuf::Envelope<Targets> {
    let role = &publication.metadata[&"37".parse().unwrap()];
    rulepack_protocol::tuf::Envelope::parse(role).unwrap()
}
