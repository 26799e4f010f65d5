//! Cells that a program for spreadsheets opens.

/// A spreadsheet takes a cell that begins so for a formula, and runs it: a quote before it makes it text. An
/// amount below zero is not one of these.
#[must_use]
pub fn inert(cell: String) -> String {
    let is_amount = cell.strip_prefix('-').is_some_and(|rest| {
        !rest.is_empty()
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
    });
    match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') if !is_amount => format!("'{cell}"),
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::inert;

    #[test]
    fn a_cell_is_never_a_formula() {
        for cell in [
            "=1+1",
            "+1",
            "-cmd|'/C calc'!A0",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "-",
        ] {
            assert_eq!(inert(cell.to_owned()), format!("'{cell}"));
        }
        for cell in ["", "-12.30", "12", "张三=1", "'=1"] {
            assert_eq!(inert(cell.to_owned()), cell);
        }
    }
}
