//! The texts of one batch, after those of the dictionary.

use std::collections::HashMap;
use std::sync::Arc;

use rulepack_contract::data::Data;

use super::scratch::Scratch;
use super::{Bounds, Dictionary, Looked};
use crate::fault::Misuse;
use crate::limits::Limits;

/// Below so many codes it is quicker to look at each text than to note what was seen.
const NOTED_FROM: usize = 64;

/// Notes that may be made for one code that is asked for: a thousand are cleared in less time than a look takes.
const NOTES_A_CODE: usize = 1024;

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
    /// How many of these there are.
    notes: usize,
}

#[derive(Debug)]
pub(super) enum Received {
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
            received: std::mem::take(&mut scratch.received),
            scratch,
            own: HashMap::new(),
            seen: Vec::new(),
            notes: 0,
        }
    }

    /// The tables, for the next batch.
    pub(crate) fn into_scratch(mut self) -> Box<Scratch> {
        self.received.clear();
        self.scratch.received = self.received;
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

    pub(crate) fn contains(
        &mut self,
        set: u32,
        codes: &[u32],
    ) -> Result<(Vec<u8>, Looked), Misuse> {
        let dictionary = self.dictionary.clone();
        let members = dictionary.set(set).ok_or(Misuse::UnknownSet(set))?;
        let mut looked = Looked::default();
        let mut look = |batch: &Self, code: u32| {
            let text = batch.text(code).ok_or(Misuse::UnknownCode(code))?;
            looked.at(text);
            Ok(members.contains(text))
        };
        if !self.is_noted(set as usize, codes.len()) {
            let member = |code: &u32| Ok(u8::from(look(self, *code)?));
            let inside: Result<Vec<u8>, Misuse> = codes.iter().map(member).collect();
            return Ok((inside?, looked));
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
        let inside: Result<Vec<u8>, Misuse> = codes.iter().map(member).collect();
        self.put_seen(set as usize, seen);
        Ok((inside?, looked))
    }

    /// Whether what is seen of so many codes is noted. A note is made for every code that the instance knows, and kept:
    /// so only where enough of them are asked for to pay for making it, and only so many in all.
    fn is_noted(&self, set: usize, asked: usize) -> bool {
        let noted = self.seen.get(set).map_or(0, Vec::len);
        let missing = self.known().saturating_sub(noted);
        asked >= NOTED_FROM
            && missing <= asked.saturating_mul(NOTES_A_CODE)
            && missing <= Limits::SET_NOTES.saturating_sub(self.notes)
    }

    /// The codes that the instance knows.
    fn known(&self) -> usize {
        self.dictionary.len() as usize + self.received.len()
    }

    /// What was noted of a set, with room for every code given so far.
    fn take_seen(&mut self, set: usize) -> Vec<Seen> {
        let codes = self.known();
        let mut seen = self
            .seen
            .get_mut(set)
            .map(std::mem::take)
            .unwrap_or_default();
        self.notes += codes.saturating_sub(seen.len());
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

#[cfg(test)]
mod tests {
    use super::*;

    /// An instance that knows so many texts and sets. Each set holds the texts that begin with its number.
    fn codes(texts: u32, sets: u32) -> BatchCodes {
        let mut dictionary = Dictionary::new(Bounds::new(&Limits::default()));
        for text in 0..texts {
            dictionary.give(&format!("{text:06}")).unwrap();
        }
        for set in 0..sets {
            dictionary.define_set(vec![format!("{set:03}")]).unwrap();
        }
        let (data, _) = rulepack_contract::data::DataBuilder::new().finish();
        BatchCodes::new(Arc::new(dictionary), Arc::new(data), Box::default())
    }

    #[test]
    fn what_is_noted_of_sets_is_bounded_whatever_a_pack_asks_for() {
        let mut codes = codes(100_000, 200);
        let asked: Vec<u32> = (1..=1_000).collect();
        for set in 0..200 {
            let (inside, _) = codes.contains(set, &asked).unwrap();
            // Text `000000` is number 1, so the first thousand texts begin with 000.
            assert!(inside.iter().all(|inside| *inside == u8::from(set == 0)));
        }
        let noted: usize = codes.seen.iter().map(Vec::len).sum();
        assert_eq!(codes.notes, noted);
        assert_eq!(noted, 16_777_216 / 100_001 * 100_001);
    }

    #[test]
    fn notes_are_made_only_where_enough_codes_are_asked_for_to_pay_for_them() {
        let mut codes = codes(100_000, 1);
        let few: Vec<u32> = (1..=64).collect();
        let (_, looked) = codes.contains(0, &few).unwrap();
        assert_eq!((codes.notes, looked.fuel()), (0, 64 * 64 + 64 * 6));
        let many: Vec<u32> = (1..=800).collect();
        let (_, looked) = codes.contains(0, &many).unwrap();
        assert_eq!((codes.notes, looked.fuel()), (100_001, 800 * (64 + 6)));
        let (_, looked) = codes.contains(0, &many).unwrap();
        assert_eq!(looked.fuel(), 0);
    }
}
