//! One bureau's packs take long: that is no delay for another bureau (threat T11).

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use rulepack_protocol::pack::Pack;

use super::fixture::*;
use super::server::Server;
use crate::publication::Publication;
use crate::publish::{CaseRunner, CasesFailed};

/// Says when it has a pack of Shandong, and ends with it when told to; others pass at once.
struct SlowForShandong {
    begun: Mutex<Sender<()>>,
    go_on: Mutex<Receiver<()>>,
}

impl CaseRunner for SlowForShandong {
    fn run(&self, pack: &Pack, _: &[u8]) -> Result<(), CasesFailed> {
        if pack.manifest.pack.name.name_space().as_str() == "37" {
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

#[test]
fn packs_of_one_bureau_that_take_long_delay_no_other_bureau() {
    let world = World::with_delegations();
    let (begun, has_begun) = channel();
    let (go_on, told) = channel();
    let runner = SlowForShandong {
        begun: Mutex::new(begun),
        go_on: Mutex::new(told),
    };
    let registry = Arc::new(world.with_cases(Box::new(runner)).unwrap());
    let server = Server::of(registry, crate::http::Settings::default());
    std::thread::scope(|scope| {
        // As many at once as the server has turns; without their own turn they would take both.
        let slow: Vec<_> = ["限额", "限额二"]
            .map(|title| {
                let client = server.client();
                scope.spawn(move || client.publish(&release("37", SHANDONG, title)))
            })
            .into();
        has_begun.recv().unwrap();
        let other = server.client().publish(&release("33", ZHEJIANG, "限额"));
        assert!(!other.unwrap().already_published);
        // The second one began only after the first had ended, if at all: they are of one version.
        assert!(has_begun.try_recv().is_err());
        drop(go_on);
        let stored = slow.into_iter().map(|slow| slow.join().unwrap().is_ok());
        assert_eq!(stored.filter(|stored| *stored).count(), 1);
    });
}
