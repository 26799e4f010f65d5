//! Catalogues of chronic disease of any size, put into a pack that was built once.

use std::collections::BTreeMap;

use rulepack_build::Built;
use rulepack_contract::knowledge::{KnowledgeColumn, KnowledgeTable};
use rulepack_contract::units::NOT_RECORDED_S32;
use rulepack_engine::{Engine, LoadInput, LoadedPack, Program};

/// Items of a disease: as many as a large catalogue lists.
const ITEMS_MAX: u32 = 1_000;
/// Room for the largest one, in MiB.
const MEMORY_MIB: u32 = 256;

/// `chronic-limits` with so many knowledge points more than its own, loaded without being sealed: a catalogue of a
/// million rows would exceed the 16 MiB of a pack.
///
/// # Panics
/// Where it does not load.
#[must_use]
pub fn load(engine: &Engine, built: &Built, points: u32) -> LoadedPack {
    let mut manifest = built.pack.manifest.clone();
    manifest.limits.memory_mib = MEMORY_MIB;
    let mut tables = built.pack.tables.clone();
    let own = tables.get_mut("catalogue").expect("it has a catalogue");
    extend(own, points);
    let program = Program {
        manifest: &manifest,
        tables: &tables,
        ..Program::of(&built.pack, &built.bytes)
    };
    let loaded = engine.load(program, LoadInput::default());
    loaded.expect("the catalogue fits into the pack")
}

/// Adds rows about diseases and items that no request has.
fn extend(table: &mut KnowledgeTable, points: u32) {
    let items = points.min(ITEMS_MAX);
    let diseases = points.div_ceil(items.max(1));
    for (name, column) in &mut table.columns {
        match column {
            KnowledgeColumn::Texts { dictionary, rows } => {
                let mut more = Numbered::after(dictionary);
                rows.extend((0..points).map(|row| match name.as_str() {
                    "disease" => more.number(format!("M9{:04}", row % diseases)),
                    "item" => more.number(format!("XZ{:021}", row / diseases)),
                    _ => more.number("示例".to_owned()),
                }));
            }
            KnowledgeColumn::Days(days) => {
                days.extend((0..points).map(|_| NOT_RECORDED_S32));
            }
            KnowledgeColumn::Integers(_) => {}
        }
    }
    table.rows += points;
}

/// The dictionary of a column, and the numbers of what is added to it.
struct Numbered<'a> {
    dictionary: &'a mut Vec<String>,
    numbers: BTreeMap<String, u32>,
}

impl<'a> Numbered<'a> {
    fn after(dictionary: &'a mut Vec<String>) -> Self {
        let numbers = dictionary.iter().cloned().zip(0..).collect();
        Numbered {
            dictionary,
            numbers,
        }
    }

    fn number(&mut self, text: String) -> u32 {
        if let Some(number) = self.numbers.get(&text) {
            return *number;
        }
        let number = u32::try_from(self.dictionary.len()).expect("far fewer than 2^32");
        self.dictionary.push(text.clone());
        self.numbers.insert(text, number);
        number
    }
}
