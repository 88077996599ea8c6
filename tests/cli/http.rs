//! `serve --http` beside a phone and its exchange: verbs, events, refusals, and where the token is.

use crate::support::shape;
use crate::support::{Finished, House, PATIENCE, finish_in, lines_of, signal, until};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};
use std::sync::mpsc;

const TOKEN: &str = "0123456789abcdef0123";

/// A listener beside a phone; killed when dropped.
struct Served {
    child: Child,
    port: u16,
    token: String,
    _lines: mpsc::Receiver<String>,
}

impl Served {
    fn by(house: &House) -> Served {
        Served::with(house, &[], Some(TOKEN))
    }

    fn with(house: &House, more: &[&str], token: Option<&str>) -> Served {
        let mut program = house.program(&["serve", "--http", "127.0.0.1:0", "--json"]);
        program.args(more).envs(token.map(|token| ("TUIPHONE_HTTP_TOKEN", token)));
        let mut child = program.stdout(Stdio::piped()).spawn().expect("it starts");
        let lines = lines_of(child.stdout.take().expect("its stdout"));
        let told = lines.recv_timeout(PATIENCE).expect("where it listens");
        let told: Value = serde_json::from_str(&told).expect("JSON");
        let port = told["http"].as_str().and_then(|at| at.rsplit(':').next()?.strip_suffix("/v1/")?.parse().ok());
        let made = told["token_file"].as_str().map(|path| std::fs::read_to_string(path).expect("a token"));
        let token = token.map(str::to_owned).or(made).expect("a token").trim().to_owned();
        Served { child, port: port.expect("a port"), token, _lines: lines }
    }

    fn open(&self, start: &str, more: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a bound");
        let (port, token) = (self.port, &self.token);
        let head = format!("{start} HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: Bearer {token}\r\n{more}");
        let json = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        let json = if body.is_empty() { "" } else { &json };
        stream.write_all(format!("{head}Connection: close\r\n{json}\r\n{body}").as_bytes()).expect("sent");
        stream
    }

    /// Status and body.
    fn ask(&self, start: &str, body: &str) -> (u16, Value) {
        let mut answer = String::new();
        self.open(start, "", body).read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
        let status = head.get(9..12).and_then(|status| status.parse().ok()).expect("a status");
        let told = serde_json::from_str(body).unwrap_or_else(|e| panic!("{e}: {answer}"));
        shape::told(&told);
        (status, told)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The next message of an event stream: its name and JSON.
fn message(reading: &mut impl BufRead, name: &str) -> Value {
    let wanted = format!("event: {name}");
    let mut is_it = false;
    loop {
        let mut line = String::new();
        assert!(reading.read_line(&mut line).expect("a line") > 0, "the events ended before {name}");
        match line.trim_end().strip_prefix("data: ") {
            Some(data) if is_it => {
                let event = serde_json::from_str(data).expect("JSON");
                shape::told(&event);
                return event;
            }
            _ => is_it = line.trim_end() == wanted || is_it && !line.trim().is_empty(),
        }
    }
}

#[test]
fn a_call_is_placed_followed_and_ended() {
    let house = House::open();
    let _daemon = house.daemon();
    let served = Served::by(&house);
    let mut events = BufReader::new(served.open("GET /v1/events?only=call_*", "", ""));
    let mut beat = String::new();
    while beat.trim_end() != ":" {
        beat.clear();
        assert!(events.read_line(&mut beat).expect("a line") > 0, "it has begun");
    }
    let (status, told) = served.ask("POST /v1/call", r#"{"number":"600"}"#);
    assert_eq!((status, &told["ok"], &told["verb"]), (200, &true.into(), &"call".into()), "{told}");
    let id = told["call"]["id"].as_str().expect("an id").to_owned();
    let answered = message(&mut events, "call_answered");
    assert_eq!(
        (answered["call"]["id"].as_str(), answered["event"].as_str()),
        (Some(id.as_str()), Some("call_answered"))
    );
    let (status, told) = served.ask("GET /v1/calls", "");
    assert_eq!((status, &told["calls"][0]["state"]), (200, &"connected".into()), "{told}");
    assert_eq!(served.ask("POST /v1/hangup", &format!(r#"{{"call":"{id}"}}"#)).0, 200);
    message(&mut events, "call_ended");
    let listed = || served.ask("GET /v1/history?search=600&limit=1", "").1["history"][0]["number"].clone();
    assert!(until(|| listed() == "600"), "{}", listed());
    let (status, told) = served.ask("GET /v1/accounts", "");
    assert_eq!((status, &told["accounts"][0]["registered"]), (200, &true.into()), "{told}");
}

#[test]
fn what_is_refused_is_refused_in_words() {
    let house = House::open();
    let daemon = house.daemon();
    let served = Served::by(&house);
    for (start, body, status, kind) in [
        ("POST /v1/call", r#"{"number":"*21*600#"}"#, 403, "not_allowed"),
        ("POST /v1/call", r#"{"number":"sip:%2A21@demo"}"#, 403, "not_allowed"),
        ("POST /v1/call", r#"{"number":"0900 123456"}"#, 403, "not_allowed"),
        ("POST /v1/forward", r#"{"number":"0900123456"}"#, 403, "not_allowed"),
        ("POST /v1/transfer", r#"{"number":"*21"}"#, 403, "not_allowed"),
        ("POST /v1/call", r#"{"number":"600","guarded":false}"#, 400, "usage"),
        ("POST /v1/call", "{}", 400, "usage"),
        ("POST /v1/answer", "", 404, "no_call"),
        ("POST /v1/message", r#"{"number":"602","text":"x","account":"9"}"#, 404, "no_such_account"),
        ("POST /v1/unheard-of", "", 404, "not_found"),
        ("GET /v1/exit", "", 405, "usage"),
    ] {
        let (told, answer) = served.ask(start, body);
        assert_eq!((told, answer["error"]["kind"].as_str()), (status, Some(kind)), "{start} {body}: {answer}");
        assert!(answer["error"]["message"].as_str().is_some_and(|words| !words.is_empty()), "{answer}");
    }
    assert_eq!(daemon.connect().ask("calls")["calls"].as_array().map(Vec::len), Some(0), "nothing was dialled");
    // A socket's line may say that no person asks; then the same holds.
    let refused = daemon.connect().ask(r#"{"verb":"call","number":"*21","guarded":true}"#);
    assert_eq!(refused["error"]["kind"], "not_allowed", "{refused}");
    // And what the owner allows is dialled.
    let ini = std::fs::read_to_string(house.ini()).expect("read");
    std::fs::write(house.ini(), format!("{ini}[tuiphone]\r\nallowDial=*21*6xx#\r\n")).expect("written");
    assert_eq!(served.ask("POST /v1/reload", "").0, 200);
    assert_eq!(served.ask("POST /v1/call", r#"{"number":"*21*601#"}"#).0, 200);
    assert_eq!(served.ask("POST /v1/call", r#"{"number":"*21*0900#"}"#).0, 403);
}

#[test]
fn the_phone_may_go_and_come_back() {
    let house = House::open();
    let mut daemon = house.daemon();
    let served = Served::by(&house);
    let mut events = BufReader::new(served.open("GET /v1/events", "", ""));
    let mut line = String::new();
    while line.trim_end() != ":" {
        line.clear();
        assert!(events.read_line(&mut line).expect("a line") > 0);
    }
    assert_eq!(daemon.terminate(), 0);
    let mut rest = String::new();
    events.read_to_string(&mut rest).expect("the events end with the phone");
    let (status, told) = served.ask("GET /v1/status", "");
    assert_eq!((status, &told["error"]["kind"]), (503, &"no_daemon".into()), "{told}");
    let _again = house.daemon();
    assert_eq!(served.ask("GET /v1/status", "").0, 200);
}

#[test]
fn the_token_is_made_given_or_refused() {
    let house = House::open();
    let alone = house.run(&["serve", "--http", "127.0.0.1:0"]);
    assert_eq!((alone.code, alone.stderr.contains("tuiphone daemon")), (4, true), "{alone:?}");
    let _daemon = house.daemon();
    let made = house.socket().with_extension("http-token");
    {
        let mut served = Served::with(&house, &[], None);
        assert_eq!(std::fs::metadata(&made).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(served.ask("GET /v1/ready", "").0, 200);
        served.token = TOKEN.to_owned();
        let (status, told) = served.ask("GET /v1/ready", "");
        assert_eq!((status, &told["error"]["kind"]), (401, &"unauthorized".into()), "{told}");
        signal(&served.child, "TERM");
        assert!(until(|| served.child.try_wait().expect("its state").is_some()), "it ends");
        assert!(!made.exists(), "and takes the token along");
    }
    let file = house.folder.path().join("token");
    std::fs::write(&file, TOKEN).expect("written");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).expect("opened");
    let path = file.to_str().expect("UTF-8");
    let refused = |more: &[&str]| -> Finished { house.run(&[&["serve"], more].concat()) };
    let open = refused(&["--http", "127.0.0.1:0", "--token-file", path]);
    assert_eq!((open.code, open.stderr.contains("chmod 600")), (3, true), "{open:?}");
    assert!(!open.stderr.contains(TOKEN));
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).expect("closed");
    let mut served = Served::with(&house, &["--token-file", path], Some("another-one-in-the-environment"));
    served.token = TOKEN.to_owned();
    assert_eq!(served.ask("GET /v1/ready", "").0, 200);
    let wide = refused(&["--http", "0.0.0.0:0"]);
    assert_eq!((wide.code, wide.stderr.contains("--allow-remote")), (2, true), "{wide:?}");
    let taken = refused(&["--http", &served.port.to_string()]);
    assert_eq!((taken.code, taken.stderr.contains("cannot listen")), (1, true), "{taken:?}");
}

#[test]
fn a_daemon_serves_it_by_itself_where_the_settings_say() {
    let house = House::open();
    let ini = std::fs::read_to_string(house.ini()).expect("read");
    let listen = |at: &str| {
        std::fs::write(house.ini(), format!("{ini}[tuiphone]\r\nhttpListen={at}\r\n")).expect("written");
    };
    listen("127.0.0.1:0");
    let mut daemon = house.daemon_with(&[], "HTTP on http://");
    let line = daemon.line().to_owned();
    let (_, told) = line.split_once("http://").expect("where it listens");
    let (at, token_file) = told.split_once("/v1/; the token is in ").expect("where the token is");
    assert_eq!(std::fs::metadata(token_file).expect("a file").permissions().mode() & 0o777, 0o600);
    let token = std::fs::read_to_string(token_file).expect("a token");
    let asked = |token: &str| {
        let mut stream = TcpStream::connect(at).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a bound");
        let head = format!("GET /v1/status HTTP/1.1\r\nHost: {at}\r\nAuthorization: Bearer {token}\r\n");
        stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer.get(9..12).map(str::to_owned)
    };
    assert_eq!((asked(token.trim()).as_deref(), asked(TOKEN).as_deref()), (Some("200"), Some("401")));
    daemon.terminate();
    // Where the place is taken the phone runs all the same, and the token stays what it was.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listen(&taken.local_addr().expect("an address").to_string());
    let daemon = house.daemon_with(&[], "no HTTP, [tuiphone] httpListen: cannot listen on");
    daemon.await_line("registered 100@demo");
    assert_eq!(std::fs::read_to_string(token_file).expect("a token"), token);
}

#[test]
fn pages_and_other_names_get_nothing() {
    let house = House::open();
    let _daemon = house.daemon();
    let served = Served::by(&house);
    let asked = |start: &str, host: &str, more: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", served.port)).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a bound");
        let text = format!("{start} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n");
        stream.write_all(text.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    };
    let bearer = format!("Authorization: Bearer {TOKEN}\r\n");
    let here = format!("127.0.0.1:{}", served.port);
    for (start, host, more, status) in [
        ("GET /v1/status", here.as_str(), bearer.clone(), "200"),
        ("GET /v1/status", "rebound.example", bearer.clone(), "421"),
        ("GET /v1/status", here.as_str(), format!("{bearer}Origin: https://evil.example\r\n"), "403"),
        ("OPTIONS /v1/call", here.as_str(), "Origin: https://evil.example\r\n".to_owned(), "403"),
        ("GET /v1/status", here.as_str(), format!("{bearer}Sec-Fetch-Site: cross-site\r\n"), "403"),
        ("GET /v1/status", here.as_str(), String::new(), "401"),
        ("GET /v1/openapi.json", here.as_str(), String::new(), "401"),
    ] {
        let answer = asked(start, host, &more);
        assert_eq!(answer.get(9..12), Some(status), "{start} {host} {more}: {answer}");
        assert!(!answer.to_ascii_lowercase().contains("access-control"), "{answer}");
    }
}

#[test]
fn its_help_begins_with_examples() {
    let house = House::open();
    let help = finish_in(house.program(&["serve", "--help"]).stdout(Stdio::piped()).spawn().expect("it starts"));
    assert!(help.stdout.trim_start().starts_with("Examples:"), "{help:?}");
}
