//! A SIP message as a trace tells of it: secrets masked, text safe to show.

use crate::sip::flow::Flow;
use crate::sip::message::redact::redact;
use base64ct::{Base64, Encoding};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::SystemTime;

/// Bytes that are kept of one message; of a longer one its beginning.
pub const MOST_OF_ONE: usize = 32 << 10;

/// Longest line that is shown whole, in characters.
const MAX_LINE: usize = 4096;

/// Which way it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Way {
    Sent,
    Received,
}

impl Way {
    /// As an arrow, seen from the phone.
    pub fn arrow(self) -> &'static str {
        match self {
            Way::Sent => "->",
            Way::Received => "<-",
        }
    }
}

/// One message, as programs read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Traced {
    /// Counts the messages since the phone was started.
    pub n: u64,
    /// RFC 3339 with microseconds, UTC.
    pub time: String,
    /// Which way it went.
    pub way: Way,
    /// `udp`…
    pub transport: String,
    /// Our address on that path.
    pub local: SocketAddr,
    /// The peer's.
    pub remote: SocketAddr,
    /// Its length on the wire.
    pub bytes: usize,
    /// The call it belongs to, `c1`.
    pub call: Option<String>,
    /// Its Call-ID.
    pub sip_call_id: Option<String>,
    /// The method of a request, or the one a response answers.
    pub method: String,
    /// The status of a response.
    pub status: Option<u16>,
    /// Its first line.
    pub start: String,
    /// What its body is, `application/sdp`.
    pub content: Option<String>,
    /// The message, secrets masked and safe to show; lines end with `\n`.
    pub text: String,
    /// The same byte for byte in base64, its Content-Length that of the masked body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

/// What is told of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Parts {
    /// Its body too.
    pub body: bool,
    /// Its bytes beside its text.
    pub data: bool,
}

/// One message, as it is kept: what proves something is masked already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub(super) n: u64,
    at: SystemTime,
    way: Way,
    flow: Flow,
    length: usize,
    body_length: usize,
    masked: Box<[u8]>,
}

impl Kept {
    /// What is kept of a message; `None` for what is none: STUN, keep-alives.
    pub fn new(n: u64, way: Way, flow: &Flow, bytes: &[u8], at: SystemTime) -> Option<Kept> {
        if !bytes.first()?.is_ascii_alphabetic() {
            return None;
        }
        let mut masked = redact(bytes);
        masked.truncate(MOST_OF_ONE);
        let body_length = bytes.len() - body_at(bytes);
        Some(Kept { n, at, way, flow: *flow, length: bytes.len(), body_length, masked: masked.into() })
    }

    /// The bytes it takes.
    pub fn size(&self) -> usize {
        self.masked.len()
    }

    /// Its Call-ID.
    pub fn call_id(&self) -> Option<String> {
        self.field(&["Call-ID", "i"])
    }

    /// The method of a request, or the one a response answers.
    pub fn method(&self) -> String {
        let start = self.start();
        let asked = || self.field(&["CSeq"])?.split_whitespace().nth(1).map(str::to_owned);
        match start.starts_with("SIP/") {
            true => asked().unwrap_or_default(),
            false => start.split_whitespace().next().unwrap_or_default().to_owned(),
        }
    }

    /// It goes from or to this `user@domain`.
    pub fn is_of(&self, aor: &str) -> bool {
        let mut names = [&["From", "f"][..], &["To", "t"]].into_iter().filter_map(|names| self.field(names));
        names.any(|value| address(&value).is_some_and(|address| address.eq_ignore_ascii_case(aor)))
    }

    /// As programs read it; `call` is the phone's own name of the call.
    pub fn told(&self, call: Option<String>, parts: Parts) -> Traced {
        let start = self.start();
        let status = start.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let shown = if parts.body { self.masked.len() } else { body_at(&self.masked) };
        let shown = self.masked.get(..shown).unwrap_or_default();
        Traced {
            n: self.n,
            time: humantime::format_rfc3339_micros(self.at).to_string(),
            way: self.way,
            transport: self.flow.transport.to_string(),
            local: self.flow.local,
            remote: self.flow.remote,
            bytes: self.length,
            call,
            sip_call_id: self.call_id(),
            method: self.method(),
            status,
            start,
            content: self.field(&["Content-Type", "c"]).filter(|_| self.body_length > 0),
            text: lines(shown),
            data: parts.data.then(|| Base64::encode_string(&fitted(shown, self.body_length))),
        }
    }

    fn start(&self) -> String {
        shown(self.masked.split(|&b| b == b'\n').next().unwrap_or_default())
    }

    /// The value of the first header of one of these names.
    fn field(&self, names: &[&str]) -> Option<String> {
        let head = self.masked.get(..body_at(&self.masked)).unwrap_or_default();
        head.split(|&b| b == b'\n').skip(1).find_map(|line| {
            let (name, value) = line.split_at_checked(line.iter().position(|&b| b == b':')?)?;
            let is_meant = names.iter().any(|known| name.trim_ascii().eq_ignore_ascii_case(known.as_bytes()));
            is_meant.then(|| shown(value.get(1..).unwrap_or_default()))
        })
    }
}

/// `user@host` of a From or To.
fn address(value: &str) -> Option<&str> {
    let bracketed = value.rsplit_once('<').map(|(_, uri)| uri.split('>').next().unwrap_or_default());
    let uri = bracketed.unwrap_or(value).trim();
    let (_, rest) = uri.split_once(':')?;
    let end = rest.find([';', '?', ' ']).unwrap_or(rest.len());
    let address = rest.get(..end)?;
    // A port is no part of it.
    let (user, host) = address.rsplit_once('@')?;
    let port = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    address.get(..user.len() + 1 + port.map_or(host.len(), |(host, _)| host.len()))
}

/// Where the body begins; the end where there is none.
fn body_at(message: &[u8]) -> usize {
    let ends = |end: &[u8]| message.windows(end.len()).position(|part| part == end).map(|at| at + end.len());
    match (ends(b"\r\n\r\n"), ends(b"\n\n")) {
        (Some(one), Some(other)) => one.min(other),
        (one, other) => one.or(other).unwrap_or(message.len()),
    }
}

/// The masked bytes as programs that read captures want them: keys as long as keys are, as Wireshark takes a message with
/// shorter ones for malformed; and, if the true one was right, the Content-Length of what is there.
fn fitted(masked: &[u8], body_length: usize) -> Vec<u8> {
    let (head, body) = masked.split_at_checked(body_at(masked)).unwrap_or((masked, &[]));
    let body = with_long_keys(body);
    let mut out = Vec::with_capacity(head.len() + body.len());
    for line in head.split_inclusive(|&b| b == b'\n') {
        let text = String::from_utf8_lossy(line);
        let (name, value) = text.split_once(':').unwrap_or((&text, ""));
        let is_length = ["Content-Length", "l"].iter().any(|known| name.trim().eq_ignore_ascii_case(known));
        match is_length && value.trim().parse() == Ok(body_length) {
            true => out.extend_from_slice(text.replace(value.trim(), &body.len().to_string()).as_bytes()),
            false => out.extend_from_slice(line),
        }
    }
    out.extend(body);
    out
}

fn with_long_keys(mut body: &[u8]) -> Vec<u8> {
    const MASKED: &[u8] = b"inline:<hidden>";
    // 30 octets in base64: the key and salt of AES_CM_128 (RFC 4568 §6.2).
    const STAND_IN: &[u8] = b"inline:hiddenAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let mut out = Vec::with_capacity(body.len());
    while let Some((before, behind)) =
        body.windows(MASKED.len()).position(|part| part == MASKED).and_then(|at| body.split_at_checked(at))
    {
        out.extend_from_slice(before);
        out.extend_from_slice(STAND_IN);
        body = behind.get(MASKED.len()..).unwrap_or_default();
    }
    out.extend_from_slice(body);
    out
}

fn shown(line: &[u8]) -> String {
    crate::text::elided(String::from_utf8_lossy(line).trim(), MAX_LINE)
}

fn lines(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message);
    text.lines().map(|line| crate::text::elided(line, MAX_LINE) + "\n").collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::sip::flow::Transport;
    use std::time::{Duration, UNIX_EPOCH};

    pub(crate) fn flow() -> Flow {
        Flow {
            transport: Transport::Tls,
            local: SocketAddr::from(([192, 0, 2, 1], 5061)),
            remote: SocketAddr::from(([192, 0, 2, 2], 5061)),
        }
    }

    pub(crate) fn kept(n: u64, bytes: &[u8]) -> Kept {
        Kept::new(n, Way::Sent, &flow(), bytes, UNIX_EPOCH + Duration::from_micros(1_500_000)).unwrap()
    }

    const INVITE: &[u8] =
        b"INVITE sip:600@demo SIP/2.0\r\nf: \"A\" <sip:100@demo:5060;x=1>;tag=1\r\nTo: sip:600@demo\r\n\
        i: one@two\r\nCSeq: 7 INVITE\r\nAuthorization: Digest response=\"5ec7e7\"\r\nc: application/sdp\r\n\
        Content-Length: 65\r\n\r\nv=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:5ec7e75ec7e75ec7\r\n";

    #[test]
    fn what_is_told_of_a_message() {
        let told = kept(3, INVITE).told(Some("c1".into()), Parts { body: true, data: true });
        assert_eq!((told.n, told.time.as_str(), told.way), (3, "1970-01-01T00:00:01.500000Z", Way::Sent));
        assert_eq!((told.method.as_str(), told.status, told.bytes), ("INVITE", None, INVITE.len()));
        assert_eq!((told.sip_call_id.as_deref(), told.content.as_deref()), (Some("one@two"), Some("application/sdp")));
        assert!(
            told.text.contains("\nAuthorization: <hidden>\n") && told.text.contains("inline:<hidden>\n"),
            "{told:?}"
        );
        assert!(!told.text.contains("5ec7e7") && told.text.contains("Content-Length: 65\n"), "{told:?}");
        let data = Base64::decode_vec(&told.data.unwrap()).unwrap();
        let data = String::from_utf8(data).unwrap();
        let (head, body) = data.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())) && !data.contains("5ec7e7"), "{data}");
        let key = body.split_once("inline:").unwrap().1.trim_end();
        assert_eq!(Base64::decode_vec(key).unwrap().len(), 30, "a key that programs can read");
        let answer = kept(4, b"SIP/2.0 180 Ringing\nCall-ID : x\nCSeq: 7 INVITE\n\n");
        let told = answer.told(None, Parts::default());
        assert_eq!((told.method.as_str(), told.status, told.content), ("INVITE", Some(180), None));
        assert_eq!((told.start.as_str(), told.sip_call_id.as_deref()), ("SIP/2.0 180 Ringing", Some("x")));
    }

    #[test]
    fn without_its_body_nothing_of_it_is_told() {
        let told = kept(1, INVITE).told(None, Parts { body: false, data: true });
        let data = String::from_utf8(Base64::decode_vec(&told.data.unwrap()).unwrap()).unwrap();
        assert!(!told.text.contains("v=0") && data.ends_with("Content-Length: 0\r\n\r\n"), "{data}");
    }

    #[test]
    fn whom_a_message_is_of() {
        let invite = kept(1, INVITE);
        assert!(
            invite.is_of("100@demo") && invite.is_of("600@DEMO") && !invite.is_of("00@demo") && !invite.is_of("demo")
        );
        for (value, expected) in [
            ("<sip:a@[::1]:5060>;tag=x", Some("a@[::1]")),
            ("\"<\" <sips:a@b;transport=tcp>", Some("a@b")),
            ("sip:a@b;tag=x", Some("a@b")),
            ("<sip:b>", None),
            ("", None),
        ] {
            assert_eq!(address(value), expected, "{value}");
        }
    }

    #[test]
    fn what_is_no_message_is_not_kept() {
        for bytes in [&b"\r\n\r\n"[..], b"", b"\x00\x01", b"\r\n"] {
            assert_eq!(Kept::new(1, Way::Sent, &flow(), bytes, UNIX_EPOCH), None);
        }
        assert_eq!(kept(1, &[b'x'; 60_000]).size(), MOST_OF_ONE);
    }
}
