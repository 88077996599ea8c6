//! The interface beside a daemon that runs: how soon a key shows, what is written while nobody presses one, how soon it is
//! there, what it weighs. In a great terminal, with many calls in the history.

mod frames;
mod terminal;

use std::fmt::Write;
use std::fs;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use self::frames::{median_and_p99, rate};
use self::terminal::{Pressed, Terminal};
use super::Column;
use super::call::CODECS;
use super::far_end::header;
use super::makes::{Make, file_of_voice};
use super::phone::{Answer, Phone, settle};
use super::rtp;
use crate::Failure;
use crate::run::say;

/// How many keys are pressed in a view.
const KEYS: usize = 400;
/// How often it is started.
const STARTS: usize = 40;
/// How long it is watched without a key.
const WATCHED: Duration = Duration::from_secs(10);
/// Calls that the history keeps, and how many of them a file brings over: MicroSIP's has room for a thousand.
const CALLS: usize = 10_000;
const CALLS_OF_A_FILE: usize = 1_000;

/// The name of a row.
macro_rules! row {
    ($what:literal) => {
        concat!("interface, 200x60, 10,000 calls kept: ", $what)
    };
}

/// Rows of the table.
pub const STARTED: &str = row!("start → first complete frame, median / p99");
pub const MEMORY: &str = row!("RSS / PSS at rest");
pub const KEY_IN_PHONE: &str = row!("key → its frame in the phone, median / p99");
pub const KEY_IN_HISTORY: &str = row!("key → its frame in the history, median / p99");
pub const BYTES: &str = row!("bytes a second idle, ringing, in a call");
const FOUND: &str = row!("key → what is found in the history, median / p99");
const MEMORY_AT_FIRST: &str = row!("RSS / PSS at the first frame");
const MEMORY_OF_HISTORY: &str = row!("RSS / PSS, searching the history");

/// Fills the rows of the interface; other phones have none.
pub fn figures(column: &mut Column) -> Result<(), Failure> {
    if column.make != Make::Tuiphone {
        return Ok(());
    }
    say(&format!("the interface: {CALLS} calls, {STARTS} starts, {KEYS} keys twice, thrice {} s", WATCHED.as_secs()));
    let phone = Phone::start(Make::Tuiphone, Answer::Ring)?;
    let (uri, address) = phone.far.register(true)?;
    remember_calls(&phone)?;
    settle();

    let starts: Vec<Duration> =
        (0..STARTS).map(|_| Terminal::open(&phone)?.until_started(REGISTERED)).collect::<Result<_, _>>()?;
    column.row(STARTED, median_and_p99(&starts));

    let mut terminal = Terminal::open(&phone)?;
    terminal.until(REGISTERED)?;
    let (resident, proportional) = terminal.memory()?;
    column.row(MEMORY_AT_FIRST, format!("{resident:.1} / {proportional:.1} MB"));
    terminal.rest(Duration::from_secs(1))?;
    let (resident, proportional) = terminal.memory()?;
    column.row(MEMORY, format!("{resident:.1} / {proportional:.1} MB"));
    let idle = terminal.bytes_within(WATCHED)?;

    // Another digit, then its end.
    let digits = press(&mut terminal, (0..KEYS).map(|n| if n % 2 == 0 { b'5' } else { DELETE }))?;
    column.row(KEY_IN_PHONE, median_and_p99(&digits.firsts));
    terminal.send(HISTORY)?;
    terminal.until("History")?;
    terminal.rest(Duration::from_secs(1))?;
    let search = SEARCHED.bytes().chain(SEARCHED.bytes().map(|_| DELETE)).cycle().take(KEYS);
    let letters = press(&mut terminal, search)?;
    column.row(KEY_IN_HISTORY, median_and_p99(&letters.firsts));
    column.row(FOUND, median_and_p99(&letters.lasts));
    let (resident, proportional) = terminal.memory()?;
    column.row(MEMORY_OF_HISTORY, format!("{resident:.1} / {proportional:.1} MB"));

    terminal.send(CLOSE)?;
    terminal.rest(Duration::from_secs(1))?;
    phone.far.invite(&uri, address, "ring", 9, CODECS[0])?;
    terminal.until("INCOMING CALL")?;
    terminal.rest(Duration::from_millis(300))?;
    let ringing = terminal.bytes_within(WATCHED)?;
    drop(terminal);
    phone.far.request("CANCEL", &uri, address, "ring", &format!("<{uri}>"), "")?;
    let end = phone.far.receive("487", |l| l.starts_with("SIP/2.0 487"))?;
    let callee = header(&end.text, "To").ok_or("487 without To")?;
    phone.far.request("ACK", &uri, address, "ring", &callee, "Content-Length: 0\r\n\r\n")?;
    drop(phone);

    let [idle, ringing, talking] = [idle, ringing, talk()?].map(|bytes| rate(bytes, WATCHED));
    column.row(BYTES, format!("{idle}, {ringing}, {talking}"));
    Ok(())
}

/// On the screen of a phone that is registered.
const REGISTERED: &str = "registered";
/// What is searched for, letter by letter.
const SEARCHED: &str = "person 1234";
/// Keys: the history, away with it, away with a letter.
const HISTORY: &[u8] = b"\x1b[23~";
const CLOSE: &[u8] = b"\x1b";
const DELETE: u8 = 0x7f;

/// What became of keys.
#[derive(Default)]
struct Keys {
    firsts: Vec<Duration>,
    lasts: Vec<Duration>,
}

/// Presses these, at moments that keep step with nothing.
fn press(terminal: &mut Terminal, keys: impl Iterator<Item = u8>) -> Result<Keys, Failure> {
    let mut pressed = Keys::default();
    for (n, key) in (0..).zip(keys) {
        let Pressed { first, last } = terminal.press(&[key], Duration::from_millis(40 + (n * 17) % 43))?;
        pressed.firsts.push(first);
        pressed.lasts.push(last);
    }
    Ok(pressed)
}

/// Bytes written in a call in which both are heard, louder and softer as voices are.
fn talk() -> Result<usize, Failure> {
    let folder = Folder::new()?;
    let (voice, heard) = (folder.0.join("voice.wav"), folder.0.join("heard.wav"));
    fs::write(&voice, file_of_voice(16_000)).map_err(|e| format!("{}: {e}", voice.display()))?;
    let phone = Phone::start(Make::Tuiphone, Answer::Files(&voice, &heard))?;
    let (uri, address) = phone.far.register(true)?;
    let mut terminal = Terminal::open(&phone)?;
    terminal.until(REGISTERED)?;
    let media = rtp::socket()?;
    let port = media.local_addr().map_err(|e| e.to_string())?.port();
    let (callee, _) = phone.far.connect(&uri, address, "talk", port, CODECS[0])?;
    let over = AtomicBool::new(false);
    let bytes = std::thread::scope(|scope| {
        scope.spawn(|| echo(&media, &over));
        let bytes = terminal.until("talking").and_then(|_| {
            terminal.bytes_within(Duration::from_secs(3))?;
            terminal.bytes_within(WATCHED)
        });
        over.store(true, Ordering::Relaxed);
        bytes
    });
    phone.far.request("BYE", &uri, address, "talk", &callee, "")?;
    bytes
}

/// Sends each packet back to whoever sent it.
fn echo(media: &UdpSocket, over: &AtomicBool) {
    let mut packet = [0; 2_048];
    while !over.load(Ordering::Relaxed) {
        if let Ok((length, from)) = media.recv_from(&mut packet) {
            let _ = media.send_to(&packet[..length], from);
        }
    }
}

/// Fills the history of a phone as anybody can: with files of MicroSIP's.
fn remember_calls(phone: &Phone) -> Result<(), Failure> {
    for first in (0..CALLS).step_by(CALLS_OF_A_FILE) {
        let file = phone.file(&format!("calls{first}.ini"));
        fs::write(&file, calls(first)).map_err(|e| format!("{}: {e}", file.display()))?;
        import(phone, &file)?;
    }
    Ok(())
}

fn import(phone: &Phone, file: &Path) -> Result<(), Failure> {
    let mut command = phone.command(&["history", "import"]);
    let output = command.arg(file).stdin(Stdio::null()).output().map_err(|e| e.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout);
    let is_whole = output.status.success() && said.contains(&CALLS_OF_A_FILE.to_string());
    if is_whole { Ok(()) } else { Err(format!("the history was not filled: {}: {}", output.status, said.trim())) }
}

/// An ini file with calls from this one on.
fn calls(first: usize) -> String {
    let mut text = format!("[Settings]\ncallsLastKey={}\n[Calls]\n", CALLS_OF_A_FILE - 1);
    for at in 0..CALLS_OF_A_FILE {
        let (call, kind) = (first + at, at % 3);
        let (number, name) = (call * 37 % 10_000_000, call * 7_919 % 4_000);
        let time = 1_600_000_000 + call * 300;
        let _ = writeln!(text, "{at}=+4940{number:07};Person {name};{kind};{time};61;Call Ended");
    }
    text
}

/// A folder that goes with this.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Folder, Failure> {
        let folder = std::env::temp_dir().join(format!("tuiphone-bench-voice-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        Ok(Folder(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_has_other_calls() {
        let [one, other] = [0, CALLS - CALLS_OF_A_FILE].map(calls);
        assert_eq!([&one, &other].map(|text| text.lines().count()), [CALLS_OF_A_FILE + 3; 2]);
        let time = |line: &str| line.split(';').nth(3).and_then(|time| time.parse::<u64>().ok());
        let last = one.lines().filter_map(time).max().unwrap();
        assert!(other.lines().filter_map(time).all(|time| time > last));
        assert!(one.contains("\n7=+49400000259;Person 3433;1;1600002100;61;Call Ended\n"), "{one}");
    }
}
