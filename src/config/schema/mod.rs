//! The ini-key table: one row per key, from which files are read, written, and documented.
//!
//! A new key is a new row here and a field in [`Settings`] or [`Account`], nothing else.

mod field;

use super::ini::{Document, IniError};
use super::value::{flag, integer};
use super::{Account, Settings};
use field::*;
use std::net::SocketAddr;

/// One key.
pub struct Row {
    /// Where it stands.
    pub section: Section,
    /// Its name as MicroSIP spells it.
    pub key: &'static str,
    /// What its value looks like.
    pub kind: Kind,
    /// The value that a missing key stands for, as text.
    pub default: &'static str,
    /// One line for people.
    pub doc: &'static str,
    /// The field it fills.
    pub field: Field,
}

/// The sections that rows belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// `[Settings]`.
    Settings,
    /// `[AccountN]`.
    Account,
    /// `[tuiphone]`: keys MicroSIP does not have; it leaves the section alone.
    Tuiphone,
}

/// The forms of a value. Empty is a value of its own: 0 for numbers, off for flags, unless `doc` says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `0` or `1`; any number but 0 is read as 1.
    Flag,
    /// A whole number.
    Number,
    /// Any text.
    Text,
    /// Any text, never shown.
    Secret,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Words separated by blanks.
    List,
}

/// Reader and writer of a field. A reader always leaves a usable value and returns what it could not take as written.
#[derive(Clone, Copy)]
pub enum Field {
    /// A field of [`Settings`].
    Settings(fn(&Settings) -> String, fn(&mut Settings, &str) -> Option<String>),
    /// A field of [`Account`].
    Account(fn(&Account) -> String, fn(&mut Account, &str) -> Option<String>),
}

const AUTO_ANSWER: &[&str] = &["", "button", "header", "all"];
const FOLLOW_REDIRECTS: &[&str] = &["own", "any", "never"];
const TRANSPORT: &[&str] = &["", "udp", "tcp", "tls"];

/// Every key this phone reads, in file order.
pub const ROWS: &[Row] = &[
    settings(
        "accountId",
        Kind::Number,
        "",
        "account that calls go out by; 0 = Local, empty = the first",
        |s| s.account_id.map_or_else(String::new, |id| id.to_string()),
        |s, v| {
            s.account_id = (!v.is_empty()).then(|| u32::try_from(integer(v)).unwrap_or(0));
            None
        },
    ),
    settings(
        "singleMode",
        Kind::Flag,
        "1",
        "one call at a time",
        |s| digit(s.single_mode),
        |s, v| set(&mut s.single_mode, flag(v)),
    ),
    settings(
        "volumeRing",
        Kind::Number,
        "100",
        "ring volume, 0-100; empty = 100",
        |s| s.volume_ring.to_string(),
        |s, v| volume(&mut s.volume_ring, v),
    ),
    settings(
        "audioRingDevice",
        Kind::Text,
        "",
        "ring device; empty = the system's",
        |s| s.audio_ring_device.clone(),
        |s, v| set(&mut s.audio_ring_device, v.to_owned()),
    ),
    settings(
        "audioOutputDevice",
        Kind::Text,
        "",
        "speaker device; empty = the system's",
        |s| s.audio_output_device.clone(),
        |s, v| set(&mut s.audio_output_device, v.to_owned()),
    ),
    settings(
        "audioInputDevice",
        Kind::Text,
        "",
        "microphone device; empty = the system's",
        |s| s.audio_input_device.clone(),
        |s, v| set(&mut s.audio_input_device, v.to_owned()),
    ),
    settings(
        "audioCodecs",
        Kind::List,
        "opus/48000/2 PCMA/8000/1 PCMU/8000/1",
        "codecs, the preferred first; empty = the default list",
        |s| s.audio_codecs.join(" "),
        codecs,
    ),
    settings(
        "sourcePort",
        Kind::Number,
        "0",
        "local SIP port; 0 = any",
        |s| s.source_port.to_string(),
        |s, v| port(&mut s.source_port, v),
    ),
    settings(
        "rtpPortMin",
        Kind::Number,
        "0",
        "first RTP port; 0 = any",
        |s| s.rtp_port_min.to_string(),
        |s, v| port(&mut s.rtp_port_min, v),
    ),
    settings(
        "rtpPortMax",
        Kind::Number,
        "0",
        "last RTP port; 0 = any",
        |s| s.rtp_port_max.to_string(),
        |s, v| port(&mut s.rtp_port_max, v),
    ),
    settings(
        "dnsSrvNs",
        Kind::List,
        "",
        "name servers to ask, up to 4; empty = the system's",
        |s| s.name_servers.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join("; "),
        name_servers,
    ),
    settings(
        "dnsSrv",
        Kind::Flag,
        "0",
        "ask the servers of dnsSrvNs; SRV records are looked for in any case",
        |s| digit(s.dns_srv),
        |s, v| set(&mut s.dns_srv, flag(v)),
    ),
    settings(
        "DTMFMethod",
        Kind::Number,
        "0",
        "0 automatic, 1 in-band, 2 RFC 4733, 3 SIP INFO",
        |s| dtmf_text(s.dtmf_method),
        dtmf_method,
    ),
    settings(
        "autoAnswer",
        Kind::Word(AUTO_ANSWER),
        "button",
        "empty never, button, header, all",
        |s| auto_answer_text(s.auto_answer),
        auto_answer,
    ),
    settings(
        "autoAnswerDelay",
        Kind::Number,
        "0",
        "seconds before an automatic answer",
        |s| s.auto_answer_delay_s.to_string(),
        |s, v| seconds(&mut s.auto_answer_delay_s, v),
    ),
    settings(
        "enableLocalAccount",
        Kind::Flag,
        "0",
        "calls by address beside the registered accounts",
        |s| digit(s.enable_local_account),
        |s, v| set(&mut s.enable_local_account, flag(v)),
    ),
    settings(
        "callWaiting",
        Kind::Flag,
        "1",
        "0 = busy to whoever calls during a call",
        |s| digit(s.call_waiting),
        |s, v| set(&mut s.call_waiting, flag(v)),
    ),
    settings(
        "disableMessaging",
        Kind::Flag,
        "0",
        "1 = no instant messages, in or out",
        |s| digit(s.disable_messaging),
        |s, v| set(&mut s.disable_messaging, flag(v)),
    ),
    settings(
        "userAgent",
        Kind::Text,
        "",
        "User-Agent header; empty = ours",
        |s| s.user_agent.clone(),
        |s, v| set(&mut s.user_agent, v.to_owned()),
    ),
    settings(
        "volumeOutput",
        Kind::Number,
        "100",
        "speaker volume, 0-100; empty = 100",
        |s| s.volume_output.to_string(),
        |s, v| volume(&mut s.volume_output, v),
    ),
    settings(
        "volumeInput",
        Kind::Number,
        "100",
        "microphone volume, 0-100; empty = 100",
        |s| s.volume_input.to_string(),
        |s, v| volume(&mut s.volume_input, v),
    ),
    settings(
        "AA",
        Kind::Flag,
        "0",
        "the auto-answer toggle",
        |s| digit(s.auto_answer_button),
        |s, v| set(&mut s.auto_answer_button, flag(v)),
    ),
    settings("DND", Kind::Flag, "0", "the do-not-disturb toggle", |s| digit(s.dnd), |s, v| set(&mut s.dnd, flag(v))),
    account("label", Kind::Text, "", "shown name", |a| a.label.clone(), |a, v| set(&mut a.label, v.to_owned())),
    account(
        "server",
        Kind::Text,
        "",
        "registrar, host[:port]; empty = never registers",
        |a| a.server.clone(),
        |a, v| set(&mut a.server, v.to_owned()),
    ),
    account(
        "proxy",
        Kind::List,
        "",
        "outbound proxies, host[:port] each",
        |a| a.proxies.join(" "),
        |a, v| set(&mut a.proxies, words(v)),
    ),
    account(
        "domain",
        Kind::Text,
        "",
        "domain of the address; empty = there is no such account",
        |a| a.domain.clone(),
        |a, v| set(&mut a.domain, v.to_owned()),
    ),
    account(
        "username",
        Kind::Text,
        "",
        "user of the address",
        |a| a.username.clone(),
        |a, v| set(&mut a.username, v.to_owned()),
    ),
    account(
        "password",
        Kind::Secret,
        "",
        "password; hex digits by the sixteen are MicroSIP's own cipher",
        |a| a.password.reveal().to_owned(),
        password,
    ),
    account(
        "authID",
        Kind::Text,
        "",
        "user for authentication; empty = username",
        |a| a.auth_id.clone(),
        |a, v| set(&mut a.auth_id, v.to_owned()),
    ),
    account(
        "displayName",
        Kind::Text,
        "",
        "name shown to the called",
        |a| a.display_name.clone(),
        |a, v| set(&mut a.display_name, v.to_owned()),
    ),
    account(
        "dialingPrefix",
        Kind::Text,
        "",
        "put before numbers of more than three digits",
        |a| a.dialing_prefix.clone(),
        |a, v| set(&mut a.dialing_prefix, v.to_owned()),
    ),
    account(
        "dialPlan",
        Kind::Text,
        "",
        "rules a number must match, rewritten on the way",
        |a| a.dial_plan.clone(),
        |a, v| set(&mut a.dial_plan, v.to_owned()),
    ),
    account(
        "voicemailNumber",
        Kind::Text,
        "",
        "number to call for voicemail; not empty = its lamp is asked for",
        |a| a.voicemail_number.clone(),
        |a, v| set(&mut a.voicemail_number, v.to_owned()),
    ),
    account(
        "transport",
        Kind::Word(TRANSPORT),
        "udp",
        "udp, tcp, tls; empty = UDP and TCP",
        |a| a.transport.clone(),
        transport,
    ),
    account(
        "registerRefresh",
        Kind::Number,
        "300",
        "seconds a registration is asked for; 10 at least, empty = 300",
        |a| a.register_refresh_s.to_string(),
        |a, v| set(&mut a.register_refresh_s, clamped(v, 300, 10)),
    ),
    account(
        "keepAlive",
        Kind::Number,
        "15",
        "seconds between keep-alives; 2 at least, empty = 15",
        |a| a.keep_alive_s.to_string(),
        |a, v| set(&mut a.keep_alive_s, clamped(v, 15, 2)),
    ),
    account(
        "publish",
        Kind::Flag,
        "0",
        "1 = tell the server whether we are free",
        |a| digit(a.publish),
        |a, v| set(&mut a.publish, v == "1"),
    ),
    account(
        "disableSessionTimer",
        Kind::Flag,
        "0",
        "1 = no session timers (RFC 4028) on this account's calls",
        |a| digit(a.disable_session_timer),
        |a, v| set(&mut a.disable_session_timer, flag(v)),
    ),
    tuiphone(
        "bindAddress",
        Kind::Text,
        "",
        "address to listen on; empty = all",
        |s| s.bind_address.clone(),
        |s, v| set(&mut s.bind_address, v.to_owned()),
    ),
    tuiphone(
        "acceptFrom",
        Kind::Word(&["", "any"]),
        "",
        "any = strangers may ring",
        |s| if s.accept_from_any { "any".to_owned() } else { String::new() },
        accept_from,
    ),
    tuiphone(
        "followRedirects",
        Kind::Word(FOLLOW_REDIRECTS),
        "own",
        "redirected calls: own = followed within the domain called, any = anywhere, never",
        |s| follow_redirects_text(s.follow_redirects),
        follow_redirects,
    ),
    tuiphone(
        "ringTimeout",
        Kind::Number,
        "190",
        "seconds a call may go unanswered before it is given up; 0 = no bound",
        |s| s.ring_timeout_s.to_string(),
        ring_timeout,
    ),
    tuiphone(
        "watch",
        Kind::List,
        "",
        "numbers and addresses whose lights are followed; presence:N asks for presence, not for calls",
        |s| s.watch.join(" "),
        |s, v| set(&mut s.watch, words(v)),
    ),
    tuiphone(
        "sessionTimer",
        Kind::Number,
        "1800",
        "seconds after which a call that nobody refreshes is over, 90 at least; empty = 1800",
        |s| s.session_timer_s.to_string(),
        |s, v| set(&mut s.session_timer_s, clamped(v, 1800, 90)),
    ),
    tuiphone(
        "refuseMd5",
        Kind::Flag,
        "0",
        "1 = a password is shown to servers that take SHA-256 or SHA-512-256 alone",
        |s| digit(s.refuse_md5),
        |s, v| set(&mut s.refuse_md5, flag(v)),
    ),
    tuiphone(
        "passwordCommand",
        Kind::Text,
        "",
        "program that prints an account's password, run without a shell",
        |s| s.password_command.clone(),
        |s, v| set(&mut s.password_command, v.to_owned()),
    ),
    tuiphone(
        "passwordPlain",
        Kind::Flag,
        "0",
        "1 = passwords are plain text even where they look like MicroSIP's cipher",
        |s| digit(s.password_plain),
        |s, v| set(&mut s.password_plain, flag(v)),
    ),
];

impl Row {
    /// The rows of a section.
    pub fn of(section: Section) -> impl Iterator<Item = &'static Row> {
        ROWS.iter().filter(move |row| row.section == section)
    }

    /// The row of a key, case ignored.
    pub fn find(section: Section, key: &str) -> Option<&'static Row> {
        Row::of(section).find(|row| row.key.eq_ignore_ascii_case(key))
    }

    /// Writes the key of `[Settings]` or `[tuiphone]` as these settings have it; rows of accounts write nothing.
    pub fn write_settings(&self, settings: &Settings, document: &mut Document) -> Result<(), IniError> {
        let section = if self.section == Section::Tuiphone { "tuiphone" } else { "Settings" };
        match self.field {
            Field::Settings(get, _) => document.set(section, self.key, &get(settings)),
            Field::Account(..) => Ok(()),
        }
    }

    /// Writes the key of `[AccountN]` as this account has it; rows of settings write nothing. A password that only
    /// MicroSIP can read stays as it is in the file.
    pub fn write_account(&self, account: &Account, document: &mut Document) -> Result<(), IniError> {
        match self.field {
            Field::Account(..) if self.kind == Kind::Secret && account.password_sealed => Ok(()),
            Field::Account(get, _) => document.set(&format!("Account{}", account.id.0), self.key, &get(account)),
            Field::Settings(..) => Ok(()),
        }
    }
}

type Get<T> = fn(&T) -> String;
type Set<T> = fn(&mut T, &str) -> Option<String>;

const fn settings(
    key: &'static str,
    kind: Kind,
    default: &'static str,
    doc: &'static str,
    get: Get<Settings>,
    set: Set<Settings>,
) -> Row {
    Row { section: Section::Settings, key, kind, default, doc, field: Field::Settings(get, set) }
}

const fn tuiphone(
    key: &'static str,
    kind: Kind,
    default: &'static str,
    doc: &'static str,
    get: Get<Settings>,
    set: Set<Settings>,
) -> Row {
    Row { section: Section::Tuiphone, key, kind, default, doc, field: Field::Settings(get, set) }
}

const fn account(
    key: &'static str,
    kind: Kind,
    default: &'static str,
    doc: &'static str,
    get: Get<Account>,
    set: Set<Account>,
) -> Row {
    Row { section: Section::Account, key, kind, default, doc, field: Field::Account(get, set) }
}

#[cfg(test)]
mod tests;
