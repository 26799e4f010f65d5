//! A server on loopback over the folder of a host, and a client that sends the very bytes.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;

use rulepack_engine::{Engine, Limits};
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::super::*;
use crate::client::NoFailures;
use crate::subscription::Subscription;

/// 2026-11-22 09:31:00.250, China Standard Time.
pub(super) const NOW_MS: i64 = 1_795_311_060_250;

/// Stops when dropped.
pub(super) struct Server {
    /// Goes when the server does.
    _folder: TempDir,
    pub(super) service: Arc<Service>,
    pub(super) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), ServiceError>>>,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

/// The service of a host that was just set up.
pub(in crate::service) fn service(folder: &TempDir) -> Service {
    service_with(folder, Arc::new(NoFailures))
}

/// The same, stopped by a test where it says.
pub(super) fn service_with(folder: &TempDir, failures: Arc<dyn Failures + Send + Sync>) -> Service {
    open(set_up(folder), failures, || NOW_MS).unwrap()
}

/// The folder of a host that was just set up.
pub(super) fn set_up(folder: &TempDir) -> HostFolder {
    let host = HostFolder::at(folder.path());
    let division: rulepack_protocol::names::Division = "370303".parse().unwrap();
    let settings = Settings {
        registry: "http://127.0.0.1:1".into(),
        institution: "H37030000001".into(),
        subscriptions: Subscription::defaults(&division),
        division,
        canary: false,
        updates: crate::settings::Updates::default(),
        history: crate::settings::HistorySettings::default(),
        air_gap: None,
        hold_rekeyed: false,
    };
    host.create(&settings).unwrap();
    host
}

/// The service of a host, at the time that a clock says.
pub(super) fn open(
    host: HostFolder,
    failures: Arc<dyn Failures + Send + Sync>,
    clock: fn() -> i64,
) -> Result<Service, ServiceError> {
    let limits = Limits {
        instances: 2,
        ..Limits::default()
    };
    let packs = Arc::new(Packs::new(host.clone(), Engine::new(limits).unwrap()));
    let options = Options {
        region: Region::default(),
        hosts: vec!["his.example:443".into()],
        clock,
    };
    Service::open_with(host, packs, options, failures)
}

impl Server {
    pub(super) fn start() -> Self {
        Self::start_with(Arc::new(NoFailures))
    }

    /// The same, stopped by a test where it says.
    pub(super) fn start_with(failures: Arc<dyn Failures + Send + Sync>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let service = service_with(&folder, failures);
        Self::of(folder, service)
    }

    /// The same on files that somebody left so.
    pub(super) fn start_after(prepare: impl FnOnce(&HostFolder)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let host = set_up(&folder);
        prepare(&host);
        let service = open(host, Arc::new(NoFailures), || NOW_MS).unwrap();
        Self::of(folder, service)
    }

    fn of(folder: TempDir, service: Service) -> Self {
        let service = Arc::new(service);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&service);
        let thread = std::thread::spawn(move || {
            tokio::runtime::Runtime::new().unwrap().block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                serve(listener, served, async { _ = stopped.await }).await
            })
        });
        Server {
            _folder: folder,
            service,
            address,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Sends a request with these lines of a head beside its length.
    pub(super) fn send(&self, first_line: &str, head: &[&str], body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let lines: String = head.iter().map(|line| format!("{line}\r\n")).collect();
        let length = body.len();
        let head = format!(
            "{first_line} HTTP/1.1\r\n{lines}content-length: {length}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        // A server that refuses a body need not read it.
        let _ = stream.write_all(body);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        Answer::parse(&bytes)
    }

    pub(super) fn get(&self, path: &str) -> Answer {
        self.send(&format!("GET {path}"), &[&self.host()], b"")
    }

    pub(super) fn call(&self, body: &[u8]) -> Answer {
        let content_type = "content-type: application/json";
        self.send("POST /", &[&self.host(), content_type], body)
    }

    pub(super) fn host(&self) -> String {
        format!("host: {}", self.address)
    }

    /// Stops, and answers how it ended.
    pub(super) fn stop(&mut self) -> Option<Result<(), ServiceError>> {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        self.thread.take().map(|thread| thread.join().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|at| at == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_lowercase(),
            body: bytes[end + 4..].to_vec(),
        }
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}
