//! Messages as arrows between the phone and its peers, in plain characters.
//!
//! ```text
//!             tuiphone                                   192.0.2.2:5060 udp
//! 12:00:01.250    |---------- INVITE sip:600@demo (SDP) --------->| c1
//! 12:00:02.250    |<----------- 180 Ringing (INVITE) -------------| c1
//! ```

use super::{clock, of_call, words};
use crate::control::{Traced, Way};
use crate::text::elided;

/// The column of the phone's line.
const PHONE: usize = 16;
/// From one line to the next, in columns.
const SPAN: usize = 48;
/// Peers that have a line of their own; those beyond share the last one.
const MOST_PEERS: usize = 8;

/// A ladder that grows.
#[derive(Debug, Default)]
pub(super) struct Ladder {
    peers: Vec<String>,
}

impl Ladder {
    /// The lines that one more message adds.
    pub(super) fn add(&mut self, message: &Traced) -> Vec<String> {
        let peer = format!("{} {}", message.remote, message.transport);
        let mut lines = Vec::new();
        let at = match self.peers.iter().position(|known| *known == peer) {
            Some(at) => at,
            None if self.peers.len() >= MOST_PEERS => MOST_PEERS - 1,
            None => {
                self.peers.push(peer);
                lines.push(self.heads());
                self.peers.len() - 1
            }
        };
        lines.push(self.arrow(at, message));
        lines
    }

    fn heads(&self) -> String {
        let mut row = Row::default();
        row.centre("tuiphone", PHONE);
        for (at, peer) in self.peers.iter().enumerate() {
            row.centre(peer, column(at));
        }
        row.text()
    }

    fn arrow(&self, at: usize, message: &Traced) -> String {
        let (mut row, end) = (Row::default(), column(at));
        row.put(clock(&message.time), 0);
        row.put("|", PHONE);
        (0..self.peers.len()).for_each(|peer| row.put("|", column(peer)));
        row.put(&"-".repeat(end - PHONE - 1), PHONE + 1);
        match message.way {
            Way::Sent => row.put(">", end - 1),
            Way::Received => row.put("<", PHONE + 1),
        }
        row.centre(&format!(" {} ", elided(&words(message), SPAN - 8)), PHONE + SPAN / 2);
        row.text() + &of_call(message)
    }
}

fn column(peer: usize) -> usize {
    PHONE + SPAN * (peer + 1)
}

/// A line of characters.
#[derive(Default)]
struct Row(Vec<char>);

impl Row {
    fn put(&mut self, text: &str, at: usize) {
        let end = at + text.chars().count();
        if self.0.len() < end {
            self.0.resize(end, ' ');
        }
        self.0.iter_mut().skip(at).zip(text.chars()).for_each(|(place, c)| *place = c);
    }

    fn centre(&mut self, text: &str, at: usize) {
        self.put(text, at.saturating_sub(text.chars().count() / 2));
    }

    fn text(self) -> String {
        self.0.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::message;
    use super::*;

    #[test]
    fn a_call_over_a_proxy_and_a_word_to_another() {
        let mut ladder = Ladder::default();
        let messages = [
            message(1, Way::Sent, 5060, "INVITE sip:600@demo SIP/2.0", Some("application/sdp")),
            message(2, Way::Received, 5060, "SIP/2.0 180 Ringing", None),
            message(3, Way::Sent, 5080, "OPTIONS sip:a SIP/2.0", None),
            message(4, Way::Received, 5060, &format!("SIP/2.0 200 {}", "é".repeat(90)), None),
        ];
        let drawn: Vec<String> = messages.iter().flat_map(|message| ladder.add(message)).collect();
        let expected = [
            "            tuiphone                                   192.0.2.2:5060 udp",
            "12:00:01.250    |---------- INVITE sip:600@demo (SDP) --------->| c1",
            "12:00:02.250    |<----------- 180 Ringing (INVITE) -------------| c1",
            "            tuiphone                                   192.0.2.2:5060 udp                              192.0.2.2:5080 udp",
            "12:00:03.250    |---------------- OPTIONS sip:a --------------------------------------------------------------->|",
            "12:00:04.250    |<- 200 éééééééééééééééééééééé…éééé (INVITE) ---|                                               | c1",
        ];
        assert_eq!(drawn, expected);
    }

    #[test]
    fn strangers_beyond_the_most_share_a_line() {
        let mut ladder = Ladder::default();
        for port in 1..50 {
            ladder.add(&message(1, Way::Received, 6000 + port, "OPTIONS sip:a SIP/2.0", None));
        }
        let line = ladder.add(&message(1, Way::Sent, 7000, "OPTIONS sip:a SIP/2.0", None)).join("\n");
        assert_eq!((ladder.peers.len(), line.lines().count()), (MOST_PEERS, 1));
        assert!(line.chars().count() <= column(MOST_PEERS - 1) + 1, "{line}");
    }
}
