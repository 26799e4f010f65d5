//! The tables of the contract, one view each: a method for every column, fetched on first use, so that a
//! component imports exactly the columns that its rules read.

use crate::column::{Code, Column, Row, Rows, Token};
use crate::part::{InPart, Selection};
use crate::units::{Day, Instant, Measurement, Money, Quantity, UnitPrice};

include!(concat!(env!("OUT_DIR"), "/views.rs"));
