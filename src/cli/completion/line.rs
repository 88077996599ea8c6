//! A command line that is being typed: what stands before the last word, and what may stand in its place.

use super::Candidate;
use super::live::Live;
use crate::cli::args;
use crate::control::verb::WORDS;
use clap::{Arg, Command};
use std::ffi::OsString;

/// How sound is named.
const SOUND: [&str; 6] = ["default", "null", "file:", "loop:", "tone:", "pipe:"];

/// What may stand in a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// One of these.
    Words(Vec<Candidate>),
    /// The name of a command.
    Commands,
    /// The name of a schema.
    Schemas,
    /// The name of a theme, or the file of one.
    Themes,
    /// The name of a keymap, or the file of one.
    Keymaps,
    /// The name of a language, or the file of one.
    Languages,
    /// Something of a phone that runs.
    Live(Live),
    /// A file.
    Files,
    /// A folder.
    Folders,
}

/// A line, read.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    /// `--ini` of the line.
    pub ini: Option<String>,
    /// `--socket` of the line.
    pub socket: Option<String>,
    /// The command's name in the table, or as it was typed.
    command: Option<String>,
    /// The words that stand in its places.
    places: Vec<String>,
    /// The option whose value the last word is.
    option: Option<Arg>,
    /// Everything is meant as it stands.
    literal: bool,
    /// The last word.
    current: String,
}

impl Line {
    /// Reads the words behind the program's name.
    pub fn read(words: &[String]) -> Line {
        let parser = parser(words);
        let (current, before) =
            words.split_last().map_or(("", [].as_slice()), |(last, before)| (last.as_str(), before));
        let mut line = Line { current: current.to_owned(), ..Line::default() };
        let mut before = before.iter();
        while let Some(word) = before.next() {
            let below = line.command.as_deref().and_then(|name| parser.find_subcommand(name));
            match word.as_str() {
                "--" if !line.literal => line.literal = true,
                word if word.starts_with('-') && word.len() > 1 && !line.literal => {
                    let (name, inline) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
                    let Some(option) = option(&parser, below, name).filter(|option| option.get_action().takes_values())
                    else {
                        continue;
                    };
                    match inline.map(str::to_owned).or_else(|| before.next().cloned()) {
                        Some(value) => line.take(&option, value),
                        None => line.option = Some(option),
                    }
                }
                word if line.command.is_none() && word.starts_with('/') => {
                    line.ini = word.strip_prefix("/i:").map(str::to_owned).or(line.ini.take());
                }
                word if line.command.is_none() => {
                    line.command = Some(super::command_of(word).unwrap_or(word).to_owned());
                }
                word => line.places.push(word.to_owned()),
            }
        }
        if line.option.is_none()
            && !line.literal
            && let Some((name, _)) = line.current.split_once('=').filter(|(name, _)| name.starts_with("--"))
        {
            let below = line.command.as_deref().and_then(|name| parser.find_subcommand(name));
            line.option = option(&parser, below, name).filter(|option| option.get_action().takes_values());
        }
        line
    }

    fn take(&mut self, option: &Arg, value: String) {
        match option.get_id().as_str() {
            "ini" => self.ini = Some(value),
            "socket" => self.socket = Some(value),
            _ => {}
        }
    }

    /// What of the last word is no part of what is completed: `--account=`.
    pub fn prefix(&self) -> &str {
        match self.current.split_once('=') {
            Some((name, _)) if self.option.is_some() && name.starts_with("--") => {
                self.current.get(..=name.len()).unwrap_or_default()
            }
            _ => "",
        }
    }

    /// What is completed.
    pub fn begun(&self) -> String {
        self.current.strip_prefix(self.prefix()).unwrap_or_default().to_owned()
    }

    /// What may stand in the place of the last word.
    pub fn wanted(&self) -> Vec<Wanted> {
        let words: Vec<String> = self.command.iter().cloned().collect();
        let parser = parser(&words);
        let below = self.command.as_deref().and_then(|name| parser.find_subcommand(name));
        if let Some(option) = &self.option {
            return of_arg(self.command.as_deref().unwrap_or_default(), option);
        }
        if self.current.starts_with('-') && !self.literal {
            let of_call = parser.get_arguments().filter(|_| below.is_none());
            let own = below.into_iter().flat_map(Command::get_arguments);
            let everywhere = parser.get_arguments().filter(|arg| arg.is_global_set());
            let all = own.chain(of_call).chain(everywhere.filter(|_| below.is_some()));
            let shown = all.filter(|arg| !arg.is_hide_set()).filter_map(|arg| {
                let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
                Some((format!("--{}", arg.get_long()?), help))
            });
            return vec![Wanted::Words(shown.collect())];
        }
        // Of a command with commands of its own, the word behind its own leads to one of them.
        let next = |command: &'_ Command| self.places.first().and_then(|word| command.find_subcommand(word)).cloned();
        let deeper = below.and_then(next);
        let (below, places) = match &deeper {
            Some(deeper) => (Some(deeper), self.places.get(1..).unwrap_or_default()),
            None => (below, self.places.as_slice()),
        };
        match (&self.command, below) {
            (Some(_), Some(command)) if command.has_subcommands() && places.is_empty() => {
                let about = |it: &Command| it.get_about().map(ToString::to_string).unwrap_or_default();
                let below = command.get_subcommands().filter(|it| !it.is_hide_set() && it.get_name() != "help");
                vec![Wanted::Words(below.map(|it| (it.get_name().to_owned(), about(it))).collect())]
            }
            (None, _) => vec![Wanted::Commands],
            (Some(name), Some(command)) => {
                let wanted: Vec<&Arg> = command.get_positionals().collect();
                let many = |arg: &&&Arg| arg.get_num_args().is_some_and(|range| range.max_values() > 1);
                let place = wanted.get(places.len()).or_else(|| wanted.last().filter(many));
                place.map(|arg| self.of_place(name, arg)).unwrap_or_default()
            }
            (Some(_), None) => Vec::new(),
        }
    }

    fn of_place(&self, command: &str, arg: &Arg) -> Vec<Wanted> {
        let act = self.places.first().map_or("", String::as_str);
        match (command, arg.get_id().as_str(), act) {
            ("contacts", "verb.what", "import" | "export") | ("history", "verb.of", "import") => vec![Wanted::Files],
            ("contacts", "verb.what", "edit" | "rm") => vec![Wanted::Live(Live::Contacts)],
            ("password", "whose", _) => vec![Wanted::Live(Live::Accounts)],
            _ => of_arg(command, arg),
        }
    }
}

/// What an argument takes.
fn of_arg(command: &str, arg: &Arg) -> Vec<Wanted> {
    let id = arg.get_id().as_str();
    let plain = |words: &[&str]| Wanted::Words(words.iter().map(|&word| (word.to_owned(), String::new())).collect());
    let possible: Vec<Candidate> =
        arg.get_possible_values().iter().map(|value| (value.get_name().to_owned(), String::new())).collect();
    if !possible.is_empty() {
        return vec![Wanted::Words(possible)];
    }
    let param = id.strip_prefix("verb.").unwrap_or(id);
    let own = WORDS.iter().find(|(verb, name, _)| *verb == command && *name == param).map(|(_, _, words)| plain(words));
    let more = match (command, param) {
        ("message" | "composing" | "ping" | "transfer" | "forward" | "call" | "messages", "number") => {
            Some(Wanted::Live(Live::Contacts))
        }
        ("conference", "calls") | (_, "call") => Some(Wanted::Live(Live::Calls)),
        (_, "account") => Some(Wanted::Live(Live::Accounts)),
        (_, "ini" | "log" | "debug" | "password-file" | "play" | "record" | "file" | "path")
            if own.is_none() || param == "file" =>
        {
            Some(Wanted::Files)
        }
        (_, "dir") => Some(Wanted::Folders),
        (_, "audio-in" | "audio-out" | "audio-ring") => Some(plain(&SOUND)),
        ("help", "command") | ("man", "page") => Some(Wanted::Commands),
        ("schema", "name") => Some(Wanted::Schemas),
        ("theme", "name") | (_, "theme") => Some(Wanted::Themes),
        ("keymap", "name") | (_, "keymap") => Some(Wanted::Keymaps),
        ("words", "name") => Some(Wanted::Languages),
        _ => None,
    };
    own.into_iter().chain(more).collect()
}

/// An option of the command, else one that stands everywhere.
fn option(parser: &Command, below: Option<&Command>, name: &str) -> Option<Arg> {
    let is_it = |arg: &&Arg| {
        let long = name.strip_prefix("--").is_some_and(|long| arg.get_long() == Some(long));
        long || arg.get_short().is_some_and(|short| name.strip_prefix('-') == Some(short.encode_utf8(&mut [0; 4])))
    };
    let own = below.and_then(|command| command.get_arguments().find(is_it));
    own.or_else(|| parser.get_arguments().find(is_it)).cloned()
}

/// The parser with the commands that the words may mean.
fn parser(words: &[String]) -> Command {
    args::parser_of(&words.iter().map(OsString::from).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::verb;

    fn wanted(line: &str) -> Vec<Wanted> {
        Line::read(&line.split(' ').map(str::to_owned).collect::<Vec<_>>()).wanted()
    }

    fn words(line: &str) -> Vec<String> {
        let all = wanted(line).into_iter().filter_map(|wanted| match wanted {
            Wanted::Words(words) => Some(words),
            _ => None,
        });
        all.flatten().map(|(word, _)| word).collect()
    }

    #[test]
    fn what_may_stand_there_is_known() {
        let live = |live| vec![Wanted::Live(live)];
        for (line, expected) in [
            ("", vec![Wanted::Commands]),
            ("st", vec![Wanted::Commands]),
            ("--json ", vec![Wanted::Commands]),
            ("call ", live(Live::Contacts)),
            ("dial 7", live(Live::Contacts)),
            ("call 600 ", vec![]),
            ("hangup ", live(Live::Calls)),
            ("-a ", live(Live::Accounts)),
            ("call 600 --account ", live(Live::Accounts)),
            ("call --account=1", live(Live::Accounts)),
            ("contacts import ", vec![Wanted::Files]),
            ("contacts rm ", live(Live::Contacts)),
            ("--ini ", vec![Wanted::Files]),
            ("man --dir ", vec![Wanted::Folders]),
            ("schema ", vec![Wanted::Schemas]),
            ("theme show ", vec![Wanted::Themes]),
            ("theme check no", vec![Wanted::Themes]),
            ("theme list ", vec![]),
            ("--theme ", vec![Wanted::Themes]),
            ("keymap show ", vec![Wanted::Keymaps]),
            ("--keymap ", vec![Wanted::Keymaps]),
            ("words check ", vec![Wanted::Languages]),
            ("help ", vec![Wanted::Commands]),
            ("hangup -- -", live(Live::Calls)),
            ("nonsense ", vec![]),
        ] {
            assert_eq!(wanted(line), expected, "{line}");
        }
        assert_eq!(words("dnd o"), ["on", "off"]);
        assert_eq!(words("theme "), ["list", "roles", "show", "check"]);
        assert_eq!(words("keymap "), ["list", "actions", "show", "check"]);
        assert_eq!(words("--color "), ["auto", "always", "never", "16", "256", "truecolor"]);
        assert_eq!(words("completions "), ["bash", "zsh", "fish", "powershell"]);
        assert_eq!(words("volume mic --"), words("unmute --"), "options that stand everywhere");
        assert!(
            words("hangup --").contains(&"--incoming".to_owned()) && words("--").contains(&"--until-dtmf".to_owned())
        );
        assert_eq!(
            wanted("conference c1 c"),
            [Wanted::Words(vec![("off".into(), String::new())]), Wanted::Live(Live::Calls)]
        );
    }

    #[test]
    fn the_phone_that_is_meant_is_found_in_the_line() {
        let read = |line: &str| {
            let line = Line::read(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
            (line.ini, line.socket)
        };
        assert_eq!(read("-i a.ini --socket=s call "), (Some("a.ini".into()), Some("s".into())));
        assert_eq!(read("/i:b.ini "), (Some("b.ini".into()), None));
        assert_eq!(read("call --ini"), (None, None));
    }

    #[test]
    fn every_word_is_one_of_its_verb() {
        for (name, param, words) in WORDS {
            let row = verb::find(name).unwrap_or_else(|| panic!("{name}"));
            assert!(row.params.iter().any(|known| known.name == *param), "{name} {param}");
            for word in *words {
                let mut values = verb::Values::default();
                let fill = [("digits", "1"), ("kind", "output"), ("name", "x"), ("what", "x"), ("of", "1")];
                let has = |name: &str| row.params.iter().any(|known| known.name == name);
                fill.iter().filter(|(key, _)| has(key)).for_each(|(key, value)| values.set(key, *value));
                values.set(param, *word);
                let made = row.request(values);
                let refuses = made.as_ref().err().is_some_and(|why| why.contains(&format!("'{word}' is no")));
                assert!(!refuses, "{name} {word}: {made:?}");
            }
        }
    }
}
