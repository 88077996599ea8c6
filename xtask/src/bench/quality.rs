//! How good speech is at the end of a bad line: two phones of a make, a network of ours between them, PESQ.
//!
//! Each phone is called by the bench, which names the relay as its far end; so the two talk to each other through it
//! while neither has to be told to dial. Both say the same speech and record what they hear: both directions count.

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::Column;
use super::call::{CODECS, Codec};
use super::makes::Make;
use super::phone::{Answer, Phone};
use super::relay::{Line, Pair, Relay};
use crate::Failure;
use crate::run::{root, say};
use crate::test;

/// Parts of the packets lost.
pub const LOSSES: [f64; 5] = [0.0, 0.01, 0.05, 0.10, 0.20];
/// Jitters, ms.
pub const JITTERS: [u64; 3] = [0, 30, 100];
/// The speech with its pauses.
const LENGTH: Duration = Duration::from_secs(24);

/// A line that is measured, as the table calls it.
#[derive(Debug, Clone)]
pub struct Cell {
    /// In words.
    pub name: String,
    /// What it does.
    pub line: Line,
}

/// What was heard over a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heard {
    /// PESQ of the first words of the call, MOS-LQO.
    pub first: f64,
    /// The mean of those that follow.
    pub later: f64,
}

/// The scores of a make: by codec and line, in the order of [`CODECS`] and [`cells`]; none where it cannot be had.
pub type Scores = Vec<Vec<Option<Heard>>>;

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

/// Where speech, recordings and the scorer are.
pub struct Studio {
    folder: PathBuf,
    python: PathBuf,
}

impl Studio {
    /// Writes the speech; an error says what is not here.
    pub fn open(install: bool) -> Result<Studio, Failure> {
        let python = test::scorer(install)?;
        let folder = std::env::temp_dir().join(format!("tuiphone-quality-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let studio = Studio { folder, python };
        studio.run(&["make".into(), studio.folder.clone().into()])?;
        Ok(studio)
    }

    /// All cells of a phone; what cannot be had is told in its column.
    pub fn scores(&self, column: &mut Column) -> Scores {
        let records = column.make.records();
        if column.found("speech", records).is_none() {
            return Vec::new();
        }
        let heard = CODECS.iter().map(|codec| {
            let heard = self.codec(column.make, *codec);
            column.found(&format!("speech with {}", codec.name), heard).unwrap_or_else(|| vec![None; cells().len()])
        });
        heard.collect()
    }

    fn codec(&self, make: Make, codec: Codec) -> Result<Vec<Option<Heard>>, Failure> {
        let cells = cells();
        say(&format!("{}: speech with {} over {} lines", make.name(), codec.name, cells.len()));
        let mut files = Vec::new();
        let numbered: Vec<(usize, Cell)> = cells.iter().cloned().enumerate().collect();
        for cells in numbered.chunks(make.pairs_at_once(codec)) {
            let recorded = self.talk(make, codec, cells).or_else(|why| {
                say(&format!("{}: {why}; once more", make.name()));
                self.talk(make, codec, cells)
            });
            files.extend(recorded?);
        }
        let scores = self.score(&files)?;
        Ok((0..cells.len())
            .map(|cell| {
                let sides = [0, 1].map(|side| scores.get(&name(codec, cell, side)));
                let heard: Vec<&Vec<f64>> = sides.into_iter().flatten().collect();
                let mean = |which: &dyn Fn(usize) -> bool| {
                    let all = heard.iter().flat_map(|scores| scores.iter().enumerate());
                    let chosen: Vec<f64> = all.filter(|(at, _)| which(*at)).map(|(_, mos)| *mos).collect();
                    (!chosen.is_empty()).then(|| chosen.iter().sum::<f64>() / chosen.len() as f64)
                };
                Some(Heard { first: mean(&|at| at == 0)?, later: mean(&|at| at > 0)? })
            })
            .collect())
    }

    /// One call over each of these lines at the same time; the names of the recordings.
    fn talk(&self, make: Make, codec: Codec, cells: &[(usize, Cell)]) -> Result<Vec<String>, Failure> {
        let speech = self.folder.join(make.speech(codec));
        let mut calls = Vec::new();
        for (number, cell) in cells {
            let files = [0, 1].map(|side| name(codec, *number, side));
            let phones = [0, 1].map(|side| {
                let heard = self.folder.join(&files[side]);
                let _ = fs::remove_file(&heard);
                Phone::start(make, Answer::Files(&speech, &heard))
            });
            let [a, b] = phones;
            // The same losses for each make.
            let seed = 1 + *number as u64 * 7_919 + u64::from(codec.kind);
            calls.push((Pair::new(cell.line, seed)?, [a?, b?], files));
        }
        let mut ends: Vec<[(String, SocketAddr, String); 2]> = Vec::new();
        for (pair, phones, _) in &mut calls {
            let mut connect = |side: usize| {
                let far = &phones[side].far;
                let (uri, address) = far.register(true)?;
                let (callee, media) = far.connect(&uri, address, "speech", pair.port(side)?, codec)?;
                pair.connect(side, media);
                Ok::<_, Failure>((uri, address, callee))
            };
            ends.push([connect(0)?, connect(1)?]);
        }
        let (pairs, rest): (Vec<Pair>, Vec<_>) =
            calls.into_iter().map(|(pair, phones, files)| (pair, (phones, files))).unzip();
        let relay = Relay::start(pairs);
        thread::sleep(LENGTH);
        let mut recorded = Vec::new();
        for ((phones, files), ends) in rest.into_iter().zip(ends) {
            for (phone, (uri, address, callee)) in phones.into_iter().zip(ends) {
                phone.far.request("BYE", &uri, address, "speech", &callee, "")?;
                phone.stop();
            }
            recorded.extend(files);
        }
        drop(relay);
        Ok(recorded)
    }

    /// The scores of recordings, by their names.
    fn score(&self, files: &[String]) -> Result<HashMap<String, Vec<f64>>, Failure> {
        let mut arguments = vec!["score".into(), self.folder.clone().into()];
        arguments.extend(files.iter().map(Into::into));
        let printed = self.run(&arguments)?;
        let scores = printed.lines().filter_map(|line| {
            let (name, scores) = line.split_once(' ')?;
            let scores: Option<Vec<f64>> = scores.split(' ').map(|mos| mos.parse().ok()).collect();
            Some((name.to_owned(), scores?))
        });
        Ok(scores.collect())
    }

    /// The script with these arguments; what it prints.
    fn run(&self, arguments: &[std::ffi::OsString]) -> Result<String, Failure> {
        let script: &Path = &root().join("xtask/src/bench/quality.py");
        let output = Command::new(&self.python).arg(script).args(arguments).output().map_err(|e| e.to_string())?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(format!("the scorer failed: {}", String::from_utf8_lossy(&output.stderr)))
        }
    }
}

impl Drop for Studio {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A recording; how it is scored is read off its name.
fn name(codec: Codec, cell: usize, side: usize) -> String {
    let scale = if codec.kind == 0 { "PCM" } else { "wide" };
    format!("{scale}-{}-{cell}-{side}.wav", codec.kind)
}
