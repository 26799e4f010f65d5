//! `GET /api/v1/findings`: what was found, for auditors, as JSON or as CSV for a spreadsheet.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use rulepack_contract::answer::Certainty;
use rulepack_contract::review::Stage;
use rulepack_contract::units;
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::PackName;
use rulepack_protocol::pack::manifest::Action;
use semver::Version;
use serde::{Deserialize, Serialize};

use super::Service;
use super::kind::Kind;
use super::problem::Problem;
use crate::findings::{Decided, Decision, FindingId, KeptFinding, Wanted, Way};
use crate::spreadsheet::inert;

/// Beyond this a spreadsheet is no help.
const LIMIT_MAX: usize = 10_000;
const LIMIT: usize = 1_000;
/// The media type of the table.
pub(super) const CSV: &str = "text/csv; charset=utf-8; header=present";

/// What is asked for. Patients are no part of an address: those stand in the logs of proxies.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    encounter: Option<String>,
    department: Option<String>,
    doctor: Option<String>,
    rule: Option<String>,
    pack: Option<PackName>,
    version: Option<Version>,
    stage: Option<Stage>,
    certainty: Option<Certainty>,
    action: Option<Action>,
    decision: Option<AskedDecision>,
    from: Option<Day>,
    to: Option<Day>,
    before: Option<FindingId>,
    limit: Option<usize>,
    #[serde(default)]
    format: Format,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum AskedDecision {
    Continued,
    Changed,
    None,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Json,
    Csv,
}

/// A finding with what was last decided on it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ShownFinding {
    /// What was found.
    #[serde(flatten)]
    finding: KeptFinding,
    /// What was last decided on it (3103), where anything was.
    decision: Option<Decision>,
}

pub(super) async fn findings(
    State(service): State<Arc<Service>>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Problem> {
    let Ok(Query(asked)) = asked else {
        let title = "the query of the address is not understood, expected some of `encounter`, \
                     `department`, `doctor`, `rule`, `pack`, `version`, `stage`, `certainty`, `action`, \
                     `decision`, `from`, `to`, `before`, `limit` and `format`";
        return Err(Problem::new(Kind::QUERY, title));
    };
    let format = asked.format;
    let wanted = asked.wanted();
    let searched = tokio::task::spawn_blocking(move || service.findings.find(&wanted));
    let found = match searched.await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => {
            tracing::error!(%error, "findings cannot be read");
            return Err(Kind::STORAGE.into());
        }
        Err(error) => {
            tracing::error!(%error, "a search ended unexpectedly");
            return Err(Kind::INTERNAL.into());
        }
    };
    let shown = found
        .into_iter()
        .map(|(finding, decision)| ShownFinding { finding, decision });
    match format {
        Format::Json => Ok(Json(shown.collect::<Vec<_>>()).into_response()),
        Format::Csv => {
            let bytes = table(shown).ok_or(Kind::INTERNAL)?;
            Ok(([(header::CONTENT_TYPE, CSV)], bytes).into_response())
        }
    }
}

impl Asked {
    fn wanted(self) -> Wanted {
        let decided = self.decision.map(|decision| match decision {
            AskedDecision::Continued => Decided::Way(Way::Continued),
            AskedDecision::Changed => Decided::Way(Way::Changed),
            AskedDecision::None => Decided::Nothing,
        });
        Wanted {
            encounter: self.encounter,
            department: self.department,
            doctor: self.doctor,
            rule: self.rule,
            pack: self.pack,
            version: self.version,
            stage: self.stage,
            certainty: self.certainty,
            action: self.action,
            decided,
            from: self.from.map(|day| day.number()),
            to: self.to.map(|day| day.number()),
            before: self.before,
            limit: self.limit.unwrap_or(LIMIT).min(LIMIT_MAX),
        }
    }
}

/// With the mark by which spreadsheets know UTF-8.
fn table(rows: impl Iterator<Item = ShownFinding>) -> Option<Vec<u8>> {
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    let head = [
        "jr_id",
        "time",
        "pack",
        "rule",
        "certainty",
        "action",
        "amount",
        "patient",
        "encounter",
        "department",
        "doctor",
        "message",
        "decision",
        "reason",
    ];
    writer.write_record(head).ok()?;
    for ShownFinding { finding, decision } in rows {
        let word = |value: serde_json::Result<serde_json::Value>| {
            let value = value.unwrap_or_default();
            value.as_str().unwrap_or_default().to_owned()
        };
        let (way, reason) = decision.map_or_else(Default::default, |decision| {
            (word(serde_json::to_value(decision.way)), decision.reason)
        });
        let cells = [
            finding.id.to_string(),
            units::format_instant(finding.at),
            finding.pack.to_string(),
            finding.rule,
            word(serde_json::to_value(finding.certainty)),
            word(serde_json::to_value(finding.action)),
            units::format_decimal(finding.amount, 2),
            finding.patient.unwrap_or_default(),
            finding.encounter.unwrap_or_default(),
            finding.department.unwrap_or_default(),
            finding.doctor.unwrap_or_default(),
            finding.message,
            way,
            reason,
        ];
        writer.write_record(cells.map(inert)).ok()?;
    }
    writer.into_inner().ok()
}
