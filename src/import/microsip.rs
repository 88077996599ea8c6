//! MicroSIP's own ini: accounts, settings, shortcuts, and the contacts and calls of its older versions.

use super::{Found, FoundAccount, Password, Setting, contact};
use crate::config::schema::{Row, Section};
use crate::config::{self, Document, Rewrite, Settings, Warning};
use crate::contacts::{Contact, MAX_CONTACTS};
use crate::history::calls_section;
use crate::text::sanitise;

/// What MicroSIP writes without being asked, and what means something else here than to leave it open.
const ITS_DEFAULTS: &[(&str, &str)] =
    &[("audioCodecs", "PCMA/8000/1 PCMU/8000/1"), ("EC", "1"), ("accountId", ""), ("lastCallNumber", "")];

/// Names of devices and files of the machine it ran on.
const OF_THE_MACHINE: &[&str] =
    &["audioInputDevice", "audioOutputDevice", "audioRingDevice", "recordingPath", "ringingSound"];

pub(super) fn read(document: &Document, same_system: bool) -> Found {
    let mut found = Found::default();
    let loaded = config::load(document, &[]);
    for mut account in loaded.accounts.into_iter().filter(|account| account.id.0 > 0) {
        let is_sealed = account.password_sealed;
        account.password_sealed = false;
        // It always says 0, which keeps a phone behind a NAT from being reached.
        if account.rewrite == Rewrite::Nothing {
            account.rewrite = Rewrite::default();
        }
        let new = FoundAccount::new(account);
        let password = if is_sealed { Password::Sealed } else { new.password };
        found.add(FoundAccount { password, ..new });
    }
    let is_account = |warning: &&Warning| warning.key.is_empty() && warning.section.starts_with("Account");
    loaded.warnings.iter().filter(is_account).for_each(|warning| found.note(sanitise(&warning.to_string())));
    settings(document, same_system, &mut found);
    let shortcuts = document.entries("Shortcuts").filter(|(key, _)| key.bytes().all(|digit| digit.is_ascii_digit()));
    found.settings.extend(shortcuts.take(8).map(|(key, value)| Setting {
        section: "Shortcuts",
        key: key.to_owned(),
        value: value.to_owned(),
    }));
    found.calls = calls_section::of_ini(|section, key| document.get(section, key));
    found.contacts = old_contacts(document);
    found
}

fn settings(document: &Document, same_system: bool, found: &mut Found) {
    let (mut programs, mut odd) = (Vec::new(), Vec::new());
    for row in Row::of(Section::Settings) {
        let Some(value) = document.get("Settings", row.key) else { continue };
        let is_default = ITS_DEFAULTS.iter().any(|(key, it)| *key == row.key && (it.is_empty() || *it == value));
        let mut after = Settings::default();
        let complaint = row.read_settings(&mut after, value);
        let change = row.change(&Settings::default(), &after);
        if is_default || complaint.is_none() && change.is_none() {
            continue;
        }
        if row.key.starts_with("cmd") {
            programs.push(row.key);
        } else if !same_system && OF_THE_MACHINE.contains(&row.key) {
            odd.push(row.key);
        } else if let Some(why) = complaint {
            found.note(format!("{} is not brought over: {}", row.key, sanitise(&why)));
        } else if let Some((key, value)) = change {
            found.setting(key, value);
        }
    }
    if !programs.is_empty() {
        let list = programs.join(" ");
        found.note(format!("{list}: not brought over, because programs are run by them; config set sets them"));
    }
    if !odd.is_empty() {
        found.note(format!("{}: not brought over, because another system's names mean nothing here", odd.join(" ")));
    }
}

/// `N=number;name;presence;directory` of `[Contacts]`, where MicroSIP kept contacts before it had Contacts.xml.
pub fn old_contacts(document: &Document) -> Vec<Contact> {
    let rows = document.entries("Contacts").filter(|(key, _)| key.bytes().all(|digit| digit.is_ascii_digit()));
    let contacts = rows.filter_map(|(_, value)| {
        let mut fields = value.split(';');
        let (number, name) = (fields.next()?, fields.next().unwrap_or_default());
        let mut is_set = || fields.next().unwrap_or_default().trim() == "1";
        let (presence, directory) = (is_set(), is_set());
        contact(name, number).map(|contact| Contact { presence, directory, ..contact })
    });
    contacts.take(MAX_CONTACTS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Found {
        read(&Document::parse(text.as_bytes()).unwrap(), false)
    }

    #[test]
    fn accounts_with_passwords_and_with_what_only_microsip_reads() {
        let found = found(
            "[Account1]\ndomain=d\nusername=1\npassword=plain pw\nallowRewrite=0\nserver=s\n\
             [Account2]\ndomain=d\nusername=2\npassword=a268c52c2c3a93f1\nallowRewrite=1\n[Account3]\ndomain=d\nusername=3\n",
        );
        let passwords: Vec<Password> = found.accounts.iter().map(|it| it.password).collect();
        assert_eq!(passwords, [Password::Plain, Password::Sealed, Password::None]);
        assert!(found.accounts[1].account.password.is_empty());
        let rewrites: Vec<Rewrite> = found.accounts.iter().map(|it| it.account.rewrite).collect();
        assert_eq!(rewrites, [Rewrite::Contact, Rewrite::Everything, Rewrite::Contact]);
    }

    #[test]
    fn settings_that_somebody_chose() {
        let found = found(
            "[Settings]\naccountId=2\naudioCodecs=PCMA/8000/1 PCMU/8000/1\nEC=1\nVAD=1\nDTMFMethod=3\nuserAgent=\n\
             autoAnswer=button\nsingleMode=\ndenyIncoming=\ncmdCallStart=\ncmdCallEnd=C:\\x.exe\naudioInputDevice=\"Mic\"\nsourcePort=99999\nmainX=5\n\
             [Shortcuts]\n0=Bob;102;call;;1\nx=y\n",
        );
        let set: Vec<String> =
            found.settings.iter().map(|it| format!("{}.{}={}", it.section, it.key, it.value)).collect();
        assert_eq!(set.iter().filter(|it| it.starts_with("Shortcuts")).count(), 1, "{set:?}");
        for (key, is_there) in [
            ("VAD=1", true),
            // Empty is not missing.
            ("singleMode=0", true),
            ("denyIncoming=", true),
            ("userAgent", false),
            ("DTMFMethod=3", true),
            ("audioCodecs", false),
            ("EC", false),
            ("sourcePort", false),
            ("accountId", false),
            ("cmd", false),
        ] {
            assert_eq!(set.iter().any(|it| it.starts_with(&format!("Settings.{key}"))), is_there, "{key}: {set:?}");
        }
        assert_eq!(found.notes.len(), 3, "{:?}", found.notes);
        let chosen =
            read(&Document::parse(b"[Settings]\naudioCodecs=PCMU/8000/1\naudioInputDevice=Mic\n").unwrap(), true);
        assert_eq!(chosen.settings.len(), 2, "{chosen:?}");
    }

    #[test]
    fn contacts_and_calls_of_old_versions() {
        let found = found(
            "[Settings]\ncallsLastKey=0\n[Calls]\n0=600;Ann;2;1700000000;0;Missed Call\n\
                           [Contacts]\n0=100;Ann;1;0\n1=200\n2=;nobody\n3=300;Cy;0;1;x\nx=400;Odd\n",
        );
        assert_eq!(found.calls.len(), 1);
        let shown: Vec<_> =
            found.contacts.iter().map(|it| (it.name.as_str(), it.number.as_str(), it.presence, it.directory)).collect();
        assert_eq!(shown, [("Ann", "100", true, false), ("200", "200", false, false), ("Cy", "300", false, true)]);
    }
}
