//! Mouth to ear: how long what is said into one phone takes until another one plays it.
//!
//! ```text
//!  chirps ─ pacat ─▶ mic ─ mic.monitor ─▶ phone ─ RTP over loopback ─▶ phone ─▶ ear ─ ear.monitor
//!                           └─ parec ─ said                                      heard ─ parec ─┘
//! ```
//!
//! The devices are null sinks of a PulseAudio of our own. Nothing here asks that server for a latency: it runs at the
//! pace the phones ask for.

mod listen;
mod phones;
mod server;

use std::fmt::Write;
use std::time::Duration;

use self::listen::{Chirps, Recorder};
use self::phones::{Kind, Pair};
use self::server::{EAR, MIC, Server};
use crate::Failure;
use crate::run::say;

/// The codecs, as an offer names them.
const CODECS: [&str; 3] = ["PCMU/8000/1", "G722/8000/1", "opus/48000/2"];

/// How long a call is listened to.
const CALL: Duration = Duration::from_secs(12);

/// What one call was like.
pub struct Delays {
    /// Of what was said in the first second, ms.
    first: Vec<f64>,
    /// Of all the rest, ms.
    later: Vec<f64>,
    /// Chirps that were not heard, or not as they were said.
    lost: usize,
}

/// Whose, with which codec, and how long.
pub type Ear = (String, &'static str, Delays);

impl Delays {
    /// The greater one of the first second's median and that of the rest; nothing where nothing was heard.
    pub fn worse_median(&self) -> Option<f64> {
        Some(at(&self.first, 0.5)?.max(at(&self.later, 0.5)?))
    }
}

/// The table: a line for each codec, a column for each phone; and what it is made of, with the phone and the codec.
pub fn table(peers: bool) -> Result<(String, Vec<Ear>), Failure> {
    let kinds = if peers { &Kind::ALL[..] } else { &Kind::ALL[..1] };
    let server = Server::start()?;
    let own = own_path(&server)?;
    let mut found = Vec::new();
    let mut text = String::from(
        "## Mouth to ear\n\nMedian delay (5th to 95th percentile) in ms from a microphone's to a speaker's null sink \
         of PulseAudio, both phones\nof one kind on this machine; after the semicolon the same for the call's first \
         second, then chirps lost, if any.\n",
    );
    let _ = writeln!(text, "The instrument's own path, {own:.1} ms, is taken off.\n");
    let names: Vec<String> = kinds.iter().map(|kind| kind.name()).collect();
    let _ = writeln!(text, "| codec | {} |\n|---|{}", names.join(" | "), "---|".repeat(names.len()));
    for codec in CODECS {
        let name = codec.split('/').next().unwrap_or(codec);
        let _ = write!(text, "| {name} |");
        for kind in kinds {
            say(&format!("{}: mouth to ear, {name}", kind.name()));
            let heard = if kind.installed() { call(&server, *kind, codec, own) } else { Err("not here".to_owned()) };
            let figure = heard.as_ref().map_or_else(String::clone, Delays::to_string);
            found.extend(heard.map(|delays| (kind.name(), name, delays)));
            say(&figure);
            let _ = write!(text, " {figure} |");
        }
        text.push('\n');
    }
    Ok((text, found))
}

/// What two recorders of the same sound differ by, ms.
fn own_path(server: &Server) -> Result<f64, Failure> {
    let (said, heard) = (Recorder::start(server, MIC)?, Recorder::start(server, MIC)?);
    let chirps = Chirps::say(server)?;
    std::thread::sleep(Duration::from_secs(4));
    drop(chirps);
    let mut delays: Vec<f64> = listen::delays(&said.end(), &heard.end()).into_iter().filter_map(|d| d.1).collect();
    delays.sort_by(f64::total_cmp);
    at(&delays, 0.5).ok_or_else(|| "the sound server plays nothing: its null sinks are silent".to_owned())
}

fn call(server: &Server, kind: Kind, codec: &str, own: f64) -> Result<Delays, Failure> {
    let pair = Pair::start(kind, server, codec)?;
    let (said, heard) = (Recorder::start(server, MIC)?, Recorder::start(server, EAR)?);
    let chirps = Chirps::say(server)?;
    std::thread::sleep(Duration::from_secs(1));
    let talking = pair.call()?;
    std::thread::sleep(CALL);
    drop(talking);
    drop(chirps);
    let all = listen::delays(&said.end(), &heard.end());
    let begin = all.iter().find(|(_, delay)| delay.is_some()).ok_or("nothing is heard")?.0;
    let end = all.iter().rfind(|(_, delay)| delay.is_some()).map_or(begin, |last| last.0);
    let mut delays = Delays { first: Vec::new(), later: Vec::new(), lost: 0 };
    for (at, delay) in all.into_iter().filter(|(at, _)| (begin..=end).contains(at)) {
        match delay {
            Some(delay) if at < begin + 1.0 => delays.first.push(delay - own),
            Some(delay) => delays.later.push(delay - own),
            None => delays.lost += 1,
        }
    }
    delays.first.sort_by(f64::total_cmp);
    delays.later.sort_by(f64::total_cmp);
    Ok(delays)
}

impl std::fmt::Display for Delays {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let spread = |delays: &[f64]| {
            let at = |part| at(delays, part).unwrap_or(f64::NAN);
            format!("{:.1} ({:.1}–{:.1})", at(0.5), at(0.05), at(0.95))
        };
        write!(f, "{}; {}", spread(&self.later), spread(&self.first))?;
        if self.lost > 0 { write!(f, "; {} lost", self.lost) } else { Ok(()) }
    }
}

/// What lies at this part of a sorted row.
fn at(sorted: &[f64], part: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last as f64 * part).round() as usize).copied()
}
