//! Links on a desktop of freedesktop.org: a desktop entry, and the person's `mimeapps.list`, of which every other byte
//! stays.

use super::{Command, failed, schemes};
use crate::cli::options::Links;
use crate::cli::paths::Environment;
use crate::control::CommandError;
use crate::engine::files;
use std::fs;
use std::io;
use std::path::Path;

/// The desktop entry's name.
const ENTRY: &str = "tuiphone-url.desktop";
/// The group of `mimeapps.list` that says which program opens what.
const GROUP: &str = "[Default Applications]";
/// The most of a `mimeapps.list` that is looked at, in bytes.
const MAX_LIST: usize = 1 << 20;

/// What was done, a line each.
pub(super) fn run(what: Links, command: &Command, environment: &Environment) -> Result<Vec<String>, CommandError> {
    let entry = environment.data_dir().join("applications").join(ENTRY);
    let list = environment.config_base().join("mimeapps.list");
    let before = match files::read(&list, MAX_LIST) {
        Ok(bytes) if bytes.len() > MAX_LIST => Err(io::Error::other("it is larger than 1 MiB")),
        Ok(bytes) => String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8")),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(why) => Err(why),
    };
    let before = before.map_err(|why| failed(&format!("read {}", list.display()), &why))?;
    let mut done = Vec::new();
    let after = match what {
        Links::Install => {
            let text = desktop_entry(command);
            if !fs::read_to_string(&entry).is_ok_and(|there| there == text) {
                put(&entry, &text)?;
                done.push(format!("written: {}", entry.display()));
            }
            associated(&before)
        }
        Links::Uninstall => {
            if entry.symlink_metadata().is_ok() {
                fs::remove_file(&entry).map_err(|why| failed(&format!("remove {}", entry.display()), &why))?;
                done.push(format!("removed: {}", entry.display()));
            }
            dissociated(&before)
        }
    };
    if after != before {
        put(&list, &after)?;
        let schemes: Vec<&str> = schemes().collect();
        let how = if what == Links::Install { "opens" } else { "no longer opens" };
        done.push(format!("changed: {}: tuiphone {how} {}", list.display(), schemes.join(" ")));
    }
    Ok(done)
}

/// Through a link: what it points at is replaced, the link stays.
fn put(file: &Path, text: &str) -> Result<(), CommandError> {
    let written = (|| {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        files::replace(&file.canonicalize().unwrap_or_else(|_| file.to_owned()), text.as_bytes())
    })();
    written.map_err(|why| failed(&format!("write {}", file.display()), &why))
}

/// Desktop Entry Specification: the link is one word of its own, whatever it holds.
fn desktop_entry(command: &Command) -> String {
    let words: Vec<String> = command.words().iter().map(|word| quoted(word)).collect();
    let types: String = schemes().map(|scheme| format!("x-scheme-handler/{scheme};")).collect();
    format!(
        "[Desktop Entry]\nType=Application\nName=tuiphone\nComment=Put a link in the dial field\nExec={} %u\n\
         Terminal=true\nNoDisplay=true\nMimeType={types}\n",
        words.join(" ")
    )
}

/// A word of `Exec`, quoted as that key wants it, then as every string of the file.
fn quoted(word: &str) -> String {
    let mut out = String::from("\"");
    for c in word.chars().filter(|c| !c.is_control()) {
        match c {
            '"' | '`' | '$' => out.extend(["\\\\", &c.to_string()]),
            '\\' => out += "\\\\\\\\",
            '%' => out += "%%",
            c => out.push(c),
        }
    }
    out + "\""
}

/// The list with us as the first program of each scheme.
fn associated(list: &str) -> String {
    schemes().fold(list.to_owned(), |list, scheme| {
        let key = format!("x-scheme-handler/{scheme}");
        changed(&list, &key, |value| match value {
            Some(value)
                if value.split(';').any(|name| name.trim() == ENTRY) && value.trim_start().starts_with(ENTRY) =>
            {
                Some(value.to_owned())
            }
            Some(value) => Some(format!("{ENTRY};{}", without(value))),
            None => Some(ENTRY.to_owned()),
        })
    })
}

/// The list without us.
fn dissociated(list: &str) -> String {
    schemes().fold(list.to_owned(), |list, scheme| {
        let key = format!("x-scheme-handler/{scheme}");
        changed(&list, &key, |value| match value {
            Some(value) if !value.split(';').any(|name| name.trim() == ENTRY) => Some(value.to_owned()),
            Some(value) => Some(without(value)).filter(|rest| !rest.trim_matches([';', ' ']).is_empty()),
            None => None,
        })
    })
}

fn without(value: &str) -> String {
    value.split(';').filter(|name| name.trim() != ENTRY).collect::<Vec<_>>().join(";")
}

/// One key of the group, its value given anew or taken away; every other byte stays.
fn changed(list: &str, key: &str, new: impl Fn(Option<&str>) -> Option<String>) -> String {
    let end = if list.contains("\r\n") { "\r\n" } else { "\n" };
    let (mut out, mut inside, mut found) = (String::new(), false, false);
    // Behind the last line of the group that says something.
    let mut room = None;
    for line in list.split_inclusive('\n') {
        let text = line.trim();
        if text.starts_with('[') {
            inside = text == GROUP;
        }
        let value = text.split_once('=').filter(|(name, _)| inside && name.trim_end() == key).map(|(_, value)| value);
        match value {
            // Only the first one counts; others are left as they are.
            Some(value) if !found => {
                found = true;
                match new(Some(value)) {
                    Some(after) if after == value => out += line,
                    Some(after) => {
                        let (name, _) = line.split_once('=').unwrap_or((line, ""));
                        let tail = line.get(line.trim_end().len()..).unwrap_or_default();
                        out += &format!("{name}={after}{tail}");
                    }
                    None => {}
                }
            }
            _ => out += line,
        }
        if inside && !text.is_empty() {
            room = Some(out.len());
        }
    }
    let Some(value) = (if found { None } else { new(None) }) else { return out };
    let line = format!("{key}={value}{end}");
    let (before, behind) = match room.and_then(|at| out.split_at_checked(at)) {
        Some((before, behind)) => (before.to_owned(), behind.to_owned()),
        None => {
            let open = if out.is_empty() || out.ends_with('\n') { "" } else { end };
            let gap = if out.is_empty() { "" } else { end };
            (format!("{out}{open}{gap}{GROUP}{end}"), String::new())
        }
    };
    let open = if before.ends_with('\n') { "" } else { end };
    format!("{before}{open}{line}{behind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_other_byte_stays_and_twice_is_once() {
        let lists = [
            "",
            "[Default Applications]\ntext/html=firefox.desktop\n\n[Added Associations]\nx-scheme-handler/tel=a.desktop;\n",
            "# mine\r\n[Default Applications]\r\nx-scheme-handler/sip=linphone.desktop;b.desktop;\r\n",
            "[Added Associations]\nodd line\nx=y",
        ];
        for list in lists {
            let with = associated(list);
            for scheme in schemes() {
                assert!(with.contains(&format!("x-scheme-handler/{scheme}=tuiphone-url.desktop")), "{with}");
            }
            assert_eq!(associated(&with), with, "{list}");
            let gone = dissociated(&with);
            assert!(!gone.contains(ENTRY), "{gone}");
            assert!(gone.starts_with(list), "{list:?} became {gone:?}");
            assert_eq!(dissociated(list), list);
        }
        let with = associated(lists[2]);
        assert!(with.contains("x-scheme-handler/sip=tuiphone-url.desktop;linphone.desktop;b.desktop;\r\n"), "{with}");
        let with = associated(lists[1]);
        assert!(with.contains("\nx-scheme-handler/tel=a.desktop;\n"), "another group's line stays: {with}");
        assert!(with.find("tel=tuiphone") < with.find("[Added"), "{with}");
    }

    #[test]
    fn the_entry_calls_this_program_with_one_word() {
        let command = Command { program: "/opt/a b/$t\"x".into(), ini: Some("/c/100%.ini".into()) };
        let entry = desktop_entry(&command);
        assert!(entry.contains("\nExec=\"/opt/a b/\\\\$t\\\\\"x\" \"--ini\" \"/c/100%%.ini\" \"url\" %u\n"), "{entry}");
        assert!(entry.contains("x-scheme-handler/sip;x-scheme-handler/sips;x-scheme-handler/tel;"), "{entry}");
    }
}
