//! Settings and other files, and what is done to them.

use super::ErrorInfo;
use crate::control::{SettingChanged, SettingInfo};
use schemars::JsonSchema;

#[derive(JsonSchema)]
pub struct ConfigPath {
    path: String,
    exists: bool,
    /// Files whose keys go before
    overrides: Vec<String>,
}

#[derive(JsonSchema)]
pub struct ConfigValues {
    values: Vec<ConfigValue>,
}

/// `setting list`.
#[derive(JsonSchema)]
pub struct Settings {
    settings: Vec<SettingInfo>,
}

/// `setting set` and `setting unset`.
#[derive(JsonSchema)]
pub struct SettingSet {
    setting: SettingChanged,
}

/// A key and its value in force.
#[derive(JsonSchema)]
pub struct ConfigValue {
    section: String,
    key: String,
    /// Null of a secret
    value: Option<String>,
    /// There is one
    set: bool,
    secret: bool,
    /// A part of the value is hidden
    masked: bool,
    default: Option<String>,
    /// `default`, `file`, `override`, `option`
    origin: String,
    file: Option<String>,
    line: Option<usize>,
    /// `override.ini` has it: `config set` cannot change it
    locked: bool,
}

#[derive(JsonSchema)]
pub struct ConfigDefaults {
    keys: Vec<Key>,
    kept: Vec<KeptKey>,
}

#[derive(JsonSchema)]
pub struct Key {
    section: String,
    key: String,
    default: String,
    /// `flag`, `number`, `text`, `secret`, `word`, `list`
    kind: String,
    doc: String,
}

/// A key of MicroSIP's that stays in the file and is not used.
#[derive(JsonSchema)]
pub struct KeptKey {
    section: String,
    key: String,
    why: String,
}

#[derive(JsonSchema)]
pub struct ConfigSet {
    path: String,
    changed: bool,
    keys: Vec<String>,
    notes: Vec<String>,
}

#[derive(JsonSchema)]
pub struct ConfigFindings {
    path: String,
    findings: Vec<Finding>,
}

#[derive(JsonSchema)]
pub struct Finding {
    file: String,
    line: Option<usize>,
    section: String,
    key: String,
    kind: String,
    /// Good to know, and not wrong
    note: bool,
    message: String,
}

#[derive(JsonSchema)]
pub struct DialPlan {
    number: String,
    account: String,
    steps: Vec<DialStep>,
    /// The rule that let it out
    rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
    /// Sent after the answer
    #[serde(skip_serializing_if = "Option::is_none")]
    dtmf: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<Vec<DialHeader>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorInfo>,
}

#[derive(JsonSchema)]
pub struct DialStep {
    step: String,
    rule: Option<String>,
    result: String,
}

#[derive(JsonSchema)]
pub struct DialHeader {
    name: String,
    value: String,
}

#[derive(JsonSchema)]
pub struct Import {
    /// False: only told
    done: bool,
    ini: String,
    found: Vec<ImportFile>,
    accounts: Vec<ImportAccount>,
    /// Those that are here already
    known_accounts: Vec<String>,
    settings: Vec<ImportSetting>,
    /// Keys that have another value here, which stays
    kept_settings: Vec<String>,
    contacts: ImportCount,
    calls: ImportCount,
    /// What became of passwords: `plain`, `keyring`, `none`
    passwords: Option<String>,
    notes: Vec<String>,
}

#[derive(JsonSchema)]
pub struct ImportFile {
    softphone: String,
    file: String,
}

#[derive(JsonSchema)]
pub struct ImportAccount {
    id: u32,
    aor: String,
    /// `plain`, `encrypted`, `hashed`, `none`
    password: String,
}

#[derive(JsonSchema)]
pub struct ImportSetting {
    section: String,
    key: String,
    value: String,
}

#[derive(JsonSchema)]
pub struct ImportCount {
    found: usize,
    new: usize,
}

#[derive(JsonSchema)]
pub struct Passwords {
    accounts: Vec<PasswordPlace>,
}

#[derive(JsonSchema)]
pub struct PasswordPlace {
    id: u32,
    aor: String,
    /// Where it is: `plain`, `command`, `keyring`, `encrypted`, `none`
    password: String,
}

#[derive(JsonSchema)]
pub struct PasswordKept {
    action: String,
    account: String,
    /// `plain`, `keyring`, `kernel` or `file`
    kept: String,
}

#[derive(JsonSchema)]
pub struct PasswordForgotten {
    action: String,
    account: String,
    /// It was there
    keyring: bool,
    /// It was there
    kernel: bool,
    /// It was there
    file: bool,
    /// It was there
    ini: bool,
}

#[derive(JsonSchema)]
pub struct Reset {
    backup: String,
    files: Vec<String>,
}

#[derive(JsonSchema)]
pub struct Url {
    done: Vec<String>,
}

#[derive(JsonSchema)]
pub struct Man {
    dir: String,
    pages: usize,
}

#[derive(JsonSchema)]
pub struct Schemas {
    schemas: Vec<SchemaName>,
}

/// Themes by what was asked.
#[derive(JsonSchema)]
pub struct Themes {
    /// theme list
    #[serde(skip_serializing_if = "Option::is_none")]
    themes: Option<Vec<ThemeName>>,
    /// theme roles
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<SchemaName>>,
    /// theme show, theme check
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// theme show
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// theme check
    #[serde(skip_serializing_if = "Option::is_none")]
    faults: Option<Vec<ThemeFault>>,
}

/// Keys by what was asked.
#[derive(JsonSchema)]
pub struct Keymaps {
    /// keymap list
    #[serde(skip_serializing_if = "Option::is_none")]
    keymaps: Option<Vec<ThemeName>>,
    /// keymap actions
    #[serde(skip_serializing_if = "Option::is_none")]
    actions: Option<Vec<KeymapAction>>,
    /// keymap show, keymap check
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// keymap show
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// keymap check
    #[serde(skip_serializing_if = "Option::is_none")]
    faults: Option<Vec<ThemeFault>>,
}

/// Languages by what was asked.
#[derive(JsonSchema)]
pub struct Languages {
    /// words list
    #[serde(skip_serializing_if = "Option::is_none")]
    languages: Option<Vec<ThemeName>>,
    /// words show, words check
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// words show
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// words check
    #[serde(skip_serializing_if = "Option::is_none")]
    faults: Option<Vec<ThemeFault>>,
}

#[derive(JsonSchema)]
pub struct KeymapAction {
    name: String,
    doc: String,
    /// Of the default keymap
    keys: Vec<String>,
    /// Where they count; everywhere = where the place has no other meaning for them
    places: Vec<String>,
}

#[derive(JsonSchema)]
pub struct ThemeName {
    name: String,
    /// null where it comes with the program
    file: Option<String>,
}

#[derive(JsonSchema)]
pub struct ThemeFault {
    /// 0 where it is about the file as a whole
    line: usize,
    message: String,
    /// It works, but may not please
    note: bool,
}

#[derive(JsonSchema)]
pub struct SchemaName {
    name: String,
    doc: String,
}

#[derive(JsonSchema)]
pub struct BugReport {
    /// Where it was written
    file: String,
}

#[derive(JsonSchema)]
pub struct Version {
    version: String,
    /// What it was built for, `x86_64-unknown-linux-gnu`.
    target: String,
    /// What it was built with beside what every build has, in order of the alphabet.
    features: Vec<String>,
}

#[derive(JsonSchema)]
pub struct Licenses {
    licenses: Vec<License>,
}

#[derive(JsonSchema)]
struct License {
    name: String,
    version: String,
    /// An expression of SPDX.
    license: String,
}
