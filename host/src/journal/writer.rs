//! Recording in a journal, from any thread: one thread writes (`group.rs`), the others wait for it.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::key::{PublicKey, SecretKey, Signer as _};

use super::JournalError;
use super::entry::Event;
use super::group::Writer;
use super::open::{self, Cut};
use crate::client::Failures;

/// Entries of one group; further ones wait for the next.
const GROUP_MAX: usize = 128;
/// How often a writer that failed tries again while nobody asks it to.
const RETRY: Duration = Duration::from_millis(500);

/// What a journal is opened with.
pub struct Setup {
    /// Where its files lie.
    pub folder: PathBuf,
    /// Of the hospital.
    pub institution: String,
    /// Milliseconds from 1970-01-01 UTC.
    pub clock: fn() -> i64,
    /// Where a test stops it.
    pub failures: Arc<dyn Failures + Send + Sync>,
}

/// An open journal. Cheap to share; ends its work when the last one who has it drops it.
#[derive(Debug)]
pub struct Journal {
    key: Arc<SecretKey>,
    /// There until it is dropped.
    sender: Option<SyncSender<Waiting>>,
    writer: Option<JoinHandle<()>>,
    /// Whether the last group was written.
    is_good: Arc<AtomicBool>,
    cut: Option<Cut>,
}

/// Somebody who waits for an event to be on the disk.
struct Waiting {
    event: Event,
    done: SyncSender<Result<u64, JournalError>>,
}

impl Journal {
    /// Opens the journal of a host to go on with it. What was never sealed is cut, told as a warning and
    /// recorded.
    ///
    /// # Errors
    /// [`JournalError`] where it is damaged, in use, or cannot be written.
    pub fn open(setup: Setup, key: SecretKey) -> Result<Self, JournalError> {
        let key = Arc::new(key);
        std::fs::create_dir_all(&setup.folder)
            .map_err(|source| JournalError::io(&setup.folder, source))?;
        let lock_path = setup.folder.join("writer.lock");
        let lock = File::create(&lock_path).map_err(|e| JournalError::io(&lock_path, e))?;
        if lock.try_lock().is_err() {
            return Err(JournalError::Busy(setup.folder));
        }
        let end = open::end(&setup.folder, key.public_key())?;
        let cut = end.cut.clone();
        let writer = Writer::begin(setup, Arc::clone(&key), end, lock)?;
        let (sender, receiver) = mpsc::sync_channel(GROUP_MAX);
        let is_good = Arc::new(AtomicBool::new(true));
        let told = Arc::clone(&is_good);
        let writer = thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || run(writer, &receiver, &told))
            .map_err(|source| JournalError::io(&lock_path, source))?;
        let journal = Journal {
            key,
            sender: Some(sender),
            writer: Some(writer),
            is_good,
            cut,
        };
        if let Some(cut) = &journal.cut {
            let (bytes, digest) = (cut.bytes, cut.digest);
            tracing::warn!(bytes, kept = ?cut.kept, "an unsealed end of the journal was cut");
            let recorded = journal.record(Event::TailCut { bytes, digest });
            if let Err(error) = recorded {
                // On a full disk: an `interrupted` entry will say that something is missing.
                tracing::error!(%error, bytes, %digest, "that it was cut is not recorded");
            }
        }
        Ok(journal)
    }

    /// Records an event. Once this answers with the entry's number, the entry is on the disk under a
    /// signature of the host.
    ///
    /// # Errors
    /// [`JournalError::Stopped`] where it could not be written: then nothing may be answered that it was to
    /// record. It is not in the journal then, and never will be.
    pub fn record(&self, event: Event) -> Result<u64, JournalError> {
        self.begin(event)?.wait()
    }

    /// Begins to record an event, for whoever has something else to do meanwhile.
    ///
    /// # Errors
    /// As [`Journal::record`].
    pub fn begin(&self, event: Event) -> Result<Recording, JournalError> {
        let (done, answer) = mpsc::sync_channel(1);
        let sender = self.sender.as_ref().ok_or(JournalError::Stopped)?;
        let sent = sender.send(Waiting { event, done });
        sent.map_err(|_| JournalError::Stopped)?;
        Ok(Recording(answer))
    }

    /// Hands over an event without waiting for it to be on the disk. Where too many wait, or the writer has
    /// stopped, it is lost, and the log says so.
    pub fn note(&self, event: Event) {
        let (done, _) = mpsc::sync_channel(1);
        let sent = self
            .sender
            .as_ref()
            .map(|sender| sender.try_send(Waiting { event, done }));
        if !matches!(sent, Some(Ok(()))) {
            tracing::error!("an event is lost: the journal is behind");
        }
    }

    /// Whether what was recorded last was written. A journal that could not be written tries again by itself.
    #[must_use]
    pub fn is_writing(&self) -> bool {
        let writer = self.writer.as_ref();
        let is_there = writer.is_some_and(|writer| !writer.is_finished());
        is_there && self.is_good.load(Ordering::Acquire)
    }

    /// The key that signs it.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        self.key.public_key()
    }

    /// What was cut when it was opened.
    #[must_use]
    pub fn cut(&self) -> Option<&Cut> {
        self.cut.as_ref()
    }

    /// The salt of an answer: see [`super::salt`].
    #[must_use]
    pub fn salt(&self, answer: &str) -> Digest {
        super::salt(&self.key, answer)
    }
}

/// An event that is being recorded.
#[derive(Debug)]
#[must_use = "nothing may be answered before it is recorded"]
pub struct Recording(Receiver<Result<u64, JournalError>>);

impl Recording {
    /// Waits as [`Journal::record`] does.
    ///
    /// # Errors
    /// As [`Journal::record`].
    pub fn wait(self) -> Result<u64, JournalError> {
        self.0.recv().unwrap_or(Err(JournalError::Stopped))
    }
}

impl Drop for Journal {
    /// Ends the writer, so that whoever opens the journal next finds it free.
    fn drop(&mut self) {
        self.sender = None;
        if let Some(writer) = self.writer.take() {
            // A panic in there would have been told to whoever waited.
            let _ = writer.join();
        }
    }
}

/// Writes groups until nobody can send any more. Where one cannot be written, whoever waits is told so, and the
/// next group, or the next try, begins where the last good one ended.
fn run(mut writer: Writer, receiver: &Receiver<Waiting>, is_good: &AtomicBool) {
    loop {
        let first = match writer.is_interrupted() {
            false => receiver.recv().ok(),
            true => match receiver.recv_timeout(RETRY) {
                Ok(first) => Some(first),
                Err(RecvTimeoutError::Timeout) => {
                    let written = writer.write(Vec::new());
                    is_good.store(written.is_ok(), Ordering::Release);
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => None,
            },
        };
        let Some(first) = first else {
            break;
        };
        let more = receiver.try_iter().take(GROUP_MAX - 1);
        let group: Vec<Waiting> = std::iter::once(first).chain(more).collect();
        let (events, waiting): (Vec<_>, Vec<_>) =
            group.into_iter().map(|one| (one.event, one.done)).unzip();
        let written = writer.write(events);
        is_good.store(written.is_ok(), Ordering::Release);
        for (place, done) in waiting.into_iter().enumerate() {
            let number = match &written {
                Ok(first) => Ok(first.saturating_add(place as u64)),
                Err(_) => Err(JournalError::Stopped),
            };
            // Whoever waited may have gone away; the entry stays.
            let _ = done.send(number);
        }
    }
    if writer.is_interrupted() {
        // The last moment to record what was not; where it fails, the log has told it.
        let _ = writer.write(Vec::new());
    }
}

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Setup({})", self.folder.display())
    }
}
