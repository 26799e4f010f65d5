//! Every bound on metadata, in one place.

/// Bounds on the size of metadata files and on the counts within them. The defaults are the protocol's:
/// a registry that accepts more publishes what hosts refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a root: four roles of some officers each. 512 KiB.
    pub root_bytes: usize,
    /// Bytes of a timestamp: one pin. 16 KiB.
    pub timestamp_bytes: usize,
    /// Bytes of a snapshot: a pin (200 bytes) for each of some 400 bureaus and vendors. 2 MiB.
    pub snapshot_bytes: usize,
    /// Bytes of a targets file: 1,000 versions with their imports. 5 MiB.
    pub targets_bytes: usize,
    /// Root rotations that a host follows in one refresh: enough for decades of yearly ceremonies.
    pub root_rotations: usize,
    /// Signatures in a file: nobody needs more officers, and each costs a verification.
    pub signatures: usize,
    /// Keys of one role.
    pub keys_of_role: usize,
    /// Packs listed by a role.
    pub targets: usize,
    /// Name spaces delegated by a role.
    pub delegations: usize,
    /// Denied digests and minimum versions of a role, together.
    pub denials: usize,
    /// Imports of a pack; the contract has fewer columns than this.
    pub imports: usize,
    /// Bytes of a pack.
    pub pack_bytes: u64,
    /// The longest lifetimes.
    pub lifetimes: Lifetimes,
}

/// The longest time, in days, from now to the expiry of a role. Within it a registry can hide a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// `root` and `targets`: a ceremony once a year.
    pub root_and_targets_days: i64,
    /// `snapshot`, renewed by the signer.
    pub snapshot_days: i64,
    /// `timestamp`, renewed by the signer.
    pub timestamp_days: i64,
    /// A name space, renewed by its bureau.
    pub name_space_days: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            root_bytes: 512 << 10,
            timestamp_bytes: 16 << 10,
            snapshot_bytes: 2 << 20,
            targets_bytes: 5 << 20,
            root_rotations: 256,
            signatures: 32,
            keys_of_role: 16,
            targets: 10_000,
            delegations: 2_000,
            denials: 10_000,
            imports: 512,
            pack_bytes: 16 << 20,
            lifetimes: Lifetimes::default(),
        }
    }
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            root_and_targets_days: 366,
            snapshot_days: 7,
            timestamp_days: 1,
            name_space_days: 90,
        }
    }
}
