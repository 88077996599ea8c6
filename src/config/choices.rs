//! Settings that are one of a few.

/// How DTMF digits are sent (`DTMFMethod`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DtmfMethod {
    /// 0: RFC 4733 if negotiated, else in-band.
    #[default]
    Auto,
    /// 1: tones in the sound.
    Inband,
    /// 2: RFC 4733 only.
    Rtp,
    /// 3: SIP INFO, `application/dtmf-relay`.
    Info,
}

/// When an incoming call answers itself (`autoAnswer`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AutoAnswer {
    /// Empty: never.
    Never,
    /// `button`: when the AA toggle is on.
    #[default]
    Button,
    /// `header`: when the request asks for it.
    Header,
    /// `all`: always.
    All,
}

/// Which calls a call may answer itself beside (`autoAnswerCalls`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AutoAnswerCalls {
    /// Empty: none.
    #[default]
    Alone,
    /// `hold`: held ones.
    Held,
    /// `all`: any.
    Any,
}

/// What every call talks to (`[tuiphone] callEndpoint`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CallEndpoint {
    /// Empty: microphone and speaker.
    #[default]
    Phone,
    /// `echo`: what is heard is sent back.
    Echo,
    /// `silence`: silence is sent, and what is heard is dropped.
    Silence,
}

/// Which incoming calls are refused (`denyIncoming`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DenyIncoming {
    /// Empty: none.
    Never,
    /// `button`: all, while the DND toggle is on.
    #[default]
    Button,
    /// `user`: those to another user.
    User,
    /// `domain`: those to another domain.
    Domain,
    /// `userdomain`: those to another user or domain.
    UserDomain,
    /// `remotedomain`: those from another domain.
    RemoteDomain,
    /// `all`: all.
    All,
}

/// When incoming calls are sent on (`forwarding`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Forwarding {
    /// Empty: never.
    #[default]
    Never,
    /// `button`: while the FWD toggle is on.
    Button,
    /// `all`: always.
    All,
}

/// Whether a redirection (3xx) is followed without asking (`[tuiphone] followRedirects`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FollowRedirects {
    /// `own`: within the domain that was called.
    #[default]
    Own,
    /// `any`: wherever it leads.
    Any,
    /// `never`.
    Never,
}

/// When the speaker's echo is taken out of the microphone's sound (`[tuiphone] aec`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EchoCanceller {
    /// `auto`: where MicroSIP's `EC` allows it and the devices can echo.
    #[default]
    Auto,
    /// `on`: always.
    On,
    /// `off`: never.
    Off,
}

/// How noise at the microphone is lowered (`[tuiphone] noiseSuppression`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NoiseSuppression {
    /// `0`: it is not.
    #[default]
    Off,
    /// `1`: what is steady.
    On,
    /// `rnnoise`: what is no voice, where the build has RNNoise; else as `1`.
    Rnnoise,
}

/// How early sound is handed to devices and fetched from them (`[tuiphone] audioLatency`): a word, or the milliseconds
/// that either direction may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AudioLatency {
    /// A machine with nothing else to do.
    Low,
    /// Most; an empty value too.
    Normal,
    /// A busy machine, a virtual one, Bluetooth.
    High,
    /// So many milliseconds, 4 to 500.
    Ms(u16),
}

impl AudioLatency {
    /// Reads the value of the key.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<AudioLatency, String> {
        match text {
            "low" => Ok(AudioLatency::Low),
            "" | "normal" => Ok(AudioLatency::Normal),
            "high" => Ok(AudioLatency::High),
            _ => match text.parse() {
                Ok(ms @ 4..=500) => Ok(AudioLatency::Ms(ms)),
                _ => Err(format!("{text:?} is neither low, normal, high nor 4-500 ms")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_is_a_word_or_milliseconds() {
        let rows = [
            ("", Some(AudioLatency::Normal)),
            ("low", Some(AudioLatency::Low)),
            ("high", Some(AudioLatency::High)),
            ("4", Some(AudioLatency::Ms(4))),
            ("500", Some(AudioLatency::Ms(500))),
            ("3", None),
            ("501", None),
            ("-20", None),
            ("Low", None),
        ];
        for (text, expected) in rows {
            assert_eq!(AudioLatency::parse(text).ok(), expected, "{text}");
        }
    }
}
