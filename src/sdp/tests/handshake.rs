//! Keys by DTLS, as descriptions agree on them.

use super::super::dtls::{DtlsError, DtlsExchange, Fingerprint, Setup};
use super::super::protection::Unprotected;
use super::*;

const OURS: &str = "sha-256 0A:0B";
const THEIRS: &str = "sha-256 0C:0D";
const SUITE: CryptoSuite = CryptoSuite { name: "AES_CM_128_HMAC_SHA1_80", key_and_salt: 30, offered: true };
const CRYPTO: &str = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
const ID: &str = "abc3de65cddef001be82";

fn phone_of(encryption: Encryption, fingerprint: &str) -> Negotiation {
    let local = LocalMedia {
        encryption,
        suites: vec![SUITE],
        dtls: Fingerprint::parse(fingerprint),
        ..phone().local().clone()
    };
    Negotiation::new(local, &mut StdRng::seed_from_u64(fingerprint.len() as u64 + 3))
}

/// A line of DTLS with these attributes.
fn line(attributes: &str) -> SessionDescription {
    read(&format!("{HEAD}m=audio 5000 UDP/TLS/RTP/SAVP 0\na=fingerprint:{THEIRS}\n{attributes}"))
}

/// The words of the line's attributes with this name.
fn words(description: &SessionDescription, name: &str) -> Vec<String> {
    description.media.iter().flat_map(|media| media.attributes_named(name)).map(str::to_owned).collect()
}

fn exchange(agreed: Agreed) -> DtlsExchange {
    assert_eq!(agreed.srtp, None, "one or the other");
    agreed.dtls.expect("a handshake")
}

//= RFC 5763 §5, RFC 8842 §5.3
#[test]
fn two_phones_agree_on_who_begins() {
    use Encryption::{Dtls, DtlsSdes};
    for (caller, called) in [(Dtls, Dtls), (Dtls, DtlsSdes), (DtlsSdes, Dtls), (DtlsSdes, DtlsSdes)] {
        let (mut caller, mut called) = (phone_of(caller, OURS), phone_of(called, THEIRS));
        called.rekey(&mut StdRng::seed_from_u64(99));
        let offer = caller.offer(false);
        let (answer, theirs) = called.answer(&offer).expect("an answer");
        let (ours, theirs) = (exchange(caller.accept_answer(&answer).expect("agreed")), exchange(theirs));
        assert_eq!((words(&offer, "setup"), words(&answer, "setup")), (vec!["actpass".into()], vec!["active".into()]));
        assert_eq!((ours.part, theirs.part), (Setup::Passive, Setup::Active));
        assert_eq!((&ours.ours, &ours.theirs), (&theirs.theirs, &theirs.ours), "each has what the other said");
        assert_ne!(ours.ours.tls_id, ours.theirs.tls_id, "each names it for itself");
        assert!(words(&answer, "crypto").is_empty(), "no key is shown that is not used");
    }
}

/// What of the peer's offer is taken by who wants DTLS alone, and by who takes keys in descriptions too.
#[test]
fn what_is_taken_of_an_offer() {
    use NegotiationError::{Dtls, Protection};
    let unmet = Protection(Unprotected::Mandatory);
    let mux = "a=rtcp-mux\n";
    let rows: [(&str, String, Result<Setup, NegotiationError>); 9] = [
        ("who may choose begins", format!("{mux}a=setup:actpass"), Ok(Setup::Active)),
        ("who waits is begun with", format!("{mux}a=setup:passive"), Ok(Setup::Active)),
        ("who begins is waited for", format!("{mux}a=setup:active"), Ok(Setup::Passive)),
        ("who says nothing begins", mux.into(), Ok(Setup::Passive)),
        ("nobody begins", format!("{mux}a=setup:holdconn"), Err(Dtls(DtlsError::Roles))),
        ("no word", format!("{mux}a=setup:both"), Err(Dtls(DtlsError::Setup))),
        ("a broken fingerprint", format!("{mux}a=fingerprint:sha-1"), Err(Dtls(DtlsError::Fingerprint))),
        ("reports apart", "a=setup:actpass".into(), Ok(Setup::Active)),
        ("reports apart, and a key", format!("a=setup:actpass\n{CRYPTO}"), Ok(Setup::Active)),
    ];
    for (what, attributes, expected) in rows {
        let offer = line(&attributes);
        for encryption in [Encryption::Dtls, Encryption::DtlsSdes] {
            let taken = phone_of(encryption, OURS).answer(&offer);
            let apart = taken.as_ref().map(|(_, agreed)| !agreed.rtcp_mux && agreed.remote_rtcp != agreed.remote_rtp);
            assert_eq!(apart.unwrap_or_default(), what.starts_with("reports apart"), "{what}: {encryption:?}");
            assert_eq!(taken.map(|(_, agreed)| exchange(agreed).part), expected, "{what}: {encryption:?}");
        }
        let plain = phone_of(Encryption::Off, OURS).answer(&offer);
        assert_eq!(plain.err(), Some(Protection(Unprotected::NoKey)), "{what}");
        let nobody = LocalMedia { dtls: None, ..phone_of(Encryption::Dtls, OURS).local().clone() };
        let nobody = Negotiation::new(nobody, &mut StdRng::seed_from_u64(1)).answer(&offer);
        assert_eq!(nobody.err(), Some(unmet), "{what}: without a certificate");
    }
}

//= RFC 8842 §5.3: a name is answered with a name
#[test]
fn names_are_given_to_whom_gives_one() {
    for (named, expected) in [("", 0), (ID, 1)] {
        let name = if named.is_empty() { String::new() } else { format!("a=tls-id:{named}\n") };
        let mut phone = phone_of(Encryption::Dtls, OURS);
        let (answer, _) = phone.answer(&line(&format!("a=rtcp-mux\na=setup:actpass\n{name}"))).expect("an answer");
        assert_eq!(words(&answer, "tls-id").len(), expected, "{named}");
        assert_eq!(words(&phone.offer(false), "tls-id"), words(&answer, "tls-id"), "the same for ever: {named}");
    }
}

#[test]
fn what_is_taken_of_an_answer() {
    use NegotiationError::{Dtls, Keys, Protection};
    let mux = "a=rtcp-mux\n";
    let unmet = Protection(Unprotected::Mandatory);
    type Row<'a> = (&'a str, String, Result<Setup, NegotiationError>);
    let rows: [Row; 6] = [
        ("it begins", format!("{mux}a=setup:active"), Ok(Setup::Passive)),
        ("it waits", format!("{mux}a=setup:passive"), Ok(Setup::Active)),
        ("it says nothing, and waits", mux.into(), Ok(Setup::Active)),
        ("it leaves it to us", format!("{mux}a=setup:actpass"), Err(Dtls(DtlsError::Roles))),
        ("reports apart", "a=setup:active".into(), Ok(Setup::Passive)),
        ("a key beside it", format!("{mux}a=setup:active\n{CRYPTO}"), Ok(Setup::Passive)),
    ];
    for (what, attributes, expected) in rows {
        for encryption in [Encryption::Dtls, Encryption::DtlsSdes] {
            let mut phone = phone_of(encryption, OURS);
            phone.offer(false);
            let agreed = phone.accept_answer(&line(&attributes));
            assert_eq!(agreed.map(|agreed| exchange(agreed).part), expected, "{what}: {encryption:?}");
        }
    }
    let plain = read(&format!("{HEAD}m=audio 5000 UDP/TLS/RTP/SAVP 0\na=rtcp-mux"));
    let keyed = read(&format!("{HEAD}m=audio 5000 UDP/TLS/RTP/SAVP 0\n{CRYPTO}"));
    for (encryption, of_plain, of_keyed) in [
        (Encryption::Dtls, unmet, Some(unmet)),
        (Encryption::DtlsSdes, unmet, None),
        (Encryption::Mandatory, unmet, None),
    ] {
        let mut phone = phone_of(encryption, OURS);
        phone.offer(false);
        assert_eq!(phone.accept_answer(&plain).err(), Some(of_plain), "{encryption:?}");
        assert_eq!(phone.accept_answer(&keyed).err(), of_keyed, "{encryption:?}");
        // What nobody offered, nobody takes.
        let late = phone_of(Encryption::Mandatory, OURS).offer(false);
        assert!(words(&late, "fingerprint").is_empty());
    }
    let mut phone = phone_of(Encryption::Mandatory, OURS);
    phone.offer(false);
    assert_eq!(phone.accept_answer(&line(&format!("{mux}a=setup:active"))).err(), Some(unmet));
    assert_eq!(phone.accept_answer(&line(&format!("{mux}{}", CRYPTO.replace(":1", ":7")))).err(), Some(Keys));
}

/// Hold, refresh and a later offer of either side keep the association; another certificate or name begins a new one.
//= RFC 8842 §3.1, §5.5
#[test]
fn the_association_goes_on_until_something_changes() {
    let (mut caller, mut called) = (phone_of(Encryption::DtlsSdes, OURS), phone_of(Encryption::DtlsSdes, THEIRS));
    called.rekey(&mut StdRng::seed_from_u64(99));
    let talk = |from: &mut Negotiation, to: &mut Negotiation, again: bool| {
        let offer = if again { from.offer_again() } else { from.offer(true) };
        assert!(words(&offer, "crypto").is_empty(), "what stands is offered, and nothing weaker");
        assert_eq!(offer.media[0].protocol, "UDP/TLS/RTP/SAVP");
        assert!(!to.is_rekeyed_by(&offer));
        let (answer, theirs) = to.answer(&offer).expect("an answer");
        (exchange(from.accept_answer(&answer).expect("agreed")), exchange(theirs))
    };
    let (answer, there) = called.answer(&caller.offer(false)).expect("an answer");
    let (here, there) = (exchange(caller.accept_answer(&answer).expect("agreed")), exchange(there));
    for again in [false, true] {
        let (ours, theirs) = talk(&mut caller, &mut called, again);
        assert!(!here.renewed_by(&ours) && !there.renewed_by(&theirs), "offered by the caller, {again}");
        let (theirs, ours) = talk(&mut called, &mut caller, again);
        assert!(!here.renewed_by(&ours) && !there.renewed_by(&theirs), "offered by the called, {again}");
    }
    // The far end is somebody else now.
    let mut other = phone_of(Encryption::Dtls, "sha-256 0E:0F");
    let offer = other.offer(false);
    assert!(caller.is_rekeyed_by(&offer));
    caller.rekey(&mut StdRng::seed_from_u64(5));
    let (answer, agreed) = caller.answer(&offer).expect("an answer");
    let anew = exchange(agreed);
    assert!(here.renewed_by(&anew) && anew.part == Setup::Active && anew.ours.tls_id != here.ours.tls_id);
    assert_eq!(other.accept_answer(&answer).map(|agreed| exchange(agreed).part), Ok(Setup::Passive));
}

/// We move: a far end that names no association goes on with the one there is.
//= RFC 8842 §3.2, §5.4
#[test]
fn another_address_alone_is_no_other_association() {
    let mut phone = phone_of(Encryption::Dtls, OURS);
    phone.offer(false);
    let answer = line("a=rtcp-mux\na=setup:active");
    let stands = exchange(phone.accept_answer(&answer).expect("agreed"));
    phone.set_local(LocalMedia { rtp: SocketAddr::from(([192, 0, 2, 10], 4000)), ..phone.local().clone() });
    phone.rekey(&mut StdRng::seed_from_u64(5));
    phone.offer(false);
    let moved = exchange(phone.accept_answer(&answer).expect("agreed"));
    assert_ne!(moved.ours.tls_id, stands.ours.tls_id);
    assert!(!stands.renewed_by(&moved));
    phone.offer(false);
    let named = line(&format!("a=rtcp-mux\na=setup:active\na=tls-id:{ID}"));
    assert!(stands.renewed_by(&exchange(phone.accept_answer(&named).expect("agreed"))));
}

/// A far end that wants to go on without is refused, and what stood stands.
#[test]
fn nobody_talks_us_out_of_a_handshake() {
    let mut phone = phone_of(Encryption::Dtls, OURS);
    let (_, agreed) = phone.answer(&line("a=rtcp-mux\na=setup:actpass")).expect("an answer");
    for later in ["m=audio 5000 RTP/AVP 0".to_owned(), format!("m=audio 5000 RTP/SAVP 0\n{CRYPTO}")] {
        let later = read(&format!("{HEAD}{later}"));
        assert!(phone.answer(&later).is_err());
        phone.offer(false);
        assert!(phone.accept_answer(&later).is_err());
        phone.abandon_offer();
        assert_eq!(phone.agreed(), Some(&agreed));
    }
    let paused = read(&format!("{HEAD}m=audio 0 UDP/TLS/RTP/SAVP 0"));
    assert_eq!(phone.answer(&paused).map(|(_, paused)| paused.dtls), Ok(agreed.dtls));
}
