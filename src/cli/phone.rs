//! From options and a configuration to a running phone.

use super::call_log::CallLog;
use super::given;
use super::options::Options;
use super::paths::Environment;
use super::platform;
use super::signals::Interrupts;
use crate::audio::{Latency, Spec};
use crate::config::{Account, AccountId, AudioLatency, AutoAnswer, DialPlan, Loaded, Settings};
use crate::control::{Command, CommandError, Event, ExitCode};
use crate::engine::handle::Handle;
use crate::engine::media::{self, MediaConfig, Place};
use crate::engine::signalling::{self, EngineConfig, EngineError};
use crate::engine::trace::Trace;
use crate::text::plain_error;
use crate::ua::agent::AgentConfig;
use rand::TryRng;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use tokio::task::JoinHandle;

/// How long a phone may take to let go of its calls and registrations: whoever stops it waits two seconds.
const EXIT_PATIENCE: Duration = Duration::from_millis(1_500);
/// How long its log may take to be written.
const LOG_PATIENCE: Duration = Duration::from_millis(300);
/// How long programs that calls have set off, and what is to be kept, may take beyond that.
const LAST_PATIENCE: Duration = Duration::from_secs(3);

/// A phone in this process, and the log of its calls.
pub struct Phone {
    /// How to talk to it.
    pub handle: Handle,
    /// Ends when the phone stops.
    pub task: JoinHandle<()>,
    log: Option<JoinHandle<()>>,
}

/// Starts a phone on the current runtime.
///
/// # Errors
/// What could not be had, and what to do about it.
pub fn start_with(options: &Options, config: EngineConfig) -> Result<Phone, CommandError> {
    platform::keep_large_blocks_apart();
    let log = options.log.as_ref().map(|path| {
        CallLog::open(path)
            .map_err(|why| wrong(format!("cannot write the log of calls to {}: {}", path.display(), plain_error(&why))))
    });
    let log = log.transpose()?;
    let (handle, task) = signalling::start(config).map_err(|error| not_started(&error))?;
    let log = log.map(|log| tokio::spawn(log.follow(handle.events())));
    platform::give_memory_back();
    Ok(Phone { handle, task, log })
}

impl Phone {
    /// Ends calls and registrations, within a bound; at once when asked to stop once more.
    pub async fn stop(&mut self, interrupts: &mut Interrupts) {
        tokio::select! {
            () = stop(&self.handle) => {}
            _ = interrupts.next() => {}
        }
        if let Some(log) = self.log.take() {
            let _ = tokio::time::timeout(LOG_PATIENCE, log).await;
        }
        // What is being written when the phone ends is written to its end.
        if !self.task.is_finished() {
            let _ = tokio::time::timeout(LAST_PATIENCE, &mut self.task).await;
        }
    }
}

/// Ends calls and registrations, within a bound.
pub async fn stop(handle: &Handle) {
    let mut events = handle.events();
    let farewell = async {
        if handle.request(Command::Exit).await.is_err() {
            return;
        }
        while let Ok(event) = events.recv().await {
            if *event == Event::Exited {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(EXIT_PATIENCE, farewell).await;
}

/// What options and a configuration come to.
pub struct Wanted {
    /// The agent's part.
    pub agent: AgentConfig,
    /// The sound's part; its seed is missing.
    pub media: MediaConfig,
    bind: Option<IpAddr>,
}

/// What the options make of a configuration.
///
/// # Errors
/// An address that is none, a latency that is none.
pub fn wanted(options: &Options, loaded: Loaded) -> Result<Wanted, CommandError> {
    let mut settings = loaded.settings;
    let mut accounts = loaded.accounts;
    if let Some(session) = &options.session {
        let id = AccountId(accounts.iter().map(|a| a.id.0).max().unwrap_or(0) + 1);
        settings.account_id = Some(id.0);
        accounts.push(session_account(session, Account { id, ..loaded.common }));
    }
    if let (Some(plan), Some(id)) = (&options.dial_plan, settings.account_id) {
        let plan = DialPlan::parse(plan).map_err(|why| wrong(format!("--dialplan: {why}")))?;
        accounts.iter_mut().filter(|account| account.id.0 == id).for_each(|account| account.dial_plan = plan.clone());
    }
    if let Some((mode, delay_s)) = options.auto_answer {
        settings.auto_answer = mode;
        settings.auto_answer_delay_s = delay_s;
        settings.auto_answer_button |= mode == AutoAnswer::Button;
    }
    if let Some(server) = &options.stun {
        settings.stun = vec![server.clone()];
        settings.enable_stun = true;
    }
    settings.volume_output = options.volume.unwrap_or(settings.volume_output);
    settings.volume_input = options.volume_mic.unwrap_or(settings.volume_input);
    settings.given = given::keys(options);
    let bind = match settings.bind_address.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| wrong(format!("[tuiphone] bindAddress: '{text}' is not an address")))?),
    };
    let latency = match AudioLatency::parse(&settings.audio_latency) {
        Ok(AudioLatency::Low) => Latency::LOW,
        Ok(AudioLatency::Normal) => Latency::NORMAL,
        Ok(AudioLatency::High) => Latency::HIGH,
        Ok(AudioLatency::Ms(ms)) => Latency::of_ms(ms),
        Err(why) => return Err(wrong(format!("[tuiphone] audioLatency: {}", crate::text::sanitise(&why)))),
    };
    let agent = AgentConfig { tuning: media::tuning(&settings), ..AgentConfig::new(settings, accounts) };
    let settings = &agent.settings;
    let environment = Environment::of_process();
    let media = MediaConfig {
        input: options.audio_in.clone().unwrap_or_else(|| device(&settings.audio_input_device)),
        output: options.audio_out.clone().unwrap_or_else(|| device(&settings.audio_output_device)),
        ring: options.audio_ring.clone().unwrap_or_else(|| match (&options.audio_out, &settings.audio_ring_device) {
            (Some(out), ring) if ring.is_empty() => out.clone(),
            (_, ring) => device(ring),
        }),
        latency,
        recordings: Place { folder: recordings(&settings.recording_path), stamp },
        rtp_port_min: settings.rtp_port_min,
        rtp_port_max: settings.rtp_port_max,
        voice_without_card: false,
        volume_ring: settings.volume_ring,
        tuning: agent.tuning.clone(),
        ring_sound: environment.sound(&settings.ringing_sound),
        tone_country: match settings.tone_country.as_str() {
            "auto" => environment.country(),
            country => country.to_owned(),
        },
        turn_tls: media::turn_tls(&agent.accounts),
        certificate: None,
        seed: 0,
    };
    Ok(Wanted { agent, media, bind })
}

/// What the engine is to be started with.
///
/// # Errors
/// As of [`wanted`]; a trace file that cannot be opened.
pub fn engine_config(options: &Options, loaded: Loaded) -> Result<EngineConfig, CommandError> {
    let Wanted { agent, mut media, bind } = wanted(options, loaded)?;
    let trace = match &options.debug {
        None => None,
        Some(path) => Some(
            Trace::open(path)
                .map_err(|e| wrong(format!("cannot write the trace to {}: {}", path.display(), plain_error(&e))))?,
        ),
    };
    let seed = seed()?;
    media.seed =
        u64::from_le_bytes([seed[0], seed[1], seed[2], seed[3], seed[4], seed[5], seed[6], seed[7]]).rotate_left(17);
    Ok(EngineConfig {
        bind,
        port: options.port.unwrap_or(sip_port(&agent.settings)),
        port_is_wanted: options.port.is_some(),
        port_also: port_also(&agent.settings).filter(|_| options.port.is_none()),
        media,
        trace,
        settings_file: None,
        contacts: None,
        certificate_file: None,
        history: None,
        mqtt: None,
        seed,
        agent,
    })
}

/// Where others look for a phone that they call by its address.
//= RFC 3261 §19.1.2
const SIP_PORT: u16 = 5060;

/// The port to listen on, another one if it is taken; 0 = any.
fn sip_port(settings: &Settings) -> u16 {
    match settings.source_port {
        0 if settings.enable_local_account => SIP_PORT,
        port => port,
    }
}

/// The port to listen on besides: who has a port of its own and is called by address as well.
fn port_also(settings: &Settings) -> Option<u16> {
    (settings.enable_local_account && sip_port(settings) != SIP_PORT).then_some(SIP_PORT)
}

/// A seed from the system's source of chance.
///
/// # Errors
/// The system has none.
pub fn seed() -> Result<[u8; 32], CommandError> {
    let mut seed = [0; 32];
    rand::rngs::SysRng.try_fill_bytes(&mut seed).map_err(|e| CommandError {
        code: ExitCode::Unexpected,
        kind: "unexpected",
        message: format!("the system gives no random numbers: {e}"),
        hint: None,
    })?;
    Ok(seed)
}

/// The engine's refusal with what to do about it.
pub fn not_started(error: &EngineError) -> CommandError {
    let (code, hint) = match error {
        EngineError::Bind(why) if why.source.kind() == std::io::ErrorKind::AddrNotAvailable => {
            (ExitCode::Config, "this machine has no such address; see [tuiphone] bindAddress")
        }
        EngineError::Bind(_) => (ExitCode::Unexpected, "another phone may be running; try --port 0"),
        EngineError::Media(_) => (ExitCode::Unexpected, "try --audio-in null --audio-out null"),
    };
    CommandError { code, kind: "not_started", message: error.to_string(), hint: Some(hint.into()) }
}

/// The account of `--user` and `--domain`, beginning with what every account has.
pub(super) fn session_account(session: &super::options::SessionAccount, common: Account) -> Account {
    let mut account = common;
    account.username.clone_from(&session.user);
    account.domain.clone_from(&session.domain);
    account.server.clone_from(&session.domain);
    account.password = session.password.clone();
    account.auth_id.clone_from(&session.auth_id);
    account.display_name.clone_from(&session.display_name);
    account.proxies.extend(session.proxy.clone());
    if let Some(transport) = &session.transport {
        account.transport.clone_from(transport);
    }
    account
}

fn recordings(path: &str) -> PathBuf {
    if path.is_empty() { Environment::of_process().recordings("", None) } else { path.into() }
}

/// `20260102-030405`, as the clock on the wall has it.
fn stamp(at: SystemTime) -> String {
    let seconds = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let local = platform::local_time(i64::try_from(seconds).unwrap_or_default());
    local.map_or(seconds.to_string(), |local| local.replace(['-', ':'], "").replace(' ', "-"))
}

fn device(name: &str) -> Spec {
    if name.is_empty() { Spec::Default } else { Spec::Device(name.to_owned()) }
}

fn wrong(message: String) -> CommandError {
    CommandError { code: ExitCode::Config, kind: "config", message, hint: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_called_by_address_listens_where_callers_look() {
        for (source_port, enable_local_account, expected) in [
            (0, false, (0, None)),
            (0, true, (5060, None)),
            (5060, true, (5060, None)),
            (5070, true, (5070, Some(5060))),
            (5070, false, (5070, None)),
        ] {
            let settings = Settings { source_port, enable_local_account, ..Settings::default() };
            let ports = (sip_port(&settings), port_also(&settings));
            assert_eq!(ports, expected, "{source_port} {enable_local_account}");
        }
    }
}
