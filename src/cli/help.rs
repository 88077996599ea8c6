//! What `help` prints, beside the pages the parser makes itself.

use super::options::Job;
use super::{exit, settings_page};
use crate::control::{CommandError, spelling};
use clap::Command;

/// Pages that are no commands.
fn topic(name: &str) -> Option<String> {
    match name {
        "exit-codes" => Some(exit::table()),
        "microsip" => Some(spelling::table::page()),
        "settings" => Some(settings_page::page()),
        _ => None,
    }
}

/// The page of a command or topic; without a name the page of the program.
///
/// # Errors
/// There is none of that name.
pub(super) fn page(mut parser: Command, name: Option<&str>) -> Result<Job, CommandError> {
    parser.build();
    let Some(name) = name else { return Ok(Job::Print(parser.render_help().to_string())) };
    if let Some(text) = topic(name) {
        return Ok(Job::Print(text));
    }
    match parser.find_subcommand_mut(name) {
        Some(command) => Ok(Job::Print(command.render_help().to_string())),
        None => {
            let mut error = exit::usage(&format!("there is no help about {name:?}"));
            error.hint = Some("tuiphone help COMMAND, tuiphone help settings, exit-codes or microsip".to_owned());
            Err(error)
        }
    }
}

/// What is worth showing before the options of a command.
pub(super) fn examples(command: &str) -> Option<&'static str> {
    Some(match command {
        "call" => {
            "Examples:\n  \
             tuiphone call 600 --duration 5 --json\n  \
             tuiphone call sip:bob@example.net --dtmf 1,,23#\n  \
             tuiphone --user 101 --domain pbx.example.net --password - call 600"
        }
        "config" => {
            "Examples:\n  \
             tuiphone config check                              what is odd, with file and line\n  \
             tuiphone config get Settings.audioCodecs\n  \
             tuiphone config set Settings.DND=1 Account1.label=Desk\n  \
             tuiphone config dialplan '00 49 30 123'            what becomes of a number, rule by rule\n  \
             tuiphone config print --default                    every key and what it is for"
        }
        "hangup" => "Examples:\n  tuiphone hangup\n  tuiphone hangup c2\n  tuiphone hangup --all",
        "url" => "Examples:\n  tuiphone url tel:+4940123\n  tuiphone url --install",
        "volume" => "Examples:\n  tuiphone volume 80\n  tuiphone volume mic +5\n  tuiphone volume mute",
        "watch" => "Examples:\n  tuiphone watch\n  tuiphone watch --json | jq .event",
        "doctor" => {
            "Examples:\n  \
             tuiphone doctor                       everything, with the likely cause and what to do\n  \
             tuiphone doctor dns registration      the way to the server alone\n  \
             tuiphone doctor --json\n  \
             tuiphone doctor --fix                 mends what can be mended, each thing after a question"
        }
        "bug-report" => "Examples:\n  tuiphone bug-report\n  tuiphone bug-report - | less",
        "trace" => {
            "Examples:\n  \
             tuiphone trace                                     every message as it comes and goes\n  \
             tuiphone trace --last 200 --call c1 --ladder       what a call was made of\n  \
             tuiphone trace --method REGISTER --short\n  \
             tuiphone trace --rtp --pcap call.pcapng            for Wireshark, TLS or not\n  \
             tuiphone trace --pcap - | wireshark -k -i -"
        }
        "pickup" => "Examples:\n  tuiphone pickup\n  tuiphone pickup 201 --json",
        "park" => "Examples:\n  tuiphone park\n  tuiphone park 700 --call c2",
        "register" => "Examples:\n  tuiphone register\n  tuiphone -i work.ini register --json",
        "status" => "Examples:\n  tuiphone status\n  tuiphone status --json",
        _ => return None,
    })
}
