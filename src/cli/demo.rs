//! `tuiphone demo`: the phone beside its built-in far ends. With a terminal the interface, without one a call that tells
//! how it went.

use super::demo_past::DemoPast;
use super::ini_files::IniFiles;
use super::options::{CallJob, Options};
use super::paths::Environment;
use super::screen::Shown;
use super::session::Session;
use super::signals::Interrupts;
use super::{config_verb, exit, languages, out, phone, reload, session, setting_files};
use crate::audio::Spec;
use crate::config::{Account, AccountId, Loaded, Settings};
use crate::control::link::Link;
use crate::control::{CommandError, ExitCode};
use crate::demo::far_ends::{FAR_ENDS, FarEnd};
use crate::demo::run::{Demo, DemoError};
use crate::engine::handle::Handle;
use crate::engine::signalling;
use crate::text::{say, words};
use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

/// How long the spoken-out echo call lasts.
const TALK: Duration = Duration::from_secs(3);

/// The demo and the phone beside it.
pub struct DemoPhone {
    /// The phone.
    pub handle: Handle,
    _demo: Demo,
    _past: Option<DemoPast>,
}

/// Starts both on the current runtime; with a past, the phone knows the far ends by name and has talked to them before.
///
/// # Errors
/// What could not be started.
pub async fn start(
    options: &Options,
    seed: Option<u64>,
    lively: bool,
    has_past: bool,
) -> Result<DemoPhone, CommandError> {
    let is_fixed = seed.is_some();
    let seed = bytes_of(seed)?;
    let mut demo = Demo::start(seed).map_err(not_started)?;
    if lively {
        demo.liven();
    }
    let name = u64::from_le_bytes([seed[0], seed[1], seed[2], seed[3], seed[4], seed[5], seed[6], seed[7]]);
    // Where no folder can be made, the demo goes without.
    let past = if has_past { DemoPast::new(name, is_fixed).ok() } else { None };
    let session = past.as_ref().and_then(|past| session(past, &demo.account(), options));
    let loaded = session.as_ref().map_or_else(|| loaded(demo.account()), |session| session.loaded.clone());
    let mut config = phone::engine_config(options, loaded)?;
    config.settings_file = session.as_ref().map(|session| session.ini.path.clone());
    config.media.voice_without_card = true;
    config.seed = seed.map(|b| b.wrapping_mul(3).wrapping_add(1));
    config.contacts = past.as_ref().map(DemoPast::contacts);
    config.history = past.as_ref().map(DemoPast::shelf);
    let (mut handle, _) = signalling::start(config).map_err(|e| phone::not_started(&e))?;
    if let Some(session) = &session {
        let (source, files) = (reload::source(options, session), reload::files(options, session));
        handle = handle.with_source(source, files, &session.loaded.settings);
        handle = handle.with_settings(setting_files::source(options, &session.ini));
    }
    if let Some(past) = &past {
        past.tell(&handle).await;
    }
    demo.at_home().await;
    Ok(DemoPhone { handle, _demo: demo, _past: past })
}

/// What the demo runs on where it has no file.
fn loaded(account: Account) -> Loaded {
    let settings = Settings {
        account_id: Some(1),
        bind_address: "127.0.0.1".into(),
        single_mode: false,
        echo_number: "600".into(),
        ..Settings::default()
    };
    let common = Account::new(AccountId(0));
    Loaded { settings, accounts: vec![account], selected: AccountId(1), common, warnings: Vec::new() }
}

/// The same in an ini file beside the past, so that settings can be looked at and changed.
fn session(past: &DemoPast, account: &Account, options: &Options) -> Option<Session> {
    let ini = past.ini(&format!("{}echoNumber=600\nwatch={}\n", ini_of(account), watched())).ok()?;
    let environment = Environment::of_process();
    let files = IniFiles::again(&ini, &Options { no_override: true, ..options.clone() }, &environment).ok()?;
    session::of_files(files, options, &environment).ok()
}

fn watched() -> String {
    FAR_ENDS.iter().map(|far| far.user).collect::<Vec<_>>().join(" ")
}

/// The ini file of whoever calls the far ends.
fn ini_of(account: &Account) -> String {
    format!(
        "[Settings]\naccountId=1\nsingleMode=0\n[Account1]\nlabel={0}\nserver={1}\nproxy={1}\ndomain={2}\n\
         username={3}\npassword={4}\ndisplayName={5}\nvoicemailNumber={6}\n\
         [tuiphone]\nbindAddress=127.0.0.1\npasswordPlain=1\n",
        account.label,
        account.server,
        account.domain,
        account.username,
        account.password.reveal(),
        account.display_name,
        account.voicemail_number
    )
}

fn bytes_of(seed: Option<u64>) -> Result<[u8; 32], CommandError> {
    let Some(number) = seed else { return phone::seed() };
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
    Ok(bytes)
}

fn not_started(why: DemoError) -> CommandError {
    let message = format!("the demo did not start: {why}");
    CommandError { code: ExitCode::Unexpected, kind: "not_started", message, hint: None }
}

/// How the ini file of the far ends begins; one that begins otherwise is somebody's own.
const MARK: &str = "; of tuiphone demo --peer: it goes when that ends\n";

/// The far ends alone, until told to stop; whoever calls them finds the account in this file, which is there once they are.
///
/// # Errors
/// They could not be started; the file could not be written, or is somebody's own.
pub async fn serve(seed: Option<u64>, lively: bool, file: &Path, options: &Options) -> Result<ExitCode, CommandError> {
    let mut interrupts = Interrupts::listen();
    let mut demo = Demo::start(bytes_of(seed)?).map_err(not_started)?;
    if lively {
        demo.liven();
    }
    demo.at_home().await;
    let (account, name) = (demo.account(), file.display());
    let hint = Some("a new file, such as demo.ini");
    if std::fs::read_to_string(file).is_ok_and(|text| !text.starts_with(MARK)) {
        return Err(exit::config(format!("{name} is there already, and not of a demo"), hint));
    }
    let text = format!(
        "{MARK}[Settings]\naccountId=1\nsingleMode=0\n[Account1]\nlabel=Demo\nserver={0}\nproxy={0}\ndomain={1}\n\
         username={2}\npassword={3}\n[tuiphone]\nbindAddress=127.0.0.1\n",
        account.server,
        account.domain,
        account.username,
        account.password.reveal()
    );
    let written = config_verb::write(file, text.as_bytes());
    written.map_err(|why| CommandError { hint: hint.map(str::to_owned), ..why })?;
    if options.json || options.ndjson {
        out::json(&serde_json::json!({"v": 1, "verb": "demo", "ok": true, "ini": file, "server": account.server}));
    }
    if !options.quiet {
        let numbers: Vec<String> = FAR_ENDS.iter().map(|far| format!("{} {}", far.user, far.name)).collect();
        out::talk(&format!("tuiphone: far ends at {}: {}", account.server, numbers.join(", ")));
        out::talk(&format!("tuiphone: call them with tuiphone -i {name} call 600"));
    }
    interrupts.next().await;
    // Another demo may have written its own meanwhile.
    if std::fs::read_to_string(file).is_ok_and(|now| now == text) {
        let _ = std::fs::remove_file(file);
    }
    Ok(ExitCode::Ok)
}

/// What is behind a number, in the language that is spoken.
fn called(far: &FarEnd) -> Cow<'static, str> {
    words::of("far-end", far.user, far.name)
}

/// With a terminal: the interface, until it is left.
///
/// # Errors
/// What could not be started.
pub async fn show(options: &Options, seed: Option<u64>, lively: bool) -> Result<ExitCode, CommandError> {
    let phone = start(options, seed, lively, true).await?;
    let named = options.ini.as_ref().map(|ini| ini.to_string_lossy());
    let ini = Environment::of_process().ini(named.as_deref()).path;
    let chosen = Shown::chosen(options, &Settings::default(), &ini);
    let welcome = FAR_ENDS.iter().map(|far| format!("{}  {}", far.user, called(far))).collect();
    let note = Some(say!("screen-demo"));
    let shown = Shown { welcome, note: chosen.note.or(note), ..chosen };
    let code = super::screen::show(Link::Local(phone.handle.clone()), options, shown).await;
    phone::stop(&phone.handle).await;
    code
}

/// The phone line by line.
///
/// # Errors
/// What could not be started.
pub async fn line(options: &Options, seed: Option<u64>, lively: bool) -> Result<ExitCode, CommandError> {
    let phone = start(options, seed, lively, true).await?;
    let named = options.ini.as_ref().map(|ini| ini.to_string_lossy());
    languages::choose("", &Environment::of_process().ini(named.as_deref()).path);
    let numbers: Vec<String> = FAR_ENDS.iter().map(|far| format!("{} {}", far.user, called(far))).collect();
    let note = Some(say!("screen-demo-in-lines", names = numbers.join(", ")));
    let shown = Shown { note, speaks: options.speak.then(String::new), ..Shown::default() };
    let code = super::screen::speak(Link::Local(phone.handle.clone()), shown).await;
    phone::stop(&phone.handle).await;
    code
}

/// Without a terminal: registers, calls the echo, says each state and the result.
///
/// # Errors
/// What could not be started.
pub async fn speak(options: &Options, seed: Option<u64>) -> Result<ExitCode, CommandError> {
    let mut interrupts = Interrupts::listen();
    let options = Options {
        audio_in: options.audio_in.clone().or(Some(Spec::Voice)),
        audio_out: options.audio_out.clone().or(Some(Spec::Null)),
        ..options.clone()
    };
    let phone = start(&options, seed, false, false).await?;
    let link = Link::Local(phone.handle.clone());
    let job = CallJob {
        number: "600".into(),
        duration: Some(TALK),
        wait_registered: Some(Duration::from_secs(10)),
        ..CallJob::default()
    };
    out::talk("registering with the built-in exchange, then calling the echo (600) for three seconds");
    let (code, call) = super::call::follow(&link, &options, &job, &mut interrupts).await;
    if let (Some(call), false) = (&call, options.json || options.ndjson) {
        out::line(&summary(call));
    }
    phone::stop(&phone.handle).await;
    Ok(code)
}

fn summary(call: &crate::control::CallInfo) -> String {
    let Some(media) = &call.media else { return super::words::ended(call) };
    format!(
        "{}: talked {:.1} s in {}, {} packets sent, {} heard, {} lost, jitter {:.1} ms{}",
        super::words::remote(call),
        call.duration,
        media.codec,
        media.tx_packets,
        media.rx_packets,
        media.rx_lost,
        media.jitter_ms,
        media.mos_rx.map(|mos| format!(", MOS {mos:.1}")).unwrap_or_default(),
    )
}
