//! A person at a console: the interface with its keys and colours, plain lines, Ctrl-C.
//!
//! The consoles are Wine's on a terminal of Unix, which `script` of util-linux gives; Windows itself has none to give here.

use std::process::Stdio;

use super::calls::INI;
use super::checks::Checks;
use super::machine::{Machine, Running, soon};
use crate::Failure;
use crate::run::which;

/// Looks at them.
pub fn look(machine: &Machine, checks: &mut Checks) {
    if let Err(why) = lines(machine, checks) {
        checks.failed("--line", &why);
    }
    if !machine.is_wine() || !cfg!(target_os = "linux") || which("script").is_none() {
        return checks.skipped("consoles", "no terminal can be had here");
    }
    for (what, look) in
        [("Ctrl-C", interrupted as fn(&Machine, &mut Checks) -> Result<(), Failure>), ("interface", keys)]
    {
        if let Err(why) = look(machine, checks) {
            checks.failed(what, &why);
        }
    }
}

/// The phone in plain sentences, with a pipe in place of the terminal.
fn lines(machine: &Machine, checks: &mut Checks) -> Result<(), Failure> {
    let ini = machine.named(INI);
    let command = machine.command(&machine.exe.display().to_string(), &["-i", &ini, "--line"]);
    let mut phone = machine.begin_told(command, Stdio::piped())?;
    for (said, heard) in [("", "Registered as 100@demo"), ("601\n", "Talking to 601"), ("h\n", " ended after ")] {
        phone.tell(said)?;
        checks.is(&format!("--line, {:?}", said.trim()), phone.says(heard), &line_with(&phone, heard));
    }
    phone.tell("leave\n")?;
    let ended = phone.end();
    checks.ran("--line leaves", &ended, 0, &[]);
    checks.is("--line is plain", !ended.says("\x1b"), "no escape code in it");
    let _ = machine.phone_of(INI, &["exit"]);
    Ok(())
}

/// A call that is followed ends with the first Ctrl-C.
fn interrupted(machine: &Machine, checks: &mut Checks) -> Result<(), Failure> {
    let mut phone = console(machine, &["--standalone", "call", "604"])?;
    let rings = phone.says("ringing");
    phone.tell("\x03")?;
    let ended = phone.end();
    // Wine may tell 0 for its exit code: see `Machine::phone_at`.
    let is_over = rings && ended.code.is_some() && ended.says("given up while it rang");
    checks.is("Ctrl-C in call 604", is_over, &if is_over { "given up while it rang".into() } else { ended.all() });
    Ok(())
}

/// The interface: what is typed is dialled, colours come, it leaves.
fn keys(machine: &Machine, checks: &mut Checks) -> Result<(), Failure> {
    let status = |state: &str| {
        let wanted = format!(r#""state":"{state}""#);
        soon(|| machine.phone_of(INI, &["status", "--json"]).says(&wanted))
    };
    let mut phone = console(machine, &["--color", "256"])?;
    checks.is("interface: it draws", phone.says("tuiphone"), "the name is there");
    checks.is("interface: its phone", status("idle"), "idle");
    phone.tell("600\r")?;
    checks.is("interface: 600, Enter", status("connected"), "connected");
    checks.is("interface: colours", phone.says("\x1b[38;5;"), "of 256");
    phone.tell("q")?;
    // Not asked for here: that the screen is given back. Wine's console may end before it has passed that on.
    checks.ran("interface: q", &phone.end(), 0, &[]);
    checks.ran("hangup from elsewhere", &machine.phone_of(INI, &["exit"]), 0, &[]);
    Ok(())
}

/// The phone at a console of 40 rows of 120 columns.
fn console(machine: &Machine, words: &[&str]) -> Result<Running, Failure> {
    let ini = machine.named(INI);
    let phone = machine.command(&machine.exe.display().to_string(), &[&["-i", &ini], words].concat());
    let line: Vec<String> = std::iter::once(phone.get_program()).chain(phone.get_args()).map(quoted).collect();
    let mut command = std::process::Command::new("script");
    command.args(["-q", "-e", "-c", &format!("stty rows 40 cols 120; exec {}", line.join(" ")), "/dev/null"]);
    command.current_dir(&machine.folder);
    machine.surround(&mut command);
    command.env("TERM", "xterm-256color").env("SHELL", "/bin/sh");
    machine.begin_told(command, Stdio::piped())
}

/// A word for a shell.
fn quoted(word: &std::ffi::OsStr) -> String {
    format!("'{}'", word.to_string_lossy().replace('\'', r"'\''"))
}

fn line_with(phone: &Running, words: &str) -> String {
    let printed = phone.printed();
    printed.lines().find(|line| line.contains(words)).map_or_else(|| printed.clone(), str::to_owned)
}
