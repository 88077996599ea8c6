//! What clap is told: options, commands, and how their values are read.

use super::super::options::Begin;
use super::super::rewrite::{BARE, MICROSIP, SPELLED};
use super::super::{bug_report, config_args, doctor, exit, help, import, keeping, password_verb, probe};
use crate::audio::audiosocket::Place;
use crate::config::Server;
use crate::control::verb::{self, ParamKind, VERBS, VerbRow};
use clap::{Arg, ArgAction, Command, value_parser};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// The parser; help, man page and completions read it too.
pub fn parser() -> Command {
    with_commands(root(), |_| true)
}

/// The parser with those commands alone that the words may mean: clap gives each command a copy of every option that
/// stands anywhere, which is megabytes and milliseconds for all of them. What it refuses, the whole parser has words for.
pub(super) fn parser_of(words: &[OsString]) -> Command {
    with_commands(root(), |name| words.iter().any(|word| word == name))
}

/// The options without the commands.
pub fn root() -> Command {
    Command::new("tuiphone")
        .about("A softphone that lives in a terminal")
        .version(env!("CARGO_PKG_VERSION"))
        .help_template(concat!(
            "{about}\n\nExamples:\n",
            "  tuiphone                               open the phone\n",
            "  tuiphone demo                          try it with built-in far ends, no server needed\n",
            "  tuiphone 5551234                       dial\n",
            "  tuiphone call 600 --duration 5 --json  call, hang up after 5 s, tell the result\n",
            "  tuiphone --user 101 --domain pbx.example.net --password - call 600\n",
            "  tuiphone status                        what the running phone does\n",
            "  tuiphone /i:work.ini /answer           MicroSIP's words work too\n",
            "\n{usage-heading} {usage}\n\n{all-args}{after-help}"
        ))
        .after_help(exit::table())
        .disable_help_subcommand(true)
        // The last one counts, so that an alias may bring options of its own.
        .args_override_self(true)
        .args(global_args())
        .args(call_args())
        .arg(value("call", "NUMBER", "Call a number, follow the call to its end"))
}

fn with_commands(root: Command, wanted: impl Fn(&str) -> bool) -> Command {
    let verbs = VERBS.iter().filter(|row| wanted(row.name) || row.aliases.iter().any(|alias| wanted(alias)));
    let own = OWN_COMMANDS.iter().filter(|(name, _)| wanted(name));
    root.subcommands(verbs.map(verb_command)).subcommands(own.map(|(name, build)| build(name)))
}

/// True for a word that begins a command and is no verb of a running phone.
pub fn is_own(word: &str) -> bool {
    OWN_COMMANDS.iter().any(|(name, _)| *name == word) && ![BARE, SPELLED, MICROSIP].contains(&word)
}

type Build = fn(&'static str) -> Command;

/// The commands that are no verbs of a running phone.
const OWN_COMMANDS: &[(&str, Build)] = &[
    ("daemon", |name| Command::new(name).about("Run the phone in the foreground, without an interface")),
    #[cfg(feature = "http")]
    ("serve", |_| super::super::serve::command()),
    ("config", |_| config_args::command().before_help(help::examples("config").unwrap_or_default())),
    ("import", |_| import::command()),
    ("test", |_| probe::job::command()),
    ("password", |_| password_verb::command()),
    ("doctor", |name| doctor::command(name).before_help(help::examples(name).unwrap_or_default())),
    ("bug-report", |name| bug_report::command(name).before_help(help::examples(name).unwrap_or_default())),
    ("demo", |name| {
        Command::new(name)
            .about("Start the phone with its built-in far ends")
            .arg(flag("lively", "Let things happen by themselves"))
            .arg(value("seed", "N", "Make chance repeatable").value_parser(value_parser!(u64)))
    }),
    ("help", |name| {
        Command::new(name)
            .about("Print this help, or that of a command, settings, exit-codes, microsip")
            .arg(Arg::new("command"))
    }),
    (BARE, |name| Command::new(name).hide(true).arg(Arg::new("number").required(true)).args(call_args())),
    ("reset", |name| {
        Command::new(name).about("Move settings, contacts and history to a backup folder").arg(flag("yes", "Unasked"))
    }),
    (SPELLED, spelled_line),
    (MICROSIP, spelled_line),
];

fn spelled_line(name: &'static str) -> Command {
    Command::new(name).hide(true).arg(Arg::new("line").required(true).num_args(1..).allow_negative_numbers(true))
}

fn value(name: &'static str, value: &'static str, doc: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(doc)
}

fn flag(name: &'static str, doc: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(doc)
}

fn global_args() -> Vec<Arg> {
    let global = vec![
        value("ini", "FILE", "The microsip.ini; also /i:FILE").short('i'),
        flag("no-override", "Leave override.ini alone"),
        value("account", "N|LABEL|ADDRESS", "The account; also /account:N").short('a'),
        value(
            "audio-in",
            "SPEC",
            "Microphone: default, device:NAME, null, file:WAV, loop:WAV, tone:HZ, pipe:RATE, audiosocket:HOST:PORT",
        ),
        value("audio-out", "SPEC", "Speaker: default, device:NAME, null, file:WAV, pipe:RATE, audiosocket:HOST:PORT"),
        value("audio-ring", "SPEC", "Ringer: as the speaker"),
        flag("json", "One JSON object on standard output"),
        flag("ndjson", "A JSON object per event"),
        value("log", "FILE.csv", "Write a row for each event of a call"),
        value("debug", "FILE", "Write a SIP trace without secrets; - = standard error"),
        flag("verbose", "Say more").short('v').action(ArgAction::Count),
        flag("quiet", "Say less").short('q'),
        value("color", "WHEN", "Colours").value_parser(["auto", "always", "never"]),
        flag("no-input", "Never ask"),
        value("timeout", "SEC", "Give up after that long").value_parser(seconds),
        value("socket", "PATH", "The control socket").value_parser(value_parser!(PathBuf)),
        flag("standalone", "Use no running phone"),
        value("user", "USER", "User of a session account"),
        value("domain", "HOST", "Domain of a session account"),
        value("auth-id", "USER", "User for authentication"),
        value("dn", "NAME", "Display name"),
        value("proxy", "HOST[:PORT]", "Outbound proxy"),
        value("transport", "NAME", "Transport").value_parser(["udp", "tcp", "tls", "ws", "wss"]),
        value("password", "-|VALUE", "Password; - reads it from standard input").allow_hyphen_values(true),
        value("password-file", "FILE", "Read the password from a file").conflicts_with("password"),
        value("port", "N", "Local SIP port").value_parser(value_parser!(u16)),
        value("stun", "HOST[:PORT]", "STUN server, as STUN= and enableSTUN=1").value_parser(server),
        value("autoanswer", "0|1|header[:SEC]", "Answer by itself"),
        value("dialplan", "PLAN", "Dial plan: rules as dialPlan has them, or PREFIX,<REGEX>"),
        value("show", "HOW", "How to start: normal, minimized = in the background, hidden = silently so")
            .value_parser(["normal", "minimized", "hidden"]),
        value("setvolume", "N", "Speaker volume, 0-100").value_parser(value_parser!(u8).range(0..=100)),
        value("micvolume", "N", "Microphone volume, 0-100").value_parser(value_parser!(u8).range(0..=100)),
        flag("save", "Keep the account of --user and --domain in the ini file"),
        keeping::argument(),
        flag("microsip-ini", "A new ini file is written as MicroSIP writes it, UTF-16"),
    ];
    global.into_iter().map(|arg| arg.global(true).help_heading("Options everywhere")).collect()
}

pub(super) fn call_args() -> Vec<Arg> {
    vec![
        value("duration", "SEC", "Hang up that long after the answer")
            .value_parser(seconds)
            .allow_negative_numbers(true),
        value("dtmf", "DIGITS", "Send digits after the answer; a comma is a second").value_parser(digits),
        value("play", "FILE", "Play a WAV file after the answer"),
        value("record", "FILE", "Record into a new file, name.ogg or name.wav"),
        flag("no-wait", "Return as soon as the call is on its way"),
        flag("follow", "Follow the call to its end; a number alone does so only then").conflicts_with("no-wait"),
        value("until-dtmf", "DIGIT", "Hang up when the far end presses this").value_parser(digit),
        value("wait-registered", "SEC", "Longest wait for the registration").value_parser(seconds),
        value(
            "exec",
            "COMMAND",
            "From the answer on the sound is a program's: s16le mono on its fd 0 and 1, events and commands as NDJSON on 3 and 4",
        ),
        value("exec-rate", "HZ", "The rate of that sound; 16000 unless said")
            .value_parser(value_parser!(u32).range(8_000..=48_000))
            .requires("exec"),
        flag("exec-early", "Start that program with the call, not at the answer").requires("exec"),
        value(
            "audiosocket",
            "HOST:PORT",
            "From the answer on the sound is that of an AudioSocket server, 8000 Hz or as /RATE says",
        )
        .value_parser(sound_server)
        .conflicts_with("exec"),
    ]
}

fn verb_command(row: &'static VerbRow) -> Command {
    // A password is better not written on a command line; `attach` is for programs.
    let hidden = ["attach", "session-password"].contains(&row.name);
    let mut command = Command::new(row.name).visible_aliases(row.aliases).about(row.doc).hide(hidden);
    if row.name == "url" {
        command = command
            .arg(flag("install", "Let this phone open such links"))
            .arg(flag("uninstall", "Let it open them no longer").conflicts_with("install"));
    }
    if let Some(examples) = help::examples(row.name) {
        command = command.before_help(examples);
    }
    for param in row.params {
        let arg = Arg::new(format!("verb.{}", param.name)).value_name(param.name.to_uppercase()).help(param.doc);
        command = match param.kind {
            ParamKind::Required => command.arg(arg.required(true).allow_negative_numbers(true)),
            ParamKind::Optional => command.arg(arg.allow_negative_numbers(true)),
            ParamKind::Words => command.arg(arg.num_args(0..)),
            ParamKind::Rest => command.arg(arg.required(true).num_args(1..).allow_negative_numbers(true)),
            // The option of that name stands anywhere.
            ParamKind::Option if param.name == "account" => command,
            ParamKind::Option => command.arg(arg.long(param.name)),
            ParamKind::Flag => command.arg(arg.long(param.name).action(ArgAction::SetTrue)),
        };
    }
    if Begin::of_verb(row.name).is_some() { command.args(call_args()) } else { command }
}

pub(in crate::cli) fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    let duration =
        Duration::try_from_secs_f64(number).map_err(|_| "not a number of seconds that can pass".to_owned())?;
    if duration.as_secs() > 86_400 { Err("more than a day".to_owned()) } else { Ok(duration) }
}

fn server(text: &str) -> Result<Server, String> {
    Server::parse(text).ok_or_else(|| "not a server: host, host:port or [address]:port".to_owned())
}

fn sound_server(text: &str) -> Result<Place, String> {
    Place::parse(text).ok_or_else(|| "not a server: HOST:PORT or HOST:PORT/RATE".to_owned())
}

pub(in crate::cli) fn digits(text: &str) -> Result<String, String> {
    let row = verb::find("dtmf").ok_or("no digits can be sent")?;
    row.parse_words(&["--".to_owned(), text.to_owned()])
        .map(|_| text.to_owned())
        .map_err(|why| why.split_once("; usage").map_or(why.clone(), |(why, _)| why.to_owned()))
}

fn digit(text: &str) -> Result<char, String> {
    match text.to_ascii_uppercase().as_bytes() {
        &[digit @ (b'0'..=b'9' | b'*' | b'#' | b'A'..=b'D')] => Ok(char::from(digit)),
        _ => Err("not one DTMF digit".to_owned()),
    }
}
