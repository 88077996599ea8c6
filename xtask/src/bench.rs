//! `cargo xtask bench`: figures made by the program, never typed, written to `benches/RESULTS.md`.

use std::fmt::Write;
use std::fs;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::far_end::{FarEnd, header};
use crate::run::{cargo, output, program, root, say, target};
use crate::{Failure, system};

/// How often a start and a ring are repeated; the median is written.
const TIMES: usize = 15;

/// How long the measured call lasts.
const CALL: Duration = Duration::from_secs(30);

/// Builds a release, measures it, writes the table.
pub fn run(install: bool) -> Result<(), Failure> {
    system::prepare(install)?;
    cargo(&["build", "--release", "--locked", "--bin", "tuiphone"])?;
    let size = fs::metadata(program("release")).map_err(|e| e.to_string())?.len();
    let mut rows = vec![("release binary, stripped".to_owned(), format!("{:.2} MB", size as f64 / 1e6))];
    say(&format!("{TIMES} starts"));
    let (first, authorised) = starts()?;
    rows.push(("process start → first REGISTER".into(), milliseconds(first)));
    rows.push(("process start → 200 to the authorised REGISTER".into(), milliseconds(authorised)));
    say(&format!("{TIMES} rings and a call of {} s", CALL.as_secs()));
    let phone = Phone::start("autoAnswer=")?;
    let (uri, address) = phone.far.register(true)?;
    rows.push((
        "INVITE in → 180 out".into(),
        milliseconds(median((0..TIMES).map(|n| ring(&phone.far, &uri, address, n)).collect::<Result<_, _>>()?)),
    ));
    rows.push(("idle, registered: RSS".into(), phone.memory()?));
    drop(phone);
    rows.extend(call()?);
    write(&rows)
}

/// A daemon of our own that registers at a far end of ours.
struct Phone {
    child: Child,
    far: FarEnd,
    started: Instant,
    folder: PathBuf,
}

impl Phone {
    #[allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]
    fn start(settings: &str) -> Result<Self, Failure> {
        let far = FarEnd::open()?;
        let folder = target().join("bench").join(far.address()?.port().to_string());
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let server = far.address()?;
        let ini = format!(
            "[Settings]\naccountId=1\n{settings}\n[Account1]\nlabel=bench\nserver={server}\ndomain={server}\n\
             username=101\npassword=secret\ntransport=udp\n"
        );
        let file = folder.join("microsip.ini");
        fs::write(&file, ini).map_err(|e| format!("{}: {e}", file.display()))?;
        let started = Instant::now();
        let child = Command::new(program("release"))
            .args(["daemon", "--audio-in", "tone:440", "--audio-out", "null", "--ini"])
            .arg(&file)
            .env("XDG_RUNTIME_DIR", &folder)
            .env("HOME", &folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("cannot start tuiphone: {e}"))?;
        Ok(Self { child, far, started, folder })
    }

    /// Resident memory as the system counts it.
    fn memory(&self) -> Result<String, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).map_err(|e| e.to_string())?;
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kilobytes: f64 = line.split_whitespace().next().and_then(|w| w.parse().ok()).ok_or("no VmRSS")?;
        Ok(format!("{:.1} MB", kilobytes / 1024.0))
    }

    /// Processor time so far, user and system.
    fn processor(&self) -> Result<f64, Failure> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).map_err(|e| e.to_string())?;
        let after = stat.rsplit(')').next().unwrap_or_default();
        let ticks: f64 = after.split_whitespace().skip(11).take(2).filter_map(|w| w.parse::<f64>().ok()).sum();
        let per_second: f64 = output("getconf", &["CLK_TCK"]).and_then(|t| t.trim().parse().ok()).unwrap_or(100.0);
        Ok(ticks / per_second)
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Median times from the start of the process to the first REGISTER, and to the 200 of the authorised one.
fn starts() -> Result<(Duration, Duration), Failure> {
    let mut first = Vec::new();
    let mut authorised = Vec::new();
    for _ in 0..TIMES {
        let phone = Phone::start("")?;
        let request = phone.far.receive("REGISTER", |l| l.starts_with("REGISTER "))?;
        first.push(phone.started.elapsed());
        let demand = "WWW-Authenticate: Digest realm=\"bench\",nonce=\"0123456789abcdef\",qop=\"auth\"\r\n";
        phone.far.reply(&request, "401 Unauthorized", demand)?;
        phone.far.register(false)?;
        authorised.push(phone.started.elapsed());
    }
    Ok((median(first), median(authorised)))
}

/// From an INVITE on the wire to its 180; the call is cancelled afterwards.
#[allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn ring(far: &FarEnd, uri: &str, to: std::net::SocketAddr, number: usize) -> Result<Duration, Failure> {
    let call = format!("ring{number}");
    let start = Instant::now();
    far.invite(uri, to, &call, 9)?;
    far.receive("180", |l| l.starts_with("SIP/2.0 180"))?;
    let took = start.elapsed();
    far.request("CANCEL", uri, to, &call, &format!("<{uri}>"), "")?;
    let end = far.receive("487", |l| l.starts_with("SIP/2.0 487"))?;
    let callee = header(&end.text, "To").ok_or("487 without To")?;
    far.request("ACK", uri, to, &call, &callee, "Content-Length: 0\r\n\r\n")?;
    Ok(took)
}

/// A call with PCMU both ways: processor time, memory, and how evenly the packets leave.
#[allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn call() -> Result<Vec<(String, String)>, Failure> {
    let phone = Phone::start("autoAnswer=all")?;
    let (uri, address) = phone.far.register(true)?;
    let media = UdpSocket::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
    media.set_read_timeout(Some(Duration::from_secs(1))).map_err(|e| e.to_string())?;
    let port = media.local_addr().map_err(|e| e.to_string())?.port();
    phone.far.invite(&uri, address, "talk", port)?;
    let answer = phone.far.receive("200 to the INVITE", |l| l.starts_with("SIP/2.0 200"))?;
    let callee = header(&answer.text, "To").ok_or("200 without To")?;
    phone.far.request("ACK", &uri, address, "talk", &callee, "")?;
    let line = answer.text.lines().find_map(|l| l.strip_prefix("m=audio ")).ok_or("200 without m=audio")?;
    let theirs: u16 = line.split(' ').next().and_then(|p| p.parse().ok()).ok_or("no port in m=audio")?;

    // Each packet of theirs is sent back at once: both talk, at the phone's own pace.
    let before = phone.processor()?;
    let start = Instant::now();
    let mut arrivals = Vec::new();
    let mut packet = [0; 2048];
    while start.elapsed() < CALL {
        let length = media.recv(&mut packet).map_err(|e| format!("no RTP from the phone: {e}"))?;
        if packet.get(1).is_some_and(|kind| kind & 0x7f == 0) {
            arrivals.push(start.elapsed());
            let _ = media.send_to(&packet[..length], ("127.0.0.1", theirs));
        }
    }
    let used = phone.processor()? - before;
    let memory = phone.memory()?;
    phone.far.request("BYE", &uri, address, "talk", &callee, "")?;
    let gaps: Vec<f64> = arrivals.windows(2).map(|w| (w[1] - w[0]).as_secs_f64() * 1e3).collect();
    let mean = gaps.iter().sum::<f64>() / gaps.len().max(1) as f64;
    let deviation = (gaps.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / gaps.len().max(1) as f64).sqrt();
    let longest = gaps.iter().copied().fold(0.0, f64::max);
    Ok(vec![
        ("in a PCMU call: RSS".into(), memory),
        ("60 s of a PCMU call: processor time".into(), format!("{:.2} s", used * 60.0 / CALL.as_secs_f64())),
        ("RTP pacing, 20 ms frames: mean".into(), format!("{mean:.2} ms")),
        ("RTP pacing: σ".into(), format!("{deviation:.2} ms")),
        ("RTP pacing: longest gap".into(), format!("{longest:.1} ms")),
    ])
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

fn write(rows: &[(String, String)]) -> Result<(), Failure> {
    let system = output("uname", &["-srm"]).unwrap_or_default();
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = processor.lines().find_map(|l| l.strip_prefix("model name")?.split_once(':')).map_or("", |p| p.1);
    let commit = output("git", &["rev-parse", "--short", "HEAD"]).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut text = String::from("# Results\n\nWritten by `cargo xtask bench`; do not edit.\n\n");
    let _ = writeln!(text, "{}, {cores} cores,{processor}; commit {}\n", system.trim(), commit.trim());
    let _ = writeln!(text, "Times are medians of {TIMES}; the far end is on loopback in the measuring process.\n");
    text.push_str("| what | figure |\n|---|---|\n");
    for (what, figure) in rows {
        let _ = writeln!(text, "| {what} | {figure} |");
    }
    let path: &Path = &root().join("benches");
    fs::create_dir_all(path).and_then(|()| fs::write(path.join("RESULTS.md"), &text)).map_err(|e| e.to_string())?;
    print!("{text}");
    Ok(())
}
