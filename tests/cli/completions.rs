//! Completion in shells that are here, with what a phone that runs knows.

use crate::support::{Finished, House, bare, finish};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

/// A house with contacts, in which a shell finds `tuiphone`.
fn street() -> House {
    let house = House::open();
    let bin = house.folder.path().join("bin");
    std::fs::create_dir_all(&bin).expect("made");
    let program = format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_tuiphone"));
    std::fs::write(bin.join("tuiphone"), program).expect("written");
    std::fs::set_permissions(bin.join("tuiphone"), PermissionsExt::from_mode(0o755)).expect("allowed");
    let contacts = "<?xml version=\"1.0\"?>\n<contacts>\n<contact number=\"7001\" name=\"Ann Bell\"/>\n\
                    <contact number=\"sip:bob@example.net\" name=\"Bob\"/>\n\
                    <contact number=\"7;touch owned\" name=\"$(touch owned)\"/>\n</contacts>\n";
    std::fs::write(house.folder.path().join("Contacts.xml"), contacts).expect("written");
    house
}

/// A shell that runs this; `None` where it is not here.
fn shell(house: &House, name: &str, script: &str) -> Option<Finished> {
    let home = house.folder.path();
    let like = bare(home, &[]);
    let mut command = Command::new(name);
    command.env_clear().envs(like.get_envs().filter_map(|(key, value)| Some((key, value?))));
    command.env("PATH", format!("{}:/usr/bin:/bin", home.join("bin").display())).env("TUIPHONE_SOCKET", house.socket());
    command.arg("-c").arg(script).current_dir(home);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    match command.spawn() {
        Ok(child) => Some(crate::support::finish_in(child)),
        Err(_) => {
            assert!(std::env::var_os("CI").is_none(), "in CI {name} is here");
            println!("skipped: no {name} is here");
            None
        }
    }
}

/// What bash would offer at the end of this line, blank by blank.
fn bash(house: &House, line: &str) -> Option<Vec<String>> {
    let script = format!(
        r#"eval "$(tuiphone completions bash)"
COMP_LINE={line}; COMP_POINT=${{#COMP_LINE}}
# As readline splits it.
mapfile -t COMP_WORDS < <(grep -oE '[^[:space:]:=@]+|[:=@]+' <<< "$COMP_LINE")
[[ $COMP_LINE == *[[:space:]] ]] && COMP_WORDS+=("")
COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
_tuiphone tuiphone
printf '%s\n' "${{COMPREPLY[@]}}""#,
        line = quoted(line)
    );
    let told = shell(house, "bash", &script)?;
    let real: Vec<&str> = told.stderr.lines().filter(|line| !line.contains("compopt")).collect();
    assert!(told.code == 0 && real.is_empty(), "{line}: {told:?}");
    Some(told.stdout.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[test]
fn bash_offers_what_the_phone_knows() {
    let house = street();
    let daemon = house.daemon();
    let mut wire = daemon.connect();
    assert_eq!(wire.ask("call 600")["ok"], true);
    for (line, expected) in [
        ("tuiphone han", &["hangup", "hangupall"][..]),
        ("tuiphone --json dnd ", &["on", "off"]),
        ("tuiphone hangup ", &["c1"]),
        ("tuiphone hangup --inc", &["--incoming"]),
        ("tuiphone call 70", &["7001"]),
        ("tuiphone message bel", &["7001"]),
        ("tuiphone call sip:bo", &["bob@example.net"]),
        ("tuiphone call sip:bob@ex", &["example.net"]),
        ("tuiphone call 7\\;", &[]),
        ("tuiphone --account=1", &["100@demo"]),
        ("tuiphone -a ", &["100@demo"]),
        ("tuiphone --color ", &["auto", "always", "never", "16", "256", "truecolor"]),
        ("tuiphone --audio-in fi", &["file:"]),
        ("tuiphone schema sta", &["status"]),
        ("tuiphone nonsense ", &[]),
    ] {
        let Some(offered) = bash(&house, line) else { return };
        assert_eq!(offered, expected, "{line}");
    }
    let mut offered = bash(&house, "tuiphone call 7").expect("bash is here");
    offered.sort_unstable();
    assert_eq!(offered, ["7001", r"7\;touch\ owned"], "what a shell would run is quoted");
    assert!(!house.folder.path().join("owned").exists(), "nothing of a contact is run");
}

#[test]
fn where_no_phone_runs_words_are_offered_all_the_same_and_none_is_started() {
    let house = street();
    let ask = |words: &[&str]| house.run(&[&["complete", "--"], words].concat());
    let told = ask(&["mute", ""]);
    assert_eq!(
        (told.code, told.stdout.as_str(), told.stderr.as_str()),
        (0, "words\nmic\t\nspeaker\t\n", ""),
        "{told:?}"
    );
    let told = ask(&["hangup", ""]);
    assert_eq!((told.code, told.stdout.as_str(), told.stderr.as_str()), (0, "words\n", ""), "{told:?}");
    assert_eq!(ask(&["play", "x"]).stdout.lines().next(), Some("files"));
    assert_eq!(house.run(&["status"]).code, 4, "no phone was started");
    let told = house.run(&["complete"]);
    assert!(told.stdout.contains("\ncall\tPlace a call\n") && !told.stdout.contains("\nattach\t"), "{told:?}");
}

/// A phone that hangs is not waited for.
#[test]
fn a_phone_that_does_not_answer_keeps_nobody_waiting() {
    let house = street();
    std::fs::create_dir_all(house.socket().parent().expect("a folder")).expect("made");
    let _deaf = std::os::unix::net::UnixListener::bind(house.socket()).expect("it listens");
    let mark = std::fs::File::create(house.socket().with_extension("sock.lock")).expect("made");
    mark.lock().expect("locked");
    let mut command = bare(house.folder.path(), &["complete", "--", "hangup", ""]);
    command.env("TUIPHONE_SOCKET", house.socket());
    let told = finish(command);
    assert_eq!((told.code, told.stdout.as_str()), (0, "words\n"), "{told:?}");
}

/// Where a service manager listens for a phone, TAB does not start it; once it runs, it is asked.
#[test]
fn nobody_is_connected_to_where_no_phone_runs() {
    let house = street();
    std::fs::create_dir_all(house.socket().parent().expect("a folder")).expect("made");
    let manager = std::os::unix::net::UnixListener::bind(house.socket()).expect("it listens");
    manager.set_nonblocking(true).expect("set");
    let left = std::fs::File::create(house.socket().with_extension("sock.lock")).expect("one that a dead phone left");
    let ask = || {
        let mut command = bare(house.folder.path(), &["complete", "--", "call", "70"]);
        command.env("TUIPHONE_SOCKET", house.socket());
        finish(command)
    };
    let told = ask();
    assert_eq!((told.code, told.stdout.as_str()), (0, "words\n"), "{told:?}");
    let came = manager.accept().map(|_| ()).map_err(|why| why.kind());
    assert_eq!(came, Err(std::io::ErrorKind::WouldBlock), "nobody came");
    drop((manager, left));
    let mut daemon = house.daemon();
    assert_eq!(ask().stdout, "words\n7001\tAnn Bell\n");
    daemon.terminate();
    assert!(!house.socket().with_extension("sock.lock").exists(), "it goes with the phone");
}

#[test]
fn zsh_and_fish_take_their_scripts() {
    let house = street();
    let _daemon = house.daemon();
    let script = r#"autoload -Uz compinit && compinit -u -D
compadd() { local -a all; while (( $# )); do [[ $1 == -a ]] && { shift; all=("${(@P)1}") }; shift; done; print -l -- $all }
_files() { print files }
eval "$(tuiphone completions zsh)"
words=(tuiphone dnd o) CURRENT=3 PREFIX=o; _tuiphone
words=(tuiphone call 70) CURRENT=3 PREFIX=70; _tuiphone
words=(tuiphone ac) CURRENT=2 PREFIX=ac; _tuiphone
words=(tuiphone --ini '') CURRENT=3 PREFIX=; _tuiphone"#;
    if let Some(told) = shell(&house, "zsh", script) {
        assert_eq!(told.stdout, "on\noff\n7001\naccounts\naccount\nfiles\n", "{told:?}");
    }
    let script = r#"tuiphone completions fish | source
complete -C 'tuiphone dnd o'
complete -C 'tuiphone call 70'"#;
    if let Some(told) = shell(&house, "fish", script) {
        assert_eq!(told.stdout, "off\non\n7001\tAnn Bell\n", "{told:?}");
    }
}
