//! How the interface treats the terminal it is shown on.

/// What of it is set; `None` = as the terminal can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Signs are ASCII (`[tuiphone] glyphs`).
    pub ascii: Option<bool>,
    /// Characters of ambiguous width take two cells (`ambiguousWidth`).
    pub wide: Option<bool>,
    /// The terminal is asked what it can (`terminalQueries`).
    pub queries: Option<bool>,
    /// Frames a second that the meters alone are worth (`meterFps`); 0 = as fits the line.
    pub meter_fps: u8,
    /// The window has a title (`windowTitle`).
    pub window_title: bool,
    /// The mouse counts (`mouse`).
    pub mouse: bool,
    /// A call rings the terminal's bell (`terminalBell`).
    pub bell: bool,
    /// The terminal is asked to show a notice on the desktop (`terminalNotices`).
    pub notices: bool,
    /// The desktop is told over the session's bus (`desktopNotices`).
    pub desktop: bool,
    /// A tip stands where an idle phone says nothing (`tips`).
    pub tips: bool,
}

impl Default for Interface {
    fn default() -> Interface {
        Interface {
            ascii: None,
            wide: None,
            queries: None,
            meter_fps: 0,
            window_title: true,
            mouse: true,
            bell: true,
            notices: true,
            desktop: true,
            tips: true,
        }
    }
}
