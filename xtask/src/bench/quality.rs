//! How good speech is at the end of a bad line: two phones of a make, a network of ours between them, PESQ.
//!
//! Each phone is called by the bench, which names the relay as its far end; so the two talk to each other through it
//! while neither has to be told to dial. Both say the same speech and record what they hear: both directions count. The
//! phones of all makes talk over a line at the same time, each pair through a relay of its own with the line's seed.

mod heard;
mod pair;
mod studio;

use std::collections::BTreeMap;
use std::time::Duration;

pub use self::heard::{Figure, Tries};
use self::pair::Call;
use self::studio::Studio;
use super::Column;
use super::call::{CODECS, Codec};
use super::relay::Line;
use crate::Failure;
use crate::run::say;

/// Parts of the packets lost.
pub const LOSSES: [f64; 5] = [0.0, 0.01, 0.05, 0.10, 0.20];
/// Jitters, ms.
pub const JITTERS: [u64; 3] = [0, 30, 100];

/// A line that is measured, as the table calls it.
#[derive(Debug, Clone)]
pub struct Cell {
    /// In words.
    pub name: String,
    /// What it does.
    pub line: Line,
}

/// How much of it is measured.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// So many of the lines, spread over all of them.
    pub lines: usize,
    /// How often each is tried, each time with other losses.
    pub seeds: usize,
}

impl Default for Extent {
    fn default() -> Extent {
        Extent { lines: cells().len(), seeds: 3 }
    }
}

/// What was heard of a phone, by codec and line, in the order of [`CODECS`] and [`cells`].
pub type Scores = Vec<Vec<Tries>>;

/// What was heard of all phones, and how.
pub struct Speech {
    /// In the order of the columns.
    pub scores: Vec<Scores>,
    /// How often each line was tried.
    pub seeds: usize,
    /// How many pairs of phones talked at the same time, at most.
    pub pairs: usize,
    /// The machine's load in the calls of a turn, 0..=1: the mean and the highest.
    pub load: (f64, f64),
}

/// Every line: each loss with each jitter, then what else happens to packets.
pub fn cells() -> Vec<Cell> {
    let grid = LOSSES.iter().flat_map(|loss| JITTERS.iter().map(move |jitter| (*loss, *jitter)));
    let mut cells: Vec<Cell> = grid
        .map(|(loss, ms)| Cell {
            name: format!("{:.0} %, {ms} ms", loss * 100.0),
            line: Line { loss, jitter: Duration::from_millis(ms), ..Line::default() },
        })
        .collect();
    let burst = Line { loss: 0.10, burst: 3.0, ..Line::default() };
    let mess =
        Line { loss: 0.01, jitter: Duration::from_millis(60), reorder: true, duplicate: 0.02, ..Line::default() };
    cells.push(Cell { name: "10 %, three in a row on average".into(), line: burst });
    cells.push(Cell { name: "1 %, 60 ms, out of order, 2 % twice".into(), line: mess });
    cells
}

/// How many lines fit on two cores at once, with a pair of phones of each make on each: half of the machine stays idle.
fn at_once(codec: Codec) -> usize {
    match codec.name {
        "PCMU" => 8,
        "G.722" => 7,
        _ => 3,
    }
}

/// All lines over all phones; what cannot be had is told in the phone's column.
pub fn speech(columns: &mut [Column], extent: Extent, install: bool) -> Result<Speech, Failure> {
    let studio = Studio::open(install)?;
    let nothing = vec![vec![Tries::default(); cells().len()]; CODECS.len()];
    let mut speech = Speech { scores: vec![nothing; columns.len()], seeds: extent.seeds, pairs: 0, load: (0.0, 0.0) };
    let mut phones = Vec::new();
    for (phone, column) in columns.iter_mut().enumerate() {
        let records = column.make.records();
        phones.extend(column.found("speech", records).map(|()| (phone, column.make)));
    }
    let mut loads = Vec::new();
    let lines = extent.lines.clamp(1, cells().len());
    for (number, codec) in CODECS.into_iter().enumerate() {
        let chosen = (0..lines).map(|line| line * cells().len() / lines);
        let tries: Vec<(usize, usize)> =
            chosen.flat_map(|cell| (0..extent.seeds).map(move |seed| (cell, seed))).collect();
        let (turns, mut calls, mut failures) = (tries.chunks(at_once(codec)), Vec::new(), Failures::default());
        let count = turns.len();
        for (turn, tries) in turns.enumerate() {
            let pairs = tries.iter().flat_map(|(cell, seed)| {
                phones.iter().map(|(phone, make)| Call { phone: *phone, make: *make, codec, cell: *cell, seed: *seed })
            });
            let pairs: Vec<Call> = pairs.collect();
            speech.pairs = speech.pairs.max(pairs.len());
            let (talked, load) = pair::talk(&studio, pairs);
            loads.push(load);
            say(&format!("speech with {}: {} of {count}, load {:.0} %", codec.name, turn + 1, load * 100.0));
            for (call, outcome) in talked {
                match outcome {
                    Ok(()) => calls.push(call),
                    Err(why) => failures.add(call, why),
                }
            }
        }
        say(&format!("speech with {}: scoring {} calls", codec.name, calls.len()));
        let scores = studio.score(&calls)?;
        for call in calls {
            match scores.get(&call.file(0)) {
                Some(heard) => speech.scores[call.phone][number][call.cell].0.push(*heard),
                None => failures.add(call, "what was said is not all heard".to_owned()),
            }
        }
        failures.tell(columns, &format!("speech with {}", codec.name), tries.len());
    }
    let mean = loads.iter().sum::<f64>() / loads.len().max(1) as f64;
    speech.load = (mean, loads.into_iter().fold(0.0, f64::max));
    Ok(speech)
}

/// Calls that were not had, by phone and reason.
#[derive(Default)]
struct Failures(BTreeMap<(usize, Failure), usize>);

impl Failures {
    fn add(&mut self, call: Call, why: Failure) {
        *self.0.entry((call.phone, why)).or_default() += 1;
    }

    fn tell(self, columns: &mut [Column], what: &str, calls: usize) {
        for ((phone, why), count) in self.0 {
            columns[phone].found::<()>(&format!("{what}, {count} of {calls} calls"), Err(why));
        }
    }
}
