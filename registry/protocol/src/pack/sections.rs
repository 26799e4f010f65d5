//! The sections of a WebAssembly file, walked without looking into them.

/// The id of a custom section.
pub(super) const CUSTOM: u8 = 0;

/// A section whose lengths do not fit, or whose name is not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// Walks sections.
pub(super) struct Sections<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// One section.
pub(super) struct Section<'a> {
    /// What it is, by WebAssembly's numbers.
    pub(super) id: u8,
    /// The name of a custom section.
    pub(super) name: Option<&'a str>,
    /// What it holds, behind the name.
    pub(super) content: &'a [u8],
    /// The whole of it, with id and length.
    pub(super) whole: &'a [u8],
}

impl<'a> Sections<'a> {
    /// The sections of `bytes` from `at` on.
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Sections { bytes, at }
    }

    /// Where the next section begins.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The next section, `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Section<'a>>, Malformed> {
        let all = self.bytes.get(self.at..).ok_or(Malformed)?;
        let Some((&id, rest)) = all.split_first() else {
            return Ok(None);
        };
        let (length, rest) = leb128(rest).ok_or(Malformed)?;
        let (body, rest) = rest.split_at_checked(length).ok_or(Malformed)?;
        let (whole, _) = all
            .split_at_checked(all.len() - rest.len())
            .ok_or(Malformed)?;
        self.at = self.bytes.len() - rest.len();
        if id != CUSTOM {
            let (name, content) = (None, body);
            return Ok(Some(Section {
                id,
                name,
                content,
                whole,
            }));
        }
        let (length, rest) = leb128(body).ok_or(Malformed)?;
        let (name, content) = rest.split_at_checked(length).ok_or(Malformed)?;
        let name = Some(std::str::from_utf8(name).map_err(|_| Malformed)?);
        Ok(Some(Section {
            id,
            name,
            content,
            whole,
        }))
    }
}

impl Section<'_> {
    /// What to call it in a message.
    pub(super) fn label(&self) -> String {
        match self.name {
            Some(name) => name.chars().take(100).collect(),
            None => format!("number {}", self.id),
        }
    }

    /// Whether both lengths of a custom section are in their shortest form.
    pub(super) fn is_shortest(&self) -> bool {
        let name = self.name.map_or(0, str::len);
        let body = leb128_length(name) + name + self.content.len();
        self.whole.len() == 1 + leb128_length(body) + body
    }
}

/// How many bytes the shortest LEB128 form of a number takes.
fn leb128_length(number: usize) -> usize {
    let bits = usize::BITS - number.leading_zeros();
    bits.div_ceil(7).max(1) as usize
}

/// Takes a LEB128 number of at most 32 bits off the front.
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut number: u64 = 0;
    for (index, &byte) in bytes.iter().enumerate().take(5) {
        number |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            let number = u32::try_from(number).ok()?;
            return Some((usize::try_from(number).ok()?, bytes.get(index + 1..)?));
        }
    }
    None
}
