//! Load: requests over connections that stay open, each sent when the answer to the last one is there.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpStream;

/// Connections at once.
pub const CONNECTIONS: usize = 64;

/// What is asked again and again, and how long its answer is.
#[derive(Debug, Clone)]
pub struct Poll {
    address: SocketAddr,
    request: Vec<u8>,
    /// The first answer.
    pub answer: Vec<u8>,
}

impl Poll {
    /// Asks once for the timestamp with these headers, each ended by a line break.
    ///
    /// # Errors
    /// Of the connection.
    pub async fn new(address: SocketAddr, headers: &str) -> io::Result<Self> {
        let request = format!(
            "GET /metadata/timestamp.json HTTP/1.1\r\nhost: {address}\r\nuser-agent: ureq/3\r\n\
             accept: */*\r\naccept-encoding: identity\r\n{headers}\r\n"
        );
        let mut poll = Self {
            address,
            request: request.into_bytes(),
            answer: Vec::new(),
        };
        let stream = TcpStream::connect(address).await?;
        send(&stream, &poll.request).await?;
        let mut buffer = vec![0; 16 * 1024];
        while !is_whole(&poll.answer) {
            stream.readable().await?;
            match stream.try_read(&mut buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => poll.answer.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(poll)
    }

    /// Bytes of a request and its answer.
    #[must_use]
    pub fn wire_bytes(&self) -> usize {
        self.request.len() + self.answer.len()
    }

    /// Sends so many requests over all connections, and waits for the answers.
    ///
    /// # Errors
    /// Where a connection breaks, or an answer begins otherwise than the first one.
    pub async fn send(&self, count: usize) -> io::Result<()> {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            let poll = self.clone();
            connections.push(tokio::spawn(async move {
                poll.on_one(count / CONNECTIONS).await
            }));
        }
        for connection in connections {
            connection.await.map_err(io::Error::other)??;
        }
        Ok(())
    }

    async fn on_one(&self, count: usize) -> io::Result<()> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let mut answer = vec![0; self.answer.len()];
        for _ in 0..count {
            send(&stream, &self.request).await?;
            receive(&stream, &mut answer).await?;
            // Status and all; the date within differs.
            if answer.get(..32) != self.answer.get(..32) {
                return Err(io::Error::other("another answer than the first one"));
            }
        }
        Ok(())
    }
}

async fn send(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.try_write(bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => stream.writable().await?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Fills the buffer: an answer is as long as the first one.
async fn receive(stream: &TcpStream, buffer: &mut [u8]) -> io::Result<()> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match stream.try_read(rest) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => stream.readable().await?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether the head is there, and the body that it announces.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    body.len() >= length.unwrap_or(0)
}
