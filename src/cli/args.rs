//! The command line: options, and the verbs of the one table as its commands.

use super::options::{Begin, CallJob, Color, Job, Options, SessionAccount};
use super::password::PasswordSource;
use super::rewrite::{self, BARE, SPELLED};
use super::{config_args, exit, help, import, keeping, password_verb};
use crate::audio::{Direction, Spec};
use crate::config::{AutoAnswer, Secret, Server, dial};
use crate::control::spelling;
use crate::control::verb::{self, ParamKind, VERBS, Values, VerbRow};
use crate::control::{CommandError, ExitCode};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// A command line, read.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The options. A session account is still without its password.
    pub options: Options,
    /// What to do. A bare number is [`Job::Interface`] with that number.
    pub job: Job,
    /// Where the password is to be had, if the command line says so.
    pub password: Option<PasswordSource>,
    /// What is to be said on standard error before anything is done.
    pub notes: Vec<String>,
}

/// Reads a command line, the program's name first.
///
/// # Errors
/// Wrong usage, exit code 2.
pub fn parse(argv: impl IntoIterator<Item = OsString>) -> Result<Invocation, CommandError> {
    let parser = parser();
    let (words, mut notes) = rewrite::rewrite(argv, &parser).map_err(|why| exit::usage(&why))?;
    let wants_json = words.iter().any(|word| word == "--json" || word == "--ndjson");
    let matches = match parser.try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) if error.kind() == ErrorKind::DisplayVersion && wants_json => {
            let version = serde_json::json!({ "v": 1, "ok": true, "version": env!("CARGO_PKG_VERSION") });
            let job = Job::Print(version.to_string());
            return Ok(Invocation { options: Options::default(), job, password: None, notes });
        }
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            let job = Job::Print(error.render().to_string());
            return Ok(Invocation { options: Options::default(), job, password: None, notes });
        }
        Err(error) => return Err(usage(&error)),
    };
    // Options that stand anywhere are known at the level of the command, wherever they stood.
    let level = matches.subcommand().map_or(&matches, |(_, below)| below);
    let password = password(level, &mut notes);
    let options = options(level)?;
    let job = job(&matches, &options)?;
    Ok(Invocation { options, job, password, notes })
}

/// The parser; help, man page and completions read it too.
pub fn parser() -> Command {
    let root = Command::new("tuiphone")
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
        .arg(value("call", "NUMBER", "Call a number, follow the call to its end"));
    let root = root.subcommands(VERBS.iter().map(verb_command));
    root.subcommand(Command::new("daemon").about("Run the phone in the foreground, without an interface"))
        .subcommand(config_args::command().before_help(help::examples("config").unwrap_or_default()))
        .subcommand(import::command())
        .subcommand(password_verb::command())
        .subcommand(
            Command::new("demo")
                .about("Start the phone with its built-in far ends")
                .arg(flag("lively", "Let things happen by themselves"))
                .arg(value("seed", "N", "Make chance repeatable").value_parser(value_parser!(u64))),
        )
        .subcommand(
            Command::new("help")
                .about("Print this help, or that of a command, exit-codes, microsip")
                .arg(Arg::new("command")),
        )
        .subcommand(Command::new(BARE).hide(true).arg(Arg::new("number").required(true)).args(call_args()))
        .subcommand(Command::new(SPELLED).hide(true).arg(Arg::new("line").required(true)))
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
        value("audio-in", "SPEC", "Microphone: default, device:NAME, null, file:WAV, loop:WAV, tone:HZ, pipe:"),
        value("audio-out", "SPEC", "Speaker: default, device:NAME, null, file:WAV, pipe:"),
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
        value("setvolume", "N", "Speaker volume, 0-100").value_parser(value_parser!(u8).range(0..=100)),
        value("micvolume", "N", "Microphone volume, 0-100").value_parser(value_parser!(u8).range(0..=100)),
        flag("save", "Keep the account of --user and --domain in the ini file"),
        keeping::argument(),
        flag("microsip-ini", "A new ini file is written as MicroSIP writes it, UTF-16"),
    ];
    global.into_iter().map(|arg| arg.global(true).help_heading("Options everywhere")).collect()
}

fn call_args() -> Vec<Arg> {
    vec![
        value("duration", "SEC", "Hang up that long after the answer")
            .value_parser(seconds)
            .allow_negative_numbers(true),
        value("dtmf", "DIGITS", "Send digits after the answer; a comma is a second").value_parser(digits),
        value("play", "FILE", "Play a WAV file after the answer"),
        value("record", "FILE", "Record into a new file, name.ogg or name.wav"),
        flag("no-wait", "Return as soon as the call is on its way"),
        value("until-dtmf", "DIGIT", "Hang up when the far end presses this").value_parser(digit),
        value("wait-registered", "SEC", "Longest wait for the registration").value_parser(seconds),
    ]
}

fn verb_command(row: &'static VerbRow) -> Command {
    let mut command = Command::new(row.name).visible_aliases(row.aliases).about(row.doc).hide(row.name == "attach");
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

fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    let duration =
        Duration::try_from_secs_f64(number).map_err(|_| "not a number of seconds that can pass".to_owned())?;
    if duration.as_secs() > 86_400 { Err("more than a day".to_owned()) } else { Ok(duration) }
}

fn server(text: &str) -> Result<Server, String> {
    Server::parse(text).ok_or_else(|| "not a server: host, host:port or [address]:port".to_owned())
}

fn digits(text: &str) -> Result<String, String> {
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

fn text(matches: &ArgMatches, name: &str) -> Option<String> {
    matches.get_one::<String>(name).cloned()
}

fn password(matches: &ArgMatches, notes: &mut Vec<String>) -> Option<PasswordSource> {
    match (text(matches, "password").as_deref(), text(matches, "password-file")) {
        (Some("-"), _) => Some(PasswordSource::Stdin),
        (Some(value), _) => {
            notes.push("others on this machine can read --password; use --password - or TUIPHONE_PASSWORD".to_owned());
            Some(PasswordSource::Value(Secret::new(value)))
        }
        (None, file) => file.map(|file| PasswordSource::File(file.into())),
    }
}

fn options(m: &ArgMatches) -> Result<Options, CommandError> {
    if text(m, "ini").is_some_and(|ini| ini.is_empty()) {
        return Err(exit::usage("--ini needs a file name"));
    }
    let spec = |name: &str, way: Direction| -> Result<Option<Spec>, CommandError> {
        let parsed = text(m, name).map(|text| Spec::parse(&text, way));
        parsed.transpose().map_err(|why| exit::usage(&format!("--{name}: {why}")))
    };
    Ok(Options {
        ini: text(m, "ini").map(PathBuf::from),
        no_override: m.get_flag("no-override"),
        account: text(m, "account"),
        audio_in: spec("audio-in", Direction::Input)?,
        audio_out: spec("audio-out", Direction::Output)?,
        audio_ring: spec("audio-ring", Direction::Output)?,
        json: m.get_flag("json"),
        ndjson: m.get_flag("ndjson"),
        log: text(m, "log").map(PathBuf::from),
        debug: text(m, "debug").map(PathBuf::from),
        verbose: m.get_count("verbose"),
        quiet: m.get_flag("quiet"),
        color: match text(m, "color").as_deref() {
            Some("always") => Color::Always,
            Some("never") => Color::Never,
            _ => Color::Auto,
        },
        no_input: m.get_flag("no-input"),
        timeout: m.get_one("timeout").copied(),
        socket: m.get_one("socket").cloned(),
        standalone: m.get_flag("standalone"),
        port: m.get_one("port").copied(),
        stun: m.get_one("stun").cloned(),
        password: Secret::default(),
        session: session_account(m)?,
        auto_answer: text(m, "autoanswer").map(|text| auto_answer(&text)).transpose()?,
        volume: m.get_one("setvolume").copied(),
        volume_mic: m.get_one("micvolume").copied(),
        save: m.get_flag("save"),
        microsip: m.get_flag("microsip-ini"),
        keep: keeping::given(m),
    })
}

/// `--user U --domain D`, or `--user U@D`.
fn session_account(m: &ArgMatches) -> Result<Option<SessionAccount>, CommandError> {
    let (user, domain) = match (text(m, "user"), text(m, "domain")) {
        (Some(user), Some(domain)) => (user, domain),
        (Some(user), None) => match user.strip_prefix("sip:").unwrap_or(&user).split_once('@') {
            Some((user, domain)) if !user.is_empty() && !domain.is_empty() => (user.to_owned(), domain.to_owned()),
            _ => return Err(exit::usage("--user needs --domain, or the form USER@DOMAIN")),
        },
        (None, Some(_)) => return Err(exit::usage("--domain needs --user")),
        (None, None) => {
            let alone = ["auth-id", "dn", "proxy", "transport"].into_iter().find(|name| text(m, name).is_some());
            let alone = alone.or_else(|| m.get_flag("save").then_some("save"));
            return match alone {
                Some(name) => Err(exit::usage(&format!("--{name} needs --user and --domain"))),
                None => Ok(None),
            };
        }
    };
    Ok(Some(SessionAccount {
        user,
        domain,
        password: Secret::default(),
        auth_id: text(m, "auth-id").unwrap_or_default(),
        proxy: text(m, "proxy"),
        display_name: text(m, "dn").unwrap_or_default(),
        transport: text(m, "transport"),
    }))
}

fn auto_answer(text: &str) -> Result<(AutoAnswer, u32), CommandError> {
    let (word, delay) = text.split_once(':').unwrap_or((text, "0"));
    let when = match word {
        "0" | "never" | "off" => Some(AutoAnswer::Never),
        "1" | "all" => Some(AutoAnswer::All),
        "button" => Some(AutoAnswer::Button),
        "header" => Some(AutoAnswer::Header),
        _ => None,
    };
    let wrong = || exit::usage(&format!("--autoanswer {text:?} is none of 0, 1, button, header, each with :SECONDS"));
    Ok((when.ok_or_else(wrong)?, delay.parse().map_err(|_| wrong())?))
}

fn job(matches: &ArgMatches, options: &Options) -> Result<Job, CommandError> {
    let Some((name, below)) = matches.subcommand() else {
        return Ok(match text(matches, "call") {
            Some(number) => Job::Call(call(matches, Begin::Dial, &number)?),
            None => Job::Interface { dial: None },
        });
    };
    if matches.contains_id("call") {
        return Err(exit::usage(&format!("--call and {name} ask for two things at once")));
    }
    match name {
        "daemon" => Ok(Job::Daemon),
        "config" => config_args::job(below),
        "import" => Ok(import::job(below)),
        "password" => password_verb::job(below, options),
        "demo" => Ok(Job::Demo { lively: below.get_flag("lively"), seed: below.get_one("seed").copied() }),
        "help" => help::page(parser(), text(below, "command").as_deref()),
        BARE => {
            let job = call(below, Begin::Dial, &text(below, "number").unwrap_or_default())?;
            let followed = CallJob { number: job.number.clone(), ..CallJob::default() } != job;
            Ok(if followed { Job::Call(job) } else { Job::Interface { dial: Some(job.number) } })
        }
        SPELLED => {
            let line = spelling::parse(&text(below, "line").unwrap_or_default());
            Ok(Job::Verb { verb: line.verb, request: line.request.map_err(|why| exit::usage(&why.message))? })
        }
        _ if let Some(begin) = Begin::of_verb(name) => {
            Ok(Job::Call(call(below, begin, &text(below, "verb.number").unwrap_or_default())?))
        }
        _ => {
            let row = verb::find(name).ok_or_else(|| exit::usage(&format!("there is no command {name:?}")))?;
            let request = row.request(values(row, below, options)).map_err(|why| exit::usage(&why))?;
            Ok(Job::Verb { verb: row.name, request })
        }
    }
}

fn call(matches: &ArgMatches, begin: Begin, number: &str) -> Result<CallJob, CommandError> {
    let number = dial::decode_argument(number);
    if number.trim().is_empty() && begin == Begin::Dial {
        return Err(CommandError {
            hint: Some("tuiphone call NUMBER".to_owned()),
            ..exit::usage("there is no number to call")
        });
    }
    Ok(CallJob {
        begin,
        number,
        no_wait: matches.get_flag("no-wait"),
        wait_registered: matches.get_one("wait-registered").copied(),
        duration: matches.get_one("duration").copied(),
        dtmf: text(matches, "dtmf"),
        until_dtmf: matches.get_one("until-dtmf").copied(),
        play: text(matches, "play").map(|file| absolute(&file)),
        record: text(matches, "record").map(|file| absolute(&file)),
    })
}

fn values(row: &VerbRow, matches: &ArgMatches, options: &Options) -> Values {
    let mut values = Values::default();
    let imports = matches.try_get_one::<String>("verb.act").ok().flatten().is_some_and(|act| act == "import");
    for param in row.params {
        let id = format!("verb.{}", param.name);
        let given = match param.kind {
            ParamKind::Flag => matches.get_flag(&id).then(|| "true".to_owned()),
            ParamKind::Option if param.name == "account" => options.account.clone(),
            ParamKind::Rest | ParamKind::Words => {
                matches.get_many::<String>(&id).map(|words| words.cloned().collect::<Vec<_>>().join(" "))
            }
            _ => text(matches, &id).or_else(|| options.account.clone().filter(|_| param.name == "account")),
        };
        let given = given.map(|given| match param.name {
            "file" if given != "stop" => absolute(&given),
            "what" if text(matches, "verb.action").is_some_and(|action| is_of_files(&action)) => absolute(&given),
            "of" if imports => absolute(&given),
            _ => given,
        });
        if let Some(given) = given {
            values.set(param.name, given);
        }
    }
    values
}

/// Contacts go into a file, or come from one.
fn is_of_files(action: &str) -> bool {
    ["import", "export"].iter().any(|word| action.eq_ignore_ascii_case(word))
}

/// The phone may live in another folder than its client.
fn absolute(file: &str) -> String {
    std::path::absolute(file).map_or_else(|_| file.to_owned(), |path| path.to_string_lossy().into_owned())
}

/// clap's first paragraph, in our form; what it suggests becomes the hint.
fn usage(error: &clap::Error) -> CommandError {
    let named = [ContextKind::InvalidArg, ContextKind::InvalidSubcommand].into_iter().find_map(|kind| error.get(kind));
    if let Some(ContextValue::String(word)) = named
        && matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand)
        && rewrite::NOT_HERE.contains(&word.as_str())
    {
        return exit::usage(&rewrite::not_here(word));
    }
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let how = text.lines().find_map(|line| line.strip_prefix("Usage: ")).filter(|how| !how.ends_with("[COMMAND]"));
    let mut lines = text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:"));
    let first: Vec<&str> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
    // Not what clap says of words that begin with `-`, and of several that are like it the one that is most.
    let tip = lines.find_map(|line| line.strip_prefix("tip: ")).filter(|tip| !tip.starts_with("to pass "));
    let likely = match error.get(ContextKind::SuggestedSubcommand) {
        Some(ContextValue::Strings(names)) => names.last().map(|name| format!("a similar command exists: '{name}'")),
        _ => None,
    };
    let hint = likely.or_else(|| tip.map(str::to_owned)).or_else(|| how.map(str::to_owned));
    let hint = hint.unwrap_or_else(|| "tuiphone --help lists what there is".to_owned());
    let missing = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::Strings(names)) if error.kind() == ErrorKind::MissingRequiredArgument => Some(names),
        _ => None,
    };
    let message = missing.map_or_else(
        || first.join(" "),
        |names| format!("{} is missing", names.join(" ").replace(['<', '>'], "").replace("...", "")),
    );
    CommandError { code: ExitCode::Usage, kind: "usage", message, hint: Some(hint) }
}

#[cfg(test)]
mod tests;
