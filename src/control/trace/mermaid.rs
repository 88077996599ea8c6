//! Messages as a sequence diagram, as Mermaid reads it.

use super::words::words;
use crate::control::{Traced, Way};

/// Peers that are drawn; those beyond are one.
const MOST_PEERS: usize = 16;

/// A diagram that grows.
#[derive(Debug, Default)]
pub struct Mermaid {
    peers: Vec<String>,
}

impl Mermaid {
    /// The lines that one more message adds.
    pub fn add(&mut self, message: &Traced) -> Vec<String> {
        let peer = format!("{} {}", message.remote, message.transport);
        let mut lines = Vec::new();
        if self.peers.is_empty() {
            lines.extend(["sequenceDiagram", "    participant phone as tuiphone"].map(str::to_owned));
        }
        let number = match self.peers.iter().position(|known| *known == peer) {
            Some(at) => at + 1,
            None if self.peers.len() >= MOST_PEERS => MOST_PEERS,
            None => {
                self.peers.push(peer.clone());
                let number = self.peers.len();
                lines.push(format!("    participant peer{number} as {}", escaped(&peer)));
                number
            }
        };
        let arrow = if message.status.is_some() { "-->>" } else { "->>" };
        let peer = format!("peer{number}");
        let (from, to) = match message.way {
            Way::Sent => ("phone", peer.as_str()),
            Way::Received => (peer.as_str(), "phone"),
        };
        lines.push(format!("    {from}{arrow}{to}: {}", escaped(&words(message))));
        lines
    }
}

/// What ends a line, or begins something else, by its number.
fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '#' | ';' | '<' | '>' | '&' | '"' | '%' => out += &format!("#{};", u32::from(c)),
            c => out.push(c),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::super::words::tests::message;
    use super::*;

    #[test]
    fn requests_are_solid_answers_are_broken_and_nothing_breaks_out() {
        let mut diagram = Mermaid::default();
        let messages = [
            message(1, Way::Sent, 5060, "INVITE sip:6#0@demo;transport=tcp SIP/2.0", Some("application/sdp")),
            message(2, Way::Received, 5060, "SIP/2.0 200 <b>%%{init}%%", None),
            message(3, Way::Received, 5080, "OPTIONS sip:a SIP/2.0", None),
        ];
        let drawn: Vec<String> = messages.iter().flat_map(|message| diagram.add(message)).collect();
        assert_eq!(
            drawn.join("\n"),
            "sequenceDiagram\n    participant phone as tuiphone\n    participant peer1 as 192.0.2.2:5060 udp\n    \
             phone->>peer1: INVITE sip:6#35;0@demo#59;transport=tcp (SDP)\n    \
             peer1-->>phone: 200 #60;b#62;#37;#37;{init}#37;#37; (INVITE)\n    \
             participant peer2 as 192.0.2.2:5080 udp\n    peer2->>phone: OPTIONS sip:a"
        );
    }
}
