//! Links on Windows: keys of the person's own registry. A kind of link that nobody opens there is opened by us from then on;
//! those of others stay theirs, and this program is offered beside them, to be chosen under Default apps.

use super::{Command, failed, schemes};
use crate::cli::options::Links;
use crate::control::CommandError;
use std::io;

const CLASSES: &str = r"Software\Classes";
const LINK: &str = r"Software\Classes\tuiphone.link";
const OURS: &str = r"Software\tuiphone";
const CAPABILITIES: &str = r"Software\tuiphone\Capabilities";
/// What we have put under `CLASSES`: each kind of link, and its command.
const TAKEN: &str = r"Software\tuiphone\Links";
const OFFERED: &str = r"Software\RegisteredApplications";
/// The name that a program has there.
const NAME: &str = "tuiphone";
const OPEN: &str = r"shell\open\command";
/// The name of a key's own value.
const OWN: &str = "";

/// The person's part of the registry, its keys by their paths.
pub(super) trait Keys {
    /// A value.
    fn text(&self, key: &str, name: &str) -> Option<String>;
    /// True for a key that is not there, and for one with nothing in it.
    fn is_empty(&self, key: &str) -> bool;
    /// Sets a value, and makes its key.
    fn set(&mut self, key: &str, name: &str, value: &str) -> io::Result<()>;
    /// Removes a value that is there.
    fn remove(&mut self, key: &str, name: &str) -> io::Result<()>;
    /// Removes a key with all that is below.
    fn remove_key(&mut self, key: &str) -> io::Result<()>;
}

/// What was done, a line each.
pub(super) fn run(what: Links, command: &Command, keys: &mut impl Keys) -> Result<Vec<String>, CommandError> {
    let done = match what {
        Links::Install => install(command, keys),
        Links::Uninstall => uninstall(keys),
    };
    done.map_err(|why| failed("change the registry", &why))
}

fn install(command: &Command, keys: &mut impl Keys) -> io::Result<Vec<String>> {
    // Why `--`: whatever a link holds, it makes no option.
    let words: Vec<String> = command.words().into_iter().chain(["--".to_owned()]).collect();
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    let open = format!("{} \"%1\"", quoted.join(" "));
    let mut values: Vec<(String, &str, &str)> = vec![
        (LINK.to_owned(), OWN, "Telephone link"),
        (LINK.to_owned(), "URL Protocol", ""),
        (format!(r"{LINK}\{OPEN}"), OWN, &open),
        (CAPABILITIES.to_owned(), "ApplicationName", "tuiphone"),
        (CAPABILITIES.to_owned(), "ApplicationDescription", "A softphone that lives in a terminal"),
        (OFFERED.to_owned(), NAME, CAPABILITIES),
    ];
    values.extend(schemes().map(|scheme| (format!(r"{CAPABILITIES}\URLAssociations"), scheme, "tuiphone.link")));
    let (ours, others): (Vec<&str>, Vec<&str>) =
        schemes().partition(|scheme| is_ours(keys, scheme) || keys.is_empty(&format!(r"{CLASSES}\{scheme}")));
    for scheme in &ours {
        let key = format!(r"{CLASSES}\{scheme}");
        // What is ours is written down first: an end halfway leaves nothing that nobody takes away.
        values.push((TAKEN.to_owned(), scheme, &open));
        values.push((format!(r"{key}\{OPEN}"), OWN, &open));
        values.push((key.clone(), OWN, "Telephone link"));
        values.push((key, "URL Protocol", ""));
    }
    values.retain(|(key, name, value)| keys.text(key, name).as_deref() != Some(value));
    for (key, name, value) in &values {
        keys.set(key, name, value)?;
    }
    let mut done = Vec::new();
    if !values.is_empty() {
        done.push(format!(r"written: HKCU\{CLASSES}: tuiphone opens {}", ours.join(" ")));
    }
    if !others.is_empty() {
        let names = others.join(" ");
        done.push(format!(
            "{names}: left to the program that opens it; choose tuiphone under Settings, Apps, Default apps"
        ));
    }
    Ok(done)
}

fn uninstall(keys: &mut impl Keys) -> io::Result<Vec<String>> {
    let ours: Vec<&str> = schemes().filter(|scheme| is_ours(keys, scheme)).collect();
    for scheme in &ours {
        keys.remove_key(&format!(r"{CLASSES}\{scheme}"))?;
    }
    let mut is_changed = !ours.is_empty();
    if keys.text(OFFERED, NAME).is_some() {
        keys.remove(OFFERED, NAME)?;
        is_changed = true;
    }
    for key in [LINK, OURS] {
        if !keys.is_empty(key) {
            keys.remove_key(key)?;
            is_changed = true;
        }
    }
    let no_longer = format!(r"removed: HKCU\{CLASSES}: tuiphone no longer opens {}", ours.join(" "));
    Ok(is_changed.then_some(no_longer).into_iter().collect())
}

/// We have put it there, and nobody has put anything else in its place since.
fn is_ours(keys: &impl Keys, scheme: &str) -> bool {
    let written = keys.text(TAKEN, scheme);
    let key = format!(r"{CLASSES}\{scheme}");
    written.is_some() && (keys.text(&format!(r"{key}\{OPEN}"), OWN) == written || keys.is_empty(&key))
}

/// The registry itself.
#[cfg(windows)]
pub(super) mod person {
    use super::{Keys, io};
    use windows_registry::CURRENT_USER;

    /// That of the person who asks.
    pub struct Registry;

    impl Keys for Registry {
        fn text(&self, key: &str, name: &str) -> Option<String> {
            CURRENT_USER.open(key).and_then(|key| key.get_string(name)).ok()
        }

        fn is_empty(&self, key: &str) -> bool {
            let Ok(key) = CURRENT_USER.open(key) else { return true };
            let has_none = key.keys().is_ok_and(|mut keys| keys.next().is_none());
            has_none && key.values().is_ok_and(|mut values| values.next().is_none())
        }

        fn set(&mut self, key: &str, name: &str, value: &str) -> io::Result<()> {
            Ok(CURRENT_USER.create(key)?.set_string(name, value)?)
        }

        fn remove(&mut self, key: &str, name: &str) -> io::Result<()> {
            Ok(CURRENT_USER.create(key)?.remove_value(name)?)
        }

        fn remove_key(&mut self, key: &str) -> io::Result<()> {
            Ok(CURRENT_USER.remove_tree(key)?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[derive(Debug, Clone, PartialEq, Default)]
    struct Memory(BTreeMap<(String, String), String>);

    impl Memory {
        fn has(&self, key: &str) -> bool {
            self.0.keys().any(|(known, _)| is_within(known, key))
        }
    }

    fn is_within(key: &str, of: &str) -> bool {
        key == of || key.strip_prefix(of).is_some_and(|rest| rest.starts_with('\\'))
    }

    impl Keys for Memory {
        fn text(&self, key: &str, name: &str) -> Option<String> {
            self.0.get(&(key.to_owned(), name.to_owned())).cloned()
        }

        fn is_empty(&self, key: &str) -> bool {
            !self.has(key)
        }

        fn set(&mut self, key: &str, name: &str, value: &str) -> io::Result<()> {
            self.0.insert((key.to_owned(), name.to_owned()), value.to_owned());
            Ok(())
        }

        fn remove(&mut self, key: &str, name: &str) -> io::Result<()> {
            let there = self.0.remove(&(key.to_owned(), name.to_owned()));
            there.map(|_| ()).ok_or_else(|| io::Error::other("not there"))
        }

        fn remove_key(&mut self, key: &str) -> io::Result<()> {
            assert!(self.has(key), "{key}");
            self.0.retain(|(known, _), _| !is_within(known, key));
            Ok(())
        }
    }

    const MICROSIP: &str = r#""C:\MicroSIP\microsip.exe" "%1""#;

    fn others() -> Memory {
        let mut keys = Memory::default();
        for (key, name, value) in [
            (r"Software\Classes\sip", "", "Internet Call Protocol"),
            (r"Software\Classes\sip\shell\open\command", "", MICROSIP),
            (r"Software\Classes\sipx", "", "x"),
            (r"Software\RegisteredApplications", "Browser", "y"),
        ] {
            keys.set(key, name, value).unwrap();
        }
        keys
    }

    fn command(program: &str) -> Command {
        Command { program: program.into(), ini: None }
    }

    #[test]
    fn links_that_nobody_opens_are_ours_and_go_with_us() {
        let (mut keys, command) = (others(), command(r"C:\a b\tuiphone.exe"));
        let done = run(Links::Install, &command, &mut keys).unwrap();
        assert!(done[0].ends_with(": tuiphone opens sips tel callto dial dialpad msip"), "{done:?}");
        assert!(done[1].starts_with("sip: left to the program"), "{done:?}");
        let opens = |keys: &Memory, scheme: &str| keys.text(&format!(r"{CLASSES}\{scheme}\{OPEN}"), "");
        let ours = r#""C:\a b\tuiphone.exe" "url" "--" "%1""#;
        assert_eq!(opens(&keys, "tel").as_deref(), Some(ours));
        assert_eq!(keys.text(r"Software\Classes\tel", "URL Protocol").as_deref(), Some(""));
        assert_eq!(opens(&keys, "sip").as_deref(), Some(MICROSIP));
        assert_eq!(
            keys.text(r"Software\tuiphone\Capabilities\URLAssociations", "sip").as_deref(),
            Some("tuiphone.link")
        );
        let written = keys.clone();
        assert_eq!(run(Links::Install, &command, &mut keys).unwrap(), &done[1..], "done before");
        assert_eq!(keys, written);
        run(Links::Uninstall, &command, &mut keys).unwrap();
        assert_eq!(keys, others());
        assert_eq!(run(Links::Uninstall, &command, &mut keys).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn what_another_program_has_taken_since_stays_its_own() {
        let mut keys = Memory::default();
        run(Links::Install, &command("a.exe"), &mut keys).unwrap();
        let tel = r"Software\Classes\tel\shell\open\command";
        keys.set(tel, "", MICROSIP).unwrap();
        run(Links::Install, &command("b.exe"), &mut keys).unwrap();
        let opens = |keys: &Memory, key: &str| keys.text(key, "").unwrap_or_default();
        assert_eq!(opens(&keys, tel), MICROSIP);
        assert_eq!(
            opens(&keys, r"Software\Classes\sip\shell\open\command"),
            r#""b.exe" "url" "--" "%1""#,
            "it has moved"
        );
        run(Links::Uninstall, &command("c.exe"), &mut keys).unwrap();
        assert_eq!(opens(&keys, tel), MICROSIP);
        assert!(keys.0.keys().all(|(key, _)| is_within(key, r"Software\Classes\tel")), "{keys:?}");
    }
}
