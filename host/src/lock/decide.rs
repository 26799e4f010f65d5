//! A person's decision about versions, written: read, changed and put in force while nobody else changes the
//! lock. The command and the service decide by this one function.

use super::{DecisionError, Lock, LockError};
use crate::client::NoFailures;
use crate::settings::HostFolder;

/// Why nothing was decided; the lock in force is then as it was.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// The lock cannot be read or written.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// No person may decide so.
    #[error(transparent)]
    Decision(#[from] DecisionError),
}

impl DecideError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            DecideError::Lock(_) => None,
            DecideError::Decision(error) => error.hint(),
        }
    }
}

impl Lock {
    /// Changes the lock of a host by a decision. Answers what the decision tells, and the lock in force now.
    ///
    /// # Errors
    /// [`DecideError`].
    pub fn decide<T>(
        folder: &HostFolder,
        decision: impl FnOnce(&mut Lock) -> Result<T, DecisionError>,
    ) -> Result<(T, Lock), DecideError> {
        let _editing = Lock::edit(folder)?;
        let mut lock = Lock::read(folder)?;
        let told = decision(&mut lock)?;
        lock.write(folder, &NoFailures)?;
        Ok((told, lock))
    }
}
