//! Every example of help and of the manual, and the README's commands: run by a shell as they are written, beside the
//! demo's far ends.

use crate::support::{Daemon, Finished, House, PATIENCE, Wire, bare, finish, until};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;
use tuiphone::cli::args;
use tuiphone::control::ExitCode;
use tuiphone::control::verb::VERBS;
use tuiphone::demo::run::{DOMAIN, OWN_NUMBER};

/// Examples that end otherwise than with 0 here, and why.
const ENDS: &[(&str, i32)] = &[
    // Nobody sits at a terminal.
    ("tuiphone", 2),
    ("tuiphone reset", 2),
    ("tuiphone setup", 3),
    ("ACCESSIBLE=1 tuiphone setup", 3),
    ("tuiphone setup --no-input", 3),
    ("tuiphone show", 5),
    ("tuiphone url tel:+4940123", 5),
    // The exchange of the demo has neither this number nor a code to take calls by.
    ("tuiphone pickup 201", 23),
    ("tuiphone pickup", 5),
    // No talk is being wrapped up.
    ("tuiphone available", 5),
    // Nobody calls.
    ("tuiphone /i:microsip.ini /answer", 5),
];

/// Where an example finds what it is about: lines for the phone that runs.
fn scene(verb: &str, line: &str) -> &'static [&'static str] {
    let two = ["c2", "--attended", "conference"].iter().any(|word| line.contains(word));
    match verb {
        "answer" | "reject" | "ignore" => &["call 700", "hangup", "await incoming"],
        _ if line.ends_with("conference off") => &["call 600", "call 601", "conference"],
        "conference" | "hangup" | "transfer" if two => &["call 600", "call 601"],
        "resume" => &["call 600", "hold"],
        _ if line.ends_with("record stop") => &["call 600", "record start"],
        _ if line.ends_with("play stop") => &["call 600", "play hello.wav"],
        "hangup" | "hangupall" | "hold" | "record" | "play" | "dtmf" | "transfer" | "park" | "command" | "calls"
        | "trace" => &["call 600"],
        "redial" => &["call 602"],
        "messages" => &["message 600 hi"],
        "contacts" if !line.contains(" add ") => {
            &[r#"{"verb":"contacts","action":"add","what":"7001","name":"Ann Bell"}"#]
        }
        _ => &[],
    }
}

/// A house in which a shell finds `tuiphone`, and all that examples name.
struct Street {
    house: House,
    bin: PathBuf,
}

impl Street {
    fn open() -> Street {
        let house = House::open();
        let (server, password) = (&house.server, &house.password);
        let ini = format!(
            "[Settings]\r\naccountId=1\r\nsingleMode=0\r\n[Shortcuts]\r\n0=Echo;600;call\r\n\
             [Account1]\r\nlabel=Demo\r\nserver={server}\r\nproxy={server}\r\ndomain={DOMAIN}\r\nusername={OWN_NUMBER}\r\n\
             password={password}\r\nvoicemailNumber=601\r\n[tuiphone]\r\nparkNumber=601\r\n\
             OnCallEnd=SendMessage,MyApp,WM_USER+100,%number%\r\n"
        );
        std::fs::write(house.ini(), ini).expect("written");
        let home = house.folder.path().to_owned();
        let bin = home.join("bin");
        for folder in ["bin", ".zfunc", ".config/fish/completions", ".baresip"] {
            std::fs::create_dir_all(home.join(folder)).expect("made");
        }
        std::fs::write(home.join(".baresip/accounts"), "<sip:7@127.0.0.1:9>;auth_pass=x\n").expect("written");
        std::fs::write(home.join("secret"), format!("{password}\n")).expect("written");
        let token = home.join(".tuiphone-token");
        std::fs::write(&token, "0123456789abcdef0123456789abcdef\n").expect("written");
        std::fs::set_permissions(&token, PermissionsExt::from_mode(0o600)).expect("allowed");
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 8_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut wav = hound::WavWriter::create(home.join("hello.wav"), spec).expect("made");
        (0..80_000i32).for_each(|at| wav.write_sample((at % 800) as i16).expect("written"));
        wav.finalize().expect("written");
        let street = Street { house, bin };
        let program = street.house.program(&[]);
        let words: Vec<String> = std::iter::once(program.get_program())
            .chain(program.get_args())
            .map(|word| format!("'{}'", word.to_str().expect("UTF-8")))
            .collect();
        street.put("tuiphone", &format!("exec {} \"$@\"", words.join(" ")));
        // What a small system has not reads what it is given all the same.
        for tool in ["jq", "man", "less"] {
            if !["/usr/bin", "/bin"].iter().any(|folder| std::path::Path::new(folder).join(tool).exists()) {
                street.put(tool, "exec cat");
            }
        }
        street
    }

    fn put(&self, name: &str, line: &str) {
        let path = self.bin.join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{line}\n")).expect("written");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("allowed");
    }

    /// The line in a shell, in the house's folder, the password on its standard input. Whoever is to be somebody at
    /// pbx.example.net is so at the demo's exchange.
    fn shell(&self, line: &str) -> Command {
        // Somebody may have that port.
        let line = line.replace("127.0.0.1:8080", "127.0.0.1:0");
        let line = line.replace(
            "--user 101 --domain pbx.example.net",
            &format!("--user {OWN_NUMBER} --domain {DOMAIN} --proxy {}", self.house.server),
        );
        let home = self.house.folder.path();
        let like = bare(home, &[]);
        // One that can be completed in, where it is here.
        let mut shell = Command::new(if std::path::Path::new("/bin/bash").exists() { "/bin/bash" } else { "sh" });
        shell.arg("-c").arg(line).env_clear().envs(like.get_envs().filter_map(|(key, value)| Some((key, value?))));
        shell.env("PATH", format!("{}:/usr/bin:/bin", self.bin.display())).current_dir(home);
        shell.stdin(std::fs::File::open(home.join("secret")).expect("there"));
        shell.stdout(Stdio::piped()).stderr(Stdio::piped());
        shell
    }

    /// A phone that has been told these lines.
    fn phone(&self, scene: &[&str]) -> Daemon {
        let daemon = self.house.daemon();
        Street::set(&mut daemon.connect(), self.house.folder.path(), scene);
        daemon
    }

    fn set(wire: &mut Wire, home: &std::path::Path, scene: &[&str]) {
        let hello = home.join("hello.wav");
        let mut ask = |line: &str| wire.ask(&line.replace("hello.wav", hello.to_str().expect("UTF-8")));
        for line in scene {
            let state = line.strip_prefix("await ");
            if state.is_none() {
                let told = ask(line);
                assert_eq!(told["ok"], true, "{line}: {told}");
            }
            let is_settled = |call: &serde_json::Value| match state {
                Some(state) => call["state"] == state,
                None => ["connected", "held"].iter().any(|state| call["state"] == *state),
            };
            let settled = until(|| {
                let calls = ask("calls")["calls"].as_array().cloned().unwrap_or_default();
                calls.iter().all(is_settled) && (state.is_none() || !calls.is_empty())
            });
            assert!(settled, "after {line}: {}", ask("calls"));
        }
    }

    /// Ends what calls there are, and tells a phone that runs these lines.
    fn again(daemon: &Daemon, home: &std::path::Path, scene: &[&str]) {
        let mut wire = daemon.connect();
        wire.ask("hangup --all");
        assert!(until(|| wire.ask("calls")["calls"].as_array().is_some_and(Vec::is_empty)), "calls end");
        Street::set(&mut wire, home, scene);
    }

    /// Runs one that ends by itself.
    fn run(&self, line: &str) {
        let finished = finish(self.shell(line));
        Street::ended(line, &finished);
    }

    fn ended(line: &str, finished: &Finished) {
        if line.starts_with("tuiphone doctor") || line.contains("--nagios") {
            // As they find the machine.
            let known = ExitCode::ALL.iter().any(|code| i32::from(code.code()) == finished.code);
            assert!(known && !finished.stdout.is_empty(), "{line}: {finished:?}");
            return;
        }
        let expected = ENDS.iter().find(|(known, _)| *known == line).map_or(0, |(_, code)| *code);
        assert_eq!(finished.code, expected, "{line}: {finished:?}");
    }

    /// Runs one that goes on until its phone ends, which it does once something was told.
    fn run_until_told(&self, line: &str) {
        let mut daemon = self.phone(&[]);
        let mut wire = daemon.connect();
        let mut child = self.shell(line).spawn().expect("it starts");
        let told = crate::support::lines_of(child.stdout.take().expect("its stdout"));
        let file = self.house.folder.path().join("call.pcapng");
        let heard = until(|| {
            wire.ask("call 600");
            let is_up = until(|| wire.ask("calls")["calls"][0]["state"] == "connected");
            wire.ask("hangup");
            assert!(is_up, "{line}");
            told.recv_timeout(Duration::from_millis(500)).is_ok()
                || std::fs::metadata(&file).is_ok_and(|about| about.len() > 0)
        });
        assert!(heard, "{line}");
        wire.ask("exit");
        daemon.child.wait().expect("its end");
        crate::support::finish_in(child);
    }

    /// Runs one that is a phone.
    fn run_phone(&self, line: &str) {
        let child = self.shell(line).spawn().expect("it starts");
        assert!(until(|| self.house.run(&["ready"]).code == 0), "{line}");
        assert_eq!(self.house.run(&["exit"]).code, 0);
        Street::ended(line, &crate::support::finish_in(child));
    }

    /// Runs one that serves until it is told to stop.
    fn run_server(&self, line: &str) {
        let _phone = self.phone(&[]);
        let mut child = self.shell(&format!("exec {line}")).spawn().expect("it starts");
        let said = crate::support::lines_of(child.stderr.take().expect("its stderr"));
        assert!(said.recv_timeout(PATIENCE).is_ok(), "{line}");
        crate::support::signal(&child, "TERM");
        crate::support::finish_in(child);
    }

    /// Runs a call that goes on until somebody hangs up.
    fn run_call(&self, line: &str) {
        let daemon = self.phone(&[]);
        let child = self.shell(line).spawn().expect("it starts");
        let mut wire = daemon.connect();
        assert!(until(|| wire.ask("calls")["calls"][0]["state"] == "connected"), "{line}");
        // Long enough for the first sound to come: a call without any is told as one.
        assert!(until(|| wire.ask("calls")["calls"][0]["media"]["rx_packets"].as_u64() > Some(0)), "{line}");
        wire.ask("hangup");
        Street::ended(line, &crate::support::finish_in(child));
    }

    /// Runs one that is the sound of a call until somebody hangs up.
    fn run_sound(&self, line: &str) {
        let daemon = self.phone(&["call 600"]);
        let child = self.shell(line).spawn().expect("it starts");
        let heard = self.house.folder.path().join("heard.raw");
        assert!(until(|| std::fs::metadata(&heard).is_ok_and(|about| about.len() > 8_000)), "{line}");
        daemon.connect().ask("hangup");
        Street::ended(line, &crate::support::finish_in(child));
    }

    fn run_any(&self, verb: &str, line: &str) {
        match verb {
            "daemon" => self.run_phone(line),
            "serve" => self.run_server(line),
            "demo" if line.contains("--peer") => self.run_server(line),
            "sound" => self.run_sound(line),
            "watch" | "attach" => self.run_until_told(line),
            "trace" if !line.contains("--last") => self.run_until_told(line),
            "call" if !line.contains("--duration") && !line.contains("--no-wait") => self.run_call(line),
            _ => {
                let _phone = self.phone(scene(verb, line));
                self.run(line);
            }
        }
    }
}

/// Whose examples leave nothing behind but calls: they share a phone.
fn shares(verb: &str, line: &str) -> bool {
    let follows = verb == "call" && !line.contains("--duration") && !line.contains("--no-wait");
    let alone = verb.is_empty() || follows || (verb == "trace" && !line.contains("--last"));
    let changes = [
        "daemon",
        "serve",
        "sound",
        "watch",
        "attach",
        "exit",
        "reset",
        "import",
        "password",
        "config",
        "register",
        "unregister",
        "session-password",
        "show",
        "hide",
        "url",
        "autoanswer",
        "autoconference",
        "forward",
        "dnd",
        "device",
        "account",
        "contacts",
        "history",
        "reload",
        "setting",
        "setup",
        "demo",
        "doctor",
        "bug-report",
    ];
    // A call that is named has its number of a phone that has had no other.
    let is_named = line.split([' ', '=']).any(|word| ["c1", "c2"].contains(&word));
    !alone && !is_named && !changes.contains(&verb)
}

/// Runs them all, and tells of all that fail. Those that change a phone have an exchange and a phone of their own.
fn run_all<'a>(lines: impl Iterator<Item = (&'a str, String)>) {
    let (mut faults, mut shared) = (Vec::new(), None::<(Street, Daemon)>);
    for (verb, line) in lines {
        let used = if shares(verb, &line) { shared.take() } else { None };
        let run = std::panic::AssertUnwindSafe(|| {
            if !shares(verb, &line) {
                Street::open().run_any(verb, &line);
                return None;
            }
            let (street, phone) = used.unwrap_or_else(|| {
                let street = Street::open();
                let phone = street.phone(&[]);
                (street, phone)
            });
            Street::again(&phone, street.house.folder.path(), scene(verb, &line));
            street.run(&line);
            Some((street, phone))
        });
        match std::panic::catch_unwind(run) {
            Ok(left) => shared = left.or(shared),
            Err(why) => faults.push(why.downcast_ref::<String>().cloned().unwrap_or(line)),
        }
    }
    assert!(faults.is_empty(), "{} fail:\n{}", faults.len(), faults.join("\n"));
}

/// The examples of those commands that are this test's, so that tests share the work.
fn run_those(mine: impl Fn(usize) -> bool) {
    let parser = args::parser();
    let names = parser.get_subcommands().filter(|command| !command.is_hide_set()).map(clap::Command::get_name);
    let hidden = VERBS.iter().map(|row| row.name).filter(|name| ["attach", "session-password"].contains(name));
    let names = names.chain(hidden).enumerate().filter(|(at, _)| mine(*at)).map(|(_, name)| name);
    run_all(names.flat_map(|name| {
        let examples = args::examples_of(name).unwrap_or_default();
        assert!(!examples.is_empty(), "{name} has no example");
        examples.iter().map(move |(line, what)| {
            assert!(line.contains("tuiphone") && !what.is_empty() && what.len() < 72, "{name}: {line}: {what}");
            (name, (*line).to_owned())
        })
    }));
}

#[test]
fn examples_work_as_they_are_written() {
    run_those(|at| at % 4 == 0);
}

#[test]
fn examples_work_as_they_are_written_second_quarter() {
    run_those(|at| at % 4 == 1);
}

#[test]
fn examples_work_as_they_are_written_third_quarter() {
    run_those(|at| at % 4 == 2);
}

#[test]
fn examples_work_as_they_are_written_last_quarter() {
    run_those(|at| at % 4 == 3);
}

#[test]
fn the_programs_own_examples_and_the_readme_work() {
    let pages = pages();
    let (mut in_code, mut lines) = (false, Vec::new());
    for line in pages.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
        } else if in_code
            && (line == "tuiphone" || line.starts_with("tuiphone "))
            && !["tuiphone test ", "--exec", "recogniser"].iter().any(|part| line.contains(part))
        {
            // Test calls are many, programs beside calls are made for it: they have tests of their own.
            lines.push(line.split("  #").next().unwrap_or(line).trim().to_owned());
        }
    }
    assert!(lines.len() >= 8, "{lines:?}");
    lines.extend(args::EXAMPLES.iter().map(|(line, _)| (*line).to_owned()));
    run_all(lines.into_iter().map(|line| {
        let verb = ["call", "daemon", "serve", "trace", "test"]
            .into_iter()
            .find(|verb| line.split(' ').any(|word| word == *verb));
        (verb.unwrap_or_default(), line)
    }));
}

/// The README and the pages it leads to.
fn pages() -> String {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = ["README.md", "docs/using.md", "docs/scripts.md", "docs/network.md"];
    pages.iter().map(|page| std::fs::read_to_string(root.join(page)).expect("read")).collect()
}

/// Whatever they have somebody type is a command line that there is.
#[test]
fn every_command_of_the_readme_is_understood() {
    let pages = pages();
    let spans = pages.split('`').skip(1).step_by(2).filter(|text| !text.contains('\n')).map(str::to_owned);
    let mut in_code = false;
    let blocks = pages.lines().filter(|line| {
        in_code ^= line.starts_with("```");
        in_code
    });
    let blocks = blocks.map(|line| line.split("  #").next().unwrap_or(line).trim().to_owned());
    let lines: Vec<String> = blocks
        .chain(spans)
        .filter(|line| line.starts_with("tuiphone ") && !line.contains("VERB") && !line.contains('●'))
        .collect();
    assert!(lines.len() > 40, "{lines:#?}");
    for line in lines {
        let words = line.split([';', '|', '>']).next().unwrap_or(&line);
        let words = Command::new("sh").arg("-c").arg(format!("printf '%s\\n' {words}")).output().expect("sh");
        let words = String::from_utf8(words.stdout).expect("UTF-8");
        // What stands for something in a sentence.
        let words = words.lines().map(|word| word.trim_end_matches('\u{2026}')).map(std::ffi::OsString::from);
        let read = args::parse(words);
        assert!(read.is_ok(), "{line}: {read:?}");
    }
}
