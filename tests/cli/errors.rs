use crate::support::{House, bare, finish};

#[test]
fn wrong_words_end_with_usage_and_one_clear_line() {
    let folder = tempfile::tempdir().expect("a folder");
    for arguments in
        [&["--nonsense"][..], &["anwser"], &["call"], &["--audio-in", "florp:", "call", "1"], &["volume", "loud"]]
    {
        let done = finish(bare(folder.path(), arguments));
        assert_eq!(done.code, 2, "{arguments:?}: {done:?}");
        assert!(done.stdout.is_empty() && done.stderr.starts_with("tuiphone: "), "{arguments:?}: {done:?}");
    }
}

#[test]
fn a_call_to_nobody_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let done = finish(bare(folder.path(), &["call"]));
    assert!(done.stderr.contains("no number to call\nhint: tuiphone call NUMBER"), "{done:?}");
}

#[test]
fn without_a_terminal_there_is_no_interface() {
    let house = House::open();
    let done = house.run(&[]);
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.stderr.contains("terminal"), "{done:?}");
}

#[test]
fn a_missing_ini_file_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let done = finish(bare(folder.path(), &["--ini", "/nowhere/phone.ini", "call", "600"]));
    assert_eq!(done.code, 3, "{done:?}");
    assert!(done.stderr.contains("/nowhere/phone.ini"), "{done:?}");
}

#[test]
fn no_daemon_is_said_with_what_to_do() {
    let house = House::open();
    let done = house.run(&["hangup"]);
    assert_eq!(done.code, 4, "{done:?}");
    assert!(done.stderr.contains("hint: "), "{done:?}");
}

#[test]
fn a_taken_port_is_named() {
    let house = House::open();
    let taken = std::net::UdpSocket::bind("0.0.0.0:0").expect("a port");
    let port = taken.local_addr().expect("its address").port().to_string();
    let done = house.run(&["--port", &port, "daemon"]);
    assert_ne!(done.code, 0, "{done:?}");
    assert!(done.stderr.contains(&port) && done.stderr.contains("hint: "), "{done:?}");
}
