//! Steps 4 and 5: a hospital follows its province, and gets verdicts.

use std::time::Instant;

use serde_json::Value;

use super::server::Server;
use super::story::{Story, seconds};
use crate::failure::{Explain as _, Outcome};
use crate::files;

/// Sets up the host and brings it up to date. What the registry served then is kept for a later attack.
pub(super) fn activate(story: &mut Story, registry: &Server) -> Outcome {
    story.step("A hospital in Zibo follows its province and activates the packs")?;
    story.run(&format!(
        "rulepack init --dir host --root root.json --registry {} --institution H37030000001 \
         --division 370303",
        registry.url
    ))?;
    let started = Instant::now();
    let synced = story.run("rulepack sync --dir host")?;
    let count = synced["activated"].as_array().map_or(0, Vec::len);
    let took = seconds(started.elapsed());
    story.fact(
        "activated",
        format!("{count} packs: verified, downloaded, inspected, compiled, cases run, {took}"),
    );
    files::copy_folder(
        "registry/repository".as_ref(),
        "earlier-repository".as_ref(),
    )?;
    let standards = story.source("examples/payment-standards.csv");
    story.say("The city's payment standards, which the pack leaves to it:")?;
    story.run(&format!(
        "rulepack import {standards} --table 37/drg-checks/payment-standards --dir host"
    ))?;
    Ok(())
}

/// Imports a patient's history, serves, posts an order, and reviews a discharge and a year of
/// procurement.
pub(super) fn serve(story: &mut Story) -> Outcome<Server> {
    story.step("Verdicts: an order being written, a discharge, a year of procurement")?;
    let history = story.source("examples/history");
    story.run(&format!("rulepack import {history} --dir host"))?;
    let host = Server::start(
        story,
        "rulepack serve --dir host --listen 127.0.0.1:0 --poll 1",
    )?;
    let findings = post_order(story, &host)?;
    story.fact("3101, an order", format!("findings: {findings}"));
    let discharge = story.source("examples/discharge");
    let found = story.run(&format!(
        "rulepack check {discharge} --dir host --pack 37/drg-checks --lang zh"
    ))?;
    story.fact("a discharge (DRG)", count(&found));
    let procurement = story.source("examples/procurement");
    let found = story.run(&format!(
        "rulepack check {procurement} --dir host --pack 37/vbp-quota --period \
         2025-07-01..2026-06-30 --today 2026-07-01 --lang zh"
    ))?;
    story.fact("a year of procurement (集采)", count(&found));
    Ok(host)
}

/// Posts the order of the examples and tells the answer. Gives the number of findings.
pub(super) fn post_order(story: &Story, host: &Server) -> Outcome<usize> {
    let path = story.source("examples/3101-order.json");
    story.show_command(&format!(
        "curl -s -H 'content-type: application/json' --data @{path} {}/",
        host.url
    ))?;
    let body = files::read(path.as_ref())?;
    let mut answer = ureq::post(format!("{}/", host.url))
        .header("content-type", "application/json")
        .send(body.as_slice())
        .context(|| format!("no answer from `{}`", host.url))?;
    let answer: Value = serde_json::from_slice(&answer.body_mut().read_to_vec()?)?;
    let results = answer["output"]["result"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    story.say(&format!(
        "infcode {}, findings: {}",
        answer["infcode"],
        results.len()
    ))?;
    for result in &results {
        let (rule, content) = (text(&result["rule_id"]), text(&result["vola_cont"]));
        story.say(&format!("  {rule} {content}"))?;
        story.say(&format!("    {}", text(&result["vola_evid"])))?;
    }
    let own = &answer["output"]["rulepack"];
    for notice in own["notices"].as_array().into_iter().flatten() {
        story.say(&format!("  提示 {}", text(&notice["message"])))?;
    }
    for abstention in own["abstentions"].as_array().into_iter().flatten() {
        let (rule, missing) = (text(&abstention["rule"]), &abstention["missing"]);
        story.say(&format!("  not evaluable: {rule}, missing {missing}"))?;
    }
    Ok(results.len())
}

fn count(found: &Value) -> String {
    let findings = found["findings"].as_array().map_or(0, Vec::len);
    format!("findings: {findings}")
}
