//! Sealed packs: those of `plugins/`, built once, and variants of them sealed around the same code.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::{rulepack, workspace};

/// The packs of Shandong that the tests publish.
pub const ALL: [&str; 3] = ["chronic-limits", "drg-checks", "vbp-quota"];
/// All that can be built here: theirs, conduct, and the national library.
const KNOWN: [&str; 5] = [
    "chronic-limits",
    "conduct",
    "drg-checks",
    "vbp-quota",
    "national-library",
];

/// Where packs are compiled and written.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("packs")
}

/// The sealed pack of `plugins/`, built at its first use.
pub fn pack(name: &str) -> PathBuf {
    static BUILT: [OnceLock<PathBuf>; KNOWN.len()] = [const { OnceLock::new() }; KNOWN.len()];
    let index = KNOWN.iter().position(|known| *known == name).unwrap();
    let build = || {
        let file = folder().join(format!("{name}.wasm"));
        let source = workspace().join("plugins").join(name);
        rulepack([
            "build".as_ref(),
            source.as_os_str(),
            "--out".as_ref(),
            file.as_os_str(),
        ])
        .done();
        file
    };
    BUILT[index].get_or_init(build).clone()
}

/// A copy of the source of a pack, without its code, to be changed and sealed again.
pub struct Source {
    name: &'static str,
    /// The folder with `pack.toml`, `tables` and `cases`.
    pub folder: PathBuf,
}

impl Source {
    /// Copies the source of a pack into `folder`.
    pub fn copy(name: &'static str, folder: &Path) -> Self {
        let from = workspace().join("plugins").join(name);
        for part in ["tables", "cases"] {
            copy_files(&from.join(part), &folder.join(part));
        }
        fs::copy(from.join("pack.toml"), folder.join("pack.toml")).unwrap();
        Source {
            name,
            folder: folder.to_owned(),
        }
    }

    /// Replaces a text that stands in a file.
    pub fn replace(&self, file: &str, old: &str, new: &str) -> &Self {
        let path = self.folder.join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "`{file}` has no `{old}`");
        fs::write(path, text.replace(old, new)).unwrap();
        self
    }

    /// Writes a file.
    pub fn write(&self, file: &str, bytes: impl AsRef<[u8]>) -> &Self {
        fs::write(self.folder.join(file), bytes).unwrap();
        self
    }

    /// Runs `build` with the code of the original: no compiler is needed.
    pub fn build(&self, out: &Path) -> super::Ran {
        let code = pack(self.name);
        rulepack([
            "build".as_ref(),
            self.folder.as_os_str(),
            "--component".as_ref(),
            code.as_os_str(),
            "--out".as_ref(),
            out.as_os_str(),
        ])
    }
}

/// Copies a folder with all that is in it.
pub fn copy_files(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let copy = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_files(&path, &copy);
        } else {
            fs::copy(&path, &copy).unwrap();
        }
    }
}
