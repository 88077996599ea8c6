//! How single values are spelled: MicroSIP's booleans, integers, word lists.

/// The leading digits of a value, sign allowed; garbage and empty are 0, and what does not fit is the nearest that does.
pub(super) fn integer(value: &str) -> i64 {
    let value = value.trim_start();
    let (negative, digits) = match value.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, value.strip_prefix('+').unwrap_or(value)),
    };
    let magnitude = digits
        .chars()
        .map_while(|c| c.to_digit(10))
        .fold(0_i64, |sum, digit| sum.saturating_mul(10).saturating_add(digit.into()));
    if negative { -magnitude } else { magnitude }
}

/// True unless the integer is 0; so an empty value is false.
pub(super) fn flag(value: &str) -> bool {
    integer(value) != 0
}

/// The integer within 0 … `max`, and a complaint if it was not.
pub(super) fn within<T: TryFrom<i64> + Into<i64> + Copy>(value: &str, max: T) -> (i64, Option<String>) {
    let number = integer(value);
    let (max, clamped) = (max.into(), number.clamp(0, max.into()));
    (clamped, (clamped != number).then(|| format!("{number} is outside 0-{max}; {clamped} is used")))
}

/// True for the shape MicroSIP's obfuscated passwords have: groups of sixteen lower-case hex digits.
pub(super) fn looks_sealed(value: &str) -> bool {
    !value.is_empty() && value.len().is_multiple_of(16) && value.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_their_leading_digits() {
        for (text, number) in [
            ("", 0),
            ("12", 12),
            ("-7x", -7),
            ("+3", 3),
            ("abc", 0),
            ("5060 ; sip", 5060),
            ("0x10", 0),
            ("99999999999999999999", i64::MAX),
        ] {
            assert_eq!(integer(text), number, "{text:?}");
        }
        assert_eq!(within::<u16>("70000", 65535), (65535, Some("70000 is outside 0-65535; 65535 is used".to_owned())));
    }

    #[test]
    fn sealed_passwords_have_a_shape() {
        assert!(looks_sealed("a268c52c2c3a93f1"));
        assert!(looks_sealed(&"0123456789abcdef".repeat(3)));
        let one_and_a_half = "a268c52c2c3a93f1a268c52c";
        for plain in ["", "abc", "A268C52C2C3A93F1", "a268c52c2c3a93f", one_and_a_half, "g268c52c2c3a93f1"] {
            assert!(!looks_sealed(plain), "{plain}");
        }
    }
}
