//! Frames of the socket: the length in 4 bytes, big-endian, then so many bytes of JSON.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest request, in bytes: a root, or the names of some roles.
pub(super) const REQUEST_BYTES_MAX: usize = 2 * 1024 * 1024;
/// The longest reply: a snapshot and a timestamp, whose quotes are escaped.
pub(super) const REPLY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Writes one message.
///
/// # Errors
/// Where it is longer than `bytes_max`, or the socket fails.
pub(super) fn write(
    to: &mut impl Write,
    message: &impl Serialize,
    bytes_max: usize,
) -> io::Result<()> {
    let bytes = serde_json::to_vec(message)?;
    if bytes.len() > bytes_max {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let length = u32::try_from(bytes.len()).map_err(|_| io::ErrorKind::InvalidData)?;
    to.write_all(&length.to_be_bytes())?;
    to.write_all(&bytes)?;
    to.flush()
}

/// Reads one message. No byte beyond the length is read, and none kept room for before it comes.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] where it is longer than `bytes_max` or not of type `T`;
/// [`io::ErrorKind::UnexpectedEof`] where it ends early; what the socket says.
pub(super) fn read<T: DeserializeOwned>(from: &mut impl Read, bytes_max: usize) -> io::Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if usize::try_from(length).map_or(true, |length| length > bytes_max) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = Vec::new();
    from.take(length.into()).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != u64::from(length) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    serde_json::from_slice(&bytes).map_err(|_| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_back() {
        let mut bytes = Vec::new();
        write(&mut bytes, &"三七", 100).unwrap();
        assert_eq!(bytes[..4], [0, 0, 0, 8]);
        let text: String = read(&mut bytes.as_slice(), 100).unwrap();
        assert_eq!(text, "三七");
    }

    #[test]
    fn a_message_beyond_its_bound_is_refused_on_both_sides_before_its_bytes_are_read() {
        let error = write(&mut Vec::new(), &"0123456789", 11).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        let mut frame: &[u8] = &[0xff, 0xff, 0xff, 0xff, 1, 2, 3];
        let error = read::<String>(&mut frame, 11).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(frame, [1, 2, 3]);
    }

    #[test]
    fn a_message_that_ends_early_or_is_no_message_is_refused() {
        let ends = |bytes: &[u8]| read::<String>(&mut &bytes[..], 100).unwrap_err().kind();
        assert_eq!(ends(&[0, 0]), io::ErrorKind::UnexpectedEof);
        assert_eq!(
            ends(&[0, 0, 0, 4, b'"', b'a']),
            io::ErrorKind::UnexpectedEof
        );
        assert_eq!(ends(&[0, 0, 0, 2, b'"', b'a']), io::ErrorKind::InvalidData);
    }
}
