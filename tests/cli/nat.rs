//! What a running phone finds out about its way out: by STUN servers, by what its registrar repeats; and doors it knocks at.

use crate::support::{Daemon, House, PATIENCE, until};
use std::net::{SocketAddr, UdpSocket};
use tuiphone::demo::run::{DOMAIN, OWN_NUMBER};
use tuiphone::nat::stun::{Attribute, Class, Message, Method, Writer};

/// A STUN server that sees whoever asks at this address.
fn mirror(on: &str, seen: &'static str) -> SocketAddr {
    let socket = UdpSocket::bind(on).expect("a port");
    socket.set_read_timeout(Some(2 * PATIENCE)).expect("a bound");
    let own = socket.local_addr().expect("its address");
    std::thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let Ok(question) = Message::parse(&buffer[..length]) else { continue };
            let answer = Writer::new(Class::Success, Method::BINDING, question.id);
            let answer = answer.xor_address(Attribute::XOR_MAPPED_ADDRESS, seen.parse().expect("an address"));
            let _ = socket.send_to(&answer.finish(), from);
        }
    });
    own
}

/// A phone of the house with these lines of `[Settings]`, registered at this server, with these of the account.
fn phone(house: &House, settings: &str, server: &str, account: &str) -> Daemon {
    let text = format!(
        "[Settings]\r\naccountId=1\r\n{settings}[Account1]\r\nserver={server}\r\nproxy={server}\r\ndomain={DOMAIN}\r\n\
         username={OWN_NUMBER}\r\npassword={}\r\n{account}",
        house.password
    );
    std::fs::write(house.ini(), text).expect("written");
    house.daemon()
}

fn status(house: &House) -> serde_json::Value {
    house.run(&["status", "--json"]).json()
}

#[test]
fn stun_servers_tell_the_address_and_the_kind_of_nat() {
    let house = House::open();
    let first = mirror("127.0.0.1:0", "198.51.100.9:4000");
    // Not everywhere is all of 127/8 this machine: then one server must do.
    let has_two = UdpSocket::bind("127.0.0.2:0").is_ok();
    let second = if has_two { mirror("127.0.0.2:0", "198.51.100.9:4007") } else { first };
    let _phone = phone(&house, &format!("STUN={first};{second}\r\nenableSTUN=1\r\n"), &house.server, "");
    let words = if has_two { "symmetric NAT: another address for each far end; calls may need TURN" } else { "NAT" };
    assert!(until(|| status(&house)["nat"]["words"] == words), "{}", status(&house));
    let known = status(&house);
    assert_eq!(known["nat"]["address"], "198.51.100.9:4000", "{known}");
    assert_eq!(known["nat"]["symmetric"], has_two, "{known}");
    let text = house.run(&["status"]).stdout;
    assert!(text.contains(&format!("STUN: {words}, seen at 198.51.100.9:4000")), "{text}");
}

#[test]
fn doors_are_knocked_at_before_the_phone_registers() {
    let house = House::open();
    let doors = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").expect("a port"));
    let ports = [0, 1].map(|at: usize| doors[at].local_addr().expect("its address").port().to_string()).join(",");
    let _phone = phone(&house, &format!("portKnockerPorts={ports}\r\n"), &house.server, "");
    // It is registered: whatever was to come before has come.
    for door in doors {
        door.set_nonblocking(true).expect("a socket");
        let mut buffer = [0; 64];
        let length = door.recv(&mut buffer).expect("a knock");
        assert_eq!(&buffer[..length], b"knock\0");
        assert!(door.recv(&mut buffer).is_err(), "one is enough");
    }
}

/// A router before the exchange that takes SIP for its own business: every Contact leads to it.
fn meddling(server: &str) -> String {
    let server: SocketAddr = server.parse().expect("an address");
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.set_read_timeout(Some(2 * PATIENCE)).expect("a bound");
    let own = socket.local_addr().expect("its address").to_string();
    std::thread::spawn(move || {
        let (mut buffer, mut phone) = ([0; 8192], None);
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let to = if from == server { phone } else { Some(server) };
            if from != server {
                phone = Some(from);
            }
            let lines = text.split("\r\n").map(|line| match line.strip_prefix("Contact: <sip:") {
                Some(contact) if from != server => {
                    let contact = contact.replace(&from.to_string(), "198.51.100.9:1024");
                    format!("Contact: <sip:{contact}")
                }
                _ => line.to_owned(),
            });
            if let Some(to) = to {
                let _ = socket.send_to(lines.collect::<Vec<_>>().join("\r\n").as_bytes(), to);
            }
        }
    });
    own
}

#[test]
fn a_router_that_rewrites_what_is_sent_is_told_of() {
    let house = House::open();
    let _phone = phone(&house, "", &meddling(&house.server), "allowRewrite=0\r\n");
    let known = status(&house);
    let words = known["accounts"][0]["rewritten"].as_str().unwrap_or_default();
    assert!(
        words.ends_with(
            "was registered as 198.51.100.9:1024: the server puts it right, or a SIP ALG in the router rewrites it"
        ),
        "{known}"
    );
    let text = house.run(&["status"]).stdout;
    assert!(text.contains(words), "{text}");
}
