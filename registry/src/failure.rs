//! Named points at which a test stops the registry.
//!
//! A publication is durable in steps. Between any two of them the power may go. In production nothing
//! happens at these points; a test passes an implementation that fails (or kills the process) at one,
//! opens the repository again and finds the old state or the new one.

use std::io;

/// A durable step of a publication that has just been completed, in the order in which they happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FailurePoint {
    /// The parts of the upload lie in their own folder of `staging/`.
    UploadStaged,
    /// A pack lies under `targets/`, to which no metadata refers yet.
    TargetStored,
    /// A signed role lies under `metadata/`, to which no snapshot refers yet.
    RoleStored,
    /// The signer has its successor on its own disk: from here on the publication happens.
    SuccessorRecorded,
    /// The next snapshot lies under `metadata/`, to which no timestamp refers yet.
    SnapshotStored,
    /// The timestamp is replaced: hosts see the publication.
    TimestampStored,
    /// The derived index knows the publication.
    IndexUpdated,
}

impl FailurePoint {
    /// All points, in order.
    pub const ALL: [FailurePoint; 7] = [
        FailurePoint::UploadStaged,
        FailurePoint::TargetStored,
        FailurePoint::RoleStored,
        FailurePoint::SuccessorRecorded,
        FailurePoint::SnapshotStored,
        FailurePoint::TimestampStored,
        FailurePoint::IndexUpdated,
    ];
}

/// What happens at a [`FailurePoint`].
pub trait FailurePoints: Send + Sync {
    /// Called when `point` is reached.
    ///
    /// # Errors
    /// To end the operation right here, as a stop of the machine would.
    fn reached(&self, point: FailurePoint) -> io::Result<()>;
}

/// Nothing happens: the one used outside of tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFailure;

impl FailurePoints for NoFailure {
    fn reached(&self, _: FailurePoint) -> io::Result<()> {
        Ok(())
    }
}
