//! What a server's no means for somebody who has just answered five questions, and which answer to mend.

use super::answers::Question;
use crate::control::causes;
use crate::text::{sanitise, say, words};

/// A registration that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What the server said, or what became of the way to it.
    pub said: String,
    /// What that means.
    pub means: String,
    /// The answers that may be wrong, the likeliest first.
    pub mend: &'static [Question],
}

use Question::{Password, Server, Transport, User};

/// Statuses, what they mean, what to mend.
type Row = (&'static [u16], &'static str, &'static [Question]);

const ROWS: &[Row] = &[
    (&[401, 407], "The server does not take this password for this user.", &[Password, User]),
    (
        &[403],
        "The server knows who asks, and says no: a wrong password or user, an account that is barred, or too many wrong \
         tries before.",
        &[Password, User],
    ),
    (&[404, 410, 604], "The server has no such user.", &[User, Server]),
    (&[402], "The provider wants money first: look at the balance of the account.", &[]),
    (&[405, 501], "That server answers, but registers no phones. Your provider may name another one.", &[Server]),
    (&[301, 302, 305], "Phones of this user are to register with another server.", &[Server]),
    (&[408, 504], "The server got no answer from the one behind it. It may be better in a while.", &[Server]),
    (
        &[406, 415, 420, 421, 488, 494, 606],
        "The server wants another way of connecting: another transport, or encryption.",
        &[Transport],
    ),
    (&[480, 500, 503], "The server is overloaded or starts anew. It may be better in a while.", &[]),
];

/// The rows whose meaning a language may say in its own words: the first status of each, and the English.
pub fn rows() -> impl Iterator<Item = (String, &'static str)> {
    ROWS.iter().filter_map(|(statuses, means, _)| Some((statuses.first()?.to_string(), *means)))
}

impl Refusal {
    /// By the status of the answer; without one by what is known of the way to the server.
    pub fn of(status: Option<u16>, reason: &str, has_password: bool) -> Refusal {
        let reason = sanitise(reason);
        let Some(status) = status.filter(|status| *status >= 300) else { return Refusal::of_silence(reason) };
        let said = if reason.contains(&status.to_string()) { reason } else { format!("{status} {reason}") };
        if matches!(status, 401 | 407) && !has_password {
            return Refusal { said, means: say!("refusal-wants-password"), mend: &[Password, User] };
        }
        let row = ROWS.iter().find(|(statuses, ..)| statuses.contains(&status));
        let (means, mend) = match row {
            Some((statuses, means, mend)) => {
                let first = statuses.first().unwrap_or(&status);
                (words::of("refusal", &first.to_string(), means).into_owned(), *mend)
            }
            None => (say!("refusal-own-reason"), [Server, User].as_slice()),
        };
        Refusal { said, means, mend }
    }

    fn of_silence(reason: String) -> Refusal {
        let (means, mend): (String, &'static [Question]) = match causes::of_words(&reason).map(|cause| cause.name) {
            Some("silence-name") => (say!("refusal-no-such-server"), &[Server]),
            Some("silence-plain" | "silence-proof" | "silence-handshake") => {
                (say!("refusal-unproven"), &[Server, Transport])
            }
            Some("silence-no-way") => (say!("refusal-no-way"), &[Server]),
            Some("silence-refused") => (say!("refusal-nobody-listens"), &[Server, Transport]),
            _ => (say!("refusal-silence"), &[Server, Transport]),
        };
        let said = if reason.is_empty() { say!("refusal-no-answer") } else { words::retold(&reason).into_owned() };
        Refusal { said, means, mend }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_names_what_to_mend() {
        for (status, reason, has_password, said, part, mend) in [
            (Some(401), "Unauthorized", true, "401 Unauthorized", "not take this password", Some(Password)),
            (Some(401), "Unauthorized", false, "401 Unauthorized", "wants a password", Some(Password)),
            (Some(403), "403 Forbidden", true, "403 Forbidden", "says no", Some(Password)),
            (Some(404), "Not Found", true, "404 Not Found", "no such user", Some(User)),
            (Some(488), "Not Acceptable Here", true, "488 Not Acceptable Here", "another way", Some(Transport)),
            (Some(503), "Busy\u{1b}[2J", true, "503 Busy[2J", "overloaded", None),
            (Some(499), "?", true, "499 ?", "of its own", Some(Server)),
            (
                None,
                "cannot find pbx (udp): it has no address",
                true,
                "cannot find pbx",
                "no server of that",
                Some(Server),
            ),
            (None, "the certificate of pbx has expired", true, "the certificate", "prove", Some(Server)),
            (None, "connection refused", true, "connection refused", "Nobody listens", Some(Server)),
            (None, "network is unreachable", true, "network", "no way", Some(Server)),
            (
                None,
                "cannot connect to 192.0.2.1:5061 (tls): connection refused",
                true,
                "cannot connect",
                "Nobody listens",
                Some(Server),
            ),
            (None, "pbx does not speak TLS on this port", true, "pbx", "does not speak TLS", Some(Server)),
            (None, "", true, "no answer", "Nothing comes back", Some(Server)),
        ] {
            let refusal = Refusal::of(status, reason, has_password);
            assert!(refusal.said.contains(said) && !refusal.said.contains('\u{1b}'), "{refusal:?}");
            assert!(refusal.means.contains(part), "{refusal:?}");
            assert_eq!(refusal.mend.first().copied(), mend, "{refusal:?}");
        }
    }

    #[test]
    fn no_status_has_two_rows() {
        let mut all: Vec<u16> = ROWS.iter().flat_map(|(statuses, ..)| statuses.iter().copied()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
