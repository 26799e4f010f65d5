//! What the harness gives rules to see, and what it refuses.

use std::path::{Path, PathBuf};

use rulepack_contract::answer::Answer;
use rulepack_contract::parameters::ParameterValue;
use rulepack_contract::review;

use super::{Harness, HarnessError, contract};
use crate::prelude::{
    Abstention, Code, CodeSet, Day, Measure, Money, Notice, Orders, Pack, Presence, Row,
    RowReference, Scope, Setup, Stage, Stock,
};

const MANIFEST: &str = r#"
[[rule]]
id = "R-1"
scope = "patient"
stages = ["before"]
needs = ["orders.amounts"]
messages = { seen = "{item} {{x}}" }

[[parameter]]
name = "limit"
default = 5
max = 9

[[table]]
name = "items"
file = "tables/items.csv"
columns = { item = "code", price = "money" }
"#;

const CASE: &str = r#"{
    "name": "two patients", "stage": "before", "scope": "patient", "today": "2026-11-22",
    "jurisdiction": "370303",
    "tables": {
        "patients": [{"patient": "P1"}, {"patient": "P2"}],
        "encounters": [{"encounter": "E1", "patients": "P1", "current": 1},
                       {"encounter": "E2", "patients": "P2", "current": 1}],
        "orders": [
            {"order": "O1", "encounters": "E1", "items": "XA1", "amounts": "1.50"},
            {"order": "O2", "encounters": "E2", "items": "XB1"},
            {"order": "O3", "encounters": "E2", "items": "XA1", "reverses": "O2"}
        ]
    },
    "expected": {}
}"#;

/// A source in a folder of its own, and a case of it.
struct Fixture {
    folder: PathBuf,
}

impl Fixture {
    fn new(name: &str, manifest: &str) -> Self {
        let unique = format!("rulepack-sdk-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(unique);
        std::fs::create_dir_all(folder.join("tables")).unwrap();
        std::fs::create_dir_all(folder.join("cases")).unwrap();
        std::fs::write(folder.join("pack.toml"), manifest).unwrap();
        std::fs::write(
            folder.join("tables/items.csv"),
            "item,price\nXA1,2.00\n,3\n",
        )
        .unwrap();
        std::fs::write(folder.join("cases/a.json"), format!("[{CASE}]")).unwrap();
        Fixture { folder }
    }

    fn run<P: Pack>(&self) -> Result<Answer, String> {
        let run = || {
            let harness = Harness::from_source(&self.folder)?;
            harness.run::<P>(&harness.cases()?[0])
        };
        run().map_err(|error: HarnessError| error.to_string())
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Makes a pack of an `evaluate`.
macro_rules! pack {
    ($name:ident, |$batch:ident, $answer:ident| $body:block) => {
        struct $name;
        impl Pack for $name {
            fn prepare(_: &Setup) -> Result<Self, String> {
                Ok($name)
            }
            fn evaluate(&self, $batch: &crate::Batch) -> Result<crate::Answer, String> {
                let mut $answer = crate::Answer::default();
                $body
                Ok($answer)
            }
        }
    };
}

// Behind the macro, which it uses.
mod words;

fn seen(order: Row<Orders>) -> crate::Finding {
    crate::Finding::violation("R-1", "seen").offending(order, Money(0))
}

pack!(SeesAll, |batch, answer| {
    let orders = batch.orders();
    for (order, item) in orders.items().recorded() {
        let amount = orders.amounts().get(order).unwrap_or_default();
        let finding = seen(order).offending(order, amount).argument("item", item);
        answer.add(match orders.reverses().get(order) {
            Some(reversed) => finding.related(reversed, Money(1)),
            None => finding,
        });
    }
});

#[test]
fn rows_and_codes_are_those_of_the_whole_data_whatever_the_batch() {
    let answer = Fixture::new("rows", MANIFEST).run::<SeesAll>().unwrap();
    let rows: Vec<u32> = answer
        .findings
        .iter()
        .map(|it| it.offending[0].at.row)
        .collect();
    let related: Vec<u32> = answer
        .findings
        .iter()
        .flat_map(|it| it.related.iter().map(|item| item.at.row))
        .collect();
    let amounts: Vec<i64> = answer
        .findings
        .iter()
        .map(contract::answer::Finding::amount)
        .collect();
    assert_eq!(
        (rows, related, amounts),
        (vec![0, 1, 2], vec![1], vec![150, 0, 0])
    );
    assert_eq!(answer.findings[1].arguments[0].value.display(), "XB1");
}

struct Vocabulary {
    family: CodeSet,
    known: Code,
}

impl Pack for Vocabulary {
    fn prepare(setup: &Setup) -> Result<Self, String> {
        let known = setup.code("XA1")?;
        let family = setup.code_set(&["XB", "Y"]);
        let other = setup.code("Y9")?;
        assert_eq!(setup.contains(family, &[known, other]), [false, true]);
        assert_eq!(setup.texts(&setup.codes(["a", "XA1"])?), ["a", "XA1"]);
        assert_eq!(setup.code(""), Err("an empty text has no code".to_owned()));
        assert_eq!(setup.integer("limit"), Ok(5));
        let items = setup.table("items")?;
        assert_eq!((items.rows(), items.supplied()), (2, true));
        assert_eq!(items.money("price")?, [Money(200), Money(300)]);
        assert_eq!(items.optional_codes("item")?, [Some(known), None]);
        let refusals = [
            items.codes("item").unwrap_err(),
            items.days("price").unwrap_err(),
            items.texts("name").unwrap_err(),
            setup.table("prices").map(|_| ()).unwrap_err(),
            setup.integer("share").unwrap_err(),
            setup.text("limit").unwrap_err(),
        ];
        assert_eq!(
            refusals,
            [
                "table `items` row 2: column `item` is empty",
                "the manifest does not declare the column `price` of table `items` as days",
                "the manifest does not declare the column `name` of table `items`",
                "the manifest does not declare the table `prices`",
                "the manifest does not declare the parameter `share`",
                "parameter `limit` is not a text",
            ]
        );
        Ok(Vocabulary { family, known })
    }

    fn evaluate(&self, batch: &crate::Batch) -> Result<crate::Answer, String> {
        let items = batch.orders().items();
        let members = batch.members(self.family, &items);
        for (row, code) in items.recorded() {
            let text = batch.text(code);
            assert_eq!(text.starts_with("XB"), members.contains(row));
            assert_eq!(text == "XA1", code == self.known);
            let [Some(prefix), Some(same)] = batch.prefixes(&[code, code], 2)[..] else {
                panic!("every code has a prefix");
            };
            assert_eq!((batch.text(prefix), prefix), (text[..2].to_owned(), same));
        }
        assert_eq!(
            batch.jurisdiction().map(|code| batch.text(code)).unwrap(),
            "370303"
        );
        assert_eq!(
            (batch.stage(), batch.scope()),
            (Stage::Before, Scope::Patient)
        );
        assert_eq!((batch.period(), batch.today()), (None, Day(20_779)));
        assert_eq!(batch.presence::<Orders>(), Presence::Complete);
        assert_eq!(batch.presence::<Stock>(), Presence::Absent);
        assert_eq!(batch.column_presence::<Orders>("days"), Presence::Absent);
        assert!(batch.orders().days().is_blank() && !batch.orders().days().is_empty());
        assert!(batch.orders().fulfils().is_blank());
        assert!(batch.lab_results().values().is_empty());
        Ok(crate::Answer::default())
    }
}

#[test]
fn prepare_and_evaluate_see_one_vocabulary_and_what_is_absent_is_not_recorded() {
    let answer = Fixture::new("vocabulary", MANIFEST).run::<Vocabulary>();
    assert_eq!(answer, Ok(contract::answer::Answer::default()));
}

#[test]
fn a_rule_answers_only_where_the_sandbox_lets_it() {
    let refusal = |name: &str, from: &str, to: &str| {
        let fixture = Fixture::new(name, &MANIFEST.replace(from, to));
        fixture.run::<SeesAll>().unwrap_err()
    };
    let refusals = [
        refusal("stage", "before", "after"),
        refusal("scope", "patient", "institution"),
        refusal("needs", "orders.amounts", "orders.days"),
        refusal("unknown-need", "orders.amounts", "orders.whims"),
        refusal("fewer-places", "{item} {{x}}", "{{x}}"),
    ];
    let without = |column: &str| {
        format!(
            "rule `R-1`: it answers although `{column}`, which it needs, is not recorded: only an \
             abstention is accepted"
        )
    };
    let expected = [
        "rule `R-1`: the manifest does not declare it for the stage `before`".to_owned(),
        "rule `R-1`: the manifest does not declare it for the scope `patient`".to_owned(),
        without("orders.days"),
        without("orders.whims"),
        "rule `R-1`: the message `seen` takes exactly nothing, the answer gives `item`".to_owned(),
    ];
    assert_eq!(refusals, expected);
    let history = Fixture::new("history", MANIFEST);
    let past = CASE.replace("\"current\": 1", "\"current\": 0");
    std::fs::write(history.folder.join("cases/a.json"), past).unwrap();
    assert_eq!(
        history.run::<SeesAll>().unwrap_err(),
        "rule `R-1`: a finding has no offending row of an encounter under review"
    );
}

pack!(Abstains, |batch, answer| {
    for order in batch.orders().items().rows() {
        answer.add(Abstention::new("R-1", order).missing("orders.days"));
    }
});

#[test]
fn a_rule_may_abstain_where_what_it_needs_is_not_recorded() {
    let manifest = MANIFEST.replace("orders.amounts", "orders.days");
    let answer = Fixture::new("abstains", &manifest).run::<Abstains>();
    assert_eq!(answer.unwrap().abstentions.len(), 3);
}

pack!(TwoFigures, |batch, answer| {
    let orders = batch.orders().items().rows();
    orders.for_each(|order| answer.add(seen(order).argument("item", 1).argument("more", 2)));
});
pack!(SameFigureTwice, |batch, answer| {
    let orders = batch.orders().items().rows();
    orders.for_each(|order| answer.add(seen(order).argument("item", 1).argument("item", 2)));
});
pack!(BlankFigure, |batch, answer| {
    let orders = batch.orders().items().rows();
    orders.for_each(|order| answer.add(seen(order).argument("item", Day(i32::MIN))));
});
pack!(BlankAmount, |batch, answer| {
    let orders = batch.orders().items().rows();
    orders.for_each(|order| {
        let finding = seen(order).argument("item", 1);
        answer.add(finding.related(order, Money(i64::MIN)));
    });
});
pack!(BlankMeasure, |batch, answer| {
    for order in batch.orders().items().rows() {
        answer.add(Measure::new("R-1", order, 1, i64::MIN));
    }
});
pack!(UnknownKnowledge, |batch, answer| {
    let orders = batch.orders().items().rows();
    orders.for_each(|order| answer.add(seen(order).argument("item", 1).evidence(0, 2)));
});
pack!(UnknownColumn, |batch, answer| {
    for order in batch.orders().items().rows() {
        answer.add(Abstention::new("R-1", order).missing("orders.whims"));
    }
});

#[test]
fn figures_and_references_that_the_sandbox_refuses_are_refused() {
    let fixture = Fixture::new("figures", MANIFEST);
    let refusals = [
        fixture.run::<TwoFigures>(),
        fixture.run::<SameFigureTwice>(),
        fixture.run::<BlankFigure>(),
        fixture.run::<BlankAmount>(),
        fixture.run::<BlankMeasure>(),
        fixture.run::<UnknownKnowledge>(),
        fixture.run::<UnknownColumn>(),
    ];
    assert_eq!(
        refusals.map(Result::unwrap_err),
        [
            "rule `R-1`: the message `seen` takes exactly `item`, the answer gives `item`, `more`",
            "rule `R-1`: the message `seen` takes exactly `item`, the answer gives `item`, `item`",
            "rule `R-1`: the answer has a figure that stands for not recorded",
            "rule `R-1`: the answer has a figure that stands for not recorded",
            "rule `R-1`: the answer has a figure that stands for not recorded",
            "rule `R-1`: the answer names row 2 of knowledge table 0, which does not exist",
            "rule `R-1`: it misses `orders.whims`, which is no column of the contract",
        ]
    );
}

pack!(CountsPatients, |batch, answer| {
    if batch.patients().genders().len() > 1 {
        for order in batch.orders().items().rows() {
            answer.add(Abstention::new("R-1", order).missing("orders.days"));
        }
    }
});
pack!(UnknownRule, |batch, answer| {
    for order in batch.orders().items().rows() {
        answer.add(Measure::new("R-2", order, 1, 2));
    }
});
pack!(UnknownTemplate, |batch, answer| {
    let orders = batch.orders().items().rows();
    orders.for_each(|order| answer.add(Notice::new("R-1", "lost").about(order)));
});
pack!(EmptyPlace, |batch, answer| {
    batch
        .orders()
        .items()
        .rows()
        .for_each(|order| answer.add(seen(order)));
});
pack!(NothingOffending, |_batch, answer| {
    answer.add(crate::Finding::low_suspicion("R-1", "seen").argument("item", 1));
});
pack!(UnknownRow, |_batch, answer| {
    answer.add(Abstention::new("R-1", RowReference { table: 21, row: 0 }));
});

#[test]
fn an_answer_that_no_host_accepts_is_refused_with_its_reason() {
    let fixture = Fixture::new("answers", MANIFEST);
    let refusals = [
        fixture.run::<UnknownRule>(),
        fixture.run::<UnknownTemplate>(),
        fixture.run::<EmptyPlace>(),
        fixture.run::<NothingOffending>(),
        fixture.run::<UnknownRow>(),
        fixture.run::<CountsPatients>(),
    ];
    assert_eq!(
        refusals.map(Result::unwrap_err),
        [
            "rule `R-2`: the manifest does not declare it",
            "rule `R-1`: the manifest has no message `lost` for it",
            "rule `R-1`: the message `seen` takes exactly `item`, the answer gives nothing",
            "rule `R-1`: a finding has no offending row",
            "rule `R-1`: the answer names row 0 of table 21, which the batch does not have",
            "case `two patients`: the answer changes when each patient is a batch of its own",
        ]
    );
}

#[test]
fn a_source_with_a_fault_is_refused_with_its_file() {
    let refusal = |name: &str, break_it: fn(&Path)| {
        let fixture = Fixture::new(name, MANIFEST);
        break_it(&fixture.folder);
        let message = fixture.run::<SeesAll>().unwrap_err();
        message.replace(&*fixture.folder.to_string_lossy(), "")
    };
    let no_case = refusal("no-case", |it| {
        std::fs::remove_file(it.join("cases/a.json")).unwrap()
    });
    assert_eq!(
        no_case,
        "`/cases` has no case: expected one `.json` file a case"
    );
    let case = refusal("bad-case", |it| {
        std::fs::write(it.join("cases/a.json"), "{}").unwrap()
    });
    assert_eq!(
        case,
        "`/cases/a.json` is not a case: missing field `name` at line 1 column 2"
    );
    let table = refusal("bad-table", |it| {
        std::fs::write(it.join("tables/items.csv"), "item\n").unwrap();
    });
    assert_eq!(table, "table `items` has no column `price`");
    let file = refusal("no-table", |it| {
        std::fs::remove_file(it.join("tables/items.csv")).unwrap();
    });
    assert!(
        file.starts_with("`/tables/items.csv` cannot be read: "),
        "{file}"
    );
    let manifest = refusal("bad-manifest", |it| {
        std::fs::write(it.join("pack.toml"), "=").unwrap()
    });
    assert!(
        manifest.starts_with("`/pack.toml` is not a manifest: "),
        "{manifest}"
    );
    let form = refusal("xlsx", |it| {
        let manifest = MANIFEST.replace("items.csv", "items.xlsx");
        std::fs::write(it.join("pack.toml"), manifest).unwrap();
    });
    let expected = "`/tables/items.xlsx` is not a `.csv` file, the only form of a table that a native \
                    run reads";
    assert_eq!(form, expected);
}

#[test]
fn a_case_may_set_what_the_manifest_allows_only() {
    let fixture = Fixture::new("settings", MANIFEST);
    let harness = Harness::from_source(&fixture.folder).unwrap();
    let refusal = |parameter: &str, scope: review::Scope| {
        let mut case = harness.cases().unwrap().remove(0);
        case.parameters
            .insert(parameter.into(), ParameterValue::Integer(10));
        case.scope = scope;
        harness.run::<SeesAll>(&case).unwrap_err().to_string()
    };
    assert_eq!(
        refusal("limit", review::Scope::Patient),
        format!(
            "parameter `limit` is `10`, expected a value from {} to 9",
            i64::MIN
        )
    );
    assert_eq!(
        refusal("share", review::Scope::Patient),
        "the manifest does not declare the parameter `share`"
    );
    let mut region = harness.cases().unwrap().remove(0);
    region.scope = review::Scope::Region;
    assert_eq!(
        harness.run::<SeesAll>(&region).unwrap_err().to_string(),
        "case `two patients` has the scope `region`, expected `patient` or `institution`: no program gives a \
         rule several institutions at once"
    );
}
