//! The keys of officers, the ceremony of the root, and delegations, as files that are carried about.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use common::nation::{Nation, Registry};
use common::rulepack;

fn write_private(path: &std::path::Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// A folder with passphrases in files, and the key of `li` under the one in `right`.
struct Drawer(tempfile::TempDir);

impl Drawer {
    fn new() -> Self {
        let drawer = Self(tempfile::tempdir().unwrap());
        for (name, text) in [
            ("right", "correct horse battery\n"),
            ("wrong", "correct horse batterz\n"),
            ("next", "staple the battery\n"),
            ("empty", "\n"),
            ("short", "horse\n"),
        ] {
            write_private(drawer.path(name).as_ref(), text);
        }
        drawer
    }

    fn with_key() -> Self {
        let drawer = Self::new();
        let told = drawer.new_key("right").done();
        assert!(told.contains("protected by a passphrase"), "{told}");
        drawer
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn key(&self) -> String {
        self.path("keys/li.key")
    }

    /// Runs a line in which `{}` is the folder.
    fn run(&self, line: &str) -> common::Ran {
        let folder = self.0.path().to_str().unwrap();
        rulepack(line.split(' ').map(|word| word.replace("{}", folder)))
    }

    fn new_key(&self, passphrase: &str) -> common::Ran {
        self.run(&format!(
            "key new li --out {{}}/keys --passphrase-file {{}}/{passphrase}"
        ))
    }

    /// Signs a first root with the key in a file.
    fn sign(&self, key: &str, passphrase: &str) -> common::Ran {
        let public = "{}/keys/li.pub";
        self.run(&format!(
            "root init --threshold 1 --targets-threshold 1 --key {public} --targets-key {public} \
             --snapshot-key {public} --timestamp-key {public} --out {{}}/root.json"
        ))
        .done();
        self.run(&format!(
            "sign {{}}/root.json --key {key} --passphrase-file {{}}/{passphrase} --yes"
        ))
    }
}

#[test]
fn a_key_is_made_under_a_good_passphrase_alone_and_never_overwritten() {
    let drawer = Drawer::new();
    let refused = format!("error: `{}`: the passphrase is empty", drawer.path("empty"));
    assert_eq!(drawer.new_key("empty").failed(), refused);
    assert_eq!(
        drawer.new_key("short").failed(),
        "error: the passphrase has 5 characters, expected at least 12"
    );
    let error = "error: there is no terminal to ask for a passphrase";
    let hint = "hint: give a file that holds it with `--passphrase-file`";
    let asked = drawer.run("key new li --out {}/keys").failed();
    assert_eq!(asked, format!("{error}\n{hint}"));
    drawer.new_key("right").done();
    let key = drawer.key();
    let mode = fs::metadata(&key).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(
        drawer.new_key("right").failed(),
        format!(
            "error: `{key}` exists\nhint: a key is never overwritten; choose another folder or person"
        )
    );
    // Whose it is shows without the passphrase; the secret never does.
    let shown = drawer.run("key show {}/keys/li.key").done();
    assert!(shown.starts_with("key of li: "), "{shown}");
    let text = fs::read_to_string(&key).unwrap();
    assert!(text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
}

#[test]
fn a_key_under_a_passphrase_signs_and_every_other_way_in_is_refused() {
    let drawer = Drawer::with_key();
    let key = drawer.key();
    let told = drawer.sign(&key, "right").done();
    assert!(told.contains("signed by li, 1 signatures in all"), "{told}");
    let refused = format!("error: `{key}`: wrong passphrase");
    assert_eq!(drawer.sign(&key, "wrong").failed(), refused);

    let truncated = drawer.path("truncated.key");
    let text = fs::read_to_string(&key).unwrap();
    write_private(truncated.as_ref(), &text[..text.len() - 40]);
    assert_eq!(
        drawer.sign(&truncated, "right").failed(),
        format!(
            "error: `{truncated}`: the secret key file is damaged or cut off: no whole PEM block of a \
             PKCS#8 private key"
        )
    );
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(
        drawer.sign(&key, "right").failed(),
        format!(
            "error: `{key}` can be read by other users of this machine (mode 644)\n\
             hint: chmod 600 {key}"
        )
    );
}

#[test]
fn another_passphrase_takes_the_place_of_the_first() {
    let drawer = Drawer::with_key();
    let key = drawer.key();
    let change = "key change-passphrase {}/keys/li.key --passphrase-file {}/next";
    let asked = drawer.run(change).failed();
    assert!(asked.ends_with("with `--old-passphrase-file`"), "{asked}");
    let given = format!("{change} --old-passphrase-file {{}}/right");
    drawer.run(&given).done();
    let refused = drawer.sign(&key, "right").failed();
    assert_eq!(refused, format!("error: `{key}`: wrong passphrase"));
    drawer.sign(&key, "next").done();
}

#[test]
fn an_open_key_says_loudly_that_it_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().to_str().unwrap();
    let new = rulepack(["key", "new", "li", "--out", keys, "--no-passphrase"]);
    let (told, warned) = new.ended(0);
    let open = "OPEN: no passphrase protects it, whoever reads the file can sign";
    assert!(told.contains(open), "{told}");
    assert_eq!(warned, format!("the key of li is {open}\n"));
    let shown = rulepack(["key", "show", &format!("{keys}/li.key")]).done();
    assert!(shown.contains(open), "{shown}");
}

/// A nation, its registry, and a host that has followed it once.
fn begin() -> (Nation, Registry) {
    let nation = Nation::found();
    let registry = nation.serve();
    (nation, registry)
}

fn publish_root(nation: &Nation, registry: &Registry) -> common::Ran {
    nation.run(&format!(
        "root publish {{}}/root.json --registry {}",
        registry.address
    ))
}

#[test]
fn a_new_root_needs_enough_keepers_of_the_old_one_and_of_its_own() {
    let (nation, registry) = begin();
    let host = nation.host("host", &registry);
    host.sync().done();
    nation
        .run("key new root-d --out {}/keys --no-passphrase")
        .done();
    let base = "--from {}/root.json --out {}/root.json";
    nation
        .run(&format!(
            "root add-key {{}}/keys/root-d.pub --role root {base}"
        ))
        .done();
    // Nobody has signed yet: the second change goes into the same version.
    let told = nation
        .run(&format!("root remove-key root-a --role root {base}"))
        .done();
    assert!(told.contains("root goes from version 1 to 2, "), "{told}");
    assert!(
        told.contains("role `root`: adds `root-d` with key "),
        "{told}"
    );
    assert!(
        told.contains("role `root`: removes `root-a` with key "),
        "{told}"
    );

    // Enough of the new keepers, too few of the old ones.
    let (told, asked) = nation
        .run("root sign {}/root.json --key {}/keys/root-d.key --lang zh")
        .ended(0);
    assert!(asked.contains("root-d 即将签署 "), "{asked}");
    assert!(asked.contains("root 由版本 1 变为 2，"), "{asked}");
    assert!(
        asked.contains("角色 `root`：新增 `root-d`，密钥 "),
        "{asked}"
    );
    assert!(
        told.contains("0 keepers of root 1 have signed, 2 must"),
        "{told}"
    );
    let (_, asked) = nation
        .run("root sign {}/root.json --key {}/keys/targets-a.key --out {}/stranger.json")
        .ended(0);
    let stranger = "  WITHOUT EFFECT: this key of `targets-a` is none of the keepers of the root\n";
    assert!(asked.contains(stranger), "{asked}");
    nation.sign("root.json", &["root-b"]);
    let hint = "hint: a new root is signed by enough keepers of the root before it and of its own";
    assert_eq!(
        publish_root(&nation, &registry).failed(),
        format!("error: 1 keepers of root 1 have signed, 2 must\n{hint}")
    );
    // The registry refuses it too, whoever asks.
    let sent = nation.run(&format!(
        "publish send {{}}/root.json --registry {}",
        registry.address
    ));
    let refused = sent.failed();
    let why = "error: the new root is not acceptable: 1 of 2 signatures are there";
    assert!(refused.starts_with(why), "{refused}");

    nation.sign("root.json", &["root-c"]);
    let told = publish_root(&nation, &registry).done();
    assert!(told.starts_with("published root version 2\n"), "{told}");
    host.sync().done();
    signs_once(&nation, "root-c");
}

fn signs_once(nation: &Nation, person: &str) {
    let line = format!("root sign {{}}/root.json --key {{}}/keys/{person}.key --yes");
    let refused = nation.run(&line).failed();
    assert_eq!(
        refused.lines().next(),
        Some(&*format!(
            "error: `{}`: the key `{}` has signed twice",
            nation.path("root.json").display(),
            key_id(nation, person)
        ))
    );
}

fn key_id(nation: &Nation, person: &str) -> String {
    let shown = nation
        .run(&format!("key show {{}}/keys/{person}.pub"))
        .done();
    let line = shown.lines().next().unwrap();
    line.rsplit(' ').next().unwrap().to_owned()
}

#[test]
fn the_signers_keys_are_replaced_and_hosts_go_on() {
    let (nation, registry) = begin();
    let host = nation.host("host", &registry);
    host.sync().done();
    let base = "--from {}/root.json --out {}/root.json";
    let rotate = "root rotate --snapshot-key {}/registry/signer/registry-snapshot-2.pub \
                  --timestamp-key {}/registry/signer/registry-timestamp-2.pub";
    for role in ["snapshot", "timestamp"] {
        let line = format!("key new registry-{role}-2 --out {{}}/registry/signer --no-passphrase");
        nation.run(&line).done();
    }
    let told = nation.run(&format!("{rotate} {base}")).done();
    assert!(
        told.contains("role `snapshot`: adds `registry-snapshot-2`"),
        "{told}"
    );
    assert!(
        told.contains("role `timestamp`: removes `registry-timestamp`"),
        "{told}"
    );
    nation.sign("root.json", &["root-a", "root-b"]);
    // A registry whose signer lacks the new keys would stand still under the new root.
    let refused = publish_root(&nation, &registry).failed();
    assert_eq!(
        refused,
        "error: the publication could not be signed\n\
         hint: start the signer with the keys that the newest root names"
    );
    drop(registry);
    let registry = nation.serve();
    publish_root(&nation, &registry).done();
    host.follow(&registry.address);
    host.sync().done();
    let other = nation.host("other", &registry);
    other.sync().done();
}

#[test]
fn a_root_that_skips_a_version_or_expires_late_is_refused() {
    let (nation, registry) = begin();
    let base = "--from {}/root.json --out {}/root.json";
    let late = nation
        .run(&format!("root renew --days 400 {base}"))
        .failed();
    let why = "error: the new root breaks the rules: valid until ";
    assert!(late.starts_with(why), "{late}");
    let gone = nation
        .run(&format!("root remove-key root-x --role root {base}"))
        .failed();
    assert_eq!(gone, "error: `root-x` has no key of role `root`");
    let few = nation
        .run(&format!(
            "root remove-key root-a --role root --threshold 3 {base}"
        ))
        .failed();
    let why = "error: role `root` would ask for 3 of 2 keys, expected a threshold from 1 to 2";
    assert_eq!(few, why);
    nation.run(&format!("root renew {base}")).done();
    nation.sign("root.json", &["root-a", "root-b"]);
    nation.run(&format!("root renew {base}")).done();
    nation.sign("root.json", &["root-a", "root-b"]);
    let refused = publish_root(&nation, &registry).failed();
    let why = "error: the new root is not acceptable: expected root version 2, got 3";
    assert!(refused.starts_with(why), "{refused}");
}

#[test]
fn a_name_space_is_delegated_by_the_role_above_it_alone() {
    let (nation, registry) = begin();
    let keys = "--key {}/keys/root-a.pub --key {}/keys/root-b.pub";
    let wrong = nation
        .run(&format!("delegate 3703 {keys} --from {{}}/targets.json"))
        .failed();
    assert_eq!(
        wrong,
        "error: `3703` stands under `37`, not under `targets`\n\
         hint: continue the file of `37`, signed by its officers"
    );
    let wrong = nation
        .run(&format!(
            "delegate vendor-acme {keys} --from 37={{}}/targets.json"
        ))
        .failed();
    assert!(
        wrong.starts_with("error: `vendor-acme` stands under `targets`, not under `37`\n"),
        "{wrong}"
    );
    let one = nation
        .run(&format!(
            "delegate 3703 {keys} --threshold 1 --out {{}}/37.json"
        ))
        .failed();
    assert_eq!(
        one,
        "error: the new `37` breaks the rules: role `3703` asks for 1 of 2 signatures, expected 2 to 2"
    );
    let address = &registry.address;
    let city = format!("delegate 3703 {keys} --registry {address} --out {{}}/37.json");
    nation.run(&city).done();
    nation.sign("37.json", &["bureau-a", "bureau-b"]);
    let send = format!("publish send {{}}/37.json --registry {address}");
    nation.run(&send).done();
    let revoke = format!("revoke 3703 --registry {address} --out {{}}/37.json");
    let told = nation.run(&revoke).done();
    assert!(told.contains("REVOKES name space `3703`"), "{told}");
    nation.sign("37.json", &["bureau-a", "bureau-b"]);
    nation.run(&send).done();
}

#[test]
fn what_expires_within_thirty_days_is_told_at_every_step() {
    let (nation, registry) = begin();
    let address = &registry.address;
    let renew = format!("renew 37 --days 20 --registry {address} --out {{}}/37.json");
    nation.run(&renew).done();
    let warned = "`37` expires in ";
    let sign = |person: &str| {
        let line = format!("sign {{}}/37.json --key {{}}/keys/{person}.key");
        nation.run(&line).done()
    };
    sign("bureau-a");
    let told = sign("bureau-b");
    assert!(told.contains(&format!("warning: {warned}")), "{told}");
    let send = format!("publish send {{}}/37.json --registry {address}");
    let told = nation.run(&send).done();
    assert!(told.contains(&format!("warning: {warned}")), "{told}");
    let host = nation.host("host", &registry);
    let told = host.sync().done();
    assert!(told.contains(&format!("warning   {warned}")), "{told}");
    let monitor = format!(
        "monitor --registry {address} --signed {{}}/root.json {{}}/targets.json {{}}/37.json"
    );
    let told = nation.run(&monitor).done();
    assert!(told.contains(&format!("\nwarning: {warned}")), "{told}");
    // Renewed for its full time, nobody is warned any more.
    let renew = format!("renew 37 --registry {address} --out {{}}/37.json");
    let told = nation.run(&renew).done();
    assert!(told.contains("`37` goes from version "), "{told}");
    assert!(!told.contains("warning"), "{told}");
    sign("bureau-a");
    sign("bureau-b");
    let told = nation.run(&send).done();
    assert!(!told.contains("warning"), "{told}");
    assert!(!host.sync().done().contains("warning"));
    assert!(!nation.run(&monitor).done().contains("warning"));
    assert_eq!(
        nation.run("renew 37").failed(),
        "error: it is not said which `37` is to be changed\n\
         hint: fetch it with `--registry ADDRESS`, or name a file with `--from`"
    );
}

#[test]
fn officers_who_sign_separate_copies_join_them() {
    let (nation, registry) = begin();
    let address = &registry.address;
    let renew = format!("renew 37 --registry {address} --out {{}}/37.json");
    nation.run(&renew).done();
    for person in ["bureau-a", "bureau-b"] {
        let sign = format!(
            "sign {{}}/37.json --key {{}}/keys/{person}.key --out {{}}/{person}.json --yes"
        );
        nation.run(&sign).done();
    }
    let merge = "merge {}/bureau-a.json {}/bureau-b.json --out {}/37.json";
    assert_eq!(
        nation.run(merge).failed(),
        "error: it is not said who may sign `37`\n\
         hint: name the file of the role above it with `--above`"
    );
    let told = nation
        .run(&format!("{merge} --above {{}}/targets.json"))
        .done();
    assert!(
        told.ends_with("37.json: 2 signatures, 2 must sign\n"),
        "{told}"
    );
    let send = format!("publish send {{}}/37.json --registry {address}");
    nation.run(&send).done();

    // A stranger's signature is refused by its key, and copies of other content are.
    nation.run(&renew).done();
    let stranger = "sign {}/37.json --key {}/keys/root-a.key --out {}/stranger.json --yes";
    nation.run(stranger).done();
    let join = |copy: &str| {
        nation
            .run(&format!(
                "merge {{}}/37.json {{}}/{copy}.json --out {{}}/37.json --above {{}}/targets.json"
            ))
            .failed()
    };
    let id = key_id(&nation, "root-a");
    let why = format!("error: the key `{id}` may not sign this role");
    assert_eq!(join("stranger"), why);
    assert_eq!(
        join("bureau-a"),
        "error: file 2 of those to be merged was signed over other content than the first"
    );
}

#[test]
fn a_draft_that_takes_the_place_of_another_of_its_version_says_so() {
    let (nation, registry) = begin();
    let delegate = |city: &str, base: &str| {
        let keys = "--key {}/keys/bureau-a.pub --key {}/keys/bureau-b.pub";
        let line = format!("delegate {city} {keys} {base} --out {{}}/37.json");
        nation.run(&line).done()
    };
    let from_registry = format!("--registry {}", registry.address);
    let lost = "warning: another draft of version 1 of `37` lay here";
    assert!(!delegate("3701", &from_registry).contains("warning: "));
    // The same file is changed further: nothing is lost.
    assert!(!delegate("3702", "--from {}/37.json").contains("warning: "));
    let told = delegate("3703", &from_registry);
    let unsigned = format!("{lost}; what it changed is not in this one\n");
    assert!(told.contains(&unsigned), "{told}");
    nation.sign("37.json", &["bureau-a"]);
    let told = delegate("3704", &from_registry);
    let signed = format!(
        "{lost}, with 1 signatures; what it changed is not in this one: publish only one of them\n"
    );
    assert!(told.contains(&signed), "{told}");
    // The same change again: it ends at another time, and what an officer signed is gone.
    nation.sign("37.json", &["bureau-a"]);
    let told = delegate("3704", &format!("{from_registry} --days 80"));
    let again = "; they do not hold for this one, which ends at another time: publish";
    assert!(told.contains(again), "{told}");
}
