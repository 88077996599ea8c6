//! The desktop of whoever is logged in here is told who calls, whom nobody answered and who writes, over the session's bus
//! (org.freedesktop.Notifications 1.2).
//!
//! Why the phone and no interface: it is told once, however many interfaces are open, and when none is. An interface asks its
//! terminal for a notice only where this does not reach whoever looks at it.
//!
//! `bubbles` says which notices are to be seen, `bus` is the connection, `wire` its bytes. The phone waits for none of it: a
//! task of its own asks, each time for a few seconds at most. Where no bus is named there is no such task.

// A client of our own: what is needed of D-Bus is four calls and two signals. zbus is 16 crates more (some 600 kB of source, and
// its broadcast queues and executor in the daemon), notify-rust stands upon it; rustbus blocks, so that it needs a thread; the
// crate dbus links libdbus, which headless machines have not.
mod bubbles;
pub mod bus;
pub mod wire;

use super::announcement::{About, Announcement};
use crate::engine::handle::Handle;
use crate::text::say;
use crate::text::words::{Words, speaking};
use crate::ua::event::Event;
use bubbles::{ANSWER, Act, Bubbles, REJECT};
use bus::{BUS, Bus, BusError};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;
use wire::{Kind, Message};

/// Who shows notices.
const SERVER: (&str, &str, &str) =
    ("org.freedesktop.Notifications", "/org/freedesktop/Notifications", "org.freedesktop.Notifications");
/// How long the bus may take for one notice, coming to it included.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long one that took longer is left alone.
const REST: Duration = Duration::from_secs(60);

/// Tells of what happens to this phone until it ends, over the bus of this address, in these words, else in English.
pub async fn serve(handle: Handle, address: String, words: Option<Words>) {
    let words = words.map(Arc::new);
    let teller = Teller { handle, address, words, bubbles: Bubbles::default(), bus: None, rests_until: None };
    teller.run().await;
}

/// A bus on which somebody shows notices.
struct Connection {
    bus: Bus,
    /// Its name on the bus: only its own signals count.
    server: String,
    takes_actions: bool,
    takes_markup: bool,
}

struct Teller {
    handle: Handle,
    address: String,
    words: Option<Arc<Words>>,
    bubbles: Bubbles,
    bus: Option<Connection>,
    rests_until: Option<Instant>,
}

impl Teller {
    async fn run(mut self) {
        let (mut events, mut changed) = (self.handle.events(), self.handle.changed());
        let is_there = timeout(PATIENCE, has_server(&self.address)).await;
        self.handle.tells_desktop(matches!(is_there, Ok(Ok(true))));
        loop {
            let mut is_over = false;
            let acts = tokio::select! {
                // Why in this order: what has happened to a call is told before it is looked whether there is one.
                biased;
                event = events.recv() => match event {
                    Ok(event) => {
                        is_over = matches!(*event, Event::Exited);
                        in_words(&self.words, || self.bubbles.take(&event, now()))
                    }
                    Err(RecvError::Lagged(_)) => self.look().await,
                    Err(RecvError::Closed) => return,
                },
                message = heard(&mut self.bus) => self.heard(message),
                () = sleep_until(self.bubbles.due()) => self.look().await,
                alive = changed.changed(), if self.bubbles.watches() => match alive {
                    Ok(()) => self.look().await,
                    Err(_) => return,
                },
            };
            for act in acts {
                self.carry_out(act).await;
            }
            if is_over {
                return;
            }
        }
    }

    async fn look(&mut self) -> Vec<Act> {
        match self.handle.status().await {
            Ok(status) => in_words(&self.words, || self.bubbles.look(&status, now())),
            Err(_) => Vec::new(),
        }
    }

    /// What the bus says unasked.
    fn heard(&mut self, message: Result<Message, BusError>) -> Vec<Act> {
        let (Ok(message), Some(connection)) = (message, &self.bus) else {
            self.lose();
            return Vec::new();
        };
        let is_theirs = message.kind == Kind::Signal
            && message.sender == connection.server
            && (message.path.as_str(), message.interface.as_str()) == (SERVER.1, SERVER.2);
        let number = |types| message.reader(types).and_then(|mut body| Ok((body.number()?, body)));
        match message.member.as_str() {
            "ActionInvoked" if is_theirs => {
                let pressed = number("us").and_then(|(id, mut body)| Ok((id, body.text()?)));
                pressed.ok().and_then(|(id, key)| self.bubbles.pressed(id, key)).into_iter().collect()
            }
            "NotificationClosed" if is_theirs => {
                if let Ok((id, _)) = number("u") {
                    self.bubbles.gone(id);
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    async fn carry_out(&mut self, act: Act) {
        match act {
            Act::Show(told, place) => {
                if self.rests_until.is_some_and(|until| now() < until) {
                    return;
                }
                let done = timeout(PATIENCE, self.show(&told, place)).await;
                self.handle.tells_desktop(matches!(done, Ok(Ok(_))));
                match done {
                    Ok(Ok(id)) => self.bubbles.shown(told.about, id),
                    Ok(Err(_)) => self.lose(),
                    Err(_) => {
                        self.rests_until = Some(now() + REST);
                        self.lose();
                    }
                }
            }
            Act::Close(id) => {
                let close = Message::call(SERVER.0, SERVER.1, SERVER.2, "CloseNotification");
                let close = close.with("u", |body| body.number(id));
                if let Some(connection) = &mut self.bus
                    && !matches!(timeout(PATIENCE, connection.bus.send(close)).await, Ok(Ok(_)))
                {
                    self.lose();
                }
            }
            Act::Do(command) => {
                let handle = self.handle.clone();
                // A call that is over by now needs neither.
                tokio::spawn(async move { handle.request(command).await });
            }
        }
    }

    fn lose(&mut self) {
        self.bus = None;
        self.bubbles.all_gone();
    }

    /// Shows a notice; its id.
    async fn show(&mut self, told: &Announcement, place: u32) -> Result<u32, BusError> {
        let connection = match &mut self.bus {
            Some(connection) => connection,
            none => none.insert(Connection::open(&self.address).await?),
        };
        let notify = in_words(&self.words, || notify(told, place, connection.takes_actions, connection.takes_markup));
        let answer = connection.bus.ask(notify).await?;
        let id = answer.reader("u")?.number()?;
        connection.server = answer.sender;
        Ok(id)
    }
}

impl Connection {
    async fn open(address: &str) -> Result<Connection, BusError> {
        let mut bus = Bus::open(address).await?;
        let rule = format!("type='signal',sender='{}',path='{}',interface='{}'", SERVER.0, SERVER.1, SERVER.2);
        let listen = Message::call(BUS.0, BUS.1, BUS.2, "AddMatch").with("s", |body| body.text(&rule));
        bus.ask(listen).await?;
        let can = bus.ask(Message::call(SERVER.0, SERVER.1, SERVER.2, "GetCapabilities")).await?;
        let can = can.reader("as")?.texts()?;
        let (takes_actions, takes_markup) = (can.contains(&"actions"), can.contains(&"body-markup"));
        Ok(Connection { bus, server: String::new(), takes_actions, takes_markup })
    }
}

/// Somebody shows notices, or would if asked: nobody is started for the question.
async fn has_server(address: &str) -> Result<bool, BusError> {
    let mut bus = Bus::open(address).await?;
    for list in ["ListNames", "ListActivatableNames"] {
        let names = bus.ask(Message::call(BUS.0, BUS.1, BUS.2, list)).await?;
        if names.reader("as")?.texts()?.contains(&SERVER.0) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The call that shows a notice.
fn notify(told: &Announcement, place: u32, takes_actions: bool, takes_markup: bool) -> Message {
    let (icon, category, rings) = match told.about {
        About::Rings(_) => ("call-start", "call.incoming", true),
        About::Missed(_) => ("phone", "call.unanswered", false),
        About::Asks(_) => ("phone", "call", false),
        About::Writes(_) => ("mail-unread", "im.received", false),
    };
    let (answer, reject) = (say!("told-answer"), say!("told-reject"));
    let actions = [ANSWER, &answer, REJECT, &reject];
    let body = if takes_markup { escaped(&told.body) } else { told.body.clone() };
    Message::call(SERVER.0, SERVER.1, SERVER.2, "Notify").with("susssasa{sv}i", |out| {
        out.text("tuiphone");
        out.number(place);
        out.text(icon);
        out.text(&told.head);
        out.text(&body);
        out.texts(if rings && takes_actions { &actions } else { &[] });
        out.list(8, |hints| {
            hints.entry("urgency", "y", |value| value.byte(if rings { 2 } else { 1 }));
            hints.entry("category", "s", |value| value.text(category));
            // The phone rings by itself.
            hints.entry("suppress-sound", "b", |value| value.number(rings.into()));
        });
        // 0 = until it is taken away, -1 = as the desktop thinks fit.
        out.number(if rings { 0 } else { u32::MAX });
    })
}

/// Text as it stands in markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn in_words<T>(words: &Option<Arc<Words>>, then: impl FnOnce() -> T) -> T {
    match words {
        Some(words) => speaking(words.clone(), then),
        None => then(),
    }
}

async fn heard(connection: &mut Option<Connection>) -> Result<Message, BusError> {
    match connection {
        Some(connection) => connection.bus.next().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

#[allow(clippy::disallowed_methods, reason = "the shell reads the clock")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(about: About) -> Announcement {
        Announcement { about, head: "Bob calls".to_owned(), body: "<b>6</b> & co".to_owned() }
    }

    #[test]
    fn a_notice_has_what_the_desktop_takes() {
        for (about, actions, markup, buttons, body, expires) in [
            (About::Rings("c1".into()), true, true, 4, "&lt;b&gt;6&lt;/b&gt; &amp; co", 0),
            (About::Rings("c1".into()), false, false, 0, "<b>6</b> & co", 0),
            (About::Missed("c1".into()), true, false, 0, "<b>6</b> & co", u32::MAX),
            (About::Writes("x".into()), true, false, 0, "<b>6</b> & co", u32::MAX),
        ] {
            let call = Message::read(&notify(&told(about), 7, actions, markup).bytes()).expect("a message");
            let mut read = call.reader("susssasa{sv}i").expect("its types");
            assert_eq!((read.text(), read.number()), (Ok("tuiphone"), Ok(7)));
            assert_eq!((read.text().is_ok(), read.text(), read.text()), (true, Ok("Bob calls"), Ok(body)));
            assert_eq!(read.texts().map(|texts| texts.len()), Ok(buttons));
            assert!(read.list(8).is_ok());
            assert_eq!(read.number(), Ok(expires));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_bus_that_never_answers_is_given_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("bus");
        let _silent = std::os::unix::net::UnixListener::bind(&place).expect("a socket");
        let address = format!("unix:path={}", place.display());
        assert!(timeout(PATIENCE, has_server(&address)).await.is_err());
        drop(_silent);
        assert!(matches!(has_server(&address).await, Err(BusError::Io(_))));
    }
}
