//! `cargo xtask bench`: figures made by the program, never typed, written to `benches/RESULTS.md`.

mod bars;
mod call;
mod conference;
mod control;
mod far_end;
mod interface;
mod joined;
mod load;
mod makes;
mod many;
mod mouth_to_ear;
mod page;
mod pauses;
mod phone;
mod plot;
mod quality;
mod relay;
mod report;
mod rtp;
mod targets;

use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use self::call::CODECS;
use self::control::Line;
use self::far_end::{FarEnd, header};
use self::joined::Way;
use self::makes::Make;
use self::phone::{Answer, Phone, settle};
use self::quality::Extent;
use crate::run::{cargo, output, program, say};
use crate::{Failure, system, test};

/// How often a start, a ring, a request is repeated; the median is written.
const TIMES: usize = 15;

/// How long a measured call lasts; its costs are told for a minute.
const CALL: Duration = Duration::from_secs(20);

/// How long a call on a busy machine is watched.
const LOADED: Duration = Duration::from_secs(15);

/// How long an idle phone is watched.
const IDLE: Duration = Duration::from_secs(10);

/// Numbers of calls at once, and of ours alone; how long they are watched.
const CROWD: usize = 100;
const GREAT_CROWD: usize = 500;
const CROWDED: Duration = Duration::from_secs(15);

/// How many of ours confer, and how long they are listened to.
const PARTIES: usize = 20;
const CONFERENCE: Duration = Duration::from_secs(10);

/// Lines of the table: what, and a figure.
type Rows = Vec<(String, String)>;

/// What was found of one phone.
pub struct Column {
    /// Whose.
    make: Make,
    /// The figures.
    rows: Rows,
    /// What was not to be had, and why.
    missing: Vec<String>,
}

impl Column {
    fn row(&mut self, what: impl Into<String>, figure: String) {
        self.rows.push((what.into(), figure));
    }

    /// What was found, else a line that says why not: the other figures are worth having all the same.
    fn found<T>(&mut self, what: &str, found: Result<T, Failure>) -> Option<T> {
        let why = match found {
            Ok(found) => return Some(found),
            Err(why) => format!("{}, {what}: {why}", self.make.name()),
        };
        say(&why);
        self.missing.push(why);
        None
    }
}

/// What to measure.
pub struct Wish {
    /// Others beside ours.
    pub peers: bool,
    /// These parts alone, by name, for who works on one of them; empty = all.
    pub only: Vec<String>,
    /// Less speech than the table needs: so many lines, so many seeds.
    pub lines: Option<usize>,
    /// Likewise.
    pub seeds: Option<usize>,
    /// What is measured alone goes into the table, beside what stands there.
    pub keep: bool,
}

/// The parts, in their order.
const PARTS: [&str; 13] = [
    "start",
    "idle",
    "interface",
    "call",
    "joined",
    "load",
    "many",
    "conference",
    "signalling",
    "srtp",
    "history",
    "mouth-to-ear",
    "quality",
];

impl Wish {
    /// Nothing is left out: the table is written.
    fn is_whole(&self) -> bool {
        self.only.is_empty() && self.lines.is_none() && self.seeds.is_none()
    }

    fn extent(&self) -> Extent {
        let whole = Extent::default();
        Extent { lines: self.lines.unwrap_or(whole.lines), seeds: self.seeds.unwrap_or(whole.seeds).max(1) }
    }

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
    if wish.peers
        && let Err(why) = test::peers(install)
    {
        say(&format!("real peers: {why}"));
    }
    cargo(&["build", "--release", "--locked", "--bin", "tuiphone"])?;
    let start = now();
    let mut columns: Vec<Column> = Vec::new();
    let mut absent = Vec::new();
    for make in if wish.peers { &Make::ALL[..] } else { &Make::ALL[..1] } {
        match make.absent() {
            None => columns.push(measure(*make, wish)),
            Some(why) => absent.push(format!("{}: {why}", make.program())),
        }
    }
    let (mut mouth, mut ears) = (String::new(), Vec::new());
    if let Some(ours) = columns.first_mut() {
        for (part, what) in [
            ("signalling", "signalling, without a network"),
            ("srtp", "encryption of sound"),
            ("history", "the history of calls"),
        ] {
            if wish.wants(part) {
                let rows = ours.found(part, own_bench(part, what)).unwrap_or_default();
                ours.rows.extend(rows);
            }
        }
        if wish.wants("mouth-to-ear") {
            (mouth, ears) = ours.found("mouth to ear", mouth_to_ear::table(wish.peers)).unwrap_or_default();
        }
    }
    let mut speech = None;
    if wish.wants("quality") {
        let heard = quality::speech(&mut columns, wish.extent(), install);
        speech = columns.first_mut().and_then(|ours| ours.found("speech", heard));
    }
    absent.extend(columns.iter().flat_map(|column| column.missing.iter().cloned()));
    let ours = columns.first().map_or(&[][..], |ours| &ours.missing[..]).join("; ");
    let found = report::Found { columns: &columns, mouth: &mouth, ears: &ears, speech: speech.as_ref() };
    report::write(&found, &absent, wish)?;
    say(&format!("measured for {} s", start.elapsed().as_secs()));
    if ours.is_empty() { Ok(()) } else { Err(ours) }
}

/// What a part alone costs, as its own bench says.
fn own_bench(part: &str, what: &str) -> Result<Rows, Failure> {
    say(what);
    let bench = ["bench", "--quiet", "--locked", "--bench", part];
    cargo(&[&bench[..], &["--no-run"]].concat())?;
    let text = output("cargo", &bench).unwrap_or_default();
    let rows: Rows = text.lines().filter_map(|l| l.split_once('\t')).map(|(w, f)| (w.into(), f.into())).collect();
    if rows.is_empty() { Err(format!("the bench {part} said nothing")) } else { Ok(rows) }
}

/// Fills some of the rows of a column.
type Part = fn(&mut Column) -> Result<(), Failure>;

/// All figures of one phone.
fn measure(make: Make, wish: &Wish) -> Column {
    let mut column = Column { make, rows: Rows::new(), missing: Vec::new() };
    let parts: [(&str, Part); 8] = [
        ("start", begin),
        ("idle", idle),
        ("interface", interface::figures),
        ("call", talk),
        ("joined", joins),
        ("load", loaded),
        ("many", crowds),
        ("conference", conference),
    ];
    for (part, figures) in parts {
        if wish.wants(part) {
            let done = figures(&mut column);
            let _ = column.found(part, done);
        }
    }
    column
}

/// What starting it takes.
fn begin(column: &mut Column) -> Result<(), Failure> {
    let make = column.make;
    if make == Make::Tuiphone {
        let size = fs::metadata(program("release")).map_err(|e| e.to_string())?.len();
        column.row("release binary, stripped", format!("{:.2} MB", size as f64 / 1e6));
    }
    say(&format!("{}: {TIMES} starts", make.name()));
    let (first, authorised) = starts(make)?;
    column.row("process start → first REGISTER", spread(&first));
    column.row("process start → 200 to the authorised REGISTER", spread(&authorised));
    Ok(())
}

/// What it costs while nothing happens, and how soon it answers.
fn idle(column: &mut Column) -> Result<(), Failure> {
    let make = column.make;
    say(&format!("{}: rings, requests, {} s of nothing", make.name(), IDLE.as_secs()));
    let phone = Phone::start(make, Answer::Ring)?;
    let (uri, address) = phone.far.register(true)?;
    settle();
    let (processor, sleeps) = (phone.processor()?, phone.sleeps()?);
    std::thread::sleep(IDLE);
    let (resident, proportional) = phone.memory()?;
    let seconds = IDLE.as_secs_f64();
    column.row("idle, registered: RSS / PSS", format!("{resident:.1} / {proportional:.1} MB"));
    column.row("idle, registered: wake-ups a second", format!("{:.2}", (phone.sleeps()? - sleeps) / seconds));
    column.row("idle, registered: processor", format!("{:.3} %", (phone.processor()? - processor) / seconds * 100.0));
    let rings = (0..TIMES).map(|n| ring(&phone.far, &uri, address, n)).collect::<Result<Vec<_>, _>>();
    if let Some(rings) = column.found("rings", rings) {
        column.row("INVITE in → 180 out", spread(&rings));
    }
    if make == Make::Tuiphone {
        let mut line = Line::open(&phone)?;
        column.row("request → reply, open connection", spread(&control::times(|| control::status(&mut line))?));
        column.row("`tuiphone status`, start to end", spread(&control::times(|| control::status_process(&phone))?));
        column.row("dial request → INVITE out", spread(&control::times(|| control::dial(&phone, &mut line))?));
        column.row("start of `tuiphone call` → INVITE out", spread(&control::times(|| control::dial_process(&phone))?));
    }
    Ok(())
}

/// What a call costs.
fn talk(column: &mut Column) -> Result<(), Failure> {
    let make = column.make;
    for codec in CODECS {
        let name = codec.name;
        say(&format!("{}: {} s of {name}", make.name(), CALL.as_secs()));
        let Some(call) = column.found(&format!("a call with {name}"), call::call(make, codec, CALL)) else { continue };
        column.row(format!("in a call, {name}: RSS"), format!("{:.1} MB", call.memory));
        let minute = |part: f64| part * 60.0 / CALL.as_secs_f64();
        let parts: Vec<f64> = call.parts.iter().map(|part| minute(part * call.parts.len() as f64)).collect();
        let (least, most) =
            parts.iter().fold((f64::MAX, 0.0), |(low, high): (f64, f64), p| (low.min(*p), high.max(*p)));
        let all = minute(call.parts.iter().sum());
        column.row(format!("60 s of a call, {name}: processor time"), format!("{all:.2} s ({least:.2}–{most:.2})"));
        column.row(format!("in a call, {name}: wake-ups a second"), format!("{:.0}", call.sleeps));
        let (mean, deviation, longest) = call.gaps;
        column.row(
            format!("RTP pacing, {name}: mean, σ, longest gap"),
            format!("{mean:.2}, {deviation:.2}, {longest:.1} ms"),
        );
    }
    Ok(())
}

/// What encryption costs in a call, and ICE before it.
fn joins(column: &mut Column) -> Result<(), Failure> {
    let make = column.make;
    if make == Make::Linphone {
        return Err("it is not told to join calls".to_owned());
    }
    say(&format!("{}: two of them, {} s in clear, {} s encrypted", make.name(), CALL.as_secs(), CALL.as_secs()));
    let minute = |way| Ok(joined::processor(make, way, CALL)? * 60.0 / CALL.as_secs_f64());
    let costs: Result<(f64, f64), Failure> = minute(Way::Clear).and_then(|clear| Ok((clear, minute(Way::Encrypted)?)));
    if let Some((clear, encrypted)) = column.found("an encrypted call", costs) {
        let figure = format!("{clear:.2}, {encrypted:.2} s; {:.2}", encrypted / clear);
        column.row("60 s of a call with its like, PCMU: processor time in clear, encrypted; ratio", figure);
    }
    if make == Make::Tuiphone {
        say("calls by ICE");
        let clear = control::median_of(|| joined::until_sound(Way::Clear))?;
        let ice = control::median_of(|| joined::until_sound(Way::Ice))?;
        let [clear, ice] = [clear, ice].map(|time| time.as_secs_f64() * 1e3);
        column.row(
            "INVITE → both hear: in clear, by ICE, later by",
            format!("{clear:.1}, {ice:.1}, {:.1} ms", ice - clear),
        );
    }
    Ok(())
}

/// How late packets leave while the machine is busy.
fn loaded(column: &mut Column) -> Result<(), Failure> {
    let make = column.make;
    say(&format!("{}: a call with every core busy, {} s", make.name(), LOADED.as_secs()));
    let lateness = load::lateness(make, LOADED)?;
    let [half, most, all] = [50, 99, 100].map(|part| lateness.at(part).as_secs_f64() * 1e3);
    column.row("every core busy: RTP late by, median, p99, most", format!("{half:.2}, {most:.2}, {all:.2} ms"));
    column.row("every core busy: priority granted", lateness.priority);
    column.row("every core busy: pauses of the machine", pauses::told(&lateness.pauses));
    Ok(())
}

/// What many calls at once cost.
fn crowds(column: &mut Column) -> Result<(), Failure> {
    let make = column.make;
    let great = (make == Make::Tuiphone).then_some(GREAT_CROWD);
    for calls in [Some(CROWD), great].into_iter().flatten() {
        let what = format!("{calls} PCMU calls at once");
        say(&format!("{}: {what}, {} s", make.name(), CROWDED.as_secs()));
        let Some(crowd) = column.found(&what, many::calls(make, calls, CROWDED)) else { continue };
        column.row(format!("{what}: processor, of one core"), format!("{:.1} %", crowd.processor * 100.0));
        column.row(format!("{what}: RSS"), format!("{:.1} MB", crowd.memory));
        column.row(
            format!("{what}: packets, lost, late by 10 ms"),
            format!("{}, {}, {}", crowd.packets, crowd.lost, crowd.late),
        );
        column.row(format!("{what}: pauses of the machine"), pauses::told(&crowd.pauses));
    }
    Ok(())
}

/// What a conference costs, and whether all hear all.
fn conference(column: &mut Column) -> Result<(), Failure> {
    if column.make != Make::Tuiphone {
        return Ok(());
    }
    let what = format!("conference of {PARTIES} PCMU calls");
    say(&format!("a {what}, {} s", CONFERENCE.as_secs()));
    let talk = conference::confer(PARTIES, CONFERENCE)?;
    column.row(format!("{what}: processor, of one core"), format!("{:.1} %", talk.processor * 100.0));
    column.row(format!("{what}: RSS"), format!("{:.1} MB", talk.memory));
    let (least, most) = (talk.others.start, talk.others.end);
    column.row(format!("{what}: each hears the others at"), format!("{least:.1} to {most:.1} dB"));
    column.row(format!("{what}: each hears itself at most at"), format!("{:.0} dB", talk.itself));
    Ok(())
}

/// Times from the start of the process to the first REGISTER, and to the 200 of the authorised one.
fn starts(make: Make) -> Result<(Vec<Duration>, Vec<Duration>), Failure> {
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
    Ok((first, authorised))
}

/// From an INVITE on the wire to its 180; the call is cancelled afterwards.
fn ring(far: &FarEnd, uri: &str, to: SocketAddr, number: usize) -> Result<Duration, Failure> {
    let call = format!("ring{number}");
    let start = now();
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

/// The median, and in brackets the least and the most.
fn spread(times: &[Duration]) -> String {
    let mut sorted = times.to_vec();
    sorted.sort();
    let [least, most] = [sorted.first(), sorted.last()].map(|time| time.copied().unwrap_or_default());
    let [half, least, most] = [median(sorted), least, most].map(|time| time.as_secs_f64() * 1e3);
    format!("{half:.2} ms ({least:.2}–{most:.2})")
}

#[allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn now() -> Instant {
    Instant::now()
}
