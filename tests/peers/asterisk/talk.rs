//! Calls over the exchange in which tones show that sound goes both ways, and how it is protected.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::Asterisk;
use crate::daemon::Daemon;
use crate::score;
use crate::support::{Outcome, Phone};

/// What protects a call, in words; `None`: nothing does.
pub type Protection = Option<&'static str>;

/// Sound is heard for at least so long.
const ENOUGH: Duration = Duration::from_secs(2);

/// A phone says a tone to who sends back what it hears. Fails unless it comes back, protected like this, or the call ends
/// with this exit code.
#[track_caller]
pub fn echoed(phone: &Phone, seconds: u32, expected: Result<Protection, i32>, what: &str) -> Outcome {
    let heard = phone.file("heard.wav");
    let (output, duration) = (format!("file:{}", heard.display()), seconds.to_string());
    let arguments = ["call", "600", "--duration", &duration, "--audio-in", "tone:440", "--audio-out", &output];
    let outcome = phone.run(&arguments, Duration::from_secs(40));
    outcome.ends(expected.err().unwrap_or(0));
    if let Ok(protection) = expected {
        assert_eq!(outcome.protection(), protection, "{what}\n{}", outcome.told);
        let returned = score::tone(&heard, 440.0, -20.0);
        assert!(returned > ENOUGH, "{what}: {returned:?} of the tone\n{}", outcome.told);
    }
    outcome
}

/// The phone under test and one of 101, which is not encrypted; each answers by itself and says a tone of its own.
pub struct Talk {
    /// The phone under test.
    pub ours: Daemon,
    other: Daemon,
    heard: [PathBuf; 2],
    what: String,
}

impl Talk {
    /// Both are on; `ours` answers if its settings say so, `what` is for those who read of failures.
    pub fn between(exchange: &Asterisk, ours: Phone, what: &str) -> Self {
        let other = exchange.phone_over("udp", "101", "autoAnswer=all", "");
        let heard = [&ours, &other].map(|phone| phone.file("heard.wav"));
        let sounding =
            |phone, tone, heard: &PathBuf| Daemon::sounding(phone, tone, &format!("file:{}", heard.display()));
        let (ours, other) = (sounding(ours, "tone:440", &heard[0]), sounding(other, "tone:700", &heard[1]));
        Self { ours, other, heard, what: what.to_owned() }
    }

    /// 101 calls this user.
    pub fn comes(&self, user: &str) {
        self.other.does(&["call", user, "--no-wait"]);
    }

    /// The phone under test calls 101.
    pub fn goes(&self) {
        self.ours.does(&["call", "101", "--no-wait"]);
    }

    /// The phone under test calls 101, or is called as this user.
    pub fn begins(&self, outgoing: bool, user: &str) {
        if outgoing { self.goes() } else { self.comes(user) }
    }

    /// The phone under test answers the call with this status, which is the end of it.
    #[track_caller]
    pub fn is_refused(&self, status: u16) {
        self.other.until_is("idle");
        assert!(self.ours.trace().contains(&format!("SIP/2.0 {status} ")), "{}", self.what);
    }

    /// What is known of the sound here.
    pub fn media(&self) -> Value {
        self.ours.status()["calls"][0]["media"].clone()
    }

    /// Each hears seconds of the other, ours protected like this.
    #[track_caller]
    pub fn is_heard(&self, protection: Protection) {
        let before = [&self.ours, &self.other].map(|phone| heard(&phone.status()));
        for (phone, before) in [&self.ours, &self.other].into_iter().zip(before) {
            phone.until(&format!("{}: sound", self.what), |status| heard(status) > before + 150);
        }
        assert_eq!(self.media()["srtp"], json!(protection), "{}", self.what);
    }

    /// Held by the phone under test, and back.
    #[track_caller]
    pub fn is_held_and_resumed(&self) {
        for (verb, held) in [("hold", true), ("resume", false)] {
            self.ours.does(&[verb]);
            self.other.until(verb, |status| status["calls"][0]["remote_hold"] == json!(held));
        }
    }

    /// It ends, and both have heard the tone of the other for seconds.
    #[track_caller]
    pub fn ends(&self) {
        self.other.does(&["hangup"]);
        self.ours.until_is("idle");
        let tones = [700.0, 440.0].into_iter().zip(&self.heard).map(|(tone, heard)| score::tone(heard, tone, -20.0));
        let tones: Vec<Duration> = tones.collect();
        assert!(tones.iter().all(|tone| *tone > ENOUGH), "{}: {tones:?}", self.what);
    }
}

fn heard(status: &Value) -> u64 {
    status["calls"][0]["media"]["rx_packets"].as_u64().unwrap_or_default()
}
