//! The signer behind its socket: what the web server can have it do, and what not.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use rulepack_protocol::moment::{Moment, SECONDS_OF_DAY};
use rulepack_protocol::tuf::{Authority, Envelope, Payload as _, RoleName, Root, TopRole};

use super::fixture::*;
use crate::failure::NoFailure;
use crate::http::problem::causes;
use crate::signer::{RemoteSigner, RoleVersion, SignerError, SignerServer, SuccessorSigner as _};
use crate::state::State;
use crate::store::{MetadataFile, Tree};
use crate::{Publication, Registry};

/// A signer that answers on a thread, and whose clock a test turns.
struct Running {
    server: Arc<SignerServer>,
    socket: PathBuf,
    clock: Arc<AtomicI64>,
}

impl Running {
    fn start(world: &World) -> Self {
        let clock = Arc::new(AtomicI64::new(now().unix()));
        let time = Arc::clone(&clock);
        let server = Arc::new(SignerServer {
            signer: world.signer(&[1], &[2]).unwrap(),
            tree: tree(world),
            clock: Box::new(move || Moment::from_unix(time.load(Ordering::SeqCst)).unwrap()),
        });
        let socket = world.folder.path().join("signer.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let serving = Arc::clone(&server);
        thread::spawn(move || serving.serve(&listener));
        Running {
            server,
            socket,
            clock,
        }
    }

    fn hours_later(&self, hours: i64) {
        self.clock
            .store(now().unix() + hours * SECONDS_OF_DAY / 24, Ordering::SeqCst);
    }

    /// A registry whose own clock stands still.
    fn registry(&self, world: &World) -> Registry {
        let signer = Box::new(RemoteSigner::at(&self.socket));
        world
            .with_signer(signer, Arc::new(NoFailure), now())
            .unwrap()
    }
}

fn tree(world: &World) -> Tree {
    Tree::new(world.folder.path().join("repository"))
}

fn versions(registry: &Registry) -> (u64, u64) {
    let pins = State::read(registry.tree()).unwrap().pins.unwrap();
    (
        pins.timestamp.signed().version,
        pins.snapshot.signed().version,
    )
}

#[test]
fn a_registry_without_keys_publishes_through_the_socket() {
    let world = World::with_delegations();
    let running = Running::start(&world);
    let registry = running.registry(&world);
    assert_eq!(registry.notices(), Vec::<String>::new());
    let receipt = registry.publish(&first_release().to_bytes()).unwrap();
    assert_eq!(receipt.timestamp, 2);
    let again = registry.publish(&first_release().to_bytes()).unwrap();
    assert!(again.already_published);
}

#[test]
fn the_signer_renews_by_its_own_clock_and_schedule_and_the_registry_shows_it() {
    let world = World::with_delegations();
    let running = Running::start(&world);
    let registry = running.registry(&world);
    assert!(!running.server.renew().unwrap());
    running.hours_later(12);
    assert!(running.server.renew().unwrap());
    // Nothing else is signed until the repository shows it.
    assert!(!running.server.renew().unwrap());
    assert_eq!(versions(&registry), (1, 1));
    assert!(!registry.prolong().unwrap());
    assert_eq!(versions(&registry), (2, 1));
    running.hours_later(4 * 24);
    assert!(registry.prolong().unwrap());
    assert_eq!(versions(&registry), (3, 2));
}

#[test]
fn a_renewal_between_two_looks_of_the_registry_comes_before_the_publication() {
    let world = World::with_delegations();
    let running = Running::start(&world);
    let registry = running.registry(&world);
    // Staged behind the registry's back, right before it asks for a signature.
    struct RenewAt(Arc<SignerServer>);
    impl crate::failure::FailurePoints for RenewAt {
        fn reached(&self, point: crate::failure::FailurePoint) -> std::io::Result<()> {
            if point == crate::failure::FailurePoint::RoleStored {
                assert!(self.0.renew().unwrap());
            }
            Ok(())
        }
    }
    drop(registry);
    running.hours_later(12);
    let signer = Box::new(RemoteSigner::at(&running.socket));
    let points = Arc::new(RenewAt(Arc::clone(&running.server)));
    let registry = world.with_signer(signer, points, now()).unwrap();
    let receipt = registry.publish(&first_release().to_bytes()).unwrap();
    assert_eq!(receipt.timestamp, 3);
    assert_eq!(versions(&registry), (3, 2));
}

#[test]
fn the_signer_itself_refuses_what_no_officer_signed_and_what_skips_a_version() {
    let world = World::with_delegations();
    let running = Running::start(&world);
    let signer = RemoteSigner::at(&running.socket);
    let ask = |version, metadata: Vec<u8>| {
        let role: RoleName = "37".parse().unwrap();
        let file = MetadataFile::Version(role.clone(), version);
        std::fs::write(tree(&world).metadata_path(&file), metadata).unwrap();
        let changed = [RoleVersion { role, version }];
        let error = signer.sign(&tree(&world), &changed, now()).unwrap_err();
        error.to_string()
    };
    assert_eq!(
        ask(1, signed(space(1, &[]), &officers(SHANDONG)[..1])),
        "the signer refuses what it was asked to sign: the new `37` is not acceptable: 1 of 2 \
         signatures are there"
    );
    assert_eq!(
        ask(2, signed(space(2, &[]), &officers(SHANDONG)[..2])),
        "the signer refuses what it was asked to sign: expected version 1 of `37`, got 2"
    );
    let timestamp = [RoleVersion {
        role: RoleName::TIMESTAMP,
        version: 2,
    }];
    let error = signer.sign(&tree(&world), &timestamp, now()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the signer pins targets files only, not `timestamp`"
    );
    assert!(signer.unreleased(shown(&world)).unwrap().is_none());
}

fn shown(world: &World) -> Option<rulepack_protocol::digest::Digest> {
    let bytes = tree(world).metadata(&MetadataFile::Timestamp).unwrap();
    bytes.map(|bytes| rulepack_protocol::digest::Digest::of(&bytes))
}

#[test]
fn the_signer_refuses_a_state_that_a_host_would_refuse() {
    let world = World::with_delegations();
    let running = Running::start(&world);
    // The root expires after a year: whatever is signed then, no host believes it.
    running.hours_later(366 * 24);
    let error = running.server.renew().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the signer refuses a state that hosts would refuse"
    );
    assert_eq!(causes(&error), ["`root` expired at 2027-11-22T08:00:00Z"]);
}

#[test]
fn nonsense_and_oversized_frames_are_dropped_and_the_next_request_is_answered() {
    let world = World::with_delegations();
    let running = Running::start(&world);
    for bytes in [
        [0xff_u8; 64].as_slice(),
        &[0, 0, 0, 2, b'{', b'}'],
        b"\0\0\0\x0e{\"unknown\":{}}",
    ] {
        let mut stream = UnixStream::connect(&running.socket).unwrap();
        stream.write_all(bytes).unwrap();
        let mut reply = Vec::new();
        // A reset is as good an end as a close: bytes that nobody wanted to read were left.
        let _ = stream.read_to_end(&mut reply);
        assert_eq!(reply, b"");
    }
    let signer = RemoteSigner::at(&running.socket);
    assert!(signer.unreleased(shown(&world)).unwrap().is_none());
}

#[test]
fn without_its_signer_a_registry_serves_and_does_not_publish() {
    let world = World::with_delegations();
    let socket = world.folder.path().join("absent.sock");
    let signer = Box::new(RemoteSigner::at(&socket));
    let registry = world
        .with_signer(signer, Arc::new(NoFailure), now())
        .unwrap();
    assert_eq!(versions(&registry), (1, 1));
    let refusal = registry.publish(&first_release().to_bytes()).unwrap_err();
    assert_eq!(refusal.to_string(), "the publication could not be signed");
    let socket = socket.display();
    assert_eq!(
        causes(&refusal)[0],
        format!("the signer at `{socket}` does not answer")
    );
    assert_eq!(
        refusal.hint().unwrap(),
        "start `rulepack signer run` with this socket, then try again"
    );
}

#[test]
fn another_program_at_the_socket_is_told_apart() {
    let world = World::with_delegations();
    let socket = world.folder.path().join("other.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let answering = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
        // Stays until the other side has read and closed.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let error = RemoteSigner::at(&socket).unreleased(None).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the signer at `{}` does not speak this release's protocol",
            socket.display()
        )
    );
    answering.join().unwrap();
}

#[test]
fn a_second_signer_on_the_same_folder_is_refused() {
    let world = World::with_delegations();
    let _first = world.signer(&[1], &[2]).unwrap();
    let error = world.signer(&[1], &[2]).err().unwrap();
    let folder = world.folder.path().join("signer");
    assert_eq!(
        error.to_string(),
        format!(
            "the signer's folder `{}` is in use by another process",
            folder.display()
        )
    );
    assert_eq!(error.hint().unwrap(), "stop the signer first");
}

/// The next root, which names other keys for snapshot and timestamp.
fn root_with_new_keys() -> Vec<u8> {
    let mut next: Root = root();
    next.bump(next.expires).unwrap();
    for (role, seed) in [(TopRole::Snapshot, 3), (TopRole::Timestamp, 4)] {
        let new = key(seed, "signer");
        let authority = Authority::new(
            [rulepack_protocol::key::Signer::public_key(&new).clone()],
            1,
        );
        next.set_authority(role, &authority);
    }
    signed(next, &officers(ROOT)[..2])
}

#[test]
fn stolen_keys_are_replaced_by_the_root_once_the_signer_holds_the_new_ones() {
    let world = World::with_delegations();
    let publication = Publication {
        metadata: [(RoleName::ROOT, root_with_new_keys())].into(),
        ..Publication::default()
    };
    // With the stolen keys alone the root is not accepted: nothing could be signed under it.
    let registry = world.open();
    let refusal = registry.publish(&publication.to_bytes()).unwrap_err();
    assert_eq!(
        causes(&refusal),
        ["the signer does not hold enough keys of the role `snapshot` of the root"]
    );
    drop(registry);
    let signer = world.signer(&[1, 3], &[2, 4]).unwrap();
    let registry = world
        .with_signer(Box::new(signer), Arc::new(NoFailure), now())
        .unwrap();
    registry.publish(&publication.to_bytes()).unwrap();
    assert_eq!(versions(&registry), (2, 2));
    drop(registry);
    // From now on the new ones are enough, and the thief's are worth nothing.
    let signer = world.signer(&[3], &[4]).unwrap();
    let registry = world
        .with_signer(Box::new(signer), Arc::new(NoFailure), now())
        .unwrap();
    registry.publish(&first_release().to_bytes()).unwrap();
    let state = State::read(registry.tree()).unwrap();
    let pins = state.pins.as_ref().unwrap();
    let mut forged = Envelope::unsigned(pins.timestamp.signed().clone()).unwrap();
    forged.sign(&key(2, "signer")).unwrap();
    let authority = state.root.signed().authority(TopRole::Timestamp);
    assert!(authority.check(&forged).is_err());
    assert!(authority.check(&pins.timestamp).is_ok());
}

#[test]
fn a_root_that_names_keys_nobody_holds_is_refused_over_the_socket_too() {
    let world = World::with_delegations();
    let running = Running::start(&world);
    let signer = RemoteSigner::at(&running.socket);
    signer
        .check_keys(&Envelope::parse(&signed(root(), &officers(ROOT)[..2])).unwrap())
        .unwrap();
    let next = Envelope::parse(&root_with_new_keys()).unwrap();
    let error = signer.check_keys(&next).unwrap_err();
    assert!(matches!(error, SignerError::Keys(TopRole::Snapshot)));
}

#[test]
fn one_silent_client_does_not_keep_the_signer_from_the_others_for_long() {
    let world = World::with_delegations();
    let running = Running::start(&world);
    let silent = UnixStream::connect(&running.socket).unwrap();
    let (sender, receiver) = mpsc::channel();
    let socket = running.socket.clone();
    let digest = shown(&world);
    thread::spawn(move || sender.send(RemoteSigner::at(socket).unreleased(digest).is_ok()));
    assert!(receiver.recv().unwrap());
    drop(silent);
}
