//! Two phones of a make that talk to each other over a line.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use super::cells;
use super::studio::Studio;
use crate::Failure;
use crate::bench::call::Codec;
use crate::bench::makes::Make;
use crate::bench::phone::{Answer, Phone, settle};
use crate::bench::relay::{Pair, Relay};
use crate::run::say;

/// The speech with its pauses.
const LENGTH: Duration = Duration::from_secs(24);

/// A call to be made.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// The number of the column.
    pub phone: usize,
    /// Whose.
    pub make: Make,
    /// What it speaks.
    pub codec: Codec,
    /// The number of its line.
    pub cell: usize,
    /// Which of the tries.
    pub seed: usize,
}

impl Call {
    /// The recording of this side (0 or 1); how it is scored is read off its name.
    pub fn file(&self, side: usize) -> String {
        let scale = if self.codec.kind == 0 { "PCM" } else { "wide" };
        format!("{scale}-{}-{}-{}-{}-{side}.wav", self.codec.kind, self.phone, self.cell, self.seed)
    }

    /// The losses of a line are the same for each make.
    fn seed(&self) -> u64 {
        (self.cell as u64) << 32 | (self.seed as u64) << 16 | u64::from(self.codec.kind)
    }

    /// Starts the phones and has them register.
    fn prepare(&self, studio: &Studio) -> Result<[Registered; 2], Failure> {
        let speech = studio.folder.join(self.make.speech(self.codec));
        let start = |side| {
            let heard = studio.folder.join(self.file(side));
            let _ = fs::remove_file(&heard);
            Phone::start(self.make, Answer::Files(&speech, &heard))
        };
        let (a, b) = (start(0)?, start(1)?);
        Ok([Registered::new(a)?, Registered::new(b)?])
    }

    /// Calls both; from here on they hear each other.
    fn connect(&self, phones: [Registered; 2]) -> Result<Talk, Failure> {
        let mut pair = Pair::new(cells()[self.cell].line, self.seed())?;
        let mut callees = [String::new(), String::new()];
        for (side, (phone, callee)) in phones.iter().zip(&mut callees).enumerate() {
            let far = &phone.phone.far;
            let (to, media) = far.connect(&phone.uri, phone.address, "speech", pair.port(side)?, self.codec)?;
            pair.connect(side, media);
            *callee = to;
        }
        Ok(Talk { phones, callees, _relay: Relay::start(vec![pair]) })
    }

    /// The whole call, which begins when all at the gate are ready.
    fn make(&self, studio: &Studio, gate: &Barrier) -> Result<(), Failure> {
        let ready = self.prepare(studio);
        gate.wait();
        settle();
        let talk = ready.and_then(|phones| self.connect(phones)).or_else(|why| {
            say(&format!("{}: {why}; once more", self.make.name()));
            self.connect(self.prepare(studio)?)
        })?;
        thread::sleep(LENGTH);
        talk.end();
        let empty = |side| fs::metadata(studio.folder.join(self.file(side))).map_or(true, |file| file.len() < 1_000);
        if empty(0) || empty(1) { Err("nothing is recorded".to_owned()) } else { Ok(()) }
    }
}

/// A phone, and where it is called.
struct Registered {
    phone: Phone,
    uri: String,
    address: SocketAddr,
}

impl Registered {
    fn new(phone: Phone) -> Result<Registered, Failure> {
        let (uri, address) = phone.far.register(true)?;
        Ok(Registered { phone, uri, address })
    }
}

/// A call that goes on.
struct Talk {
    phones: [Registered; 2],
    callees: [String; 2],
    _relay: Relay,
}

impl Talk {
    fn end(mut self) {
        for (Registered { phone, uri, address }, callee) in self.phones.iter_mut().zip(&self.callees) {
            let _ = phone.far.request("BYE", uri, *address, "speech", callee, "");
            phone.dismiss();
        }
        self.phones.into_iter().for_each(|registered| registered.phone.stop());
    }
}

/// How a call went.
type Outcome = (Call, Result<(), Failure>);

/// All of these calls at the same time, and the machine's load meanwhile, 0..=1.
pub fn talk(studio: &Studio, calls: Vec<Call>) -> (Vec<Outcome>, f64) {
    // One more: the load is read from the moment on when all are ready.
    let gate = Barrier::new(calls.len() + 1);
    thread::scope(|scope| {
        let gate = &gate;
        let talks: Vec<_> =
            calls.into_iter().map(|call| (call, scope.spawn(move || call.make(studio, gate)))).collect();
        gate.wait();
        settle();
        let before = processor();
        thread::sleep(LENGTH);
        let load = share(before, processor());
        let talked = talks
            .into_iter()
            .map(|(call, talk)| (call, talk.join().unwrap_or_else(|_| Err("the bench failed".to_owned()))));
        (talked.collect(), load)
    })
}

/// Of the whole machine since its start: time not idle, all time.
fn processor() -> (f64, f64) {
    let stat = fs::read_to_string(Path::new("/proc/stat")).unwrap_or_default();
    let line = stat.lines().next().unwrap_or_default();
    let times: Vec<f64> = line.split_whitespace().skip(1).take(8).filter_map(|time| time.parse().ok()).collect();
    let all: f64 = times.iter().sum();
    let idle: f64 = times.iter().skip(3).take(2).sum();
    (all - idle, all)
}

fn share(before: (f64, f64), after: (f64, f64)) -> f64 {
    (after.0 - before.0) / (after.1 - before.1).max(1.0)
}
