//! tuiphone(1), and a page for each command.

use super::roff::Roff;
use super::{DATE, Page, USER};
use crate::cli::args;
use crate::control::ExitCode;
use crate::control::verb::{self, Example, ParamKind, VerbRow};
use clap::{Arg, Command};

/// What the program finds in its environment.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("TUIPHONE_INI", "The microsip.ini, unless --ini names one."),
    ("TUIPHONE_SOCKET", "The control socket, unless --socket names one."),
    ("TUIPHONE_PASSWORD", "The password of the account in use."),
    ("XDG_RUNTIME_DIR", "Where control sockets are, in its folder tuiphone; without it they are in the state folder."),
    ("XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_DATA_HOME", "Instead of ~/.config, ~/.local/state and ~/.local/share."),
    ("NO_COLOR, CLICOLOR_FORCE", "No colours, or colours everywhere, unless --color says when."),
    (
        "DBUS_SESSION_BUS_ADDRESS",
        "The bus over which the desktop is told of calls and messages; see desktopNotices in tuiphone(5).",
    ),
    ("NOTIFY_SOCKET, WATCHDOG_USEC", "Where daemon --notify tells how it goes, and how often that it lives."),
    ("LISTEN_FDS, LISTEN_PID", "The control socket, already open: sockets of systemd."),
];

/// The files it keeps.
const FILES: &[(&str, &str)] = &[
    ("~/.config/tuiphone/microsip.ini", "Settings and accounts; see tuiphone(5). Contacts.xml lies beside it."),
    ("$XDG_RUNTIME_DIR/tuiphone/*.sock", "The control socket of each profile, for its owner alone."),
    ("~/.local/state/tuiphone", "Logs, the history of calls, and what a phone is known by after a start."),
    ("~/.local/share/tuiphone/recordings", "Recorded calls."),
];

/// tuiphone(1).
pub(super) fn program() -> Page {
    let parser = args::parser();
    let mut page = Roff::new("tuiphone", 1, DATE, USER);
    page.section("NAME");
    page.name("tuiphone", "a softphone that lives in a terminal");
    page.section("SYNOPSIS");
    page.synopsis("tuiphone", "[OPTIONS]");
    page.synopsis("tuiphone", "[OPTIONS] NUMBER");
    page.synopsis("tuiphone", "[OPTIONS] COMMAND ...");
    page.section("DESCRIPTION");
    page.paragraph(
        "One phone runs for each microsip.ini and owns its accounts, its calls and the sound card: the daemon. Alone, \
         tuiphone opens an interface to it, and starts one where none runs. A command is sent to it, prints what comes \
         of it, and ends with a code that tells the outcome. A closed terminal drops no call.",
    );
    page.paragraph(
        "Where no phone runs, call, message, ping, register, unregister and test-audio make one for as long as they \
         last; config, contacts, history, import and password work on the files.",
    );
    examples(&mut page, args::EXAMPLES);
    page.section("COMMANDS");
    page.paragraph("Each has a page of its own, such as tuiphone-call(1).");
    for command in visible(&parser) {
        page.term(command.get_name(), &about(command));
    }
    page.section("OPTIONS");
    page.part("Everywhere");
    options(&mut page, parser.get_arguments().filter(|arg| arg.is_global_set()));
    page.part("Of a call");
    options(&mut page, parser.get_arguments().filter(|arg| !arg.is_global_set()));
    page.section("EXIT STATUS");
    for code in ExitCode::ALL {
        let sip = if code.sip().is_empty() { String::new() } else { format!(" ({})", code.sip()) };
        page.term(&code.code().to_string(), &format!("{}{sip}.", code.meaning()));
    }
    terms(&mut page, "ENVIRONMENT", ENVIRONMENT);
    terms(&mut page, "FILES", FILES);
    page.section("SEE ALSO");
    let pages = visible(&parser).map(|command| format!("tuiphone-{}(1)", command.get_name()));
    let pages: Vec<String> = pages.chain(["tuiphone(5)", "tuiphone-control(7)"].map(str::to_owned)).collect();
    page.paragraph(&pages.join(", "));
    Page::new("tuiphone", 1, page)
}

/// The pages of commands, in their order.
pub(super) fn all() -> Vec<Page> {
    visible(&args::parser()).map(of_command).collect()
}

fn of_command(command: &Command) -> Page {
    let own = command.get_name();
    let name = format!("tuiphone-{own}");
    let row = verb::VERBS.iter().find(|row| row.name == own);
    let mut page = Roff::new(&name, 1, DATE, USER);
    page.section("NAME");
    page.name(&name, &about(command));
    page.section("SYNOPSIS");
    page.synopsis(&format!("tuiphone {own}"), &synopsis(command));
    page.section("DESCRIPTION");
    page.paragraph(&format!("{}.", about(command).trim_end_matches('.')));
    let aliases: Vec<&str> = command.get_visible_aliases().collect();
    if !aliases.is_empty() {
        page.paragraph(&format!("It is also called {}.", aliases.join(", ")));
    }
    for text in [command.get_after_help()].into_iter().flatten() {
        page.paragraph(&text.to_string());
    }
    examples(&mut page, args::examples_of(own).unwrap_or_default());
    let places: Vec<&Arg> = command.get_positionals().collect();
    if !places.is_empty() {
        page.section("ARGUMENTS");
        options(&mut page, places.into_iter());
    }
    page.section("OPTIONS");
    let options_here: Vec<&Arg> = command.get_arguments().filter(|arg| !arg.is_positional()).collect();
    options(&mut page, options_here.into_iter());
    page.paragraph("Options that stand everywhere, such as --json, --ini and --account, are in tuiphone(1).");
    if let Some(row) = row {
        page.section("CONTROL SOCKET");
        page.paragraph("Programs ask a phone that runs by a line such as this one; see tuiphone-control(7).");
        page.verbatim(&[&request(row)]);
    }
    page.section("EXIT STATUS");
    page.paragraph("0 where it did what was asked; the other codes are in tuiphone(1).");
    page.section("SEE ALSO");
    page.paragraph("tuiphone(1), tuiphone(5), tuiphone-control(7)");
    Page::new(&name, 1, page)
}

fn visible(parser: &Command) -> impl Iterator<Item = &Command> {
    parser.get_subcommands().filter(|command| !command.is_hide_set())
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

fn examples(page: &mut Roff, examples: &[Example]) {
    page.section("EXAMPLES");
    examples.iter().for_each(|(line, what)| page.example(line, what));
}

fn terms(page: &mut Roff, title: &str, terms: &[(&str, &str)]) {
    page.section(title);
    terms.iter().for_each(|(term, text)| page.term(term, text));
}

fn options<'a>(page: &mut Roff, args: impl Iterator<Item = &'a Arg>) {
    for arg in args.filter(|arg| !arg.is_hide_set()) {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let words: Vec<String> = arg.get_possible_values().iter().map(|word| word.get_name().to_owned()).collect();
        let takes = arg.get_action().takes_values() && !words.is_empty();
        let words = if takes { format!(" One of: {}.", words.join(", ")) } else { String::new() };
        page.term(&written(arg), &format!("{}.{words}", help.trim_end_matches('.')));
    }
}

/// `-i, --ini FILE`; `NUMBER`.
fn written(arg: &Arg) -> String {
    let value = value_name(arg);
    if arg.is_positional() {
        return value;
    }
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let names: Vec<String> = short.into_iter().chain(long).collect();
    let value = if arg.get_action().takes_values() { format!(" {value}") } else { String::new() };
    format!("{}{value}", names.join(", "))
}

fn value_name(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    let name = names.first().map_or_else(|| arg.get_id().as_str().to_uppercase(), ToString::to_string);
    let many = arg.get_num_args().is_some_and(|range| range.max_values() > 1);
    if many { format!("{name}...") } else { name }
}

fn synopsis(command: &Command) -> String {
    let mut words = Vec::new();
    for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
        let text = if arg.is_positional() { value_name(arg) } else { written(arg).replace(", ", "|") };
        words.push(if arg.is_required_set() { text } else { format!("[{text}]") });
    }
    words.join(" ")
}

/// A line of JSON with what a verb must have and may have; the values are placeholders.
fn request(row: &VerbRow) -> String {
    let mut line = serde_json::Map::new();
    line.insert("verb".to_owned(), row.name.into());
    for param in row.params {
        let value = match param.kind {
            ParamKind::Flag => true.into(),
            _ => param.name.to_uppercase().into(),
        };
        line.insert(param.name.to_owned(), value);
    }
    serde_json::Value::Object(line).to_string()
}
