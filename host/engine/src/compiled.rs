//! The compiled form of a component, and the only `unsafe` of the host's side: loading it.

use wasmtime::component::Component;

/// Machine code that this host's own bounded process wrote. There are three ways to get one, all in this
/// crate: from code compiled here, as the answer of such a process, and out of the cache, which gives back only
/// what was put into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Compiled(Vec<u8>);

impl Compiled {
    /// `bytes` are what the process answered that compiles and never runs a pack's code, or what the
    /// cache vouches for.
    pub(crate) fn by_this_host(bytes: Vec<u8>) -> Self {
        Compiled(bytes)
    }

    /// The compiled form of code that was compiled in this process.
    ///
    /// # Errors
    /// Where wasmtime cannot write it.
    pub(crate) fn of(component: &Component) -> wasmtime::Result<Self> {
        component.serialize().map(Compiled)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Makes it code of this engine.
    ///
    /// # Errors
    /// Where another version or configuration of the engine wrote it.
    #[allow(
        unsafe_code,
        reason = "machine code cannot be checked, only its origin can; the argument stands below"
    )]
    pub(crate) fn load(&self, engine: &wasmtime::Engine) -> wasmtime::Result<Component> {
        // SAFETY: `Component::deserialize` asks for bytes that wasmtime itself made and nobody altered;
        // arbitrary bytes would be arbitrary code.
        // - Made by wasmtime: the field is private, `of` takes what wasmtime writes in this process, and
        //   `by_this_host` is called twice. In `worker` with the answer of a process that this host started from
        //   its own executable, with `precompile_component` as its only work on bytes of a pack: it compiles,
        //   and has neither code of a pack running in it, nor files, nor sockets, nor any other input than one
        //   frame. In `cache` with the rest of a file.
        // - Unaltered: the answer comes over a pipe that only the two processes hold. The file lies in
        //   a folder that is refused unless it is open to this user alone, and its first bytes are a digest
        //   under a secret of this host, over all others, that is compared before anything is read from
        //   it. The bytes checked are the bytes loaded: the file is not opened again.
        // - The same wasmtime: version, settings and features of the processor are part of the bytes, and
        //   wasmtime refuses others; they are part of the cache's key as well.
        unsafe { Component::deserialize(engine, &self.0) }
    }
}
