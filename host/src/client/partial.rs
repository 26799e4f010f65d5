//! The bytes of a pack that have arrived so far. They outlive an interrupted download, so that the next
//! one goes on where it stopped: hospitals hang on slow lines.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::Path;

use rulepack_protocol::digest::{Digest, Hasher};
use tempfile::{NamedTempFile, TempPath};

/// A file that grows, hashed while it does.
pub(super) struct Partial {
    file: NamedTempFile,
    hasher: Hasher,
    length: u64,
    found: u64,
}

impl Partial {
    /// What there is of the pack with this digest in `folder`, unless it is longer than `length_max`. A
    /// download of another process is not touched: then this one begins anew, in a file of its own.
    pub(super) fn open(folder: &Path, digest: &Digest, length_max: u64) -> io::Result<Self> {
        let path = folder.join(format!("{digest}.{ENDING}"));
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let file = options.open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Self::of(NamedTempFile::new_in(folder)?),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Whoever held the lock may have finished meanwhile and moved the file away.
        if !is_at(&file, &path) {
            return Self::of(NamedTempFile::new_in(folder)?);
        }
        if file.metadata()?.len() > length_max {
            file.set_len(0)?;
        }
        Self::of(NamedTempFile::from_parts(
            file,
            TempPath::try_from_path(path)?,
        ))
    }

    /// Hashes what is there, up to whose end it reads.
    fn of(mut file: NamedTempFile) -> io::Result<Self> {
        let mut hasher = Digest::hasher();
        let mut length = 0;
        let mut buffer = vec![0; PIECE_BYTES];
        loop {
            let count = file.as_file_mut().read(&mut buffer)?;
            if count == 0 {
                break;
            }
            hasher.update(buffer.get(..count).unwrap_or_default());
            length += count as u64;
        }
        Ok(Self {
            file,
            hasher,
            length,
            found: length,
        })
    }

    /// How many bytes are there.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// How many of them an earlier download has left.
    pub(super) fn found(&self) -> u64 {
        self.found
    }

    /// Appends what `reader` gives, until it ends or `length_max` bytes and one are there.
    pub(super) fn append(&mut self, reader: impl Read, length_max: u64) -> io::Result<()> {
        let left = length_max.saturating_add(1).saturating_sub(self.length);
        let mut reader = reader.take(left);
        let mut buffer = vec![0; PIECE_BYTES];
        loop {
            let count = match reader.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let piece = buffer.get(..count).unwrap_or_default();
            self.file.as_file_mut().write_all(piece)?;
            self.hasher.update(piece);
            self.length += piece.len() as u64;
        }
    }

    /// The whole file, and the digest of its bytes. It vanishes unless the caller keeps it.
    pub(super) fn finish(self) -> (NamedTempFile, Digest) {
        (self.file, self.hasher.finish())
    }

    /// Leaves the bytes for the next download.
    pub(super) fn leave(self) {
        let (_, path) = self.file.into_parts();
        // Where it cannot be left, the next download begins anew.
        drop(path.keep());
    }
}

/// The digests of the packs in `folder` whose download was interrupted.
pub(super) fn left_in(folder: &Path) -> io::Result<Vec<Digest>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        let digest = name
            .to_str()
            .and_then(|name| name.strip_suffix(ENDING)?.strip_suffix('.'));
        found.extend(digest.and_then(|digest| digest.parse::<Digest>().ok()));
    }
    Ok(found)
}

/// Removes what was left of a pack that is no longer wanted.
pub(super) fn remove(folder: &Path, digest: &Digest) -> io::Result<()> {
    fs::remove_file(folder.join(format!("{digest}.{ENDING}")))
}

/// How the names of unfinished files end.
const ENDING: &str = "part";
const PIECE_BYTES: usize = 64 << 10;

/// Whether `file` is what stands at `path` now.
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(there)) => identity(open) == identity(there),
        _ => false,
    }
}
