//! Step 1: the national root, and the delegation of Shandong.

use super::story::Story;
use crate::failure::Outcome;

/// The persons of the story; three of each, any two of whom must sign.
const KEEPERS: [&str; 3] = ["root-an", "root-bai", "root-chen"];
const DELEGATORS: [&str; 3] = ["targets-ding", "targets-fan", "targets-gao"];
const OFFICERS: [&str; 3] = ["shandong-li", "shandong-wang", "shandong-zhao"];

/// Makes all keys, the root and the delegation, and installs the root.
pub(super) fn ceremony(story: &mut Story) -> Outcome {
    story.step("A national root, and Shandong's name space 37")?;
    story.say(
        "Nine persons make their keys; any two of three must sign. In a story they are open:",
    )?;
    story.say("outside of one each is asked for a passphrase, and reads what a file changes before signing.")?;
    for person in KEEPERS.iter().chain(&DELEGATORS).chain(&OFFICERS) {
        story.run_quietly(&format!(
            "rulepack key new {person} --out keys --no-passphrase"
        ))?;
    }
    story.run_quietly("rulepack registry keys --dir registry")?;
    let keys = |flag: &str, persons: &[&str]| -> String {
        persons
            .iter()
            .map(|person| format!(" {flag} keys/{person}.pub"))
            .collect()
    };
    story.run(&format!(
        "rulepack root init{}{} --snapshot-key registry/signer/registry-snapshot.pub \
         --timestamp-key registry/signer/registry-timestamp.pub --out root.json",
        keys("--key", &KEEPERS),
        keys("--targets-key", &DELEGATORS),
    ))?;
    sign(story, "root.json", &KEEPERS[..2])?;
    story.run_quietly("rulepack registry install --dir registry --root root.json")?;
    story.run(&format!(
        "rulepack delegate 37{} --threshold 2 --out targets.json",
        keys("--key", &OFFICERS),
    ))?;
    sign(story, "targets.json", &DELEGATORS[..2])?;
    story.fact(
        "root",
        "2 of 3 keepers; 2 of 3 delegate name spaces; 37 is Shandong's, 2 of 3",
    );
    Ok(())
}

/// Two officers of Shandong sign.
pub(super) fn sign_by_shandong(story: &Story, file: &str) -> Outcome {
    sign(story, file, &OFFICERS[..2])
}

/// One officer of Shandong signs.
pub(super) fn sign_by_one(story: &Story, file: &str) -> Outcome {
    sign(story, file, &OFFICERS[..1])
}

fn sign(story: &Story, file: &str, persons: &[&str]) -> Outcome {
    for person in persons {
        story.run_quietly(&format!(
            "rulepack sign {file} --key keys/{person}.key --yes"
        ))?;
    }
    Ok(())
}
