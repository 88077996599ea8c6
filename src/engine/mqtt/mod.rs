//! A broker of MQTT that is told of this phone, and may tell it what to do.
//!
//! ```text
//!  PREFIX/online      1, and 0 once the phone is gone        retained, the last will
//!  PREFIX/status      the phone as it stands, when it changes     retained
//!  PREFIX/event/NAME  what happens, as `watch` has it             told until it is taken, in order
//!  PREFIX/command     what is to be done                          only with mqttCommands
//!  PREFIX/reply       what came of it
//! ```
//!
//! `pace` says when a broker is tried again, `outbox` what waits to be told, `session` is one conversation with a
//! broker as a pure machine, `client` moves their bytes. The phone waits for none of it.

#[cfg(feature = "mqtt")]
mod client;
#[cfg(feature = "mqtt")]
mod outbox;
#[cfg(feature = "mqtt")]
mod pace;
#[cfg(feature = "mqtt")]
#[doc(hidden)]
pub mod session;
#[cfg(all(test, feature = "mqtt"))]
mod tests;

use super::handle::{Ask, Handle};
use crate::config::{Account, Mqtt, Settings};
use crate::ua::agent::AgentConfig;
use crate::ua::event::Event;
use crate::ua::snapshot::MqttInfo;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Bytes of what is published, either way.
pub const MAX_PAYLOAD: usize = 256 * 1024;

/// How long the end of the phone waits for what is still to be told.
const LAST_PATIENCE: Duration = Duration::from_secs(1);

/// Something that was published for this phone to do.
#[derive(Debug)]
pub struct Asked {
    /// What was published.
    pub payload: Vec<u8>,
    /// Where the answer goes.
    pub reply: oneshot::Sender<String>,
}

/// Whom to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    mqtt: Mqtt,
    /// Whose certificates are believed; empty = those the system believes.
    ca_file: String,
}

impl Target {
    fn of(settings: &Settings, accounts: &[Account]) -> Target {
        let selected = accounts.iter().find(|account| Some(account.id.0) == settings.account_id);
        let ca_file = selected.map(|account| account.tls.ca_file.clone()).unwrap_or_default();
        Target { mqtt: settings.mqtt.clone(), ca_file }
    }
}

/// What is told of, and who is asked.
#[cfg_attr(not(feature = "mqtt"), allow(dead_code, reason = "a build without MQTT tells nobody"))]
pub(super) struct Phone {
    /// Where complaints go, too.
    pub events: broadcast::Sender<Arc<Event>>,
    /// Ticks when the status may have changed.
    pub changed: watch::Receiver<u64>,
    /// Who knows the status; the phone does not live for it.
    pub asks: mpsc::WeakSender<Ask>,
    /// Who does what is published.
    pub commands: mpsc::Sender<Asked>,
    /// The UUID of this phone; empty = it has none.
    pub instance: String,
}

/// The speaker of a running phone.
pub(super) struct Speaker {
    target: watch::Sender<Target>,
    info: watch::Receiver<Option<MqttInfo>>,
    ends: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
    complaints: broadcast::Sender<Arc<Event>>,
}

impl Speaker {
    /// Tells the broker of the settings, now and whenever they name one. Who does what is published gets it by `commands`.
    pub fn start(config: &AgentConfig, handle: &Handle, commands: mpsc::Sender<Asked>, seed: [u8; 32]) -> Speaker {
        let (asks, events) = handle.ends();
        let complaints = events.clone();
        let instance = config.instance.clone().unwrap_or_default();
        let (events, changed, asks) = (events.clone(), handle.changed(), asks.downgrade());
        let (target, watched) = watch::channel(Target::of(&config.settings, &config.accounts));
        let (told, info) = watch::channel(None);
        let (ends, ending) = oneshot::channel();
        // Apart from the agent's and from that of directories.
        let seed = seed.map(|byte| byte.rotate_left(4));
        let task = spawn(watched, Phone { events, changed, asks, commands, instance }, told, ending, seed);
        let speaker = Speaker { target, info, ends: Some(ends), task, complaints };
        speaker.complain_of_build();
        speaker
    }

    /// From now on these settings count; what waits goes there too.
    pub fn configure(&self, settings: &Settings, accounts: &[Account]) {
        let target = Target::of(settings, accounts);
        let is_new = self.target.send_if_modified(|known| {
            let is_new = *known != target;
            *known = target;
            is_new
        });
        if is_new {
            self.complain_of_build();
        }
    }

    /// How it stands with the broker; `None` = there is none.
    pub fn info(&self) -> Option<MqttInfo> {
        self.info.borrow().clone()
    }

    /// Says good-bye, and waits a moment for that.
    pub async fn finish(mut self) {
        drop(self.ends.take());
        if let Some(mut task) = self.task.take()
            && timeout(LAST_PATIENCE, &mut task).await.is_err()
        {
            task.abort();
        }
    }

    fn complain_of_build(&self) {
        if self.task.is_none() && self.target.borrow().mqtt.broker.is_some() {
            let message = "[tuiphone] mqtt: this build of tuiphone has no MQTT".to_owned();
            let hint = Some("take a build with the feature mqtt".to_owned());
            let _ = self.complaints.send(Arc::new(Event::Error { message, hint }));
        }
    }
}

#[cfg(feature = "mqtt")]
fn spawn(
    target: watch::Receiver<Target>,
    phone: Phone,
    info: watch::Sender<Option<MqttInfo>>,
    ending: oneshot::Receiver<()>,
    seed: [u8; 32],
) -> Option<JoinHandle<()>> {
    use rand::SeedableRng;
    let chance = rand::rngs::StdRng::from_seed(seed);
    Some(tokio::spawn(client::Client::new(target, phone, info, chance).run(ending)))
}

#[cfg(not(feature = "mqtt"))]
fn spawn(
    _: watch::Receiver<Target>,
    _: Phone,
    _: watch::Sender<Option<MqttInfo>>,
    _: oneshot::Receiver<()>,
    _: [u8; 32],
) -> Option<JoinHandle<()>> {
    None
}
