//! What was measured, as a page: `benches/RESULTS.md` and the plots beside it.

use std::fmt::Write;
use std::fs;

use super::call::CODECS;
use super::plot::{Curve, Plot};
use super::quality::{Cell, Heard, JITTERS, LOSSES, Scores, cells};
use super::{Column, Wish};
use crate::Failure;
use crate::run::{output, root};

/// Prints the page; after a whole run it is written, with its plots.
pub fn write(
    columns: &[Column],
    mouth_to_ear: &str,
    quality: &[Scores],
    missing: &[String],
    wish: &Wish,
) -> Result<(), Failure> {
    let names: Vec<String> = columns.iter().map(|column| column.make.name()).collect();
    let quality: Vec<(&str, &Scores)> = names.iter().map(String::as_str).zip(quality).collect();
    let mut text = head(wish.peers);
    text.push_str(&table(&names, columns));
    if !mouth_to_ear.is_empty() {
        let _ = write!(text, "\n{mouth_to_ear}");
    }
    let plots = plots(&quality);
    if !quality.is_empty() {
        text.push_str(&speech(&quality));
        plots.iter().for_each(|(file, plot)| {
            let _ = writeln!(text, "\n![{}]({file})", plot.title);
        });
    }
    if !missing.is_empty() {
        text.push_str("\n## Not had\n\n");
        missing.iter().for_each(|why| text.push_str(&format!("- {}\n", why.lines().next().unwrap_or_default())));
    }
    print!("{text}");
    if wish.only.is_empty() {
        let folder = root().join("benches");
        let put = |file: &str, text: &str| fs::write(folder.join(file), text).map_err(|e| format!("{file}: {e}"));
        fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        put("RESULTS.md", &text)?;
        plots.iter().try_for_each(|(file, plot)| put(file, &plot.svg()))?;
    }
    Ok(())
}

fn head(peers: bool) -> String {
    let system = output("uname", &["-srm"]).unwrap_or_default();
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = processor.lines().find_map(|l| l.strip_prefix("model name")?.split_once(':')).map_or("", |p| p.1);
    let commit = output("git", &["describe", "--always", "--dirty"]).unwrap_or_default();
    // Others at work on the machine make every figure worse: the reader must know.
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?");
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let flag = if peers { " --peers" } else { "" };
    format!(
        "# Results\n\nWritten by `cargo xtask bench{flag}`; do not edit.\n\n\
         {}, {cores} cores,{processor}, load {load}; commit {}\n\n\
         Times are medians; the far end is on loopback in the measuring process, no sound card is used. Packets are \
         timed by\nthe system as they reach the far end's socket.\n\n",
        system.trim(),
        commit.trim()
    )
}

/// A line for each figure of the first phone, a column for each phone; empty where there is none.
fn table(names: &[String], columns: &[Column]) -> String {
    let mut text = String::new();
    let rows = columns.first().map_or(&[][..], |ours| &ours.rows);
    if rows.is_empty() {
        return text;
    }
    let _ = writeln!(text, "| what | {} |\n|---|{}", names.join(" | "), "---|".repeat(names.len()));
    for (what, _) in rows {
        let figure = |column: &Column| column.rows.iter().find(|(w, _)| w == what).map(|(_, figure)| figure.clone());
        let figures: Vec<String> = columns.iter().map(|column| figure(column).unwrap_or_default()).collect();
        let _ = writeln!(text, "| {what} | {} |", figures.join(" | "));
    }
    text
}

/// A table for each codec: a line for each line that was measured, a column for each phone.
fn speech(quality: &[(&str, &Scores)]) -> String {
    let mut text = String::from(
        "\n## Speech over bad lines\n\nTwo phones of a make talk through a relay that loses packets and delays each by \
         up to the jitter, the same way for\neach make; read speech both ways, scored by PESQ (MOS-LQO, narrow band for \
         PCMU, wide band else). In brackets the\nfirst seven seconds of the call. Each figure is the mean of both \
         directions and, but for the brackets, two readings.\n",
    );
    let names: Vec<&str> = quality.iter().map(|(name, _)| *name).collect();
    for (at, codec) in CODECS.iter().enumerate() {
        let of = |scores: &Scores, cell: usize| scores.get(at).and_then(|cells| *cells.get(cell)?);
        if quality.iter().all(|(_, scores)| of(scores, 0).is_none()) {
            continue;
        }
        let _ = writeln!(text, "\n| {}: lost, jitter | {} |", codec.name, names.join(" | "));
        let _ = writeln!(text, "|---|{}", "---|".repeat(names.len()));
        for (cell, Cell { name, .. }) in cells().iter().enumerate() {
            let figures = quality.iter().map(|(_, scores)| of(scores, cell).map_or("–".to_owned(), figure));
            let _ = writeln!(text, "| {name} | {} |", figures.collect::<Vec<_>>().join(" | "));
        }
    }
    text
}

fn figure(heard: Heard) -> String {
    format!("{:.2} ({:.2})", heard.later, heard.first)
}

/// A plot for each codec: the score over the loss, a curve for each phone and jitter.
fn plots(quality: &[(&str, &Scores)]) -> Vec<(String, Plot)> {
    let mut plots = Vec::new();
    for (at, codec) in CODECS.iter().enumerate() {
        let mut curves = Vec::new();
        for (group, (name, scores)) in quality.iter().enumerate() {
            for (kind, jitter) in JITTERS.iter().enumerate() {
                let score = |loss: usize| scores.get(at)?.get(loss * JITTERS.len() + kind).copied().flatten();
                let points = LOSSES.iter().enumerate().filter_map(|(n, loss)| Some((loss * 100.0, score(n)?.later)));
                let points: Vec<(f64, f64)> = points.collect();
                if !points.is_empty() {
                    curves.push(Curve { name: format!("{name}, {jitter} ms"), points, group, kind });
                }
            }
        }
        if curves.is_empty() {
            continue;
        }
        let file = format!("speech-{}.svg", codec.name.to_lowercase().replace('.', ""));
        let title = format!("Speech with {} over a line that loses packets, by jitter", codec.name);
        let axes = ["lost, %", "PESQ, MOS-LQO"];
        let ticks = LOSSES.iter().map(|loss| loss * 100.0).collect();
        plots.push((file, Plot { title, axes, ticks, range: (1.0, 4.6), curves }));
    }
    plots
}
