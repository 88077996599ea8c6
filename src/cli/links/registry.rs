//! Links on Windows: keys of the person's own registry that offer this program. Which one opens a link, Windows lets only
//! that person choose, under Default apps.

use super::{Command, failed, schemes};
use crate::cli::options::Links;
use crate::control::{CommandError, ExitCode};
use std::process::{self, Stdio};

const LINK: &str = r"HKCU\Software\Classes\tuiphone.link";
const OURS: &str = r"HKCU\Software\tuiphone\Capabilities";
const OFFERED: &str = r"HKCU\Software\RegisteredApplications";

/// What was done, a line each.
pub(super) fn run(what: Links, command: &Command) -> Result<Vec<String>, CommandError> {
    for words in commands(what, command) {
        let mut reg = process::Command::new("reg.exe");
        reg.args(&words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let status = reg.status().map_err(|why| failed("run reg.exe", &why))?;
        // What is not there cannot be deleted, and need not be.
        if !status.success() && what == Links::Install {
            return Err(CommandError {
                code: ExitCode::Unexpected,
                kind: "unexpected",
                message: format!("reg.exe {} failed", words.join(" ")),
                hint: None,
            });
        }
    }
    Ok(vec![match what {
        Links::Install => "offered to Windows; choose it under Settings, Apps, Default apps, tuiphone".to_owned(),
        Links::Uninstall => "no longer offered to Windows".to_owned(),
    }])
}

/// The words of each call of `reg.exe`; none of them passes through a shell.
fn commands(what: Links, command: &Command) -> Vec<Vec<String>> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    if what == Links::Uninstall {
        return vec![
            words(&["delete", OFFERED, "/v", "tuiphone", "/f"]),
            words(&["delete", r"HKCU\Software\tuiphone", "/f"]),
            words(&["delete", LINK, "/f"]),
        ];
    }
    let quoted: Vec<String> = command.words().iter().map(|word| format!("\"{word}\"")).collect();
    let open = format!("{} \"%1\"", quoted.join(" "));
    let set = |key: &str, name: &str, value: &str| words(&["add", key, "/v", name, "/t", "REG_SZ", "/d", value, "/f"]);
    let mut all = vec![
        words(&["add", LINK, "/ve", "/t", "REG_SZ", "/d", "Telephone link", "/f"]),
        set(LINK, "URL Protocol", ""),
        words(&["add", &format!(r"{LINK}\shell\open\command"), "/ve", "/t", "REG_SZ", "/d", &open, "/f"]),
        set(OURS, "ApplicationName", "tuiphone"),
        set(OURS, "ApplicationDescription", "A softphone that lives in a terminal"),
        set(OFFERED, "tuiphone", r"Software\tuiphone\Capabilities"),
    ];
    all.extend(schemes().map(|scheme| set(&format!(r"{OURS}\URLAssociations"), scheme, "tuiphone.link")));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_is_a_word_of_its_own_and_nobody_elses_key_is_touched() {
        let command = Command { program: r"C:\a b\tuiphone.exe".into(), ini: None };
        let install = commands(Links::Install, &command);
        assert!(install.iter().any(|words| words.contains(&r#""C:\a b\tuiphone.exe" "url" "%1""#.to_owned())));
        assert!(install.iter().any(|words| words.contains(&"tel".to_owned())));
        for words in install.iter().chain(&commands(Links::Uninstall, &command)) {
            assert!(words[1].contains("tuiphone") || words.contains(&"tuiphone".to_owned()), "{words:?}");
            assert_eq!(words.last().map(String::as_str), Some("/f"), "{words:?}");
        }
    }
}
