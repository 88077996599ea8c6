//! The settings file of a running phone, key by key: shown, changed, and taken at once. How the files are read and written
//! is handed in; here it happens one ask at a time, and what has changed is read again.

use super::handle::{Ask, Handle, stopped};
use super::reloading::Cause;
use crate::config::Secret;
use crate::ua::command::CommandError;
use crate::ua::outcome::ExitCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// What is asked about settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingAsk {
    /// Every key there is, and its value in force.
    List,
    /// Another value, as the file is to have it: it may be a secret.
    Set {
        /// `Settings.DND`, `Account1.label`.
        name: String,
        /// The value.
        value: Secret,
    },
    /// Its line goes: the default counts.
    Unset {
        /// See `Set`.
        name: String,
    },
}

/// A key, and its value in force.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SettingInfo {
    /// The section, without brackets.
    pub section: String,
    /// The key.
    pub key: String,
    /// `flag`, `number`, `text`, `secret`, `word`, `list`.
    pub kind: String,
    /// The words it may be, if it is one of a few.
    pub words: Vec<String>,
    /// The value in force; none of a secret.
    pub value: Option<String>,
    /// There is one.
    pub set: bool,
    /// A part of the value is hidden.
    pub masked: bool,
    /// What a missing key stands for; none of a key that is not used.
    pub default: Option<String>,
    /// Where the value comes from: `default`, `file`, `override`, `command_line`.
    pub origin: String,
    /// The file, and the line in it.
    pub place: Option<String>,
    /// It stands under another section, which counts for this one too.
    pub inherited: bool,
    /// Why it cannot be changed here.
    pub locked: Option<String>,
    /// What it is for.
    pub doc: String,
    /// When a running phone takes it: `now`, `anew` = the account registers anew, `restart`.
    pub takes: String,
    /// It is MicroSIP's, stays in the file, and is not used: why.
    pub kept: Option<String>,
}

impl SettingInfo {
    /// `Settings.DND`.
    pub fn name(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }
}

/// What came of a change.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SettingChanged {
    /// The key, `Settings.DND`.
    pub name: String,
    /// The file, or the place of passwords, is another one than before.
    pub changed: bool,
    /// Only a phone that is started again takes it.
    pub needs_restart: bool,
    /// What is good to know, a line each.
    pub notes: Vec<String>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingTold {
    /// Every key.
    List(Vec<SettingInfo>),
    /// What came of a change.
    Changed(SettingChanged),
}

type Obey = dyn Fn(SettingAsk) -> Result<SettingTold, CommandError> + Send + Sync;

/// Who knows the files.
#[derive(Clone)]
pub struct SettingFiles(Arc<Mutex<Box<Obey>>>);

impl SettingFiles {
    /// Asked so; it may take its time.
    pub fn new(obey: impl Fn(SettingAsk) -> Result<SettingTold, CommandError> + Send + Sync + 'static) -> SettingFiles {
        SettingFiles(Arc::new(Mutex::new(Box::new(obey))))
    }

    fn obey(&self, ask: SettingAsk) -> Result<SettingTold, CommandError> {
        let obey = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        obey(ask)
    }
}

impl fmt::Debug for SettingFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SettingFiles")
    }
}

impl Handle {
    /// The same phone, whose settings can be shown and changed.
    pub fn with_settings(mut self, files: SettingFiles) -> Handle {
        self.settings = Some(files);
        self
    }

    /// Shows the settings, or changes one; a running phone takes what has changed at once, as far as it can.
    ///
    /// # Errors
    /// No such key, a value that cannot be taken, a key that is locked: nothing is changed. Or the phone has no file of
    /// settings, or has stopped.
    pub async fn settings(&self, ask: SettingAsk) -> Result<SettingTold, CommandError> {
        let Some(files) = self.settings.clone() else {
            return Err(CommandError {
                code: ExitCode::NotFound,
                kind: "no_file",
                message: "this phone has no file of settings".into(),
                hint: Some("one that is started with --ini FILE has".into()),
            });
        };
        // What the phone itself is about to write comes first.
        let (reply, written) = oneshot::channel();
        self.ends().0.send(Ask::Written(reply)).await.map_err(|_| stopped())?;
        let _ = written.await;
        let told = tokio::task::spawn_blocking(move || files.obey(ask)).await.map_err(|_| stopped())??;
        let SettingTold::Changed(mut told) = told else { return Ok(told) };
        if told.changed
            && let Err(why) = self.reload(Cause::Asked).await
        {
            told.notes.push(why.message);
        }
        Ok(SettingTold::Changed(told))
    }
}
