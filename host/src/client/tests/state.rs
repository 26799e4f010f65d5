//! What becomes of a host's memory: damaged, gone, unwritable; and of a clock that is wrong.

use super::*;

fn state_path(host: &Host) -> std::path::PathBuf {
    host.state.path().join("trust.json")
}

#[test]
fn a_damaged_state_is_told_and_not_forgotten() {
    let host = Host::new();
    let path = state_path(&host);
    for torn in ["", "{", "{}"] {
        fs::write(&path, torn).unwrap();
        let error = host.refresh(&NoFailures).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`{}` is damaged", path.display())
        );
        assert_eq!(
            error.hint().unwrap(),
            "restore the file from a backup; without one, set the host up in a new folder with a root from \
             a trusted hand. Until then the active packs go on, and nothing new is taken"
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), torn);
    }
}

#[test]
fn no_mutated_byte_of_the_state_lowers_a_floor() {
    let host = Host::new();
    host.refresh(&NoFailures).unwrap();
    let path = state_path(&host);
    let (bytes, state) = (fs::read(&path).unwrap(), host.store.read().unwrap());
    for index in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[index] ^= 1 << (index % 7);
        fs::write(&path, &changed).unwrap();
        // A changed blank may still say the same.
        if let Ok(read) = host.store.read() {
            assert_eq!(read, state, "byte {index} was changed and nobody noticed");
        }
    }
    let text = String::from_utf8(bytes).unwrap();
    let lowered = text.replacen("\"version\": 1", "\"version\": 0", 1);
    assert_ne!(lowered, text);
    fs::write(&path, lowered).unwrap();
    assert_eq!(
        host.store.read().unwrap_err().to_string(),
        format!(
            "`{}` does not have the sha256 that it states",
            path.display()
        )
    );
}

#[test]
fn a_state_that_is_gone_is_told_and_not_made_anew() {
    let host = Host::new();
    host.refresh(&NoFailures).unwrap();
    let path = state_path(&host);
    fs::remove_file(&path).unwrap();
    let lost = format!(
        "`{}` is missing, although this host has followed a registry",
        path.display()
    );
    let error = host.refresh(&NoFailures).unwrap_err();
    assert_eq!(error.to_string(), lost);
    // Nor does setting up again in the same folder forget what was seen.
    let root = fs::read(host.registry.path().join("metadata/1.root.json")).unwrap();
    assert_eq!(host.store.init(&root).unwrap_err().to_string(), lost);
    assert!(!path.exists());
}

#[test]
fn a_set_up_that_was_stopped_half_way_goes_on() {
    let host = Host::new();
    fs::remove_file(state_path(&host)).unwrap();
    let root = fs::read(host.registry.path().join("metadata/1.root.json")).unwrap();
    host.store.init(&root).unwrap();
    host.refresh(&NoFailures).unwrap();
}

#[test]
fn a_state_that_cannot_be_written_fails_the_refresh_and_keeps_the_old_one() {
    let host = Host::new();
    host.refresh(&NoFailures).unwrap();
    let old = host.store.read().unwrap();
    publish(host.registry.path(), 2);
    // Where metadata should go there is a file: no user can write below it, not even root.
    let metadata = host.state.path().join("metadata");
    let aside = host.state.path().join("aside");
    fs::rename(&metadata, &aside).unwrap();
    fs::write(&metadata, "").unwrap();
    let error = host.refresh(&NoFailures).unwrap_err();
    assert!(matches!(error, RefreshError::Store(StoreError::Io { .. })));
    let hint = "nothing was taken; the active packs go on";
    assert_eq!(error.hint().unwrap(), hint);
    fs::remove_file(&metadata).unwrap();
    fs::rename(&aside, &metadata).unwrap();
    assert_eq!(host.store.read().unwrap(), old);
    assert!(host.refresh(&NoFailures).unwrap().changed);
}

#[test]
fn other_bytes_under_a_version_that_was_seen_are_kept_as_evidence() {
    let host = Host::new();
    host.refresh(&NoFailures).unwrap();
    // The same versions with another key, as thieves of the signer's key would serve to one hospital.
    let seen = fs::read(host.registry.path().join("metadata/timestamp.json")).unwrap();
    let mut forged = Envelope::<Timestamp>::parse(&seen)
        .unwrap()
        .signed()
        .clone();
    forged.expires = now().plus_days(1).min(forged.expires);
    forged.meta.snapshot.length += 1;
    let role = RoleName::TIMESTAMP;
    write(host.registry.path(), &role, &forged, &[key("signer", 9)]);
    let error = host.refresh(&NoFailures).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`timestamp` contradicts what this host has seen"
    );
    let bytes = fs::read(host.registry.path().join("metadata/timestamp.json")).unwrap();
    let digest = rulepack_protocol::digest::Digest::of(&bytes);
    let kept = host
        .state
        .path()
        .join(format!("evidence/timestamp.{digest}.json"));
    assert_eq!(fs::read(kept).unwrap(), bytes);
    // What was seen first is kept too.
    let state = host.store.read().unwrap();
    assert_eq!(
        host.store.file(&state.files["timestamp.json"]).unwrap(),
        seen
    );
}

#[test]
fn a_clock_that_stepped_back_is_told_and_the_last_good_time_used() {
    let host = Host::new();
    assert_eq!(host.refresh(&NoFailures).unwrap().clock_behind, None);
    let back = now().plus_days(-3);
    let refreshed = host.refresh_at(back, &NoFailures).unwrap();
    assert_eq!(refreshed.clock_behind, Some(now()));
    assert_eq!(host.store.read().unwrap().floors.last_good, Some(now()));
}

/// A registry that knows entity tags: the timestamp's is always the same.
struct Tagged(FolderTransport);

impl Transport for Tagged {
    fn open(&self, path: &str, known: Option<&str>) -> Result<Opened, TransportError> {
        if known == Some("one") {
            return Ok(Opened::NotModified);
        }
        let mut opened = self.0.open(path, known)?;
        if let Opened::Body { tag, .. } = &mut opened {
            *tag = Some("one".to_owned());
        }
        Ok(opened)
    }
}

fn refresh_tagged(host: &Host) -> (Tagged, Result<Refreshed, RefreshError>) {
    let transport = Tagged(FolderTransport::new(host.registry.path()));
    let followed = ["37".parse().unwrap()];
    let freshness = Freshness::at(now());
    let refreshed = refresh(&transport, &host.store, &followed, freshness, &NoFailures);
    (transport, refreshed)
}

#[test]
fn a_stored_timestamp_that_is_gone_is_fetched_again() {
    let host = Host::new();
    refresh_tagged(&host).1.unwrap();
    let state = host.store.read().unwrap();
    let digest = state.files["timestamp.json"];
    let file = host.state.path().join(format!("metadata/{digest}.json"));
    fs::remove_file(&file).unwrap();
    refresh_tagged(&host).1.unwrap();
    assert_eq!(host.store.read().unwrap(), state);
}

#[test]
fn the_earliest_expiry_ends_what_counts_as_unchanged() {
    let host = Host::new();
    let (transport, refreshed) = refresh_tagged(&host);
    refreshed.unwrap();
    let end = host.store.read().unwrap().valid_until.unwrap();
    assert_eq!(end, now().plus_days(1));
    assert!(is_unchanged(&transport, &host.store, now()).unwrap());
    assert!(!is_unchanged(&transport, &host.store, end).unwrap());
}
