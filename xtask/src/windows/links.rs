//! Links of other programs, in the person's part of the registry.

use super::checks::Checks;
use super::machine::Machine;

const CLASSES: &str = r"HKCU\Software\Classes";

/// Looks at them. Not on Windows itself: there it would be the registry of whoever runs this.
pub fn look(machine: &Machine, checks: &mut Checks) {
    if !machine.is_wine() {
        return checks.skipped("links", "the registry here is a person's own");
    }
    let command = |scheme: &str| format!(r"{CLASSES}\{scheme}\shell\open\command");
    let open = |scheme: &str| machine.run("reg", &["query", &command(scheme), "/ve"]);
    machine.run("reg", &["add", &command("sip"), "/ve", "/d", r#""C:\MicroSIP\microsip.exe" "%1""#, "/f"]);
    let installed = machine.phone(&["url", "--install"]);
    checks.ran("url --install", &installed, 0, &["sips tel callto", "sip: left to the program that opens it"]);
    checks.ran("tel: in the registry", &open("tel"), 0, &["tuiphone.exe", "url", "--", "%1"]);
    checks.ran("sip: in the registry", &open("sip"), 0, &["microsip.exe"]);
    checks.ran("url --uninstall", &machine.phone(&["url", "--uninstall"]), 0, &["no longer opens"]);
    checks.ran("tel: is gone", &open("tel"), 1, &[]);
    checks.ran("sip: is as it was", &open("sip"), 0, &["microsip.exe"]);
    checks.ran("url --uninstall again", &machine.phone(&["url", "--uninstall"]), 0, &["nothing to do"]);
}
