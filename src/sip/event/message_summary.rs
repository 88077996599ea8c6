//! `application/simple-message-summary`: whether messages wait, and how many (RFC 3842 §5).

use super::{DocumentError, MAX_DOCUMENT};
use crate::sip::uri::Uri;
use std::fmt;

/// Lines read of a summary; what follows are headers of single messages, which nobody asked for.
const MAX_LINES: usize = 64;

/// How many messages of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Counts {
    pub new: u32,
    pub old: u32,
    pub urgent_new: u32,
    pub urgent_old: u32,
}

/// A summary.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageSummary {
    /// Messages wait: the lamp is on.
    pub waiting: bool,
    /// The address to call for them, if the server says so.
    pub account: Option<Uri>,
    /// Voice messages, if they are counted.
    pub voice: Option<Counts>,
}

impl MessageSummary {
    /// Reads a summary. Names and `yes` in any letter case; what cannot be read is passed over.
    pub fn parse(body: &[u8]) -> Result<MessageSummary, DocumentError> {
        if body.len() > MAX_DOCUMENT {
            return Err(DocumentError::TooLong(body.len()));
        }
        let text = String::from_utf8_lossy(body);
        let mut waiting = None;
        let mut summary = MessageSummary::default();
        //= RFC 3842 §5.2: an empty line ends the counts
        for line in text.lines().take(MAX_LINES).take_while(|line| !line.trim().is_empty()) {
            let Some((name, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            match name.trim().to_ascii_lowercase().as_str() {
                "messages-waiting" => waiting = Some(value.eq_ignore_ascii_case("yes")),
                "message-account" => summary.account = Uri::parse(value.trim_matches(['<', '>'])).ok(),
                "voice-message" => summary.voice = counts(value),
                _ => {}
            }
        }
        let counted = summary.voice.map(|voice| voice.new > 0);
        summary.waiting = waiting.or(counted).ok_or(DocumentError::Missing("Messages-Waiting"))?;
        Ok(summary)
    }
}

impl fmt::Display for MessageSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Messages-Waiting: {}\r\n", if self.waiting { "yes" } else { "no" })?;
        if let Some(account) = &self.account {
            write!(f, "Message-Account: {account}\r\n")?;
        }
        if let Some(Counts { new, old, urgent_new, urgent_old }) = self.voice {
            write!(f, "Voice-Message: {new}/{old} ({urgent_new}/{urgent_old})\r\n")?;
        }
        Ok(())
    }
}

/// `2/8` or `2/8 (0/2)`.
fn counts(value: &str) -> Option<Counts> {
    let pair = |text: &str| {
        let (new, old) = text.trim().split_once('/')?;
        Some((new.trim().parse().ok()?, old.trim().parse().ok()?))
    };
    let (all, urgent) = value.split_once('(').unwrap_or((value, ""));
    let (new, old) = pair(all)?;
    let (urgent_new, urgent_old) = pair(urgent.trim_end().trim_end_matches(')')).unwrap_or_default();
    Some(Counts { new, old, urgent_new, urgent_old })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_as_servers_write_them() {
        let counts = |new, old, urgent_new, urgent_old| Some(Counts { new, old, urgent_new, urgent_old });
        for (text, waiting, voice) in [
            //= RFC 3842 §5.2
            (
                "Messages-Waiting: yes\r\nMessage-Account: sip:a@b\r\nVoice-Message: 2/8 (0/2)\r\n",
                true,
                counts(2, 8, 0, 2),
            ),
            ("Messages-Waiting: no\r\n", false, None),
            ("messages-waiting:YES\nvoice-message:1/0\n", true, counts(1, 0, 0, 0)),
            (
                "Messages-Waiting: no\r\nVoice-Message: 0/3 (0/0)\r\n\r\nTo: x\r\nVoice-Message: 9/9\r\n",
                false,
                counts(0, 3, 0, 0),
            ),
            ("Voice-Message: 4/0\r\n", true, counts(4, 0, 0, 0)),
            // What a number cannot be is no count.
            ("Messages-Waiting: yes\r\nVoice-Message: 99999999999/1\r\n", true, None),
            ("Messages-Waiting: yes\r\nVoice-Message: -1/1\r\nFax-Message: 1/1\r\n", true, None),
        ] {
            let summary = MessageSummary::parse(text.as_bytes()).unwrap();
            assert_eq!((summary.waiting, summary.voice), (waiting, voice), "{text}");
        }
        let summary = MessageSummary::parse(b"Messages-Waiting: yes\r\nMessage-Account: <sip:*97@b>\r\n").unwrap();
        assert_eq!(summary.account.as_ref().map(Uri::as_str), Some("sip:*97@b"));
    }

    #[test]
    fn what_says_nothing_is_refused() {
        let far = format!("{}Messages-Waiting: yes\r\n", "X: y\r\n".repeat(MAX_LINES));
        for text in ["", "hello", "<xml/>", "\r\nMessages-Waiting: yes\r\n", far.as_str()] {
            let read = MessageSummary::parse(text.as_bytes());
            assert_eq!(read, Err(DocumentError::Missing("Messages-Waiting")), "{text}");
        }
        let long = vec![b'x'; MAX_DOCUMENT + 1];
        assert_eq!(MessageSummary::parse(&long), Err(DocumentError::TooLong(long.len())));
    }

    #[test]
    fn what_is_written_reads_back() {
        let voice = Some(Counts { new: 1, old: 2, urgent_new: 3, urgent_old: 4 });
        let summary = MessageSummary { waiting: true, account: Uri::parse("sip:a@b").ok(), voice };
        assert_eq!(MessageSummary::parse(summary.to_string().as_bytes()), Ok(summary));
    }
}
