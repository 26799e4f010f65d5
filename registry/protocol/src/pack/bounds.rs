//! How large a pack and its parts may be.

/// The bounds of a profile. Whatever is larger is refused before it is parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The whole file, in bytes: it is held in memory by registry and host.
    pub pack_bytes: usize,
    /// The sealed manifest, in bytes.
    pub manifest_bytes: usize,
    /// One function body, in bytes: compilers take more than linear time for long ones.
    pub function_bytes: usize,
    /// The one linear memory of a pack, in MiB.
    pub memory_mib: u32,
    /// Rules of a manifest.
    pub rules: usize,
    /// Parameters of a manifest.
    pub parameters: usize,
    /// Knowledge tables of a manifest. Evidence refers to a table by 8 bits.
    pub tables: usize,
    /// Columns of a knowledge table.
    pub table_columns: usize,
    /// Rows of all knowledge tables together.
    pub table_rows: u64,
    /// Distinct texts of all knowledge tables together.
    pub dictionary_texts: u64,
    /// Those texts, in bytes of UTF-8.
    pub dictionary_bytes: u64,
    /// Sealed cases: each is run at the registry and on every host before activation.
    pub cases: usize,
    /// An answer, in bytes: for the engine.
    pub answer_bytes: usize,
}

/// One MiB in bytes.
pub const MIB: usize = 1024 * 1024;

impl Bounds {
    /// The bounds of profile `native`: packs compiled from Rust or a like language without a runtime.
    pub const NATIVE: Bounds = Bounds {
        pack_bytes: 16 * MIB,
        manifest_bytes: MIB,
        function_bytes: 64 * 1024,
        memory_mib: 256,
        rules: 1_000,
        parameters: 1_000,
        tables: 64,
        table_columns: 64,
        table_rows: 1_000_000,
        dictionary_texts: 1_000_000,
        dictionary_bytes: 64 * MIB as u64,
        cases: 2_000,
        answer_bytes: 16 * MIB,
    };
}
