//! What the build needs from the system, and the package managers that have it.

use std::process::Command;
use std::time::Duration;

use crate::Failure;
use crate::run::{bounded, output, say, which};

/// A package manager: its program, how it refreshes, how it installs, and our name for its column in [`NEEDS`].
struct Manager {
    program: &'static str,
    refresh: &'static [&'static str],
    install: &'static [&'static str],
    column: usize,
}

const MANAGERS: [Manager; 6] = [
    Manager {
        program: "apt-get",
        refresh: &["update", "-qq"],
        install: &["install", "-y", "-qq", "--no-install-recommends"],
        column: 0,
    },
    Manager { program: "dnf", refresh: &[], install: &["install", "-y"], column: 1 },
    Manager { program: "pacman", refresh: &[], install: &["-Sy", "--noconfirm", "--needed"], column: 2 },
    Manager { program: "zypper", refresh: &[], install: &["--non-interactive", "install"], column: 3 },
    Manager { program: "apk", refresh: &[], install: &["add", "--no-cache"], column: 4 },
    Manager { program: "brew", refresh: &[], install: &["install"], column: 5 },
];

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
    let by_hand = format!("{} {} {}", manager.program, manager.install.join(" "), packages.join(" "));
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
    for step in [manager.refresh.to_vec(), [manager.install, packages].concat()] {
        if step.is_empty() {
            continue;
        }
        let mut words: Vec<&str> = Vec::new();
        if manager.program != "brew" && !is_root() {
            words.extend(["sudo", "-n"]);
        }
        words.extend(["env", "DEBIAN_FRONTEND=noninteractive", manager.program]);
        words.extend(step);
        say(&words.join(" "));
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        bounded(&mut command, Duration::from_secs(15 * 60))?;
    }
    Ok(())
}

fn is_root() -> bool {
    output("id", &["-u"]).is_some_and(|id| id.trim() == "0")
}

fn explain(missing: &[&Need], hint: &str) -> Failure {
    let names: Vec<String> = missing.iter().map(|n| format!("{} ({})", n.name, n.why)).collect();
    format!("missing: {}\nhint: {hint}", names.join(", "))
}
