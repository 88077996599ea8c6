//! What `help` prints, beside the pages the parser makes itself, and the examples that stand first on each.

use super::options::Job;
use super::{exit, settings_page};
use crate::control::verb::Example;
use crate::control::{CommandError, spelling};
use clap::Command;

/// Columns of the longest example that has what it does beside it; of a longer one that stands below.
const BESIDE: usize = 56;

/// Pages that are no commands.
fn topic(name: &str) -> Option<String> {
    match name {
        "exit-codes" => Some(exit::table()),
        "microsip" => Some(spelling::table::page()),
        "settings" => Some(settings_page::page()),
        _ => None,
    }
}

/// The page of a command or topic; without a name the page of the program.
///
/// # Errors
/// There is none of that name.
pub(super) fn page(mut parser: Command, name: Option<&str>) -> Result<Job, CommandError> {
    parser.build();
    let Some(name) = name else { return Ok(Job::Print(parser.render_help().to_string())) };
    if let Some(text) = topic(name) {
        return Ok(Job::Print(text));
    }
    match parser.find_subcommand_mut(name) {
        Some(command) => Ok(Job::Print(command.render_help().to_string())),
        None => {
            let mut error = exit::usage(&format!("there is no help about {name:?}"));
            error.hint = Some("tuiphone help COMMAND, tuiphone help settings, exit-codes or microsip".to_owned());
            Err(error)
        }
    }
}

/// The section of examples.
pub(super) fn examples(examples: &[Example]) -> String {
    let widths = examples.iter().map(|(line, _)| line.chars().count()).filter(|width| *width <= BESIDE);
    let width = widths.max().unwrap_or_default();
    examples.iter().fold("Examples:".to_owned(), |text, (line, what)| match line.chars().count() {
        long if long > width => format!("{text}\n  {line}\n  {:width$}  {what}", ""),
        _ => format!("{text}\n  {line:width$}  {what}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_example_does_stands_beside_it_or_below() {
        let long = "x".repeat(60);
        let long: &'static str = long.leak();
        assert_eq!(
            examples(&[("a", "one"), ("bcd", "two"), (long, "three")]),
            format!("Examples:\n  a    one\n  bcd  two\n  {long}\n       three")
        );
    }
}
