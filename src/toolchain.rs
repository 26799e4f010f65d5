//! Finds the tools that compile packs. Libraries do not read the environment: this does it for them.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use rulepack_build::Toolchain;

use crate::failure::{Explain as _, Outcome};

/// The toolchain for the pack in `folder`: the cargo that runs us, else the one on `PATH`.
///
/// Packs are compiled in `$CARGO_TARGET_DIR/packs`, else in `target/packs` of the workspace that the
/// pack belongs to. The paths of that workspace and of cargo's home are kept out of the result, so that
/// a pack has the same bytes wherever it is built.
///
/// # Errors
/// Where the folder does not exist.
pub fn detect(folder: &Path) -> Outcome<Toolchain> {
    let folder = folder
        .canonicalize()
        .context(|| format!("cannot find `{}`", folder.display()))?;
    let workspace = workspace_of(&folder);
    let cargo = env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    let target_folder = match env::var_os("CARGO_TARGET_DIR") {
        Some(target) => std::path::absolute(target)
            .context(|| "cannot find the folder of `CARGO_TARGET_DIR`".into())?,
        None => workspace.join("target"),
    };
    let cargo_home = cargo_home();
    let mut hidden_folders = vec![(workspace, "/workspace".to_owned())];
    hidden_folders.extend(cargo_home.clone().map(|home| (home, "/cargo".to_owned())));
    Ok(Toolchain {
        rustc: beside(&cargo, "rustc").unwrap_or_else(|| "rustc".into()),
        rustup: on_path("rustup")
            .or_else(|| Some(cargo_home?.join("bin/rustup")).filter(|rustup| rustup.is_file())),
        cargo,
        environment: env::vars_os().collect(),
        target_folder: target_folder.join("packs"),
        hidden_folders,
    })
}

/// The nearest folder above (or the folder itself) whose `Cargo.toml` is a workspace; the folder itself
/// where none is.
fn workspace_of(folder: &Path) -> PathBuf {
    let is_workspace = |folder: &&Path| {
        let text = std::fs::read_to_string(folder.join("Cargo.toml"));
        let manifest = text.ok().and_then(|text| text.parse::<toml::Table>().ok());
        manifest.is_some_and(|manifest| manifest.contains_key("workspace"))
    };
    folder
        .ancestors()
        .find(is_workspace)
        .unwrap_or(folder)
        .to_owned()
}

/// `$CARGO_HOME`, else `~/.cargo`, as the compiler will name it.
fn cargo_home() -> Option<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(env::home_dir()?.join(".cargo")))?;
    Some(home.canonicalize().unwrap_or(home))
}

/// The tool in the same folder as another one that is given by path: the two are of one toolchain.
fn beside(tool: &Path, name: &str) -> Option<PathBuf> {
    let folder = tool.parent().filter(|folder| *folder != Path::new(""))?;
    let path = folder.join(format!("{name}{}", env::consts::EXE_SUFFIX));
    path.is_file().then_some(path)
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    in_folders(&path, &format!("{name}{}", env::consts::EXE_SUFFIX))
}

fn in_folders(path: &OsStr, file: &str) -> Option<PathBuf> {
    env::split_paths(path)
        .map(|folder| folder.join(file))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_workspace_is_the_nearest_one_above() {
        let root = tempfile::tempdir().unwrap();
        let pack = root.path().join("plugins/a");
        fs::create_dir_all(&pack).unwrap();
        fs::write(pack.join("Cargo.toml"), "[package]\nname = \"a\"").unwrap();
        assert_eq!(workspace_of(&pack), pack);
        fs::write(root.path().join("Cargo.toml"), "[workspace]").unwrap();
        assert_eq!(workspace_of(&pack), root.path());
        fs::write(pack.join("Cargo.toml"), "[package]\n[workspace]").unwrap();
        assert_eq!(workspace_of(&pack), pack);
    }

    #[test]
    fn a_tool_is_found_beside_another_or_on_the_path() {
        let bin = tempfile::tempdir().unwrap();
        let rustc = bin.path().join(format!("rustc{}", env::consts::EXE_SUFFIX));
        fs::write(&rustc, "").unwrap();
        assert_eq!(
            beside(&bin.path().join("cargo"), "rustc"),
            Some(rustc.clone())
        );
        assert_eq!(beside(Path::new("cargo"), "rustc"), None);
        let name = rustc.file_name().unwrap().to_str().unwrap();
        let path = env::join_paths([Path::new("/nowhere"), bin.path()]).unwrap();
        assert_eq!(in_folders(&path, name), Some(rustc.clone()));
        assert_eq!(in_folders(OsStr::new("/nowhere"), name), None);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = detect(Path::new("/nowhere/pack")).unwrap_err().to_string();
        assert!(
            error.starts_with("cannot find `/nowhere/pack`: "),
            "{error}"
        );
    }
}
