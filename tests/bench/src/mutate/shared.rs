//! The rules that packs share: files of the SDK that hold conditions of a policy. A change of theirs is noticed where a
//! case of any pack, or a unit test of the SDK, notices it.

use std::fs;
use std::io;
use std::path::Path;

use super::page::Outcome;
use super::run::{self, Program};
use super::{MutateArgs, all_packs, change, mutants_of, own_survivors, target};

/// What `--pack` and the page call it.
pub(super) const NAME: &str = "sdk";

/// What of the SDK is rules: what counts as shifted, extreme, charged, refunded, listed, in force. The rest gives them data.
const FILES: [&str; 6] = [
    "charges.rs",
    "group_payment.rs",
    "knowledge.rs",
    "net_lines.rs",
    "settlement_list.rs",
    "shifted_costs.rs",
];

/// What became of every change of the shared rules.
pub(super) fn shared(arguments: &MutateArgs) -> io::Result<Vec<Outcome>> {
    let plugins = arguments.plugins.canonicalize()?;
    let copy = arguments.work.join(NAME);
    copy_workspace(plugins.parent().unwrap_or(&plugins), &copy)?;
    let sdk = copy.join("sdk").canonicalize()?;
    let is_meant = |file: &str| FILES.contains(&file) && file.contains(&arguments.file);
    let mut outcomes = change(NAME, &sdk, is_meant)?;
    run::add_switch(&sdk)?;
    let target = target(arguments)?;
    let mut survivors = mutants_of(&outcomes);
    for pack in all_packs(&plugins)? {
        if survivors.is_empty() {
            break;
        }
        let source = plugins.join(&pack);
        let copy = arguments.work.join(format!("{pack}-with-{NAME}"));
        run::copy(&source, &copy)?;
        let program = Program {
            source: &source,
            copy: &copy,
            sdk: &sdk,
            switched: run::SDK,
            target: &target,
        };
        survivors = program.unnoticed(&survivors)?;
    }
    let survivors = run::unnoticed_by_tests(&sdk, &target, &survivors)?;
    own_survivors(&mut outcomes, &survivors);
    Ok(outcomes)
}

/// A workspace of the SDK and the contract alone, with the versions of all that they depend on.
fn copy_workspace(workspace: &Path, to: &Path) -> io::Result<()> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    for member in ["sdk", "wit"] {
        run::copy_folder(&workspace.join(member), &to.join(member))?;
    }
    fs::copy(workspace.join("Cargo.lock"), to.join("Cargo.lock"))?;
    let manifest = fs::read_to_string(workspace.join("Cargo.toml"))?;
    fs::write(to.join("Cargo.toml"), small_manifest(&manifest))
}

/// Of the manifest of a workspace, what its members inherit, without the lints.
fn small_manifest(manifest: &str) -> String {
    let mut small =
        "[workspace]\nresolver = \"3\"\nmembers = [\"sdk\", \"wit\"]\n[workspace.lints]\n"
            .to_owned();
    let mut is_inherited = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            is_inherited = matches!(line, "[workspace.package]" | "[workspace.dependencies]");
        }
        if is_inherited {
            small.push_str(line);
            small.push('\n');
        }
    }
    small
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_inherit_versions_and_no_lints() {
        let manifest = "[workspace]\nmembers = [\"a\"]\n[workspace.package]\nversion = \"1.0.0\"\n\
                        [workspace.lints.rust]\nunsafe_code = \"deny\"\n[workspace.dependencies]\nserde = \"1\"\n\
                        [package]\nname = \"p\"\n";
        assert_eq!(
            small_manifest(manifest),
            "[workspace]\nresolver = \"3\"\nmembers = [\"sdk\", \"wit\"]\n[workspace.lints]\n\
             [workspace.package]\nversion = \"1.0.0\"\n[workspace.dependencies]\nserde = \"1\"\n"
        );
    }
}
