//! A mirror whose line breaks within a pack.

use std::cell::{Cell, RefCell};
use std::io::Read;

use super::*;

/// A repository in a folder, on a line that breaks after four bytes of a pack until it is mended.
struct Line<'a> {
    folder: &'a Path,
    is_broken: Cell<bool>,
    /// From which bytes on packs were asked for.
    asked: RefCell<Vec<u64>>,
}

/// Gives nothing but an error.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl Transport for Line<'_> {
    fn open(&self, path: &str, known: Option<&str>) -> Result<Opened, TransportError> {
        FolderTransport::new(self.folder).open(path, known)
    }

    fn open_from(&self, path: &str, from: u64) -> Result<Opened, TransportError> {
        self.asked.borrow_mut().push(from);
        let opened = FolderTransport::new(self.folder).open_from(path, from)?;
        Ok(match opened {
            Opened::Body { reader, tag } if self.is_broken.get() => Opened::Body {
                reader: Box::new(reader.take(4 - from.min(4)).chain(Broken)),
                tag,
            },
            other => other,
        })
    }
}

#[test]
fn a_mirror_that_was_stopped_within_a_pack_goes_on_there_and_clears_the_rest() {
    let (host, copy) = (Host::new(), tempfile::tempdir().unwrap());
    let line = Line {
        folder: host.registry.path(),
        is_broken: Cell::new(true),
        asked: RefCell::default(),
    };
    let mirror = Mirror {
        transport: &line,
        folder: copy.path(),
        followed: &[],
        bytes_max: 100,
        now: now(),
        failures: &NoFailures,
    };
    let root = host.registry.path().join("metadata/1.root.json");
    mirror.init(&fs::read(root).unwrap()).unwrap();
    let text = mirror.run().unwrap_err().to_string();
    assert_eq!(text, "pack `37/a/1.0.0.wasm` cannot be read or stored");
    assert!(!copy.path().join("metadata/timestamp.json").exists());
    let incoming = copy.path().join(".mirror/incoming");
    let left = |name: &str| incoming.join(format!("{name}.part"));
    let (_, target) = pack();
    let begun = left(&target.hashes.sha256.to_string());
    assert_eq!(fs::read(&begun).unwrap(), &PACK[..4]);
    // What an earlier run left of a pack that is no longer listed.
    let old = left(&FilePin::of(1, b"old").hashes.sha256.to_string());
    fs::write(&old, b"ol").unwrap();

    line.is_broken.set(false);
    assert_eq!(mirror.run().unwrap().fetched, 1);
    assert_eq!(*line.asked.borrow(), [0, 4, 4]);
    assert_eq!(fs::read_dir(&incoming).unwrap().count(), 0);
    let (path, target) = pack();
    let file = copy.path().join("targets");
    let file = file.join(path.file_of(&target.hashes.sha256));
    assert_eq!(fs::read(file).unwrap(), PACK);
}
