//! One conversation with a broker, of MQTT 3.1.1: bytes in, bytes out; the time is told.

use crate::config::{Broker, Secret};
use bytes::BytesMut;
use rumqttc::mqttbytes::v4::{
    Connect, ConnectReturnCode, LastWill, Packet, PubAck, Publish, Subscribe, SubscribeReasonCode,
};
use rumqttc::mqttbytes::{Error, QoS};
use std::time::{Duration, Instant};

/// Bytes of a packet that is taken: a command has 64 KiB at most.
const MAX_IN: usize = 65 * 1024;
/// Bytes of one that is sent: no more than the outbox lets through, and its topic.
const MAX_OUT: usize = super::MAX_PAYLOAD + 1024;
/// How long nothing may be said or heard before the broker is asked whether it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// Bytes that may wait to be sent before more is said.
const MOST_SAID: usize = 16 * 1024;
/// How the answer to the first thing that is said begins.
const CONNACK: u8 = 0x20;
/// The number of the one subscription.
const SUBSCRIPTION: u16 = 1;

/// What the broker said.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// It lets us in.
    Welcome,
    /// The publication of this number was taken.
    Taken(u16),
    /// Something was published for us to do.
    Command(Vec<u8>),
    /// The same, but long ago: it would be done again at every start.
    Stale,
    /// What is published for us to do is not for us to read.
    NoCommands,
}

/// A conversation.
pub struct Session {
    prefix: String,
    commands: bool,
    is_up: bool,
    unread: BytesMut,
    said: BytesMut,
    last_heard: Instant,
    last_said: Instant,
    asked: Option<Instant>,
}

impl Session {
    /// Begins one: the first thing to say is there.
    pub fn open(broker: &Broker, password: &Secret, commands: bool, client_id: &str, now: Instant) -> Session {
        let mut connect = Connect::new(client_id);
        connect.keep_alive = u16::try_from(KEEP_ALIVE.as_secs()).unwrap_or(u16::MAX);
        // A session of before would bring commands of before.
        connect.clean_session = true;
        connect.last_will = Some(LastWill::new(format!("{}/online", broker.prefix), "0", QoS::AtLeastOnce, true));
        // Without a user there is no password (3.1.2.9).
        if !broker.user.is_empty() {
            connect.set_login(broker.user.as_str(), password.reveal());
        }
        let mut session = Session {
            prefix: broker.prefix.clone(),
            commands,
            is_up: false,
            unread: BytesMut::new(),
            said: BytesMut::new(),
            last_heard: now,
            last_said: now,
            asked: Some(now),
        };
        session.put(&Packet::Connect(connect), now);
        session
    }

    /// What is to be sent; whoever sends it takes it out.
    pub fn outgoing(&mut self) -> &mut BytesMut {
        &mut self.said
    }

    /// The topic above all others.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The broker has let us in.
    pub fn is_up(&self) -> bool {
        self.is_up
    }

    /// Something more may be said.
    pub fn has_room(&self) -> bool {
        self.is_up && self.said.len() < MOST_SAID
    }

    /// Publishes.
    pub fn publish(&mut self, publish: Publish, now: Instant) {
        self.put(&Packet::Publish(publish), now);
    }

    /// Takes bytes of the broker.
    ///
    /// # Errors
    /// Why there is no more to be said, in words that follow the broker.
    pub fn hear(&mut self, bytes: &[u8], now: Instant) -> Result<Vec<Heard>, String> {
        self.unread.extend_from_slice(bytes);
        self.last_heard = now;
        // Somebody else's words may well begin like a long packet of which the rest never comes.
        if !self.is_up && self.unread.first().is_some_and(|first| *first != CONNACK) {
            return Err(STRANGE.to_owned());
        }
        let mut heard = Vec::new();
        loop {
            match Packet::read(&mut self.unread, MAX_IN) {
                Ok(packet) => heard.extend(self.take(packet, now)?),
                Err(Error::InsufficientBytes(_)) => return Ok(heard),
                Err(Error::PayloadSizeLimitExceeded(length)) => {
                    return Err(format!("it sends {length} bytes at once, more than {MAX_IN}"));
                }
                Err(Error::InvalidConnectReturnCode(code)) => {
                    return Err(format!("it refuses the connection ({code})"));
                }
                Err(_) => return Err(STRANGE.to_owned()),
            }
        }
    }

    /// When [`Session::tick`] has something to do.
    pub fn due(&self) -> Instant {
        match self.asked {
            Some(asked) => asked + PATIENCE,
            None => self.last_heard.min(self.last_said) + KEEP_ALIVE,
        }
    }

    /// The time has come.
    ///
    /// # Errors
    /// The broker no longer answers.
    pub fn tick(&mut self, now: Instant) -> Result<(), String> {
        if now < self.due() {
            return Ok(());
        }
        if self.asked.is_some() {
            return Err(format!("it does not answer within {} s", PATIENCE.as_secs()));
        }
        self.asked = Some(now);
        self.put(&Packet::PingReq, now);
        Ok(())
    }

    /// The last words: the phone is gone, of its own will.
    pub fn farewell(&mut self, now: Instant) {
        if self.is_up {
            self.publish(online(&self.prefix, "0"), now);
            self.put(&Packet::Disconnect, now);
        }
    }

    fn take(&mut self, packet: Packet, now: Instant) -> Result<Option<Heard>, String> {
        match packet {
            Packet::ConnAck(answer) if !self.is_up => {
                if let Some(why) = refusal(answer.code) {
                    return Err(why.to_owned());
                }
                (self.is_up, self.asked) = (true, None);
                self.publish(online(&self.prefix, "1"), now);
                if self.commands {
                    let mut subscribe = Subscribe::new(format!("{}/command", self.prefix), QoS::AtLeastOnce);
                    subscribe.pkid = SUBSCRIPTION;
                    self.put(&Packet::Subscribe(subscribe), now);
                }
                Ok(Some(Heard::Welcome))
            }
            // Before it has let us in, or twice: nothing has a meaning.
            _ if !self.is_up => Err(STRANGE.to_owned()),
            Packet::PingResp => {
                self.asked = None;
                Ok(None)
            }
            Packet::PubAck(taken) => Ok(Some(Heard::Taken(taken.pkid))),
            Packet::SubAck(answer) => {
                let refused = answer.return_codes.contains(&SubscribeReasonCode::Failure);
                Ok(refused.then_some(Heard::NoCommands))
            }
            Packet::Publish(told) if self.commands && told.topic == format!("{}/command", self.prefix) => {
                match told.qos {
                    QoS::AtMostOnce => {}
                    QoS::AtLeastOnce => self.put(&Packet::PubAck(PubAck::new(told.pkid)), now),
                    // Beyond what was subscribed to.
                    QoS::ExactlyOnce => return Err(STRANGE.to_owned()),
                }
                Ok(Some(if told.retain { Heard::Stale } else { Heard::Command(told.payload.to_vec()) }))
            }
            _ => Err(STRANGE.to_owned()),
        }
    }

    fn put(&mut self, packet: &Packet, now: Instant) {
        // What is too long was kept out before; nothing of ours has no number.
        if packet.write(&mut self.said, MAX_OUT).is_ok() {
            self.last_said = now;
        }
    }
}

/// What is said of a peer that breaks the rules.
const STRANGE: &str = "it does not speak MQTT 3.1.1 as a broker does";

fn online(prefix: &str, whether: &str) -> Publish {
    let told = Publish::new(format!("{prefix}/online"), QoS::AtMostOnce, whether);
    Publish { retain: true, ..told }
}

fn refusal(code: ConnectReturnCode) -> Option<&'static str> {
    Some(match code {
        ConnectReturnCode::Success => return None,
        ConnectReturnCode::RefusedProtocolVersion => "it does not speak MQTT 3.1.1",
        ConnectReturnCode::BadClientId => "it does not like the name of this client",
        ConnectReturnCode::ServiceUnavailable => "it is not available",
        ConnectReturnCode::BadUserNamePassword => "it refuses the user or the password",
        ConnectReturnCode::NotAuthorized => "it lets this user not in: is the password right?",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumqttc::mqttbytes::v4::{ConnAck, SubAck};

    fn broker() -> Broker {
        Broker::parse("mqtt://ha@hub/p").expect("a broker")
    }

    fn opened(commands: bool) -> (Session, Instant) {
        #[allow(clippy::disallowed_methods, reason = "a beginning to count from")]
        let now = Instant::now();
        (Session::open(&broker(), &Secret::new("hunter2"), commands, "tuiphone1", now), now)
    }

    fn bytes(packet: &Packet) -> Vec<u8> {
        let mut bytes = BytesMut::new();
        packet.write(&mut bytes, usize::MAX).expect("a packet");
        bytes.to_vec()
    }

    fn said(session: &mut Session) -> Vec<Packet> {
        let mut said = session.outgoing().split();
        std::iter::from_fn(|| Packet::read(&mut said, usize::MAX).ok()).collect()
    }

    fn welcome() -> Vec<u8> {
        bytes(&Packet::ConnAck(ConnAck::new(ConnectReturnCode::Success, false)))
    }

    fn up(commands: bool) -> (Session, Instant) {
        let (mut session, now) = opened(commands);
        said(&mut session);
        assert_eq!(session.hear(&welcome(), now), Ok(vec![Heard::Welcome]));
        (session, now)
    }

    fn command(qos: QoS, retain: bool) -> Vec<u8> {
        let told = Publish::new("p/command", qos, "call 600");
        bytes(&Packet::Publish(Publish { retain, pkid: u16::from(qos != QoS::AtMostOnce) * 7, ..told }))
    }

    #[test]
    fn it_begins_with_a_will_and_a_password_and_says_nothing_more_before_it_is_let_in() {
        let (mut session, now) = opened(true);
        let [Packet::Connect(connect)] = &said(&mut session)[..] else { panic!("a CONNECT alone") };
        let will = connect.last_will.clone().expect("a will");
        assert_eq!((will.topic.as_str(), &will.message[..], will.retain), ("p/online", &b"0"[..], true));
        assert!(connect.clean_session && connect.login.as_ref().is_some_and(|login| login.validate("ha", "hunter2")));
        assert!(!session.has_room());
        session.farewell(now);
        assert!(said(&mut session).is_empty(), "whoever was not let in has nothing to say");
        assert_eq!(session.hear(&welcome(), now), Ok(vec![Heard::Welcome]));
        let [Packet::Publish(online), Packet::Subscribe(subscribe)] = &said(&mut session)[..] else { panic!("two") };
        assert_eq!((online.topic.as_str(), &online.payload[..], online.retain), ("p/online", &b"1"[..], true));
        assert_eq!(subscribe.filters[0].path, "p/command");
        session.farewell(now);
        let [Packet::Publish(offline), Packet::Disconnect] = &said(&mut session)[..] else { panic!("two") };
        assert_eq!((&offline.payload[..], offline.retain), (&b"0"[..], true));
    }

    #[test]
    fn without_commands_nothing_is_subscribed_to_and_none_is_taken() {
        let (mut session, now) = up(false);
        assert!(matches!(&said(&mut session)[..], [Packet::Publish(_)]));
        assert!(session.hear(&command(QoS::AtMostOnce, false), now).is_err());
    }

    #[test]
    fn commands_are_taken_once_each_and_not_those_of_long_ago() {
        let (mut session, now) = up(true);
        said(&mut session);
        let given = || Heard::Command(b"call 600".to_vec());
        assert_eq!(session.hear(&command(QoS::AtMostOnce, false), now), Ok(vec![given()]));
        assert!(said(&mut session).is_empty());
        let twice = [command(QoS::AtLeastOnce, false), command(QoS::AtMostOnce, true)].concat();
        let (first, rest) = twice.split_at(5);
        assert_eq!(session.hear(first, now), Ok(vec![]), "it comes in pieces");
        assert_eq!(session.hear(rest, now), Ok(vec![given(), Heard::Stale]));
        assert_eq!(said(&mut session), [Packet::PubAck(PubAck::new(7))]);
        let refused = Packet::SubAck(SubAck::new(SUBSCRIPTION, vec![SubscribeReasonCode::Failure]));
        assert_eq!(session.hear(&bytes(&refused), now), Ok(vec![Heard::NoCommands]));
        let taken = bytes(&Packet::PubAck(PubAck::new(9)));
        assert_eq!(session.hear(&taken, now), Ok(vec![Heard::Taken(9)]));
    }

    #[test]
    fn what_breaks_the_rules_ends_it() {
        let refused = |code| bytes(&Packet::ConnAck(ConnAck::new(code, false)));
        for (told, why) in [
            (refused(ConnectReturnCode::BadUserNamePassword), "it refuses the user or the password"),
            (refused(ConnectReturnCode::NotAuthorized), "is the password right?"),
            (vec![0x20, 2, 0, 99], "it refuses the connection (99)"),
            (command(QoS::AtMostOnce, false), STRANGE),
            (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), STRANGE),
            (vec![0x20, 0xff, 0xff, 0xff, 0x7f], "it sends 268435455 bytes at once"),
            (vec![0x20, 0xff, 0xff, 0xff, 0xff], STRANGE),
            (vec![0x00, 0x00], STRANGE),
        ] {
            let (mut session, now) = opened(true);
            let error = session.hear(&told, now).expect_err(why);
            assert!(error.contains(why), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        let (mut session, now) = up(true);
        for told in [
            welcome(),
            command(QoS::ExactlyOnce, false),
            bytes(&Packet::Publish(Publish::new("q/command", QoS::AtMostOnce, "call 600"))),
            bytes(&Packet::PingReq),
        ] {
            assert_eq!(session.hear(&told, now), Err(STRANGE.to_owned()), "{told:?}");
        }
    }

    #[test]
    fn a_broker_that_is_silent_is_asked_and_then_left() {
        let (mut session, now) = opened(false);
        assert_eq!(session.due(), now + PATIENCE, "it has so long to let us in");
        assert!(session.tick(now + PATIENCE).is_err());
        let (mut session, now) = up(false);
        said(&mut session);
        let then = now + KEEP_ALIVE;
        assert_eq!((session.due(), session.tick(then - Duration::from_millis(1))), (then, Ok(())));
        assert!(said(&mut session).is_empty());
        assert_eq!(session.tick(then), Ok(()));
        assert_eq!(said(&mut session), [Packet::PingReq]);
        assert_eq!(session.hear(&bytes(&Packet::PingResp), then), Ok(vec![]));
        assert_eq!(session.due(), then + KEEP_ALIVE);
        // Whoever is talked to all the time and never answers is noticed too.
        session.publish(Publish::new("p/status", QoS::AtMostOnce, "x"), then + KEEP_ALIVE / 2);
        assert_eq!(session.tick(then + KEEP_ALIVE), Ok(()));
        assert!(session.tick(then + KEEP_ALIVE + PATIENCE).is_err());
    }
}
