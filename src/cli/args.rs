//! The command line: options, and the verbs of the one table as its commands.

mod parser;
mod spelled;

pub use parser::{EXAMPLES, examples_of, is_own, parser, parser_of, root};
pub(super) use parser::{digits, seconds};

use super::attached::Attachment;
use super::options::{Begin, CallJob, Color, Job, Links, Options, SessionAccount, Show};
use super::password::PasswordSource;
use super::rewrite::{self, BARE, MICROSIP, SPELLED, Wrong};
use super::{
    bug_report, completion, config_args, doctor, exit, help, import, keeping, keymap, languages, licenses, man,
    password_verb, probe, schema, theme,
};
use crate::audio::audiosocket::Place;
use crate::audio::{Direction, Spec};
use crate::config::command_line::CommandLine;
use crate::config::{AutoAnswer, DialPlan, Secret, dial};
use crate::control::spelling;
use crate::control::verb::{self, ParamKind, Request, Values, VerbRow};
use crate::control::{CommandError, ExitCode, FaceAsk};
use crate::ui::theme::ColorDepth;
use clap::ArgMatches;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use parser::call_args;
use std::ffi::OsString;
use std::path::PathBuf;

/// Characters of a word that an error repeats.
const MAX_SHOWN: usize = 40;

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

/// Why a command line is not carried out.
#[derive(Debug, Clone)]
pub enum Refusal {
    /// Wrong usage.
    Usage(CommandError),
    /// Wrong usage by a word with a slash or a dash that nobody knows. MicroSIP would dial it.
    Unknown(CommandError),
}

/// Reads a command line, the program's name first.
///
/// # Errors
/// Wrong usage, exit code 2.
pub fn parse(argv: impl IntoIterator<Item = OsString>) -> Result<Invocation, CommandError> {
    read(argv).map_err(|(Refusal::Usage(why) | Refusal::Unknown(why))| why)
}

/// As `parse`, and tells a word that nobody knows from other wrong usage.
///
/// # Errors
/// Wrong usage, exit code 2.
pub fn read(argv: impl IntoIterator<Item = OsString>) -> Result<Invocation, Refusal> {
    let (words, mut notes) = rewrite::rewrite(argv, &parser::root()).map_err(|wrong| match wrong {
        Wrong::Usage(why) => Refusal::Usage(exit::usage(&why)),
        Wrong::Unknown(why) => {
            let hint = Some("tuiphone help microsip lists the words with a slash".to_owned());
            Refusal::Unknown(CommandError { hint, ..exit::usage(&why) })
        }
    })?;
    let wants_json = words.iter().any(|word| word == "--json" || word == "--ndjson");
    let matched = parser::parser_of(&words).try_get_matches_from(&words);
    let matches = match matched.or_else(|_| parser().try_get_matches_from(words)) {
        Ok(matches) => matches,
        Err(error) if error.kind() == ErrorKind::DisplayVersion && wants_json => {
            let job = Job::Print(licenses::version().to_string());
            return Ok(Invocation { options: Options::default(), job, password: None, notes });
        }
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            let job = Job::Print(error.render().to_string());
            return Ok(Invocation { options: Options::default(), job, password: None, notes });
        }
        Err(error) if error.kind() == ErrorKind::UnknownArgument => return Err(Refusal::Unknown(usage(&error))),
        Err(error) => return Err(Refusal::Usage(usage(&error))),
    };
    understood(&matches, &mut notes).map_err(Refusal::Usage)
}

/// What MicroSIP makes of a whole line that has a word nobody knows.
///
/// # Errors
/// Nothing in it can be dialled.
pub fn as_microsip(line: &str, mut options: Options) -> Result<Invocation, CommandError> {
    let (job, note) = spelled::job(spelling::microsip_line(line, true), &mut options)?;
    Ok(Invocation { options, job, password: None, notes: note.into_iter().collect() })
}

fn understood(matches: &ArgMatches, notes: &mut Vec<String>) -> Result<Invocation, CommandError> {
    // Options that stand anywhere are known at the level of the command, wherever they stood.
    let level = matches.subcommand().map_or(matches, |(_, below)| below);
    let password = password(level, notes);
    let mut options = options(level)?;
    let (job, note) = job(matches, &mut options)?;
    let inputs =
        [("--audio-in pipe:", is_pipe(&options.audio_in)), ("--password -", password == Some(PasswordSource::Stdin))];
    let outputs =
        [("--audio-out pipe:", is_pipe(&options.audio_out)), ("--json", options.json), ("--ndjson", options.ndjson)];
    for (way, users) in [("input", &inputs[..]), ("output", &outputs)] {
        let mut users = users.iter().filter(|(_, uses)| *uses).map(|(name, _)| *name);
        if let (Some(first), Some(second)) = (users.next().filter(|first| first.ends_with("pipe:")), users.next()) {
            let hint =
                Some("call N --exec PROGRAM has the sound of a call without standard input and output".to_owned());
            let why = exit::usage(&format!("{first} and {second} both want standard {way}"));
            return Err(CommandError { hint, ..why });
        }
    }
    // What has one answer has it on one line, either way.
    options.json |= options.ndjson && matches!(job, Job::Config(_) | Job::Import(_) | Job::Password(_));
    notes.extend(note);
    Ok(Invocation { options, job, password, notes: std::mem::take(notes) })
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
    let (audio_in, audio_out) = both_ways(spec("audio-in", Direction::Input)?, spec("audio-out", Direction::Output)?)?;
    Ok(Options {
        ini: text(m, "ini").map(PathBuf::from),
        no_override: m.get_flag("no-override"),
        account: text(m, "account"),
        audio_in,
        audio_out,
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
            Some("16") => Color::Depth(ColorDepth::Ansi16),
            Some("256") => Color::Depth(ColorDepth::Indexed256),
            Some("truecolor") => Color::Depth(ColorDepth::True),
            _ => Color::Auto,
        },
        theme: text(m, "theme"),
        keymap: text(m, "keymap"),
        ascii: match (text(m, "glyphs").as_deref(), m.get_flag("ascii")) {
            (_, true) | (Some("ascii"), _) => Some(Some(true)),
            (Some("unicode"), _) => Some(Some(false)),
            (Some(_), _) => Some(None),
            (None, false) => None,
        },
        no_mouse: m.get_flag("no-mouse"),
        line: m.get_flag("line") || m.get_flag("speak"),
        speak: m.get_flag("speak"),
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
        keeps_given: false,
        dial_plan: text(m, "dialplan").map(dial_plan).transpose()?,
        show: text(m, "show").map(|how| match how.as_str() {
            "minimized" => Show::Minimized,
            "hidden" => Show::Hidden,
            _ => Show::Normal,
        }),
    })
}

/// A server of sound is the microphone and the speaker: named once it is both.
fn both_ways(input: Option<Spec>, output: Option<Spec>) -> Result<(Option<Spec>, Option<Spec>), CommandError> {
    match (input, output) {
        (Some(server @ Spec::AudioSocket(_)), None) | (None, Some(server @ Spec::AudioSocket(_))) => {
            Ok((Some(server.clone()), Some(server)))
        }
        (Some(input), Some(output)) if input != output && [&input, &output].into_iter().any(is_server) => {
            Err(exit::usage("an AudioSocket server is both --audio-in and --audio-out: name it once"))
        }
        both => Ok(both),
    }
}

fn is_pipe(spec: &Option<Spec>) -> bool {
    matches!(spec, Some(Spec::Pipe { .. }))
}

fn is_server(spec: &Spec) -> bool {
    matches!(spec, Spec::AudioSocket(_))
}

/// The plan's text, if it is one.
fn dial_plan(text: String) -> Result<String, CommandError> {
    DialPlan::parse(&text).map_err(|why| exit::usage(&format!("--dialplan: {why}")))?;
    Ok(text)
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

fn job(matches: &ArgMatches, options: &mut Options) -> Result<(Job, Option<String>), CommandError> {
    if let Some((name, _)) = matches.subcommand().filter(|_| matches.contains_id("call")) {
        let name = if matches!(name, SPELLED | MICROSIP) { "another command" } else { name };
        return Err(exit::usage(&format!("--call and {name} ask for two things at once")));
    }
    if let Some((name @ (SPELLED | MICROSIP), below)) = matches.subcommand() {
        let words: Vec<&str> = below.get_many::<String>("spelled").into_iter().flatten().map(String::as_str).collect();
        let line = words.join(" ");
        let line = match name {
            MICROSIP => spelling::microsip_line(&line, false),
            _ => spelling::parse_for(&line, options.account.as_deref()),
        };
        return spelled::job(line, options);
    }
    Ok((command_job(matches, options)?, None))
}

fn command_job(matches: &ArgMatches, options: &Options) -> Result<Job, CommandError> {
    let Some((name, below)) = matches.subcommand() else {
        return Ok(match text(matches, "call") {
            Some(number) => Job::Call(call(matches, Begin::Dial, &number)?),
            None => Job::Interface { dial: None, fill: None },
        });
    };
    match name {
        "daemon" => Ok(Job::Daemon { notify: below.get_flag("notify") }),
        #[cfg(feature = "http")]
        "serve" => super::serve::job(below).map(Job::Serve),
        "config" => config_args::job(below),
        "completions" => Ok(completion::job(below)),
        completion::ASK => Ok(completion::ask_job(below)),
        "man" => Ok(man::job(below)),
        "schema" => Ok(schema::job(below)),
        "theme" => Ok(theme::job(below)),
        "keymap" => Ok(keymap::job(below)),
        "words" => Ok(languages::job(below)),
        "licenses" => Ok(Job::Licenses),
        "import" => Ok(import::job(below)),
        "test" => Ok(Job::Test(Box::new(probe::job::read(below)?))),
        "password" => password_verb::job(below, options),
        "doctor" => Ok(doctor::job(below)),
        "bug-report" => Ok(bug_report::job(below)),
        "demo" => Ok(Job::Demo {
            lively: below.get_flag("lively"),
            seed: below.get_one("seed").copied(),
            peer: below.get_one("peer").cloned(),
        }),
        "help" => help::page(parser(), text(below, "command").as_deref()),
        BARE => {
            let job = call(below, Begin::Dial, &text(below, "number").unwrap_or_default())?;
            let followed = CallJob { number: job.number.clone(), ..CallJob::default() } != job;
            Ok(if followed { Job::Call(job) } else { Job::Interface { dial: Some(job.number), fill: None } })
        }
        "setup" => Ok(Job::Setup),
        "reset" => Ok(Job::Reset { unasked: below.get_flag("yes") }),
        "url" if below.get_flag("install") => Ok(Job::Links(Links::Install)),
        "url" if below.get_flag("uninstall") => Ok(Job::Links(Links::Uninstall)),
        "call" if text(below, "verb.number").is_none() && !wants_call(below) && options.account.is_none() => {
            Ok(Job::Verb { verb: "call", request: Request::Face(FaceAsk::Fill { number: String::new() }) })
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

/// An option that only a call has is given.
fn wants_call(matches: &ArgMatches) -> bool {
    call_args().iter().any(|arg| {
        let id = arg.get_id().as_str();
        matches.value_source(id).is_some_and(|source| source == clap::parser::ValueSource::CommandLine)
    })
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
        follow: matches.get_flag("follow"),
        wait_registered: matches.get_one("wait-registered").copied(),
        duration: matches.get_one("duration").copied(),
        dtmf: text(matches, "dtmf"),
        until_dtmf: matches.get_one("until-dtmf").copied(),
        play: text(matches, "play").map(|file| absolute(&file)),
        record: text(matches, "record").map(|file| absolute(&file)),
        attachment: attachment(matches)?,
        attached_early: matches.get_flag("exec-early"),
    })
}

/// `--exec`, `--audiosocket`.
fn attachment(matches: &ArgMatches) -> Result<Option<Attachment>, CommandError> {
    /// Good for recognisers, and for nearly all that a telephone line carries.
    const RATE: u32 = 16_000;
    if let Some(place) = matches.get_one::<Place>("audiosocket") {
        return Ok(Some(Attachment::Server(place.clone())));
    }
    let Some(command) = text(matches, "exec") else { return Ok(None) };
    let line = CommandLine::parse(&command).map_err(|why| exit::usage(&format!("--exec: {why}")))?;
    let argv = std::iter::once(line.program).chain(line.arguments).collect();
    Ok(Some(Attachment::Program { argv, rate: matches.get_one("exec-rate").copied().unwrap_or(RATE) }))
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
    // Nothing is said by how a command is written that is none.
    let says = |how: &&str| !how.ends_with("[COMMAND]") && !how.starts_with("tuiphone --");
    let how = text.lines().find_map(|line| line.strip_prefix("Usage: ")).filter(says);
    let mut lines = text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:"));
    let first: Vec<&str> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
    // Not what clap says of words that begin with `-`, and of several that are like it the one that is most.
    let tip = lines.find_map(|line| line.strip_prefix("tip: ")).filter(|tip| !tip.starts_with("to pass "));
    let likely = match error.get(ContextKind::SuggestedSubcommand) {
        Some(ContextValue::Strings(names)) => names.last().map(|name| format!("a similar command exists: '{name}'")),
        _ => None,
    };
    let unknown = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(word)) => Some(crate::text::elided(word, MAX_SHOWN)),
        _ => None,
    };
    let called = unknown.as_ref().filter(|word| !word.trim().is_empty() && !word.contains(' '));
    let called = called.map(|word| format!("to call somebody of that name: tuiphone call {word}"));
    let hint = likely.or_else(|| tip.map(str::to_owned)).or(called).or_else(|| how.map(str::to_owned));
    let hint = hint.unwrap_or_else(|| "tuiphone --help lists what there is".to_owned());
    let missing = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::Strings(names)) if error.kind() == ErrorKind::MissingRequiredArgument => Some(names),
        _ => None,
    };
    let message = missing.map_or_else(
        || unknown.map_or_else(|| first.join(" "), |word| format!("there is no command '{word}'")),
        |names| format!("{} is missing", names.join(" ").replace(['<', '>'], "").replace("...", "")),
    );
    CommandError { code: ExitCode::Usage, kind: "usage", message, hint: Some(hint) }
}

#[cfg(test)]
mod tests;
