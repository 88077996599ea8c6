//! The encodings files of Windows programs come in.

/// How a file's bytes spell its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// Little-endian UTF-16 behind `FF FE`: what MicroSIP writes.
    Utf16Le,
    /// Big-endian UTF-16 behind `FE FF`.
    Utf16Be,
    /// UTF-8 behind `EF BB BF`.
    Utf8Bom,
    /// UTF-8, of which ASCII is a part.
    #[default]
    Utf8,
    /// The ANSI code page of western Windows: whatever is not valid UTF-8.
    Windows1252,
}

/// 0x80–0x9F of Windows-1252; the five holes are their C1 controls, so that every byte has a character of its own.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

impl Encoding {
    /// The encoding of a file, told by its first bytes, else by whether it is valid UTF-8.
    pub fn detect(bytes: &[u8]) -> Encoding {
        [Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Utf8Bom]
            .into_iter()
            .find(|encoding| bytes.starts_with(encoding.bom()))
            .unwrap_or(if std::str::from_utf8(bytes).is_ok() { Encoding::Utf8 } else { Encoding::Windows1252 })
    }

    /// The bytes before the text.
    pub fn bom(self) -> &'static [u8] {
        match self {
            Encoding::Utf16Le => b"\xff\xfe",
            Encoding::Utf16Be => b"\xfe\xff",
            Encoding::Utf8Bom => b"\xef\xbb\xbf",
            Encoding::Utf8 | Encoding::Windows1252 => b"",
        }
    }

    /// Bytes in a code unit: 1 or 2.
    pub fn width(self) -> usize {
        if matches!(self, Encoding::Utf16Le | Encoding::Utf16Be) { 2 } else { 1 }
    }

    /// The code units; an odd last byte of UTF-16 is left out.
    pub fn units(self, bytes: &[u8]) -> impl Iterator<Item = u16> {
        bytes.chunks_exact(self.width()).map(move |chunk| match (self, chunk) {
            (Encoding::Utf16Be, &[high, low]) => u16::from_be_bytes([high, low]),
            (_, &[low, high]) => u16::from_le_bytes([low, high]),
            (_, chunk) => chunk.first().copied().unwrap_or_default().into(),
        })
    }

    /// The text; what cannot be read becomes U+FFFD (the bytes themselves stay in the line they came from).
    pub fn decode(self, bytes: &[u8]) -> String {
        match self {
            Encoding::Utf8 | Encoding::Utf8Bom => String::from_utf8_lossy(bytes).into_owned(),
            Encoding::Utf16Le | Encoding::Utf16Be => {
                char::decode_utf16(self.units(bytes)).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
            }
            Encoding::Windows1252 => bytes.iter().map(|&byte| from_windows_1252(byte)).collect(),
        }
    }

    /// The bytes of a text; the first character the encoding does not have is the error.
    pub fn encode(self, text: &str) -> Result<Vec<u8>, char> {
        match self {
            Encoding::Utf8 | Encoding::Utf8Bom => Ok(text.as_bytes().to_vec()),
            Encoding::Utf16Le => Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            Encoding::Utf16Be => Ok(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
            Encoding::Windows1252 => text.chars().map(|c| to_windows_1252(c).ok_or(c)).collect(),
        }
    }
}

fn from_windows_1252(byte: u8) -> char {
    match byte {
        0x80..=0x9F => WINDOWS_1252.get(usize::from(byte - 0x80)).copied().unwrap_or(char::from(byte)),
        _ => char::from(byte),
    }
}

fn to_windows_1252(c: char) -> Option<u8> {
    match u8::try_from(c) {
        Ok(byte @ (0..=0x7F | 0xA0..)) => Some(byte),
        _ => (0x80..).zip(WINDOWS_1252).find(|&(_, other)| other == c).map(|(byte, _)| byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_of_windows_1252_goes_there_and_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = Encoding::Windows1252.decode(&bytes);
        assert_eq!(text.chars().count(), 256);
        assert!(text.contains('€') && text.contains('Ÿ') && text.contains('ÿ'));
        assert_eq!(Encoding::Windows1252.encode(&text), Ok(bytes));
        assert_eq!(Encoding::Windows1252.encode("aя"), Err('я'));
    }

    #[test]
    fn detection() {
        for (bytes, encoding) in [
            (&b"\xff\xfe[\0"[..], Encoding::Utf16Le),
            (b"\xfe\xff\0[", Encoding::Utf16Be),
            (b"\xef\xbb\xbf[a]", Encoding::Utf8Bom),
            (b"", Encoding::Utf8),
            (b"name=M\xc3\xbcller", Encoding::Utf8),
            (b"name=M\xfcller", Encoding::Windows1252),
        ] {
            assert_eq!(Encoding::detect(bytes), encoding, "{bytes:?}");
        }
    }

    #[test]
    fn utf16_text_goes_there_and_back() {
        for encoding in [Encoding::Utf16Le, Encoding::Utf16Be] {
            let bytes = encoding.encode("Ж=\u{1F4DE}").unwrap();
            assert_eq!((bytes.len(), encoding.decode(&bytes).as_str()), (8, "Ж=\u{1F4DE}"));
        }
        assert_eq!(Encoding::Utf16Le.decode(b"a\0\x3d\xd8b\0c"), "a\u{fffd}b", "a lone surrogate, an odd byte");
    }
}
