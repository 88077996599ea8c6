//! A phone that runs, and what asks it over its named pipe.

use super::calls::INI;
use super::checks::Checks;
use super::machine::{Machine, Running, soon};

/// Looks at it.
pub fn look(machine: &Machine, checks: &mut Checks) {
    let null = ["--audio-in", "null", "--audio-out", "null", "--audio-ring", "null"];
    let daemon = match machine.start(INI, &[&null[..], &["daemon"]].concat()) {
        Ok(daemon) => daemon,
        Err(why) => return checks.failed("daemon", &why),
    };
    let is_up = daemon.says("registered 100@demo");
    if !checks.is("daemon", is_up && daemon.says(r"control on \\.\pipe\tuiphone-"), &daemon.printed()) {
        return;
    }
    if machine.is_wine() {
        let takes = !daemon.printed().contains("no messages of other programs");
        checks.is("daemon takes messages of windows", takes, &daemon.printed());
    }
    let phone = |words: &[&str]| machine.phone_of(INI, words);
    let becomes = |state: &str| {
        let wanted = format!(r#""state":"{state}""#);
        soon(|| phone(&["status", "--json"]).out.starts_with(&format!(r#"{{"v":1,"verb":"status","ok":true,{wanted}"#)))
    };
    checks.ran("status --json", &phone(&["status", "--json"]), 0, &[r#""state":"idle""#, r#""registered":true"#]);
    checks.ran("a second daemon", &phone(&["daemon"]), 4, &["already listens"]);
    let watch = machine.start(INI, &["watch", "--json"]);
    // What comes before it listens is not told to it.
    let listens = |watch: &Running| soon(|| phone(&["register"]).code.is_some() && !watch.printed().is_empty());
    checks.is("watch --json listens", watch.as_ref().is_ok_and(listens), "an event came");
    checks.ran("tuiphone 600", &phone(&["600"]), 0, &["c1"]);
    checks.is("the call", becomes("connected"), "connected");
    checks.ran("calls --json", &phone(&["calls", "--json"]), 0, &[r#""codec":"opus""#]);
    for (words, state) in [(&["hold"][..], "held"), (&["resume"], "connected"), (&["hangup"], "idle")] {
        checks.ran(words[0], &phone(words), 0, &[]);
        checks.is("the call", becomes(state), state);
    }
    checks.ran("hangup without a call", &phone(&["hangup"]), 5, &["no call"]);
    checks.ran("tuiphone 601", &phone(&["601"]), 0, &[]);
    checks.is("the call", becomes("connected"), "connected");
    checks.ran("/hangupall", &phone(&["/hangupall"]), 0, &[]);
    checks.is("the call", becomes("idle"), "idle");
    checks.ran("dde [Dial(602)]", &phone(&["dde", "[Dial(602)]"]), 0, &[]);
    checks.ran("exit", &phone(&["exit"]), 0, &[]);
    let ended = daemon.end();
    checks.ran("the daemon has ended", &ended, 0, &["stopped"]);
    match watch {
        Ok(watch) => {
            let events = ["call_outgoing", "call_ringing", "call_answered", "call_held", "call_ended", "exited"];
            let events = events.map(|event| format!(r#""event":"{event}""#));
            let ended = watch.end();
            let missing = events.iter().find(|event| !ended.says(event));
            let came = missing.map_or("every event", String::as_str);
            checks.is("watch --json", missing.is_none(), &format!("{came}\n{}", ended.all()));
        }
        Err(why) => checks.failed("watch --json", &why),
    }
    checks.ran("status after it", &phone(&["status"]), 4, &["no phone runs on"]);
}
