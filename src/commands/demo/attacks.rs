//! Step 7: four attacks, each refused with its own reason.

use std::fs;
use std::path::{Path, PathBuf};

use super::server::Server;
use super::story::Story;
use super::trust::{sign_by_one, sign_by_shandong};
use crate::failure::{Failure, Outcome};
use crate::files;

/// How many attacks are tried.
pub(super) const COUNT: usize = 4;

/// Tries all; gives how many were refused.
pub(super) fn try_all(story: &mut Story, registry: &Server) -> Outcome<usize> {
    story.step("Four attacks")?;
    let refused = [
        flipped_byte(story)?,
        foreign_name_space(story, registry)?,
        one_signature(story, registry)?,
        rollback(story)?,
    ];
    let count = refused.iter().filter(|refused| **refused).count();
    story.fact("attacks", format!("{count} of {COUNT} refused"));
    Ok(count)
}

/// A mirror flips one byte in the middle of a pack.
fn flipped_byte(story: &Story) -> Outcome<bool> {
    story.say("a) A mirror serves a pack with one byte flipped.")?;
    let mirror = Path::new("flipped-repository");
    files::copy_folder("registry/repository".as_ref(), mirror)?;
    let path = find(&mirror.join("targets/37/vbp-quota"))?;
    let mut bytes = files::read(&path)?;
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
    files::write(&path, &bytes)?;
    story.run_quietly(
        "rulepack init --dir host-of-mirror --root root.json --registry flipped-repository \
         --institution H37030000002 --division 370303",
    )?;
    story.run_refused("rulepack sync --dir host-of-mirror")
}

/// Shandong's officers sign a pack of another province.
fn foreign_name_space(story: &Story, registry: &Server) -> Outcome<bool> {
    story.say("b) A pack of province 44 is signed with Shandong's keys.")?;
    reseal(story, "foreign", |manifest| {
        manifest
            .replace(
                "name = \"37/chronic-limits\"",
                "name = \"44/chronic-limits\"",
            )
            .replace("jurisdictions = [\"37\"]", "jurisdictions = [\"44\"]")
    })?;
    let url = &registry.url;
    story.run_quietly(&format!(
        "rulepack publish draft foreign.wasm --role 37 --registry {url} --out 37.json"
    ))?;
    sign_by_shandong(story, "37.json")?;
    story.run_refused(&format!(
        "rulepack publish send 37.json --pack foreign.wasm --registry {url}"
    ))
}

/// One officer signs where two must.
fn one_signature(story: &Story, registry: &Server) -> Outcome<bool> {
    story.say("c) One officer signs where two are due.")?;
    reseal(story, "alone", |manifest| {
        manifest.replacen("version = \"1.0.0\"", "version = \"1.0.2\"", 1)
    })?;
    let url = &registry.url;
    story.run_quietly(&format!(
        "rulepack publish draft alone.wasm --registry {url} --out 37.json"
    ))?;
    sign_by_one(story, "37.json")?;
    story.run_refused(&format!(
        "rulepack publish send 37.json --pack alone.wasm --registry {url}"
    ))
}

/// A registry serves what it served in step 4, so that 1.0.1 disappears.
fn rollback(story: &Story) -> Outcome<bool> {
    story.say("d) A registry serves the metadata of step 4 again, so that 1.0.1 disappears.")?;
    story.run_refused("rulepack sync --dir host --registry earlier-repository")
}

/// Seals the code of chronic-limits with a changed manifest.
fn reseal(story: &Story, name: &str, change: impl Fn(&str) -> String) -> Outcome {
    let source = story.source.join("plugins/chronic-limits");
    for part in ["tables", "cases"] {
        files::copy_folder(&source.join(part), &Path::new(name).join(part))?;
    }
    let manifest = change(&files::read_text(&source.join("pack.toml"))?);
    files::write(&Path::new(name).join("pack.toml"), manifest.as_bytes())?;
    story.run_quietly(&format!(
        "rulepack build {name} --component chronic-limits.wasm --out {name}.wasm"
    ))?;
    Ok(())
}

/// The one file of a folder.
fn find(folder: &Path) -> Outcome<PathBuf> {
    let entry = fs::read_dir(folder)?.next().transpose()?;
    let missing = || Failure::new(format!("`{}` is empty", folder.display()));
    Ok(entry.ok_or_else(missing)?.path())
}
