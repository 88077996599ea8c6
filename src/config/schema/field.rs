//! Readers and writers of single fields. A reader returns what it could not take as written.

use super::super::value::{integer, looks_sealed, within};
use super::super::{
    Account, AudioLatency, AutoAnswer, DialPlan, DtmfMethod, FollowRedirects, Secret, Server, Settings,
};
use super::account_rows::TRANSPORT;
use std::net::{IpAddr, SocketAddr};

pub(super) fn set<T>(field: &mut T, value: T) -> Option<String> {
    *field = value;
    None
}

pub(super) fn digit(on: bool) -> String {
    u8::from(on).to_string()
}

pub(super) fn words(value: &str) -> Vec<String> {
    value.split_whitespace().map(str::to_owned).collect()
}

pub(super) fn volume(field: &mut u8, value: &str) -> Option<String> {
    let (number, complaint) = if value.is_empty() { (100, None) } else { within::<u8>(value, 100) };
    *field = u8::try_from(number).unwrap_or(100);
    complaint
}

pub(super) fn port(field: &mut u16, value: &str) -> Option<String> {
    match u16::try_from(integer(value)) {
        Ok(port) => set(field, port),
        Err(_) => {
            *field = 0;
            Some(format!("{} is no port; any free one is used", integer(value)))
        }
    }
}

pub(super) fn seconds(field: &mut u32, value: &str) -> Option<String> {
    let (number, complaint) = within::<u32>(value, 86_400);
    *field = u32::try_from(number).unwrap_or_default();
    complaint
}

pub(super) fn history_size(field: &mut u32, value: &str) -> Option<String> {
    let (number, complaint) = within::<u32>(value, 1_000_000);
    *field = u32::try_from(number).unwrap_or_default();
    complaint
}

/// 0 and less is the default, anything below `least` is `least`; a day at most.
pub(super) fn clamped(value: &str, default: u32, least: u32) -> u32 {
    match integer(value) {
        ..=0 => default,
        number => u32::try_from(number).unwrap_or(u32::MAX).clamp(least, 86_400),
    }
}

/// Kept even where it is none: a phone that was to listen on one address must not listen on all.
pub(super) fn bind_address(s: &mut Settings, value: &str) -> Option<String> {
    value.clone_into(&mut s.bind_address);
    let is_one = value.is_empty() || value.parse::<IpAddr>().is_ok();
    (!is_one).then(|| format!("{value:?} is no IP address; the phone does not start with it"))
}

/// Kept even so, as above.
pub(super) fn audio_latency(s: &mut Settings, value: &str) -> Option<String> {
    value.clone_into(&mut s.audio_latency);
    AudioLatency::parse(value).err().map(|why| format!("{why}; the phone does not start with it"))
}

pub(super) fn name_servers(s: &mut Settings, value: &str) -> Option<String> {
    const MOST: usize = 4;
    let server = |word: &str| {
        let literal = word.trim_matches(['[', ']']).parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53));
        word.parse::<SocketAddr>().or(literal).map_err(|_| word.to_owned())
    };
    let words = value.split([';', ',']).map(str::trim).filter(|word| !word.is_empty());
    let (known, odd): (Vec<_>, Vec<_>) = words.map(server).partition(Result::is_ok);
    s.name_servers = known.into_iter().flatten().take(MOST).collect();
    let odd: Vec<String> = odd.into_iter().filter_map(Result::err).collect();
    (!odd.is_empty()).then(|| format!("{:?} is no address of a name server; left out", odd.join(" ")))
}

pub(super) fn listed(servers: &[Server]) -> String {
    servers.iter().map(Server::to_string).collect::<Vec<_>>().join("; ")
}

/// Servers by `;`, `,` or blanks.
pub(super) fn servers(field: &mut Vec<Server>, value: &str) -> Option<String> {
    const MOST: usize = 8;
    let words = value.split([';', ',', ' ']).filter(|word| !word.is_empty());
    let (known, odd): (Vec<_>, Vec<_>) = words.map(|word| Server::parse(word).ok_or(word)).partition(Result::is_ok);
    *field = known.into_iter().flatten().take(MOST).collect();
    let odd: Vec<&str> = odd.into_iter().filter_map(Result::err).collect();
    (!odd.is_empty()).then(|| format!("{:?} is no server, host or host:port; left out", odd.join(" ")))
}

pub(super) fn knock_ports(s: &mut Settings, value: &str) -> Option<String> {
    const MOST: usize = 16;
    let words = value.split([',', ';', ' ']).map(str::trim).filter(|word| !word.is_empty());
    let port = |word: &str| word.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(|| word.to_owned());
    let (known, odd): (Vec<_>, Vec<_>) = words.map(port).partition(Result::is_ok);
    s.port_knocker_ports = known.into_iter().flatten().take(MOST).collect();
    let odd: Vec<String> = odd.into_iter().filter_map(Result::err).collect();
    (!odd.is_empty()).then(|| format!("{:?} is no port; left out", odd.join(" ")))
}

pub(super) fn codecs(s: &mut Settings, value: &str) -> Option<String> {
    let (known, odd): (Vec<String>, Vec<String>) =
        words(value).into_iter().partition(|id| id.matches('/').count() == 2);
    s.audio_codecs = if known.is_empty() { Settings::default().audio_codecs } else { known };
    (!odd.is_empty()).then(|| format!("{:?} is not of the form name/rate/channels; left out", odd.join(" ")))
}

pub(super) fn dtmf_text(method: DtmfMethod) -> String {
    let number = match method {
        DtmfMethod::Auto => 0,
        DtmfMethod::Inband => 1,
        DtmfMethod::Rtp => 2,
        DtmfMethod::Info => 3,
    };
    number.to_string()
}

pub(super) fn dtmf_method(s: &mut Settings, value: &str) -> Option<String> {
    let (method, known) = match integer(value) {
        0 => (DtmfMethod::Auto, true),
        1 => (DtmfMethod::Inband, true),
        2 => (DtmfMethod::Rtp, true),
        3 => (DtmfMethod::Info, true),
        _ => (DtmfMethod::Auto, false),
    };
    s.dtmf_method = method;
    (!known).then(|| format!("{value:?} is not one of 0-3; 0 is used"))
}

pub(super) fn auto_answer_text(when: AutoAnswer) -> String {
    let word = match when {
        AutoAnswer::Never => "",
        AutoAnswer::Button => "button",
        AutoAnswer::Header => "header",
        AutoAnswer::All => "all",
    };
    word.to_owned()
}

pub(super) fn auto_answer(s: &mut Settings, value: &str) -> Option<String> {
    let (when, known) = match value {
        "" | "0" => (AutoAnswer::Never, true),
        "button" => (AutoAnswer::Button, true),
        "header" => (AutoAnswer::Header, true),
        "all" => (AutoAnswer::All, true),
        _ => (AutoAnswer::Never, false),
    };
    s.auto_answer = when;
    (!known).then(|| format!("{value:?} is not one of button, header, all; nothing is answered by itself"))
}

pub(super) fn transport(a: &mut Account, value: &str) -> Option<String> {
    let lower = value.to_ascii_lowercase();
    let known = TRANSPORT.contains(&lower.as_str());
    a.transport = if known { lower } else { "udp".to_owned() };
    (!known).then(|| format!("{value:?} is not one of udp, tcp, tls, ws, wss; udp is used"))
}

pub(super) fn dial_plan(a: &mut Account, value: &str) -> Option<String> {
    a.dial_plan = DialPlan::kept(value);
    a.dial_plan.complaint().map(|why| format!("{why}; no number can be called"))
}

pub(super) fn public_address(a: &mut Account, value: &str) -> Option<String> {
    a.public_address = value.parse().ok().filter(|ip: &IpAddr| !ip.is_unspecified() && !ip.is_multicast());
    let unread = a.public_address.is_none() && !value.is_empty();
    unread.then(|| format!("{value:?} is no IP address; our own is told"))
}

pub(super) fn accept_from(s: &mut Settings, value: &str) -> Option<String> {
    s.accept_from_any = value.eq_ignore_ascii_case("any");
    (!s.accept_from_any && !value.is_empty()).then(|| format!("{value:?} is unknown; only `any` is"))
}

pub(super) fn follow_redirects_text(which: FollowRedirects) -> String {
    let word = match which {
        FollowRedirects::Own => "own",
        FollowRedirects::Any => "any",
        FollowRedirects::Never => "never",
    };
    word.to_owned()
}

pub(super) fn follow_redirects(s: &mut Settings, value: &str) -> Option<String> {
    let known = match value.to_ascii_lowercase().as_str() {
        "" | "own" => Some(FollowRedirects::Own),
        "any" => Some(FollowRedirects::Any),
        "never" => Some(FollowRedirects::Never),
        _ => None,
    };
    s.follow_redirects = known.unwrap_or_default();
    known.is_none().then(|| format!("{value:?} is not one of own, any, never; own is used"))
}

pub(super) fn ring_timeout(s: &mut Settings, value: &str) -> Option<String> {
    let (seconds, complaint) = within(value, 86_400_u32);
    s.ring_timeout_s = u32::try_from(seconds).unwrap_or_default();
    complaint
}

pub(super) fn password(a: &mut Account, value: &str) -> Option<String> {
    a.password_sealed = looks_sealed(value);
    a.password = if a.password_sealed { Secret::default() } else { Secret::new(value) };
    a.password_sealed.then(|| {
        format!(
            "encrypted by MicroSIP: `tuiphone password set {}` keeps it in the keyring; TUIPHONE_PASSWORD, --password-file \
             and passwordCommand give it too; if it is plain text, passwordPlain=1 in [tuiphone] says so",
            a.id.0
        )
    })
}
