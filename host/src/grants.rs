//! Which columns a pack may read on this host: `grants.toml` in its folder, and what holds without it (T2).
//!
//! ```toml
//! [vendor-acme]
//! by = "李明, 信息科"
//! day = "2026-11-22"
//! columns = ["orders.items", "orders.quantities", "encounters.*"]
//! ```
//!
//! A name space that the file names may read what stands there and nothing else, be it a bureau's or a
//! vendor's. One that it does not name may read everything where it is `cn`, the hospital's own province
//! or its own city, and nothing else where it is not. A column that is not granted is "not recorded" for
//! the pack: it cannot tell the two apart.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::str::FromStr;

use rulepack_contract::schema::{self, TableId};
use rulepack_engine::Grants;
use rulepack_protocol::canonical;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::{Division, NameSpace};
use rulepack_protocol::pack::manifest::{ColumnReference, ColumnReferenceError};
use serde::{Deserialize, Serialize};

use crate::files;
use crate::settings::{HostFolder, SettingsError};

/// What a host grants to the packs that it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantTable {
    /// Where the host lies; none in a folder that is no host's, whose user runs packs of his own.
    division: Option<Division>,
    given: BTreeMap<NameSpace, Grant>,
}

/// What a person grants to a name space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Who decided it: a named person answers for it.
    pub by: Person,
    /// When.
    pub day: Day,
    /// What its packs may read.
    pub columns: Vec<GrantedColumns>,
}

/// The name of whoever grants; never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Person(String);

/// A column (`orders.items`), the columns of a table (`orders.*`), or all (`*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum GrantedColumns {
    /// Every column of the contract.
    All,
    /// Every column of a table.
    Table(TableId),
    /// One column.
    Column(ColumnReference),
}

/// Why grants cannot be used. No pack runs then: the host does not go on with more than it was told.
#[derive(Debug, thiserror::Error)]
pub enum GrantsError {
    /// The file cannot be read.
    #[error("cannot use `{path}`: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Where the host lies cannot be told.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The file is not as it should be.
    #[error("`{path}` is not as expected: {source}")]
    Toml {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: toml::de::Error,
    },
}

/// What is wrong with a line of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// Nobody answers for it.
    #[error("`by` is empty, expected the name of the person who grants")]
    Nobody,
    /// No such table.
    #[error("`{0}` is no table of the contract, expected one such as `orders.*`")]
    Table(String),
    /// No such column.
    #[error(transparent)]
    Column(#[from] ColumnReferenceError),
}

impl GrantTable {
    /// The grants of a host in force now.
    ///
    /// # Errors
    /// [`GrantsError`].
    pub fn read(folder: &HostFolder) -> Result<Self, GrantsError> {
        let path = folder.grants();
        let bytes = files::read_if_there(&path).map_err(|source| GrantsError::Io {
            path: path.clone(),
            source,
        })?;
        let text = String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned();
        let given = toml::from_str(&text).map_err(|source| GrantsError::Toml { path, source })?;
        let division = match folder.is_set_up() {
            true => Some(folder.settings()?.division),
            false => None,
        };
        Ok(GrantTable { division, given })
    }

    /// What the packs of a name space may read.
    #[must_use]
    pub fn of(&self, name_space: &NameSpace) -> Grants {
        let Some(division) = &self.division else {
            return Grants::All;
        };
        match self.given.get(name_space) {
            Some(grant) => grant.columns(),
            None if division.name_spaces().contains(name_space) => Grants::All,
            None => Grants::Only(BTreeSet::new()),
        }
    }

    /// Who granted what to a name space, where somebody did.
    #[must_use]
    pub fn given_to(&self, name_space: &NameSpace) -> Option<&Grant> {
        self.given.get(name_space)
    }

    /// The digest that receipts carry: of the canonical JSON of division and file.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let bytes = canonical::to_bytes(&(&self.division, &self.given));
        Digest::of(&bytes.expect("grants hold texts only"))
    }
}

impl Grant {
    fn columns(&self) -> Grants {
        let mut columns = BTreeSet::new();
        for granted in &self.columns {
            match granted {
                GrantedColumns::All => return Grants::All,
                GrantedColumns::Table(table) => {
                    let places = 0..table.table().columns.len();
                    columns.extend(places.map(|column| (*table, column)));
                }
                GrantedColumns::Column(at) => _ = columns.insert((at.table, at.column)),
            }
        }
        Grants::Only(columns)
    }
}

impl TryFrom<String> for Person {
    type Error = GrantError;

    fn try_from(name: String) -> Result<Self, GrantError> {
        match name.trim().is_empty() {
            true => Err(GrantError::Nobody),
            false => Ok(Person(name)),
        }
    }
}

impl From<Person> for String {
    fn from(person: Person) -> String {
        person.0
    }
}

impl std::fmt::Display for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for GrantedColumns {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, GrantError> {
        if text == "*" {
            return Ok(GrantedColumns::All);
        }
        let Some(table) = text.strip_suffix(".*") else {
            return Ok(GrantedColumns::Column(text.parse()?));
        };
        let id = schema::table(table).ok_or_else(|| GrantError::Table(text.to_owned()))?;
        Ok(GrantedColumns::Table(id))
    }
}

impl TryFrom<String> for GrantedColumns {
    type Error = GrantError;

    fn try_from(text: String) -> Result<Self, GrantError> {
        text.parse()
    }
}

impl From<GrantedColumns> for String {
    fn from(granted: GrantedColumns) -> String {
        match granted {
            GrantedColumns::All => "*".to_owned(),
            GrantedColumns::Table(table) => format!("{}.*", table.table().name),
            GrantedColumns::Column(at) => at.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "registry = \"r\"\ninstitution = \"H37030000001\"\ndivision = \"370303\"\n\
                        subscriptions = []\n";

    fn host(grants: &str) -> (tempfile::TempDir, HostFolder) {
        let folder = tempfile::tempdir().unwrap();
        let host = HostFolder::at(folder.path());
        files::replace(&folder.path().join("host.toml"), HOST.as_bytes()).unwrap();
        files::replace(&host.grants(), grants.as_bytes()).unwrap();
        (folder, host)
    }

    fn of(table: &GrantTable, name_space: &str) -> Grants {
        table.of(&name_space.parse().unwrap())
    }

    #[test]
    fn t2_own_bureaus_read_everything_and_all_others_nothing_until_a_person_grants_it() {
        let (_folder, host) = host("");
        let table = GrantTable::read(&host).unwrap();
        for own in ["cn", "37", "3703"] {
            assert_eq!(of(&table, own), Grants::All, "{own}");
        }
        for other in ["vendor-acme", "11", "3701"] {
            assert_eq!(of(&table, other), Grants::Only(BTreeSet::new()), "{other}");
        }
    }

    #[test]
    fn t2_a_person_grants_columns_and_may_narrow_a_bureau() {
        let (_folder, host) = host(
            "[vendor-acme]\nby = \"李明\"\nday = \"2026-11-22\"\ncolumns = [\"orders.items\", \"stock.*\"]\n\
             [37]\nby = \"李明\"\nday = \"2026-11-22\"\ncolumns = []\n",
        );
        let table = GrantTable::read(&host).unwrap();
        let vendor = of(&table, "vendor-acme");
        let reads = |text: &str| {
            let at: ColumnReference = text.parse().unwrap();
            vendor.column(at.table, at.column)
        };
        assert!(reads("orders.items") && reads("stock.items"));
        assert!(!reads("orders.quantities") && !reads("patients.genders"));
        assert_eq!(of(&table, "37"), Grants::Only(BTreeSet::new()));
        assert_eq!(of(&table, "3703"), Grants::All);
        let other = GrantTable::read(&self::host("").1).unwrap();
        assert_ne!(table.digest(), other.digest());
    }

    #[test]
    fn t2_a_grant_without_a_person_or_of_nothing_known_is_refused() {
        let refusal = |by: &str, column: &str| {
            let text = format!(
                "[vendor-acme]\nby = \"{by}\"\nday = \"2026-11-22\"\ncolumns = [\"{column}\"]\n"
            );
            let (_folder, host) = host(&text);
            let error = GrantTable::read(&host).unwrap_err();
            assert!(
                error
                    .to_string()
                    .contains("grants.toml` is not as expected: ")
            );
            let GrantsError::Toml { source, .. } = error else {
                panic!("another error")
            };
            source.message().to_owned()
        };
        assert_eq!(
            refusal(" ", "orders.items"),
            "`by` is empty, expected the name of the person who grants"
        );
        assert_eq!(
            refusal("李明", "names.*"),
            "`names.*` is no table of the contract, expected one such as `orders.*`"
        );
        assert_eq!(
            refusal("李明", "orders"),
            "column `orders` is not of the form `<table>.<column>`"
        );
    }

    #[test]
    fn a_folder_that_is_no_hosts_grants_everything_to_whoever_runs_packs_of_his_own() {
        let folder = tempfile::tempdir().unwrap();
        let table = GrantTable::read(&HostFolder::at(folder.path())).unwrap();
        assert_eq!(of(&table, "vendor-acme"), Grants::All);
    }
}
