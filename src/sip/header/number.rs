//! Numbers of header values: digits only, bounded.

use super::ValueError;

/// Seconds, 0..=2^32-1; a larger number reads as the largest (RFC 3261 §20.19).
pub fn delta_seconds(value: &[u8]) -> Result<u32, ValueError> {
    let digits = digits(value)?;
    Ok(digits.parse().unwrap_or(u32::MAX))
}

/// A number of `value` not above `max`.
pub fn bounded(value: &[u8], max: u64) -> Result<u64, ValueError> {
    let number: u64 = digits(value)?.parse().map_err(|_| ValueError::Number)?;
    if number <= max { Ok(number) } else { Err(ValueError::Number) }
}

fn digits(value: &[u8]) -> Result<&str, ValueError> {
    let value = value.trim_ascii();
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(ValueError::Number);
    }
    std::str::from_utf8(value).map_err(|_| ValueError::Number)
}
