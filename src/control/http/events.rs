//! Events as they happen, for a reader that keeps up.

use crate::control::feed::Feed;
use crate::control::link::Link;
use crate::control::socket::time_now;
use crate::control::{CommandError, json};
use crate::ua::event::named;
use hyper::body::Bytes;
use serde_json::Value;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::MissedTickBehavior;

/// Events that a reader may fall behind by; then it is let go rather than told half the story.
const BACKLOG: usize = 256;

/// How often something is sent where nothing happens: who has gone is noticed so.
const BEAT: Duration = Duration::from_secs(15);

/// Server-sent events; their end is that of the phone, or of the reader's patience.
pub(super) struct Events {
    lines: mpsc::Receiver<Bytes>,
    _place: OwnedSemaphorePermit,
}

impl Events {
    /// Those of this phone from now on that `only` names: `call_*,message`; empty = all.
    ///
    /// # Errors
    /// `NoDaemon`.
    pub async fn of(link: &Link, only: String, place: OwnedSemaphorePermit) -> Result<Events, CommandError> {
        let feed = link.feed().await?;
        let (out, lines) = mpsc::channel(BACKLOG);
        tokio::spawn(pass_on(feed, only, out));
        Ok(Events { lines, _place: place })
    }

    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.lines.poll_recv(context)
    }
}

async fn pass_on(mut feed: mpsc::Receiver<Feed>, only: String, out: mpsc::Sender<Bytes>) {
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut number = 0_u64;
    loop {
        let bytes = tokio::select! {
            // The first beat is now: whoever waits for it knows that nothing is missed from here on.
            _ = beat.tick() => Bytes::from_static(b": \n\n"),
            () = out.closed() => return,
            news = feed.recv() => match news {
                Some(Feed::Event(event)) => {
                    let event = json::event(&event, &time_now());
                    let name = name_of(&event);
                    if !named(name, &only) {
                        continue;
                    }
                    number += 1;
                    message(number, name, &event)
                }
                Some(Feed::Closed(_)) | None => return,
                Some(_) => continue,
            },
        };
        if out.try_send(bytes).is_err() {
            return;
        }
    }
}

fn name_of(event: &Value) -> &str {
    event.get("event").and_then(Value::as_str).unwrap_or_default()
}

/// A message of an event stream, as HTML §9.2.6 has it; JSON in one line has no line break.
fn message(number: u64, name: &str, event: &Value) -> Bytes {
    format!("id: {number}\nevent: {name}\ndata: {event}\n\n").into()
}
