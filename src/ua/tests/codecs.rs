//! What comes of offers, codec by codec, with what the table has of each.

use super::*;
use crate::media::codec::{TABLE, Tuning};
use crate::sdp::{self, LocalMedia, Negotiation};

fn negotiation(codecs: Vec<sdp::Capability>, ptime_ms: u64, rng: &mut StdRng) -> Negotiation {
    let at = |port| SocketAddr::from(([192, 0, 2, 9], port));
    let local = LocalMedia { ptime: Duration::from_millis(ptime_ms), ..LocalMedia::new(at(4000), at(4001), codecs) };
    Negotiation::new(local, rng)
}

/// Each codec with each `ptime` and `maxptime` of a caller: we send the longest packets it has that are no longer, we
/// say which we like, and an answer with them is taken the same way.
//= RFC 4566 §6 ptime, maxptime
#[test]
fn packets_are_as_long_as_the_far_end_and_the_codec_allow() {
    let mut rng = StdRng::seed_from_u64(1);
    for codec in TABLE.iter().filter(|codec| codec.missing(&Tuning::default()).is_none()) {
        for ptime in [10, 20, 30, 40, 50, 60, 90] {
            for maxptime in [None, Some(15), Some(20), Some(60)] {
                let mut caller = negotiation(vec![codec.capability(&Tuning::default())], ptime, &mut rng);
                let mut offer = caller.offer(false);
                if let Some(most) = maxptime {
                    offer.media[0].attributes.push(sdp::Attribute::with_value("maxptime", most.to_string()));
                }
                let mut callee = negotiation(vec![codec.capability(&Tuning::default())], 20, &mut rng);
                let (answer, agreed) = callee.answer(&offer).unwrap();
                let wish = maxptime.unwrap_or(u64::MAX).min(ptime);
                let least = u64::from(codec.packet_ms[0]);
                let longest = codec.packet_ms.iter().map(|ms| u64::from(*ms)).filter(|ms| *ms <= wish).max();
                let expected = Duration::from_millis(longest.unwrap_or(least));
                let what = format!("{} ptime {ptime} maxptime {maxptime:?}", codec.id);
                assert_eq!(agreed.ptime, expected, "{what}");
                let said = answer.media[0].attribute("ptime").and_then(|ms| ms.parse().ok());
                assert_eq!(said.map(Duration::from_millis), Some(expected), "{what}");
                assert_eq!(caller.accept_answer(&answer).unwrap().ptime, expected, "{what}, back");
            }
        }
    }
}

/// What a browser says of Opus: `a=ptime:`, `a=maxptime:`, `minptime=`, and how long our packets are for it.
#[test]
fn packets_of_opus_are_no_shorter_than_the_far_end_likes() {
    let mut rng = StdRng::seed_from_u64(1);
    let opus = || vec![crate::media::codec::Codec::by_id("opus").unwrap().capability(&Tuning::default())];
    for (ptime, maxptime, fmtp, expected) in [
        (10, None, "minptime=10;useinbandfec=1", 10),
        (20, Some(60), "minptime=10;useinbandfec=1", 20),
        (10, None, "useinbandfec=1; MinPTime=20 ", 20),
        (10, None, "minptime=30", 40),
        (20, None, "minptime=60", 60),
        (60, None, "minptime=20", 60),
        (20, Some(20), "minptime=40", 20),
        (20, None, "minptime=61", 20),
        (20, None, "minptime=4294967296", 20),
        (20, None, "minptime=x", 20),
        (20, None, "minptime=0", 20),
        (20, None, "minptime", 20),
    ] {
        let mut caller = opus();
        caller[0].fmtp = Some(fmtp.to_owned());
        let mut offer = negotiation(caller, ptime, &mut rng).offer(false);
        let most = maxptime.map(|ms: u64| sdp::Attribute::with_value("maxptime", ms.to_string()));
        offer.media[0].attributes.extend(most);
        let (answer, agreed) = negotiation(opus(), 20, &mut rng).answer(&offer).unwrap();
        assert_eq!(agreed.ptime, Duration::from_millis(expected), "ptime {ptime}, {maxptime:?}, {fmtp}");
        assert_eq!(answer.media[0].attribute("ptime"), Some(expected.to_string().as_str()), "{fmtp}");
    }
}

/// Events have the clock of the sound, Opus or not, and each side's own number.
//= RFC 4733 §2.1, RFC 7587 §6.1
#[test]
fn events_have_the_clock_of_the_sound() {
    let of = |ids: &[&str]| {
        let (codecs, _) = crate::media::codec::chosen(ids, &Tuning::default());
        codecs.iter().map(|codec| codec.capability(&Tuning::default())).collect::<Vec<_>>()
    };
    let mut rng = StdRng::seed_from_u64(1);
    for (ids, clock) in [
        (&["opus/48000/2", "PCMU/8000/1"][..], 48_000),
        (&["PCMU/8000/1", "opus/48000/2"], 8_000),
        (&["G722/16000/1"], 8_000),
        (&["GSM/8000/1", "opus/48000/2"], 8_000),
        (&["L16/48000/1"], 48_000),
        (&["L16/16000/1", "PCMA/8000/1"], 16_000),
        (&["L16/44100/2"], 44_100),
    ] {
        let mut caller = negotiation(of(ids), 20, &mut rng);
        let mut callee = negotiation(of(ids), 20, &mut rng);
        let (answer, there) = callee.answer(&caller.offer(false)).unwrap();
        let here = caller.accept_answer(&answer).unwrap();
        for agreed in [here, there] {
            assert_eq!(agreed.send.clock_rate, clock, "{ids:?}");
            let (number, rate) = agreed.telephone_event_send.unwrap();
            assert_eq!(rate, clock, "{ids:?}");
            assert!(agreed.telephone_event_receive.contains(&(number, rate)), "{ids:?}");
            assert!(agreed.receive.iter().all(|format| format.payload_type != number), "{ids:?}");
        }
    }
}
