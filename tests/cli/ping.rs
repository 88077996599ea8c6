//! `ping`, with a phone that runs and without.

use crate::support::{House, closed, free_pair};
use std::net::UdpSocket;
use std::time::Duration;

#[test]
fn a_ping_is_one_line_or_json_and_its_code_tells_who_answered() {
    let mut house = House::open();
    for alone in [true, false] {
        let daemon = (!alone).then(|| house.daemon());
        let done = house.run(&["ping"]);
        assert!(done.code == 0 && done.stdout.starts_with("200 OK from sip:"), "{done:?}");
        assert_eq!(done.stdout.lines().count(), 1, "{done:?}");
        let done = house.run(&["ping", "600", "--json"]);
        let reply = done.json();
        assert_eq!((done.code, &reply["ok"], &reply["ping"]["status"]), (0, &true.into(), &200.into()), "{reply}");
        let takes = reply["ping"]["allow"].as_array().is_some_and(|allow| allow.contains(&"INVITE".into()));
        assert!(takes && reply["ping"]["rtt_ms"].is_number(), "{reply}");
        let done = house.run(&["ping", "999"]);
        assert!(done.code == 23 && done.stderr.contains("404"), "{done:?}");
        drop(daemon);
    }
    let (_kept, silent) = closed();
    house.server = silent.to_string();
    house.write_ini("any");
    let done = house.run(&["ping"]);
    assert!(done.code == 11 && done.stderr.contains(&silent.to_string()), "{done:?}");
}

#[test]
fn requests_leave_from_source_port_unless_another_program_has_it() {
    let house = House::open();
    let server = UdpSocket::bind("127.0.0.1:0").expect("a server");
    server.set_read_timeout(Some(Duration::from_secs(20))).expect("a patience");
    let at = server.local_addr().expect("bound");
    let port = free_pair();
    let kept = UdpSocket::bind(("0.0.0.0", port)).expect("the port");
    let ini = format!(
        "[Settings]\r\naccountId=1\r\nsourcePort={port}\r\n[Account1]\r\nserver={at}\r\ndomain={at}\r\nusername=1\r\n"
    );
    std::fs::write(house.ini(), ini).expect("written");
    let mut kept = Some(kept);
    for is_free in [false, true] {
        if is_free {
            drop(kept.take());
        }
        let (done, from) = std::thread::scope(|scope| {
            let asking = scope.spawn(|| house.run(&["ping"]));
            let mut buffer = [0; 4096];
            let (length, from) = server.recv_from(&mut buffer).expect("a request");
            let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let fields = request.lines().skip(1).take_while(|line| !line.is_empty());
            let echoed =
                |line: &&str| ["Via", "From", "To", "Call-ID", "CSeq"].iter().any(|name| line.starts_with(name));
            let echoed: Vec<&str> = fields.filter(echoed).collect();
            let answer = format!("SIP/2.0 200 OK\r\n{}\r\nContent-Length: 0\r\n\r\n", echoed.join("\r\n"));
            server.send_to(answer.as_bytes(), from).expect("sent");
            (asking.join().expect("the program ends"), from)
        });
        assert_eq!((done.code, from.port() == port), (0, is_free), "{done:?} {from}");
    }
}
