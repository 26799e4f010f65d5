//! One file of what requests told, in two sealed logs (`sealed_log.rs`): `000001.rows` under `data.secret` holds the
//! rows of encounters, `000001.identities` under `identity.secret` says whose each is and where it stands.
//!
//! The rows of an encounter are written first; it is told once its identity is there. Rows without one are nobody's.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rulepack_protocol::digest::Digest;
use serde::{Deserialize, Serialize};

use crate::history::secrets::Secrets;
use crate::history::segment::OwnerRows;
use crate::journal::SeenState;
use crate::sealed_log::{Mark, Place, SealedLog, SealedLogError, Unreadable};

/// An open file.
#[derive(Debug)]
pub(super) struct TellingFile {
    pub(super) number: u32,
    identities: SealedLog,
    rows: SealedLog,
    /// So far it is told for good; `None` where it is only read.
    kept: Mutex<Option<Marks>>,
}

/// How far both logs were written at some moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marks {
    identities: Mark,
    rows: Mark,
}

impl Marks {
    /// Whether nothing was taken back between the two.
    fn is_of_turn(&self, other: &Marks) -> bool {
        self.rows.is_of_turn(&other.rows) && self.identities.is_of_turn(&other.identities)
    }
}

/// Whose rows stand where.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Identity {
    /// Key of the patient.
    pub(super) patient: String,
    /// Key of the encounter.
    pub(super) encounter: String,
    /// Whether the request was about it.
    pub(super) current: bool,
    /// The day on which it was told, from 1970-01-01.
    pub(super) day: i32,
    /// How many imports there were then.
    pub(super) imports: u64,
    /// By which the same rows are known when they are told again.
    pub(super) digest: u64,
    /// Of its rows.
    pub(super) at: Place,
}

impl TellingFile {
    /// Opens a file to go on with it, and passes each identity with its number to `each`.
    ///
    /// # Errors
    /// [`SealedLogError`]; what a stop in the middle of writing left is cut off.
    pub(super) fn open_to_write(
        (folder, number): (&Path, u32),
        secrets: &Secrets,
        mut each: impl FnMut(u64, Identity),
    ) -> Result<Self, SealedLogError> {
        let mut found = Found::default();
        let path = path_of_identities(folder, number);
        if !path.exists() && path_of_rows(folder, number).exists() {
            // They come first: somebody lost them, and rows must not become nobody's.
            let source = io::ErrorKind::NotFound.into();
            return Err(SealedLogError::Io { path, source });
        }
        let identities = SealedLog::open(&path, &secrets.identities, |place, bytes| {
            found.take(place, bytes, &mut each);
        })?;
        let last = found.last(path)?;
        let rows = path_of_rows(folder, number);
        let rows = SealedLog::open_after(&rows, &secrets.rows, last)?;
        let file = Self::of(number, identities, rows);
        file.keep(file.marks());
        Ok(file)
    }

    /// Opens a file to read it, and passes each identity with its number to `each`. That the rows of the last one
    /// are there is looked at.
    ///
    /// # Errors
    /// [`SealedLogError`].
    pub(super) fn open_to_read(
        (folder, number): (&Path, u32),
        secrets: &Secrets,
        mut each: impl FnMut(u64, Identity),
    ) -> Result<Self, SealedLogError> {
        let mut found = Found::default();
        let file = Self::open_damaged((folder, number), secrets)?;
        let identities = &file.identities;
        identities.entries_written(Unreadable::Refused, |place, bytes| {
            found.take(place, bytes, &mut each);
        })?;
        let last = found.last(path_of_identities(folder, number))?;
        last.map_or(Ok(()), |last| file.rows.read(last).map(drop))?;
        Ok(file)
    }

    /// Opens a file of which some lines cannot be read.
    ///
    /// # Errors
    /// [`SealedLogError::Io`].
    pub(super) fn open_damaged(
        (folder, number): (&Path, u32),
        secrets: &Secrets,
    ) -> Result<Self, SealedLogError> {
        let identities = path_of_identities(folder, number);
        let rows = path_of_rows(folder, number);
        let identities = SealedLog::open_to_read(&identities, &secrets.identities)?;
        let rows = SealedLog::open_to_read(&rows, &secrets.rows)?;
        Ok(Self::of(number, identities, rows))
    }

    fn of(number: u32, identities: SealedLog, rows: SealedLog) -> Self {
        TellingFile {
            number,
            identities,
            rows,
            kept: Mutex::default(),
        }
    }

    /// Whether anything can be told in it.
    pub(super) fn is_to_write(&self) -> bool {
        self.kept().is_some()
    }

    /// The encounters of a damaged file that can be read, in their order.
    ///
    /// # Errors
    /// [`SealedLogError::Io`].
    pub(super) fn readable(&self) -> Result<Vec<Identity>, SealedLogError> {
        let mut found: Vec<Identity> = Vec::new();
        self.identities
            .entries_written(Unreadable::PassedOver, |_, bytes| {
                found.extend(serde_json::from_slice::<Identity>(bytes).ok());
            })?;
        found.retain(|identity| self.rows.read(identity.at).is_ok());
        Ok(found)
    }

    /// The bytes of the rows at a place.
    ///
    /// # Errors
    /// [`SealedLogError`] where they cannot be read any more.
    pub(super) fn bytes(&self, at: Place) -> Result<Vec<u8>, SealedLogError> {
        self.rows.read(at)
    }

    /// Writes rows, which are nobody's until [`TellingFile::write_identity`].
    ///
    /// # Errors
    /// [`SealedLogError::Io`]; nothing is then told.
    pub(super) fn write_rows(&self, rows: &[u8]) -> Result<Place, SealedLogError> {
        self.rows.write(rows)
    }

    /// Tells whose they are; answers the number of the identity.
    ///
    /// # Errors
    /// [`SealedLogError::Io`]; nothing is then told.
    pub(super) fn write_identity(&self, identity: &Identity) -> Result<u64, SealedLogError> {
        let bytes = serde_json::to_vec(identity);
        let bytes = bytes.expect("an identity has texts as the names of its fields");
        self.identities.write(&bytes).map(|place| place.line)
    }

    /// How far it is written now.
    pub(super) fn marks(&self) -> Marks {
        Marks {
            identities: self.identities.mark(),
            rows: self.rows.mark(),
        }
    }

    /// Waits until all that was told up to there is on the disk: rows before those whose they are.
    ///
    /// # Errors
    /// [`SealedLogError::Io`]; from then on each time, until [`TellingFile::take_back`]: rows may be gone whose
    /// identities are not, and others may stand in their place.
    pub(super) fn sync(&self, marks: Marks) -> Result<(), SealedLogError> {
        let kept = *self.kept();
        self.rows.sync_to(marks.rows)?;
        self.identities.sync_to(marks.identities)?;
        if kept.is_some_and(|kept| marks.is_of_turn(&kept)) {
            return Ok(());
        }
        let path = self.rows.path().to_owned();
        let source = io::Error::other("what was written before it could not be synced");
        Err(SealedLogError::Io { path, source })
    }

    /// What is told up to there stays, whatever is taken back later.
    pub(super) fn keep(&self, marks: Marks) {
        *self.kept() = Some(marks);
    }

    /// Takes back what was told and not kept, durably. Nobody tells anything meanwhile.
    ///
    /// # Errors
    /// [`SealedLogError::Io`]; it has to be tried again then.
    pub(super) fn take_back(&self) -> Result<(), SealedLogError> {
        let mut kept = self.kept();
        if let Some(marks) = *kept {
            // Without its identity a row is nobody's; the other way round it would be somebody else's.
            self.identities.cut_to(marks.identities)?;
            self.rows.cut_to(marks.rows)?;
            *kept = Some(self.marks());
        }
        Ok(())
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<Marks>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The two files of what was told last at some moment, and how many bytes of each had been written by then.
///
/// # Errors
/// [`SealedLogError`].
pub(in crate::history) fn lengths_at(
    folder: &Path,
    secrets: &Secrets,
    state: &SeenState,
) -> Result<[(PathBuf, u64); 2], SealedLogError> {
    let file = TellingFile::open_damaged((folder, state.file), secrets)?;
    let (mut identity, mut rows) = (None, None::<Place>);
    file.identities
        .entries_written(Unreadable::Refused, |place, bytes| {
            if place.line >= state.entries {
                return;
            }
            identity = Some(place);
            if let Ok(Identity { at, .. }) = serde_json::from_slice(bytes)
                && rows.is_none_or(|rows| rows.line < at.line)
            {
                rows = Some(at);
            }
        })?;
    let logs = [(&file.identities, identity), (&file.rows, rows)];
    let [identities, rows] = logs.map(|(log, last)| {
        let length = last.map_or(Ok(0), |last| log.end_of(last));
        length.map(|length| (log.path().to_owned(), length))
    });
    Ok([identities?, rows?])
}

/// What the identities of a file say of its end.
#[derive(Default)]
struct Found {
    last: Option<Place>,
    /// The first line that is sealed as ours and says something else: its rows must not be cut off.
    foreign: Option<u64>,
}

impl Found {
    fn take(&mut self, place: Place, bytes: &[u8], each: &mut impl FnMut(u64, Identity)) {
        match serde_json::from_slice::<Identity>(bytes) {
            Ok(identity) => {
                self.last = Some(identity.at);
                each(place.line, identity);
            }
            Err(_) => _ = self.foreign.get_or_insert(place.line),
        }
    }

    fn last(self, path: PathBuf) -> Result<Option<Place>, SealedLogError> {
        match self.foreign {
            Some(line) => Err(SealedLogError::Damaged {
                path,
                line: line.saturating_add(1),
            }),
            None => Ok(self.last),
        }
    }
}

/// The bytes of the rows of an encounter, and by what they are known.
pub(super) fn to_bytes(rows: &OwnerRows) -> (Vec<u8>, u64) {
    let bytes = serde_json::to_vec(rows).expect("rows are texts");
    let digest = Digest::of(&bytes);
    let (first, _) = digest.as_bytes().split_first_chunk().expect("it is longer");
    let known_by = u64::from_le_bytes(*first);
    (bytes, known_by)
}

/// The number of a file, by the path of one of its two; `None` for any other file.
pub(super) fn number(path: &Path) -> Option<u32> {
    let name = path.file_name()?.to_str()?;
    let number = name
        .strip_suffix(".identities")
        .or_else(|| name.strip_suffix(".rows"));
    number?.parse().ok()
}

pub(super) fn path_of_identities(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number:06}.identities"))
}

pub(super) fn path_of_rows(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number:06}.rows"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tell(file: &TellingFile, patient: &str) {
        let at = file.write_rows(patient.as_bytes()).unwrap();
        let identity = Identity {
            patient: patient.to_owned(),
            encounter: "E1".to_owned(),
            current: true,
            day: 20_779,
            imports: 0,
            digest: 0,
            at,
        };
        file.write_identity(&identity).unwrap();
    }

    #[test]
    fn after_a_failed_sync_rows_of_one_patient_never_stand_for_those_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = Secrets {
            rows: [1; 32],
            identities: [2; 32],
        };
        let open = |each: &mut dyn FnMut(u64, Identity)| {
            TellingFile::open_to_write((folder.path(), 1), &secrets, each).unwrap()
        };
        let file = open(&mut |_, _| {});
        let kept = file.marks();
        tell(&file, "P1");
        // What a failed sync of the rows does: those of P2 come where those of P1 were.
        file.rows.cut_to(kept.rows).unwrap();
        tell(&file, "P2");
        let error = file.sync(file.marks()).unwrap_err();
        assert!(matches!(error, SealedLogError::Io { .. }), "{error}");
        file.take_back().unwrap();
        tell(&file, "P3");
        file.sync(file.marks()).unwrap();
        drop(file);
        let mut found = Vec::new();
        let file = open(&mut |_, identity| found.push(identity));
        let [only] = &found[..] else {
            panic!("{found:?}");
        };
        assert_eq!(
            (&*only.patient, file.bytes(only.at).unwrap()),
            ("P3", b"P3".to_vec())
        );
    }
}
