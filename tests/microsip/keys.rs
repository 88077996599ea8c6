//! Sections 3 to 5: every key MicroSIP knows or has known, what it is when it is missing, and how its values are read. A
//! row a key; a key of either side that has no row fails.

use std::collections::BTreeSet;
use tuiphone::config::schema::{Field, Known, Place, Row, Section, all_kept};
use tuiphone::config::{Account, AccountId, Document, Fault, Settings, check, load};

/// Values as a file has them, and what the phone makes of them, spelled as it would write it.
type Reads = &'static [(&'static str, &'static str)];

#[derive(Clone, Copy)]
enum Here {
    /// It is read: its default, and its values.
    Read(&'static str, Reads),
    /// It stays in the file, and is not used.
    Kept,
}

use Here::{Kept, Read};

/// Section 2: any whole number but 0 is a yes, and what is no number is 0.
const FLAG: Reads = &[("", "0"), ("0", "0"), ("1", "1"), ("2", "1"), ("-1", "1"), ("1x", "1"), ("yes", "0")];
/// Section 2: a yes is 1 alone.
const STRICT: Reads = &[("", "0"), ("0", "0"), ("1", "1"), ("2", "0"), ("01", "0"), ("yes", "0")];
/// Section 2: a no is 0 alone.
const UNLESS_ZERO: Reads = &[("", "1"), ("0", "0"), ("1", "1"), ("2", "1"), ("00", "1"), ("no", "1")];
const TEXT: Reads =
    &[("", ""), ("two words", "two words"), ("a;b", "a;b"), ("a ; b", "a ; b"), ("\"in quotes\"", "in quotes")];
/// Section 2: the digits it begins with, and a sign.
const SECONDS: Reads = &[("", "0"), ("15", "15"), ("+15", "15"), ("15s", "15"), ("soon", "0"), ("-15", "0")];
/// Section 2: an empty one is 100.
const VOLUME: Reads = &[("", "100"), ("0", "0"), ("37", "37"), ("101", "100"), ("-1", "0"), ("loud", "0")];
const PORT: Reads = &[("", "0"), ("5060", "5060"), ("65535", "65535"), ("65536", "0"), ("-1", "0"), ("sip", "0")];
const CODE: Reads = &[("", ""), ("*8", "*8"), ("#", "#")];
const PROGRAM: Reads = &[("", ""), ("ring.sh 1", "ring.sh 1"), (r#"""C:\a b\1.cmd" 1""#, r#""C:\a b\1.cmd" 1"#)];

const CODECS: &str = "opus/48000/2 G722/16000/1 PCMA/8000/1 PCMU/8000/1";

/// Section 3, in its order.
const SETTINGS: &[(&[&str], Here)] = &[
    (&["accountId"], Read("", &[("", ""), ("0", "0"), ("3", "3"), ("x", "0")])),
    (&["singleMode"], Read("1", FLAG)),
    (&["ringingSound"], Read("", TEXT)),
    (&["volumeRing"], Read("100", VOLUME)),
    (&["audioRingDevice", "audioOutputDevice", "audioInputDevice"], Read("", TEXT)),
    (&["micAmplification"], Read("0", FLAG)),
    (&["swLevelAdjustment"], Kept),
    // Why not MicroSIP's two: its files always say, and whoever writes one by hand may want to be heard well.
    (
        &["audioCodecs"],
        Read(
            CODECS,
            &[
                ("", CODECS),
                ("PCMU/8000/1", "PCMU/8000/1"),
                ("PCMU/8000/1   opus/48000/2", "PCMU/8000/1 opus/48000/2"),
                ("PCMU opus/48000/2", "opus/48000/2"),
                ("PCMU", CODECS),
            ],
        ),
    ),
    (&["VAD"], Read("0", FLAG)),
    (&["EC"], Read("1", FLAG)),
    (&["forceCodec", "opusStereo", "disableMessaging"], Read("0", FLAG)),
    (&["disableVideo", "videoCaptureDevice", "videoCodec"], Kept),
    (&["videoH264", "videoH263", "videoVP8", "videoVP9", "videoBitrate"], Kept),
    (&["rport"], Read("1", UNLESS_ZERO)),
    (&["sourcePort", "rtpPortMin", "rtpPortMax"], Read("0", PORT)),
    (
        &["dnsSrvNs"],
        Read(
            "",
            &[
                ("", ""),
                ("8.8.8.8; 8.8.4.4", "8.8.8.8:53; 8.8.4.4:53"),
                ("8.8.8.8,8.8.4.4", "8.8.8.8:53; 8.8.4.4:53"),
                ("1.1.1.1;2.2.2.2;3.3.3.3;4.4.4.4;5.5.5.5", "1.1.1.1:53; 2.2.2.2:53; 3.3.3.3:53; 4.4.4.4:53"),
                ("none", ""),
            ],
        ),
    ),
    (&["dnsSrv"], Read("0", STRICT)),
    (
        &["STUN"],
        Read(
            "",
            &[
                ("", ""),
                ("stun.example.net:19302", "stun.example.net:19302"),
                ("a;b,c", "a; b; c"),
                ("a;b;c;d;e;f;g;h;i", "a; b; c; d; e; f; g; h"),
                ("a:b", ""),
            ],
        ),
    ),
    (&["enableSTUN"], Read("0", STRICT)),
    (&["recordingPath"], Read("", TEXT)),
    // Why not mp3: the phone writes none; its own compressed form stands in.
    (&["recordingFormat"], Read("ogg", &[("", "ogg"), ("mp3", "ogg"), ("wav", "wav"), ("x", "ogg")])),
    (&["autoRecording"], Read("0", FLAG)),
    (&["recordingButton", "buttonAC", "buttonCONF"], Kept),
    (
        &["DTMFMethod"],
        Read("0", &[("", "0"), ("0", "0"), ("1", "1"), ("2", "2"), ("3", "3"), ("4", "0"), ("-1", "0"), ("x", "0")]),
    ),
    (
        &["autoAnswer"],
        // Of 2016 are the numbers.
        Read(
            "button",
            &[
                ("", ""),
                ("button", "button"),
                ("header", "header"),
                ("all", "all"),
                ("0", ""),
                ("1", ""),
                ("2", ""),
                ("x", ""),
            ],
        ),
    ),
    (&["autoAnswerDelay"], Read("0", SECONDS)),
    (&["autoAnswerNumber"], Read("", TEXT)),
    (&["autoAnswerCalls"], Read("", &[("", ""), ("hold", "hold"), ("all", "all"), ("x", "")])),
    (&["forwarding"], Read("", &[("", ""), ("button", "button"), ("all", "all"), ("x", "")])),
    (&["forwardingNumber"], Read("", TEXT)),
    (&["forwardingDelay"], Read("0", SECONDS)),
    (&["featureCodeCP"], Read("**", CODE)),
    (&["featureCodeBT"], Read("##", CODE)),
    (&["featureCodeAT"], Read("*2", CODE)),
    (&["enableFeatureCodeCP"], Read("1", FLAG)),
    (&["enableFeatureCodeBT", "enableFeatureCodeAT"], Read("0", FLAG)),
    (
        &["denyIncoming"],
        Read(
            "button",
            &[
                ("", ""),
                ("button", "button"),
                ("user", "user"),
                ("domain", "domain"),
                ("userdomain", "userdomain"),
                ("remotedomain", "remotedomain"),
                ("all", "all"),
                ("x", ""),
            ],
        ),
    ),
    (&["usersDirectory"], Read("", &[("", ""), ("https://h/?u=%s", "https://h/?u=%s"), ("ftp://h/", "")])),
    (
        &["defaultAction"],
        Read("", &[("", ""), ("call", "call"), ("video", "video"), ("message", "message"), ("x", "")]),
    ),
    (&["enableMediaButtons", "headsetSupport"], Kept),
    (&["localDTMF"], Read("1", FLAG)),
    (&["enableLog"], Read("0", FLAG)),
    (&["bringToFrontOnIncoming"], Kept),
    (&["enableLocalAccount"], Read("0", FLAG)),
    (&["randomAnswerBox"], Kept),
    (&["disableNameLookup"], Read("0", FLAG)),
    (&["callWaiting"], Read("1", FLAG)),
    (&["multiMonitor"], Kept),
    (&["networkChanges"], Read("1", FLAG)),
    (&["updatesInterval", "checkUpdatesTime", "noResize"], Kept),
    (&["userAgent"], Read("", TEXT)),
    (&["autoHangUpTime", "maxConcurrentCalls"], Read("0", SECONDS)),
    (&["noIgnoreCall"], Read("0", STRICT)),
    (&["cmdOutgoingCall", "cmdIncomingCall", "cmdCallRing", "cmdCallAnswer"], Read("", PROGRAM)),
    (&["cmdCallAnswerVideo", "cmdCallBusy", "cmdCallStart", "cmdCallEnd"], Read("", PROGRAM)),
    (&["minimized"], Read("0", FLAG)),
    (&["portKnockerHost"], Read("", TEXT)),
    (
        &["portKnockerPorts"],
        Read("", &[("", ""), ("7000,8000", "7000,8000"), ("7000, 8000", "7000,8000"), ("0,65536,x,7", "7")]),
    ),
    (&["mainX", "mainY", "mainW", "mainH", "messagesX", "messagesY", "messagesW", "messagesH"], Kept),
    (&["ringinX", "ringinY", "contactsWidth0", "contactsWidth1", "contactsWidth2"], Kept),
    (&["callsWidth0", "callsWidth1", "callsWidth2", "callsWidth3", "callsWidth4", "callsWidth5"], Kept),
    (&["volumeOutput", "volumeInput"], Read("100", VOLUME)),
    (&["activeTab"], Kept),
    (&["FWD", "AA", "AC", "DND"], Read("0", FLAG)),
    (&["alwaysOnTop"], Kept),
    (&["enableShortcuts"], Read("0", FLAG)),
    (&["shortcutsBottom"], Kept),
    (&["lastCallNumber"], Read("", TEXT)),
    (&["lastCallHasVideo", "callsLastKey", "version"], Kept),
    // Of older MicroSIPs and of changed ones.
    (&["silent", "crashReport", "disableLocalAccount"], Kept),
    (&["disableH264", "bitrateH264", "disableH263", "bitrateH263"], Kept),
    (&["AVPF", "EM", "ListenPort", "passwordSize", "id", "enableAutoTransfer", "autoTransferExtension"], Kept),
    (&["Country", "allowedPC", "desktopLink", "saveUserContacts", "callAudioMode", "callAudioApps"], Kept),
];

/// Section 4.
const GLOBAL: &[(&[&str], Here)] = &[(&["version", "checkUpdatesTime"], Kept)];

/// Section 5.2, in its order.
const ACCOUNT: &[(&[&str], Here)] = &[
    (&["label", "server"], Read("", TEXT)),
    (&["proxy"], Read("", &[("", ""), ("a:5070", "a:5070"), ("a:5070 b", "a:5070 b"), ("  a   b ", "a b")])),
    // Without one there is no account.
    (&["domain"], Read("", &[("pbx.example.net", "pbx.example.net")])),
    (&["username"], Read("", TEXT)),
    (
        &["password"],
        Read(
            "",
            &[
                ("", ""),
                ("abc", "abc"),
                ("pa ss;word", "pa ss;word"),
                // Section 5.3: what has the shape of MicroSIP's cipher is none.
                ("0123456789abcdef", ""),
                ("0123456789abcdef0123456789abcdef", ""),
                ("0123456789ABCDEF", "0123456789ABCDEF"),
                ("0123456789abcde", "0123456789abcde"),
                ("0123456789abcdeg", "0123456789abcdeg"),
                ("0123456789abcdef01234567", "0123456789abcdef01234567"),
            ],
        ),
    ),
    (&["authID", "displayName", "dialingPrefix", "voicemailNumber"], Read("", TEXT)),
    (&["dialPlan"], Read("", &[("", ""), ("xxx|9x.", "xxx|9x.")])),
    (
        &["hideCID"],
        Read("", &[("", ""), ("0", ""), ("1", "hard"), ("soft", "soft"), ("hard", "hard"), ("2", ""), ("x", "")]),
    ),
    (
        &["transport"],
        Read("udp", &[("", ""), ("udp", "udp"), ("tcp", "tcp"), ("tls", "tls"), ("TLS", "tls"), ("x", "udp")]),
    ),
    (&["publicAddr"], Read("", &[("", ""), ("192.0.2.7", "192.0.2.7"), ("x", "")])),
    (
        &["SRTP"],
        Read(
            "",
            &[
                ("", ""),
                ("optional", "optional"),
                ("mandatory", "mandatory"),
                ("dtls-sdes", "dtls-sdes"),
                ("dtls", "dtls"),
                ("x", ""),
            ],
        ),
    ),
    (
        &["registerRefresh"],
        Read(
            "300",
            &[
                ("", "300"),
                ("0", "300"),
                ("-1", "300"),
                ("1", "10"),
                ("5", "10"),
                ("10", "10"),
                ("60", "60"),
                ("x", "300"),
            ],
        ),
    ),
    (
        &["keepAlive"],
        Read("15", &[("", "15"), ("0", "15"), ("-1", "15"), ("1", "2"), ("2", "2"), ("30", "30"), ("x", "15")]),
    ),
    (&["publish", "ICE", "disableSessionTimer"], Read("0", STRICT)),
    // Why not 0 where it is missing: MicroSIP's files always say, and behind a NAT nobody else could call us.
    (&["allowRewrite"], Read("auto", STRICT)),
    (&["STUN", "passwordSize", "id", "ListenPort", "AVPF", "EM", "Country"], Kept),
];

/// A key of a section, and what becomes of it.
fn all() -> impl Iterator<Item = (Section, &'static str, Here)> {
    let tables = [(Section::Settings, SETTINGS), (Section::Global, GLOBAL), (Section::Account, ACCOUNT)];
    tables.into_iter().flat_map(|(section, table)| {
        table.iter().flat_map(move |(keys, here)| keys.iter().map(move |key| (section, *key, *here)))
    })
}

/// What the phone takes the key for that a file of this section says; `None` = the file has no such key.
fn taken(row: &Row, value: Option<&str>) -> String {
    let line = value.map(|value| format!("{}={value}\n", row.key)).unwrap_or_default();
    let domain = if row.key == "domain" { "" } else { "domain=d\n" };
    let text = match row.section {
        Section::Account => format!("[Account1]\n{domain}{line}"),
        section => format!("[{}]\n{line}", section.name(0)),
    };
    let loaded = load(&Document::parse(text.as_bytes()).expect("an ini file"), &[]);
    match row.field {
        Field::Settings(get, _) => get(&loaded.settings),
        Field::Account(get, _) => {
            let account = loaded.accounts.iter().find(|account| account.id == AccountId(1));
            account.map_or_else(|| get(&Account::new(AccountId(1))), get)
        }
    }
}

#[test]
fn every_key_is_read_as_microsip_reads_it() {
    for (section, key, here) in all() {
        let Read(default, reads) = here else { continue };
        let row = Row::find(section, key).unwrap_or_else(|| panic!("{section:?} {key} is not read"));
        assert_eq!((row.key, row.default), (key, default));
        assert_eq!(taken(row, None), default, "{key} where it is missing");
        for (value, expected) in reads {
            assert_eq!(taken(row, Some(value)), *expected, "{key}={value}");
            // Its name in any case.
            let text = format!("[{}]\ndomain=d\n{}={value}\n", section.name(1).to_uppercase(), key.to_uppercase());
            let loaded = load(&Document::parse(text.as_bytes()).expect("an ini file"), &[]);
            match row.field {
                Field::Settings(get, _) => assert_eq!(get(&loaded.settings), *expected, "{text}"),
                Field::Account(..) if key == "domain" => {}
                Field::Account(get, _) => assert_eq!(get(&loaded.accounts[0]), *expected, "{text}"),
            }
        }
    }
}

#[test]
fn what_is_read_is_written_back_as_it_was_read() {
    for (section, key, here) in all() {
        let Read(_, reads) = here else { continue };
        let row = Row::find(section, key).unwrap_or_else(|| panic!("{section:?} {key} is not read"));
        for (value, expected) in reads {
            let mut document = Document::default();
            let value = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
            match row.field {
                Field::Settings(..) => {
                    let mut settings = Settings::default();
                    row.read_settings(&mut settings, value);
                    row.write_settings(&settings, &mut document).expect("written");
                }
                Field::Account(..) => {
                    let mut account = Account::new(AccountId(1));
                    row.read_account(&mut account, value);
                    row.write_account(&account, &mut document).expect("written");
                    if account.password_sealed {
                        assert_eq!(document.get("Account1", key), None, "a password of MicroSIP's own is left alone");
                        continue;
                    }
                }
            }
            assert_eq!(document.get(&section.name(1), key), Some(*expected), "{key}={value}");
        }
    }
}

#[test]
fn no_key_is_without_a_row() {
    for section in [Section::Settings, Section::Global, Section::Account] {
        let told: Vec<&str> = all().filter(|(it, ..)| *it == section).map(|(_, key, _)| key).collect();
        let set = BTreeSet::from_iter(told.iter().copied());
        assert_eq!(set.len(), told.len(), "a key has one row");
        let kept =
            all_kept().iter().filter(|group| group.section == section).flat_map(|group| group.keys.iter().copied());
        let known = BTreeSet::from_iter(Row::of(section).map(|row| row.key).chain(kept));
        assert_eq!(known.difference(&set).collect::<Vec<_>>(), Vec::<&&str>::new(), "{section:?}: not in this table");
        assert_eq!(set.difference(&known).collect::<Vec<_>>(), Vec::<&&str>::new(), "{section:?}: not known");
    }
}

#[test]
fn what_is_not_used_stays_and_the_reason_is_told() {
    for (section, key, here) in all() {
        if matches!(here, Read(..)) {
            continue;
        }
        let name = section.name(1);
        let place = Place::of(&name).expect("a section");
        let Known::Kept(group) = place.known(key) else { panic!("[{name}] {key} is not kept") };
        assert!(group.why.len() > 10, "{key}: {}", group.why);
        let text = format!("[{name}]\n{key} = \"some value\" \ndomain=d\n");
        let mut document = Document::parse(text.as_bytes()).expect("an ini file");
        let told = check(&document, &[]);
        let told: Vec<&str> = told
            .iter()
            .filter(|it| it.fault == Fault::Unused && it.warning.key == key && it.warning.line == Some(2))
            .map(|it| it.warning.message.as_str())
            .collect();
        assert_eq!(told, [format!("kept, not used: {}", group.why)], "[{name}] {key}");
        document.set(&name, "domain", "e").expect("set");
        let written = String::from_utf8(document.to_bytes()).expect("text");
        assert_eq!(written, text.replace("domain=d", "domain=e"), "[{name}] {key}");
    }
}
