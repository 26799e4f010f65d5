//! The packs of `plugins/` in both forms: sealed and loaded into the sandbox, and as the same functions
//! compiled natively.

use std::env;
use std::path::{Path, PathBuf};

use rulepack_build::{Built, Options, Toolchain, import_two_libraries};
use rulepack_contract::data::Data;
use rulepack_contract::knowledge::KnowledgeTable;
use rulepack_engine::{Engine, LoadInput, LoadedPack, Program};
use rulepack_sdk::Pack;
use rulepack_sdk::harness::{Harness, Prepared, Settings};

/// What the city supplies to `drg-checks`.
const PAYMENT_STANDARDS: &str = "group,standard,valid_from,valid_to\n\
     ES31,15000.00,,\nES33,9000.00,,\nES35,7000.00,,\nHC29,14000.00,,\nFM19,32000.00,,\n";

/// A pack of `plugins/`, by its folder.
#[derive(Debug)]
pub struct Source {
    name: &'static str,
    harness: Harness,
    settings: Settings,
}

impl Source {
    /// Reads manifest and tables.
    ///
    /// # Panics
    /// Where they cannot be read: there is nothing to measure then.
    #[must_use]
    pub fn read(name: &'static str) -> Self {
        let harness = Harness::from_source(folder(name)).expect("a pack of this workspace");
        let mut settings = Settings::default();
        for declaration in harness.declarations() {
            if declaration.name == "payment-standards" {
                let table = KnowledgeTable::from_csv(declaration, PAYMENT_STANDARDS.as_bytes());
                let table = table.expect("a table of the declared columns");
                settings.supplied.insert(declaration.name.clone(), table);
            }
        }
        Source {
            name,
            harness,
            settings,
        }
    }

    /// Builds the pack as `rulepack build` does, and loads it with all limits on.
    ///
    /// # Panics
    /// Where it cannot be built or loaded.
    #[must_use]
    pub fn load(&self, engine: &Engine) -> LoadedPack {
        self.load_built(engine, &self.build(None))
    }

    /// Builds the pack as `rulepack build` does, with tables in place of its own.
    ///
    /// # Panics
    /// Where it cannot be built.
    #[must_use]
    pub fn build(&self, tables: Option<PathBuf>) -> Built {
        let options = Options {
            tables,
            ..Options::default()
        };
        let built = rulepack_build::build(&folder(self.name), &toolchain(), &options);
        built.unwrap_or_else(|error| unmeasurable(self.name, &error))
    }

    /// Loads a built pack with all limits on.
    ///
    /// # Panics
    /// Where it cannot be loaded.
    #[must_use]
    pub fn load_built(&self, engine: &Engine, built: &Built) -> LoadedPack {
        let input = LoadInput {
            supplied: self.settings.supplied.clone(),
            ..LoadInput::default()
        };
        engine
            .load(Program::of(&built.pack, &built.bytes), input)
            .unwrap_or_else(|error| unmeasurable(self.name, &error))
    }

    /// Makes the native pack ready for this data.
    ///
    /// # Panics
    /// Where its `prepare` fails.
    #[must_use]
    pub fn prepare<P: Pack>(&self, data: &Data) -> Prepared<P> {
        self.harness
            .prepare(data, &self.settings)
            .unwrap_or_else(|error| unmeasurable(self.name, &error))
    }
}

/// A pack of `plugins/` as it is published; `more` are rows of its only table beside its own.
///
/// # Panics
/// Where it cannot be built.
#[must_use]
pub fn sealed(name: &str, more: Option<&str>) -> Vec<u8> {
    let tables = more.map(|rows| {
        let tables = target_folder().join("bench").join(format!("{name}-tables"));
        let built = with_more(&folder(name).join("tables"), &tables, rows);
        built.unwrap_or_else(|error| unmeasurable(name, &error));
        tables
    });
    let options = Options {
        tables,
        ..Options::default()
    };
    let built = rulepack_build::build(&folder(name), &toolchain(), &options);
    built
        .unwrap_or_else(|error| unmeasurable(name, &error))
        .bytes
}

/// The published two libraries as tables of `national-library`, in the target folder; `None` where they are not at
/// hand.
///
/// # Panics
/// Where they are not as published, or the target folder cannot be written to.
#[must_use]
pub fn published_libraries() -> Option<PathBuf> {
    let beside = || workspace().join("../shared/data");
    let data = env::var_os("RULEPACK_SHARED_DATA").map_or_else(beside, PathBuf::from);
    let published = data.join("nhsa_two_libraries");
    if !published.is_dir() {
        return None;
    }
    let tables = target_folder().join("bench").join("two-libraries");
    let imported = import_two_libraries::import(&published);
    let imported = imported.unwrap_or_else(|error| unmeasurable("national-library", &error));
    std::fs::create_dir_all(&tables).expect("the target folder can be written to");
    for table in imported.files {
        let file = tables.join(table.file_name);
        std::fs::write(file, table.csv).expect("the target folder can be written to");
    }
    Some(tables)
}

/// Copies tables, and adds rows to each.
fn with_more(from: &Path, to: &Path, rows: &str) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let text = std::fs::read_to_string(entry.path())?;
        std::fs::write(to.join(entry.file_name()), format!("{text}{rows}"))?;
    }
    Ok(())
}

#[allow(
    clippy::panic,
    reason = "a benchmark that cannot run has nothing else to say"
)]
fn unmeasurable(pack: &str, error: &dyn std::error::Error) -> ! {
    panic!("`{pack}` cannot be measured: {error}")
}

/// Where the outer cargo builds: `$CARGO_TARGET_DIR`, else `target` of the workspace.
#[must_use]
pub fn target_folder() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from)
}

fn folder(pack: &str) -> PathBuf {
    workspace().join("plugins").join(pack)
}

fn workspace() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    workspace.canonicalize().unwrap_or(workspace)
}

/// The cargo that runs us, and the compiler that it would use.
fn toolchain() -> Toolchain {
    let cargo = env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    let rustc = cargo.with_file_name(format!("rustc{}", env::consts::EXE_SUFFIX));
    Toolchain {
        rustc: if rustc.is_file() {
            rustc
        } else {
            "rustc".into()
        },
        rustup: None,
        cargo,
        environment: env::vars_os().collect(),
        target_folder: target_folder().join("packs"),
        hidden_folders: vec![(workspace(), "/workspace".to_owned())],
    }
}
