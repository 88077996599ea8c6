//! What a line in one of the socket's spellings asks of the program.

use super::super::exit;
use super::super::options::{Job, Options};
use crate::control::spelling::Line;
use crate::control::verb::Request;
use crate::control::{Command, CommandError};

/// The job of a line, and what is to be said about how it was written. A line may choose the account.
pub(super) fn job(line: Line, options: &mut Options) -> Result<(Job, Option<String>), CommandError> {
    let hinted = |why: CommandError| CommandError { hint: exit::usage("").hint, ..why };
    let job = match line.request.map_err(hinted)? {
        // As a bare number.
        Request::Command(Command::Dial { target, account }) => {
            options.account = account.or(options.account.take());
            Job::Interface { dial: Some(target), fill: None }
        }
        request => {
            options.keeps_given = matches!(&request, Request::Command(Command::Password { account: Some(_), .. }));
            Job::Verb { verb: line.verb, request }
        }
    };
    Ok((job, line.note))
}
