//! A server on a real loopback connection, and requests as they are on the wire.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::fixture::World;
use crate::client::Client;
use crate::http::{Settings, serve};
use crate::registry::Registry;

pub(super) struct Server {
    pub(super) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(super) fn start(world: &World) -> Self {
        Self::of(world.shared(), Settings::default())
    }

    pub(super) fn of(registry: Arc<Registry>, settings: Settings) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let shutdown = async {
                let _ = stopped.await;
            };
            let served = serve(listener, registry, settings, shutdown);
            runtime.block_on(served).unwrap();
        });
        Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Asks it to stop, without waiting.
    pub(super) fn ask_to_stop(&mut self) {
        drop(self.stop.take());
    }

    pub(super) fn client(&self) -> Client {
        Client::new(&format!("http://{}", self.address))
    }

    /// The whole answer to a request as it is on the wire.
    pub(super) fn raw(&self, method: &str, path: &str, headers: &str) -> String {
        self.send(method, path, headers, b"")
    }

    /// The same, with a body whose headers the caller gives.
    pub(super) fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let host = self.address;
        let host = if headers.contains("host:") {
            String::new()
        } else {
            format!("host: {host}\r\n")
        };
        let request =
            format!("{method} {path} HTTP/1.1\r\n{host}{headers}connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub(super) fn get(&self, path: &str) -> String {
        self.raw("GET", path, "")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// A header of an answer.
pub(super) fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(": ")?;
        (found == name).then_some(value)
    })
}
