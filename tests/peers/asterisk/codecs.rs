//! Speech to Asterisk's echo and back, which passes on what it gets: each codec as good as alone.

use std::time::Duration;

use super::Asterisk;
use crate::score::{self, Scorer};
use crate::support::alone;

#[test]
fn speech_returns_with_every_codec() {
    let _machine = alone();
    let Some(scorer) = Scorer::find() else { return };
    let Some(exchange) = Asterisk::start() else { return };
    for codec in ["PCMU/8000/1", "PCMA/8000/1", "G722/16000/1", "GSM/8000/1", "L16/16000/1", "opus/48000/2"] {
        let phone = exchange.phone_over("udp", "108", "", "");
        phone.edit(|ini| ini.replacen("audioCodecs=PCMU/8000/1", &format!("audioCodecs={codec}"), 1));
        let [said, heard, bare] = ["said.wav", "heard.wav", "codec.wav"].map(|name| phone.file(name));
        let length = score::say(&said);
        score::through_codec(&score::format(codec), &bare);
        let [input, output] = [&said, &heard].map(|file| format!("file:{}", file.display()));
        let seconds = (length.as_secs() + 1).to_string();
        let arguments = ["call", "600", "--duration", &seconds, "--audio-in", &input, "--audio-out", &output];
        let outcome = phone.run(&arguments, length + Duration::from_secs(20));
        outcome.ends(0);
        let shown = codec.split('/').next().unwrap_or_default().to_ascii_lowercase();
        assert_eq!(outcome.text("/call/media/codec"), shown, "{}", outcome.told);
        let readings = scorer.readings(&heard, &bare);
        eprintln!("{codec} to Asterisk and back: {readings:?}");
        score::as_good_as_alone(codec, &readings, 0.2, &outcome.told);
    }
}
