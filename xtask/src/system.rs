//! What the build needs from the system, and the package managers that have it.

use std::io::IsTerminal;
use std::process::Command;
use std::time::Duration;

use crate::Failure;
use crate::run::{bounded, output, say, which};

/// A package manager: its program, how it refreshes its lists, how it installs without a question, and its column in
/// [`NEEDS`].
struct Manager {
    program: &'static str,
    refresh: &'static [&'static str],
    install: &'static [&'static str],
    /// It wants to be root.
    rights: bool,
    column: usize,
}

const MANAGERS: [Manager; 6] = [
    Manager {
        program: "apt-get",
        refresh: &["update", "-qq"],
        install: &["install", "-y", "-qq", "--no-install-recommends"],
        rights: true,
        column: 0,
    },
    Manager { program: "dnf", refresh: &[], install: &["install", "-y"], rights: true, column: 1 },
    Manager { program: "pacman", refresh: &[], install: &["-Sy", "--noconfirm", "--needed"], rights: true, column: 2 },
    Manager { program: "zypper", refresh: &[], install: &["--non-interactive", "install"], rights: true, column: 3 },
    Manager { program: "apk", refresh: &[], install: &["add", "--no-cache"], rights: true, column: 4 },
    Manager { program: "brew", refresh: &[], install: &["install"], rights: false, column: 5 },
];

impl Manager {
    /// The commands that install these packages, with `rights` (`sudo -n`) before each where they are needed.
    fn commands(&self, packages: &[&str], rights: &[&str]) -> Vec<String> {
        let rights = if self.rights { rights } else { &[] };
        // The environment goes with the command: sudo does not pass ours on.
        let quiet: &[&str] = if self.program == "apt-get" { &["env", "DEBIAN_FRONTEND=noninteractive"] } else { &[] };
        let steps = [self.refresh.to_vec(), [self.install, packages].concat()];
        let steps = steps.into_iter().filter(|step| !step.is_empty());
        steps.map(|step| [rights, quiet, &[self.program], &step].concat().join(" ")).collect()
    }

    /// What a person is told to do.
    fn by_hand(&self, packages: &[&str]) -> String {
        let who = if self.rights { "as root: " } else { "" };
        format!("{who}{}", self.commands(packages, &[]).join(" && "))
    }
}

/// One thing the build needs: what it is for, how to see it, and its packages in the order of [`MANAGERS`].
pub struct Need {
    /// What a person calls it.
    pub name: &'static str,
    /// Why the build asks for it.
    pub why: &'static str,
    here: fn() -> bool,
    packages: [&'static str; 6],
}

impl Need {
    /// Whether the build will find it.
    pub fn is_here(&self) -> bool {
        (self.here)()
    }
}

/// Everything the default build needs beside Rust.
pub const NEEDS: [Need; 4] = [
    Need {
        name: "C compiler and make",
        why: "builds libopus",
        here: || which("cc").is_some() && (which("make").is_some() || which("ninja").is_some()),
        packages: ["gcc libc6-dev make", "gcc make", "gcc make", "gcc make", "gcc musl-dev make", "make"],
    },
    Need { name: "cmake", why: "configures libopus", here: || which("cmake").is_some(), packages: ["cmake"; 6] },
    Need {
        name: "pkg-config",
        why: "finds libasound",
        here: || !LINUX_SOUND || which("pkg-config").is_some(),
        packages: ["pkg-config", "pkgconf-pkg-config", "pkgconf", "pkg-config", "pkgconf", "pkgconf"],
    },
    Need {
        name: "libasound headers",
        why: "sound cards (not needed with --no-default-features)",
        here: || !LINUX_SOUND || output("pkg-config", &["--exists", "alsa"]).is_some(),
        packages: ["libasound2-dev", "alsa-lib-devel", "alsa-lib", "alsa-devel", "alsa-lib-dev", ""],
    },
];

/// ALSA is asked for on these systems only.
const LINUX_SOUND: bool = cfg!(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd"));

/// Sees to it that everything of [`NEEDS`] is here: installs what is missing, or says what a person must do.
pub fn prepare(install: bool) -> Result<(), Failure> {
    let missing: Vec<&Need> = NEEDS.iter().filter(|n| !n.is_here()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if cfg!(windows) {
        return Err(explain(&missing, "Visual Studio's C++ workload has a C compiler and cmake"));
    }
    let Some(manager) = manager() else {
        return Err(explain(&missing, "no package manager known here; install them by hand"));
    };
    let packages: Vec<&str> = missing.iter().flat_map(|n| n.packages[manager.column].split_whitespace()).collect();
    let by_hand = manager.by_hand(&packages);
    if !install {
        return Err(explain(&missing, &by_hand));
    }
    for need in &missing {
        say(&format!("missing: {} ({})", need.name, need.why));
    }
    call(manager, &packages)?;
    let still: Vec<&Need> = NEEDS.iter().filter(|n| !n.is_here()).collect();
    if still.is_empty() { Ok(()) } else { Err(explain(&still, &by_hand)) }
}

/// Installs packages of Debian and its kin by name; an error elsewhere.
pub fn apt(packages: &[&str]) -> Result<(), Failure> {
    match manager() {
        Some(m) if m.program == "apt-get" => call(m, packages),
        _ => Err("only known for apt".into()),
    }
}

/// Whether this is a system whose packages [`apt`] knows.
pub fn has_apt() -> bool {
    manager().is_some_and(|m| m.program == "apt-get")
}

fn manager() -> Option<&'static Manager> {
    MANAGERS.iter().find(|m| which(m.program).is_some())
}

/// Refreshes the lists where that is a step of its own, then installs, without a question asked.
fn call(manager: &Manager, packages: &[&str]) -> Result<(), Failure> {
    let by_hand = manager.by_hand(packages);
    carry_out(manager, packages).map_err(|why| format!("{why}\nhint: {by_hand}"))
}

fn carry_out(manager: &Manager, packages: &[&str]) -> Result<(), Failure> {
    let rights = if manager.rights { rights()? } else { Vec::new() };
    for line in manager.commands(packages, &rights) {
        say(&line);
        let mut words = line.split(' ');
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words);
        bounded(&mut command, Duration::from_secs(15 * 60)).map_err(|why| format!("{line}: {why}"))?;
    }
    Ok(())
}

/// What makes us root: nothing, or the program that asks for the password where a person can give it.
fn rights() -> Result<Vec<&'static str>, Failure> {
    if is_root() {
        return Ok(Vec::new());
    }
    let program = ["sudo", "doas"].into_iter().find(|p| which(p).is_some());
    let program = program.ok_or("installing needs root, and neither sudo nor doas is here")?;
    let asks = std::io::stdin().is_terminal();
    Ok(if asks { vec![program] } else { vec![program, "-n"] })
}

fn is_root() -> bool {
    output("id", &["-u"]).is_some_and(|id| id.trim() == "0")
}

fn explain(missing: &[&Need], hint: &str) -> Failure {
    let names: Vec<String> = missing.iter().map(|n| format!("{} ({})", n.name, n.why)).collect();
    format!("missing: {}\nhint: {hint}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last command of the manager for all of [`NEEDS`] at once.
    fn install(manager: &Manager, rights: &[&str]) -> Option<String> {
        let packages: Vec<&str> = NEEDS.iter().flat_map(|n| n.packages[manager.column].split_whitespace()).collect();
        manager.commands(&packages, rights).pop()
    }

    #[test]
    fn every_manager_installs_everything_without_a_question() {
        let rows = [
            "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
             gcc libc6-dev make cmake pkg-config libasound2-dev",
            "sudo -n dnf install -y gcc make cmake pkgconf-pkg-config alsa-lib-devel",
            "sudo -n pacman -Sy --noconfirm --needed gcc make cmake pkgconf alsa-lib",
            "sudo -n zypper --non-interactive install gcc make cmake pkg-config alsa-devel",
            "sudo -n apk add --no-cache gcc musl-dev make cmake pkgconf alsa-lib-dev",
            "brew install make cmake pkgconf",
        ];
        assert_eq!(rows.len(), MANAGERS.len());
        for (manager, row) in MANAGERS.iter().zip(rows) {
            assert_eq!(install(manager, &["sudo", "-n"]).as_deref(), Some(row));
        }
    }

    #[test]
    fn root_needs_no_help_and_old_lists_are_renewed() {
        let [apt, ..] = &MANAGERS;
        let quiet = "env DEBIAN_FRONTEND=noninteractive apt-get";
        let expected = [format!("{quiet} update -qq"), format!("{quiet} install -y -qq --no-install-recommends sox")];
        assert_eq!(apt.commands(&["sox"], &[]), expected);
    }
}
