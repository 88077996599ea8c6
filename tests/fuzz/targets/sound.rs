//! Sound and what carries it: keys, paths, packets, codecs, files.

use super::text;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};
use tuiphone::audio::{mp3, wav};
use tuiphone::media::codec::{MAX_PAYLOAD, TABLE, Tuning};
use tuiphone::media::encryption;
use tuiphone::media::stream::MediaStream;
use tuiphone::nat::ice;
use tuiphone::rtp::dtls::{self, Association, Certificate, Expected};
use tuiphone::rtp::rtcp::WallAnchor;
use tuiphone::rtp::srtp::{Inbound, MasterKey, Suite};
use tuiphone::sdp::{self, IceDescription, LocalMedia, Negotiation};

/// A frame of the media's clock.
const FRAME: usize = 480;

fn moment() -> Instant {
    #[allow(clippy::disallowed_methods, reason = "a moment to count from; nothing waits on it")]
    Instant::now()
}

fn address(last: u8, port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, last], port))
}

fn negotiation() -> Negotiation {
    let tuning = Tuning::default();
    let usable = TABLE.iter().filter(|codec| codec.missing(&tuning).is_none());
    let codecs = usable.map(|codec| codec.capability(&tuning)).collect();
    let mut local = LocalMedia::new(address(10, 4000), address(10, 4001), codecs);
    local.suites = encryption::suites();
    local.encryption = sdp::Encryption::Optional;
    Negotiation::new(local, &mut StdRng::seed_from_u64(1))
}

/// Offers and answers, one description after the other with a blank line between: what we say to them is a description, of
/// as many media as the offer has, and what was agreed can be played and sent.
pub fn offers(bytes: &[u8]) {
    let text = text(bytes);
    let mut negotiation = negotiation();
    for part in text.split("\n\n").take(8) {
        // Theirs, or the answer to ours; `h`: to ours with the call on hold.
        let (is_offer, is_held) = (part.starts_with('v'), part.starts_with('h'));
        let part = if is_offer { part } else { part.get(1..).unwrap_or_default() };
        let Ok(theirs) = sdp::parse(part.as_bytes()) else { continue };
        let agreed = if is_offer {
            let Ok((answer, agreed)) = negotiation.answer(&theirs) else { continue };
            let written = answer.to_bytes();
            let again = sdp::parse(&written).unwrap_or_else(|why| panic!("{why:?}: {answer:?}"));
            assert_eq!(again.media.len(), theirs.media.len(), "a line for each");
            agreed
        } else {
            negotiation.offer(is_held);
            let Ok(agreed) = negotiation.accept_answer(&theirs) else {
                negotiation.abandon_offer();
                continue;
            };
            agreed
        };
        let now = moment();
        let anchor = WallAnchor { instant: now, wall: SystemTime::UNIX_EPOCH };
        let mut rng = StdRng::seed_from_u64(1);
        let mut stream = MediaStream::new(anchor, now, &mut rng);
        if stream.start(agreed).is_ok() {
            stream.tick_capture(now, &[0.1; FRAME], &mut rng);
            stream.tick_play(now, &mut [0.0; FRAME]);
        }
    }
}

/// Packets of a call, into everything from the jitter buffer to the speaker. The first byte chooses the codec; then a length
/// comes before each packet, and how it comes: as it is, with a right header, or to the port of RTCP.
pub fn sound(bytes: &[u8]) {
    let Some((first, mut rest)) = bytes.split_first() else { return };
    let tuning = Tuning::default();
    let codecs: Vec<_> = TABLE.iter().filter(|codec| codec.missing(&tuning).is_none()).collect();
    let codec = codecs[usize::from(*first) % codecs.len()];
    let format = codec.capability(&tuning).numbered(codec.static_payload_type.unwrap_or(96));
    let (number, encoding, clock) = (format.payload_type, &format.encoding, format.clock_rate);
    let channels = if format.channels > 1 { format!("/{}", format.channels) } else { String::new() };
    let offer = format!(
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP {number} 101 13\r\n\
         a=rtpmap:{number} {encoding}/{clock}{channels}\r\na=rtpmap:101 telephone-event/{clock}\r\n"
    );
    let offer = sdp::parse(offer.as_bytes()).expect("an offer");
    let (_, agreed) = negotiation().answer(&offer).expect("what there is");
    let mut now = moment();
    let mut rng = StdRng::seed_from_u64(1);
    let mut stream = MediaStream::new(WallAnchor { instant: now, wall: SystemTime::UNIX_EPOCH }, now, &mut rng);
    stream.start(agreed).expect("a codec that is there");
    let (mut sequence, mut time) = (1_u16, 0_u32);
    let (rtp, rtcp) = (address(1, 40_000), address(1, 40_001));
    for _ in 0..64 {
        let Some(([kind, length], behind)) = rest.split_first_chunk::<2>() else { break };
        let (payload, behind) = behind.split_at(usize::from(*length).min(behind.len()));
        rest = behind;
        match kind % 4 {
            0 => stream.receive_rtp(payload, rtp, now),
            1 => stream.receive_rtcp(payload, rtcp, now),
            _ => {
                // Two of its bits make it a digit or comfort noise, two lose packets before it.
                let number = [number, number, 101, 13][usize::from(kind >> 2 & 3)];
                sequence = sequence.wrapping_add(1 + u16::from(kind >> 4 & 3));
                time = time.wrapping_add(clock / 50);
                let head = [&[0x80, number][..], &sequence.to_be_bytes(), &time.to_be_bytes(), &[0, 0, 0, 1]].concat();
                stream.receive_rtp(&[&head[..], payload].concat(), rtp, now);
            }
        }
        for _ in 0..1 + usize::from(kind >> 6) {
            let mut frame = [0.0; FRAME];
            stream.tick_play(now, &mut frame);
            let loudest = frame.iter().fold(0.0_f32, |most, sample| most.max(sample.abs()));
            assert!(frame.iter().all(|sample| sample.is_finite()) && loudest <= 16.0, "{encoding}: {loudest}");
            stream.tick_capture(now, &frame, &mut rng);
            let mut sent = 0;
            while let Some(transmit) = stream.poll_transmit() {
                assert!(transmit.bytes.len() <= MAX_PAYLOAD + 64);
                stream.recycle(transmit);
                sent += 1;
            }
            assert!(sent <= 64 && std::iter::from_fn(|| stream.poll_event()).count() <= 64);
            now += Duration::from_millis(10);
        }
    }
    stream.close(now);
}

/// Sound files: what is in them is samples of a rate that can be played.
pub fn sound_files(bytes: &[u8]) {
    const SECONDS: usize = 10;
    if let Ok(clip) = wav::decode(bytes, SECONDS) {
        assert!(wav::RATES.contains(&clip.rate) && clip.samples.len() <= SECONDS * clip.rate as usize);
        assert!(clip.samples.len() <= bytes.len());
    }
    if let Ok((samples, rate)) = mp3::decode(bytes, SECONDS) {
        assert!(rate > 0 && samples.len() <= SECONDS * rate as usize);
    }
}

/// Protected packets under every suite: nothing that was not protected with the key comes through.
pub fn srtp(bytes: &[u8]) {
    for suite in Suite::ALL {
        let key = MasterKey::new(suite, &vec![7; suite.key_and_salt()]).expect("a key");
        let named =
            MasterKey::new(suite, &vec![7; suite.key_and_salt()]).and_then(|key| key.named(b"1")).expect("a name");
        for keys in [vec![key], vec![named]] {
            let mut inbound = Inbound::new(&keys).expect("keys");
            // Twice: the second time it is a replay. 32 bits can be met by chance.
            for _ in 0..2 {
                let is_refused = inbound.unprotect_rtp(&mut bytes.to_vec()).is_err();
                assert!(is_refused || suite.rtp_tag() < 8, "nobody knows the key");
                assert!(inbound.unprotect_rtcp(&mut bytes.to_vec()).is_err(), "nobody knows the key");
            }
        }
    }
}

/// Datagrams of a handshake, a length of two bytes before each: there are never keys of it, what is answered is not much
/// more than what came, and it comes to an end.
pub fn dtls(bytes: &[u8]) {
    static OURS: OnceLock<Certificate> = OnceLock::new();
    let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_219_200);
    let generated = || Certificate::generate(&mut StdRng::seed_from_u64(1), wall).expect("a certificate");
    let Some((first, mut rest)) = bytes.split_first() else { return };
    let role = if first & 1 == 0 { dtls::Role::Server } else { dtls::Role::Client };
    let path = dtls::Path::Signalled(address(1, 40_000));
    let expected = Expected::new([("sha-256", [9_u8; 32].as_slice())]).expect("a fingerprint");
    let mut now = moment();
    let ours = OURS.get_or_init(generated).clone();
    let (mut association, _) = Association::new(role, ours, expected, path, now).expect("it begins");
    for _ in 0..32 {
        let Some((length, behind)) = rest.split_first_chunk::<2>() else { break };
        let (datagram, behind) = behind.split_at(usize::from(u16::from_be_bytes(*length)).min(behind.len()));
        rest = behind;
        let event = dtls::Event::Datagram { from: address(1, 40_000), bytes: datagram };
        ended(&association.handle(event, now));
        now += Duration::from_millis(20);
    }
    for _ in 0..64 {
        let Some(at) = association.wake_at() else { return };
        now = now.max(at);
        ended(&association.handle(dtls::Event::Timeout, now));
    }
    panic!("it waits without end: {:?}", association.wake_at().map(|at| at.saturating_duration_since(now)));
}

fn ended(effects: &[dtls::Effect]) {
    assert!(effects.len() <= 64, "{} effects", effects.len());
    assert!(!effects.iter().any(|effect| matches!(effect, dtls::Effect::Keys(_))), "nobody has the certificate");
}

/// Candidates, and then datagrams with a length of two bytes before each, to an agent of ICE that has relay and server.
pub fn ice(bytes: &[u8]) {
    let at = bytes.windows(2).position(|end| end == b"\n\n").unwrap_or(bytes.len());
    let (lines, mut rest) = (text(&bytes[..at]), bytes.get(at + 2..).unwrap_or_default());
    let mut now = moment();
    let host = address(10, 4000);
    let turn = tuiphone::nat::turn::Server {
        address: address(3, 3478),
        is_stream: false,
        username: "alice".to_owned(),
        password: "secret".to_owned().into(),
    };
    let config = ice::Config {
        stun: vec![address(2, 3478)],
        turn: vec![turn],
        ..ice::Config::new(ice::Role::Controlled, vec![(1, host)])
    };
    let mut agent = ice::Agent::new(config, now, &mut StdRng::seed_from_u64(1));
    let _ = IceDescription::read_fragment(lines.as_bytes());
    for line in lines.lines().take(100) {
        let line = line.trim_start_matches("a=candidate:");
        if let Ok(candidate) = line.parse::<ice::Candidate>() {
            let written = candidate.to_string();
            assert_eq!(written.parse::<ice::Candidate>().map(|again| again.to_string()), Ok(written));
            agent.add_remote_candidate(candidate, now);
        }
    }
    let credentials = ice::Credentials { ufrag: "peer".into(), password: "password-of-the-peer-22".to_owned().into() };
    agent.set_remote(ice::Remote { credentials, candidates: Vec::new(), is_lite: false }, now);
    for round in 0..64 {
        let Some((length, behind)) = rest.split_first_chunk::<2>() else { break };
        let (datagram, behind) = behind.split_at(usize::from(u16::from_be_bytes(*length)).min(behind.len()));
        rest = behind;
        let from = [address(1, 40_000), address(2, 3478), address(3, 3478)][round % 3];
        let _ = agent.handle_datagram(host, from, datagram, now);
        assert!(agent.candidates().count() <= ice::MAX_HOSTS * 4);
        let outputs = std::iter::from_fn(|| agent.poll()).count();
        assert!(outputs <= 256, "{outputs} outputs");
        now += Duration::from_millis(50);
        agent.handle_timeout(now);
        assert!(agent.next_timeout().is_none_or(|next| next > now), "it wakes itself again and again");
    }
}
