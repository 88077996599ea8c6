//! Every exit code, as a script learns it from the program itself beside kamailio and SIPp: one registrar, one far end
//! whose numbers each end a call in another way.

use std::collections::BTreeSet;
use std::fs::File;
use std::process::{Output, Stdio};
use std::sync::Mutex;
use std::thread::{Scope, scope};
use std::time::Duration;

use tuiphone::control::ExitCode;

use crate::daemon::Daemon;
use crate::kamailio::Kamailio;
use crate::sipp::FarEnd;
use crate::support::{Phone, Process, beside_others, free_port, have, output};

/// No run takes longer.
const LIMIT: Duration = Duration::from_secs(60);

/// A call that is refused: it rings before or does not, the status, and the exit code.
type Refusal = (bool, u16, ExitCode);

/// Through the proxy.
const REFUSALS: [Refusal; 22] = [
    (false, 401, ExitCode::Refused),
    (false, 403, ExitCode::Refused),
    (false, 407, ExitCode::Refused),
    (false, 433, ExitCode::Refused),
    (false, 408, ExitCode::Unreachable),
    (true, 486, ExitCode::Busy),
    (false, 600, ExitCode::Busy),
    (true, 408, ExitCode::NoAnswer),
    (true, 480, ExitCode::NoAnswer),
    (true, 487, ExitCode::NoAnswer),
    (true, 603, ExitCode::Rejected),
    (false, 607, ExitCode::Rejected),
    (false, 404, ExitCode::NoSuchNumber),
    (false, 410, ExitCode::NoSuchNumber),
    (true, 484, ExitCode::NoSuchNumber),
    (false, 604, ExitCode::NoSuchNumber),
    (false, 415, ExitCode::NoCommonCodec),
    (true, 488, ExitCode::NoCommonCodec),
    (false, 606, ExitCode::NoCommonCodec),
    (false, 400, ExitCode::Failed),
    (true, 500, ExitCode::Failed),
    (false, 699, ExitCode::Failed),
];

/// Without a proxy between, which makes a 500 of it (RFC 3261 §16.7).
const OVERLOADED: Refusal = (false, 503, ExitCode::Unreachable);

// Numbers that end otherwise.
const TALKS: &str = "1000";
const HANGS_UP: &str = "1001";
const MUTE: &str = "1002";
const RINGS: &str = "1003";
const SILENT: &str = "1004";
const MOVED: &str = "1005";
const ABROAD: &str = "1006";

/// The number that is refused so.
fn number(rings: bool, status: u16) -> String {
    format!("{}{status}", if rings { 3 } else { 2 })
}

/// What the far end does, by the number that is called.
fn flows() -> Vec<(String, String)> {
    let refusals = REFUSALS.into_iter().chain([OVERLOADED]).map(|(rings, status, _)| {
        let before = if rings { "> 180 Ringing" } else { "" };
        (number(rings, status), format!("{before} \n > {status} As Ordered \n < ACK"))
    });
    let mute = "v=0\\no=- 1 1 IN IP4 127.0.0.1\\ns=-\\nc=IN IP4 127.0.0.1\\nt=0 0\\nm=audio 9 RTP/AVP 0\\n";
    let until_cancelled = "< CANCEL \n > 200 OK \n > INVITE 487 Request Terminated \n < ACK";
    let others = [
        (TALKS, "> 180 Ringing \n > 200 OK | sdp \n < ACK \n < BYE \n > 200 OK".to_owned()),
        (HANGS_UP, "> 180 Ringing \n > 200 OK | sdp \n < ACK \n ~ 300 \n > BYE \n < 200".to_owned()),
        (MUTE, format!("> 200 OK | body application/sdp {mute} \n < ACK \n < BYE \n > 200 OK")),
        (RINGS, format!("> 180 Ringing \n {until_cancelled}")),
        (SILENT, format!("> 100 Trying \n {until_cancelled}")),
        (MOVED, "> 302 Moved Temporarily | Contact: <sip:3486@[$domain]> \n < ACK".to_owned()),
        (ABROAD, "> 302 Moved Temporarily | Contact: <sip:900123@192.0.2.9> \n < ACK".to_owned()),
    ];
    refusals.chain(others.map(|(number, flow)| (number.to_owned(), flow))).collect()
}

/// A run of the program and what must come of it.
struct Row {
    words: Vec<String>,
    code: ExitCode,
    /// The last answer to the INVITE.
    status: Option<u16>,
    ended_by: Option<&'static str>,
}

impl Row {
    fn new(words: &[&str], code: ExitCode) -> Self {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Row { words, code, status: None, ended_by: None }
    }

    fn status(self, status: u16) -> Self {
        Row { status: Some(status), ..self }
    }

    fn ended_by(self, whom: &'static str) -> Self {
        Row { ended_by: Some(whom), ..self }
    }

    /// Runs it; one JSON object tells the same as the exit code.
    #[track_caller]
    fn holds(&self, phone: &Phone, shown: &Shown) {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let done = phone.run(&[&words[..], &["--audio-in", "tone:440", "--audio-out", "null"]].concat(), LIMIT);
        done.ends(self.code.code().into());
        let json = &done.json;
        assert_eq!((&json["v"], &json["ok"]), (&1.into(), &(self.code == ExitCode::Ok).into()), "{}", done.told);
        if let Some(status) = self.status {
            assert_eq!(done.number("/call/status"), f64::from(status), "{}", done.told);
            assert_eq!(done.text("/outcome"), if status < 300 { "answered" } else { self.code.kind() });
        }
        if let Some(whom) = self.ended_by {
            assert_eq!(done.text("/call/ended_by"), whom, "{}", done.told);
        }
        shown.add(self.code, self.status);
    }
}

/// What has been shown: exit codes, and of which statuses they came.
#[derive(Default)]
struct Shown {
    codes: Mutex<BTreeSet<u8>>,
    statuses: Mutex<BTreeSet<(u16, u8)>>,
}

impl Shown {
    fn add(&self, code: ExitCode, status: Option<u16>) {
        self.codes.lock().unwrap().insert(code.code());
        self.statuses.lock().unwrap().extend(status.map(|status| (status, code.code())));
    }

    /// Every code of the one table has its row, and every status that it names leads there.
    fn is_all(&self) {
        let (codes, statuses) = (self.codes.lock().unwrap(), self.statuses.lock().unwrap());
        for code in ExitCode::ALL {
            assert!(codes.contains(&code.code()), "exit code {} ({}) has no row", code.code(), code.kind());
            let named = code.sip().split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse::<u16>().ok());
            for status in named.filter(|status| (300..700).contains(status)) {
                assert!(statuses.contains(&(status, code.code())), "{status} of {} has no row", code.kind());
            }
        }
    }
}

#[test]
fn every_exit_code_tells_a_script_what_became_of_its_call() {
    if !have(&["kamailio", "sipp"]) {
        return;
    }
    let _machine = beside_others();
    let flows = flows();
    let far = FarEnd::serves(&flows);
    let numbers: Vec<(&str, u16)> = flows.iter().map(|(number, _)| (number.as_str(), far.port)).collect();
    let proxy = Kamailio::start("SHA-256", &numbers);
    let (shown, rows) = (Shown::default(), Mutex::new(rows().into_iter()));
    let (proxy, shown, rows, port) = (&proxy, &shown, &rows, far.port);
    scope(|together| {
        for user in ["101", "102", "103"] {
            together.spawn(move || {
                let phone = proxy.phone(user);
                let next = || rows.lock().unwrap().next();
                while let Some(row) = next() {
                    row.holds(&phone, shown);
                }
            });
        }
        together.spawn(|| of_a_phone_that_runs(proxy, shown));
        interrupted(together, proxy, shown);
        together.spawn(move || by_address(port, shown));
        together.spawn(|| of_no_network(&proxy.phone("106"), shown));
        together.spawn(|| unregistered(proxy, shown));
    });
    shown.is_all();
}

/// Calls of a phone that lasts as long as the call.
fn rows() -> Vec<Row> {
    let call = |number: &str, code| Row::new(&["call", number], code);
    let refused = |(rings, status, code): Refusal| call(&number(rings, status), code).status(status);
    let others = [
        Row::new(&["call", TALKS, "--duration", "0.7"], ExitCode::Ok).status(200).ended_by("local"),
        call(HANGS_UP, ExitCode::Ok).status(200).ended_by("remote"),
        Row::new(&["call", MUTE, "--duration", "0.8"], ExitCode::NoMedia),
        Row::new(&["call", RINGS, "--timeout", "3"], ExitCode::NoAnswer).ended_by("local"),
        Row::new(&["call", SILENT, "--timeout", "3"], ExitCode::Unreachable).ended_by("local"),
        call(MOVED, ExitCode::Busy).status(486),
        call(ABROAD, ExitCode::Refused).status(302),
        // The proxy knows no such number.
        call("4711", ExitCode::NoSuchNumber).status(404),
        Row::new(&["test", TALKS, "--duration", "0.7"], ExitCode::Ok),
        Row::new(&["test", TALKS, "--duration", "0.7", "--expect", "busy"], ExitCode::Expectation),
        Row::new(&["test", &number(true, 486), "--expect", "busy"], ExitCode::Ok),
        Row::new(&["register"], ExitCode::Ok),
        Row::new(&["-a", "9", "call", TALKS], ExitCode::NotFound),
        Row::new(&["call", TALKS, "--no-wait"], ExitCode::NoDaemon),
    ];
    others.into_iter().chain(REFUSALS.map(refused)).collect()
}

/// A call without an account.
fn by_address(port: u16, shown: &Shown) {
    let phone = Phone::new("", "", "", "");
    phone.edit(|ini| ini.replace("enableLocalAccount=0", "enableLocalAccount=1").replace("accountId=1", "accountId=0"));
    let (rings, status, code) = OVERLOADED;
    let address = format!("sip:{}@127.0.0.1:{port}", number(rings, status));
    Row::new(&["call", &address], code).status(status).holds(&phone, shown);
}

/// The same refusals through one phone that runs, in words: standard output is for data alone.
fn of_a_phone_that_runs(proxy: &Kamailio, shown: &Shown) {
    let daemon = Daemon::start(proxy.phone("104"));
    for (rings, status, code) in REFUSALS {
        let done = said(&daemon.phone, &["call", &number(rings, status)]);
        let told = String::from_utf8_lossy(&done.stderr);
        let last = told.lines().last().unwrap_or_default();
        assert_eq!(done.status.code(), Some(code.code().into()), "{status}: {told}");
        assert!(done.stdout.is_empty() && last.contains(&format!("{status} As Ordered")), "{status}: {done:?}");
        shown.add(code, None);
    }
    daemon.until_is("idle");
}

/// Ctrl-C and SIGTERM while it rings, Ctrl-C while one talks.
fn interrupted<'a>(together: &'a Scope<'a, '_>, proxy: &'a Kamailio, shown: &'a Shown) {
    let rows = [
        ("107", RINGS, "ringing", "-INT", ExitCode::Interrupted),
        ("108", RINGS, "ringing", "-TERM", ExitCode::Terminated),
        ("109", TALKS, "connected", "-INT", ExitCode::Interrupted),
    ];
    for (user, number, state, signal, code) in rows {
        together.spawn(move || {
            let phone = proxy.phone(user);
            let mut command = phone.command(&["call", number, "--audio-in", "null", "--audio-out", "null"]);
            let mut call = Process::start("call", &mut command, &phone.file("run"));
            call.until_says(state);
            call.signal(signal);
            assert_eq!(call.ended(LIMIT).code(), Some(code.code().into()), "{signal} while {state}: {}", call.said());
            shown.add(code, None);
        });
    }
}

/// What takes no peer to go wrong.
fn of_no_network(phone: &Phone, shown: &Shown) {
    let rows = [
        (&["status"][..], ExitCode::NoDaemon),
        (&["call"], ExitCode::Usage),
        (&["call", TALKS, "--no-such-option"], ExitCode::Usage),
        (&["hangup", "c9"], ExitCode::NoDaemon),
    ];
    for (words, code) in rows {
        let done = said(phone, words);
        assert!(done.status.code() == Some(code.code().into()) && !done.stderr.is_empty(), "{words:?}: {done:?}");
        shown.add(code, None);
    }
    phone.edit(|ini| ini.replace("[Account1]", "[Nothing]"));
    let done = said(phone, &["call", TALKS]);
    assert_eq!(done.status.code(), Some(ExitCode::Config.code().into()), "no account: {done:?}");
    shown.add(ExitCode::Config, None);
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut codecs = phone.command(&["codecs"]);
    let mut codecs = codecs.stdin(Stdio::null()).stdout(full).stderr(Stdio::null()).spawn().unwrap();
    assert_eq!(codecs.wait().unwrap().code(), Some(ExitCode::Unexpected.code().into()), "a full disk");
    shown.add(ExitCode::Unexpected, None);
}

/// A wrong password, and a registrar that is not there.
fn unregistered(proxy: &Kamailio, shown: &Shown) {
    let wrong = Phone::new("105", "not the secret", &proxy.server(), "");
    let nobody = Phone::new("105", "x", &format!("127.0.0.1:{}", free_port()), "");
    for (phone, code) in [(&wrong, ExitCode::Refused), (&nobody, ExitCode::Unreachable)] {
        for words in [&["register"][..], &["call", TALKS], &["test", TALKS]] {
            let done = phone.run(words, LIMIT);
            assert_eq!(done.code, Some(code.code().into()), "{words:?}: {}", done.told);
        }
        shown.add(code, None);
    }
    assert!(!proxy.said().contains("saved 105"));
}

fn said(phone: &Phone, words: &[&str]) -> Output {
    output(&mut phone.command(words), LIMIT).unwrap_or_else(|late| panic!("{words:?} did not end: {late:?}"))
}
