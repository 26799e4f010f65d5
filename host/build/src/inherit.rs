//! The source of a pack that takes its code from another one as it is: a manifest, spreadsheets, cases, and
//! the component. Whoever maintains it edits rows; nothing of Rust is needed to build it again.

use rulepack_contract::knowledge::TableDeclaration;
use rulepack_protocol::moment::{Day, Effective};
use rulepack_protocol::names::{Jurisdiction, NameSpaceClass, PackName};
use rulepack_protocol::pack::{Manifest, ManifestError, Pack};

use crate::chosen_rules::ChosenRules;
use crate::sheet_write::{self, SheetWriteError};

/// The file of a source that holds the code, in place of a crate.
pub const COMPONENT_FILE: &str = "component.wasm";

/// In which form the tables are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SheetForm {
    /// Workbooks.
    Xlsx,
    /// Text.
    Csv,
}

/// A new pack with the code of another one.
#[derive(Debug, Clone)]
pub struct Inheritor {
    /// What it is called.
    pub name: PackName,
    /// The first rule day on which it is in force.
    pub from: Day,
    /// In which form its tables are written.
    pub form: SheetForm,
    /// The rules that it takes; empty for all.
    pub rules: Vec<String>,
}

/// A file of a source: its path in the folder, and its content.
pub type SourceFile = (String, Vec<u8>);

/// Why a source cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum InheritError {
    /// A table cannot be written in the form that was asked for.
    #[error(transparent)]
    Sheet(#[from] SheetWriteError),
    /// The name space lies in no place, so the manifest would be refused.
    #[error("`{0}` is no place that a manifest can name")]
    Place(String),
    /// The other pack has no such rule.
    #[error("`{rule}` is no rule of `{pack}`")]
    Rule {
        /// What was asked for.
        rule: String,
        /// The other pack.
        pack: PackName,
    },
    /// The new name space may not have what the manifest says.
    #[error("the manifest would be refused: {0}")]
    Refused(#[from] ManifestError),
    /// The manifest has no form as text.
    #[error("the manifest cannot be written: {0}")]
    Manifest(#[from] toml::ser::Error),
    /// The cases have no form as text.
    #[error("the cases cannot be written: {0}")]
    Cases(#[from] serde_json::Error),
}

/// The files of the new source. `component` is the code of `pack`.
///
/// # Errors
/// [`InheritError`].
pub fn inherit(
    pack: &Pack,
    component: &[u8],
    inheritor: &Inheritor,
) -> Result<Vec<SourceFile>, InheritError> {
    let chosen = ChosenRules::of(&pack.manifest, &inheritor.rules)?;
    let mut manifest = manifest(&pack.manifest, inheritor)?;
    chosen.keep_rules(&mut manifest);
    let text = written(&manifest, pack)?;
    // A vendor, say, may not take over rules that carry codes of the national catalogue.
    Manifest::from_toml(&text)?;
    let mut files = vec![
        ("pack.toml".to_owned(), text.into_bytes()),
        (COMPONENT_FILE.to_owned(), component.to_vec()),
        ("说明.md".to_owned(), guide(&manifest, pack).into_bytes()),
    ];
    for declaration in manifest.sealed_tables() {
        let table = pack.tables.get(&declaration.name);
        let table = chosen.rows(&table.cloned().unwrap_or_default());
        let bytes = match inheritor.form {
            SheetForm::Xlsx => sheet_write::to_xlsx(declaration, &table)?,
            SheetForm::Csv => sheet_write::to_csv(declaration, &table)?,
        };
        files.push((declaration.file.clone().unwrap_or_default(), bytes));
    }
    let cases = chosen.cases(&pack.cases);
    if !cases.is_empty() {
        let mut cases = serde_json::to_vec_pretty(&cases)?;
        cases.push(b'\n');
        files.push(("cases/inherited.json".to_owned(), cases));
    }
    Ok(files)
}

/// The manifest of the new pack: its own name, place and day; rules, parameters and tables as they are.
fn manifest(before: &Manifest, inheritor: &Inheritor) -> Result<Manifest, InheritError> {
    let mut manifest = before.clone();
    let name_space = inheritor.name.name_space();
    manifest.pack.name = inheritor.name.clone();
    manifest.pack.version = "0.1.0".parse().expect("it is a version");
    manifest.pack.effective = Effective {
        from: inheritor.from,
        to: None,
    };
    manifest.pack.retroactive = None;
    manifest.pack.jurisdictions = match name_space.class() {
        NameSpaceClass::Vendor => Vec::new(),
        _ => {
            let place = name_space.to_string();
            let parsed: Result<Jurisdiction, _> = place.parse();
            vec![parsed.map_err(|_| InheritError::Place(place))?]
        }
    };
    manifest.table_digests.clear();
    for table in &mut manifest.tables {
        if table.file.is_some() {
            table.file = Some(file_of(table, inheritor.form));
        }
    }
    Ok(manifest)
}

fn file_of(table: &TableDeclaration, form: SheetForm) -> String {
    let extension = match form {
        SheetForm::Xlsx => "xlsx",
        SheetForm::Csv => "csv",
    };
    format!("tables/{}.{extension}", table.name)
}

fn written(manifest: &Manifest, pack: &Pack) -> Result<String, InheritError> {
    let before = &pack.manifest.pack;
    let text = toml::to_string_pretty(manifest)?;
    Ok(format!(
        "# 沿用 {} {} 的程序，组件摘要 {}\n# 修改知识表后请递增 version，再运行 rulepack build\n\n{text}",
        before.name, before.version, pack.component_digest
    ))
}

/// What the staff who maintain the tables need to know, in Chinese.
fn guide(manifest: &Manifest, pack: &Pack) -> String {
    let mut text = format!(
        "# {}：知识表维护说明\n\n程序沿用 `{}` {}，不需要安装 Rust。只需修改 `tables/` 中的表格：\n\n\
         | 表 | 文件 | 主键 | 必填 |\n|---|---|---|---|\n",
        manifest.pack.name, pack.manifest.pack.name, pack.manifest.pack.version
    );
    for table in manifest.sealed_tables() {
        let called = |columns: &[String]| {
            let columns = columns.iter().map(|name| table.heading(name));
            columns.collect::<Vec<_>>().join("、")
        };
        let (key, required) = (called(&table.key), called(&table.required));
        let title = table.title.as_deref().unwrap_or(&table.name);
        let file = table.file.as_deref().unwrap_or_default();
        text.push_str(&format!("| {title} | `{file}` | {key} | {required} |\n"));
    }
    text.push_str(
        "\n1. 修改、增加或删除行。不要改动表头；编码列保持文本格式；不再执行的行填写失效日期，不要删除。\n\
         2. 在 `pack.toml` 中递增 `version`。\n\
         3. `rulepack build . --lang zh`：封装规则包；表格有误时指出工作表、行、列、原值和要求；CSV 表格为 GBK 编码时加 `--encoding gbk`。\n\
         4. `rulepack test .`：运行 `cases/` 中的用例；用例依据原来的行，行变了就一并修改。\n\
         5. `rulepack lint . --lang zh`：签发前检查规则和知识表。\n\
         6. `rulepack diff 旧.wasm 新.wasm --lang zh`：逐行列出知识变化，供签发人员核对。\n",
    );
    text
}
