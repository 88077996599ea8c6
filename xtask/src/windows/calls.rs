//! Calls between two programs of Windows: the far ends of the demo, and commands that call them.

use std::fs;

use super::checks::Checks;
use super::machine::{Machine, soon};

/// The file of whoever calls the far ends.
pub const INI: &str = "far ends.ini";

/// Looks at them; false when the far ends do not come up, so that nothing can be called.
pub fn look(machine: &mut Machine, checks: &mut Checks) -> bool {
    checks.ran("demo", &machine.phone(&["demo"]), 0, &["calling 600", "connected", "600: talked"]);
    let ini = machine.named(INI);
    let peer = machine.command(&machine.exe.display().to_string(), &["demo", "--peer", &ini]);
    match machine.begin(peer) {
        Ok(running) => machine.far_ends = Some(running),
        Err(why) => return checks.is("demo --peer", false, &why),
    }
    let file = machine.folder.join(INI);
    let is_up = soon(|| file.is_file());
    let printed = machine.far_ends.as_ref().map(super::machine::Running::printed).unwrap_or_default();
    if !checks.is("demo --peer", is_up, &printed) {
        return false;
    }
    let answered = r#""outcome":"answered""#;
    let call = ["call", "600", "--duration", "3", "--json"];
    let ran = machine.phone_of(INI, &call);
    checks.ran(&call.join(" "), &ran, 0, &[r#""verb":"call","ok":true"#, answered, r#""ended_by":"local""#]);
    checks.is(
        "sound came",
        counted(&ran.out, "rx_packets") > 100,
        &format!("{} packets", counted(&ran.out, "rx_packets")),
    );
    for (words, code, said) in [
        (&["call", "602", "--json"][..], 20, r#""outcome":"busy""#),
        (&["call", "603", "--json"], 22, r#""outcome":"rejected""#),
        (&["call", "604", "--timeout", "3", "--json"], 21, r#""ok":false"#),
        (&["call", "699", "--json"], 23, r#""outcome":"no_such_number""#),
        (&["test", "600", "--json"], 0, answered),
        (&["test", "600", "--echo", "--duration", "5", "--json"], 0, r#""check":"echo","level":"ok""#),
        (&["test", "601", "--expect-sound", "speech"], 0, ""),
        (&["test", "605", "--dtmf", "5", "--expect-dtmf", "5"], 0, ""),
        (&["test", "602", "--expect", "busy"], 0, ""),
        (&["test", "600", "--expect", "busy"], 31, ""),
    ] {
        checks.ran(&words.join(" "), &machine.phone_of(INI, words), code, &[said]);
    }
    let heard = machine.folder.join("heard ä.wav");
    let to_file = ["--audio-in", "tone:440", "--audio-out", &format!("file:{}", machine.path(&heard))];
    let ran = machine.phone_of(INI, &[&to_file, &["call", "600", "--duration", "3"][..]].concat());
    checks.ran("call 600 with a tone and a WAV file", &ran, 0, &[]);
    let loudest = loudest(&fs::read(&heard).unwrap_or_default());
    checks.is("the file of it", loudest > 1_000, &format!("its loudest sample is {loudest}"));
    checks.ran("history", &machine.phone_of(INI, &["history", "--search", "602"]), 0, &["602: Busy Here"]);
    true
}

/// A number of JSON.
pub fn counted(json: &str, key: &str) -> u64 {
    let after = json.split(&format!("\"{key}\":")).nth(1).unwrap_or_default();
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

/// The loudest sample of a WAV of 16 bits.
fn loudest(wav: &[u8]) -> u16 {
    let sound = wav.get(44..).unwrap_or_default();
    sound.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]).unsigned_abs()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_and_nothing_passes_for_one() {
        let json = r#"{"rx_packets_late":7,"rx_packets":149,"tx_packets":null}"#;
        assert_eq!(["rx_packets", "tx_packets", "none"].map(|key| counted(json, key)), [149, 0, 0]);
    }

    #[test]
    fn silence_and_a_head_without_sound_are_no_sound() {
        let mut wav = vec![0xff; 44];
        assert_eq!((loudest(&[]), loudest(&wav)), (0, 0));
        wav.extend([0, 0, 0x00, 0x80]);
        assert_eq!(loudest(&wav), 32_768);
    }
}
