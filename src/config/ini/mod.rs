//! `microsip.ini` as a document: bytes in, the same bytes out, and Win32-profile look-ups in between.

/// A profile file that keeps every byte it was not asked to change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    bytes: Vec<u8>,
}

/// Why a file or a change was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IniError {
    /// The file is larger than [`Document::MAX_BYTES`].
    #[error("the file has {0} bytes, more than the {max} that are read", max = Document::MAX_BYTES)]
    TooLarge(usize),
}

impl Document {
    /// The largest file that is read, in bytes.
    pub const MAX_BYTES: usize = 8 << 20;

    /// Reads a file of any of the known encodings.
    pub fn parse(bytes: &[u8]) -> Result<Document, IniError> {
        if bytes.len() > Document::MAX_BYTES {
            return Err(IniError::TooLarge(bytes.len()));
        }
        Ok(Document { bytes: bytes.to_vec() })
    }

    /// The file as it is to be written.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.bytes.clone()
    }
}
