//! The package of Debian and its kin.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{PACKING, Release, put, squeeze, wrong};
use crate::Failure;
use crate::run::{bounded, output, which};

/// Who answers for the package.
const MAINTAINER: &str = "The tuiphone maintainers <maintainers@tuiphone.invalid>";

/// What lintian is told, and why.
const OVERRIDES: &str = "\
# No upload to Debian: no request there is closed by it.
NAME: initial-upload-closes-no-bugs *
";

/// Packs it; where there is no dpkg-deb that is said.
pub fn pack(release: &Release, name: &str) -> Result<PathBuf, Failure> {
    which("dpkg-deb").ok_or("dpkg-deb is not here: packages of Debian are made on Debian or Ubuntu")?;
    let architecture = output("dpkg", &["--print-architecture"]).ok_or("dpkg tells no architecture")?;
    let architecture = architecture.trim();
    let version = format!("{}-1", release.version);
    let root = release.folder.join("deb");
    let _ = fs::remove_dir_all(&root);
    bounded(Command::new("cp").arg("-a").arg(&release.tree).arg(&root), PACKING)?;
    let doc = root.join("usr/share/doc");
    if name != "tuiphone" {
        fs::rename(doc.join("tuiphone"), doc.join(name)).map_err(|e| wrong(&doc, &e))?;
    }
    put(&doc.join(name).join("copyright"), copyright().as_bytes(), 0o644)?;
    let changes = doc.join(name).join("changelog.Debian");
    put(&changes, changelog(name, &version, release.time)?.as_bytes(), 0o644)?;
    squeeze(&changes)?;
    let overrides = OVERRIDES.replace("NAME:", &format!("{name}:"));
    put(&root.join("usr/share/lintian/overrides").join(name), overrides.as_bytes(), 0o644)?;
    let size = size_kb(&root)?;
    put(&root.join("DEBIAN/md5sums"), sums(&root)?.as_bytes(), 0o644)?;
    put(&root.join("DEBIAN/control"), control(name, &version, architecture, size).as_bytes(), 0o644)?;
    let file = release.folder.join(format!("{name}_{version}_{architecture}.deb"));
    let mut build = Command::new("dpkg-deb");
    build.env("SOURCE_DATE_EPOCH", release.time.to_string());
    build.args(["--root-owner-group", "-Zxz", "--build"]).arg(&root).arg(&file);
    bounded(&mut build, PACKING)?;
    Ok(file)
}

fn control(name: &str, version: &str, architecture: &str, size_kb: u64) -> String {
    let (recommends, other) = match name {
        // It starts without, and says so.
        "tuiphone" => ("Recommends: libasound2 | libasound2t64, libasound2-plugins\n", "tuiphone-headless"),
        _ => ("", "tuiphone"),
    };
    format!(
        "Package: {name}\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: {MAINTAINER}\n\
         Installed-Size: {size_kb}\nDepends: libc6 (>= 2.36), libgcc-s1\n{recommends}Conflicts: {other}\n\
         Section: comm\nPriority: optional\n\
         Description: softphone that lives in a terminal\n \
         Calls over SIP from a terminal, over SSH and in tmux, with or without a sound\n \
         card: an interface by keys and mouse, a line mode for screen readers and\n \
         expect(1), and verbs for scripts that answer in JSON.\n .\n \
         It reads and keeps MicroSIP's microsip.ini and understands MicroSIP's\n \
         command line.\n"
    )
}

fn copyright() -> String {
    "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\
     Upstream-Name: tuiphone\n\n\
     Files: *\nCopyright: The tuiphone maintainers\nLicense: MIT or Apache-2.0\n\
     Comment: \"tuiphone licenses\" lists every package that is built into the program, and its licence.\n\n\
     License: MIT\n"
        .to_owned()
        + &quoted(include_str!("../../../LICENSE-MIT"))
        + "\nLicense: Apache-2.0\n On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.\n"
}

/// As a field takes it: each line behind a blank, empty ones as a dot.
fn quoted(text: &str) -> String {
    text.lines().map(|line| if line.trim().is_empty() { " .\n".to_owned() } else { format!(" {line}\n") }).collect()
}

fn changelog(name: &str, version: &str, time: u64) -> Result<String, Failure> {
    let date = output("date", &["-u", "-R", "-d", &format!("@{time}")]).ok_or("date tells no date")?;
    let head = format!("{name} ({version}) unstable; urgency=medium");
    Ok(format!("{head}\n\n  * Changes are listed in changelog.gz.\n\n -- {MAINTAINER}  {}\n", date.trim()))
}

/// KiB of all files, as Installed-Size counts.
fn size_kb(root: &Path) -> Result<u64, Failure> {
    let bytes: u64 = files(root)?.iter().filter_map(|file| fs::metadata(file).ok()).map(|data| data.len()).sum();
    Ok(bytes.div_ceil(1024))
}

fn sums(root: &Path) -> Result<String, Failure> {
    let line = |file: &PathBuf| {
        let sum =
            output("md5sum", &[&file.display().to_string()]).ok_or_else(|| format!("{}: no sum", file.display()))?;
        let place = file.strip_prefix(root).map_err(|e| e.to_string())?;
        Ok(format!("{}  {}\n", sum.split_whitespace().next().unwrap_or_default(), place.display()))
    };
    files(root)?.iter().map(line).collect()
}

/// Every file below, in order.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| wrong(folder, &e))?.flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(files(&path)?),
            path => found.push(path),
        }
    }
    found.sort();
    Ok(found)
}
