//! Bodies in parts: which one is the session description, and whether the rest may be passed over (RFC 5621, RFC 2046).

use super::header::MediaType;
use super::message::{HeaderName, Headers};

/// Longest body that is taken apart, in bytes.
const MAX_BYTES: usize = 64 * 1024;
/// Most parts of one body, and how deep they may nest.
const MAX_PARTS: usize = 16;
const MAX_DEPTH: usize = 2;

/// Why a body cannot be acted on: 415.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Compressed or otherwise coded.
    #[error("a body coded otherwise than as identity")]
    Encoding,
    /// A type that is not known here, and must be.
    #[error("a body of an unknown type")]
    Type,
    /// Parts that cannot be told apart, too many or too deep.
    #[error("a body whose parts cannot be read")]
    Parts,
}

/// A part, and what it says of itself.
struct Part<'a> {
    headers: Headers,
    body: &'a [u8],
}

/// Leaves the session description alone in a body of several parts: afterwards type and body are its. Without one there
/// is no body. A body of one piece must be a description. What is refused stays as it was.
pub fn take_description(headers: &mut Headers, body: &mut Vec<u8>) -> Result<(), BodyError> {
    if body.is_empty() {
        return Ok(());
    }
    if is_encoded(headers) {
        return Err(BodyError::Encoding);
    }
    let media = headers.content_type().ok().flatten().ok_or(BodyError::Type)?;
    if media.is("application", "sdp") {
        return Ok(());
    }
    let found = if is_multipart(&media) { description(&media, body, 1)? } else { return Err(BodyError::Type) };
    let found = found.map(<[u8]>::to_vec);
    match &found {
        Some(_) => headers.set(HeaderName::ContentType, "application/sdp"),
        None => headers.remove(&HeaderName::ContentType),
    }
    headers.remove(&HeaderName::ContentDisposition);
    *body = found.unwrap_or_default();
    Ok(())
}

/// The description among the parts of `body`.
fn description<'a>(media: &MediaType, body: &'a [u8], depth: usize) -> Result<Option<&'a [u8]>, BodyError> {
    let boundary = media.params.value("boundary").filter(|text| !text.is_empty() && text.len() <= 70);
    let parts = parts(body, boundary.ok_or(BodyError::Parts)?.as_bytes())?;
    let mut found = None;
    match media.subtype.to_ascii_lowercase().as_str() {
        //= RFC 2046 §5.1.4: the last of the alternatives that is understood
        "alternative" => {
            for part in parts.iter().rev() {
                if let Ok(Some(body)) = of_part(part, depth) {
                    return Ok(Some(body));
                }
            }
        }
        _ => {
            for part in &parts {
                match of_part(part, depth) {
                    Ok(body) => found = found.or(body),
                    //= RFC 5621 §8.2, RFC 3261 §20.11: what is not understood must be, unless it says `optional`
                    Err(_) if is_optional(&part.headers) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
    Ok(found)
}

/// The description in one part; `None` in one that may be passed over as a whole.
fn of_part<'a>(part: &Part<'a>, depth: usize) -> Result<Option<&'a [u8]>, BodyError> {
    if is_encoded(&part.headers) || !is_plain(&part.headers) {
        return Err(BodyError::Encoding);
    }
    let media = part.headers.content_type().ok().flatten().ok_or(BodyError::Type)?;
    if media.is("application", "sdp") {
        return Ok(is_session(&part.headers).then_some(part.body));
    }
    match is_multipart(&media) {
        true if depth < MAX_DEPTH => description(&media, part.body, depth + 1),
        true => Err(BodyError::Parts),
        false => Err(BodyError::Type),
    }
}

//= RFC 2046 §5.1.1
fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> Result<Vec<Part<'a>>, BodyError> {
    if body.len() > MAX_BYTES {
        return Err(BodyError::Parts);
    }
    let delimiter = [b"--", boundary].concat();
    let mut parts = Vec::new();
    let mut start = None;
    let mut at = 0;
    for line in body.split_inclusive(|&b| b == b'\n') {
        let after = line.strip_prefix(delimiter.as_slice()).map(<[u8]>::trim_ascii);
        if let Some(tail @ (b"" | b"--")) = after {
            if let Some(start) = start {
                parts.push(part(body.get(start..at).unwrap_or_default()));
            }
            if parts.len() > MAX_PARTS {
                return Err(BodyError::Parts);
            }
            if tail == b"--" {
                return Ok(parts);
            }
            start = Some(at + line.len());
        }
        at += line.len();
    }
    // Why lenient: some senders forget the last delimiter; a body cut short has lost its Content-Length already.
    start.map(|start| parts.push(part(body.get(start..).unwrap_or_default()))).ok_or(BodyError::Parts)?;
    Ok(parts)
}

/// Headers, an empty line, the body; the line end before the delimiter belongs to that.
fn part(text: &[u8]) -> Part<'_> {
    let text = text.strip_suffix(b"\n").map_or(text, |text| text.strip_suffix(b"\r").unwrap_or(text));
    let mut headers = Headers::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.iter().position(|&b| b == b'\n').map_or(rest.len(), |at| at + 1);
        let (line, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        rest = after;
        let line = line.trim_ascii_end();
        if line.is_empty() {
            break;
        }
        let colon = line.iter().position(|&b| b == b':').unwrap_or(line.len());
        let name = String::from_utf8_lossy(line.get(..colon).unwrap_or_default());
        let value = line.get(colon + 1..).unwrap_or_default().trim_ascii();
        headers.push(HeaderName::from_token(name.trim()), value);
    }
    Part { headers, body: rest }
}

fn is_multipart(media: &MediaType) -> bool {
    media.kind.eq_ignore_ascii_case("multipart")
}

fn is_encoded(headers: &Headers) -> bool {
    headers.tokens(&HeaderName::ContentEncoding).any(|coding| !coding.eq_ignore_ascii_case("identity"))
}

/// Sent as it is, not in base64 or the like.
fn is_plain(headers: &Headers) -> bool {
    let is_name = |name: &HeaderName| name.as_str().eq_ignore_ascii_case("Content-Transfer-Encoding");
    let coding = headers.iter().find(|(name, _)| is_name(name)).map(|(_, value)| value);
    coding.is_none_or(|coding| [&b"7bit"[..], b"8bit", b"binary"].iter().any(|c| coding.eq_ignore_ascii_case(c)))
}

/// A description that describes this session, not an earlier offer or another one.
fn is_session(headers: &Headers) -> bool {
    disposition(headers).is_none_or(|it| it.value.eq_ignore_ascii_case("session"))
}

fn is_optional(headers: &Headers) -> bool {
    disposition(headers)
        .and_then(|it| it.params.value("handling").map(|handling| handling.eq_ignore_ascii_case("optional")))
        .unwrap_or(false)
}

fn disposition(headers: &Headers) -> Option<super::header::Valued> {
    super::header::Valued::parse(headers.get(&HeaderName::ContentDisposition)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n";

    fn taken(content_type: &str, body: &str) -> Result<String, BodyError> {
        let mut headers = Headers::new();
        headers.push(HeaderName::ContentType, content_type);
        let mut body = body.as_bytes().to_vec();
        take_description(&mut headers, &mut body)?;
        let kind = headers.text(&HeaderName::ContentType).unwrap_or_default();
        assert_eq!(kind.is_empty(), body.is_empty(), "a body and its type go together");
        Ok(String::from_utf8(body).unwrap())
    }

    fn multi(parts: &[(&str, &str)]) -> String {
        bounded("b1", parts)
    }

    fn bounded(boundary: &str, parts: &[(&str, &str)]) -> String {
        let mut text = "preamble\r\n".to_owned();
        for (headers, body) in parts {
            text += &format!("--{boundary}\r\n{headers}\r\n\r\n{body}\r\n");
        }
        text + &format!("--{boundary}--\r\nepilogue")
    }

    const SDP_PART: (&str, &str) = ("Content-Type: Application/SDP", SDP);

    //= RFC 5621 §8.2, RFC 2046 §5.1.3
    #[test]
    fn the_description_is_found_among_parts() {
        let mixed = "Multipart/Mixed; Boundary=\"b1\"";
        let optional = "Content-Type: application/isup;version=nxv3\r\nContent-Disposition: signal;handling=optional";
        let required = "Content-Type: application/isup\r\nContent-Disposition: signal;handling=required";
        for (parts, outcome) in [
            (vec![SDP_PART], Ok(SDP)),
            (vec![(optional, "\x01\x02"), SDP_PART], Ok(SDP)),
            (vec![SDP_PART, (required, "\x01")], Err(BodyError::Type)),
            (vec![SDP_PART, ("Content-Type: text/plain", "hi")], Err(BodyError::Type)),
            (vec![(optional, "\x01")], Ok("")),
            (vec![("Content-Type: application/sdp\r\nContent-Encoding: gzip", "x")], Err(BodyError::Encoding)),
            (vec![("c: application/sdp\r\nContent-Transfer-Encoding: base64", "x")], Err(BodyError::Encoding)),
            (vec![("Content-Type: application/sdp\r\nContent-Disposition: early-session", "x"), SDP_PART], Ok(SDP)),
        ] {
            assert_eq!(taken(mixed, &multi(&parts)).as_deref(), outcome.as_ref().map(|s| *s), "{parts:?}");
        }
        let alternative = multi(&[SDP_PART, ("Content-Type: application/unknown", "x")]);
        assert_eq!(taken("multipart/alternative;boundary=b1", &alternative).as_deref(), Ok(SDP));
    }

    #[test]
    fn parts_nest_twice_and_are_bounded() {
        let twice = bounded("b2", &[("Content-Type: multipart/mixed;boundary=b1", &multi(&[SDP_PART]))]);
        assert_eq!(taken("multipart/mixed;boundary=b2", &twice).as_deref(), Ok(SDP));
        let thrice = bounded("b3", &[("Content-Type: multipart/mixed;boundary=b2", &twice)]);
        assert_eq!(taken("multipart/mixed;boundary=b3", &thrice), Err(BodyError::Parts));
        let many = multi(&vec![SDP_PART; MAX_PARTS + 1]);
        assert_eq!(taken("multipart/mixed;boundary=b1", &many), Err(BodyError::Parts));
        let large = multi(&[SDP_PART, ("Content-Type: x/y", &"x".repeat(MAX_BYTES))]);
        assert_eq!(taken("multipart/mixed;boundary=b1", &large), Err(BodyError::Parts));
    }

    #[test]
    fn what_is_no_description_is_refused() {
        for (kind, body, outcome) in [
            ("application/sdp;charset=utf-8", SDP, Ok(SDP)),
            ("text/plain", "hello", Err(BodyError::Type)),
            ("multipart/mixed", "--b1\r\n", Err(BodyError::Parts)),
            ("multipart/mixed;boundary=b1", "no parts", Err(BodyError::Parts)),
            ("multipart/mixed;boundary=b1", "--b1\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n", Ok("v=0")),
        ] {
            assert_eq!(taken(kind, body).as_deref(), outcome.as_ref().map(|s| *s), "{kind}");
        }
    }
}
