//! `cargo xtask bench`: figures made by the program, never typed, written to `benches/RESULTS.md`.

mod call;
mod control;
mod far_end;
mod interface;
mod load;
mod makes;
mod many;
mod mouth_to_ear;
mod phone;
mod plot;
mod quality;
mod relay;
mod report;
mod rtp;

use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use self::call::CODECS;
use self::control::{Line, median_of};
use self::far_end::{FarEnd, header};
use self::makes::Make;
use self::phone::{Answer, Phone, settle};
use self::quality::{Scores, Studio};
use crate::run::{cargo, output, program, say};
use crate::{Failure, system};

/// How often a start, a ring, a request is repeated; the median is written.
const TIMES: usize = 15;

/// How long a measured call lasts.
const CALL: Duration = Duration::from_secs(60);

/// How long a call on a busy machine is watched.
const LOADED: Duration = Duration::from_secs(20);

/// How long an idle phone is watched.
const IDLE: Duration = Duration::from_secs(20);

/// Whose costs can be measured, and whose speech.
const COSTS: [Make; 2] = [Make::Tuiphone, Make::Baresip];
const QUALITY: [Make; 3] = [Make::Tuiphone, Make::Baresip, Make::Linphone];

/// Numbers of calls at once, and how long they are watched.
const CROWDS: [(usize, Duration); 2] = [(100, Duration::from_secs(30)), (500, Duration::from_secs(20))];

/// Lines of the table: what, and a figure for each phone; an empty one is not to be had.
type Rows = Vec<(String, String)>;

/// What to measure.
pub struct Wish {
    /// Others beside ours.
    pub peers: bool,
    /// These parts alone, by name, for who works on one of them; empty = all, and the table is written.
    pub only: Vec<String>,
}

/// The parts, in their order.
const PARTS: [&str; 8] = ["start", "idle", "call", "load", "many", "signalling", "mouth-to-ear", "quality"];

impl Wish {
    fn wants(&self, part: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == part)
    }
}

/// Builds a release, measures it, and as wished others beside it; writes the table.
pub fn run(install: bool, wish: &Wish) -> Result<(), Failure> {
    if let Some(unknown) = wish.only.iter().find(|only| !PARTS.contains(&only.as_str())) {
        return Err(format!("no part {unknown}; the parts are {}", PARTS.join(", ")));
    }
    system::prepare(install)?;
    cargo(&["build", "--release", "--locked", "--bin", "tuiphone"])?;
    // Ours last: what does not work is found out before the long part.
    let columns = makes(wish, &COSTS).into_iter().rev().map(|make| Ok((make.name(), measure(make, wish)?)));
    let mut columns: Vec<(String, Rows)> = columns.collect::<Result<_, Failure>>()?;
    columns.reverse();
    if let Some((_, rows)) = columns.first_mut().filter(|_| wish.wants("signalling")) {
        rows.extend(signalling()?);
    }
    let mouth = if wish.wants("mouth-to-ear") { mouth_to_ear::table(wish.peers)? } else { String::new() };
    let quality = if wish.wants("quality") { speech(install, makes(wish, &QUALITY))? } else { Vec::new() };
    report::write(&columns, &mouth, &quality, wish)
}

/// Who is measured: of these, ours, and as wished those that are here.
fn makes(wish: &Wish, known: &[Make]) -> Vec<Make> {
    let here = known.iter().copied().filter(|make| *make == Make::Tuiphone || wish.peers && make.is_here());
    here.collect()
}

/// What each makes of speech over bad lines.
fn speech(install: bool, makes: Vec<Make>) -> Result<Vec<(String, Scores)>, Failure> {
    let studio = Studio::open(install)?;
    makes.into_iter().map(|make| Ok((make.name(), studio.scores(make)?))).collect()
}

/// What the signalling alone costs, as its own bench says.
fn signalling() -> Result<Rows, Failure> {
    say("signalling, without a network");
    let bench = ["bench", "--quiet", "--locked", "--bench", "signalling"];
    cargo(&[&bench[..], &["--no-run"]].concat())?;
    let text = output("cargo", &bench).unwrap_or_default();
    let rows: Rows = text.lines().filter_map(|l| l.split_once('\t')).map(|(w, f)| (w.into(), f.into())).collect();
    if rows.is_empty() { Err("the signalling's bench said nothing".into()) } else { Ok(rows) }
}

/// All figures of one phone.
fn measure(make: Make, wish: &Wish) -> Result<Rows, Failure> {
    let mut rows = Rows::new();
    if wish.wants("start") {
        rows.extend(begin(make)?);
    }
    if wish.wants("idle") {
        rows.extend(idle(make)?);
    }
    if wish.wants("call") {
        rows.extend(talk(make)?);
    }
    if wish.wants("load") {
        rows.extend(loaded(make)?);
    }
    if wish.wants("many") {
        rows.extend(crowds(make));
    }
    Ok(rows)
}

/// What starting it takes.
fn begin(make: Make) -> Result<Rows, Failure> {
    let mut rows = Rows::new();
    let mut row = |what: &str, figure: String| rows.push((what.to_owned(), figure));
    if make == Make::Tuiphone {
        let size = fs::metadata(program("release")).map_err(|e| e.to_string())?.len();
        row("release binary, stripped", format!("{:.2} MB", size as f64 / 1e6));
    }
    say(&format!("{}: {TIMES} starts", make.name()));
    let (first, authorised) = starts(make)?;
    row("process start → first REGISTER", milliseconds(first));
    row("process start → 200 to the authorised REGISTER", milliseconds(authorised));
    Ok(rows)
}

/// What it costs while nothing happens, and how soon it answers.
fn idle(make: Make) -> Result<Rows, Failure> {
    let mut rows = Rows::new();
    let mut row = |what: &str, figure: String| rows.push((what.to_owned(), figure));
    say(&format!("{}: rings, requests, {} s of nothing", make.name(), IDLE.as_secs()));
    let phone = Phone::start(make, Answer::Ring)?;
    let (uri, address) = phone.far.register(true)?;
    settle();
    let (resident, proportional) = phone.memory()?;
    let (processor, sleeps) = (phone.processor()?, phone.sleeps()?);
    std::thread::sleep(IDLE);
    let seconds = IDLE.as_secs_f64();
    row("idle, registered: RSS / PSS", format!("{resident:.1} / {proportional:.1} MB"));
    row("idle, registered: wake-ups a second", format!("{:.2}", (phone.sleeps()? - sleeps) / seconds));
    row("idle, registered: processor", format!("{:.3} %", (phone.processor()? - processor) / seconds * 100.0));
    let rings = (0..TIMES).map(|n| ring(&phone.far, &uri, address, n)).collect::<Result<_, _>>()?;
    row("INVITE in → 180 out", milliseconds(median(rings)));
    if make == Make::Tuiphone {
        let mut line = Line::open(&phone)?;
        row("request → reply, open connection", milliseconds(median_of(|| control::status(&mut line))?));
        row("`tuiphone status`, start to end", milliseconds(median_of(|| control::status_process(&phone))?));
        row("dial request → INVITE out", milliseconds(median_of(|| control::dial(&phone, &mut line))?));
        row("start of `tuiphone call` → INVITE out", milliseconds(median_of(|| control::dial_process(&phone))?));
        say("keys");
        let seen = interface::watch(&phone)?;
        let at = |hundredths: usize| seen.keys.get(seen.keys.len() * hundredths / 100).copied().unwrap_or_default();
        row(
            "key → first byte of its frame: median / p99",
            format!("{} / {}", milliseconds(at(50)), milliseconds(at(99))),
        );
        row(&format!("idle interface: bytes drawn in {} s", interface::QUIET.as_secs()), seen.idle_bytes.to_string());
    }
    Ok(rows)
}

/// What a call costs.
fn talk(make: Make) -> Result<Rows, Failure> {
    let mut rows = Rows::new();
    let mut row = |what: &str, figure: String| rows.push((what.to_owned(), figure));
    for codec in CODECS {
        let name = codec.name;
        say(&format!("{}: {} s of {name}", make.name(), CALL.as_secs()));
        let call = call::call(make, codec, CALL)?;
        row(&format!("in a call, {name}: RSS"), format!("{:.1} MB", call.memory));
        row(
            &format!("60 s of a call, {name}: processor time"),
            format!("{:.2} s", call.processor * 60.0 / CALL.as_secs_f64()),
        );
        row(&format!("in a call, {name}: wake-ups a second"), format!("{:.0}", call.sleeps));
        let (mean, deviation, longest) = call.gaps;
        row(
            &format!("RTP pacing, {name}: mean, σ, longest gap"),
            format!("{mean:.2}, {deviation:.2}, {longest:.1} ms"),
        );
    }
    Ok(rows)
}

/// How late packets leave while the machine is busy.
fn loaded(make: Make) -> Result<Rows, Failure> {
    say(&format!("{}: a call with every core busy, {} s", make.name(), LOADED.as_secs()));
    let lateness = load::lateness(make, LOADED)?;
    let [half, most, all] = [50, 99, 100].map(|part| lateness.at(part).as_secs_f64() * 1e3);
    Ok(vec![
        ("every core busy: RTP late by, median, p99, most".into(), format!("{half:.2}, {most:.2}, {all:.2} ms")),
        ("every core busy: priority granted".into(), lateness.priority),
    ])
}

/// What many calls at once cost; a phone that cannot take them says nothing.
fn crowds(make: Make) -> Rows {
    let mut rows = Rows::new();
    for (calls, length) in CROWDS {
        say(&format!("{}: {calls} calls at once, {} s", make.name(), length.as_secs()));
        match many::calls(make, calls, length) {
            Ok(crowd) => {
                let mut row = |what: &str, figure| rows.push((format!("{calls} PCMU calls at once: {what}"), figure));
                row("processor, of one core", format!("{:.1} %", crowd.processor * 100.0));
                row("RSS", format!("{:.1} MB", crowd.memory));
                row("packets, lost, late", format!("{}, {}, {}", crowd.packets, crowd.lost, crowd.late));
            }
            Err(why) => say(&format!("{}: {calls} calls at once: {why}", make.name())),
        }
    }
    rows
}

/// Median times from the start of the process to the first REGISTER, and to the 200 of the authorised one.
fn starts(make: Make) -> Result<(Duration, Duration), Failure> {
    let mut first = Vec::new();
    let mut authorised = Vec::new();
    for _ in 0..TIMES {
        let phone = Phone::start(make, Answer::Ring)?;
        let request = phone.far.receive("REGISTER", |l| l.starts_with("REGISTER "))?;
        first.push(phone.started.elapsed());
        phone.far.challenge(&request)?;
        phone.far.register(false)?;
        authorised.push(phone.started.elapsed());
    }
    Ok((median(first), median(authorised)))
}

/// From an INVITE on the wire to its 180; the call is cancelled afterwards.
#[allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn ring(far: &FarEnd, uri: &str, to: SocketAddr, number: usize) -> Result<Duration, Failure> {
    let call = format!("ring{number}");
    let start = Instant::now();
    far.invite(uri, to, &call, 9, CODECS[0])?;
    far.receive("180", |l| l.starts_with("SIP/2.0 180"))?;
    let took = start.elapsed();
    far.request("CANCEL", uri, to, &call, &format!("<{uri}>"), "")?;
    let end = far.receive("487", |l| l.starts_with("SIP/2.0 487"))?;
    let callee = header(&end.text, "To").ok_or("487 without To")?;
    far.request("ACK", uri, to, &call, &callee, "Content-Length: 0\r\n\r\n")?;
    Ok(took)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}
