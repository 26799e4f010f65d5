//! What `prepare` is given: parameters, knowledge tables, and the vocabulary.

use crate::codes::CodeSet;
use crate::column::Code;
use crate::host::Preparation;
use crate::knowledge::KnowledgeTable;

/// What a pack builds its look-up structures from. A name that the manifest does not declare, or
/// declares with another type, refuses activation of the pack.
pub struct Setup {
    pub(crate) host: Preparation,
}

impl Setup {
    /// The imports of the component. [`export!`](crate::export) calls this.
    #[cfg(target_arch = "wasm32")]
    #[doc(hidden)]
    #[allow(
        clippy::new_without_default,
        reason = "only the generated border makes one"
    )]
    pub fn new() -> Self {
        Setup { host: Preparation }
    }

    /// A knowledge table (知识库) of the manifest.
    ///
    /// # Errors
    /// Where the manifest does not declare it.
    pub fn table<'a>(&'a self, name: &'a str) -> Result<KnowledgeTable<'a>, String> {
        KnowledgeTable::new(&self.host, name)
    }

    /// A whole number among the parameters.
    ///
    /// # Errors
    /// Where the manifest does not declare it, or declares another form.
    pub fn integer(&self, parameter: &str) -> Result<i64, String> {
        self.host.integer(parameter)
    }

    /// A text among the parameters.
    ///
    /// # Errors
    /// Where the manifest does not declare it, or declares another form.
    pub fn text(&self, parameter: &str) -> Result<String, String> {
        self.host.text(parameter)
    }

    /// A list of codes among the parameters; empty texts are left out.
    ///
    /// # Errors
    /// Where the manifest does not declare it, or declares another form.
    pub fn code_list(&self, parameter: &str) -> Result<Vec<Code>, String> {
        let codes = self.host.code_list(parameter)?;
        Ok(codes.into_iter().filter_map(Code::from_number).collect())
    }

    /// The code of a text: `setup.code("14")?`.
    ///
    /// # Errors
    /// Where the text is empty, which stands for "not recorded".
    pub fn code(&self, text: &str) -> Result<Code, String> {
        let number = self.host.intern(&[text]).first().copied();
        number
            .and_then(Code::from_number)
            .ok_or_else(|| "an empty text has no code".to_owned())
    }

    /// The code of each text.
    ///
    /// # Errors
    /// Where a text is empty, which stands for "not recorded".
    pub fn codes<const N: usize>(&self, texts: [&str; N]) -> Result<[Code; N], String> {
        let numbers = self.host.intern(&texts);
        let codes: Option<Vec<Code>> = numbers.into_iter().map(Code::from_number).collect();
        codes
            .and_then(|codes| codes.try_into().ok())
            .ok_or_else(|| "an empty text has no code".to_owned())
    }

    /// All codes whose text starts with one of these (`I21.`, `XL01`), now and later.
    #[must_use]
    pub fn code_set(&self, prefixes: &[&str]) -> CodeSet {
        CodeSet(self.host.define_set(prefixes))
    }

    /// For each code, whether it is in the set.
    #[must_use]
    pub fn contains(&self, set: CodeSet, codes: &[Code]) -> Vec<bool> {
        let flags = self.host.contains(set.0, &crate::codes::numbers(codes));
        flags.into_iter().map(|flag| flag == 1).collect()
    }

    /// For each code, the code of its first characters; the code itself where it is shorter.
    #[must_use]
    pub fn prefixes(&self, codes: &[Code], characters: u8) -> Vec<Option<Code>> {
        let prefixes = self
            .host
            .prefixes(&crate::codes::numbers(codes), characters);
        prefixes.into_iter().map(Code::from_number).collect()
    }

    /// The text of each code.
    #[must_use]
    pub fn texts(&self, codes: &[Code]) -> Vec<String> {
        self.host.texts(&crate::codes::numbers(codes))
    }
}
