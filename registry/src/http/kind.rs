//! Every kind of problem that the server answers with: a stable word, a status, and what it means.

use crate::publish::RefusalKind;

/// What a program looks at: the word becomes the `type` of the problem. A word never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    /// The last part of the `type`.
    pub word: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What it means, in one sentence.
    pub meaning: &'static str,
}

/// The kinds of the service itself, beside those of a publication ([`RefusalKind`]).
impl Kind {
    /// The address is unknown, or what it names is not published.
    pub const NOT_FOUND: Kind = Kind {
        word: "not-found",
        status: 404,
        meaning: "nothing is published under this address",
    };
    /// The address has other methods.
    pub const METHOD: Kind = Kind {
        word: "method",
        status: 405,
        meaning: "the address does not answer to this method",
    };
    /// `Host` is another server's.
    pub const HOST: Kind = Kind {
        word: "host",
        status: 421,
        meaning: "the `Host` of the request is not an address of this server",
    };
    /// `Origin` is another site's.
    pub const ORIGIN: Kind = Kind {
        word: "origin",
        status: 403,
        meaning: "the request comes from a page of another site",
    };
    /// An upload of another media type, or an encoded one.
    pub const MEDIA_TYPE: Kind = Kind {
        word: "media-type",
        status: 415,
        meaning: "the body has another media type than expected, or a content encoding",
    };
    /// The query is not understood.
    pub const QUERY: Kind = Kind {
        word: "query",
        status: 400,
        meaning: "the query of the address is not understood",
    };
    /// The range begins beyond the end.
    pub const RANGE: Kind = Kind {
        word: "range",
        status: 416,
        meaning: "the range begins beyond the end of the file",
    };
    /// The body took too long.
    pub const SLOW_UPLOAD: Kind = Kind {
        word: "slow-upload",
        status: 408,
        meaning: "the body did not arrive in time",
    };
    /// Too many uploads at once.
    pub const BUSY: Kind = Kind {
        word: "busy",
        status: 503,
        meaning: "too many uploads are being received, or the registry is being stopped; try again later",
    };
    /// The answer took too long.
    pub const TIMEOUT: Kind = Kind {
        word: "timeout",
        status: 503,
        meaning: "the answer took too long; a publication may still be finished, and a retry finds it",
    };
    /// The derived index failed.
    pub const INDEX: Kind = Kind {
        word: "index",
        status: 500,
        meaning: "the index cannot be read; it can be built again from the files",
    };
    /// A fault of the program.
    pub const INTERNAL: Kind = Kind {
        word: "internal",
        status: 500,
        meaning: "the request ended unexpectedly; the operator's log says more",
    };

    const OF_SERVICE: [Kind; 12] = [
        Kind::NOT_FOUND,
        Kind::METHOD,
        Kind::HOST,
        Kind::ORIGIN,
        Kind::MEDIA_TYPE,
        Kind::QUERY,
        Kind::RANGE,
        Kind::SLOW_UPLOAD,
        Kind::BUSY,
        Kind::TIMEOUT,
        Kind::INDEX,
        Kind::INTERNAL,
    ];

    /// All kinds, of the service and of publications.
    pub fn all() -> impl Iterator<Item = Kind> {
        let refusals = RefusalKind::all().map(Kind::from);
        Self::OF_SERVICE.into_iter().chain(refusals)
    }
}

impl From<RefusalKind> for Kind {
    fn from(refusal: RefusalKind) -> Self {
        Kind {
            word: refusal.word(),
            status: refusal.status(),
            meaning: refusal.meaning(),
        }
    }
}
