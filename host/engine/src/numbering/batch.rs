//! The texts of one batch, after those of the dictionary.

use std::collections::HashMap;
use std::sync::Arc;

use rulepack_contract::data::Data;

use super::scratch::Scratch;
use super::{Bounds, Dictionary};
use crate::fault::Misuse;

/// Below so many codes it is quicker to look at each text than to note what was seen.
const NOTED_FROM: usize = 64;

/// Texts by number, for one instance and batch.
#[derive(Debug)]
pub(crate) struct BatchCodes {
    dictionary: Arc<Dictionary>,
    data: Arc<Data>,
    scratch: Box<Scratch>,
    /// What was received, from the number after the dictionary on.
    received: Vec<Received>,
    /// The numbers of texts that are neither in the dictionary nor in the data.
    own: HashMap<Box<str>, u32>,
    bytes: usize,
    /// For each set what is known of each code: see [`Seen`].
    seen: Vec<Vec<Seen>>,
}

#[derive(Debug)]
enum Received {
    /// A text of the data, by its number there.
    Data(u32),
    /// Another one: of the circumstances, or a prefix.
    Own(Box<str>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Seen {
    #[default]
    Never,
    Outside,
    Inside,
}

impl BatchCodes {
    pub(crate) fn new(
        dictionary: Arc<Dictionary>,
        data: Arc<Data>,
        mut scratch: Box<Scratch>,
    ) -> Self {
        scratch.begin(&data);
        BatchCodes {
            bytes: dictionary.bytes(),
            dictionary,
            data,
            scratch,
            received: Vec::new(),
            own: HashMap::new(),
            seen: Vec::new(),
        }
    }

    /// The tables, for the next batch.
    pub(crate) fn into_scratch(self) -> Box<Scratch> {
        self.scratch
    }

    pub(crate) fn scratch(&mut self) -> &mut Scratch {
        &mut self.scratch
    }

    /// Puts into the list the numbers of these numbers of the data, which this gives to the instance.
    pub(crate) fn give_column(
        &mut self,
        numbers: &[u32],
        list: &mut Vec<u32>,
    ) -> Result<(), Misuse> {
        let (batch, _) = self.scratch.stamps();
        let mut refused = Ok(());
        list.extend(
            numbers
                .iter()
                .map(|number| match self.scratch.codes.get(*number as usize) {
                    Some(entry) if entry.batch == batch => entry.given,
                    _ => self.give_number(*number).unwrap_or_else(|misuse| {
                        refused = Err(misuse);
                        0
                    }),
                }),
        );
        refused
    }

    pub(crate) fn give(&mut self, text: &str) -> Result<u32, Misuse> {
        if let Some(known) = self.dictionary.number(text) {
            return Ok(known);
        }
        if let Some(number) = self.data.codes().number(text) {
            return self.give_number(number);
        }
        if let Some(given) = self.own.get(text) {
            return Ok(*given);
        }
        let given = self.receive(Received::Own(text.into()), text.len())?;
        self.own.insert(text.into(), given);
        Ok(given)
    }

    pub(crate) fn text(&self, code: u32) -> Option<&str> {
        let Some(place) = code.checked_sub(self.dictionary.len()) else {
            return self.dictionary.text(code);
        };
        match self.received.get(place as usize)? {
            Received::Data(number) => self.data.codes().text(*number),
            Received::Own(text) => Some(text),
        }
    }

    pub(crate) fn contains(&mut self, set: u32, codes: &[u32]) -> Result<Vec<u8>, Misuse> {
        let dictionary = self.dictionary.clone();
        let members = dictionary.set(set).ok_or(Misuse::UnknownSet(set))?;
        let look = |batch: &Self, code: u32| {
            let text = batch.text(code).ok_or(Misuse::UnknownCode(code))?;
            Ok(members.contains(text))
        };
        if codes.len() < NOTED_FROM {
            let member = |code: &u32| Ok(u8::from(look(self, *code)?));
            return codes.iter().map(member).collect();
        }
        let mut seen = self.take_seen(set as usize);
        let member = |code: &u32| {
            let noted = seen
                .get_mut(*code as usize)
                .ok_or(Misuse::UnknownCode(*code))?;
            if *noted == Seen::Never {
                *noted = match look(self, *code)? {
                    true => Seen::Inside,
                    false => Seen::Outside,
                };
            }
            Ok(u8::from(*noted == Seen::Inside))
        };
        let answer = codes.iter().map(member).collect();
        self.put_seen(set as usize, seen);
        answer
    }

    /// What was noted of a set, with room for every code given so far.
    fn take_seen(&mut self, set: usize) -> Vec<Seen> {
        let codes = self.dictionary.len() as usize + self.received.len();
        let mut seen = self
            .seen
            .get_mut(set)
            .map(std::mem::take)
            .unwrap_or_default();
        if seen.is_empty() {
            return vec![Seen::Never; codes];
        }
        seen.resize(codes, Seen::Never);
        seen
    }

    fn put_seen(&mut self, set: usize, seen: Vec<Seen>) {
        if self.seen.len() <= set {
            self.seen.resize_with(set + 1, Vec::new);
        }
        if let Some(place) = self.seen.get_mut(set) {
            *place = seen;
        }
    }

    /// The number of a number of the data.
    #[cold]
    fn give_number(&mut self, number: u32) -> Result<u32, Misuse> {
        let (batch, data) = self.scratch.stamps();
        let text = self.data.codes().text(number);
        let (Some(entry), Some(text)) = (self.scratch.codes.get_mut(number as usize), text) else {
            return Ok(0);
        };
        if entry.batch == batch {
            return Ok(entry.given);
        }
        if entry.data != data {
            entry.data = data;
            entry.known = self.dictionary.number(text).unwrap_or(0);
        }
        let (known, bytes) = (entry.known, text.len());
        let given = match (text.is_empty(), known) {
            (true, _) => 0,
            (false, 0) => self.receive(Received::Data(number), bytes)?,
            (false, known) => known,
        };
        if let Some(entry) = self.scratch.codes.get_mut(number as usize) {
            entry.batch = batch;
            entry.given = given;
        }
        Ok(given)
    }

    fn receive(&mut self, received: Received, bytes: usize) -> Result<u32, Misuse> {
        let Bounds {
            texts,
            bytes: bytes_max,
            ..
        } = self.dictionary.bounds();
        let place = u32::try_from(self.received.len()).map_err(|_| Misuse::Dictionary)?;
        let number = self.dictionary.len().checked_add(place);
        let number = number
            .filter(|number| *number <= texts)
            .ok_or(Misuse::Dictionary)?;
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > bytes_max {
            return Err(Misuse::Dictionary);
        }
        self.received.push(received);
        Ok(number)
    }
}
