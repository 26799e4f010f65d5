//! The disease that a line is charged under.

use rulepack_sdk::prelude::*;

/// The disease that a line is charged under, and how it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disease {
    /// The line names it (`dise_codg`).
    Named(Code),
    /// The line names none, and the patient is registered for exactly one on that day.
    OnlyRegistered(Code),
    /// The line names none, and the patient is registered for several on that day, or for none.
    Unknown,
}

impl Disease {
    /// Of a line of this patient on this day.
    #[must_use]
    pub fn of(
        named: Option<Code>,
        patient: Row<Patients>,
        day: Option<Day>,
        enrolments: &Enrolments,
    ) -> Disease {
        if let Some(code) = named {
            return Disease::Named(code);
        }
        let Some(day) = day else {
            return Disease::Unknown;
        };
        let mut only = None;
        for enrolment in enrolments.of(patient) {
            let starts = enrolments.starts().get(enrolment);
            let ends = enrolments.ends().get(enrolment);
            if !Validity::new(starts, ends).includes(day) {
                continue;
            }
            match (only, enrolments.diseases().get(enrolment)) {
                (None, Some(code)) => only = Some(code),
                (Some(known), Some(code)) if known == code => {}
                _ => return Disease::Unknown,
            }
        }
        only.map_or(Disease::Unknown, Disease::OnlyRegistered)
    }

    /// The disease, where it is known.
    #[must_use]
    pub fn code(self) -> Option<Code> {
        match self {
            Disease::Named(code) | Disease::OnlyRegistered(code) => Some(code),
            Disease::Unknown => None,
        }
    }
}
