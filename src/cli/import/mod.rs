//! `import`: what other softphones have is shown, asked about and taken over. What is here stays, so that a second time
//! nothing happens.

mod args;
mod offer;
mod places;
mod told;

pub use args::{ImportJob, command, job};
pub use offer::Offer;

use super::config_verb::{self, Ran};
use super::ini_files::IniFiles;
use super::keeping::{self, Keep};
use super::options::Options;
use super::paths::{Environment, IniPath};
use super::{exit, history, out, prompt};
use crate::config::ini::Document;
use crate::config::{self, ini::Encoding};
use crate::control::{AddressBook, CommandError, ExitCode};
use crate::engine::address_book::FILE_NAME;
use crate::engine::files;
use crate::engine::library::{self, Shelf};
use crate::import::{self, Form, Found, Plan};
use crate::text::{plain_error, sanitise};
use places::Place;
use std::path::Path;

/// What the files said.
struct Read {
    places: Vec<Place>,
    found: Vec<Found>,
    /// What is not brought over, with the file it is about.
    notes: Vec<String>,
}

/// How many were found, and how many of them are new.
struct Counts {
    contacts: (usize, usize),
    calls: (usize, usize),
}

/// Where what is brought over goes.
struct Target {
    files: IniFiles,
    contacts: AddressBook,
    calls: Option<Shelf>,
}

/// Carries out an `import`.
///
/// # Errors
/// Nothing is found, a file cannot be read or written, nobody is there to be asked.
pub fn run(job: &ImportJob, options: &Options, environment: &Environment) -> Result<Ran, CommandError> {
    let target = Target::open(options, environment)?;
    let path = &target.files.ini.path;
    let mut read = read(job, environment, &target)?;
    let mut plan = Plan::new(std::mem::take(&mut read.found), &target.files.main, &target.files.overlays)
        .map_err(|why| exit::config(format!("{}: {why}", path.display()), Some("name its section [Account1] first")))?;
    read.notes.append(&mut plan.notes);
    let counts = target.counts(&mut plan, &mut read.notes)?;
    let changes = plan.changes_ini() || counts.contacts.1 > 0 || counts.calls.1 > 0;
    let is_known = !plan.known_accounts.is_empty()
        || !plan.kept_settings.is_empty()
        || counts.contacts.0 > 0
        || counts.calls.0 > 0;
    let mut ran = Ran { code: ExitCode::Ok, ini: path.clone(), changed: false, needs_restart: Vec::new() };
    if !(options.json || options.quiet && job.yes) {
        told::lines(&read, &plan, &counts, &target.files).iter().for_each(|line| out::line(line));
    }
    let kept = match (changes, job.dry_run) {
        (true, false) if agree(job, options, plan.with_password().count(), path)? => {
            let keep = keep(job, options, &plan, path)?;
            target.write(&plan, keep)?;
            ran.changed = plan.changes_ini();
            Some(keep)
        }
        _ => None,
    };
    if options.json {
        out::json(&told::json(&read, &plan, &counts, &target.files, kept));
    } else if !options.quiet {
        out::line(match (changes, kept) {
            (false, _) if is_known => "nothing to bring over: all of it is here already",
            (false, _) => "nothing to bring over: it says nothing that this phone would not do anyway",
            (true, None) => "nothing was changed",
            (true, Some(_)) => "done",
        });
    }
    Ok(ran)
}

impl Target {
    fn open(options: &Options, environment: &Environment) -> Result<Target, CommandError> {
        let mut files = IniFiles::open(options, environment)?;
        if files.ini.foreign {
            // MicroSIP's own is a file to bring over; ours is yet to be.
            let path = environment.own_ini();
            files.ini = IniPath { exists: false, trusted: true, path, ..IniPath::default() };
            files.main = Document::new(Encoding::Utf8);
            files.overrides.clear();
            files.overlays.clear();
        }
        files.begin(options.microsip);
        let settings = config::load(&files.main, &files.overlays).settings;
        let calls = history::shelf(&settings, &files.ini);
        let contacts = AddressBook::new(files.ini.path.with_file_name(FILE_NAME), true);
        Ok(Target { files, contacts, calls })
    }

    fn counts(&self, plan: &mut Plan, notes: &mut Vec<String>) -> Result<Counts, CommandError> {
        let contacts = (plan.contacts.len(), self.contacts.join(&plan.contacts, false)?);
        let found = plan.calls.len();
        let new = match &self.calls {
            Some(shelf) => library::join(shelf, &plan.calls, false),
            None if found == 0 => Ok(0),
            None => Err("no history of calls is kept; see [tuiphone] historySize".to_owned()),
        };
        let calls = match new {
            Ok(new) => (found, new),
            Err(why) => {
                notes.push(format!("{found} calls: {why}"));
                plan.calls.clear();
                (0, 0)
            }
        };
        Ok(Counts { contacts, calls })
    }

    fn write(&self, plan: &Plan, keep: Keep) -> Result<(), CommandError> {
        if plan.changes_ini() {
            let path = &self.files.ini.path;
            let mut document = self.files.main.clone();
            plan.write(&mut document, keep == Keep::Plain)
                // A value may be a secret: it is not told.
                .map_err(|why| exit::config(keeping::unwritten(path, &why), Some("nothing was changed")))?;
            plan.with_password().try_for_each(|new| keeping::keep(keep, &new.account))?;
            config_verb::write(path, &document.to_bytes())?;
        }
        self.contacts.join(&plan.contacts, true)?;
        if let Some(shelf) = &self.calls {
            library::join(shelf, &plan.calls, true).map_err(|why| exit::config(why, None))?;
        }
        Ok(())
    }

    /// Nobody brings a file over into itself.
    fn is_own(&self, place: &Place) -> bool {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let own = [self.files.ini.path.clone(), self.files.ini.path.with_file_name(FILE_NAME)];
        own.iter().any(|own| real(own) == real(&place.file))
    }
}

fn read(job: &ImportJob, environment: &Environment, target: &Target) -> Result<Read, CommandError> {
    let mut places = match &job.path {
        Some(path) => places::at(path, job.from)?,
        None => places::usual(environment, job.from),
    };
    places.retain(|place| !target.is_own(place));
    if places.is_empty() {
        let message = "no other softphone's files are found".to_owned();
        let hint = Some("name a file or folder: tuiphone import FILE".to_owned());
        return Err(CommandError { code: ExitCode::NotFound, kind: "nothing_found", message, hint });
    }
    let (mut found, mut notes) = (Vec::new(), Vec::new());
    for Place { form, file } in &places {
        let shown = sanitise(&file.display().to_string());
        match of_file(*form, file) {
            Ok(mut new) => {
                notes.extend(new.notes.drain(..).map(|note| format!("{shown}: {note}")));
                found.push(new);
            }
            Err(why) => notes.push(format!("{shown} is not read: {}", sanitise(&why))),
        }
    }
    Ok(Read { places, found, notes })
}

fn of_file(form: Form, file: &Path) -> Result<Found, String> {
    if form == Form::CallLog {
        return library::calls_of(file).map(|calls| Found { calls, ..Found::default() });
    }
    let bytes = files::read(file, Document::MAX_BYTES).map_err(|why| plain_error(&why))?;
    import::read(form, &bytes, cfg!(windows)).map_err(|why| why.to_string())
}

/// Somebody says yes, or has.
fn agree(job: &ImportJob, options: &Options, passwords: usize, path: &Path) -> Result<bool, CommandError> {
    if job.yes {
        return Ok(true);
    }
    if options.no_input || options.json || !prompt::possible() {
        let how = if passwords > 0 { "; --save-password keyring or plain keeps passwords" } else { "" };
        let hint = Some(format!("--yes does it, --dry-run only shows it{how}"));
        return Err(CommandError { hint, ..exit::usage("there is nobody to ask; nothing was changed") });
    }
    prompt::yes(&format!("Write this into {}?", path.display()))
}

/// What becomes of the passwords: nothing is written in plain text that nobody has agreed to.
fn keep(job: &ImportJob, options: &Options, plan: &Plan, path: &Path) -> Result<Keep, CommandError> {
    let whose: Vec<String> = plan.with_password().map(|new| sanitise(&new.account.aor())).collect();
    if whose.is_empty() {
        return Ok(Keep::None);
    }
    let may_ask = !job.yes && !options.no_input && !options.json;
    let keep = keeping::decide(options.keep, may_ask, &whose.join(", "), path)?;
    if keep == Keep::None && !options.quiet {
        let left = format!("tuiphone: no password is kept of {}; tuiphone password set keeps one", whose.join(", "));
        out::talk(&left);
    }
    Ok(keep)
}
