//! Events told to a server, each by a POST of its JSON, in order: what cannot be told is told again, ever more rarely, and
//! what waits is bounded. The phone never waits for it.

use super::net::http::{Bounds, Fetch, Url, send};
use super::{hooks, mqtt};
use crate::config::{Account, Secret, Settings, Webhook};
use crate::text::sanitise;
use crate::ua::event::{Event, named};
use hmac::{Hmac, KeyInit, Mac};
use hyper::Method;
use sha2::Sha256;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{broadcast, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

/// Events that may wait; then the oldest go unheard.
const MOST_WAITING: usize = 512;
/// The first pause after a failure; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest.
const LAST_PAUSE: Duration = Duration::from_secs(60);
/// How often an event is told, at most: for a quarter of an hour.
const MOST_TRIES: u32 = 20;
/// For one POST.
const BOUNDS: Bounds = Bounds { bytes: 64 * 1024, connect: Duration::from_secs(5), whole: Duration::from_secs(10) };
/// How long the end of the phone waits for what is still to be told.
const LAST_PATIENCE: Duration = Duration::from_secs(2);

/// Whom to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    webhook: Webhook,
    /// Whose certificates are believed; empty = those the system believes.
    ca_file: String,
}

impl Target {
    fn of(settings: &Settings, accounts: &[Account]) -> Target {
        let selected = accounts.iter().find(|account| Some(account.id.0) == settings.account_id);
        let ca_file = selected.map(|account| account.tls.ca_file.clone()).unwrap_or_default();
        Target { webhook: settings.webhook.clone(), ca_file }
    }
}

/// The teller of a running phone.
pub(super) struct Teller {
    target: watch::Sender<Target>,
    ends: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Teller {
    /// Tells what happens from now on, if these settings name somebody.
    pub fn start(settings: &Settings, accounts: &[Account], events: &broadcast::Sender<Arc<Event>>) -> Option<Teller> {
        if settings.webhook.url.is_empty() {
            return None;
        }
        let (target, watched) = watch::channel(Target::of(settings, accounts));
        let (ends, ending) = oneshot::channel();
        let line = Line::new(watched, events.clone());
        let task = tokio::spawn(line.run(events.subscribe(), ending, FIRST_PAUSE));
        Some(Teller { target, ends: Some(ends), task })
    }

    /// From now on these settings count; what waits goes there too.
    pub fn configure(&self, settings: &Settings, accounts: &[Account]) {
        let target = Target::of(settings, accounts);
        self.target.send_if_modified(|known| {
            let is_new = *known != target;
            *known = target;
            is_new
        });
    }

    /// Tells what is left, for a moment.
    pub async fn finish(mut self) {
        drop(self.ends.take());
        if timeout(LAST_PATIENCE, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

/// Waits a moment for the programs that run and for what is still to be told.
pub(super) async fn last_words(hooks: Option<hooks::Runner>, teller: Option<Teller>, speaker: Option<mqtt::Speaker>) {
    let run = async {
        if let Some(hooks) = hooks {
            hooks.finish().await;
        }
    };
    let tell = async {
        if let Some(teller) = teller {
            teller.finish().await;
        }
    };
    let speak = async {
        if let Some(speaker) = speaker {
            speaker.finish().await;
        }
    };
    tokio::join!(run, tell, speak);
}

/// An event on its way.
#[derive(Clone)]
struct Waiting {
    name: String,
    body: String,
    /// The same for each try: whoever hears it twice knows.
    delivery: String,
}

/// What became of a try.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// It was taken.
    Told,
    /// It may be told later.
    Later(String),
    /// Nor will it be.
    Never(String),
}

struct Line {
    target: watch::Receiver<Target>,
    complaints: broadcast::Sender<Arc<Event>>,
    waiting: VecDeque<Waiting>,
    /// Those that were put in line.
    told: u64,
    /// Those that went unheard since somebody was last reached.
    missed: u64,
    /// It was said that nobody is.
    has_complained: bool,
}

async fn come(trying: &mut Option<Trying>) -> Outcome {
    match trying {
        Some(trying) => trying.await,
        None => std::future::pending().await,
    }
}

/// A try that is under way.
type Trying = Pin<Box<dyn Future<Output = Outcome> + Send>>;

impl Line {
    fn new(target: watch::Receiver<Target>, complaints: broadcast::Sender<Arc<Event>>) -> Line {
        Line { target, complaints, waiting: VecDeque::new(), told: 0, missed: 0, has_complained: false }
    }

    async fn run(
        mut self,
        mut events: broadcast::Receiver<Arc<Event>>,
        mut ending: oneshot::Receiver<()>,
        first_pause: Duration,
    ) {
        let mut trying: Option<Trying> = None;
        let (mut tries, mut not_before) = (0, Instant::now());
        loop {
            if trying.is_none()
                && let Some(waiting) = self.waiting.front()
            {
                let (target, waiting) = (self.target.borrow().clone(), waiting.clone());
                trying = Some(Box::pin(async move {
                    sleep_until(not_before).await;
                    tell(&target, &waiting).await
                }));
            }
            let outcome = tokio::select! {
                biased;
                // It ends with its sender, which says nothing.
                _ = &mut ending => break,
                event = events.recv() => {
                    match event {
                        Ok(event) => self.take(&event),
                        Err(broadcast::error::RecvError::Lagged(count)) => self.missed += count,
                        Err(broadcast::error::RecvError::Closed) => break,
                    }
                    continue;
                }
                changed = self.target.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    (trying, tries, not_before) = (None, 0, Instant::now());
                    continue;
                }
                outcome = come(&mut trying) => outcome,
            };
            trying = None;
            tries += 1;
            match outcome {
                Outcome::Later(why) if tries < MOST_TRIES => {
                    let pause = first_pause.saturating_mul(1 << (tries - 1).min(16)).min(LAST_PAUSE);
                    not_before = Instant::now() + pause;
                    self.complain_once(&why, "it is tried again, ever more rarely");
                    continue;
                }
                Outcome::Told => self.reached(),
                Outcome::Later(why) | Outcome::Never(why) => {
                    self.missed += 1;
                    self.complain_once(&why, "what it does not take is not told again");
                }
            }
            (tries, not_before) = (0, Instant::now());
            self.waiting.pop_front();
        }
        while let Ok(event) = events.try_recv() {
            self.take(&event);
        }
        // Each once more: the phone is about to end.
        while let Some(waiting) = self.waiting.pop_front() {
            let target = self.target.borrow().clone();
            if tell(&target, &waiting).await != Outcome::Told {
                return;
            }
        }
    }

    /// Somebody listens, again or still.
    fn reached(&mut self) {
        self.has_complained = false;
        let missed = std::mem::take(&mut self.missed);
        if missed > 0 {
            self.complain(&format!("{missed} events went unheard"), "from here on all are told");
        }
    }

    /// Puts an event in line, if it is one to tell.
    fn take(&mut self, event: &Event) {
        #[allow(clippy::disallowed_methods, reason = "the shell reads the clock")]
        let now = SystemTime::now();
        let Some((name, body)) = line_of(event, &self.target.borrow().webhook.events, now) else { return };
        if self.waiting.len() >= MOST_WAITING {
            self.missed += 1;
            // Not the first: it may be on its way.
            self.waiting.remove(1);
        }
        self.told += 1;
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        self.waiting.push_back(Waiting { name, body, delivery: format!("{since}-{}", self.told) });
    }

    /// Why once: what is away is away for every event.
    fn complain_once(&mut self, why: &str, next: &str) {
        if !std::mem::replace(&mut self.has_complained, true) {
            self.complain(why, next);
        }
    }

    fn complain(&self, why: &str, next: &str) {
        // Many such addresses are secrets: their host is not.
        let host = Url::parse(self.target.borrow().webhook.url.reveal()).map(|url| sanitise(url.host()));
        let message = format!("webhook at {}: {}", host.unwrap_or_else(|_| "?".to_owned()), sanitise(why));
        let _ = self.complaints.send(Arc::new(Event::Error { message, hint: Some(next.to_owned()) }));
    }
}

async fn tell(target: &Target, waiting: &Waiting) -> Outcome {
    let Target { webhook, ca_file } = target;
    if webhook.url.is_empty() {
        return Outcome::Told;
    }
    let url = match Url::parse(webhook.url.reveal()) {
        Ok(url) => url,
        Err(why) => return Outcome::Never(why),
    };
    let mut wanted = Fetch { method: Method::POST, body: waiting.body.clone(), ..Fetch::get(url) };
    wanted.headers = vec![
        ("content-type", "application/json".into()),
        ("x-tuiphone-event", waiting.name.clone().into()),
        ("x-tuiphone-delivery", waiting.delivery.clone().into()),
    ];
    if let Some(signature) = signature(&webhook.secret, &waiting.body) {
        wanted.headers.push(("x-tuiphone-signature", signature.into()));
    }
    // Whoever puts a password into an address of http means it.
    wanted.plain_credentials = true;
    match send(&wanted, ca_file, BOUNDS).await {
        Err(why) => Outcome::Later(why),
        Ok(answer) => match answer.status {
            200..=299 => Outcome::Told,
            408 | 425 | 429 | 500..=599 => Outcome::Later(format!("it answered {}", answer.status)),
            status @ 300..=399 => Outcome::Never(format!("it sends on elsewhere ({status}), which is not followed")),
            status => Outcome::Never(format!("it answered {status}")),
        },
    }
}

/// The name of an event and its line, as every program elsewhere is told of it; `None` = it is not for this one, which
/// listens to those of `only`.
pub(super) fn line_of(event: &Event, only: &str, now: SystemTime) -> Option<(String, String)> {
    // Those it is for have said under which name they listen.
    if matches!(event, Event::Notification { .. }) {
        return None;
    }
    let line = event.line(&humantime::format_rfc3339_millis(now).to_string());
    let name = line.get("event").and_then(serde_json::Value::as_str).unwrap_or_default();
    named(name, only).then(|| (name.to_owned(), line.to_string()))
}

/// HMAC-SHA256 of the body, by the secret: `sha256=` and 64 digits.
fn signature(secret: &Secret, body: &str) -> Option<String> {
    if secret.is_empty() {
        return None;
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()).ok()?;
    mac.update(body.as_bytes());
    let digits = mac.finalize().into_bytes();
    Some(digits.iter().fold("sha256=".to_owned(), |text, byte| format!("{text}{byte:02x}")))
}

#[cfg(test)]
mod tests;
