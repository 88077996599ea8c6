//! The desktop is told of calls and messages: a real bus, and somebody on it who shows notices.

use crate::support::{Daemon, House, PATIENCE, Wire, signal, until};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::net::UnixListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tuiphone::control::desktop::bus::{BUS, Bus};
use tuiphone::control::desktop::wire::{Kind, Message};

const SERVER: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// A bus for whoever comes, on which nobody is started.
const POLICY: &str = r#"<busconfig><type>session</type><listen>unix:tmpdir=PLACE</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>"#;

/// A bus of our own; it ends with this.
struct Session {
    child: Child,
    address: String,
}

impl Session {
    /// `None`: there is no program for it here, which is said.
    fn open(house: &House) -> Option<Session> {
        let config = house.folder.path().join("bus.conf");
        let place = house.folder.path().display().to_string();
        std::fs::write(&config, POLICY.replace("PLACE", &place)).expect("written");
        let mut command = Command::new("dbus-daemon");
        command.arg(format!("--config-file={}", config.display())).args(["--nofork", "--nopidfile", "--print-address"]);
        let Ok(mut child) = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn() else {
            assert!(std::env::var_os("CI").is_none(), "in CI dbus-daemon is here");
            eprintln!("skipped: no dbus-daemon is here");
            return None;
        };
        let mut address = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut address).expect("its address");
        Some(Session { child, address: address.trim().to_owned() })
    }

    /// Whoever is on it, but the bus and ourselves.
    fn guests(&self) -> Vec<String> {
        let asking = async {
            let mut bus = Bus::open(&self.address).await.expect("the bus");
            bus.ask(Message::call(BUS.0, BUS.1, BUS.2, "ListNames")).await.expect("its answer")
        };
        let names = runtime().block_on(async { timeout(PATIENCE, asking).await });
        let names = names.expect("in time");
        let own = names.destination.clone();
        let names =
            names.reader("as").and_then(|mut names| Ok(names.texts()?.into_iter().map(str::to_owned).collect()));
        let names: Vec<String> = names.expect("names");
        names.into_iter().filter(|name| *name != own && name != BUS.0).collect()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// What the desktop was asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Told {
    /// A new notice gets the next id, from 1 on.
    Notice {
        id: u32,
        place: u32,
        head: String,
        body: String,
        buttons: Vec<String>,
        hints: String,
        expires: u32,
    },
    Close(u32),
}

/// Somebody who shows notices.
struct Desktop {
    told: Arc<Mutex<Vec<Told>>>,
    presses: mpsc::UnboundedSender<(u32, &'static str)>,
}

impl Desktop {
    fn open(session: &Session) -> Desktop {
        let (told, address) = (Arc::<Mutex<Vec<Told>>>::default(), session.address.clone());
        let (presses, pressed) = mpsc::unbounded_channel();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let record = told.clone();
        std::thread::spawn(move || runtime().block_on(show(&address, record, pressed, ready)));
        is_ready.recv_timeout(PATIENCE).expect("it is on the bus");
        Desktop { told, presses }
    }

    fn told(&self) -> Vec<Told> {
        self.told.lock().expect("alone").clone()
    }

    /// The next thing after so many.
    fn after(&self, count: usize) -> Told {
        assert!(until(|| self.told().len() > count), "nothing after {count} of {:?}", self.told());
        self.told()[count].clone()
    }
}

async fn show(
    address: &str,
    record: Arc<Mutex<Vec<Told>>>,
    mut pressed: mpsc::UnboundedReceiver<(u32, &'static str)>,
    ready: std::sync::mpsc::Sender<()>,
) {
    let mut bus = Bus::open(address).await.expect("the bus");
    let own = Message::call(BUS.0, BUS.1, BUS.2, "RequestName").with("su", |body| {
        body.text(SERVER);
        body.number(0);
    });
    bus.ask(own).await.expect("the name");
    ready.send(()).expect("somebody waits");
    let (mut guest, mut last) = (String::new(), 0);
    loop {
        tokio::select! {
            call = bus.next() => {
                let Ok(call) = call else { return };
                if call.kind != Kind::Call {
                    continue;
                }
                let mut answer = Message::new(Kind::Return);
                (answer.reply_to, answer.destination) = (call.serial, call.sender.clone());
                let answer = match call.member.as_str() {
                    "GetCapabilities" => answer.with("as", |body| body.texts(&["actions", "body", "body-markup"])),
                    "Notify" => {
                        guest.clone_from(&call.sender);
                        let notice = notice(&call, &mut last);
                        let Told::Notice { id, .. } = notice else { panic!() };
                        record.lock().expect("alone").push(notice);
                        answer.with("u", |body| body.number(id))
                    }
                    "CloseNotification" => {
                        let id = call.reader("u").and_then(|mut body| body.number()).expect("its id");
                        record.lock().expect("alone").push(Told::Close(id));
                        answer
                    }
                    other => panic!("{other}?"),
                };
                bus.send(answer).await.expect("sent");
            }
            Some((id, key)) = pressed.recv() => {
                let mut signal = Message::new(Kind::Signal);
                signal.path = PATH.to_owned();
                (signal.interface, signal.member) = (SERVER.to_owned(), "ActionInvoked".to_owned());
                signal.destination.clone_from(&guest);
                let signal = signal.with("us", |body| {
                    body.number(id);
                    body.text(key);
                });
                bus.send(signal).await.expect("sent");
            }
        }
    }
}

fn notice(call: &Message, last: &mut u32) -> Told {
    let mut body = call.reader("susssasa{sv}i").expect("its types");
    assert_eq!(body.text(), Ok("tuiphone"));
    let place = body.number().expect("whose place");
    let [icon, head, text] = [(); 3].map(|()| body.text().expect("a text").to_owned());
    assert!(!icon.is_empty());
    let buttons = body.texts().expect("its buttons").into_iter().map(str::to_owned).collect();
    let hints = String::from_utf8_lossy(body.list(8).expect("its hints")).into_owned();
    let expires = body.number().expect("when it goes");
    if place == 0 {
        *last += 1;
    }
    let id = if place == 0 { *last } else { place };
    Told::Notice { id, place, head, body: text, buttons, hints, expires }
}

/// A phone that anybody may call, on this bus, and what it tells.
fn phone(house: &House, address: &str, more: &str) -> (Daemon, Wire, String) {
    let text = format!("[Settings]\r\n[tuiphone]\r\nacceptFrom=any\r\nbindAddress=127.0.0.1\r\n{more}");
    std::fs::write(house.ini(), text).expect("written");
    let mut program = house.program(&[]);
    program.env("DBUS_SESSION_BUS_ADDRESS", address);
    let daemon = house.started(program, "SIP on udp");
    let at = daemon.line().split_whitespace().find(|word| word.starts_with("127.0.0.1:")).expect("its address");
    let number = format!("sip:100@{}", at.trim_end_matches(','));
    let mut watching = daemon.connect();
    watching.ask("watch");
    (daemon, watching, number)
}

/// Somebody who calls it, from a house of their own.
struct Caller(Child);

impl Caller {
    fn calls(house: &House, number: &str) -> Caller {
        Caller(house.program(&["--standalone", "call", number]).spawn().expect("it starts"))
    }

    fn gives_up(mut self) {
        signal(&self.0, "INT");
        let _ = self.0.wait();
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_desktop_is_told_who_calls_and_answers_and_whom_nobody_answered() {
    let house = House::open();
    let Some(session) = Session::open(&house) else { return };
    let desktop = Desktop::open(&session);
    let (mut daemon, mut watching, number) = phone(&house, &session.address, "");
    let mut wire = daemon.connect();
    assert!(until(|| wire.ask("status")["desktop_notices"] == true), "somebody is there who shows them");
    // One that is answered on the desktop.
    let caller = Caller::calls(&house, &number);
    let Told::Notice { id, place, head, buttons, hints, expires, .. } = desktop.after(0) else { panic!() };
    assert_eq!((place, expires, buttons), (0, 0, ["answer", "Answer", "reject", "Reject"].map(str::to_owned).to_vec()));
    assert!(head.ends_with(" calls") && hints.contains("call.incoming") && hints.contains("urgency\0\u{1}y\0\u{2}"));
    desktop.presses.send((id, "answer")).expect("it lives");
    watching.await_event("call_answered");
    assert_eq!(desktop.after(1), Told::Close(id));
    assert_eq!(wire.ask("hangup")["ok"], true);
    watching.await_event("call_ended");
    drop(caller);
    // One that is rejected there.
    let caller = Caller::calls(&house, &number);
    let Told::Notice { id, place: 0, .. } = desktop.after(2) else { panic!("{:?}", desktop.told()) };
    desktop.presses.send((id, "reject")).expect("it lives");
    assert_eq!(watching.await_event("call_ended")["call"]["ended_by"], "local");
    assert_eq!(desktop.after(3), Told::Close(id));
    drop(caller);
    // One that nobody takes stands where it rang.
    let caller = Caller::calls(&house, &number);
    let Told::Notice { id, place: 0, .. } = desktop.after(4) else { panic!("{:?}", desktop.told()) };
    caller.gives_up();
    let Told::Notice { place, head, buttons, hints, .. } = desktop.after(5) else { panic!("{:?}", desktop.told()) };
    assert_eq!((place, buttons.len()), (id, 0));
    assert!(head.starts_with("Missed call from ") && hints.contains("call.unanswered"), "{head} {hints:?}");
    // A message, which goes when it is read.
    assert_eq!(house.run(&["--standalone", "message", &number, "a <b> & c"]).code, 0);
    let Told::Notice { id, place: 0, body, hints, .. } = desktop.after(6) else { panic!("{:?}", desktop.told()) };
    assert!(body == "a &lt;b&gt; &amp; c" && hints.contains("im.received"), "{body} {hints:?}");
    assert_eq!(wire.ask("messages --read")["ok"], true);
    assert_eq!(desktop.after(7), Told::Close(id));
    // A phone that ends leaves no call behind.
    let caller = Caller::calls(&house, &number);
    let Told::Notice { id, .. } = desktop.after(8) else { panic!("{:?}", desktop.told()) };
    daemon.terminate();
    assert_eq!(desktop.after(9), Told::Close(id));
    drop(caller);
}

#[test]
fn a_phone_that_is_to_be_silent_never_comes_to_the_bus_and_one_that_hangs_holds_nobody_up() {
    let house = House::open();
    let Some(session) = Session::open(&house) else { return };
    let desktop = Desktop::open(&session);
    let others = session.guests();
    let (mut daemon, mut watching, number) = phone(&house, &session.address, "desktopNotices=0\r\n");
    let caller = Caller::calls(&house, &number);
    watching.await_event("call_incoming");
    caller.gives_up();
    watching.await_event("call_ended");
    assert_eq!((desktop.told(), session.guests()), (Vec::new(), others));
    assert_eq!(daemon.connect().ask("status")["desktop_notices"], false);
    daemon.terminate();
    drop(watching);
    // Whoever takes connections and never says a word.
    let place = house.folder.path().join("silent");
    let listener = UnixListener::bind(&place).expect("a socket");
    let (came, comes) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = came.send(());
            std::thread::spawn(move || stream.read_to_end(&mut Vec::new()));
        }
    });
    let (mut daemon, mut watching, number) = phone(&house, &format!("unix:path={}", place.display()), "");
    comes.recv_timeout(PATIENCE).expect("the phone has come to it");
    let caller = Caller::calls(&house, &number);
    watching.await_event("call_incoming");
    let mut wire = daemon.connect();
    assert_eq!(
        (wire.ask("answer")["ok"].clone(), wire.ask("status")["desktop_notices"].clone()),
        (true.into(), false.into())
    );
    watching.await_event("call_answered");
    assert_eq!(daemon.terminate(), 0);
    drop(caller);
}
