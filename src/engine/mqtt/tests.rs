//! A broker of our own that takes, refuses and goes away; and mosquitto, where it is installed.

use super::client::Client;
use super::pace::Pace;
use super::*;
use crate::config::{Broker, Secret};
use crate::ua::snapshot::Status;
use bytes::BytesMut;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rumqttc::mqttbytes::QoS;
use rumqttc::mqttbytes::v4::{
    ConnAck, Connect, ConnectReturnCode, Packet, PubAck, Publish, SubAck, Subscribe, SubscribeReasonCode,
};
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Longest wait where something comes.
const LONG: Duration = Duration::from_secs(30);

/// A phone that is told of, as far as a broker sees it.
struct Told {
    events: broadcast::Sender<Arc<Event>>,
    changed: watch::Sender<u64>,
    target: watch::Sender<Target>,
    info: watch::Receiver<Option<MqttInfo>>,
    complaints: broadcast::Receiver<Arc<Event>>,
    ends: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
    _asks: mpsc::Sender<Ask>,
}

fn target(text: &str, ca_file: &str) -> Target {
    let mqtt = Mqtt {
        broker: (!text.is_empty()).then(|| Broker::parse(text).expect("a broker")),
        password: Secret::new("hunter2"),
        events: "device".to_owned(),
        commands: true,
        ..Mqtt::default()
    };
    Target { mqtt, ca_file: ca_file.to_owned() }
}

fn told(target: Target) -> Told {
    let (events, complaints) = broadcast::channel(64);
    let (changed, watched) = watch::channel(0);
    let (asks, mut asked) = mpsc::channel(8);
    tokio::spawn(async move {
        while let Some(ask) = asked.recv().await {
            if let Ask::Status(reply) = ask {
                let _ = reply.send(Status { v: 1, dnd: true, ..Status::default() });
            }
        }
    });
    let (commands, mut given) = mpsc::channel::<Asked>(8);
    tokio::spawn(async move {
        while let Some(Asked { payload, reply }) = given.recv().await {
            let _ = reply.send(format!("did {}", String::from_utf8_lossy(&payload)));
        }
    });
    let phone =
        Phone { events: events.clone(), changed: watched, asks: asks.downgrade(), commands, instance: "1".to_owned() };
    let (target, watched) = watch::channel(target);
    let (tells, info) = watch::channel(None);
    let (ends, ending) = oneshot::channel();
    let mut client = Client::new(watched, phone, tells, StdRng::from_seed([1; 32]));
    client.pace = Pace::beginning(Duration::from_millis(10));
    let task = tokio::spawn(client.run(ending));
    Told { events, changed, target, info, complaints, ends: Some(ends), task, _asks: asks }
}

impl Told {
    fn say(&self, message: &str) {
        let event = Event::Device { message: message.to_owned() };
        self.events.send(Arc::new(event)).expect("somebody listens");
    }

    async fn until(&mut self, so: impl Fn(&MqttInfo) -> bool) {
        let fits = |info: &Option<MqttInfo>| info.as_ref().is_some_and(&so);
        timeout(LONG, self.info.wait_for(fits)).await.expect("it comes to that").expect("it runs");
    }

    async fn end(mut self) {
        drop(self.ends.take());
        timeout(LONG, self.task).await.expect("it ends").expect("it ran");
    }
}

/// One end of a connection that speaks MQTT.
struct End {
    stream: TcpStream,
    unread: BytesMut,
}

impl End {
    fn of(stream: TcpStream) -> End {
        End { stream, unread: BytesMut::new() }
    }

    /// Somebody who comes, and is let in.
    async fn welcomed(listener: &TcpListener) -> End {
        let (stream, _) = timeout(LONG, listener.accept()).await.expect("somebody comes").expect("a connection");
        let mut end = End::of(stream);
        assert!(matches!(end.hear().await, Some(Packet::Connect(_))));
        end.say(&Packet::ConnAck(ConnAck::new(ConnectReturnCode::Success, false))).await;
        end
    }

    async fn say(&mut self, packet: &Packet) {
        let mut bytes = BytesMut::new();
        packet.write(&mut bytes, usize::MAX).expect("a packet");
        self.stream.write_all(&bytes).await.expect("sent");
    }

    /// The next packet; `None` at the end.
    async fn hear(&mut self) -> Option<Packet> {
        let next = async {
            loop {
                if let Ok(packet) = Packet::read(&mut self.unread, usize::MAX) {
                    return Some(packet);
                }
                if self.stream.read_buf(&mut self.unread).await.ok()? == 0 {
                    return None;
                }
            }
        };
        timeout(LONG, next).await.expect("something comes")
    }

    /// The next publication to this topic.
    async fn told(&mut self, topic: &str) -> Publish {
        loop {
            match self.hear().await {
                Some(Packet::Publish(publish)) if publish.topic == topic => return publish,
                Some(Packet::Subscribe(subscribe)) => {
                    let granted = SubAck::new(subscribe.pkid, vec![SubscribeReasonCode::Success(QoS::AtLeastOnce)]);
                    self.say(&Packet::SubAck(granted)).await;
                }
                Some(_) => {}
                None => panic!("the connection ended before {topic}"),
            }
        }
    }
}

fn line(publish: &Publish) -> serde_json::Value {
    serde_json::from_slice(&publish.payload).expect("JSON")
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = listener.local_addr().expect("an address");
    (listener, format!("mqtt://ha@{at}/p"))
}

#[tokio::test]
async fn events_are_told_again_until_they_are_taken_and_the_end_is_told_too() {
    let (listener, at) = listener().await;
    let mut told = told(target(&at, ""));
    told.say("early");
    told.events.send(Arc::new(Event::config("not named".to_owned()))).expect("heard");
    let mut broker = End::welcomed(&listener).await;
    let first = broker.told("p/event/device").await;
    assert_eq!((line(&first)["message"].as_str(), first.qos, first.retain), (Some("early"), QoS::AtLeastOnce, false));
    drop(broker);
    let mut broker = End::welcomed(&listener).await;
    assert_eq!(&broker.told("p/online").await.payload[..], b"1");
    let again = broker.told("p/event/device").await;
    assert_eq!(again.payload, first.payload, "nobody has taken it");
    broker.say(&Packet::PubAck(PubAck::new(again.pkid))).await;
    told.until(|info| info.online && info.waiting == 0 && info.missed == 0).await;
    told.say("late");
    broker.told("p/event/device").await;
    let ending = tokio::spawn(told.end());
    let offline = broker.told("p/online").await;
    assert_eq!((&offline.payload[..], offline.retain), (&b"0"[..], true));
    assert_eq!(broker.hear().await, Some(Packet::Disconnect));
    ending.await.expect("it ended");
}

#[tokio::test]
async fn the_status_is_told_when_it_changes_and_commands_are_answered() {
    let (listener, at) = listener().await;
    let told = told(target(&at, ""));
    let mut broker = End::welcomed(&listener).await;
    let status = broker.told("p/status").await;
    assert_eq!((line(&status)["dnd"].as_bool(), status.retain), (Some(true), true));
    // The same again is no news: what comes next is an answer.
    told.changed.send_replace(1);
    broker.say(&Packet::Publish(Publish::new("p/command", QoS::AtMostOnce, "call 600"))).await;
    loop {
        if let Some(Packet::Publish(publish)) = broker.hear().await {
            assert_ne!(publish.topic, "p/status");
            if publish.topic == "p/reply" {
                assert_eq!(&publish.payload[..], b"did call 600");
                break;
            }
        }
    }
    told.end().await;
}

#[tokio::test]
async fn who_refuses_is_named_once_and_nothing_secret_is_told() {
    let (listener, at) = listener().await;
    let mut told = told(target(&at, ""));
    for _ in 0..3 {
        let (stream, _) = timeout(LONG, listener.accept()).await.expect("it tries again").expect("a connection");
        let mut broker = End::of(stream);
        assert!(matches!(broker.hear().await, Some(Packet::Connect(_))));
        broker.say(&Packet::ConnAck(ConnAck::new(ConnectReturnCode::BadUserNamePassword, false))).await;
        assert_eq!(broker.hear().await, None);
    }
    told.until(|info| info.why.as_deref() == Some("it refuses the user or the password")).await;
    let mut errors = Vec::new();
    while let Ok(event) = told.complaints.try_recv() {
        if let Event::Error { message, .. } = &*event {
            errors.push(message.clone());
        }
    }
    let shown = at.replace("ha@", "");
    assert_eq!(errors, [format!("{shown}: it refuses the user or the password")]);
    told.end().await;
}

#[tokio::test]
async fn other_settings_count_at_once() {
    let ((first, at), (second, other)) = (listener().await, listener().await);
    let mut told = told(target(&at, ""));
    let mut broker = End::welcomed(&first).await;
    told.until(|info| info.online).await;
    told.target.send_replace(target(&other, ""));
    while broker.hear().await.expect("a good-bye comes before the end") != Packet::Disconnect {}
    End::welcomed(&second).await;
    told.target.send_replace(target("", ""));
    timeout(LONG, told.info.wait_for(Option::is_none)).await.expect("nobody is told").expect("it runs");
    told.end().await;
}

/// mosquitto with a password, plain and over TLS; it ends with this.
struct Mosquitto {
    child: std::process::Child,
    plain: u16,
    secure: u16,
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port()
}

impl Mosquitto {
    /// `None` where it is not installed; in CI it is.
    async fn start(folder: &Path) -> Option<Mosquitto> {
        let path = std::env::var("PATH").unwrap_or_default();
        // Debian keeps servers where the PATH of people does not lead.
        let places = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
        let Some(program) = places.map(|place| place.join("mosquitto")).find(|place| place.is_file()) else {
            assert!(std::env::var_os("CI").is_none(), "mosquitto is not installed");
            eprintln!("skipped: mosquitto is not installed");
            return None;
        };
        let file = |name: &str| folder.join(name).display().to_string();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        std::fs::write(file("cert.pem"), made.cert.pem()).expect("written");
        std::fs::write(file("key.pem"), made.signing_key.serialize_pem()).expect("written");
        let hashed = std::process::Command::new("mosquitto_passwd")
            .args(["-b", "-c", &file("passwords"), "ha", "hunter2"])
            .output()
            .expect("a file of passwords");
        assert!(hashed.status.success(), "{hashed:?}");
        let (plain, secure) = (free_port(), free_port());
        let config = format!(
            "user root\npersistence false\nallow_anonymous false\npassword_file {}\nlistener {plain} 127.0.0.1\n\
             listener {secure} 127.0.0.1\ncertfile {}\nkeyfile {}\n",
            file("passwords"),
            file("cert.pem"),
            file("key.pem"),
        );
        std::fs::write(file("mosquitto.conf"), config).expect("written");
        let log = std::fs::File::create(file("log")).expect("a log");
        let child = std::process::Command::new(program).arg("-c").arg(file("mosquitto.conf")).stderr(log).spawn();
        let server = Mosquitto { child: child.expect("it starts"), plain, secure };
        let up = async {
            while TcpStream::connect(("127.0.0.1", secure)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let said = || std::fs::read_to_string(file("log")).unwrap_or_default();
        timeout(LONG, up).await.unwrap_or_else(|_| panic!("mosquitto does not listen: {}", said()));
        Some(server)
    }

    /// Somebody who listens to everything of the phone.
    async fn observer(&self, name: &str) -> End {
        let mut end = End::of(TcpStream::connect(("127.0.0.1", self.plain)).await.expect("connected"));
        let mut connect = Connect::new(name);
        connect.set_login("ha", "hunter2");
        end.say(&Packet::Connect(connect)).await;
        assert!(matches!(end.hear().await, Some(Packet::ConnAck(ack)) if ack.code == ConnectReturnCode::Success));
        end.say(&Packet::Subscribe(Subscribe { pkid: 9, ..Subscribe::new("p/#", QoS::AtMostOnce) })).await;
        end
    }
}

#[tokio::test]
async fn mosquitto_is_told_and_tells_over_tls() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(server) = Mosquitto::start(folder.path()).await else { return };
    let ca_file = folder.path().join("cert.pem").display().to_string();
    let mut told = told(target(&format!("mqtts://ha@localhost:{}/p", server.secure), &ca_file));
    told.until(|info| info.online).await;
    let mut observer = server.observer("early").await;
    // What is retained is there for whoever comes later.
    assert_eq!(&observer.told("p/online").await.payload[..], b"1");
    told.say("a card is gone");
    let event = observer.told("p/event/device").await;
    assert_eq!(line(&event)["message"], "a card is gone");
    told.until(|info| info.waiting == 0).await;
    observer.say(&Packet::Publish(Publish::new("p/command", QoS::AtMostOnce, "call 600"))).await;
    assert_eq!(&observer.told("p/reply").await.payload[..], b"did call 600");
    let mut late = server.observer("late").await;
    assert_eq!(line(&late.told("p/status").await)["dnd"], true);
    // Whoever just goes is told of by the last will.
    told.task.abort();
    assert_eq!(&observer.told("p/online").await.payload[..], b"0");
}
