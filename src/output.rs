//! How results and failures are printed: text for people, JSON for programs.
//!
//! Exit codes: 0 done, 1 failed, 2 used wrongly (clap), 3 done, and what was looked at is not as it
//! should be (a case that differs, a finding that blocks, a signature that is missing).

use std::fmt::Display;
use std::io::Write as _;
use std::process::ExitCode;

use serde::Serialize;

use crate::commands::Told;
use crate::failure::{Failure, Outcome};

/// What a command found out: shown as text through [`Display`], or as JSON.
pub trait Report: Display + Serialize {
    /// Whether what was looked at is as it should be.
    fn is_good(&self) -> bool {
        true
    }
}

/// Prints what a command said and tells with which code to end.
pub fn print(told: &Told, json: bool) -> Outcome<ExitCode> {
    let text = if json {
        serde_json::to_string_pretty(&told.json)?
    } else {
        told.text.trim_end().to_owned()
    };
    line(&text)?;
    Ok(if told.is_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(3)
    })
}

/// Prints a line; a reader who went away (`| head`) is no failure.
pub fn line(text: &str) -> Outcome {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Tells a person something beside the result: on the way of errors, so that a result stays readable by
/// programs.
pub fn notice(text: &str) -> Outcome {
    Ok(writeln!(std::io::stderr().lock(), "{text}")?)
}

/// Shows what goes wrong beside a command's own work, on standard error. A server logs already, and more.
pub fn show_warnings() {
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN);
    let subscriber = subscriber.without_time().with_target(false);
    let _ = subscriber.with_writer(std::io::stderr).try_init();
}

/// Prints why a command failed.
pub fn print_failure(failure: &Failure, json: bool) -> ExitCode {
    let mut err = std::io::stderr().lock();
    // Nothing is left to be done where even the error cannot be printed.
    let _ = if json {
        let object = serde_json::json!({
            "error": failure.chain(),
            "hint": failure.hint_text(),
        });
        writeln!(err, "{object}")
    } else {
        let hint = failure.hint_text().map(|hint| format!("\nhint: {hint}"));
        writeln!(err, "error: {failure}{}", hint.unwrap_or_default())
    };
    ExitCode::FAILURE
}
