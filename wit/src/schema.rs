//! The tables and columns of the contract, derived from the `.wit` files at build time.

/// A table of the contract.
#[derive(Debug)]
pub struct Table {
    /// As in the contract: `orders`.
    pub name: &'static str,
    /// What the contract says of it.
    pub doc: &'static str,
    /// In the order of the contract.
    pub columns: &'static [Column],
}

/// A column of a table: one function of the contract.
#[derive(Debug)]
pub struct Column {
    /// As in the contract: `unit-prices`.
    pub name: &'static str,
    /// What its values mean.
    pub kind: Kind,
    /// What the contract says of it.
    pub doc: &'static str,
}

/// A table, by its place in [`TABLES`]. Its number in answers is one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId(pub u8);

/// What the values of a column mean, and so how many bits they have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number of the vocabulary, 32 bits.
    Code,
    /// An opaque identifier, 32 bits.
    Token,
    /// A row of another table, 32 bits.
    Row(TableId),
    /// 0 no, 1 yes, 8 bits.
    Flag,
    /// A small number with meanings of its own, 8 bits.
    Small,
    /// A number without a unit of its own (years, minutes, grams), 32 bits.
    Integer,
    /// A number of things, 64 bits.
    Count,
    /// Days from 1970-01-01, 32 bits.
    Day,
    /// Seconds from 1970-01-01T00:00:00 China Standard Time, 64 bits.
    Instant,
    /// Fen, 64 bits.
    Money,
    /// Millionths of a CNY, 64 bits.
    UnitPrice,
    /// Ten-thousandths of a unit, 64 bits.
    Quantity,
    /// Ten-thousandths, 64 bits.
    Ratio,
    /// Millionths of a laboratory's unit, 64 bits.
    Measurement,
}

/// How the values of a column are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// `list<u8>`
    U8,
    /// `list<u32>`
    U32,
    /// `list<s32>`
    S32,
    /// `list<s64>`
    S64,
}

impl Kind {
    /// How values of this kind are laid out.
    #[must_use]
    pub const fn layout(self) -> Layout {
        match self {
            Kind::Flag | Kind::Small => Layout::U8,
            Kind::Code | Kind::Token | Kind::Row(_) => Layout::U32,
            Kind::Integer | Kind::Day => Layout::S32,
            Kind::Count
            | Kind::Instant
            | Kind::Money
            | Kind::UnitPrice
            | Kind::Quantity
            | Kind::Ratio
            | Kind::Measurement => Layout::S64,
        }
    }
}

impl Table {
    /// The place of a column in [`Table::columns`].
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The name of the key by which rows of this table are told apart where people write data:
    /// `patient` for `patients`. Only the tables that others point to have one.
    #[must_use]
    pub fn key(&self) -> Option<&'static str> {
        match self.name {
            "patients" => Some("patient"),
            "encounters" => Some("encounter"),
            "orders" => Some("order"),
            "procedures" => Some("procedure"),
            "institutions" => Some("institution"),
            _ => None,
        }
    }

    /// The column that says to which row of which other table a row belongs: an order to its
    /// encounter. `None` for the two tables that own the others, patients and institutions.
    #[must_use]
    pub fn owner(&self) -> Option<(usize, TableId)> {
        if matches!(self.name, "patients" | "institutions") {
            return None;
        }
        let mut rows = self
            .columns
            .iter()
            .enumerate()
            .filter_map(|(index, column)| match column.kind {
                Kind::Row(target) => Some((index, target)),
                _ => None,
            });
        rows.next()
    }
}

impl TableId {
    /// The table itself.
    #[must_use]
    pub fn table(self) -> &'static Table {
        &TABLES[usize::from(self.0)]
    }

    /// The place in [`TABLES`].
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The number that answers refer to it by.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0 + 1
    }

    /// The table with this number in answers.
    #[must_use]
    pub fn from_number(number: u8) -> Option<TableId> {
        let index = number.checked_sub(1)?;
        (usize::from(index) < TABLES.len()).then_some(TableId(index))
    }

    /// All tables, in the order of their numbers.
    pub fn all() -> impl Iterator<Item = TableId> {
        (0..TABLES.len()).map(|index| TableId(u8::try_from(index).unwrap_or(u8::MAX)))
    }
}

/// The table of this name.
#[must_use]
pub fn table(name: &str) -> Option<TableId> {
    TableId::all().find(|id| id.table().name == name)
}

/// The tables that other code names. A test holds them against [`TABLES`].
pub mod ids {
    use super::TableId;

    /// `patients`
    pub const PATIENTS: TableId = TableId(0);
    /// `enrolments`
    pub const ENROLMENTS: TableId = TableId(1);
    /// `encounters`
    pub const ENCOUNTERS: TableId = TableId(2);
    /// `diagnoses`
    pub const DIAGNOSES: TableId = TableId(3);
    /// `procedures`
    pub const PROCEDURES: TableId = TableId(4);
    /// `orders`
    pub const ORDERS: TableId = TableId(5);
    /// `accumulators`
    pub const ACCUMULATORS: TableId = TableId(11);
    /// `institutions`
    pub const INSTITUTIONS: TableId = TableId(12);
    /// `totals`
    pub const TOTALS: TableId = TableId(13);
    /// `agreements`
    pub const AGREEMENTS: TableId = TableId(14);
    /// `purchases`
    pub const PURCHASES: TableId = TableId(15);
    /// `stock`
    pub const STOCK: TableId = TableId(16);
}

include!(concat!(env!("OUT_DIR"), "/schema.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_numbered_as_the_contract_says() {
        let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
        assert_eq!(
            names.join(" "),
            "patients enrolments encounters diagnoses procedures orders drug-traces examinations \
             lab-results care-records data-defects accumulators institutions totals agreements \
             purchases stock item-prices device-uses denials"
        );
        assert_eq!(table("orders"), Some(ids::ORDERS));
        assert_eq!(table("accumulators"), Some(ids::ACCUMULATORS));
        assert_eq!(table("institutions"), Some(ids::INSTITUTIONS));
        assert_eq!(table("totals"), Some(ids::TOTALS));
        assert_eq!(table("stock"), Some(ids::STOCK));
    }

    #[test]
    fn every_table_but_two_belongs_to_a_row_of_another() {
        for table in TABLES {
            let root = matches!(table.name, "patients" | "institutions");
            assert_eq!(table.owner().is_none(), root, "{}", table.name);
        }
    }

    #[test]
    fn units_survive_the_way_from_the_contract() {
        let orders = ids::ORDERS.table();
        let kind = |name| orders.columns[orders.column(name).unwrap()].kind;
        assert_eq!(kind("fulfils"), Kind::Row(ids::ORDERS));
        assert_eq!(kind("unit-prices"), Kind::UnitPrice);
        assert_eq!(kind("supply-days"), Kind::Quantity);
        assert_eq!(kind("days"), Kind::Day);
        assert_eq!(kind("current"), Kind::Flag);
        assert_eq!(kind("doctors"), Kind::Token);
    }
}
