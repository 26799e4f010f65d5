//! Hospital data from outside: CSV files of the contract's tables, the national request, and our own.
//!
//! Everything ends in a [`DataBuilder`](rulepack_contract::data::DataBuilder), which reads values without
//! ever passing through a float. A fault of the whole (an unknown column, a wrong encoding) is an error;
//! a fault of a row leaves that row out, and what belongs to it, and lists it.

mod call;
mod checks;
mod coverage;
mod csv;
#[cfg(test)]
mod documentation_tests;
mod error;
pub mod national;
pub mod native;
mod rejection;
mod table_file;

pub use call::{Call, Known, RequestError};
pub use csv::{Loaded, read_directory, read_file};
pub use error::DataError;
pub use rejection::{FileRejection, Reason, VALUE_BYTES_MAX};

pub(crate) use call::parse as parse_call;
pub use checks::check_rows;
pub use coverage::{CoverageFile, read_coverage};
pub use table_file::{Line, Row, TableFile};

pub(crate) use csv::{Source, finish, load};

#[cfg(test)]
mod tests;
