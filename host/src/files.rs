//! Files that are either the old or the new ones, whatever happens in between.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// What stands before the name of a file that is being written, until it has its own.
pub(crate) const UNFINISHED: &str = ".new-";

/// Replaces a file: temporary file in the same folder, fsync, rename, fsync of the folder. The folder is
/// made where it is missing.
///
/// # Errors
/// Any step's; the old file is then still there, whole.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = folder_of(path);
    make_folders(folder)?;
    let mut temporary = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempfile_in(folder)?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Makes a folder and those around it, each of them durable; nothing where it is there.
fn make_folders(folder: &Path) -> io::Result<()> {
    for missing in missing_folders(folder, Path::is_dir).into_iter().rev() {
        match fs::create_dir(missing) {
            // Somebody else made it meanwhile.
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists || !missing.is_dir() => {
                return Err(error);
            }
            _ => sync_folder(folder_of(missing))?,
        }
    }
    Ok(())
}

/// The folder and those around it that are not there, the innermost first. The current folder is the last of a relative
/// path: a process that may not search it sees none at all.
fn missing_folders(folder: &Path, is_there: impl Fn(&Path) -> bool) -> Vec<&Path> {
    let around = folder.ancestors();
    let named = around.take_while(|around| !around.as_os_str().is_empty());
    named.take_while(|around| !is_there(around)).collect()
}

/// The folder in which a file lies: the current one for a bare name.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A new or emptied file that only its owner reads: what is written to it is about patients.
///
/// # Errors
/// Where the file system refuses.
pub fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path)
}

/// Makes a file durable, as it stands now in its folder.
///
/// # Errors
/// Where file or folder cannot be opened or synced.
pub fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()?;
    sync_folder(folder_of(path))
}

/// Makes a rename or a new file in a folder durable.
///
/// # Errors
/// Where the folder cannot be opened or synced.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The bytes of a file, or `None` where there is none.
///
/// # Errors
/// Any other reason than that the file is missing.
pub fn read_if_there(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state").join("lock.json");
        assert!(read_if_there(&path).unwrap().is_none());
        replace(&path, b"old").unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(read_if_there(&path).unwrap().unwrap(), b"new");
        let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
        assert_eq!(names.len(), 1);
    }

    #[test]
    fn the_folders_around_one_come_to_an_end_where_none_of_them_can_be_seen() {
        for (folder, expected) in [
            (".", &["."][..]),
            ("/", &["/"]),
            ("..", &[".."]),
            ("a", &["a"]),
            ("./a", &["./a", "."]),
            ("/a/b/", &["/a/b", "/a", "/"]),
        ] {
            let expected: Vec<&Path> = expected.iter().map(Path::new).collect();
            assert_eq!(missing_folders(Path::new(folder), |_| false), expected);
        }
        let folder = Path::new("a/b/c");
        assert_eq!(
            missing_folders(folder, |it| it == Path::new("a/b")),
            [folder]
        );
        assert!(missing_folders(folder, |it| it == folder).is_empty());
    }

    #[test]
    fn folders_that_are_missing_are_made_and_one_that_is_a_file_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a").join("b").join("c");
        replace(&path, b"new").unwrap();
        assert_eq!(read_if_there(&path).unwrap().unwrap(), b"new");
        sync(&path).unwrap();
        let within = path.join("d").join("e");
        assert!(replace(&within, b"new").is_err());
        assert_eq!(read_if_there(&path).unwrap().unwrap(), b"new");
    }
}
