//! A static web server on loopback, the least that a repository needs.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// Serves until the test ends; `find` gives the bytes of a path without its first `/`. Returns the address.
pub fn serve(find: impl Fn(&str) -> Option<Vec<u8>> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            answer(&stream.unwrap(), &find);
        }
    });
    address
}

fn answer(mut stream: &TcpStream, find: &impl Fn(&str) -> Option<Vec<u8>>) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    while lines.next().is_some_and(|line| !line.is_empty()) {}
    let path = first.split(' ').nth(1).unwrap().trim_start_matches('/');
    let (status, body) = match find(path) {
        Some(bytes) => ("200 OK", bytes),
        None => ("404 Not Found", Vec::new()),
    };
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    // A client that went away, because it takes no more bytes, is no failure of the server.
    let _ = stream.write_all(&[head.as_bytes(), &body].concat());
}
