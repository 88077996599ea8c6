//! `application/im-iscomposing+xml`: the far end is typing (RFC 3994).

use super::{DocumentError, LIMITS};
use crate::text::xml::Element;
use std::time::{Duration, Instant};

/// The media type.
pub const MEDIA_TYPE: &str = "application/im-iscomposing+xml";
/// How long typing is believed without another word, and the longest we believe one (RFC 3994 §3.2, §3.3).
const BELIEVED: Duration = Duration::from_secs(120);
const LONGEST: Duration = Duration::from_secs(600);

/// Writing that pauses for so long is over (RFC 3994 §3.2).
const IDLE_AFTER: Duration = Duration::from_secs(15);
/// How often it is told again, as [`ACTIVE`] says: 60 s at least (RFC 3994 §3.2).
const REFRESH: Duration = Duration::from_secs(90);

/// Told when writing begins, and again while it goes on.
pub const ACTIVE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n\
    <isComposing xmlns=\"urn:ietf:params:xml:ns:im-iscomposing\"><state>active</state>\
    <contenttype>text/plain</contenttype><refresh>90</refresh></isComposing>\r\n";

/// Told when it ends without a message.
pub const IDLE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n\
    <isComposing xmlns=\"urn:ietf:params:xml:ns:im-iscomposing\"><state>idle</state>\
    <contenttype>text/plain</contenttype></isComposing>\r\n";

/// The writing of one message, from its first letter until it is sent or pauses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composer {
    idle_at: Instant,
    refresh_at: Instant,
}

impl Composer {
    /// Writing begins, and [`ACTIVE`] is told.
    pub fn new(now: Instant) -> Composer {
        Composer { idle_at: now + IDLE_AFTER, refresh_at: now + REFRESH }
    }

    /// It goes on.
    pub fn goes_on(&mut self, now: Instant) {
        self.idle_at = now + IDLE_AFTER;
    }

    /// When `handle_timeout` is due.
    pub fn next_timeout(&self) -> Instant {
        self.idle_at.min(self.refresh_at)
    }

    /// The document to tell now, if one is due. After [`IDLE`] it is over.
    pub fn handle_timeout(&mut self, now: Instant) -> Option<&'static str> {
        if now >= self.idle_at {
            //= RFC 3994 §3.2: active becomes idle when nothing is written for a while
            return Some(IDLE);
        }
        if now < self.refresh_at {
            return None;
        }
        //= RFC 3994 §3.2: while active, it is told again before it is no longer believed
        self.refresh_at = now + REFRESH;
        Some(ACTIVE)
    }
}

/// What a status message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Composing {
    /// Typing; to be believed this long.
    Active(Duration),
    /// Not, or no longer.
    Idle,
}

impl Composing {
    /// Reads a status message.
    pub fn parse(body: &[u8]) -> Result<Composing, DocumentError> {
        let root = Element::parse(body, "isComposing", LIMITS)?;
        let state = root.text_of("state").ok_or(DocumentError::Missing("state"))?;
        //= RFC 3994 §3.2: a state that is not known is idle
        if !state.eq_ignore_ascii_case("active") {
            return Ok(Composing::Idle);
        }
        let refresh = root.text_of("refresh").and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
        Ok(Composing::Active(refresh.unwrap_or(BELIEVED).clamp(Duration::from_secs(1), LONGEST)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_is_believed_for_a_while() {
        let document = |inner: &str| {
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><isComposing xmlns=\"urn:ietf:params:xml:ns:im-iscomposing\">\
                 {inner}</isComposing>"
            )
        };
        for (inner, read) in [
            ("<state>active</state><contenttype>text/plain</contenttype>", Ok(Composing::Active(BELIEVED))),
            ("<state> active </state><refresh>90</refresh>", Ok(Composing::Active(Duration::from_secs(90)))),
            ("<state>active</state><refresh>18446744073709551615</refresh>", Ok(Composing::Active(LONGEST))),
            ("<state>active</state><refresh>-5</refresh>", Ok(Composing::Active(BELIEVED))),
            ("<state>idle</state>", Ok(Composing::Idle)),
            ("<state>singing</state>", Ok(Composing::Idle)),
            ("", Err(DocumentError::Missing("state"))),
        ] {
            assert_eq!(Composing::parse(document(inner).as_bytes()), read, "{inner}");
        }
    }

    #[test]
    #[allow(clippy::disallowed_methods)] // A moment to count from; nothing waits on it.
    fn writing_is_told_again_and_ends_when_it_pauses() {
        assert_eq!(Composing::parse(ACTIVE.as_bytes()), Ok(Composing::Active(REFRESH)));
        assert_eq!(Composing::parse(IDLE.as_bytes()), Ok(Composing::Idle));
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut composer = Composer::new(start);
        let mut told = Vec::new();
        for second in 1..300 {
            // A letter every five seconds, for two hundred.
            if second % 5 == 0 && second <= 200 {
                composer.goes_on(at(second));
            }
            if let Some(document) = composer.handle_timeout(at(second)) {
                told.push((second, document));
                if document == IDLE {
                    break;
                }
            }
        }
        assert_eq!(told, [(90, ACTIVE), (180, ACTIVE), (215, IDLE)]);
    }
}
