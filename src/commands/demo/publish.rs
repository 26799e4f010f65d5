//! Steps 2 and 3: three packs are built, tested, signed and published.

use std::time::Instant;

use super::server::Server;
use super::story::{Story, seconds};
use super::trust::sign_by_shandong;
use crate::failure::Outcome;

/// The packs of the story.
pub(super) const PACKS: [&str; 3] = ["chronic-limits", "drg-checks", "vbp-quota"];

/// Builds the packs from their source and runs their cases.
pub(super) fn build(story: &mut Story) -> Outcome {
    story.step("Three rule packs, from source to sealed WebAssembly, tested on their own cases")?;
    for pack in PACKS {
        let started = Instant::now();
        let folder = story.source(format!("plugins/{pack}"));
        let built = story.run(&format!("rulepack build {folder} --out {pack}.wasm"))?;
        let tested = story.run_quietly(&format!("rulepack test {pack}.wasm"))?;
        let cases = tested["cases"].as_array().map_or(0, Vec::len);
        story.say(&format!(
            "{cases} of {cases} cases give the expected answer"
        ))?;
        let fact = format!(
            "{} bytes, {} rules, {cases} cases, {}",
            built["bytes"],
            built["rules"],
            seconds(started.elapsed())
        );
        story.fact(format!("built 37/{pack} 1.0.0"), fact);
    }
    Ok(())
}

/// Starts the registry, and publishes the packs over HTTP.
pub(super) fn publish(story: &mut Story) -> Outcome<Server> {
    story.step("A registry; two officers sign; it verifies and publishes")?;
    let registry = Server::start(
        story,
        "rulepack registry serve --dir registry --listen 127.0.0.1:0",
    )?;
    story.say("Its signer for snapshot and timestamp is in the same process: loopback only.")?;
    let url = registry.url.clone();
    story.run(&format!(
        "rulepack publish send targets.json --registry {url}"
    ))?;
    let files = PACKS.map(|pack| format!("{pack}.wasm"));
    story.run(&format!(
        "rulepack publish draft {} --registry {url} --out 37.json",
        files.join(" ")
    ))?;
    sign_by_shandong(story, "37.json")?;
    let packs: String = files.iter().map(|file| format!(" --pack {file}")).collect();
    let started = Instant::now();
    story.run(&format!(
        "rulepack publish send 37.json{packs} --registry {url}"
    ))?;
    let took = seconds(started.elapsed());
    story.fact(
        "published",
        format!("3 packs, verified and their cases run by the registry, {took}"),
    );
    Ok(registry)
}
