//! The keys of an offer and of its answer (RFC 4568, RFC 5763), and whether the sound may go without.

use super::super::crypto::Crypto;
use super::super::dtls::{DtlsExchange, DtlsLine, Fingerprint, Setup, new_tls_id};
use super::super::protection::{Keying, Shown, Unprotected};
use super::super::{
    Agreed, Attribute, CryptoSuite, KeyAndSalt, LocalMedia, Media, NegotiationError, SessionDescription, Srtp,
};
use super::{Negotiation, Offered};

/// A key of ours, and what a line with it is called; every suite has its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OurKey {
    tag: u32,
    suite: CryptoSuite,
    key: KeyAndSalt,
}

/// What protects the line of an offer that we take.
#[derive(Debug, Clone)]
pub(super) enum Taken {
    /// Nothing.
    Plain,
    /// The peer's key, and ours by the tag of theirs.
    Sdes(Crypto, OurKey),
    /// A handshake.
    Dtls(DtlsExchange),
}

impl OurKey {
    /// A new key for each suite that may be asked of us.
    pub(super) fn draw(local: &LocalMedia, rng: &mut impl rand::Rng) -> Vec<OurKey> {
        let suites = local.suites.iter().filter(|_| local.encryption.allows_sdes()).zip(1..);
        let key = |(suite, tag): (&CryptoSuite, u32)| OurKey {
            tag,
            suite: *suite,
            key: KeyAndSalt::random(suite.key_and_salt, rng),
        };
        suites.map(key).collect()
    }

    fn attribute(&self) -> Attribute {
        Crypto::attribute(self.tag, self.suite, &self.key)
    }

    fn agreed(self, theirs: Crypto) -> Srtp {
        Srtp { suite: self.suite.name, send: self.key, receive: theirs.keys }
    }
}

impl Taken {
    /// How good it is.
    pub(super) fn keying(&self) -> Keying {
        match self {
            Taken::Plain => Keying::Plain,
            Taken::Sdes(..) => Keying::Sdes,
            Taken::Dtls(_) => Keying::Dtls,
        }
    }

    /// Puts it into what is agreed.
    pub(super) fn protect(self, agreed: Agreed) -> Agreed {
        match self {
            Taken::Plain => Agreed { srtp: None, dtls: None, ..agreed },
            Taken::Sdes(theirs, ours) => Agreed { srtp: Some(ours.agreed(theirs)), dtls: None, ..agreed },
            Taken::Dtls(exchange) => Agreed { srtp: None, dtls: Some(exchange), ..agreed },
        }
    }

    /// Our keys of it, as an answer shows them.
    pub(super) fn ours(&self) -> (Vec<OurKey>, Option<DtlsLine>) {
        match self {
            Taken::Plain => (Vec::new(), None),
            Taken::Sdes(_, ours) => (vec![ours.clone()], None),
            Taken::Dtls(exchange) => (Vec::new(), Some(exchange.ours.clone())),
        }
    }
}

/// The lines that give our keys to the peer.
pub(super) fn attributes(keys: &[OurKey], dtls: Option<&DtlsLine>) -> Vec<Attribute> {
    let dtls = dtls.map(DtlsLine::attributes).unwrap_or_default();
    dtls.into_iter().chain(keys.iter().map(OurKey::attribute)).collect()
}

impl Negotiation {
    /// New keys from the next description on. Session keys of before hold until it is answered.
    pub fn rekey(&mut self, rng: &mut impl rand::Rng) {
        self.keys = OurKey::draw(&self.local, rng);
        self.tls_id = new_tls_id(rng);
    }

    /// The offer brings other keys than those that stand: whoever is there now may know nothing of our roll-overs, and
    /// whoever was there before knows our key.
    pub fn is_rekeyed_by(&self, offer: &SessionDescription) -> bool {
        let Some((stands, Ok((.., brought)))) = self.agreed().map(|agreed| (agreed, self.choose(offer))) else {
            return false;
        };
        match (&stands.srtp, &stands.dtls, brought) {
            (Some(stands), _, Taken::Sdes(theirs, _)) => stands.receive != theirs.keys,
            (_, Some(stands), Taken::Dtls(brought)) => stands.is_renewed_by(&brought.theirs),
            _ => false,
        }
    }

    /// How the next offer is to be protected: as was agreed, else by the attempt of now.
    pub(super) fn to_offer(&self) -> Shown<'_> {
        match &self.stands {
            Some(stands) => {
                let dtls = stands.agreed.dtls.is_some();
                let sdes = !dtls && self.local.encryption.allows_sdes();
                Shown { transport: &stands.protocol, sdes, dtls }
            }
            None => self.local.encryption.attempt(self.attempt),
        }
    }

    /// Our keys of an offer, the strongest suite first.
    pub(super) fn keys_to_offer(&self, to_offer: Shown<'_>) -> (Vec<OurKey>, Option<DtlsLine>) {
        let keys = self.keys.iter().filter(|ours| ours.suite.offered && to_offer.sdes).cloned().collect();
        let stands = self.agreed().and_then(|agreed| agreed.dtls.as_ref());
        //= RFC 8842 §5.5: a name that the peer was never given stays unsaid
        let named = stands.is_none_or(|stands| stands.ours.tls_id.is_some());
        //= RFC 8842 §5.2: the answerer is to choose who begins
        let fingerprint = self.local.dtls.as_ref().filter(|_| to_offer.dtls);
        let dtls = fingerprint.map(|fingerprint| self.our_line(fingerprint, Setup::ActPass, named));
        (keys, dtls)
    }

    /// What our line says of DTLS.
    fn our_line(&self, fingerprint: &Fingerprint, setup: Setup, named: bool) -> DtlsLine {
        let tls_id = named.then(|| self.tls_id.clone());
        DtlsLine { fingerprints: vec![fingerprint.clone()], setup: Some(setup), tls_id }
    }

    /// What an offered line is to be protected with. An error when it may not go plain, or cannot be protected.
    pub(super) fn take_keys(&self, offer: &SessionDescription, media: &Media) -> Result<Taken, NegotiationError> {
        let LocalMedia { encryption, suites, .. } = &self.local;
        //= RFC 4568 §5.1.2: the first that can be used, as the offerer has put the best first
        let sdes = Crypto::usable(media, suites).find_map(|theirs| {
            let ours = self.keys.iter().find(|ours| ours.suite == theirs.suite)?;
            let ours = OurKey { tag: theirs.tag, ..ours.clone() };
            Some((theirs, ours))
        });
        let brought = Brought { sdes, dtls: self.offered_exchange(offer, media) };
        let wanted = Shown { transport: "", sdes: encryption.allows_sdes(), dtls: encryption.allows_dtls() };
        let keying = encryption.accept(brought.shown(media));
        brought.take(keying, wanted, media)
    }

    /// What an answered line is protected with, of what we offered.
    pub(super) fn answered_keys(
        &self,
        offered: &Offered,
        answer: &SessionDescription,
        media: &Media,
    ) -> Result<Taken, NegotiationError> {
        //= RFC 4568 §5.1.3: by the tag and the suite of a line that was offered
        let sdes = Crypto::usable(media, &self.local.suites).find_map(|theirs| {
            let same = |ours: &&OurKey| (ours.tag, ours.suite) == (theirs.tag, theirs.suite);
            let ours = offered.keys.iter().find(same)?.clone();
            Some((theirs, ours))
        });
        let brought = Brought { sdes, dtls: answered_exchange(offered.dtls.as_ref(), answer, media) };
        let wanted = Shown { transport: "", sdes: !offered.keys.is_empty(), dtls: offered.dtls.is_some() };
        match self.local.encryption.accept_answer(wanted, brought.shown(media)) {
            // Whoever answers with keys protects what it sends: plain sound would be noise to both.
            Ok(Keying::Plain) if wanted.sdes && media.has_attribute("crypto") => Err(NegotiationError::Keys),
            keying => brought.take(keying, wanted, media),
        }
    }

    /// What comes of the peer's offer of a handshake; `None`: it makes none, or we have no certificate.
    fn offered_exchange(
        &self,
        offer: &SessionDescription,
        media: &Media,
    ) -> Result<Option<DtlsExchange>, NegotiationError> {
        let Some(fingerprint) = &self.local.dtls else { return Ok(None) };
        let Some(theirs) = DtlsLine::read(offer, media)? else { return Ok(None) };
        let stands = self.agreed().and_then(|agreed| agreed.dtls.as_ref());
        let stands = stands.filter(|stands| !stands.is_renewed_by(&theirs));
        let part = theirs.offered().answer(stands.map(|stands| stands.part))?;
        //= RFC 8842 §5.3: who names no association is given no name
        let ours = self.our_line(fingerprint, part, theirs.tls_id.is_some());
        Ok(Some(DtlsExchange { ours, theirs, part }))
    }
}

/// What comes of our offer of a handshake; `None`: there was none, or it was passed over.
fn answered_exchange(
    ours: Option<&DtlsLine>,
    answer: &SessionDescription,
    media: &Media,
) -> Result<Option<DtlsExchange>, NegotiationError> {
    let Some(ours) = ours else { return Ok(None) };
    let Some(theirs) = DtlsLine::read(answer, media)? else { return Ok(None) };
    let part = ours.offered().settled(theirs.answered())?;
    Ok(Some(DtlsExchange { ours: ours.clone(), theirs, part }))
}

/// What a line of the peer's has that can be used, or why its handshake cannot.
struct Brought {
    sdes: Option<(Crypto, OurKey)>,
    dtls: Result<Option<DtlsExchange>, NegotiationError>,
}

impl Brought {
    fn shown<'a>(&self, media: &'a Media) -> Shown<'a> {
        Shown { transport: &media.protocol, sdes: self.sdes.is_some(), dtls: matches!(self.dtls, Ok(Some(_))) }
    }

    fn take(
        self,
        keying: Result<Keying, Unprotected>,
        wanted: Shown<'_>,
        media: &Media,
    ) -> Result<Taken, NegotiationError> {
        match (keying, self.sdes, self.dtls) {
            (Ok(Keying::Plain), ..) => Ok(Taken::Plain),
            (Ok(Keying::Sdes), Some((theirs, ours)), _) => Ok(Taken::Sdes(theirs, ours)),
            (Ok(Keying::Dtls), _, Ok(Some(exchange))) => Ok(Taken::Dtls(exchange)),
            (Err(why @ Unprotected::Transport), ..) => Err(why.into()),
            (_, _, Err(why)) if wanted.dtls => Err(why),
            (Err(why), ..) if !(wanted.sdes && media.has_attribute("crypto")) => Err(why.into()),
            _ => Err(NegotiationError::Keys),
        }
    }
}
