//! The words for why something is refused: `error.kind` in JSON, the same on every face.

use super::ExitCode;

/// Words narrower than those of the exit codes, and what each tells.
pub static KINDS: &[(&str, &str)] = &[
    ("bad_digits", "what is to be sent is no DTMF digits"),
    ("bad_file", "a recording is to have a name of no form that is written"),
    ("bad_host", "HTTP: the request names no host, or several"),
    ("bad_message", "a message is empty or too long"),
    ("bad_number", "it is no number or address that can be called"),
    ("disabled", "the settings turn it off"),
    ("dnd_by_settings", "denyIncoming in the settings rules who may ring"),
    ("exiting", "the phone is shutting down"),
    ("file", "a file cannot be read or written"),
    ("foreign", "a shortcut is of a kind that is not known"),
    ("history", "the history cannot be read or written"),
    ("import", "the history that is to be brought over cannot be read"),
    ("locked", "override.ini has the key, and nothing else changes it"),
    ("no_call", "there is no call to do it to"),
    ("no_device", "there is no such sound card"),
    ("no_file", "the phone was started without a file of settings"),
    ("no_ignore_call", "noIgnoreCall in the settings forbids it"),
    ("no_interface", "no interface is open that could show it"),
    ("no_mailbox", "the account has no number of a mailbox"),
    ("no_number", "a shortcut has no number"),
    ("no_park_number", "no number to park at is known"),
    ("no_pickup_code", "no code to pick calls up by is known"),
    ("no_registrar", "the account registers nowhere"),
    ("no_such_account", "there is no such account"),
    ("no_such_call", "there is no such call"),
    ("no_such_key", "there is no such key of the settings"),
    ("no_such_shortcut", "there is no such shortcut"),
    ("no_text", "a shortcut writes a message, and there is none"),
    ("no_wrap_up", "there is no pause after a talk that could end"),
    ("not_agreed", "the far end has not agreed to that way of digits"),
    ("not_allowed", "nobody looks on, and denyDial rules the number out; or other machines may not ask that"),
    ("not_built_in", "this program was built without it"),
    ("not_started", "the phone could not be started"),
    ("nothing_found", "there is nothing to bring over"),
    ("single_mode", "this phone takes one call at a time, as the settings have it"),
    ("too_few_calls", "a conference needs two calls"),
    ("too_many", "so many digits wait already"),
    ("too_many_calls", "there are as many calls as there can be"),
    ("too_many_clients", "as many programs as are served are here"),
    ("too_many_messages", "so many messages wait for their answer already"),
    ("too_many_pings", "so many questions wait for their answer already"),
    ("unauthorized", "HTTP: the token is missing or wrong"),
    ("version", "the other side is of another version"),
    ("wrong_host", "HTTP: it is asked by a name that is none of its own"),
    ("wrong_origin", "HTTP: a page of another place asks"),
    ("wrong_state", "the call is not where that could be done"),
];

/// A kind that is one: of the table, or of an exit code.
pub fn known(word: &str) -> Option<&'static str> {
    let narrow = KINDS.iter().map(|(kind, _)| *kind);
    narrow.chain(ExitCode::ALL.iter().map(|code| code.kind())).find(|kind| *kind == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_stands_there_once_and_in_order() {
        let kinds: Vec<&str> = KINDS.iter().map(|(kind, _)| *kind).collect();
        assert!(kinds.is_sorted_by(|a, b| a < b), "{kinds:?}");
        for kind in kinds {
            assert!(ExitCode::ALL.iter().all(|code| code.kind() != kind), "{kind} is of an exit code");
        }
        assert_eq!((known("no_call"), known("usage"), known("nonsense")), (Some("no_call"), Some("usage"), None));
    }
}
