//! Lines of a file, each encrypted and authenticated at its place.
//!
//! One line an entry: a nonce of 24 bytes and XChaCha20-Poly1305 of the entry, in hexadecimal. The number of
//! the line and the name of the file are authenticated with it, so that lines can be neither exchanged nor
//! moved.

use std::io;
use std::path::Path;

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};

use crate::secret;

/// Bytes of a nonce.
const NONCE_BYTES: usize = 24;

/// Seals and opens the lines of one file.
pub(crate) struct Sealer {
    cipher: XChaCha20Poly1305,
    file: Vec<u8>,
}

impl Sealer {
    /// For the file at this path, whose name alone counts.
    pub(crate) fn new(path: &Path, secret: &[u8; 32]) -> Self {
        let name = path.file_name().unwrap_or_default();
        Sealer {
            cipher: XChaCha20Poly1305::new(&(*secret).into()),
            file: name.as_encoded_bytes().to_vec(),
        }
    }

    /// The line of an entry, with its end; `line` from 0.
    ///
    /// # Errors
    /// Where the system has no randomness, or the entry is longer than any.
    pub(crate) fn seal(&self, entry: &[u8], line: u64) -> io::Result<Vec<u8>> {
        let nonce: [u8; NONCE_BYTES] = secret::random()?;
        let payload = Payload {
            msg: entry,
            aad: &self.circumstances(line),
        };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| io::Error::other("the entry is too long"))?;
        let mut text = base16ct::lower::encode_string(&nonce);
        text.push_str(&base16ct::lower::encode_string(&sealed));
        text.push('\n');
        Ok(text.into_bytes())
    }

    /// The entry of a line, given with its end; `None` where this was not sealed so, or not there.
    pub(crate) fn unseal(&self, line: &[u8], number: u64) -> Option<Vec<u8>> {
        let bytes = base16ct::lower::decode_vec(line.strip_suffix(b"\n")?).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload {
            msg: sealed,
            aad: &self.circumstances(number),
        };
        self.cipher.decrypt(&XNonce::from(*nonce), payload).ok()
    }

    /// What an entry is bound to: the name of its file and the number of its line.
    fn circumstances(&self, line: u64) -> Vec<u8> {
        let mut bytes = self.file.clone();
        bytes.extend_from_slice(&line.to_le_bytes());
        bytes
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer").finish_non_exhaustive()
    }
}
