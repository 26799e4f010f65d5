//! Writing a journal: entries that arrive together are one group, with one seal and one sync.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::{self, JoinHandle};

use rulepack_protocol::digest::Digest;
use rulepack_protocol::key::{PublicKey, SecretKey, Signer as _};

use super::JournalError;
use super::chain::{Head, Seal};
use super::entry::{Entry, Event};
use super::line::{FORMAT, Header, Line};
use super::open::{self, Cut, End};
use crate::client::{FailurePoint, Failures};
use crate::files;

/// Entries of one group; further ones wait for the next.
const GROUP_MAX: usize = 128;
/// A file that is longer, or of another day in China, is followed by a new one.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
const DAY_MS: i64 = 86_400_000;
const CHINA_AHEAD_MS: i64 = 8 * 3_600_000;

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
        let writer = thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.run(&receiver))
            .map_err(|source| JournalError::io(&lock_path, source))?;
        let journal = Journal {
            key,
            sender: Some(sender),
            writer: Some(writer),
            cut,
        };
        if let Some(cut) = &journal.cut {
            let kept = cut.kept.display();
            tracing::warn!(bytes = cut.bytes, %kept, "an unsealed end of the journal was cut");
            journal.record(Event::TailCut {
                bytes: cut.bytes,
                digest: cut.digest,
            })?;
        }
        Ok(journal)
    }

    /// Records an event. Once this answers with the entry's number, the entry is on the disk under a
    /// signature of the host.
    ///
    /// # Errors
    /// [`JournalError::Stopped`] where it could not be written: then nothing may be answered that it was to
    /// record.
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

    /// Whether what is recorded now would be written.
    #[must_use]
    pub fn is_writing(&self) -> bool {
        let writer = self.writer.as_ref();
        writer.is_some_and(|writer| !writer.is_finished())
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

struct Writer {
    setup: Setup,
    key: Arc<SecretKey>,
    file: File,
    number: u32,
    length: u64,
    day: i64,
    head: Head,
    time: Option<i64>,
    /// Held while this lives.
    _lock: File,
}

impl Writer {
    fn begin(
        setup: Setup,
        key: Arc<SecretKey>,
        end: End,
        lock: File,
    ) -> Result<Self, JournalError> {
        let number = end.last.map_or(1, |(number, _)| number);
        let path = open::path_of(&setup.folder, number);
        let failed = |source| JournalError::io(&path, source);
        if end.last.is_none() {
            write_header(&setup, &key, (number, end.head)).map_err(failed)?;
        }
        let file = OpenOptions::new().append(true).open(&path);
        let file = file.map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let day = day_of(end.time.unwrap_or_else(setup.clock));
        Ok(Writer {
            setup,
            key,
            file,
            number,
            length,
            day,
            head: end.head,
            time: end.time,
            _lock: lock,
        })
    }

    /// Writes groups until nobody can send any more, or one cannot be written. After a failed write or
    /// sync nobody knows what is on the disk: only opening the journal anew finds out.
    fn run(mut self, receiver: &Receiver<Waiting>) {
        while let Ok(first) = receiver.recv() {
            let more = receiver.try_iter().take(GROUP_MAX - 1);
            let group: Vec<Waiting> = std::iter::once(first).chain(more).collect();
            let (events, waiting): (Vec<_>, Vec<_>) =
                group.into_iter().map(|one| (one.event, one.done)).unzip();
            let written = self.write(events);
            let failed = written.is_err();
            if let Err(error) = &written {
                tracing::error!(%error, "the journal cannot be written; nothing is answered any more");
            }
            for (place, done) in waiting.into_iter().enumerate() {
                let number = match &written {
                    Ok(first) => Ok(first.saturating_add(place as u64)),
                    Err(_) => Err(JournalError::Stopped),
                };
                // Whoever waited may have gone away; the entry stays.
                let _ = done.send(number);
            }
            if failed {
                return;
            }
        }
    }

    /// Writes a group and syncs it; answers the number of its first event.
    fn write(&mut self, events: Vec<Event>) -> io::Result<u64> {
        let now = (self.setup.clock)();
        self.rotate(now)?;
        let mut head = self.head;
        let mut bytes = Vec::new();
        let mut put = |event: Event| {
            let number = head.count.saturating_add(1);
            let time = now;
            let line = Line::Entry(Box::new(Entry {
                number,
                time,
                event,
            }))
            .to_bytes();
            head = head.then(&Digest::of(&line));
            bytes.extend_from_slice(&line);
            bytes.push(b'\n');
            number
        };
        if let Some(before) = self.time.filter(|before| now < *before) {
            let back_ms = before.saturating_sub(now);
            put(Event::Clock { back_ms });
        }
        let numbers: Vec<u64> = events.into_iter().map(&mut put).collect();
        let seal = Line::Seal(Seal::new(head, now, &self.key)).to_bytes();
        bytes.extend_from_slice(&seal);
        bytes.push(b'\n');

        let (first, second) = bytes.split_at(bytes.len() / 2);
        self.reach(FailurePoint::JournalGroup)?;
        self.file.write_all(first)?;
        self.reach(FailurePoint::JournalTorn)?;
        self.file.write_all(second)?;
        self.reach(FailurePoint::JournalWritten)?;
        self.file.sync_data()?;
        self.reach(FailurePoint::JournalSynced)?;
        self.length = self.length.saturating_add(bytes.len() as u64);
        (self.head, self.time) = (head, Some(now));
        Ok(numbers.first().copied().unwrap_or(head.count))
    }

    /// Begins a new file where the present one is long enough or of another day.
    fn rotate(&mut self, now: i64) -> io::Result<()> {
        let day = day_of(now);
        if self.length < FILE_BYTES_MAX && day <= self.day {
            return Ok(());
        }
        let number = self.number.saturating_add(1);
        write_header(&self.setup, &self.key, (number, self.head))?;
        self.reach(FailurePoint::JournalFile)?;
        let path = open::path_of(&self.setup.folder, number);
        self.file = OpenOptions::new().append(true).open(path)?;
        self.length = self.file.metadata()?.len();
        (self.number, self.day) = (number, day);
        Ok(())
    }

    fn reach(&self, point: FailurePoint) -> io::Result<()> {
        self.setup.failures.reach(point)
    }
}

/// A new file is there with its header or not at all.
fn write_header(setup: &Setup, key: &SecretKey, (number, before): (u32, Head)) -> io::Result<()> {
    let header = Line::Header(Box::new(Header {
        format: FORMAT.to_owned(),
        institution: setup.institution.clone(),
        key: key.public_key().clone(),
        before,
    }));
    let mut bytes = header.to_bytes();
    bytes.push(b'\n');
    files::replace(&open::path_of(&setup.folder, number), &bytes)
}

fn day_of(time: i64) -> i64 {
    time.saturating_add(CHINA_AHEAD_MS).div_euclid(DAY_MS)
}

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Setup({})", self.folder.display())
    }
}
