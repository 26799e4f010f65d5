//! Kills registry and signer at random moments while bureaus publish, and looks after each kill whether
//! anything acknowledged is missing, anything is half there, or any version has two contents.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use rulepack_protocol::digest::Digest;
use rulepack_registry::client::PublishFailed;
use rulepack_registry::{Client, Receipt};

use crate::beside;
use crate::chance::Chance;
use crate::site::{Bureau, Process, Site};

/// Kill registry and signer at random moments while two bureaus publish.
#[derive(Debug, Args)]
pub struct TortureArgs {
    /// How many processes to kill.
    #[arg(long, default_value_t = 1000)]
    kills: u32,
    /// Chooses the victims and the moments.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The `rulepack` to torture; by default the one beside this program.
    #[arg(long)]
    rulepack: Option<PathBuf>,
}

/// What came of it. A violated invariant ends the run by a panic that names it.
#[derive(Debug, Default)]
pub struct Summary {
    sites: u32,
    registry_kills: u32,
    signer_kills: u32,
    acknowledged: u64,
    unacknowledged_there: u32,
    unacknowledged_absent: u32,
    versions: usize,
    elapsed: Duration,
}

/// The longest time between the start of a publication loop and a kill, in microseconds: some ten
/// publications on a fast disk, and less than one on a slow one.
const MOMENT_MAX_US: u64 = 300_000;

/// Rounds of one repository. Then another one is founded: to look at all of a repository after each round
/// takes longer with every version that it holds.
const ROUNDS_OF_SITE: u32 = 25;

/// Runs until enough processes are killed.
pub fn run(arguments: &TortureArgs) -> Summary {
    let program = arguments.rulepack.clone().unwrap_or_else(beside);
    let started = Instant::now();
    let mut chance = Chance(arguments.seed);
    let mut summary = Summary::default();
    while summary.kills() < arguments.kills {
        let mut run = Run::begin(&program, chance, summary);
        for _ in 0..ROUNDS_OF_SITE {
            if run.summary.kills() < arguments.kills {
                run.round();
            }
        }
        run.summary.versions += run.seen.len();
        (chance, summary) = (run.chance, run.summary);
        eprintln!("{} of {} kills", summary.kills(), arguments.kills);
    }
    summary.elapsed = started.elapsed();
    summary
}

struct Run {
    site: Site,
    bureaus: [Bureau; 2],
    signer: Option<Process>,
    registry: Option<Process>,
    chance: Chance,
    /// The digest of every version of every role that was ever seen.
    seen: BTreeMap<String, Digest>,
    summary: Summary,
}

impl Run {
    /// Founds a repository and starts both processes.
    fn begin(program: &Path, chance: Chance, summary: Summary) -> Self {
        let bureaus = [Bureau::new("33", 40), Bureau::new("37", 30)];
        let site = Site::found(program, &bureaus.each_ref());
        let summary = Summary {
            sites: summary.sites + 1,
            ..summary
        };
        Self {
            signer: Some(site.start_signer("")),
            registry: Some(site.start_registry("")),
            site,
            bureaus,
            chance,
            seen: BTreeMap::new(),
            summary,
        }
    }

    fn round(&mut self) {
        let which = usize::try_from(self.chance.below(2)).unwrap_or(0);
        let registry = self.registry.as_ref().expect("runs between rounds");
        let client = registry.client();
        let moment = Duration::from_micros(self.chance.below(MOMENT_MAX_US));
        let victims = self.chance.below(4);
        let bureau = &mut self.bureaus[which];
        let (registry, signer) = (&mut self.registry, &mut self.signer);
        let acknowledged = thread::scope(|scope| {
            let publishing = scope.spawn(|| publish_until_it_fails(&client, bureau));
            thread::sleep(moment);
            // 0, 1: the registry; 2: the signer; 3: both, as a power cut does.
            if victims != 2 {
                drop(registry.take());
            }
            if victims >= 2 {
                drop(signer.take());
            }
            publishing.join().expect("the publisher does not panic")
        });
        self.summary.acknowledged += acknowledged;
        self.summary.registry_kills += u32::from(victims != 2);
        self.summary.signer_kills += u32::from(victims >= 2);
        self.site.note_versions(&mut self.seen);
        self.start_again(which);
        self.look(which);
    }

    /// Starts what was killed. The signer first: the registry asks it as soon as it opens.
    fn start_again(&mut self, which: usize) {
        if self.signer.is_none() {
            self.signer = Some(self.site.start_signer(""));
        }
        let was_killed = self.registry.is_none();
        if was_killed {
            self.registry = Some(self.site.start_registry(""));
            self.site.assert_valid();
        }
        let (shown, known) = (
            self.site.shown(&self.bureaus[which]),
            self.bureaus[which].role.version,
        );
        assert!(
            shown == known || shown == known + 1,
            "version {known} was acknowledged, but {shown} is shown"
        );
        // A registry that lost its signer alone finishes with the next publication only.
        if was_killed && shown == known {
            self.summary.unacknowledged_absent += 1;
        } else if was_killed {
            self.summary.unacknowledged_there += 1;
        }
    }

    /// Tries what was not acknowledged again, which must succeed, and looks at everything.
    fn look(&mut self, which: usize) {
        let shown = self.site.shown(&self.bureaus[which]);
        let bureau = &mut self.bureaus[which];
        let (role, publication) = bureau.next();
        let registry = self.registry.as_ref().expect("was started");
        let retried = registry.client().publish(&publication);
        let receipt = retried.expect("a retry succeeds");
        if shown == role.version {
            assert!(
                receipt.already_published,
                "what was there was published again"
            );
        }
        bureau.role = role;
        self.summary.acknowledged += 1;
        for bureau in &self.bureaus {
            assert_eq!(self.site.shown(bureau), bureau.role.version);
        }
        self.site.assert_valid();
        self.site.note_versions(&mut self.seen);
    }
}

/// Publishes version after version. Says how many were acknowledged before one was not.
fn publish_until_it_fails(client: &Client, bureau: &mut Bureau) -> u64 {
    let mut acknowledged = 0;
    loop {
        let (role, publication) = bureau.next();
        let published: Result<Receipt, PublishFailed> = client.publish(&publication);
        if published.is_err() {
            return acknowledged;
        }
        bureau.role = role;
        acknowledged += 1;
    }
}

impl Summary {
    fn kills(&self) -> u32 {
        self.registry_kills + self.signer_kills
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} kills in {} repositories: {} of the registry, {} of the signer, in {:.0} s",
            self.kills(),
            self.sites,
            self.registry_kills,
            self.signer_kills,
            self.elapsed.as_secs_f64()
        )?;
        writeln!(
            f,
            "{} publications acknowledged, every one is there",
            self.acknowledged
        )?;
        writeln!(
            f,
            "cut off by a kill of the registry: {} wholly there, {} wholly absent; each retry succeeded",
            self.unacknowledged_there, self.unacknowledged_absent
        )?;
        write!(
            f,
            "{} versions of roles seen, none with two contents; the repository was valid each time",
            self.versions
        )
    }
}
