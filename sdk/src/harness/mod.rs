//! Runs the rules of a pack natively, for the author's tests and for benchmarks: the same functions over
//! borrowed slices, without WebAssembly.
//!
//! ```no_run
//! # use rulepack_sdk::prelude::*;
//! # struct MyPack;
//! # impl Pack for MyPack {
//! #     fn prepare(_: &Setup) -> Result<Self, String> { Ok(MyPack) }
//! #     fn evaluate(&self, _: &Batch) -> Result<Answer, String> { Ok(Answer::default()) }
//! # }
//! // #[test]
//! fn cases_hold() {
//!     rulepack_sdk::harness::assert_cases::<MyPack>(env!("CARGO_MANIFEST_DIR"));
//! }
//! ```
//!
//! It reads `pack.toml`, `tables/*.csv` and `cases/*.json` (each one case or a list of them) of the pack's source. It refuses
//! the answers that the sandbox refuses. What it does not do is what only the sandbox can: fuel, memory, sizes, grants. Natively codes have the numbers of the
//! data's own dictionary, extended in `prepare`; a rule must not rely on numbers, and cannot read what it
//! does not ask for.

mod check;
mod error;
mod manifest;
mod tell;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use rulepack_contract::answer::Answer;
use rulepack_contract::case::Case;
use rulepack_contract::data::{Batch, Data};
use rulepack_contract::knowledge::{KnowledgeTable, TableDeclaration};
use rulepack_contract::parameters::ParameterValue;
use rulepack_contract::review::{Review, Scope};
use rulepack_contract::schema::ids;

use crate::batch::Told;
use crate::host::{Evaluation, Preparation, Source, Vocabulary};
use crate::tables::Views;
use crate::{Pack, Setup};

pub use error::{HarnessError, InvalidAnswer};
pub use rulepack_contract as contract;

use check::Checker;
use manifest::Manifest;

/// The source of a pack, without its rules.
#[derive(Debug, Clone)]
pub struct Harness {
    folder: PathBuf,
    manifest: Manifest,
    tables: BTreeMap<String, KnowledgeTable>,
}

/// What a province, a city or a hospital sets and supplies.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Parameters that differ from their defaults.
    pub parameters: BTreeMap<String, ParameterValue>,
    /// Tables that the pack does not hold itself.
    pub supplied: BTreeMap<String, KnowledgeTable>,
}

/// A pack after `prepare`, for batches of one data.
#[derive(Debug)]
pub struct Prepared<P> {
    pack: P,
    vocabulary: Arc<Vocabulary>,
    manifest: Manifest,
    /// Rows of each knowledge table, in the order of the manifest.
    knowledge_rows: Vec<u32>,
}

/// Asserts that every case of a pack's source gets the answer that it expects.
///
/// # Panics
/// Where a case differs, naming each difference; where the source cannot be read; where it has no case.
#[track_caller]
#[allow(clippy::panic, reason = "an assertion fails by panicking")]
pub fn assert_cases<P: Pack>(source: impl AsRef<Path>) {
    let lines = match Harness::from_source(source).and_then(|harness| harness.check::<P>()) {
        Ok(lines) => lines,
        Err(error) => panic!("{error}"),
    };
    assert!(lines.is_empty(), "\n{}", lines.join("\n"));
}

/// Asserts that rules need the columns that the manifest of a pack's source says, in its order: each rule by its
/// id.
///
/// # Panics
/// Where a rule differs or is not in the manifest; where the source cannot be read.
#[track_caller]
pub fn assert_needs(source: impl AsRef<Path>, rules: &[(&str, &[&str])]) {
    let manifest = manifest_of(source);
    for (id, needs) in rules {
        let declared: Option<Vec<&str>> = manifest
            .declared(id)
            .map(|(needs, _)| needs.iter().map(String::as_str).collect());
        assert_eq!(declared.as_deref(), Some(*needs), "needs of {id}");
    }
}

/// Asserts that rules run at the stages that the manifest of a pack's source says, in its order: each rule by its
/// id.
///
/// # Panics
/// Where a rule differs or is not in the manifest; where the source cannot be read.
#[track_caller]
pub fn assert_stages(source: impl AsRef<Path>, rules: &[(&str, &[crate::Stage])]) {
    let manifest = manifest_of(source);
    for (id, stages) in rules {
        let declared: Option<Vec<crate::Stage>> = manifest
            .declared(id)
            .map(|(_, stages)| stages.iter().copied().map(crate::Stage::from).collect());
        assert_eq!(declared.as_deref(), Some(*stages), "stages of {id}");
    }
}

#[track_caller]
#[allow(clippy::panic, reason = "an assertion fails by panicking")]
fn manifest_of(source: impl AsRef<Path>) -> Manifest {
    match Manifest::read(&source.as_ref().join("pack.toml")) {
        Ok(manifest) => manifest,
        Err(error) => panic!("{error}"),
    }
}

impl Harness {
    /// Reads `pack.toml` and the tables that it names.
    ///
    /// # Errors
    /// [`HarnessError`], naming the file.
    pub fn from_source(folder: impl AsRef<Path>) -> Result<Self, HarnessError> {
        let folder = folder.as_ref();
        let manifest = Manifest::read(&folder.join("pack.toml"))?;
        let mut harness = Harness {
            folder: folder.to_owned(),
            tables: BTreeMap::new(),
            manifest,
        };
        harness.read_tables(|file| folder.join(file))?;
        Ok(harness)
    }

    /// Reads the tables again, from files of the same names in another folder.
    ///
    /// # Errors
    /// [`HarnessError`], naming the file.
    pub fn with_tables(mut self, folder: impl AsRef<Path>) -> Result<Self, HarnessError> {
        let folder = folder.as_ref();
        self.read_tables(|file| folder.join(Path::new(file).file_name().unwrap_or_default()))?;
        Ok(self)
    }

    /// The knowledge tables that the manifest declares, in its order.
    #[must_use]
    pub fn declarations(&self) -> &[TableDeclaration] {
        &self.manifest.tables
    }

    /// Every case of `cases/*.json`, in the order of file names.
    ///
    /// # Errors
    /// [`HarnessError`], naming the file; [`HarnessError::NoCases`].
    pub fn cases(&self) -> Result<Vec<Case>, HarnessError> {
        let folder = self.folder.join("cases");
        let failed = |source| HarnessError::Read {
            path: folder.clone(),
            source,
        };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                files.push(path);
            }
        }
        if files.is_empty() {
            return Err(HarnessError::NoCases { path: folder });
        }
        files.sort();
        let mut cases = Vec::new();
        for path in &files {
            cases.extend(read_cases(path)?);
        }
        Ok(cases)
    }

    /// What differs from the expected answer in any case, as lines for people.
    ///
    /// # Errors
    /// [`HarnessError`] where a case cannot be run.
    pub fn check<P: Pack>(&self) -> Result<Vec<String>, HarnessError> {
        let mut lines = Vec::new();
        for case in self.cases()? {
            let data = Arc::new(case.data()?);
            let answer = self.answer::<P>(&case, &data)?;
            let differences = case.differences(&answer, &data, &self.manifest.tables);
            lines.extend(
                differences
                    .into_iter()
                    .map(|line| format!("case `{}`: {line}", case.name)),
            );
        }
        Ok(lines)
    }

    /// The answer to a case, with the rows of its whole data.
    ///
    /// # Errors
    /// [`HarnessError`], among others where the answer depends on how patients are batched.
    pub fn run<P: Pack>(&self, case: &Case) -> Result<Answer, HarnessError> {
        self.answer::<P>(case, &Arc::new(case.data()?))
    }

    /// Runs `prepare` with the numbers of this data's dictionary.
    ///
    /// # Errors
    /// [`HarnessError::Prepare`] with the words of the pack; a parameter that the manifest does not allow.
    pub fn prepare<P: Pack>(
        &self,
        data: &Data,
        settings: &Settings,
    ) -> Result<Prepared<P>, HarnessError> {
        let mut tables = self.tables.clone();
        tables.extend(settings.supplied.clone());
        let declarations = self.manifest.tables.iter();
        let rows = declarations.map(|one| tables.get(&one.name).map_or(0, |table| table.rows));
        let knowledge_rows = rows.collect();
        let setup = Setup {
            host: Preparation {
                texts: data.codes().clone().into(),
                sets: Vec::new().into(),
                declarations: self.manifest.tables.clone(),
                tables,
                parameters: self.manifest.parameters(&settings.parameters)?,
            },
        };
        let pack = P::prepare(&setup).map_err(|message| HarnessError::Prepare { message })?;
        Ok(Prepared {
            pack,
            vocabulary: Arc::new(setup.host.finish()),
            manifest: self.manifest.clone(),
            knowledge_rows,
        })
    }

    fn answer<P: Pack>(&self, case: &Case, data: &Arc<Data>) -> Result<Answer, HarnessError> {
        let review = case.review()?;
        let settings = Settings {
            parameters: case.parameters.clone(),
            supplied: case.supplied(&self.manifest.tables)?,
        };
        let prepared = self.prepare::<P>(data, &settings)?;
        let evaluate = |batch| prepared.evaluate(batch, &review);
        let each = |rows: u32, batch: fn(Arc<Data>, u32) -> Batch| {
            let mut all = Answer::default();
            for row in 0..rows {
                all.append(evaluate(batch(data.clone(), row))?);
            }
            all.sort();
            Ok::<_, HarnessError>(all)
        };
        match review.scope {
            Scope::Patient => {
                let together = evaluate(Batch::patients(data.clone(), 0..u32::MAX))?;
                let alone = each(data.rows(ids::PATIENTS), |data, row| {
                    Batch::patients(data, row..row + 1)
                })?;
                match together == alone {
                    true => Ok(together),
                    false => Err(HarnessError::DependsOnBatch {
                        case: case.name.clone(),
                    }),
                }
            }
            // A case of region scope has no review.
            Scope::Institution | Scope::Region => {
                each(data.rows(ids::INSTITUTIONS), Batch::institution)
            }
        }
    }

    fn read_tables(&mut self, path: impl Fn(&str) -> PathBuf) -> Result<(), HarnessError> {
        for declaration in &self.manifest.tables {
            let Some(file) = &declaration.file else {
                continue;
            };
            let path = path(file);
            if path.extension().is_none_or(|extension| extension != "csv") {
                return Err(HarnessError::NotCsv { path });
            }
            let bytes = std::fs::read(&path).map_err(|source| HarnessError::Read {
                path: path.clone(),
                source,
            })?;
            let table = KnowledgeTable::from_csv(declaration, &bytes)?;
            self.tables.insert(declaration.name.clone(), table);
        }
        Ok(())
    }
}

impl<P: Pack> Prepared<P> {
    /// The pack as `prepare` made it.
    #[must_use]
    pub fn pack(&self) -> &P {
        &self.pack
    }

    /// A batch as the rules see it, for a benchmark that times [`Pack::evaluate`] alone. The data must be
    /// the one that the pack was prepared for.
    #[must_use]
    pub fn batch(&self, batch: Batch, review: &Review) -> crate::Batch {
        let source = Rc::new(Source::new(batch));
        crate::Batch {
            views: Views::new(&source),
            host: Evaluation::new(self.vocabulary.clone(), source, review.clone()),
            told: Told::default(),
        }
    }

    /// The answer to a batch, sorted, with the rows of the whole data.
    ///
    /// # Errors
    /// [`HarnessError::Evaluate`] with the words of the pack; [`HarnessError::InvalidAnswer`] for all that
    /// the sandbox refuses, and where a rule judges without what it needs.
    pub fn evaluate(&self, batch: Batch, review: &Review) -> Result<Answer, HarnessError> {
        let answer = self.unchecked(batch.clone(), review)?;
        let checker = Checker {
            manifest: &self.manifest,
            knowledge_rows: &self.knowledge_rows,
            batch: &batch,
            review,
        };
        checker.check(&answer)?;
        Ok(answer)
    }

    /// The same before anything is held against the manifest: codes told as texts, sorted. What
    /// a program ends with that trusts its own rules, for a benchmark.
    ///
    /// # Errors
    /// [`HarnessError::Evaluate`] with the words of the pack, and [`HarnessError::InvalidAnswer`].
    pub fn unchecked(&self, batch: Batch, review: &Review) -> Result<Answer, HarnessError> {
        let seen = self.batch(batch.clone(), review);
        let answer = self
            .pack
            .evaluate(&seen)
            .map_err(|message| HarnessError::Evaluate { message })?;
        let mut answer = tell::tell(answer, &batch, &seen.host)?;
        answer.sort();
        Ok(answer)
    }
}

/// The cases of a file: one, or a list of them.
fn read_cases(path: &Path) -> Result<Vec<Case>, HarnessError> {
    let bytes = std::fs::read(path).map_err(|source| HarnessError::Read {
        path: path.to_owned(),
        source,
    })?;
    let is_list = bytes.trim_ascii_start().starts_with(b"[");
    let cases = match is_list {
        true => serde_json::from_slice(&bytes),
        false => serde_json::from_slice(&bytes).map(|case| vec![case]),
    };
    cases.map_err(|source| HarnessError::Case {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests;
