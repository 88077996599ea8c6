//! REFER (RFC 3515): what it asks for, what may be followed of it, and its progress as a piece of SIP (RFC 3420).

use super::header::{HeaderError, NameAddr, Replaces};
use super::message::{HeaderName, Request, Response, StatusCode};
use super::uri::{Uri, escape_header};

/// Longest address that is followed, in bytes.
const MAX_TARGET: usize = 1024;

/// Where a REFER sends its receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referral {
    /// Whom to call: `sip:`, `sips:` or `tel:`, without headers and method.
    pub target: Uri,
    /// The call at the target that the new one takes over.
    pub replaces: Option<Replaces>,
    /// The sender wants to hear of it (RFC 4488 lets it say no).
    pub wants_news: bool,
}

/// Why a REFER is not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferError {
    /// None, several, or one that cannot be read.
    #[error("Refer-To: exactly one is needed")]
    NoTarget,
    /// The header cannot be read.
    #[error("{0}")]
    Header(#[from] HeaderError),
    /// Neither `sip:`, `sips:` nor `tel:`.
    #[error("Refer-To: an address of that kind cannot be called")]
    Scheme,
    /// A method other than INVITE.
    #[error("Refer-To: only calls are made")]
    Method,
    /// A header that is not Replaces, or a Replaces that cannot be read.
    #[error("Refer-To: no header but Replaces may be set")]
    Headers,
}

impl ReferError {
    /// The status the REFER is answered with.
    pub fn status(&self) -> StatusCode {
        match self {
            //= RFC 3515 §2.4.2
            ReferError::NoTarget | ReferError::Header(_) => StatusCode(400),
            //= RFC 3261 §21.4.14
            ReferError::Scheme => StatusCode(416),
            ReferError::Method | ReferError::Headers => StatusCode(403),
        }
    }
}

impl Referral {
    /// Reads a REFER.
    ///
    /// # Errors
    /// What the REFER lacks, or has that a stranger may not set: a transfer calls somebody, and does no more.
    pub fn of(request: &Request) -> Result<Referral, ReferError> {
        //= RFC 3515 §2.4.2
        if request.headers.all(&HeaderName::ReferTo).count() != 1 {
            return Err(ReferError::NoTarget);
        }
        let uri = request.headers.refer_to()?.ok_or(ReferError::NoTarget)?.uri;
        if uri.as_str().len() > MAX_TARGET || !(uri.is_sip() || uri.is_tel()) {
            return Err(ReferError::Scheme);
        }
        let invites = |method: &str| method.eq_ignore_ascii_case("INVITE");
        if uri.param("method").is_some_and(|method| !method.is_some_and(invites)) {
            return Err(ReferError::Method);
        }
        let replaces = match uri.headers() {
            None | Some("") => None,
            Some(_) => Some(replaces(&uri).ok_or(ReferError::Headers)?),
        };
        //= RFC 4488 §4
        let refuses = |value: &[u8]| value.trim_ascii().eq_ignore_ascii_case(b"false");
        let wants_news = !request.headers.get(&HeaderName::ReferSub).is_some_and(refuses);
        Ok(Referral { target: uri.without_headers().without_param("method"), replaces, wants_news })
    }
}

/// The one header of the URI, if that is a Replaces.
fn replaces(uri: &Uri) -> Option<Replaces> {
    let (name, _) = uri.headers()?.split_once('=')?;
    let is_alone = !uri.headers()?.contains('&') && name.eq_ignore_ascii_case("Replaces");
    Replaces::parse(uri.header("Replaces").filter(|_| is_alone)?.as_bytes()).ok()
}

/// The value of Refer-To: an address, and the call there that is to be taken over.
pub fn refer_to(target: &Uri, replaces: Option<&Replaces>) -> String {
    match replaces {
        //= RFC 3891 §6.1: within a URI, escaped
        Some(replaces) => {
            let bare = target.clone().without_headers();
            format!("<{bare}?Replaces={}>", escape_header(&replaces.to_string()))
        }
        None => NameAddr::new(target.clone()).to_string(),
    }
}

/// True if the answer to a REFER says that no news of it will come (RFC 4488 §4).
pub fn is_without_news(response: &Response) -> bool {
    response.headers.get(&HeaderName::ReferSub).is_some_and(|value| value.trim_ascii().eq_ignore_ascii_case(b"false"))
}

/// The type of a piece of SIP.
pub const SIPFRAG: &str = "message/sipfrag;version=2.0";

/// How far the call that a REFER asked for has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Its last status, 100–699.
    pub status: StatusCode,
    /// The reason phrase. Foreign text: sanitise before showing.
    pub reason: String,
}

impl Progress {
    /// This status in its usual words.
    pub fn of(status: u16) -> Progress {
        Progress { status: StatusCode(status), reason: StatusCode(status).default_reason().to_owned() }
    }

    /// Reads the status line a body begins with, as leniently as real far ends need: any version, any line end, blank
    /// lines before it, no phrase. What follows is of no interest.
    pub fn parse(body: &[u8]) -> Option<Progress> {
        let line = body.split(|b| matches!(b, b'\r' | b'\n')).find(|line| !line.trim_ascii().is_empty())?;
        let text = String::from_utf8_lossy(line.get(..256).unwrap_or(line)).into_owned();
        let (version, rest) = text.trim().split_once(' ')?;
        if !version.get(..4)?.eq_ignore_ascii_case("SIP/") {
            return None;
        }
        let rest = rest.trim_start();
        let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        let status = code.parse().ok().filter(|code| (100..700).contains(code))?;
        Some(Progress { status: StatusCode(status), reason: reason.trim().to_owned() })
    }

    /// The body that tells it.
    pub fn to_body(&self) -> Vec<u8> {
        //= RFC 3515 §2.4.5: the status line at least
        format!("SIP/2.0 {} {}\r\n", self.status.0, self.reason).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::message::Method;

    fn refer(values: &[&str], refer_sub: Option<&str>) -> Result<Referral, u16> {
        let mut request = Request::new(Method::Refer, "sip:a@b");
        values.iter().for_each(|value| request.headers.push(HeaderName::ReferTo, *value));
        refer_sub.into_iter().for_each(|value| request.headers.push(HeaderName::ReferSub, value));
        Referral::of(&request).map_err(|error| error.status().0)
    }

    #[test]
    fn what_may_be_followed() {
        for (value, target) in [
            ("<sip:600@pbx>", "sip:600@pbx"),
            ("sip:600@pbx", "sip:600@pbx"),
            ("\"Six\" <sips:600@pbx;transport=tcp;method=INVITE>;x=y", "sips:600@pbx;transport=tcp"),
            ("<tel:+4930123>", "tel:+4930123"),
        ] {
            let referral = refer(&[value], None).expect(value);
            assert_eq!((referral.target.as_str(), referral.replaces), (target, None), "{value}");
        }
    }

    /// Nobody is made to do more than call, nor to put words into the new call.
    #[test]
    fn what_may_not() {
        let long = format!("<sip:{}@b>", "9".repeat(2000));
        for (values, status) in [
            //= RFC 3515 §2.4.2
            (&[][..], 400),
            (&["<sip:a@b>", "<sip:c@d>"], 400),
            (&["<sip:a@b>, <sip:c@d>"], 400),
            (&["<sip:a@b"], 400),
            (&["<http://a.example/>"], 416),
            (&["<mailto:a@b>"], 416),
            (&[long.as_str()], 416),
            (&["<sip:a@b;method=BYE>"], 403),
            (&["<sip:a@b;method>"], 403),
            (&["<sip:a@b?From=%3Csip%3Aboss%40b%3E>"], 403),
            (&["<sip:a@b?Replaces=c%3Bto-tag%3D1%3Bfrom-tag%3D2&Subject=x>"], 403),
            (&["<sip:a@b?Subject=x&Replaces=c%3Bto-tag%3D1%3Bfrom-tag%3D2>"], 403),
            (&["<sip:a@b?Replaces=c%3Bto-tag%3D1>"], 403),
            (&["<sip:a@b?body=x>"], 403),
        ] {
            assert_eq!(refer(values, None), Err(status), "{values:?}");
        }
    }

    //= RFC 3891 §6.1, RFC 3261 §19.1.1
    #[test]
    fn an_attended_transfer_names_the_call_it_takes_over() {
        let replaces =
            Replaces { call_id: "a b&c=d@e".into(), to_tag: "t-1".into(), from_tag: "f/2".into(), early_only: false };
        let value = refer_to(&Uri::parse("sip:c@192.0.2.3:5080;transport=tcp?Subject=x").unwrap(), Some(&replaces));
        assert!(value.starts_with("<sip:c@192.0.2.3:5080;transport=tcp?Replaces=a%20b%26c%3Dd"), "{value}");
        assert!(!value.contains("Subject"), "{value}");
        let referral = refer(&[&value], None).unwrap();
        assert_eq!(referral.target.as_str(), "sip:c@192.0.2.3:5080;transport=tcp");
        assert_eq!(referral.replaces, Some(replaces));
        assert_eq!(refer_to(&Uri::parse("sip:c@d").unwrap(), None), "<sip:c@d>");
    }

    //= RFC 4488 §4
    #[test]
    fn news_can_be_declined() {
        for (value, wants) in [(None, true), (Some("true"), true), (Some("False"), false)] {
            assert_eq!(refer(&["<sip:a@b>"], value).map(|r| r.wants_news), Ok(wants), "{value:?}");
        }
    }

    //= RFC 3420 §2
    #[test]
    fn progress_is_read_leniently() {
        for (body, status, reason) in [
            ("SIP/2.0 100 Trying", 100, "Trying"),
            ("SIP/2.0 200 OK\r\nTo: <sip:a@b>\r\n", 200, "OK"),
            ("\r\n sip/2.0  603  Not now \n", 603, "Not now"),
            ("SIP/3.0 486\r\n", 486, ""),
        ] {
            let read = Progress::parse(body.as_bytes());
            assert_eq!(read, Some(Progress { status: StatusCode(status), reason: reason.into() }), "{body}");
        }
        for body in ["", "\r\n", "SIP/2.0", "SIP/2.0 OK", "SIP/2.0 99 x", "SIP/2.0 700 x", "HTTP/1.1 200 OK", "200 OK"]
        {
            assert_eq!(Progress::parse(body.as_bytes()), None, "{body}");
        }
        let busy = Progress::of(486);
        assert_eq!(Progress::parse(&busy.to_body()), Some(busy));
    }
}
