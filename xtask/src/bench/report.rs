//! What was measured, as a page: `benches/RESULTS.md` and the plots beside it.

use std::fmt::Write;
use std::fs;

use super::call::CODECS;
use super::mouth_to_ear::Ear;
use super::plot::{Curve, Plot};
use super::quality::{Cell, Figure, JITTERS, LOSSES, Scores, Speech, Tries, cells};
use super::{Column, Wish, bars, page, targets};
use crate::Failure;
use crate::run::{output, root, say};

/// What was measured.
pub struct Found<'a> {
    /// Of each phone, ours first.
    pub columns: &'a [Column],
    /// The table of mouth to ear; empty: not measured.
    pub mouth: &'a str,
    /// The same by phone and codec.
    pub ears: &'a [Ear],
    /// What was heard over lines.
    pub speech: Option<&'a Speech>,
}

/// Prints the page; after a whole run it is written, with its plots. What was measured of it alone is put into it where
/// that is wished.
pub fn write(found: &Found<'_>, missing: &[String], wish: &Wish) -> Result<(), Failure> {
    let Found { columns, mouth, ears, speech } = *found;
    let names: Vec<String> = columns.iter().map(|column| column.make.name()).collect();
    let mut text = head(wish.peers);
    text.push_str(&table(&names, columns));
    let costs = costs(&names, columns);
    if !costs.is_empty() {
        let _ = writeln!(text, "\n![{COSTS}; less is better](costs.svg)");
    }
    let targets = targets::table(&names, columns, ears, speech);
    for part in [mouth, &targets].into_iter().filter(|part| !part.is_empty()) {
        let _ = write!(text, "\n{part}");
    }
    let plots = speech.map(|speech| plots(&names, speech)).unwrap_or_default();
    if let Some(speech) = speech {
        text.push_str(&lines(&names, speech));
        plots.iter().for_each(|(file, plot)| {
            let _ = writeln!(text, "\n![{}]({file})", plot.title);
        });
    }
    if !missing.is_empty() {
        let _ = write!(text, "\n{}\n\n", page::NOT_HAD);
        missing.iter().for_each(|why| text.push_str(&format!("- {}\n", why.lines().next().unwrap_or_default())));
    }
    print!("{text}");
    let folder = root().join("benches");
    if wish.keep && !wish.is_whole() {
        let file = folder.join("RESULTS.md");
        let before = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        fs::write(&file, page::merged(&before, &text, &anew(wish))).map_err(|e| format!("{}: {e}", file.display()))?;
        say(&format!("put into {}", file.display()));
    }
    if wish.is_whole() {
        let put = |file: &str, text: &str| fs::write(folder.join(file), text).map_err(|e| format!("{file}: {e}"));
        fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        put("RESULTS.md", &text)?;
        if !costs.is_empty() {
            put("costs.svg", &bars::svg(COSTS, &costs))?;
        }
        plots.iter().try_for_each(|(file, plot)| put(file, &plot.svg()))?;
    }
    Ok(())
}

/// Over the bars.
const COSTS: &str = "What phones cost, side by side";

/// The rows that are drawn as bars, the number of theirs that is, and what it is.
const DRAWN: [(&str, usize, &str); 8] = [
    ("process start → 200 to the authorised REGISTER", 0, "start to registered, ms"),
    ("INVITE in → 180 out", 0, "INVITE in to 180 out, ms"),
    ("idle, registered: RSS / PSS", 0, "idle and registered, MB resident"),
    ("in a call, Opus: RSS", 0, "in a call with Opus, MB resident"),
    ("60 s of a call, PCMU: processor time", 0, "a minute with PCMU, s of processor time"),
    ("60 s of a call, G.722: processor time", 0, "a minute with G.722, s of processor time"),
    ("60 s of a call, Opus: processor time", 0, "a minute with Opus, s of processor time"),
    ("100 PCMU calls at once: processor, of one core", 0, "100 calls at once, % of a core"),
];

/// What is drawn as bars: what more than one phone has a figure of.
fn costs(names: &[String], columns: &[Column]) -> Vec<bars::Group> {
    let group = |(row, number, title): &(&str, usize, &str)| {
        let of = |column: &Column| {
            let (_, figure) = column.rows.iter().find(|(what, _)| what == row)?;
            targets::numbers(figure).get(*number).copied()
        };
        let bars = names.iter().zip(columns).filter_map(|(name, column)| Some((name.clone(), of(column)?)));
        bars::Group { title: (*title).to_owned(), bars: bars.collect() }
    };
    DRAWN.iter().map(group).filter(|group| group.bars.len() > 1).collect()
}

/// What of a page was measured after the rest, and on what.
fn anew(wish: &Wish) -> String {
    let parts: Vec<String> = wish.only.iter().map(|part| format!("`{part}`")).collect();
    let parts = if parts.is_empty() { "all parts".to_owned() } else { parts.join(", ") };
    let less = [(wish.lines, "lines"), (wish.seeds, "seeds")];
    let less: Vec<String> = less.iter().filter_map(|(n, what)| Some(format!(" --{what} {}", (*n)?))).collect();
    let (load, commit) = circumstances();
    format!("Anew, {parts}{}: load {load}; commit {commit}", less.concat())
}

/// The machine's load, and the commit. Others at work on the machine make every figure worse: the reader must know.
fn circumstances() -> (String, String) {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let commit = output("git", &["describe", "--always", "--dirty"]).unwrap_or_default();
    (load.split(' ').next().unwrap_or("?").to_owned(), commit.trim().to_owned())
}

fn head(peers: bool) -> String {
    let system = output("uname", &["-srm"]).unwrap_or_default();
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = processor.lines().find_map(|l| l.strip_prefix("model name")?.split_once(':')).map_or("", |p| p.1);
    let (load, commit) = circumstances();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let flag = if peers { " --peers" } else { "" };
    format!(
        "# Results\n\nWritten by `cargo xtask bench{flag}`; do not edit. Beside it: what the program [is made of](SIZE.md), what a\n\
         start and a call [cost](PROFILE.md), what it [bears](FUZZ.md), and how it [lasts](SOAK.md).\n\n\
         {}, {cores} cores,{processor}, load {load}; commit {commit}\n\n\
         Times are medians, least and most in brackets; for processor time a call is looked at in four parts, and\n\
         the cheapest and dearest are in brackets. The far end is on loopback in the measuring process, no sound card is used. Packets are \
         timed by\nthe system as they reach the far end's socket. A pause of the machine is 2 ms and more in which it \
         ran nothing on\na core, not even a thread that goes before the phones'.\n\n",
        system.trim()
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
fn lines(names: &[String], speech: &Speech) -> String {
    let Speech { scores, seeds, pairs, load: (load, most) } = speech;
    let mut text = format!(
        "\n## Speech over bad lines\n\nTwo phones of a make talk through a relay that loses packets and delays each by \
         up to the jitter; the makes talk at\nthe same time, {pairs} pairs of phones at once at most (load of the machine \
         {:.0} %, {:.0} % at most), each pair through a relay of\nits own with the line's seed. Read speech both ways, \
         scored by PESQ (MOS-LQO, narrow band for PCMU, wide band else).\nEach figure is the mean of {seeds} calls, each \
         with losses of its own, ± their standard deviation; a call's score is the\nmean of both directions and, but for \
         the brackets, two readings. In brackets the first seven seconds of the call. A call\nthat could not be set up was \
         tried once more; no score was.\n▲: above ours by more than either spread; –: not had.\n",
        load * 100.0,
        most * 100.0,
    );
    for (at, codec) in CODECS.iter().enumerate() {
        let of = |phone: usize, cell: usize| scores.get(phone).and_then(|scores: &Scores| scores.get(at)?.get(cell));
        let had = |cell| (0..names.len()).any(|phone| of(phone, cell).is_some_and(|tries| !tries.0.is_empty()));
        let had: Vec<(usize, Cell)> = cells().into_iter().enumerate().filter(|(cell, _)| had(*cell)).collect();
        if had.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n| {}: lost, jitter | {} |", codec.name, names.join(" | "));
        let _ = writeln!(text, "|---|{}", "---|".repeat(names.len()));
        for (cell, Cell { name, .. }) in had {
            let ours = of(0, cell);
            let figures =
                (0..names.len()).map(|phone| of(phone, cell).map_or("–".to_owned(), |t| heard(t, ours, *seeds)));
            let _ = writeln!(text, "| {name} | {} |", figures.collect::<Vec<_>>().join(" | "));
        }
    }
    text
}

/// What was heard in these calls, with a sign where it is above ours.
fn heard(tries: &Tries, ours: Option<&Tries>, seeds: usize) -> String {
    let marked = |figure: Figure, ours: Option<Figure>| {
        let above = ours.is_some_and(|ours| figure.is_above(&ours));
        format!("{figure}{}", if above { " ▲" } else { "" })
    };
    let (Some(first), Some(later)) = (tries.first(), tries.later()) else { return "–".to_owned() };
    let first = marked(first, ours.and_then(Tries::first));
    let later = marked(later, ours.and_then(Tries::later));
    let fewer = if tries.0.len() < seeds { format!(", {} of {seeds} calls", tries.0.len()) } else { String::new() };
    format!("{later} ({first}){fewer}")
}

/// A plot for each codec: the score over the loss, a curve for each phone and jitter.
fn plots(names: &[String], speech: &Speech) -> Vec<(String, Plot)> {
    let mut plots = Vec::new();
    for (at, codec) in CODECS.iter().enumerate() {
        let mut curves = Vec::new();
        for (group, (name, scores)) in names.iter().zip(&speech.scores).enumerate() {
            for (kind, jitter) in JITTERS.iter().enumerate() {
                let score = |loss: usize| scores.get(at)?.get(loss * JITTERS.len() + kind)?.later();
                let points = LOSSES.iter().enumerate().filter_map(|(n, loss)| Some((loss * 100.0, score(n)?.mean)));
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
