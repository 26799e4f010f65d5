//! Servers in processes of their own, so that their memory is theirs and their work is not the load's.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rulepack_host::service::{self, Service};
use rulepack_registry::http::{Settings, serve};
use tokio::net::TcpListener;

use super::repository;

/// A server as a child process. It ends when this is dropped.
#[derive(Debug)]
pub struct Process {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
    _stdin: ChildStdin,
}

impl Process {
    /// Starts this program again with `arguments`, and waits until it listens.
    ///
    /// # Panics
    /// Where it does not.
    #[must_use]
    pub fn start(arguments: [&str; 2]) -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program can be started");
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let mut line = String::new();
        let stdout = stdout.expect("it is piped");
        let read = BufReader::new(stdout).read_line(&mut line);
        read.expect("it says where it listens");
        Self {
            address: line.trim().parse().expect("an address"),
            child,
            _stdin: stdin.expect("it is piped"),
        }
    }

    /// Its memory now, in KiB: what is resident.
    ///
    /// # Panics
    /// Where the system does not tell.
    #[must_use]
    pub fn resident_kib(&self) -> u64 {
        let status = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(status).expect("a process of ours");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.expect("Linux tells it")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The child's side: the registry of a folder, until its parent is gone.
///
/// # Panics
/// Where it cannot be served.
pub fn registry(folder: &Path) {
    let registry = Arc::new(repository::open(folder));
    listening(async |listener| {
        let forever = std::future::pending();
        let served = serve(listener, registry, Settings::default(), forever).await;
        served.expect("the registry can be served");
    });
}

/// The child's side: the service of a hospital's host, until its parent is gone.
///
/// # Panics
/// Where it cannot be served.
pub fn host(service: Service) {
    listening(async |listener| {
        let forever = std::future::pending();
        let served = service::serve(listener, Arc::new(service), forever).await;
        served.expect("the host can be served");
    });
}

/// The child's side: a bare server that answers every request with the bytes of a file.
///
/// # Panics
/// Where it cannot be served.
pub fn bare(file: &Path) {
    let body = Bytes::from(fs::read(file).expect("a file of ours"));
    listening(async |listener| {
        loop {
            let (stream, _) = listener
                .accept()
                .await
                .expect("connections can be accepted");
            stream.set_nodelay(true).expect("a socket");
            let body = body.clone();
            let answer = move |_: Request<hyper::body::Incoming>| {
                let mut response = Response::new(Full::new(body.clone()));
                let media_type = HeaderValue::from_static("application/json");
                response.headers_mut().insert(CONTENT_TYPE, media_type);
                std::future::ready(Ok::<_, std::convert::Infallible>(response))
            };
            let connection =
                http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
            tokio::spawn(connection);
        }
    });
}

/// Listens, says where, and serves until the parent closes the pipe.
fn listening(serve: impl AsyncFnOnce(TcpListener)) {
    // The parent is gone where its end of the pipe is.
    std::thread::spawn(|| {
        let mut nothing = Vec::new();
        let ended = std::io::stdin().read_to_end(&mut nothing);
        std::process::exit(i32::from(ended.is_err()));
    });
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("loopback can be listened on");
        println!("{}", listener.local_addr().expect("it is bound"));
        serve(listener).await;
    });
}
