//! Messages as arrows between the phone and its peers, in plain characters.
//!
//! ```text
//!             tuiphone                                   192.0.2.2:5060 udp
//! 12:00:01.250    |---------- INVITE sip:600@demo (SDP) --------->| c1
//! 12:00:02.250    |<----------- 180 Ringing (INVITE) -------------| c1
//! ```

use super::words::{clock, of_call, words};
use crate::control::{Traced, Way};
use crate::text::elided;

/// The column of the phone's line.
const PHONE: usize = 16;
/// From one line to the next at most, and at least, in columns.
const SPAN: usize = 48;
const LEAST_SPAN: usize = 28;
/// Columns that a drawing has where nobody reads it on a terminal, the call's id behind it not counted.
const WIDTH: usize = 112;
/// Columns of that id.
const ID: usize = 4;

/// A ladder that grows downwards alone: where there is no room for one more peer, it takes the line of the one that was
/// silent longest.
#[derive(Debug)]
pub struct Ladder {
    peers: Vec<Peer>,
    width: usize,
    count: u64,
}

#[derive(Debug)]
struct Peer {
    name: String,
    /// The message it was in last.
    last: u64,
}

impl Ladder {
    /// For a terminal of so many columns, if it is read on one.
    pub fn new(columns: Option<u16>) -> Ladder {
        let room = columns.map_or(WIDTH, |columns| usize::from(columns).saturating_sub(ID));
        Ladder { peers: Vec::new(), width: room.clamp(PHONE + LEAST_SPAN, WIDTH), count: 0 }
    }

    /// The lines that one more message adds.
    pub fn add(&mut self, message: &Traced) -> Vec<String> {
        let name = format!("{} {}", message.remote, message.transport);
        self.count += 1;
        let mut lines = Vec::new();
        let at = match self.peers.iter().position(|known| known.name == name) {
            Some(at) => at,
            None => {
                let at = self.place();
                let peer = Peer { name, last: 0 };
                match self.peers.get_mut(at) {
                    Some(silent) => *silent = peer,
                    None => self.peers.push(peer),
                }
                lines.push(self.heads());
                at
            }
        };
        if let Some(peer) = self.peers.get_mut(at) {
            peer.last = self.count;
        }
        lines.push(self.arrow(at, message));
        lines
    }

    /// Where one more peer goes.
    fn place(&self) -> usize {
        let most = (self.width - PHONE) / LEAST_SPAN;
        let silent = self.peers.iter().enumerate().min_by_key(|(_, peer)| peer.last).map(|(at, _)| at);
        silent.filter(|_| self.peers.len() >= most).unwrap_or(self.peers.len())
    }

    fn span(&self) -> usize {
        ((self.width - PHONE) / self.peers.len().max(1)).min(SPAN)
    }

    fn column(&self, peer: usize) -> usize {
        PHONE + self.span() * (peer + 1)
    }

    fn heads(&self) -> String {
        let mut row = Row::default();
        row.centre("tuiphone", PHONE);
        for (at, peer) in self.peers.iter().enumerate() {
            let name = elided(&peer.name, self.span() - 2);
            let half = name.chars().count().div_ceil(2);
            row.centre(&name, self.column(at).min(self.width.saturating_sub(half)));
        }
        row.text()
    }

    fn arrow(&self, at: usize, message: &Traced) -> String {
        let (mut row, end, span) = (Row::default(), self.column(at), self.span());
        row.put(clock(&message.time), 0);
        row.put("|", PHONE);
        (0..self.peers.len()).for_each(|peer| row.put("|", self.column(peer)));
        row.put(&"-".repeat(end - PHONE - 1), PHONE + 1);
        match message.way {
            Way::Sent => row.put(">", end - 1),
            Way::Received => row.put("<", PHONE + 1),
        }
        row.centre(&format!(" {} ", elided(&words(message), span - 8)), PHONE + span / 2);
        row.text() + &of_call(message)
    }
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
    use super::super::words::tests::message;
    use super::*;

    #[test]
    fn a_call_over_a_proxy_and_a_word_to_another() {
        let mut ladder = Ladder::new(None);
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
            "            tuiphone                                   192.0.2.2:5060 udp                     192.0.2.2:5080 udp",
            "12:00:03.250    |---------------- OPTIONS sip:a --------------------------------------------------------------->|",
            "12:00:04.250    |<- 200 éééééééééééééééééééééé…éééé (INVITE) ---|                                               | c1",
        ];
        assert_eq!(drawn, expected);
    }

    #[test]
    fn it_is_never_wider_than_its_terminal_however_many_peers_there_are() {
        for (columns, widest) in [(None, WIDTH), (Some(200), WIDTH), (Some(80), 76), (Some(20), PHONE + LEAST_SPAN)] {
            let mut ladder = Ladder::new(columns);
            for n in 0..40 {
                let drawn = ladder.add(&message(1, Way::Received, 6_000 + n % 7, "OPTIONS sip:a SIP/2.0", None));
                let over = drawn.iter().find(|line| line.chars().count() > widest + 1);
                assert!(over.is_none(), "{columns:?}: {drawn:#?}");
                let heads = drawn.len() - 1;
                assert!(heads <= 1 && drawn[heads].contains("OPTIONS"), "{columns:?}: {drawn:#?}");
            }
        }
    }

    #[test]
    fn who_was_silent_longest_makes_room() {
        let mut ladder = Ladder::new(Some(80));
        let say = |ladder: &mut Ladder, port| ladder.add(&message(1, Way::Sent, port, "OPTIONS sip:a SIP/2.0", None));
        for port in [1, 2, 1] {
            say(&mut ladder, port);
        }
        let drawn = say(&mut ladder, 3);
        assert!(
            drawn[0].contains("2:1 udp") && drawn[0].contains("2:3 udp") && !drawn[0].contains("2:2 udp"),
            "{drawn:?}"
        );
        assert_eq!(say(&mut ladder, 1).len(), 1, "it kept its line");
    }
}
