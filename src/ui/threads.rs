//! Conversations in writing: who with, what was said, what became of what we said. Plain data.

use super::editor::Editor;
use crate::control::{MessageInfo, Party};
use crate::text::words::retold;
use crate::text::{sanitise_text, say};
use crate::ui::view::words;
use std::time::{Duration, Instant};

/// Longest message that can be typed, in characters.
pub const MAX_CHARS: usize = 800;
/// Conversations kept; the oldest go.
const MOST: usize = 100;
/// Lines kept of each.
const MOST_LINES: usize = 200;

/// What became of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// They wrote it.
    Theirs,
    /// On its way.
    Sending,
    /// They have it.
    Delivered,
    /// A server has it and passes it on (202).
    Taken,
    /// They have not got it, and why.
    Refused(String),
}

/// A message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadLine {
    /// The phone's id of it, once it has one.
    id: Option<String>,
    /// What it says, safe to show.
    pub text: String,
    /// What became of it.
    pub fate: Fate,
    /// They wrote it, and nobody has looked.
    unread: bool,
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// Its number; stays when others come and go.
    pub id: u32,
    /// The far side; only an address as typed until the phone has told more.
    pub with: Party,
    /// Our account's AOR; empty = the selected one.
    pub account: String,
    /// What was said, oldest first.
    pub lines: Vec<ThreadLine>,
    /// What is being written.
    pub draft: Editor,
    /// They are writing, believed until then.
    pub writes_until: Option<Instant>,
    /// When they were last told that we write.
    pub told_at: Option<Instant>,
}

impl Thread {
    /// The far side as a person names it.
    pub fn name(&self) -> String {
        let name = self.with.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        name.map_or_else(|| self.number().to_owned(), str::to_owned)
    }

    /// Its number, else its address.
    pub fn number(&self) -> &str {
        if self.with.user.is_empty() { &self.with.uri } else { &self.with.user }
    }

    /// How many of theirs nobody has looked at.
    pub fn unread(&self) -> usize {
        self.lines.iter().filter(|line| line.unread).count()
    }

    /// They are read.
    pub fn read(&mut self) {
        self.lines.iter_mut().for_each(|line| line.unread = false);
    }

    /// It is the one with them, known by their address or by the number that was typed.
    fn is_with(&self, remote: &Party, account: &str) -> bool {
        let typed = self.with.user.is_empty() && self.with.uri == remote.user;
        (typed || same(&self.with.uri, &remote.uri)) && (self.account.is_empty() || self.account == account)
    }

    fn push(&mut self, line: ThreadLine) {
        self.lines.push(line);
        if self.lines.len() > MOST_LINES {
            self.lines.remove(0);
        }
    }
}

/// All conversations, the one last used first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Threads {
    list: Vec<Thread>,
    last: u32,
}

impl Threads {
    /// The one last used first.
    pub fn list(&self) -> &[Thread] {
        &self.list
    }

    /// One by its number.
    pub fn get(&self, id: u32) -> Option<&Thread> {
        self.list.iter().find(|thread| thread.id == id)
    }

    /// See `get`.
    pub fn get_mut(&mut self, id: u32) -> Option<&mut Thread> {
        self.list.iter_mut().find(|thread| thread.id == id)
    }

    /// Messages nobody has looked at.
    pub fn unread(&self) -> usize {
        self.list.iter().map(Thread::unread).sum()
    }

    /// Somebody has looked at them elsewhere.
    pub fn read_all(&mut self) {
        self.list.iter_mut().for_each(Thread::read);
    }

    /// The conversation with what is typed or shown: a number or an address; a new one if there is none.
    pub fn open(&mut self, target: &str, account: &str) -> u32 {
        let known = self.list.iter().find(|thread| {
            thread.with.user == target || same(&thread.with.uri, target) || bare(&thread.with.uri) == target
        });
        if let Some(thread) = known {
            return thread.id;
        }
        let with = Party { uri: target.to_owned(), ..Party::default() };
        self.add(with, account)
    }

    /// Takes in a message that the phone tells of.
    pub fn take(&mut self, message: &MessageInfo) {
        if self.list.iter().any(|thread| thread.lines.iter().any(|line| line.id.as_deref() == Some(&message.id))) {
            return;
        }
        let id = self.place_of(message);
        let Some(thread) = self.get_mut(id) else { return };
        // Ours are addressed by number: the name they gave stays.
        let name = message.remote.name.clone().or_else(|| thread.with.name.take());
        thread.with = Party { name, ..message.remote.clone() };
        thread.account.clone_from(&message.account);
        if !message.outgoing {
            thread.writes_until = None;
        }
        let fate = fate(message);
        match thread.lines.iter_mut().find(|line| message.outgoing && line.id.is_none() && line.text == message.text) {
            Some(line) => {
                line.id = Some(message.id.clone());
                line.fate = fate;
            }
            None => thread.push(ThreadLine {
                id: Some(message.id.clone()),
                text: message.text.clone(),
                fate,
                unread: !message.outgoing && !message.read,
            }),
        }
        self.raise(id);
    }

    /// We send this.
    pub fn sending(&mut self, id: u32, text: &str) {
        if let Some(thread) = self.get_mut(id) {
            thread.told_at = None;
            thread.push(ThreadLine { id: None, text: sanitise_text(text), fate: Fate::Sending, unread: false });
        }
        self.raise(id);
    }

    /// The phone would not send it, or nobody took it.
    pub fn refused(&mut self, target: &str, text: &str, why: &str) {
        let text = sanitise_text(text);
        let threads = self.list.iter_mut().filter(|thread| thread.with.uri == target);
        let mut lines = threads.flat_map(|thread| &mut thread.lines);
        if let Some(line) = lines.find(|line| line.fate == Fate::Sending && line.text == text) {
            line.fate = Fate::Refused(retold(why).into_owned());
        }
    }

    /// They write, or no longer.
    pub fn writes(&mut self, remote: &Party, account: &str, time: Duration, now: Instant) {
        let known = self.list.iter_mut().find(|thread| thread.is_with(remote, account));
        if let Some(thread) = known {
            thread.writes_until = (!time.is_zero()).then(|| now + time);
        }
    }

    /// When somebody is no longer believed to write.
    pub fn next_wake(&self) -> Option<Instant> {
        self.list.iter().filter_map(|thread| thread.writes_until).min()
    }

    /// Those no longer believed to write do not. True if there were any.
    pub fn tick(&mut self, now: Instant) -> bool {
        let over = self.list.iter_mut().filter(|thread| thread.writes_until.is_some_and(|until| until <= now));
        over.map(|thread| thread.writes_until = None).count() > 0
    }

    /// The conversation a message belongs to. One of ours may have been sent to something only typed.
    fn place_of(&mut self, message: &MessageInfo) -> u32 {
        let waits = |thread: &&Thread| {
            message.outgoing && thread.lines.iter().any(|line| line.id.is_none() && line.text == message.text)
        };
        let fits = |thread: &&Thread| thread.is_with(&message.remote, &message.account);
        let known = self.list.iter().find(waits).or_else(|| self.list.iter().find(fits)).map(|thread| thread.id);
        known.unwrap_or_else(|| self.add(message.remote.clone(), &message.account))
    }

    fn add(&mut self, with: Party, account: &str) -> u32 {
        self.last += 1;
        let thread = Thread {
            id: self.last,
            with,
            account: account.to_owned(),
            lines: Vec::new(),
            draft: Editor::default(),
            writes_until: None,
            told_at: None,
        };
        self.list.insert(0, thread);
        self.list.truncate(MOST);
        self.last
    }

    fn raise(&mut self, id: u32) {
        if let Some(at) = self.list.iter().position(|thread| thread.id == id) {
            self.list[..=at].rotate_right(1);
        }
    }
}

fn fate(message: &MessageInfo) -> Fate {
    match (message.outgoing, message.delivered, message.status) {
        (false, ..) => Fate::Theirs,
        (true, Some(true), Some(202)) => Fate::Taken,
        (true, Some(true), _) => Fate::Delivered,
        (true, Some(false), status) => {
            let reason = message.reason.clone().unwrap_or_else(|| say!("messages-no-answer"));
            Fate::Refused(words::answer(status, &reason))
        }
        (true, None, _) => Fate::Sending,
    }
}

/// Two addresses of one person, whatever their parameters.
fn same(one: &str, other: &str) -> bool {
    let address = |uri: &str| uri.split([';', '?']).next().unwrap_or_default().to_ascii_lowercase();
    address(one) == address(other)
}

fn bare(uri: &str) -> &str {
    let address = uri.split([';', '?']).next().unwrap_or_default();
    address.split_once(':').map_or(address, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str, user: &str, text: &str, delivered: Option<bool>) -> MessageInfo {
        MessageInfo {
            id: id.into(),
            outgoing: delivered.is_some(),
            account: "me@h".into(),
            remote: Party { uri: format!("sip:{user}@h"), user: user.into(), name: None },
            text: text.into(),
            delivered,
            read: delivered.is_some(),
            status: delivered.map(|delivered| if delivered { 200 } else { 404 }),
            reason: delivered.map(|delivered| if delivered { "OK" } else { "Not Found" }.into()),
            ..MessageInfo::default()
        }
    }

    fn shown(threads: &Threads) -> Vec<String> {
        let lines = |thread: &Thread| {
            thread.lines.iter().map(|line| format!("{}={:?}", line.text, line.fate)).collect::<Vec<_>>().join(" ")
        };
        threads.list().iter().map(|thread| format!("{}: {}", thread.name(), lines(thread))).collect()
    }

    #[test]
    fn what_is_typed_finds_its_conversation_when_the_phone_tells_the_address() {
        let mut threads = Threads::default();
        threads.take(&message("m1", "bob", "hello", None));
        let id = threads.open("602", "");
        threads.sending(id, "on my way");
        assert_eq!(shown(&threads), ["602: on my way=Sending", "bob: hello=Theirs"]);
        threads.take(&message("m2", "602", "on my way", Some(true)));
        threads.take(&message("m2", "602", "on my way", Some(true)));
        assert_eq!(shown(&threads), ["602: on my way=Delivered", "bob: hello=Theirs"]);
        for target in ["602", "602@h", "sip:602@h", "SIP:602@h;transport=tcp"] {
            assert_eq!(threads.open(target, ""), id, "{target}");
        }
        threads.take(&message("m3", "bob", "again", None));
        assert_eq!(shown(&threads)[0], "bob: hello=Theirs again=Theirs");
        assert_eq!(threads.unread(), 2);
    }

    #[test]
    fn a_refusal_is_told_once_whichever_comes_first() {
        for event_first in [true, false] {
            let mut threads = Threads::default();
            let id = threads.open("sip:602@h", "");
            threads.sending(id, "x");
            let told = message("m1", "602", "x", Some(false));
            if event_first {
                threads.take(&told);
            }
            threads.refused("sip:602@h", "x", "nobody there");
            threads.take(&told);
            assert_eq!(shown(&threads), ["602: x=Refused(\"404 Not Found\")"], "{event_first}");
        }
    }

    #[test]
    fn everything_is_bounded() {
        let mut threads = Threads::default();
        (0..300).for_each(|n| threads.take(&message(&format!("m{n}"), "bob", "x", None)));
        (0..300).for_each(|n| threads.take(&message(&format!("n{n}"), &format!("u{n}"), "x", None)));
        assert_eq!(threads.list().len(), MOST);
        (0..300).for_each(|n| threads.take(&message(&format!("o{n}"), "u299", "x", None)));
        assert_eq!(threads.list()[0].lines.len(), MOST_LINES);
    }
}
