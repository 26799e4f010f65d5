//! Packs of some bureaus take long: that is no delay for another bureau (threat T11).

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use rulepack_protocol::key::Signer as _;
use rulepack_protocol::pack::Pack;
use rulepack_protocol::tuf::Authority;

use super::fixture::*;
use super::server::Server;
use crate::publication::Publication;
use crate::publish::{CaseRunner, CasesFailed};

/// Says when it has a pack of another bureau than Zhejiang, and ends with it when told to.
struct SlowButForZhejiang {
    begun: Mutex<Sender<()>>,
    go_on: Mutex<Receiver<()>>,
}

impl CaseRunner for SlowButForZhejiang {
    fn run(&self, pack: &Pack, _: &[u8]) -> Result<(), CasesFailed> {
        if pack.manifest.pack.name.name_space().as_str() != "33" {
            self.begun.lock().unwrap().send(()).unwrap();
            let _ = self.go_on.lock().unwrap().recv();
        }
        Ok(())
    }
}

fn release(name_space: &str, first_seed: u8, title: &str) -> Publication {
    let bytes = sealed(&format!("{name_space}/limits"), "1.0.0", title);
    let metadata = signed(space(1, &[&bytes]), &officers(first_seed)[..2]);
    upload(name_space, metadata, &[&bytes])
}

/// More provinces, delegated to officers of these seeds.
const OTHERS: [(&str, u8); 3] = [("44", 100), ("45", 110), ("46", 120)];

fn with_others(runner: SlowButForZhejiang) -> (World, Server) {
    let world = World::with_delegations();
    let registry = Arc::new(world.with_cases(Box::new(runner)).unwrap());
    let mut top = top();
    top.version = 2;
    for (name, seed) in OTHERS {
        let keys = officers(seed)
            .into_iter()
            .map(|key| key.public_key().clone());
        top.delegate(&name.parse().unwrap(), &Authority::new(keys, 2));
    }
    let metadata = signed(top, &officers(TARGETS)[..2]);
    registry
        .publish(&upload("targets", metadata, &[]).to_bytes())
        .unwrap();
    let server = Server::of(registry, crate::http::Settings::default());
    (world, server)
}

#[test]
fn packs_of_some_bureaus_that_take_long_delay_no_other_bureau() {
    let (begun, has_begun) = channel();
    let (go_on, told) = channel();
    let runner = SlowButForZhejiang {
        begun: Mutex::new(begun),
        go_on: Mutex::new(told),
    };
    let (_world, server) = with_others(runner);
    let publish = |name: &'static str, seed, title: &'static str| {
        let client = server.client();
        move || client.publish(&release(name, seed, title))
    };
    std::thread::scope(|scope| {
        // More than the machine has cores, and one of them twice.
        let mut slow: Vec<_> = OTHERS
            .map(|(name, seed)| scope.spawn(publish(name, seed, "限额")))
            .into();
        for _ in OTHERS {
            has_begun.recv().unwrap();
        }
        slow.extend(["限额", "限额二"].map(|title| scope.spawn(publish("37", SHANDONG, title))));
        has_begun.recv().unwrap();
        let other = publish("33", ZHEJIANG, "限额")();
        assert!(!other.unwrap().already_published);
        // The second of Shandong begins only after its first has ended, if at all: they are of one version.
        assert!(has_begun.try_recv().is_err());
        drop(go_on);
        let stored = slow.into_iter().map(|slow| slow.join().unwrap().is_ok());
        assert_eq!(stored.filter(|stored| *stored).count(), OTHERS.len() + 1);
    });
}
