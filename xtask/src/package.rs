//! `cargo xtask package`: a release build as people install it. What goes where stands here once; the forms it is put into
//! are below.

mod deb;
mod sbom;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::Failure;
use crate::run::{LONG, bounded, cargo_for, output, root, say, target};

/// How long a step that only packs may take.
const PACKING: Duration = Duration::from_secs(300);

/// What all forms are made from.
pub struct Release {
    /// The version, as Cargo.toml has it.
    pub version: String,
    /// Seconds since 1970 of the last change: every file is that old, so the same sources make the same package.
    pub time: u64,
    /// `usr` and what is below it.
    pub tree: PathBuf,
    /// Where packages are put.
    pub folder: PathBuf,
}

/// Builds, and puts every form of package under `target/package`; with `headless` one without sound cards.
pub fn run(headless: bool) -> Result<(), Failure> {
    let mut build = vec!["build", "--release", "--locked", "--package", "tuiphone", "--bin", "tuiphone"];
    build.extend(headless.then_some(["--no-default-features", "--features", "tls,history,http"]).into_iter().flatten());
    cargo_for(&build, LONG)?;
    let program = target().join("release").join("tuiphone");
    let folder = target().join("package");
    let tree = folder.join("tree");
    let _ = fs::remove_dir_all(&tree);
    let version = version()?;
    let time = output("git", &["log", "-1", "--format=%ct"]).and_then(|time| time.trim().parse().ok()).unwrap_or(0);
    let release = Release { version, time, tree, folder };
    lay_out(&release, &program)?;
    let name = if headless { "tuiphone-headless" } else { "tuiphone" };
    let made = [tarball(&release, name)?, deb::pack(&release, name)?, sbom::write(&release)?];
    for file in made {
        let size = fs::metadata(&file).map_err(|e| wrong(&file, &e))?.len();
        say(&format!("{} ({:.2} MB)", file.display(), size as f64 / 1e6));
    }
    Ok(())
}

fn version() -> Result<String, Failure> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).map_err(|e| format!("Cargo.toml: {e}"))?;
    let line =
        manifest.lines().find_map(|line| line.strip_prefix("version = \"")).ok_or("Cargo.toml has no version")?;
    Ok(line.trim_end_matches('"').to_owned())
}

/// Everything where it belongs below `usr`.
fn lay_out(release: &Release, program: &Path) -> Result<(), Failure> {
    let share = release.tree.join("usr/share");
    put(&release.tree.join("usr/bin/tuiphone"), &read(program)?, 0o755)?;
    for section in ["man1", "man5", "man7"] {
        let pages = root().join("man").join(section);
        for page in fs::read_dir(&pages).map_err(|e| wrong(&pages, &e))?.flatten() {
            let at = share.join("man").join(section).join(page.file_name());
            put(&at, &read(&page.path())?, 0o644)?;
            squeeze(&at)?;
        }
    }
    for (shell, at) in [
        ("bash", "bash-completion/completions/tuiphone"),
        ("zsh", "zsh/vendor-completions/_tuiphone"),
        ("fish", "fish/vendor_completions.d/tuiphone.fish"),
    ] {
        let script = output(&program.display().to_string(), &["completions", shell]).ok_or("no completions")?;
        put(&share.join(at), script.as_bytes(), 0o644)?;
    }
    put(&share.join("applications/tuiphone.desktop"), &read(&root().join("contrib/desktop/tuiphone.desktop"))?, 0o644)?;
    for unit in ["tuiphone.service", "tuiphone.socket"] {
        let text = String::from_utf8_lossy(&read(&root().join("contrib/systemd").join(unit))?).into_owned();
        let text = text.replace("%h/.cargo/bin/tuiphone", "/usr/bin/tuiphone");
        // What the head says of copying it is not for whoever has a package.
        let body: Vec<&str> = text.lines().filter(|line| !line.starts_with("#   ")).collect();
        put(&release.tree.join("usr/lib/systemd/user").join(unit), (body.join("\n") + "\n").as_bytes(), 0o644)?;
    }
    let changes = share.join("doc/tuiphone/changelog");
    put(&changes, &read(&root().join("CHANGELOG.md"))?, 0o644)?;
    squeeze(&changes)
}

/// A `.tar.xz` of all of it.
fn tarball(release: &Release, name: &str) -> Result<PathBuf, Failure> {
    let name = format!("{name}-{}-{}-linux.tar.xz", release.version, std::env::consts::ARCH);
    let file = release.folder.join(name);
    let mut tar = Command::new("tar");
    tar.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner", &format!("--mtime=@{}", release.time)]);
    tar.env("XZ_OPT", "-9e").arg("-cJf").arg(&file).arg("-C").arg(&release.tree).arg("usr");
    bounded(&mut tar, PACKING)?;
    Ok(file)
}

/// A file with these rights, its folders made.
fn put(at: &Path, bytes: &[u8], rights: u32) -> Result<(), Failure> {
    let folder = at.parent().ok_or("a file without a folder")?;
    fs::create_dir_all(folder).map_err(|e| wrong(folder, &e))?;
    fs::write(at, bytes).map_err(|e| wrong(at, &e))?;
    fs::set_permissions(at, fs::Permissions::from_mode(rights)).map_err(|e| wrong(at, &e))
}

/// `gzip` without name and time in it.
fn squeeze(file: &Path) -> Result<(), Failure> {
    bounded(Command::new("gzip").args(["-9", "-n", "-f"]).arg(file), PACKING)
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|e| wrong(file, &e))
}

fn wrong(file: &Path, why: &std::io::Error) -> Failure {
    format!("{}: {why}", file.display())
}
