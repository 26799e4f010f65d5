//! What can be wrong with a metadata file, or with a change of one.

use crate::canonical::CanonicalError;
use crate::key::{KeyId, SignError};
use crate::names::{NameSpace, PersonId, TargetPath};

/// Why a metadata file is refused, or cannot be changed, signed or merged.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// Not strict JSON, not ASCII, or with a float.
    #[error("the file is not canonical metadata")]
    Canonical(#[from] CanonicalError),
    /// JSON of another shape.
    #[error("the file is not {kind} metadata")]
    Shape {
        /// The role that was expected.
        kind: &'static str,
        /// The field, and what was expected there.
        #[source]
        source: serde_json::Error,
    },
    /// A field that this release does not know in a place where it would get lost.
    #[error("the {kind} metadata has fields that are not known here")]
    UnknownFields {
        /// The role.
        kind: &'static str,
    },
    /// `_type` says something else.
    #[error("expected metadata of type `{expected}`, got `{found}`")]
    Type {
        /// What was expected.
        expected: &'static str,
        /// What the file says.
        found: String,
    },
    /// Another major version of the specification.
    #[error("specification `{0}` is not known, expected 1.0.x")]
    SpecVersion(String),
    /// Version 0, or 2³¹ and more.
    #[error("version {0} is not between 1 and 2147483647")]
    VersionOutOfRange(u64),
    /// There is no version after this one.
    #[error("version {0} is the last possible one")]
    LastVersion(u64),
    /// The same key has signed already, or twice.
    #[error("the key `{0}` has signed twice")]
    SignedTwice(KeyId),
    /// Two keys of one person.
    #[error("`{0}` has signed with two keys")]
    PersonTwice(PersonId),
    /// A signature by a key that the role does not name.
    #[error("the key `{0}` may not sign this role")]
    NotAuthorised(KeyId),
    /// A signature that does not verify.
    #[error("the signature of `{0}` does not verify")]
    BadSignature(PersonId),
    /// Fewer valid signatures than the role asks for.
    #[error("{found} of {needed} signatures are there")]
    Threshold {
        /// Valid signatures of distinct persons.
        found: u32,
        /// The threshold.
        needed: u32,
    },
    /// Files to be merged differ in what was signed.
    #[error("file {0} of those to be merged was signed over other content than the first")]
    OtherContent(usize),
    /// Nothing to merge.
    #[error("there is no file to merge")]
    NothingToMerge,
    /// A path that is listed already.
    #[error("`{0}` is listed already")]
    TargetExists(TargetPath),
    /// A path that is not listed.
    #[error("`{0}` is not listed")]
    TargetMissing(TargetPath),
    /// A name space that this role does not delegate.
    #[error("`{0}` is not delegated here")]
    NotDelegated(NameSpace),
    /// A signer failed.
    #[error(transparent)]
    Sign(#[from] SignError),
}
