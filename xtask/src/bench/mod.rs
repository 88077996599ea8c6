//! `cargo xtask bench`: figures made by the program, never typed, written to `benches/RESULTS.md`.

mod call;
mod control;
mod far_end;
mod interface;
pub mod mouth_to_ear;
mod phone;

use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use self::call::CODECS;
use self::control::{Line, median_of};
use self::far_end::{FarEnd, header};
use self::phone::{Answer, Make, Phone, settle};
use crate::run::{cargo, output, program, root, say};
use crate::{Failure, system};

/// How often a start, a ring, a request is repeated; the median is written.
const TIMES: usize = 15;

/// How long a measured call lasts.
const CALL: Duration = Duration::from_secs(60);

/// How long an idle phone is watched.
const IDLE: Duration = Duration::from_secs(20);

/// Lines of the table: what, and a figure for each phone; an empty one is not to be had.
type Rows = Vec<(String, String)>;

/// Builds a release, measures it, and with `peers` others beside it; writes the table.
pub fn run(install: bool, peers: bool) -> Result<(), Failure> {
    system::prepare(install)?;
    cargo(&["build", "--release", "--locked", "--bin", "tuiphone"])?;
    let makes: &[Make] = if peers { &[Make::Tuiphone, Make::Baresip] } else { &[Make::Tuiphone] };
    // Ours last: what is not here is found out before the long part.
    let columns = makes.iter().rev().map(|make| Ok((make.name(), measure(*make)?)));
    let mut columns: Vec<(String, Rows)> = columns.collect::<Result<_, Failure>>()?;
    columns.reverse();
    if let Some((_, rows)) = columns.first_mut() {
        rows.extend(signalling()?);
    }
    write(&columns, &mouth_to_ear::table(peers)?, peers)
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
fn measure(make: Make) -> Result<Rows, Failure> {
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
    drop(phone);
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

/// The table: a line for each figure of the first phone, a column for each phone.
fn write(columns: &[(String, Rows)], further: &str, peers: bool) -> Result<(), Failure> {
    let system = output("uname", &["-srm"]).unwrap_or_default();
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = processor.lines().find_map(|l| l.strip_prefix("model name")?.split_once(':')).map_or("", |p| p.1);
    let commit = output("git", &["describe", "--always", "--dirty"]).unwrap_or_default();
    // Others at work on the machine make every figure worse: the reader must know.
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?");
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let flag = if peers { " --peers" } else { "" };
    let mut text = format!("# Results\n\nWritten by `cargo xtask bench{flag}`; do not edit.\n\n");
    let _ = writeln!(text, "{}, {cores} cores,{processor}, load {load}; commit {}\n", system.trim(), commit.trim());
    text.push_str(
        "Times are medians; the far end is on loopback in the measuring process, no sound card is used. Packets are \
         timed by\nthe system as they reach the far end's socket.\n\n",
    );
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let _ = writeln!(text, "| what | {} |\n|---|{}", names.join(" | "), "---|".repeat(columns.len()));
    for (what, _) in columns.first().map_or(&[][..], |(_, rows)| rows) {
        let figure = |rows: &Rows| rows.iter().find(|(w, _)| w == what).map_or(String::new(), |(_, f)| f.clone());
        let figures: Vec<String> = columns.iter().map(|(_, rows)| figure(rows)).collect();
        let _ = writeln!(text, "| {what} | {} |", figures.join(" | "));
    }
    let _ = write!(text, "\n{further}");
    let path: &Path = &root().join("benches");
    fs::create_dir_all(path).and_then(|()| fs::write(path.join("RESULTS.md"), &text)).map_err(|e| e.to_string())?;
    print!("{text}");
    Ok(())
}
