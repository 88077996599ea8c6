//! How anyone talks to a phone: in this process, or through its socket.

use super::client::history_line;
use super::feed::Feed;
use super::skew;
use super::socket::Client;
use super::spelling::Line;
use super::verb::Request;
use super::{
    Command, CommandError, Event, ExitCode, FaceAsk, Found, HistoryAsk, Kind, Levels, Query, Record, Reply, Status,
    json, people, setting,
};
use crate::engine::handle::Handle;
use crate::engine::reloading::Cause;
use crate::engine::same_number;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, mpsc};

/// News a face may leave unread before it is dropped.
const FEED_BACKLOG: usize = 256;

/// How often levels are read while a call is up.
const LEVEL_PERIOD: Duration = Duration::from_millis(100);

/// Changes of level smaller than this are not told, dB.
const LEVEL_STEP_DB: f32 = 0.5;

/// A way to a phone.
#[derive(Clone)]
pub enum Link {
    /// The phone runs in this process.
    Local(Handle),
    /// The phone runs in a daemon behind this socket.
    Socket(PathBuf),
}

impl Link {
    /// Carries out a command.
    ///
    /// # Errors
    /// The phone's refusal, or `NoDaemon`.
    pub async fn request(&self, command: Command) -> Result<Reply, CommandError> {
        match self {
            Link::Local(handle) => handle.request(command).await,
            Link::Socket(path) => {
                let reply = Client::connect(path).await?.command(&command).await?;
                match reply.get("error") {
                    Some(error) => Err(skew::explained(path, json::error_from(error)).await),
                    None => Ok(json::reply_from(&reply)),
                }
            }
        }
    }

    /// The phone as it stands.
    ///
    /// # Errors
    /// `NoDaemon`.
    pub async fn status(&self) -> Result<Status, CommandError> {
        match self {
            Link::Local(handle) => handle.status().await,
            Link::Socket(path) => {
                let reply = Client::connect(path).await?.ask(r#"{"verb":"status"}"#).await?;
                match reply.get("error") {
                    Some(error) => Err(skew::explained(path, json::error_from(error)).await),
                    None => match serde_json::from_value(reply) {
                        Ok(status) => Ok(status),
                        Err(why) => Err(skew::explained(path, misread(&why.to_string())).await),
                    },
                }
            }
        }
    }

    /// The fields of the reply to any request but `Watch` and `Attach`.
    ///
    /// # Errors
    /// The phone's refusal, or `NoDaemon`.
    pub async fn fields(&self, request: &Request) -> Result<Map<String, Value>, CommandError> {
        match (self, self.answered(request).await) {
            (Link::Socket(path), Err(why)) => Err(skew::explained(path, why).await),
            (_, answer) => answer,
        }
    }

    async fn answered(&self, request: &Request) -> Result<Map<String, Value>, CommandError> {
        match request {
            Request::Command(command) => Ok(json::reply_fields(&self.request(command.clone()).await?)),
            // Whoever looks for cards may have to wait for them.
            Request::Devices => Ok(tokio::task::spawn_blocking(devices).await.unwrap_or_default()),
            Request::Codecs => match self {
                Link::Local(handle) => Ok(codecs(&handle.codecs())),
                Link::Socket(path) => {
                    let reply = Client::connect(path).await?.ask(r#"{"verb":"codecs"}"#).await?;
                    let list = reply.get("codecs").cloned().ok_or_else(|| misread("it names no codecs"))?;
                    Ok(Map::from_iter([("codecs".to_owned(), list)]))
                }
            },
            Request::Reload => match self {
                Link::Local(handle) => {
                    let told = handle.reload(Cause::Asked).await?;
                    Ok(json::reply_fields(&Reply::Reloaded(Box::new(told))))
                }
                Link::Socket(path) => fields_of(Client::connect(path).await?.ask(r#"{"verb":"reload"}"#).await?),
            },
            Request::Settings(ask) => match self {
                Link::Local(handle) => Ok(setting::fields(&handle.settings(ask.clone()).await?)),
                Link::Socket(path) => fields_of(Client::connect(path).await?.ask(&setting::line(ask)).await?),
            },
            Request::Contacts(ask) => match self {
                Link::Local(handle) => handle.contacts(ask.clone()).await,
                Link::Socket(path) => {
                    let reply = Client::connect(path).await?.ask(&people::line(ask)).await?;
                    match reply.get("error") {
                        Some(error) => Err(json::error_from(error)),
                        None => Ok(people::fields(reply)),
                    }
                }
            },
            Request::History { ask, .. } => match self {
                Link::Local(handle) => Ok(json::history_fields(&handle.history(ask.clone()).await?)),
                Link::Socket(path) => fields_of(Client::connect(path).await?.ask(&history_line(ask)).await?),
            },
            Request::Trace { ask, .. } => self.traced(ask).await,
            Request::Redial { last, guarded } => match self {
                Link::Local(handle) => {
                    let dial = last_number(handle, *last).await?;
                    let dial = if *guarded { Command::Guarded(Box::new(dial)) } else { dial };
                    Ok(json::reply_fields(&handle.request(dial).await?))
                }
                Link::Socket(path) => {
                    let line = serde_json::json!({"verb": "redial", "last": last, "guarded": guarded}).to_string();
                    fields_of(Client::connect(path).await?.ask(&line).await?)
                }
            },
            Request::Face(ask) => match self {
                Link::Local(handle) => told(ask, handle.tell_faces(ask.clone())),
                Link::Socket(path) => fields_of(Client::connect(path).await?.ask(&face_line(ask)).await?),
            },
            Request::Sound { .. } => {
                Err(super::verb::usage_error("sound needs a connection of its own to the control socket".to_owned()))
            }
            // It runs.
            Request::Background { .. } => self.status().await.map(|_| Map::new()),
            other => Ok(json::status_fields(other, &self.status().await?)),
        }
    }

    /// The reply line to a request other than `Watch` and `Attach`, which was read from this text.
    pub async fn reply(&self, line: &Line, text: &str) -> Value {
        let result = match (&line.request, self) {
            (Err(why), _) => Err(why.clone()),
            (Ok(request), Link::Local(_)) => self.fields(request).await,
            (Ok(request), Link::Socket(path)) => match passed_on(path, request, text).await {
                Ok(reply) => return reply,
                Err(why) => Err(why),
            },
        };
        json::reply(line, result)
    }

    /// What is sent to this name from now on. The channel closes after `Feed::Closed`.
    ///
    /// # Errors
    /// `NoDaemon`.
    pub async fn feed_as(&self, name: &str) -> Result<mpsc::Receiver<Feed>, CommandError> {
        let (out, news) = mpsc::channel(FEED_BACKLOG);
        match self {
            Link::Local(handle) => {
                let (mut events, name) = (handle.events(), name.to_owned());
                tokio::spawn(async move {
                    while let Ok(event) = events.recv().await {
                        let is_meant =
                            matches!(&*event, Event::Notification { target, .. } if target.eq_ignore_ascii_case(&name));
                        if is_meant && out.send(Feed::Event(Box::new((*event).clone()))).await.is_err() {
                            return;
                        }
                    }
                    let _ = out.send(Feed::Closed("the phone has stopped".into())).await;
                });
            }
            Link::Socket(path) => {
                let line = serde_json::json!({"verb": "watch", "as": name});
                let event = |value| Some(Feed::Event(Box::new(serde_json::from_value::<Event>(value).ok()?)));
                hear(path, &line, event, out).await?;
            }
        }
        Ok(news)
    }

    /// News from now on, the status first. The channel closes after `Feed::Closed`.
    ///
    /// # Errors
    /// `NoDaemon`.
    pub async fn feed(&self) -> Result<mpsc::Receiver<Feed>, CommandError> {
        self.follow(false).await
    }

    /// As `feed`, and what is asked of interfaces.
    ///
    /// # Errors
    /// `NoDaemon`.
    pub async fn face(&self) -> Result<mpsc::Receiver<Feed>, CommandError> {
        self.follow(true).await
    }

    async fn follow(&self, face: bool) -> Result<mpsc::Receiver<Feed>, CommandError> {
        let (out, news) = mpsc::channel(FEED_BACKLOG);
        match self {
            Link::Local(handle) => {
                // Listening begins here, not when the task first runs: what happens next is not missed.
                let asks = face.then(|| handle.faces());
                tokio::spawn(follow(handle.clone(), handle.events(), asks, out));
            }
            Link::Socket(path) => {
                hear(path, &serde_json::json!({"verb": "attach", "face": face}), json::feed_from, out).await?;
            }
        }
        Ok(news)
    }
}

/// The phone's own reply.
async fn passed_on(path: &Path, request: &Request, text: &str) -> Result<Value, CommandError> {
    let awaits_outcome = matches!(request, Request::Command(command) if command.awaits_outcome());
    Client::connect(path).await?.pass_on(text, awaits_outcome).await
}

/// Sends this line, and hands on what `read` makes of the lines that follow its reply, to the end of the connection.
pub(super) async fn hear(
    path: &Path,
    line: &Value,
    read: impl Fn(Value) -> Option<Feed> + Send + 'static,
    out: mpsc::Sender<Feed>,
) -> Result<(), CommandError> {
    let mut client = Client::connect(path).await?;
    if let Some(error) = client.ask(&line.to_string()).await?.get("error") {
        drop(client);
        return Err(skew::explained(path, json::error_from(error)).await);
    }
    tokio::spawn(async move {
        let why = loop {
            let line = tokio::select! {
                line = client.line() => line,
                () = out.closed() => return,
            };
            match line.map(&read) {
                Ok(Some(news)) => {
                    if out.send(news).await.is_err() {
                        return;
                    }
                }
                Ok(None) => {}
                Err(gone) => break gone.message,
            }
        };
        let _ = out.send(Feed::Closed(why)).await;
    });
    Ok(())
}

/// The fields of a reply line, what every one has put aside.
pub(super) fn fields_of(reply: Value) -> Result<Map<String, Value>, CommandError> {
    match reply {
        Value::Object(mut fields) => {
            if let Some(error) = fields.get("error") {
                return Err(json::error_from(error));
            }
            fields.retain(|key, _| !matches!(key.as_str(), "v" | "id" | "verb" | "ok"));
            Ok(fields)
        }
        _ => Err(misread("it is no object")),
    }
}

/// The call of `redial`: to the number that was dialled last, as it was typed, or, with `last`, to whoever the last call
/// was with. What the phone does not remember the history knows; it knows the account as well.
async fn last_number(handle: &Handle, last: bool) -> Result<Command, CommandError> {
    let status = handle.status().await?;
    let number = Some(status.last_call_number).filter(|number| !number.is_empty());
    let remembered = if last { number } else { status.dialled.into_iter().next() };
    let kinds = if last { Vec::new() } else { vec![Kind::Outgoing] };
    let query = Query { kinds, limit: 1, ..Query::default() };
    let call = match handle.history(HistoryAsk::List(query)).await {
        Ok(Found::Records(calls, _)) => calls.into_iter().next(),
        Ok(_) => None,
        Err(_) if remembered.is_some() => None,
        Err(why) => return Err(why),
    };
    let account = |call: &Record| Some(call.account.clone()).filter(|account| !account.is_empty());
    match (remembered, call) {
        (Some(target), call) => {
            let same = call.filter(|call| same_number(&call.number, &target));
            Ok(Command::Dial { target, account: same.as_ref().and_then(account) })
        }
        (None, Some(call)) => Ok(Command::Dial { account: account(&call), target: call.number }),
        (None, None) => Err(CommandError {
            code: ExitCode::NotFound,
            kind: "not_found",
            message: "nobody was called yet".into(),
            hint: Some("tuiphone call NUMBER".into()),
        }),
    }
}

/// The sound devices, as `devices` prints them.
pub fn devices() -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("devices".into(), Value::Array(crate::engine::devices()));
    fields
}

/// The codecs, as `codecs` prints them, for these `audioCodecs`.
pub fn codecs(chosen: &[String]) -> Map<String, Value> {
    Map::from_iter([("codecs".to_owned(), Value::Array(crate::engine::codecs(chosen)))])
}

/// What came of an ask of the interfaces.
fn told(ask: &FaceAsk, count: usize) -> Result<Map<String, Value>, CommandError> {
    if count > 0 || *ask == FaceAsk::Hide {
        return Ok(Map::from_iter([("interfaces".to_owned(), count.into())]));
    }
    let what = match ask {
        FaceAsk::Show | FaceAsk::Hide => "to show",
        FaceAsk::Fill { .. } => "with a dial field",
        FaceAsk::Digits { .. } => "that could ask; without the ? the digits are sent at once",
    };
    Err(CommandError {
        code: ExitCode::NotFound,
        kind: "no_interface",
        message: format!("there is no interface open {what}"),
        hint: Some("open one: tuiphone".into()),
    })
}

/// The JSON line that parses back to it.
fn face_line(ask: &FaceAsk) -> String {
    let line = match ask {
        FaceAsk::Show => serde_json::json!({"verb": "show"}),
        FaceAsk::Hide => serde_json::json!({"verb": "hide"}),
        FaceAsk::Fill { number } if number.is_empty() => return "call".to_owned(),
        // What a link leaves is a link again.
        FaceAsk::Fill { number } if number.starts_with("sip") => serde_json::json!({"verb": "url", "uri": number}),
        FaceAsk::Fill { number } => serde_json::json!({"verb": "url", "uri": format!("dial:{number}")}),
        FaceAsk::Digits { digits } => serde_json::json!({"verb": "dtmf", "digits": format!("{digits}?")}),
    };
    line.to_string()
}

async fn follow(
    handle: Handle,
    mut events: broadcast::Receiver<Arc<Event>>,
    mut asks: Option<broadcast::Receiver<FaceAsk>>,
    out: mpsc::Sender<Feed>,
) {
    let mut changed = handle.changed();
    let mut levels = tokio::time::interval(LEVEL_PERIOD);
    levels.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut last = handle.levels();
    changed.mark_changed();
    let mut sounding = false;
    loop {
        let news = tokio::select! {
            biased;
            event = events.recv() => match event {
                // Those it is for have said under which name they listen.
                Ok(event) if matches!(*event, Event::Notification { .. }) => continue,
                Ok(event) => Feed::Event(Box::new((*event).clone())),
                Err(broadcast::error::RecvError::Lagged(_)) => continue,
                Err(broadcast::error::RecvError::Closed) => break,
            },
            ask = asked(&mut asks) => Feed::Face(ask),
            alive = changed.changed() => {
                if alive.is_err() {
                    break;
                }
                let Ok(status) = handle.status().await else { break };
                sounding = status.testing || !status.calls.is_empty();
                Feed::Status(Box::new(status))
            }
            _ = levels.tick(), if sounding => {
                let now = handle.levels();
                if !moved(last, now) {
                    continue;
                }
                last = now;
                Feed::Levels(now)
            }
            () = out.closed() => return,
        };
        if out.send(news).await.is_err() {
            return;
        }
    }
    let _ = out.send(Feed::Closed("the phone has stopped".into())).await;
}

/// The next ask; never, once there can be none.
async fn asked(asks: &mut Option<broadcast::Receiver<FaceAsk>>) -> FaceAsk {
    while let Some(open) = asks {
        match open.recv().await {
            Ok(ask) => return ask,
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => *asks = None,
        }
    }
    std::future::pending().await
}

fn moved(a: Levels, b: Levels) -> bool {
    (a.mic_dbfs - b.mic_dbfs).abs() >= LEVEL_STEP_DB || (a.speaker_dbfs - b.speaker_dbfs).abs() >= LEVEL_STEP_DB
}

fn misread(why: &str) -> CommandError {
    CommandError {
        code: ExitCode::Unexpected,
        kind: "unexpected",
        message: format!("the phone's reply could not be read: {why}"),
        hint: Some("is another version of tuiphone running? restart it: tuiphone exit".into()),
    }
}
