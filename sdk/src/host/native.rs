//! The imports of a component, natively: over hospital data in memory, in the numbering of its own
//! dictionary, which `prepare` extends by the texts that only knowledge and rules know.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use rulepack_contract::data::{self, Batch, Slice, Texts};
use rulepack_contract::knowledge::{KnowledgeColumn, KnowledgeTable, TableDeclaration};
use rulepack_contract::parameters::ParameterValue;
use rulepack_contract::review::{self, Review};
use rulepack_contract::schema::{TABLES, TableId};
use rulepack_contract::units;

use crate::batch::{Presence, Reach, Scope, Stage};

/// What `prepare` may call.
pub(crate) struct Preparation {
    pub(crate) texts: RefCell<Texts>,
    pub(crate) sets: RefCell<Vec<Vec<String>>>,
    pub(crate) declarations: Vec<TableDeclaration>,
    /// A declared table that is not here was not supplied.
    pub(crate) tables: BTreeMap<String, KnowledgeTable>,
    pub(crate) parameters: BTreeMap<String, ParameterValue>,
}

/// The vocabulary as `prepare` left it, shared by all batches of one data.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    texts: Texts,
    sets: Vec<PrefixSet>,
}

/// Texts that start with one of some prefixes, looked up once for every text that has a number.
#[derive(Debug)]
struct PrefixSet {
    prefixes: Vec<String>,
    members: Vec<u8>,
}

/// What `evaluate` may call beside the columns.
pub(crate) struct Evaluation {
    vocabulary: Arc<Vocabulary>,
    /// Texts that only this batch has met; numbered behind those of the vocabulary.
    met: RefCell<Texts>,
    source: Rc<Source>,
    review: Review,
}

/// Where the views get their columns from.
pub(crate) struct Source {
    batch: Batch,
}

impl Preparation {
    /// The vocabulary, once `prepare` is done.
    pub(crate) fn finish(self) -> Vocabulary {
        let texts = self.texts.into_inner();
        let sets = self.sets.into_inner().into_iter();
        let sets = sets
            .map(|prefixes| PrefixSet::new(prefixes, &texts))
            .collect();
        Vocabulary { texts, sets }
    }

    pub(crate) fn intern(&self, texts: &[&str]) -> Vec<u32> {
        let mut known = self.texts.borrow_mut();
        texts
            .iter()
            .map(|text| known.intern(text).unwrap_or(0))
            .collect()
    }

    pub(crate) fn define_set(&self, prefixes: &[&str]) -> u32 {
        let mut sets = self.sets.borrow_mut();
        sets.push(prefixes.iter().map(|prefix| (*prefix).to_owned()).collect());
        number(sets.len() - 1)
    }

    pub(crate) fn contains(&self, set: u32, numbers: &[u32]) -> Vec<u8> {
        let (sets, texts) = (self.sets.borrow(), self.texts.borrow());
        let prefixes = sets.get(set as usize).map_or(&[][..], Vec::as_slice);
        let text = |number: &u32| texts.text(*number).unwrap_or_default();
        numbers
            .iter()
            .map(|number| starts_with_one_of(text(number), prefixes))
            .collect()
    }

    pub(crate) fn prefixes(&self, numbers: &[u32], characters: u8) -> Vec<u32> {
        let prefixes: Vec<String> = self
            .texts(numbers)
            .iter()
            .map(|text| text.chars().take(usize::from(characters)).collect())
            .collect();
        self.intern(&prefixes.iter().map(String::as_str).collect::<Vec<_>>())
    }

    pub(crate) fn texts(&self, numbers: &[u32]) -> Vec<String> {
        let texts = self.texts.borrow();
        numbers
            .iter()
            .map(|number| texts.text(*number).unwrap_or_default().to_owned())
            .collect()
    }

    pub(crate) fn declared(&self, table: &str) -> Result<(), String> {
        self.declaration(table).map(|_| ())
    }

    pub(crate) fn rows(&self, table: &str) -> u32 {
        self.tables.get(table).map_or(0, |table| table.rows)
    }

    pub(crate) fn supplied(&self, table: &str) -> bool {
        self.tables.contains_key(table)
    }

    pub(crate) fn table_codes(&self, table: &str, column: &str) -> Result<Vec<u32>, String> {
        let texts = self.table_texts(table, column)?;
        Ok(self.intern(&texts.iter().map(String::as_str).collect::<Vec<_>>()))
    }

    pub(crate) fn table_integers(&self, table: &str, column: &str) -> Result<Vec<i64>, String> {
        match self.column(table, column)? {
            None => Ok(Vec::new()),
            Some(KnowledgeColumn::Integers(values)) => Ok(values.clone()),
            Some(_) => Err(other_type(table, column, "numbers")),
        }
    }

    pub(crate) fn table_days(&self, table: &str, column: &str) -> Result<Vec<i32>, String> {
        match self.column(table, column)? {
            None => Ok(Vec::new()),
            Some(KnowledgeColumn::Days(days)) => Ok(days.clone()),
            Some(_) => Err(other_type(table, column, "days")),
        }
    }

    pub(crate) fn table_texts(&self, table: &str, column: &str) -> Result<Vec<String>, String> {
        match self.column(table, column)? {
            None => Ok(Vec::new()),
            Some(KnowledgeColumn::Texts { dictionary, rows }) => {
                let text = |row: &u32| dictionary.get(*row as usize).cloned().unwrap_or_default();
                Ok(rows.iter().map(text).collect())
            }
            Some(_) => Err(other_type(table, column, "texts")),
        }
    }

    pub(crate) fn integer(&self, parameter: &str) -> Result<i64, String> {
        match self.parameter(parameter)? {
            ParameterValue::Integer(value) => Ok(*value),
            _ => Err(format!("parameter `{parameter}` is not a whole number")),
        }
    }

    pub(crate) fn text(&self, parameter: &str) -> Result<String, String> {
        match self.parameter(parameter)? {
            ParameterValue::Text(value) => Ok(value.clone()),
            _ => Err(format!("parameter `{parameter}` is not a text")),
        }
    }

    pub(crate) fn code_list(&self, parameter: &str) -> Result<Vec<u32>, String> {
        match self.parameter(parameter)? {
            ParameterValue::Codes(texts) => {
                Ok(self.intern(&texts.iter().map(String::as_str).collect::<Vec<_>>()))
            }
            _ => Err(format!("parameter `{parameter}` is not a list of codes")),
        }
    }

    fn parameter(&self, name: &str) -> Result<&ParameterValue, String> {
        self.parameters
            .get(name)
            .ok_or_else(|| format!("the manifest does not declare the parameter `{name}`"))
    }

    fn declaration(&self, table: &str) -> Result<&TableDeclaration, String> {
        self.declarations
            .iter()
            .find(|declaration| declaration.name == table)
            .ok_or_else(|| format!("the manifest does not declare the table `{table}`"))
    }

    /// `None` where the table is declared and nobody supplied it.
    fn column(&self, table: &str, column: &str) -> Result<Option<&KnowledgeColumn>, String> {
        if !self.declaration(table)?.columns.contains_key(column) {
            return Err(format!(
                "the manifest does not declare the column `{column}` of table `{table}`"
            ));
        }
        Ok(self
            .tables
            .get(table)
            .and_then(|table| table.columns.get(column)))
    }
}

fn other_type(table: &str, column: &str, wanted: &str) -> String {
    format!("the manifest does not declare the column `{column}` of table `{table}` as {wanted}")
}

impl PrefixSet {
    fn new(prefixes: Vec<String>, texts: &Texts) -> Self {
        let members = (0..number(texts.len()))
            .map(|number| starts_with_one_of(texts.text(number).unwrap_or_default(), &prefixes))
            .collect();
        PrefixSet { prefixes, members }
    }
}

fn starts_with_one_of(text: &str, prefixes: &[String]) -> u8 {
    let starts = !text.is_empty() && prefixes.iter().any(|prefix| text.starts_with(prefix));
    u8::from(starts)
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

impl Evaluation {
    pub(crate) fn new(vocabulary: Arc<Vocabulary>, source: Rc<Source>, review: Review) -> Self {
        Evaluation {
            vocabulary,
            met: RefCell::default(),
            source,
            review,
        }
    }

    pub(crate) fn contains(&self, set: u32, numbers: &[u32]) -> Vec<u8> {
        let Some(set) = self.vocabulary.sets.get(set as usize) else {
            return vec![0; numbers.len()];
        };
        let member = |number: &u32| match set.members.get(*number as usize) {
            Some(member) => *member,
            None => starts_with_one_of(&self.told(*number), &set.prefixes),
        };
        numbers.iter().map(member).collect()
    }

    pub(crate) fn prefixes(&self, numbers: &[u32], characters: u8) -> Vec<u32> {
        numbers
            .iter()
            .map(|number| {
                let text = self.told(*number);
                let prefix: String = text.chars().take(usize::from(characters)).collect();
                self.number(&prefix)
            })
            .collect()
    }

    pub(crate) fn texts(&self, numbers: &[u32]) -> Vec<String> {
        numbers.iter().map(|number| self.told(*number)).collect()
    }

    pub(crate) fn stage(&self) -> Stage {
        self.review.stage.into()
    }

    pub(crate) fn scope(&self) -> Scope {
        match self.review.scope {
            review::Scope::Patient => Scope::Patient,
            review::Scope::Institution => Scope::Institution,
            review::Scope::Region => Scope::Region,
        }
    }

    pub(crate) fn scenes(&self) -> Vec<u32> {
        self.review
            .scenes
            .iter()
            .map(|scene| self.number(scene))
            .collect()
    }

    pub(crate) fn today(&self) -> i32 {
        self.review.today
    }

    pub(crate) fn jurisdiction(&self) -> u32 {
        self.number(&self.review.jurisdiction)
    }

    pub(crate) fn period(&self) -> (i32, i32) {
        self.review.period
    }

    pub(crate) fn table_presence(&self, table: &str) -> Presence {
        let table = rulepack_contract::schema::table(table);
        table.map_or(Presence::Absent, |table| {
            presence(self.source.batch.data().coverage(table).presence)
        })
    }

    pub(crate) fn column_presence(&self, table: &str, column: &str) -> Presence {
        let table = rulepack_contract::schema::table(table);
        let column = table.and_then(|table| Some((table, table.table().column(column)?)));
        column.map_or(Presence::Absent, |(table, column)| {
            presence(self.source.batch.data().presence(table, column))
        })
    }

    pub(crate) fn history_start(&self, table: &str) -> i32 {
        let table = rulepack_contract::schema::table(table);
        table.map_or(units::NOT_RECORDED_S32, |table| {
            self.source.batch.data().coverage(table).history_start
        })
    }

    pub(crate) fn history_reach(&self) -> Reach {
        match self.source.batch.data().reach() {
            data::Reach::Institution => Reach::Institution,
            data::Reach::PoolingArea => Reach::PoolingArea,
            data::Reach::Province => Reach::Province,
        }
    }

    /// The text of a number of the vocabulary or of this batch.
    pub(crate) fn told(&self, number: u32) -> String {
        let shared = &self.vocabulary.texts;
        if let Some(text) = shared.text(number) {
            return text.to_owned();
        }
        let met = self.met.borrow();
        let own = (number as usize).checked_sub(shared.len());
        let own = own.and_then(|own| u32::try_from(own + 1).ok());
        own.and_then(|own| met.text(own))
            .unwrap_or_default()
            .to_owned()
    }

    /// The number of a text, which is given one for this batch where it is new.
    fn number(&self, text: &str) -> u32 {
        let shared = &self.vocabulary.texts;
        if let Some(number) = shared.number(text) {
            return number;
        }
        // 0 of `met` is the empty text, which the vocabulary has: its 1 follows the vocabulary's last.
        let own = self.met.borrow_mut().intern(text).unwrap_or(0);
        own.checked_sub(1)
            .and_then(|own| number(shared.len()).checked_add(own))
            .unwrap_or(0)
    }
}

fn presence(presence: data::Presence) -> Presence {
    match presence {
        data::Presence::Absent => Presence::Absent,
        data::Presence::Partial => Presence::Partial,
        data::Presence::Complete => Presence::Complete,
    }
}

impl Source {
    pub(crate) fn new(batch: Batch) -> Self {
        Source { batch }
    }

    /// The values of a column, borrowed from the data; as many "not recorded" as the table has rows where
    /// the data has no such column.
    #[inline]
    pub(crate) fn values<'a, R: Raw>(
        &'a self,
        absent: &'a OnceCell<Vec<R>>,
        table: u8,
        column: usize,
    ) -> &'a [R] {
        let table = TableId(table);
        if let Some(values) = self.batch.slice(table, column).and_then(R::of) {
            return values;
        }
        absent.get_or_init(|| {
            use rulepack_contract::schema::Kind;
            let is_row = matches!(TABLES[table.index()].columns[column].kind, Kind::Row(_));
            vec![R::not_recorded(is_row); self.batch.rows(table) as usize]
        })
    }

    /// The values of a column in these rows of a table.
    pub(crate) fn part<'a, R: Raw>(
        &'a self,
        part: &'a OnceCell<Vec<R>>,
        (table, column): (u8, usize),
        ranges: &[Range<u32>],
    ) -> &'a [R] {
        part.get_or_init(|| {
            let absent = OnceCell::new();
            let whole = self.values(&absent, table, column);
            let mut values = Vec::with_capacity(ranges.iter().map(ExactSizeIterator::len).sum());
            for range in ranges {
                let range = range.start as usize..range.end as usize;
                values.extend_from_slice(whole.get(range).unwrap_or_default());
            }
            values
        })
    }

    /// The number in the whole data of row 0 of a table.
    #[inline]
    pub(crate) fn start(&self, table: u8) -> u32 {
        self.batch.start(TableId(table))
    }
}

/// A layout of columns.
pub(crate) trait Raw: Copy {
    fn of(slice: Slice<'_>) -> Option<&[Self]>;
    fn not_recorded(is_row: bool) -> Self;
}

/// Implements [`Raw`] for each layout.
macro_rules! layouts {
    ($($raw:ty, $variant:ident, $not_recorded:expr;)*) => { $(
        impl Raw for $raw {
            fn of(slice: Slice<'_>) -> Option<&[Self]> {
                match slice {
                    Slice::$variant(values) => Some(values),
                    _ => None,
                }
            }

            fn not_recorded(is_row: bool) -> Self {
                $not_recorded(is_row)
            }
        }
    )* };
}

layouts! {
    u8, U8, |_| units::NOT_RECORDED_U8;
    u32, U32, |is_row| if is_row { units::NOT_RECORDED_ROW } else { 0 };
    i32, S32, |_| units::NOT_RECORDED_S32;
    i64, S64, |_| units::NOT_RECORDED_S64;
}
impl From<review::Stage> for Stage {
    fn from(stage: review::Stage) -> Self {
        match stage {
            review::Stage::Before => Stage::Before,
            review::Stage::During => Stage::During,
            review::Stage::After => Stage::After,
        }
    }
}
