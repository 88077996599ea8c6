//! Speech to Asterisk's echo and back, which passes on what it gets: each codec as good as alone.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Asterisk;
use crate::daemon::Daemon;
use crate::score::{self, Scorer};
use crate::support::alone;

#[test]
fn speech_returns_with_every_codec() {
    let _machine = alone();
    let Some(scorer) = Scorer::find() else { return };
    let Some(exchange) = Asterisk::start() else { return };
    let codecs =
        ["PCMU/8000/1", "PCMA/8000/1", "G722/16000/1", "GSM/8000/1", "L16/16000/1", "opus/48000/2", "G729/8000/1"];
    for codec in codecs.into_iter().filter(|codec| score::has(codec)) {
        let phone = exchange.phone_over("udp", "108", "", "");
        phone.edit(|ini| ini.replacen("audioCodecs=PCMU/8000/1", &format!("audioCodecs={codec}"), 1));
        scorer.echoed(&phone, "600", codec, score::through_codec, 0.2);
    }
}

/// The exchange offers another codec in the middle of a call, and after a while the first again. The same is said in each
/// of the three parts, goes there and comes back.
//= RFC 3264 §8.3.2
#[test]
fn another_codec_in_mid_call_and_the_first_again() {
    let _machine = alone();
    let Some(scorer) = Scorer::find() else { return };
    let Some(exchange) = Asterisk::start() else { return };
    let phone = exchange.phone_over("udp", "108", "", "");
    phone.edit(|ini| ini.replacen("audioCodecs=PCMU/8000/1", "audioCodecs=PCMA/8000/1 G722/16000/1", 1));
    let [said, heard, bare] = ["said.wav", "heard.wav", "codec.wav"].map(|name| phone.file(name));
    // A second of silence, then three times the speech and a second.
    let length = score::say(&said);
    let part = (length - Duration::from_secs(1)) / score::TIMES as u32;
    score::through_codec(&score::format("PCMA/8000/1"), &bare);
    let [input, output] = [&said, &heard].map(|file| format!("file:{}", file.display()));
    let phone = Daemon::sounding(phone, &input, &output);
    phone.calls("605");
    let begun = Instant::now();
    for (number, codec) in (1..).zip(["pcma", "g722", "pcma"]) {
        phone.until(codec, |status| status["calls"][0]["media"]["codec"] == codec);
        // Into the pause behind what was said.
        sleep((begun + part * number + Duration::from_millis(100)).saturating_duration_since(Instant::now()));
        phone.does(if number < 3 { &["dtmf", "#"] } else { &["hangup"] });
    }
    phone.until_is("idle");
    exchange.is_quiet();
    let readings = scorer.readings(&heard, &bare);
    eprintln!("PCMA, G.722, PCMA to Asterisk and back: {readings:?}");
    assert!(readings.iter().all(|score| score.is_heard("PCMA/8000/1")), "{readings:#?}");
}
