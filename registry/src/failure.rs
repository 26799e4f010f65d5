//! Named points at which a test stops the registry.
//!
//! A publication is durable in steps. Between any two of them the power may go. In production nothing
//! happens at these points; a test passes an implementation that fails (or kills the process) at one,
//! opens the repository again and finds the old state or the new one.

use std::io;

/// A durable step of a publication that has just been completed, in the order in which they happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FailurePoint {
    /// A file is whole in `staging/`, and not yet in its place. Reached for each file that is stored.
    FileWritten,
    /// The parts of the upload lie in their own folder of `staging/`.
    UploadStaged,
    /// A pack lies under `targets/`, to which no metadata refers yet.
    TargetStored,
    /// A signed role lies under `metadata/`, to which no snapshot refers yet.
    RoleStored,
    /// The signer has verified what it is to sign, and signed it in its memory alone.
    SuccessorVerified,
    /// The signer's new record is whole on its own disk, and not yet in its place.
    SuccessorWritten,
    /// The signer has its successor on its own disk: from here on the publication happens.
    SuccessorRecorded,
    /// The registry has received the successor, and stored nothing of it.
    SuccessorReceived,
    /// The next snapshot lies under `metadata/`, to which no timestamp refers yet.
    SnapshotStored,
    /// The timestamp is replaced: hosts see the publication.
    TimestampStored,
    /// What was staged is removed again.
    StagingCleared,
    /// The derived index knows the publication.
    IndexUpdated,
}

impl FailurePoint {
    /// All points, in order.
    pub const ALL: [FailurePoint; 12] = [
        FailurePoint::FileWritten,
        FailurePoint::UploadStaged,
        FailurePoint::TargetStored,
        FailurePoint::RoleStored,
        FailurePoint::SuccessorVerified,
        FailurePoint::SuccessorWritten,
        FailurePoint::SuccessorRecorded,
        FailurePoint::SuccessorReceived,
        FailurePoint::SnapshotStored,
        FailurePoint::TimestampStored,
        FailurePoint::StagingCleared,
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

impl<T: FailurePoints + ?Sized> FailurePoints for std::sync::Arc<T> {
    fn reached(&self, point: FailurePoint) -> io::Result<()> {
        (**self).reached(point)
    }
}
