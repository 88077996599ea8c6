//! What lies between the phone and programs elsewhere: who is told of events, and who decides about a call.

use super::Secret;
use super::command_line::CommandLine;
use std::net::IpAddr;

/// Who is told of events by a POST each (`[tuiphone] webhook` and its like).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Webhook {
    /// An address of `http` or `https`; empty = nobody. Many such addresses are secrets.
    pub url: Secret,
    /// What signs the events; empty = nothing does.
    pub secret: Secret,
    /// Names of events with commas between, `call_*`; empty = all.
    pub events: String,
}

impl Webhook {
    /// What is told goes over the network unencrypted: by `http`, and to another machine.
    pub fn is_in_the_open(&self) -> bool {
        let Some((scheme, rest)) = self.url.reveal().split_once("://") else { return false };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let host = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next(),
            None => host.split(':').next(),
        };
        let host = host.unwrap_or_default();
        let is_here = host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        scheme.eq_ignore_ascii_case("http") && !is_here
    }
}

/// The program that decides about an incoming call (`[tuiphone] decideIncoming`, `decideTimeout`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decider {
    text: String,
    /// What is run; `None` = nothing, or the value cannot be read.
    pub command: Option<CommandLine>,
    /// How long it may think, in seconds.
    pub timeout_s: u32,
}

/// How long a program may think about a call where nobody says.
pub(super) const DECIDE_TIMEOUT_S: u32 = 2;

impl Default for Decider {
    fn default() -> Decider {
        Decider { text: String::new(), command: None, timeout_s: DECIDE_TIMEOUT_S }
    }
}

impl Decider {
    /// The value as it is written.
    pub fn text(&self) -> String {
        self.text.clone()
    }

    /// Takes the value, a command line; what is odd about it.
    pub fn set(&mut self, text: &str) -> Option<String> {
        text.clone_into(&mut self.text);
        let read = (!text.trim().is_empty()).then(|| CommandLine::parse(text)).transpose();
        let complaint = read.as_ref().err().map(|why| format!("{why}; nothing is run, and calls ring as without it"));
        self.command = read.ok().flatten();
        complaint
    }

    /// Puts a program that is named by a path where it is.
    pub fn locate(&mut self, place: impl Fn(&str) -> String) {
        let named = self.command.as_mut().filter(|command| command.program.contains(std::path::is_separator));
        if let Some(command) = named {
            command.program = place(&command.program);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_over_the_network_as_it_is() {
        for (url, is_open) in [
            ("https://example.net/in", false),
            ("http://example.net/in", true),
            ("HTTP://192.0.2.1:8123", true),
            ("http://localhost:8080/in?to=http://example.net", false),
            ("http://127.0.0.1", false),
            ("http://[::1]:8080/", false),
            ("http://[2001:db8::1]/", true),
            ("http://localhost:80@example.net/", true),
            ("http://example.net?@localhost/", true),
            ("http://localhost.example.net", true),
            ("", false),
        ] {
            let webhook = Webhook { url: Secret::new(url), ..Webhook::default() };
            assert_eq!(webhook.is_in_the_open(), is_open, "{url}");
        }
    }
}
