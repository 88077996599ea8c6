//! What windows of other programs are told by `On…=SendMessage,TITLE OR CLASS,WM_USER+100,%number%`.

use crate::ua::event::Event;

/// The messages that programs may give a meaning of their own, from WM_USER and from WM_APP on. Those below are Windows'.
const WM_USER: u32 = 0x0400;
const WM_APP: u32 = 0x8000;
/// Behind the last one that has no name.
const END: u32 = 0xc000;

/// What is sent to the windows of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Their title or class.
    pub target: String,
    /// What is posted to them; `None`: the message is not for others to send.
    pub message: Option<Message>,
    /// What a WM_COPYDATA brings them before that: the values, a tab between two.
    pub text: String,
    /// What is posted along, `wParam` and `lParam`: the first two values, 0 for one that is no whole number.
    pub numbers: [u64; 2],
}

/// A message of Windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// `WM_USER+100`, `WM_APP+1`, `1124`, `0x464`.
    Number(u32),
    /// A name that programs have agreed upon, registered with Windows.
    Named(String),
}

/// What an event has windows told; `None` for any but that of a line `On…=SendMessage,…`.
pub fn notice(event: &Event) -> Option<Notice> {
    let Event::Notification { target, msg, number, values, .. } = event else { return None };
    let values = if values.is_empty() { std::slice::from_ref(number) } else { values };
    let whole = |at: usize| values.get(at).and_then(|value| value.parse().ok()).unwrap_or_default();
    Some(Notice {
        target: target.clone(),
        message: message(msg),
        text: values.join("\t"),
        numbers: [whole(0), whole(1)],
    })
}

fn message(text: &str) -> Option<Message> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let (base, offset) = text.split_once('+').unwrap_or((&text, "0"));
    let of = |base: u32| Some(Message::Number(base.checked_add(whole(offset)?)?));
    let message = match base.to_ascii_uppercase().as_str() {
        "WM_USER" => of(WM_USER),
        "WM_APP" => of(WM_APP),
        other if other.starts_with("WM_") || other.is_empty() => None,
        _ => match whole(&text) {
            Some(number) => Some(Message::Number(number)),
            None => Some(Message::Named(text)),
        },
    };
    message.filter(|message| !matches!(message, Message::Number(number) if !(WM_USER..END).contains(number)))
}

/// A whole number, decimal or `0x…`.
fn whole(text: &str) -> Option<u32> {
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    hex.map_or_else(|| text.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_those_that_programs_may_send_each_other() {
        let number = |number| Some(Message::Number(number));
        let named = |name: &str| Some(Message::Named(name.to_owned()));
        for (text, expected) in [
            ("WM_USER+100", number(1124)),
            ("wm_user + 0x64", number(1124)),
            ("WM_USER", number(0x400)),
            ("WM_APP+1", number(0x8001)),
            ("1124", number(1124)),
            ("0x464", number(1124)),
            ("MyIncomingCall", named("MyIncomingCall")),
            ("Crm+1", named("Crm+1")),
            // Those of Windows: closing, timers, what buttons do.
            ("WM_CLOSE", None),
            ("16", None),
            ("0", None),
            ("WM_COMMAND+1", None),
            ("WM_USER-1000", None),
            ("WM_USER+0xffffffff", None),
            ("WM_USER+x", None),
            ("WM_APP+16384", None),
            ("0xc000", None),
            ("", None),
        ] {
            assert_eq!(message(text), expected, "{text}");
        }
    }

    #[test]
    fn values_come_as_text_and_as_numbers() {
        let event = |number: &str, values: &[&str]| Event::Notification {
            target: "MyAppWindow".to_owned(),
            msg: "WM_USER+100".to_owned(),
            hook: "IncomingCall".to_owned(),
            call: None,
            number: number.to_owned(),
            values: values.iter().map(|&value| value.to_owned()).collect(),
        };
        for (number, values, text, numbers) in [
            ("600", &[][..], "600", [600, 0]),
            ("600", &["600", "Ann", "12"], "600\tAnn\t12", [600, 0]),
            ("600", &["600", "12"], "600\t12", [600, 12]),
            ("+4930", &["bob"], "bob", [0, 0]),
            ("99999999999999999999999", &[], "99999999999999999999999", [0, 0]),
        ] {
            let told = notice(&event(number, values)).unwrap();
            assert_eq!((told.text.as_str(), told.numbers), (text, numbers), "{number} {values:?}");
            assert_eq!((told.target.as_str(), told.message), ("MyAppWindow", Some(Message::Number(1124))));
        }
        assert_eq!(notice(&Event::TalkingMuted), None);
    }
}
