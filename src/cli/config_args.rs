//! The words of `config`: its actions, and keys as `SECTION.KEY`.

use super::exit;
use super::options::{ConfigJob, Job};
use crate::config::dial;
use crate::config::schema::{self, Known, Place};
use crate::control::{CommandError, ExitCode};
use crate::text::sanitise;
use clap::{Arg, ArgAction, ArgMatches, Command};

/// The command as the parser has it.
pub(super) fn command() -> Command {
    let flag = |name, doc| Arg::new(name).long(name).action(ArgAction::SetTrue).help(doc);
    let actions = ["path", "print", "get", "set", "check", "dialplan"];
    Command::new("config")
        .about("Show, change and check the settings; no phone needs to run")
        .arg(Arg::new("action").value_name("ACTION").required(true).value_parser(actions).help(
            "path = which files; print = what they say, all in all; get, set = keys; check = what is odd in them; \
             dialplan = what becomes of a number, rule by rule",
        ))
        .arg(
            Arg::new("keys")
                .value_name("SECTION.KEY[=VALUE]")
                .num_args(0..)
                .help("With get one, with set any number; with dialplan a number or address"),
        )
        .arg(flag("default", "With print: every key there is, its default and what it is for"))
}

/// What its words ask for.
///
/// # Errors
/// Wrong usage.
pub(super) fn job(matches: &ArgMatches) -> Result<Job, CommandError> {
    let action = matches.get_one::<String>("action").map_or("", String::as_str);
    let keys: Vec<String> = matches.get_many::<String>("keys").into_iter().flatten().cloned().collect();
    let (default, microsip) = (matches.get_flag("default"), matches.get_flag("microsip-ini"));
    for (name, is_given, of) in [("default", default, "print"), ("microsip-ini", microsip, "set")] {
        if is_given && action != of {
            return Err(exit::usage(&format!("--{name} goes with config {of} alone")));
        }
    }
    Ok(Job::Config(match (action, keys.as_slice()) {
        ("path", []) => ConfigJob::Path,
        ("print", []) => ConfigJob::Print { default },
        ("check", []) => ConfigJob::Check,
        ("get", [key]) => ConfigJob::Get { key: key.clone() },
        ("get", _) => return Err(exit::usage("config get needs one SECTION.KEY")),
        ("set", [_, ..]) => ConfigJob::Set { changes: keys, microsip },
        ("dialplan", [number]) => ConfigJob::DialPlan { number: dial::decode_argument(number) },
        ("dialplan", _) => return Err(exit::usage("config dialplan needs one number, in quotes if it has blanks")),
        ("set", _) => return Err(exit::usage("config set needs SECTION.KEY=VALUE, one or more")),
        (action, _) => return Err(exit::usage(&format!("config {action} takes no key"))),
    }))
}

/// `SECTION.KEY`.
pub(super) struct Name {
    /// The section.
    pub place: Place,
    /// As the table spells it, where it does.
    pub key: String,
    /// What is known of it.
    pub known: Known,
}

impl Name {
    /// Reads a name; the section must be a known one, the key need not.
    pub fn parse(text: &str) -> Result<Name, CommandError> {
        let shown = sanitise(text);
        let Some((section, key)) = text.split_once('.').filter(|(_, key)| !key.is_empty()) else {
            let hint =
                in_full(text).or_else(|| Some("such as Settings.DND, Account1.label, tuiphone.watch".to_owned()));
            return Err(CommandError { hint, ..exit::usage(&format!("{shown:?} is no SECTION.KEY")) });
        };
        let place = Place::of(section).ok_or_else(|| {
            let section = sanitise(section);
            let hint = schema::nearest_section(&section).map(|near| format!("[{near}] is probably meant"));
            let message = format!("no section [{section}] is known");
            CommandError { code: ExitCode::Config, kind: "no_such_key", message, hint }
        })?;
        let known = place.known(key);
        let key = match known {
            Known::Read(row) => row.key.to_owned(),
            Known::Kept(kept) => {
                kept.keys.iter().find(|it| it.eq_ignore_ascii_case(key)).map_or(key, |it| it).to_owned()
            }
            Known::Entry | Known::Unknown => key.to_owned(),
        };
        Ok(Name { place, key, known })
    }
}

/// A key that stands without its section, with it.
fn in_full(key: &str) -> Option<String> {
    schema::section_of(key).map(|section| format!("{}.{}", section.name(1), sanitise(key)))
}

/// The error of a word that was to be `SECTION.KEY=VALUE`.
pub(super) fn no_change(word: &str) -> CommandError {
    let shown = sanitise(word);
    let is_name = Name::parse(word).is_ok_and(|name| !matches!(name.known, Known::Unknown));
    let name = if is_name { Some(shown.clone()) } else { in_full(word) };
    let hint = name.map_or_else(|| "such as Settings.DND=1".to_owned(), |name| format!("{name}=VALUE"));
    CommandError { hint: Some(hint), ..exit::usage(&format!("{shown:?} is no SECTION.KEY=VALUE")) }
}

/// The error of a key that nobody knows.
pub(super) fn unknown(place: &Place, key: &str) -> CommandError {
    let hint = match (schema::section_of(key), place.nearest(key)) {
        (Some(other), _) => Some(format!("{}.{key} is one", other.name(1))),
        (None, Some(near)) => Some(format!("{}.{near} is probably meant", place.name)),
        (None, None) => Some("tuiphone config print --default lists them all".to_owned()),
    };
    let message = format!("no key {}.{} is known", place.name, sanitise(key));
    CommandError { code: ExitCode::Config, kind: "no_such_key", message, hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_without_a_value_is_told_how_it_is_written() {
        for (word, hint) in [
            ("desktopNotices", "tuiphone.desktopNotices=VALUE"),
            ("tuiphone.desktopNotices", "tuiphone.desktopNotices=VALUE"),
            ("DND", "Settings.DND=VALUE"),
            ("maybe", "such as Settings.DND=1"),
            ("tuiphone.maybe", "such as Settings.DND=1"),
            ("", "such as Settings.DND=1"),
        ] {
            assert_eq!(no_change(word).hint.as_deref(), Some(hint), "{word}");
        }
        let asked = Name::parse("desktopNotices").err().and_then(|why| why.hint);
        assert_eq!(asked.as_deref(), Some("tuiphone.desktopNotices"));
    }
}
