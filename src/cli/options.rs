//! What a command line asks for, once read: the options that hold everywhere, and the job.

use super::attached::Attachment;
use super::doctor::DoctorJob;
use super::import::ImportJob;
use super::keeping::Keep;
use super::man::ManJob;
use super::password_verb::PasswordJob;
use super::probe::ProbeJob;
use super::shelf::ShelfJob;
use crate::audio::Spec;
use crate::config::{AutoAnswer, Secret, Server};
use crate::control::verb::Request;
use crate::ui::theme::ColorDepth;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The options that hold for every job.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `--ini`, `/i:`.
    pub ini: Option<PathBuf>,
    /// `--no-override`.
    pub no_override: bool,
    /// `--account`, `/account:`: number, label or address.
    pub account: Option<String>,
    /// `--audio-in`.
    pub audio_in: Option<Spec>,
    /// `--audio-out`.
    pub audio_out: Option<Spec>,
    /// `--audio-ring`.
    pub audio_ring: Option<Spec>,
    /// `--json`.
    pub json: bool,
    /// `--ndjson`.
    pub ndjson: bool,
    /// `--debug FILE`, `-` = standard error.
    pub debug: Option<PathBuf>,
    /// `--log FILE.csv`.
    pub log: Option<PathBuf>,
    /// How often `-v`.
    pub verbose: u8,
    /// `-q`.
    pub quiet: bool,
    /// `--color`, with `NO_COLOR` and `CLICOLOR_FORCE` obeyed.
    pub color: Color,
    /// `--theme`.
    pub theme: Option<String>,
    /// `--keymap`.
    pub keymap: Option<String>,
    /// `--glyphs`, `--ascii`: signs are ASCII, or not; `None` = as the settings say.
    pub ascii: Option<Option<bool>>,
    /// `--no-mouse`.
    pub no_mouse: bool,
    /// `--line`: plain sentences in place of the screen.
    pub line: bool,
    /// `--speak`: line mode, spoken too.
    pub speak: bool,
    /// `--no-input`: never ask.
    pub no_input: bool,
    /// `--timeout SEC`.
    pub timeout: Option<Duration>,
    /// `--socket PATH`, `TUIPHONE_SOCKET`.
    pub socket: Option<PathBuf>,
    /// `--standalone`: an engine of our own even beside a daemon.
    pub standalone: bool,
    /// `--port N`: SIP port; taken = an error.
    pub port: Option<u16>,
    /// `--stun HOST[:PORT]`: the STUN server of this session.
    pub stun: Option<Server>,
    /// The password that was given for the selected account, for a daemon that we start.
    pub password: Secret,
    /// The account of `--user`, `--domain`…, if any of them was given.
    pub session: Option<SessionAccount>,
    /// `--save`: the session account becomes one of the ini file.
    pub save: bool,
    /// `--microsip-ini`: an ini file that is yet to be made is written as MicroSIP writes it.
    pub microsip: bool,
    /// `--save-password`: where passwords are kept; `None` = ask, or nowhere.
    pub keep: Option<Keep>,
    /// MicroSIP's `/account:N /password:P`: the password is kept, where that can be done without plain text.
    pub keeps_given: bool,
    /// `--autoanswer 0|1|header|button`, with its delay in seconds: `1:3`.
    pub auto_answer: Option<(AutoAnswer, u32)>,
    /// `--setvolume`, `--micvolume`.
    pub volume: Option<u8>,
    /// See `volume`.
    pub volume_mic: Option<u8>,
    /// `--dialplan`: the dial plan of the account in use.
    pub dial_plan: Option<String>,
    /// `--show`; `None` = as the settings say.
    pub show: Option<Show>,
}

/// How the phone is to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Show {
    /// With its interface.
    #[default]
    Normal,
    /// In the background; that it does is said.
    Minimized,
    /// In the background.
    Hidden,
}

/// What becomes of links in other programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// This program opens them.
    Install,
    /// It does no longer.
    Uninstall,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
    /// Always, and so many.
    Depth(ColorDepth),
}

/// An account made by the command line, never saved unless asked.
#[derive(Debug, Clone, Default)]
pub struct SessionAccount {
    /// `--user`.
    pub user: String,
    /// `--domain`, also the registrar.
    pub domain: String,
    /// `--password` and its kin.
    pub password: Secret,
    /// `--auth-id`; empty = user.
    pub auth_id: String,
    /// `--proxy`.
    pub proxy: Option<String>,
    /// `--dn`.
    pub display_name: String,
    /// `--transport`.
    pub transport: Option<String>,
}

/// What is to be done.
#[derive(Debug, Clone)]
pub enum Job {
    /// The interface.
    Interface {
        /// MicroSIP's bare number: it is called.
        dial: Option<String>,
        /// A number for the dial field, which waits there; empty = the field alone.
        fill: Option<String>,
    },
    /// Links in other programs.
    Links(Links),
    /// Everything that was set, entered and kept goes to a backup folder.
    Reset {
        /// Nobody is asked.
        unasked: bool,
    },
    /// The questions of the first run.
    Setup,
    /// The daemon in the foreground.
    Daemon {
        /// It tells its service manager how it goes.
        notify: bool,
    },
    /// The verbs over HTTP.
    #[cfg(feature = "http")]
    Serve(super::serve::ServeJob),
    /// One call, followed to its end.
    Call(CallJob),
    /// `register` / `unregister` without a daemon, or any other verb to the daemon.
    Verb {
        /// The verb's name in the table.
        verb: &'static str,
        /// What it asks.
        request: Request,
    },
    /// The built-in far ends and a phone beside them.
    Demo {
        /// Things happen by themselves.
        lively: bool,
        /// Seed of everything that varies.
        seed: Option<u64>,
        /// The far ends alone, with an account for them in this new ini file.
        peer: Option<PathBuf>,
    },
    /// Calls as a test.
    Test(Box<ProbeJob>),
    /// The settings, as the files have them.
    Config(ConfigJob),
    /// What other softphones have.
    Import(ImportJob),
    /// An account's password, kept or forgotten.
    Password(PasswordJob),
    /// What may keep the phone from working.
    Doctor(DoctorJob),
    /// A report for whoever is to help, into this file.
    BugReport(Option<String>),
    /// A page of the manual, or all of them.
    Man(ManJob),
    /// `theme`.
    Theme(ShelfJob),
    /// `keymap`.
    Keymap(ShelfJob),
    /// `words`.
    Words(ShelfJob),
    /// The shape of a JSON; without a name the names.
    Schema {
        /// Which.
        name: Option<String>,
    },
    /// What the program is made of.
    Licenses,
    /// What may stand next on a command line: the words so far, the last one begun.
    Complete(Vec<String>),
    /// Text for standard output: help, version.
    Print(String),
}

impl Job {
    /// The word that asked for it, as JSON names it.
    pub fn verb(&self) -> Option<&'static str> {
        match self {
            Job::Verb { verb, .. } => Some(verb),
            Job::Call(call) => Some(call.begin.verb()),
            Job::Config(_) => Some("config"),
            Job::Import(_) => Some("import"),
            Job::Password(_) => Some("password"),
            Job::Test(_) => Some("test"),
            Job::Doctor(_) => Some("doctor"),
            Job::BugReport(_) => Some("bug-report"),
            Job::Daemon { .. } => Some("daemon"),
            Job::Setup => Some("setup"),
            _ => None,
        }
    }
}

/// What is done with the settings. A key is `SECTION.KEY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigJob {
    /// Which files they stand in.
    Path,
    /// What they say, all in all.
    Print {
        /// Every key there is and its default instead.
        default: bool,
    },
    /// One value.
    Get {
        /// Its key.
        key: String,
    },
    /// Other values.
    Set {
        /// `SECTION.KEY=VALUE` each.
        changes: Vec<String>,
        /// A new file is written as MicroSIP writes it.
        microsip: bool,
    },
    /// What is odd in them.
    Check,
    /// The way of a number, from what is typed to what is called.
    DialPlan {
        /// As it is typed.
        number: String,
    },
}

/// How a call comes about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Begin {
    /// `call`.
    #[default]
    Dial,
    /// `pickup`.
    Pickup,
    /// `retrieve`.
    Retrieve,
}

impl Begin {
    /// The way a verb begins a call.
    pub fn of_verb(verb: &str) -> Option<Begin> {
        [Begin::Dial, Begin::Pickup, Begin::Retrieve].into_iter().find(|begin| begin.verb() == verb)
    }

    /// Its verb.
    pub fn verb(self) -> &'static str {
        match self {
            Begin::Dial => "call",
            Begin::Pickup => "pickup",
            Begin::Retrieve => "retrieve",
        }
    }
}

/// One call.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallJob {
    /// How it comes about.
    pub begin: Begin,
    /// Number or address as typed; only a dialled one must have it.
    pub number: String,
    /// Return as soon as the INVITE is out.
    pub no_wait: bool,
    /// Follow the call to its end, as `call` does anyway.
    pub follow: bool,
    /// Bound on the wait for registration.
    pub wait_registered: Option<Duration>,
    /// Hang up this long after the answer.
    pub duration: Option<Duration>,
    /// Digits after the answer; a comma waits a second.
    pub dtmf: Option<String>,
    /// Hang up when the far end presses this.
    pub until_dtmf: Option<char>,
    /// A WAV file to play after the answer.
    pub play: Option<String>,
    /// A new file to record into from the answer on.
    pub record: Option<String>,
    /// What stands where microphone and speaker would.
    pub attachment: Option<Attachment>,
    /// It is there from the beginning of the call, not from the answer on.
    pub attached_early: bool,
}

impl Options {
    /// It starts without its interface.
    pub fn hides(&self) -> bool {
        matches!(self.show, Some(Show::Minimized | Show::Hidden))
    }

    /// What is typed to reach the same phone again: `tuiphone`, with the files that were named.
    pub fn program(&self) -> String {
        let named = [("-i", &self.ini), ("--socket", &self.socket)];
        let words = named.into_iter().filter_map(|(name, path)| {
            let path = crate::text::sanitise(&path.as_ref()?.to_string_lossy());
            let path = if path.contains([' ', '\'', '"']) { format!("{path:?}") } else { path };
            Some(format!(" {name} {path}"))
        });
        std::iter::once("tuiphone".to_owned()).chain(words).collect()
    }

    /// The arguments that make a daemon of the same kind; the password goes another way.
    pub fn daemon_arguments(&self, socket: &Path) -> Vec<OsString> {
        let mut out: Vec<OsString> = Vec::new();
        let mut pair = |name: &str, value: OsString| out.extend([OsString::from(name), value]);
        pair("--socket", socket.as_os_str().to_owned());
        if let Some(ini) = &self.ini {
            pair("--ini", ini.as_os_str().to_owned());
        }
        for (name, spec) in
            [("--audio-in", &self.audio_in), ("--audio-out", &self.audio_out), ("--audio-ring", &self.audio_ring)]
        {
            if let Some(spec) = spec {
                pair(name, spec.to_string().into());
            }
        }
        for (name, path) in [("--debug", &self.debug), ("--log", &self.log)] {
            if let Some(path) = path {
                pair(name, path.as_os_str().to_owned());
            }
        }
        if let (Some(account), None) = (&self.account, &self.session) {
            pair("--account", account.into());
        }
        if let Some(port) = self.port {
            pair("--port", port.to_string().into());
        }
        if let Some(server) = &self.stun {
            pair("--stun", server.to_string().into());
        }
        if let Some((mode, delay_s)) = self.auto_answer {
            let word = match mode {
                AutoAnswer::Never => "0",
                AutoAnswer::All => "1",
                AutoAnswer::Header => "header",
                AutoAnswer::Button => "button",
            };
            pair("--autoanswer", format!("{word}:{delay_s}").into());
        }
        if let Some(plan) = &self.dial_plan {
            pair("--dialplan", plan.into());
        }
        for (name, level) in [("--setvolume", self.volume), ("--micvolume", self.volume_mic)] {
            if let Some(level) = level {
                pair(name, level.to_string().into());
            }
        }
        if let Some(s) = &self.session {
            let texts = [
                ("--user", Some(&s.user)),
                ("--domain", Some(&s.domain)),
                ("--auth-id", Some(&s.auth_id)),
                ("--dn", Some(&s.display_name)),
                ("--proxy", s.proxy.as_ref()),
                ("--transport", s.transport.as_ref()),
            ];
            for (name, text) in texts {
                if let Some(text) = text.filter(|t| !t.is_empty()) {
                    pair(name, text.into());
                }
            }
        }
        if self.no_override {
            out.push("--no-override".into());
        }
        out
    }
}
