//! What waits to be told. Events are told until they are taken, in their order, so many at once; of the status only the
//! last one counts; an answer is told once.

use super::MAX_PAYLOAD;
use rumqttc::mqttbytes::QoS;
use rumqttc::mqttbytes::v4::Publish;
use std::collections::VecDeque;

/// Events that may wait; then the oldest go unheard.
pub(super) const MOST_WAITING: usize = 512;
/// Events that are on their way at once.
const WINDOW: usize = 8;
/// Answers that may wait.
const MOST_REPLIES: usize = 64;

/// An event: its topic below the prefix, and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    topic: String,
    line: String,
}

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    status: Option<String>,
    replies: VecDeque<String>,
    waiting: VecDeque<Told>,
    /// Under way, each under its number.
    flying: VecDeque<(u16, Told)>,
    last_number: u16,
    /// Events that nobody heard.
    missed: u64,
}

impl Outbox {
    /// An event of this name happened.
    pub fn event(&mut self, name: &str, line: String) {
        if line.len() > MAX_PAYLOAD {
            self.missed += 1;
            return;
        }
        if self.waiting.len() >= MOST_WAITING {
            self.waiting.pop_front();
            self.missed += 1;
        }
        self.waiting.push_back(Told { topic: format!("event/{name}"), line });
    }

    /// So many events never came here.
    pub fn miss(&mut self, count: u64) {
        self.missed += count;
    }

    /// The phone stands so.
    pub fn status(&mut self, line: String) {
        self.status = Some(line).filter(|line| line.len() <= MAX_PAYLOAD);
    }

    /// An answer.
    pub fn reply(&mut self, line: String) {
        if self.replies.len() >= MOST_REPLIES {
            self.replies.pop_front();
        }
        self.replies.push_back(line);
    }

    /// What is told next, under this prefix; `None` = nothing, or nothing before something is taken.
    pub fn next(&mut self, prefix: &str) -> Option<Publish> {
        if let Some(line) = self.replies.pop_front() {
            return Some(Publish::new(format!("{prefix}/reply"), QoS::AtMostOnce, line));
        }
        if let Some(line) = self.status.take() {
            let told = Publish::new(format!("{prefix}/status"), QoS::AtMostOnce, line);
            return Some(Publish { retain: true, ..told });
        }
        if self.flying.len() >= WINDOW {
            return None;
        }
        let event = self.waiting.pop_front()?;
        // 1 is that of the subscription.
        self.last_number = self.last_number.checked_add(1).map_or(2, |number| number.max(2));
        let told = Publish::new(format!("{prefix}/{}", event.topic), QoS::AtLeastOnce, event.line.clone());
        self.flying.push_back((self.last_number, event));
        Some(Publish { pkid: self.last_number, ..told })
    }

    /// The event of this number was taken; false if none is under way.
    pub fn taken(&mut self, number: u16) -> bool {
        let at = self.flying.iter().position(|(flying, _)| *flying == number);
        at.and_then(|at| self.flying.remove(at)).is_some()
    }

    /// The broker is lost: what was under way is told again, answers are not, for nobody waits for them any more.
    pub fn lost(&mut self) {
        while let Some((_, event)) = self.flying.pop_back() {
            self.waiting.push_front(event);
        }
        while self.waiting.len() > MOST_WAITING {
            self.waiting.pop_front();
            self.missed += 1;
        }
        self.status = None;
        self.replies.clear();
    }

    /// Events that are still to be told, and those that never were.
    pub fn counts(&self) -> (usize, u64) {
        (self.waiting.len() + self.flying.len(), self.missed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(count: usize) -> Outbox {
        let mut outbox = Outbox::default();
        (0..count).for_each(|n| outbox.event("device", n.to_string()));
        outbox
    }

    fn told(outbox: &mut Outbox) -> Vec<(String, String, u16)> {
        let publish = std::iter::from_fn(|| outbox.next("p"));
        publish.map(|it| (it.topic.clone(), String::from_utf8_lossy(&it.payload).into_owned(), it.pkid)).collect()
    }

    fn lines(told: &[(String, String, u16)]) -> Vec<&str> {
        told.iter().map(|(_, line, _)| line.as_str()).collect()
    }

    #[test]
    fn events_go_in_order_so_many_at_once_and_again_until_they_are_taken() {
        let mut outbox = filled(10);
        let first = told(&mut outbox);
        assert_eq!(lines(&first), ["0", "1", "2", "3", "4", "5", "6", "7"]);
        assert!(first.iter().all(|(topic, _, number)| topic == "p/event/device" && *number > 1));
        assert!(outbox.taken(first[0].2) && !outbox.taken(first[0].2) && !outbox.taken(999));
        assert_eq!(lines(&told(&mut outbox)), ["8"], "one is taken, one more goes");
        outbox.lost();
        assert_eq!(outbox.counts(), (9, 0));
        assert_eq!(lines(&told(&mut outbox)), ["1", "2", "3", "4", "5", "6", "7", "8"]);
    }

    #[test]
    fn a_flood_is_bounded_and_counted() {
        let mut outbox = filled(MOST_WAITING + 3);
        assert_eq!(outbox.counts(), (MOST_WAITING, 3));
        assert_eq!(told(&mut outbox)[0].1, "3", "the oldest are those that go");
        (0..20).for_each(|n| outbox.event("device", n.to_string()));
        outbox.lost();
        assert_eq!(outbox.counts().0, MOST_WAITING, "what was under way has no place beyond that");
        outbox.event("device", "x".repeat(MAX_PAYLOAD + 1));
        outbox.miss(2);
        assert_eq!(outbox.counts().0, MOST_WAITING);
        let mut outbox = Outbox::default();
        (0..100).for_each(|n| outbox.reply(n.to_string()));
        assert_eq!(told(&mut outbox).len(), MOST_REPLIES);
    }

    #[test]
    fn of_the_status_the_last_one_counts_and_it_stays() {
        let mut outbox = filled(1);
        outbox.status("old".to_owned());
        outbox.status("new".to_owned());
        outbox.reply("answer".to_owned());
        let answer = outbox.next("p").expect("an answer");
        assert_eq!((answer.topic.as_str(), answer.retain, answer.qos), ("p/reply", false, QoS::AtMostOnce));
        let status = outbox.next("p").expect("a status");
        assert_eq!((status.topic.as_str(), status.retain, &status.payload[..]), ("p/status", true, &b"new"[..]));
        assert_eq!(told(&mut outbox).len(), 1);
        outbox.reply("late".to_owned());
        outbox.status("late".to_owned());
        outbox.lost();
        assert_eq!(lines(&told(&mut outbox)), ["0"], "nobody waits for the rest");
    }

    #[test]
    fn numbers_come_round_and_are_never_that_of_the_subscription() {
        let mut outbox = Outbox { last_number: u16::MAX - 1, ..filled(3) };
        let numbers: Vec<u16> = told(&mut outbox).iter().map(|(_, _, number)| *number).collect();
        assert_eq!(numbers, [u16::MAX, 2, 3]);
    }
}
