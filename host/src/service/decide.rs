//! 3103: keeps what clinicians decided on what was found.

use super::Service;
use super::metrics::Outcome;
use crate::data::national::{Feedback, Response, Warning};
use crate::findings::{Decision, FindingsError, KeptFinding};

/// Why a 3103 is refused. It is kept whole or not at all.
#[derive(Debug, thiserror::Error)]
enum DecideError {
    /// No answer of this host has it, or one that is no longer kept.
    #[error("`{0}` names no finding that this host answered")]
    Unknown(String),
    /// warn_type says otherwise.
    #[error("`{0}` names a finding of the other transaction, expected one of `warn_type`")]
    OtherStage(String),
    /// This host is at fault. What exactly is for its log.
    #[error("the decisions could not be kept")]
    Store(#[source] FindingsError),
}

/// Answers a 3103.
pub(super) fn decide(service: &Service, feedback: &Feedback) -> (Outcome, Response) {
    match kept(service, feedback) {
        Ok(()) => (Outcome::Done, Response::done()),
        Err(error) => {
            let outcome = match &error {
                DecideError::Unknown(_) | DecideError::OtherStage(_) => Outcome::Refused,
                DecideError::Store(source) => {
                    tracing::error!(error = %source, "decisions cannot be kept");
                    Outcome::Failed
                }
            };
            (outcome, Response::failure(&error.to_string()))
        }
    }
}

fn kept(service: &Service, feedback: &Feedback) -> Result<(), DecideError> {
    let at = service.china_seconds();
    let pairs = feedback.warnings.iter().map(|warning| {
        let finding = finding(service, feedback, warning)?;
        let decision = Decision {
            finding: warning.finding,
            way: warning.way,
            reason: warning.reason.clone(),
            at,
        };
        Ok((finding, decision))
    });
    let pairs = pairs.collect::<Result<Vec<_>, DecideError>>()?;
    service.findings.decide(pairs).map_err(DecideError::Store)
}

fn finding(
    service: &Service,
    feedback: &Feedback,
    warning: &Warning,
) -> Result<KeptFinding, DecideError> {
    let found = service.findings.get(warning.finding);
    let found = found.map_err(DecideError::Store)?;
    let found = found.ok_or_else(|| DecideError::Unknown(warning.path.clone()))?;
    if found.stage != feedback.of.stage() {
        return Err(DecideError::OtherStage(warning.path.clone()));
    }
    Ok(found)
}
