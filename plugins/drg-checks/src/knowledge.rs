//! The knowledge tables of the pack as those of a grouper.

use rulepack_sdk::prelude::*;

use crate::grouper::{
    Complication, CoreGroup, CoreGroupCode, Group, Grouper, List, MajorCategory,
    MajorCategoryDiagnosis, Tables,
};

/// The grouper of the tables of the pack.
///
/// # Errors
/// Where a table, a column or a value is not as the manifest and the grouper have it.
pub(crate) fn grouper(setup: &Setup) -> Result<Grouper<Code>, String> {
    Grouper::new(Tables {
        major_categories: major_categories(setup)?,
        major_category_diagnoses: major_category_diagnoses(setup)?,
        core_groups: core_groups(setup)?,
        core_group_codes: core_group_codes(setup)?,
        groups: groups(setup)?,
        complications: complications(setup)?,
        valid_procedures: setup.table("valid_procedures")?.codes("procedure")?,
    })
}

fn major_categories(setup: &Setup) -> Result<Vec<MajorCategory<Code>>, String> {
    let table = setup.table("mdc")?;
    let rows = table.codes("mdc")?.into_iter().zip(table.integers("rank")?);
    let rows = rows.zip(table.texts("gate")?);
    Ok(rows
        .map(|((code, rank), gate)| MajorCategory { code, rank, gate })
        .collect())
}

fn major_category_diagnoses(setup: &Setup) -> Result<Vec<MajorCategoryDiagnosis<Code>>, String> {
    let table = setup.table("mdc_diagnoses")?;
    let rows = table
        .codes("mdc")?
        .into_iter()
        .zip(table.codes("diagnosis")?);
    Ok(rows
        .zip(table.texts("site")?)
        .map(
            |((major_category, diagnosis), site)| MajorCategoryDiagnosis {
                major_category,
                diagnosis,
                site,
            },
        )
        .collect())
}

fn core_groups(setup: &Setup) -> Result<Vec<CoreGroup<Code>>, String> {
    let table = setup.table("adrg")?;
    let rows = table.codes("adrg")?.into_iter().zip(table.codes("mdc")?);
    let rows = rows
        .zip(table.integers("rank")?)
        .zip(table.texts("condition")?);
    Ok(rows
        .map(|(((code, major_category), rank), condition)| CoreGroup {
            code,
            major_category,
            rank,
            condition,
        })
        .collect())
}

fn core_group_codes(setup: &Setup) -> Result<Vec<CoreGroupCode<Code>>, String> {
    let table = setup.table("adrg_codes")?;
    let rows = table.codes("adrg")?.into_iter().zip(table.texts("list")?);
    let rows = rows.zip(table.codes("code")?).zip(table.integers("class")?);
    rows.map(|(((core_group, list), code), class)| {
        let list = List::parse(&list)?;
        Ok(CoreGroupCode {
            core_group,
            list,
            code,
            class,
        })
    })
    .collect()
}

fn groups(setup: &Setup) -> Result<Vec<Group<Code>>, String> {
    let table = setup.table("drg")?;
    let rows = table.codes("drg")?.into_iter().zip(table.codes("adrg")?);
    let rows = rows
        .zip(table.integers("rank")?)
        .zip(table.texts("severity")?);
    Ok(rows
        .map(|(((code, core_group), rank), severity)| Group {
            code,
            core_group,
            rank,
            severity,
        })
        .collect())
}

fn complications(setup: &Setup) -> Result<Vec<Complication<Code>>, String> {
    let table = setup.table("complications")?;
    let rows = table.codes("code")?.into_iter().zip(table.texts("level")?);
    let classes = table.optional_codes("self_class")?.into_iter();
    let classes = classes.zip(table.optional_codes("exclusion_class")?);
    Ok(rows
        .zip(classes)
        .map(
            |((code, level), (self_class, exclusion_class))| Complication {
                code,
                level,
                self_class,
                exclusion_class,
            },
        )
        .collect())
}
