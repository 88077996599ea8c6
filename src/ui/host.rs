//! What kind of terminal this is, as far as the environment and the settings tell: pure.

use super::glyphs::{Glyphs, Width};
use super::osc::{Between, Notice};
use std::time::Duration;

/// The shortest time between two frames that only move the meters, near by and over a slow line.
const METER_FRAME: Duration = Duration::from_millis(100);
const SLOW_METER_FRAME: Duration = Duration::from_secs(1);

/// What somebody wants of the interface, beside its colours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wishes {
    /// Signs: `None` = as the terminal can.
    pub is_ascii: Option<bool>,
    /// Ambiguous characters: `None` = as the terminal tells, else as the locale lets one expect.
    pub width: Option<Width>,
    /// Questions to the terminal: `None` = not over SSH.
    pub asks: Option<bool>,
    /// Frames a second for the meters alone: `None` = 10, and 1 over SSH.
    pub meter_fps: Option<u8>,
    /// The title of the terminal's window.
    pub titles: bool,
    /// Clicks.
    pub mouse: bool,
    /// More than a bell for a call.
    pub notices: bool,
    /// The bell.
    pub bell: bool,
}

impl Default for Wishes {
    fn default() -> Wishes {
        Wishes {
            is_ascii: None,
            width: None,
            asks: None,
            meter_fps: None,
            titles: true,
            mouse: true,
            notices: true,
            bell: true,
        }
    }
}

/// How this terminal is treated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Host {
    /// The signs, until the terminal says how wide ambiguous ones are.
    pub glyphs: Glyphs,
    /// They are ASCII.
    pub is_ascii: bool,
    /// Text that runs from right to left stands in marks that keep it apart.
    pub isolates: bool,
    /// How wide ambiguous characters are held to be until then.
    pub width: Width,
    /// It is to say how wide ambiguous characters are.
    pub measures: bool,
    /// It is asked what it can.
    pub asks: bool,
    /// Whoever looks at it sits at another machine: SSH, mosh.
    pub is_far: bool,
    /// What stands between.
    pub between: Between,
    /// How it tells of a call beside its bell.
    pub notice: Option<Notice>,
    /// Its window's title is ours.
    pub titles: bool,
    /// Clicks.
    pub mouse: bool,
    /// Its bell rings.
    pub bell: bool,
    /// The shortest time between two frames that only move the meters.
    pub meter_frame: Duration,
    /// The same once frames take long to write.
    pub slow_meter_frame: Duration,
}

impl Default for Host {
    fn default() -> Host {
        Host::of(&|_| None, &Wishes::default())
    }
}

impl Host {
    /// As the variables of the environment tell; those that are empty are as none.
    pub fn of(variable: &dyn Fn(&str) -> Option<String>, wishes: &Wishes) -> Host {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let is_set = |name: &str| variable(name).is_some();
        let term = variable("TERM").unwrap_or_default();
        let locale = variable("LC_ALL").or_else(|| variable("LC_CTYPE")).or_else(|| variable("LANG"));
        // mosh logs in by SSH and answers nothing.
        let is_far = is_set("SSH_CONNECTION") || is_set("SSH_TTY") || is_set("SSH_CLIENT");
        let is_plain = is_plain(&term);
        let is_ascii = wishes.is_ascii.unwrap_or_else(|| Glyphs::is_ascii(Some(&term), locale.as_deref()));
        let expected = if is_cjk(locale.as_deref().unwrap_or_default()) { Width::Wide } else { Width::Narrow };
        let asks = cfg!(unix) && !is_plain && wishes.asks.unwrap_or(!is_far);
        let fps = |fps: u8| Duration::from_millis(1000 / u64::from(fps.clamp(1, 10)));
        let meter_frame = wishes.meter_fps.map(fps).unwrap_or(if is_far { SLOW_METER_FRAME } else { METER_FRAME });
        let width = wishes.width.unwrap_or(expected);
        Host {
            glyphs: Glyphs::of(is_ascii, width),
            is_ascii,
            isolates: !is_ascii && term != "linux",
            width,
            measures: asks && wishes.width.is_none(),
            asks,
            is_far,
            between: Between::of(variable("TMUX").as_deref(), variable("STY").as_deref()),
            notice: Notice::of(&variable).filter(|_| wishes.notices && !is_plain),
            titles: wishes.titles && !is_plain,
            mouse: wishes.mouse,
            bell: wishes.bell,
            meter_frame,
            slow_meter_frame: meter_frame.max(SLOW_METER_FRAME),
        }
    }
}

/// It takes no control strings, or nobody knows what it makes of them.
fn is_plain(term: &str) -> bool {
    !cfg!(windows) && (matches!(term, "" | "dumb" | "linux" | "cons25") || term.starts_with("vt"))
}

fn is_cjk(locale: &str) -> bool {
    ["zh", "ja", "ko"].iter().any(|language| locale.starts_with(language))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::glyphs::{ASCII, UNICODE, WIDE};

    fn host(variables: &[(&str, &str)], wishes: &Wishes) -> Host {
        let of = |name: &str| {
            let set = variables.iter().find(|(key, _)| *key == name);
            set.map(|(_, value)| (*value).to_owned())
        };
        Host::of(&of, wishes)
    }

    #[test]
    fn a_terminal_near_by_is_asked_and_one_far_off_is_not() {
        let near = host(&[("TERM", "xterm-256color"), ("LANG", "de_DE.UTF-8")], &Wishes::default());
        assert_eq!((near.asks, near.measures, near.meter_frame), (cfg!(unix), cfg!(unix), METER_FRAME));
        let far = [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("SSH_CONNECTION", "1.2.3.4 5 6.7.8.9 22")];
        let told = host(&far, &Wishes::default());
        assert_eq!((told.asks, told.measures, told.meter_frame), (false, false, SLOW_METER_FRAME));
        let told = host(&far, &Wishes { asks: Some(true), meter_fps: Some(5), ..Wishes::default() });
        assert_eq!((told.asks, told.meter_frame), (cfg!(unix), Duration::from_millis(200)));
        assert_eq!(told.slow_meter_frame, SLOW_METER_FRAME);
    }

    #[cfg(unix)]
    #[test]
    fn a_console_is_told_nothing_but_its_screen() {
        for term in ["linux", "dumb", "vt100", ""] {
            let told = host(&[("TERM", term), ("KITTY_WINDOW_ID", "1")], &Wishes::default());
            assert_eq!((told.asks, told.titles, told.notice), (false, false, None), "{term}");
        }
    }

    #[test]
    fn signs_are_those_that_are_wished_else_those_that_fit() {
        let utf8 = [("TERM", "xterm"), ("LANG", "C.UTF-8")];
        let chinese = [("TERM", "xterm"), ("LANG", "zh_TW.UTF-8")];
        let wide = Wishes { width: Some(Width::Wide), ..Wishes::default() };
        let ascii = Wishes { is_ascii: Some(true), ..wide.clone() };
        let narrow = Wishes { width: Some(Width::Narrow), ..Wishes::default() };
        for (variables, wishes, glyphs) in [
            (&utf8, &Wishes::default(), UNICODE),
            (&utf8, &wide, WIDE),
            (&utf8, &ascii, ASCII),
            (&chinese, &Wishes::default(), WIDE),
            (&chinese, &narrow, UNICODE),
        ] {
            let told = host(variables, wishes);
            assert!(told.glyphs == glyphs, "{variables:?} {wishes:?}");
            assert!(!told.measures || wishes.width.is_none());
        }
    }
}
