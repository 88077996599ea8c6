//! `schema`: the shapes of every JSON that is put out.

use super::options::{Job, Options};
use super::{exit, out};
use crate::control::{CommandError, ExitCode, schema};
use clap::{Arg, ArgMatches, Command};
use serde_json::{Value, json};

/// The command as the parser has it.
pub fn command() -> Command {
    Command::new("schema")
        .about("Print the JSON Schema of what --json prints and the control socket says")
        .arg(Arg::new("name").value_name("NAME").help("Which; without it they are listed"))
}

/// What its words ask for.
pub fn job(matches: &ArgMatches) -> Job {
    Job::Schema { name: matches.get_one("name").cloned() }
}

/// Prints the schema of this name, or the names.
///
/// # Errors
/// There is none of that name.
pub fn run(name: Option<&str>, options: &Options) -> Result<ExitCode, CommandError> {
    let Some(name) = name else {
        if options.json || options.ndjson {
            let names: Vec<Value> = schema::names().map(|(name, doc)| json!({ "name": name, "doc": doc })).collect();
            out::json(&json!({ "v": 1, "verb": "schema", "ok": true, "schemas": names }));
        } else {
            schema::names().for_each(|(name, doc)| out::line(&format!("{name:14} {doc}")));
        }
        return Ok(ExitCode::Ok);
    };
    let found = schema::document(name).ok_or_else(|| {
        let hint = Some("tuiphone schema lists them".to_owned());
        CommandError { hint, ..exit::usage(&format!("there is no schema {name:?}")) }
    })?;
    out::line(&format!("{found:#}"));
    Ok(ExitCode::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args;

    /// Commands that put out no JSON.
    const WITHOUT: &[&str] = &["daemon", "completions", "help", "setup"];

    #[test]
    fn every_command_has_a_schema() {
        for command in args::parser().get_subcommands().filter(|command| !command.is_hide_set()) {
            let name = command.get_name();
            let has = schema::of_answer(name).chain(schema::of_command(name)).next().is_some();
            assert_ne!(has, WITHOUT.contains(&name), "{name}");
        }
    }
}
