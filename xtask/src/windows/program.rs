//! What the program says of itself, without a phone.

use super::checks::Checks;
use super::machine::Machine;

/// Looks at it.
pub fn look(machine: &Machine, checks: &mut Checks) {
    for (words, code, said) in [
        (&["--version", "--json"][..], 0, &[r#""ok":true"#, r#""target":"x86_64-pc-windows-"#][..]),
        (&["--help"], 0, &["Usage: tuiphone", "call", "--ini"]),
        (&["help", "microsip"], 0, &["/hangupall"]),
        (&["licenses"], 0, &["MIT"]),
        (&["devices", "--json"], 0, &[r#""verb":"devices","ok":true"#]),
        (&["doctor"], 0, &[r"AppData\Roaming\tuiphone\microsip.ini", r"\\.\pipe\tuiphone-"]),
        (&["status"], 4, &[r"no phone runs on \\.\pipe\tuiphone-"]),
        (&["call", "--bogus"], 2, &["--bogus"]),
        (&[], 2, &["terminal"]),
    ] {
        checks.ran(&["tuiphone", &words.join(" ")].join(" "), &machine.phone(words), code, said);
    }
}
