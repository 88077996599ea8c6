//! The interface as the command line starts it: is there a terminal, what can it show.

use super::options::{Color, Options};
use super::{exit, keymap, theme};
use crate::config::{Interface, Settings};
use crate::control::link::Link;
use crate::control::{CommandError, ExitCode};
use crate::ui::glyphs::Width;
use crate::ui::host::{Host, Wishes};
use crate::ui::keymap::Keymap;
use crate::ui::line::run::LineOptions;
use crate::ui::line::ssip::SpeechOptions;
use crate::ui::run::{UiError, UiOptions};
use crate::ui::theme::{ColorDepth, Looks, Terminal, Theme};
use std::io::IsTerminal;
use std::path::Path;

/// What differs between one showing and another.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// A number to dial at once.
    pub dial: Option<String>,
    /// A number for the dial field, which waits there; empty = the field alone.
    pub fill: Option<String>,
    /// The phone lives on when the interface is left.
    pub stays: bool,
    /// Lines for an empty call list.
    pub welcome: Vec<String>,
    /// A note for the message line.
    pub note: Option<String>,
    /// The looks of its parts.
    pub looks: Looks,
    /// Its keys.
    pub keymap: Keymap,
    /// How its terminal is treated.
    pub interface: Interface,
    /// Line mode speaks, into this sink; empty = as the speech server likes.
    pub speaks: Option<String>,
}

impl Shown {
    /// Looks and keys as the options or else the settings name them, with a note on what is odd about them.
    pub fn chosen(options: &Options, settings: &Settings, ini: &Path) -> Shown {
        let (looks, odd) = theme::Shelf::beside(ini).chosen(options.theme.as_ref().unwrap_or(&settings.theme));
        let (keymap, wrong) = keymap::Shelf::beside(ini).chosen(options.keymap.as_ref().unwrap_or(&settings.keymap));
        Shown { looks, keymap, interface: settings.interface.clone(), note: wrong.or(odd), ..Shown::default() }
    }
}

/// True with a terminal on both sides.
pub fn is_there() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// True where somebody is to have lines instead of a screen: asked for, or a terminal that can nothing else.
pub fn is_line_mode(options: &Options, line_of_settings: bool) -> bool {
    let accessible = std::env::var("ACCESSIBLE").is_ok_and(|value| !matches!(value.as_str(), "" | "0"));
    let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
    options.line || (is_there() && (accessible || dumb || line_of_settings))
}

/// Refuses to go on without a terminal.
///
/// # Errors
/// A usage error that says what else there is.
pub fn required() -> Result<(), CommandError> {
    if is_there() {
        return Ok(());
    }
    let mut error = exit::usage("there is no terminal for the interface, and no verb");
    error.hint = Some("tuiphone call NUMBER, tuiphone daemon, or tuiphone --help".to_owned());
    Err(error)
}

/// What to try where no account is set up in this file.
pub fn first_steps(ini: &Path) -> Vec<String> {
    let home = std::env::var("HOME").unwrap_or_default();
    let path = ini.display().to_string();
    let path = path.strip_prefix(&home).filter(|_| !home.is_empty()).map_or(path.clone(), |rest| format!("~{rest}"));
    vec![
        "No account yet; its file is".to_owned(),
        format!("  {path}"),
        "Without one:".to_owned(),
        "  tuiphone demo   built-in far ends".to_owned(),
        "  tuiphone --user 101 --domain HOST".to_owned(),
        "  /  then name@host   call an address".to_owned(),
    ]
}

/// Speaks line by line until it is left, or nobody types any more.
///
/// # Errors
/// The phone could not be had.
pub async fn speak(link: Link, shown: Shown) -> Result<ExitCode, CommandError> {
    let options = LineOptions {
        stays: shown.stays,
        dial: shown.dial,
        fill: shown.fill,
        notes: shown.note.into_iter().collect(),
        local_time: super::platform::local_time,
        speech: shown.speaks.map(|sink| SpeechOptions { address: speech_server(), sink }),
    };
    // A phone in this process brings libraries that write to stderr as they like.
    let _quiet = matches!(link, Link::Local(_)).then(crate::audio::quiet::StderrGuard::new);
    crate::ui::line::run::run(link, options).await.map(|()| ExitCode::Ok).map_err(failed)
}

/// Where speech-dispatcher listens.
fn speech_server() -> String {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    variable("SPEECHD_ADDRESS").filter(|address| address.contains(':')).unwrap_or_else(|| {
        format!("unix_socket:{}/speech-dispatcher/speechd.sock", variable("XDG_RUNTIME_DIR").unwrap_or_default())
    })
}

/// The theme that is shown, and how this terminal is treated.
pub fn look(shown: &Shown, options: &Options) -> (Theme, Host) {
    let variable = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    let term = variable("TERM");
    let interface = &shown.interface;
    let wishes = Wishes {
        is_ascii: options.ascii.unwrap_or(interface.ascii),
        width: interface.wide.map(|wide| if wide { Width::Wide } else { Width::Narrow }),
        asks: interface.queries,
        meter_fps: Some(interface.meter_fps).filter(|fps| *fps > 0),
        titles: interface.window_title,
        mouse: interface.mouse && !options.no_mouse,
        notices: interface.notices,
        bell: interface.bell,
    };
    let no_color = match options.color {
        Color::Auto => variable("NO_COLOR").is_some(),
        Color::Never => true,
        Color::Always | Color::Depth(_) => false,
    };
    let colorterm = variable("COLORTERM");
    let terminal = Terminal { no_color, term: term.as_deref(), colorterm: colorterm.as_deref() };
    let depth = match options.color {
        Color::Depth(depth) => depth,
        _ => ColorDepth::for_terminal(terminal),
    };
    (Theme::new(&shown.looks, depth), Host::of(&variable, &wishes))
}

/// Shows the interface until it is left. While it is up, nothing else reaches the terminal.
///
/// # Errors
/// The phone or the terminal could not be had.
pub async fn show(link: Link, options: &Options, shown: Shown) -> Result<ExitCode, CommandError> {
    let (theme, host) = look(&shown, options);
    let ui = UiOptions {
        theme,
        host,
        keymap: shown.keymap,
        stays: shown.stays,
        welcome: shown.welcome,
        dial: shown.dial,
        fill: shown.fill,
        note: shown.note,
        local_time: super::platform::local_time,
        traces: Some(super::paths::Environment::of_process().data_dir().join("tuiphone/traces")),
    };
    // A phone in this process brings libraries that write to stderr as they like.
    let _quiet = matches!(link, Link::Local(_)).then(crate::audio::quiet::StderrGuard::new);
    crate::ui::run::run(link, ui).await.map(|()| ExitCode::Ok).map_err(failed)
}

/// Why an interface could not go on.
pub fn failed(error: UiError) -> CommandError {
    match error {
        UiError::Phone(error) => error,
        other => {
            CommandError { code: ExitCode::Unexpected, kind: "unexpected", message: other.to_string(), hint: None }
        }
    }
}
