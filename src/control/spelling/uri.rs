//! Links of other programs, `tel:+4940123`: what of them may stand in the dial field. Whoever made the link is a
//! stranger, so it chooses a number or an address and nothing else.

use super::table::{self, Form};
use crate::text::elided;

/// The longest link that is looked at, in bytes.
pub const MAX_LINK: usize = 2048;

/// The longest number or address that is taken, in characters: what a dial field shows.
pub const MAX_NUMBER: usize = 256;

/// Characters of a link that an error repeats.
const MAX_SHOWN: usize = 40;

/// Why a link is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// More than [`MAX_LINK`] bytes, or [`MAX_NUMBER`] characters.
    #[error("the link is longer than {MAX_LINK} bytes, or what it asks to call than {MAX_NUMBER}")]
    TooLong,
    /// No scheme of telephony.
    #[error("it is no link to call: sip:, sips:, tel:, callto:, dial:, dialpad: and msip: are")]
    Scheme,
    /// No number and no address in it.
    #[error("the link has no number")]
    Empty,
    /// A character that no number and no address has.
    #[error("a link cannot have {0:?} in its address")]
    Character(char),
    /// A host that is none.
    #[error("{0:?} is not a host")]
    Host(String),
    /// `msip:hangupall`: what others wrote does not rule the phone.
    #[error("a link may ask to call, not to {0}; on the command line: tuiphone msip:{0}")]
    Command(String),
}

/// What a link puts in the dial field: `+4940123`, `sip:bob@example.net`. Headers, parameters, passwords are left out.
///
/// # Errors
/// It is no link to call, or has what no such link has.
pub fn link(text: &str) -> Result<String, LinkError> {
    let number = asked(text)?;
    // Shown in part it would be another number.
    if number.len() > MAX_NUMBER { Err(LinkError::TooLong) } else { Ok(number) }
}

fn asked(text: &str) -> Result<String, LinkError> {
    let text = text.trim();
    if text.len() > MAX_LINK {
        return Err(LinkError::TooLong);
    }
    let (scheme, rest) = text.split_once(':').ok_or(LinkError::Scheme)?;
    let scheme = scheme.to_ascii_lowercase();
    table::find(Form::Scheme, &scheme).ok_or(LinkError::Scheme)?;
    if scheme == "msip" && super::msip_word(rest).is_some() {
        return Err(LinkError::Command(elided(rest, MAX_SHOWN)));
    }
    let rest = match rest.strip_prefix("//") {
        Some(rest) => rest.strip_suffix('/').unwrap_or(rest),
        None => rest,
    };
    let is_tel = scheme == "tel";
    // Behind the address, and in front of an @ behind the user.
    let address = rest.split('?').next().unwrap_or_default();
    let (user, host) = match address.rsplit_once('@').filter(|_| !is_tel) {
        Some((user, host)) => (user, Some(host.split(';').next().unwrap_or_default())),
        None => (address, None),
    };
    let user = user.split(';').next().unwrap_or_default();
    let user = user.split_once(':').filter(|_| host.is_some()).map_or(user, |(user, _)| user);
    let user = decoded(user);
    let user = user.trim();
    if user.is_empty() {
        return Err(LinkError::Empty);
    }
    let fits = if is_tel { is_of_number } else { is_of_user };
    if let Some(odd) = user.chars().find(|c| !fits(*c)) {
        return Err(LinkError::Character(odd));
    }
    // What is encoded stays so, unless it hides what may not be there.
    if let Some(hidden) = hidden(user) {
        return Err(LinkError::Character(hidden));
    }
    let Some(host) = host else {
        let secure = if scheme == "sips" { "sips:" } else { "" };
        return Ok(format!("{secure}{user}"));
    };
    if host.is_empty() || !host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b)) {
        return Err(LinkError::Host(elided(host, MAX_SHOWN)));
    }
    Ok(format!("{}:{user}@{host}", if scheme == "sips" { "sips" } else { "sip" }))
}

/// `%20` and `%2B` are what MicroSIP decodes; the signs of telephone numbers are decoded too.
fn decoded(text: &str) -> String {
    let signs =
        [("20", ' '), ("2B", '+'), ("2A", '*'), ("23", '#'), ("28", '('), ("29", ')'), ("2D", '-'), ("2E", '.')];
    let mut parts = text.split('%');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let sign = signs.iter().find(|(code, _)| part.get(..2).is_some_and(|head| head.eq_ignore_ascii_case(code)));
        match (sign, part.get(2..)) {
            (Some((_, sign)), Some(rest)) => {
                out.push(*sign);
                out += rest;
            }
            _ => {
                out.push('%');
                out += part;
            }
        }
    }
    out
}

//= RFC 3966 §3 global-number-digits local-number-digits
/// What telephone numbers are written with; a comma waits a second before the digits behind it.
fn is_of_number(c: char) -> bool {
    c.is_ascii_digit() || "+*#-.() /,".contains(c)
}

//= RFC 3261 §25.1 user
fn is_of_user(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.!~*'()&=+$,/#% ".contains(c)
}

/// A control character, a quote or a bracket behind a `%`, or a `%` with nothing behind it.
fn hidden(user: &str) -> Option<char> {
    let mut parts = user.split('%');
    parts.next();
    parts.find_map(|part| {
        let code = part.get(..2).filter(|code| code.bytes().all(|b| b.is_ascii_hexdigit()));
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) if byte.is_ascii_control() || b"\"<>@;:?/\\".contains(&byte) => Some(char::from(byte)),
            Some(_) => None,
            None => Some('%'),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    //= RFC 3966 §3
    #[test]
    fn a_link_chooses_a_number_and_nothing_else() {
        for (link_text, field) in [
            ("tel:+49-40-123", "+49-40-123"),
            ("TEL:%2B4912", "+4912"),
            ("tel:+1(555)010;ext=7;phone-context=example.net", "+1(555)010"),
            ("tel:5551234,99", "5551234,99"),
            ("sip:bob@example.net", "sip:bob@example.net"),
            ("sips:bob@example.net:5061", "sips:bob@example.net:5061"),
            ("sip:bob:secret@example.net;transport=tcp;method=BYE?Replaces=x", "sip:bob@example.net"),
            ("sip:+49;phone-context=x@h;maddr=192.0.2.1", "sip:+49@h"),
            ("sip:100", "100"),
            ("callto://5550123/", "5550123"),
            ("dialpad:100", "100"),
            ("dial:%2B4912%20345", "+4912 345"),
            ("msip:600", "600"),
            ("sip:b%c3%a9@h", "sip:b%c3%a9@h"),
            (" tel:1 ", "1"),
        ] {
            assert_eq!(link(link_text).as_deref(), Ok(field), "{link_text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for (link_text, why) in [
            ("https://example.net", LinkError::Scheme),
            ("600", LinkError::Scheme),
            ("tel:", LinkError::Empty),
            ("sip:;x@", LinkError::Empty),
            ("sip:@h", LinkError::Empty),
            ("tel:bob", LinkError::Character('b')),
            ("tel:1\u{1b}[2J", LinkError::Character('\u{1b}')),
            ("sip:a%0d%0a@h", LinkError::Character('\r')),
            ("sip:a%@h", LinkError::Character('%')),
            ("sip:<b@h", LinkError::Character('<')),
            ("sip:a@h>", LinkError::Host("h>".into())),
            ("sip:a@", LinkError::Host(String::new())),
            ("msip:hangupall", LinkError::Command("hangupall".into())),
            ("msip:transfer_600", LinkError::Command("transfer_600".into())),
        ] {
            assert_eq!(link(link_text), Err(why), "{link_text:?}");
        }
        let digits = |count| link(&format!("tel:{}", "1".repeat(count)));
        assert_eq!((digits(MAX_LINK), digits(MAX_NUMBER + 1)), (Err(LinkError::TooLong), Err(LinkError::TooLong)));
        assert!(digits(MAX_NUMBER).is_ok());
    }
}
