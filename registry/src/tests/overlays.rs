//! Overlays are published like packs: signed by the role of who sets them, read, and held against what is
//! signed of them (T14).

use super::fixture::{SHANDONG, World, now, officers, signed};
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
