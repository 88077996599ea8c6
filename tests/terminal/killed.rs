//! Interfaces that are killed, and so could tidy nothing up: the phone goes on, and so does the next interface.

use crate::screen::Screen;
use crate::support::{House, until};
use std::process::Command;

#[test]
fn an_interface_that_is_killed_takes_no_call_along() {
    let house = House::open();
    let daemon = house.daemon();
    let mut wire = daemon.connect();
    let rows = [("", "registered", "idle"), ("604\r", "ringing", "calling"), ("600\r", "talking", "connected")];
    for (keys, shown, state) in rows {
        let mut screen = Screen::open(house.program(&[]), 24, 80);
        screen.wait_for("registered");
        screen.press(keys);
        screen.wait_for(shown);
        screen.signal("KILL");
        screen.ended();
        assert_eq!(wire.ask("status")["state"], state);
        let mut next = Screen::open(house.program(&[]), 24, 80);
        next.wait_for(shown);
        if !keys.is_empty() {
            next.press("h");
            next.wait_for_end_of(shown);
        }
        next.press("\u{11}"); // Ctrl-Q
        assert_eq!(next.ended(), 0);
        assert_eq!(wire.ask("calls")["calls"].as_array().map(Vec::len), Some(0), "{state}");
    }
}

/// What a terminal is left with by a kill, the next interface takes away.
#[test]
fn the_next_interface_puts_the_terminal_right() {
    let house = House::open();
    let daemon = house.daemon();
    let process = house.folder.path().join("process");
    let interface = house.program(&[]);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", r#"sh -c 'echo $$ > "$0"; exec "$@"' "$0" "$@"; "$@""#]).arg(&process);
    shell.arg(interface.get_program()).args(interface.get_args());
    shell.envs(interface.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut screen = Screen::open(shell, 24, 80);
    screen.wait_for("registered");
    let id = std::fs::read_to_string(&process).expect("its number");
    assert!(Command::new("kill").args(["-KILL", id.trim()]).status().expect("kill").success());
    // The words of the shell are in the picture, until the next one draws.
    let mut wire = daemon.connect();
    wire.ask("call 600");
    screen.wait_for("talking");
    screen.press("h");
    screen.wait_for_end_of("talking");
    screen.press("\u{11}"); // Ctrl-Q
    screen.ended();
    screen.assert_restored();
}

/// The phone that an interface starts is not its child in anything but name.
#[test]
fn an_interface_that_is_killed_leaves_the_phone_it_started() {
    let house = House::open();
    let _end = End(&house);
    let before = std::fs::read(house.ini()).expect("there");
    // Before there is anything to see: its phone comes up all the same, or not.
    let mut early = Screen::open(house.program(&[]), 24, 80);
    early.signal("KILL");
    early.ended();
    for (keys, shown) in [("", "registered"), ("600\r", "talking")] {
        let mut screen = Screen::open(house.program(&[]), 24, 80);
        screen.wait_for("registered");
        screen.press(keys);
        screen.wait_for(shown);
        screen.signal("KILL");
        screen.ended();
        assert_eq!(std::fs::read(house.ini()).expect("there"), before);
    }
    let status = house.run(&["status", "--json"]).json();
    assert_eq!(status["state"], "connected", "{status}");
    let mut last = Screen::open(house.program(&[]), 24, 80);
    last.wait_for("talking");
    last.press("h");
    last.wait_for_end_of("talking");
    last.press("\u{11}"); // Ctrl-Q
    assert_eq!(last.ended(), 0);
    let calls = house.run(&["history", "--json"]).json();
    let call = &calls["history"][0];
    assert_eq!((calls["history"].as_array().map(Vec::len), &call["number"]), (Some(1), &"600".into()), "{calls}");
    assert_eq!(house.run(&["exit"]).code, 0);
    assert!(until(|| !house.socket().exists()));
}

/// Both are killed: the next interface starts another phone in the place of the dead one.
#[cfg(target_os = "linux")]
#[test]
fn where_interface_and_phone_are_killed_the_next_one_starts_both() {
    use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
    let house = House::open();
    let _end = End(&house);
    let mut screen = Screen::open(house.program(&[]), 24, 80);
    screen.wait_for("registered");
    screen.press("600\r");
    screen.wait_for("talking");
    let connected = || std::os::unix::net::UnixStream::connect(house.socket());
    let phone = getsockopt(&connected().expect("the socket"), PeerCredentials).expect("who is there").pid();
    let calls = || house.run(&["history", "--json"]).json()["history"].as_array().map(Vec::len);
    assert!(until(|| calls() == Some(1)), "it is written down while it is there");
    screen.signal("KILL");
    assert!(Command::new("kill").args(["-KILL", &phone.to_string()]).status().expect("kill").success());
    screen.ended();
    // Whoever is killed is there until its turn comes once more.
    assert!(until(|| connected().is_err()), "it is gone");
    assert!(house.socket().exists(), "it had no time to clear up");
    let mut next = Screen::open(house.program(&[]), 24, 80);
    next.wait_for("registered");
    next.press("602\r");
    next.wait_for("Busy");
    next.press("\u{11}"); // Ctrl-Q
    assert_eq!(next.ended(), 0);
    assert_eq!(calls(), Some(2));
}

/// Ends the phone that an interface has started, whatever becomes of the test.
struct End<'a>(&'a House);

impl Drop for End<'_> {
    fn drop(&mut self) {
        let mut exit = self.0.program(&["exit"]);
        let _ = exit.status();
    }
}
