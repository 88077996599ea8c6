//! `ping`, with a phone that runs and without.

use crate::support::House;

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
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").and_then(|s| s.local_addr()).expect("a port");
    house.server = silent.to_string();
    house.write_ini("any");
    let done = house.run(&["ping"]);
    assert!(done.code == 11 && done.stderr.contains(&silent.to_string()), "{done:?}");
}
