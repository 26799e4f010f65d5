//! Kills a hospital's host at random moments while requests come over several connections, starts it again, and looks
//! whether everything that it answered is there: in the journal, in the history, and for a 3103.

mod load;
mod look;
mod serving;
mod tear;

use std::fmt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use rulepack_bench::host::folder;
use rulepack_bench::packs::sealed;
use tempfile::TempDir;

use crate::beside;
use crate::chance::Chance;
use load::Load;
use look::Known;
use serving::Serving;
use tear::Tear;

/// Kill a hospital's host at random moments under load, and look after each whether all that it answered is there.
#[derive(Debug, Args)]
pub struct TortureHostArgs {
    /// How often to kill it.
    #[arg(long, default_value_t = 100)]
    rounds: u32,
    /// No round begins after so many seconds.
    #[arg(long, default_value_t = 3_600)]
    seconds: u64,
    /// Connections that send requests.
    #[arg(long, default_value_t = 4)]
    connections: u32,
    /// Chooses the moments.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The `rulepack` to torture; by default the one beside this program.
    #[arg(long)]
    rulepack: Option<PathBuf>,
}

/// What came of it. A violated invariant ends the run by a panic that names it.
#[derive(Debug, Default)]
pub struct Summary {
    hosts: u32,
    /// While it answered, and while it started.
    kills: [u32; 2],
    sent: u64,
    judged: u64,
    unjudged: u64,
    unanswered: u64,
    /// Entries of verdicts that nobody was answered on the ground of.
    recorded_only: u64,
    receipts: u32,
    decisions: u32,
    /// Ends that a kill tore, by what they are the end of, and those that this program tore.
    torn_by_kills: [u32; 2],
    torn_by_hand: [u32; 2],
    elapsed: Duration,
}

/// The longest time between the first answer and a kill, in microseconds.
const MOMENT_MAX_US: u64 = 2_000_000;
/// The longest time between the start of a process and a kill that comes while it starts.
const START_MAX_US: u64 = 400_000;
/// Every so many starts one is killed too.
const STARTS_KILLED: u64 = 6;
/// Every so many rounds the end of each file is torn, as a power cut does.
const ROUNDS_TORN: u64 = 3;
/// Rounds of one host. Then another one is set up: to look at all of a journal takes longer with every entry.
const ROUNDS_OF_HOST: u32 = 25;
const PATIENTS: u32 = 40;

/// Runs until it was killed often enough, or the time is over.
pub fn run(arguments: &TortureHostArgs) -> Summary {
    let begun = Instant::now();
    let program = arguments.rulepack.clone().unwrap_or_else(beside);
    let pack = sealed(folder::PACKS[0], Some(&folder::knowledge()));
    let mut chance = Chance(arguments.seed);
    let mut summary = Summary::default();
    let is_over = |rounds: u32| {
        rounds >= arguments.rounds || begun.elapsed() >= Duration::from_secs(arguments.seconds)
    };
    let mut rounds = 0;
    while !is_over(rounds) {
        let mut run = Run::begin(&program, &pack);
        summary.hosts += 1;
        for _ in 0..ROUNDS_OF_HOST {
            if !is_over(rounds) {
                run.round(arguments.connections, &mut chance, &mut summary);
                rounds += 1;
            }
        }
        eprintln!(
            "{rounds} of {} rounds, {} answers, {:.0} s",
            arguments.rounds,
            summary.judged,
            begun.elapsed().as_secs_f64()
        );
    }
    summary.elapsed = begun.elapsed();
    summary
}

struct Run {
    program: PathBuf,
    folder: TempDir,
    serving: Option<Serving>,
    known: Known,
}

impl Run {
    fn begin(program: &Path, pack: &[u8]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        folder::set_up_with(folder.path(), [pack.to_vec()], PATIENTS);
        Run {
            serving: Some(Serving::start(program, folder.path())),
            program: program.to_owned(),
            folder,
            known: Known::default(),
        }
    }

    fn round(&mut self, connections: u32, chance: &mut Chance, summary: &mut Summary) {
        let serving = self.serving.take().expect("serves between rounds");
        let load = Load::of(serving.address, &self.known);
        let moment = Duration::from_micros(chance.below(MOMENT_MAX_US));
        let told = thread::scope(|scope| {
            let senders: Vec<_> = (0..connections)
                .map(|_| scope.spawn(|| load.send_until_it_fails()))
                .collect();
            load.wait_for_the_first_answer();
            thread::sleep(moment);
            serving.kill();
            let ended = senders.into_iter().map(|sender| sender.join());
            let ended = ended.map(|told| told.expect("a sender does not panic"));
            ended.flatten().collect::<Vec<_>>()
        });
        summary.kills[0] += 1;
        summary.sent += load.sent();
        summary.judged += told.len() as u64;
        summary.unjudged += load.unjudged();
        summary.unanswered += load.sent() - load.unjudged() - told.len() as u64;
        self.known.take(told, load.sent());
        self.start_again(chance, summary);
        self.look(chance, summary);
    }

    /// Starts it, where chance wants it after another kill in the middle of a start, or after a power cut.
    fn start_again(&mut self, chance: &mut Chance, summary: &mut Summary) {
        let folder = self.folder.path();
        if chance.below(STARTS_KILLED) == 0 {
            let moment = Duration::from_micros(chance.below(START_MAX_US));
            Serving::kill_while_it_starts(&self.program, folder, moment);
            summary.kills[1] += 1;
        }
        let tear = (chance.below(ROUNDS_TORN) == 0).then(|| Tear::at_ends_in(folder, chance));
        let serving = Serving::start(&self.program, folder);
        let cut = serving.ends_cut();
        let torn = tear.map_or([0; 2], |tear| tear.files());
        for place in 0..cut.len() {
            assert!(
                cut[place] >= torn[place],
                "of {} torn ends {} are told to be cut",
                torn[place],
                cut[place]
            );
            summary.torn_by_hand[place] += torn[place];
            summary.torn_by_kills[place] += cut[place] - torn[place];
        }
        self.serving = Some(serving);
    }

    fn look(&mut self, chance: &mut Chance, summary: &mut Summary) {
        let serving = self.serving.as_ref().expect("it was started");
        let folder = self.folder.path();
        look::assert_valid(&self.program, folder);
        summary.recorded_only += self.known.assert_recorded(folder);
        self.known.assert_remembered(folder);
        if let Some(one) = self.known.any(chance) {
            look::assert_receipt(&self.program, (serving.address, folder), one);
            summary.receipts += 1;
            summary.decisions += look::assert_decidable(serving.address, one);
        }
        self.known.forget_looked_at();
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [answering, starting] = self.kills;
        writeln!(
            f,
            "{} kills of {} hosts: {answering} while it answered, {starting} while it started, in {:.0} s",
            answering + starting,
            self.hosts,
            self.elapsed.as_secs_f64()
        )?;
        writeln!(
            f,
            "{} requests sent, {} answered with a verdict: every one is in the journal, once, and its encounter in the history",
            self.sent, self.judged
        )?;
        writeln!(
            f,
            "{} answered without a verdict, {} not answered; of these {} are in the journal",
            self.unjudged, self.unanswered, self.recorded_only
        )?;
        writeln!(
            f,
            "the chain verified after each kill; {} receipts verified, {} findings decided on (3103)",
            self.receipts, self.decisions
        )?;
        let ([journal, logs], [by_hand, logs_by_hand]) = (self.torn_by_kills, self.torn_by_hand);
        write!(
            f,
            "ends cut and told: of the journal {journal} torn by kills and {by_hand} by hand; of history and findings \
             {logs} by kills and {logs_by_hand} by hand"
        )
    }
}
