//! The last SIP messages of a running phone, and the next ones for whoever asks.
//!
//! ```text
//!  Signalling ─▶ Tap: a bounded ring for calls, one for the rest ─▶ past
//!                 └▶ broadcast, while somebody listens ─▶ Stream ─▶ filter ─▶ Traced
//! ```
//!
//! A message is copied once, its secrets masked on the way: that is all it costs while nobody looks.

use super::message::{Kept, Parts, Traced, Way};
use crate::sip::flow::Flow;
use crate::ua::event::Event;
use crate::ua::snapshot::CallInfo;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::broadcast;

/// Messages of calls that are remembered, and their bytes together.
const OF_CALLS: (usize, usize) = (256, 192 << 10);
/// The same of registrations, lights and keep-alives: these never end, and so must not push a call out.
const OF_THE_REST: (usize, usize) = (128, 64 << 10);
/// Messages that are remembered in all.
pub const MOST_MESSAGES: usize = OF_CALLS.0 + OF_THE_REST.0;
/// Calls whose names are remembered.
const MOST_CALLS: usize = 256;
/// Messages that a slow reader may fall behind by.
const BACKLOG: usize = 256;

/// A message and the phone's name of its call.
pub(crate) type Named = (Arc<Kept>, Option<String>);

/// The signalling task's end.
#[derive(Debug)]
pub struct Tap {
    calls_kept: Ring,
    rest_kept: Ring,
    next: u64,
    /// Calls by their Call-ID, the latest last.
    calls: VecDeque<(String, String)>,
    /// What nobody was told yet: its call may get its name by what it sets off.
    fresh: Vec<Arc<Kept>>,
    live: broadcast::Sender<Named>,
}

impl Default for Tap {
    fn default() -> Tap {
        let (live, _) = broadcast::channel(BACKLOG);
        let (calls_kept, rest_kept) = (Ring::of(OF_CALLS), Ring::of(OF_THE_REST));
        Tap { calls_kept, rest_kept, next: 1, calls: VecDeque::new(), fresh: Vec::new(), live }
    }
}

/// The last messages of a kind.
#[derive(Debug)]
struct Ring {
    kept: VecDeque<Arc<Kept>>,
    bytes: usize,
    most: (usize, usize),
}

impl Ring {
    fn of(most: (usize, usize)) -> Ring {
        Ring { kept: VecDeque::new(), bytes: 0, most }
    }

    fn push(&mut self, kept: Arc<Kept>) {
        self.bytes += kept.size();
        self.kept.push_back(kept);
        while self.kept.len() > self.most.0 || self.bytes > self.most.1 {
            let Some(gone) = self.kept.pop_front() else { return };
            self.bytes -= gone.size();
        }
    }
}

impl Tap {
    /// A message went or came.
    pub fn saw(&mut self, way: Way, flow: &Flow, bytes: &[u8], at: SystemTime) {
        let Some(kept) = Kept::new(self.next, way, flow, bytes, at).map(Arc::new) else { return };
        self.next += 1;
        if self.live.receiver_count() > 0 {
            self.fresh.push(kept.clone());
        }
        if self.is_of_call(&kept) { &mut self.calls_kept } else { &mut self.rest_kept }.push(kept);
    }

    /// Something happened; a call may have a name by it.
    pub fn note(&mut self, event: &Event) {
        if let Event::CallIncoming { call }
        | Event::CallOutgoing { call }
        | Event::CallDialling { call }
        | Event::CallEnded { call } = event
        {
            self.name(call);
        }
    }

    fn name(&mut self, call: &CallInfo) {
        let is_known = self.calls.iter().any(|(sip, id)| (sip, id) == (&call.sip_call_id, &call.id));
        if is_known || call.sip_call_id.is_empty() {
            return;
        }
        if self.calls.len() >= MOST_CALLS {
            self.calls.pop_front();
        }
        self.calls.push_back((call.sip_call_id.clone(), call.id.clone()));
    }

    /// Tells whoever listens what went and came.
    pub fn flush(&mut self) {
        if self.fresh.is_empty() {
            return;
        }
        for kept in std::mem::take(&mut self.fresh) {
            let call = self.call_of(&kept);
            // Nobody listens any more.
            let _ = self.live.send((kept, call));
        }
    }

    /// The last messages, and those to come.
    pub fn open(&self) -> Opened {
        let kept = self.calls_kept.kept.iter().chain(&self.rest_kept.kept);
        let mut past: Vec<Named> = kept.map(|kept| (kept.clone(), self.call_of(kept))).collect();
        past.sort_by_key(|(kept, _)| kept.n);
        Opened { past, live: self.live.subscribe() }
    }

    fn is_of_call(&self, kept: &Kept) -> bool {
        const METHODS: [&str; 6] = ["INVITE", "ACK", "BYE", "CANCEL", "PRACK", "UPDATE"];
        METHODS.contains(&kept.method().as_str()) || self.call_of(kept).is_some()
    }

    fn call_of(&self, kept: &Kept) -> Option<String> {
        let sip = kept.call_id()?;
        self.calls.iter().rev().find(|(known, _)| *known == sip).map(|(_, id)| id.clone())
    }
}

/// What a tap gives.
#[derive(Debug)]
pub struct Opened {
    past: Vec<Named>,
    live: broadcast::Receiver<Named>,
}

/// Which messages are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of this call: its id or its Call-ID.
    pub call: Option<String>,
    /// Those of this method, and the answers to them.
    pub method: Option<String>,
    /// Those from or to this `user@domain`.
    pub aor: Option<String>,
}

impl Filter {
    fn takes(&self, (kept, call): &Named) -> bool {
        let is_of_call = |wanted: &String| call.as_ref() == Some(wanted) || kept.call_id().as_ref() == Some(wanted);
        self.call.as_ref().is_none_or(is_of_call)
            && self.method.as_ref().is_none_or(|method| kept.method().eq_ignore_ascii_case(method))
            && self.aor.as_ref().is_none_or(|aor| kept.is_of(aor))
    }
}

/// Messages as they are told to somebody.
#[derive(Debug)]
pub struct Stream {
    /// The last ones that are meant, the oldest first.
    pub past: Vec<Traced>,
    live: broadcast::Receiver<Named>,
    filter: Filter,
    parts: Parts,
}

/// No more is told: the phone has stopped, or somebody did not keep up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Over {
    /// So many were not read in time.
    #[error("{0} messages came faster than they were read")]
    Missed(u64),
    /// The phone is gone.
    #[error("the phone has stopped")]
    Stopped,
}

impl Stream {
    /// Those of `opened` that are meant: the last so many, and what follows.
    pub fn new(opened: Opened, last: usize, filter: Filter, parts: Parts) -> Stream {
        let Opened { mut past, live } = opened;
        past.retain(|named| filter.takes(named));
        let skipped = past.len().saturating_sub(last);
        let past = past.into_iter().skip(skipped).map(|(kept, call)| kept.told(call, parts)).collect();
        Stream { past, live, filter, parts }
    }

    /// The next one.
    ///
    /// # Errors
    /// There is none.
    pub async fn next(&mut self) -> Result<Traced, Over> {
        loop {
            match self.live.recv().await {
                Ok(named) if self.filter.takes(&named) => return Ok(named.0.told(named.1, self.parts)),
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(missed)) => return Err(Over::Missed(missed)),
                Err(broadcast::error::RecvError::Closed) => return Err(Over::Stopped),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::tests::flow;
    use super::*;
    use std::time::UNIX_EPOCH;

    fn saw(tap: &mut Tap, text: &str) {
        tap.saw(Way::Received, &flow(), text.as_bytes(), UNIX_EPOCH);
    }

    fn request(method: &str, call_id: &str, from: &str) -> String {
        format!("{method} sip:x@demo SIP/2.0\r\nCall-ID: {call_id}\r\nFrom: <sip:{from}>\r\nCSeq: 1 {method}\r\n\r\n")
    }

    fn call(id: &str, sip_call_id: &str) -> CallInfo {
        serde_json::from_value(serde_json::json!({"id": id, "sip_call_id": sip_call_id, "direction": "outgoing",
            "state": "connected", "account": "a@b", "remote": {"uri": "sip:600@b", "user": "600", "name": null},
            "started_at": "T", "duration": 0.0, "remote_hold": false}))
        .expect("the shape of a call")
    }

    fn past(tap: &Tap, last: usize, filter: Filter) -> Vec<(u64, Option<String>)> {
        let stream = Stream::new(tap.open(), last, filter, Parts::default());
        stream.past.into_iter().map(|told| (told.n, told.call)).collect()
    }

    #[test]
    fn each_ring_is_bounded_by_count_and_by_bytes() {
        let mut tap = Tap::default();
        for n in 0..MOST_MESSAGES {
            saw(&mut tap, &request("INVITE", &n.to_string(), "a@b"));
            saw(&mut tap, &request("OPTIONS", &n.to_string(), "a@b"));
        }
        let numbers = past(&tap, usize::MAX, Filter::default());
        assert_eq!((numbers.len(), numbers.last().unwrap().0), (MOST_MESSAGES, 2 * MOST_MESSAGES as u64));
        for _ in 0..64 {
            saw(&mut tap, &format!("OPTIONS {}", "x".repeat(30_000)));
            saw(&mut tap, &format!("INVITE {}", "x".repeat(30_000)));
        }
        for ring in [&tap.calls_kept, &tap.rest_kept] {
            let held: usize = ring.kept.iter().map(|kept| kept.size()).sum();
            assert!(held == ring.bytes && held <= ring.most.1 && ring.kept.len() < 8, "{held} in {}", ring.kept.len());
        }
        assert!(tap.fresh.is_empty(), "nothing waits where nobody listens");
    }

    #[test]
    fn keep_alives_push_no_call_out_and_all_is_told_in_its_order() {
        let mut tap = Tap::default();
        saw(&mut tap, &request("INVITE", "one", "100@demo"));
        tap.note(&Event::CallDialling { call: call("c1", "one") });
        saw(&mut tap, &request("REGISTER", "r", "100@demo"));
        saw(&mut tap, &request("INFO", "one", "100@demo"));
        for n in 0..2 * MOST_MESSAGES {
            saw(&mut tap, &request("OPTIONS", &n.to_string(), "a@b"));
        }
        saw(&mut tap, &request("BYE", "one", "100@demo"));
        let of_call = past(&tap, usize::MAX, Filter { call: Some("c1".into()), ..Filter::default() });
        let last = 2 * MOST_MESSAGES as u64 + 4;
        assert_eq!(of_call.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [1, 3, last]);
        let all = past(&tap, usize::MAX, Filter::default());
        assert!(all.is_sorted_by_key(|(n, _)| *n) && all.len() == 3 + OF_THE_REST.0, "{}", all.len());
    }

    #[test]
    fn filters_take_what_is_meant() {
        let mut tap = Tap::default();
        saw(&mut tap, &request("REGISTER", "r", "100@demo"));
        saw(&mut tap, &request("INVITE", "one", "100@demo"));
        saw(&mut tap, "SIP/2.0 200 OK\r\nCall-ID: one\r\nCSeq: 1 INVITE\r\nTo: <sip:600@demo>\r\n\r\n");
        saw(&mut tap, &request("INVITE", "two", "101@demo"));
        tap.note(&Event::CallDialling { call: call("c1", "one") });
        tap.note(&Event::CallEnded { call: call("c1", "one") });
        assert_eq!(tap.calls.len(), 1);
        let some = |text: &str| Some(text.to_owned());
        for (filter, expected) in [
            (Filter::default(), &[1, 2, 3, 4][..]),
            (Filter { call: some("c1"), ..Filter::default() }, &[2, 3]),
            (Filter { call: some("two"), ..Filter::default() }, &[4]),
            (Filter { call: some("c2"), ..Filter::default() }, &[]),
            (Filter { method: some("invite"), ..Filter::default() }, &[2, 3, 4]),
            (Filter { aor: some("100@demo"), ..Filter::default() }, &[1, 2]),
            (Filter { aor: some("600@demo"), method: some("INVITE"), call: some("c1") }, &[3]),
        ] {
            let found: Vec<u64> = past(&tap, 9, filter.clone()).into_iter().map(|(n, _)| n).collect();
            assert_eq!(found, expected, "{filter:?}");
        }
        assert_eq!(past(&tap, 3, Filter::default()), [(2, some("c1")), (3, some("c1")), (4, None)]);
    }

    #[tokio::test]
    async fn a_message_is_told_when_its_call_has_its_name() {
        let mut tap = Tap::default();
        let mut stream =
            Stream::new(tap.open(), 0, Filter { call: Some("c7".into()), ..Filter::default() }, Parts::default());
        saw(&mut tap, &request("INVITE", "seven", "a@b"));
        saw(&mut tap, &request("INVITE", "other", "a@b"));
        tap.note(&Event::CallIncoming { call: call("c7", "seven") });
        tap.flush();
        drop(tap);
        let told = stream.next().await.unwrap();
        assert_eq!((told.n, told.call.as_deref()), (1, Some("c7")));
        assert_eq!(stream.next().await, Err(Over::Stopped));
    }

    #[tokio::test]
    async fn who_does_not_keep_up_is_let_go() {
        let mut tap = Tap::default();
        let mut stream = Stream::new(tap.open(), 0, Filter::default(), Parts::default());
        for _ in 0..=BACKLOG {
            saw(&mut tap, &request("OPTIONS", "x", "a@b"));
        }
        tap.flush();
        assert_eq!(stream.next().await, Err(Over::Missed(1)));
    }
}
