//! What every reader of what comes from outside is held to, whatever the bytes: it comes back, and what it says of them
//! is true. The same functions serve `fuzz/`, where coverage leads the bytes.

mod far_end;
mod papers;
mod sound;
mod speech;
pub mod whole_calls;

use std::path::Path;
use tuiphone::config::command_line::CommandLine;
use tuiphone::config::dial::{self, Stage};
use tuiphone::config::{self, Account, AccountId, DialPlan, Document};
use tuiphone::contacts::{self, Format, MAX_CONTACTS, directory, xml};
use tuiphone::control::spelling;
use tuiphone::history::calls_section;
use tuiphone::import::{self, Form, Plan};
use tuiphone::nat::{stun, turn};
use tuiphone::sip::event::{dialog_info, iscomposing, message_summary, pidf, reg_info};
use tuiphone::sip::message;
use tuiphone::text::encoding::Encoding;
use tuiphone::{rtp, sdp};

/// A reader.
pub struct Target {
    /// Its name, and that of its folder of samples.
    pub name: &'static str,
    /// Holds it to what it promises; panics where it does not keep that.
    pub check: fn(&[u8]),
    /// Folders and files of samples beside `fuzz/corpus`, below the root.
    pub samples: &'static [&'static str],
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "ini", check: ini, samples: &["tests/fixtures/ini"] },
    Target { name: "settings", check: settings, samples: &["tests/fixtures/ini"] },
    Target { name: "contacts", check: contacts, samples: &["tests/fixtures/ini"] },
    Target { name: "directory", check: directory, samples: &["tests/fixtures/ini"] },
    Target { name: "calls", check: calls, samples: &[] },
    Target { name: "import", check: import, samples: &["tests/fixtures/ini"] },
    Target { name: "command_line", check: command_line, samples: &[] },
    Target { name: "numbers", check: numbers, samples: &[] },
    Target { name: "spelling", check: spelling, samples: &[] },
    Target { name: "sip", check: sip, samples: &["tests/torture/rfc4475", "tests/torture/rfc5118"] },
    Target { name: "sdp", check: sdp, samples: &[] },
    Target { name: "rtp", check: rtp, samples: &[] },
    Target { name: "rtcp", check: rtcp, samples: &[] },
    Target { name: "stun", check: stun, samples: &[] },
    Target { name: "events", check: events, samples: &[] },
    #[cfg(feature = "http")]
    Target { name: "http", check: http, samples: &[] },
    Target { name: "whole_calls", check: whole_calls::check, samples: &[] },
    Target { name: "headers", check: speech::headers, samples: &["fuzz/corpus/sip", "tests/torture/rfc4475"] },
    Target { name: "streams", check: speech::streams, samples: &["fuzz/corpus/sip", "fuzz/corpus/stun"] },
    #[cfg(unix)]
    Target { name: "terminal", check: speech::terminal, samples: &[] },
    #[cfg(target_os = "linux")]
    Target { name: "desktop", check: speech::desktop, samples: &[] },
    #[cfg(feature = "mqtt")]
    Target { name: "mqtt", check: speech::mqtt, samples: &[] },
    Target { name: "offers", check: sound::offers, samples: &["fuzz/corpus/sdp"] },
    Target { name: "ice", check: sound::ice, samples: &["fuzz/corpus/stun"] },
    Target { name: "dtls", check: sound::dtls, samples: &[] },
    Target { name: "srtp", check: sound::srtp, samples: &["fuzz/corpus/rtp", "fuzz/corpus/rtcp"] },
    Target { name: "sound", check: sound::sound, samples: &[] },
    Target { name: "sound_files", check: sound::sound_files, samples: &["tests/fixtures/sound"] },
    Target { name: "dressing", check: papers::dressing, samples: &["themes", "keymaps"] },
    Target { name: "words", check: papers::words, samples: &[] },
    Target { name: "script", check: papers::script, samples: &[] },
    #[cfg(feature = "carddav")]
    Target { name: "card_dav", check: papers::card_dav, samples: &[] },
    #[cfg(feature = "ldap")]
    Target { name: "ldap", check: papers::ldap, samples: &[] },
];

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// As a file is read.
fn decoded(bytes: &[u8]) -> String {
    let encoding = Encoding::detect(bytes);
    encoding.decode(bytes.get(encoding.bom().len()..).unwrap_or_default())
}

/// Not a byte changes by being read; an edit is found again, and changes no other value.
fn ini(bytes: &[u8]) {
    let Ok(document) = Document::parse(bytes) else { return };
    assert_eq!(document.to_bytes(), bytes, "read and written");
    let mut edited = document.clone();
    if edited.set("Settings", "userAgent", "another one").is_err() {
        return;
    }
    let again = Document::parse(&edited.to_bytes()).expect("what was written is read");
    assert_eq!(again.get("Settings", "userAgent"), Some("another one"));
    for section in document.sections() {
        for (key, _) in document.entries(section) {
            if !(section.eq_ignore_ascii_case("Settings") && key.eq_ignore_ascii_case("userAgent")) {
                assert_eq!(again.get(section, key), document.get(section, key), "[{section}] {key}");
            }
        }
    }
}

/// Every file makes settings, and what is odd in it has a line of the file.
fn settings(bytes: &[u8]) {
    let Ok(document) = Document::parse(bytes) else { return };
    let lines = document.items().map(|(line, _)| line).max().unwrap_or(0);
    config::load(&document, &[]);
    for finding in config::check(&document, &[]) {
        assert!(finding.warning.line.is_none_or(|line| line >= 1 && line <= lines), "{finding:?} of {lines} lines");
    }
}

/// Bounded; whom a file names has a number, and is the same behind every form that is written.
fn contacts(bytes: &[u8]) {
    if let Ok(document) = xml::Document::parse(bytes)
        && document.writable().is_ok()
        && !decoded(bytes).trim().is_empty()
    {
        assert_eq!(decoded(&document.to_bytes()).trim(), decoded(bytes).trim(), "read and written");
    }
    let Ok(read) = contacts::read(bytes) else { return };
    assert!(read.contacts.len() <= MAX_CONTACTS);
    assert!(read.contacts.iter().all(|contact| contact.numbers().next().is_some()), "a number each");
    for form in [Format::Xml, Format::Csv, Format::Vcard] {
        if read.contacts.is_empty() {
            break;
        }
        let again = contacts::read(form.write(&read.contacts).as_bytes()).expect("what was written is read");
        assert_eq!(again.contacts.len(), read.contacts.len(), "{form:?}");
    }
}

/// Bounded; who comes from a directory has a number and is its own, comes once, and goes with a whole answer alone.
fn directory(bytes: &[u8]) {
    let Ok(answer) = directory::read(bytes, "") else { return };
    assert!(answer.contacts.len() <= MAX_CONTACTS);
    assert!(answer.contacts.iter().all(|contact| contact.directory && contact.numbers().next().is_some()));
    assert!(answer.is_whole || !answer.problems.is_empty(), "what is missing is told");
    let mut file = xml::Document::default();
    let taken = file.replace_directory(answer.contacts.clone(), answer.is_whole);
    assert!(taken.added <= answer.contacts.len());
    let again = file.replace_directory(answer.contacts, answer.is_whole);
    assert_eq!((again.added, again.changed, again.removed), (0, 0, 0), "twice as well as once");
    assert_eq!(file.replace_directory(Vec::new(), false).removed, 0);
    assert_eq!(file.replace_directory(Vec::new(), true).removed, taken.added);
}

/// The section `[Calls]`: of each slot one call at most, and where the cursor stands changes nothing else.
fn calls(bytes: &[u8]) {
    let lines: Vec<String> = text(bytes).lines().map(str::to_owned).collect();
    let value = |key: &str| key.parse().ok().and_then(|slot: usize| lines.get(slot).cloned());
    let read = calls_section::read(value, lines.len());
    assert!(read.len() <= lines.len().max(1), "{} of {} lines", read.len(), lines.len());
}

/// Files of other softphones: what is taken of one can be written, and is then nothing new any more.
fn import(bytes: &[u8]) {
    const FORMS: [Form; 6] = [
        Form::MicroSipIni,
        Form::BaresipAccounts,
        Form::BaresipContacts,
        Form::TwinkleProfile,
        Form::TwinkleAddressBook,
        Form::LinphoneRc,
    ];
    for form in FORMS {
        let Ok(found) = import::read(form, bytes, false) else { continue };
        assert!(found.contacts.iter().all(|contact| contact.numbers().next().is_some()), "{form:?}: a number each");
        let mut document = Document::default();
        let plan = Plan::new([found.clone()], &document, &[]).expect("an empty file has room");
        plan.write(&mut document, true).unwrap_or_else(|why| panic!("{form:?}: {why}"));
        let again = Plan::new([found], &document, &[]).expect("accounts follow each other");
        assert!(!again.changes_ini(), "{form:?}: {again:?}");
    }
}

/// A hook's command: the words stand in the text in their order.
fn command_line(bytes: &[u8]) {
    let text = text(bytes);
    let Ok(read) = CommandLine::parse(&text) else { return };
    assert!(!read.program.is_empty() && read.program.len() <= text.len());
    let quotes = |c: &char| !matches!(c, '"' | '\'') && !c.is_whitespace();
    let words: String = std::iter::once(&read.program).chain(&read.arguments).map(String::as_str).collect();
    let (left, right): (String, String) =
        (words.chars().filter(quotes).collect(), text.chars().filter(quotes).collect());
    assert_eq!(left, right);
}

/// A number, a dial plan and a rule to rewrite by, a line each: what is called is one clean address, the last step of the
/// way, and nothing grows without end.
fn numbers(bytes: &[u8]) {
    let text = text(bytes);
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let (typed, plan, rule) = (next(), next(), next());
    let mut account = Account { domain: "d".to_owned(), ..Account::new(AccountId(1)) };
    account.dial_plan = DialPlan::kept(plan);
    account.rewrite_rules.set(1, rule);
    let way = dial::way(typed, &account);
    assert!(way.steps.iter().all(|step| step.result.len() < 64 * 1024));
    let last = way.steps.last().filter(|step| step.stage == Stage::Address).map(|step| step.result.clone());
    assert_eq!(way.outcome.as_ref().ok().map(|target| target.uri.clone()), last);
    if let Ok(target) = way.outcome {
        assert!(target.uri.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"".contains(&byte)), "{}", target.uri);
    }
}

/// A request of any spelling: what is refused is refused in one clean line.
fn spelling(bytes: &[u8]) {
    let line = text(bytes);
    let read = [spelling::parse(&line), spelling::microsip_line(&line, false), spelling::microsip_line(&line, true)];
    let link = spelling::uri::link(&line).err().map(|why| why.to_string());
    for told in read.into_iter().filter_map(|read| read.request.err()).map(|error| error.message).chain(link) {
        assert!(!told.is_empty() && told.chars().count() <= 500, "{told:?}");
        assert!(!told.chars().any(char::is_control), "{told:?}");
    }
}

/// What is read as a message is written as one that says the same. Written it is longer, by names in full and a
/// Content-Length: one that is as long as may be read need not be read again.
fn sip(bytes: &[u8]) {
    use message::Problem::{LineTooLong, TooLarge, TooManyHeaders};
    let Ok(read) = message::parse(bytes) else { return };
    let written = read.to_bytes();
    let again = match message::parse(&written) {
        Ok(again) => again,
        Err(why) if matches!(why.problem, LineTooLong | TooLarge | TooManyHeaders) => return,
        Err(why) => panic!("{why:?}: {}", text(&written)),
    };
    assert_eq!(text(&again.to_bytes()), text(&written));
}

/// The same of a description.
fn sdp(bytes: &[u8]) {
    let Ok(read) = sdp::parse(bytes) else { return };
    assert!(read.media.len() <= sdp::MAX_MEDIA);
    let written = read.to_bytes();
    let again = sdp::parse(&written).unwrap_or_else(|why| panic!("{why:?}: {}", text(&written)));
    assert_eq!(text(&again.to_bytes()), text(&written));
    for media in &read.media {
        let _ = (sdp::IceDescription::read(&read, media), sdp::dtls::DtlsLine::read(&read, media));
    }
}

/// The payload is a part of the datagram, and a packet that is written is read as it was.
fn rtp(bytes: &[u8]) {
    let Ok(read) = rtp::Packet::parse(bytes) else { return };
    assert!(read.payload.len() <= bytes.len());
    let mut written = Vec::new();
    read.write(&mut written);
    let again = rtp::Packet::parse(&written).expect("what was written is read");
    assert_eq!((again.sequence, again.time, again.ssrc), (read.sequence, read.time, read.ssrc));
    assert_eq!((again.payload_type, again.marker, again.payload), (read.payload_type, read.marker, read.payload));
}

/// No more reports than there is room for.
fn rtcp(bytes: &[u8]) {
    let mut items = 0;
    let _ = rtp::rtcp::read(bytes, |_| items += 1);
    assert!(items <= bytes.len() / 4 + 1, "{items} of {} bytes", bytes.len());
}

/// Attributes are parts of the message, and what it does not name is not found in it.
fn stun(bytes: &[u8]) {
    let _ = turn::ChannelData::parse(bytes);
    let Ok(read) = stun::Message::parse(bytes) else { return };
    assert!(stun::looks_like(bytes));
    let _ = (read.mapped(), read.error(), read.not_understood());
}

/// Bodies of notifications: what is not refused was not too long.
fn events(bytes: &[u8]) {
    let read = [
        dialog_info::DialogInfo::parse(bytes).is_ok(),
        iscomposing::Composing::parse(bytes).is_ok(),
        message_summary::MessageSummary::parse(bytes).is_ok(),
        pidf::Presence::parse(bytes).is_ok(),
        reg_info::RegInfo::parse(bytes).is_ok(),
    ];
    assert!(bytes.len() <= tuiphone::sip::event::MAX_DOCUMENT || read.iter().all(|read| !read));
}

/// The token of the samples of HTTP.
#[cfg(feature = "http")]
const TOKEN: &str = "0123456789abcdef";

/// Whatever a connection brings, its end comes, and each answer is whole: a refusal is one clean line of JSON. Nobody
/// gets past the gate without the token.
#[cfg(feature = "http")]
fn http(bytes: &[u8]) {
    let answers = text(&http_answers(bytes));
    // An answer to HEAD has a length and no body: what follows it is not looked at.
    let is_head = text(bytes).contains("HEAD ");
    let is_known = bytes.windows(TOKEN.len()).any(|part| part == TOKEN.as_bytes());
    let mut rest = answers.as_str();
    while !rest.is_empty() {
        let (head, behind) = rest.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {answers}"));
        let status = head.strip_prefix("HTTP/1.").and_then(|head| head.get(2..5)?.parse::<u16>().ok());
        let status = status.unwrap_or_else(|| panic!("no status: {answers}"));
        assert!(is_known || matches!(status, 400 | 401 | 403 | 408 | 414 | 421 | 431), "no token: {answers}");
        let value = |name: &str| {
            let lines = head.lines().filter_map(|line| line.split_once(": "));
            lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
        };
        let length = value("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        if is_head {
            return;
        }
        let body = behind.get(..length).unwrap_or_else(|| panic!("the body is cut: {answers}"));
        if value("content-type") == Some("application/json") {
            let told: serde_json::Value = serde_json::from_str(body).unwrap_or_else(|why| panic!("{why}: {answers}"));
            let message = told["error"]["message"].as_str().unwrap_or_default();
            assert!(message.chars().count() <= 500 && !message.chars().any(char::is_control), "{message:?}");
            assert_eq!(told["error"].is_object(), status >= 400, "{answers}");
        }
        rest = behind.get(length..).unwrap_or_default();
    }
}

/// All that is answered to these bytes by a listener with no phone behind it, to the end of the connection. Its clock runs
/// ahead wherever it waits.
#[cfg(feature = "http")]
pub fn http_answers(bytes: &[u8]) -> Vec<u8> {
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tuiphone::control::http::{Gate, Token, serve_one};
    use tuiphone::control::link::Link;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let answers = async {
        let at = ([127, 0, 0, 1], 8080).into();
        let gate = Gate::new(Token::new(TOKEN).expect("a token"), at, false, Vec::new());
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let (mut reading, mut writing) = tokio::io::split(ours);
        let serve = serve_one(theirs, at, Link::Socket("/nonexistent/phone.sock".into()), gate);
        // It may have heard enough.
        let write = async { drop(writing.write_all(bytes).await) };
        let mut answers = Vec::new();
        let (read, (), ()) = tokio::join!(reading.read_to_end(&mut answers), serve, write);
        read.expect("its end");
        answers
    };
    let bounded = async { tokio::time::timeout(Duration::from_secs(600), answers).await.expect("an end, in time") };
    runtime.expect("a runtime").block_on(bounded)
}

/// The files of a folder, or the file, below the root.
pub fn samples(root: &Path, target: &Target) -> Vec<Vec<u8>> {
    let own = format!("fuzz/corpus/{}", target.name);
    let folders = target.samples.iter().copied().chain([own.as_str()]);
    let mut files: Vec<_> =
        folders.filter_map(|folder| std::fs::read_dir(root.join(folder)).ok()).flatten().flatten().collect();
    files.sort_by_key(std::fs::DirEntry::path);
    files.iter().filter_map(|file| std::fs::read(file.path()).ok()).collect()
}
