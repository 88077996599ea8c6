//! What a package installs, and where: `usr` and what is below it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use super::{PACKING, Release, wrong};
use crate::Failure;
use crate::run::{bounded, output, root};

/// What the program itself prints, and its place for shells that follow their own project.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "bash-completion/completions/tuiphone"),
    ("zsh", "zsh/site-functions/_tuiphone"),
    ("fish", "fish/vendor_completions.d/tuiphone.fish"),
];

/// Files that are installed as they are: where they lie, where they go.
const AS_THEY_ARE: [(&str, &str); 1] = [("contrib/desktop/tuiphone.desktop", "share/applications/tuiphone.desktop")];

/// Units of systemd, of its users.
const UNITS: [&str; 2] = ["tuiphone.service", "tuiphone.socket"];

/// Sections of the manual.
const SECTIONS: [&str; 3] = ["man1", "man5", "man7"];

/// The texts of the licences.
pub const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// Lays everything out anew.
pub fn lay_out(release: &Release) -> Result<(), Failure> {
    let _ = fs::remove_dir_all(&release.tree);
    let usr = release.tree.join("usr");
    put(&usr.join("bin/tuiphone"), &read(&release.program)?, 0o755)?;
    for (page, at) in pages()? {
        let at = usr.join("share/man").join(at);
        put(&at, &read(&page)?, 0o644)?;
        squeeze(&at)?;
    }
    for (shell, at) in COMPLETIONS {
        let script = output(&release.program.display().to_string(), &["completions", shell]).ok_or("no completions")?;
        put(&usr.join("share").join(at), script.as_bytes(), 0o644)?;
    }
    for (from, to) in AS_THEY_ARE {
        put(&usr.join(to), &read(&root().join(from))?, 0o644)?;
    }
    for unit in UNITS {
        let text = String::from_utf8_lossy(&read(&root().join("contrib/systemd").join(unit))?).into_owned();
        put(&usr.join("lib/systemd/user").join(unit), installed(&text).as_bytes(), 0o644)?;
    }
    for licence in LICENCES {
        let at = usr.join("share/licenses").join(&release.name).join(licence);
        put(&at, &read(&root().join(licence))?, 0o644)?;
    }
    let changes = usr.join("share/doc").join(&release.name).join("changelog");
    put(&changes, &read(&root().join("CHANGELOG.md"))?, 0o644)?;
    squeeze(&changes)?;
    date(&release.tree, release.time)
}

/// The pages of the manual, and each one's place.
fn pages() -> Result<Vec<(PathBuf, PathBuf)>, Failure> {
    let mut pages = Vec::new();
    for section in SECTIONS {
        let folder = root().join("man").join(section);
        for page in fs::read_dir(&folder).map_err(|e| wrong(&folder, &e))?.flatten() {
            pages.push((page.path(), Path::new(section).join(page.file_name())));
        }
    }
    Ok(pages)
}

/// A unit for a program in a folder that systemd looks in (`/usr/bin`, `/usr/local/bin`); what its head says of copying it is
/// not for whoever has a package.
fn installed(unit: &str) -> String {
    let text = unit.replace("%h/.cargo/bin/tuiphone", "tuiphone");
    text.lines().filter(|line| !line.starts_with("#   ")).map(|line| format!("{line}\n")).collect()
}

/// A file with these rights, its folders made.
pub fn put(at: &Path, bytes: &[u8], rights: u32) -> Result<(), Failure> {
    let folder = at.parent().ok_or("a file without a folder")?;
    fs::create_dir_all(folder).map_err(|e| wrong(folder, &e))?;
    fs::write(at, bytes).map_err(|e| wrong(at, &e))?;
    fs::set_permissions(at, fs::Permissions::from_mode(rights)).map_err(|e| wrong(at, &e))
}

/// `gzip` without name and time in it.
pub fn squeeze(file: &Path) -> Result<(), Failure> {
    bounded(Command::new("gzip").args(["-9", "-n", "-f"]).arg(file), PACKING)
}

/// Gives all below a folder, and it, the hour of the release, and folders the rights that a umask may have taken.
pub fn date(folder: &Path, time: u64) -> Result<(), Failure> {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(time);
    for path in all(folder)? {
        if path.is_dir() {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).map_err(|e| wrong(&path, &e))?;
        }
        let set = fs::File::open(&path).and_then(|file| file.set_modified(time));
        set.map_err(|e| wrong(&path, &e))?;
    }
    Ok(())
}

/// Every file below, in order.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    Ok(all(folder)?.into_iter().filter(|path| !path.is_dir()).collect())
}

/// A folder and all below it, in order.
fn all(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = vec![folder.to_path_buf()];
    for entry in fs::read_dir(folder).map_err(|e| wrong(folder, &e))?.flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(all(&path)?),
            path => found.push(path),
        }
    }
    found.sort();
    Ok(found)
}

/// A whole file.
pub fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|e| wrong(file, &e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_installed_is_there() {
        let is_there = |path: &str| assert!(root().join(path).is_file(), "{path}");
        AS_THEY_ARE.iter().for_each(|(from, _)| is_there(from));
        LICENCES.iter().for_each(|licence| is_there(licence));
        UNITS.iter().for_each(|unit| is_there(&format!("contrib/systemd/{unit}")));
        let pages = pages().expect("pages");
        for page in ["man1/tuiphone.1", "man5/tuiphone.5", "man7/tuiphone-control.7"] {
            assert!(pages.iter().any(|(_, at)| at == Path::new(page)), "{page}");
        }
    }

    #[test]
    fn the_units_start_the_program_of_the_package() {
        for unit in UNITS {
            let text = fs::read_to_string(root().join("contrib/systemd").join(unit)).expect("a unit");
            let text = installed(&text);
            assert!(!text.contains(".cargo") && !text.contains("cp contrib"), "{text}");
            assert_eq!(text.contains("\nExecStart=tuiphone daemon"), unit.ends_with(".service"), "{text}");
        }
    }

    #[test]
    fn a_tree_has_one_hour_and_plain_rights() {
        let folder = std::env::temp_dir().join(format!("xtask-tree-{}", std::process::id()));
        put(&folder.join("usr/bin/x"), b"x", 0o755).expect("put");
        fs::set_permissions(folder.join("usr"), fs::Permissions::from_mode(0o700)).expect("rights");
        date(&folder, 1_000_000_000).expect("date");
        for path in all(&folder).expect("all") {
            let data = fs::metadata(&path).expect("data");
            assert_eq!(data.modified().ok(), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)));
            assert_eq!(data.permissions().mode() & 0o777, 0o755, "{}", path.display());
        }
        assert_eq!(files(&folder).expect("files"), [folder.join("usr/bin/x")]);
        fs::remove_dir_all(&folder).expect("away");
    }
}
