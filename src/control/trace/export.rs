//! A trace as something to keep: a ladder and its messages as text, a diagram for Mermaid, a capture for Wireshark.

use super::ladder::Ladder;
use super::mermaid::Mermaid;
use super::pcapng;
use super::words::{clock, full};
use crate::control::{TraceLine, Traced};
use crate::text::plain_error;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Files of one name that are tried before it is given up.
const MOST_TRIES: u32 = 1_000;
/// Longest name that is made of foreign text, in characters.
const MOST_NAME: usize = 40;

/// A form to keep a trace in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A sequence diagram, as Mermaid reads it.
    Mermaid,
    /// The ladder, and every message in full.
    Text,
    /// What went over the wire, as Wireshark reads it.
    Pcapng,
}

impl Form {
    /// How its files end.
    pub fn ending(self) -> &'static str {
        match self {
            Form::Mermaid => "mmd",
            Form::Text => "txt",
            Form::Pcapng => "pcapng",
        }
    }

    /// These messages in this form.
    pub fn of(self, messages: &[&Traced]) -> Vec<u8> {
        match self {
            Form::Mermaid => {
                let mut diagram = Mermaid::default();
                lines(messages.iter().flat_map(|message| diagram.add(message))).into_bytes()
            }
            Form::Text => {
                let full: Vec<String> = messages.iter().map(|message| full(message)).collect();
                format!("{}\n{}", ladder(messages), full.join("\n")).into_bytes()
            }
            Form::Pcapng => {
                let mut file = pcapng::head(env!("CARGO_PKG_VERSION"));
                for message in messages {
                    file.extend(pcapng::packet(&TraceLine::Sip((*message).clone())));
                }
                file
            }
        }
    }
}

/// These messages as a ladder of plain characters.
pub fn ladder(messages: &[&Traced]) -> String {
    let mut ladder = Ladder::new(None);
    lines(messages.iter().flat_map(|message| ladder.add(message)))
}

/// The name of a file for messages of this call or account, without what no file name takes: `ladder-c1-120001`.
pub fn name(what: &str, first: Option<&Traced>) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let what: String = what.chars().take(MOST_NAME).map(kept).collect();
    let day = first.and_then(|message| message.time.get(..10)).unwrap_or_default().replace('-', "");
    let time =
        first.map(|message| clock(&message.time).get(..8).unwrap_or_default().replace(':', "")).unwrap_or_default();
    let parts = ["ladder", what.trim_matches('-'), &day, &time].map(|part| part.to_owned());
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// Writes a file into this folder that only its owner reads; one that is there stays as it is, and the new one gets a
/// number. Gives where it is.
///
/// # Errors
/// What could not be done, in words.
pub fn keep(folder: &Path, name: &str, form: Form, bytes: &[u8]) -> Result<PathBuf, String> {
    let failed = |path: &Path, why: &io::Error| format!("cannot write {}: {}", path.display(), plain_error(why));
    fs::create_dir_all(folder).map_err(|why| failed(folder, &why))?;
    for n in 1..=MOST_TRIES {
        let number = if n == 1 { String::new() } else { format!("-{n}") };
        let path = folder.join(format!("{name}{number}.{}", form.ending()));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Ok(mut file) => {
                file.write_all(bytes).map_err(|why| failed(&path, &why))?;
                return Ok(path);
            }
            Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {}
            Err(why) => return Err(failed(&path, &why)),
        }
    }
    Err(format!("cannot write {name}.{}: there are {MOST_TRIES} of them in {}", form.ending(), folder.display()))
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.map(|line| line + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::super::words::tests::message;
    use super::*;
    use crate::control::Way;

    #[test]
    fn what_is_kept_is_never_written_over_and_is_its_owners() {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().join("new/one");
        let first = keep(&there, "ladder-c1", Form::Text, b"one").unwrap();
        let second = keep(&there, "ladder-c1", Form::Text, b"two").unwrap();
        assert_eq!(first, there.join("ladder-c1.txt"));
        assert_eq!(second, there.join("ladder-c1-2.txt"));
        assert_eq!((fs::read(&first).unwrap(), fs::read(&second).unwrap()), (b"one".to_vec(), b"two".to_vec()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&first).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(keep(&file, "x", Form::Text, b"").unwrap_err().starts_with("cannot write "));
    }

    #[test]
    fn names_hold_nothing_that_leads_elsewhere() {
        let first = message(1, Way::Sent, 5060, "INVITE sip:a SIP/2.0", None);
        assert_eq!(name("c1", Some(&first)), "ladder-c1-20260101-120001");
        assert_eq!(name("../../etc/pass wd", None), "ladder-etc-pass-wd");
        assert_eq!(name("", None), "ladder");
    }

    #[test]
    fn every_form_has_every_message() {
        let one = message(1, Way::Sent, 5060, "INVITE sip:a SIP/2.0", None);
        let two = message(2, Way::Received, 5060, "SIP/2.0 486 Busy Here", None);
        let of = |form: Form| String::from_utf8_lossy(&form.of(&[&one, &two])).into_owned();
        assert!(of(Form::Mermaid).starts_with("sequenceDiagram\n") && of(Form::Mermaid).contains("486 Busy Here"));
        let text = of(Form::Text);
        assert!(text.contains("|<---") && text.contains("\nSIP/2.0 486 Busy Here\n"), "{text}");
        assert!(Form::Pcapng.of(&[&one, &two]).len() > Form::Pcapng.of(&[&one]).len());
    }
}
