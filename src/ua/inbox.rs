//! The messages a running phone remembers, so that whoever looks later finds them.

use super::snapshot::MessageInfo;
use std::collections::VecDeque;

/// Most messages remembered; the oldest go first.
const MOST: usize = 200;

/// Messages in both directions, oldest first.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    messages: VecDeque<MessageInfo>,
}

impl Inbox {
    /// Remembers one that came in, or one of ours whose fate is known.
    pub fn put(&mut self, message: MessageInfo) {
        self.messages.push_back(message);
        if self.messages.len() > MOST {
            self.messages.pop_front();
        }
    }

    /// Those that came in and nobody has looked at.
    pub fn unread(&self) -> u32 {
        let unread = self.messages.iter().filter(|message| !message.read).count();
        u32::try_from(unread).unwrap_or(u32::MAX)
    }

    /// Those with this user or address, or all. `read`: from now on they are.
    pub fn list(&mut self, with: Option<&str>, read: bool) -> Vec<MessageInfo> {
        let meant = |message: &&mut MessageInfo| with.is_none_or(|with| is_with(message, with));
        let list = self.messages.iter_mut().filter(meant).map(|message| {
            let told = message.clone();
            message.read |= read;
            told
        });
        list.collect()
    }
}

fn is_with(message: &MessageInfo, with: &str) -> bool {
    let address = message.remote.uri.split([';', '?']).next().unwrap_or_default();
    let bare = address.split_once(':').map_or(address, |(_, rest)| rest);
    message.remote.user == with || [&message.remote.uri[..], address, bare].iter().any(|a| a.eq_ignore_ascii_case(with))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ua::snapshot::Party;

    fn message(id: usize, user: &str, outgoing: bool) -> MessageInfo {
        let remote = Party { uri: format!("sip:{user}@h;transport=tcp"), user: user.to_owned(), name: None };
        MessageInfo { id: format!("m{id}"), remote, outgoing, read: outgoing, ..MessageInfo::default() }
    }

    #[test]
    fn what_is_looked_at_is_read_and_the_oldest_go() {
        let mut inbox = Inbox::default();
        for (id, user, outgoing) in [(1, "bob", false), (2, "eve", false), (3, "bob", true), (4, "bob", false)] {
            inbox.put(message(id, user, outgoing));
        }
        let ids = |list: Vec<MessageInfo>| list.into_iter().map(|message| message.id).collect::<Vec<_>>().join(" ");
        assert_eq!((inbox.unread(), ids(inbox.list(None, false))), (3, "m1 m2 m3 m4".to_owned()));
        for with in ["eve", "sip:eve@h", "EVE@H", "sip:eve@h;transport=tcp"] {
            assert_eq!(ids(inbox.list(Some(with), false)), "m2", "{with}");
        }
        assert_eq!(ids(inbox.list(Some("h"), true)), "");
        assert_eq!((ids(inbox.list(Some("bob"), true)), inbox.unread()), ("m1 m3 m4".to_owned(), 1));
        (0..300).for_each(|id| inbox.put(message(id, "bob", false)));
        let list = inbox.list(None, true);
        assert_eq!((list.len(), list[0].id.as_str(), inbox.unread()), (MOST, "m100", 0));
    }
}
