//! `--log FILE.csv`: a row for each thing that happens to a call, in MicroSIP's columns and one more.

use super::platform;
use crate::control::{CallDirection, Event, Form, Record};
use crate::engine::past::record;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// The open file.
#[derive(Debug)]
pub struct CallLog {
    out: File,
}

impl CallLog {
    /// Appends to a file, created readable by its owner alone; an empty one gets the header.
    ///
    /// # Errors
    /// The file cannot be opened or written.
    pub fn open(path: &Path) -> io::Result<CallLog> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut out = options.open(path)?;
        if out.metadata()?.len() == 0 {
            writeln!(out, "{},Event", Form::Csv.head())?;
        }
        Ok(CallLog { out })
    }

    /// Writes until the phone stops; a full disk never stops the phone.
    pub async fn follow(mut self, mut events: Receiver<Arc<Event>>) {
        loop {
            match events.recv().await {
                Ok(event) => {
                    if let Some(row) = row(&event) {
                        let _ = self.out.write_all(row.as_bytes());
                    }
                    if *event == Event::Exited {
                        return;
                    }
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }
}

/// The row of an event, its line end included; `None` for what is about no call, or says nothing new of one.
fn row(event: &Event) -> Option<String> {
    let (call, name) = match event {
        Event::CallIncoming { call } => (call, "incoming"),
        Event::CallOutgoing { call } => (call, "outgoing"),
        Event::CallRinging { call } if call.direction == CallDirection::Outgoing => (call, "ringing"),
        Event::CallAnswered { call } => (call, "answered"),
        Event::CallHeld { call } => (call, "held"),
        Event::CallResumed { call } => (call, "resumed"),
        Event::CallEnded { call } => (call, "ended"),
        _ => return None,
    };
    let info = if name == "ended" { super::words::ended(call) } else { String::new() };
    let record = Record { info, ..record(call) };
    let local = platform::local_time(record.started_s()).unwrap_or_default();
    Some(format!("{},{name}\n", Form::Csv.row(&record, &local)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::CallInfo;

    fn call(name: &str, user: &str) -> CallInfo {
        serde_json::from_value(serde_json::json!({"id": "c1", "sip_call_id": "x", "direction": "incoming",
            "state": "ended", "account": "a@b", "remote": {"uri": "sip:6@b", "user": user, "name": name},
            "started_at": "2026-01-02T03:04:05.678Z", "duration": 0.0, "remote_hold": false, "status": 487,
            "reason": "Request Terminated"}))
        .unwrap()
    }

    #[test]
    fn a_row_is_safe_to_open_in_a_spreadsheet() {
        let row = row(&Event::CallEnded { call: call("=cmd|' /C calc'!A0, \"x\"", "+4912") }).unwrap();
        assert!(
            row.starts_with("x,missed,\"'=cmd|' /C calc'!A0, \"\"x\"\"\",'+4912,1767323045,2026-01-02 03:04:05,"),
            "{row}"
        );
        assert!(row.ends_with(",0,not connected: 487 Request Terminated,ended\n"), "{row}");
        assert!(super::row(&Event::Exited).is_none());
        let elsewhere = CallInfo { outcome: Some("answered_elsewhere".into()), ..call("Bob", "6") };
        let row = super::row(&Event::CallEnded { call: elsewhere }).unwrap();
        assert!(row.starts_with("x,answered_elsewhere,Bob,6,"), "{row}");
    }

    #[test]
    fn the_header_comes_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.csv");
        drop(CallLog::open(&path).unwrap());
        drop(CallLog::open(&path).unwrap());
        assert_eq!(
            std::fs::read_to_string(path).unwrap(),
            "ID,Type,Name,Number,Timestamp,UTC Time,Local Time,Duration,Info,Event\n"
        );
    }
}
