//! What an account asks of the protection of its calls' sound, and what of a description satisfies it.
//!
//! What protects is a key: the name of a transport alone is a promise, and an offer that promises without a key is
//! refused by everybody.

/// What an account asks for (MicroSIP's `SRTP`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encryption {
    /// Plain RTP; who insists on more is refused.
    #[default]
    Off,
    /// Keys are offered beside plain RTP (RFC 8643), and the far end decides.
    Optional,
    /// SRTP with keys in the description, or no call.
    Mandatory,
    /// SRTP by DTLS, else with keys in the description, or no call.
    DtlsSdes,
    /// SRTP by DTLS, or no call.
    Dtls,
}

/// Where the keys of a call come from, the best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keying {
    /// There are none.
    Plain,
    /// The description (RFC 4568).
    Sdes,
    /// A handshake on the sound's path (RFC 5763).
    Dtls,
}

/// What an audio line has: one of ours as it is offered, or the peer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown<'a> {
    /// Its transport, `RTP/SAVP`.
    pub transport: &'a str,
    /// It has an `a=crypto` that can be used.
    pub sdes: bool,
    /// It has an `a=fingerprint` that can be used.
    pub dtls: bool,
}

/// Why a description does not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unprotected {
    /// It has no key that the account takes, and the account asks for one.
    #[error("the peer's audio is not encrypted in a way this account takes, and it has to be")]
    Mandatory,
    /// A transport of encrypted sound, and no key that this account takes.
    #[error("the peer wants encrypted audio by keys this account does not take")]
    NoKey,
    /// Not RTP over UDP.
    #[error("the peer wants audio over a transport this phone does not speak")]
    Transport,
}

/// Transports that are read, and whether they promise protection. Feedback (`F`) is allowed and not used.
//= RFC 5764 §8, RFC 8643 §3: keys may come with any of them
const TRANSPORTS: [(&str, bool); 6] = [
    ("RTP/AVP", false),
    ("RTP/AVPF", false),
    ("RTP/SAVP", true),
    ("RTP/SAVPF", true),
    ("UDP/TLS/RTP/SAVP", true),
    ("UDP/TLS/RTP/SAVPF", true),
];

const PLAIN: Shown<'static> = Shown { transport: "RTP/AVP", sdes: false, dtls: false };
const OPTIONAL: Shown<'static> = Shown { sdes: true, ..PLAIN };
const SDES: Shown<'static> = Shown { transport: "RTP/SAVP", sdes: true, dtls: false };
const BOTH: Shown<'static> = Shown { transport: "UDP/TLS/RTP/SAVP", sdes: true, dtls: true };
const DTLS: Shown<'static> = Shown { sdes: false, ..BOTH };

impl Encryption {
    /// Every value, and how a call is offered: the first way first, the next when the peer refuses the description (488).
    pub const TABLE: [(Encryption, &'static [Shown<'static>]); 5] = [
        (Encryption::Off, &[PLAIN]),
        // Who cannot do without refuses the plain transport.
        (Encryption::Optional, &[OPTIONAL, SDES]),
        (Encryption::Mandatory, &[SDES]),
        // Who knows SDES alone refuses the transport of DTLS.
        (Encryption::DtlsSdes, &[BOTH, SDES]),
        (Encryption::Dtls, &[DTLS]),
    ];

    /// How a call is offered, the first way first.
    pub fn attempts(self) -> &'static [Shown<'static>] {
        Encryption::TABLE.iter().find(|(policy, _)| *policy == self).map_or(&[], |(_, attempts)| attempts)
    }

    /// The way with this number, else the last one.
    pub fn attempt(self, number: usize) -> Shown<'static> {
        let attempts = self.attempts();
        attempts.get(number).or(attempts.last()).copied().unwrap_or(PLAIN)
    }

    /// The sound may go plain.
    pub fn allows_plain(self) -> bool {
        self.attempts().iter().any(|attempt| !attempt.is_promised())
    }

    /// Keys may stand in the description.
    pub fn allows_sdes(self) -> bool {
        self.attempts().iter().any(|attempt| attempt.sdes)
    }

    /// Keys may come of a handshake.
    pub fn allows_dtls(self) -> bool {
        self.attempts().iter().any(|attempt| attempt.dtls)
    }

    /// What to take of an offer. The same for the first of a call and every later one: what is demanded once is
    /// demanded always.
    pub fn accept(self, offer: Shown<'_>) -> Result<Keying, Unprotected> {
        self.take(offer, self.allows_dtls(), self.allows_sdes())
    }

    /// What an answer to this offer of ours comes to.
    pub fn accept_answer(self, offered: Shown<'_>, answer: Shown<'_>) -> Result<Keying, Unprotected> {
        self.take(answer, offered.dtls, offered.sdes)
    }

    fn take(self, shown: Shown<'_>, dtls: bool, sdes: bool) -> Result<Keying, Unprotected> {
        let promised = shown.promised().ok_or(Unprotected::Transport)?;
        match shown {
            Shown { dtls: true, .. } if dtls => Ok(Keying::Dtls),
            Shown { sdes: true, .. } if sdes => Ok(Keying::Sdes),
            _ if !self.allows_plain() => Err(Unprotected::Mandatory),
            _ if promised => Err(Unprotected::NoKey),
            _ => Ok(Keying::Plain),
        }
    }
}

impl Shown<'_> {
    /// Whether its transport promises protection; `None`: it is not one that is read.
    fn promised(&self) -> Option<bool> {
        let row = TRANSPORTS.iter().find(|(transport, _)| transport.eq_ignore_ascii_case(self.transport));
        row.map(|(_, promised)| *promised)
    }

    fn is_promised(&self) -> bool {
        self.promised() == Some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AVP: &str = "RTP/AVP";
    const SAVP: &str = "RTP/SAVP";
    const TLS: &str = "UDP/TLS/RTP/SAVPF";

    /// Keys the line has.
    const NONE: (bool, bool) = (false, false);
    const CRYPTO: (bool, bool) = (true, false);
    const FINGERPRINT: (bool, bool) = (false, true);
    const ALL: (bool, bool) = (true, true);

    #[test]
    fn what_is_taken_of_an_offer() {
        use Unprotected::{Mandatory, NoKey, Transport};
        const P: Result<Keying, Unprotected> = Ok(Keying::Plain);
        const S: Result<Keying, Unprotected> = Ok(Keying::Sdes);
        const D: Result<Keying, Unprotected> = Ok(Keying::Dtls);
        const M: Result<Keying, Unprotected> = Err(Mandatory);
        const N: Result<Keying, Unprotected> = Err(NoKey);
        const T: Result<Keying, Unprotected> = Err(Transport);
        // Of each policy: off, optional, mandatory, dtls-sdes, dtls.
        type OfEach = [Result<Keying, Unprotected>; 5];
        let rows: [(&str, (bool, bool), OfEach); 14] = [
            (AVP, NONE, [P, P, M, M, M]),
            (AVP, CRYPTO, [P, S, S, S, M]),
            (AVP, FINGERPRINT, [P, P, M, D, D]),
            (AVP, ALL, [P, S, S, D, D]),
            (SAVP, NONE, [N, N, M, M, M]),
            (SAVP, CRYPTO, [N, S, S, S, M]),
            (SAVP, FINGERPRINT, [N, N, M, D, D]),
            (SAVP, ALL, [N, S, S, D, D]),
            (TLS, NONE, [N, N, M, M, M]),
            (TLS, CRYPTO, [N, S, S, S, M]),
            (TLS, FINGERPRINT, [N, N, M, D, D]),
            (TLS, ALL, [N, S, S, D, D]),
            ("rtp/savpf", CRYPTO, [N, S, S, S, M]),
            ("TCP/TLS/RTP/SAVP", ALL, [T; 5]),
        ];
        for (transport, (sdes, dtls), expected) in rows {
            let took = Encryption::TABLE.map(|(policy, _)| policy.accept(Shown { transport, sdes, dtls }));
            assert_eq!(took, expected, "{transport} {sdes} {dtls}");
        }
    }

    /// Whatever comes: a policy that demands a key never ends in the clear, and no answer brings what was not offered.
    #[test]
    fn what_is_demanded_is_never_given_up() {
        for (policy, attempts) in Encryption::TABLE {
            assert_eq!(policy.allows_plain(), attempts.iter().any(|attempt| attempt.transport == AVP), "{policy:?}");
            for (transport, _) in TRANSPORTS {
                for (sdes, dtls) in [NONE, CRYPTO, FINGERPRINT, ALL] {
                    let shown = Shown { transport, sdes, dtls };
                    let took = policy.accept(shown);
                    assert!(policy.allows_plain() || took != Ok(Keying::Plain), "{policy:?} {shown:?}");
                    for attempt in attempts {
                        let took = policy.accept_answer(*attempt, shown);
                        assert!(policy.allows_plain() || took != Ok(Keying::Plain), "{policy:?} {shown:?}");
                        assert!(took != Ok(Keying::Dtls) || attempt.dtls && dtls, "{policy:?} {attempt:?} {shown:?}");
                        assert!(took != Ok(Keying::Sdes) || attempt.sdes && sdes, "{policy:?} {attempt:?} {shown:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_offer_of_ours_is_taken_by_a_phone_of_the_same_policy() {
        for (policy, attempts) in Encryption::TABLE {
            assert!(!attempts.is_empty());
            for Shown { transport, sdes, dtls } in attempts {
                let best = if *dtls {
                    Keying::Dtls
                } else if *sdes {
                    Keying::Sdes
                } else {
                    Keying::Plain
                };
                assert_eq!(policy.accept(Shown { transport, sdes: *sdes, dtls: *dtls }), Ok(best), "{policy:?}");
            }
        }
    }
}
