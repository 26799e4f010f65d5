//! Secrets of this host: 32 random bytes in a file that only its owner reads.

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::files;

/// The secret in a file; `None` where there is none, or something else.
///
/// # Errors
/// Where the file is there and cannot be read.
pub(crate) fn read(path: &Path) -> io::Result<Option<[u8; 32]>> {
    let kept = files::read_if_there(path)?;
    Ok(kept.and_then(|bytes| bytes.try_into().ok()))
}

/// Makes a new secret, and keeps it.
///
/// # Errors
/// Where the file cannot be written, or the system has no randomness.
pub(crate) fn make(path: &Path) -> io::Result<[u8; 32]> {
    let secret = random()?;
    // `replace` writes through a temporary file, which is private from its first moment.
    files::replace(path, &secret)?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(secret)
}

/// The secret in a file, which is made where there is none: by one process alone, whoever else tries.
///
/// # Errors
/// Where the file can neither be read nor written, or holds something else.
pub(crate) fn read_or_make(path: &Path) -> io::Result<[u8; 32]> {
    if let Some(secret) = read(path)? {
        return Ok(secret);
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    // Private from its first moment.
    let mut temporary = tempfile::Builder::new()
        .prefix(".new-")
        .tempfile_in(folder)?;
    temporary.write_all(&random::<32>()?)?;
    temporary.as_file().sync_all()?;
    match temporary.persist_noclobber(path) {
        Ok(_) => files::sync_folder(folder)?,
        // Somebody else was faster.
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error.error),
    }
    read(path)?.ok_or_else(|| io::Error::other("the file does not hold a secret"))
}

/// So many random bytes.
///
/// # Errors
/// Where the system has no randomness.
pub(crate) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| io::Error::other("the system has no randomness"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_what_is_none_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.secret");
        let made = std::thread::scope(|scope| {
            let makers: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| read_or_make(&path).unwrap()))
                .collect();
            makers
                .into_iter()
                .map(|maker| maker.join().unwrap())
                .collect::<Vec<_>>()
        });
        assert!(made.iter().all(|secret| *secret == made[0]));
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(&path, b"short").unwrap();
        let error = read_or_make(&path).unwrap_err();
        assert_eq!(error.to_string(), "the file does not hold a secret");
        assert_eq!(fs::read(&path).unwrap(), b"short");
    }
}
