//! What was aimed at, beside what was measured. Most targets are ratios: a target was set beside the best other phone on
//! one machine, and counts beside the best other phone of this run on this one.

use std::fmt::Write;

use super::call::CODECS;
use super::mouth_to_ear::{Delays, Ear};
use super::quality::{Figure, JITTERS, LOSSES, Scores, Speech};
use super::{Column, interface};

/// A figure that is aimed at.
struct Target {
    what: &'static str,
    /// The row of the table, and which of its numbers.
    row: &'static str,
    number: usize,
    /// At most this much.
    most: f64,
    unit: &'static str,
    /// What the best other phone had where the target was set; none: the target stands for itself.
    best: Option<(&'static str, f64)>,
}

const fn ratio(
    what: &'static str,
    row: &'static str,
    number: usize,
    most: f64,
    unit: &'static str,
    best: (&'static str, f64),
) -> Target {
    Target { what, row, number, most, unit, best: Some(best) }
}

const fn alone(what: &'static str, row: &'static str, number: usize, most: f64, unit: &'static str) -> Target {
    Target { what, row, number, most, unit, best: None }
}

const PACING: &str = "RTP pacing, PCMU: mean, σ, longest gap";

const TARGETS: &[Target] = &[
    alone("idle, registered: RSS", "idle, registered: RSS / PSS", 0, 5.0, "MB"),
    alone("idle, registered: PSS", "idle, registered: RSS / PSS", 1, 3.0, "MB"),
    ratio("in a call, Opus: RSS", "in a call, Opus: RSS", 0, 9.0, "MB", ("baresip", 10.7)),
    ratio("60 s of a call, PCMU: processor", "60 s of a call, PCMU: processor time", 0, 0.5, "s", ("baresip", 0.60)),
    ratio("60 s of a call, G.722: processor", "60 s of a call, G.722: processor time", 0, 0.7, "s", ("baresip", 0.76)),
    ratio("60 s of a call, Opus: processor", "60 s of a call, Opus: processor time", 0, 1.6, "s", ("baresip", 2.1)),
    ratio(
        "start → 200 to the authorised REGISTER",
        "process start → 200 to the authorised REGISTER",
        0,
        6.0,
        "ms",
        ("xphone", 6.6),
    ),
    ratio("INVITE in → 180 out", "INVITE in → 180 out", 0, 0.25, "ms", ("xphone", 0.29)),
    ratio("dial request → INVITE out", "dial request → INVITE out", 0, 0.6, "ms", ("baresip", 0.74)),
    ratio("control request → reply", "request → reply, open connection", 0, 0.05, "ms", ("baresip", 0.07)),
    alone("`tuiphone status`, start to end", "`tuiphone status`, start to end", 0, 8.0, "ms"),
    ratio("RTP pacing: σ", PACING, 1, 0.2, "ms", ("pjsua", 0.38)),
    ratio("RTP pacing: longest gap", PACING, 2, 20.4, "ms", ("pjsua", 21.7)),
    alone("every core busy: RTP late, p99", "every core busy: RTP late by, median, p99, most", 1, 1.0, "ms"),
    ratio(
        "100 PCMU calls: processor",
        "100 PCMU calls at once: processor, of one core",
        0,
        12.0,
        "%",
        ("baresip", 17.0),
    ),
    ratio("100 PCMU calls: RSS", "100 PCMU calls at once: RSS", 0, 20.0, "MB", ("pjsua", 39.0)),
    alone("500 PCMU calls: processor", "500 PCMU calls at once: processor, of one core", 0, 100.0, "%"),
    alone("500 PCMU calls: lost", "500 PCMU calls at once: packets, lost, late by 10 ms", 1, 0.0, ""),
    alone("500 PCMU calls: late", "500 PCMU calls at once: packets, lost, late by 10 ms", 2, 0.0, ""),
    alone("sound by ICE later than in clear", "INVITE → both hear: in clear, by ICE, later by", 2, 100.0, "ms"),
    alone("100,000 calls searched, the slowest search", "100,000 calls: slowest search, median", 0, 50.0, "ms"),
    alone("release binary", "release binary, stripped", 0, 5.0, "MB"),
    alone("key → frame in the phone, p99", interface::KEY_IN_PHONE, 1, 5.0, "ms"),
    alone("key → frame in the history, p99", interface::KEY_IN_HISTORY, 1, 5.0, "ms"),
    alone("start → first complete frame", interface::STARTED, 0, 30.0, "ms"),
    alone("attached interface: RSS", interface::MEMORY, 0, 6.0, "MB"),
    alone("idle interface: bytes a second", interface::BYTES, 0, 0.0, ""),
];

/// Mouth to ear: the codec, ms at most, and what the best other phone had.
const EARS: [(&str, f64, (&str, f64)); 2] = [("PCMU", 50.0, ("Twinkle", 62.0)), ("opus", 60.0, ("linphonec", 136.0))];

/// Speech with Opus without jitter: the part lost, the score at least, and what the best other phone had.
const SPEECH: [(f64, f64, (&str, f64)); 3] =
    [(0.0, 4.2, ("baresip", 4.13)), (0.05, 4.1, ("linphonec", 3.98)), (0.20, 3.1, ("linphonec", 3.00))];

/// A line of the table.
struct Line {
    what: String,
    unit: &'static str,
    /// The target, and who was best where it was set.
    wanted: f64,
    best: Option<(&'static str, f64)>,
    /// What was measured: ours, and of the others.
    ours: f64,
    others: Vec<(String, f64)>,
    /// More is better.
    rises: bool,
}

impl Line {
    /// The best of the others.
    fn other(&self) -> Option<&(String, f64)> {
        let better = |a: f64, b: f64| if self.rises { b.total_cmp(&a) } else { a.total_cmp(&b) };
        self.others.iter().min_by(|a, b| better(a.1, b.1))
    }

    /// Whether the target is met; nothing where it is a ratio and nobody else was measured.
    fn is_met(&self) -> Option<bool> {
        let meets = |ours: f64, wanted: f64| if self.rises { ours >= wanted } else { ours <= wanted };
        match self.best {
            None => Some(meets(self.ours, self.wanted)),
            Some((_, best)) => self.other().map(|(_, other)| meets(self.ours / other, self.wanted / best)),
        }
    }
}

/// The table; empty where nothing of it was measured.
pub fn table(names: &[String], columns: &[Column], ears: &[Ear], speech: Option<&Speech>) -> String {
    let mut lines: Vec<Line> = TARGETS.iter().filter_map(|target| line(target, names, columns)).collect();
    lines.extend(EARS.iter().filter_map(|(codec, wanted, best)| {
        let of = |delays: &Delays| delays.worse_median();
        let mut found =
            ears.iter().filter(|(_, heard, _)| heard == codec).filter_map(|(n, _, d)| Some((n.clone(), of(d)?)));
        let (_, ours) = found.next().filter(|(name, _)| names.first() == Some(name))?;
        let what = format!("mouth to ear, {codec}: median");
        Some(Line { what, unit: "ms", wanted: *wanted, best: Some(*best), ours, others: found.collect(), rises: false })
    }));
    lines.extend(speech.map(|speech| scores(names, speech)).unwrap_or_default());
    if lines.is_empty() {
        return String::new();
    }
    let mut text = String::from(
        "## Targets\n\nA target with a peer is a ratio: it was set beside the best other phone on another machine, \
         and is met where ours is no\nworse beside the best other phone here. A target without one stands for itself.\n\n\
         | what | target | best other then | ratio | tuiphone here | best other here | ratio | met |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for line in &lines {
        let figure = |value: f64| format!("{} {}", trimmed(value), line.unit).trim_end().to_owned();
        let sign = if line.rises { "≥" } else { "≤" };
        let (then, wanted) = line.best.map_or_else(Default::default, |(name, best)| {
            (format!("{name} {}", figure(best)), format!("{sign} {:.2}", line.wanted / best))
        });
        let other = line.other().filter(|_| line.best.is_some());
        let (here, ratio) = other.map_or_else(Default::default, |(name, other)| {
            (format!("{name} {}", figure(*other)), format!("{:.2}", line.ours / other))
        });
        let met = line.is_met().map_or("nobody beside", |met| if met { "yes" } else { "**no**" });
        let (what, target, ours) = (&line.what, figure(line.wanted), figure(line.ours));
        let _ = writeln!(text, "| {what} | {sign} {target} | {then} | {wanted} | {ours} | {here} | {ratio} | {met} |");
    }
    text
}

fn line(target: &Target, names: &[String], columns: &[Column]) -> Option<Line> {
    let of = |column: &Column| {
        let (_, figure) = column.rows.iter().find(|(row, _)| row == target.row)?;
        numbers(figure).get(target.number).copied()
    };
    let (ours, others) = columns.split_first()?;
    let others = names.iter().skip(1).zip(others).filter_map(|(name, column)| Some((name.clone(), of(column)?)));
    Some(Line {
        what: target.what.to_owned(),
        unit: target.unit,
        wanted: target.most,
        best: target.best,
        ours: of(ours)?,
        others: others.collect(),
        rises: false,
    })
}

fn scores(names: &[String], speech: &Speech) -> Vec<Line> {
    let later = |phone: usize, codec: usize, cell: usize| {
        speech.scores.get(phone).and_then(|scores: &Scores| scores.get(codec)?.get(cell)?.later())
    };
    let others = |codec, cell| (1..names.len()).filter_map(move |n| Some((n, later(n, codec, cell)?)));
    let opus = CODECS.iter().position(|codec| codec.name == "Opus").unwrap_or_default();
    let mut lines = Vec::new();
    for (loss, wanted, best) in SPEECH {
        let cell = LOSSES.iter().position(|l| *l == loss).unwrap_or_default() * JITTERS.len();
        let Some(ours) = later(0, opus, cell) else { continue };
        let others = others(opus, cell).map(|(n, figure)| (names[n].clone(), figure.mean)).collect();
        let what = format!("speech, Opus, {:.0} % lost: PESQ", loss * 100.0);
        lines.push(Line { what, unit: "", wanted, best: Some(best), ours: ours.mean, others, rises: true });
    }
    // Each loss but none, each jitter.
    for (number, codec) in CODECS.iter().enumerate() {
        let cells = JITTERS.len()..LOSSES.len() * JITTERS.len();
        let cells: Vec<(Figure, Vec<Figure>)> = cells
            .filter_map(|cell| Some((later(0, number, cell)?, others(number, cell).map(|(_, f)| f).collect())))
            .filter(|(_, others): &(Figure, Vec<Figure>)| !others.is_empty())
            .collect();
        let count = |holds: &dyn Fn(&Figure, &Figure) -> bool| {
            cells.iter().filter(|(ours, others)| others.iter().all(|other| holds(ours, other))).count() as f64
        };
        if cells.is_empty() {
            continue;
        }
        let mut push = |what: &str, ours| {
            let what = format!("speech, {}: bad lines {what}", codec.name);
            lines.push(Line {
                what,
                unit: "",
                wanted: cells.len() as f64,
                best: None,
                ours,
                others: Vec::new(),
                rises: true,
            });
        };
        push("where ours has the best mean", count(&|ours, other| ours.mean >= other.mean));
        push("where none is above ours by more than the spread", count(&|ours, other| !other.is_above(ours)));
    }
    lines
}

/// The numbers of a figure, in their order.
pub fn numbers(figure: &str) -> Vec<f64> {
    figure.split(|c: char| !c.is_ascii_digit() && c != '.').filter_map(|number| number.parse().ok()).collect()
}

/// Two decimals, of tens one; no zeros behind them.
fn trimmed(value: f64) -> String {
    let text = if value < 10.0 { format!("{value:.2}") } else { format!("{value:.1}") };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_met_beside_the_best_of_this_run() {
        assert_eq!(numbers("20.00, 0.05, 20.8 ms"), [20.0, 0.05, 20.8]);
        assert_eq!(numbers("7.9 / 6.3 MB"), [7.9, 6.3]);
        assert_eq!([0.0, 0.05, 4.2, 52.699, 100.0].map(trimmed), ["0", "0.05", "4.2", "52.7", "100"]);
        let line = |ours, others: &[f64], best, rises| Line {
            what: String::new(),
            unit: "",
            wanted: 5.0,
            best,
            ours,
            others: others.iter().map(|other| (String::new(), *other)).collect(),
            rises,
        };
        let half = Some(("peer", 10.0));
        for (ours, others, best, rises, met) in [
            (9.0, &[20.0, 18.0][..], half, false, Some(true)),
            (9.1, &[20.0, 18.0], half, false, Some(false)),
            (9.0, &[], half, false, None),
            (5.1, &[99.0], None, false, Some(false)),
            (9.0, &[18.0, 20.0], half, true, Some(false)),
            (5.0, &[], None, true, Some(true)),
        ] {
            assert_eq!(line(ours, others, best, rises).is_met(), met, "{ours} {others:?}");
        }
    }
}
