//! A phone of another version behind the socket is told of as such, and not by what goes wrong with it.

use super::socket::Client;
use super::{CommandError, ExitCode};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// The shapes of requests and replies that are understood here: `v` of every line.
pub const SHAPES: u64 = 1;

/// The program's own version.
const OURS: &str = env!("CARGO_PKG_VERSION");

/// How long a phone may take to say which version it is.
const PATIENCE: Duration = Duration::from_secs(2);

/// The error of a line in shapes that are not understood here.
pub(super) fn strange(line: &Value) -> Option<CommandError> {
    let v = line.get("v").filter(|v| v.as_u64() != Some(SHAPES))?;
    let v = crate::text::elided(&v.to_string(), 20);
    Some(refusal(format!(
        "the phone that runs speaks version {v} of the protocol, and this is tuiphone {OURS}, version {SHAPES}"
    )))
}

/// An error that may come of another version, told as what it is where it does.
pub(super) async fn explained(path: &Path, error: CommandError) -> CommandError {
    if !matches!(error.code, ExitCode::Usage | ExitCode::Unexpected) {
        return error;
    }
    let asking = async { Client::connect(path).await?.ask(r#"{"verb":"ready"}"#).await };
    let Ok(Ok(reply)) = tokio::time::timeout(PATIENCE, asking).await else { return error };
    match reply.get("version").and_then(Value::as_str) {
        Some(OURS) => error,
        Some(theirs) => told(&format!("tuiphone {}", crate::text::elided(theirs, 40)), &error),
        None => told("an older one", &error),
    }
}

fn told(theirs: &str, error: &CommandError) -> CommandError {
    refusal(format!("the phone that runs is {theirs}, and this is tuiphone {OURS}: {}", error.message))
}

fn refusal(message: String) -> CommandError {
    let hint = Some("start it anew: tuiphone exit, then tuiphone".to_owned());
    CommandError { code: ExitCode::NoDaemon, kind: "version", message, hint }
}
