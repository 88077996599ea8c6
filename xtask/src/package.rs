//! `cargo xtask package`: a release build as people install it. What is said of it stands once (`facts`), and what goes
//! where (`tree`); the forms it is put into are the other rooms.

mod build;
mod deb;
mod faces;
mod facts;
mod rpm;
mod sbom;
mod tree;
mod trial;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use crate::run::{bounded, output, root, say, target};
use crate::{Failure, take, take_value};
use facts::Facts;

/// How long a step that only packs may take.
const PACKING: Duration = Duration::from_secs(300);

/// What was asked for.
#[derive(Default)]
struct Wish {
    /// Without sound cards.
    headless: bool,
    /// The triple of another system.
    target: Option<String>,
}

/// What all forms are made from.
struct Release {
    facts: Facts,
    /// Of the package: that without sound cards has another one.
    name: String,
    /// Machine and system, as archives are called.
    platform: String,
    /// Seconds since 1970 of the last change: every file is that old, so the same sources make the same package.
    time: u64,
    /// The program.
    program: PathBuf,
    /// `usr` and what is below it.
    tree: PathBuf,
}

/// Builds, and puts every form of package under `target/package`; or one of the words of the usage.
pub fn run(mut arguments: Vec<String>) -> Result<(), Failure> {
    let wish = Wish { headless: take(&mut arguments, "headless"), target: take_value(&mut arguments, "--target")? };
    let from = take_value(&mut arguments, "--from")?;
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let made = match (words.as_slice(), from) {
        (["manifests"], Some(from)) => faces::write(&Facts::read()?, &from, time()?)?,
        (["manifests"], None) => {
            return Err("manifests need --from URL, where the files of the release will lie".into());
        }
        (["try", debian @ ..], None) => return trial::run(&Facts::read()?, debian.first().map(|at| (*at).to_owned())),
        (["tree"], None) => vec![release(&wish)?.tree],
        ([], None) => forms(&wish)?,
        _ => return Err(format!("not understood: {}", words.join(" "))),
    };
    for file in made {
        let size = fs::metadata(&file).map_err(|e| wrong(&file, &e))?;
        match size.is_dir() {
            true => say(&file.display().to_string()),
            false => say(&format!("{} ({:.2} MB) sha256 {}", file.display(), size.len() as f64 / 1e6, sum(&file)?)),
        }
    }
    Ok(())
}

/// Every form there is for the system that is built for.
fn forms(wish: &Wish) -> Result<Vec<PathBuf>, Failure> {
    if wish.target.as_ref().is_some_and(|target| target.contains("windows")) {
        let facts = Facts::read()?;
        let file = folder().join(windows(&facts.version));
        fs::copy(build::build(wish)?, &file).map_err(|e| wrong(&file, &e))?;
        return Ok(vec![file]);
    }
    let release = release(wish)?;
    let mut made = vec![tarball(&release)?];
    // Packages of a system are made by its own tools, for the C library that is here.
    if wish.target.is_none() {
        made.extend(deb::pack(&release)?);
        made.extend(rpm::pack(&release)?);
    }
    made.push(sbom::write(&release)?);
    Ok(made)
}

/// Builds, and lays out what is installed.
fn release(wish: &Wish) -> Result<Release, Failure> {
    let time = time()?;
    let program = build::build(wish)?;
    let host = output("rustc", &["-vV"]).and_then(|told| build::value(&told, "host: ")).unwrap_or_default();
    let release = Release {
        facts: Facts::read()?,
        name: if wish.headless { "tuiphone-headless" } else { "tuiphone" }.to_owned(),
        platform: platform(wish.target.as_ref().unwrap_or(&host)),
        time,
        program,
        tree: folder().join("tree"),
    };
    tree::lay_out(&release)?;
    Ok(release)
}

/// Where everything lies that is made here.
fn folder() -> PathBuf {
    target().join("package")
}

/// The hour of the sources: as somebody says, of the last commit, or what an archive of that commit gives its files.
fn time() -> Result<u64, Failure> {
    if let Some(time) = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|time| time.parse().ok()) {
        return Ok(time);
    }
    // Else a repository around the folder would be asked.
    let is_ours = root().join(".git").exists();
    let commit = is_ours.then(|| output("git", &["log", "-1", "--format=%ct"])).flatten();
    if let Some(time) = commit.and_then(|time| time.trim().parse().ok()) {
        return Ok(time);
    }
    let file = root().join("Cargo.toml");
    let changed = fs::metadata(&file).and_then(|data| data.modified()).map_err(|e| wrong(&file, &e))?;
    changed.duration_since(UNIX_EPOCH).map(|time| time.as_secs()).map_err(|e| e.to_string())
}

/// `x86_64-linux`, `x86_64-linux-musl`: without who sold the machine, and with the C library where it is not the usual one.
fn platform(triple: &str) -> String {
    let parts: Vec<&str> = triple.split('-').filter(|part| !["unknown", "pc", "gnu"].contains(part)).collect();
    parts.join("-")
}

/// The program for Windows, as it is offered.
fn windows(version: &str) -> String {
    format!("tuiphone-{version}-x86_64-windows.exe")
}

/// A `.tar.xz` of all of it.
fn tarball(release: &Release) -> Result<PathBuf, Failure> {
    let file = folder().join(format!("{}-{}-{}.tar.xz", release.name, release.facts.version, release.platform));
    let mut tar = Command::new("tar");
    tar.args(["--sort=name", "--format=gnu", "--owner=0", "--group=0", "--numeric-owner"]);
    // One thread: more of them cut the file into other pieces.
    tar.arg(format!("--mtime=@{}", release.time)).env("XZ_OPT", "-9e -T1");
    tar.arg("-cJf").arg(&file).arg("-C").arg(&release.tree).arg("usr");
    bounded(&mut tar, PACKING)?;
    Ok(file)
}

/// The SHA-256 of a file.
fn sum(file: &Path) -> Result<String, Failure> {
    let file = file.display().to_string();
    let told = output("sha256sum", &[&file]).or_else(|| output("shasum", &["-a", "256", &file]));
    let sum = told.as_deref().and_then(|told| told.split_whitespace().next()).map(str::to_owned);
    sum.ok_or_else(|| format!("{file}: neither sha256sum nor shasum gives its sum"))
}

fn wrong(file: &Path, why: &std::io::Error) -> Failure {
    format!("{}: {why}", file.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_called_by_machine_and_system() {
        assert_eq!(platform("x86_64-unknown-linux-gnu"), "x86_64-linux");
        assert_eq!(platform("aarch64-unknown-linux-musl"), "aarch64-linux-musl");
        assert_eq!(platform("x86_64-pc-windows-gnu"), "x86_64-windows");
        assert!(windows("1.0").contains(&platform("x86_64-pc-windows-gnu")));
    }

    #[test]
    fn words_that_are_not_there_are_said() {
        let run = |words: &str| run(words.split_whitespace().map(str::to_owned).collect());
        assert!(run("manifests").is_err_and(|why| why.contains("--from")));
        assert!(run("--target").is_err_and(|why| why.contains("needs a value")));
        assert!(run("tarball").is_err_and(|why| why.contains("not understood")));
    }
}
