//! Traces without secrets: what a trace shows of a message may be pasted into a mail.

/// What stands in place of a secret.
const MASK: &[u8] = b"<hidden>";

/// A message's bytes with the values of Authorization and Proxy-Authorization (folded lines too), the keys of SDES
/// `a=crypto` lines, other keys of descriptions, the passwords of ICE and those in URIs masked. Works line by line, so a
/// broken message is redacted as well.
pub fn redact(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len());
    let mut in_secret = false;
    for line in message.split_inclusive(|&b| b == b'\n') {
        let text = super::strip_line_end(line);
        let line_end = line.get(text.len()..).unwrap_or_default();
        let is_folded = matches!(text.first(), Some(b' ' | b'\t'));
        if is_folded && in_secret {
            continue;
        }
        in_secret = false;
        if let Some(name) = secret_header(text) {
            in_secret = true;
            out.extend_from_slice(name);
            out.extend_from_slice(b": ");
            out.extend_from_slice(MASK);
        } else {
            mask_keys(text, &mut out);
        }
        out.extend_from_slice(line_end);
    }
    out
}

fn secret_header(line: &[u8]) -> Option<&[u8]> {
    let colon = line.iter().position(|&b| b == b':')?;
    let name = line.get(..colon)?.trim_ascii();
    let is_secret = name.eq_ignore_ascii_case(b"Authorization") || name.eq_ignore_ascii_case(b"Proxy-Authorization");
    is_secret.then_some(name)
}

/// Lines of a description whose value is a secret as a whole: RFC 8839 §5.4, RFC 4567 §3.1, RFC 4566 §5.12.
const WHOLE: [&[u8]; 3] = [b"a=ice-pwd:", b"a=key-mgmt:", b"k="];

/// Masks everything behind each `inline:` of a crypto attribute up to a blank or semicolon (RFC 4568 §6.1), the value of
/// other keys, and passwords in URIs.
fn mask_keys(line: &[u8], out: &mut Vec<u8>) {
    const KEY: &[u8] = b"inline:";
    let starts = |start: &&[u8]| line.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    if let Some(start) = WHOLE.iter().find(|start| starts(start)) {
        out.extend_from_slice(line.get(..start.len()).unwrap_or_default());
        return out.extend_from_slice(MASK);
    }
    let is_crypto = line.get(..9).is_some_and(|head| head.eq_ignore_ascii_case(b"a=crypto:"));
    let mut rest = line;
    while let Some(at) = rest.windows(KEY.len()).position(|w| is_crypto && w.eq_ignore_ascii_case(KEY)) {
        let (before, key) = rest.split_at_checked(at + KEY.len()).unwrap_or((rest, &[]));
        out.extend_from_slice(before);
        out.extend_from_slice(MASK);
        let end = key.iter().position(|b| matches!(b, b' ' | b'\t' | b';')).unwrap_or(key.len());
        rest = key.get(end..).unwrap_or_default();
    }
    mask_userinfo(rest, out);
}

/// Masks what stands between `:` and `@` before a host: `sip:ann:secret@example.net`, `https://ann:secret@example.net`.
//= RFC 3261 §19.1.1, RFC 3986 §3.2.1
fn mask_userinfo(mut rest: &[u8], out: &mut Vec<u8>) {
    let is_sip = |before: &[u8]| {
        let ends = |scheme: &[u8]| {
            before.len() >= scheme.len()
                && before.get(before.len() - scheme.len()..).is_some_and(|it| it.eq_ignore_ascii_case(scheme))
        };
        ends(b"sip") || ends(b"sips")
    };
    let scheme_at = |text: &[u8]| {
        text.iter().enumerate().find_map(|(at, b)| match b {
            b':' if text.get(..at).is_some_and(is_sip) => Some((at + 1, false)),
            b'/' if text.get(at + 1) == Some(&b'/') => Some((at + 2, true)),
            _ => None,
        })
    };
    while let Some((at, has_path)) = scheme_at(rest) {
        let Some((before, behind)) = rest.split_at_checked(at) else { break };
        out.extend_from_slice(before);
        rest = behind;
        let is_end =
            |b: &u8| matches!(b, b'<' | b'>' | b'"' | b' ' | b'\t') || (has_path && matches!(b, b'/' | b'?' | b'#'));
        let mut authority = rest.get(..rest.iter().position(is_end).unwrap_or(rest.len())).unwrap_or_default();
        // Parameters are no part of it; a user may have some of its own.
        let host = authority.iter().position(|&b| b == b'@').unwrap_or(authority.len());
        let parameters = authority.iter().skip(host).position(|&b| b == b';').map(|length| host + length);
        authority = authority.get(..parameters.unwrap_or(authority.len())).unwrap_or_default();
        let at = authority.iter().rposition(|&b| b == b'@').unwrap_or_default();
        if let Some(colon) = authority.iter().position(|&b| b == b':').filter(|colon| *colon < at) {
            out.extend_from_slice(rest.get(..=colon).unwrap_or_default());
            out.extend_from_slice(MASK);
            rest = rest.get(at..).unwrap_or_default();
        }
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_and_keys_are_masked_and_nothing_else() {
        let message =
            b"INVITE sip:b@c SIP/2.0\r\nproxy-authorization : Digest username=\"u\",\r\n response=\"5ec7e7\"\r\n\
            Authorization: Digest response=\"5ec7e7\"\r\nSubject: Authorization: yes\r\n\r\n\
            a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:5ec7e7|2^20;inline:5ec7e7 UNENCRYPTED_SRTCP\r\na=x:inline:y\r\n\
            a=ice-ufrag:name\r\na=ICE-pwd:5ec7e75ec7e75ec7e75ec7\r\n";
        let shown = String::from_utf8(redact(message)).unwrap();
        assert!(!shown.contains("5ec7e7"), "{shown}");
        assert!(
            shown.contains("proxy-authorization: <hidden>\r\nAuthorization: <hidden>\r\nSubject: Authorization: yes")
        );
        assert!(shown.contains("inline:<hidden>;inline:<hidden> UNENCRYPTED_SRTCP\r\na=x:inline:y"), "{shown}");
        assert!(shown.contains("a=ice-ufrag:name\r\na=ICE-pwd:<hidden>\r\n"), "{shown}");
    }

    #[test]
    fn passwords_in_addresses_are_masked_and_addresses_stay() {
        for (line, shown) in [
            ("To: <sip:ann:s3@demo;x=1>;tag=a:b@c", "To: <sip:ann:<hidden>@demo;x=1>;tag=a:b@c"),
            ("INVITE SIPS:ann:s3:s3@demo SIP/2.0", "INVITE SIPS:ann:<hidden>@demo SIP/2.0"),
            ("Call-Info: <https://a:s3@h/x>, <sip:b:s3@h>", "Call-Info: <https://a:<hidden>@h/x>, <sip:b:<hidden>@h>"),
            ("From: sip:ann@[::1]:5060", "From: sip:ann@[::1]:5060"),
            ("To: sip:ann@demo;tag=a:b@c", "To: sip:ann@demo;tag=a:b@c"),
            ("To: <sip:a/b?c;d=e:s3@h>", "To: <sip:a/b?c;d=e:<hidden>@h>"),
            ("Contact: <sip:[::1]:5060;x>, <sip:a@h>", "Contact: <sip:[::1]:5060;x>, <sip:a@h>"),
            ("Via: SIP/2.0/UDP h:5060", "Via: SIP/2.0/UDP h:5060"),
            ("k=clear:s3", "k=<hidden>"),
            ("a=key-mgmt:mikey s3==", "a=key-mgmt:<hidden>"),
            ("", ""),
        ] {
            assert_eq!(String::from_utf8(redact(line.as_bytes())).unwrap(), shown);
        }
    }

    #[test]
    fn line_ends_of_any_kind_survive() {
        assert_eq!(redact(b"Authorization: x\nFrom: y\n\nbody"), b"Authorization: <hidden>\nFrom: y\n\nbody");
    }
}
