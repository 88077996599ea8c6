//! Calls between a phone of Windows and one of the system that Wine runs on, sound both ways.

use std::path::Path;
use std::process::Command;

use super::calls::INI;
use super::checks::Checks;
use super::machine::{Machine, soon};
use crate::Failure;

/// The file of whoever calls the other system's far ends.
const OTHERS: &str = "other far ends.ini";

/// Looks at them: each calls the far ends of the other.
pub fn look(machine: &Machine, phone: &Path, checks: &mut Checks) -> Result<(), Failure> {
    let other = |words: &[&str]| {
        let mut command = Command::new(phone);
        command.args(words).current_dir(&machine.folder);
        machine.surround(&mut command);
        command
    };
    let file = machine.folder.join(OTHERS);
    let _peer = machine.begin(other(&["demo", "--peer", &file.display().to_string()]))?;
    if !checks.is("far ends of the other system", soon(|| file.is_file()), OTHERS) {
        return Ok(());
    }
    let here = machine.folder.join(INI).display().to_string();
    let from_here = |words: &[&str]| machine.phone_of(OTHERS, words);
    let from_there = |words: &[&str]| machine.finish(other(&[&["-i", &here], words].concat()));
    for (words, said) in [
        (&["test", "600", "--echo", "--duration", "5", "--json"][..], r#""check":"echo","level":"ok""#),
        (&["test", "601", "--expect-sound", "speech", "--max-loss", "5"], ""),
        (&["test", "605", "--dtmf", "7", "--expect-dtmf", "7"], ""),
    ] {
        checks.ran(&format!("Windows calls: {}", words.join(" ")), &from_here(words), 0, &[said]);
        checks.ran(&format!("Windows is called: {}", words.join(" ")), &from_there(words), 0, &[said]);
    }
    Ok(())
}
