//! What changed on the disk, taken up while the server answers. What cannot be read stays as it was, keeps nothing
//! else from being taken up, and is told until it can.

use super::{Service, ServiceError, faults, record};
use crate::history::History;
use crate::lock::{Lock, LockError};
use crate::policy::Policy;

impl Service {
    /// Takes up a changed lock or policy, changed grants, and history that was imported since. A review that is going
    /// on ends on what it began with. Answers whether anything changed.
    ///
    /// # Errors
    /// [`ServiceError`] of lock or history, also told in the status. A policy that cannot be read is told there alone:
    /// all that the caller waits for is taken up.
    pub fn reload(&self) -> Result<bool, ServiceError> {
        let policy = self.reload_policy();
        let lock = self.reload_lock();
        let history = self.reload_history();
        Ok([policy, lock?, history?].contains(&true))
    }

    /// Takes up a changed lock and changed grants alone. Where they or the day put other packs in force, or some were
    /// damaged, those in force are made ready.
    ///
    /// # Errors
    /// [`ServiceError::Lock`].
    pub(super) fn reload_lock(&self) -> Result<bool, ServiceError> {
        let is_new_lock = self.take_up_lock();
        let are_new_grants = self.packs.forget_other_grants();
        let is_new_day = *self.warmed_for.get() != self.today();
        let are_others = matches!(is_new_lock, Ok(true)) || are_new_grants || is_new_day;
        if are_others || self.has_damaged_packs() {
            self.warm();
        }
        Ok(is_new_lock? || are_new_grants)
    }

    /// Reads the lock and puts it in force where it is another one; whether it was.
    fn take_up_lock(&self) -> Result<bool, LockError> {
        let replacing = self.lock.replacing();
        let (lock, recovered) = Lock::read_or_recover(&self.folder)
            .inspect_err(|error| self.faults.found(faults::LOCK, error, faults::LOCK_STAYS))?;
        match recovered {
            Some(told) => self.faults.put(faults::LOCK, told),
            None => self.faults.clear(faults::LOCK),
        }
        let before = self.lock.get();
        let is_new = lock != *before;
        if is_new {
            self.record(record::lock_change(&before, &lock));
            replacing.put(lock);
        }
        Ok(is_new)
    }

    fn reload_policy(&self) -> bool {
        let replacing = self.policy.replacing();
        let policy = match Policy::read(&self.folder.policy()) {
            Ok(policy) => policy,
            Err(error) => {
                self.faults.policy_found(&error);
                return false;
            }
        };
        self.faults.policy_is_good();
        let is_new = policy != *self.policy.get();
        if is_new {
            replacing.put(policy);
        }
        is_new
    }

    fn reload_history(&self) -> Result<bool, ServiceError> {
        let replacing = self.history.replacing();
        let read = self.history.get().is_current().and_then(|is_current| {
            let read = || History::imports(&self.folder.history());
            (!is_current).then(read).transpose()
        });
        match &read {
            Ok(_) => self.faults.clear(faults::HISTORY),
            Err(error) => (self.faults).found(faults::HISTORY, error, faults::HISTORY_STAYS),
        }
        let history = read?;
        let is_new = history.is_some();
        if let Some(history) = history {
            replacing.put(history);
        }
        Ok(is_new)
    }
}
