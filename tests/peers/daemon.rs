//! The phone under test as a daemon: registered, driven by verbs, read by its status.

use std::time::Duration;

use serde_json::Value;

use crate::support::{Outcome, PATIENCE, Phone, Process, until};

/// A phone that is on.
pub struct Daemon {
    /// Its folder and settings.
    pub phone: Phone,
    _process: Process,
}

impl Daemon {
    /// Starts it with a tone at its microphone, and waits until it is registered.
    pub fn start(phone: Phone) -> Self {
        Self::sounding(phone, "tone:440", "null")
    }

    /// The same with these devices.
    pub fn sounding(phone: Phone, microphone: &str, speaker: &str) -> Self {
        let daemon = Self::launch(phone, microphone, speaker);
        daemon.until("registered", |status| status["accounts"][0]["registered"] == true);
        daemon
    }

    /// One that is called by its address, and registered nowhere.
    pub fn unregistered(phone: Phone) -> Self {
        let daemon = Self::launch(phone, "tone:440", "null");
        daemon.until_is("idle");
        daemon
    }

    fn launch(phone: Phone, microphone: &str, speaker: &str) -> Self {
        let mut command = phone.command(&["daemon", "--audio-in", microphone, "--audio-out", speaker]);
        command.arg("--debug").arg(phone.file("daemon.trace"));
        let process = Process::start("daemon", &mut command, &phone.file("run"));
        Self { phone, _process: process }
    }

    /// A verb and its outcome.
    pub fn asked(&self, words: &[&str]) -> Outcome {
        self.phone.run(words, Duration::from_secs(30))
    }

    /// A verb that does what was asked.
    #[track_caller]
    pub fn does(&self, words: &[&str]) -> Outcome {
        let outcome = self.asked(words);
        outcome.ends(0);
        outcome
    }

    /// Calls somebody and waits for the answer.
    #[track_caller]
    pub fn calls(&self, number: &str) {
        self.does(&["call", number, "--no-wait"]);
        self.until("the answer", |status| {
            let calls = status["calls"].as_array();
            calls.and_then(|calls| calls.last()).is_some_and(|call| call["state"] == "connected")
        });
    }

    /// Everything it says of itself.
    pub fn status(&self) -> Value {
        self.phone.run(&["status"], PATIENCE).json
    }

    /// The phone in one word.
    pub fn state(&self) -> String {
        self.status()["state"].as_str().unwrap_or_default().to_owned()
    }

    /// Waits until its status is as wished.
    #[track_caller]
    pub fn until(&self, what: &str, mut wished: impl FnMut(&Value) -> bool) {
        until(what, PATIENCE, || wished(&self.status()));
    }

    /// Waits until its one word is this.
    #[track_caller]
    pub fn until_is(&self, state: &str) {
        self.until(state, |status| status["state"] == state);
    }

    /// Its state and its events from now on, a line each.
    pub fn followed(&self) -> Process {
        let mut command = self.phone.command(&["attach"]);
        let mut follower = Process::start("attach", &mut command, &self.phone.file("run"));
        follower.until_says(r#""feed":"status""#);
        follower
    }

    /// Every message that the phone sent and received.
    pub fn trace(&self) -> String {
        std::fs::read_to_string(self.phone.file("daemon.trace")).unwrap_or_default()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("---- the phone's trace\n{}", self.trace());
            eprintln!("---- the phone's state\n{:#}", self.status());
        }
    }
}
