//! What only a terminal can show: the question for a password, and the phone started behind the interface.

use crate::support::{House, until};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

/// The program on a terminal of its own.
struct Terminal {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    shown: Arc<Mutex<Vec<u8>>>,
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

impl Terminal {
    fn open(house: &House, arguments: &[&str]) -> Terminal {
        let program = house.program(arguments);
        let mut command = CommandBuilder::new(program.get_program());
        command.args(program.get_args());
        command.env_clear();
        for (name, value) in program.get_envs() {
            command.env(name, value.expect("set"));
        }
        command.env("TERM", "xterm");
        let pair = native_pty_system().openpty(PtySize::default()).expect("a terminal");
        let child = pair.slave.spawn_command(command).expect("it starts");
        let mut screen = pair.master.try_clone_reader().expect("its output");
        let shown = Arc::new(Mutex::new(Vec::new()));
        let out = shown.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut buffer) {
                out.lock().expect("unpoisoned").extend_from_slice(&buffer[..count]);
            }
        });
        let keys = pair.master.take_writer().expect("its keys");
        Terminal { child, keys, shown, _master: pair.master }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().expect("unpoisoned")).into_owned()
    }

    fn answer(&mut self, text: &str) {
        self.reply("Password of 100@demo", text);
    }

    fn reply(&mut self, question: &str, text: &str) {
        assert!(until(|| self.text().contains(question)), "{question}: {}", self.text());
        self.keys.write_all(text.as_bytes()).expect("typed");
    }

    fn code(&mut self) -> u32 {
        let mut code = None;
        assert!(
            until(|| {
                code = self.child.try_wait().expect("its state").map(|status| status.exit_code());
                code.is_some()
            }),
            "it ends: {}",
            self.text()
        );
        code.expect("an end")
    }
}

#[test]
fn a_password_is_asked_for_and_never_shown() {
    let house = House::open();
    house.write_ini("");
    let mut terminal = Terminal::open(&house, &["register"]);
    terminal.answer(&format!("x\u{7f}{}\r", house.password));
    assert_eq!(terminal.code(), 0, "{}", terminal.text());
    assert!(!terminal.text().contains(&house.password), "{}", terminal.text());
    let mut broken_off = Terminal::open(&house, &["register"]);
    broken_off.answer("\u{3}");
    assert_eq!(broken_off.code(), 130);
    let mut not_asked = Terminal::open(&house, &["--no-input", "register"]);
    assert_eq!(not_asked.code(), 10, "{}", not_asked.text());
}

#[test]
fn the_phone_behind_the_interface_gets_the_password_and_outlives_it() {
    let house = House::open();
    house.write_ini("");
    let mut terminal = Terminal::open(&house, &[]);
    terminal.answer(&format!("{}\r", house.password));
    assert!(until(|| house.run(&["ready"]).stdout.contains("ready, registered")), "{}", terminal.text());
    let seen = std::process::Command::new("ps").args(["axww", "-o", "args"]).output().expect("ps runs").stdout;
    let seen = String::from_utf8_lossy(&seen).into_owned();
    let here = house.folder.path().to_str().expect("UTF-8");
    let ours: Vec<&str> = seen.lines().filter(|line| line.contains(here)).collect();
    assert!(ours.iter().any(|line| line.ends_with(" daemon")), "{ours:?}");
    assert!(ours.iter().all(|line| !line.contains(&house.password)), "{ours:?}");
    terminal.child.kill().expect("closed");
    let _ = terminal.child.wait();
    assert_eq!(house.run(&["ready"]).code, 0, "it lives on");
    assert_eq!(house.run(&["exit"]).code, 0);
}

/// MicroSIP's `minimized`: started by its name alone the phone stays behind; called again it shows itself.
#[test]
fn a_phone_that_starts_minimized_is_shown_the_second_time() {
    let house = House::open();
    let text = std::fs::read_to_string(house.ini()).expect("read");
    std::fs::write(house.ini(), text.replace("[Settings]\r\n", "[Settings]\r\nminimized=1\r\n")).expect("written");
    let mut first = Terminal::open(&house, &[]);
    assert_eq!(first.code(), 0, "{}", first.text());
    assert!(until(|| first.text().contains("runs in the background")), "{}", first.text());
    assert!(until(|| house.run(&["ready"]).code == 0), "{}", first.text());
    let mut second = Terminal::open(&house, &[]);
    assert!(until(|| second.text().contains("\u{1b}[?1049h")), "its screen: {}", second.text());
    second.child.kill().expect("closed");
    let _ = second.child.wait();
    assert_eq!(house.run(&["exit"]).code, 0);
    assert!(until(|| house.run(&["ready"]).code == 4));
    let mut normal = Terminal::open(&house, &["--show", "normal"]);
    assert!(until(|| normal.text().contains("\u{1b}[?1049h")), "the command line counts more: {}", normal.text());
    normal.child.kill().expect("closed");
    let _ = normal.child.wait();
    assert_eq!(house.run(&["exit"]).code, 0);
}

#[test]
fn an_import_asks_first_and_again_before_it_writes_a_password() {
    let house = House::open();
    let accounts = house.folder.path().join("accounts");
    let file = accounts.display().to_string();
    let before = std::fs::read_to_string(house.ini()).expect("read");
    // What is answered to the two questions, and what of the file is in the ini file then.
    for (user, first, second, has_account, has_password) in [
        ("101", "n\n", None, false, false),
        ("101", "what\ny\n", Some("\n"), true, false),
        ("102", "y\n", Some("p\n"), true, true),
    ] {
        std::fs::write(&accounts, format!("<sip:{user}@pbx.example.net>;auth_pass=bare-secret\n")).expect("written");
        let mut terminal = Terminal::open(&house, &["import", &file]);
        terminal.reply("y or n", first);
        if let Some(second) = second {
            terminal.reply(&format!("Keep the password of {user}@pbx.example.net?"), second);
        }
        assert_eq!(terminal.code(), 0, "{}", terminal.text());
        let after = std::fs::read_to_string(house.ini()).expect("read");
        assert!(after.starts_with(&before), "{after}");
        assert_eq!(after.contains(&format!("username={user}\r\n")), has_account, "{after}");
        assert_eq!(after.contains("password=bare-secret\r\n"), has_password, "{after}");
        assert!(!terminal.text().contains("bare-secret"), "{}", terminal.text());
    }
}
