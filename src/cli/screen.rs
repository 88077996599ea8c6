//! The interface as the command line starts it: is there a terminal, what can it show.

use super::options::{Color, Options};
use super::{exit, keymap, languages, theme};
use crate::config::{Interface, Settings};
use crate::control::link::Link;
use crate::control::{CommandError, ExitCode};
use crate::text::say;
use crate::ui::glyphs::Width;
use crate::ui::host::{Host, Wishes};
use crate::ui::keymap::Keymap;
use crate::ui::line::run::LineOptions;
use crate::ui::line::ssip::SpeechOptions;
use crate::ui::run::{UiError, UiOptions};
use crate::ui::theme::{ColorDepth, Looks, Terminal, Theme, Wardrobe};
use crate::ui::tips::Tips;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

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
    /// What the option or the setting calls them.
    pub theme: String,
    /// Where other looks come from.
    pub wardrobe: Option<Arc<dyn Wardrobe>>,
    /// Its keys.
    pub keymap: Keymap,
    /// How its terminal is treated.
    pub interface: Interface,
    /// Line mode speaks, into this sink; empty = as the speech server likes.
    pub speaks: Option<String>,
}

impl Shown {
    /// Looks and keys as the options or else the settings name them, with a note on what is odd about them; from here on the
    /// interface speaks the language of the settings.
    pub fn chosen(options: &Options, settings: &Settings, ini: &Path) -> Shown {
        let unsaid = languages::choose(&settings.language, ini);
        let theme = options.theme.clone().unwrap_or_else(|| settings.theme.clone());
        let shelf = theme::Shelf::beside(ini);
        let (looks, odd) = shelf.chosen(&theme);
        let (keymap, wrong) = keymap::Shelf::beside(ini).chosen(options.keymap.as_ref().unwrap_or(&settings.keymap));
        Shown {
            looks,
            theme,
            wardrobe: Some(Arc::new(shelf)),
            keymap,
            interface: settings.interface.clone(),
            note: wrong.or(odd).or(unsaid),
            ..Shown::default()
        }
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
    say!("screen-no-account", file = path).lines().map(str::to_owned).collect()
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
        isolates: is_utf8(),
        speech: shown.speaks.map(|sink| SpeechOptions { address: speech_server(), sink }),
    };
    // A phone in this process brings libraries that write to stderr as they like.
    let _quiet = matches!(link, Link::Local(_)).then(crate::audio::quiet::StderrGuard::new);
    crate::ui::line::run::run(link, options).await.map(|()| ExitCode::Ok).map_err(failed)
}

/// True where the locale has UTF-8.
fn is_utf8() -> bool {
    let locale =
        ["LC_ALL", "LC_CTYPE", "LANG"].map(std::env::var).into_iter().flatten().find(|value| !value.is_empty());
    !crate::ui::glyphs::Glyphs::is_ascii(Some("xterm"), locale.as_deref())
}

/// Where speech-dispatcher listens.
fn speech_server() -> String {
    variable("SPEECHD_ADDRESS").filter(|address| address.contains(':')).unwrap_or_else(|| {
        format!("unix_socket:{}/speech-dispatcher/speechd.sock", variable("XDG_RUNTIME_DIR").unwrap_or_default())
    })
}

/// The theme that is shown, and how this terminal is treated.
pub fn look(shown: &Shown, options: &Options) -> (Theme, Host) {
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
    (Theme::new(&shown.looks, depth(options.color, &variable)), Host::of(&variable, &wishes))
}

/// How many colours there are: as the option says, else as the variables do, no colours before colours everywhere.
fn depth(color: Color, variable: &dyn Fn(&str) -> Option<String>) -> ColorDepth {
    let (no_color, forced) = match color {
        Color::Depth(depth) => return depth,
        Color::Never => (true, false),
        Color::Always => (false, true),
        Color::Auto => (variable("NO_COLOR").is_some(), variable("CLICOLOR_FORCE").is_some_and(|value| value != "0")),
    };
    let (term, colorterm) = (variable("TERM"), variable("COLORTERM"));
    ColorDepth::for_terminal(Terminal { no_color, forced, term: term.as_deref(), colorterm: colorterm.as_deref() })
}

/// A variable of the environment that is not empty.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Shows the interface until it is left. While it is up, nothing else reaches the terminal.
///
/// # Errors
/// The phone or the terminal could not be had.
pub async fn show(link: Link, options: &Options, shown: Shown) -> Result<ExitCode, CommandError> {
    let (theme, host) = look(&shown, options);
    let ui = UiOptions {
        theme,
        theme_name: shown.theme,
        depth: depth(options.color, &variable),
        wardrobe: shown.wardrobe,
        host,
        keymap: shown.keymap,
        stays: shown.stays,
        program: options.program(),
        welcome: shown.welcome,
        dial: shown.dial,
        fill: shown.fill,
        note: shown.note,
        tips: shown.interface.tips.then(|| Tips::new(tip_of_now())),
        local_time: super::platform::local_time,
        at_rest: super::platform::settle,
        traces: Some(super::paths::Environment::of_process().data_dir().join("tuiphone/traces")),
    };
    // A phone in this process brings libraries that write to stderr as they like.
    let _quiet = matches!(link, Link::Local(_)).then(crate::audio::quiet::StderrGuard::new);
    crate::ui::run::run(link, ui).await.map(|()| ExitCode::Ok).map_err(failed)
}

/// Another tip to begin with each time.
#[allow(clippy::disallowed_methods, reason = "the shell reads the clock")]
fn tip_of_now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_steps_stand_below_each_other_with_their_indents() {
        let steps = first_steps(Path::new("/x/microsip.ini"));
        assert_eq!(
            steps[..4],
            ["No account yet; its file is", "  /x/microsip.ini", "Without one:", "  tuiphone demo   built-in far ends"]
        );
        assert_eq!(steps.len(), 6);
    }

    #[test]
    fn the_option_goes_before_the_variables_and_no_colours_before_colours_everywhere() {
        type Row<'a> = (Color, &'a [(&'a str, &'a str)], ColorDepth);
        let rows: &[Row<'_>] = &[
            (Color::Auto, &[], ColorDepth::Indexed256),
            (Color::Auto, &[("COLORTERM", "truecolor")], ColorDepth::True),
            (Color::Auto, &[("NO_COLOR", "1")], ColorDepth::None),
            (Color::Auto, &[("NO_COLOR", "0")], ColorDepth::None),
            (Color::Auto, &[("NO_COLOR", "")], ColorDepth::Indexed256),
            (Color::Auto, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], ColorDepth::None),
            (Color::Auto, &[("CLICOLOR_FORCE", "1")], ColorDepth::Indexed256),
            (Color::Auto, &[("CLICOLOR_FORCE", "1"), ("TERM", "vt100")], ColorDepth::Ansi16),
            (Color::Auto, &[("CLICOLOR_FORCE", "0"), ("TERM", "linux")], ColorDepth::Ansi16),
            (Color::Never, &[("CLICOLOR_FORCE", "1"), ("COLORTERM", "truecolor")], ColorDepth::None),
            (Color::Always, &[("NO_COLOR", "1")], ColorDepth::Indexed256),
            (Color::Always, &[("NO_COLOR", "1"), ("TERM", "vt220")], ColorDepth::Ansi16),
            (Color::Depth(ColorDepth::True), &[("NO_COLOR", "1"), ("TERM", "vt220")], ColorDepth::True),
            (Color::Depth(ColorDepth::Ansi16), &[("COLORTERM", "truecolor")], ColorDepth::Ansi16),
        ];
        for (color, variables, expected) in rows {
            let of = |name: &str| {
                let set = variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
                set.or((name == "TERM").then_some("xterm-256color")).map(str::to_owned).filter(|it| !it.is_empty())
            };
            assert_eq!(depth(*color, &of), *expected, "{color:?} {variables:?}");
        }
        if cfg!(unix) {
            let dull = |name: &str| (name == "TERM").then(|| "vt100".to_owned());
            assert_eq!(depth(Color::Auto, &dull), ColorDepth::None);
        }
    }
}
