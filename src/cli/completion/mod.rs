//! Completion in shells: `completions SHELL`, and the hidden `complete`, which its scripts ask at each TAB.

mod line;
mod live;

use super::options::Job;
use super::paths::Environment;
use super::{args, keymap, languages, out, theme};
use crate::control::schema;
use crate::control::verb::VERBS;
use crate::control::{CommandError, ExitCode};
use crate::text::sanitise;
use clap::{Arg, ArgAction, ArgMatches, Command};
use line::{Line, Wanted};

/// The command that scripts ask.
pub const ASK: &str = "complete";

/// Most candidates that are offered.
const MOST: usize = 200;

/// The shells and their scripts.
const SCRIPTS: [(&str, &str); 4] = [
    ("bash", include_str!("tuiphone.bash")),
    ("zsh", include_str!("tuiphone.zsh")),
    ("fish", include_str!("tuiphone.fish")),
    ("powershell", include_str!("tuiphone.ps1")),
];

/// `completions` as the parser has it.
pub fn command() -> Command {
    Command::new("completions")
        .about("Print the completion of a shell, with contacts, accounts and calls of the phone that runs")
        .arg(Arg::new("shell").value_name("SHELL").required(true).value_parser(SCRIPTS.map(|(name, _)| name)))
}

/// What its words ask for.
pub fn job(matches: &ArgMatches) -> Job {
    let shell = matches.get_one::<String>("shell").map_or("", String::as_str);
    let script = SCRIPTS.iter().find(|(name, _)| *name == shell).map_or("", |(_, script)| script);
    Job::Print(script.to_owned())
}

/// `complete` as the parser has it.
pub fn ask_command(name: &'static str) -> Command {
    Command::new(name)
        .arg(Arg::new("fresh").long("fresh").action(ArgAction::SetTrue))
        .arg(Arg::new("words").num_args(0..).allow_hyphen_values(true).last(true))
}

/// What its words ask for.
pub fn ask_job(matches: &ArgMatches) -> Job {
    let mut words: Vec<String> = matches.get_many("words").into_iter().flatten().cloned().collect();
    if matches.get_flag("fresh") || words.is_empty() {
        words.push(String::new());
    }
    Job::Complete(words)
}

/// What may stand in a place, and what it is.
type Candidate = (String, String);

/// Prints what may stand in the place of the last word: first whether it may be a file too, then a candidate a line, a tab
/// before what it is. Nothing is started for it, nobody is asked, and a phone that does not answer is not waited for.
///
/// # Errors
/// None; a completion says nothing where it knows nothing.
pub async fn run(words: &[String], environment: &Environment) -> Result<ExitCode, CommandError> {
    let line = Line::read(words);
    let mut found: Vec<Candidate> = Vec::new();
    let mut kind = "words";
    for wanted in line.wanted() {
        match wanted {
            Wanted::Words(words) => found.extend(words),
            Wanted::Commands => found.extend(commands()),
            Wanted::Schemas => found.extend(schema::names().map(|(name, doc)| (name.to_owned(), doc.to_owned()))),
            Wanted::Themes => {
                found.extend(theme::Shelf::beside(&environment.ini(line.ini.as_deref()).path).names());
                kind = "files";
            }
            Wanted::Keymaps => {
                found.extend(keymap::Shelf::beside(&environment.ini(line.ini.as_deref()).path).names());
                kind = "files";
            }
            Wanted::Languages => {
                found.extend(languages::names(&environment.ini(line.ini.as_deref()).path));
                kind = "files";
            }
            Wanted::Files => kind = "files",
            Wanted::Folders => kind = "folders",
            Wanted::Live(what) => {
                let socket = line.socket.clone().map_or_else(
                    || environment.socket(&environment.ini(line.ini.as_deref()).path),
                    std::path::PathBuf::from,
                );
                found.extend(live::candidates(&socket, what).await);
            }
        }
    }
    out::line(kind);
    let begun = line.begun();
    for (value, doc) in chosen(found, &begun).into_iter().take(MOST) {
        out::line(&format!("{}{value}\t{}", line.prefix(), sanitise(&doc)));
    }
    Ok(ExitCode::Ok)
}

/// Those that go on as was begun; where there are none, those that are so called.
fn chosen(found: Vec<Candidate>, begun: &str) -> Vec<Candidate> {
    let usable = |(value, _): &Candidate| !value.is_empty() && !value.chars().any(char::is_control);
    let found: Vec<Candidate> = found.into_iter().filter(usable).collect();
    let goes_on = |(value, _): &&Candidate| value.starts_with(begun);
    if begun.is_empty() || found.iter().any(|candidate| goes_on(&candidate)) {
        return found.iter().filter(goes_on).cloned().collect();
    }
    let begun = begun.to_lowercase();
    let is_called = |(_, doc): &Candidate| doc.to_lowercase().split_whitespace().any(|word| word.starts_with(&begun));
    let is_number = |(value, _): &Candidate| value.starts_with(|c: char| c.is_ascii_digit() || c == '+');
    found.into_iter().filter(|candidate| is_number(candidate) && is_called(candidate)).collect()
}

/// The commands a person may type.
fn commands() -> Vec<Candidate> {
    let parser = args::parser();
    let visible = parser.get_subcommands().filter(|command| !command.is_hide_set());
    visible.map(|it| (it.get_name().to_owned(), it.get_about().map(ToString::to_string).unwrap_or_default())).collect()
}

/// The name of a command by the word that stands for it.
fn command_of(word: &str) -> Option<&'static str> {
    let is_verb = |name: &str| name.eq_ignore_ascii_case(word);
    VERBS.iter().find(|row| is_verb(row.name) || row.aliases.iter().any(|alias| is_verb(alias))).map(|row| row.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_found_by_number_or_name() {
        let all = || {
            vec![
                ("7001".to_owned(), "Ann Bell".to_owned()),
                ("7002".to_owned(), "Bob".to_owned()),
                ("off".to_owned(), "bell".to_owned()),
            ]
        };
        let values = |begun: &str| chosen(all(), begun).into_iter().map(|(value, _)| value).collect::<Vec<_>>();
        assert_eq!(values(""), ["7001", "7002", "off"]);
        assert_eq!(values("7"), ["7001", "7002"]);
        assert_eq!(values("bel"), ["7001"], "a word is no name");
        assert_eq!(values("9"), [""; 0]);
    }

    #[test]
    fn nothing_with_a_control_character_is_offered() {
        assert_eq!(chosen(vec![("a\nb".to_owned(), String::new()), (String::new(), String::new())], ""), []);
    }
}
