//! Where other softphones keep their files, Wine's prefixes included. Every look is bounded.

use crate::cli::exit;
use crate::cli::paths::Environment;
use crate::control::{CommandError, ExitCode};
use crate::import::{Form, Source};
use crate::text::plain_error;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Most entries of one folder that are looked at.
const MOST_ENTRIES: usize = 512;

/// Most files that are found.
const MOST_FILES: usize = 256;

/// So many first bytes tell what a file is.
const START_BYTES: u64 = 64 << 10;

/// A file to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What it is.
    pub form: Form,
    /// Where.
    pub file: PathBuf,
}

/// The files that lie where their softphones put them, each once.
pub fn usual(environment: &Environment, from: Option<Source>) -> Vec<Place> {
    let home = environment.home();
    let mut folders: Vec<(Source, PathBuf)> = vec![(Source::MicroSip, environment.config_base().join("MicroSIP"))];
    folders.extend(prefixes(environment).iter().flat_map(|prefix| of_prefix(prefix)).map(|it| (Source::MicroSip, it)));
    folders.push((Source::Baresip, home.join(".baresip")));
    folders.push((Source::Twinkle, home.join(".twinkle")));
    let flatpak = home.join(".var/app/com.belledonnecommunications.linphone");
    for folder in [
        environment.config_base().join("linphone"),
        home.join(".local/share/linphone"),
        home.join("Library/Preferences/linphone"),
        flatpak.join("config/linphone"),
        flatpak.join("data/linphone"),
        home.clone(),
    ] {
        folders.push((Source::Linphone, folder));
    }
    let wanted = folders.into_iter().filter(|(source, _)| from.is_none_or(|from| from == *source));
    once(wanted.flat_map(|(source, folder)| match (source, folder == home) {
        // Nothing but `.linphonerc` is looked for in so large a folder.
        (_, true) => file(&home.join(".linphonerc"), Some(Source::Linphone)).into_iter().collect(),
        (source, false) => of_folder(&folder, source),
    }))
}

/// The files of a path that somebody names: one file, and what belongs to it, or those of a folder or a Wine prefix.
///
/// # Errors
/// It cannot be read, or is nothing that is known.
pub fn at(path: &Path, from: Option<Source>) -> Result<Vec<Place>, CommandError> {
    let shown = path.display();
    let about =
        fs::metadata(path).map_err(|why| exit::config(format!("cannot read {shown}: {}", plain_error(&why)), None))?;
    let found = if about.is_dir() {
        let sources = Source::ALL.into_iter().filter(|source| from.is_none_or(|from| from == *source));
        let here = sources.flat_map(|source| of_folder(path, source));
        let inside = of_prefix(path);
        once(here.chain(inside.iter().flat_map(|folder| of_folder(folder, Source::MicroSip))))
    } else {
        let named = file(path, from);
        let is_ini = named.as_ref().is_some_and(|place| place.form == Form::MicroSipIni);
        let parent = path.parent().map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
        let folder = parent.filter(|_| is_ini).map(|folder| of_folder(folder, Source::MicroSip));
        let beside = folder.into_iter().flatten().filter(|place| place.form != Form::MicroSipIni);
        once(named.into_iter().chain(beside))
    };
    if found.is_empty() {
        let what = if about.is_dir() { "has no file" } else { "is no file" };
        let words = Source::ALL.map(Source::word).join(", ");
        let message = format!("{shown} {what} of a softphone that is known: {words}");
        let hint = Some("--from says whose it is".to_owned());
        return Err(CommandError { code: ExitCode::NotFound, kind: "nothing_found", message, hint });
    }
    Ok(found)
}

/// The folders that Wine, and what is built on it, keep their prefixes in.
fn prefixes(environment: &Environment) -> Vec<PathBuf> {
    let home = environment.home();
    let data = environment.path("XDG_DATA_HOME").filter(|path| path.is_absolute());
    let data = data.unwrap_or_else(|| home.join(".local/share"));
    let mut prefixes: Vec<PathBuf> = environment.path("WINEPREFIX").into_iter().chain([home.join(".wine")]).collect();
    for parent in [
        data.join("wineprefixes"),
        data.join("bottles/bottles"),
        home.join(".var/app/com.usebottles.bottles/data/bottles/bottles"),
        home.join(".PlayOnLinux/wineprefix"),
        home.join(".cxoffice"),
        home.join("Library/Application Support/CrossOver/Bottles"),
        home.join("Games"),
    ] {
        prefixes.extend(entries(&parent));
    }
    prefixes
}

/// The folders of MicroSIP's in a Wine prefix: of each user, and beside the program.
fn of_prefix(prefix: &Path) -> Vec<PathBuf> {
    let drive = prefix.join("drive_c");
    let mut folders = Vec::new();
    for user in entries(&drive.join("users")) {
        for data in ["AppData/Roaming", "Application Data", "AppData/Local"] {
            folders.push(user.join(data).join("MicroSIP"));
        }
    }
    folders.extend(["Program Files", "Program Files (x86)"].map(|folder| drive.join(folder).join("MicroSIP")));
    folders
}

/// The files of a softphone in a folder.
fn of_folder(folder: &Path, source: Source) -> Vec<Place> {
    let found = entries(folder).into_iter().filter_map(|path| {
        let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
        let is_its = match source {
            Source::MicroSip => name != "override.ini",
            Source::Baresip => ["accounts", "contacts"].contains(&name.as_str()),
            Source::Twinkle => name.ends_with(".cfg") || name == "twinkle.ab",
            Source::Linphone => ["linphonerc", ".linphonerc"].contains(&name.as_str()),
        };
        let place = file(&path, None).filter(|_| is_its)?;
        let is_its = match place.form {
            Form::MicroSipIni => name.ends_with(".ini"),
            _ => true,
        };
        (is_its && place.form.source() == source).then_some(place)
    });
    found.collect()
}

fn file(path: &Path, from: Option<Source>) -> Option<Place> {
    let start = start(path).ok()?;
    let form = Form::of(&path.file_name()?.to_string_lossy(), &start, from)?;
    Some(Place { form, file: path.to_owned() })
}

fn start(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(START_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What is in a folder, in order; nothing if it cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut paths: Vec<PathBuf> = all.take(MOST_ENTRIES).map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// Each file once, whatever links lead to it.
fn once(places: impl Iterator<Item = Place>) -> Vec<Place> {
    let mut seen = Vec::new();
    let new = places.filter(|place| {
        let real = place.file.canonicalize().unwrap_or_else(|_| place.file.clone());
        let is_new = !seen.contains(&real);
        seen.push(real);
        is_new
    });
    new.take(MOST_FILES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const INI: &str = "[Settings]\naccountId=1\n";

    struct Home(tempfile::TempDir);

    impl Home {
        fn with(files: &[(&str, &str)]) -> Home {
            let home = Home(tempfile::tempdir().unwrap());
            for (name, text) in files {
                let path = home.0.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            home
        }

        fn environment(&self, more: &[(&str, &str)]) -> Environment {
            let vars = more.iter().map(|(key, value)| ((*key).to_owned(), self.0.path().join(value).into_os_string()));
            let home = [("HOME".to_owned(), self.0.path().as_os_str().to_owned())];
            Environment { vars: home.into_iter().chain(vars).collect(), ..Environment::default() }
        }

        fn names(&self, places: Vec<Place>) -> Vec<String> {
            let name = |place: Place| place.file.strip_prefix(self.0.path()).unwrap().to_string_lossy().into_owned();
            places.into_iter().map(name).collect()
        }
    }

    #[test]
    fn wine_prefixes_are_looked_through() {
        let files = [
            ".wine/drive_c/users/ann/AppData/Roaming/MicroSIP/MicroSIP.ini",
            ".wine/drive_c/users/bob/Application Data/MicroSIP/microsip.ini",
            ".wine/drive_c/Program Files (x86)/MicroSIP/microsip.ini",
            ".local/share/wineprefixes/work/drive_c/users/ann/AppData/Roaming/MicroSIP/microsip.ini",
            ".local/share/bottles/bottles/b/drive_c/users/steamuser/AppData/Roaming/MicroSIP/microsip.ini",
            ".PlayOnLinux/wineprefix/m/drive_c/users/ann/AppData/Roaming/MicroSIP/Desk.ini",
            ".cxoffice/c/drive_c/users/crossover/AppData/Roaming/MicroSIP/microsip.ini",
            "mine/drive_c/users/ann/AppData/Roaming/MicroSIP/microsip.ini",
        ];
        let home = Home::with(&files.map(|name| (name, INI)));
        let mut found = home.names(usual(&home.environment(&[("WINEPREFIX", "mine")]), None));
        found.sort();
        let mut expected = files.map(str::to_owned).to_vec();
        expected.sort();
        assert_eq!(found, expected);
        assert_eq!(usual(&home.environment(&[]), None).len(), 7, "without WINEPREFIX");
        assert!(usual(&home.environment(&[]), Some(Source::Twinkle)).is_empty());
        assert_eq!(at(&home.0.path().join("mine"), None).unwrap().len(), 1, "a prefix may be named");
    }

    #[test]
    fn each_softphone_has_its_places() {
        let home = Home::with(&[
            (".config/MicroSIP/microsip.ini", INI),
            (".config/MicroSIP/override.ini", INI),
            (".config/MicroSIP/Contacts.xml", "<contacts/>"),
            (".config/MicroSIP/anything", "SQLite format 3\0"),
            (".config/MicroSIP/other.txt", "[Settings]\n"),
            (".baresip/accounts", "<sip:u@d>\n"),
            (".baresip/contacts", "<sip:u@d>\n"),
            (".baresip/config", "# <sip:x>\nx <sip:u@d>\n"),
            (".twinkle/work.cfg", "user_name=1\n"),
            (".twinkle/twinkle.sys", "user_name=1\n"),
            (".twinkle/twinkle.ab", ""),
            (".config/linphone/linphonerc", ""),
            (".linphonerc", ""),
            (".local/share/linphone/linphone.db", "SQLite format 3\0"),
        ]);
        assert_eq!(
            home.names(usual(&home.environment(&[]), None)),
            [
                ".config/MicroSIP/Contacts.xml",
                ".config/MicroSIP/anything",
                ".config/MicroSIP/microsip.ini",
                ".baresip/accounts",
                ".baresip/contacts",
                ".twinkle/twinkle.ab",
                ".twinkle/work.cfg",
                ".config/linphone/linphonerc",
                ".linphonerc"
            ]
        );
        let beside = at(&home.0.path().join(".config/MicroSIP/microsip.ini"), None).unwrap();
        assert_eq!(home.names(beside).len(), 3, "contacts and calls lie beside the ini");
    }

    #[test]
    fn a_file_that_tells_nothing_is_refused_unless_it_is_said_whose_it_is() {
        let home = Home::with(&[("notes.txt", "hello\n"), ("empty/x", "")]);
        let path = home.0.path().join("notes.txt");
        assert_eq!(at(&path, None).unwrap_err().code, ExitCode::NotFound);
        assert_eq!(at(&path, Some(Source::Linphone)).unwrap()[0].form, Form::LinphoneRc);
        assert_eq!(at(&home.0.path().join("empty"), None).unwrap_err().code, ExitCode::NotFound);
        assert_eq!(at(&home.0.path().join("none"), None).unwrap_err().code, ExitCode::Config);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_no_second_file() {
        let home = Home::with(&[(".wine/drive_c/users/ann/AppData/Roaming/MicroSIP/microsip.ini", INI)]);
        let users = home.0.path().join(".wine/drive_c/users");
        std::os::unix::fs::symlink(users.join("ann"), users.join("zoe")).unwrap();
        std::os::unix::fs::symlink(&users, users.join("loop")).unwrap();
        assert_eq!(usual(&home.environment(&[]), None).len(), 1);
    }
}
