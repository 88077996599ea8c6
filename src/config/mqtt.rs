//! The broker of MQTT that is told of the phone, and its address.

use super::Secret;

/// The broker of MQTT that is told of this phone (`[tuiphone] mqtt` and its like).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mqtt {
    /// Who and where; `None` = nobody.
    pub broker: Option<Broker>,
    /// The password of its user; empty = none.
    pub password: Secret,
    /// A program that prints the password; empty = none.
    pub password_command: String,
    /// Names of events with commas between, `call_*`; empty = all.
    pub events: String,
    /// What is published to `PREFIX/command` is carried out.
    pub commands: bool,
}

/// A broker of MQTT, and the topic under which everything of this phone stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broker {
    /// Over TLS.
    pub secure: bool,
    /// Who asks; empty = nobody in particular.
    pub user: String,
    /// Name or address, one of IPv6 without its brackets.
    pub host: String,
    /// 1883, 8883 over TLS, or the one that is named.
    pub port: u16,
    /// The topic above all others, without a slash at either end.
    pub prefix: String,
}

/// The topic above all others where none is named.
const PREFIX: &str = "tuiphone";

/// Longest user and prefix, in bytes.
const MAX_NAME: usize = 128;

impl Broker {
    /// Reads `mqtt://[user@]host[:port][/prefix]`, or `mqtts` of the same form.
    ///
    /// # Errors
    /// What is wrong with it, in words that repeat nothing of it: somebody may have put a password there.
    pub fn parse(text: &str) -> Result<Broker, String> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "mqtt" => false,
            "mqtts" => true,
            _ => return Err("it does not begin with mqtts:// or mqtt://".to_owned()),
        };
        let (place, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, place) = place.rsplit_once('@').unwrap_or(("", place));
        if user.contains(':') {
            return Err(
                "a password does not stand in the address but in mqttPassword or mqttPasswordCommand".to_owned()
            );
        }
        let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':').or(Some(port).filter(|port| port.is_empty()))),
            None => place.split_once(':').map_or((place, Some("")), |(host, port)| (host, Some(port))),
        };
        let port = match port {
            Some("") => Some(if secure { 8883 } else { 1883 }),
            port => port.and_then(|port| port.parse().ok()).filter(|port| *port > 0),
        };
        let port = port.ok_or("its port is none")?;
        let is_odd = |c: char| c.is_whitespace() || c.is_control();
        if host.is_empty() || host.contains(is_odd) {
            return Err("it names no host".to_owned());
        }
        let prefix = prefix.trim_matches('/');
        let prefix = if prefix.is_empty() { PREFIX } else { prefix };
        if user.len() > MAX_NAME || user.contains(char::is_control) {
            return Err(format!("its user has more than {MAX_NAME} bytes, or a character that is none"));
        }
        // What a topic may hold (MQTT 3.1.1, 4.7), and no blanks beside.
        if prefix.len() > MAX_NAME || prefix.starts_with('$') || prefix.contains(|c| is_odd(c) || "+#".contains(c)) {
            return Err(format!(
                "its topic has more than {MAX_NAME} bytes, begins with $, or has a blank, + or # in it"
            ));
        }
        let (user, host, prefix) = (user.to_owned(), host.to_owned(), prefix.to_owned());
        Ok(Broker { secure, user, host, port, prefix })
    }

    /// What people may see of it: no user.
    pub fn shown(&self) -> String {
        let Broker { secure, host, port, prefix, .. } = self;
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        crate::text::sanitise(&format!("mqtt{}://{host}:{port}/{prefix}", if *secure { "s" } else { "" }))
    }

    /// As the settings have it.
    pub fn text(&self) -> String {
        let Broker { secure, user, host, port, prefix } = self;
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let user = if user.is_empty() { String::new() } else { format!("{user}@") };
        format!("mqtt{}://{user}{host}:{port}/{prefix}", if *secure { "s" } else { "" })
    }

    /// The name its password is kept under in a keyring.
    pub fn keeper(&self) -> (String, String) {
        (format!("mqtt:{}", self.user), self.host.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_of_mqtt() {
        for (text, shown) in [
            ("mqtt://ha@hub", "mqtt://ha@hub:1883/tuiphone"),
            ("MQTTS://hub.example.net/house/phone/", "mqtts://hub.example.net:8883/house/phone"),
            ("mqtt://[2001:db8::1]:1884/p", "mqtt://[2001:db8::1]:1884/p"),
            ("mqtt://[::1]/p", "mqtt://[::1]:1883/p"),
            ("mqtt://ann@example.net@hub:99", "mqtt://ann@example.net@hub:99/tuiphone"),
        ] {
            let broker = Broker::parse(text).expect(text);
            assert_eq!(broker.text(), shown, "{text}");
            assert_eq!(Broker::parse(shown).as_ref(), Ok(&broker), "what is written is read so again");
            assert!(!broker.shown().contains('@'), "{}", broker.shown());
        }
    }

    #[test]
    fn what_is_no_broker_is_told_without_repeating_it() {
        for text in [
            "hub",
            "http://hub/",
            "mqtt://",
            "mqtt:///p",
            "mqtt://ha:hunter2@hub/p",
            "mqtt://hub:hunter2/p",
            "mqtt://hub:0/p",
            "mqtt://hub:65536",
            "mqtt://[::1]hunter2/p",
            "mqtt://hub/hunter2/+",
            "mqtt://hub/hunter2/#",
            "mqtt://hub/$SYS",
            "mqtt://hub/a b",
            "mqtt://hu b/p",
            &format!("mqtt://hub/{}", "p".repeat(129)),
            &format!("mqtt://{}@hub/", "u".repeat(129)),
        ] {
            let why = Broker::parse(text).expect_err(text);
            assert!(!why.contains("hunter2"), "{text}: {why}");
        }
    }
}
