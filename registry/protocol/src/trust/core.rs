//! The TUF verifier behind a trait of our own, so that it can be exchanged.

use std::fmt;
use std::sync::Arc;

use sigstore_tuf::{Error, TrustedMetadataSet};

use super::{ProviderError, TrustError, install_provider};
use crate::moment::Moment;
use crate::tuf::RoleName;

/// The client workflow of TUF: signatures, versions, expiry and pins, on bytes. Whoever calls it keeps
/// the order and applies our own rules.
pub(super) trait Verifier: fmt::Debug + Send {
    fn update_root(&mut self, bytes: &[u8]) -> Result<(), TrustError>;
    fn update_timestamp(&mut self, bytes: &[u8], now: Moment) -> Result<(), TrustError>;
    fn update_snapshot(&mut self, bytes: &[u8], now: Moment) -> Result<(), TrustError>;
    fn update_targets(&mut self, bytes: &[u8], now: Moment) -> Result<(), TrustError>;
    fn update_delegated(
        &mut self,
        bytes: &[u8],
        role: &RoleName,
        parent: &RoleName,
        now: Moment,
    ) -> Result<(), TrustError>;
}

/// Starts from a root that is trusted as it is, but must carry its own threshold of signatures.
pub(super) fn start(bytes: &[u8]) -> Result<Box<dyn Verifier>, TrustError> {
    install_provider().map_err(|error: ProviderError| TrustError::Provider(error))?;
    let set = TrustedMetadataSet::from_root(bytes).map_err(told_of(&RoleName::ROOT))?;
    Ok(Box::new(Sigstore(set)))
}

/// `sigstore-tuf`, which passes the whole public conformance suite.
#[derive(Debug)]
struct Sigstore(TrustedMetadataSet);

impl Verifier for Sigstore {
    fn update_root(&mut self, bytes: &[u8]) -> Result<(), TrustError> {
        self.0.update_root(bytes).map_err(told_of(&RoleName::ROOT))
    }

    fn update_timestamp(&mut self, bytes: &[u8], now: Moment) -> Result<(), TrustError> {
        self.0
            .update_timestamp(bytes, now.to_jiff())
            .map_err(told_of(&RoleName::TIMESTAMP))
    }

    fn update_snapshot(&mut self, bytes: &[u8], now: Moment) -> Result<(), TrustError> {
        self.0
            .update_snapshot(bytes, now.to_jiff())
            .map_err(told_of(&RoleName::SNAPSHOT))
    }

    fn update_targets(&mut self, bytes: &[u8], now: Moment) -> Result<(), TrustError> {
        let updated = self.0.update_targets(bytes, now.to_jiff());
        updated.map(|_| ()).map_err(told_of(&RoleName::TARGETS))
    }

    fn update_delegated(
        &mut self,
        bytes: &[u8],
        role: &RoleName,
        parent: &RoleName,
        now: Moment,
    ) -> Result<(), TrustError> {
        let (name, delegator) = (role.to_string(), parent.to_string());
        let updated = self
            .0
            .update_delegated_targets(bytes, &name, &delegator, now.to_jiff());
        updated.map(|_| ()).map_err(told_of(role))
    }
}

/// Says the verifier's refusals in our terms.
fn told_of(role: &RoleName) -> impl Fn(Error) -> TrustError {
    let role = role.clone();
    move |error| match error {
        Error::ThresholdNotMet {
            found, threshold, ..
        } => TrustError::Threshold {
            role: role.clone(),
            found,
            needed: threshold,
        },
        Error::Expired { expires, .. } => match Moment::from_unix(expires.as_second()) {
            Ok(expires) => TrustError::Expired {
                role: role.clone(),
                expires,
            },
            Err(_) => refused(&role, Error::Malformed("expiry out of range".to_owned())),
        },
        Error::BadRootVersion { trusted, new } => TrustError::RootVersion {
            expected: trusted.saturating_add(1),
            found: new,
        },
        Error::IntegrityMismatch(detail) => TrustError::Pin {
            role: role.clone(),
            detail,
        },
        other => refused(&role, other),
    }
}

fn refused(role: &RoleName, error: Error) -> TrustError {
    TrustError::Refused {
        role: role.clone(),
        source: Arc::new(error),
    }
}
