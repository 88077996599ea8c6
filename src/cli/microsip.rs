//! MicroSIP's habits, where they differ from ours and are harmless: those of a program that is called `microsip`, and
//! those of `[tuiphone] compat_dial_unknown`.

use super::args::{self, Invocation};
use super::options::Options;
use super::paths::Environment;
use super::{rewrite, session};
use crate::control::ExitCode;
use std::ffi::OsString;
use std::path::PathBuf;

/// What MicroSIP makes of a line with a word that nobody knows, if the settings want it so.
pub(super) fn dialled(argv: &[OsString]) -> Option<Invocation> {
    let (options, line) = split(argv);
    let session = session::load(&options, &Environment::of_process()).ok()?;
    if !session.loaded.settings.dial_unknown {
        return None;
    }
    args::as_microsip(&line, options).ok()
}

/// The options that say which phone is meant, and the rest of the line; our own other options are put aside.
fn split(argv: &[OsString]) -> (Options, String) {
    let (parser, mut options) = (args::root(), Options::default());
    let mut line: Vec<String> = Vec::new();
    let mut words = argv.iter().skip(1).map(|word| word.to_string_lossy().into_owned());
    while let Some(word) = words.next() {
        if let Some(file) = word.strip_prefix("/i:") {
            options.ini = Some(file.into());
            continue;
        }
        let (name, glued) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (word.as_str(), None),
        };
        let known = parser.get_arguments().find(|arg| {
            let short = arg.get_short().is_some_and(|short| name == format!("-{short}"));
            short || arg.get_long().is_some_and(|long| name.strip_prefix("--") == Some(long))
        });
        let Some(known) = known else {
            line.push(word);
            continue;
        };
        let value = if known.get_action().takes_values() { glued.or_else(|| words.next()) } else { None };
        match known.get_id().as_str() {
            "ini" => options.ini = value.map(PathBuf::from),
            "socket" => options.socket = value.map(PathBuf::from),
            "no-override" => options.no_override = true,
            _ => {}
        }
    }
    (options, line.join(" "))
}

/// The exit code: MicroSIP's is no error where it is not running, or has nothing to end, answer or hide.
pub(super) fn exit_code(argv: &[OsString], code: ExitCode) -> ExitCode {
    let is_microsip = argv.first().is_some_and(|program| rewrite::is_microsip(program));
    match code {
        ExitCode::NoDaemon | ExitCode::NotFound if is_microsip => ExitCode::Ok,
        code => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_the_line_is_what_is_dialled() {
        let argv: Vec<OsString> =
            ["tuiphone", "-i", "w.ini", "--socket=/s", "-q", "--log", "l", "--call2", "1", "/i:x.ini"]
                .map(OsString::from)
                .into();
        let (options, line) = split(&argv);
        assert_eq!((options.ini, options.socket), (Some("x.ini".into()), Some("/s".into())));
        assert_eq!(line, "--call2 1");
    }

    #[test]
    fn nothing_to_do_is_no_error_of_microsip() {
        for (program, code) in [("/usr/bin/MicroSIP", ExitCode::Ok), ("tuiphone", ExitCode::NoDaemon)] {
            assert_eq!(exit_code(&[program.into()], ExitCode::NoDaemon), code);
        }
        assert_eq!(exit_code(&["microsip".into()], ExitCode::Usage), ExitCode::Usage);
    }
}
