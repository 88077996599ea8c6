//! What is published for this phone to do, and what came of it: the lines of the control socket, from callers elsewhere
//! on whom no person looks.

use super::link::Link;
use super::outside::{names_a_file, offered};
use super::spelling::{self, Line};
use super::{CommandError, ExitCode, json, verb};
use crate::engine::handle::Handle;
use crate::engine::mqtt::{Asked, MAX_PAYLOAD};
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};

/// Commands that may wait to be looked at.
pub const BACKLOG: usize = 32;

/// Those that are carried out at once.
const MOST_AT_ONCE: usize = 8;

/// Does what is published, until nobody can publish any more.
pub async fn serve(handle: Handle, mut asked: mpsc::Receiver<Asked>) {
    let places = Arc::new(Semaphore::new(MOST_AT_ONCE));
    while let Some(Asked { payload, reply }) = asked.recv().await {
        let (link, place) = (Link::Local(handle.clone()), places.clone().try_acquire_owned());
        tokio::spawn(async move {
            let told = match place {
                Ok(_place) => answer(&link, &payload).await,
                Err(_) => refusal(&read(&payload), "too_many_clients", "too many commands are under way"),
            };
            // Who asked may be gone.
            let _ = reply.send(told.to_string());
        });
    }
}

async fn answer(link: &Link, payload: &[u8]) -> Value {
    let line = read(payload);
    if let Ok(request) = &line.request {
        if !offered().any(|row| row.name == line.verb) {
            return refusal(&line, "usage", "that is not offered over MQTT; what happens is told to TOPIC/event/NAME");
        }
        if names_a_file(request) {
            return refusal(&line, "not_allowed", "files of this machine are named by callers on it alone");
        }
    }
    // It is carried out as it was read: the text is for a phone behind a socket.
    let reply = link.reply(&line, "").await;
    match reply.to_string().len() {
        ..=MAX_PAYLOAD => reply,
        _ => refusal(&line, "usage", "the answer is longer than 256 KiB; ask for less"),
    }
}

/// A line as it was published, guarded.
fn read(payload: &[u8]) -> Line {
    let mut line = match std::str::from_utf8(payload) {
        Ok(text) => spelling::parse(text),
        Err(_) => Line::refused(verb::usage_error("a command must be UTF-8".into())),
    };
    line.request = line.request.map(verb::Request::guarded);
    line
}

fn refusal(line: &Line, kind: &'static str, why: &str) -> Value {
    let code = if kind == "usage" { ExitCode::Usage } else { ExitCode::Refused };
    json::reply(line, Err(CommandError { code, kind, message: why.to_owned(), hint: None }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Command;
    use crate::control::verb::Request;
    use std::path::PathBuf;

    #[test]
    fn whatever_is_published_is_guarded() {
        let dial = Command::Dial { target: "600".to_owned(), account: None };
        let guarded = Ok(Request::Command(Command::Guarded(Box::new(dial))));
        for text in ["call 600", "600", r#"{"verb":"call","number":"600","guarded":false}"#, "[Dial(600)]"] {
            assert_eq!(read(text.as_bytes()).request, guarded, "{text}");
        }
        assert_eq!(read(b"redial").request, Ok(Request::Redial { last: false, guarded: true }));
        assert!(read(b"call \xff").request.is_err() && read(b"").request.is_err());
    }

    #[tokio::test]
    async fn what_is_not_for_callers_elsewhere_is_refused_and_says_to_whom() {
        // Nobody listens there: whatever is passed on fails otherwise.
        let link = Link::Socket(PathBuf::from("/nowhere/at/all"));
        for (text, kind) in [
            (r#"{"verb":"watch","id":7}"#, "usage"),
            (r#"{"verb":"trace","id":7}"#, "usage"),
            (r#"{"verb":"attach","id":7}"#, "usage"),
            (r#"{"verb":"session-password","password":"x","id":7}"#, "usage"),
            (r#"{"verb":"play","file":"/etc/passwd","id":7}"#, "not_allowed"),
            (r#"{"verb":"none","id":7}"#, "usage"),
            (r#"{"verb":"status","id":7}"#, "no_daemon"),
        ] {
            let reply = answer(&link, text.as_bytes()).await;
            assert_eq!(
                (&reply["ok"], &reply["error"]["kind"], &reply["id"]),
                (&false.into(), &kind.into(), &7.into()),
                "{reply}"
            );
        }
    }
}
