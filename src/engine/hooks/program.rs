//! What a hook's program is to the system: one that is run as it is, a batch file, or on Windows a document, which the
//! program runs that opens its like.

use crate::config::SECRET_VARIABLES;
use crate::config::command_line::CommandLine;
use std::path::Path;
use tokio::process::Command;

/// What starts a program that sees no secret of ours.
pub(in crate::engine) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    for name in SECRET_VARIABLES {
        command.env_remove(name);
    }
    command
}

/// The words that are run for a program and its arguments; the same ones, unless the program is a document, or on Windows a
/// bare name that lies in the folder it is run in, where that system looks first.
pub(in crate::engine) fn words(argv: &[String], folder: &str) -> Vec<String> {
    let Some((program, arguments)) = argv.split_first() else { return Vec::new() };
    let beside = Path::new(folder).join(program);
    let is_beside = cfg!(windows) && !program.contains(std::path::is_separator) && beside.is_file();
    let program = if is_beside { beside.to_string_lossy().into_owned() } else { program.clone() };
    let opener = if is_run_as_it_is(&program) { None } else { super::document::opener(&program) };
    let opened = opener.and_then(|(template, place)| opened(&template, &place, arguments));
    opened.unwrap_or_else(|| std::iter::once(program).chain(arguments.iter().cloned()).collect())
}

/// True for a batch file of Windows.
pub(super) fn is_batch(program: &str) -> bool {
    matches!(ending(program).as_str(), "bat" | "cmd")
}

/// A value of the environment as a batch file may have it: `%NAME%` is put into a line before that is read, so that
/// nothing may stay which the line would obey.
pub(super) fn tamed(value: &str) -> String {
    value.chars().filter(|c| !"&|<>^%!()\"`".contains(*c)).collect()
}

fn is_run_as_it_is(program: &str) -> bool {
    matches!(ending(program).as_str(), "" | "exe" | "com") || is_batch(program)
}

fn ending(program: &str) -> String {
    Path::new(program).extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase()
}

/// The words of a command that opens documents, `"C:\Windows\wscript.exe" "%1" %*`: `%1` is the document, `%*` are the
/// arguments. `None` for one that would hand them to a shell, and for what is no command.
fn opened(template: &str, document: &str, arguments: &[String]) -> Option<Vec<String>> {
    let CommandLine { program, arguments: template } = CommandLine::parse(template).ok()?;
    let name = program.rsplit(['\\', '/']).next().unwrap_or_default().to_ascii_lowercase();
    if matches!(name.as_str(), "cmd" | "cmd.exe") || is_batch(&name) || name == "%1" {
        return None;
    }
    let mut words = vec![program];
    for word in template {
        match word.as_str() {
            "%*" => words.extend(arguments.iter().cloned()),
            _ => {
                words.push(["%1", "%L", "%l", "%V", "%v"].iter().fold(word, |word, mark| word.replace(mark, document)))
            }
        }
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_opened_as_its_like_are() {
        let opened = |template: &str| {
            let words = opened(template, r"C:\a b\call.vbs", &["x y".to_owned(), "600".to_owned()]);
            words.map(|words| words.join("|"))
        };
        for (template, expected) in [
            (
                r#""C:\Windows\System32\WScript.exe" "%1" %*"#,
                Some(r"C:\Windows\System32\WScript.exe|C:\a b\call.vbs|x y|600"),
            ),
            (r"C:\Windows\notepad.exe %1", Some(r"C:\Windows\notepad.exe|C:\a b\call.vbs")),
            (r#"py.exe -u "file:%L" %*"#, Some(r"py.exe|-u|file:C:\a b\call.vbs|x y|600")),
            // The document itself, or a shell.
            (r#""%1" %*"#, None),
            (r#"C:\Windows\System32\cmd.exe /c "%1" %*"#, None),
            (r"C:\open.bat %1", None),
            ("\"", None),
        ] {
            assert_eq!(opened(template).as_deref(), expected, "{template}");
        }
    }

    #[test]
    fn programs_are_known_by_their_endings() {
        for (program, is_it, as_it_is) in [
            ("crm", false, true),
            ("crm.EXE", false, true),
            ("a b.cmd", true, true),
            ("C:/x.y/Hook.Bat", true, true),
            ("call.vbs", false, false),
        ] {
            assert_eq!((is_batch(program), is_run_as_it_is(program)), (is_it, as_it_is), "{program}");
        }
        let argv = ["crm".to_owned(), "600".to_owned()];
        assert_eq!(words(&argv, "/"), argv);
    }

    #[test]
    fn no_value_is_a_command_in_a_batch_file() {
        assert_eq!(tamed(r#"100"&calc|x >y %PATH% ^ !z! (a) `b` Ünal+49"#), "100calcx y PATH  z a b Ünal+49");
    }
}
