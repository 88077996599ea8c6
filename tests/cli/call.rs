use crate::support::House;

#[test]
fn a_call_to_the_echo_ends_well_and_tells_the_truth() {
    let house = House::open();
    let done = house.run(&["call", "600", "--duration", "1.5", "--json"]);
    assert_eq!(done.code, 0, "{done:?}");
    let result = done.json();
    assert_eq!((&result["v"], &result["verb"], &result["ok"]), (&1.into(), &"call".into(), &true.into()));
    assert_eq!(result["outcome"], "answered");
    let call = &result["call"];
    assert_eq!(call["remote"]["user"], "600");
    assert_eq!(call["account"], "100@demo");
    assert_eq!(call["status"], 200);
    assert_eq!(call["ended_by"], "local");
    assert!(call["ringing_after"].as_f64() < call["answered_after"].as_f64(), "{call}");
    let talked = call["duration"].as_f64().expect("a duration");
    assert!((1.4..3.0).contains(&talked), "{call}");
    let media = &call["media"];
    assert_eq!(media["codec"], "opus");
    let (sent, heard) = (media["tx_packets"].as_u64().expect("sent"), media["rx_packets"].as_u64().expect("heard"));
    assert!((60..=160).contains(&sent) && heard >= sent / 2, "{media}");
    assert!(done.stderr.contains("ringing") && done.stderr.contains("connected"), "{}", done.stderr);
}

#[test]
fn each_ending_has_its_exit_code() {
    let house = House::open();
    for (number, code, outcome, status) in
        [("602", 20, "busy", 486), ("603", 22, "rejected", 603), ("999", 23, "no_such_number", 404)]
    {
        let done = house.run(&["call", number, "--json"]);
        assert_eq!(done.code, code, "{number}: {done:?}");
        let result = done.json();
        assert_eq!((&result["ok"], &result["outcome"]), (&false.into(), &outcome.into()), "{number}");
        assert_eq!(result["call"]["status"], status, "{number}");
    }
}

#[test]
fn a_wrong_password_is_refused_once_and_said_so() {
    let house = House::open();
    house.write_ini("wrong");
    let done = house.run(&["call", "600", "--json"]);
    assert_eq!(done.code, 10, "{done:?}");
    assert_eq!(done.json()["outcome"], "refused");
    assert!(done.stderr.contains("password"), "{}", done.stderr);
}

#[test]
fn an_unreachable_server_is_named() {
    let mut house = House::open();
    let closed = std::net::UdpSocket::bind("127.0.0.1:0").and_then(|s| s.local_addr()).expect("a port");
    house.server = closed.to_string();
    house.write_ini("any");
    let done = house.run(&["call", "600", "--json"]);
    assert_eq!(done.code, 11, "{done:?}");
    assert!(done.stderr.contains(&closed.to_string()), "{}", done.stderr);
}

#[test]
fn a_far_end_that_never_answers_is_given_up_at_the_time_limit() {
    let house = House::open();
    let done = house.run(&["--timeout", "1", "call", "604", "--json"]);
    assert_eq!(done.code, 21, "{done:?}");
    let call = &done.json()["call"];
    assert_eq!((&call["status"], &call["ended_by"]), (&180.into(), &"local".into()), "{done:?}");
    assert!(done.stderr.contains("given up while it rang"), "{done:?}");
}

#[test]
fn the_demo_without_a_terminal_speaks_a_whole_call() {
    let folder = tempfile::tempdir().expect("a folder");
    let done = crate::support::finish(crate::support::bare(folder.path(), &["demo"]));
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stderr.contains("ringing") && done.stderr.contains("connected"), "{done:?}");
    assert!(done.stdout.contains("packets sent"), "{done:?}");
}
