//! What lies behind the answers of servers, most of the time, in words: each row in English, and by its name in the
//! language of the interface.

mod rows;

pub use rows::{ACK_LOST, ENDED_EARLY, INNER_ADDRESS, NO_PASSWORD, OK_LOST, SOUND_IN, SOUND_OUT};

pub use crate::ua::release::CAUSES as RELEASES;

use crate::text::{say, words};
use rows::{
    ALONE, CALL, CALL_FAULT, CALL_OTHER, NO_HANDSHAKE, NO_NAME, NO_PROOF, NO_TLS, NO_WAY, NOBODY_LISTENS, OWN,
    REGISTER, REGISTER_FAULT, REGISTER_OTHER, SILENT, SILENT_UDP,
};
use std::borrow::Cow;

/// What stands before the time that a server names.
const AGAIN: &str = ", try again in ";

/// Why something failed, most of the time, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Cause {
    /// Its name among the texts: `call-busy`.
    pub name: &'static str,
    statuses: &'static [u16],
    /// What lies behind it, in English.
    pub why: &'static str,
    /// What to do about it, in English; empty where there is nothing to do.
    pub next: &'static str,
}

impl Cause {
    /// What lies behind it, in the language of the interface.
    pub fn why_told(&self) -> Cow<'static, str> {
        words::of("cause", self.name, self.why)
    }

    /// What to do about it, in the language of the interface.
    pub fn next_told(&self) -> Option<Cow<'static, str>> {
        (!self.next.is_empty()).then(|| words::of("next", self.name, self.next))
    }
}

/// All rows.
pub fn all() -> impl Iterator<Item = &'static Cause> {
    REGISTER.iter().chain(CALL).chain(OWN).chain(ALONE.iter().copied())
}

fn find(rows: &'static [Cause], status: u16) -> Option<&'static Cause> {
    rows.iter().find(|row| row.statuses.contains(&status))
}

/// The likely cause of this answer to an INVITE or another request.
pub fn of_call(status: u16) -> &'static Cause {
    find(CALL, status).unwrap_or(if matches!(status, 500..600) { &CALL_FAULT } else { &CALL_OTHER })
}

/// Why this phone gives this answer.
pub fn of_own(status: u16) -> &'static Cause {
    find(OWN, status).unwrap_or_else(|| of_call(status))
}

/// What a cause of Q.850 means, in the language of the interface.
pub fn of_release(cause: u16) -> Option<Cow<'static, str>> {
    let row = RELEASES.iter().find(|(known, _)| *known == cause);
    row.map(|(_, text)| words::of("release", &cause.to_string(), text))
}

/// Why a call ended, in the language of the interface: the phone's words for it and those for a network's cause. What a
/// server wrote beside them stays as it is.
pub fn told(reason: &str) -> Cow<'_, str> {
    if let Cow::Owned(told) = words::retold(reason) {
        return told.into();
    }
    let part = |text: &str| match RELEASES.iter().find(|(_, words)| *words == text) {
        Some((cause, text)) => words::of("release", &cause.to_string(), text).into_owned(),
        None => words::retold(text).into_owned(),
    };
    let (said, time) = reason.rsplit_once(AGAIN).map_or((reason, None), |(said, time)| (said, Some(time)));
    let said = match said.split_once(": ") {
        Some((phrase, details)) => {
            format!("{phrase}: {}", details.split("; ").map(part).collect::<Vec<_>>().join("; "))
        }
        None => part(said),
    };
    match time {
        Some(time) => say!("why-try-again", said, time).into(),
        None => said.into(),
    }
}

/// The likely cause of this answer to a REGISTER.
pub fn of_register(status: u16) -> &'static Cause {
    let other = if matches!(status, 500..600) { &REGISTER_FAULT } else { &REGISTER_OTHER };
    find(REGISTER, status).unwrap_or(other)
}

/// Why there was no answer, if the phone's own words for it tell.
pub fn of_words(reason: &str) -> Option<&'static Cause> {
    let reason = reason.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    Some(if says(&["cannot find", "no address", "lookup", "resolver", "not known"]) {
        &NO_NAME
    } else if says(&["does not speak tls"]) {
        &NO_TLS
    } else if says(&["tls handshake", "speaks no tls"]) {
        &NO_HANDSHAKE
    } else if says(&["certificate"]) {
        &NO_PROOF
    } else if says(&["refused"]) {
        &NOBODY_LISTENS
    } else if says(&["unreachable", "no route", "network is"]) {
        &NO_WAY
    } else {
        return None;
    })
}

/// Why nobody answered, by the phone's own words for it.
pub fn of_silence(reason: &str, transport: &str) -> &'static Cause {
    of_words(reason).unwrap_or(if transport == "udp" { &SILENT_UDP } else { &SILENT })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn answers_have_causes() {
        for (status, part) in [
            (401, "does not take the password"),
            (403, "knows who asks and says no"),
            (404, "no such user"),
            (408, "got no answer from the one behind"),
            (439, "outbound"),
            (488, "codecs, encryption"),
            (503, "overloaded"),
            (599, "a fault of its own"),
            (499, "a reason of its own"),
        ] {
            let cause = of_register(status);
            assert!(cause.why.contains(part) && !cause.next.is_empty(), "{status}: {cause:?}");
        }
    }

    #[test]
    fn no_status_has_two_rows_and_no_row_the_name_of_another() {
        for table in [REGISTER, CALL, OWN] {
            let mut all: Vec<u16> = table.iter().flat_map(|row| row.statuses.iter().copied()).collect();
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), count);
        }
        assert_eq!(all().map(|row| row.name).collect::<BTreeSet<_>>().len(), all().count());
    }

    #[test]
    fn refusals_of_calls_have_causes() {
        for (status, part) in [
            (404, "no such number"),
            (485, "several people"),
            (488, "no codec"),
            (486, "busy"),
            (503, "overloaded"),
            (599, "a fault of its own"),
            (499, "a reason of its own"),
        ] {
            let cause = of_call(status);
            assert!(cause.why.contains(part) && !cause.next.is_empty(), "{status}: {cause:?}");
        }
        assert_eq!((of_release(17).as_deref(), of_release(999)), (Some("busy"), None));
        assert!(of_own(488).why.starts_with("this phone") && of_own(503) == of_call(503));
    }

    /// "Next: nothing is wrong" is no next.
    #[test]
    fn where_there_is_nothing_to_do_nothing_is_told_to_do() {
        for cause in [of_call(603), of_call(487), of_call(501), of_own(603)] {
            assert_eq!(cause.next_told(), None, "{cause:?}");
        }
        for cause in all() {
            assert!(!cause.next.starts_with("nothing"), "{cause:?}");
            assert!(!cause.why.ends_with('.') && !cause.next.ends_with('.'), "{cause:?}");
        }
    }

    #[test]
    fn silence_has_causes() {
        for (reason, transport, part) in [
            ("cannot find pbx (udp): it has no address", "udp", "leads nowhere"),
            ("cannot connect to 192.0.2.1:5060 (tcp): connection refused", "tcp", "nobody listens"),
            ("cannot connect to 192.0.2.1:5061 (tls): connection refused", "tls", "nobody listens"),
            ("the certificate of pbx has expired", "tls", "prove"),
            ("pbx refused the TLS handshake: CertificateRequired", "tls", "how to encrypt"),
            ("pbx does not speak TLS on this port", "tls", "does not speak TLS"),
            ("cannot connect to sip.network.example:5061 (tls): timed out", "tls", "a firewall, or"),
            ("no answer", "udp", "SIP ALG"),
            ("no answer", "tcp", "a firewall, or"),
            ("network is unreachable", "udp", "no way to the server"),
        ] {
            assert!(of_silence(reason, transport).why.contains(part), "{reason}");
        }
        assert_eq!(of_words("the microphone is taken"), None);
    }

    #[test]
    fn in_english_a_reason_stays_letter_by_letter() {
        for reason in
            ["", "busy", "No: a; b", "Away, try again in 30 s", "x: y: all lines are in use, try again in 2 h"]
        {
            assert_eq!(told(reason), reason);
        }
    }

    #[test]
    fn another_language_has_its_own_words_by_name() {
        let german = "cause-call-busy = besetzt\nnext-call-busy = später noch einmal\nrelease-17 = belegt\n\
                      why-try-again = { $said }, in { $time } wieder\n";
        let german = words::Words::of("de", words::Catalogue::new(german));
        words::speaking(std::sync::Arc::new(german), || {
            let busy = of_call(486);
            assert_eq!(
                (busy.why_told().as_ref(), busy.next_told().as_deref()),
                ("besetzt", Some("später noch einmal"))
            );
            assert_eq!(of_release(17).as_deref(), Some("belegt"));
            assert_eq!(told("busy"), "belegt");
            let full = "Service Unavailable: busy; no lines today, try again in 5 s";
            assert_eq!(told(full), "Service Unavailable: belegt; no lines today, in 5 s wieder");
            assert_eq!(of_call(404).why_told(), of_call(404).why, "what it lacks is English");
        });
    }
}
