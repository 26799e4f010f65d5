use super::*;
use crate::pack::testing::Recipe;

fn refusal(recipe: &Recipe<'_>) -> String {
    read(&recipe.component(), &Bounds::NATIVE)
        .unwrap_err()
        .to_string()
}

#[test]
fn imports_are_listed_by_table_and_interface() {
    let recipe = Recipe {
        imports: &[
            ("rulepack:rules/units@0.1.0", &[]),
            ("rulepack:rules/codes@0.1.0", &["texts", "intern"]),
            ("rulepack:rules/orders@0.1.0", &["items", "days"]),
        ],
        ..Recipe::default()
    };
    let imports = read(&recipe.component(), &Bounds::NATIVE).unwrap();
    let listed: Vec<String> = imports
        .iter()
        .map(|import| format!("{}.{}", import.interface, import.function))
        .collect();
    assert_eq!(
        listed,
        ["orders.days", "orders.items", "codes.intern", "codes.texts"]
    );
    assert!(imports.reads("orders", "items"));
    assert!(!imports.reads("orders", "doctors"));
}

#[test]
fn wasi_and_everything_outside_the_contract_is_refused() {
    for interface in [
        "wasi:clocks/wall-clock@0.2.0",
        "rulepack:rules/orders@0.2.0",
        "rulepack:rules/orders",
        "rulepack:rules/names@0.1.0",
        "other:rules/orders@0.1.0",
    ] {
        let recipe = Recipe {
            imports: &[(interface, &["items"])],
            ..Recipe::default()
        };
        assert_eq!(
            refusal(&recipe),
            format!("the component imports `{interface}`, which is not of the contract")
        );
        let types_alone = Recipe {
            imports: &[(interface, &[])],
            ..Recipe::default()
        };
        assert!(refusal(&types_alone).ends_with("which is not of the contract"));
    }
    let recipe = Recipe {
        imports: &[("rulepack:rules/patients@0.1.0", &["names"])],
        ..Recipe::default()
    };
    assert_eq!(
        refusal(&recipe),
        "the component imports `names` of `patients`, which the contract does not have"
    );
}

#[test]
fn exports_are_exactly_those_of_the_contract() {
    for (exports, found) in [
        (vec![], "nothing"),
        (vec!["prepare"], "`prepare`"),
        (
            vec!["prepare", "evaluate", "more"],
            "`evaluate`, `more`, `prepare`",
        ),
    ] {
        let recipe = Recipe {
            exports: &exports,
            ..Recipe::default()
        };
        assert_eq!(
            refusal(&recipe),
            format!(
                "the component exports {found}, expected exactly the functions `prepare` and `evaluate`"
            )
        );
    }
}

#[test]
fn floats_are_refused() {
    let recipe = Recipe {
        float: true,
        ..Recipe::default()
    };
    let text = refusal(&recipe);
    assert!(
        text.starts_with("the component computes with floating-point numbers (at byte "),
        "{text}"
    );
}

#[test]
fn there_is_one_memory_within_its_bound() {
    let memories = |memories| Recipe {
        memories,
        ..Recipe::default()
    };
    assert!(read(&memories(&[256 * 16]).component(), &Bounds::NATIVE).is_ok());
    assert_eq!(
        refusal(&memories(&[256 * 16 + 1])),
        "the memory begins with 257 MiB, expected at most 256"
    );
    for (count, text) in [(&[] as &[u64], "0"), (&[1, 1], "2")] {
        assert_eq!(
            refusal(&memories(count)),
            format!("the component has {text} linear memories, expected exactly 1")
        );
    }
}

#[test]
fn shared_memory_and_start_functions_are_refused() {
    let shared = Recipe {
        shared: true,
        ..Recipe::default()
    };
    assert!(refusal(&shared).starts_with("the component is not valid: threads must be enabled"));
    let start = Recipe {
        start: true,
        ..Recipe::default()
    };
    assert_eq!(
        refusal(&start),
        "a module of the component has a start function"
    );
}

#[test]
fn a_function_body_has_a_bound() {
    let padded = |padding| Recipe {
        padding,
        ..Recipe::default()
    };
    // A body is a count of locals, the instructions, and `end`.
    let longest = 64 * 1024 - 2;
    assert!(read(&padded(longest).component(), &Bounds::NATIVE).is_ok());
    assert_eq!(
        refusal(&padded(longest + 1)),
        "a function body is 65537 bytes long, expected at most 65536"
    );
}

#[test]
fn a_module_is_not_a_component() {
    let text = read(b"\0asm\x01\0\0\0", &Bounds::NATIVE)
        .unwrap_err()
        .to_string();
    assert_eq!(
        text,
        "the component has 0 linear memories, expected exactly 1"
    );
    let text = read(b"\0asm", &Bounds::NATIVE).unwrap_err().to_string();
    assert!(text.starts_with("the component is not valid: "), "{text}");
}

#[test]
fn the_functions_beside_the_columns_are_those_of_the_contract() {
    let (_, base) = rulepack_contract::WIT_FILES[0];
    for (interface, functions) in FUNCTIONS {
        let (_, body) = base
            .split_once(&format!("\ninterface {interface} {{"))
            .unwrap();
        let (body, _) = body.split_once("\n}").unwrap();
        let found: Vec<&str> = body
            .lines()
            .filter_map(|line| line.split_once(": func(").map(|(name, _)| name.trim()))
            .collect();
        assert_eq!(found, functions, "{interface}");
    }
    assert_eq!(base.matches("\ninterface ").count(), FUNCTIONS.len());
}
