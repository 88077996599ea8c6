//! The part of BER that LDAP uses (RFC 4511 §5.1): tags of one byte, definite lengths.

/// Adds an element.
pub(super) fn put(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    out.push(tag);
    let length = content.len();
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let bytes = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
            out.push(0x84);
            out.extend_from_slice(&bytes);
        }
    }
    out.extend_from_slice(content);
}

/// An element.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 6);
    put(&mut out, tag, content);
    out
}

/// A whole number that is not negative.
pub(super) fn number(tag: u8, value: u32) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
    let significant = bytes.get(first..).unwrap_or_default();
    let sign = if significant.first().is_some_and(|byte| byte & 0x80 != 0) { &[0][..] } else { &[] };
    element(tag, &[sign, significant].concat())
}

/// Head of an element: its tag, the length of the head, that of the content. `Ok(None)` = there is not enough of it yet.
pub(super) fn head(bytes: &[u8]) -> Result<Option<(u8, usize, usize)>, ()> {
    let (Some(&tag), Some(&first)) = (bytes.first(), bytes.get(1)) else { return Ok(None) };
    if tag & 0x1f == 0x1f {
        return Err(());
    }
    if first < 0x80 {
        return Ok(Some((tag, 2, usize::from(first))));
    }
    let count = usize::from(first & 0x7f);
    if !(1..=4).contains(&count) {
        return Err(());
    }
    let Some(length) = bytes.get(2..2 + count) else { return Ok(None) };
    let length = length.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
    Ok(Some((tag, 2 + count, length)))
}

/// Reads one element after another; ends at the first that is broken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Elements<'a>(pub &'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, from, length) = head(self.0).ok().flatten()?;
        let to = from.checked_add(length)?;
        let content = self.0.get(from..to)?;
        self.0 = self.0.get(to..).unwrap_or_default();
        Some((tag, content))
    }
}

impl<'a> Elements<'a> {
    /// The content of the next element, if it has this tag.
    pub fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut rest = *self;
        let content = rest.next().filter(|(found, _)| *found == tag)?.1;
        *self = rest;
        Some(content)
    }
}

/// A whole number that is not negative.
pub(super) fn value(content: &[u8]) -> Option<u32> {
    let is_negative = content.first().is_some_and(|byte| byte & 0x80 != 0);
    let significant = content.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<u8>>();
    if content.is_empty() || is_negative || significant.len() > 4 {
        return None;
    }
    Some(significant.iter().fold(0, |value, byte| value << 8 | u32::from(*byte)))
}
