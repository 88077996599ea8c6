//! The ini file of a profile, and the `override.ini` files that overrule it.

use super::exit;
use super::given;
use super::options::Options;
use super::paths::{Environment, IniPath};
use crate::config::ini::{Document, Encoding, IniError};
use crate::config::{self, Layers, Loaded, Warning, schema};
use crate::control::CommandError;
use crate::engine::files;
use crate::text::plain_error;
use std::path::{Path, PathBuf};

/// The files a configuration is read from.
#[derive(Debug, Clone)]
pub struct IniFiles {
    /// The ini file, there or not.
    pub ini: IniPath,
    /// It was named, by `--ini` or `TUIPHONE_INI`.
    pub named: bool,
    /// Its document; empty if it is not there. What is changed is this one, never one that overrules it.
    pub main: Document,
    /// The files that overrule it, the weakest first.
    pub overrides: Vec<PathBuf>,
    /// Their documents.
    pub overlays: Vec<Document>,
    /// What the command line says, which counts over all of them.
    pub given: Document,
}

impl IniFiles {
    /// Finds the files and reads them.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn open(options: &Options, environment: &Environment) -> Result<IniFiles, CommandError> {
        let mut files = IniFiles::find(options, environment);
        if files.ini.exists {
            files.main = read(&files.ini.path)?;
        }
        files.overlays = files.overrides.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
        Ok(files)
    }

    /// A file that is not there, or has no byte yet, begins as MicroSIP begins it if `microsip`: UTF-16.
    pub fn begin(&mut self, microsip: bool) {
        if microsip && self.main.to_bytes().is_empty() {
            self.main = Document::new(Encoding::Utf16Le);
        }
    }

    /// Reads the files of a profile once more: the same ini file, and what overrules it now.
    ///
    /// # Errors
    /// One of them cannot be read, or the ini file is gone, empty, or nothing that a phone could be set up by.
    pub fn again(ini: &IniPath, options: &Options, environment: &Environment) -> Result<IniFiles, CommandError> {
        let mut files = IniFiles::beside(IniPath { exists: true, ..ini.clone() }, true, options, environment);
        let wrong = |why: &str| exit::config(format!("cannot read {}: {why}", ini.path.display()), None);
        files.main = read(&ini.path)?;
        if files.main.items().next().is_none() {
            return Err(wrong("it is empty"));
        }
        if !files.main.sections().any(|section| schema::Place::of(section).is_some()) {
            return Err(wrong("no section of it is one of a phone's"));
        }
        files.overlays = files.overrides.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
        Ok(files)
    }

    /// Finds the files: the ini file, `override.ini` beside it, and that beside the program, which is strongest. Reads
    /// none of them.
    pub fn find(options: &Options, environment: &Environment) -> IniFiles {
        let ini = environment.ini(options.ini.as_ref().map(|ini| ini.to_string_lossy()).as_deref());
        let named =
            options.ini.is_some() || environment.vars.get("TUIPHONE_INI").is_some_and(|value| !value.is_empty());
        IniFiles::beside(ini, named, options, environment)
    }

    /// Where files would be that overrule this ini file, the weakest first.
    pub fn overriding(ini: &Path, options: &Options, environment: &Environment) -> Vec<PathBuf> {
        let mut places: Vec<PathBuf> = Vec::new();
        let folders = ini.parent().into_iter().chain(environment.exe_dir.as_deref());
        for path in folders.map(|folder| folder.join("override.ini")).filter(|_| !options.no_override) {
            if path != ini && !places.contains(&path) {
                places.push(path);
            }
        }
        places
    }

    fn beside(ini: IniPath, named: bool, options: &Options, environment: &Environment) -> IniFiles {
        let mut overrides = IniFiles::overriding(&ini.path, options, environment);
        overrides.retain(|path| path.is_file());
        IniFiles {
            ini,
            named,
            main: Document::new(Encoding::Utf8),
            overrides,
            overlays: Vec::new(),
            given: given::document(options),
        }
    }

    /// The error of a file that was named and is not there.
    pub fn missing(&self) -> CommandError {
        let hint = Some("name an existing microsip.ini with --ini, or give --user and --domain alone");
        exit::config(format!("cannot read {}: there is no such file", self.ini.path.display()), hint)
    }

    /// Settings and accounts by the files and the command line.
    pub fn load(&self) -> Loaded {
        let overlays: Vec<Document> = self.overlays.iter().chain([&self.given]).cloned().collect();
        config::load(&self.main, &overlays)
    }

    /// The documents and what the command line says, the weakest first.
    pub fn all_layers(&self) -> Layers<'_> {
        Layers::new(&self.main, self.overlays.iter().chain([&self.given]))
    }

    /// Where the value of a layer comes from, in a word.
    pub fn origin(&self, layer: usize) -> &'static str {
        match layer {
            0 => "file",
            layer if layer <= self.overlays.len() => "override",
            _ => "command_line",
        }
    }

    /// The documents, the weakest first.
    pub fn layers(&self) -> Layers<'_> {
        Layers::new(&self.main, &self.overlays)
    }

    /// The file of a layer, 0 = the ini file.
    pub fn path(&self, layer: usize) -> &Path {
        let above = layer.checked_sub(1).and_then(|index| self.overrides.get(index));
        above.map_or(&self.ini.path, PathBuf::as_path)
    }

    /// `file: line 3: [Settings] DND: what is odd`.
    pub fn located(&self, warning: &Warning) -> String {
        format!("{}: {warning}", self.path(warning.layer).display())
    }
}

fn read(path: &Path) -> Result<Document, CommandError> {
    let wrong = |why: String| exit::config(format!("cannot read {}: {why}", path.display()), None);
    let bytes = files::read(path, Document::MAX_BYTES).map_err(|why| wrong(plain_error(&why)))?;
    Document::parse(&bytes).map_err(|why: IniError| wrong(why.to_string()))
}
