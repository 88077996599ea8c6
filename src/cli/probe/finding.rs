//! What one call came to: facts, no judgement.

use super::script::StepResult;
use crate::control::{CallInfo, CommandError, ExitCode, MediaInfo, TlsTrust};
use crate::engine::probe::{Echo, Heard, Likeness};

/// The facts of one call.
#[derive(Debug, Clone, Default)]
pub struct Finding {
    /// Seconds from the start to the registration, if there was one.
    pub registered_after: Option<f64>,
    /// The call as it was at its end.
    pub call: Option<CallInfo>,
    /// Why none could be placed, or why it was lost sight of.
    pub error: Option<CommandError>,
    /// We gave up, or were interrupted: what that means.
    pub given_up: Option<ExitCode>,
    /// `udp`, `tcp`, `tls`…
    pub transport: Option<String>,
    /// What the server had to prove.
    pub tls: Option<TlsTrust>,
    /// What was heard, if anything was listened to.
    pub sound: Option<Heard>,
    /// What became of the chirps, if any were to be played.
    pub echo: Option<EchoFound>,
    /// Digits that were sent, or that were to come.
    pub digits: Option<Digits>,
    /// How much of the known sound was heard, if one was looked for.
    pub known: Option<Option<Likeness>>,
    /// What became of each step of the script, if there is one.
    pub steps: Vec<StepResult>,
}

/// What became of chirps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EchoFound {
    /// Any was played.
    pub played: bool,
    /// What came back.
    pub found: Option<Echo>,
}

/// Digits there and back.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Digits {
    /// What was sent.
    pub sent: String,
    /// What was heard: of the ways it came by, the one that brought most.
    pub heard: String,
    /// Seconds from the first digit sent to it heard.
    pub after: Option<f64>,
}

impl Finding {
    /// A call that could not be placed.
    pub fn failed(error: CommandError) -> Finding {
        Finding { error: Some(error), ..Finding::default() }
    }

    /// The exit code by itself, whatever was expected.
    pub fn code(&self) -> ExitCode {
        match (self.given_up, &self.error, &self.call) {
            (Some(code), ..) => code,
            (None, Some(error), _) => error.code,
            (None, None, Some(call)) => crate::cli::call::outcome(call),
            (None, None, None) => ExitCode::Unexpected,
        }
    }

    /// `answered`, `busy`, …: the call's own outcome, else the code's.
    pub fn outcome(&self) -> String {
        let code = self.code();
        let own = self.call.as_ref().and_then(|call| call.outcome.clone());
        match own {
            Some(own) if self.given_up.is_none() && code != ExitCode::NoMedia => own,
            _ => code.kind().to_owned(),
        }
    }

    /// The call, if it was answered.
    pub fn answered(&self) -> Option<&CallInfo> {
        self.call.as_ref().filter(|call| call.answered_after.is_some())
    }

    /// The sound of a call that was answered.
    pub fn media(&self) -> Option<&MediaInfo> {
        self.answered()?.media.as_ref()
    }

    /// The same, if anything came.
    pub fn heard(&self) -> Option<&MediaInfo> {
        self.media().filter(|media| media.rx_packets > 0)
    }

    /// Seconds from the INVITE to the first sign of the far end.
    pub fn post_dial_delay(&self) -> Option<f64> {
        let call = self.call.as_ref()?;
        since_dialled(call, call.ringing_after.or(call.answered_after))
    }

    /// Seconds from the INVITE to the answer.
    pub fn answered_after(&self) -> Option<f64> {
        let call = self.call.as_ref()?;
        since_dialled(call, call.answered_after)
    }

    /// Sound came here; `None` without an answer.
    pub fn heard_here(&self) -> Option<bool> {
        self.answered().map(|_| self.heard().is_some())
    }

    /// Our sound got there, as far as the far end's reports or its echo tell.
    pub fn heard_there(&self) -> Option<bool> {
        let media = self.media()?;
        if self.echo.is_some_and(|echo| echo.found.is_some()) {
            return Some(true);
        }
        match (&media.not_heard, media.tx_loss_total) {
            (Some(_), _) => Some(false),
            (None, Some(loss)) => Some(loss < 1.0),
            (None, None) => None,
        }
    }

    /// Sound went one way alone; `None` where that is not known.
    pub fn one_way(&self) -> Option<bool> {
        match (self.heard_here()?, self.heard_there()) {
            (true, None) => None,
            (here, there) => Some(Some(here) != there),
        }
    }

    /// The last status of the far end.
    pub fn status(&self) -> Option<u16> {
        self.call.as_ref()?.status
    }
}

fn since_dialled(call: &CallInfo, at: Option<f64>) -> Option<f64> {
    // To the millisecond, as its parts are.
    Some(((at? - call.dialled_after.unwrap_or(0.0)).max(0.0) * 1_000.0).round() / 1_000.0)
}

/// Findings for tests of judgement and reports.
#[cfg(test)]
pub mod samples {
    use super::*;

    /// An answered call of five seconds with this `media` object.
    pub fn answered(media: &str) -> Finding {
        finding(&format!(
            r#"{{"state": "ended", "status": 200, "reason": "OK", "ended_by": "local", "outcome": "answered",
            "dialled_after": 0.012, "ringing_after": 0.016, "answered_after": 0.82, "duration": 5.0, "media": {media}}}"#
        ))
    }

    /// A call that was refused.
    pub fn refused(status: u16, outcome: &str) -> Finding {
        finding(&format!(
            r#"{{"state": "ended", "status": {status}, "reason": "No & <never>", "ended_by": "remote",
            "outcome": "{outcome}", "dialled_after": 0.0, "duration": 0.0, "media": null}}"#
        ))
    }

    /// A medium without fault.
    pub const GOOD: &str = r#"{"codec": "opus", "clock_rate": 48000, "ptime_ms": 20, "tx_packets": 250, "rx_packets": 249,
        "jitter_ms": 1.2, "rtt_ms": 0.4, "mos_rx": 4.3, "mos_rx_mean": 4.31, "mos_tx": 4.4, "first_rtp_after": 0.02,
        "rx_loss_total": 0.004, "tx_loss_total": 0.01, "tx_jitter_ms": 2.5}"#;

    fn finding(call: &str) -> Finding {
        let mut value: serde_json::Value = serde_json::from_str(
            r#"{"id": "c1", "sip_call_id": "x", "direction": "outgoing", "account": "100@demo",
            "remote": {"uri": "sip:600@demo", "user": "600", "name": null}, "started_at": "2026-01-02T03:04:05.678Z",
            "remote_hold": false}"#,
        )
        .unwrap();
        let more: serde_json::Value = serde_json::from_str(call).unwrap();
        value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let call: CallInfo = serde_json::from_value(value).unwrap();
        Finding {
            registered_after: Some(0.008),
            call: Some(call),
            transport: Some("udp".to_owned()),
            ..Finding::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::samples::*;
    use super::*;

    #[test]
    fn times_count_from_the_invite_on() {
        let finding = answered(GOOD);
        assert_eq!((finding.post_dial_delay(), finding.answered_after()), (Some(0.004), Some(0.808)));
        assert_eq!((finding.code(), finding.outcome().as_str()), (ExitCode::Ok, "answered"));
        let refused = refused(486, "busy");
        assert_eq!((refused.code(), refused.post_dial_delay()), (ExitCode::Busy, None));
    }

    #[test]
    fn one_way_sound_is_told_where_it_is_known() {
        let rows = [
            (GOOD, Some(true), Some(true), Some(false)),
            (r#"{"rx_packets": 9}"#, Some(true), None, None),
            (r#"{"rx_packets": 9, "tx_loss_total": 1.0}"#, Some(true), Some(false), Some(true)),
            (r#"{"rx_packets": 9, "not_heard": "why"}"#, Some(true), Some(false), Some(true)),
            (r#"{"rx_packets": 0, "tx_loss_total": 0.1}"#, Some(false), Some(true), Some(true)),
            (r#"{"rx_packets": 0}"#, Some(false), None, Some(true)),
        ];
        for (media, here, there, one_way) in rows {
            let finding = answered(media);
            assert_eq!(
                (finding.heard_here(), finding.heard_there(), finding.one_way()),
                (here, there, one_way),
                "{media}"
            );
        }
        assert_eq!(refused(404, "no_such_number").one_way(), None);
        assert_eq!(answered(r#"{"rx_packets": 0}"#).code(), ExitCode::NoMedia);
    }
}
