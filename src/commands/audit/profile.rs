//! `rulepack audit profile`: saved ways to run and tell an audit.

use std::path::Path;

use clap::Args;
use rulepack_audit::profile::Profile;
use serde::Serialize;

use crate::failure::{Failure, Outcome};
use crate::files;

/// Lists the built-in profiles (每月自查, 季度模拟飞检), or prints one as a file to be copied and changed, or checks a
/// file.
#[derive(Debug, Args)]
pub struct ProfileArgs {
    /// The name of a built-in profile, or a file.
    #[arg(value_name = "NAME|FILE")]
    profile: Option<String>,
}

/// What is shown.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Shown {
    /// All built-in ones.
    List(Vec<Profile>),
    /// One, and the text of its file.
    One {
        /// As it was understood.
        #[serde(flatten)]
        profile: Box<Profile>,
        /// As it stands in the file.
        #[serde(skip)]
        text: String,
    },
}

impl ProfileArgs {
    pub fn show(&self) -> Outcome<Shown> {
        let Some(name) = &self.profile else {
            let built_in = Profile::built_in_names().filter_map(Profile::built_in);
            return Ok(Shown::List(built_in.collect()));
        };
        let text = match Profile::built_in_text(name) {
            Some(text) => text.to_owned(),
            None => read(name)?,
        };
        Ok(Shown::One {
            profile: Box::new(Profile::parse(name, &text)?),
            text,
        })
    }
}

/// The built-in profile of this name, or that in this file.
pub fn find(name: &str) -> Outcome<Profile> {
    match Profile::built_in(name) {
        Some(profile) => Ok(profile),
        None => Ok(Profile::parse(name, &read(name)?)?),
    }
}

fn read(name: &str) -> Outcome<String> {
    if !Path::new(name).exists() {
        let known: Vec<_> = Profile::built_in_names()
            .map(|name| format!("`{name}`"))
            .collect();
        return Err(
            Failure::new(format!("`{name}` is neither a profile nor a file"))
                .hint(format!("built in are {}", known.join(" and "))),
        );
    }
    files::read_text(Path::new(name))
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Shown::List(profiles) => {
                for profile in profiles {
                    let period = String::from(profile.period);
                    writeln!(
                        f,
                        "{:<28}{:<14}{}",
                        profile.name.to_string(),
                        period,
                        profile.title
                    )?;
                }
                Ok(())
            }
            Shown::One { text, .. } => f.write_str(text),
        }
    }
}
