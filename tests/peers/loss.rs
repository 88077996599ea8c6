//! Speech over a network that loses packets, scored: two streams in virtual time, no device and no socket.

use std::time::{Duration, Instant, SystemTime};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tuiphone::engine::media::everything;
use tuiphone::media::FRAME;
use tuiphone::media::stream::{MediaStream, Port};
use tuiphone::rtp::rtcp::WallAnchor;
use tuiphone::sdp::{Agreed, Direction, Format};

use crate::score::{Scorer, format, has, speech, through_codec, write};
use crate::support::beside_others;

/// Where the two are.
const PORTS: [u16; 2] = [4_000, 5_000];

/// A codec as it is agreed; behind its name stands how many bit/s the far end takes, where that is less than usual.
fn coded(codec: &str) -> Format {
    let Some((codec, bitrate)) = codec.split_once(' ') else { return format(codec) };
    Format { fmtp: Some(format!("useinbandfec=1;maxaveragebitrate={bitrate}")), ..format(codec) }
}

fn agreed(codec: &str, remote: u16) -> Agreed {
    Agreed {
        remote_rtp: Some(([10, 0, 0, 1], remote).into()),
        remote_rtcp: Some(([10, 0, 0, 1], remote + 1).into()),
        rtcp_mux: false,
        extended_reports: Default::default(),
        send: coded(codec),
        receive: vec![coded(codec)],
        telephone_event_send: None,
        telephone_event_receive: Vec::new(),
        comfort_noise_send: None,
        ptime: Duration::from_millis(20),
        direction: Direction::SendRecv,
        srtp: None,
        mangled: false,
        ice: None,
        dtls: None,
    }
}

/// Which packets are lost: a part of them, on average so many in a row (Gilbert).
#[derive(Debug, Clone, Copy)]
struct Line {
    loss: f64,
    burst: f64,
}

impl Line {
    fn loses(self, rng: &mut StdRng, lost_before: bool) -> bool {
        let bad = if self.burst <= 1.0 {
            self.loss
        } else if lost_before {
            1.0 - 1.0 / self.burst
        } else {
            self.loss / (1.0 - self.loss) / self.burst
        };
        rng.random_bool(bad)
    }
}

/// What the far end hears over a line, and how much was lost and made up, ms.
fn heard(codec: &str, line: Line, seed: u64) -> (Vec<f32>, u64, u64) {
    let (mut rng, mut chance) = (StdRng::seed_from_u64(0), StdRng::seed_from_u64(seed));
    let mut now = Instant::now();
    let anchor = WallAnchor { instant: now, wall: SystemTime::UNIX_EPOCH };
    let mut streams = [0, 1].map(|_| MediaStream::new(anchor, now, &mut rng));
    for (stream, remote) in streams.iter_mut().zip([PORTS[1], PORTS[0]]) {
        stream.tune(everything());
        stream.start(agreed(codec, remote)).unwrap();
    }
    let (mut heard, mut lost) = (Vec::new(), false);
    let [a, b] = &mut streams;
    // Opus protects itself against loss once a report has told of it: before the first word is said.
    let lead_in = vec![0.0; 8 * 48_000];
    for frame in [lead_in, speech(), vec![0.0; 24_000]].concat().as_chunks::<FRAME>().0 {
        a.tick_capture(now, frame, &mut rng);
        b.tick_capture(now, &[0.0; FRAME], &mut rng);
        while let Some(sent) = a.poll_transmit() {
            match sent.port {
                Port::Rtp if line.loses(&mut chance, lost) => lost = true,
                Port::Rtp => {
                    lost = false;
                    b.receive_rtp(&sent.bytes, ([10, 0, 0, 1], PORTS[0]).into(), now);
                }
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

/// What the best of each codec is, PESQ of narrow or wide band, and how near to it speech must come.
#[test]
fn a_clean_line_costs_nothing() {
    let _machine = beside_others();
    let Some(scorer) = Scorer::find() else { return };
    let folder = tempfile::tempdir().unwrap();
    let [file, bare] = ["heard.wav", "codec.wav"].map(|name| folder.path().join(name));
    for (codec, least) in [
        ("PCMU/8000/1", 4.35),
        ("PCMA/8000/1", 4.35),
        ("GSM/8000/1", 3.3),
        ("G729/8000/1", 3.3),
        ("L16/8000/1", 4.4),
        ("G722/16000/1", 4.2),
        ("L16/16000/1", 4.5),
        ("L16/44100/2", 4.5),
        ("L16/48000/1", 4.5),
        ("opus/48000/2", 4.2),
    ] {
        if !has(codec) {
            continue;
        }
        through_codec(&format(codec), &bare);
        let (sound, ..) = heard(codec, Line { loss: 0.0, burst: 1.0 }, 1);
        write(&sound, &file);
        let score = scorer.score(&file, &bare);
        eprintln!("{codec}: {score:?}");
        let (mos, best) = score.of(codec);
        assert!(score.holes == 0.0 && mos >= least && mos > best - 0.05, "{codec}: {score:?}");
    }
}

/// The mean score of six networks: one by itself says little, by 0.3 more or less.
fn mean(scorer: &Scorer, codec: &str, line: Line) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let [file, bare] = ["heard.wav", "codec.wav"].map(|name| folder.path().join(name));
    through_codec(&coded(codec), &bare);
    let scores = [1, 2, 3, 4, 5, 6].map(|seed| {
        let (sound, lost_ms, concealed_ms) = heard(codec, line, seed);
        write(&sound, &file);
        let score = scorer.score(&file, &bare);
        eprintln!("{codec}, {line:?}, seed {seed}: {lost_ms} ms lost, {concealed_ms} ms made up, {score:?}");
        // Only Opus sends a part of each packet again, once it has heard of losses.
        if codec.starts_with("opus") && line.loss >= 0.05 {
            assert!(concealed_ms < lost_ms, "{lost_ms} ms lost, {concealed_ms} ms made up");
        }
        score.of(codec).0
    });
    scores.iter().sum::<f64>() / 6.0
}

/// Per codec what is to be reached, PESQ: at random losses of 0, 1, 5, 10 and 20 %, then in bursts of 5, 10 and 20 %.
const TABLE: [(&str, [f64; 8]); 5] = [
    ("PCMU/8000/1", [4.39, 4.05, 3.54, 3.07, 2.28, 2.90, 2.56, 1.82]),
    ("PCMA/8000/1", [4.40, 4.06, 3.55, 3.08, 2.28, 2.90, 2.56, 1.82]),
    ("G722/16000/1", [4.30, 3.79, 2.76, 2.08, 1.51, 2.33, 1.93, 1.37]),
    ("opus/48000/2 24000", [4.25, 4.17, 3.83, 3.44, 2.58, 2.83, 2.36, 1.73]),
    ("opus/48000/2", [4.39, 4.33, 4.10, 3.66, 2.71, 2.83, 2.36, 1.73]),
];
const LOSSES: [(f64, f64); 8] =
    [(0.0, 1.0), (0.01, 1.0), (0.05, 1.0), (0.10, 1.0), (0.20, 1.0), (0.05, 3.0), (0.10, 3.0), (0.20, 3.0)];
/// How far below it a cell may be: these are other words and other losses, and a mean of six is uncertain by 0.1.
const WITHIN: f64 = 0.2;

/// Losses of 5 %; with `TUIPHONE_LOSS_TABLE` set every cell. The table is printed.
#[test]
fn speech_bears_losses() {
    let Some(scorer) = Scorer::find() else { return };
    let whole = std::env::var_os("TUIPHONE_LOSS_TABLE").is_some();
    let (mut table, mut poor) = (String::new(), Vec::new());
    for (codec, wanted) in TABLE {
        table.push_str(&format!("{codec:<20}"));
        for ((loss, burst), wanted) in LOSSES.into_iter().zip(wanted) {
            if whole || (loss, burst) == (0.05, 1.0) {
                let mos = mean(&scorer, codec, Line { loss, burst });
                table.push_str(&format!(" {mos:.2}/{wanted:.2}"));
                if mos < wanted - WITHIN {
                    poor.push(format!("{codec} at {loss} x {burst}: {mos:.2}, not {wanted:.2}"));
                }
            }
        }
        table.push('\n');
    }
    eprintln!("{table}");
    assert!(poor.is_empty(), "{}", poor.join("; "));
}
