//! The rules of the catalogue by their numbers.

use super::super::record::Breach;

/// Rule `NL-NN` of the pack.
pub(super) fn rule(number: usize) -> &'static Breach {
    &RULES[number - 1]
}

const fn national(rule: &'static str) -> Breach {
    Breach {
        id: rule,
        pack: "cn/national-library",
        rule,
    }
}

#[rustfmt::skip]
static RULES: [Breach; 88] = [
    national("NL-01"), national("NL-02"), national("NL-03"), national("NL-04"),
    national("NL-05"), national("NL-06"), national("NL-07"), national("NL-08"),
    national("NL-09"), national("NL-10"), national("NL-11"), national("NL-12"),
    national("NL-13"), national("NL-14"), national("NL-15"), national("NL-16"),
    national("NL-17"), national("NL-18"), national("NL-19"), national("NL-20"),
    national("NL-21"), national("NL-22"), national("NL-23"), national("NL-24"),
    national("NL-25"), national("NL-26"), national("NL-27"), national("NL-28"),
    national("NL-29"), national("NL-30"), national("NL-31"), national("NL-32"),
    national("NL-33"), national("NL-34"), national("NL-35"), national("NL-36"),
    national("NL-37"), national("NL-38"), national("NL-39"), national("NL-40"),
    national("NL-41"), national("NL-42"), national("NL-43"), national("NL-44"),
    national("NL-45"), national("NL-46"), national("NL-47"), national("NL-48"),
    national("NL-49"), national("NL-50"), national("NL-51"), national("NL-52"),
    national("NL-53"), national("NL-54"), national("NL-55"), national("NL-56"),
    national("NL-57"), national("NL-58"), national("NL-59"), national("NL-60"),
    national("NL-61"), national("NL-62"), national("NL-63"), national("NL-64"),
    national("NL-65"), national("NL-66"), national("NL-67"), national("NL-68"),
    national("NL-69"), national("NL-70"), national("NL-71"), national("NL-72"),
    national("NL-73"), national("NL-74"), national("NL-75"), national("NL-76"),
    national("NL-77"), national("NL-78"), national("NL-79"), national("NL-80"),
    national("NL-81"), national("NL-82"), national("NL-83"), national("NL-84"),
    national("NL-85"), national("NL-86"), national("NL-87"), national("NL-88"),
];

#[cfg(test)]
mod tests {
    use super::rule;

    #[test]
    fn every_rule_stands_at_its_number() {
        for number in 1..=88 {
            assert_eq!(rule(number).rule, format!("NL-{number:02}"));
        }
    }
}
