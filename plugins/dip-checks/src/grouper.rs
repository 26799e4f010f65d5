//! DIP 主目录: the group of a case, by the tables of the pack.
//!
//! - 核心病种: the subcategory of the principal diagnosis (the first four characters of ICD-10, `K80.1`) and the
//!   procedures that the group asks for, all of them on the settlement list. Of several that fit, one with the
//!   principal procedure comes first, then one with more procedures, then the lower `rank` of the table. A core
//!   group without procedures (保守治疗) takes a case only where no procedure of table `procedures` is listed.
//! - 综合病种: where no core group fits, by a wider part of the principal diagnosis (three characters, then two,
//!   then one) and by what was done: the gravest of operation, therapeutic and diagnostic procedure, or none.

use rulepack_sdk::prelude::*;

/// What was done for a patient, by table `procedures`; a graver one is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Treatment {
    /// 保守治疗
    Conservative,
    /// 诊断性操作
    Diagnostic,
    /// 治疗性操作
    Therapeutic,
    /// 手术
    Operative,
}

/// Groups cases. Made from the tables `core-groups`, `composite-groups` and `procedures`.
#[derive(Debug)]
pub struct Grouper {
    core_groups: Map<Code, CoreGroup>,
    by_subcategory: Map<Code, Vec<Code>>,
    composite_groups: Map<(Code, Treatment), Code>,
    treatments: Map<Code, Treatment>,
}

/// 核心病种.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreGroup {
    /// The subcategory of its principal diagnosis.
    pub subcategory: Code,
    /// All of them are asked for; none for 保守治疗.
    pub procedures: Vec<Code>,
    rank: i64,
}

/// A principal diagnosis by its first characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Category {
    /// 亚目, four characters: `K80.1`.
    pub subcategory: Code,
    /// Three, two and one characters: `K80`, `K8`, `K`.
    wider: [Code; 3],
}

impl Category {
    /// The categories of principal diagnoses, in their order; four calls for all of them.
    #[must_use]
    pub fn all(batch: &Batch, diagnoses: &[Code]) -> Vec<Self> {
        // The dot stands between the third and the fourth character.
        let [subcategories, three, two, one] = [5, 3, 2, 1].map(|it| batch.prefixes(diagnoses, it));
        let or_itself = |prefixes: &[Option<Code>], place: usize, code: Code| {
            prefixes.get(place).copied().flatten().unwrap_or(code)
        };
        let category = |(place, code): (usize, &Code)| Category {
            subcategory: or_itself(&subcategories, place, *code),
            wider: [&three, &two, &one].map(|it| or_itself(it, place, *code)),
        };
        diagnoses.iter().enumerate().map(category).collect()
    }
}

impl Grouper {
    /// # Errors
    /// Where a cell is empty, a treatment is not one of the four, or a core group stands twice.
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        let core_groups = core_groups(setup)?;
        let mut by_subcategory: Map<Code, Vec<Code>> = Map::default();
        for (code, group) in &core_groups {
            by_subcategory
                .entry(group.subcategory)
                .or_default()
                .push(*code);
        }
        Ok(Grouper {
            core_groups,
            by_subcategory,
            composite_groups: composite_groups(setup)?,
            treatments: treatments(setup)?,
        })
    }

    /// The group of a case; `None` where it is ungroupable (无法入组). Procedures with the principal one first.
    #[must_use]
    pub fn group(&self, category: Category, procedures: &[Code]) -> Option<Code> {
        let treatment = self.treatment(procedures);
        let core = self.by_subcategory.get(&category.subcategory);
        let core = core.into_iter().flatten();
        let core = core.filter_map(|code| Some((*code, self.core_groups.get(code)?)));
        let fits = |group: &CoreGroup| match group.procedures.is_empty() {
            true => treatment == Treatment::Conservative,
            false => group.procedures.iter().all(|it| procedures.contains(it)),
        };
        let principal = procedures.first();
        let best = core.filter(|(_, group)| fits(group)).min_by_key(|(_, it)| {
            let without_principal = !principal.is_some_and(|code| it.procedures.contains(code));
            let more_first = std::cmp::Reverse(it.procedures.len());
            (without_principal, more_first, it.rank)
        });
        best.map(|(code, _)| code).or_else(|| {
            let mut wider = category.wider.iter();
            wider.find_map(|it| self.composite_groups.get(&(*it, treatment)).copied())
        })
    }

    /// A core group of the table.
    #[must_use]
    pub fn core_group(&self, group: Code) -> Option<&CoreGroup> {
        self.core_groups.get(&group)
    }

    /// Whether a group is one of the tables.
    #[must_use]
    pub fn knows(&self, group: Code) -> bool {
        self.core_groups.contains_key(&group)
            || self.composite_groups.values().any(|it| *it == group)
    }

    /// The gravest of what was done. A procedure that the table does not name does not count.
    fn treatment(&self, procedures: &[Code]) -> Treatment {
        let named = procedures.iter().filter_map(|it| self.treatments.get(it));
        named.max().copied().unwrap_or(Treatment::Conservative)
    }
}

fn core_groups(setup: &Setup) -> Result<Map<Code, CoreGroup>, String> {
    let table = setup.table("core-groups")?;
    let rows = table.codes("group")?.into_iter();
    let rows = rows.zip(table.codes("diagnosis")?);
    let rows = rows.zip(table.texts("procedures")?);
    let mut groups = Map::default();
    for ((row, ((code, subcategory), procedures)), rank) in
        (1..).zip(rows).zip(table.integers("rank")?)
    {
        let procedures = procedures.split('+').map(str::trim);
        let procedures = procedures.filter(|it| !it.is_empty());
        let group = CoreGroup {
            subcategory,
            procedures: procedures
                .map(|it| setup.code(it))
                .collect::<Result<_, _>>()?,
            rank,
        };
        if groups.insert(code, group).is_some() {
            return Err(format!(
                "table `core-groups` row {row}: the group stands twice"
            ));
        }
    }
    Ok(groups)
}

fn composite_groups(setup: &Setup) -> Result<Map<(Code, Treatment), Code>, String> {
    let table = setup.table("composite-groups")?;
    let keys = table.codes("diagnosis")?.into_iter();
    let keys = keys.zip(read_treatments(&table, "composite-groups")?);
    Ok(keys.zip(table.codes("group")?).collect())
}

fn treatments(setup: &Setup) -> Result<Map<Code, Treatment>, String> {
    let table = setup.table("procedures")?;
    let treatments = read_treatments(&table, "procedures")?;
    Ok(table
        .codes("procedure")?
        .into_iter()
        .zip(treatments)
        .collect())
}

fn read_treatments(table: &KnowledgeTable<'_>, name: &str) -> Result<Vec<Treatment>, String> {
    let texts = (1..).zip(table.texts("treatment")?);
    texts
        .map(|(row, text)| match text.as_str() {
            "conservative" => Ok(Treatment::Conservative),
            "diagnostic" => Ok(Treatment::Diagnostic),
            "therapeutic" => Ok(Treatment::Therapeutic),
            "operative" => Ok(Treatment::Operative),
            other => Err(format!(
                "table `{name}` row {row}: expected `conservative`, `diagnostic`, `therapeutic` or \
                 `operative`, got `{other}`"
            )),
        })
        .collect()
}
