//! The full list of findings: which columns it has, and the list as CSV that Excel opens.

use std::io::Write;

use rulepack_contract::units::format_decimal;
use rulepack_host::spreadsheet::inert;

use crate::finding::{AuditFinding, AuditRow};

/// A list that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ListError<E: std::error::Error + 'static> {
    /// A finding could not be read.
    #[error(transparent)]
    Finding(E),
    /// The file.
    #[error("findings cannot be written as CSV: {0}")]
    Csv(#[from] csv::Error),
}

/// Headings of the columns.
pub(super) const HEADINGS: [&str; 20] = [
    "规则包",
    "规则编号",
    "规则名称",
    "规则类型编码",
    "违规行为分类",
    "违规程度",
    "违规内容",
    "涉及金额（元）",
    "服务日期",
    "追溯适用",
    "定点医药机构编码",
    "科室",
    "医师代码",
    "参保人编号",
    "就诊编号",
    "违规项",
    "违规项行数",
    "涉及项",
    "涉及项行数",
    "政策依据",
];
/// Which of them is money.
pub(super) const AMOUNT: usize = 7;

/// Writes findings as CSV in UTF-8 with the mark that Excel asks for, in the order in which they come. A text
/// that a program for spreadsheets would run as a formula is preceded by a quote. Tells how many there are.
///
/// # Errors
/// The first error of the findings, and where `out` cannot be written.
///
/// ```
/// use rulepack_audit::report::write_csv;
///
/// let mut out = Vec::new();
/// let none: [Result<_, std::io::Error>; 0] = [];
/// assert_eq!(write_csv(none, &mut out)?, 0);
/// assert!(String::from_utf8(out)?.starts_with("\u{feff}规则包,规则编号,"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_csv<E: std::error::Error + 'static>(
    findings: impl IntoIterator<Item = Result<AuditFinding, E>>,
    out: impl Write,
) -> Result<u64, ListError<E>> {
    let mut out = out;
    out.write_all("\u{feff}".as_bytes())
        .map_err(csv::Error::from)?;
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(HEADINGS)?;
    let mut count = 0;
    for finding in findings {
        let finding = finding.map_err(ListError::Finding)?;
        writer.write_record(cells(&finding).map(inert))?;
        count += 1;
    }
    writer.flush().map_err(csv::Error::from)?;
    Ok(count)
}

/// The cells of a finding, one a heading.
pub(super) fn cells(finding: &AuditFinding) -> [String; HEADINGS.len()] {
    let text = |text: &str| text.to_owned();
    [
        text(&finding.pack),
        text(&finding.rule),
        text(&finding.title),
        text(&finding.kind),
        text(&finding.behaviour),
        text(&finding.certainty),
        text(&finding.message),
        format_decimal(finding.amount, 2),
        text(&finding.day),
        text(finding.retroactive_mark()),
        text(&finding.institution),
        text(&finding.department),
        text(&finding.doctor),
        text(&finding.patient),
        text(&finding.encounter),
        rows(&finding.offending),
        finding.offending.len().to_string(),
        rows(&finding.related),
        finding.related.len().to_string(),
        text(&finding.basis),
    ]
}

/// `orders O1 注射用人血白蛋白 (XB05…) 12.30; …`
fn rows(rows: &[AuditRow]) -> String {
    let told = rows.iter().map(|row| {
        let code = match row.item.as_str() {
            "" => String::new(),
            item => format!(" ({item})"),
        };
        let name = match row.name.as_str() {
            "" => String::new(),
            name => format!(" {name}"),
        };
        format!(
            "{} {}{name}{code} {}",
            row.table,
            row.key,
            format_decimal(row.amount, 2)
        )
    });
    told.collect::<Vec<_>>().join("; ")
}
