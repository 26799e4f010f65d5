//! What a bureau uploads: signed roles, and the packs that they newly list, in one body.
//!
//! Media type [`MEDIA_TYPE`]. The body is the line `rulepack-publication 1`, then parts without a gap,
//! each a line `metadata ROLE LENGTH` or `target PATH LENGTH` (words apart by one space, the line ended
//! by one line feed, LENGTH in decimal) and so many bytes:
//!
//! ```text
//! rulepack-publication 1
//! metadata 37 1893
//! {"signatures":[…],"signed":{…}}target 37/vbp-quota/1.2.0.wasm 204711
//! …
//! ```
//!
//! Parts come sorted, metadata first, each role and path once: one publication has one spelling, whose
//! digest names it. Bounds: [`PARTS_MAX`] parts, [`METADATA_BYTES_MAX`] for all metadata together, the
//! bound of a pack for each pack, [`BODY_BYTES_MAX`] for the body.
//!
//! Metadata stands first so that it can be verified before the packs are read from the wire
//! ([`Beginning`]).

use std::collections::BTreeMap;

use rulepack_protocol::names::TargetPath;
use rulepack_protocol::pack::Bounds;
use rulepack_protocol::tuf::{RoleName, TopRole};

use crate::store::METADATA_BYTES_MAX;

/// The media type of an upload.
pub const MEDIA_TYPE: &str = "application/vnd.rulepack.publication";
/// The longest body, in bytes: it is held in memory while it is checked.
pub const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Parts of one upload.
pub const PARTS_MAX: usize = 64;

const HEAD: &str = "rulepack-publication 1\n";
/// The longest line of a part: a path and a length fit.
const LINE_BYTES_MAX: usize = 300;

/// Signed roles, and the packs that they newly list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Publication {
    /// The files of the roles.
    pub metadata: BTreeMap<RoleName, Vec<u8>>,
    /// The packs.
    pub targets: BTreeMap<TargetPath, Vec<u8>>,
}

/// Why a body is not a publication, or too large.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UploadError {
    /// Another first line.
    #[error("the upload does not begin with the line `rulepack-publication 1`")]
    Head,
    /// Not the line of a part.
    #[error(
        "expected a line `metadata ROLE LENGTH` or `target PATH LENGTH` at byte {at} of the upload"
    )]
    Line {
        /// Where.
        at: usize,
    },
    /// The body ends within a part.
    #[error("the upload ends within `{0}`")]
    Truncated(String),
    /// A part after one that it must precede, or a second time.
    #[error("`{0}` stands twice in the upload or is not in its order")]
    Order(String),
    /// A part beyond its bound.
    #[error("`{name}` is {bytes} bytes long, expected at most {bytes_max}")]
    PartTooLarge {
        /// Role or path.
        name: String,
        /// Its length.
        bytes: usize,
        /// The bound.
        bytes_max: usize,
    },
    /// The body is beyond its bound.
    #[error("the upload is {bytes} bytes long, expected at most {bytes_max}")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The bound.
        bytes_max: usize,
    },
    /// All metadata together is beyond its bound.
    #[error("the metadata of the upload is longer than {METADATA_BYTES_MAX} bytes")]
    MetadataTooLarge,
    /// More parts than allowed.
    #[error("the upload has more than {PARTS_MAX} parts")]
    TooMany,
    /// A role that nobody but the registry's signer signs.
    #[error("the role `{0}` is signed by the registry and cannot be uploaded")]
    NotYours(TopRole),
    /// Nothing is published.
    #[error("the upload has no metadata")]
    Empty,
}

impl Publication {
    /// The body of an upload.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut body = HEAD.as_bytes().to_vec();
        let mut part = |line: String, bytes: &[u8]| {
            body.extend_from_slice(line.as_bytes());
            body.extend_from_slice(bytes);
        };
        for (role, bytes) in &self.metadata {
            part(format!("metadata {role} {}\n", bytes.len()), bytes);
        }
        for (path, bytes) in &self.targets {
            part(format!("target {path} {}\n", bytes.len()), bytes);
        }
        body
    }

    /// Reads the body of an upload. Nothing within the parts is looked at.
    ///
    /// # Errors
    /// [`UploadError`].
    pub fn from_bytes(body: &[u8]) -> Result<Self, UploadError> {
        if body.len() > BODY_BYTES_MAX {
            return Err(UploadError::TooLarge {
                bytes: body.len(),
                bytes_max: BODY_BYTES_MAX,
            });
        }
        if !body.starts_with(HEAD.as_bytes()) {
            return Err(UploadError::Head);
        }
        let mut publication = Self::default();
        let mut at = HEAD.len();
        let mut parts = 0_usize;
        while at < body.len() {
            parts += 1;
            if parts > PARTS_MAX {
                return Err(UploadError::TooMany);
            }
            at = publication.read_part(body, at)?;
        }
        if publication.metadata.is_empty() {
            return Err(UploadError::Empty);
        }
        Ok(publication)
    }

    /// Reads the part that begins at byte `at`, and says where the next one does.
    fn read_part(&mut self, body: &[u8], at: usize) -> Result<usize, UploadError> {
        let malformed = || UploadError::Line { at };
        let rest = body.get(at..).ok_or_else(malformed)?;
        let line_end = rest
            .iter()
            .take(LINE_BYTES_MAX)
            .position(|byte| *byte == b'\n')
            .ok_or_else(malformed)?;
        let (line, rest) = rest.split_at_checked(line_end).ok_or_else(malformed)?;
        let line = std::str::from_utf8(line).map_err(|_| malformed())?;
        let [kind, name, length] =
            <[&str; 3]>::try_from(line.split(' ').collect::<Vec<_>>()).map_err(|_| malformed())?;
        let bytes = length
            .parse::<usize>()
            .ok()
            .filter(|number| number.to_string() == length)
            .ok_or_else(malformed)?;
        let content = rest
            .get(1..)
            .and_then(|rest| rest.get(..bytes))
            .ok_or_else(|| UploadError::Truncated(name.to_owned()));
        match kind {
            "metadata" => {
                check_length(name, bytes, METADATA_BYTES_MAX)?;
                self.check_metadata(bytes)?;
                self.add_role(name.parse().map_err(|_| malformed())?, content?)?;
            }
            "target" => {
                check_length(name, bytes, Bounds::NATIVE.pack_bytes)?;
                self.add_target(name.parse().map_err(|_| malformed())?, content?)?;
            }
            _ => return Err(malformed()),
        }
        // Cannot overflow: the content was found within the body.
        Ok(at + line_end + 1 + bytes)
    }

    /// Whether so many more bytes of metadata are within the bound of all.
    fn check_metadata(&self, bytes: usize) -> Result<(), UploadError> {
        let so_far: usize = self.metadata.values().map(Vec::len).sum();
        match so_far.saturating_add(bytes) {
            0..=METADATA_BYTES_MAX => Ok(()),
            _ => Err(UploadError::MetadataTooLarge),
        }
    }

    fn add_role(&mut self, role: RoleName, bytes: &[u8]) -> Result<(), UploadError> {
        if let RoleName::Top(top @ (TopRole::Timestamp | TopRole::Snapshot)) = role {
            return Err(UploadError::NotYours(top));
        }
        let last = self.metadata.last_key_value();
        if !self.targets.is_empty() || last.is_some_and(|(last, _)| *last >= role) {
            return Err(UploadError::Order(role.to_string()));
        }
        self.metadata.insert(role, bytes.to_vec());
        Ok(())
    }

    fn add_target(&mut self, path: TargetPath, bytes: &[u8]) -> Result<(), UploadError> {
        let last = self.targets.last_key_value();
        if last.is_some_and(|(last, _)| *last >= path) {
            return Err(UploadError::Order(path.to_string()));
        }
        self.targets.insert(path, bytes.to_vec());
        Ok(())
    }
}

/// The roles of an upload that is still arriving. Each part is read once, however small the pieces are
/// that the upload arrives in.
#[derive(Debug, Default)]
pub struct Beginning {
    roles: Publication,
    at: usize,
    parts: usize,
}

impl Beginning {
    /// Reads on in `body`, the bytes that are there so far, and says whether all roles are: the first pack
    /// comes next. An upload without packs never says so, and is whole at its end.
    ///
    /// # Errors
    /// Where no further byte could make it a publication.
    pub fn is_whole(&mut self, body: &[u8]) -> Result<bool, UploadError> {
        let common = body.len().min(HEAD.len());
        if body.get(..common) != HEAD.as_bytes().get(..common) {
            return Err(UploadError::Head);
        }
        self.at = self.at.max(HEAD.len());
        loop {
            let rest = body.get(self.at..).unwrap_or_default();
            if rest.starts_with(b"target ") {
                return match self.roles.metadata.is_empty() {
                    true => Err(UploadError::Empty),
                    false => Ok(true),
                };
            }
            if rest.len() < LINE_BYTES_MAX && !rest.contains(&b'\n') {
                return Ok(false);
            }
            match self.roles.read_part(body, self.at) {
                Ok(at) => self.at = at,
                Err(UploadError::Truncated(_)) => return Ok(false),
                Err(error) => return Err(error),
            }
            self.parts += 1;
            if self.parts > PARTS_MAX {
                return Err(UploadError::TooMany);
            }
        }
    }

    /// The roles that were read.
    #[must_use]
    pub fn into_roles(self) -> Publication {
        self.roles
    }
}

fn check_length(name: &str, bytes: usize, bytes_max: usize) -> Result<(), UploadError> {
    if bytes > bytes_max {
        return Err(UploadError::PartTooLarge {
            name: name.to_owned(),
            bytes,
            bytes_max,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Publication {
        Publication {
            metadata: [
                (RoleName::TARGETS, b"{}".to_vec()),
                ("37".parse().unwrap(), b"{1}".to_vec()),
            ]
            .into(),
            targets: [("37/vbp-quota/1.2.0.wasm".parse().unwrap(), b"pack".to_vec())].into(),
        }
    }

    fn refusal(body: &[u8]) -> String {
        Publication::from_bytes(body).unwrap_err().to_string()
    }

    #[test]
    fn a_publication_has_the_documented_bytes_and_reads_back() {
        let bytes = sample().to_bytes();
        assert_eq!(
            String::from_utf8(bytes.clone()).unwrap(),
            "rulepack-publication 1\nmetadata targets 2\n{}metadata 37 3\n{1}\
             target 37/vbp-quota/1.2.0.wasm 4\npack"
        );
        assert_eq!(Publication::from_bytes(&bytes).unwrap(), sample());
    }

    #[test]
    fn every_truncation_is_refused_or_shorter_by_whole_parts() {
        let bytes = sample().to_bytes();
        for end in 0..bytes.len() {
            let read = Publication::from_bytes(&bytes[..end]);
            if let Ok(publication) = read {
                assert_eq!(publication.to_bytes(), &bytes[..end]);
            }
        }
    }

    #[test]
    fn the_roles_are_known_once_the_first_pack_begins_whatever_the_pieces() {
        let bytes = sample().to_bytes();
        let packs = bytes
            .windows(7)
            .position(|word| word == b"target ")
            .unwrap();
        let (mut once, mut piecewise) = (Beginning::default(), Beginning::default());
        for end in 0..packs + 7 {
            assert_eq!(piecewise.is_whole(&bytes[..end]), Ok(false), "{end}");
        }
        for beginning in [&mut once, &mut piecewise] {
            assert_eq!(beginning.is_whole(&bytes[..packs + 7]), Ok(true));
        }
        let roles = piecewise.into_roles();
        assert_eq!(roles, once.into_roles());
        assert_eq!(roles.metadata, sample().metadata);
        assert!(roles.targets.is_empty());
    }

    #[test]
    fn what_cannot_become_a_publication_is_refused_before_the_rest_is_there() {
        let refusal = |parts: &str| {
            let body = [HEAD, parts].concat();
            let refused = Beginning::default().is_whole(body.as_bytes());
            refused.unwrap_err().to_string()
        };
        let refused = Beginning::default().is_whole(b"PK");
        assert_eq!(refused, Err(UploadError::Head));
        assert_eq!(
            refusal("target 37/a/1.0.0.wasm 1\n"),
            "the upload has no metadata"
        );
        assert_eq!(
            refusal("metadata 37 8388609\n"),
            "`37` is 8388609 bytes long, expected at most 8388608"
        );
        assert_eq!(
            refusal("metadata 37 1\n{metadata 44 8388608\n"),
            "the metadata of the upload is longer than 8388608 bytes"
        );
        let line = "expected a line `metadata ROLE LENGTH` or `target PATH LENGTH` at byte 23 of the \
                    upload";
        assert_eq!(refusal(&"x".repeat(LINE_BYTES_MAX)), line);
        assert_eq!(refusal("metadata ../x 1\n{"), line);
    }

    #[test]
    fn other_bodies_are_refused_with_their_reason() {
        let body = |parts: &str| [HEAD, parts].concat().into_bytes();
        assert_eq!(
            refusal(b"PK"),
            "the upload does not begin with the line `rulepack-publication 1`"
        );
        assert_eq!(refusal(&body("")), "the upload has no metadata");
        for line in [
            "metadata 37",
            "metadata 37 01\n{",
            "metadata ../x 1\n{",
            "pack 37 1\n{",
        ] {
            assert_eq!(
                refusal(&body(line)),
                "expected a line `metadata ROLE LENGTH` or `target PATH LENGTH` at byte 23 of the \
                 upload"
            );
        }
        assert_eq!(
            refusal(&body("metadata 37 9\n{}")),
            "the upload ends within `37`"
        );
        assert_eq!(
            refusal(&body("metadata 37 1\n{metadata 37 1\n{")),
            "`37` stands twice in the upload or is not in its order"
        );
        assert_eq!(
            refusal(&body("metadata 37 8388609\n{")),
            "`37` is 8388609 bytes long, expected at most 8388608"
        );
        assert_eq!(
            refusal(&body("metadata snapshot 1\n{")),
            "the role `snapshot` is signed by the registry and cannot be uploaded"
        );
        let many: String = (10..75).map(|n| format!("metadata {n} 1\n{{")).collect();
        assert_eq!(refusal(&body(&many)), "the upload has more than 64 parts");
        let long = vec![b'x'; BODY_BYTES_MAX + 1];
        assert_eq!(
            refusal(&long),
            "the upload is 67108865 bytes long, expected at most 67108864"
        );
    }
}
