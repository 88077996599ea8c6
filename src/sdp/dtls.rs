//! What a description says of DTLS: `a=fingerprint` (RFC 8122), `a=setup` (RFC 4145) and `a=tls-id` (RFC 8842).

use std::fmt;

use super::{Attribute, Media, SessionDescription};

/// Most `a=fingerprint` lines of one audio line.
pub const MAX_FINGERPRINTS: usize = 16;
/// Longest name of a hash, in characters, and longest value, in bytes: SHA-512 has 64.
const MAX_HASH: usize = 16;
const MAX_VALUE: usize = 64;
/// Characters of `a=tls-id` (RFC 8842 §4).
const TLS_ID: std::ops::RangeInclusive<usize> = 20..=255;

/// Why what is said of DTLS is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DtlsError {
    /// One that is not `hash HH:HH:…`, or too many of them.
    #[error("a fingerprint of the peer's certificate cannot be read")]
    Fingerprint,
    /// Not one of the four words.
    #[error("the peer's a=setup says neither active, passive nor actpass")]
    Setup,
    /// The answer takes the part that we have, or none.
    #[error("the peer's a=setup leaves nobody to begin the DTLS handshake")]
    Roles,
}

/// One `a=fingerprint`: of what hash, and its bytes. Which hashes prove anything is not for this room to say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint {
    /// `sha-256`, in small letters.
    pub hash: String,
    /// The digest.
    pub value: Vec<u8>,
}

impl Fingerprint {
    /// Read `sha-256 4A:AD:…`; pairs of hexadecimal digits in either case.
    //= RFC 8122 §5
    pub fn parse(text: &str) -> Option<Fingerprint> {
        let (hash, value) = text.trim().split_once(' ')?;
        let token = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if hash.is_empty() || hash.len() > MAX_HASH || !hash.chars().all(token) {
            return None;
        }
        let pairs = value.trim().split(':').take(MAX_VALUE.saturating_add(1));
        let byte = |pair: &str| {
            let digits = pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit());
            digits.then(|| u8::from_str_radix(pair, 16).ok())?
        };
        let value: Vec<u8> = pairs.map(byte).collect::<Option<_>>()?;
        (value.len() <= MAX_VALUE).then(|| Fingerprint { hash: hash.to_ascii_lowercase(), value })
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hash)?;
        let mut between = ' ';
        for byte in &self.value {
            write!(f, "{between}{byte:02X}")?;
            between = ':';
        }
        Ok(())
    }
}

/// Who begins the handshake, as `a=setup` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setup {
    /// The writer begins: it is the DTLS client.
    Active,
    /// The writer waits.
    Passive,
    /// Either; the answer decides.
    ActPass,
    /// Nobody, for now.
    HoldConn,
}

impl Setup {
    const TABLE: [(Setup, &'static str); 4] = [
        (Setup::Active, "active"),
        (Setup::Passive, "passive"),
        (Setup::ActPass, "actpass"),
        (Setup::HoldConn, "holdconn"),
    ];

    /// The word of the attribute.
    pub fn word(self) -> &'static str {
        Setup::TABLE.iter().find(|(setup, _)| *setup == self).map_or("", |(_, word)| word)
    }

    /// Read the word.
    pub fn parse(word: &str) -> Option<Setup> {
        let row = Setup::TABLE.iter().find(|(_, known)| known.eq_ignore_ascii_case(word.trim()));
        row.map(|(setup, _)| *setup)
    }

    /// What to answer an offer of this; `standing` = the part we have in an association that goes on.
    //= RFC 5763 §5: active is better, the handshake begins at once; RFC 8842 §5.3: who has a part keeps it
    pub fn answer(self, standing: Option<Setup>) -> Result<Setup, DtlsError> {
        match (self, standing) {
            (Setup::Active, _) => Ok(Setup::Passive),
            (Setup::Passive, _) => Ok(Setup::Active),
            (Setup::ActPass, Some(Setup::Passive)) => Ok(Setup::Passive),
            (Setup::ActPass, _) => Ok(Setup::Active),
            (Setup::HoldConn, _) => Err(DtlsError::Roles),
        }
    }

    /// Our part when this was offered by us and answered so.
    pub fn settled(self, answer: Setup) -> Result<Setup, DtlsError> {
        match (self, answer) {
            (Setup::Active | Setup::ActPass, Setup::Passive) => Ok(Setup::Active),
            (Setup::Passive | Setup::ActPass, Setup::Active) => Ok(Setup::Passive),
            _ => Err(DtlsError::Roles),
        }
    }
}

/// All that one side's audio line says of DTLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DtlsLine {
    /// Of the writer's certificate, by one or more hashes; never empty.
    pub fingerprints: Vec<Fingerprint>,
    /// The writer's part; `None` when it says nothing.
    pub setup: Option<Setup>,
    /// The name of the association.
    pub tls_id: Option<String>,
}

impl DtlsLine {
    /// Read what stands under the line, else in the session's part; `None` without a fingerprint.
    //= RFC 8122 §5: a fingerprint of the media section counts instead of the session's
    pub fn read(whole: &SessionDescription, media: &Media) -> Result<Option<DtlsLine>, DtlsError> {
        let under = |attributes: &[Attribute]| -> Result<Vec<Fingerprint>, DtlsError> {
            let lines = attributes.iter().filter(|a| a.name.eq_ignore_ascii_case("fingerprint"));
            let read = |a: &Attribute| a.value.as_deref().and_then(Fingerprint::parse).ok_or(DtlsError::Fingerprint);
            lines.take(MAX_FINGERPRINTS.saturating_add(1)).map(read).collect()
        };
        let mut fingerprints = under(&media.attributes)?;
        if fingerprints.is_empty() {
            fingerprints = under(&whole.attributes)?;
        }
        if fingerprints.len() > MAX_FINGERPRINTS {
            return Err(DtlsError::Fingerprint);
        }
        if fingerprints.is_empty() {
            return Ok(None);
        }
        let setup = whole.attribute_of(media, "setup").map(|word| Setup::parse(word).ok_or(DtlsError::Setup));
        let tls_id = media.attribute("tls-id").filter(|id| is_tls_id(id)).map(str::to_owned);
        Ok(Some(DtlsLine { fingerprints, setup: setup.transpose()?, tls_id }))
    }

    /// The writer's part in an offer; an offer that says nothing is active.
    //= RFC 4145 §4
    pub fn offered(&self) -> Setup {
        self.setup.unwrap_or(Setup::Active)
    }

    /// The writer's part in an answer; an answer that says nothing is passive.
    //= RFC 4145 §4
    pub fn answered(&self) -> Setup {
        self.setup.unwrap_or(Setup::Passive)
    }

    /// The lines to write.
    pub fn attributes(&self) -> Vec<Attribute> {
        let fingerprints = self.fingerprints.iter().map(|f| Attribute::with_value("fingerprint", f.to_string()));
        let setup = self.setup.map(|setup| Attribute::with_value("setup", setup.word()));
        let tls_id = self.tls_id.iter().map(|id| Attribute::with_value("tls-id", id.clone()));
        setup.into_iter().chain(fingerprints).chain(tls_id).collect()
    }

    fn is_renamed(&self, next: &DtlsLine) -> bool {
        matches!((&self.tls_id, &next.tls_id), (Some(before), Some(after)) if before != after)
    }

    fn same_certificates(&self, other: &DtlsLine) -> bool {
        let sorted = |line: &DtlsLine| {
            let mut sorted = line.fingerprints.clone();
            sorted.sort();
            sorted.dedup();
            sorted
        };
        sorted(self) == sorted(other)
    }
}

/// A name for a new association: 32 characters, 160 bits.
pub fn new_tls_id(rng: &mut impl rand::Rng) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef";
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    bytes.iter().filter_map(|byte| LETTERS.get(usize::from(byte % 32))).map(|letter| char::from(*letter)).collect()
}

fn is_tls_id(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "+/-_".contains(c);
    TLS_ID.contains(&text.len()) && text.chars().all(allowed)
}

/// What both sides have said of DTLS when an offer was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DtlsExchange {
    /// Our lines.
    pub ours: DtlsLine,
    /// The peer's.
    pub theirs: DtlsLine,
    /// Our part: active or passive.
    pub part: Setup,
}

impl DtlsExchange {
    /// True when `next` asks for a new association; else the one that stands goes on, keys and all.
    //= RFC 8842 §3.1: another part, another fingerprint, another tls-id
    pub fn renewed_by(&self, next: &DtlsExchange) -> bool {
        //= RFC 8842 §5.4: who names no association knows of no names, ours neither
        let renamed = next.theirs.tls_id.is_some() && self.ours.is_renamed(&next.ours);
        let other = !self.ours.same_certificates(&next.ours);
        self.part != next.part || self.is_renewed_by(&next.theirs) || renamed || other
    }

    /// The peer's line alone asks for a new association.
    pub fn is_renewed_by(&self, theirs: &DtlsLine) -> bool {
        self.theirs.is_renamed(theirs) || !self.theirs.same_certificates(theirs)
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    const SHA1: &str = "SHA-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB";
    const ID: &str = "abc3de65cddef001be82";

    fn line(session: &str, media: &str) -> Result<Option<DtlsLine>, DtlsError> {
        let text = format!("v=0\ns=-\n{session}m=audio 4000 UDP/TLS/RTP/SAVP 0\n{media}");
        let whole = parse(text.as_bytes()).unwrap();
        DtlsLine::read(&whole, &whole.media[0])
    }

    fn fingerprint(hash: &str, value: &[u8]) -> Fingerprint {
        Fingerprint { hash: hash.into(), value: value.to_vec() }
    }

    #[test]
    //= RFC 8122 §5
    fn fingerprints_are_read_as_written() {
        let long = format!("sha-512 {}", ["00"; 64].join(":"));
        let longer = format!("sha-512 {}", ["00"; 65].join(":"));
        let rows: [(&str, Option<Fingerprint>); 14] = [
            ("sha-256 00:1f:AB", Some(fingerprint("sha-256", &[0, 0x1f, 0xab]))),
            ("  SHA-256   00:1F  ", Some(fingerprint("sha-256", &[0, 0x1f]))),
            ("hash-of-tomorrow 01", Some(fingerprint("hash-of-tomorrow", &[1]))),
            (&long, Some(fingerprint("sha-512", &[0; 64]))),
            (&longer, None),
            ("hash-of-after-tomorrow 01", None),
            ("sha-256", None),
            ("sha-256 ", None),
            ("sha-256 001F", None),
            ("sha-256 00:1", None),
            ("sha-256 00:+1", None),
            ("sha-256 00:1F:", None),
            ("sha-256 0\u{660}:1F", None),
            ("sha 256 00", None),
        ];
        for (text, expected) in rows {
            assert_eq!(Fingerprint::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn what_a_line_says() {
        let one = Fingerprint::parse(SHA1).unwrap();
        let other = fingerprint("sha-256", &[1; 32]);
        let of = |fingerprints: &[&Fingerprint], setup, tls_id: Option<&str>| {
            let fingerprints = fingerprints.iter().map(|f| (*f).clone()).collect();
            Ok(Some(DtlsLine { fingerprints, setup, tls_id: tls_id.map(str::to_owned) }))
        };
        let session = format!("a=fingerprint:{SHA1}\na=setup:actpass\na=tls-id:{ID}\n");
        let (a, b) = (format!("a=fingerprint:{other}\n"), format!("a=fingerprint:{SHA1}\n"));
        let named = |id: &str| format!("{a}a=tls-id:{id}\n");
        type Row<'a> = (&'a str, &'a str, &'a str, Result<Option<DtlsLine>, DtlsError>);
        let rows: [Row; 13] = [
            ("nothing", "", "a=setup:active\n", Ok(None)),
            ("all in the session's part", &session, "", of(&[&one], Some(Setup::ActPass), None)),
            ("the line's own counts", &session, &a, of(&[&other], Some(Setup::ActPass), None)),
            ("two", "", &format!("{a}{b}"), of(&[&other, &one], None, None)),
            ("its part", "", &format!("{a}a=setup:PASSIVE\n"), of(&[&other], Some(Setup::Passive), None)),
            ("no part at all", "", &format!("{a}a=setup:both\n"), Err(DtlsError::Setup)),
            ("its name", "", &named(ID), of(&[&other], None, Some(ID))),
            ("a short name", "", &named(&ID[1..]), of(&[&other], None, None)),
            ("a name that is none", "", &named(&format!("{ID} x")), of(&[&other], None, None)),
            ("a long name", "", &named(&"x".repeat(256)), of(&[&other], None, None)),
            ("broken beside a good one", "", &format!("{a}a=fingerprint:sha-1\n"), Err(DtlsError::Fingerprint)),
            ("without value", "", "a=fingerprint\n", Err(DtlsError::Fingerprint)),
            ("a crowd", "", &a.repeat(MAX_FINGERPRINTS + 1), Err(DtlsError::Fingerprint)),
        ];
        for (what, session, media, expected) in rows {
            assert_eq!(line(session, media), expected, "{what}");
        }
    }

    #[test]
    //= RFC 4145 §4.1, RFC 8842 §5.3
    fn who_begins() {
        use Setup::{ActPass, Active, HoldConn, Passive};
        // Offered, our part so far, our answer.
        let answers = [
            (Active, None, Ok(Passive)),
            (Passive, None, Ok(Active)),
            (ActPass, None, Ok(Active)),
            (ActPass, Some(Passive), Ok(Passive)),
            (ActPass, Some(Active), Ok(Active)),
            (Active, Some(Active), Ok(Passive)),
            (HoldConn, None, Err(DtlsError::Roles)),
        ];
        for (offered, standing, expected) in answers {
            assert_eq!(offered.answer(standing), expected, "{offered:?} {standing:?}");
        }
        let settled = [
            (ActPass, Active, Ok(Passive)),
            (ActPass, Passive, Ok(Active)),
            (ActPass, ActPass, Err(DtlsError::Roles)),
            (ActPass, HoldConn, Err(DtlsError::Roles)),
            (Active, Active, Err(DtlsError::Roles)),
            (Active, Passive, Ok(Active)),
            (Passive, Active, Ok(Passive)),
            (Passive, Passive, Err(DtlsError::Roles)),
        ];
        for (offered, answer, expected) in settled {
            assert_eq!(offered.settled(answer), expected, "{offered:?} {answer:?}");
        }
        // Whatever one side answers, the other reads as the other part.
        for offered in [Active, Passive, ActPass] {
            let answer = offered.answer(None).unwrap();
            assert_ne!(offered.settled(answer).unwrap(), answer);
        }
        let silent = line("", &format!("a=fingerprint:{SHA1}\n")).unwrap().unwrap();
        assert_eq!((silent.offered(), silent.answered()), (Active, Passive));
    }

    #[test]
    //= RFC 8842 §3.1
    fn what_asks_for_a_new_association() {
        let line = |value: u8, id: Option<&str>| DtlsLine {
            fingerprints: vec![fingerprint("sha-256", &[value; 32]), fingerprint("sha-1", &[value; 20])],
            setup: Some(Setup::ActPass),
            tls_id: id.map(str::to_owned),
        };
        let exchange = |ours, theirs, part| DtlsExchange { ours, theirs, part };
        let active = Setup::Active;
        let stands = exchange(line(1, Some("a")), line(2, Some("b")), active);
        let mut turned = line(2, Some("b"));
        turned.fingerprints.reverse();
        turned.setup = Some(Setup::Passive);
        let fewer = DtlsLine { fingerprints: vec![fingerprint("sha-256", &[2; 32])], ..line(2, Some("b")) };
        let rows = [
            ("the same again", exchange(line(1, Some("a")), line(2, Some("b")), active), false),
            ("in another order, and actpass where it was passive", exchange(line(1, Some("a")), turned, active), false),
            ("our part", exchange(line(1, Some("a")), line(2, Some("b")), Setup::Passive), true),
            ("our certificate", exchange(line(3, Some("a")), line(2, Some("b")), active), true),
            ("the peer's", exchange(line(1, Some("a")), line(3, Some("b")), active), true),
            ("a hash is gone", exchange(line(1, Some("a")), fewer, active), true),
            ("our name", exchange(line(1, Some("c")), line(2, Some("b")), active), true),
            ("the peer's name", exchange(line(1, Some("a")), line(2, Some("c")), active), true),
            ("our name, to whom knows of none", exchange(line(1, Some("c")), line(2, None), active), false),
            ("no name any more", exchange(line(1, Some("a")), line(2, None), active), false),
        ];
        for (what, next, renewed) in rows {
            assert_eq!(stands.renewed_by(&next), renewed, "{what}");
        }
    }

    #[test]
    fn names_are_new_and_as_long_as_they_must_be() {
        let mut rng = StdRng::seed_from_u64(1);
        let names: std::collections::BTreeSet<String> = (0..100).map(|_| new_tls_id(&mut rng)).collect();
        assert_eq!(names.len(), 100);
        assert!(names.iter().all(|name| is_tls_id(name) && name.len() == 32));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_is_read_again(
            values in proptest::collection::vec(("[a-z][a-z0-9-]{0,15}", proptest::collection::vec(any::<u8>(), 1..=64)), 1..=16),
            setup in proptest::option::of(0..4_usize),
            tls_id in proptest::option::of("[A-Za-z0-9+/_-]{20,255}"),
        ) {
            let fingerprints = values.into_iter().map(|(hash, value)| Fingerprint { hash, value }).collect();
            let written = DtlsLine { fingerprints, setup: setup.map(|row| Setup::TABLE[row].0), tls_id };
            let media = Media { attributes: written.attributes(), ..Media::default() };
            prop_assert_eq!(DtlsLine::read(&SessionDescription::default(), &media), Ok(Some(written)));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
            if let Some(read) = Fingerprint::parse(&text) {
                prop_assert_eq!(Fingerprint::parse(&read.to_string()), Some(read));
            }
        }
    }
}
