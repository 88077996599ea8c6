//! Speech over a network that loses packets, scored: two streams in virtual time, no device and no socket.

use std::time::{Duration, Instant, SystemTime};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tuiphone::media::FRAME;
use tuiphone::media::stream::{MediaStream, Port};
use tuiphone::rtp::rtcp::WallAnchor;
use tuiphone::sdp::{Agreed, Direction};

use crate::score::{Score, Scorer, format, speech, through_codec, write};

/// Where the two are.
const PORTS: [u16; 2] = [4_000, 5_000];

fn agreed(codec: &str, remote: u16) -> Agreed {
    Agreed {
        remote_rtp: Some(([10, 0, 0, 1], remote).into()),
        remote_rtcp: Some(([10, 0, 0, 1], remote + 1).into()),
        rtcp_mux: false,
        extended_reports: Default::default(),
        send: format(codec),
        receive: vec![format(codec)],
        telephone_event_send: None,
        telephone_event_receive: Vec::new(),
        comfort_noise_send: None,
        ptime: Duration::from_millis(20),
        direction: Direction::SendRecv,
    }
}

/// What the far end hears when this part of the packets is lost, and how much was lost and made up, ms.
fn heard(codec: &str, loss: f64, seed: u64) -> (Vec<f32>, u64, u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut now = Instant::now();
    let anchor = WallAnchor { instant: now, wall: SystemTime::UNIX_EPOCH };
    let mut streams = [0, 1].map(|_| MediaStream::new(anchor, now, &mut rng));
    for (stream, remote) in streams.iter_mut().zip([PORTS[1], PORTS[0]]) {
        stream.start(agreed(codec, remote)).unwrap();
    }
    let mut heard = Vec::new();
    let [a, b] = &mut streams;
    // Opus protects itself against loss once a report has told of it: before the first word is said.
    let lead_in = vec![0.0; 8 * 48_000];
    for frame in [lead_in, speech(), vec![0.0; 24_000]].concat().as_chunks::<FRAME>().0 {
        a.tick_capture(now, frame, &mut rng);
        b.tick_capture(now, &[0.0; FRAME], &mut rng);
        while let Some(sent) = a.poll_transmit() {
            match sent.port {
                Port::Rtp if rng.random_bool(loss) => {}
                Port::Rtp => b.receive_rtp(&sent.bytes, ([10, 0, 0, 1], PORTS[0]).into(), now),
                Port::Rtcp => b.receive_rtcp(&sent.bytes, ([10, 0, 0, 1], PORTS[0] + 1).into(), now),
            }
        }
        while let Some(sent) = b.poll_transmit() {
            if sent.port == Port::Rtcp {
                a.receive_rtcp(&sent.bytes, ([10, 0, 0, 1], PORTS[1] + 1).into(), now);
            }
        }
        let mut played = [0.0; FRAME];
        b.tick_play(now, &mut played);
        heard.extend_from_slice(&played);
        now += Duration::from_millis(10);
    }
    let stats = b.stats(now);
    (heard, stats.rx_lost * 20, stats.concealed_ms)
}

/// The mean of three networks that lose 5 %.
fn at_5_percent(codec: &str, mos: fn(&Score) -> f64) -> Option<f64> {
    let scorer = Scorer::find()?;
    let folder = tempfile::tempdir().unwrap();
    let [file, bare] = ["heard.wav", "codec.wav"].map(|name| folder.path().join(name));
    through_codec(&format(codec), &bare);
    let scores = [1, 2, 3].map(|seed| {
        let (sound, lost_ms, concealed_ms) = heard(codec, 0.05, seed);
        write(&sound, &file);
        let score = scorer.score(&file, &bare);
        eprintln!("{codec}, 5 % lost, seed {seed}: {lost_ms} ms lost, {concealed_ms} ms made up, {score:?}");
        // Only Opus sends a part of each packet again.
        let restores = codec.starts_with("opus");
        let as_expected = concealed_ms > 0 && (concealed_ms < lost_ms) == restores;
        assert!(as_expected, "{lost_ms} ms lost, {concealed_ms} ms made up");
        mos(&score)
    });
    Some(scores.iter().sum::<f64>() / 3.0)
}

#[test]
fn pcmu_bears_5_percent_of_loss() {
    let Some(mos) = at_5_percent("PCMU/8000/1", |score| score.narrow) else { return };
    assert!(mos >= 3.5, "PESQ-NB {mos}");
}

#[test]
fn opus_bears_5_percent_of_loss() {
    let Some(mos) = at_5_percent("opus/48000/2", |score| score.wide) else { return };
    assert!(mos >= 3.9, "PESQ-WB {mos}");
}
