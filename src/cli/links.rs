//! `url --install`: other programs hand `tel:` and its kin to this phone. On Linux a desktop entry and `mimeapps.list`, on
//! Windows the keys of the person who asks.

mod desktop;
#[cfg(any(windows, test))]
mod registry;

use super::exit;
use super::options::{Links, Options};
use super::out;
use super::paths::Environment;
use crate::control::spelling::table::{Form, SPELLINGS};
use crate::control::{CommandError, ExitCode};
use crate::text::plain_error;
use std::io;
use std::path::PathBuf;

/// Does it, and says what was done; done before, it changes nothing.
///
/// # Errors
/// A file cannot be written, a key cannot be set, or this system has another way.
pub fn run(what: Links, options: &Options, environment: &Environment) -> Result<ExitCode, CommandError> {
    let program = std::env::current_exe().map_err(|why| failed("find this program", &why))?;
    let ini = options.ini.as_ref().map(|ini| std::path::absolute(ini).unwrap_or_else(|_| ini.clone()));
    let command = Command { program, ini };
    let done = match std::env::consts::OS {
        #[cfg(windows)]
        "windows" => registry::run(what, &command, &mut registry::person::Registry)?,
        "macos" | "ios" => {
            let mut error = exit::usage("on macOS only application bundles open links, and tuiphone is none");
            error.hint = Some("a Shortcut or an Automator application may run: tuiphone url LINK".to_owned());
            return Err(CommandError { code: ExitCode::NotFound, kind: "not_found", ..error });
        }
        _ => desktop::run(what, &command, environment)?,
    };
    if options.json || options.ndjson {
        out::json(&serde_json::json!({"v": 1, "verb": "url", "ok": true, "done": done}));
    } else if done.is_empty() {
        out::line("nothing to do");
    } else {
        done.iter().for_each(|line| out::line(line));
    }
    Ok(ExitCode::Ok)
}

/// How the phone is called with a link.
struct Command {
    program: PathBuf,
    ini: Option<PathBuf>,
}

impl Command {
    /// Its words, without the link.
    fn words(&self) -> Vec<String> {
        let text = |path: &PathBuf| path.to_string_lossy().into_owned();
        let ini = self.ini.iter().flat_map(|ini| ["--ini".to_owned(), text(ini)]);
        std::iter::once(text(&self.program)).chain(ini).chain(["url".to_owned()]).collect()
    }
}

/// What links begin with.
fn schemes() -> impl Iterator<Item = &'static str> {
    SPELLINGS.iter().filter(|row| row.forms.contains(&Form::Scheme)).map(|row| row.name)
}

fn failed(what: &str, why: &io::Error) -> CommandError {
    CommandError {
        code: ExitCode::Unexpected,
        kind: "unexpected",
        message: format!("cannot {what}: {}", plain_error(why)),
        hint: None,
    }
}
