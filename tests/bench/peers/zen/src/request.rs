//! A request with all done before that a decision table cannot do: sums, groups, joins.

use peers_common::hospital::Patient;
use peers_common::request;
use serde_json::{Value, json};
use zen_engine::Variable;

/// What each table asks about is a list: lines with the diagnoses of their encounter; items of a day with their sum, and beside it
/// the other items of that day; stays of which one follows the other, with the days between.
#[must_use]
pub fn joined(patient: &Patient) -> Variable {
    let request = request::json_with_sums(patient);
    let stays = list(&request["stays"]);
    let days = list(&request["days"]).iter().filter_map(Value::as_object);
    let sums = days.flat_map(|day| {
        day.iter().map(move |(item, sum)| {
            json!({
                "item": item,
                "key": sum["key"],
                "quantity": sum["quantity"],
                "reviewed": sum["reviewed"],
                "day": day,
            })
        })
    });
    let pairs = stays.iter().flat_map(|later| {
        let others = stays.iter().filter(|other| other["key"] != later["key"]);
        others.map(|earlier| pair(later, earlier))
    });
    Variable::from(json!({
        "lines": request["lines"],
        "sums": sums.collect::<Vec<_>>(),
        "stays": pairs.collect::<Vec<_>>(),
    }))
}

fn pair(later: &Value, earlier: &Value) -> Value {
    let day = |day: &Value| day.as_i64().unwrap_or_default();
    json!({
        "later": later["key"],
        "earlier": earlier["key"],
        "reviewed": later["reviewed"],
        "after": day(&later["admission"]) - day(&earlier["discharge"]),
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
