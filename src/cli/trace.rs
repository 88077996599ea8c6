//! `trace`: SIP messages of the phone that runs, in the form that is asked for.

use super::options::Options;
use super::signals::Interrupts;
use super::{out, platform, verbs};
use crate::control::feed::Feed;
use crate::control::link::Link;
use crate::control::trace::ladder::Ladder;
use crate::control::trace::mermaid::Mermaid;
use crate::control::trace::pcapng;
use crate::control::trace::words::{clock, full, short};
use crate::control::verb::TraceForm;
use crate::control::{CommandError, ExitCode, TraceAsk, TraceLine, Traced, TracedPacket, json};
use crate::text::plain_error;
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

fn packet_line(packet: &TracedPacket) -> String {
    let TracedPacket { way, kind, remote, bytes, call, payload_type, sequence, timestamp, ssrc, .. } = packet;
    let number = |name: &str, value: Option<u64>| value.map(|value| format!(" {name} {value}")).unwrap_or_default();
    let numbers = number("seq", sequence.map(u64::from)) + &number("ts", timestamp.map(u64::from));
    let source = ssrc.map(|ssrc| format!(" ssrc {ssrc:08x}")).unwrap_or_default();
    let (time, marker) = (clock(&packet.time), if packet.marker { " marker" } else { "" });
    format!("{time} {} {kind} {remote} {bytes} pt {payload_type}{numbers}{source}{marker} {call}", way.arrow())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

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
}
