//! A server of our own that takes, refuses, hangs and goes away.

use super::*;
use std::sync::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Longest wait where something comes.
const LONG: Duration = Duration::from_secs(30);
/// The first pause, where the test waits for what follows it.
const SHORT: Duration = Duration::from_millis(10);

/// Requests as they came.
type Heard = Arc<Mutex<Vec<String>>>;

/// A server that gives the nth request the nth status, and 200 when there are no more.
async fn server(statuses: &'static [&'static str]) -> (u16, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (port, heard) = (listener.local_addr().expect("an address").port(), Heard::default());
    let told = heard.clone();
    tokio::spawn(async move {
        let mut statuses = statuses.iter();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            while !is_whole(&request) {
                match stream.read(&mut buffer).await {
                    Ok(length @ 1..) => request.extend_from_slice(&buffer[..length]),
                    _ => break,
                }
            }
            told.lock().expect("alone").push(String::from_utf8(request).expect("text"));
            let status = statuses.next().unwrap_or(&"200 OK");
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (port, heard)
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

fn webhook(port: u16, events: &str) -> Webhook {
    let url = Secret::new(format!("http://127.0.0.1:{port}/in?key=secret-of-the-address"));
    Webhook { url, secret: Secret::new("It's a Secret to Everybody"), events: events.to_owned() }
}

struct Phone {
    events: broadcast::Sender<Arc<Event>>,
    target: watch::Sender<Target>,
    ends: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

fn phone(webhook: Webhook) -> (Phone, broadcast::Receiver<Arc<Event>>) {
    let (events, told) = broadcast::channel(1024);
    let (target, watched) = watch::channel(Target { webhook, ca_file: String::new() });
    let (ends, ending) = oneshot::channel();
    let task = tokio::spawn(Line::new(watched, events.clone()).run(events.subscribe(), ending, SHORT));
    (Phone { events, target, ends: Some(ends), task }, told)
}

impl Phone {
    fn say(&self, message: &str) {
        let event = Event::Device { message: message.to_owned() };
        self.events.send(Arc::new(event)).expect("somebody listens");
    }
}

async fn until(so: impl Fn() -> bool) {
    let all = async {
        while !so() {
            tokio::time::sleep(SHORT).await;
        }
    };
    timeout(LONG, all).await.expect("it comes to that");
}

/// The messages of the requests, one after another.
fn messages(heard: &Heard) -> Vec<String> {
    let of = |request: &String| {
        let (_, body) = request.split_once("\r\n\r\n")?;
        let line: serde_json::Value = serde_json::from_str(body).ok()?;
        Some(line["message"].as_str().unwrap_or_default().to_owned())
    };
    heard.lock().expect("alone").iter().filter_map(of).collect()
}

#[tokio::test]
async fn events_are_told_in_order_and_signed() {
    let (port, heard) = server(&[]).await;
    let (phone, _told) = phone(webhook(port, "device"));
    phone.events.send(Arc::new(Event::Exited)).expect("heard");
    (0..20).for_each(|n| phone.say(&n.to_string()));
    until(|| messages(&heard).len() >= 20).await;
    assert_eq!(messages(&heard), (0..20).map(|n| n.to_string()).collect::<Vec<_>>(), "those that are named alone");
    let request = heard.lock().expect("alone")[0].clone();
    let (head, body) = request.split_once("\r\n\r\n").expect("a head");
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with("post /in?key=secret-of-the-address http/1.1"), "{head}");
    assert!(head.contains("content-type: application/json") && head.contains("x-tuiphone-event: device"), "{head}");
    let expected = signature(&Secret::new("It's a Secret to Everybody"), body).expect("a signature");
    assert!(head.contains(&format!("x-tuiphone-signature: {expected}")), "{head}");
}

/// The figures that GitHub has in its documentation of the same.
#[test]
fn signatures_are_those_of_others() {
    let signed = signature(&Secret::new("It's a Secret to Everybody"), "Hello, World!");
    let expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    assert_eq!(signed.as_deref(), Some(expected));
    assert_eq!(signature(&Secret::default(), "x"), None);
}

#[tokio::test]
async fn what_fails_is_told_again_and_what_is_refused_is_not() {
    let statuses =
        &["503 Later", "429 Slowly", "200 OK", "400 No", "302 There\r\nLocation: http://127.0.0.1:9/", "200 OK"];
    let (port, heard) = server(statuses).await;
    let (phone, mut told) = phone(webhook(port, "device"));
    ["a", "b", "c", "d"].iter().for_each(|message| phone.say(message));
    until(|| messages(&heard).len() >= 6).await;
    assert_eq!(messages(&heard), ["a", "a", "a", "b", "c", "d"]);
    let deliveries: Vec<String> = heard
        .lock()
        .expect("alone")
        .iter()
        .filter_map(|request| Some(request.lines().find(|line| line.starts_with("x-tuiphone-delivery"))?.to_owned()))
        .collect();
    assert!(deliveries[0] == deliveries[2] && deliveries[2] != deliveries[3], "{deliveries:?}");
    let mut errors = Vec::new();
    let last = async {
        while errors.len() < 3 {
            if let Event::Error { message, hint } = &*told.recv().await.expect("an event") {
                errors.push(format!("{message} ({})", hint.as_deref().unwrap_or_default()));
            }
        }
    };
    timeout(LONG, last).await.expect("three complaints");
    assert!(errors[0].contains("webhook at 127.0.0.1: it answered 503"), "{errors:?}");
    assert!(errors[1].contains("it answered 400") && errors[2].contains("2 events went unheard"), "{errors:?}");
    assert!(!errors.concat().contains("secret-of-the-address"), "{errors:?}");
}

#[tokio::test]
async fn who_is_away_is_told_later_and_a_flood_is_bounded() {
    let gone = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address").port();
    let (phone, mut told) = phone(webhook(gone, ""));
    let most = MOST_WAITING + 100;
    for n in 0..most {
        phone.say(&n.to_string());
        tokio::task::yield_now().await;
    }
    let complaint = async {
        loop {
            if let Event::Error { message, .. } = &*told.recv().await.expect("an event") {
                return message.clone();
            }
        }
    };
    assert!(timeout(LONG, complaint).await.expect("a complaint").contains("webhook at 127.0.0.1"));
    let (port, heard) = server(&[]).await;
    let target = Target { webhook: webhook(port, "device"), ca_file: String::new() };
    phone.target.send(target).expect("it is watched");
    let last = (most - 1).to_string();
    until(|| messages(&heard).contains(&last)).await;
    let heard = messages(&heard);
    assert!(heard.len() <= MOST_WAITING + 1, "{} were kept", heard.len());
    let numbers: Vec<usize> = heard.iter().filter_map(|message| message.parse().ok()).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "in order");
}

#[tokio::test]
async fn the_last_words_are_told_too() {
    let (port, heard) = server(&[]).await;
    let (mut phone, _told) = phone(webhook(port, ""));
    phone.say("last");
    phone.events.send(Arc::new(Event::Exited)).expect("heard");
    drop(phone.ends.take());
    timeout(LONG, &mut phone.task).await.expect("it ends").expect("it ran");
    assert_eq!(messages(&heard), ["last", ""]);
}
