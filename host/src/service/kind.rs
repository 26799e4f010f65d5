//! Every kind of problem that the service answers with: a stable word, a status, and what it means.

/// What a program looks at: the word becomes the `type` of the problem. A word never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    /// The last part of the `type`.
    pub(super) word: &'static str,
    /// The HTTP status.
    pub(super) status: u16,
    /// What it means, in one sentence.
    pub(super) meaning: &'static str,
}

const fn kind(word: &'static str, status: u16, meaning: &'static str) -> Kind {
    Kind {
        word,
        status,
        meaning,
    }
}

impl Kind {
    pub(super) const REQUEST: Kind = kind(
        "request",
        400,
        "the body is not as described; the title names the place and no value",
    );
    pub(super) const QUERY: Kind = kind("query", 400, "the query of the address is not understood");
    pub(super) const TOKEN: Kind = kind(
        "token",
        401,
        "expected `Authorization: Bearer` with a token of this host",
    );
    pub(super) const ROLE: Kind = kind(
        "role",
        403,
        "the token has another role than this address asks for",
    );
    pub(super) const ORIGIN: Kind = kind(
        "origin",
        403,
        "the request comes from a page of another site",
    );
    pub(super) const NOT_FOUND: Kind = kind("not-found", 404, "there is nothing at this address");
    pub(super) const METHOD: Kind =
        kind("method", 405, "the address does not answer to this method");
    pub(super) const DECISION: Kind = kind(
        "decision",
        409,
        "no person may decide so: the title says what stands against it",
    );
    pub(super) const TOO_LARGE: Kind = kind(
        "too-large",
        413,
        "the body is longer than this address takes",
    );
    pub(super) const MEDIA_TYPE: Kind = kind(
        "media-type",
        415,
        "the content type is not `application/json`",
    );
    pub(super) const HOST: Kind = kind(
        "host",
        421,
        "the `Host` of the request is not an address of this server",
    );
    pub(super) const STORAGE: Kind = kind(
        "storage",
        500,
        "files of this host cannot be read or written; its log says which",
    );
    pub(super) const INTERNAL: Kind = kind(
        "internal",
        500,
        "the request ended unexpectedly; the log of this host says more",
    );
    pub(super) const TOKENS: Kind = kind("tokens", 503, "the tokens of this host cannot be read");
    pub(super) const LOADING: Kind = kind("loading", 503, "the packs in force are being loaded");
    pub(super) const NOT_RECORDING: Kind = kind(
        "not-recording",
        503,
        "the journal of this host cannot be written, so no verdict is given until it can",
    );
    pub(super) const UNJUDGED: Kind = kind(
        "unjudged",
        503,
        "nothing was judged; `proceed` says what the hospital decided for this case",
    );
    pub(super) const TIMEOUT: Kind = kind("timeout", 503, "the answer took too long");

    /// All of them.
    #[cfg(test)]
    pub(super) const ALL: [Kind; 18] = [
        Kind::REQUEST,
        Kind::QUERY,
        Kind::TOKEN,
        Kind::ROLE,
        Kind::ORIGIN,
        Kind::NOT_FOUND,
        Kind::METHOD,
        Kind::DECISION,
        Kind::TOO_LARGE,
        Kind::MEDIA_TYPE,
        Kind::HOST,
        Kind::STORAGE,
        Kind::INTERNAL,
        Kind::TOKENS,
        Kind::LOADING,
        Kind::NOT_RECORDING,
        Kind::UNJUDGED,
        Kind::TIMEOUT,
    ];
}
