//! What the pack knows: traced items, the mapping of codes, bundles, barred suppliers.

use std::collections::BTreeSet;

use rulepack_sdk::prelude::*;

/// 高值耗材目录: items of which each piece bears a code of its own.
#[derive(Debug)]
pub struct TracedItems {
    kinds: Vec<TracedKind>,
}

/// Traced items that are in force on the same days.
#[derive(Debug)]
struct TracedKind {
    validity: Validity,
    /// Whether each piece has a serial number; else a lot is shared by many.
    serial: bool,
    prefixes: CodeSet,
}

/// For each row of a column of items, in which kinds of traced items it is.
pub struct Traced<T>(Vec<(Validity, bool, Members<T>)>);

impl TracedItems {
    /// Reads table `traced-items`: the first characters of codes of the national catalogue.
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        let table = setup.table("traced-items")?;
        let items = setup.texts(&table.codes("item")?);
        let rows = items
            .into_iter()
            .zip(table.texts("piece")?)
            .zip(table.validity()?);
        let mut groups: Vec<(Validity, bool, Vec<String>)> = Vec::new();
        for ((item, piece), validity) in rows {
            let serial = match piece.as_str() {
                "serial" => true,
                "lot" => false,
                other => {
                    return Err(format!(
                        "table `traced-items` has piece `{other}`, expected `serial` or `lot`"
                    ));
                }
            };
            let known = groups
                .iter_mut()
                .find(|it| it.0 == validity && it.1 == serial);
            match known {
                Some((.., items)) => items.push(item),
                None => groups.push((validity, serial, vec![item])),
            }
        }
        let kind = |(validity, serial, items): (Validity, bool, Vec<String>)| {
            let items: Vec<&str> = items.iter().map(String::as_str).collect();
            TracedKind {
                validity,
                serial,
                prefixes: setup.code_set(&items),
            }
        };
        Ok(TracedItems {
            kinds: groups.into_iter().map(kind).collect(),
        })
    }

    /// Looks up a whole column of items.
    #[must_use]
    pub fn of<T>(&self, batch: &Batch, items: &Column<'_, T, Code>) -> Traced<T> {
        let kinds = self.kinds.iter();
        Traced(
            kinds
                .map(|kind| {
                    (
                        kind.validity,
                        kind.serial,
                        batch.members(kind.prefixes, items),
                    )
                })
                .collect(),
        )
    }
}

impl<T> Traced<T> {
    /// Whether the item of a row is traced on this day: `Some(true)` where each piece has a serial number.
    #[must_use]
    pub fn get(&self, row: Row<T>, day: Day) -> Option<bool> {
        let kinds = self
            .0
            .iter()
            .filter(|(validity, _, members)| validity.includes(day) && members.contains(row));
        kinds.map(|(_, serial, _)| *serial).max()
    }
}

/// 五码合一: the five codes of each device, one row a device.
#[derive(Debug)]
pub struct CodeMapping {
    /// Whether the hospital supplied it.
    pub supplied: bool,
    rows: Vec<MappedCodes>,
    /// When rows are in force, by the beginning of their insurance code.
    insurances: Map<Code, Vec<Validity>>,
    /// So many characters these beginnings have: [`SPECIFICATION`], and fewer where the hospital names a class, but
    /// [`CLASS`] at least.
    lengths: BTreeSet<u8>,
    by_device: Map<String, Vec<usize>>,
    by_material: Map<Code, Vec<usize>>,
    /// By 计费编码 and by 医嘱编码.
    by_charge: [Map<Code, Vec<usize>>; 2],
}

/// Characters of an insurance code (医保编码) that tell the kind of a consumable; the other seven tell its model.
const SPECIFICATION: u8 = 20;

/// The fewest characters of one that names a class: as many as tell the generic name (通用名), after the letter and the
/// three levels of classification. A shorter one is taken for a slip, and names itself alone.
const CLASS: u8 = 10;

/// For each row of a column of insurance codes, in which rows of the mapping it is. One look-up for each length that
/// codes of the mapping have, whatever else it holds: of a hospital that says of each device since when, every row has
/// days of its own.
pub struct MappedCharges<'a> {
    insurances: &'a Map<Code, Vec<Validity>>,
    /// By length.
    beginnings: Vec<Vec<Option<Code>>>,
}

impl MappedCharges<'_> {
    /// Whether a row of the mapping that names the code is in force on this day; `None` where none ever is.
    #[must_use]
    pub fn in_force<T>(&self, row: Row<T>, day: Day) -> Option<bool> {
        let beginnings = self.beginnings.iter();
        let beginnings = beginnings.filter_map(|column| column.get(row.index()).copied().flatten());
        let rows = beginnings.filter_map(|beginning| self.insurances.get(&beginning));
        let mut rows = rows.flatten().peekable();
        rows.peek()?;
        Some(rows.any(|validity| validity.includes(day)))
    }
}

/// A row of the mapping.
#[derive(Debug)]
pub struct MappedCodes {
    /// 物资编码
    pub material: Code,
    /// 计费编码
    pub billing: Code,
    /// 医嘱编码
    pub order: Code,
    /// 医保编码
    pub insurance: Code,
    validity: Validity,
}

impl CodeMapping {
    /// Reads table `code-mapping`.
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        let table = setup.table("code-mapping")?;
        let mut mapping = CodeMapping {
            supplied: table.supplied(),
            rows: Vec::new(),
            insurances: Map::default(),
            lengths: BTreeSet::new(),
            by_device: Map::default(),
            by_material: Map::default(),
            by_charge: [Map::default(), Map::default()],
        };
        let devices = setup.texts(&table.codes("device")?);
        let (materials, billings) = (table.codes("material")?, table.codes("billing")?);
        let (orders, insurances) = (table.codes("order")?, table.codes("insurance")?);
        let codes = materials
            .into_iter()
            .zip(billings)
            .zip(orders.into_iter().zip(insurances));
        for ((codes, device), validity) in codes.zip(devices).zip(table.validity()?) {
            let ((material, billing), (order, insurance)) = codes;
            let row = mapping.rows.len();
            mapping.rows.push(MappedCodes {
                material,
                billing,
                order,
                insurance,
                validity,
            });
            mapping
                .by_device
                .entry(format!("{device:0>14}"))
                .or_default()
                .push(row);
            mapping.by_material.entry(material).or_default().push(row);
            for (map, code) in mapping.by_charge.iter_mut().zip([billing, order]) {
                map.entry(code).or_default().push(row);
            }
        }
        mapping.insurances = mapping.read_insurances(setup);
        mapping.lengths = mapping.lengths_of_insurances(setup);
        Ok(mapping)
    }

    fn read_insurances(&self, setup: &Setup) -> Map<Code, Vec<Validity>> {
        let codes: Vec<Code> = self.rows.iter().map(|row| row.insurance).collect();
        let mut insurances: Map<Code, Vec<Validity>> = Map::default();
        let beginnings = setup.prefixes(&codes, SPECIFICATION);
        for (row, beginning) in self.rows.iter().zip(beginnings) {
            if let Some(beginning) = beginning {
                insurances.entry(beginning).or_default().push(row.validity);
            }
        }
        insurances
    }

    fn lengths_of_insurances(&self, setup: &Setup) -> BTreeSet<u8> {
        let beginnings: Vec<Code> = self.insurances.keys().copied().collect();
        let texts = setup.texts(&beginnings).into_iter();
        let lengths = texts.filter_map(|text| u8::try_from(text.chars().count()).ok());
        let classes = lengths.filter(|length| *length >= CLASS);
        // By its first 20 characters every code is found that is there itself.
        classes.chain([SPECIFICATION]).collect()
    }

    /// Looks up a whole column of insurance codes as they are charged. What begins with a shorter code of the mapping, of
    /// ten characters at least, is named by it, as by one of 20 characters.
    #[must_use]
    pub fn charged<T>(&self, batch: &Batch, items: &Column<'_, T, Code>) -> MappedCharges<'_> {
        let lengths = self.lengths.iter();
        MappedCharges {
            insurances: &self.insurances,
            beginnings: lengths
                .map(|length| batch.column_prefixes(items, *length))
                .collect(),
        }
    }

    /// The rows in force on a day that charge or order another device than a row does under the same code, by their
    /// place in the table.
    #[must_use]
    pub fn sharing(&self, place: usize, codes: &MappedCodes, day: Day) -> Vec<usize> {
        let maps = self.by_charge.iter().zip([codes.billing, codes.order]);
        let places = maps.filter_map(|(map, code)| map.get(&code)).flatten();
        let in_force = |row: &MappedCodes| row.validity.includes(day);
        let mut others: Vec<usize> = places
            .copied()
            .filter(|other| *other != place && self.rows.get(*other).is_some_and(in_force))
            .collect();
        others.sort_unstable();
        others.dedup();
        others
    }

    /// The rows in force on a day that name the device (14 digits) or the material, by their place in the
    /// table. One row is a clean mapping; several are a many-to-one.
    #[must_use]
    pub fn rows(
        &self,
        device: &str,
        material: Option<Code>,
        day: Day,
    ) -> Vec<(usize, &MappedCodes)> {
        let by_device = self.by_device.get(device).into_iter().flatten();
        let by_material = material.and_then(|code| self.by_material.get(&code));
        let mut places: Vec<usize> = by_device
            .chain(by_material.into_iter().flatten())
            .copied()
            .collect();
        places.sort_unstable();
        places.dedup();
        let rows = places
            .into_iter()
            .filter_map(|place| Some((place, self.rows.get(place)?)));
        rows.filter(|(_, row)| row.validity.includes(day)).collect()
    }
}

/// How a bundle (套包) is to be charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Billing {
    /// 须拆分计费: each part alone, never the bundle.
    Apart,
    /// 整包计费: the bundle, never its parts.
    Whole,
}

/// A bundle on the days on which its rows are in force.
#[derive(Debug)]
pub struct Bundle {
    /// The item under which the whole is charged.
    pub item: Code,
    /// How it is to be charged.
    pub billing: Billing,
    /// When.
    pub validity: Validity,
    /// Its price, where the table tells.
    pub price: Option<Money>,
    /// Its parts.
    pub parts: Vec<Code>,
    /// The places of its rows in the table.
    pub rows: Vec<usize>,
}

/// 套包目录.
#[derive(Debug)]
pub struct Bundles(pub Vec<Bundle>);

impl Bundles {
    /// Reads table `bundles`, one row a part.
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        let table = setup.table("bundles")?;
        let mut bundles: Vec<Bundle> = Vec::new();
        let codes = table.codes("bundle")?.into_iter().zip(table.codes("part")?);
        let terms = table
            .texts("billing")?
            .into_iter()
            .zip(table.optional_money("price")?);
        for (row, ((codes, terms), validity)) in codes.zip(terms).zip(table.validity()?).enumerate()
        {
            let ((item, part), (billing, price)) = (codes, terms);
            let billing = match billing.as_str() {
                "apart" => Billing::Apart,
                "whole" => Billing::Whole,
                other => {
                    return Err(format!(
                        "table `bundles` has billing `{other}`, expected `apart` or `whole`"
                    ));
                }
            };
            let same =
                |it: &&mut Bundle| (it.item, it.billing, it.validity) == (item, billing, validity);
            match bundles.iter_mut().find(same) {
                Some(bundle) => {
                    bundle.parts.push(part);
                    bundle.rows.push(row);
                }
                None => bundles.push(Bundle {
                    item,
                    billing,
                    validity,
                    price,
                    parts: vec![part],
                    rows: vec![row],
                }),
            }
        }
        Ok(Bundles(bundles))
    }
}

/// 供应商黑名单.
#[derive(Debug)]
pub struct Suppliers(Map<Code, Vec<(usize, Validity)>>);

impl Suppliers {
    /// Reads table `supplier-blacklist`; without one nobody is barred.
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        let table = setup.table("supplier-blacklist")?;
        let mut suppliers: Map<Code, Vec<(usize, Validity)>> = Map::default();
        let rows = table.codes("supplier")?.into_iter().zip(table.validity()?);
        for (row, (supplier, validity)) in rows.enumerate() {
            suppliers.entry(supplier).or_default().push((row, validity));
        }
        Ok(Suppliers(suppliers))
    }

    /// The row of the blacklist by which a supplier is barred on this day.
    #[must_use]
    pub fn barred(&self, supplier: Code, day: Day) -> Option<usize> {
        let rows = self.0.get(&supplier)?.iter();
        rows.filter(|(_, validity)| validity.includes(day))
            .map(|(row, _)| *row)
            .next()
    }
}
