//! Reading and writing the files that a person names, with errors that name them.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::failure::{Explain as _, Outcome};

/// The bytes of a file.
pub fn read(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path).context(|| format!("cannot read `{}`", path.display()))
}

/// The text of a file.
pub fn read_text(path: &Path) -> Outcome<String> {
    fs::read_to_string(path).context(|| format!("cannot read `{}`", path.display()))
}

/// Replaces a file as a whole; what stood there stays where that fails.
pub fn write(path: &Path, bytes: &[u8]) -> Outcome {
    rulepack_host::files::replace(path, bytes)
        .context(|| format!("cannot write `{}`", path.display()))
}

/// Writes a new file that its owner alone may read; an existing one is never overwritten.
pub fn write_secret(path: &Path, text: &str) -> Outcome {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).context(|| format!("cannot make `{}`", folder.display()))?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let write = || {
        let mut file = options.open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().context(|| format!("cannot write `{}`", path.display()))
}

/// Copies a folder with all that is in it to a new place.
pub fn copy_folder(from: &Path, to: &Path) -> Outcome {
    fs::create_dir_all(to).context(|| format!("cannot make `{}`", to.display()))?;
    let entries = fs::read_dir(from).context(|| format!("cannot read `{}`", from.display()))?;
    for entry in entries {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)
                .context(|| format!("cannot write `{}`", target.display()))?;
        }
    }
    Ok(())
}
