//! `usersDirectory`: contacts that a server on loopback keeps, and servers that hang or are not to be told a password.

use crate::support::{House, PATIENCE, until};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A server of one answer at a time, and the first lines of the requests it had.
struct Server {
    port: u16,
    answer: Arc<Mutex<Option<String>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// One that answers so; with `None` it hears and never answers.
    fn open(answer: Option<&str>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = Server { port, answer: Arc::new(Mutex::new(answer.map(str::to_owned))), asked: Arc::default() };
        let (answer, asked) = (Arc::clone(&server.answer), Arc::clone(&server.asked));
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming().map_while(Result::ok) {
                let Some(head) = head(&stream) else { continue };
                asked.lock().expect("alone").push(head.lines().next().unwrap_or_default().to_owned());
                let answer = answer.lock().expect("alone").clone();
                let mut stream = stream;
                match answer {
                    Some(answer) => drop(stream.write_all(answer.as_bytes())),
                    None => open.push(stream),
                }
            }
        });
        server
    }

    fn answers(&self, answer: &str) {
        *self.answer.lock().expect("alone") = Some(answer.to_owned());
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("alone").clone()
    }

    /// A house whose phone has a directory here.
    fn house(&self, path: &str, more: &str) -> House {
        let house = House::open();
        let text = std::fs::read_to_string(house.ini()).expect("read");
        let keys = format!("[Settings]\r\nusersDirectory=http://127.0.0.1:{}{path}\r\n", self.port);
        std::fs::write(house.ini(), text.replace("[Settings]\r\n", &keys) + more).expect("written");
        house
    }
}

fn head(mut stream: &TcpStream) -> Option<String> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.extend_from_slice(&byte);
    }
    String::from_utf8(head).ok()
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn contacts_come_change_and_go_with_a_directory() {
    let both = "[{\"name\":\"Echo \\u001b[31mroom\",\"number\":\"600\"},{\"name\":\"Bob\",\"number\":\"602\"}]";
    let server = Server::open(Some(&ok(both)));
    let house = server.house("/d?u={username}&d={domain}", "");
    std::fs::write(
        house.ini().with_file_name("Contacts.xml"),
        "<contacts>\n<contact name=\"Mum\" number=\"1\"/>\n<contact name=\"Old\" number=\"2\" directory=\"1\"/>\n</contacts>\n",
    )
    .expect("written");
    let daemon = house.daemon();
    daemon.await_line("contacts of the directory: 2 new, 0 changed, 1 gone");
    assert_eq!(server.asked(), ["GET /d?u=100&d=demo&sequence=0 HTTP/1.1"], "once, in the account's name");
    let names = || {
        let list = house.run(&["contacts", "--json"]).json();
        list["contacts"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|c| c["name"].as_str().unwrap_or("?").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(), ["Bob", "Echo [31mroom", "Mum"]);
    let directory = house.run(&["contacts", "--json"]).json()["directory"][0].clone();
    assert_eq!(
        (&directory["state"], &directory["contacts"], &directory["error"], directory["url"].as_str()),
        (
            &"loaded".into(),
            &2.into(),
            &serde_json::Value::Null,
            Some(format!("http://127.0.0.1:{}/d", server.port).as_str())
        )
    );
    let mut wire = daemon.connect();
    assert_eq!(wire.ask("call 600")["call"]["remote"]["name"], "Echo [31mroom");
    wire.ask("hangup --all");
    server.answers(&ok("[{\"name\":\"Bob\",\"number\":\"602\",\"email\":\"b@example.net\"}]"));
    let refreshed = house.run(&["contacts", "refresh"]);
    assert_eq!(
        (refreshed.code, refreshed.stdout.trim()),
        (0, "0 added, 1 changed, 0 known already, 1 gone"),
        "{refreshed:?}"
    );
    assert_eq!(names(), ["Bob", "Mum"]);
    assert!(server.asked().last().is_some_and(|line| line.ends_with("sequence=1 HTTP/1.1")));
    // A broken answer takes nobody away, one that is none changes nothing, and both are told.
    server.answers(&ok("[{\"name\":\"Cid\",\"number\":\"7\"},"));
    assert_eq!(house.run(&["contacts", "refresh"]).code, 0);
    daemon.await_line("line 1: it is broken (EOF");
    assert_eq!(names(), ["Bob", "Cid", "Mum"]);
    server.answers("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n");
    let failed = house.run(&["contacts", "refresh"]);
    assert_eq!(failed.code, 11, "{failed:?}");
    assert!(failed.stderr.contains("/d: the server answered 500; asked again in 1"), "{failed:?}");
    daemon.await_line("the server answered 500");
    // Once more the same: whoever asks is told, and nobody else.
    assert_eq!(house.run(&["contacts", "refresh"]).code, 11);
    server.answers("HTTP/1.1 501 Oh\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(house.run(&["contacts", "refresh"]).code, 11);
    let line = daemon.await_line("the server answered");
    assert!(line.contains("answered 501"), "{line}");
    assert_eq!(names(), ["Bob", "Cid", "Mum"]);
}

#[test]
fn a_directory_that_hangs_holds_up_nobody() {
    let server = Server::open(None);
    let house = server.house("/d", "");
    let daemon = house.daemon();
    assert!(until(|| !server.asked().is_empty()), "it is asked at the start");
    assert_eq!(house.run(&["contacts", "add", "5", "Eve"]).code, 0);
    let list = house.run(&["contacts", "--json"]).json();
    assert_eq!((&list["directory"][0]["state"], &list["contacts"][0]["name"]), (&"loading".into(), &"Eve".into()));
    let called = house.run(&["call", "600", "--duration", "0.2"]);
    assert_eq!(called.code, 0, "{called:?}");
    let mut daemon = daemon;
    assert_eq!(daemon.terminate(), 0, "nor does it keep the phone from ending");
}

#[test]
fn no_password_goes_in_the_open_unless_it_may() {
    let server = Server::open(Some(&ok("[]")));
    let house = server.house("/d?p={password}", "");
    let daemon = house.daemon();
    let line = daemon.await_line("usersDirectory");
    assert!(line.contains("the password would go in the open; take https, or set directoryPlainText=1"), "{line}");
    assert!(!line.contains(&house.password) && server.asked().is_empty());
    drop(daemon);
    let text = std::fs::read_to_string(house.ini()).expect("read");
    std::fs::write(house.ini(), text + "[tuiphone]\r\ndirectoryPlainText=1\r\n").expect("written");
    let _daemon = house.daemon();
    assert!(until(|| !server.asked().is_empty()));
    assert_eq!(server.asked(), [format!("GET /d?p={}&sequence=0 HTTP/1.1", house.password)]);
}

#[test]
fn what_is_not_set_up_is_said() {
    let house = House::open();
    let alone = house.run(&["contacts", "refresh"]);
    assert_eq!(
        (alone.code, alone.stderr.contains("directories are asked by a phone that runs")),
        (4, true),
        "{alone:?}"
    );
    let _daemon = house.daemon();
    let none = house.run(&["contacts", "refresh"]);
    assert_eq!((none.code, none.stderr.contains("no directory is set up")), (5, true), "{none:?}");
    assert!(house.run(&["contacts", "--json"]).json().get("directory").is_none());
}

#[test]
fn a_directory_of_other_settings_is_asked_when_they_are_read_again() {
    let (first, second) = (
        Server::open(Some(&ok("[{\"name\":\"Ann\",\"number\":\"1\"}]"))),
        Server::open(Some(&ok("[{\"name\":\"Bob\",\"number\":\"2\"}]"))),
    );
    let house = House::open();
    let daemon = house.daemon();
    let before = std::fs::read_to_string(house.ini()).expect("read");
    let names = || {
        let list = house.run(&["contacts", "--json"]).json();
        let names: Vec<_> = list["contacts"].as_array().expect("a list").iter().map(|c| c["name"].clone()).collect();
        (names, list["directory"].as_array().map(Vec::len))
    };
    let set = |port: u16| format!("Settings.usersDirectory=http://127.0.0.1:{port}/d");
    for (server, name) in [(&first, "Ann"), (&second, "Bob")] {
        let done = house.run(&["config", "set", &set(server.port)]);
        assert!(done.code == 0 && done.stderr.contains("the phone that runs has taken it"), "{done:?}");
        assert!(until(|| names() == (vec![name.into()], Some(1))), "{:?}", names());
    }
    // Nothing of its own has changed: it is left in peace.
    assert_eq!(house.run(&["config", "set", "Settings.userAgent=x", "Settings.VAD=1"]).code, 0);
    assert_eq!((first.asked().len(), second.asked().len()), (1, 1));
    assert_eq!(house.run(&["contacts", "refresh"]).code, 0);
    assert_eq!((first.asked().len(), second.asked().len()), (1, 2), "until somebody asks");
    let odd = house.run(&["config", "set", "Settings.usersDirectory=https://"]);
    assert_eq!(odd.code, 0, "{odd:?}");
    daemon.await_line("nothing is asked");
    std::fs::write(house.ini(), before).expect("written");
    assert_eq!(house.run(&["reload"]).code, 0);
    assert!(until(|| names().1.is_none()), "{:?}", names());
    assert_eq!(house.run(&["contacts", "refresh"]).code, 5, "there is none any more");
}
