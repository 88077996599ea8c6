//! What is asked of a trace, and the phone's answer.

use super::message::{Parts, Traced};
use super::sound::{BACKLOG, Depth, Seen, TracedPacket};
use super::tap::{Filter, MOST_MESSAGES, Stream};
use crate::engine::handle::Handle;
use crate::ua::command::CommandError;
use crate::ua::outcome::ExitCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// Which messages, and what of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TraceAsk {
    /// So many of the last ones; `None` = none where more are to come, else all that are remembered.
    pub last: Option<usize>,
    /// Those to come as well.
    pub follow: bool,
    /// Those of this call: its id or its Call-ID.
    pub call: Option<String>,
    /// Those of this method, and the answers to them.
    pub method: Option<String>,
    /// Those of this account: its number, label or address.
    pub account: Option<String>,
    /// Without their bodies.
    pub no_body: bool,
    /// Their bytes beside their text.
    pub data: bool,
    /// Packets of sound to come, and how much of them.
    pub sound: Option<Depth>,
}

/// What a trace tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "feed", rename_all = "snake_case")]
pub enum TraceLine {
    /// A SIP message.
    Sip(Traced),
    /// A packet of sound, or a report about it.
    Rtp(TracedPacket),
}

/// Packets of sound, of one call or of all.
#[derive(Debug)]
pub struct Packets {
    seen: mpsc::Receiver<Seen>,
    call: Option<String>,
}

impl Packets {
    /// The next one; `None` once there are no more.
    pub async fn next(&mut self) -> Option<TracedPacket> {
        loop {
            let told = self.seen.recv().await?.told();
            if self.call.as_ref().is_none_or(|call| *call == told.call) {
                return Some(told);
            }
        }
    }
}

impl Handle {
    /// SIP messages: the last ones, and those to come.
    ///
    /// # Errors
    /// There is no such account, or the phone has stopped.
    pub async fn trace(&self, ask: &TraceAsk) -> Result<Stream, CommandError> {
        let aor = match &ask.account {
            None => None,
            Some(name) => Some(self.aor_of(name).await?),
        };
        let filter = Filter { call: ask.call.clone(), method: ask.method.clone(), aor };
        let parts = Parts { body: !ask.no_body, data: ask.data };
        let last = ask.last.unwrap_or(if ask.follow { 0 } else { MOST_MESSAGES });
        Ok(Stream::new(self.opened().await?, last, filter, parts))
    }

    /// Packets of sound to come, if any are asked for.
    ///
    /// # Errors
    /// The phone has stopped, or its media thread takes no more.
    pub async fn trace_sound(&self, ask: &TraceAsk) -> Result<Option<Packets>, CommandError> {
        let Some(depth) = ask.sound else { return Ok(None) };
        let calls = self.status().await?.calls;
        let call = ask.call.as_ref().map(|name| {
            let by_call_id = calls.iter().find(|call| call.sip_call_id == *name);
            by_call_id.map_or_else(|| name.clone(), |call| call.id.clone())
        });
        let (out, seen) = mpsc::channel(BACKLOG);
        self.media().trace(depth, out).map_err(|gone| CommandError {
            code: ExitCode::Unexpected,
            kind: "unexpected",
            message: gone.to_string(),
            hint: None,
        })?;
        Ok(Some(Packets { seen, call }))
    }

    async fn aor_of(&self, name: &str) -> Result<String, CommandError> {
        let accounts = self.status().await?.accounts;
        let by_number = accounts.iter().find(|account| name.parse() == Ok(account.id));
        let named = || accounts.iter().find(|a| a.label == name || a.aor.eq_ignore_ascii_case(name));
        by_number.or_else(named).map(|account| account.aor.clone()).ok_or_else(|| CommandError {
            code: ExitCode::NotFound,
            kind: "no_such_account",
            message: format!("there is no account '{}'", crate::text::sanitise(name)),
            hint: Some("tuiphone accounts lists them".into()),
        })
    }
}
