//! What the questions ask to be done: a phone on trial registers with the answers, tests the sound, calls the echo; what
//! has proven itself is written down.

use super::answers_of;
use crate::cli::import::Offer;
use crate::cli::keeping::Keep;
use crate::cli::options::Options;
use crate::cli::paths::Environment;
use crate::cli::phone::{self, Phone};
use crate::cli::signals::Interrupts;
use crate::cli::{exit, saving};
use crate::config::hook::Hooks;
use crate::config::{self, Account, AccountId, Decider, Loaded, Mqtt, Settings, Webhook};
use crate::control::feed::Feed;
use crate::control::link::Link;
use crate::control::{
    CallInfo, Command, CommandError, Event, Grade, HangupWhich, RegistrationState, Reply, SoundTestResult, Status,
};
use crate::import;
use crate::text::{local::decimal, say};
use crate::ui::line::told::ended as ended_in_words;
use crate::ui::setup::{Answers, Ask, News, Refusal, Transport};
use crate::ui::view::words;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// How long a server may take to answer over one transport.
const PATIENCE: Duration = Duration::from_secs(8);

/// Carries out what the questions ask.
pub struct Helper {
    options: Options,
    environment: Environment,
    settings: Settings,
    common: Account,
    offer: Option<Offer>,
    keeps: Vec<Keep>,
    phone: Option<Phone>,
    /// The transport of the last yes.
    proven: Option<Transport>,
}

/// What comes back of a request that takes its time.
enum Done {
    Tested(Result<SoundTestResult, CommandError>),
    Dialled(Result<(), CommandError>),
}

impl Helper {
    /// Before the first question.
    ///
    /// # Errors
    /// The files there are cannot be read.
    pub fn new(
        options: &Options,
        environment: &Environment,
        offer: Option<Offer>,
        keeps: Vec<Keep>,
    ) -> Result<Helper, CommandError> {
        let files = saving::own_files(options, environment)?;
        let Loaded { settings, common, .. } = files.load();
        let settings = on_trial(settings);
        let options = Options { session: None, account: None, ..options.clone() };
        let environment = environment.clone();
        Ok(Helper { options, environment, settings, common, offer, keeps, phone: None, proven: None })
    }

    /// What another softphone has.
    pub fn offer(&self) -> Option<&Offer> {
        self.offer.as_ref()
    }

    /// The settings there are.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The echo service of the settings; may be empty.
    pub fn echo_number(&self) -> &str {
        &self.settings.echo_number
    }

    /// Does what is asked until nobody asks any more.
    pub async fn serve(mut self, mut asks: mpsc::UnboundedReceiver<Ask>, news: mpsc::UnboundedSender<News>) {
        let tell = |it: News| drop(news.send(it));
        let (done, mut doing) = mpsc::unbounded_channel();
        let mut feed = None;
        let mut waiting = None;
        loop {
            let ask = match waiting.take() {
                Some(ask) => ask,
                None => tokio::select! {
                    ask = asks.recv() => match ask {
                        Some(ask) => ask,
                        None => break,
                    },
                    fed = next(&mut feed) => {
                        fed.as_ref().and_then(news_of).into_iter().for_each(&tell);
                        continue;
                    }
                    Some(it) = doing.recv() => {
                        told(it).into_iter().for_each(&tell);
                        continue;
                    }
                },
            };
            match ask {
                Ask::Try(number, answers) => {
                    feed = None;
                    let trying = self.register(&answers, |transport| tell(News::Trying(number, transport)));
                    let result = tokio::select! {
                        result = trying => result,
                        ask = asks.recv() => match ask {
                            // What is asked meanwhile ends the try.
                            Some(ask) => {
                                waiting = Some(ask);
                                continue;
                            }
                            None => break,
                        },
                    };
                    match result {
                        Ok(transport) => {
                            tell(News::Registered(number, transport));
                            feed = match self.link() {
                                Some(link) => link.feed().await.ok(),
                                None => None,
                            };
                        }
                        Err(refusal) => tell(News::Refused(number, refusal)),
                    }
                }
                Ask::Stop => {
                    feed = None;
                    self.stop().await;
                }
                Ask::Microphone | Ask::Echo(_) | Ask::HangUp => self.sound(ask, &done),
                Ask::Save(answers, place) => match self.save(&answers, place) {
                    Ok(()) => tell(News::Saved),
                    Err(why) => tell(News::NotSaved(why.message)),
                },
            }
        }
        self.stop().await;
    }

    fn sound(&self, ask: Ask, done: &mpsc::UnboundedSender<Done>) {
        let (Some(link), done) = (self.link(), done.clone()) else { return };
        tokio::spawn(async move {
            let _ = match ask {
                Ask::Microphone => done.send(Done::Tested(microphone(&link).await)),
                Ask::Echo(target) => {
                    let dialled = link.request(Command::Dial { target, account: None }).await;
                    done.send(Done::Dialled(dialled.map(drop)))
                }
                _ => {
                    let hung_up = link.request(Command::Hangup { which: HangupWhich::All }).await;
                    // There may be nothing to hang up any more.
                    drop(hung_up);
                    Ok(())
                }
            };
        });
    }

    /// The phone on trial.
    pub fn link(&self) -> Option<Link> {
        self.phone.as_ref().map(|phone| Link::Local(phone.handle.clone()))
    }

    /// Registers with these answers: the transport the server said yes over. The phone stays for the test of its sound.
    ///
    /// # Errors
    /// What the server, or the way to it, said instead.
    pub async fn register(&mut self, answers: &Answers, tell: impl Fn(Transport)) -> Result<Transport, Refusal> {
        let mut first = None;
        for transport in answers.transport.tries() {
            tell(*transport);
            match self.register_over(answers, *transport).await {
                Ok(()) => {
                    self.proven = Some(*transport);
                    return Ok(*transport);
                }
                Err((refusal, true)) => return Err(refusal),
                Err((refusal, false)) => first = first.or(Some(refusal)),
            }
        }
        self.stop().await;
        Err(first.unwrap_or_else(|| Refusal::of(None, "", true)))
    }

    /// The flag of the error: another transport would change nothing.
    async fn register_over(&mut self, answers: &Answers, transport: Transport) -> Result<(), (Refusal, bool)> {
        self.stop().await;
        let account = self.account(answers, transport);
        let has_password = !account.password.is_empty();
        let failed = |why: CommandError| {
            let means = why.hint.unwrap_or_else(|| say!("setup-not-started"));
            (Refusal { said: why.message, means, mend: &[] }, true)
        };
        let settings = Settings { account_id: Some(account.id.0), ..self.settings.clone() };
        let (selected, common) = (account.id, self.common.clone());
        let loaded = Loaded { settings, accounts: vec![account], selected, common, warnings: Vec::new() };
        let config = phone::engine_config(&self.options, loaded).map_err(failed)?;
        let phone = phone::start_with(&self.options, config).map_err(failed)?;
        let handle = phone.handle.clone();
        self.phone = Some(phone);
        let mut changed = handle.changed();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let status = handle.status().await.map_err(failed)?;
            let Some(info) = status.accounts.iter().find(|info| info.id == selected.0) else {
                return Err((Refusal::of(None, "", has_password), true));
            };
            let reason = info.reason.clone().unwrap_or_default();
            match info.state {
                RegistrationState::Registered => return Ok(()),
                RegistrationState::Failed => {
                    let is_final = info.status.is_some_and(|status| status >= 300) || reason.contains("cannot find");
                    return Err((Refusal::of(info.status, &reason, has_password), is_final));
                }
                RegistrationState::Off if !reason.is_empty() => {
                    return Err((Refusal::of(None, &reason, has_password), true));
                }
                _ => {}
            }
            tokio::select! {
                _ = changed.changed() => {}
                () = tokio::time::sleep_until(deadline) => {
                    let said = say!("setup-no-answer-over", way = transport.word(), seconds = PATIENCE.as_secs());
                    return Err((Refusal::of(None, &said, has_password), false));
                }
            }
        }
    }

    /// The phone on trial goes.
    pub async fn stop(&mut self) {
        if let Some(mut phone) = self.phone.take() {
            phone.stop(&mut Interrupts::listen()).await;
        }
    }

    /// The account of these answers; what another softphone says of it stays where it was not answered anew.
    fn account(&self, answers: &Answers, transport: Transport) -> Account {
        let found = self.offer.as_ref().and_then(Offer::first).filter(|_| answers.imported);
        let fresh = Account { id: AccountId(1), ..self.common.clone() };
        let mut account = found.map_or(fresh, |found| found.account.clone());
        let before = found.map(answers_of).unwrap_or_default();
        apply(answers, &before, &mut account);
        account.transport = transport.word().to_owned();
        account
    }

    /// Writes the answers down, with the password at this place of those that were offered.
    ///
    /// # Errors
    /// The file cannot be written, or the place does not take the password.
    pub fn save(&mut self, answers: &Answers, place: usize) -> Result<(), CommandError> {
        let transport = match (self.proven, answers.transport) {
            (Some(proven), Transport::Auto) => proven,
            (None, Transport::Auto) => Transport::Udp,
            (_, chosen) => chosen,
        };
        let mut account = self.account(answers, transport);
        let keep = self.keeps.get(place).copied().filter(|_| !account.password.is_empty()).unwrap_or(Keep::None);
        if let Some(offer) = self.offer.as_ref().filter(|_| answers.imported) {
            return offer.write(&account, keep);
        }
        let files = saving::own_files(&self.options, &self.environment)?;
        let loaded = config::load(&files.main, &files.overlays);
        let aor = account.aor();
        let known = loaded.accounts.iter().find(|known| known.id.0 > 0 && known.aor().eq_ignore_ascii_case(&aor));
        match known {
            Some(known) if files.main.has_section(&format!("Account{}", known.id.0)) => {
                account = known.clone();
                apply(answers, &Answers::default(), &mut account);
                account.transport = transport.word().to_owned();
            }
            Some(_) => {
                let why = say!("setup-no-number", who = aor, file = files.ini.path.display().to_string());
                return Err(exit::config(why, None));
            }
            None => {
                account.id = import::next_account(&files.main, &loaded).map_err(|why| exit::config(why, None))?;
            }
        }
        saving::write(&files, &account, keep)
    }
}

/// Nothing is set off, and nobody told, by what is only tried; and whoever calls meanwhile hears that it is busy, for here is
/// no key that would answer.
fn on_trial(settings: Settings) -> Settings {
    Settings {
        hooks: Hooks::default(),
        webhook: Webhook::default(),
        mqtt: Mqtt::default(),
        decider: Decider::default(),
        dnd: true,
        dnd_on_code: String::new(),
        dnd_off_code: String::new(),
        ..settings
    }
}

/// What was answered otherwise than `before` goes into the account.
fn apply(answers: &Answers, before: &Answers, account: &mut Account) {
    if answers.server != before.server || answers.domain != before.domain {
        account.server.clone_from(&answers.server);
        account.domain = answers.domain.clone().unwrap_or_else(|| answers.server.clone());
        // Calls go to the domain, which may be a name that leads elsewhere.
        account.proxies = answers.domain.iter().map(|_| answers.server.clone()).collect();
    }
    account.username.clone_from(&answers.user);
    account.auth_id.clone_from(&answers.login);
    account.password = answers.password.clone();
    account.password_sealed = false;
}

async fn next(feed: &mut Option<mpsc::Receiver<Feed>>) -> Option<Feed> {
    let Some(open) = feed else { return std::future::pending().await };
    let fed = open.recv().await;
    if fed.is_none() {
        *feed = None;
    }
    fed
}

/// Records a few seconds and plays them back.
///
/// # Errors
/// The phone's refusal.
pub async fn microphone(link: &Link) -> Result<SoundTestResult, CommandError> {
    match link.request(Command::TestAudio).await? {
        Reply::SoundTest(result) => Ok(result),
        _ => Err(exit::config(say!("setup-test-told-nothing"), None)),
    }
}

fn told(done: Done) -> Vec<News> {
    match done {
        Done::Tested(Ok(result)) => vec![News::Sound(capital(&result.words())), News::Heard(result.heard)],
        Done::Tested(Err(why)) => vec![News::Sound(capital(&why.message)), News::Heard(false)],
        Done::Dialled(Ok(())) => Vec::new(),
        Done::Dialled(Err(why)) => vec![News::Call(capital(&why.message), false)],
    }
}

fn news_of(feed: &Feed) -> Option<News> {
    match feed {
        Feed::Levels(levels) => Some(News::Levels(*levels)),
        Feed::Status(status) => {
            let Status { audio, .. } = &**status;
            audio.warning.as_ref().map(|warning| News::Sound(capital(warning)))
        }
        Feed::Event(event) => match &**event {
            Event::CallRinging { .. } => Some(News::Call(say!("setup-rings"), true)),
            Event::CallAnswered { .. } => Some(News::Call(say!("setup-connected"), true)),
            Event::CallEnded { call } => Some(News::Call(ended(call), false)),
            _ => None,
        },
        _ => None,
    }
}

/// How the echo call ended, and how it sounded.
pub fn ended(call: &CallInfo) -> String {
    let how = ended_in_words(call);
    match call.media.as_ref().and_then(|media| media.mos_rx_mean) {
        Some(mean) => say!("setup-sounded", ended = how, grade = words::grade(Grade::of(mean)), mos = decimal(mean, 1)),
        None => how,
    }
}

/// A sentence of its own.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    let end = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    #[test]
    fn what_is_answered_anew_is_changed_and_the_rest_stays() {
        let answers = |server: &str, domain: Option<&str>| Answers {
            server: server.into(),
            domain: domain.map(str::to_owned),
            user: "101".into(),
            password: Secret::new("pw"),
            ..Answers::default()
        };
        let mut account = Account { proxies: vec!["edge".into()], ..Account::new(AccountId(1)) };
        apply(&answers("pbx", None), &answers("pbx", None), &mut account);
        assert_eq!((account.proxies.as_slice(), account.server.as_str()), (["edge".to_owned()].as_slice(), ""));
        apply(&answers("pbx:5070", None), &answers("pbx", None), &mut account);
        assert_eq!((account.server.as_str(), account.domain.as_str()), ("pbx:5070", "pbx:5070"));
        assert!(account.proxies.is_empty() && account.username == "101" && account.password.reveal() == "pw");
        apply(&answers("pbx", Some("example.net")), &Answers::default(), &mut account);
        assert_eq!(
            (account.domain.as_str(), account.proxies.as_slice()),
            ("example.net", ["pbx".to_owned()].as_slice())
        );
    }

    #[test]
    fn a_phone_on_trial_rings_for_nobody_and_tells_nobody() {
        let own = Settings { dnd_on_code: "*78".into(), echo_number: "600".into(), ..Settings::default() };
        let trial = on_trial(own);
        assert!(trial.dnd && trial.dnd_on_code.is_empty() && trial.hooks == Hooks::default());
        assert_eq!(trial.echo_number, "600", "what is asked for stays");
    }

    #[test]
    fn what_is_said_is_a_sentence() {
        assert_eq!((capital("busy"), capital("ändern?"), capital("")), ("Busy.".into(), "Ändern?".into(), ".".into()));
    }
}
