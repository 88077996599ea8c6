//! `tuiphone demo`: the phone beside its built-in far ends. With a terminal the interface, without one a call that tells
//! how it went.

use super::demo_past::DemoPast;
use super::options::{CallJob, Options};
use super::screen::Shown;
use super::signals::Interrupts;
use super::{out, phone};
use crate::audio::Spec;
use crate::config::{Account, AccountId, Loaded, Settings};
use crate::control::link::Link;
use crate::control::{CommandError, ExitCode};
use crate::demo::far_ends::FAR_ENDS;
use crate::demo::run::Demo;
use crate::engine::handle::Handle;
use crate::engine::signalling;
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
    let seed = match seed {
        None => phone::seed()?,
        Some(number) => {
            let mut bytes = [0; 32];
            bytes.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
            bytes
        }
    };
    let mut demo = Demo::start(seed).map_err(|e| CommandError {
        code: ExitCode::Unexpected,
        kind: "not_started",
        message: format!("the demo did not start: {e}"),
        hint: None,
    })?;
    if lively {
        demo.liven();
    }
    let account = demo.account();
    let settings = Settings {
        account_id: Some(1),
        bind_address: "127.0.0.1".into(),
        single_mode: false,
        echo_number: "600".into(),
        watch: vec!["604".into(), "700".into()],
        ..Settings::default()
    };
    let common = Account::new(AccountId(0));
    let loaded = Loaded { settings, accounts: vec![account], selected: AccountId(1), common, warnings: Vec::new() };
    let mut config = phone::engine_config(options, loaded)?;
    config.media.voice_without_card = true;
    config.seed = seed.map(|b| b.wrapping_mul(3).wrapping_add(1));
    let name = u64::from_le_bytes([seed[0], seed[1], seed[2], seed[3], seed[4], seed[5], seed[6], seed[7]]);
    // Where no folder can be made, the demo goes without.
    let past = if has_past { DemoPast::new(name, is_fixed).ok() } else { None };
    config.contacts = past.as_ref().map(DemoPast::contacts);
    config.history = past.as_ref().map(DemoPast::shelf);
    let (handle, _) = signalling::start(config).map_err(|e| phone::not_started(&e))?;
    if let Some(past) = &past {
        past.tell(&handle).await;
    }
    Ok(DemoPhone { handle, _demo: demo, _past: past })
}

/// With a terminal: the interface, until it is left.
///
/// # Errors
/// What could not be started.
pub async fn show(options: &Options, seed: Option<u64>, lively: bool) -> Result<ExitCode, CommandError> {
    let phone = start(options, seed, lively, true).await?;
    let welcome = FAR_ENDS.iter().map(|f| format!("{}  {}", f.user, f.name)).collect();
    let note = Some("The demo: a built-in exchange, real SIP and sound on this machine".to_owned());
    let shown = Shown { welcome, note, ..Shown::default() };
    let code = super::screen::show(Link::Local(phone.handle.clone()), options, shown).await;
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
