//! The keys of one account.

use super::field::*;
use super::words;
use super::{Kind, Row, account, own_account};
use crate::config::Secret;
use crate::config::value::flag;

/// The longest value of the fields that MicroSIP gives most room.
const LONG: u16 = 1040;

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
    )
    .anew()
    .at_most(LONG),
    account(
        "proxy",
        Kind::List,
        "",
        "outbound proxies, host[:port] each",
        |a| a.proxies.join(" "),
        |a, v| set(&mut a.proxies, words(v)),
    )
    .anew()
    .at_most(LONG),
    account(
        "domain",
        Kind::Text,
        "",
        "domain of the address; empty = there is no such account",
        |a| a.domain.clone(),
        |a, v| set(&mut a.domain, v.to_owned()),
    )
    .anew()
    .at_most(LONG),
    account(
        "username",
        Kind::Text,
        "",
        "user of the address",
        |a| a.username.clone(),
        |a, v| set(&mut a.username, v.to_owned()),
    )
    .anew()
    .at_most(LONG),
    account(
        "password",
        Kind::Secret,
        "",
        "password; hex digits by the sixteen are MicroSIP's own cipher",
        |a| a.password.reveal().to_owned(),
        password,
    )
    .anew()
    .at_most(LONG),
    account(
        "authID",
        Kind::Text,
        "",
        "user for authentication; empty = username",
        |a| a.auth_id.clone(),
        |a, v| set(&mut a.auth_id, v.to_owned()),
    )
    .anew()
    .at_most(LONG),
    account(
        "displayName",
        Kind::Text,
        "",
        "name shown to the called",
        |a| a.display_name.clone(),
        |a, v| set(&mut a.display_name, v.to_owned()),
    )
    .at_most(LONG),
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
        "rules a number must match, rewritten on the way; or PREFIX,<REGEX>: numbers that match have the prefix",
        |a| a.dial_plan.text().to_owned(),
        dial_plan,
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
    )
    .anew(),
    account(
        "SRTP",
        Kind::Word(words::SRTP_WORDS),
        "",
        "encryption of sound: optional = where the far end can, mandatory or dtls-sdes = or no call; empty = none",
        words::srtp_text,
        words::srtp,
    ),
    account(
        "publicAddr",
        Kind::Text,
        "",
        "address that peers are told; empty = our own, or the one the registrar sees",
        |a| a.public_address.map(|ip| ip.to_string()).unwrap_or_default(),
        public_address,
    )
    .anew(),
    account(
        "registerRefresh",
        Kind::Number,
        "300",
        "seconds a registration is asked for; 10 at least, empty = 300",
        |a| a.register_refresh_s.to_string(),
        |a, v| set(&mut a.register_refresh_s, clamped(v, 300, 10)),
    )
    .anew(),
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
        Kind::Strict,
        "0",
        "1 = tell the server whether we are free",
        |a| digit(a.publish),
        |a, v| set(&mut a.publish, flag(v)),
    ),
    account(
        "ICE",
        Kind::Strict,
        "0",
        "1 = the best way to the far end is looked for (ICE), through any NAT that lets one be found",
        |a| digit(a.ice),
        |a, v| set(&mut a.ice, flag(v)),
    ),
    account(
        "allowRewrite",
        Kind::Word(words::REWRITE_WORDS),
        // Why not 0, as in MicroSIP, whose files always say: behind a NAT nobody reaches the address we know.
        "auto",
        "the address the registrar sees: 1 = registered, and told for sound; auto = registered; 0 or empty = neither",
        words::rewrite_text,
        words::rewrite,
    )
    .anew(),
    account(
        "disableSessionTimer",
        Kind::Strict,
        "0",
        "1 = no session timers (RFC 4028) on this account's calls",
        |a| digit(a.disable_session_timer),
        |a, v| set(&mut a.disable_session_timer, flag(v)),
    ),
    own_account(
        "turnServer",
        Kind::List,
        "",
        "TURN servers, host[:port] by ; or , each: with ICE=1 they carry sound where no direct way is found",
        |a| listed(&a.turn.servers),
        |a, v| servers(&mut a.turn.servers, v),
    ),
    own_account(
        "turnUsername",
        Kind::Text,
        "",
        "user at the TURN servers",
        |a| a.turn.username.clone(),
        |a, v| set(&mut a.turn.username, v.to_owned()),
    ),
    own_account(
        "turnPassword",
        Kind::Secret,
        "",
        "its password",
        |a| a.turn.password.reveal().to_owned(),
        |a, v| set(&mut a.turn.password, Secret::new(v)),
    ),
    own_account(
        "turnTransport",
        Kind::Word(words::TURN_WORDS),
        "udp",
        "how TURN servers are spoken to: udp, tcp, tls",
        words::turn_text,
        words::turn,
    ),
    own_account(
        "turnOnly",
        Kind::Flag,
        "0",
        "1 = with ICE=1 far ends are told no address of ours: all sound goes through a TURN server",
        |a| digit(a.turn.only),
        |a, v| set(&mut a.turn.only, flag(v)),
    ),
    own_account(
        "tlsVerify",
        Kind::Flag,
        "1",
        "0 = any certificate of the server is taken",
        |a| digit(a.tls.verify),
        |a, v| set(&mut a.tls.verify, flag(v)),
    )
    .anew(),
    own_account(
        "tlsWildcard",
        Kind::Flag,
        "0",
        "1 = a certificate of *.example.net is good for pbx.example.net",
        |a| digit(a.tls.wildcard),
        |a, v| set(&mut a.tls.wildcard, flag(v)),
    )
    .anew(),
    own_account(
        "tlsCaFile",
        Kind::File,
        "",
        "PEM file of the authorities trusted instead of the system's",
        |a| a.tls.ca_file.clone(),
        |a, v| set(&mut a.tls.ca_file, v.to_owned()),
    )
    .anew(),
    own_account(
        "tlsFingerprint",
        Kind::Text,
        "",
        "SHA-256 of the one certificate of the server that is taken",
        |a| a.tls.fingerprint.clone(),
        |a, v| set(&mut a.tls.fingerprint, v.to_owned()),
    )
    .anew(),
    own_account(
        "tlsClientCert",
        Kind::File,
        "",
        "PEM file of our own certificate",
        |a| a.tls.client_cert.clone(),
        |a, v| set(&mut a.tls.client_cert, v.to_owned()),
    )
    .anew(),
    own_account(
        "tlsClientKey",
        Kind::File,
        "",
        "PEM file of its key; empty = in tlsClientCert",
        |a| a.tls.client_key.clone(),
        |a, v| set(&mut a.tls.client_key, v.to_owned()),
    )
    .anew(),
    own_account(
        "webSocketPath",
        Kind::Text,
        "",
        "path of the server's WebSocket, as /ws; empty = /",
        |a| a.web_socket_path.clone(),
        |a, v| set(&mut a.web_socket_path, v.to_owned()),
    )
    .anew(),
    own_account(
        "probe",
        Kind::Number,
        "0",
        "seconds between OPTIONS to the server, 30 at least: without an answer we register again; 0 = none",
        |a| a.probe_s.to_string(),
        |a, v| set(&mut a.probe_s, clamped(v, 0, 30)),
    ),
    own_account(
        "refuseMd5",
        Kind::Flag,
        "0",
        "1 = the password is shown to servers that take SHA-256 or SHA-512-256 alone",
        |a| digit(a.refuse_md5),
        |a, v| set(&mut a.refuse_md5, flag(v)),
    )
    .anew(),
];
