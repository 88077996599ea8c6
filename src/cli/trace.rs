//! `trace`: SIP messages of the phone that runs, in the form that is asked for.

mod ladder;
mod mermaid;
pub(super) mod pcapng;

use super::options::Options;
use super::signals::Interrupts;
use super::{out, platform, verbs};
use crate::control::feed::Feed;
use crate::control::link::Link;
use crate::control::verb::TraceForm;
use crate::control::{CommandError, ExitCode, TraceAsk, TraceLine, Traced, TracedPacket, json};
use crate::text::plain_error;
use ladder::Ladder;
use mermaid::Mermaid;
use serde_json::Value;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

/// Shows what is asked for: what was, or what comes until somebody stops it.
pub(super) async fn run(link: &Link, options: &Options, ask: &TraceAsk, form: &TraceForm) -> ExitCode {
    let shown = async {
        let writer = Writer::open(form, options)?;
        if ask.follow { follow(link, options, ask, writer).await } else { past(link, options, ask, writer).await }
    };
    shown.await.unwrap_or_else(|error| {
        if error.code == ExitCode::Ok {
            return error.code;
        }
        if options.json || options.ndjson {
            out::json(&serde_json::json!({"v": 1, "verb": "trace", "ok": false, "error": json::error(&error)}));
        }
        out::error(&error);
        error.code
    })
}

async fn past(link: &Link, options: &Options, ask: &TraceAsk, mut writer: Writer) -> Result<ExitCode, CommandError> {
    let limit = options.timeout.unwrap_or(Duration::from_secs(60));
    let fields = tokio::time::timeout(limit, link.traced(ask)).await.map_err(|_| verbs::no_answer(limit))??;
    if matches!(writer, Writer::Json) && !options.ndjson {
        let head = [("v", 1.into()), ("verb", "trace".into()), ("ok", true.into())];
        let head = head.into_iter().map(|(key, value): (&str, Value)| (key.to_owned(), value));
        out::json(&Value::Object(head.chain(fields).collect()));
        return Ok(ExitCode::Ok);
    }
    let messages = fields.get("messages").cloned().unwrap_or(Value::Null);
    let messages: Vec<Traced> = serde_json::from_value(messages).map_err(|e| verbs::unreadable(&e.to_string()))?;
    let count = messages.len();
    for message in messages {
        writer.write(&TraceLine::Sip(message))?;
    }
    if !options.quiet {
        match &writer {
            Writer::Pcap(_, file) => out::talk(&format!("tuiphone: {count} messages in {file}")),
            _ if count == 0 => out::talk("tuiphone: no such message is remembered"),
            _ => {}
        }
    }
    Ok(ExitCode::Ok)
}

async fn follow(link: &Link, options: &Options, ask: &TraceAsk, mut writer: Writer) -> Result<ExitCode, CommandError> {
    let mut feed = link.trace(ask).await?;
    let mut interrupts = Interrupts::listen();
    let mut reader_gone = std::pin::pin!(platform::reader_gone());
    let limit = options.timeout.unwrap_or(Duration::from_secs(86_400));
    // Whoever says for how long to look has what was asked for when that is over.
    let mut over = std::pin::pin!(tokio::time::sleep(limit));
    loop {
        let news = tokio::select! {
            news = feed.recv() => news,
            () = &mut reader_gone => return Ok(ExitCode::Ok),
            () = &mut over => return Ok(ExitCode::Ok),
            code = interrupts.next() => return Ok(code),
        };
        match news {
            Some(Feed::Traced(line)) => writer.write(&line)?,
            Some(Feed::Closed(why)) => {
                out::talk(&format!("tuiphone: {why}"));
                return Ok(ExitCode::NoDaemon);
            }
            Some(_) => {}
            None => return Ok(ExitCode::Ok),
        }
        if out::is_gone() {
            return Ok(ExitCode::Ok);
        }
    }
}

/// Where a trace goes, and how.
enum Writer {
    Json,
    Full,
    Short,
    Ladder(Ladder),
    Mermaid(Mermaid),
    Pcap(Box<dyn Write>, String),
}

impl Writer {
    fn open(form: &TraceForm, options: &Options) -> Result<Writer, CommandError> {
        Ok(match form {
            TraceForm::Pcap(file) => {
                let mut writing: Box<dyn Write> = match file.as_str() {
                    "-" => Box::new(io::stdout()),
                    name => Box::new(created(name).map_err(|why| unwritable(name, &why))?),
                };
                writing.write_all(&pcapng::head(env!("CARGO_PKG_VERSION"))).map_err(|why| unwritable(file, &why))?;
                writing.flush().map_err(|why| unwritable(file, &why))?;
                Writer::Pcap(writing, file.clone())
            }
            _ if options.json || options.ndjson => Writer::Json,
            TraceForm::Full => Writer::Full,
            TraceForm::Short => Writer::Short,
            TraceForm::Ladder => Writer::Ladder(Ladder::new(columns())),
            TraceForm::Mermaid => Writer::Mermaid(Mermaid::default()),
        })
    }

    fn write(&mut self, line: &TraceLine) -> Result<(), CommandError> {
        match (self, line) {
            (Writer::Json, line) => out::json(&json::feed(&Feed::Traced(Box::new(line.clone())))),
            (Writer::Pcap(writing, file), line) => {
                let written = writing.write_all(&pcapng::packet(line)).and_then(|()| writing.flush());
                written.map_err(|why| unwritable(file, &why))?;
            }
            (Writer::Full, TraceLine::Sip(message)) => out::line(&full(message)),
            (Writer::Short, TraceLine::Sip(message)) => out::line(&short(message)),
            (Writer::Full | Writer::Short, TraceLine::Rtp(packet)) => out::line(&packet_line(packet)),
            (Writer::Ladder(ladder), TraceLine::Sip(message)) => {
                ladder.add(message).iter().for_each(|it| out::line(it))
            }
            (Writer::Mermaid(diagram), TraceLine::Sip(message)) => {
                diagram.add(message).iter().for_each(|it| out::line(it))
            }
            (Writer::Ladder(_) | Writer::Mermaid(_), TraceLine::Rtp(_)) => {}
        }
        Ok(())
    }
}

/// Columns of the terminal that standard output is, if it is one.
fn columns() -> Option<u16> {
    let is_read = io::stdout().is_terminal();
    is_read.then(crossterm::terminal::size)?.ok().map(|(columns, _)| columns)
}

/// A file that only its owner reads; one that was there becomes so before anything stands in it.
fn created(name: &str) -> io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(name)?;
    #[cfg(unix)]
    if file.metadata()?.is_file() {
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    }
    Ok(file)
}

fn unwritable(file: &str, why: &io::Error) -> CommandError {
    // A reader that has had enough is no error.
    let code = if why.kind() == io::ErrorKind::BrokenPipe { ExitCode::Ok } else { ExitCode::Unexpected };
    let message = format!("cannot write the trace to {file}: {}", plain_error(why));
    CommandError { code, kind: code.kind(), message, hint: None }
}

/// Messages of a reply, each as `--debug` writes it.
pub(super) fn full_lines(messages: &Value) -> Vec<String> {
    let messages: Vec<Traced> = serde_json::from_value(messages.clone()).unwrap_or_default();
    messages.iter().map(full).collect()
}

/// A message as `--debug` writes it, and the call it belongs to.
fn full(message: &Traced) -> String {
    let Traced { time, way, transport, remote, bytes, text, .. } = message;
    format!("{time} {} {transport} {remote} {bytes}{}\n{text}", way.arrow(), of_call(message))
}

/// `12:00:00.123 -> udp 192.0.2.1:5060 INVITE sip:600@demo (SDP) c1`.
fn short(message: &Traced) -> String {
    let Traced { way, transport, remote, .. } = message;
    let time = clock(&message.time);
    format!("{time} {} {transport} {remote} {}{}", way.arrow(), words(message), of_call(message))
}

fn packet_line(packet: &TracedPacket) -> String {
    let TracedPacket { way, kind, remote, bytes, call, payload_type, sequence, timestamp, ssrc, .. } = packet;
    let number = |name: &str, value: Option<u64>| value.map(|value| format!(" {name} {value}")).unwrap_or_default();
    let numbers = number("seq", sequence.map(u64::from)) + &number("ts", timestamp.map(u64::from));
    let source = ssrc.map(|ssrc| format!(" ssrc {ssrc:08x}")).unwrap_or_default();
    let (time, marker) = (clock(&packet.time), if packet.marker { " marker" } else { "" });
    format!("{time} {} {kind} {remote} {bytes} pt {payload_type}{numbers}{source}{marker} {call}", way.arrow())
}

fn of_call(message: &Traced) -> String {
    message.call.as_ref().map(|call| format!(" {call}")).unwrap_or_default()
}

/// `12:00:00.123` of a time.
fn clock(time: &str) -> &str {
    time.split_once('T').and_then(|(_, clock)| clock.get(..12)).unwrap_or(time)
}

/// `INVITE sip:600@demo (SDP)`, `180 Ringing (INVITE)`.
fn words(message: &Traced) -> String {
    let start = message.start.trim_end_matches(" SIP/2.0").trim_start_matches("SIP/2.0 ");
    let body = message.content.as_deref().map(|content| {
        let kind = content.split(';').next().unwrap_or_default().trim();
        let name = kind.rsplit_once('/').map_or(kind, |(_, name)| name);
        if name == "sdp" { "SDP".to_owned() } else { name.to_owned() }
    });
    let method = message.status.map(|_| message.method.clone());
    let more: Vec<String> = method.into_iter().chain(body).collect();
    if more.is_empty() { start.to_owned() } else { format!("{start} ({})", more.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Way;

    /// A message at this second between the phone and this port.
    pub(super) fn message(second: u8, way: Way, port: u16, start: &str, content: Option<&str>) -> Traced {
        let status = start.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3)?.parse().ok());
        Traced {
            n: u64::from(second),
            time: format!("2026-01-01T12:00:{second:02}.250000Z"),
            way,
            transport: "udp".into(),
            local: ([192, 0, 2, 1], 5060).into(),
            remote: ([192, 0, 2, 2], port).into(),
            bytes: 400,
            call: (port == 5060).then(|| "c1".into()),
            sip_call_id: Some("x@y".into()),
            method: if status.is_some() { "INVITE" } else { start.split(' ').next().unwrap_or_default() }.into(),
            status,
            start: start.into(),
            content: content.map(str::to_owned),
            text: format!("{start}\n\n"),
            data: None,
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_could_read_is_its_owners_before_it_is_written() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("call.pcapng");
        std::fs::write(&path, "old").expect("written");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).expect("allowed");
        let file = created(path.to_str().expect("text")).expect("opened");
        let about = file.metadata().expect("there");
        assert_eq!((about.permissions().mode() & 0o777, about.len()), (0o600, 0));
        assert!(created("/dev/null").is_ok(), "what is no file has no such rights");
    }

    #[test]
    fn a_message_in_one_line() {
        for (message, line) in [
            (
                message(1, Way::Sent, 5060, "INVITE sip:600@demo SIP/2.0", Some("application/sdp")),
                "12:00:01.250 -> udp 192.0.2.2:5060 INVITE sip:600@demo (SDP) c1",
            ),
            (
                message(2, Way::Received, 5060, "SIP/2.0 180 Ringing", None),
                "12:00:02.250 <- udp 192.0.2.2:5060 180 Ringing (INVITE) c1",
            ),
            (
                message(3, Way::Received, 5080, "SIP/2.0 200 OK", Some("Application/SDP; x=y")),
                "12:00:03.250 <- udp 192.0.2.2:5080 200 OK (INVITE, SDP)",
            ),
            (
                message(4, Way::Sent, 5080, "MESSAGE sip:a@b SIP/2.0", Some("text/plain")),
                "12:00:04.250 -> udp 192.0.2.2:5080 MESSAGE sip:a@b (plain)",
            ),
        ] {
            assert_eq!(short(&message), line.replace("SDP; x=y", "SDP"));
        }
        let whole = full(&message(1, Way::Sent, 5060, "BYE sip:a SIP/2.0", None));
        assert_eq!(whole, "2026-01-01T12:00:01.250000Z -> udp 192.0.2.2:5060 400 c1\nBYE sip:a SIP/2.0\n\n");
    }
}
