//! The phone over TCP: registered, calling and called on one connection, and on a new one when that is cut.

use crate::support::House;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A house whose account is at `server` over TCP.
fn over_tcp(server: impl Fn(&House) -> String) -> House {
    let house = House::open();
    house.write_account(&server(&house), &format!("password={}\r\ntransport=tcp\r\n", house.password));
    house
}

#[test]
fn registers_calls_and_is_called_over_one_connection() {
    let house = over_tcp(|house| house.server.clone());
    let trace = house.folder.path().join("trace.log");
    let daemon = house.daemon_with(&["--debug", trace.to_str().expect("a path")], "registered 100@demo");
    let (mut watching, mut wire) = (daemon.connect(), daemon.connect());
    watching.ask("watch");
    assert_eq!(wire.ask("status")["accounts"][0]["transport"], "tcp");
    assert_eq!(wire.ask("call 700")["ok"], true);
    watching.await_event("call_answered");
    assert_eq!(wire.ask("hangup")["ok"], true);
    watching.await_event("call_incoming");
    assert_eq!(wire.ask("/answer")["ok"], true);
    assert_eq!(watching.await_event("call_answered")["call"]["state"], "connected");
    assert_eq!(wire.ask("hangup")["ok"], true);
    watching.await_event("call_ended");
    let trace = std::fs::read_to_string(trace).expect("the trace");
    let peers: std::collections::BTreeSet<String> = trace
        .lines()
        .filter(|line| line.contains(" -> ") || line.contains(" <- "))
        .map(|line| line.split_whitespace().skip(2).take(2).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(Vec::from_iter(peers), [format!("tcp {}", house.server)], "{trace}");
}

#[test]
fn a_cut_connection_is_opened_and_registered_anew() {
    let relay = Arc::new(Mutex::new(None));
    let house = over_tcp(|house| {
        let opened = Relay::start(house.server.parse().expect("an address"));
        let address = opened.address.to_string();
        *relay.lock().expect("not poisoned") = Some(opened);
        address
    });
    let daemon = house.daemon();
    for _ in 0..2 {
        relay.lock().expect("not poisoned").as_ref().expect("it runs").cut();
        daemon.await_line("was lost");
        daemon.await_line("registered 100@demo");
    }
    let mut wire = daemon.connect();
    assert_eq!(wire.ask("status")["accounts"][0]["registered"], true);
}

/// Passes connections on, until they are cut.
struct Relay {
    address: SocketAddr,
    live: Arc<Mutex<Vec<TcpStream>>>,
}

impl Relay {
    fn start(server: SocketAddr) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let live = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&live);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(server).expect("the exchange listens");
                let copy = |stream: &TcpStream| stream.try_clone().expect("a copy");
                // Known before anything passes: it may be cut as soon as something has.
                all.lock().expect("not poisoned").extend([copy(&client), copy(&server)]);
                for (from, to) in [(copy(&client), copy(&server)), (server, client)] {
                    std::thread::spawn(move || pass(from, to));
                }
            }
        });
        Relay { address, live }
    }

    fn cut(&self) {
        for stream in self.live.lock().expect("not poisoned").drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..length]).is_err() {
            return;
        }
    }
}

/// One port for UDP and TCP, of either address family.
#[test]
fn a_phone_without_accounts_is_called_over_both_transports_and_families() {
    for address in ["127.0.0.1", "::1"] {
        if std::net::UdpSocket::bind((address, 0)).is_err() {
            eprintln!("skipped: this machine has no {address}");
            continue;
        }
        let house = House::open();
        let text = format!("[Settings]\r\n[tuiphone]\r\nacceptFrom=any\r\nbindAddress={address}\r\n");
        std::fs::write(house.ini(), text).expect("written");
        let daemon = house.daemon_with(&["--autoanswer", "1"], "SIP on udp");
        let socket = daemon.line().split_whitespace().filter_map(|word| word.trim_end_matches(',').parse().ok());
        let socket: SocketAddr = socket.into_iter().next().expect("its address");
        for transport in ["", ";transport=tcp"] {
            let number = format!("sip:100@{socket}{transport}");
            let done = house.run(&["--standalone", "call", &number, "--duration", "1", "--json"]);
            assert_eq!(done.code, 0, "{number}: {done:?}");
            assert!(done.json()["call"]["media"]["rx_packets"].as_u64() > Some(10), "{number}: {done:?}");
        }
    }
}
