//! The keys of one account.

use super::field::*;
use super::words;
use super::{Field, Kind, Row, Section};
use crate::config::Account;
use crate::config::value::flag;

pub(super) const TRANSPORT: &[&str] = &["", "udp", "tcp", "tls", "ws", "wss"];

/// Those of `[AccountN]` and `[tuiphoneN]`, in file order.
pub(super) const ROWS: &[Row] = &[
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
        "hideCID",
        Kind::Word(words::HIDE_WORDS),
        "",
        "hides the caller id: soft = the network is asked to, hard = From is anonymous too",
        words::hide_text,
        words::hide,
    ),
    account(
        "transport",
        Kind::Word(TRANSPORT),
        "udp",
        "udp, tcp, tls, ws, wss; empty = UDP and TCP",
        |a| a.transport.clone(),
        transport,
    ),
    account(
        "publicAddr",
        Kind::Text,
        "",
        "address that peers are told; empty = our own, or the one the registrar sees",
        |a| a.public_address.map(|ip| ip.to_string()).unwrap_or_default(),
        public_address,
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
        "allowRewrite",
        Kind::Flag,
        // Why on, unlike in MicroSIP, whose files always say: behind a NAT nobody reaches the address we know.
        "1",
        "1 = the address the registrar sees is registered, 0 = our own",
        |a| digit(a.rewrite_contact),
        |a, v| set(&mut a.rewrite_contact, v == "1"),
    ),
    account(
        "disableSessionTimer",
        Kind::Flag,
        "0",
        "1 = no session timers (RFC 4028) on this account's calls",
        |a| digit(a.disable_session_timer),
        |a, v| set(&mut a.disable_session_timer, flag(v)),
    ),
    own_account(
        "tlsVerify",
        Kind::Flag,
        "1",
        "0 = any certificate of the server is taken",
        |a| digit(a.tls.verify),
        |a, v| set(&mut a.tls.verify, flag(v)),
    ),
    own_account(
        "tlsCaFile",
        Kind::Text,
        "",
        "PEM file of the authorities trusted instead of the system's",
        |a| a.tls.ca_file.clone(),
        |a, v| set(&mut a.tls.ca_file, v.to_owned()),
    ),
    own_account(
        "tlsFingerprint",
        Kind::Text,
        "",
        "SHA-256 of the one certificate of the server that is taken",
        |a| a.tls.fingerprint.clone(),
        |a, v| set(&mut a.tls.fingerprint, v.to_owned()),
    ),
    own_account(
        "tlsClientCert",
        Kind::Text,
        "",
        "PEM file of our own certificate",
        |a| a.tls.client_cert.clone(),
        |a, v| set(&mut a.tls.client_cert, v.to_owned()),
    ),
    own_account(
        "tlsClientKey",
        Kind::Text,
        "",
        "PEM file of its key; empty = in tlsClientCert",
        |a| a.tls.client_key.clone(),
        |a, v| set(&mut a.tls.client_key, v.to_owned()),
    ),
    own_account(
        "webSocketPath",
        Kind::Text,
        "",
        "path of the server's WebSocket, as /ws; empty = /",
        |a| a.web_socket_path.clone(),
        |a, v| set(&mut a.web_socket_path, v.to_owned()),
    ),
];

type Get = fn(&Account) -> String;
type Set = fn(&mut Account, &str) -> Option<String>;

const fn account(key: &'static str, kind: Kind, default: &'static str, doc: &'static str, get: Get, set: Set) -> Row {
    Row { section: Section::Account, key, kind, default, doc, field: Field::Account(get, set) }
}

const fn own_account(
    key: &'static str,
    kind: Kind,
    default: &'static str,
    doc: &'static str,
    get: Get,
    set: Set,
) -> Row {
    Row { section: Section::TuiphoneAccount, key, kind, default, doc, field: Field::Account(get, set) }
}
