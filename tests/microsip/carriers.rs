//! The ways a line reaches the phone, each told as the request that comes of it.

use std::ffi::OsString;
use tuiphone::cli::args;
use tuiphone::cli::options::{Job, Show};
use tuiphone::control::spelling;
use tuiphone::control::verb::Request;
use tuiphone::control::{Command, FaceAsk};

/// A line of the control socket.
pub fn socket(line: &str) -> Option<Request> {
    spelling::parse(line).request.ok()
}

/// The text of a Windows message.
pub fn message(text: &str) -> Option<Request> {
    spelling::microsip_line(text, false).request.ok()
}

/// The command line of a program of this name, split at blanks.
pub fn program(name: &str, line: &str) -> Option<Request> {
    let words = std::iter::once(name).chain(line.split_whitespace());
    let given = args::parse(words.map(OsString::from)).ok()?;
    Some(match given.job {
        Job::Verb { request, .. } => request,
        Job::Call(call) => dial(&call.number, given.options.account),
        Job::Interface { dial: Some(number), .. } => dial(&number, given.options.account),
        Job::Interface { fill: Some(number), .. } => Request::Face(FaceAsk::Fill { number }),
        Job::Interface { .. } => match given.options.show.unwrap_or_default() {
            Show::Normal => Request::Face(FaceAsk::Show),
            how => Request::Background { silent: how == Show::Hidden },
        },
        _ => return None,
    })
}

/// The same as one word, as a shell hands it over that was given quotes.
pub fn quoted(name: &str, line: &str) -> Option<Request> {
    let given = args::parse([name, line].map(OsString::from)).ok()?;
    match given.job {
        Job::Verb { request, .. } => Some(request),
        Job::Interface { dial: Some(number), .. } => Some(dial(&number, given.options.account)),
        _ => None,
    }
}

pub fn dial(target: &str, account: Option<String>) -> Request {
    Request::Command(Command::Dial { target: target.to_owned(), account })
}
