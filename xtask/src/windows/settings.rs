//! Where the settings lie, and that their bytes are kept.

use std::fs;

use super::checks::Checks;
use super::machine::Machine;
use crate::Failure;

/// A name that no code page has whole.
const ODD: &str = "Büro Ω/телефон 電話.ini";

const INI: &str = "[Settings]\r\naccountId=1\r\n; eine Zeile für sich\r\nvolumeOutput=70\r\n\
                   [Account1]\r\nlabel=Büro\r\nserver=127.0.0.1\r\ndomain=127.0.0.1\r\nusername=101\r\n";

/// Looks at them.
pub fn look(machine: &Machine, checks: &mut Checks) -> Result<(), Failure> {
    let own = r"AppData\Roaming\tuiphone\microsip.ini";
    let microsips = r"AppData\Roaming\MicroSIP\microsip.ini";
    checks.ran("config path, with nothing there", &machine.phone(&["config", "path"]), 0, &[own]);

    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(INI.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let theirs = machine.roaming().join("MicroSIP");
    fs::create_dir_all(&theirs).map_err(|e| format!("{}: {e}", theirs.display()))?;
    fs::write(theirs.join("microsip.ini"), &wide).map_err(|e| format!("microsip.ini: {e}"))?;
    checks.ran("config path, with MicroSIP's", &machine.phone(&["config", "path"]), 0, &[microsips]);
    let set = ["config", "set", "Settings.volumeOutput=80"];
    checks.ran("config set in MicroSIP's", &machine.phone(&set), 3, &["MicroSIP's own and never written"]);
    let is_kept = fs::read(theirs.join("microsip.ini")).is_ok_and(|bytes| bytes == wide);
    checks.is("MicroSIP's file", is_kept, if is_kept { "every byte as it was" } else { "was written" });
    checks.ran("import --yes", &machine.phone(&["import", "--yes"]), 0, &["101@127.0.0.1"]);
    checks.ran("config path after it", &machine.phone(&["config", "path"]), 0, &[own]);
    checks.ran("config get, no ASCII", &machine.phone(&["config", "get", "Account1.label"]), 0, &["Büro\n"]);

    for (name, bytes) in [("UTF-16, CRLF", wide.clone()), ("UTF-8, CRLF", INI.as_bytes().to_vec())] {
        let file = machine.write(ODD, &bytes)?;
        checks.ran(&format!("config set, {name}, {ODD}"), &machine.phone_of(&ODD.replace('/', r"\"), &set), 0, &[]);
        let wanted = INI.replace("=70", "=80");
        let now = fs::read(&file).unwrap_or_default();
        let now = match now.strip_prefix(&[0xff, 0xfe]) {
            Some(units) if name.starts_with("UTF-16") => wide_text(units),
            _ => String::from_utf8_lossy(&now).into_owned(),
        };
        let is_kept = now == wanted;
        let came = if is_kept { "one line is another, no other byte".to_owned() } else { format!("{now:?}") };
        checks.is(&format!("the file, {name}"), is_kept, &came);
    }

    let stick = machine.folder.join("stick");
    let beside = stick.join("tuiphone.exe");
    machine.write("stick/microsip.ini", &wide)?;
    fs::copy(&machine.exe, &beside).map_err(|e| format!("{}: {e}", beside.display()))?;
    let ran = machine.phone_at(&beside, &["config", "path"]);
    checks.ran("config path, portable", &ran, 0, &[r"\stick\microsip.ini"]);
    for folder in [stick, theirs, machine.roaming().join("tuiphone")] {
        fs::remove_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    Ok(())
}

fn wide_text(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units)
}
