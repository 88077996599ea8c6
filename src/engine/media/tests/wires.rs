//! STUN and ICE over real sockets of the loopback.

use super::*;
use crate::media::reach::{MediaPath, Reach, ServerName, TurnServer, TurnTransport};
use crate::nat::stun::{Attribute, Class, Key, Message, Writer};
use crate::nat::turn::Framer;
use crate::sdp::{IceAgreed, IceDescription};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};

type Bound = (SocketAddr, Option<(SocketAddr, SocketAddr)>, Option<IceDescription>);

fn bind_with(phone: &(MediaHandle, Receiver<MediaReport>), id: u32, reach: Reach) -> Bound {
    let (stream, local, reach) = (StreamId(id), [127, 0, 0, 1].into(), Box::new(reach));
    phone.0.send(MediaCommand::Bind { stream, local, reach }).unwrap();
    wait(&phone.1, |event| match event {
        MediaEvent::Bound { rtp, mapped, ice, .. } => Some((*rtp, *mapped, ice.as_deref().cloned())),
        _ => None,
    })
}

#[test]
fn two_phones_meet_by_ice_and_hear_nobody_else() {
    let ice = Reach { ice: true, ..Reach::default() };
    let a = phone(Spec::Tone(1_000.0), Spec::Null);
    let b = phone(Spec::Null, Spec::Null);
    let (at_a, mapped, near) = bind_with(&a, 1, Reach { controlling: true, ..ice.clone() });
    let (at_b, _, far) = bind_with(&b, 2, ice);
    assert_eq!(mapped.map(|(rtp, _)| rtp), Some(at_a), "what is told is a candidate");
    let (near, far) = (near.unwrap(), far.unwrap());
    let with = |remote, ours: &IceDescription, theirs: &IceDescription, controlling| {
        let (ours, theirs) = (ours.clone(), theirs.clone());
        Box::new(Agreed { ice: Some(IceAgreed { ours, theirs, controlling }), ..*agreed("PCMA", remote) })
    };
    start(&b.0, 2, with(at_a, &far, &near, false));
    start(&a.0, 1, with(at_b, &near, &far, true));
    for phone in [&a, &b] {
        wait(&phone.1, |event| {
            matches!(event, MediaEvent::Path { path: MediaPath::Connected { .. }, .. }).then_some(())
        });
    }
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    let stats = wait(&b.1, |event| {
        let MediaEvent::Stats { stats, .. } = event else { return None };
        stranger.send_to(&[0x80, 8, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4], at_b).unwrap();
        (stats.rx_packets > 100).then(|| stats.clone())
    });
    assert!(b.0.levels().1.peak_dbfs > -16.0, "{:?}", b.0.levels());
    let dropped: Vec<_> = stats.dropped.named().collect();
    assert!(dropped.iter().any(|(name, count)| *name == "strangers" && *count > 0), "{dropped:?}");
}

/// Answers each question with this address.
fn stun_server(told: SocketAddr) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let SocketAddr::V4(told) = told else { return };
        let mut buffer = [0; 1_500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            if length < 20 {
                return;
            }
            // A success with MAPPED-ADDRESS, the transaction's number as it was.
            let mut answer = vec![1, 1, 0, 12];
            answer.extend_from_slice(&buffer[4..20]);
            answer.extend_from_slice(&[0, 1, 0, 8, 0, 1]);
            answer.extend_from_slice(&told.port().to_be_bytes());
            answer.extend_from_slice(&told.ip().octets());
            socket.send_to(&answer, from).unwrap();
        }
    });
    address
}

#[test]
fn a_server_is_found_by_its_name_and_tells_the_address() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _entered = runtime.enter();
    let told: SocketAddr = "198.51.100.1:5000".parse().unwrap();
    let server = stun_server(told);
    let a = phone(Spec::Null, Spec::Null);
    for host in ["127.0.0.1", "localhost", "localhost"] {
        let name = ServerName { host: host.into(), port: Some(server.port()) };
        let (_, mapped, ice) = bind_with(&a, 1, Reach { stun: vec![name], ..Reach::default() });
        assert_eq!((mapped, ice), (Some((told, told)), None), "{host}");
    }
    UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"end", server).unwrap();
}

/// Lends an address to whoever asks by the right name and password.
fn turn_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for (client, port) in listener.incoming().zip(50_000..) {
            std::thread::spawn(move || lend(client.unwrap(), port));
        }
    });
    address
}

fn lend(mut client: TcpStream, port: u16) {
    let (mut framer, mut buffer) = (Framer::default(), [0; 1_500]);
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        framer.push(&buffer[..length]);
        while let Some(frame) = framer.next_frame().unwrap() {
            let request = Message::parse(&frame).unwrap();
            let answer = |class| Writer::new(class, request.method, request.id);
            let answer = match request.has(Attribute::USERNAME) {
                false => {
                    let error = answer(Class::Error).error(401, "Unauthorized");
                    error.attribute(Attribute::REALM, b"r").attribute(Attribute::NONCE, b"n").finish()
                }
                true => answer(Class::Success)
                    .xor_address(Attribute::XOR_RELAYED_ADDRESS, SocketAddr::from(([192, 0, 2, 1], port)))
                    .sign(&Key::long_term("alice", b"r", "wonder"))
                    .finish(),
            };
            client.write_all(&answer).unwrap();
        }
    }
}

#[test]
fn an_address_is_borrowed_over_tcp_or_it_is_told_why_not() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _entered = runtime.enter();
    let a = phone(Spec::Null, Spec::Null);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (server, lends) in [(turn_server(), true), (nobody, false)] {
        let name = ServerName { host: server.ip().to_string(), port: Some(server.port()) };
        let (username, password) = ("alice".to_owned(), "wonder".to_owned().into());
        let turn = vec![TurnServer { name, transport: TurnTransport::Tcp, username, password }];
        let reach = Box::new(Reach { ice: true, turn, ..Reach::default() });
        a.0.send(MediaCommand::Bind { stream: StreamId(1), local: [127, 0, 0, 1].into(), reach }).unwrap();
        if !lends {
            let why = wait(&a.1, |event| match event {
                MediaEvent::Unreached { server: shown, why, .. } if *shown == server.to_string() => Some(why.clone()),
                _ => None,
            });
            assert!(why.to_lowercase().contains("refused"), "{why}");
        }
        let told = wait(&a.1, |event| match event {
            MediaEvent::Bound { ice, .. } => ice.clone(),
            _ => None,
        });
        let relayed = told.candidates.iter().filter(|line| line.contains("typ relay")).count();
        assert_eq!(relayed, if lends { 2 } else { 0 }, "{told:?}");
    }
}

#[test]
fn other_addresses_of_this_machine_are_candidates() {
    let a = phone(Spec::Null, Spec::Null);
    let addresses = vec!["127.0.0.2".parse().unwrap(), "192.0.2.77".parse().unwrap()];
    let (_, _, ice) = bind_with(&a, 1, Reach { ice: true, addresses, ..Reach::default() });
    let lines = ice.unwrap().candidates;
    let of = |ip: &str| lines.iter().filter(|line| line.contains(ip)).count();
    // Of the last one there is no socket to be had.
    assert_eq!((of(" 127.0.0.1 "), of(" 127.0.0.2 "), of(" 192.0.2.77 ")), (2, 2, 0), "{lines:?}");
}

#[test]
fn a_server_that_is_silent_or_not_there_is_told_of() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _entered = runtime.enter();
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let a = phone(Spec::Null, Spec::Null);
    for (host, ice) in [("127.0.0.1", false), ("nobody.invalid", false), ("nowhere.invalid", true)] {
        let stun = vec![ServerName { host: host.into(), port: Some(silent.local_addr().unwrap().port()) }];
        let (stream, local) = (StreamId(1), [127, 0, 0, 1].into());
        let reach = Box::new(Reach { stun, ice, ..Reach::default() });
        a.0.send(MediaCommand::Bind { stream, local, reach }).unwrap();
        let server = wait(&a.1, |event| match event {
            MediaEvent::Unreached { server, .. } => Some(server.clone()),
            _ => None,
        });
        assert!(server.starts_with(host), "{server}");
        let told = wait(&a.1, |event| match event {
            MediaEvent::Bound { ice, .. } => Some(ice.is_some()),
            _ => None,
        });
        assert_eq!(told, ice, "{host}");
    }
}
