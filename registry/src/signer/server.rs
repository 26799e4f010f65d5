//! The signer's side of the socket.

use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use rulepack_protocol::moment::Moment;
use rulepack_protocol::tuf::Envelope;

use super::message::{Reply, Request};
use super::{KeySigner, SignerError, SuccessorSigner as _, frame};
use crate::store::Tree;

/// A signer that answers on a socket: one connection at a time, one request each.
///
/// It reads its own tree by its own clock. Whoever can write to the socket can have a lawful successor
/// of the repository's state signed, and nothing else.
pub struct SignerServer {
    /// Holds the keys.
    pub signer: KeySigner,
    /// The repository, which it only reads.
    pub tree: Tree,
    /// The time.
    pub clock: Box<dyn Fn() -> Moment + Send + Sync>,
}

/// How long a connected client may be silent, as nobody else is answered meanwhile.
const PATIENCE: Duration = Duration::from_secs(2);

impl SignerServer {
    /// Answers one connection after the other. A connection that breaks or says nonsense is dropped, and
    /// the next one answered.
    ///
    /// # Errors
    /// Where the listener fails.
    pub fn serve(&self, listener: &UnixListener) -> io::Result<()> {
        for stream in listener.incoming() {
            if let Err(error) = self.answer(&mut stream?) {
                tracing::warn!(error = %error, "a connection was dropped");
            }
        }
        Ok(())
    }

    /// The check that a schedule makes: signs timestamp (and snapshot) anew where it is time. Says
    /// whether it did. The web server fetches what was signed with its own next look.
    ///
    /// # Errors
    /// [`SignerError`].
    pub fn renew(&self) -> Result<bool, SignerError> {
        self.signer.renew(&self.tree, (self.clock)())
    }

    fn answer(&self, stream: &mut UnixStream) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let request = frame::read(stream, frame::REQUEST_BYTES_MAX)?;
        let reply = self.reply(&request).unwrap_or_else(|error| {
            tracing::warn!(error = %error, "refused");
            Reply::from(&error)
        });
        frame::write(stream, &reply, frame::REPLY_BYTES_MAX)
    }

    fn reply(&self, request: &Request) -> Result<Reply, SignerError> {
        match request {
            Request::Unreleased { shown } => self.signer.unreleased(*shown).map(Reply::Successor),
            Request::Sign { changed } => {
                let signed = self.signer.sign(&self.tree, changed, (self.clock)())?;
                Ok(Reply::Successor(Some(signed)))
            }
            Request::Renew => self.renew().map(Reply::Renewed),
            Request::CheckKeys { root } => {
                let root = Envelope::parse(root.as_bytes())?;
                self.signer.check_keys(&root)?;
                Ok(Reply::KeysHeld)
            }
        }
    }
}
