//! The listener under those who damage requests, bomb, trickle, and come in crowds. No phone runs behind it: whoever the
//! gate lets in is told so.

use super::serve::{MAX_READERS, serve_with};
use super::*;
use crate::control::link::Link;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::time::Duration;
#[cfg(unix)]
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Longest wait where an answer or an end comes.
const LONG: Duration = Duration::from_secs(30);
/// What the listener gives a step, where the test waits for its end.
const SHORT: Duration = Duration::from_millis(200);
const TOKEN: &str = "0123456789abcdef";

/// A listener; its port.
async fn listener(link: Link, patience: Duration) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = listener.local_addr().expect("an address");
    let gate = Gate::new(Token::new(TOKEN).expect("a token"), at, false, Vec::new());
    tokio::spawn(serve_with(listener, link, gate, patience));
    at.port()
}

fn nobody() -> Link {
    Link::Socket("/nonexistent/phone.sock".into())
}

/// A request whose answer ends the connection.
fn request(start: &str, port: u16, more: &str, body: &str) -> Vec<u8> {
    format!(
        "{start} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n{more}\r\n{body}"
    )
    .into_bytes()
}

/// All that comes back, to the end of the connection.
async fn exchange(port: u16, bytes: &[u8]) -> String {
    let all = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("a listener");
        // It may have heard enough.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    };
    timeout(LONG, all).await.unwrap_or_else(|_| panic!("no end after {}", bytes.escape_ascii()))
}

fn status(answer: &str) -> u16 {
    let status = answer.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5));
    status.and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("no answer: {answer:?}"))
}

#[tokio::test]
async fn each_request_has_its_status() {
    let port = listener(nobody(), LONG).await;
    let json = "Content-Type: application/json\r\n";
    let (dial, file) = (r#"{"number":"600"}"#, r#"{"file":"/etc/x.wav"}"#);
    let sized = |more: &str, body: &str| format!("{more}Content-Length: {}\r\n", body.len());
    for (start, more, body, expected) in [
        ("GET /v1/status", String::new(), "", 503),
        ("GET /v1/openapi.json", String::new(), "", 200),
        ("POST /v1/call", sized(json, dial), dial, 503),
        ("POST /v1/call", sized("Content-Type: APPLICATION/json; charset=utf-8\r\n", dial), dial, 503),
        ("POST /v1/call", sized("Content-Type: text/plain\r\n", dial), dial, 415),
        ("POST /v1/call", sized("Content-Type: application/x-www-form-urlencoded\r\n", dial), dial, 415),
        ("POST /v1/call", sized("", dial), dial, 415),
        ("POST /v1/call", sized(json, "{"), "{", 400),
        ("POST /v1/nonsense", sized(json, dial), dial, 404),
        ("POST /v1/hangup", String::new(), "", 503),
        ("POST /v1/call", format!("{json}Content-Length: 70000\r\n"), "", 413),
        ("GET /v1/call?number=600", String::new(), "", 405),
        ("OPTIONS /v1/call", "Origin: http://evil.example\r\n".to_owned(), "", 403),
        ("GET /v1/status", "Origin: http://evil.example\r\n".to_owned(), "", 403),
        ("GET /v1/status", "Host: evil.example\r\n".to_owned(), "", 400),
        ("GET http://127.0.0.1/v1/status", String::new(), "", 400),
        ("CONNECT example.net:443", String::new(), "", 400),
        ("OPTIONS *", String::new(), "", 404),
        // Files are named by callers on this machine, and behind a proxy nobody is.
        ("POST /v1/play", sized(json, file), file, 503),
        ("POST /v1/play", sized(&format!("{json}X-Forwarded-For: 127.0.0.1\r\n"), file), file, 403),
        ("POST /v1/play", sized(&format!("{json}Forwarded: for=192.0.2.1\r\n"), file), file, 403),
        ("POST /v1/call", sized(&format!("{json}Via: 1.1 proxy\r\n"), dial), dial, 503),
    ] {
        let answer = exchange(port, &request(start, port, &more, body)).await;
        assert_eq!(status(&answer), expected, "{start} {more}: {answer}");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let body: serde_json::Value = serde_json::from_str(body).unwrap_or_else(|e| panic!("{e}: {answer}"));
        assert_eq!(body["ok"] == true || !body["openapi"].is_null(), expected == 200, "{answer}");
        let head = head.to_ascii_lowercase();
        assert!(!head.contains("access-control") && head.contains("cache-control: no-store"), "{head}");
        assert!(head.contains("x-content-type-options: nosniff"), "{head}");
    }
    let without = format!("GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    let answer = exchange(port, without.as_bytes()).await;
    assert!(status(&answer) == 401 && answer.to_ascii_lowercase().contains("www-authenticate: bearer"), "{answer}");
    let old = format!("GET /v1/status HTTP/1.0\r\nAuthorization: Bearer {TOKEN}\r\n\r\n");
    assert!(exchange(port, old.as_bytes()).await.contains(" 400 "), "no Host");
}

#[tokio::test]
async fn bombs_are_refused_while_they_are_small() {
    let port = listener(nobody(), LONG).await;
    let long = "x".repeat(1 << 20);
    let many = |count: u32| (0..count).map(|n| format!("X-{n}: 1\r\n")).collect::<String>();
    for (start, more, expected) in [
        ("GET /v1/status".to_owned(), format!("X-Long: {long}\r\n"), &[431][..]),
        ("GET /v1/status".to_owned(), format!("X-Long: {}\r\n", "x".repeat(20_000)), &[431]),
        ("GET /v1/status".to_owned(), many(1000), &[431]),
        ("GET /v1/status".to_owned(), many(70), &[431]),
        ("GET /v1/status".to_owned(), many(50), &[503]),
        (format!("GET /v1/{long}"), String::new(), &[414, 431]),
    ] {
        let answer = exchange(port, &request(&start, port, &more, "")).await;
        assert!(answer.is_empty() || expected.contains(&status(&answer)), "{answer}");
    }
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let more = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n";
    let answer = exchange(port, &request("POST /v1/call", port, more, &chunk.repeat(4))).await;
    assert!(answer.is_empty() || status(&answer) == 413, "{answer}");
    assert_eq!(status(&exchange(port, &request("GET /v1/status", port, "", "")).await), 503, "it goes on");
}

#[tokio::test]
async fn nobody_takes_for_ever() {
    let port = listener(nobody(), SHORT).await;
    let begun = |text: &str| text.replace("PORT", &port.to_string());
    let slow = "POST /v1/call HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nAuthorization: Bearer 0123456789abcdef\r\n\
                Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{";
    for text in ["", "GET /v1/st", "GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nX-Slow: ", slow] {
        let answer = exchange(port, begun(text).as_bytes()).await;
        assert!(answer.is_empty() || status(&answer) == 408, "{text}: {answer}");
    }
    // A header a moment keeps nothing open either.
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("a listener");
    stream.write_all(b"GET /v1/status HTTP/1.1\r\n").await.expect("begun");
    let trickle = async {
        while stream.write_all(b"X: 1\r\n").await.is_ok() {
            tokio::time::sleep(SHORT / 10).await;
        }
    };
    timeout(LONG, trickle).await.expect("it is cut off");
    // Nor does one that has had its answer.
    let idle = request("GET /v1/status", port, "", "");
    let idle = String::from_utf8(idle).expect("text").replace("Connection: close\r\n", "");
    assert_eq!(status(&exchange(port, idle.as_bytes()).await), 503);
}

#[tokio::test]
async fn a_crowd_keeps_nobody_out() {
    // Nobody's time is up before the test's is.
    let port = listener(nobody(), 10 * LONG).await;
    let mut crowd = std::collections::VecDeque::new();
    for _ in 0..1000 {
        let stream = timeout(LONG, TcpStream::connect(("127.0.0.1", port))).await.expect("soon").expect("let in");
        crowd.push_back(stream);
        // More of them than the listener has places, and fewer than this process may have open.
        if crowd.len() > 200 {
            crowd.pop_front();
        }
    }
    assert_eq!(status(&exchange(port, &request("GET /v1/status", port, "", "")).await), 503);
    let mut first = crowd.pop_front().expect("one of the crowd");
    let cut = timeout(LONG, first.read(&mut [0; 1])).await.expect("it made room");
    assert!(cut.map_or(true, |length| length == 0));
}

#[tokio::test]
async fn callers_of_other_machines_name_no_files() {
    let at = "127.0.0.1:8080".parse().expect("an address");
    let gate = Gate::new(Token::new(TOKEN).expect("a token"), at, true, Vec::new());
    let json = "Content-Type: application/json\r\n";
    for (from, body, expected) in [
        ("127.0.0.1:9", r#"{"file":"/etc/x.wav"}"#, 503),
        ("[::ffff:127.0.0.1]:9", r#"{"file":"/etc/x.wav"}"#, 503),
        ("192.0.2.1:9", r#"{"file":"/etc/x.wav"}"#, 403),
        ("[2001:db8::1]:9", r#"{"file":"/etc/x.wav"}"#, 403),
        ("192.0.2.1:9", r#"{"file":"stop"}"#, 503),
    ] {
        let (mut ours, theirs) = tokio::io::duplex(64 * 1024);
        let serving = serve_one(theirs, from.parse().expect("an address"), nobody(), gate.clone());
        let asking = async {
            let more = format!("{json}Content-Length: {}\r\n", body.len());
            ours.write_all(&request("POST /v1/play", 8080, &more, body)).await.expect("asked");
            let mut answer = String::new();
            ours.read_to_string(&mut answer).await.expect("an answer");
            answer
        };
        let (answer, ()) = timeout(LONG, async { tokio::join!(asking, serving) }).await.expect("an end");
        assert_eq!(status(&answer), expected, "{from} {body}: {answer}");
    }
}

/// A phone that tells nothing.
#[cfg(unix)]
#[tokio::test]
async fn readers_of_events_leave_room_for_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("phone.sock");
    let phone = tokio::net::UnixListener::bind(&path).expect("a socket");
    tokio::spawn(async move {
        let mut here = Vec::new();
        while let Ok((mut stream, _)) = phone.accept().await {
            stream.write_all(b"{\"v\":1,\"ok\":true}\n").await.expect("read");
            here.push(stream);
        }
    });
    let port = listener(Link::Socket(path), LONG).await;
    let read = |mut stream: TcpStream| async move {
        let mut line = String::new();
        let mut reading = BufReader::new(&mut stream);
        timeout(LONG, reading.read_line(&mut line)).await.expect("soon").expect("an answer");
        (line, stream)
    };
    let ask = || async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("a listener");
        stream.write_all(&request("GET /v1/events", port, "", "")).await.expect("asked");
        read(stream).await
    };
    let mut readers = Vec::new();
    for number in 0..MAX_READERS {
        let (line, stream) = ask().await;
        assert!(line.contains(" 200 "), "{number}: {line}");
        readers.push(stream);
    }
    let (line, _) = ask().await;
    assert!(line.contains(" 503 "), "{line}");
    let verb = exchange(port, &request("GET /v1/calls", port, "", "")).await;
    assert!(status(&verb) == 200, "a verb has its place: {verb}");
    drop(readers.pop());
    let again = async { while !ask().await.0.contains(" 200 ") {} };
    timeout(LONG, again).await.expect("who goes makes room");
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_an_answer_is_let_go() {
    let at = "127.0.0.1:8080".parse().expect("an address");
    let gate = Gate::new(Token::new(TOKEN).expect("a token"), at, false, Vec::new());
    // Less than the answer takes.
    let (mut ours, theirs) = tokio::io::duplex(1024);
    ours.write_all(&request("GET /v1/openapi.json", 8080, "", "")).await.expect("asked");
    let served = timeout(Duration::from_secs(600), serve_one(theirs, at, nobody(), gate)).await;
    served.expect("an end, although it was not read");
    let mut answer = Vec::new();
    ours.read_to_end(&mut answer).await.expect("what there is of it");
    assert_eq!(status(&String::from_utf8_lossy(&answer)), 200);
}

/// A phone with two pieces of news, that ends then.
#[cfg(unix)]
#[tokio::test]
async fn events_are_those_that_are_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("phone.sock");
    let phone = tokio::net::UnixListener::bind(&path).expect("a socket");
    tokio::spawn(async move {
        while let Ok((stream, _)) = phone.accept().await {
            let (reading, mut writing) = stream.into_split();
            BufReader::new(reading).read_line(&mut String::new()).await.expect("a request");
            let news = |event: &str| {
                format!("{{\"feed\":\"event\",\"event\":{{\"event\":\"{event}\",\"message\":\"x\",\"hint\":null}}}}\n")
            };
            let told = format!("{{\"v\":1,\"ok\":true}}\n{}{}", news("device"), news("error"));
            writing.write_all(told.as_bytes()).await.expect("read");
        }
    });
    let port = listener(Link::Socket(path), LONG).await;
    for (target, device, error) in
        [("/v1/events", true, true), ("/v1/events?only=err*", false, true), ("/v1/events?only=mwi", false, false)]
    {
        let answer = exchange(port, &request(&format!("GET {target}"), port, "", "")).await;
        let has = |event: &str| answer.contains(&format!("event: {event}\ndata: "));
        assert_eq!((status(&answer), has("device"), has("error")), (200, device, error), "{target}: {answer}");
    }
}

/// A phone that has no end of news.
#[cfg(unix)]
#[tokio::test]
async fn who_reads_no_events_is_let_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("phone.sock");
    let phone = tokio::net::UnixListener::bind(&path).expect("a socket");
    let told = tokio::spawn(async move {
        let (stream, _) = phone.accept().await.expect("somebody");
        let (reading, mut writing) = stream.into_split();
        let mut line = String::new();
        BufReader::new(reading).read_line(&mut line).await.expect("a request");
        writing.write_all(b"{\"v\":1,\"ok\":true}\n").await.expect("read");
        let message = "x".repeat(1000);
        let news = format!("{{\"feed\":\"event\",\"event\":{{\"event\":\"device\",\"message\":\"{message}\"}}}}\n");
        while writing.write_all(news.as_bytes()).await.is_ok() {}
    });
    let port = listener(Link::Socket(path), SHORT).await;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("a listener");
    stream.write_all(&request("GET /v1/events", port, "", "")).await.expect("asked");
    timeout(LONG, told).await.expect("the phone is let go of too").expect("it ran");
    let mut rest = Vec::new();
    let ended = timeout(LONG, stream.read_to_end(&mut rest)).await.expect("an end");
    assert!(ended.is_err() || rest.len() < 64 << 20, "of what had piled up");
    assert!(String::from_utf8_lossy(&rest).contains("event: device\ndata: {\"v\":1,"), "events came");
}

#[tokio::test]
async fn damaged_requests_do_no_harm() {
    const COUNT: usize = 400;
    let port = listener(nobody(), SHORT).await;
    let body = r#"{"number":"600"}"#;
    let json = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    let chunked = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n";
    let samples = [
        request("GET /v1/status", port, "", ""),
        request("POST /v1/call", port, &json, body),
        request("POST /v1/call", port, chunked, "10\r\n{\"number\":\"600\"}\r\n0\r\n\r\n"),
        request("GET /v1/history?search=a%20b&limit=5", port, "Expect: 100-continue\r\nUpgrade: h2c\r\n", ""),
    ];
    let mut rng = StdRng::seed_from_u64(7);
    let known = [100, 200, 400, 401, 403, 404, 405, 408, 413, 414, 415, 421, 431, 500, 501, 503, 505];
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..COUNT {
        let damaged = damaged(&samples, &mut rng);
        waiting.spawn(async move { (exchange(port, &damaged).await, damaged) });
        while waiting.len() >= 32 {
            let (answer, damaged) = waiting.join_next().await.expect("one").expect("it ran");
            let good = answer.is_empty() || known.contains(&status(&answer));
            assert!(good, "{}\n{answer}", damaged.escape_ascii());
        }
    }
    while let Some(done) = waiting.join_next().await {
        let (answer, damaged) = done.expect("it ran");
        assert!(answer.is_empty() || known.contains(&status(&answer)), "{}\n{answer}", damaged.escape_ascii());
    }
    assert_eq!(status(&exchange(port, &samples[0]).await), 503, "it goes on");
}

/// A sample with some of its bytes changed, left out, doubled or put elsewhere.
fn damaged(samples: &[Vec<u8>], rng: &mut StdRng) -> Vec<u8> {
    let mut bytes = samples[rng.random_range(0..samples.len())].clone();
    for _ in 0..rng.random_range(1..4) {
        let at = rng.random_range(0..bytes.len());
        let end = (at + rng.random_range(1..20)).min(bytes.len());
        match rng.random_range(0..5) {
            0 => bytes[at] = rng.random(),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece.repeat(3));
            }
            3 => bytes.truncate(at),
            _ => {
                let odd: [&[u8]; 6] = [b"\r\n", b"\0", b"\r\n\r\n", b"\xff\xfe", b"%", b"99999999999999999999"];
                bytes.splice(at..at, odd[rng.random_range(0..odd.len())].to_vec());
            }
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}
