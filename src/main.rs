//! The `rulepack` command.
fn main() {}
