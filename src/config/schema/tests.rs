//! The table against itself and against MicroSIP's rules.

use super::*;
use crate::config::{AccountId, Secret, TurnSettings};
use std::collections::BTreeSet;

#[test]
fn defaults_of_the_table_are_those_of_the_structs() {
    for row in rows() {
        match row.field {
            Field::Settings(get, set) => {
                let mut settings = Settings::default();
                assert_eq!(get(&settings), row.default, "{}", row.key);
                assert_eq!(set(&mut settings, row.default), None, "{}", row.key);
                assert_eq!(settings, Settings::default(), "{}", row.key);
            }
            Field::Account(get, set) => {
                let mut account = Account::new(AccountId(1));
                assert_eq!(get(&account), row.default, "{}", row.key);
                assert_eq!(set(&mut account, row.default), None, "{}", row.key);
                assert_eq!(account, Account::new(AccountId(1)), "{}", row.key);
            }
        }
    }
}

#[test]
fn a_key_has_one_row() {
    for row in rows() {
        let twins = Row::of(row.section).filter(|other| other.key.eq_ignore_ascii_case(row.key)).count();
        assert_eq!(twins, 1, "{}", row.key);
        assert!(!row.doc.is_empty());
    }
}

#[test]
fn every_key_of_microsip_is_read_or_kept_for_a_reason() {
    let sample = include_bytes!("../../../tests/fixtures/ini/10-SYNTHETIC-3.22.16-all-keys-utf16.ini");
    let document = Document::parse(sample).unwrap();
    for (section, name) in
        [(Section::Settings, "Settings"), (Section::Account, "Account1"), (Section::Global, "Global")]
    {
        let written = BTreeSet::from_iter(document.entries(name).map(|(key, _)| key));
        let rows = BTreeSet::from_iter(Row::of(section).map(|row| row.key));
        let groups = kept::KEPT.iter().filter(|kept| kept.section == section);
        let kept = BTreeSet::from_iter(groups.flat_map(|kept| kept.keys.iter().copied()));
        assert!(!written.is_empty(), "[{name}]");
        assert_eq!(rows.intersection(&kept).next(), None, "what has a row is read");
        // Letter by letter: what is written anew is to look as MicroSIP's.
        assert_eq!(rows.difference(&written).next(), None, "[{name}]");
        assert_eq!(written.iter().find(|key| !rows.contains(*key) && !kept.contains(*key)), None, "[{name}]");
    }
}

#[test]
fn flags_differ_in_what_is_a_yes() {
    for (kind, yes, no) in [
        (Kind::Flag, &["1", "2", "-1", "1x"][..], &["", "0", "x", "yes"][..]),
        (Kind::Strict, &["1"], &["", "0", "2", "1x", "01", "yes"]),
        (Kind::UnlessZero, &["1", "", "2", "00", "no"], &["0"]),
    ] {
        yes.iter().for_each(|value| assert_eq!(kind.plain(value), "1", "{kind:?} {value:?}"));
        no.iter().for_each(|value| assert_eq!(kind.plain(value), "0", "{kind:?} {value:?}"));
    }
    let strict = rows().filter(|row| row.kind == Kind::Strict).map(|row| row.key);
    assert_eq!(
        strict.collect::<Vec<_>>(),
        ["dnsSrv", "enableSTUN", "noIgnoreCall", "publish", "ICE", "disableSessionTimer"]
    );
}

#[test]
fn lengths_and_quotes_are_those_of_microsip() {
    for (section, key, limit, quoted) in [
        (Section::Settings, "userAgent", Some(255), false),
        (Section::Settings, "audioCodecs", Some(511), false),
        (Section::Settings, "audioInputDevice", Some(255), true),
        (Section::Account, "label", Some(255), false),
        (Section::Account, "proxy", Some(1040), false),
        (Section::Tuiphone, "watch", None, false),
    ] {
        let row = Row::find(section, key).unwrap();
        assert_eq!((row.limit, row.quoted), (limit, quoted), "{key}");
        let mut document = Document::default();
        row.write(1, "a", &mut document).unwrap();
        let value = if quoted { "\"a\"" } else { "a" };
        let expected = format!("[{}]\n{key}={value}\n", section.name(1));
        assert_eq!(String::from_utf8(document.to_bytes()).unwrap(), expected);
    }
}

#[test]
fn values_are_read_as_microsip_reads_them() {
    for (key, value, read, complains) in [
        ("dnsSrvNs", "8.8.8.8; 8.8.4.4", "8.8.8.8:53; 8.8.4.4:53", false),
        ("dnsSrvNs", "[2001:db8::1]:5353,10.0.0.1", "[2001:db8::1]:5353; 10.0.0.1:53", false),
        (
            "dnsSrvNs",
            "1.1.1.1;2.2.2.2;3.3.3.3;4.4.4.4;5.5.5.5",
            "1.1.1.1:53; 2.2.2.2:53; 3.3.3.3:53; 4.4.4.4:53",
            false,
        ),
        ("dnsSrvNs", "dns.example", "", true),
        ("STUN", "stun.example.net:19302; 192.0.2.1", "stun.example.net:19302; 192.0.2.1", false),
        ("STUN", "a,b,c,d,e,f,g,h,i", "a; b; c; d; e; f; g; h", false),
        ("STUN", "a:x b", "b", true),
        ("enableSTUN", "2", "0", false),
        ("dnsSrv", "2", "0", false),
        ("dnsSrv", "1", "1", false),
        ("portKnockerPorts", "7000, 8000 9000", "7000,8000,9000", false),
        ("portKnockerPorts", "0,65536,x,7", "7", true),
        ("recordingFormat", "WAV", "wav", false),
        ("recordingFormat", "", "ogg", false),
        ("recordingFormat", "mp3", "ogg", true),
        ("singleMode", "", "0", false),
        ("singleMode", "2", "1", false),
        ("callWaiting", "yes", "0", false),
        ("volumeRing", "", "100", false),
        ("volumeInput", "150", "100", true),
        ("volumeOutput", "-5", "0", true),
        ("audioCodecs", "", "opus/48000/2 G722/16000/1 PCMA/8000/1 PCMU/8000/1", false),
        ("audioCodecs", "PCMU/8000/1  opus", "PCMU/8000/1", true),
        ("audioCodecs", "XYZ/8000/1 G729/8000/1 PCMU/8000/1", "XYZ/8000/1 G729/8000/1 PCMU/8000/1", false),
        ("sourcePort", "5060", "5060", false),
        ("sourcePort", "65536", "0", true),
        ("DTMFMethod", "3", "3", false),
        ("DTMFMethod", "9", "0", true),
        ("autoAnswer", "", "", false),
        ("autoAnswer", "0", "", false),
        ("autoAnswer", "1", "", true),
        ("autoAnswer", "all", "all", false),
        ("accountId", "", "", false),
        ("accountId", "3", "3", false),
        ("EC", "", "0", false),
        ("micAmplification", "1", "1", false),
    ] {
        let row = Row::find(Section::Settings, key).unwrap_or_else(|| panic!("no row {key}"));
        let Field::Settings(get, _) = row.field else { panic!("{key} is an account's") };
        let mut settings = Settings::default();
        assert_eq!(row.read_settings(&mut settings, value).is_some(), complains, "{key}={value}");
        assert_eq!(get(&settings), read, "{key}={value}");
    }
    for (key, value, read, complains) in [
        ("followRedirects", "", "own", false),
        ("aec", "", "auto", false),
        ("aec", "OFF", "off", false),
        ("aec", "1", "on", false),
        ("aec", "speex", "auto", true),
        ("micBoost", "40", "30", true),
        ("speakerBoost", "6", "6", false),
        ("followRedirects", "Any", "any", false),
        ("followRedirects", "never", "never", false),
        ("followRedirects", "all", "own", true),
        ("ringTimeout", "", "0", false),
        ("ptime", "30", "30", false),
        ("ptime", "", "20", false),
        ("ptime", "5", "10", false),
        ("ptime", "45", "40", false),
        ("ptime", "200", "60", true),
        ("opusBitrate", "64000", "64000", false),
        ("opusBitrate", "100", "6000", false),
        ("opusBitrate", "1000000", "510000", true),
        ("opusComplexity", "0", "0", false),
        ("jitterBufferMin", "60", "60", false),
        ("jitterBufferMin", "", "10", false),
        ("jitterBufferMin", "1000", "400", true),
        ("opusComplexity", "11", "10", true),
        ("ringTimeout", "45", "45", false),
        ("ringTimeout", "-1", "0", true),
        ("ringTimeout", "100000", "86400", true),
    ] {
        let row = Row::find(Section::Tuiphone, key).unwrap_or_else(|| panic!("no row {key}"));
        let Field::Settings(get, _) = row.field else { panic!("{key} is an account's") };
        let mut settings = Settings::default();
        assert_eq!(row.read_settings(&mut settings, value).is_some(), complains, "{key}={value}");
        assert_eq!(get(&settings), read, "{key}={value}");
    }
    for (key, value, read, complains) in [
        ("registerRefresh", "5", "10", false),
        ("registerRefresh", "-1", "300", false),
        ("registerRefresh", "60", "60", false),
        ("registerRefresh", "", "300", false),
        ("keepAlive", "1", "2", false),
        ("keepAlive", "0", "15", false),
        ("transport", "", "", false),
        ("transport", "TLS", "tls", false),
        ("transport", "sctp", "udp", true),
        ("disableSessionTimer", "yes", "0", false),
        ("publish", "01", "0", false),
        ("hideCID", "Soft", "soft", false),
        ("hideCID", "1", "hard", false),
        ("hideCID", "0", "", false),
        ("hideCID", "yes", "", true),
        ("proxy", "a:5060  b", "a:5060 b", false),
        ("password", "abc", "abc", false),
        ("password", "a268c52c2c3a93f1a268c52c2c3a93f1", "", true),
    ] {
        let row = Row::find(Section::Account, key).unwrap_or_else(|| panic!("no row {key}"));
        let Field::Account(get, _) = row.field else { panic!("{key} is the phone's") };
        let mut account = Account::new(AccountId(1));
        assert_eq!(row.read_account(&mut account, value).is_some(), complains, "{key}={value}");
        assert_eq!(get(&account), read, "{key}={value}");
    }
}

#[test]
fn rows_write_what_they_read_and_leave_sealed_passwords_alone() {
    let sealed = "a268c52c2c3a93f1";
    let mut document =
        Document::parse(format!("[Settings]\nsinglemode=1\n[Account2]\npassword={sealed}\n").as_bytes()).unwrap();
    let settings = Settings { single_mode: false, accept_from_any: true, ..Settings::default() };
    let turn = TurnSettings { password: Secret::new("pw"), ..TurnSettings::default() };
    let account = Account { password_sealed: true, label: "Desk".to_owned(), turn, ..Account::new(AccountId(2)) };
    for row in [(Section::Settings, "singleMode"), (Section::Tuiphone, "acceptFrom")] {
        Row::find(row.0, row.1).unwrap().write_settings(&settings, &mut document).unwrap();
    }
    for key in ["password", "label"] {
        Row::find(Section::Account, key).unwrap().write_account(&account, &mut document).unwrap();
    }
    Row::find(Section::TuiphoneAccount, "turnPassword").unwrap().write_account(&account, &mut document).unwrap();
    let expected = format!(
        "[Settings]\nsinglemode=0\n[Account2]\npassword={sealed}\nlabel=Desk\n[tuiphone]\nacceptFrom=any\n\
         [tuiphone2]\nturnPassword=pw\n"
    );
    assert_eq!(String::from_utf8(document.to_bytes()).unwrap(), expected);
}
