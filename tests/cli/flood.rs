//! The phone under fire, through real sockets: it obeys its owner, its calls come through, it counts and does not grow.

use super::support::*;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// A registered phone, and where its SIP port is.
fn phone(house: &House) -> (Daemon, SocketAddr) {
    let daemon = house.daemon_with(&[], "SIP on udp");
    let port = daemon.line().split([' ', ',']).filter_map(|word| word.rsplit_once(':')?.1.parse::<u16>().ok()).next();
    let port = port.unwrap_or_else(|| panic!("no port in {}", daemon.line()));
    daemon.await_line("registered 100@demo");
    (daemon, SocketAddr::from(([127, 0, 0, 1], port)))
}

fn refused(wire: &mut Wire, class: &str) -> u64 {
    wire.ask("status")["refused"][class].as_u64().unwrap_or_default()
}

/// A whole call to the echo.
fn call(wire: &mut Wire, watching: &mut Wire) {
    assert_eq!(wire.ask("call 600")["ok"], true);
    watching.await_event("call_answered");
    assert_eq!(wire.ask("hangup")["ok"], true);
    assert_eq!(watching.await_event("call_ended")["call"]["outcome"], Value::from("answered"));
}

/// Half of what a socket holds, in bytes.
const ROOM: u64 = 100_000;

/// Bytes of datagrams that nobody has taken yet at a port, where the system tells.
fn unread(port: u16) -> Option<u64> {
    let table = std::fs::read_to_string("/proc/net/udp").ok()?;
    let place = format!(":{port:04X}");
    let of = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        let is_it = words.next()?.ends_with(&place);
        let (_, unread) = words.nth(2)?.split_once(':')?;
        u64::from_str_radix(unread, 16).ok().filter(|_| is_it)
    };
    Some(table.lines().filter_map(of).sum())
}

/// Resident memory in kilobytes, where the system tells.
fn resident(daemon: &Daemon) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.child.id())).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.split_whitespace().next()?.parse().ok()
}

#[test]
fn a_flood_of_datagrams_leaves_the_phone_usable() {
    let house = House::open();
    let (daemon, to) = phone(&house);
    let (mut wire, mut watching) = (daemon.connect(), daemon.connect());
    watching.ask("watch");
    let before = resident(&daemon);
    let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let (stopped, count) = (Arc::clone(&stop), Arc::clone(&sent));
    let flood = std::thread::spawn(move || {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let own = socket.local_addr().expect("its address");
        while !stopped.load(Ordering::Relaxed) {
            let n = count.fetch_add(1, Ordering::Relaxed);
            let method = ["INVITE", "OPTIONS", "REGISTER", "MESSAGE"][n as usize % 4];
            let knock = format!(
                "{method} sip:{n}@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK-{n};rport\r\nMax-Forwards: 70\r\n\
                 From: <sip:100@1.1.1.1>;tag={n}\r\nTo: <sip:{n}@{to}>\r\nCall-ID: {n}\r\nCSeq: 1 {method}\r\n\
                 Contact: <sip:100@{own}>\r\nUser-Agent: friendly-scanner\r\nContent-Length: 0\r\n\r\n"
            );
            let _ = socket.send_to(knock.as_bytes(), to);
            // Where the kernel itself must drop most of them, no phone gets an answer through. As fast as the phone takes
            // them otherwise: a sleep may be long where much is to be done.
            while n % 8 == 0 && !stopped.load(Ordering::Relaxed) {
                let waiting = unread(to.port());
                if waiting.is_some_and(|bytes| bytes < ROOM) {
                    break;
                }
                std::thread::sleep(Duration::from_millis(1));
                if waiting.is_none() {
                    break;
                }
            }
        }
    });
    assert!(until(|| sent.load(Ordering::Relaxed) > 1000));
    call(&mut wire, &mut watching);
    assert!(until(|| refused(&mut wire, "floods") > 10_000 || sent.load(Ordering::Relaxed) > 500_000));
    call(&mut wire, &mut watching);
    let grown = resident(&daemon).zip(before).map(|(now, before)| now.saturating_sub(before));
    stop.store(true, Ordering::Relaxed);
    flood.join().expect("the flood ends");
    let status = wire.ask("status");
    assert!(status["refused"]["strangers"].as_u64() > Some(0), "{status}");
    assert!(status["refused"]["floods"].as_u64() > Some(1000), "{status}");
    assert!(grown.is_none_or(|kilobytes| kilobytes < 64 * 1024), "grown by {grown:?} kB");
    eprintln!("{} sent, {}, grown by {grown:?} kB", sent.load(Ordering::Relaxed), status["refused"]);
    let text = house.run(&["status"]).stdout;
    assert!(text.contains("refused: ") && text.contains(" floods"), "{text}");
    call(&mut wire, &mut watching);
}

#[test]
fn a_crowd_of_connections_leaves_the_phone_usable() {
    let house = House::open();
    let (daemon, to) = phone(&house);
    let (mut wire, mut watching) = (daemon.connect(), daemon.connect());
    watching.ask("watch");
    let before = resident(&daemon);
    let head = "INVITE sip:100@h SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\n";
    // A byte now and then, a header without end, a body of 2 GiB, a line without end, two lengths.
    let starts = [
        head.to_owned(),
        head.to_owned() + &"X-Padding: 0123456789\r\n".repeat(10_000),
        format!("{head}Content-Length: 2147483648\r\n\r\n"),
        "x".repeat(200_000),
        format!("{head}Content-Length: 1\r\nContent-Length: 2\r\n\r\n"),
    ];
    let mut crowd = Vec::new();
    for n in 0..300 {
        let Ok(stream) = TcpStream::connect_timeout(&to, PATIENCE) else { continue };
        stream.set_write_timeout(Some(Duration::from_millis(500))).expect("a bound");
        stream.set_read_timeout(Some(PATIENCE)).expect("a bound");
        let _ = (&stream).write_all(starts[n % starts.len()].as_bytes());
        crowd.push(stream);
        if n == 150 {
            call(&mut wire, &mut watching);
        }
    }
    assert!(until(|| refused(&mut wire, "connections") > 50));
    call(&mut wire, &mut watching);
    let grown = resident(&daemon).zip(before).map(|(now, before)| now.saturating_sub(before));
    assert!(grown.is_none_or(|kilobytes| kilobytes < 64 * 1024), "grown by {grown:?} kB");
    eprintln!("{} refused, grown by {grown:?} kB", refused(&mut wire, "connections"));
    // All but those that only wait are let go.
    let is_gone = |stream: &&TcpStream| {
        stream.set_read_timeout(Some(Duration::from_millis(20))).expect("a bound");
        !matches!((&**stream).read(&mut [0; 64]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
    };
    assert!(until(|| crowd.iter().filter(is_gone).count() >= crowd.len() - 8));
}
