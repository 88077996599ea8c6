//! The shell round a conversation: it connects, moves bytes, and brings what happens in the phone to the outbox.

use super::outbox::Outbox;
use super::pace::Pace;
use super::session::{Heard, Session};
use super::{Asked, LAST_PATIENCE, Phone, Target};
use crate::config::Broker;
use crate::engine::handle::Ask;
use crate::engine::net::servers;
use crate::engine::net::stream::Duplex;
use crate::engine::webhook::line_of;
use crate::text::{plain_error, sanitise};
use crate::ua::event::Event;
use crate::ua::snapshot::{MqttInfo, Status};
use bytes::{Buf, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rand::Rng;
use rand::rngs::StdRng;
use sha2::{Digest, Sha256};
use std::future::{Future, pending};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{broadcast, oneshot, watch};
use tokio::time::{sleep_until, timeout};

/// For each address of the broker, and for the whole way to it.
const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(20);
/// The status is told no more often.
const STATUS_GAP: Duration = Duration::from_secs(1);

/// Tells a broker of this phone.
pub(super) struct Client {
    target: watch::Receiver<Target>,
    /// The one that counts since the way to the broker was begun.
    current: Target,
    phone: Phone,
    events: broadcast::Receiver<Arc<Event>>,
    info: watch::Sender<Option<MqttInfo>>,
    chance: StdRng,
    outbox: Outbox,
    pub(super) pace: Pace,
    /// What the broker knows of the status.
    told: String,
    /// When it is told the next one.
    status_due: Option<Instant>,
    asked_at: Option<Instant>,
    asking: Option<oneshot::Receiver<Status>>,
    replies: FuturesUnordered<oneshot::Receiver<String>>,
    /// Why the broker is away.
    why: Option<String>,
}

type Connection = Box<dyn Duplex>;

/// The way to the broker.
enum Link {
    /// There is no broker.
    Off,
    Waiting(Instant),
    Connecting(Pin<Box<dyn Future<Output = Result<Connection, String>> + Send>>),
    Up(Box<Line>),
}

struct Line {
    reading: ReadHalf<Connection>,
    writing: WriteHalf<Connection>,
    unflushed: bool,
    session: Session,
    since: Instant,
}

/// What comes next on the way to the broker.
enum Step {
    Retry,
    Opened(Result<Connection, String>),
    Heard(Vec<u8>),
    Sent,
    Due,
    Lost(String),
}

impl Client {
    /// Events count from now on.
    pub fn new(
        target: watch::Receiver<Target>,
        phone: Phone,
        info: watch::Sender<Option<MqttInfo>>,
        chance: StdRng,
    ) -> Client {
        let (events, current) = (phone.events.subscribe(), target.borrow().clone());
        Client {
            target,
            current,
            phone,
            events,
            info,
            chance,
            outbox: Outbox::default(),
            pace: Pace::default(),
            told: String::new(),
            status_due: None,
            asked_at: None,
            asking: None,
            replies: FuturesUnordered::new(),
            why: None,
        }
    }

    /// Tells until it is to end, or the phone does.
    pub async fn run(mut self, mut ending: oneshot::Receiver<()>) {
        let mut link = self.begin();
        loop {
            // 1. say what there is to say
            if let Link::Up(line) = &mut link {
                self.fill(line, false);
            }
            self.report(&link);
            let is_up = matches!(&link, Link::Up(line) if line.session.is_up());
            // 2. wait for whatever comes first
            tokio::select! {
                biased;
                // It ends with its sender, which says nothing.
                _ = &mut ending => break,
                changed = self.target.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    self.leave(link).await;
                    self.pace = Pace::default();
                    self.why = None;
                    link = self.begin();
                }
                event = self.events.recv() => match event {
                    Ok(event) => self.take(&event),
                    Err(broadcast::error::RecvError::Lagged(count)) => self.outbox.miss(count),
                    Err(broadcast::error::RecvError::Closed) => break,
                },
                changed = self.phone.changed.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    let soonest = self.asked_at.map_or_else(now, |asked| now().max(asked + STATUS_GAP));
                    self.status_due.get_or_insert(soonest);
                }
                status = answer(&mut self.asking) => {
                    self.asking = None;
                    if let Some(status) = status {
                        self.stands(status);
                    }
                }
                () = until(self.status_due), if is_up && self.asking.is_none() => {
                    self.status_due = None;
                    self.ask();
                }
                Some(reply) = self.replies.next(), if !self.replies.is_empty() => {
                    if let Ok(reply) = reply {
                        self.outbox.reply(reply);
                    }
                }
                step = link.step() => link = self.carry_on(link, step),
            }
        }
        while let Ok(event) = self.events.try_recv() {
            self.take(&event);
        }
        self.leave(link).await;
        self.info.send_replace(None);
    }

    fn begin(&mut self) -> Link {
        self.outbox.lost();
        self.current = self.target.borrow_and_update().clone();
        match &self.current.mqtt.broker {
            Some(broker) => Link::Connecting(Box::pin(connect(broker.clone(), self.current.ca_file.clone()))),
            None => {
                self.outbox = Outbox::default();
                Link::Off
            }
        }
    }

    fn carry_on(&mut self, link: Link, step: Step) -> Link {
        match (link, step) {
            (_, Step::Retry) => self.begin(),
            (_, Step::Opened(Ok(stream))) => self.open(stream),
            (_, Step::Opened(Err(why))) => self.lost(&why, Duration::ZERO),
            (Link::Up(mut line), step) => {
                let went = match step {
                    Step::Heard(bytes) => line.session.hear(&bytes, now()).map(|heard| self.hear(heard)),
                    Step::Due => line.session.tick(now()),
                    Step::Lost(why) => Err(why),
                    _ => Ok(()),
                };
                match went {
                    Ok(()) => Link::Up(line),
                    Err(why) => self.lost(&why, line.lasted()),
                }
            }
            (link, _) => link,
        }
    }

    fn open(&mut self, stream: Connection) -> Link {
        let mqtt = &self.current.mqtt;
        let Some(broker) = &mqtt.broker else { return Link::Off };
        let since = now();
        let client_id = client_id(&broker.prefix, &self.phone.instance);
        let session = Session::open(broker, &mqtt.password, mqtt.commands, &client_id, since);
        self.told.clear();
        self.status_due = Some(since);
        let (reading, writing) = tokio::io::split(stream);
        Link::Up(Box::new(Line { reading, writing, unflushed: false, session, since }))
    }

    fn hear(&mut self, heard: Vec<Heard>) {
        for heard in heard {
            match heard {
                Heard::Welcome => self.why = None,
                Heard::Taken(number) => drop(self.outbox.taken(number)),
                Heard::Command(payload) => {
                    let (reply, answer) = oneshot::channel();
                    match self.phone.commands.try_send(Asked { payload, reply }) {
                        Ok(()) => self.replies.push(answer),
                        Err(_) => self.complain("too many commands came at once, and one was not done", None),
                    }
                }
                Heard::Stale => self.complain(
                    "a command there is a retained one; it was not done",
                    Some("publish commands without retain; an empty retained message takes this one away"),
                ),
                Heard::NoCommands => self.complain(
                    "it does not let us read commands",
                    Some("the access rules of the broker must let this user read TOPIC/command"),
                ),
            }
        }
    }

    /// The broker is away: it is tried again.
    fn lost(&mut self, why: &str, lasted: Duration) -> Link {
        // Once: what is away stays so for a while.
        if self.why.is_none() {
            self.complain(why, Some("it is tried again, ever more rarely; what happens meanwhile is told then"));
        }
        self.why = Some(sanitise(why));
        self.outbox.lost();
        let mut chance = [0];
        self.chance.fill_bytes(&mut chance);
        Link::Waiting(now() + self.pace.pause(lasted, chance[0]))
    }

    /// Says good-bye, within a bound.
    async fn leave(&mut self, link: Link) {
        if let Link::Up(mut line) = link {
            self.fill(&mut line, true);
            line.session.farewell(now());
            let _ = timeout(LAST_PATIENCE, line.end()).await;
        }
    }

    /// What waits is said, as much as there is room for, or all that may be under way at once.
    fn fill(&mut self, line: &mut Line, all: bool) {
        while line.session.has_room() || (all && line.session.is_up()) {
            let Some(publish) = self.outbox.next(line.session.prefix()) else { return };
            line.session.publish(publish, now());
        }
    }

    fn take(&mut self, event: &Event) {
        if self.current.mqtt.broker.is_none() {
            return;
        }
        #[allow(clippy::disallowed_methods, reason = "the shell reads the clock")]
        let now = SystemTime::now();
        if let Some((name, line)) = line_of(event, &self.current.mqtt.events, now) {
            self.outbox.event(&name, line);
        }
    }

    fn ask(&mut self) {
        let (reply, answer) = oneshot::channel();
        let Some(asks) = self.phone.asks.upgrade() else { return };
        match asks.try_send(Ask::Status(reply)) {
            Ok(()) => (self.asking, self.asked_at) = (Some(answer), Some(now())),
            // It has much to do: later.
            Err(_) => self.status_due = Some(now() + STATUS_GAP),
        }
    }

    fn stands(&mut self, status: Status) {
        // How it stands with the broker is nothing it is to be told.
        let line = serde_json::to_string(&Status { mqtt: None, ..status }).unwrap_or_default();
        if line != self.told && !line.is_empty() {
            self.told.clone_from(&line);
            self.outbox.status(line);
        }
    }

    fn report(&self, link: &Link) {
        let (waiting, missed) = self.outbox.counts();
        let online = matches!(link, Link::Up(line) if line.session.is_up());
        let info = self.current.mqtt.broker.as_ref().map(|broker| MqttInfo {
            broker: broker.shown(),
            online,
            why: self.why.clone().filter(|_| !online),
            waiting,
            missed,
        });
        self.info.send_if_modified(|known| {
            let is_new = *known != info;
            *known = info;
            is_new
        });
    }

    fn complain(&self, why: &str, next: Option<&str>) {
        let at = self.current.mqtt.broker.as_ref().map(Broker::shown).unwrap_or_default();
        let message = format!("{at}: {}", sanitise(why));
        let _ = self.phone.events.send(Arc::new(Event::Error { message, hint: next.map(str::to_owned) }));
    }
}

impl Link {
    /// The next step; whoever stops waiting for it has missed nothing.
    async fn step(&mut self) -> Step {
        match self {
            Link::Off => pending().await,
            Link::Waiting(until) => {
                sleep_until((*until).into()).await;
                Step::Retry
            }
            Link::Connecting(connecting) => Step::Opened(connecting.await),
            Link::Up(line) => line.step().await,
        }
    }
}

impl Line {
    async fn step(&mut self) -> Step {
        let mut buffer = [0; 4096];
        let due = self.session.due();
        let Line { reading, writing, unflushed, session, .. } = self;
        let sends = !session.outgoing().is_empty() || *unflushed;
        let gone = |why: io::Error| Step::Lost(plain_error(&why));
        tokio::select! {
            read = reading.read(&mut buffer) => match read {
                Ok(0) => Step::Lost("it has closed the connection".to_owned()),
                Ok(length) => Step::Heard(buffer.get(..length).unwrap_or_default().to_vec()),
                Err(why) => gone(why),
            },
            sent = send(writing, session.outgoing(), unflushed), if sends => sent.map_or_else(gone, |()| Step::Sent),
            () = sleep_until(due.into()) => Step::Due,
        }
    }

    async fn end(&mut self) -> io::Result<()> {
        send(&mut self.writing, self.session.outgoing(), &mut self.unflushed).await?;
        self.writing.shutdown().await
    }

    fn lasted(&self) -> Duration {
        now().saturating_duration_since(self.since)
    }
}

/// Sends these bytes; those that are sent are no longer there.
async fn send(writing: &mut WriteHalf<Connection>, bytes: &mut BytesMut, unflushed: &mut bool) -> io::Result<()> {
    while !bytes.is_empty() {
        match writing.write(bytes).await? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            length => bytes.advance(length),
        }
        *unflushed = true;
    }
    writing.flush().await?;
    *unflushed = false;
    Ok(())
}

async fn connect(broker: Broker, ca_file: String) -> Result<Connection, String> {
    let all = async {
        if broker.secure {
            servers::has_tls()?;
        }
        let stream = servers::tcp(&broker.host, broker.port, CONNECT).await?;
        match broker.secure {
            true => servers::secure(stream, &broker.host, &ca_file).await,
            false => Ok(Box::new(stream) as Connection),
        }
    };
    timeout(WHOLE, all).await.unwrap_or_else(|_| Err(format!("no connection within {} s", WHOLE.as_secs())))
}

/// The same at every start, so that the broker takes a connection that was lost for gone; and 23 letters and digits,
/// which every broker takes (MQTT 3.1.1, 3.1.3.1).
fn client_id(prefix: &str, instance: &str) -> String {
    let digest = Sha256::digest(format!("{prefix}\n{instance}"));
    let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("tuiphone{}", digits.get(..15).unwrap_or_default())
}

async fn answer(asking: &mut Option<oneshot::Receiver<Status>>) -> Option<Status> {
    match asking {
        Some(asking) => asking.await.ok(),
        None => pending().await,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at.into()).await,
        None => pending().await,
    }
}

fn now() -> Instant {
    crate::engine::signalling::now()
}

#[cfg(test)]
mod tests {
    use super::client_id;

    #[test]
    fn names_that_every_broker_takes() {
        let (one, other) = (client_id("phone", "a"), client_id("phone", "b"));
        assert!(one.len() == 23 && one.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{one}");
        assert_eq!(one, client_id("phone", "a"));
        assert!(one != other && one != client_id("desk", "a"));
    }
}
