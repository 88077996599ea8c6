//! Who reads what goes wrong, beside people.

use super::out;
use super::probe::nagios;
use crate::control::{CommandError, ExitCode, json};
use std::ffi::OsString;

/// Who reads what goes wrong, beside people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    Words,
    Json,
    Nagios,
}

impl Wants {
    /// By the words of a command line, understood or not.
    pub(super) fn of(argv: &[OsString]) -> Wants {
        let has = |option: &str| argv.iter().take_while(|word| *word != "--").any(|word| word == option);
        match () {
            () if has("test") && has("--nagios") => Wants::Nagios,
            () if has("--json") || has("--ndjson") => Wants::Json,
            () => Wants::Words,
        }
    }
}

/// Tells why nothing came of what this verb asked, where one was understood; how the program ends.
pub(super) fn failed(error: &CommandError, verb: Option<&'static str>, wants: Wants) -> ExitCode {
    match wants {
        Wants::Words => {}
        Wants::Json => {
            let mut told = serde_json::Map::from_iter([("v".to_owned(), 1.into())]);
            told.extend(verb.map(|verb| ("verb".to_owned(), verb.into())));
            told.extend([("ok".to_owned(), false.into()), ("error".to_owned(), json::error(error))]);
            out::json(&told.into());
        }
        Wants::Nagios => out::line(&nagios::unknown(error)),
    }
    out::error(error);
    if wants == Wants::Nagios { nagios::Status::Unknown.exit_code() } else { error.code }
}
