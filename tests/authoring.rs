//! A pack without a compiler: `new --from` writes spreadsheets, staff edit them, `build` seals them with the
//! code of another pack.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use rulepack_contract::case::{Case, Expected};
use rulepack_protocol::pack::{self, Bounds, Pack};
use tempfile::TempDir;

use common::packs::pack;
use common::{command, rulepack};

/// A folder that `new --from chronic-limits` wrote.
struct Written {
    _root: TempDir,
    folder: PathBuf,
    told: String,
}

fn written(name: &str, form: &str) -> Written {
    written_with(name, form, &[])
}

fn written_with(name: &str, form: &str, more: &[&str]) -> Written {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("limits");
    let from = pack("chronic-limits");
    let arguments = ["new", name, "--form", form, "--from"];
    let mut run = arguments.map(Path::new).to_vec();
    run.extend([from.as_path(), Path::new("--out"), &folder]);
    run.extend(more.iter().map(Path::new));
    let told = rulepack(run).done();
    Written {
        _root: root,
        folder,
        told,
    }
}

impl Written {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn replace(&self, file: &str, old: &str, new: &str) {
        let text = std::fs::read_to_string(self.path(file)).unwrap();
        assert!(text.contains(old), "{text}");
        std::fs::write(self.path(file), text.replacen(old, new, 1)).unwrap();
    }

    /// The command on a machine without Rust: nothing is on its path.
    fn without_rust(&self, arguments: &[&str]) -> Command {
        let mut command = command();
        command.env_remove("CARGO").env("PATH", "/nowhere");
        command.env("HOME", &self.folder).env_remove("CARGO_HOME");
        command.args(arguments).current_dir(&self.folder);
        command
    }

    fn built(&self) -> Pack {
        let output = self
            .without_rust(&["build", ".", "--out", "a.wasm"])
            .output();
        let output = output.unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{told}");
        open(&self.path("a.wasm"))
    }

    /// What `build --lang` says on standard error of a table with a fault.
    fn refusal(&self, lang: &str) -> String {
        let output = self.without_rust(&["build", ".", "--lang", lang]).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    }
}

fn open(file: &Path) -> Pack {
    pack::open(&std::fs::read(file).unwrap(), &Bounds::NATIVE).unwrap()
}

#[test]
fn the_code_is_that_of_the_other_pack_whatever_the_rows_are() {
    let origin = open(&pack("chronic-limits"));
    for form in ["xlsx", "csv"] {
        let written = written("3701/limits", form);
        let digest = origin.component_digest;
        let line = format!("the code is that of 37/chronic-limits 1.0.0, component {digest}");
        assert_eq!(written.told.lines().nth(1), Some(&*line));
        let rows = format!("  tables/catalogue.{form}: 11 rows");
        assert_eq!(written.told.lines().nth(2), Some(&*rows));
        let built = written.built();
        assert_eq!(built.component_digest, digest, "{form}");
        assert_eq!(built.tables, origin.tables, "{form}");
        assert_eq!(built.manifest.rules, origin.manifest.rules, "{form}");
        assert_eq!(
            built.manifest.parameters, origin.manifest.parameters,
            "{form}"
        );
        assert_eq!(built.manifest.pack.name.to_string(), "3701/limits");
        assert_eq!(built.cases, origin.cases, "{form}");
    }
}

#[test]
fn an_edited_row_is_in_the_pack_and_nothing_else_changes() {
    let written = written("3701/limits", "csv");
    let before = written.built();
    let table = "tables/catalogue.csv";
    let text = std::fs::read_to_string(written.path(table)).unwrap();
    let header = "\u{feff}病种编码,医保编码,生效日期,失效日期,依据";
    assert_eq!(text.lines().next(), Some(header));
    std::fs::write(
        written.path(table),
        text + "M03900,XNEW,2027-01-01,,济南市通知\n",
    )
    .unwrap();
    let after = written.built();
    assert_eq!(after.component_digest, before.component_digest);
    assert_eq!(after.tables["catalogue"].rows, 12);
    assert_eq!(
        after.tables["catalogue"].text("basis", 11),
        Some("济南市通知")
    );
    let tested = written.without_rust(&["test", "."]).output().unwrap();
    let told = String::from_utf8(tested.stdout).unwrap();
    assert!(
        told.ends_with(" cases passed\n") && tested.status.success(),
        "{told}"
    );
}

#[test]
fn a_pack_takes_over_the_rules_that_it_names_and_what_the_code_says_of_others_is_dropped() {
    let written = written_with("3701/limits", "csv", &["--rules", "CHR-01,CHR-03"]);
    let built = written.built();
    let rules: Vec<&str> = built.manifest.rules.iter().map(|it| &*it.id).collect();
    assert_eq!(rules, ["CHR-01", "CHR-03"]);
    let left_out = [
        "CHR-02", "CHR-04", "CHR-05", "CHR-06", "CHR-07", "CHR-08", "CHR-09", "CHR-10",
    ];
    assert_eq!(built.manifest.pack.left_out, left_out);
    let told = written.without_rust(&["build", "."]).output().unwrap();
    let told = String::from_utf8([told.stdout, told.stderr].concat()).unwrap();
    let warning = "the code reads 13 columns that only rules of `pack.left_out` may need";
    assert!(told.contains(warning), "{told}");
    // What broke a rule that is left out breaks nothing now, and is no fault of the pack.
    let origin = open(&pack("chronic-limits"));
    let breaks = |case: &&Case| case.expected.findings.iter().any(|it| it.rule == "CHR-02");
    let mut case = origin.cases.iter().find(breaks).unwrap().clone();
    case.expected = Expected::default();
    let name = case.name.clone();
    let text = serde_json::to_vec(&[case]).unwrap();
    std::fs::write(written.path("cases/left-out.json"), text).unwrap();
    let tested = written.without_rust(&["test", "."]).output().unwrap();
    let told = String::from_utf8(tested.stdout).unwrap();
    assert!(told.ends_with(" cases passed\n"), "{told}");
    assert!(!told.contains("CHR-02"), "{told}");
    let again = written.without_rust(&["test", ".", "--explain", &name]);
    let told = { again }.output().unwrap().stdout;
    assert!(String::from_utf8(told).unwrap().contains(&name));
}

#[test]
fn a_rule_that_the_other_pack_does_not_have_is_refused() {
    let out = tempfile::tempdir().unwrap();
    let from = pack("chronic-limits");
    let arguments = ["new", "3701/limits", "--rules", "CHR-99", "--from"].map(Path::new);
    let mut run = arguments.to_vec();
    run.extend([from.as_path(), Path::new("--out"), out.path()]);
    let reason = rulepack(run).failed();
    assert_eq!(reason, "error: `CHR-99` is no rule of `37/chronic-limits`");
}

#[test]
fn a_wrong_cell_is_told_with_row_column_value_and_what_was_expected_in_both_languages() {
    let written = written("3701/limits", "csv");
    written.replace("tables/catalogue.csv", "2024-01-01", "2024/1/1");
    assert_eq!(
        written.refusal("zh"),
        "error: `./tables/catalogue.csv`：第 2 行“生效日期”列：`2024/1/1` 不是日期，应为日期，例如 2026-11-22\n"
    );
    assert_eq!(
        written.refusal("en"),
        "error: `./tables/catalogue.csv`: table `catalogue` line 2, column `生效日期`: `2024/1/1` is \
         not a date, expected a day such as `2026-11-22`\n"
    );
    written.replace("tables/catalogue.csv", "病种编码", "病种");
    assert_eq!(
        written.refusal("zh"),
        "error: `./tables/catalogue.csv`：有“病种”列，规则包清单没有声明这一列\n"
    );
}

#[test]
fn a_table_that_is_no_spreadsheet_is_told_in_chinese() {
    let written = written("3701/limits", "xlsx");
    std::fs::write(written.path("tables/catalogue.xlsx"), "病种").unwrap();
    assert_eq!(
        written.refusal("zh"),
        "error: `./tables/catalogue.xlsx`：不是 Excel 工作簿（.xlsx），或文件不完整；旧版 .xls 文件请另存为 .xlsx\n"
    );
    std::fs::remove_file(written.path("tables/catalogue.xlsx")).unwrap();
    assert_eq!(
        written.refusal("zh"),
        "error: 没有文件 `./tables/catalogue.xlsx`\n"
    );
}

/// A catalogue of one row, whose ground is `济南` in GBK.
const IN_GBK: &[u8] =
    b"disease,item,valid_from,valid_to,basis\r\nM03900,X1,2026-01-01,,\xbc\xc3\xc4\xcf\r\n";

#[test]
fn a_table_in_gbk_is_read_where_that_is_declared_and_never_guessed() {
    let written = written("3701/limits", "csv");
    let table = written.path("tables/catalogue.csv");
    let in_utf_8 = std::fs::read(&table).unwrap();
    std::fs::write(&table, IN_GBK).unwrap();
    assert_eq!(
        written.refusal("zh"),
        "error: `./tables/catalogue.csv`：第 2 行“basis”列：不是 UTF-8 编码（请另存为“CSV UTF-8”，或注明 `--encoding \
         gbk`）\n"
    );
    assert_eq!(
        written.refusal("en"),
        "error: `./tables/catalogue.csv`: table `catalogue` line 2, column `basis`: the text is not in \
         UTF-8\nhint: save it as CSV in UTF-8, or say `--encoding gbk` where it is GBK\n"
    );
    let gbk = [
        "build",
        ".",
        "--lang",
        "zh",
        "--encoding",
        "gbk",
        "--out",
        "a.wasm",
    ];
    let output = written.without_rust(&gbk).output().unwrap();
    assert!(output.status.success());
    let built = open(&written.path("a.wasm"));
    assert_eq!(built.tables["catalogue"].text("basis", 0), Some("济南"));
    std::fs::write(&table, in_utf_8).unwrap();
    let output = written.without_rust(&gbk).output().unwrap();
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: `./tables/catalogue.csv`：文件是 UTF-8 编码，不是 GBK；请去掉 `--encoding gbk`\n"
    );
}

#[test]
fn build_and_lint_tell_in_chinese_what_was_sealed_and_what_is_wrong_with_rows() {
    let written = written("3701/limits", "csv");
    let table = written.path("tables/catalogue.csv");
    let text = std::fs::read_to_string(&table).unwrap();
    std::fs::write(&table, text + "M03900,X1,2026-01-01,2020-01-01,通知\n").unwrap();
    let told = |line: &[&str], code: i32| {
        let output = written.without_rust(line).output().unwrap();
        assert_eq!(output.status.code(), Some(code));
        String::from_utf8(output.stdout).unwrap()
    };
    let built = told(&["build", ".", "--lang", "zh", "--out", "a.wasm"], 0);
    let lines: Vec<&str> = built.lines().collect();
    assert!(
        lines[0].starts_with("已封装 3701/limits 0.1.0，用时 "),
        "{built}"
    );
    let ended = "表 catalogue：第 12 行数据的失效日期 2020-01-01 早于生效日期 2026-01-01";
    assert_eq!(
        lines[5..],
        [
            "  表 catalogue：12 行".to_owned(),
            format!("  注意：{ended}")
        ]
    );
    let linted = told(&["lint", "a.wasm", "--lang", "zh"], 3);
    assert_eq!(
        linted.lines().nth(1),
        Some(format!("  错误：{ended}").as_str())
    );
    assert!(linted.ends_with("错误 1 个，注意 7 个\n"), "{linted}");
}

#[test]
fn a_pack_is_measured_case_by_case() {
    let pack = pack("chronic-limits");
    let line = ["bench", pack.to_str().unwrap(), "--runs", "2"];
    let one = [&line[..], &["--case", "another disease's catalogue"]].concat();
    let told = rulepack(one).done();
    let lines: Vec<&str> = told.lines().collect();
    assert!(lines[1].starts_with("made ready in "), "{told}");
    assert_eq!(
        lines[2],
        "  median µs  slowest µs         fuel  case, 2 runs"
    );
    let case = "  an item of another disease's catalogue is not paid";
    assert!(lines[3].ends_with(case), "{told}");
    assert!(
        lines[4].starts_with("1 cases: half of them within "),
        "{told}"
    );
    let none = [&line[..], &["--case", "no such case"]].concat();
    assert_eq!(
        rulepack(none).failed(),
        "error: the pack has no such case, so nothing can be measured\n\
         hint: `rulepack test` lists its cases"
    );
}

#[test]
fn a_vendor_cannot_take_over_what_only_a_bureau_may_say() {
    let out = tempfile::tempdir().unwrap();
    let from = pack("chronic-limits");
    let arguments = ["new", "vendor-acme/limits", "--from"].map(Path::new);
    let mut run = arguments.to_vec();
    run.extend([from.as_path(), Path::new("--out"), out.path()]);
    let reason = rulepack(run).failed();
    assert_eq!(
        reason,
        "error: the manifest would be refused: `rule[CHR-01].action` is `block`, but a vendor's rule \
         may at most ask for `review`"
    );
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 0);
}

/// The lines of `rulepack test PACK …` below the first, which names the pack.
fn tested(options: &[&str]) -> String {
    let pack = pack("chronic-limits");
    let line = ["test", pack.to_str().unwrap()];
    rulepack([&line[..], options].concat()).done()
}

#[test]
fn a_case_is_explained_with_its_rows_and_what_was_not_evaluable() {
    let told = tested(&["--explain", "another disease's catalogue"]);
    let told: Vec<&str> = told.lines().skip(2).collect();
    assert_eq!(
        told,
        [
            "case `an item of another disease's catalogue is not paid` (before, patient, 2026-11-20, 370303)",
            "CHR-01 超门诊慢特病病种目录",
            "  明确违规 `outside`: XA10BAE102A001010100004 不在门诊慢特病病种 M03900 的目录内，不予支付，涉及 100.00 元",
            "    offending orders/O1: amounts=100.00 counted=1 current=1 days=2026-11-20 diseases=M03900 \
             encounters=E1 items=XA10BAE102A001010100004 order=O1 quantities=2 supply-days=28 (at stake \
             100.00)",
            "CHR-04 慢特病年度限额使用提示: not evaluable, accumulators.subjects is not recorded",
            "CHR-05 慢特病超年度限额: not evaluable, accumulators.subjects is not recorded",
            "CHR-07 同一处方病种不一致: not evaluable, orders.prescriptions is not recorded",
            "CHR-08 慢特病超季度限额: not evaluable, accumulators.subjects, accumulators.period-starts, \
             accumulators.period-ends is not recorded",
            "had what they need and found nothing: CHR-02, CHR-03, CHR-06, CHR-09, CHR-10",
            "1 of 1 cases passed",
        ]
    );
}

#[test]
fn a_case_that_is_not_there_or_not_alone_is_not_explained() {
    let pack = pack("chronic-limits");
    let explain =
        |name: &str| rulepack(["test", pack.to_str().unwrap(), "--explain", name]).failed();
    assert_eq!(
        explain("no such case"),
        "error: the pack has no case `no such case`\n\
         hint: `rulepack test` without `--explain` lists them"
    );
    let several = explain("a line");
    assert!(
        several.starts_with("error: `a line` is a part of several names: `"),
        "{several}"
    );
}

#[test]
fn coverage_lists_what_no_case_touches() {
    let told = tested(&["--coverage"]);
    assert!(
        told.contains("\n10 of 10 rules answer in some case\n"),
        "{told}"
    );
    let row = "  no case touches row 1: M03900/XC08CAA112A001010100001/2024-01-01\n";
    let table = "table catalogue: 0 of 11 rows are named as evidence\n";
    assert!(told.contains(&format!("{table}{row}")), "{told}");
    assert!(
        told.contains("  no case shows rule CHR-04 without its data\n"),
        "{told}"
    );
}

#[test]
fn a_pack_is_looked_at_alone_beside_another_and_against_lists_of_codes() {
    let written = written("3701/limits", "csv");
    let table = "tables/catalogue.csv";
    let text = std::fs::read_to_string(written.path(table)).unwrap();
    let twice = "M03900,XC08CAA112A001010100001,2025-01-01,,\n";
    std::fs::write(written.path(table), text + twice).unwrap();
    std::fs::write(written.path("few.csv"), "code\nX\n0\n").unwrap();
    let built = pack("chronic-limits");
    let lint = |options: &[&str], code: i32| {
        let line = ["lint", written.folder.to_str().unwrap()];
        rulepack([&line[..], options].concat()).ended(code).0
    };
    let alone = lint(&[], 0);
    let lines: Vec<&str> = alone
        .lines()
        .filter(|line| line.contains("table"))
        .collect();
    assert_eq!(
        lines,
        [
            "  warning: table catalogue: 1 rows have no `basis`, the first is row 12",
            "  warning: table catalogue: rows 1 and 12 say the same of \
             `M03900/XC08CAA112A001010100001` on 2025-01-01",
        ]
    );
    assert!(alone.ends_with("0 errors, 9 warnings\n"), "{alone}");
    let beside = lint(&["--beside", built.to_str().unwrap()], 0);
    assert_eq!(beside.lines().count(), alone.lines().count(), "{beside}");
    let list = format!("catalogue.item={}", written.path("few.csv").display());
    let unknown = lint(&["--codes", &list], 3);
    let first = "  error: table catalogue: row 1 has the code `XC08CAA112A001010100001` in `item`, \
                 which the code system does not know";
    assert_eq!(unknown.lines().nth(1), Some(first));
    let json: serde_json::Value =
        serde_json::from_str(&lint(&["--json", "--codes", &list], 3)).unwrap();
    assert_eq!(json["lints"][0]["problem"], "unknown-code");
    let wrong = rulepack(["lint", "x", "--codes", "items"]).ended(2).1;
    let expected = "expected a column and a file, such as `limits.code=codes.csv`";
    assert!(wrong.contains(expected), "{wrong}");
}
