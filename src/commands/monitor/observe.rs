//! What an address serves to a host that has never been here.

use std::collections::BTreeMap;

use rulepack_host::client::{FloorsStore, NoFailures, RefreshError, refresh};
use rulepack_host::update::transport;
use rulepack_protocol::moment::Moment;
use rulepack_protocol::names::NameSpace;
use rulepack_protocol::trust::{Freshness, Limits, Verified};
use rulepack_protocol::tuf::{AnyEnvelope, RoleName};

use crate::failure::{Failure, Outcome};

/// What one address serves.
pub struct Observed {
    /// Where.
    pub address: String,
    /// Every file, verified or (where `refused` says so) as it was served.
    pub roles: BTreeMap<RoleName, AnyEnvelope>,
    /// Why a host believes nothing of it, or not a name space.
    pub refused: Vec<String>,
}

impl Observed {
    /// Follows an address from `root`, in a host's state that is thrown away.
    pub fn at<'a>(
        address: &str,
        root: &[u8],
        roles: impl Iterator<Item = &'a RoleName>,
        now: Moment,
    ) -> Outcome<Self> {
        let mut observed = Self {
            address: address.to_owned(),
            roles: BTreeMap::new(),
            refused: Vec::new(),
        };
        let followed: Vec<NameSpace> = roles
            .filter_map(|role| match role {
                RoleName::Space(name_space) => Some(name_space.clone()),
                RoleName::Top(_) => None,
            })
            .collect();
        observed.root(root)?;
        let state = tempfile::tempdir()?;
        let store = FloorsStore::new(state.path());
        store.init(root)?;
        let transport = transport(address);
        let freshness = Freshness::at(now);
        match refresh(
            transport.as_ref(),
            &store,
            &followed,
            freshness,
            &NoFailures,
        ) {
            Ok(refreshed) => {
                let trusted = &refreshed.trusted;
                observed.keep(RoleName::TIMESTAMP, trusted.timestamp());
                observed.keep(RoleName::SNAPSHOT, trusted.snapshot());
                observed.keep(RoleName::ROOT, trusted.root());
                let spaces = followed.iter().cloned().map(RoleName::Space);
                for role in std::iter::once(RoleName::TARGETS).chain(spaces) {
                    if let Some(file) = trusted.role(&role) {
                        observed.keep(role, file);
                    }
                }
                for (name_space, error) in &refreshed.unreachable {
                    observed.refused.push(format!("`{name_space}`: {error}"));
                }
                for (name_space, error) in refreshed.resolution.failed {
                    if trusted.pin(&name_space).is_ok() {
                        observed.refused.push(Failure::from(error).to_string());
                    }
                }
            }
            Err(RefreshError::Store(error)) => return Err(error.into()),
            Err(error) => observed.refused.push(Failure::from(error).to_string()),
        }
        Ok(observed)
    }

    /// The root of the given version must be served too: a host that has an older one asks for it.
    fn root(&mut self, root: &[u8]) -> Outcome {
        let version = AnyEnvelope::parse(root)?.version();
        let path = format!("metadata/{}", RoleName::ROOT.file_of_version(version));
        let bytes_max = Limits::default().root_bytes as u64;
        match transport(&self.address).fetch(&path, bytes_max, None) {
            Ok(rulepack_host::client::Fetched::Bytes { bytes, .. }) => {
                if let Ok(served) = AnyEnvelope::parse(&bytes) {
                    self.roles.insert(RoleName::ROOT, served);
                }
            }
            Ok(_) => self
                .refused
                .push(format!("root version {version} is not there")),
            Err(error) => self.refused.push(Failure::from(error).to_string()),
        }
        Ok(())
    }

    fn keep<T>(&mut self, role: RoleName, file: &Verified<T>)
    where
        T: rulepack_protocol::tuf::Payload,
    {
        // What was verified parses.
        if let Ok(file) = AnyEnvelope::parse(file.bytes()) {
            self.roles.insert(role, file);
        }
    }
}
