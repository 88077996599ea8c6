//! Events told to a server: a whole call in order, through a server that is away for a while; what nobody reads in a log.

use crate::support::{House, PATIENCE, until};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

const SECRET: &str = "signs-what-is-told";

/// Heads and bodies of the requests that were taken.
type Taken = Arc<Mutex<Vec<(String, Value)>>>;

/// A server that first refuses so many requests.
fn server(refusals: usize) -> (u16, Taken) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let (port, taken) = (listener.local_addr().expect("an address").port(), Taken::default());
    let told = taken.clone();
    std::thread::spawn(move || {
        for (at, stream) in listener.incoming().map_while(Result::ok).enumerate() {
            let Some((mut stream, head, body)) = request(stream) else { continue };
            let status = if at < refusals { "503 Away" } else { "204 Taken" };
            if at >= refusals {
                told.lock().expect("alone").push((head, serde_json::from_str(&body).expect("JSON")));
            }
            let _ = stream.write_all(format!("HTTP/1.1 {status}\r\nConnection: close\r\n\r\n").as_bytes());
        }
    });
    (port, taken)
}

fn request(mut stream: TcpStream) -> Option<(TcpStream, String, String)> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some((stream, head, String::from_utf8(body).ok()?))
}

#[test]
fn a_call_is_told_in_order_and_signed_and_nothing_secret_is_logged() {
    let (port, taken) = server(2);
    let house = House::open();
    let ini = std::fs::read_to_string(house.ini()).expect("read");
    let own = format!(
        "[tuiphone]\r\nwebhook=http://127.0.0.1:{port}/hook/key-in-the-path\r\nwebhookSecret={SECRET}\r\n\
         webhookEvents=call_*\r\n"
    );
    std::fs::write(house.ini(), format!("{ini}{own}")).expect("written");
    let mut daemon = house.daemon();
    let mut wire = daemon.connect();
    wire.ask("watch");
    wire.send(b"call 602");
    wire.await_event("call_ended");
    let names = || -> Vec<String> {
        let taken = taken.lock().expect("alone");
        taken.iter().filter_map(|(_, event)| event["event"].as_str().map(str::to_owned)).collect()
    };
    assert!(until(|| names().iter().any(|name| name == "call_ended")), "{:?}", names());
    let names = names();
    assert_eq!((names[0].as_str(), names.last().map(String::as_str)), ("call_outgoing", Some("call_ended")));
    assert!(names.iter().all(|name| name.starts_with("call_")), "{names:?}");
    taken.lock().expect("alone").iter().for_each(|(_, event)| crate::support::shape::told(event));
    let (head, event) = taken.lock().expect("alone")[0].clone();
    assert!(head.starts_with("post /hook/key-in-the-path http/1.1"), "{head}");
    assert!(
        head.contains("x-tuiphone-signature: sha256=") && head.contains("x-tuiphone-event: call_outgoing"),
        "{head}"
    );
    assert_eq!((&event["v"], &event["call"]["remote"]["user"]), (&1.into(), &"602".into()), "{event}");
    let complaint = daemon.await_line("webhook at 127.0.0.1: it answered 503");
    assert!(!complaint.contains("key-in-the-path"), "{complaint}");
    daemon.terminate();
    let log: Vec<String> = daemon.lines.try_iter().collect();
    let printed = house.run(&["config", "print"]);
    let all = format!("{}\n{}{}", log.join("\n"), printed.stdout, printed.stderr);
    assert!(!all.contains(SECRET) && !all.contains("key-in-the-path"), "{all}");
}
