//! Keys whose values are words: each a table of the words and what they mean; the first word of a meaning is written.

use super::super::{
    Account, AutoAnswerCalls, CallEndpoint, DenyIncoming, EchoCanceller, Forwarding, HideCallerId, KeepDialled,
    NoiseSuppression, Rewrite, Settings, SrtpMode, TurnTransport,
};

/// Words and what they mean.
pub(super) type Words<T> = &'static [(&'static str, T)];

const HIDE: Words<HideCallerId> = &[
    ("", HideCallerId::No),
    ("soft", HideCallerId::Soft),
    ("hard", HideCallerId::Hard),
    // Before 3.22.5 it was a flag.
    ("0", HideCallerId::No),
    ("1", HideCallerId::Hard),
];

const SRTP: Words<SrtpMode> = &[
    ("", SrtpMode::Off),
    ("optional", SrtpMode::Optional),
    ("mandatory", SrtpMode::Mandatory),
    ("dtls-sdes", SrtpMode::DtlsSdes),
    ("dtls", SrtpMode::Dtls),
];

// An empty one is MicroSIP's no: to it nothing but 1 is a yes.
const REWRITE: Words<Rewrite> =
    &[("auto", Rewrite::Contact), ("0", Rewrite::Nothing), ("1", Rewrite::Everything), ("", Rewrite::Nothing)];

const TURN: Words<TurnTransport> =
    &[("udp", TurnTransport::Udp), ("tcp", TurnTransport::Tcp), ("tls", TurnTransport::Tls), ("", TurnTransport::Udp)];

const CALLS: Words<AutoAnswerCalls> =
    &[("", AutoAnswerCalls::Alone), ("hold", AutoAnswerCalls::Held), ("all", AutoAnswerCalls::Any)];

const ENDPOINT: Words<CallEndpoint> =
    &[("", CallEndpoint::Phone), ("echo", CallEndpoint::Echo), ("silence", CallEndpoint::Silence)];

const FORWARDING: Words<Forwarding> =
    &[("", Forwarding::Never), ("button", Forwarding::Button), ("all", Forwarding::All)];

const DENY: Words<DenyIncoming> = &[
    ("", DenyIncoming::Never),
    ("button", DenyIncoming::Button),
    ("user", DenyIncoming::User),
    ("domain", DenyIncoming::Domain),
    ("userdomain", DenyIncoming::UserDomain),
    ("remotedomain", DenyIncoming::RemoteDomain),
    ("all", DenyIncoming::All),
];

const ECHO: Words<EchoCanceller> = &[
    ("auto", EchoCanceller::Auto),
    ("on", EchoCanceller::On),
    ("off", EchoCanceller::Off),
    ("", EchoCanceller::Auto),
    ("1", EchoCanceller::On),
    ("0", EchoCanceller::Off),
];

const KEEP_DIALLED: Words<KeepDialled> = &[
    ("auto", KeepDialled::Auto),
    ("on", KeepDialled::On),
    ("off", KeepDialled::Off),
    ("", KeepDialled::Auto),
    ("1", KeepDialled::On),
    ("0", KeepDialled::Off),
];

const NOISE: Words<NoiseSuppression> = &[
    ("0", NoiseSuppression::Off),
    ("1", NoiseSuppression::On),
    ("rnnoise", NoiseSuppression::Rnnoise),
    ("", NoiseSuppression::Off),
    ("off", NoiseSuppression::Off),
    ("on", NoiseSuppression::On),
];

pub(super) const HIDE_WORDS: &[&str] = &["", "soft", "hard"];
pub(super) const SRTP_WORDS: &[&str] = &["", "optional", "mandatory", "dtls-sdes", "dtls"];
pub(super) const REWRITE_WORDS: &[&str] = &["auto", "0", "1"];
pub(super) const TURN_WORDS: &[&str] = &["udp", "tcp", "tls"];
pub(super) const CALLS_WORDS: &[&str] = &["", "hold", "all"];
pub(super) const ENDPOINT_WORDS: &[&str] = &["", "echo", "silence"];
pub(super) const FORWARDING_WORDS: &[&str] = &["", "button", "all"];
pub(super) const DENY_WORDS: &[&str] = &["", "button", "user", "domain", "userdomain", "remotedomain", "all"];

pub(super) const NOISE_WORDS: &[&str] = &["0", "1", "rnnoise"];

pub(super) fn noise_text(s: &Settings) -> String {
    written(NOISE, s.noise_suppression)
}

pub(super) fn noise(s: &mut Settings, value: &str) -> Option<String> {
    read(NOISE, &mut s.noise_suppression, value)
}

pub(super) const KEEP_DIALLED_WORDS: &[&str] = &["auto", "on", "off"];

pub(super) fn keep_dialled_text(s: &Settings) -> String {
    written(KEEP_DIALLED, s.keep_dialled)
}

pub(super) fn keep_dialled(s: &mut Settings, value: &str) -> Option<String> {
    read(KEEP_DIALLED, &mut s.keep_dialled, value)
}

pub(super) const ECHO_WORDS: &[&str] = &["auto", "on", "off"];

pub(super) fn echo_text(s: &Settings) -> String {
    written(ECHO, s.echo_canceller)
}

pub(super) fn echo(s: &mut Settings, value: &str) -> Option<String> {
    read(ECHO, &mut s.echo_canceller, value)
}

pub(super) fn hide_text(a: &Account) -> String {
    written(HIDE, a.hide_caller_id)
}

pub(super) fn hide(a: &mut Account, value: &str) -> Option<String> {
    read(HIDE, &mut a.hide_caller_id, value)
}

pub(super) fn srtp_text(a: &Account) -> String {
    written(SRTP, a.srtp)
}

pub(super) fn srtp(a: &mut Account, value: &str) -> Option<String> {
    read(SRTP, &mut a.srtp, value)
}

pub(super) fn rewrite_text(a: &Account) -> String {
    written(REWRITE, a.rewrite)
}

pub(super) fn rewrite(a: &mut Account, value: &str) -> Option<String> {
    read(REWRITE, &mut a.rewrite, value)
}

pub(super) fn turn_text(a: &Account) -> String {
    written(TURN, a.turn.transport)
}

pub(super) fn turn(a: &mut Account, value: &str) -> Option<String> {
    read(TURN, &mut a.turn.transport, value)
}

pub(super) fn calls_text(s: &Settings) -> String {
    written(CALLS, s.auto_answer_calls)
}

pub(super) fn calls(s: &mut Settings, value: &str) -> Option<String> {
    read(CALLS, &mut s.auto_answer_calls, value)
}

pub(super) fn endpoint_text(s: &Settings) -> String {
    written(ENDPOINT, s.call_endpoint)
}

pub(super) fn endpoint(s: &mut Settings, value: &str) -> Option<String> {
    read(ENDPOINT, &mut s.call_endpoint, value)
}

pub(super) fn forwarding_text(s: &Settings) -> String {
    written(FORWARDING, s.forwarding)
}

pub(super) fn forwarding(s: &mut Settings, value: &str) -> Option<String> {
    read(FORWARDING, &mut s.forwarding, value)
}

pub(super) fn deny_text(s: &Settings) -> String {
    written(DENY, s.deny_incoming)
}

pub(super) fn deny(s: &mut Settings, value: &str) -> Option<String> {
    read(DENY, &mut s.deny_incoming, value)
}

pub(super) fn written<T: PartialEq>(words: Words<T>, meaning: T) -> String {
    words.iter().find(|(_, known)| *known == meaning).map(|(word, _)| (*word).to_owned()).unwrap_or_default()
}

/// An unknown word is as an empty one.
pub(super) fn read<T: Copy>(words: Words<T>, field: &mut T, value: &str) -> Option<String> {
    let of =
        |wanted: &str| words.iter().find(|(word, _)| word.eq_ignore_ascii_case(wanted)).map(|(_, meaning)| *meaning);
    let known = of(value);
    *field = known.or_else(|| of("")).unwrap_or(*field);
    known.is_none().then(|| {
        let all: Vec<&str> = words.iter().map(|(word, _)| *word).filter(|word| !word.is_empty()).collect();
        format!("{value:?} is not one of {}; it is left out", all.join(", "))
    })
}
