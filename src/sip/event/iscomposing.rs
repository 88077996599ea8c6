//! `application/im-iscomposing+xml`: the far end is typing (RFC 3994).

use super::DocumentError;
use super::xml::Element;
use std::time::Duration;

/// The media type.
pub const MEDIA_TYPE: &str = "application/im-iscomposing+xml";
/// How long typing is believed without another word, and the longest we believe one (RFC 3994 §3.2, §3.3).
const BELIEVED: Duration = Duration::from_secs(120);
const LONGEST: Duration = Duration::from_secs(600);

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
        let root = Element::parse(body, "isComposing")?;
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
}
