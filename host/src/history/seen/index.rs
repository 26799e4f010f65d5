//! Where each encounter stands that requests told, by patient: some hundred bytes an encounter, in memory, however often
//! it was told. The rows stay on the disk.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::file::{Identity, TellingFile};
use crate::sealed_log::Place;

/// How far the files reach: so many identities of this file, and all of those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Position {
    pub(super) file: u32,
    pub(super) entries: u64,
}

/// What the files tell.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) files: BTreeMap<u32, Arc<TellingFile>>,
    /// The highest number that a file had, whether it could be opened or not.
    pub(super) last_number: u32,
    /// The last day told in each file.
    pub(super) days: BTreeMap<u32, i32>,
    patients: HashMap<Box<str>, Vec<Visit>>,
    /// All that was told.
    pub(super) written: Position,
    /// Of it, what is on the disk: what requests see.
    pub(super) visible: Position,
    /// How often something was taken back.
    pub(super) turn: u64,
}

/// An encounter, and when it was told.
#[derive(Debug)]
struct Visit {
    encounter: Box<str>,
    /// The last one, and those that somebody may still look for.
    tellings: Vec<Telling>,
}

/// Where the rows of an encounter stand as one request told it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Telling {
    pub(super) place: Position,
    pub(super) at: Place,
    pub(super) day: i32,
    pub(super) imports: u64,
    pub(super) digest: u64,
    pub(super) is_current: bool,
}

/// What somebody who looks may see.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sight {
    pub(super) position: Position,
    /// What was told before this day counts no more.
    pub(super) since: i32,
}

impl Index {
    /// Takes up an identity that was written or read, and forgets how its encounter was told before where nobody looks
    /// for that: all look from `oldest` or later.
    pub(super) fn take(&mut self, place: Position, identity: Identity, oldest: Position) {
        let last = self.days.entry(place.file).or_insert(identity.day);
        *last = identity.day.max(*last);
        self.written = Position {
            file: place.file,
            entries: place.entries.saturating_add(1),
        };
        let telling = Telling {
            place,
            at: identity.at,
            day: identity.day,
            imports: identity.imports,
            digest: identity.digest,
            is_current: identity.current,
        };
        let visits = self.patients.entry(identity.patient.into()).or_default();
        match visits
            .iter_mut()
            .find(|visit| *visit.encounter == *identity.encounter)
        {
            Some(visit) => {
                visit.tellings.push(telling);
                visit.forget_before(oldest);
            }
            None => visits.push(Visit {
                encounter: identity.encounter.into(),
                tellings: vec![telling],
            }),
        }
    }

    /// How an encounter was told last, seen or not.
    pub(super) fn last(&self, patient: &str, encounter: &str) -> Option<&Telling> {
        let visits = self.patients.get(patient)?.iter();
        let mut of = visits.filter(|visit| *visit.encounter == *encounter);
        of.next()?.tellings.last()
    }

    /// How each encounter of a patient was told last, in the order in which that was.
    pub(super) fn of(&self, patient: &str, sight: Sight) -> Vec<Telling> {
        let visits = self.patients.get(patient).into_iter().flatten();
        let mut tellings: Vec<Telling> = visits.filter_map(|visit| visit.seen(sight)).collect();
        tellings.sort_by_key(|telling| telling.place);
        tellings
    }

    /// How many tellings are remembered.
    #[cfg(test)]
    pub(super) fn tellings(&self) -> usize {
        let visits = self.patients.values().flatten();
        visits.map(|visit| visit.tellings.len()).sum()
    }

    /// Patients with an encounter.
    pub(super) fn patients(&self, sight: Sight) -> Vec<String> {
        let all = self.patients.iter();
        let with = all.filter(|(_, visits)| visits.iter().any(|visit| visit.seen(sight).is_some()));
        with.map(|(patient, _)| patient.to_string()).collect()
    }

    /// How many encounters, and the first day of any.
    pub(super) fn count(&self, sight: Sight) -> (u64, Option<i32>) {
        let visits = self.patients.values().flatten();
        let seen = visits.filter_map(|visit| visit.seen(sight));
        seen.fold((0, None), |(count, first), telling| {
            let first = first.map_or(telling.day, |first: i32| first.min(telling.day));
            (count + 1, Some(first))
        })
    }

    /// Forgets what is not visible: it is taken back.
    pub(super) fn take_back(&mut self) {
        let visible = self.visible;
        self.written = visible;
        self.days.retain(|file, _| *file <= visible.file);
        self.retain(|telling| telling.place < visible);
    }

    /// Forgets a file, and what was told in it.
    pub(super) fn forget(&mut self, file: u32) {
        self.files.remove(&file);
        self.days.remove(&file);
        self.retain(|telling| telling.place.file != file);
    }

    fn retain(&mut self, wanted: impl Fn(&Telling) -> bool) {
        self.patients.retain(|_, visits| {
            visits.retain_mut(|visit| {
                visit.tellings.retain(&wanted);
                !visit.tellings.is_empty()
            });
            !visits.is_empty()
        });
    }
}

impl Visit {
    /// Forgets what nobody sees who looks from here or later.
    fn forget_before(&mut self, oldest: Position) {
        let seen = self
            .tellings
            .iter()
            .rposition(|telling| telling.place < oldest);
        if let Some(last) = seen {
            self.tellings.drain(..last);
        }
    }

    /// The last telling that may be seen.
    fn seen(&self, sight: Sight) -> Option<Telling> {
        let mut visible = self
            .tellings
            .iter()
            .filter(|telling| telling.place < sight.position);
        let last = visible.next_back().copied();
        last.filter(|telling| telling.day >= sight.since)
    }
}
