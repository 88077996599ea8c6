//! Why a request ends a call, and why an answer refuses one: Reason (RFC 3326) and Warning (RFC 3261 §20.43).

use std::fmt;

use super::header::split::{quote, quoted_len, unquote};
use super::header::{ValueError, Valued};
use super::message::{HeaderName, Headers};

/// Most elements of either header that are read.
const MAX_ELEMENTS: usize = 8;

/// Whose causes a Reason counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// SIP statuses.
    Sip,
    /// ITU-T Q.850 causes: the telephone network's.
    Q850,
}

/// One element of Reason. Others than SIP's and Q.850's are not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The cause's space.
    pub protocol: Protocol,
    /// A SIP status or a Q.850 cause.
    pub cause: u16,
    /// Words, empty if there are none. Foreign text: sanitise before showing.
    pub text: String,
}

impl Reason {
    /// A SIP status with words.
    pub fn sip(cause: u16, text: &str) -> Reason {
        Reason { protocol: Protocol::Sip, cause, text: text.to_owned() }
    }

    /// A Q.850 cause with words.
    pub fn q850(cause: u16, text: &str) -> Reason {
        Reason { protocol: Protocol::Q850, cause, text: text.to_owned() }
    }

    //= RFC 3326 §3.1
    /// Somebody else answered: what a fork is told that lost.
    pub fn completed_elsewhere() -> Reason {
        Reason::sip(200, "Call completed elsewhere")
    }

    /// Reads `Q.850;cause=16;text="Terminated"`.
    pub fn parse(value: &[u8]) -> Result<Reason, ValueError> {
        let Valued { value, params } = Valued::parse(value)?;
        let protocol = match value {
            name if name.eq_ignore_ascii_case("SIP") => Protocol::Sip,
            name if name.eq_ignore_ascii_case("Q.850") => Protocol::Q850,
            _ => return Err(ValueError::Parameter),
        };
        let cause = params.value("cause").and_then(|cause| cause.parse().ok()).ok_or(ValueError::Number)?;
        let text = params.value("text").unwrap_or_default().into_owned();
        Ok(Reason { protocol, cause, text })
    }

    /// The readable elements of Reason, in wire order.
    pub fn all(headers: &Headers) -> Vec<Reason> {
        let elements = headers.elements(&HeaderName::Reason).take(MAX_ELEMENTS);
        elements.filter_map(|element| Reason::parse(element).ok()).collect()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = if self.protocol == Protocol::Sip { "SIP" } else { "Q.850" };
        write!(f, "{protocol};cause={}", self.cause)?;
        if self.text.is_empty() { Ok(()) } else { write!(f, ";text={}", quote(&self.text)) }
    }
}

/// The words of each Warning element, `399 host "words"`. Foreign text: sanitise before showing.
pub fn warnings(headers: &Headers) -> Vec<String> {
    let words = |element: &[u8]| {
        let quoted = element.get(element.iter().position(|&b| b == b'"')?..)?;
        let text = String::from_utf8_lossy(quoted.get(..quoted_len(quoted)?)?).into_owned();
        Some(unquote(&text).into_owned()).filter(|text| !text.trim().is_empty())
    };
    headers.elements(&HeaderName::Warning).take(MAX_ELEMENTS).filter_map(words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, values: &[&str]) -> Headers {
        let mut headers = Headers::new();
        values.iter().for_each(|value| headers.push(name.clone(), *value));
        headers
    }

    //= RFC 3326 §2
    #[test]
    fn reasons_are_read_in_both_cause_spaces() {
        let read = Reason::all(&headers(
            HeaderName::Reason,
            &[
                "SIP ;cause=200 ;text=\"Call completed elsewhere\", Q.850;cause=16;text=\"Terminated\"",
                "preemption;cause=1, SIP, q.850;cause=many, sip;cause=600",
            ],
        ));
        let printed: Vec<String> = read.iter().map(Reason::to_string).collect();
        assert_eq!(
            printed,
            ["SIP;cause=200;text=\"Call completed elsewhere\"", "Q.850;cause=16;text=\"Terminated\"", "SIP;cause=600"]
        );
        assert_eq!(read.first(), Some(&Reason::completed_elsewhere()));
    }

    #[test]
    fn of_many_reasons_the_first_are_read() {
        let many = "SIP;cause=1,".repeat(1000);
        assert_eq!(Reason::all(&headers(HeaderName::Reason, &[&many])).len(), MAX_ELEMENTS);
    }

    //= RFC 3261 §20.43
    #[test]
    fn warnings_give_their_words() {
        let read = warnings(&headers(
            HeaderName::Warning,
            &[
                "307 isi.edu \"Session parameter 'foo', not understood\", 399 [2001:db8::1]:5060 \"say \\\"no\\\"\"",
                "301 isi.edu, 399 a \"\", 399 b \"open",
            ],
        ));
        assert_eq!(read, ["Session parameter 'foo', not understood", "say \"no\""]);
    }
}
