//! `rulepack token`: who may ask the service.

use std::fmt;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use rulepack_host::settings::HostFolder;
use rulepack_host::tokens::{Role, Token, Tokens, TokensError};
use serde::Serialize;

use super::Command;
use crate::clock;
use crate::failure::{Failure, Outcome};
use crate::output::Report;

/// Make, list and revoke the bearer tokens of those who ask the service.
///
/// A token is told once, when it is made; the host keeps its digest. A running service obeys at once. Until
/// the HIS has a token, whoever reaches the loopback address counts as the HIS, and as nobody else.
#[derive(Debug, Args)]
pub struct TokenArgs {
    #[command(subcommand)]
    action: TokenAction,
}

#[derive(Debug, Subcommand)]
enum TokenAction {
    /// Make a token, and print it.
    New {
        /// What its bearer may do.
        #[arg(long, value_enum)]
        role: TokenRole,
        /// Whom or what it is for, in your own words.
        #[arg(long, default_value = "")]
        holder: String,
        /// The host's folder.
        #[arg(long, default_value = "host-data")]
        dir: PathBuf,
    },
    /// List the tokens that there are: id, role, holder, day.
    List {
        /// The host's folder.
        #[arg(long, default_value = "host-data")]
        dir: PathBuf,
    },
    /// Take a token away.
    Revoke {
        /// Its id, as `token list` shows it.
        id: String,
        /// The host's folder.
        #[arg(long, default_value = "host-data")]
        dir: PathBuf,
    },
}

/// A role, as it is typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum TokenRole {
    /// 3101, 3102 and 3103
    His,
    /// Reads findings, with patients
    Auditor,
    /// Looks after the host; no patient data
    Administrator,
}

/// What was done, and to which tokens.
#[derive(Debug, Serialize)]
pub struct TokenReport {
    done: &'static str,
    tokens: Vec<Shown>,
    /// The token itself, where it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

/// A token without its digest.
#[derive(Debug, Serialize)]
struct Shown {
    id: String,
    role: Role,
    holder: String,
    made: String,
}

impl Command for TokenArgs {
    type Report = TokenReport;

    fn execute(&self) -> Outcome<TokenReport> {
        match &self.action {
            TokenAction::New { role, holder, dir } => {
                let path = host(dir)?.tokens();
                let made = Tokens::make(&path, (*role).into(), holder, clock::today()?);
                let (token, text) = made.map_err(explain)?;
                Ok(TokenReport {
                    token: Some(text),
                    ..report("made", &[token])
                })
            }
            TokenAction::List { dir } => {
                let tokens = Tokens::read(&host(dir)?.tokens()).map_err(explain)?;
                Ok(report("", tokens.all()))
            }
            TokenAction::Revoke { id, dir } => {
                let revoked = Tokens::revoke(&host(dir)?.tokens(), id).map_err(explain)?;
                Ok(report("revoked", &[revoked]))
            }
        }
    }
}

fn host(dir: &PathBuf) -> Outcome<HostFolder> {
    let folder = HostFolder::at(dir);
    folder.settings()?;
    Ok(folder)
}

fn report(done: &'static str, tokens: &[Token]) -> TokenReport {
    let shown = tokens.iter().map(|token| Shown {
        id: token.id.clone(),
        role: token.role,
        holder: token.holder.clone(),
        made: token.made.to_string(),
    });
    TokenReport {
        done,
        tokens: shown.collect(),
        token: None,
    }
}

fn explain(error: TokensError) -> Failure {
    let hint = error.hint();
    let failure = Failure::from(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

impl From<TokenRole> for Role {
    fn from(role: TokenRole) -> Role {
        match role {
            TokenRole::His => Role::His,
            TokenRole::Auditor => Role::Auditor,
            TokenRole::Administrator => Role::Administrator,
        }
    }
}

impl Report for TokenReport {}

impl fmt::Display for TokenReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tokens.is_empty() {
            return writeln!(f, "no tokens: whoever reaches loopback is the HIS");
        }
        for token in &self.tokens {
            let role = match token.role {
                Role::His => "his",
                Role::Auditor => "auditor",
                Role::Administrator => "administrator",
            };
            if !self.done.is_empty() {
                write!(f, "{} ", self.done)?;
            }
            writeln!(
                f,
                "{}  {role:13}  {}  {}",
                token.id, token.made, token.holder
            )?;
        }
        match &self.token {
            Some(token) => writeln!(
                f,
                "{token}\n  shown this once: the host keeps its digest alone"
            ),
            None => Ok(()),
        }
    }
}
