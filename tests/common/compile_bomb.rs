//! A component that is made to be compiled slowly.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::guest::Guest;

/// Functions near the longest that a pack may have, with thousands of values alive at once.
pub(crate) fn compile_bomb() -> Guest {
    use std::fmt::Write as _;
    let mut items = String::new();
    for function in 0..60 {
        write!(
            items,
            "(func (export \"f{function}\") (param i32) (result i64) "
        )
        .unwrap();
        for value in 0..7_000 {
            write!(
                items,
                "local.get 0 i64.load offset={} ",
                8 * value + function
            )
            .unwrap();
        }
        items.push_str(&"i64.xor ".repeat(6_999));
        items.push(')');
    }
    Guest {
        items: leaked(items),
        ..Guest::default()
    }
}

fn leaked(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}
