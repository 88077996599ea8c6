//! What clap is told: options, commands, and how their values are read.

use super::super::options::Begin;
use super::super::rewrite::{BARE, MICROSIP, SPELLED};
use super::super::{
    bug_report, completion, config_args, doctor, exit, help, import, keeping, keymap, languages, licenses, man,
    password_verb, probe, schema, setup, theme,
};
use crate::audio::audiosocket::Place;
use crate::config::Server;
use crate::control::verb::{self, Example, ParamKind, VERBS, VerbRow};
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
pub fn parser_of(words: &[OsString]) -> Command {
    with_commands(root(), |name| words.iter().any(|word| word == name))
}

/// The options without the commands.
pub fn root() -> Command {
    Command::new("tuiphone")
        .about("A softphone that lives in a terminal")
        .version(env!("CARGO_PKG_VERSION"))
        .help_template(format!(
            "{{about}}\n\n{}\n\n{{usage-heading}} {{usage}}\n\n{{all-args}}{{after-help}}",
            help::examples(EXAMPLES)
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
    let own = OWN_COMMANDS.iter().filter(|own| wanted(own.name));
    root.subcommands(verbs.map(verb_command)).subcommands(own.map(Own::command))
}

/// True for a word that begins a command and is no verb of a running phone.
pub fn is_own(word: &str) -> bool {
    OWN_COMMANDS.iter().any(|own| own.name == word) && ![BARE, SPELLED, MICROSIP].contains(&word)
}

/// How the program is used.
pub const EXAMPLES: &[Example] = &[
    ("tuiphone", "Open the phone"),
    ("tuiphone demo", "Try it with built-in far ends, no server needed"),
    ("tuiphone 600", "Dial"),
    ("tuiphone call 600 --duration 5 --json", "Call, hang up after 5 s, tell the result"),
    (
        "tuiphone --user 101 --domain pbx.example.net --password - call 600 --duration 5",
        "With no file: an account for this one call",
    ),
    ("tuiphone status", "What the running phone does"),
    ("tuiphone /i:microsip.ini /answer", "MicroSIP's words work too"),
];

/// The examples of a command; `None` where there is no such command, or it is for programs alone.
pub fn examples_of(command: &str) -> Option<&'static [Example]> {
    let verb = VERBS.iter().find(|row| row.name == command).map(|row| row.examples);
    verb.or_else(|| OWN_COMMANDS.iter().find(|own| own.name == command).map(|own| own.examples))
}

/// A command that is no verb of a running phone.
struct Own {
    name: &'static str,
    /// None of a command that nobody types.
    examples: &'static [Example],
    build: fn(&'static str) -> Command,
}

impl Own {
    fn command(&self) -> Command {
        let command = (self.build)(self.name);
        if self.examples.is_empty() { command.hide(true) } else { with_examples(command, self.examples) }
    }
}

/// Behind what the command has to say first.
fn with_examples(command: Command, examples: &[Example]) -> Command {
    let before = command.get_before_help().map(|text| format!("{text}\n\n")).unwrap_or_default();
    command.before_help(format!("{before}{}", help::examples(examples)))
}

/// The commands that are no verbs of a running phone.
const OWN_COMMANDS: &[Own] = &[
    Own {
        name: "daemon",
        examples: &[
            ("tuiphone daemon", "Keep the phone on; calls outlive terminals"),
            ("tuiphone daemon --notify", "The same for a service manager"),
        ],
        build: |name| {
            Command::new(name)
                .about("Run the phone in the foreground, without an interface")
                .arg(flag("notify", "Tell the service manager when it is ready, when it stops, and that it lives"))
        },
    },
    #[cfg(feature = "http")]
    Own {
        name: "serve",
        examples: &[("tuiphone serve --http 127.0.0.1:0", "The verbs over HTTP, for this machine alone")],
        build: |_| super::super::serve::command(),
    },
    Own {
        name: "config",
        examples: &[
            ("tuiphone config check", "What is odd, with file and line"),
            ("tuiphone config get Settings.audioCodecs", "One value"),
            ("tuiphone config set Settings.DND=1 Account1.label=Desk", "Those lines and no other byte"),
            ("tuiphone config dialplan '00 49 30 123'", "What becomes of a number, rule by rule"),
            ("tuiphone config print --default", "Every key and what it is for"),
        ],
        build: |_| config_args::command(),
    },
    Own {
        name: "setup",
        examples: &[
            ("tuiphone setup", "Five questions, or what another softphone has, until it is registered"),
            ("ACCESSIBLE=1 tuiphone setup", "The same line by line"),
            ("tuiphone setup --no-input", "Only what to set, for a script"),
        ],
        build: setup::command,
    },
    Own {
        name: "import",
        examples: &[
            ("tuiphone import --dry-run", "What there is, and what would be done"),
            ("tuiphone import ~/.baresip --yes", "Do it, unasked"),
        ],
        build: |_| import::command(),
    },
    Own {
        name: "password",
        examples: &[
            ("tuiphone password list", "Where each account has its own"),
            ("tuiphone password set 1 --password - --save-password plain < secret", "Keep one, for a script"),
            ("tuiphone password forget 1", "Forget it"),
        ],
        build: |_| password_verb::command(),
    },
    Own {
        name: "test",
        examples: &[
            ("tuiphone test 600 --duration 2", "Call it, measure, tell how it was"),
            ("tuiphone test 600 --min-mos 3.8:3.5 --max-pdd 2 --nagios", "For a monitor"),
            ("tuiphone test 602 --expect busy", "Busy is as it should be"),
            ("tuiphone test 600 --echo --json", "How long sound takes there and back"),
            ("tuiphone test 605 --dtmf 5 --expect-dtmf 5", "Digits there and back"),
            (
                "tuiphone test 600 --repeat 4 --parallel 2 --prometheus sip.prom --junit sip.xml",
                "Several, for machines",
            ),
        ],
        build: |_| probe::job::command(),
    },
    Own {
        name: "doctor",
        examples: &[
            ("tuiphone doctor", "Everything, with the likely cause and what to do"),
            ("tuiphone doctor dns registration", "The way to the server alone"),
            ("tuiphone doctor --json", "For a program"),
            ("tuiphone doctor --fix", "Mends what can be mended, each thing after a question"),
        ],
        build: doctor::command,
    },
    Own {
        name: "bug-report",
        examples: &[
            ("tuiphone bug-report", "A file for whoever is to help, without secrets"),
            ("tuiphone bug-report - | less", "Read it first"),
        ],
        build: bug_report::command,
    },
    Own {
        name: "demo",
        examples: &[
            ("tuiphone demo", "On a terminal the interface, else a call that tells how it went"),
            ("tuiphone demo --seed 7 --json", "The same every time"),
            ("tuiphone demo --peer demo.ini", "Far ends for scripts: tuiphone -i demo.ini test 600"),
        ],
        build: |name| {
            Command::new(name)
                .about("Start the phone with its built-in far ends")
                .arg(flag("lively", "Let things happen by themselves"))
                .arg(value("seed", "N", "Make chance repeatable").value_parser(value_parser!(u64)))
                .arg(
                    value("peer", "FILE", "Only keep the far ends, with an account for them in this new ini file")
                        .value_parser(value_parser!(PathBuf)),
                )
        },
    },
    Own {
        name: "help",
        examples: &[
            ("tuiphone help call", "A command"),
            ("tuiphone help settings", "Every key of microsip.ini"),
            ("tuiphone help exit-codes", "How commands end"),
            ("tuiphone help microsip", "MicroSIP's words"),
        ],
        build: |name| {
            Command::new(name)
                .about("Print this help, or that of a command, settings, exit-codes, microsip")
                .arg(Arg::new("command"))
        },
    },
    Own {
        name: BARE,
        examples: &[],
        build: |name| Command::new(name).arg(Arg::new("number").required(true)).args(call_args()),
    },
    Own {
        name: "reset",
        examples: &[("tuiphone reset", "Asks first"), ("tuiphone reset --yes", "Does not")],
        build: |name| {
            Command::new(name)
                .about("Move settings, contacts and history to a backup folder")
                .arg(flag("yes", "Unasked"))
        },
    },
    Own {
        name: "completions",
        examples: &[
            ("eval \"$(tuiphone completions bash)\"", "In ~/.bashrc"),
            ("tuiphone completions zsh > ~/.zfunc/_tuiphone", "Where ~/.zfunc is in fpath"),
            ("tuiphone completions fish > ~/.config/fish/completions/tuiphone.fish", "For fish"),
            ("tuiphone completions powershell", "For the profile of PowerShell"),
        ],
        build: |_| completion::command(),
    },
    Own { name: completion::ASK, examples: &[], build: completion::ask_command },
    Own {
        name: "man",
        examples: &[
            ("tuiphone man call | man -l -", "Read the page of a command"),
            ("tuiphone man --dir ~/.local/share/man", "All of them, where man finds them"),
        ],
        build: |_| man::command(),
    },
    Own {
        name: "schema",
        examples: &[
            ("tuiphone schema", "What there is"),
            ("tuiphone schema status", "What status --json prints"),
            ("tuiphone schema event", "What watch --json prints, line by line"),
        ],
        build: |_| schema::command(),
    },
    Own {
        name: "theme",
        examples: &[
            ("tuiphone theme", "The themes there are: [tuiphone] theme=NAME, or --theme, chooses"),
            ("tuiphone theme show nord", "The file of one, to begin one's own with"),
            ("tuiphone theme check gruvbox", "What is wrong with one, line by line"),
        ],
        build: |_| theme::command(),
    },
    Own {
        name: "keymap",
        examples: &[
            ("tuiphone keymap", "The keymaps there are: [tuiphone] keymap=NAME, or --keymap, chooses"),
            ("tuiphone keymap show", "All keys of the default one, to begin one's own with"),
            ("tuiphone keymap check vim", "What is wrong with one, line by line"),
            ("tuiphone keymap actions", "What a key can do"),
        ],
        build: |_| keymap::command(),
    },
    Own {
        name: "words",
        examples: &[
            ("tuiphone words", "The languages there are; [tuiphone] language=NAME chooses one"),
            ("tuiphone words show > de.ftl", "All texts, to translate into words/de.ftl"),
            ("tuiphone words check en", "What is wrong with one or missing, line by line"),
        ],
        build: |_| languages::command(),
    },
    Own {
        name: "licenses",
        examples: &[("tuiphone licenses", "Every package this program is made of, and its licence")],
        build: |_| licenses::command(),
    },
    Own { name: SPELLED, examples: &[], build: spelled_line },
    Own { name: MICROSIP, examples: &[], build: spelled_line },
];

fn spelled_line(name: &'static str) -> Command {
    Command::new(name)
        .arg(Arg::new("spelled").value_name("LINE").required(true).num_args(1..).allow_negative_numbers(true))
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
        value("color", "WHEN", "Colours: when, or how many").value_parser([
            "auto",
            "always",
            "never",
            "16",
            "256",
            "truecolor",
        ]),
        value("theme", "NAME", "Colours of the interface, as tuiphone theme lists them"),
        value("keymap", "NAME", "Keys of the interface, as tuiphone keymap lists them"),
        value("glyphs", "KIND", "Signs of the interface").value_parser(["auto", "unicode", "ascii"]),
        flag("ascii", "The same as --glyphs ascii").conflicts_with("glyphs"),
        flag("no-mouse", "Leave clicks to the terminal, to mark text with"),
        flag("line", "No screen: plain sentences and commands, line by line; also ACCESSIBLE=1, TERM=dumb"),
        flag("speak", "Line mode, its sentences spoken through speech-dispatcher"),
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
        )
        .conflicts_with("no-wait"),
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
        .conflicts_with_all(["exec", "no-wait"]),
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
    command = with_examples(command, row.examples);
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
