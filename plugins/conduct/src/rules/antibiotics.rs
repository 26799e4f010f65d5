//! CND-05 抗菌药物分级使用: an antibiotic is prescribed by a doctor whose title allows its grade (非限制、限制、特殊).

use rulepack_sdk::prelude::*;

use crate::{Care, Conduct};

/// Id of the rule.
pub const ID: &str = "CND-05";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &["orders.items", "orders.days", "orders.doctor-titles"];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::Before, Stage::During, Stage::After];
/// 越级使用 in an emergency lasts at most a day.
const EMERGENCY_SUPPLY_MAX: Quantity = Quantity(10_000);

/// 抗菌药物分级目录, and the titles (drord_dr_profttl) that may prescribe each grade.
#[derive(Debug)]
pub struct Antibiotics {
    groups: Vec<Group>,
}

/// Antibiotics of one grade that are in force on the same days.
#[derive(Debug)]
struct Group {
    grade: i64,
    validity: Validity,
    items: CodeSet,
    titles: Vec<Code>,
}

impl Antibiotics {
    /// Reads table `antibiotics`: the first characters of codes, and the grade from 1 to 3.
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        let table = setup.table("antibiotics")?;
        let items = setup.texts(&table.codes("item")?);
        let rows = items
            .into_iter()
            .zip(table.integers("grade")?)
            .zip(table.validity()?);
        let mut known: Vec<(i64, Validity, Vec<String>)> = Vec::new();
        for ((item, grade), validity) in rows {
            match known
                .iter_mut()
                .find(|it| it.0 == grade && it.1 == validity)
            {
                Some((.., items)) => items.push(item),
                None => known.push((grade, validity, vec![item])),
            }
        }
        let mut groups = Vec::new();
        for (grade, validity, items) in known {
            let items: Vec<&str> = items.iter().map(String::as_str).collect();
            let parameter = match grade {
                1 => "unrestricted_titles",
                2 => "restricted_titles",
                3 => "special_titles",
                other => {
                    return Err(format!(
                        "table `antibiotics` has grade `{other}`, expected 1 to 3"
                    ));
                }
            };
            let titles = setup.code_list(parameter)?;
            groups.push(Group {
                grade,
                validity,
                items: setup.code_set(&items),
                titles,
            });
        }
        Ok(Antibiotics { groups })
    }
}

/// The highest grade that an item has on its day counts. In an emergency anybody may prescribe it for a day.
pub(crate) fn check(pack: &Conduct, care: &Care<'_>, answer: &mut Answer) {
    let orders = care.batch.orders();
    let items = orders.items();
    let groups = pack.antibiotics.groups.iter();
    let groups: Vec<_> = groups
        .map(|it| (it, care.batch.members(it.items, &items)))
        .collect();
    for line in care.lines.under_review() {
        let (Some(item), Some(day)) = (line.item, line.day) else {
            continue;
        };
        let of_line = groups.iter().filter(|(group, members)| {
            group.validity.includes(day) && members.contains(line.order)
        });
        let Some((group, _)) = of_line.max_by_key(|(group, _)| group.grade) else {
            continue;
        };
        let abstain = |column| Abstention::new(ID, line.order).missing(column);
        let Some(title) = orders.doctor_titles().get(line.order) else {
            answer.add(abstain("orders.doctor-titles"));
            continue;
        };
        if group.titles.contains(&title) {
            continue;
        }
        let care_type = care.batch.encounters().care_types().get(line.encounter);
        if care_type.is_some_and(|it| pack.settings.emergency_types.contains(&it)) {
            match orders.supply_days().get(line.order) {
                Some(days) if days <= EMERGENCY_SUPPLY_MAX => continue,
                Some(_) => {}
                None => {
                    answer.add(abstain("orders.supply-days"));
                    continue;
                }
            }
        }
        answer.add(
            Finding::violation(ID, "title")
                .offending(line.order, line.amount)
                .argument("item", item)
                .argument("grade", group.grade)
                .argument("title", title),
        );
    }
}
