//! The lists that the entries of an answer share: each entry has the next few.

use super::error::{AnswerError, List};
use super::lifted;

/// What entries have not claimed yet.
pub(super) struct Lists<'a> {
    names: &'a [String],
    pub(super) items: Rest<'a, lifted::Item>,
    pub(super) about: Rest<'a, lifted::RowReference>,
    pub(super) arguments: Rest<'a, lifted::Argument>,
    pub(super) evidence: Rest<'a, lifted::KnowledgeReference>,
    pub(super) missing: Rest<'a, u32>,
}

impl<'a> Lists<'a> {
    pub(super) fn of(answer: &'a lifted::Answer) -> Self {
        Lists {
            names: &answer.names,
            items: Rest::new(&answer.items, List::Items),
            about: Rest::new(&answer.about, List::About),
            arguments: Rest::new(&answer.arguments, List::Arguments),
            evidence: Rest::new(&answer.evidence, List::Evidence),
            missing: Rest::new(&answer.missing, List::Missing),
        }
    }

    /// The text that stands at this place.
    pub(super) fn name(&self, place: u32) -> Result<&'a str, AnswerError> {
        let name = self.names.get(place as usize);
        name.map(String::as_str)
            .ok_or(AnswerError::NoSuchName(place))
    }

    /// Nothing is left over: what belongs to no entry was not meant to be read.
    pub(super) fn end(&self) -> Result<(), AnswerError> {
        self.items.end()?;
        self.about.end()?;
        self.arguments.end()?;
        self.evidence.end()?;
        self.missing.end()
    }
}

/// The end of a list.
pub(super) struct Rest<'a, T> {
    values: &'a [T],
    list: List,
}

impl<'a, T> Rest<'a, T> {
    fn new(values: &'a [T], list: List) -> Self {
        Rest { values, list }
    }

    /// The next so many.
    pub(super) fn next(&mut self, count: u32) -> Result<&'a [T], AnswerError> {
        let split = self.values.split_at_checked(count as usize);
        let (next, rest) = split.ok_or(AnswerError::ListTooShort(self.list))?;
        self.values = rest;
        Ok(next)
    }

    fn end(&self) -> Result<(), AnswerError> {
        match self.values.len() {
            0 => Ok(()),
            count => Err(AnswerError::Unclaimed {
                list: self.list,
                count,
            }),
        }
    }
}
