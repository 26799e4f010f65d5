//! A new version comes while requests do: whether one of them fails, and how long they take before, while the
//! version is verified, compiled, tried and shadowed, and after the switch.

use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rulepack_bench::host::folder::{self, PACKS};
use rulepack_bench::host::load::{Asked, try_to_connect};
use rulepack_bench::packs::sealed;
use rulepack_protocol::pack::{self, Bounds};

use super::{Figures, HostArgs, done};
use crate::site::{Bureau, Process, Site};

const SENDERS: u32 = 8;
/// Part of the switch: what the requests beside it took.
const AROUND: Duration = Duration::from_secs(2);

/// A request that was answered, or not.
#[derive(Debug, Clone, Copy)]
struct Sent {
    /// From the beginning of the load to the time at which it was due.
    due: Duration,
    took: Duration,
    is_good: bool,
}

/// The load, as long as it goes on.
struct Load<'a> {
    address: SocketAddr,
    asked: &'a [Asked],
    rate: u32,
    begun: Instant,
    newer: String,
    next: AtomicU32,
    is_over: AtomicBool,
    sent: Mutex<Vec<Sent>>,
    /// When the first answer of the new version came.
    switched: Mutex<Option<Duration>>,
}

pub(super) fn measure(program: &Path, arguments: &HostArgs, figures: &mut Figures) {
    let phases = arguments.phases();
    let scene = Scene::set(program, arguments);
    let host = phases.run("starting the host", || scene.serve());
    let address: SocketAddr = host.address.parse().expect("an address");
    let asked: Vec<Asked> = (0..arguments.patients)
        .map(|patient| Asked::call(address, &folder::request(patient)))
        .collect();
    let load = Load {
        address,
        asked: &asked,
        rate: arguments.rate,
        begun: Instant::now(),
        newer: format!("{}.wasm", scene.newer),
        next: AtomicU32::new(0),
        is_over: AtomicBool::new(false),
        sent: Mutex::default(),
        switched: Mutex::default(),
    };
    let seconds = Duration::from_secs(arguments.seconds);
    let (shown, switched) = thread::scope(|scope| {
        let _ends = Ends(&load.is_over);
        for _ in 0..SENDERS {
            scope.spawn(|| load.send());
        }
        phases.run_at_least("load before the update", seconds, || thread::sleep(seconds));
        phases.run("showing the update to the host", || scene.show());
        let shown = load.begun.elapsed();
        let took_up = "the host's taking the update up under load";
        let switched = phases.run(took_up, || load.wait_for_the_switch());
        phases.run_at_least("load after the update", seconds, || thread::sleep(seconds));
        (shown, switched)
    });
    let sent = load
        .sent
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    tell(&sent, (shown, switched), figures);
}

fn tell(sent: &[Sent], (shown, switched): (Duration, Duration), figures: &mut Figures) {
    let failed = sent.iter().filter(|sent| !sent.is_good).count();
    figures.put("requests over the update", sent.len().to_string());
    figures.put("of them failed (target 0)", failed.to_string());
    let p99 = |from: Duration, to: Duration| {
        let of = sent.iter().filter(|sent| (from..to).contains(&sent.due));
        let mut took: Vec<Duration> = of.map(|sent| sent.took).collect();
        took.sort();
        let at = (took.len() * 99).div_ceil(100).saturating_sub(1);
        took.get(at)
            .map_or(f64::NAN, |took| took.as_secs_f64() * 1e3)
    };
    let before = p99(Duration::ZERO, shown);
    let during = p99(shown, switched);
    let told = |p99: f64| format!("{p99:.2} ms");
    figures.put("p99 before the update", told(before));
    figures.put(
        "p99 while the version is verified, compiled, tried and shadowed (target 3 times)",
        format!("{during:.2} ms, {:.1} times", during / before),
    );
    let around = p99(switched.saturating_sub(AROUND), switched + AROUND);
    figures.put("p99 in the four seconds around the switch", told(around));
    figures.put("p99 after it", told(p99(switched + AROUND, Duration::MAX)));
    let lasted = switched.saturating_sub(shown).as_secs_f64();
    figures.put(
        "from the version's being there to its first answer",
        format!("{lasted:.1} s"),
    );
}

/// Ends the load, also where what goes on beside it panics.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Load<'_> {
    /// Sends what is due, each at its time whether others are answered or not; what is late counts from the
    /// time at which it was due.
    fn send(&self) {
        let mut stream = None;
        let mut sent = Vec::new();
        while !self.is_over.load(Ordering::Acquire) {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let due = Duration::from_secs(1) / self.rate * number;
            thread::sleep(due.saturating_sub(self.begun.elapsed()));
            let asked = &self.asked[number as usize % self.asked.len()];
            let answered = self.ask(asked, &mut stream);
            sent.push(Sent {
                due,
                took: self.begun.elapsed().saturating_sub(due),
                is_good: answered,
            });
        }
        let mut all = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        all.append(&mut sent);
    }

    /// Whether it was answered and judged.
    fn ask(&self, asked: &Asked, stream: &mut Option<TcpStream>) -> bool {
        let open = stream.take().or_else(|| try_to_connect(self.address).ok());
        let Some(mut open) = open else {
            return false;
        };
        let Ok(answer) = asked.send(&mut open) else {
            return false;
        };
        *stream = Some(open);
        let text = String::from_utf8_lossy(&answer);
        if text.contains(&self.newer) {
            let mut switched = self.switched.lock().unwrap_or_else(PoisonError::into_inner);
            switched.get_or_insert_with(|| self.begun.elapsed());
        }
        // What could not be judged is answered too, and says so.
        text.contains("\"infcode\":0") && text.contains("\"err_msg\":\"\"")
    }

    fn wait_for_the_switch(&self) -> Duration {
        loop {
            let switched = *self.switched.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(switched) = switched {
                return switched;
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// A registry with the packs, a copy of it that a host follows, and in the registry alone a newer version.
struct Scene {
    program: PathBuf,
    site: Site,
    registry: Process,
    _signer: Process,
    newer: String,
}

impl Scene {
    fn set(program: &Path, arguments: &HostArgs) -> Self {
        let phases = arguments.phases();
        let mut bureau = Bureau::new("37", 60);
        let founded = "founding a registry";
        let (site, signer, registry) = phases.run(founded, || {
            let site = Site::found(program, &[&bureau]);
            let (signer, registry) = (site.start_signer(""), site.start_registry(""));
            (site, signer, registry)
        });
        let client = registry.client();
        let mut publish = |bytes: Vec<u8>| {
            let (role, publication) = bureau.next_with(bytes);
            let published = client.publish(&publication);
            published.expect("packs of this workspace can be published");
            bureau.role = role;
        };
        let built = phases.run("building its packs", || {
            let more = |name: &str| (name == PACKS[0]).then(folder::knowledge);
            PACKS.map(|name| sealed(name, more(name).as_deref()))
        });
        let first = &built[0];
        phases.run("publishing packs", || {
            built.iter().cloned().for_each(&mut publish)
        });
        let mut scene = Scene {
            program: program.to_owned(),
            site,
            registry,
            _signer: signer,
            newer: String::new(),
        };
        phases.run("copying the registry", || scene.copy(&["--root"]));
        phases.run("setting up the host that follows it", || {
            scene.set_up(arguments.patients);
        });
        let (bytes, newer) = newer(first);
        phases.run("publishing the update", || publish(bytes));
        scene.newer = newer;
        scene
    }

    /// Brings the copy up to date: what the host follows has the new version from now on.
    fn show(&self) {
        self.copy(&[]);
    }

    fn copy(&self, options: &[&str]) {
        let mut command = Command::new(&self.program);
        command.args(["mirror", "--registry", &self.registry.address, "--to"]);
        command.arg(self.site.path("copy"));
        for option in options {
            command.arg(option).arg(self.site.path("1.root.json"));
        }
        done(&mut command);
    }

    /// A host that follows the copy, with a year of history.
    fn set_up(&self, patients: u32) {
        let host = self.site.path("host");
        let mut init = Command::new(&self.program);
        init.args([
            "init",
            "--institution",
            "H37030000001",
            "--division",
            "370303",
            "--root",
        ]);
        init.arg(self.site.path("1.root.json")).arg("--registry");
        init.arg(self.site.path("copy")).arg("--dir").arg(&host);
        done(&mut init);
        done(
            Command::new(&self.program)
                .args(["sync", "--dir"])
                .arg(&host),
        );
        let data = self.site.path("to-import");
        std::fs::create_dir(&data).expect("a folder of ours");
        folder::write_history(&data, patients);
        let mut import = Command::new(&self.program);
        import.arg("import").arg(&data).arg("--dir").arg(&host);
        done(&mut import);
    }

    fn serve(&self) -> Process {
        let mut command = Command::new(&self.program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--poll", "1", "--dir"]);
        command.arg(self.site.path("host"));
        Process::start(command, "", "service at http://")
    }
}

/// The next version of a pack, around the same code, and its path without its ending.
fn newer(bytes: &[u8]) -> (Vec<u8>, String) {
    let opened = pack::open(bytes, &Bounds::NATIVE).expect("a pack of this workspace");
    let mut manifest = opened.manifest;
    manifest.pack.version.patch += 1;
    let path = format!("{}/{}", manifest.pack.name, manifest.pack.version);
    let component = &bytes[opened.component];
    let sealed = pack::seal(component, &manifest, &opened.tables, &opened.cases);
    (sealed.expect("it was sealed before"), path)
}
