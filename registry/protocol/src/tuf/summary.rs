//! In plain words, what a file changes: shown before every signature, in English or Chinese.

mod packs;

use serde_json::Value;

use super::{
    Authority, Envelope, MetadataError, Payload, RoleName, Root, Snapshot, Targets, Timestamp,
    TopRole,
};
use crate::canonical;
use crate::key::PublicKey;

/// A metadata file of any role, told apart by its `_type`.
#[derive(Debug, Clone)]
pub enum AnyEnvelope {
    /// `root`.
    Root(Envelope<Root>),
    /// `timestamp`.
    Timestamp(Envelope<Timestamp>),
    /// `snapshot`.
    Snapshot(Envelope<Snapshot>),
    /// `targets`, or a name space.
    Targets(Envelope<Targets>),
}

/// The language in which a change is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// 中文.
    Chinese,
}

impl Language {
    /// One of two wordings.
    fn pick(self, english: String, chinese: String) -> String {
        match self {
            Language::English => english,
            Language::Chinese => chinese,
        }
    }
}

impl AnyEnvelope {
    /// Reads a file of any role.
    ///
    /// # Errors
    /// As [`Envelope::parse`].
    pub fn parse(bytes: &[u8]) -> Result<Self, MetadataError> {
        let value = canonical::parse(bytes)?;
        let kind = value
            .pointer("/signed/_type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        match kind {
            "root" => Envelope::parse(bytes).map(Self::Root),
            "timestamp" => Envelope::parse(bytes).map(Self::Timestamp),
            "snapshot" => Envelope::parse(bytes).map(Self::Snapshot),
            _ => Envelope::parse(bytes).map(Self::Targets),
        }
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Root(envelope) => envelope.to_bytes(),
            Self::Timestamp(envelope) => envelope.to_bytes(),
            Self::Snapshot(envelope) => envelope.to_bytes(),
            Self::Targets(envelope) => envelope.to_bytes(),
        }
    }

    /// The version.
    pub fn version(&self) -> u64 {
        match self {
            Self::Root(envelope) => envelope.signed().version(),
            Self::Timestamp(envelope) => envelope.signed().version(),
            Self::Snapshot(envelope) => envelope.signed().version(),
            Self::Targets(envelope) => envelope.signed().version(),
        }
    }

    /// From when on the file is no longer to be believed.
    pub fn expires(&self) -> crate::moment::Moment {
        match self {
            Self::Root(envelope) => envelope.signed().expires(),
            Self::Timestamp(envelope) => envelope.signed().expires(),
            Self::Snapshot(envelope) => envelope.signed().expires(),
            Self::Targets(envelope) => envelope.signed().expires(),
        }
    }
}

/// What `new` changes against `old`, a line a change, in plain words. Where `old` is none, or of another
/// kind, everything in `new` is told as new. `role` is whose file it is: a file of `targets` or of a name
/// space does not say so itself.
pub fn summary(
    role: Option<&RoleName>,
    old: Option<&AnyEnvelope>,
    new: &AnyEnvelope,
    language: Language,
) -> Vec<String> {
    let mut told = Summary {
        role,
        language,
        lines: Vec::new(),
    };
    match (old, new) {
        (Some(AnyEnvelope::Root(old)), AnyEnvelope::Root(new)) => {
            told.root(Some(old.signed()), new.signed());
        }
        (_, AnyEnvelope::Root(new)) => told.root(None, new.signed()),
        (Some(AnyEnvelope::Targets(old)), AnyEnvelope::Targets(new)) => {
            told.targets(Some(old.signed()), new.signed());
        }
        (_, AnyEnvelope::Targets(new)) => told.targets(None, new.signed()),
        (Some(AnyEnvelope::Snapshot(old)), AnyEnvelope::Snapshot(new)) => {
            told.snapshot(Some(old.signed()), new.signed());
        }
        (_, AnyEnvelope::Snapshot(new)) => told.snapshot(None, new.signed()),
        (Some(AnyEnvelope::Timestamp(old)), AnyEnvelope::Timestamp(new)) => {
            told.timestamp(Some(old.signed()), new.signed());
        }
        (_, AnyEnvelope::Timestamp(new)) => told.timestamp(None, new.signed()),
    }
    told.lines
}

/// The lines told so far.
struct Summary<'a> {
    role: Option<&'a RoleName>,
    language: Language,
    lines: Vec<String>,
}

impl Summary<'_> {
    fn say(&mut self, english: String, chinese: String) {
        self.lines.push(self.language.pick(english, chinese));
    }

    fn root(&mut self, old: Option<&Root>, new: &Root) {
        self.header("root", old, new);
        for role in [
            TopRole::Root,
            TopRole::Targets,
            TopRole::Snapshot,
            TopRole::Timestamp,
        ] {
            let before = old.map(|old| old.authority(role));
            let what = self
                .language
                .pick(format!("role `{role}`"), format!("角色 `{role}`"));
            self.authority(&what, before.as_ref(), &new.authority(role));
        }
    }

    fn snapshot(&mut self, old: Option<&Snapshot>, new: &Snapshot) {
        self.header("snapshot", old, new);
        for (name, pin) in &new.meta {
            let version = pin.version;
            match old.and_then(|old| old.meta.get(name)) {
                None => self.say(
                    format!("pins `{name}` at version {version}"),
                    format!("锁定 `{name}` 为版本 {version}"),
                ),
                Some(before) if before != pin => self.say(
                    format!("`{name}` goes from version {} to {version}", before.version),
                    format!("`{name}` 由版本 {} 变为 {version}", before.version),
                ),
                Some(_) => {}
            }
        }
        let dropped = old.iter().flat_map(|old| old.meta.keys());
        for name in dropped.filter(|name| !new.meta.contains_key(*name)) {
            self.say(
                format!("no longer pins `{name}`"),
                format!("不再锁定 `{name}`"),
            );
        }
    }

    fn timestamp(&mut self, old: Option<&Timestamp>, new: &Timestamp) {
        self.header("timestamp", old, new);
        let version = new.meta.snapshot.version;
        self.say(
            format!("pins snapshot version {version}"),
            format!("锁定 snapshot 版本 {version}"),
        );
    }

    fn header<T: Payload>(&mut self, kind: &str, old: Option<&T>, new: &T) {
        let (version, expires) = (new.version(), new.expires());
        match old {
            None => self.say(
                format!("first {kind} seen here, version {version}, valid until {expires}"),
                format!("首次出现 {kind}，版本 {version}，有效期至 {expires}"),
            ),
            Some(old) => {
                let (was, until) = (old.version(), old.expires());
                self.say(
                    format!(
                        "{kind} goes from version {was} to {version}, valid until {expires} (before: \
                         {until})"
                    ),
                    format!("{kind} 由版本 {was} 变为 {version}，有效期至 {expires}（原为 {until}）"),
                );
            }
        }
    }

    /// Tells how the persons and keys of a role change.
    fn authority(&mut self, what: &str, old: Option<&Authority>, new: &Authority) {
        let (count, threshold) = (new.keys().count(), new.threshold());
        let Some(old) = old else {
            self.say(
                format!("{what}: {threshold} of {count} must sign"),
                format!("{what}：{count} 人中须 {threshold} 人签名"),
            );
            for key in new.keys() {
                let (person, id) = (key.person(), key.id());
                self.say(
                    format!("{what}: `{person}` with key {id}"),
                    format!("{what}：`{person}`，密钥 {id}"),
                );
            }
            return;
        };
        let (before, of) = (old.threshold(), old.keys().count());
        if (before, of) != (threshold, count) {
            self.say(
                format!("{what}: {threshold} of {count} must sign, where {before} of {of} had to"),
                format!("{what}：{count} 人中须 {threshold} 人签名（原为 {of} 人中 {before} 人）"),
            );
        }
        let lacks =
            |authority: &Authority, key: &PublicKey| !authority.keys().any(|known| known == key);
        for key in new.keys().filter(|key| lacks(old, key)) {
            let (person, id) = (key.person(), key.id());
            self.say(
                format!("{what}: adds `{person}` with key {id}"),
                format!("{what}：新增 `{person}`，密钥 {id}"),
            );
        }
        for key in old.keys().filter(|key| lacks(new, key)) {
            let (person, id) = (key.person(), key.id());
            self.say(
                format!("{what}: removes `{person}` with key {id}"),
                format!("{what}：移除 `{person}`，密钥 {id}"),
            );
        }
    }
}
