//! What is asked: the questions, the exchanges people have at home, and what of a text is an answer.

use crate::control::Secret;
use crate::text::{say, words};
use std::borrow::Cow;

/// Longest answer, in characters.
pub const MAX_CHARS: usize = 250;

/// One of the five.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Name or address of the server.
    Server,
    /// Who one is there.
    User,
    /// The password there.
    Password,
    /// UDP, TCP or TLS.
    Transport,
    /// Microphone and speaker.
    Sound,
}

impl Question {
    /// All of them, in their order.
    pub const ALL: [Question; 5] =
        [Question::Server, Question::User, Question::Password, Question::Transport, Question::Sound];

    /// From 1.
    pub fn number(self) -> usize {
        self as usize + 1
    }

    /// One word for it.
    pub fn name(self) -> String {
        match self {
            Question::Server => say!("setup-server"),
            Question::User => say!("setup-user"),
            Question::Password => say!("setup-password"),
            Question::Transport => say!("setup-connection"),
            Question::Sound => say!("setup-sound"),
        }
    }

    /// The question itself.
    pub fn asks(self) -> String {
        match self {
            Question::Server => say!("setup-server-question"),
            Question::User => say!("setup-user-question"),
            Question::Password => say!("setup-password-question"),
            Question::Transport => say!("setup-connection-question"),
            Question::Sound => say!("setup-sound-question"),
        }
    }

    /// What helps to answer it at this exchange.
    pub fn help(self, preset: &Preset) -> String {
        match self {
            Question::Server => preset.says("server"),
            Question::User => preset.says("user"),
            Question::Password => preset.says("password"),
            Question::Transport => say!("setup-connection-help"),
            Question::Sound => say!("setup-sound-help"),
        }
    }
}

/// An exchange whose manual we have read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// Its server, where all have the same one; else empty.
    pub server: &'static str,
    /// What people have to know of its server.
    pub server_help: &'static str,
    /// And of the user.
    pub user_help: &'static str,
    /// And of the password.
    pub password_help: &'static str,
    /// The number of its echo service; empty = it has none, or none that all have.
    pub echo: &'static str,
}

impl Preset {
    /// What a language may say in its own words: the name of each text, and its English.
    pub fn texts(&self) -> [(String, &'static str); 4] {
        let of = |what: &str| format!("{} {what}", self.name);
        [
            (self.name.to_owned(), self.name),
            (of("server"), self.server_help),
            (of("user"), self.user_help),
            (of("password"), self.password_help),
        ]
    }

    /// Its name, for people.
    pub fn called(&self) -> Cow<'static, str> {
        words::of("exchange", self.name, self.name)
    }

    /// What helps to answer `server`, `user` or `password`.
    fn says(&self, what: &str) -> String {
        let texts = self.texts().into_iter().skip(1);
        let (name, english) = texts.into_iter().find(|(name, _)| name.ends_with(what)).unwrap_or_default();
        words::of("exchange", &name, english).into_owned()
    }
}

const PASSWORD: &str = "The one of the telephone, not that of a web page. It is not shown.";

/// The exchanges one may choose from, the first for all others.
pub const PRESETS: [Preset; 6] = [
    Preset {
        name: "another",
        server: "",
        server_help: "The name or address that your provider or administrator has told you, such as pbx.example.net.",
        user_help: "Your extension or user name, such as 101.",
        password_help: PASSWORD,
        echo: "",
    },
    Preset {
        name: "FRITZ!Box",
        server: "fritz.box",
        server_help: "At home the box is called fritz.box.",
        user_help: "The name of the IP telephone you have added in the box, under Telephony, Telephony Devices.",
        password_help: "The one you have given that IP telephone in the box. It is not shown.",
        echo: "",
    },
    Preset {
        name: "Asterisk",
        server: "",
        server_help: "The name or address of the machine that Asterisk runs on.",
        user_help: "The name of your endpoint or peer, often your extension, such as 101.",
        password_help: PASSWORD,
        echo: "600",
    },
    Preset {
        name: "FreePBX",
        server: "",
        server_help: "The name or address of the machine that FreePBX runs on.",
        user_help: "Your extension, such as 101.",
        password_help: "The secret of your extension, not that of the web page. It is not shown.",
        echo: "*43",
    },
    Preset {
        name: "3CX",
        server: "",
        server_help: "The name of your 3CX, such as company.3cx.eu.",
        user_help: "Your extension; and as login the authentication ID that 3CX shows for your IP phone.",
        password_help: "The authentication password that 3CX shows for your IP phone. It is not shown.",
        echo: "*777",
    },
    Preset {
        name: "sipgate",
        server: "sipgate.de",
        server_help: "That of sipgate in Germany is sipgate.de.",
        user_help: "Your SIP ID, such as 1234567e0.",
        password_help: "The SIP password, which stands beside the SIP ID. It is not shown.",
        echo: "",
    },
];

/// How the server is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transport {
    /// One after another, until one answers.
    #[default]
    Auto,
    /// Datagrams.
    Udp,
    /// A connection.
    Tcp,
    /// A connection that is encrypted.
    Tls,
}

impl Transport {
    /// All of them.
    pub const ALL: [Transport; 4] = [Transport::Auto, Transport::Udp, Transport::Tcp, Transport::Tls];

    /// Its word in the ini file; that of `Auto` stands in no file.
    pub fn word(self) -> &'static str {
        match self {
            Transport::Auto => "auto",
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
        }
    }

    /// The one of a word.
    pub fn of_word(word: &str) -> Option<Transport> {
        Transport::ALL.into_iter().find(|it| it.word().eq_ignore_ascii_case(word.trim()))
    }

    /// For people.
    pub fn words(self) -> String {
        match self {
            Transport::Auto => say!("setup-automatic"),
            Transport::Udp => say!("setup-udp"),
            Transport::Tcp => say!("setup-tcp"),
            Transport::Tls => say!("setup-tls"),
        }
    }

    /// What is tried, in this order.
    pub fn tries(self) -> &'static [Transport] {
        match self {
            Transport::Auto => &[Transport::Udp, Transport::Tcp, Transport::Tls],
            Transport::Udp => &[Transport::Udp],
            Transport::Tcp => &[Transport::Tcp],
            Transport::Tls => &[Transport::Tls],
        }
    }
}

/// All that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answers {
    /// `host[:port]`.
    pub server: String,
    /// The user.
    pub user: String,
    /// The domain, where it is another than the server.
    pub domain: Option<String>,
    /// The name to log in with, where it is another than the user; else empty.
    pub login: String,
    /// The password; may be empty.
    pub password: Secret,
    /// How the server is reached.
    pub transport: Transport,
    /// They begin with what another softphone has.
    pub imported: bool,
}

/// The server that a text names, and the transport if it says one: `pbx`, `pbx:5070`, `sips:pbx`, `https://pbx/login`.
///
/// # Errors
/// What is wrong with it.
pub fn server(text: &str) -> Result<(String, Option<Transport>), String> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    let schemes = [("sips:", Some(Transport::Tls)), ("sip:", None), ("https://", None), ("http://", None)];
    let scheme = schemes.into_iter().find(|(scheme, _)| lower.starts_with(scheme));
    let rest = scheme.map_or(text, |(scheme, _)| text.get(scheme.len()..).unwrap_or_default());
    let rest = rest.split(['/', ';', '?']).next().unwrap_or_default();
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let is_of_hosts = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':' | '[' | ']');
    if host.is_empty() {
        return Err(say!("setup-server-needed"));
    }
    if let Some(port) = host.rsplit_once(':').map(|(_, port)| port)
        && (host.matches(':').count() == 1 || host.contains("]:"))
        && port.parse::<u16>().ok().filter(|port| *port > 0).is_none()
    {
        return Err(say!("setup-port-wrong"));
    }
    if host.len() > 253 || !host.chars().all(is_of_hosts) {
        return Err(say!("setup-server-wrong"));
    }
    Ok((host.to_owned(), scheme.and_then(|(_, transport)| transport)))
}

/// The user that a text names, and the domain if it says one: `101`, `101@example.net`, `sip:101@example.net`.
///
/// # Errors
/// What is wrong with it.
pub fn user(text: &str) -> Result<(String, Option<String>), String> {
    let text = text.trim();
    let rest = ["sips:", "sip:"].into_iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text);
    let (user, domain) = match rest.rsplit_once('@') {
        Some((user, domain)) => (user, Some(domain)),
        None => (rest, None),
    };
    if user.is_empty() {
        return Err(say!("setup-user-needed"));
    }
    if user.chars().any(|c| c.is_whitespace() || c.is_control() || "<>\"".contains(c)) {
        return Err(say!("setup-user-wrong"));
    }
    let domain = domain.map(server).transpose()?.map(|(domain, _)| domain);
    Ok((user.to_owned(), domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_read_however_it_is_copied() {
        for (text, expected) in [
            (" pbx.example.net ", Some(("pbx.example.net", None))),
            ("pbx:5070", Some(("pbx:5070", None))),
            ("sip:101@pbx;transport=udp", Some(("pbx", None))),
            ("SIPS:pbx", Some(("pbx", Some(Transport::Tls)))),
            ("https://company.3cx.eu/webclient#/x", Some(("company.3cx.eu", None))),
            ("[2001:db8::1]:5061", Some(("[2001:db8::1]:5061", None))),
            ("2001:db8::1", Some(("2001:db8::1", None))),
            ("", None),
            ("sip:", None),
            ("my pbx", None),
            ("pbx:0", None),
            ("pbx:sip", None),
            ("pbx\u{1b}[2J", None),
            ("sipé", None),
        ] {
            let read = server(text).ok();
            assert_eq!(read, expected.map(|(host, it)| (host.to_owned(), it)), "{text}");
        }
        assert!(server(&"a".repeat(300)).is_err());
    }

    #[test]
    fn a_user_may_bring_a_domain() {
        for (text, expected) in [
            (" 101 ", Some(("101", None))),
            ("sip:101@example.net", Some(("101", Some("example.net")))),
            ("a@b@example.net", Some(("a@b", Some("example.net")))),
            ("", None),
            ("@example.net", None),
            ("a b", None),
            ("<sip:1@d>", None),
            ("101@", None),
        ] {
            let read = user(text).ok();
            assert_eq!(read, expected.map(|(user, it)| (user.to_owned(), it.map(str::to_owned))), "{text}");
        }
    }

    #[test]
    fn presets_are_answers_themselves() {
        for preset in PRESETS {
            assert!(preset.server.is_empty() || server(preset.server).is_ok_and(|(host, _)| host == preset.server));
        }
        for transport in Transport::ALL {
            assert_eq!(Transport::of_word(transport.word()), Some(transport));
        }
    }
}
