//! Named places at which a test stops the program, to see that a kill there leaves the old or the new
//! state.

use std::io;

/// A place between two durable steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailurePoint {
    /// A followed root is verified and not yet stored.
    BeforeRoot,
    /// The metadata files are stored, the state that names them is not.
    BeforeState,
    /// The new state is stored.
    AfterState,
    /// A pack is downloaded and verified, and not yet handed over.
    AfterDownload,
    /// A pack lies in the host's folder, and no step has looked at it.
    PackStored,
    /// A part of the history was reviewed with a new version, others are still to come.
    ShadowRun,
    /// Every step is done, nothing of the lock is written.
    BeforeLock,
    /// The new lock is kept by its digest, the old one is in force.
    LockKept,
    /// The new lock is in force.
    AfterLock,
    /// A pack lies in a copy of the repository, other packs and all metadata are still to come.
    MirrorPack,
    /// A copy is complete but for its timestamp.
    MirrorMetadata,
    /// A copy is complete.
    MirrorTimestamp,
    /// A setting that verdicts will name by digest is about to be kept.
    BeforeSetting,
    /// It is kept, and no verdict that names it is recorded.
    SettingKept,
    /// A group of the journal is about to be written.
    JournalGroup,
    /// Half the bytes of a group are written.
    JournalTorn,
    /// A group is written, and not yet synced.
    JournalWritten,
    /// A group is on the disk, and nobody was answered.
    JournalSynced,
    /// A new file of the journal has its header.
    JournalFile,
    /// All rows of an audit are cut into parts, none is reviewed.
    AuditCut,
    /// The findings of a part are written, and the part does not count as done.
    AuditPart,
    /// Another part of an audit is done.
    AuditPartDone,
    /// All findings of an audit are written, and the run does not count as done.
    AuditFindings,
    /// A new file of what requests told is there, and nothing stands in it.
    SeenFile,
    /// The rows of an encounter are written, and not whose they are.
    SeenRows,
    /// An encounter is told, and not synced.
    SeenWritten,
    /// What was told is on the disk, and nobody was answered.
    SeenSynced,
}

/// Asked at each place; production never fails.
pub trait Failures {
    /// An error stops the program's step here.
    ///
    /// # Errors
    /// Where a test says so.
    fn reach(&self, point: FailurePoint) -> io::Result<()>;
}

/// Production.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFailures;

impl Failures for NoFailures {
    fn reach(&self, _point: FailurePoint) -> io::Result<()> {
        Ok(())
    }
}
