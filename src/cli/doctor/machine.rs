//! What of this machine a phone depends on: its files, its socket, its clock's urgency, its sound cards.

use super::Patient;
use super::finding::{Finding, Fix};
use crate::audio::priority::{Priority, raise};
use crate::config::Fault;
use crate::control::link::{Link, devices};
use crate::control::verb::Request;
use crate::control::{CommandError, ExitCode};
use crate::text::plain_error;
use serde_json::Value;
use std::path::Path;

/// Findings of the settings that are told one by one.
const MOST_TOLD: usize = 5;

/// The settings: what is odd in them.
pub(super) fn settings(patient: &Patient) -> Vec<Finding> {
    let (name, tried) = ("settings", "read");
    let files = match &patient.files {
        Ok(files) => files,
        Err(error) => return vec![Finding::of_error(name, tried, "", error)],
    };
    let path = files.ini.path.display().to_string();
    if files.named && !files.ini.exists {
        return vec![Finding::of_error(name, tried, path, &files.missing())];
    }
    if let Err(error) = &patient.session {
        return vec![Finding::of_error(name, tried, path, error)];
    }
    if !files.ini.exists {
        return vec![Finding::ok(name, tried, path, "there is no such file; every setting has its default")];
    }
    let found = crate::config::check(&files.main, &files.overlays);
    let faults: Vec<String> = found
        .iter()
        .filter(|it| !it.fault.is_note() || it.fault == Fault::Open)
        .map(|it| files.located(&it.warning))
        .collect();
    if faults.is_empty() {
        return vec![Finding::ok(name, tried, path, "nothing is odd")];
    }
    let more = faults.len().saturating_sub(MOST_TOLD);
    let mut told = faults.into_iter().take(MOST_TOLD).collect::<Vec<_>>().join("; ");
    if more > 0 {
        told += &format!("; and {more} more");
    }
    vec![Finding::ok(name, tried, path, told).warn().then("tuiphone config check lists them all")]
}

/// The files with secrets are their owner's alone.
pub(super) fn files(patient: &Patient) -> Vec<Finding> {
    let (name, tried) = ("files", "look at the rights of");
    let ini = patient.files.as_ref().ok().filter(|files| files.ini.exists).map(|files| files.ini.path.clone());
    let Some(path) = ini else { return vec![Finding::skip(name, tried, "", "there is no ini file")] };
    let on = path.display().to_string();
    match mode(&path) {
        None => vec![Finding::skip(name, tried, on, "this system has no such rights")],
        Some(Err(why)) => vec![Finding::ok(name, tried, on, why).fail(ExitCode::Config)],
        Some(Ok(mode)) if mode & 0o077 != 0 && patient.keeps_secrets() => vec![
            Finding::ok(
                name,
                tried,
                on,
                format!("others on this machine may read it ({mode:04o}), and it holds secrets"),
            )
            .warn()
            .then(format!("chmod 600 {}; or tuiphone doctor --fix", path.display()))
            .mended_by(Fix::Rights(path, 0o600)),
        ],
        Some(Ok(mode)) => vec![Finding::ok(name, tried, on, format!("{mode:04o}"))],
    }
}

/// Where the control socket is.
pub(super) fn socket(patient: &Patient) -> Vec<Finding> {
    let (name, tried, on) = ("socket", "look at", patient.socket.display().to_string());
    let folder = patient.socket.parent().unwrap_or(Path::new("."));
    match mode(folder) {
        None => vec![Finding::skip(name, tried, on, "named pipes have no folder")],
        Some(_) if !folder.exists() => {
            vec![Finding::ok(name, tried, on, "its folder is made, its owner's alone, when a phone starts")]
        }
        Some(Err(why)) => vec![Finding::ok(name, tried, on, why).fail(ExitCode::NoDaemon)],
        Some(Ok(mode)) if mode & 0o022 != 0 && mode & 0o1000 == 0 => {
            let found = format!("others may write to {} ({mode:04o}): no phone starts there", folder.display());
            let finding = Finding::ok(name, tried, on, found).fail(ExitCode::NoDaemon);
            let finding = finding.then(format!("chmod 700 {}; or tuiphone doctor --fix", folder.display()));
            vec![finding.mended_by(Fix::Rights(folder.to_owned(), 0o700))]
        }
        Some(Ok(_)) if patient.runs() => vec![Finding::ok(name, tried, on, "a phone listens there")],
        Some(Ok(_)) if patient.socket.exists() => {
            vec![Finding::ok(name, tried, on, "a phone that died left it; the next one takes it over")]
        }
        Some(Ok(mode)) => vec![Finding::ok(name, tried, on, format!("free, in a folder of {mode:04o}"))],
    }
}

/// The phone that runs is this version.
pub(super) async fn phone(patient: &Patient) -> Vec<Finding> {
    let (name, tried, on) = ("phone", "ask", patient.socket.display().to_string());
    if !patient.runs() {
        return vec![Finding::skip(name, tried, on, "no phone runs; what it would do is tried here")];
    }
    let told = Link::Socket(patient.socket.clone()).fields(&Request::Ready).await;
    let version = |fields: &serde_json::Map<String, Value>| {
        fields.get("version").and_then(Value::as_str).unwrap_or("unknown").to_owned()
    };
    vec![match told.map(|fields| version(&fields)) {
        Err(error) => Finding::of_error(name, tried, on, &error),
        Ok(theirs) if theirs == env!("CARGO_PKG_VERSION") => Finding::ok(name, tried, on, format!("version {theirs}")),
        Ok(theirs) => {
            let found = format!("version {theirs}, and this program is {}", env!("CARGO_PKG_VERSION"));
            Finding::ok(name, tried, on, found).warn().then("tuiphone exit, and start it again")
        }
    }]
}

/// Whether sound is sent on time when the machine is busy.
pub(super) async fn priority(_: &Patient) -> Vec<Finding> {
    let (name, tried, on) = ("priority", "ask for", "real-time scheduling");
    // A thread of its own: what is raised is not lowered again.
    let granted = tokio::task::spawn_blocking(|| std::thread::spawn(raise).join()).await;
    let advice = "let your user have it: a line '@audio - rtprio 20' in /etc/security/limits.d, and log in anew";
    vec![match granted {
        Ok(Ok(Priority::RealTime)) => Finding::ok(name, tried, on, "granted"),
        Ok(Ok(Priority::Nice)) => {
            Finding::ok(name, tried, on, "refused; the sound thread goes before others by its niceness")
        }
        Ok(Ok(Priority::Normal)) => {
            let found = "refused: on a busy machine packets go out late";
            Finding::ok(name, tried, on, found).warn().then(if cfg!(unix) { advice } else { "close what is busy" })
        }
        Ok(Err(_)) | Err(_) => Finding::skip(name, tried, on, "no thread could be started"),
    }]
}

/// Sound cards, and those the settings name.
pub(super) async fn audio(patient: &Patient) -> Vec<Finding> {
    let (name, tried, on) = ("audio", "list", "sound devices");
    let Ok(mut fields) = tokio::task::spawn_blocking(devices).await else {
        return vec![Finding::skip(name, tried, on, "they could not be listed")];
    };
    let list: Vec<Value> = match fields.remove("devices") {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    let names = |way: &str| -> Vec<String> {
        let of_way = list.iter().filter(|device| device.get("direction").and_then(Value::as_str) == Some(way));
        of_way.filter_map(|device| Some(device.get("name")?.as_str()?.to_owned())).collect()
    };
    let (inputs, outputs) = (names("input"), names("output"));
    if inputs.is_empty() && outputs.is_empty() {
        let found = "no sound card: calls are silent, unless files or pipes stand in (--audio-in file:…, tone:…)";
        let finding = Finding::ok(name, tried, on, found).warn();
        let closed = Path::new("/dev/snd").is_dir()
            && std::fs::File::open("/dev/snd/timer")
                .is_err_and(|why| why.kind() == std::io::ErrorKind::PermissionDenied);
        return vec![match crate::audio::cards::lack() {
            Some(lack) => finding.because(lack).then("install it, where there is a card"),
            None if closed => {
                finding.because("this user may not use the cards").then("sudo usermod -aG audio $USER, and log in anew")
            }
            None => finding.then("none is needed on a server; elsewhere look whether PulseAudio or PipeWire runs"),
        }];
    }
    let settings = patient.settings();
    let wanted = settings.map(|settings| {
        let (input, output, ring) =
            (&settings.audio_input_device, &settings.audio_output_device, &settings.audio_ring_device);
        [
            ("audioInputDevice", input, &inputs),
            ("audioOutputDevice", output, &outputs),
            ("audioRingDevice", ring, &outputs),
        ]
    });
    let missing = wanted.into_iter().flatten().filter(|(_, wanted, there)| {
        !wanted.is_empty() && !there.iter().any(|name| name.eq_ignore_ascii_case(&crate::text::sanitise(wanted)))
    });
    let missing: Vec<String> = missing.map(|(key, wanted, _)| format!("{key}={wanted}")).collect();
    let found = format!("{} microphones, {} speakers", inputs.len(), outputs.len());
    vec![match missing.is_empty() {
        true => Finding::ok(name, tried, on, found),
        false => Finding::ok(name, tried, on, format!("{found}; not there: {}", missing.join(", ")))
            .warn()
            .because("it is unplugged, or has another name here")
            .then("tuiphone devices lists those there are; until then the default is used"),
    }]
}

/// Mends what can be mended.
///
/// # Errors
/// The system's refusal.
pub(super) fn mend(fix: &Fix) -> Result<(), CommandError> {
    match fix {
        Fix::Rights(path, mode) => set_mode(path, *mode).map_err(|why| CommandError {
            code: ExitCode::Unexpected,
            kind: "unexpected",
            message: format!("cannot {}: {}", fix.words(), plain_error(&why)),
            hint: None,
        }),
    }
}

/// The rights of a file or folder of ours; why they could not be had, or whose it is; `None` where there are none.
#[cfg(unix)]
fn mode(path: &Path) -> Option<Result<u32, String>> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let about = match std::fs::metadata(path) {
        Ok(about) => about,
        Err(why) => return Some(Err(format!("{}: {}", path.display(), plain_error(&why)))),
    };
    let own = rustix::process::geteuid().as_raw();
    if about.uid() != own && about.uid() != 0 {
        return Some(Err(format!("{} belongs to another user", path.display())));
    }
    Some(Ok(about.permissions().mode() & 0o7777))
}

/// See above.
#[cfg(not(unix))]
fn mode(_: &Path) -> Option<Result<u32, String>> {
    None
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> std::io::Result<()> {
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}
