//! What a city sets for its province's pack, by the commands: built, signed, published, picked up by the
//! hospitals of the city, recorded and executed anew; and what it may not set (T14).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use common::nation::{Host, Nation, Registry};
use common::packs::pack;
use common::{Ran, command, rulepack, today, workspace};
use serde_json::Value;

const PACK: &str = "37/chronic-limits";
const FIRST: &str = "3703/37.chronic-limits/1.0.0.toml";
const SECOND: &str = "3703/37.chronic-limits/1.1.0.toml";

/// A province with one pack, its city Zibo, and a hospital there that runs the pack.
struct Story {
    nation: Nation,
    registry: Registry,
    host: Host,
}

impl Story {
    fn begin() -> Self {
        let story = Self::before_the_pack();
        story.publish_pack();
        story
    }

    /// The same before the province has published its pack.
    fn before_the_pack() -> Self {
        let nation = Nation::found();
        let registry = nation.serve();
        for person in ["a", "b", "c"] {
            let name = format!("city-{person}");
            nation
                .run(&format!("key new {name} --out {{}}/keys --no-passphrase"))
                .done();
        }
        let address = &registry.address;
        nation
            .run(&format!(
                "delegate 3703 --key {{}}/keys/city-a.pub --key {{}}/keys/city-b.pub \
                 --key {{}}/keys/city-c.pub --registry {address} --out {{}}/37.json"
            ))
            .done();
        nation.sign("37.json", &["bureau-a", "bureau-b"]);
        nation.send(&[], &registry).done();
        let host = nation.host("host", &registry);
        Story {
            nation,
            registry,
            host,
        }
    }

    fn publish_pack(&self) {
        self.nation
            .publish(&[&pack("chronic-limits")], &self.registry);
        self.host.sync().done();
    }

    /// Writes and builds an overlay that sets these lines.
    fn overlay(&self, setter: &str, version: &str, lines: &str) -> PathBuf {
        let source = self.nation.path(&format!("{setter}-{version}.source.toml"));
        fs::write(&source, written(setter, version, lines)).unwrap();
        let out = self.nation.path(&format!("{setter}-{version}.toml"));
        rulepack([
            "overlay".as_ref(),
            "build".as_ref(),
            source.as_os_str(),
            "--out".as_ref(),
            out.as_os_str(),
        ])
        .done();
        out
    }

    /// Drafts the role of a name space with an overlay, and has it signed.
    fn draft(&self, role: &str, overlay: &Path, persons: &[&str]) {
        let (file, address) = (overlay.display(), &self.registry.address);
        self.nation
            .run(&format!(
                "publish draft {file} --out {{}}/{role}.json --registry {address}"
            ))
            .done();
        self.nation.sign(&format!("{role}.json"), persons);
    }

    fn send(&self, role: &str, overlay: &Path) -> Ran {
        let (file, address) = (overlay.display(), &self.registry.address);
        self.nation.run(&format!(
            "publish send {{}}/{role}.json --pack {file} --registry {address}"
        ))
    }

    /// The city publishes what sets these lines.
    fn city_sets(&self, version: &str, lines: &str) {
        let overlay = self.overlay("3703", version, lines);
        self.draft("3703", &overlay, &["city-a", "city-b"]);
        self.send("3703", &overlay).done();
    }

    /// Executes a command of the host.
    fn host(&self, arguments: &[&str]) -> Ran {
        let folder = self.host.folder().to_str().unwrap();
        rulepack([&["host"], arguments, &["--dir", folder]].concat())
    }

    /// What the rules say of an order of so many days, told to programs.
    fn order(&self, days: &str) -> Value {
        let order = self.nation.path("order.json");
        fs::write(&order, request(days)).unwrap();
        let folder = self.host.folder();
        let told = rulepack([
            "--json".as_ref(),
            "check".as_ref(),
            order.as_os_str(),
            "--dir".as_ref(),
            folder.as_os_str(),
        ]);
        serde_json::from_str(&told.done()).unwrap()
    }

    /// The limit that an order of eighty days meets, and who set it: nothing where it is allowed.
    fn limit(&self) -> Option<(i64, String)> {
        let answer = self.order("80");
        let findings = answer["findings"].as_array().unwrap();
        let found = findings.iter().find(|found| found["rule"] == "CHR-02")?;
        let set = &found["set"]["days_max"];
        Some((set["value"].as_i64()?, set["by"].as_str()?.to_owned()))
    }
}

/// A running host.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let mut command = command();
        command.args(["serve", "--listen", "127.0.0.1:0", "--poll", "1", "--dir"]);
        command.arg(folder).stdout(Stdio::piped());
        let mut process = command.stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        lines.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("service at ").unwrap().to_owned();
        Server { process, address }
    }

    /// The answer to an order, and its receipt.
    fn ask(&self, order: &Path) -> (Value, Vec<u8>) {
        let mut answer = ureq::post(format!("{}/", self.address))
            .header("content-type", "application/json")
            .send(fs::read(order).unwrap())
            .unwrap();
        let answer = answer.body_mut().read_to_vec().unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let id = answer["output"]["rulepack"]["receipt"].as_str().unwrap();
        let receipt = ureq::get(format!("{}/api/v1/receipts/{id}", self.address)).call();
        let receipt = receipt.unwrap().body_mut().read_to_vec().unwrap();
        (answer, receipt)
    }

    /// The same, asked until the server has taken up what was published.
    fn ask_until(&self, order: &Path, is_so: impl Fn(&Value) -> bool) -> (Value, Vec<u8>) {
        for _ in 0..600 {
            let asked = self.ask(order);
            if is_so(&asked.0) {
                return asked;
            }
            // The server looks once a second.
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the server has not taken it up");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Where it ended by itself there is nothing to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn written(setter: &str, version: &str, lines: &str) -> String {
    let from = today();
    format!(
        "[overlay]\npack = \"{PACK}\"\nversions = \"^1\"\nsetter = \"{setter}\"\n\
         version = \"{version}\"\nbasis = \"淄博市医疗保障局《通知》\"\n\
         effective = {{ from = \"{from}\" }}\n\n{lines}"
    )
}

/// Days of the manifest are ten-thousandths.
fn days(days: i64) -> String {
    let value = days * 10_000;
    format!("[[parameter]]\nname = \"days_max\"\nvalue = {value}\n")
}

/// An order of a chronic patient that lasts so many days, as the national interface writes it.
fn request(days: &str) -> String {
    let example = fs::read_to_string(workspace().join("examples/3101-order.json")).unwrap();
    let mut request: Value = serde_json::from_str(&example).unwrap();
    let encounter = &mut request["input"]["data"]["patient_dtos"][0]["fsi_encounter_dtos"][0];
    for order in encounter["fsi_order_dtos"].as_array_mut().unwrap() {
        order["prd_days"] = days.into();
    }
    request.to_string()
}

#[test]
fn t14_a_city_narrows_a_limit_and_the_same_order_meets_it_until_it_is_widened_or_withdrawn() {
    let story = Story::begin();
    assert_eq!(story.limit(), None);
    story.city_sets("1.0.0", &days(60));
    let told = story.host.sync().done();
    assert_eq!(told.lines().next(), Some(&*format!("activated {FIRST}")));
    assert_eq!(story.limit(), Some((600_000, "3703".to_owned())));

    let told = story.host(&["parameters", PACK]).done();
    let expected = format!(
        "  days_max = 600000, set by 3703 ({FIRST}; the default is 840000)\n\
         \x20     淄博市医疗保障局《通知》\n\
         \x20     from 280000 to 840000; may be set by province (省), city (市)\n\
         \x20 early_days_max = 70000, the default\n"
    );
    assert!(told.contains(&expected), "{told}");

    let folder = story.host.folder().to_str().unwrap();
    let reference = "3703/37.chronic-limits@1.0.0";
    let verify = ["verify", reference, "--dir", folder];
    let told = rulepack(verify).done();
    assert!(
        told.contains("signed by city-a, city-b; not by city-c"),
        "{told}"
    );
    assert!(told.contains("\n  days_max = 600000\nvalid at "), "{told}");
    let refused = rulepack([&verify[..], &["--source", folder]].concat()).failed();
    assert_eq!(
        refused,
        format!("error: `{FIRST}` is an overlay, which has no source to rebuild")
    );

    // A hospital is no city, and the manifest leaves it nothing.
    let own = story.overlay("hospital", "1.0.0", &days(84));
    let refused = story.host(&["set", own.to_str().unwrap()]).failed();
    assert_eq!(
        refused.lines().next().unwrap(),
        "error: `37/chronic-limits/1.0.0.wasm` refuses it: parameter `days_max` is not to be set \
         by a hospital (医院), but by a province (省) or a city (市)"
    );
    assert_eq!(story.limit(), Some((600_000, "3703".to_owned())));

    story
        .nation
        .run(&format!(
            "yank 3703/37.chronic-limits@1.0.0 --reason wrong-value --registry {} --out {{}}/3703.json",
            story.registry.address
        ))
        .done();
    story.nation.sign("3703.json", &["city-a", "city-b"]);
    let address = &story.registry.address;
    story
        .nation
        .run(&format!("publish send {{}}/3703.json --registry {address}"))
        .done();
    story.host.sync().done();
    assert_eq!(story.limit(), None);
}

#[test]
fn t14_out_of_bounds_is_refused_whole_and_the_level_below_stays_in_force_visibly() {
    let story = Story::before_the_pack();
    let beyond = days(20) + "[[parameter]]\nname = \"early_days_max\"\nvalue = 0\n";
    let source = story.nation.path("beyond.toml");
    fs::write(&source, written("3703", "1.1.0", &beyond)).unwrap();
    let sealed = pack("chronic-limits");
    let refused = rulepack([
        "overlay",
        "build",
        source.to_str().unwrap(),
        "--pack",
        sealed.to_str().unwrap(),
    ]);
    assert_eq!(
        refused.failed(),
        "error: 37/chronic-limits 1.0.0 refuses it: parameter `days_max` is `200000`, expected a \
         value from 280000 to 840000\n\
         hint: every host would refuse it whole, and keep what stands below it"
    );
    // Two officers sign it all the same, before the registry has a pack to hold it against.
    story.city_sets("1.0.0", &days(60));
    story.city_sets("1.1.0", &beyond);
    story
        .nation
        .publish(&[&pack("chronic-limits")], &story.registry);
    let told = story.host.sync().found_fault();
    let expected = format!(
        "refused   {SECOND}: parameter `days_max` is `200000`, expected a value from 280000 to \
         840000; it is refused whole, and what stands below it stays in force"
    );
    assert!(told.lines().any(|line| line == expected), "{told}");
    assert_eq!(story.limit(), Some((600_000, "3703".to_owned())));
    let told = story.host(&["status"]).done();
    assert!(told.contains(&format!("in force  {FIRST}")), "{told}");
    assert!(told.contains(&format!("refused   {SECOND}")), "{told}");
    // Nothing of it was taken, not even what would have fitted.
    let told = story.host(&["parameters", PACK]).found_fault();
    assert!(told.contains(&format!("  REFUSED  {SECOND}: ")), "{told}");
    assert!(
        told.contains("  early_days_max = 70000, the default\n"),
        "{told}"
    );
}

#[test]
fn t14_what_every_host_would_refuse_is_not_published() {
    let story = Story::begin();
    let beyond = story.overlay("3703", "1.0.0", &days(20));
    story.draft("3703", &beyond, &["city-a", "city-b"]);
    assert_eq!(
        story.send("3703", &beyond).failed(),
        format!(
            "error: `{FIRST}` does not fit `37/chronic-limits/1.0.0.wasm`, which it says it is for: parameter \
             `days_max` is `200000`, expected a value from 280000 to 840000\n\
             hint: mend the overlay (`rulepack overlay build --pack` checks it), or name in `versions` those \
             that it is for"
        )
    );
    story.host.sync().done();
    assert_eq!(story.limit(), None);
}

#[test]
fn t14_a_serving_host_takes_it_up_and_replay_uses_what_was_in_force_then() {
    let story = Story::begin();
    let server = Server::start(story.host.folder());
    let order = story.nation.path("order.json");
    fs::write(&order, request("80")).unwrap();
    let (plain, before) = server.ask(&order);
    assert_eq!(plain["output"]["result"], Value::Array(Vec::new()));

    story.city_sets("1.0.0", &days(60));
    story.host.sync().done();
    let (narrowed, with_overlay) = server.ask_until(&order, |answer| {
        answer["output"]["rulepack"]["packs"][0]["set"].is_object()
    });
    let evidence = narrowed["output"]["result"][0]["vola_evid"].as_str();
    let evidence = evidence.unwrap();
    let expected = "本地参数 days_max=600000（3703 设定）；依据：";
    assert!(evidence.contains(expected), "{evidence}");
    drop(server);

    // Since then the city has set another value; both verdicts come out as they were.
    story.city_sets("1.1.0", &days(70));
    story.host.sync().done();
    assert_eq!(story.limit(), Some((700_000, "3703".to_owned())));
    let replay = |receipt: &[u8]| {
        let file = story.nation.path("receipt.json");
        fs::write(&file, receipt).unwrap();
        let folder = story.host.folder();
        rulepack([
            "replay".as_ref(),
            file.as_os_str(),
            "--input".as_ref(),
            order.as_os_str(),
            "--dir".as_ref(),
            folder.as_os_str(),
        ])
    };
    assert!(replay(&before).done().contains(": identical, 0 findings"));
    let told = replay(&with_overlay).done();
    assert!(told.contains(": identical, 2 findings"), "{told}");
    let receipt: Value = serde_json::from_slice(&with_overlay).unwrap();
    let pack = &receipt["journal"]["entry"]["event"]["verdict"]["packs"][0];
    assert_eq!(pack["set"]["days_max"]["value"], 600_000);
    assert_eq!(pack["overlays"][0]["overlay"], FIRST);

    // An overlay that was altered in the store is not taken for the one that was signed.
    let digest = pack["overlays"][0]["digest"].as_str().unwrap();
    let stored = story
        .host
        .folder()
        .join("overlays")
        .join(format!("{digest}.toml"));
    let altered = fs::read_to_string(&stored)
        .unwrap()
        .replace("600000", "610000");
    fs::write(&stored, altered).unwrap();
    let told = replay(&with_overlay).found_fault();
    let expected = "pack 37/chronic-limits/1.0.0.wasm: receipt `ran`, now `overlay`";
    assert!(told.contains(expected), "{told}");
    assert!(replay(&before).done().contains(": identical, 0 findings"));
}

#[test]
fn t14_unsigned_and_foreign_overlays_never_reach_a_host() {
    let story = Story::begin();
    let overlay = story.overlay("3703", "1.0.0", &days(60));
    story.draft("3703", &overlay, &["city-a"]);
    let refused = story.send("3703", &overlay).failed();
    assert!(refused.contains("1 of 2"), "{refused}");
    // Nor does the province's role list what the city would set.
    let address = &story.registry.address;
    story
        .nation
        .run(&format!(
            "publish draft {} --role 37 --out {{}}/37.json --registry {address}",
            overlay.display()
        ))
        .done();
    story.nation.sign("37.json", &["bureau-a", "bureau-b"]);
    let refused = story.send("37", &overlay).failed();
    let expected = format!("lists `{FIRST}`, which belongs to name space `3703`");
    assert!(refused.contains(&expected), "{refused}");
    // A file in the store that nobody signed sets nothing: the lock does not know it.
    let bytes = fs::read(&overlay).unwrap();
    let digest = rulepack_protocol::digest::Digest::of(&bytes);
    let folder = story.host.folder().join("overlays");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{digest}.toml")), &bytes).unwrap();
    story.host.sync().done();
    assert_eq!(story.limit(), None);
    // What a hospital sets for itself is not for a registry.
    let own = story.overlay("hospital", "1.0.0", &days(60));
    let refused = story
        .nation
        .run(&format!(
            "publish draft {} --registry {address}",
            own.display()
        ))
        .failed();
    assert!(
        refused.contains("what a hospital sets for itself is not published"),
        "{refused}"
    );
}

#[test]
fn t14_what_the_province_fixes_no_city_changes() {
    let story = Story::begin();
    let fixed = days(70) + "fixed = true\n";
    let province = story.overlay("37", "1.0.0", &fixed);
    story.draft("37", &province, &["bureau-a", "bureau-b"]);
    story.send("37", &province).done();
    story.city_sets("1.0.0", &days(60));
    story.host.sync().done();
    assert_eq!(story.limit(), Some((700_000, "37".to_owned())));
    let told = story.host(&["parameters", PACK]).found_fault();
    let expected = format!(
        "  REFUSED  {FIRST}: parameter `days_max` is fixed by `37/37.chronic-limits/1.0.0.toml`\n\
         \x20          what stands below a refused overlay is in force\n"
    );
    assert!(told.contains(&expected), "{told}");
    let answer = story.order("80");
    let refused = &answer["packs"][0]["refused_overlays"][0];
    assert_eq!(
        (&refused["overlay"], &refused["problem"]),
        (&FIRST.into(), &"fixed".into())
    );
}
