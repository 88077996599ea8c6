//! Traces without secrets: what a trace shows of a message may be pasted into a mail.

/// What stands in place of a secret.
const MASK: &[u8] = b"<hidden>";

/// A message's bytes with the values of Authorization and Proxy-Authorization (folded lines too), the keys of SDES
/// `a=crypto` lines and the passwords of ICE masked. Works line by line, so a broken message is redacted as well.
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

/// Masks everything behind each `inline:` of a crypto attribute up to a blank or semicolon (RFC 4568 §6.1), and the value
/// of `a=ice-pwd`.
fn mask_keys(line: &[u8], out: &mut Vec<u8>) {
    const KEY: &[u8] = b"inline:";
    const ICE: &[u8] = b"a=ice-pwd:";
    if let Some(head) = line.get(..ICE.len()).filter(|head| head.eq_ignore_ascii_case(ICE)) {
        out.extend_from_slice(head);
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
    fn line_ends_of_any_kind_survive() {
        assert_eq!(redact(b"Authorization: x\nFrom: y\n\nbody"), b"Authorization: <hidden>\nFrom: y\n\nbody");
    }
}
