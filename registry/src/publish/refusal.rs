//! Why a publication is refused, in terms that both ends share.

use std::io;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::TargetPath;
use rulepack_protocol::overlay::OverlayError;
use rulepack_protocol::pack::OpenError;
use rulepack_protocol::trust::{PolicyError, PublicationError, TrustError};
use rulepack_protocol::tuf::{MetadataError, RoleName};

use super::CasesFailed;
use crate::publication::UploadError;
use crate::signer::SignerError;
use crate::state::StateError;

/// Why a publication is refused. Nothing of it is stored then, unless it is a [`RefusalKind::Storage`]
/// or [`RefusalKind::Signer`]: after those, trying again with the same bytes finishes it.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The body is malformed or too large.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// A role is not signed as it must be, breaks the rules, or is not the next version.
    #[error(transparent)]
    Role(#[from] PublicationError),
    /// Nobody delegates the role.
    #[error("name space `{0}` is not delegated, so nothing can be published in it")]
    NotDelegated(RoleName),
    /// The version is published with other bytes.
    #[error("version {version} of `{role}` is published already with other content")]
    Conflict {
        /// The role.
        role: RoleName,
        /// The version.
        version: u64,
    },
    /// A root beside other roles.
    #[error("a root is published alone, without other roles or packs")]
    RootAlone,
    /// A pack is newly listed, but not uploaded.
    #[error("`{0}` is newly listed, but its bytes are not in the upload")]
    PackMissing(TargetPath),
    /// A pack is uploaded that is not newly listed.
    #[error("`{0}` is in the upload, but no role in it newly lists it")]
    PackNotListed(TargetPath),
    /// Bytes of another length than signed.
    #[error("`{path}` is {found} bytes long, but {signed} bytes are signed")]
    PackLength {
        /// The pack.
        path: TargetPath,
        /// As uploaded.
        found: u64,
        /// As signed.
        signed: u64,
    },
    /// Other bytes than signed.
    #[error("`{path}` has the sha256 `{found}`, but `{signed}` is signed")]
    PackDigest {
        /// The pack.
        path: TargetPath,
        /// As uploaded.
        found: Digest,
        /// As signed.
        signed: Digest,
    },
    /// The bytes are no pack, or one beyond the bounds.
    #[error("`{path}` is not an acceptable pack")]
    PackFormat {
        /// The pack.
        path: TargetPath,
        /// Why.
        #[source]
        source: OpenError,
    },
    /// The bytes are no overlay.
    #[error("`{path}` is not an acceptable overlay")]
    OverlayFormat {
        /// The overlay.
        path: TargetPath,
        /// Why.
        #[source]
        source: OverlayError,
    },
    /// What is signed beside the digest differs from the sealed manifest.
    #[error("`{path}` is signed with {field} `{signed}`, but its manifest says `{sealed}`")]
    PackCustom {
        /// The pack.
        path: TargetPath,
        /// The field of `custom`.
        field: &'static str,
        /// As signed.
        signed: String,
        /// As sealed.
        sealed: String,
    },
    /// In force before its publication, without saying on which ground.
    #[error(
        "`{path}` is in force from {from}, before its publication on {published}, but its manifest \
         has no `retroactive` basis"
    )]
    NotRetroactive {
        /// The pack.
        path: TargetPath,
        /// The first day in force.
        from: Day,
        /// The day of publication.
        published: Day,
    },
    /// The overlay sets what the pack does not declare, or beyond its bounds.
    #[error("`{path}` does not fit `{version}`, which it says it is for: {reason}")]
    OverlayFit {
        /// The overlay.
        path: TargetPath,
        /// The version of the pack.
        version: TargetPath,
        /// What does not fit.
        reason: String,
    },
    /// Its own cases do not pass.
    #[error("`{path}` does not pass its own cases")]
    Cases {
        /// The pack.
        path: TargetPath,
        /// Which ones.
        #[source]
        source: CasesFailed,
    },
    /// The root lacks signatures or breaks the rules.
    #[error("the new root is not acceptable")]
    Root(#[from] RootError),
    /// The signer refuses or cannot sign.
    #[error("the publication could not be signed")]
    Signer(#[from] SignerError),
    /// The repository's own files are not valid.
    #[error("the repository is damaged")]
    Repository(#[from] StateError),
    /// The disk failed.
    #[error("the publication could not be stored")]
    Storage(#[from] io::Error),
}

/// Why a new root is refused.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// Longer than a root may be.
    #[error("the root is {length} bytes long, expected at most {bound}")]
    TooLarge {
        /// Its length in bytes.
        length: usize,
        /// The bound.
        bound: usize,
    },
    /// Malformed, or signatures missing.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// Against our rules.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// Not the next one.
    #[error("expected root version {expected}, got {found}")]
    Version {
        /// The present version + 1.
        expected: u64,
        /// The version that came.
        found: u64,
    },
    /// No longer valid.
    #[error("the root expired at {0}")]
    Expired(rulepack_protocol::moment::Moment),
}

/// The kinds of refusals: a stable word each, and an HTTP status. The service writes them, the client
/// reads them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// The request or the upload is malformed.
    MalformedUpload,
    /// Something is beyond its bound.
    TooLarge,
    /// Signatures are missing or wrong.
    Signatures,
    /// The role may not sign this.
    Authority,
    /// Another version was published meanwhile, or the version is not the next one.
    VersionConflict,
    /// A published path is changed in a way that is not allowed.
    Immutable,
    /// The metadata is malformed, expired, or breaks another rule.
    Metadata,
    /// Uploaded bytes are not those that were signed.
    PackDigest,
    /// The bytes are no acceptable pack.
    PackFormat,
    /// Signed `custom` and sealed manifest differ.
    PackCustom,
    /// An overlay does not fit the pack that it is for.
    OverlayFit,
    /// The pack does not pass its own cases.
    Cases,
    /// The signer refuses or cannot be reached.
    Signer,
    /// The disk or the repository failed.
    Storage,
}

impl RefusalKind {
    /// Each kind with its word, its HTTP status, and what it means.
    const TABLE: [(RefusalKind, &'static str, u16, &'static str); 14] = [
        (
            RefusalKind::MalformedUpload,
            "malformed-upload",
            400,
            "the body is not a publication, or it ended early",
        ),
        (
            RefusalKind::TooLarge,
            "too-large",
            413,
            "the body, or a part of it, is beyond its bound",
        ),
        (
            RefusalKind::Signatures,
            "signatures",
            403,
            "a role is not signed by as many of its officers as it asks for",
        ),
        (
            RefusalKind::Authority,
            "authority",
            403,
            "a role signs what is not its own, or nobody delegates it",
        ),
        (
            RefusalKind::VersionConflict,
            "version-conflict",
            409,
            "the version of a role is not the published one and 1: somebody published meanwhile",
        ),
        (
            RefusalKind::Immutable,
            "immutable",
            409,
            "a published path is changed in a way that is never allowed",
        ),
        (
            RefusalKind::Metadata,
            "metadata",
            422,
            "the metadata is malformed, expired, or breaks another rule",
        ),
        (
            RefusalKind::PackDigest,
            "pack-digest",
            422,
            "the packs of the upload are not those that are signed, in length or sha256",
        ),
        (
            RefusalKind::PackFormat,
            "pack-format",
            422,
            "the signed bytes are no pack, or one beyond the bounds",
        ),
        (
            RefusalKind::PackCustom,
            "pack-custom",
            422,
            "what is signed beside the digest is not what the manifest says",
        ),
        (
            RefusalKind::OverlayFit,
            "overlay-fit",
            422,
            "an overlay sets what a published version that it is for does not declare, or beyond its bounds",
        ),
        (
            RefusalKind::Cases,
            "cases",
            422,
            "the pack does not pass its own cases",
        ),
        (
            RefusalKind::Signer,
            "signer",
            503,
            "the signer of snapshot and timestamp refuses or cannot be reached",
        ),
        (
            RefusalKind::Storage,
            "storage",
            500,
            "the disk or the repository failed; the operator's log says how",
        ),
    ];

    /// All kinds.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::TABLE.into_iter().map(|(kind, ..)| kind)
    }

    /// The stable word, last part of the problem's `type`.
    pub fn word(self) -> &'static str {
        self.entry().1
    }

    /// The HTTP status.
    pub fn status(self) -> u16 {
        self.entry().2
    }

    /// What it means, for the description of the interface.
    pub fn meaning(self) -> &'static str {
        self.entry().3
    }

    /// The kind with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::all().find(|kind| kind.word() == word)
    }

    fn entry(self) -> (Self, &'static str, u16, &'static str) {
        let found = Self::TABLE.into_iter().find(|(kind, ..)| *kind == self);
        found.unwrap_or((self, "storage", 500, ""))
    }
}

impl Refusal {
    /// Its kind.
    pub fn kind(&self) -> RefusalKind {
        match self {
            Refusal::Upload(UploadError::TooLarge { .. } | UploadError::PartTooLarge { .. }) => {
                RefusalKind::TooLarge
            }
            Refusal::Upload(UploadError::NotYours(_)) | Refusal::NotDelegated(_) => {
                RefusalKind::Authority
            }
            Refusal::Upload(_) | Refusal::RootAlone => RefusalKind::MalformedUpload,
            Refusal::Role(error) => kind_of_role(error),
            Refusal::Conflict { .. } => RefusalKind::VersionConflict,
            Refusal::PackMissing(_)
            | Refusal::PackNotListed(_)
            | Refusal::PackLength { .. }
            | Refusal::PackDigest { .. } => RefusalKind::PackDigest,
            Refusal::PackFormat { .. } | Refusal::OverlayFormat { .. } => RefusalKind::PackFormat,
            Refusal::PackCustom { .. } | Refusal::NotRetroactive { .. } => RefusalKind::PackCustom,
            Refusal::OverlayFit { .. } => RefusalKind::OverlayFit,
            Refusal::Cases { .. } => RefusalKind::Cases,
            Refusal::Root(RootError::TooLarge { .. }) => RefusalKind::TooLarge,
            Refusal::Root(RootError::Metadata(error)) => kind_of_metadata(error),
            Refusal::Root(RootError::Version { .. }) => RefusalKind::VersionConflict,
            Refusal::Root(_) => RefusalKind::Metadata,
            Refusal::Signer(_) => RefusalKind::Signer,
            Refusal::Repository(_) | Refusal::Storage(_) => RefusalKind::Storage,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        if let Refusal::Signer(error) = self {
            return error.hint();
        }
        let hint = match self.kind() {
            RefusalKind::Signatures => {
                "have the missing officers sign the file, then publish again"
            }
            RefusalKind::VersionConflict => {
                "fetch the newest version of the role, add your change to it, and have it signed again"
            }
            RefusalKind::OverlayFit => {
                "mend the overlay (`rulepack overlay build --pack` checks it), or name in `versions` those that \
                 it is for"
            }
            RefusalKind::Immutable => "publish a new version of the pack instead",
            RefusalKind::Storage => {
                "publish the same files again; what is stored is not stored twice"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

fn kind_of_role(error: &PublicationError) -> RefusalKind {
    match error {
        PublicationError::Metadata { source, .. } => kind_of_metadata(source),
        PublicationError::Trust(TrustError::TooLarge { .. }) => RefusalKind::TooLarge,
        PublicationError::Trust(TrustError::Policy {
            source:
                PolicyError::TopListsTarget(_)
                | PolicyError::ForeignTarget { .. }
                | PolicyError::ForeignDelegation { .. }
                | PolicyError::ForeignJurisdiction { .. },
            ..
        }) => RefusalKind::Authority,
        PublicationError::Version { .. } => RefusalKind::VersionConflict,
        PublicationError::Removed(_)
        | PublicationError::Bytes(_)
        | PublicationError::Custom(_)
        | PublicationError::EndsInThePast { .. } => RefusalKind::Immutable,
        _ => RefusalKind::Metadata,
    }
}

fn kind_of_metadata(error: &MetadataError) -> RefusalKind {
    match error {
        MetadataError::Threshold { .. }
        | MetadataError::BadSignature(_)
        | MetadataError::SignedTwice(_)
        | MetadataError::PersonTwice(_)
        | MetadataError::NotAuthorised(_) => RefusalKind::Signatures,
        _ => RefusalKind::Metadata,
    }
}
