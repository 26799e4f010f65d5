//! A pack as bounded processes made it: what `prepare` left, and the compiled form.

use crate::compiled::Compiled;
use crate::numbering::{Bounds, Dictionary, StoredError};
use crate::prepare::Preparation;

/// What `prepare` of a pack left.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The component whose instances begin with it; none where its shape allows no snapshot.
    pub(crate) component: Option<Vec<u8>>,
    pub(crate) dictionary: Dictionary,
    pub(crate) fuel: u64,
}

/// The part of it that every instance needs beside its code.
#[derive(Debug, Clone)]
pub(crate) struct Left {
    pub(crate) dictionary: Dictionary,
    pub(crate) preparation: Preparation,
    pub(crate) fuel: u64,
}

/// A pack that only has to be loaded: made by a [`crate::worker::Worker`], kept by a
/// [`crate::cache::CompiledCache`], and made ready by [`crate::Engine::load_made`].
#[derive(Debug, Clone)]
pub struct Made {
    pub(crate) left: Left,
    pub(crate) compiled: Compiled,
}

/// Why bytes are not a [`Made`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MadeError {
    /// Too few, or a mark that is not known.
    #[error("the entry is not one of a compiled pack")]
    Shape,
    /// Its dictionary.
    #[error(transparent)]
    Dictionary(#[from] StoredError),
}

impl Prepared {
    pub(crate) fn left(self, preparation: Preparation) -> Left {
        Left {
            dictionary: self.dictionary,
            preparation,
            fuel: self.fuel,
        }
    }
}

impl Made {
    /// How its instances come to be.
    #[must_use]
    pub fn preparation(&self) -> Preparation {
        self.left.preparation
    }

    /// One byte for the preparation, the fuel and the length of the dictionary as `u64`, little-endian,
    /// the dictionary, and the compiled form.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let dictionary = self.left.dictionary.to_bytes();
        let compiled = self.compiled.bytes();
        let mut bytes = Vec::with_capacity(17 + dictionary.len() + compiled.len());
        bytes.push(mark(self.left.preparation));
        bytes.extend(self.left.fuel.to_le_bytes());
        bytes.extend((dictionary.len() as u64).to_le_bytes());
        bytes.extend(dictionary);
        bytes.extend(compiled);
        bytes
    }

    /// `bytes` must be those that this host wrote: see [`Compiled::by_this_host`].
    pub(crate) fn from_bytes(bytes: &[u8], bounds: Bounds) -> Result<Self, MadeError> {
        let (first, rest) = bytes.split_first().ok_or(MadeError::Shape)?;
        let (fuel, rest) = number(rest)?;
        let (length, rest) = number(rest)?;
        let length = usize::try_from(length).map_err(|_| MadeError::Shape)?;
        let (dictionary, compiled) = rest.split_at_checked(length).ok_or(MadeError::Shape)?;
        let preparations = [Preparation::Snapshot, Preparation::EachInstance];
        let preparation = preparations
            .into_iter()
            .find(|known| mark(*known) == *first);
        Ok(Made {
            left: Left {
                dictionary: Dictionary::from_bytes(dictionary, bounds)?,
                preparation: preparation.ok_or(MadeError::Shape)?,
                fuel,
            },
            compiled: Compiled::by_this_host(compiled.to_vec()),
        })
    }
}

fn mark(preparation: Preparation) -> u8 {
    match preparation {
        Preparation::Snapshot => b's',
        Preparation::EachInstance => b'e',
    }
}

fn number(bytes: &[u8]) -> Result<(u64, &[u8]), MadeError> {
    let (number, rest) = bytes.split_first_chunk().ok_or(MadeError::Shape)?;
    Ok((u64::from_le_bytes(*number), rest))
}
