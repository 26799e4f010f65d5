//! Step 6: a knowledge-only release reaches the serving host by itself.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::hospital::post_order;
use super::server::Server;
use super::story::{Story, seconds};
use super::trust::sign_by_shandong;
use crate::failure::{Explain as _, Failure, Outcome};
use crate::files;

/// The row that the bureau adds: atorvastatin for hypertension.
const NEW_ROW: &str = "M03900,XC10AAA100A001010100008,2026-01-01,,地方门诊慢特病目录（示例）\n";
/// How long the host may take to notice; it asks every second.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long to wait between two looks at its status.
const PAUSE: Duration = Duration::from_millis(50);

/// Publishes `chronic-limits` 1.0.1 with one more row, waits until the host uses it, and posts the same
/// order again.
pub(super) fn publish_knowledge(story: &mut Story, registry: &Server, host: &Server) -> Outcome {
    story.step("New knowledge, the same code: 1.0.1 reaches the serving host by itself")?;
    edit_source(story)?;
    story.say("The bureau adds one row to the catalogue of hypertension (M03900):")?;
    story.say(&format!("  + {}", NEW_ROW.trim_end()))?;
    let built = story.run(
        "rulepack build chronic-limits-1.0.1 --component chronic-limits.wasm --out \
         chronic-limits-1.0.1.wasm",
    )?;
    story.say("The digest of the component is that of 1.0.0: no compiler was asked.")?;
    publish(story, registry, "chronic-limits-1.0.1.wasm")?;
    let started = Instant::now();
    wait_for(host, "37/chronic-limits/1.0.1.wasm", started)?;
    let took = seconds(started.elapsed());
    story.say(&format!(
        "The host noticed, verified and activated it after {took}."
    ))?;
    let findings = post_order(story, host)?;
    story
        .say("The item is in the catalogue now, so it is no longer blocked; the overlap stays.")?;
    story.fact(
        "1.0.1, knowledge only",
        format!(
            "{} bytes, in use after {took}; the same order, findings: {findings}",
            built["bytes"]
        ),
    );
    Ok(())
}

/// Drafts, has signed, and sends a pack of Shandong.
pub(super) fn publish(story: &Story, registry: &Server, pack: &str) -> Outcome {
    let url = &registry.url;
    story.run_quietly(&format!(
        "rulepack publish draft {pack} --registry {url} --out 37.json"
    ))?;
    sign_by_shandong(story, "37.json")?;
    story.run(&format!(
        "rulepack publish send 37.json --pack {pack} --registry {url}"
    ))?;
    Ok(())
}

/// The source of the pack with a new version and one more row.
fn edit_source(story: &Story) -> Outcome {
    let target = Path::new("chronic-limits-1.0.1");
    let source = story.source.join("plugins/chronic-limits");
    for part in ["tables", "cases"] {
        files::copy_folder(&source.join(part), &target.join(part))?;
    }
    let manifest = files::read_text(&source.join("pack.toml"))?;
    let manifest = manifest.replacen("version = \"1.0.0\"", "version = \"1.0.1\"", 1);
    files::write(&target.join("pack.toml"), manifest.as_bytes())?;
    let path = target.join("tables/catalogue.csv");
    let table = files::read_text(&path)? + NEW_ROW;
    fs::write(&path, table).context(|| format!("cannot write `{}`", path.display()))
}

/// Waits until the host uses a version for requests of today.
fn wait_for(host: &Server, path: &str, started: Instant) -> Outcome {
    let url = format!("{}/api/v1/status", host.url);
    while started.elapsed() < PATIENCE {
        let mut answer = ureq::get(&url).call()?;
        let status: Value = serde_json::from_slice(&answer.body_mut().read_to_vec()?)?;
        let packs = status["packs"].as_array();
        let in_use = |pack: &Value| pack["pack"] == path && pack["in_use"] == true;
        if packs.into_iter().flatten().any(in_use) {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
    Err(Failure::new(format!(
        "the host does not use `{path}` after {}",
        seconds(PATIENCE)
    )))
}
