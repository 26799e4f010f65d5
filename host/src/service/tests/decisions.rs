//! 3103 over a real connection: kept with its finding, or refused with the reason.

use rulepack_contract::answer::Certainty;
use rulepack_contract::review::Stage;
use rulepack_protocol::pack::manifest::Action;
use serde_json::{Value, json};

use super::server::{NOW_MS, Server};
use crate::findings::{FindingId, KeptFinding};

pub(super) const ID: FindingId = FindingId {
    answer: 42,
    place: 1,
};

/// A finding as a review keeps it.
pub(super) fn keep(server: &Server) {
    server.service.findings.keep(vec![finding(ID)]).unwrap();
}

/// One of this id.
pub(super) fn finding(id: FindingId) -> KeptFinding {
    KeptFinding {
        id,
        at: NOW_MS / 1_000,
        stage: Stage::Before,
        pack: "37/limits/1.0.0.wasm".parse().unwrap(),
        rule: "LIM-01".into(),
        certainty: Certainty::Violation,
        action: Action::Review,
        softened: None,
        message: "超量".into(),
        amount: 12_300,
        patient: Some("P1".into()),
        encounter: Some("E1".into()),
        department: Some("内科".into()),
        doctor: Some("=D1".into()),
    }
}

/// A 3103 with one decision.
pub(super) fn feedback(kind: &str, warning: &Value) -> String {
    let data = json!({"warn_type": kind, "warns": [warning]});
    json!({"infno": "3103", "msgid": "H37030000001202611220931000001", "input": {"data": data}})
        .to_string()
}

fn answer(server: &Server, kind: &str, warning: &Value) -> Value {
    server.call(feedback(kind, warning).as_bytes()).json()
}

#[test]
fn a_decision_is_kept_and_the_share_overridden_is_reported() {
    let server = Server::start();
    keep(&server);
    let id = ID.to_string();
    let reason = "病情需要";
    let json = answer(
        &server,
        "1",
        &json!({"warn_rslt_id": id, "dspo_way": "1", "dspo_way_rea": reason}),
    );
    assert_eq!(json["infcode"], 0, "{json}");
    assert_eq!(json["err_msg"], "");
    let expected = json!([{
        "pack": "37/limits/1.0.0.wasm", "rule": "LIM-01",
        "findings": 1, "continued": 1, "changed": 0, "share": 10_000,
    }]);
    assert_eq!(server.get("/api/v1/overrides").json(), expected);
    assert_eq!(server.get("/api/v1/status").json()["overrides"], expected);
    assert!(server.get("/status").text().contains("<td>100 %</td>"));
    let counted = "rulepack_decisions{pack=\"37/limits\",version=\"1.0.0\",rule=\"LIM-01\",\
                   decision=\"continued\"} 1\n";
    assert!(server.get("/metrics").text().contains(counted));
    let json = answer(&server, "1", &json!({"warn_rslt_id": id, "dspo_way": 2}));
    assert_eq!(json["infcode"], 0, "{json}");
    assert_eq!(server.get("/api/v1/overrides").json()[0]["share"], 0);
}

fn id_of_no_finding() -> String {
    let (answer, place) = (43, 1);
    FindingId { answer, place }.to_string()
}

#[test]
fn a_decision_that_cannot_be_kept_is_refused_with_the_field() {
    let server = Server::start();
    keep(&server);
    let id = ID.to_string();
    let warning = |id: &str, way: &str, reason: &str| json!({"warn_rslt_id": id, "dspo_way": way, "dspo_way_rea": reason});
    let place = "`input.data.warns[0]";
    let other = id_of_no_finding();
    for (kind, warning, expected) in [
        (
            "1",
            warning(&other, "2", ""),
            format!("{place}.warn_rslt_id` names no finding that this host answered"),
        ),
        (
            "1",
            warning("张三", "2", ""),
            format!(
                "{place}.warn_rslt_id` is something else, expected the `jr_id` of a finding that this host answered"
            ),
        ),
        (
            "2",
            warning(&id, "2", ""),
            format!(
                "{place}.warn_rslt_id` names a finding of the other transaction, expected one of `warn_type`"
            ),
        ),
        (
            "1",
            warning(&id, "1", " "),
            format!(
                "{place}.dspo_way_rea` is missing, expected the reason for which the order goes on"
            ),
        ),
        (
            "1",
            warning(&id, "1", &"因".repeat(501)),
            format!(
                "{place}.dspo_way_rea` is something else, expected a reason of at most 500 characters"
            ),
        ),
        (
            "1",
            warning(&id, "3", ""),
            format!("{place}.dspo_way` is something else, expected `1` or `2`"),
        ),
        (
            "3",
            warning(&id, "2", ""),
            "`input.data.warn_type` is something else, expected `1` or `2`".to_owned(),
        ),
    ] {
        let json = answer(&server, kind, &warning);
        assert_eq!(
            (&json["infcode"], &json["err_msg"]),
            (&json!(-1), &json!(expected))
        );
    }
    assert_eq!(server.get("/api/v1/overrides").json()[0]["continued"], 0);
}

#[test]
fn a_call_without_a_decision_is_refused() {
    let server = Server::start();
    let none = json!({"warn_type": "1", "warns": []});
    let body = json!({"infno": "3103", "msgid": "1", "input": {"data": none}}).to_string();
    let json = server.call(body.as_bytes()).json();
    let expected =
        "`input.data.warns` is something else, expected a list with at least one element";
    assert_eq!(json["err_msg"], expected);
}
