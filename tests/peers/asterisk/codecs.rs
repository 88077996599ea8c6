//! Speech to Asterisk's echo and back, which passes on what it gets: each codec as good as alone.

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
        let silence = |seconds: usize| vec![0.0; seconds * 48_000];
        score::write(&[silence(1), score::speech(), silence(2)].concat(), &said);
        score::through_codec(&score::format(codec), &bare);
        let [input, output] = [&said, &heard].map(|file| format!("file:{}", file.display()));
        let arguments = ["call", "600", "--duration", "10", "--audio-in", &input, "--audio-out", &output];
        let outcome = phone.run(&arguments, std::time::Duration::from_secs(40));
        outcome.ends(0);
        let shown = codec.split('/').next().unwrap_or_default().to_ascii_lowercase();
        assert_eq!(outcome.text("/call/media/codec"), shown, "{}", outcome.told);
        let score = scorer.score(&heard, &bare);
        eprintln!("{codec} to Asterisk and back: {score:?}");
        let (mos, best) = match codec.contains("/8000") {
            true => (score.narrow, score.codec_narrow),
            false => (score.wide, score.codec_wide),
        };
        assert!(score.holes == 0.0 && mos > best - 0.2, "{codec}: {score:?}\n{}", outcome.told);
    }
}
