//! `cargo xtask package try`: each package installed, run and removed in a Debian that has nothing else, as root. What is
//! mounted for it is seen by no other program, and ends with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::facts::Facts;
use super::{PACKING, folder, sum, wrong};
use crate::Failure;
use crate::run::{bounded, output, say, which};

/// How long a Debian may take to be fetched.
const FETCHING: Duration = Duration::from_secs(1200);

/// Enters a folder as root directory: `sh -c MOUNTED FOLDER PROGRAM ARGUMENTS…`.
const MOUNTED: &str =
    "mount -t proc proc \"$0/proc\"; mount --bind /dev \"$0/dev\"; HOME=/tmp/home exec timeout 60 chroot \"$0\" \"$@\"";

/// What must be there beside the program; of two places one.
const INSTALLED: [&[&str]; 7] = [
    &["usr/share/man/man1/tuiphone.1.gz"],
    &["usr/share/man/man5/tuiphone.5.gz"],
    &["usr/share/bash-completion/completions/tuiphone"],
    &["usr/share/zsh/vendor-completions/_tuiphone", "usr/share/zsh/site-functions/_tuiphone"],
    &["usr/share/fish/vendor_completions.d/tuiphone.fish"],
    &["usr/share/applications/tuiphone.desktop"],
    &["usr/lib/systemd/user/tuiphone.service"],
];

/// Tries every package of this version that is under `target/package`.
pub fn run(facts: &Facts, debian: Option<String>) -> Result<(), Failure> {
    let debian = debian.map_or_else(fetched, |at| Ok(PathBuf::from(at)))?;
    fs::create_dir_all(debian.join("tmp/home")).map_err(|e| wrong(&debian, &e))?;
    let mut packages: Vec<PathBuf> = fs::read_dir(folder())
        .map_err(|e| wrong(&folder(), &e))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| is_package(path, &facts.version))
        .collect();
    packages.sort();
    for package in &packages {
        let name = package.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let told = tried(facts, &debian, package, &name).map_err(|why| format!("{name}: {why}"))?;
        nothing_left(&debian).map_err(|why| format!("{name}: {why}"))?;
        println!("{name} {told}; sha256 {}", sum(package)?);
    }
    if packages.is_empty() {
        return Err("nothing to try under target/package: cargo xtask package first".into());
    }
    Ok(())
}

/// A package of the program itself, not its sources.
fn is_package(path: &Path, version: &str) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_kind = [".deb", ".rpm", "linux.tar.xz", "linux-musl.tar.xz"].iter().any(|end| name.ends_with(end));
    is_kind && name.starts_with("tuiphone") && name.contains(version)
}

/// A Debian of its own, kept for the next time.
fn fetched() -> Result<PathBuf, Failure> {
    let at = folder().join("debian");
    if at.join("bin/sh").exists() {
        return Ok(at);
    }
    which("debootstrap").ok_or("debootstrap is not here; or name a folder: package try FOLDER")?;
    say("fetching a Debian");
    bounded(Command::new("debootstrap").args(["--variant=minbase", "stable"]).arg(&at), FETCHING)?;
    Ok(at)
}

/// Installs, runs, removes one; what was seen.
fn tried(facts: &Facts, debian: &Path, package: &Path, name: &str) -> Result<String, Failure> {
    let copy = debian.join("tmp").join(name);
    fs::copy(package, &copy).map_err(|e| wrong(&copy, &e))?;
    let inside = format!("/tmp/{name}");
    let installs = if name.starts_with("tuiphone-headless") { "tuiphone-headless" } else { "tuiphone" };
    let told = if name.ends_with(".deb") {
        enter(debian, &["dpkg", "--install", &inside])?;
        let told = used(facts, debian, debian, "/usr/bin/tuiphone");
        enter(debian, &["dpkg", "--purge", installs])?;
        told
    } else if name.ends_with(".rpm") {
        // Debian knows no package by the names that it needs: they are told, not looked for.
        let root = debian.display().to_string();
        let rpm = |words: &[&str]| output("rpm", &[&["--root", root.as_str()], words].concat()).ok_or("rpm failed");
        rpm(&["--upgrade", "--replacepkgs", "--nodeps", &copy.display().to_string()])?;
        let told = used(facts, debian, debian, "/usr/bin/tuiphone");
        rpm(&["--verify", "--nodeps", installs])?;
        rpm(&["--erase", installs])?;
        told
    } else {
        let at = debian.join("opt/tuiphone");
        fs::create_dir_all(&at).map_err(|e| wrong(&at, &e))?;
        bounded(Command::new("tar").arg("-xJf").arg(&copy).arg("-C").arg(&at), PACKING)?;
        let told = used(facts, debian, &at, "/opt/tuiphone/usr/bin/tuiphone");
        if name.ends_with("musl.tar.xz") {
            alone(&at.join("usr/bin/tuiphone"))?;
        }
        fs::remove_dir_all(&at).map_err(|e| wrong(&at, &e))?;
        told
    };
    fs::remove_file(&copy).map_err(|e| wrong(&copy, &e))?;
    told
}

/// The program tells its version and calls its own echo; the rest lies where it should.
fn used(facts: &Facts, debian: &Path, installed: &Path, program: &str) -> Result<String, Failure> {
    let version = enter(debian, &[program, "--version", "--json"])?;
    if !version.contains(&format!("\"version\":\"{}\"", facts.version)) {
        return Err(format!("it says it is {version}"));
    }
    let call = enter(debian, &[program, "demo"])?;
    for places in INSTALLED {
        if !places.iter().any(|place| installed.join(place).is_file()) {
            return Err(format!("not there: {}", places.join(", ")));
        }
    }
    let call = call.lines().last().unwrap_or_default();
    Ok(format!("installed, run ({}), removed", call.trim()))
}

/// A static program runs where there is not one other file.
fn alone(program: &Path) -> Result<(), Failure> {
    let empty = folder().join("empty");
    fs::create_dir_all(&empty).map_err(|e| wrong(&empty, &e))?;
    fs::copy(program, empty.join("tuiphone")).map_err(|e| wrong(&empty, &e))?;
    let told = output("chroot", &[&empty.display().to_string(), "/tuiphone", "--version"]);
    fs::remove_dir_all(&empty).map_err(|e| wrong(&empty, &e))?;
    told.map(drop).ok_or_else(|| "it does not run in an empty folder".to_owned())
}

/// Runs a program with `debian` as its root directory; what it says, or that it failed.
fn enter(debian: &Path, words: &[&str]) -> Result<String, Failure> {
    let debian = debian.display().to_string();
    let around = ["--mount", "--propagation", "private", "sh", "-euc", MOUNTED, &debian];
    let told = output("unshare", &[&around[..], words].concat());
    told.ok_or_else(|| format!("{} failed there", words.join(" ")))
}

/// No file of the program stays, but what the tried one wrote in its home.
fn nothing_left(debian: &Path) -> Result<(), Failure> {
    let home = debian.join("tmp/home");
    let _ = fs::remove_dir_all(&home);
    fs::create_dir_all(&home).map_err(|e| wrong(&home, &e))?;
    let found = output("find", &[&debian.display().to_string(), "-xdev", "-name", "*tuiphone*"]);
    match found.as_deref().map(str::trim) {
        Some("") => Ok(()),
        Some(left) => Err(format!("this is left:\n{left}")),
        None => Err("find failed".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_told_from_sources_and_other_versions() {
        for (name, is) in [
            ("tuiphone-1.2-x86_64-linux.tar.xz", true),
            ("tuiphone-headless-1.2-x86_64-linux-musl.tar.xz", true),
            ("tuiphone_1.2-1_amd64.deb", true),
            ("tuiphone-1.2-1.x86_64.rpm", true),
            ("tuiphone-1.2.tar.xz", false),
            ("tuiphone-1.2-x86_64-windows.exe", false),
            ("tuiphone_1.1-1_amd64.deb", false),
        ] {
            assert_eq!(is_package(Path::new(name), "1.2"), is, "{name}");
        }
    }
}
