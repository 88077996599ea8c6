//! A phone of another version behind the socket is told of as such, and not by what goes wrong with it.

use super::socket::Client;
use super::verb::VERBS;
use super::{CommandError, ExitCode, Status};
use serde_json::Value;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

/// The shapes of requests and replies that are understood here: `v` of every line.
pub const SHAPES: u64 = 1;

/// The program's own version.
const OURS: &str = env!("CARGO_PKG_VERSION");

/// The build: what it understands and tells. Builds of one version that differ in that are told apart.
static BUILD: LazyLock<String> = LazyLock::new(|| format!("{:016x}", fingerprint(words())));

/// The build as `ready` tells it.
pub(super) fn build() -> &'static str {
    &BUILD
}

/// Every verb with its words, and every key of a status.
fn words() -> impl Iterator<Item = String> {
    let verbs = VERBS.iter().flat_map(|row| {
        let params = row.params.iter().map(|param| format!("{} {:?}", param.name, param.kind));
        std::iter::once(format!("{} {:?}", row.name, row.aliases)).chain(params)
    });
    let status = serde_json::to_value(Status::default()).unwrap_or_default();
    let keys: Vec<String> = status.as_object().into_iter().flat_map(|keys| keys.keys().cloned()).collect();
    verbs.chain(keys)
}

/// FNV-1a, 64 bits: a build is told from others, nobody is kept from anything.
fn fingerprint(words: impl Iterator<Item = String>) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    words
        .flat_map(|word| word.into_bytes().into_iter().chain([0]))
        .fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

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
    let theirs = |key: &str| reply.get(key).and_then(Value::as_str);
    match theirs("version") {
        Some(OURS) if theirs("build") == Some(build()) => error,
        Some(OURS) => told(&format!("another build of tuiphone {OURS}"), &error),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_is_known_by_every_word() {
        let all: Vec<String> = words().collect();
        assert!(all.iter().any(|word| word.starts_with("hangup [")) && all.iter().any(|word| word == "dnd"), "{all:?}");
        for at in 0..all.len() {
            let mut other = all.clone();
            other[at].push('x');
            assert_ne!(fingerprint(other.into_iter()), fingerprint(words()), "{}", all[at]);
        }
    }
}
