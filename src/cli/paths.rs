//! Where things are: the ini file, the control socket, the state folder.

use crate::engine::media::has_tones_of;
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The file's name, unless the program goes by another one than its own.
const NAME: &str = "microsip.ini";

/// What MicroSIP rings with.
const RINGTONE: &str = "ringtone.wav";

/// What the search asks of the system.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// Environment variables.
    pub vars: HashMap<String, OsString>,
    /// The working directory.
    pub cwd: PathBuf,
    /// The program's own folder.
    pub exe_dir: Option<PathBuf>,
    /// The program's name without its ending; empty = `tuiphone`.
    pub exe_name: String,
}

/// The ini file of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IniPath {
    /// Where it is, or where a new one belongs.
    pub path: PathBuf,
    /// It is there.
    pub exists: bool,
    /// It was named, or lies in a folder of the user's own. A file that merely lies in the working directory may
    /// hold accounts, but no command to run.
    pub trusted: bool,
    /// It lies beside the program: so does what the phone writes.
    pub portable: bool,
    /// It is MicroSIP's own, in MicroSIP's folder: it is read, and never written.
    pub foreign: bool,
}

impl Environment {
    /// The real one.
    pub fn of_process() -> Environment {
        let exe = std::env::current_exe().ok();
        Environment {
            vars: std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value))).collect(),
            cwd: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            exe_dir: exe.as_ref().and_then(|exe| Some(exe.parent()?.to_owned())),
            exe_name: exe.as_ref().and_then(|exe| exe.file_stem()).unwrap_or_default().to_string_lossy().into_owned(),
        }
    }

    /// The ini file: the one that is named, `TUIPHONE_INI`, then the first that exists of the working directory, the
    /// program's folder, the configuration folder, MicroSIP's. A copy of the program named `work` looks for `work.ini`.
    pub fn ini(&self, named: Option<&str>) -> IniPath {
        if let Some(named) = named {
            let path = self.named(named);
            return IniPath { exists: path.exists(), path, trusted: true, ..IniPath::default() };
        }
        if let Some(path) = self.path("TUIPHONE_INI") {
            return found(self.cwd.join(path), true);
        }
        let name = self.file_name();
        let beside = self.exe_dir.iter().map(|folder| IniPath { portable: true, ..found(folder.join(&name), true) });
        let is_beside = self.exe_dir.as_ref() == Some(&self.cwd);
        let here = Some(found(self.cwd.join(&name), false)).filter(|_| !is_beside);
        let own = found(self.own_ini(), true);
        let microsips = IniPath { foreign: true, ..found(self.config_base().join("MicroSIP").join(&name), true) };
        let fresh = IniPath { exists: false, ..own.clone() };
        let mut places = here.into_iter().chain(beside).chain([own, microsips]);
        places.find(|place| place.exists).unwrap_or(fresh)
    }

    /// The ini file of our own, there or not.
    pub fn own_ini(&self) -> PathBuf {
        self.config_dir().join(self.file_name())
    }

    fn file_name(&self) -> String {
        match self.exe_name.to_ascii_lowercase().as_str() {
            "" | "tuiphone" | "microsip" => NAME.to_owned(),
            _ => format!("{}.ini", self.exe_name),
        }
    }

    /// The address of the session's bus, if there is one: `DBUS_SESSION_BUS_ADDRESS`, else where systemd has it.
    #[cfg(unix)]
    pub fn session_bus(&self) -> Option<String> {
        let named = self.path("DBUS_SESSION_BUS_ADDRESS").map(|address| address.to_string_lossy().into_owned());
        let usual = || self.path("XDG_RUNTIME_DIR").map(|folder| folder.join("bus")).filter(|bus| bus.exists());
        // What stands in an address otherwise than as itself is escaped; folders of this kind have none of it.
        named.or_else(|| Some(format!("unix:path={}", usual()?.display())))
    }

    /// The control socket of a profile: `TUIPHONE_SOCKET`, else named after the ini file.
    pub fn socket(&self, ini: &Path) -> PathBuf {
        if let Some(path) = self.path("TUIPHONE_SOCKET") {
            return path;
        }
        let profile = profile(ini);
        if cfg!(windows) {
            let user = self.path("USERNAME").unwrap_or_default();
            return format!(r"\\.\pipe\tuiphone-{}-{profile}", user.display()).into();
        }
        let folder = self.path("XDG_RUNTIME_DIR").filter(|path| path.is_absolute()).map(|path| path.join("tuiphone"));
        folder.unwrap_or_else(|| self.state_dir()).join(format!("{profile}.sock"))
    }

    /// Where the history of a profile's calls is kept. A folder that is carried about keeps its name.
    pub fn history(&self, ini: &IniPath) -> PathBuf {
        let stem = || ini.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let name = if ini.portable { stem() } else { profile(&ini.path) };
        self.state_of(ini).join("history").join(format!("{name}.db"))
    }

    /// The file to ring with by its name in the ini file: `%VARIABLES%` are expanded; a bare name lies in the configuration
    /// folder, else in the program's. Without a name MicroSIP's own, where somebody has put it there.
    pub fn sound(&self, named: &str) -> Option<PathBuf> {
        let path = self.expanded(named.trim());
        if path.is_empty() {
            return self.sound(RINGTONE).filter(|path| path.is_file());
        }
        if path.contains(['/', '\\']) {
            return Some(self.named(&path));
        }
        let own = self.config_dir().join(&path);
        let beside = self.exe_dir.as_ref().map(|folder| folder.join(&path)).filter(|path| path.exists());
        Some(if own.exists() { own } else { beside.unwrap_or(own) })
    }

    /// `%NAME%` is the variable's value; where there is none it stays as it is.
    fn expanded(&self, text: &str) -> String {
        let mut whole = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('%') {
            whole += before;
            let value = behind.split_once('%').and_then(|(name, tail)| Some((self.variable(name)?, tail)));
            match value {
                Some((value, tail)) => {
                    whole += &value.to_string_lossy();
                    rest = tail;
                }
                None => {
                    whole.push('%');
                    rest = behind;
                }
            }
        }
        whole + rest
    }

    /// The value of a variable; Windows does not tell capitals from others.
    fn variable(&self, name: &str) -> Option<&OsString> {
        let alike = || self.vars.iter().find(|(known, _)| cfg!(windows) && known.eq_ignore_ascii_case(name));
        self.vars.get(name).or_else(|| alike().map(|(_, value)| value))
    }

    /// The country of the locale, `gb` of `en_GB.UTF-8`; empty where it names none.
    pub fn country(&self) -> String {
        let text = |name| self.vars.get(name).and_then(|value| value.to_str()).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_TELEPHONE", "LANG"].into_iter().find_map(text).unwrap_or_default();
        let country =
            locale.split(['.', '@']).next().and_then(|name| name.split_once('_')).map_or("", |(_, country)| country);
        if has_tones_of(country) { country.to_ascii_lowercase() } else { String::new() }
    }

    /// `~/.local/state/tuiphone`, or what the system has in its place.
    pub fn state_dir(&self) -> PathBuf {
        let base = self.path("XDG_STATE_HOME").or_else(|| self.path("LOCALAPPDATA"));
        base.unwrap_or_else(|| self.home().join(".local/state")).join("tuiphone")
    }

    /// The folder of what a phone with this ini file writes down: beside the program, else the state folder.
    pub fn state_of(&self, ini: &IniPath) -> PathBuf {
        let beside = ini.path.parent().filter(|_| ini.portable);
        beside.map_or_else(|| self.state_dir(), Path::to_owned)
    }

    /// `~/.config/tuiphone`, or what the system has in its place.
    pub fn config_dir(&self) -> PathBuf {
        self.config_base().join("tuiphone")
    }

    /// `~/.local/share`, or what the system has in its place.
    pub fn data_dir(&self) -> PathBuf {
        let data = self.path("XDG_DATA_HOME").filter(|path| path.is_absolute()).or_else(|| self.path("LOCALAPPDATA"));
        data.unwrap_or_else(|| self.home().join(".local/share"))
    }

    /// `~/.config`, or what the system has in its place.
    pub fn config_base(&self) -> PathBuf {
        let base = self.path("APPDATA").or_else(|| self.path("XDG_CONFIG_HOME").filter(|path| path.is_absolute()));
        base.unwrap_or_else(|| self.home().join(".config"))
    }

    /// A bare name is looked for here, then in the configuration folder; either slash separates.
    fn named(&self, named: &str) -> PathBuf {
        let here = self.cwd.join(named);
        if here.exists() {
            return here;
        }
        let slashed = self.cwd.join(named.replace('\\', "/"));
        if named.contains(['/', '\\']) {
            return slashed;
        }
        let there = self.config_dir().join(named);
        if there.exists() { there } else { here }
    }

    /// The folder of recordings: as the settings say, from the ini file's folder on; else one of our own. What another
    /// system's phone wrote there leads nowhere here.
    pub fn recordings(&self, wanted: &str, ini: Option<&Path>) -> PathBuf {
        let is_foreign = !cfg!(windows) && (wanted.contains('\\') || wanted.get(1..2) == Some(":"));
        if wanted.is_empty() || is_foreign {
            return self.data_dir().join("tuiphone/recordings");
        }
        self.beside(wanted, ini)
    }

    /// A file that the settings name: `~/` is home, a bare name lies beside the ini file.
    pub fn beside(&self, wanted: &str, ini: Option<&Path>) -> PathBuf {
        match wanted.strip_prefix("~/") {
            Some(rest) => self.home().join(rest),
            None => self.cwd.join(ini.and_then(Path::parent).unwrap_or(Path::new(""))).join(wanted),
        }
    }

    /// The person's own folder.
    pub(super) fn home(&self) -> PathBuf {
        self.path("HOME").or_else(|| self.path("USERPROFILE")).unwrap_or_else(|| self.cwd.clone())
    }

    pub(super) fn path(&self, variable: &str) -> Option<PathBuf> {
        self.vars.get(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
    }
}

fn found(path: PathBuf, trusted: bool) -> IniPath {
    IniPath { exists: path.is_file(), path, trusted, ..IniPath::default() }
}

/// The profile's name: the file's own, and a number that tells equal names in other folders apart (FNV-1a, stable).
fn profile(ini: &Path) -> String {
    let canonical = ini.canonicalize().unwrap_or_else(|_| ini.to_owned());
    let bytes = canonical.as_os_str().as_encoded_bytes();
    let hash = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let stem = canonical.file_stem().unwrap_or_default().to_string_lossy();
    let stem: String = stem.chars().filter(char::is_ascii_alphanumeric).take(24).collect();
    format!("{stem}-{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(root: &Path, vars: &[(&str, PathBuf)]) -> Environment {
        let home = [("HOME", root.join("home"))];
        let vars = home.iter().chain(vars).map(|(key, value)| ((*key).to_owned(), value.clone().into_os_string()));
        let exe_dir = Some(root.join("bin"));
        Environment { vars: vars.collect(), cwd: root.join("cwd"), exe_dir, exe_name: "tuiphone".to_owned() }
    }

    fn put(path: PathBuf) -> PathBuf {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "").unwrap();
        path
    }

    #[test]
    fn the_search_takes_the_first_that_exists() {
        let root = tempfile::tempdir().unwrap();
        let environment = environment(root.path(), &[]);
        let fresh = environment.ini(None);
        assert_eq!((fresh.path.clone(), fresh.exists), (root.path().join("home/.config/tuiphone/microsip.ini"), false));
        for place in ["home/.config/MicroSIP", "home/.config/tuiphone", "bin", "cwd"] {
            let path = put(root.path().join(place).join(NAME));
            let (portable, foreign) = (place == "bin", place.ends_with("MicroSIP"));
            assert_eq!(
                environment.ini(None),
                IniPath { path, exists: true, trusted: place != "cwd", portable, foreign }
            );
        }
    }

    #[test]
    fn a_copy_of_the_program_has_a_file_and_a_folder_of_its_own() {
        let root = tempfile::tempdir().unwrap();
        let own = environment(root.path(), &[]);
        put(root.path().join("cwd").join(NAME));
        let desk = Environment { exe_name: "Desk".to_owned(), ..own.clone() };
        assert_eq!(desk.ini(None).path, root.path().join("home/.config/tuiphone/Desk.ini"));
        assert_eq!(Environment { exe_name: "MicroSIP".to_owned(), ..own.clone() }.ini(None), own.ini(None));
        let path = put(root.path().join("bin/Desk.ini"));
        let there = desk.ini(None);
        assert_eq!((&there.path, there.portable, there.trusted), (&path, true, true));
        assert_eq!(Environment { cwd: root.path().join("bin"), ..desk.clone() }.ini(None), there);
        assert_eq!(desk.state_of(&there), root.path().join("bin"));
        assert_eq!(own.state_of(&own.ini(None)), root.path().join("home/.local/state/tuiphone"));
    }

    #[test]
    fn a_named_file_wins_even_if_it_is_missing() {
        let root = tempfile::tempdir().unwrap();
        let other = put(root.path().join("other.ini"));
        let environment = environment(root.path(), &[("TUIPHONE_INI", other.clone())]);
        put(root.path().join("cwd").join(NAME));
        assert_eq!(environment.ini(None).path, other);
        let missing = environment.ini(Some("x.ini"));
        assert_eq!((missing.path, missing.exists), (root.path().join("cwd/x.ini"), false));
        let there = put(root.path().join("home/.config/tuiphone/work.ini"));
        assert_eq!(environment.ini(Some("work.ini")).path, there);
        let deep = put(root.path().join("cwd/dir/file.ini"));
        assert_eq!(
            environment.ini(Some(r"dir\file.ini")),
            IniPath { path: deep, exists: true, trusted: true, ..IniPath::default() }
        );
    }

    #[test]
    fn sounds_and_countries() {
        let root = tempfile::tempdir().unwrap();
        let places = [("SOUNDS", root.path().join("media")), ("LANG", "en_GB.UTF-8".into())];
        let environment = environment(root.path(), &places);
        let at = |path: &str| Some(root.path().join(path));
        assert_eq!((environment.sound(""), environment.sound(" ")), (None, None));
        assert_eq!(environment.sound("ring.wav"), at("home/.config/tuiphone/ring.wav"));
        put(root.path().join("bin/ring.wav"));
        assert_eq!(environment.sound("ring.wav"), at("bin/ring.wav"));
        put(root.path().join("home/.config/tuiphone/ring.wav"));
        assert_eq!(environment.sound("ring.wav"), at("home/.config/tuiphone/ring.wav"));
        put(root.path().join("bin/ringtone.wav"));
        assert_eq!(environment.sound(""), at("bin/ringtone.wav"));
        assert_eq!(environment.sound("%SOUNDS%/a.wav"), at("media/a.wav"));
        assert_eq!(environment.sound("%NONE%/100%.wav"), at("cwd/%NONE%/100%.wav"));
        for (lang, country) in
            [("en_GB.UTF-8", "gb"), ("de_AT@euro", "at"), ("C.UTF-8", ""), ("en_XX", ""), ("pt_BR", "br"), ("", "")]
        {
            let mut environment = environment.clone();
            environment.vars.insert("LANG".into(), lang.into());
            assert_eq!(environment.country(), country, "{lang}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_bus_of_a_session_is_named_or_where_systemd_has_it() {
        let root = tempfile::tempdir().unwrap();
        let run = ("XDG_RUNTIME_DIR", root.path().to_owned());
        let named = ("DBUS_SESSION_BUS_ADDRESS", PathBuf::from("unix:path=/a"));
        assert_eq!(environment(root.path(), &[]).session_bus(), None);
        assert_eq!(environment(root.path(), std::slice::from_ref(&run)).session_bus(), None);
        std::fs::write(root.path().join("bus"), "").unwrap();
        let usual = format!("unix:path={}", root.path().join("bus").display());
        assert_eq!(environment(root.path(), std::slice::from_ref(&run)).session_bus(), Some(usual));
        assert_eq!(environment(root.path(), &[run, named]).session_bus().as_deref(), Some("unix:path=/a"));
    }

    #[cfg(unix)]
    #[test]
    fn a_profile_has_a_socket_of_its_own() {
        let root = tempfile::tempdir().unwrap();
        let run = root.path().join("run");
        let one = environment(root.path(), &[("XDG_RUNTIME_DIR", run.clone())]);
        let (a, b) = (put(root.path().join("a/microsip.ini")), put(root.path().join("b/microsip.ini")));
        let socket = one.socket(&a);
        assert!(socket.starts_with(run.join("tuiphone")) && socket.extension().is_some_and(|e| e == "sock"));
        assert_ne!(socket, one.socket(&b));
        std::os::unix::fs::symlink(&a, root.path().join("link.ini")).unwrap();
        assert_eq!(socket, one.socket(&root.path().join("link.ini")));
        let bare = environment(root.path(), &[]);
        assert!(bare.socket(&a).starts_with(root.path().join("home/.local/state/tuiphone")));
        let told = environment(root.path(), &[("TUIPHONE_SOCKET", run.clone())]);
        assert_eq!(told.socket(&a), run);
    }
}
