//! The table against itself and against MicroSIP's rules.

use super::*;
use crate::config::AccountId;
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

/// Keys of MicroSIP 3.22.16 that this phone does not read; it keeps them as they are.
const UNREAD: [(Section, &str, &str); 2] = [
    (
        Section::Settings,
        "Settings",
        "swLevelAdjustment disableVideo \
         videoCaptureDevice videoCodec videoH264 videoH263 videoVP8 videoVP9 videoBitrate rport STUN \
         enableSTUN recordingButton buttonAC buttonCONF \
         usersDirectory defaultAction \
         enableMediaButtons headsetSupport enableLog bringToFrontOnIncoming randomAnswerBox \
         disableNameLookup multiMonitor updatesInterval noResize autoHangUpTime \
         noIgnoreCall cmdOutgoingCall cmdIncomingCall cmdCallRing cmdCallAnswer cmdCallAnswerVideo cmdCallBusy \
         cmdCallStart cmdCallEnd minimized portKnockerHost portKnockerPorts mainX mainY mainW mainH messagesX \
         messagesY messagesW messagesH ringinX ringinY callsWidth0 callsWidth1 callsWidth2 callsWidth3 callsWidth4 \
         callsWidth5 contactsWidth0 contactsWidth1 contactsWidth2 activeTab alwaysOnTop enableShortcuts \
         shortcutsBottom lastCallNumber lastCallHasVideo",
    ),
    (Section::Account, "Account1", "SRTP ICE"),
];

#[test]
fn every_key_of_microsip_has_a_row_or_is_known_to_have_none() {
    let sample = include_bytes!("../../../tests/fixtures/ini/10-SYNTHETIC-3.22.16-all-keys-utf16.ini");
    let document = Document::parse(sample).unwrap();
    for (section, name, unread) in UNREAD {
        let written = BTreeSet::from_iter(document.entries(name).map(|(key, _)| key));
        let rows = BTreeSet::from_iter(Row::of(section).map(|row| row.key));
        let unread = BTreeSet::from_iter(unread.split_whitespace());
        assert_eq!(rows.intersection(&unread).next(), None, "a key with a row is read");
        // Letter by letter: what is written anew is to look as MicroSIP's.
        assert_eq!(rows.union(&unread).copied().collect::<BTreeSet<_>>(), written, "[{name}]");
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
        let Some(Row { field: Field::Settings(get, set), .. }) = Row::find(Section::Settings, key) else {
            panic!("no row {key}");
        };
        let mut settings = Settings::default();
        assert_eq!(set(&mut settings, value).is_some(), complains, "{key}={value}");
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
        let Some(Row { field: Field::Settings(get, set), .. }) = Row::find(Section::Tuiphone, key) else {
            panic!("no row {key}");
        };
        let mut settings = Settings::default();
        assert_eq!(set(&mut settings, value).is_some(), complains, "{key}={value}");
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
        ("hideCID", "Soft", "soft", false),
        ("hideCID", "1", "hard", false),
        ("hideCID", "0", "", false),
        ("hideCID", "yes", "", true),
        ("proxy", "a:5060  b", "a:5060 b", false),
        ("password", "abc", "abc", false),
        ("password", "a268c52c2c3a93f1a268c52c2c3a93f1", "", true),
    ] {
        let Some(Row { field: Field::Account(get, set), .. }) = Row::find(Section::Account, key) else {
            panic!("no row {key}");
        };
        let mut account = Account::new(AccountId(1));
        assert_eq!(set(&mut account, value).is_some(), complains, "{key}={value}");
        assert_eq!(get(&account), read, "{key}={value}");
    }
}

#[test]
fn rows_write_what_they_read_and_leave_sealed_passwords_alone() {
    let sealed = "a268c52c2c3a93f1";
    let mut document =
        Document::parse(format!("[Settings]\nsinglemode=1\n[Account2]\npassword={sealed}\n").as_bytes()).unwrap();
    let settings = Settings { single_mode: false, accept_from_any: true, ..Settings::default() };
    let account = Account { password_sealed: true, label: "Desk".to_owned(), ..Account::new(AccountId(2)) };
    for row in [(Section::Settings, "singleMode"), (Section::Tuiphone, "acceptFrom")] {
        Row::find(row.0, row.1).unwrap().write_settings(&settings, &mut document).unwrap();
    }
    for key in ["password", "label"] {
        Row::find(Section::Account, key).unwrap().write_account(&account, &mut document).unwrap();
    }
    let expected =
        format!("[Settings]\nsinglemode=0\n[Account2]\npassword={sealed}\nlabel=Desk\n[tuiphone]\nacceptFrom=any\n");
    assert_eq!(String::from_utf8(document.to_bytes()).unwrap(), expected);
}
