//! What the phone and another softphone do with each other, through a registrar: the same for each of them.

use std::path::Path;

use serde_json::Value;

use crate::daemon::Daemon;
use crate::kamailio::{Kamailio, has_secure_modules};
use crate::support::{PATIENCE, Process, beside_others, until};

/// Another softphone, that registers and waits for what it is told.
pub trait Softphone {
    /// Calls a user.
    fn dial(&mut self, user: &str);
    /// Answers what rings.
    fn answer(&mut self);
    /// Holds its call.
    fn hold(&mut self);
    /// Takes its call back.
    fn resume(&mut self);
    /// Sends a key; false if nobody can tell it to.
    fn key(&mut self, key: char) -> bool;
    /// Hangs up, cancels, or turns down what rings.
    fn hang_up(&mut self);
    /// How many of its calls are over, as it says.
    fn ended(&self) -> usize;
    /// What it prints when a key arrives.
    fn key_words(&self, key: char) -> String;
    /// Its process.
    fn process(&mut self) -> &mut Process;
}

/// 101, our phone, and 102, the other, over the same transport.
pub fn calls_both_ways<S: Softphone>(transport: &str, start: impl FnOnce(&Kamailio) -> S) {
    if transport == "tls" && !has_secure_modules() {
        return;
    }
    let _machine = beside_others();
    let proxy = Kamailio::start("MD5", &[]);
    let mut other = start(&proxy);
    let ours = Daemon::start(proxy.phone_over(transport, "101", "audioCodecs=PCMU/8000/1"));
    until("the other is registered", PATIENCE, || proxy.said().contains("saved 102"));

    we_call(&ours, &mut other);
    over(&ours, &other, 1);
    it_calls(&ours, &mut other);
    over(&ours, &other, 2);
    we_are_turned_down(&ours, &mut other);
    over(&ours, &other, 3);
    it_is_turned_down(&ours, &mut other);
    over(&ours, &other, 4);
    we_give_up(&ours);
    over(&ours, &other, 5);
    it_gives_up(&ours, &mut other);
    over(&ours, &other, 6);
}

/// Both know that so many calls are over.
fn over(ours: &Daemon, other: &impl Softphone, calls: usize) {
    ours.until_is("idle");
    until("the other knows", PATIENCE, || other.ended() >= calls);
}

fn rings_there(status: &Value) -> bool {
    status["calls"][0]["state"] == "ringing"
}

fn is_heard(status: &Value) -> bool {
    status["calls"][0]["media"]["rx_packets"].as_u64() > Some(10)
}

/// We call, it answers; each holds, each sends a key; we hang up.
fn we_call(ours: &Daemon, other: &mut impl Softphone) {
    let mut events = ours.followed();
    ours.does(&["call", "102", "--no-wait"]);
    ours.until("it rings there", rings_there);
    other.answer();
    ours.until_is("connected");
    ours.until("its sound", is_heard);
    ours.does(&["hold"]);
    ours.until_is("held");
    ours.does(&["resume"]);
    ours.until_is("connected");
    let held = |held: bool| move |status: &Value| status["calls"][0]["remote_hold"] == held;
    other.hold();
    ours.until("held by the other", held(true));
    other.resume();
    ours.until("talking again", held(false));
    ours.does(&["dtmf", "5"]);
    let words = other.key_words('5');
    other.process().until_says(&words);
    if other.key('7') {
        events.until_says(r#""digit":"7""#);
    }
    ours.does(&["hangup"]);
}

fn it_calls(ours: &Daemon, other: &mut impl Softphone) {
    other.dial("101");
    ours.until_is("ringing");
    ours.does(&["answer"]);
    ours.until("its sound", is_heard);
    other.hang_up();
}

fn we_are_turned_down(ours: &Daemon, other: &mut impl Softphone) {
    let mut events = ours.followed();
    ours.does(&["call", "102", "--no-wait"]);
    ours.until("it rings there", rings_there);
    other.hang_up();
    events.until_says(r#""event":"call_ended""#);
    assert!(events.said().contains(r#""ended_by":"remote""#), "{}", events.said());
}

fn it_is_turned_down(ours: &Daemon, other: &mut impl Softphone) {
    other.dial("101");
    ours.until_is("ringing");
    ours.does(&["reject"]);
}

fn we_give_up(ours: &Daemon) {
    ours.does(&["call", "102", "--no-wait"]);
    ours.until("it rings there", rings_there);
    ours.does(&["hangup"]);
}

fn it_gives_up(ours: &Daemon, other: &mut impl Softphone) {
    other.dial("101");
    ours.until_is("ringing");
    other.hang_up();
}

/// A minute of a quiet tone, for those who play files.
pub fn write_tone(file: &Path) {
    let spec =
        hound::WavSpec { channels: 1, sample_rate: 8000, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut writer = hound::WavWriter::create(file, spec).unwrap();
    (0..8000 * 60).for_each(|at| writer.write_sample(if at / 10 % 2 == 0 { 500_i16 } else { -500 }).unwrap());
    writer.finalize().unwrap();
}
