//! Words for a phone that runs, where none does.

use super::options::{Job, Options, Show};
use super::out;
use super::password::PasswordSource;
use super::session::Session;
use crate::control::verb::Request;
use crate::control::{Command, FaceAsk};

/// What a word for the phone that runs means where none does: it is started.
pub(super) fn asked(
    job: Job,
    password: Option<PasswordSource>,
    alone: bool,
    session: &Session,
    options: &mut Options,
) -> (Job, Option<PasswordSource>) {
    let interface = |fill| Job::Interface { dial: None, fill };
    let job = match job {
        Job::Verb { request: Request::Background { silent }, .. } => {
            options.show = Some(if silent { Show::Hidden } else { Show::Minimized });
            interface(None)
        }
        // Whoever wants links dialled unasked has said so in the settings.
        Job::Verb { verb: "url", request: Request::Face(FaceAsk::Fill { number }) }
            if session.loaded.settings.dial_links =>
        {
            // Why no further: a page that knows a code of the exchange could turn calls elsewhere.
            match session.loaded.settings.dial_rules.refuses(&number, &session.loaded.accounts) {
                None => Job::Interface { dial: Some(number), fill: None },
                Some(why) => {
                    if !options.quiet {
                        out::talk(&format!("tuiphone: a link does not dial that, a person may: {why} (see allowDial)"));
                    }
                    match alone {
                        true => interface(Some(number)),
                        false => Job::Verb { verb: "url", request: Request::Face(FaceAsk::Fill { number }) },
                    }
                }
            }
        }
        Job::Verb { request: Request::Face(FaceAsk::Show), .. } if alone => interface(None),
        Job::Verb { request: Request::Face(FaceAsk::Fill { number }), .. } if alone => interface(Some(number)),
        Job::Verb { request: Request::Command(Command::SelectAccount { account }), .. } if alone => {
            options.account = Some(account);
            interface(None)
        }
        Job::Verb { request: Request::Command(Command::Password { account, password }), .. } if alone => {
            options.account = account.or(options.account.take());
            return (interface(None), Some(PasswordSource::Value(password)));
        }
        job => job,
    };
    (job, password)
}
