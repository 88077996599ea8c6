//! `setup`: five questions that end in a registered phone; what `tuiphone` begins with where nothing is set up. On a
//! screen where there is one, else line by line. Nothing is written before the last answer.

mod helper;
mod lines;

use super::import::Offer;
use super::keeping::{self, Keep};
use super::options::Options;
use super::paths::Environment;
use super::screen::Shown;
use super::session::Session;
use super::{exit, languages, out, prompt, saving, screen};
use crate::config::AccountId;
use crate::control::{CommandError, ExitCode};
use crate::import::{FoundAccount, Password};
use crate::text::say;
use crate::ui::setup::{Answers, Ending, Setup, Transport, model};
use clap::Command;
use helper::Helper;
use std::path::Path;
use tokio::sync::mpsc;

/// The command as the parser has it.
pub fn command(name: &'static str) -> Command {
    Command::new(name)
        .about("Set up the phone: server, user, password, connection, sound; or what another softphone has")
}

/// True where the phone is about to open for somebody who has set up nothing yet.
pub fn is_due(session: &Session, options: &Options) -> bool {
    let has_account = session.loaded.accounts.iter().any(|account| account.id != AccountId(0));
    !session.ini.exists && !has_account && options.session.is_none() && options.show.is_none() && screen::is_there()
}

/// Asks; how it ended. Where nobody is to be asked: what to set instead, and an error.
///
/// # Errors
/// There is nobody to ask; the terminal fails; the files there are cannot be read.
pub async fn run(options: &Options, environment: &Environment) -> Result<Ending, CommandError> {
    let ini = saving::own_files(options, environment)?.ini.path;
    if options.no_input || options.json || !prompt::possible() {
        return Err(unasked(options, &ini));
    }
    let offer = Offer::find(options, environment);
    let places = places(options);
    let helper = Helper::new(options, environment, offer, places.clone())?;
    languages::choose(&helper.settings().language, &ini);
    let keeps = told(&places, &short(&ini, environment), environment);
    if options.line || is_by_lines(environment) || !screen::is_there() {
        return lines::run(helper, &keeps, &short(&ini, environment)).await;
    }
    let offered = helper.offer().and_then(offered);
    let words = keeps.into_iter().map(|(_, words)| words).collect();
    let mut setup = Setup::new((80, 24), offered, words, short(&ini, environment));
    setup.echo.set(helper.echo_number(), crate::ui::setup::answers::MAX_CHARS);
    let (theme, host) = screen::look(&Shown::chosen(options, helper.settings(), &ini), options);
    let (ask, asks) = mpsc::unbounded_channel();
    let (tell, news) = mpsc::unbounded_channel();
    let _quiet = crate::audio::quiet::StderrGuard::new();
    let (ending, ()) =
        tokio::join!(crate::ui::setup::run::run(setup, &theme, &host.glyphs, ask, news), helper.serve(asks, tell));
    ending.map_err(screen::failed)
}

/// What is said once the questions are over and the phone is not opened; its exit code.
pub fn farewell(ending: Ending, options: &Options) -> ExitCode {
    match ending {
        Ending::Left => {
            out::talk(&say!("setup-left"));
            ExitCode::Interrupted
        }
        Ending::Skipped if !options.quiet => {
            out::talk(&say!("setup-skipped"));
            ExitCode::Ok
        }
        Ending::Saved if !options.quiet => {
            out::talk(&say!("setup-saved"));
            ExitCode::Ok
        }
        Ending::Saved | Ending::Skipped | Ending::Demo => ExitCode::Ok,
    }
}

/// No screen is wanted: a terminal that cannot, or a person who listens.
pub fn is_by_lines(environment: &Environment) -> bool {
    let says = |name: &str| environment.vars.get(name).and_then(|value| value.to_str()).unwrap_or_default();
    says("TERM") == "dumb" || !matches!(says("ACCESSIBLE"), "" | "0")
}

/// What another softphone has, as the questions take it.
fn offered(offer: &Offer) -> Option<model::Offer> {
    let first = offer.first()?;
    let answers = answers_of(first);
    let asks_password = match first.password {
        Password::Plain => None,
        Password::Sealed => Some(say!("setup-password-sealed")),
        Password::Hashed => Some(say!("setup-password-hashed")),
        Password::None => Some(say!("setup-password-missing")),
    };
    Some(model::Offer { words: offer.words(), answers, asks_password })
}

/// An account as the questions have it.
fn answers_of(found: &FoundAccount) -> Answers {
    let account = &found.account;
    let server = if account.server.is_empty() { &account.domain } else { &account.server };
    Answers {
        server: server.clone(),
        user: account.username.clone(),
        domain: Some(account.domain.clone()).filter(|domain| domain != server && !domain.is_empty()),
        login: account.auth_id.clone(),
        password: account.password.clone(),
        transport: Transport::of_word(&account.transport).unwrap_or_default(),
        imported: true,
    }
}

/// Where a password may be kept, the best first; what is said on the command line alone, where something is.
fn places(options: &Options) -> Vec<Keep> {
    let there = keeping::keyring().map(|_| Keep::Keyring);
    match options.keep {
        Some(keep) => vec![keep],
        None => there.into_iter().chain([Keep::File, Keep::Plain, Keep::None]).collect(),
    }
}

/// The same for people.
fn told(places: &[Keep], ini: &str, environment: &Environment) -> Vec<(Keep, String)> {
    let file = short(&environment.config_dir().join("passwords"), environment);
    let words = |keep: Keep| match keep {
        Keep::Keyring => say!("setup-keep-keyring"),
        Keep::Kernel => say!("setup-keep-kernel"),
        Keep::File => say!("setup-keep-file", file = &file),
        Keep::Plain => say!("setup-keep-plain", file = ini),
        Keep::None => say!("setup-keep-nowhere"),
    };
    places.iter().map(|keep| (*keep, words(*keep))).collect()
}

/// A path as people say it.
fn short(path: &Path, environment: &Environment) -> String {
    let home = environment.home();
    let shown = match path.strip_prefix(&home).ok().filter(|_| home.is_absolute()) {
        Some(rest) => format!("~/{}", rest.display()),
        None => path.display().to_string(),
    };
    crate::text::sanitise(&shown)
}

/// What to set where nobody is asked, and the error that says why.
fn unasked(options: &Options, ini: &Path) -> CommandError {
    if !options.json && !options.quiet {
        for line in [
            "# an account, its server reached by udp, tcp or tls:",
            "tuiphone config set Settings.accountId=1 Account1.server=HOST Account1.domain=HOST \\",
            "  Account1.username=USER Account1.transport=udp",
            "# its password, from a file; keyring, file, kernel or plain is where it is kept:",
            "tuiphone password set 1 --password-file FILE --save-password file",
            "# does it work?",
            "tuiphone register && tuiphone test-audio",
        ] {
            out::line(line);
        }
    }
    let why = format!("no account is set up in {}, and there is nobody to ask", ini.display());
    exit::config(why, Some("the same in one line: tuiphone --user USER --domain HOST --password - --save register"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Account, Secret};

    fn environment(vars: &[(&str, &str)]) -> Environment {
        let vars = vars.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect();
        Environment { vars, ..Environment::default() }
    }

    #[test]
    fn whoever_listens_is_asked_line_by_line() {
        for (vars, expected) in [
            (&[("TERM", "xterm")][..], false),
            (&[("TERM", "dumb")], true),
            (&[("TERM", "xterm"), ("ACCESSIBLE", "1")], true),
            (&[("ACCESSIBLE", "0")], false),
            (&[("ACCESSIBLE", "")], false),
        ] {
            assert_eq!(is_by_lines(&environment(vars)), expected, "{vars:?}");
        }
    }

    #[test]
    fn places_of_a_password_are_told_in_the_language_that_is_spoken() {
        use crate::text::words::{Catalogue, Words, speaking};
        let german = "setup-keep-plain = Als Text in { $file }\nsetup-keep-nowhere = Nirgends\n";
        let told = || told(&[Keep::Plain, Keep::None, Keep::Kernel], "x.ini", &environment(&[]));
        let words = |told: Vec<(Keep, String)>| told.into_iter().map(|(_, words)| words).collect::<Vec<_>>();
        let spoken = speaking(std::sync::Arc::new(Words::of("de", Catalogue::new(german))), told);
        assert_eq!(words(spoken), ["Als Text in x.ini", "Nirgends", "In the kernel, until the machine is restarted"]);
    }

    #[test]
    fn paths_are_told_from_home() {
        let at_home = environment(&[("HOME", "/u/ann")]);
        assert_eq!(short(Path::new("/u/ann/.config/x.ini"), &at_home), "~/.config/x.ini");
        assert_eq!(short(Path::new("/u/annette/x.ini"), &at_home), "/u/annette/x.ini");
    }

    #[test]
    fn an_account_of_another_softphone_begins_the_answers() {
        let account = Account {
            server: "sip.example.net:5070".into(),
            domain: "example.net".into(),
            username: "101".into(),
            password: Secret::new("pw"),
            transport: "tls".into(),
            ..Account::new(AccountId(1))
        };
        let answers = answers_of(&FoundAccount { account: account.clone(), password: Password::Plain });
        assert_eq!((answers.server.as_str(), answers.domain.as_deref()), ("sip.example.net:5070", Some("example.net")));
        assert_eq!((answers.transport, answers.password.reveal()), (Transport::Tls, "pw"));
        let plain = Account { server: String::new(), transport: "ws".into(), ..account };
        let answers = answers_of(&FoundAccount { account: plain, password: Password::Plain });
        assert_eq!(
            (answers.server.as_str(), answers.domain, answers.transport),
            ("example.net", None, Transport::Auto)
        );
    }
}
