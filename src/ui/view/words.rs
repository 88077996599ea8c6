//! The words of the screen: states, timers, names, cut to width. A state is never told by colour alone.

use crate::control::announcement;
pub use crate::control::announcement::{number, via, who};
use crate::control::causes;
use crate::control::{
    AccountInfo, AskInfo, CallInfo, CallState, EndedBy, ExitCode, Grade, Handshake, IceInfo, LightInfo, LightState,
    MediaInfo, PlayingState, RecordingState, RegistrationState, SoundWay, TransferState, VoiceInfo, VoicemailInfo,
};
use crate::text::local::decimal;
use crate::text::say;
use crate::text::words::{of, retold};
use std::borrow::Cow;
use std::time::Duration;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A call's state in a word or two.
pub fn call_state(call: &CallInfo) -> String {
    match call.state {
        CallState::Calling => say!("words-calling"),
        CallState::Ringing => say!("words-ringing"),
        CallState::EarlyMedia => say!("words-progress"),
        CallState::Incoming => say!("words-incoming"),
        CallState::Connected | CallState::Held if transfer(call).is_some() => say!("words-transfer"),
        CallState::Connected if call.remote_hold => say!("words-held-there"),
        CallState::Connected => say!("words-talking"),
        CallState::Held => say!("words-on-hold"),
        CallState::Ended => say!("words-ended"),
    }
}

/// How far the handing over of a call has come.
pub fn transfer(call: &CallInfo) -> Option<String> {
    let transfer = call.transfer.as_ref()?;
    let to = short(&transfer.to);
    Some(match (transfer.state, transfer.status) {
        (TransferState::Failed | TransferState::Done, _) => return None,
        (TransferState::Holding | TransferState::Asked, _) => say!("words-transfer-asked", to),
        (TransferState::Accepted, Some(180..=189)) => say!("words-transfer-ringing", to),
        (TransferState::Accepted, _) => say!("words-transfer-calling", to),
    })
}

/// What becomes of a call's recording. Why it failed is said by an error of its own.
pub fn recording(call: &CallInfo) -> Option<String> {
    let recording = call.recording.as_ref()?;
    Some(match recording.state {
        RecordingState::Recording => say!("words-recording", file = &recording.file),
        RecordingState::Paused => say!("words-recording-paused"),
        RecordingState::Ended => say!("words-recorded", file = &recording.file),
        RecordingState::Opening | RecordingState::Failed => return None,
    })
}

/// What becomes of a file played to a call. Why it failed is said by an error of its own.
pub fn playing(call: &CallInfo) -> Option<String> {
    let playing = call.playing.as_ref()?;
    Some(match playing.state {
        PlayingState::Playing => say!("words-playing", file = &playing.file),
        PlayingState::Ended => say!("words-played", file = &playing.file),
        PlayingState::Stopped => say!("words-played-no-longer", file = &playing.file),
        PlayingState::Failed => return None,
    })
}

/// Whose call it took, or who sent us there.
pub fn origin(call: &CallInfo) -> Option<String> {
    let by = call.referred_by.as_ref().map(|by| {
        let name = by.name.as_deref().filter(|name| !name.trim().is_empty());
        say!("words-sent-by", who = name.unwrap_or(if by.user.is_empty() { &by.uri } else { &by.user }))
    });
    call.picks_up.as_ref().map(|number| say!("words-picked-up", number)).or(by)
}

/// Who asks for a call to whom.
pub fn ask(ask: &AskInfo) -> String {
    format!(" {} ", announcement::asks(ask))
}

/// The user of an address, else all of it.
fn short(address: &str) -> &str {
    let rest = address.split_once(':').map_or(address, |(_, rest)| rest);
    rest.split_once('@').map_or(address, |(user, _)| user)
}

/// Where an account stands, in a word.
pub fn registration(account: &AccountInfo) -> String {
    match account.state {
        RegistrationState::Off if account.direct => say!("words-ready"),
        RegistrationState::Off => say!("words-off"),
        RegistrationState::Registering => say!("words-registering"),
        RegistrationState::Registered => say!("words-registered"),
        RegistrationState::Failed => say!("words-failed"),
    }
}

/// What a server answered, or why there is no answer; empty if neither is known.
pub fn answer(status: Option<u16>, reason: &str) -> String {
    let told = causes::told(reason);
    match status.map(|status| status.to_string()) {
        Some(status) if reason.is_empty() => status,
        Some(status) if !reason.contains(&status) => format!("{status} {told}"),
        _ => told.into_owned(),
    }
}

/// What somebody who is watched does, in a word or two: `102 is …`.
pub fn light(state: LightState) -> String {
    match state {
        LightState::Unknown => say!("words-light-unknown"),
        LightState::Offline => say!("words-light-offline"),
        LightState::Idle => say!("words-light-free"),
        LightState::Ringing => say!("words-light-ringing"),
        LightState::Busy => say!("words-light-busy"),
        LightState::Held => say!("words-light-held"),
        LightState::Away => say!("words-light-away"),
    }
}

/// With whom, what they say of themselves, or why nothing is known.
pub fn light_detail(light: &LightInfo) -> Option<String> {
    let with = light.remote.as_ref().map(|party| party.name.clone().unwrap_or_else(|| party.user.clone()));
    let reason = light.reason.as_deref().map(|reason| retold(reason).into_owned());
    [with, light.note.clone(), reason].into_iter().flatten().find(|text| !text.is_empty())
}

/// How a call ended, in a few words.
pub fn outcome(call: &CallInfo) -> String {
    if let Some(transfer) = call.transfer.as_ref().filter(|transfer| transfer.state == TransferState::Done) {
        return match &transfer.parked_at {
            Some(place) => say!("words-parked-at", place),
            None => say!("words-transferred", to = short(&transfer.to)),
        };
    }
    if call.answered_after.is_some() {
        let seconds = if call.duration.is_finite() { call.duration.clamp(0.0, 1e7) } else { 0.0 };
        return say!("words-talked", time = clock(Duration::from_secs_f64(seconds)));
    }
    if let (Some("forwarded" | "denied"), Some(reason)) = (call.outcome.as_deref(), &call.reason) {
        return retold(reason).into_owned();
    }
    if call.ended_by == Some(EndedBy::Local) && !call.failed_here() {
        return say!("words-cancelled");
    }
    if is_taken_elsewhere(call) {
        return say!("words-answered-elsewhere");
    }
    let kind = call.outcome.as_deref().unwrap_or_default();
    let meaning = ExitCode::ALL.iter().find(|code| code.kind() == kind && **code != ExitCode::Ok);
    let words = meaning.map_or_else(|| say!("words-ended"), |code| self::meaning(*code).into_owned());
    match (call.status, call.reason.as_deref().map(causes::told)) {
        (Some(status), Some(reason)) => format!("{words} ({status} {reason})"),
        (Some(status), None) => format!("{words} ({status})"),
        (None, Some(reason)) => format!("{words} ({reason})"),
        (None, None) => words,
    }
}

/// An outcome as the contract has it, in a few words: `no_answer`.
pub fn outcome_of(outcome: &str) -> String {
    of("outcome", outcome, &outcome.replace('_', " ")).into_owned()
}

/// What an outcome means.
pub fn meaning(code: ExitCode) -> Cow<'static, str> {
    match code {
        // What their meanings say is for those who read exit codes.
        ExitCode::Failed => say!("words-server-refused").into(),
        ExitCode::Unexpected => say!("words-failed-here").into(),
        code => of("outcome", code.kind(), code.meaning()),
    }
}

/// Another phone took it: nobody missed it.
pub fn is_taken_elsewhere(call: &CallInfo) -> bool {
    call.outcome.as_deref() == Some("answered_elsewhere")
}

/// `00:12`, `1:02:03`.
pub fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes:02}:{seconds:02}") }
}

/// `opus 48 kHz`.
pub fn codec(media: &MediaInfo) -> String {
    let khz = f64::from(media.clock_rate) / 1000.0;
    say!("words-codec", codec = &media.codec, rate = khz.to_string())
}

/// What protects the sound, or why nothing does yet; and whether that is good, `None` = neither.
pub fn protection(media: &MediaInfo) -> Option<(String, Option<bool>)> {
    match (&media.srtp, media.dtls) {
        (_, Some(Handshake::Failed | Handshake::Closed)) => Some((say!("words-no-keys"), Some(false))),
        (Some(srtp), _) => Some((say!("words-encrypted-by", srtp = parts(srtp)), Some(true))),
        (None, Some(_)) => Some((say!("words-waits-for-keys"), None)),
        (None, None) => None,
    }
}

/// The same where there is room for few words: in full it stands with the details.
pub fn protection_mark(media: &MediaInfo) -> Option<(String, Option<bool>)> {
    match media.srtp.as_deref() {
        Some(srtp) if srtp.ends_with("keys in clear") => Some((say!("words-keys-in-clear"), None)),
        Some(_) if media.dtls.is_none_or(|dtls| dtls == Handshake::Done) => Some((say!("words-encrypted"), Some(true))),
        _ => protection(media),
    }
}

/// The same of a call that goes on whether something protects it or not.
pub fn protected(media: &MediaInfo) -> String {
    protection(media).map_or_else(|| say!("words-not-encrypted"), |(words, _)| words)
}

/// `loss 0.5%`.
pub fn loss(media: &MediaInfo) -> String {
    say!("words-loss", percent = decimal(loss_percent(media), 1))
}

/// `jitter 3 ms`.
pub fn jitter(media: &MediaInfo) -> String {
    say!("words-jitter", jitter_ms = format!("{:.0}", media.jitter_ms))
}

/// The quality of what is heard: a word, the MOS it stands for, and whether it is bad.
pub fn quality(media: &MediaInfo) -> Option<(String, bool)> {
    let mos = media.mos_rx.filter(|mos| mos.is_finite())?;
    Some((format!("{} {}", grade(Grade::of(mos)), decimal(mos, 1)), mos < 3.6))
}

/// The way of a call's sound.
pub fn ice(ice: &IceInfo) -> Cow<'static, str> {
    retold(ice.words())
}

/// What packets are counted that were not taken.
pub fn dropped(kind: &str) -> String {
    match retold(kind) {
        Cow::Owned(told) => told,
        Cow::Borrowed(kind) => kind.replace('_', " "),
    }
}

/// What is done to the microphone's sound now; `None` = nothing.
pub fn voice(voice: &VoiceInfo) -> Option<String> {
    Some(parts(&voice.words()?))
}

/// What the engine says in parts, with commas between them.
pub fn parts(text: &str) -> String {
    match retold(text) {
        Cow::Owned(told) => told,
        Cow::Borrowed(text) => text.split(", ").map(retold).collect::<Vec<_>>().join(", "),
    }
}

/// What waits in a mailbox: `2 new`.
pub fn waiting(voicemail: &VoicemailInfo) -> String {
    match (voicemail.waiting, voicemail.new) {
        (false, _) => say!("words-voicemail-none"),
        (true, 0) => say!("words-voicemail-some"),
        (true, count) => say!("words-voicemail-new", count),
    }
}

/// The same where nothing else says that it is of a mailbox.
pub fn voicemail(voicemail: &VoicemailInfo) -> String {
    say!("words-voicemail", waiting = waiting(voicemail))
}

/// A grade in a word.
pub fn grade(grade: Grade) -> String {
    match grade {
        Grade::Good => say!("words-good"),
        Grade::Fair => say!("words-fair"),
        Grade::Poor => say!("words-poor"),
        Grade::Bad => say!("words-bad"),
    }
}

/// That there is no sound, and why.
pub fn silent(way: SoundWay, why: &str) -> String {
    match way {
        SoundWay::Rx => say!("words-nothing-heard-why", why = retold(why)),
        SoundWay::Tx => say!("words-not-heard-why", why = retold(why)),
    }
}

/// That there is no sound now, in few words.
pub fn silence(media: &MediaInfo) -> Option<String> {
    let nothing_heard = media.nothing_heard.is_some().then(|| say!("words-nothing-heard"));
    nothing_heard.or_else(|| media.not_heard.is_some().then(|| say!("words-not-heard")))
}

/// Packets lost or too late, in percent of those due.
pub fn loss_percent(media: &MediaInfo) -> f64 {
    let missed = media.rx_lost.saturating_add(media.rx_late);
    let due = media.rx_packets.saturating_add(media.rx_lost);
    if due == 0 { 0.0 } else { 100.0 * missed as f64 / due as f64 }
}

/// Breaks a text into lines of this width in cells: at its line ends, at blanks, within a word that is longer.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.trim_end().split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            if !line.is_empty() && line.width() + 1 + word.width() > width {
                lines.push(std::mem::take(&mut line));
            } else if !line.is_empty() {
                line.push(' ');
            }
            for c in word.chars() {
                if !line.is_empty() && line.width() + c.width().unwrap_or(0) > width {
                    lines.push(std::mem::take(&mut line));
                }
                line.push(c);
            }
        }
        lines.push(line);
    }
    lines
}

/// A text and as many blanks as fill this width in cells.
pub fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// Cuts to a width in cells; what is cut ends in `ellipsis` (one cell).
pub fn clip(text: &str, width: usize, ellipsis: &str) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let Some(room) = width.checked_sub(1) else { return String::new() };
    let mut used = 0;
    let mut out: String = text
        .chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= room
        })
        .collect();
    out.push_str(ellipsis);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_by_cells() {
        let rows = [
            ("Alice", 5, "Alice"),
            ("Alice", 4, "Ali…"),
            ("日本語の名前", 6, "日本…"),
            ("日本語の名前", 5, "日本…"),
            ("é́é", 1, "…"),
            ("Alice", 0, ""),
        ];
        for (text, width, expected) in rows {
            assert_eq!(clip(text, width, "…"), expected, "{text} in {width}");
        }
    }

    #[test]
    fn texts_are_padded_by_cells() {
        for (text, width, expected) in [("ab", 4, "ab  "), ("日本", 5, "日本 "), ("long", 2, "long")] {
            assert_eq!(pad(text, width), expected);
        }
    }

    #[test]
    fn texts_are_broken_by_cells() {
        let rows = [
            ("one two", 7, vec!["one two"]),
            ("one two", 6, vec!["one", "two"]),
            ("a\n\nb\n", 6, vec!["a", "", "b"]),
            ("日本語の名前", 5, vec!["日本", "語の", "名前"]),
            ("x 12345678 y", 4, vec!["x", "1234", "5678", "y"]),
            ("ab", 0, vec!["a", "b"]),
            ("", 5, vec![""]),
        ];
        for (text, width, expected) in rows {
            assert_eq!(wrap(text, width), expected, "{text:?} in {width}");
        }
    }

    #[test]
    fn clocks_grow_an_hour_when_they_need_it() {
        for (seconds, expected) in
            [(0, "00:00"), (59, "00:59"), (3599, "59:59"), (3723, "1:02:03"), (360_000, "100:00:00")]
        {
            assert_eq!(clock(Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn addresses_are_told_by_their_user() {
        for (address, told) in [
            ("sip:203@pbx.example.net", "203"),
            ("sips:203@pbx;transport=tls", "203"),
            ("sip:pbx.example.net", "sip:pbx.example.net"),
            ("203", "203"),
        ] {
            assert_eq!(short(address), told);
        }
    }

    #[test]
    fn quality_and_loss_are_told_in_words_and_numbers() {
        let media = |mos, lost| MediaInfo { mos_rx: mos, rx_packets: 95, rx_lost: lost, ..MediaInfo::default() };
        assert_eq!(quality(&media(Some(4.34), 0)), Some(("good 4.3".to_owned(), false)));
        assert_eq!(quality(&media(Some(2.0), 0)), Some(("bad 2.0".to_owned(), true)));
        assert_eq!(quality(&media(None, 0)), None);
        assert_eq!(loss_percent(&media(None, 5)), 5.0);
        assert_eq!(loss_percent(&MediaInfo::default()), 0.0);
    }
}
