//! A repository of somebody else: signed with P-256, RSA or Ed25519 keys, served on loopback, and changed
//! at will between two runs of the client, for good and for bad.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use sha2::Digest as _;
use sigstore_tuf::canonical_json::to_canonical_bytes;
use tempfile::TempDir;

use super::foreign_keys::ForeignKey;
use super::web::Web;
use super::{Ran, command, rulepack};

/// What lies under `metadata/` and `targets/`, and what was asked for since the last look.
#[derive(Default)]
struct Served {
    files: BTreeMap<String, Vec<u8>>,
    requests: Vec<String>,
}

/// A foreign repository, and one client of it.
pub struct Foreign {
    /// The `signed` part of each role, to be changed before [`Foreign::publish`].
    pub roles: BTreeMap<String, Value>,
    /// The keys that sign each role.
    pub signers: BTreeMap<String, Vec<ForeignKey>>,
    /// Whether timestamp and snapshot pin lengths and digests.
    pub pins_digests: bool,
    served: Arc<Mutex<Served>>,
    web: Web,
    folder: TempDir,
    keys: u8,
}

impl Foreign {
    /// A repository of four roles with a P-256 key each, and a client that has taken its root.
    pub fn begin() -> Self {
        let foreign = Self::unknown_to_the_client();
        foreign.init().done();
        foreign
    }

    /// The same, before the client has taken the root.
    pub fn unknown_to_the_client() -> Self {
        let served = Arc::new(Mutex::new(Served::default()));
        let mut foreign = Foreign {
            roles: BTreeMap::new(),
            signers: BTreeMap::new(),
            pins_digests: false,
            web: serve(&served),
            served,
            folder: tempfile::tempdir().unwrap(),
            keys: 0,
        };
        let mut root = signed("root");
        root["consistent_snapshot"] = json!(true);
        root["keys"] = json!({});
        root["roles"] = json!({});
        foreign.roles.insert("root".to_owned(), root);
        for role in ["timestamp", "snapshot", "targets"] {
            let mut content = signed(role);
            let list = if role == "targets" { "targets" } else { "meta" };
            content[list] = json!({});
            foreign.roles.insert(role.to_owned(), content);
        }
        for role in ["root", "timestamp", "snapshot", "targets"] {
            let key = foreign.new_key();
            foreign.role_keys(role)["threshold"] = json!(1);
            foreign.add_key(role, key);
        }
        foreign.publish(&["targets", "snapshot", "timestamp", "root"]);
        std::fs::write(foreign.path("first.json"), foreign.file("1.root.json")).unwrap();
        foreign
    }

    /// A P-256 key that no other role has.
    pub fn new_key(&mut self) -> ForeignKey {
        self.keys += 1;
        ForeignKey::p256(self.keys)
    }

    /// The keys and threshold of a role in the root.
    pub fn role_keys(&mut self, role: &str) -> &mut Value {
        &mut self.roles.get_mut("root").unwrap()["roles"][role]
    }

    /// The part of a role that is signed.
    pub fn role(&mut self, role: &str) -> &mut Value {
        self.roles.get_mut(role).unwrap()
    }

    /// Lets a key sign a role of the root, as the root will say.
    pub fn add_key(&mut self, role: &str, key: ForeignKey) {
        let root = self.roles.get_mut("root").unwrap();
        root["keys"][key.id()] = key.public();
        let ids = &mut root["roles"][role]["keyids"];
        match ids.as_array_mut() {
            Some(ids) => ids.push(json!(key.id())),
            None => *ids = json!([key.id()]),
        }
        self.signers.entry(role.to_owned()).or_default().push(key);
    }

    /// Replaces the keys of a role by one new one.
    pub fn rotate(&mut self, role: &str) {
        self.role_keys(role)["keyids"] = json!([]);
        self.signers.remove(role);
        let key = self.new_key();
        self.add_key(role, key);
    }

    /// Delegates from a role to another, which signs with a new key. `how` holds `paths` or
    /// `path_hash_prefixes`, and `terminating`.
    pub fn delegate(&mut self, from: &str, to: &str, how: Value) {
        let key = self.new_key();
        let delegations = &mut self.role(from)["delegations"];
        if delegations.is_null() {
            *delegations = json!({"keys": {}, "roles": []});
        }
        delegations["keys"][key.id()] = key.public();
        let mut role =
            json!({"name": to, "keyids": [key.id()], "threshold": 1, "terminating": false});
        let fields = how.as_object().unwrap().clone();
        role.as_object_mut().unwrap().extend(fields);
        delegations["roles"].as_array_mut().unwrap().push(role);
        self.signers.entry(to.to_owned()).or_default().push(key);
        self.roles.entry(to.to_owned()).or_insert_with(|| {
            let mut content = signed("targets");
            content["targets"] = json!({});
            content
        });
    }

    /// Lists an artifact in a role, and serves it under each of its digests.
    pub fn add_artifact(&mut self, role: &str, name: &str, bytes: &[u8]) {
        let digest = hex::encode(sha2::Sha256::digest(bytes));
        self.role(role)["targets"][name] = json!({
            "length": bytes.len(), "hashes": {"sha256": &digest},
        });
        self.serve_artifact(name, &digest, bytes);
    }

    /// Serves bytes as an artifact, whatever the metadata says.
    pub fn serve_artifact(&mut self, name: &str, digest: &str, bytes: &[u8]) {
        let (folder, file) = name.rsplit_once('/').map_or(("", name), |(f, n)| (f, n));
        let slash = if folder.is_empty() { "" } else { "/" };
        self.put(&format!("targets/{folder}{slash}{digest}.{file}"), bytes);
        self.put(&format!("targets/{name}"), bytes);
    }

    /// Signs the next version of each role, in this order, and serves it; the first version of what was
    /// not there. A targets role is then pinned by the snapshot, the snapshot by the timestamp.
    pub fn publish(&mut self, roles: &[&str]) {
        for role in roles {
            let content = self.role(role);
            let version = content["version"].as_u64().unwrap() + 1;
            content["version"] = json!(version);
            let bytes = self.sign(role);
            self.serve_role(role, version, &bytes);
            let mut pin = json!({"version": version});
            if self.pins_digests {
                pin["length"] = json!(bytes.len());
                pin["hashes"] = json!({"sha256": hex::encode(sha2::Sha256::digest(&bytes))});
            }
            match *role {
                "root" | "timestamp" => {}
                "snapshot" => self.role("timestamp")["meta"]["snapshot.json"] = pin,
                other => self.role("snapshot")["meta"][format!("{other}.json")] = pin,
            }
        }
    }

    /// A role as it is now, signed by its keys.
    pub fn sign(&self, role: &str) -> Vec<u8> {
        let content = &self.roles[role];
        let message = to_canonical_bytes(content).unwrap();
        let keys = self.signers.get(role).into_iter().flatten();
        let signatures: Vec<Value> = keys
            .map(|key| json!({"keyid": key.id(), "sig": hex::encode(key.sign(&message))}))
            .collect();
        serde_json::to_vec_pretty(&json!({"signed": content, "signatures": signatures})).unwrap()
    }

    /// Serves bytes as a version of a role.
    pub fn serve_role(&mut self, role: &str, version: u64, bytes: &[u8]) {
        let name = percent(role);
        if role != "timestamp" {
            self.put(&format!("metadata/{version}.{name}.json"), bytes);
        }
        if role != "root" {
            self.put(&format!("metadata/{name}.json"), bytes);
        }
    }

    /// A file of the metadata as it is served.
    pub fn file(&self, name: &str) -> Vec<u8> {
        let served = self.served.lock().unwrap();
        served.files[&format!("metadata/{name}")].clone()
    }

    /// Serves a file, by its path below the address.
    pub fn put(&mut self, path: &str, bytes: &[u8]) {
        let mut served = self.served.lock().unwrap();
        served.files.insert(path.to_owned(), bytes.to_vec());
    }

    /// No longer serves a file.
    pub fn remove(&mut self, path: &str) {
        let removed = self.served.lock().unwrap().files.remove(path);
        assert!(removed.is_some(), "{path}");
    }

    /// What the client has asked for since this was last called.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.served.lock().unwrap().requests)
    }

    /// A path in the folder of this client.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The client takes the first root.
    pub fn init(&self) -> Ran {
        self.run(&["init", self.path("first.json").to_str().unwrap()])
    }

    /// The client refreshes.
    pub fn refresh(&self) -> Ran {
        self.run(&["--metadata-url", &self.url("metadata"), "refresh"])
    }

    /// The client refreshes at another time, where `libfaketime` is installed; `None` where it is not.
    pub fn refresh_at(&self, offset: &str) -> Option<bool> {
        let library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
        if !std::path::Path::new(library).exists() {
            return None;
        }
        let mut command = command();
        command.env("LD_PRELOAD", library).env("FAKETIME", offset);
        command
            .arg("tuf")
            .arg("--metadata-dir")
            .arg(self.path("metadata"));
        command.args(["--metadata-url", &self.url("metadata"), "refresh"]);
        Some(command.output().unwrap().status.success())
    }

    /// The client downloads, in this order.
    pub fn download(&self, names: &[&str]) -> Ran {
        self.download_with(&[], names)
    }

    /// The same, told to programs.
    pub fn download_as_json(&self, names: &[&str]) -> Ran {
        self.download_with(&["--json"], names)
    }

    fn download_with(&self, options: &[&str], names: &[&str]) -> Ran {
        let (metadata, targets) = (self.url("metadata"), self.url("targets"));
        let folder = self.path("artifacts");
        let mut line = options.to_vec();
        line.extend(["--metadata-url", &metadata, "--target-base-url", &targets]);
        line.extend(["--target-dir", folder.to_str().unwrap()]);
        for name in names {
            line.extend(["--target-name", name]);
        }
        line.push("download");
        self.run(&line)
    }

    /// Versions of the roles that the client trusts, by file name without `.json`.
    pub fn trusted(&self) -> Vec<(String, u64)> {
        let mut versions = Vec::new();
        for entry in std::fs::read_dir(self.path("metadata")).unwrap() {
            let path = entry.unwrap().path();
            let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let name = path.file_name().unwrap().to_str().unwrap();
            let role = name.strip_suffix(".json").unwrap().to_owned();
            versions.push((role, file["signed"]["version"].as_u64().unwrap()));
        }
        versions.sort();
        versions
    }

    /// The version of one role that the client trusts; 0 for none.
    pub fn trusts(&self, role: &str) -> u64 {
        let trusted = self.trusted().into_iter();
        let mut found = trusted.filter(|(name, _)| name == role);
        found.next().map_or(0, |(_, version)| version)
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let folder = self.path("metadata");
        let folder = folder.to_str().unwrap();
        rulepack([&["tuf", "--metadata-dir", folder], arguments].concat())
    }

    fn url(&self, what: &str) -> String {
        format!("{}/{what}", self.web.address)
    }
}

/// A role that is not published yet.
fn signed(kind: &str) -> Value {
    json!({
        "_type": kind, "spec_version": "1.0.31", "version": 0, "expires": "2100-01-01T00:00:00Z",
    })
}

/// What every TUF client makes of a role's name in an address.
fn percent(name: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    let bytes = name.bytes();
    bytes
        .map(|byte| match plain(&byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

/// Serves what is there, and notes what is asked for.
fn serve(served: &Arc<Mutex<Served>>) -> Web {
    let served = Arc::clone(served);
    Web::of(move |path| {
        let mut served = served.lock().unwrap();
        served.requests.push(path.to_owned());
        served.files.get(path).cloned()
    })
}
