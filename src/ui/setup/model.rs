//! What the questions know: what is typed, which one is open, what the server said. Plain data; `update` changes it.

use super::answers::{Answers, MAX_CHARS, PRESETS, Preset, Question, Transport};
use super::refusal::Refusal;
use crate::control::{Levels, Secret};
use crate::ui::editor::Editor;
use crate::ui::model::SILENT;

/// What is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// What to begin with.
    Start,
    /// A question.
    Ask(Question),
    /// The server is asked.
    Trying,
    /// It has said no.
    Refused(Refusal),
    /// Where to keep the password, and the last look.
    Save,
}

/// What another softphone has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// In words: `101@pbx.example.net of MicroSIP, 34 contacts`.
    pub words: String,
    /// Its first account; the password is empty where it has to be asked for.
    pub answers: Answers,
    /// Why it has to be.
    pub asks_password: Option<String>,
}

/// A line one may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// Bring over what another softphone has.
    Import,
    /// Answer the questions.
    ByHand,
    /// The demo instead.
    Demo,
    /// Not now.
    Skip,
    /// This transport.
    Transport(Transport),
    /// Back to this question.
    Mend(Question),
    /// Ask the server once more.
    Again,
    /// Go on although it said no.
    Anyway,
    /// Test the microphone.
    Microphone,
    /// Call the echo, or end that call.
    Echo,
    /// It is well: go on.
    Next,
    /// Keep the password at this place, and write all down.
    Keep(usize),
}

/// The questions, and all that is typed. Not to be printed: a password is among it.
#[derive(Clone, PartialEq)]
pub struct Setup {
    /// What is open.
    pub step: Step,
    /// The chosen line of those [`Setup::picks`] gives.
    pub row: usize,
    /// What another softphone has.
    pub offer: Option<Offer>,
    /// Where the answers will be written, for people.
    pub file: String,
    /// Where a password may be kept, for people, the best first.
    pub keeps: Vec<String>,
    /// The chosen one of [`PRESETS`].
    pub preset: usize,
    /// The server as it is typed.
    pub server: Editor,
    /// The user as it is typed.
    pub user: Editor,
    /// The login as it is typed.
    pub login: Editor,
    /// The keys go to the login, not to the user.
    pub in_login: bool,
    /// The password as it is typed.
    pub password: Editor,
    /// How the server is to be reached.
    pub transport: Transport,
    /// The answers began with another softphone's.
    pub imported: bool,
    /// What is wrong with an answer, or good to know of it.
    pub notice: Option<String>,
    /// The number of the last try.
    pub tries: u32,
    /// The transport of the try that runs.
    pub trying: Option<Transport>,
    /// The transport the server has said yes over.
    pub registered: Option<Transport>,
    /// The number of the echo service as it is typed.
    pub echo: Editor,
    /// The echo call is up.
    pub in_call: bool,
    /// The microphone is being tested.
    pub testing: bool,
    /// What came of the sound.
    pub sound: Option<String>,
    /// Levels now.
    pub levels: Levels,
    /// The answers are being written.
    pub saving: bool,
    /// Columns and rows.
    pub size: (u16, u16),
}

impl Setup {
    /// Before the first key.
    pub fn new(size: (u16, u16), offer: Option<Offer>, keeps: Vec<String>, file: String) -> Setup {
        Setup {
            step: Step::Start,
            row: 0,
            offer,
            file,
            keeps,
            preset: 0,
            server: Editor::default(),
            user: Editor::default(),
            login: Editor::default(),
            in_login: false,
            password: Editor::default(),
            transport: Transport::Auto,
            imported: false,
            notice: None,
            tries: 0,
            trying: None,
            registered: None,
            echo: Editor::default(),
            in_call: false,
            testing: false,
            sound: None,
            levels: SILENT,
            saving: false,
            size,
        }
    }

    /// The chosen exchange.
    pub fn preset(&self) -> &'static Preset {
        PRESETS.get(self.preset).unwrap_or(&PRESETS[0])
    }

    /// The lines one may choose now.
    pub fn picks(&self) -> Vec<Pick> {
        match &self.step {
            Step::Start => {
                let import = self.offer.as_ref().map(|_| Pick::Import);
                import.into_iter().chain([Pick::ByHand, Pick::Demo, Pick::Skip]).collect()
            }
            Step::Ask(Question::Transport) => Transport::ALL.into_iter().map(Pick::Transport).collect(),
            Step::Ask(Question::Sound) => vec![Pick::Microphone, Pick::Echo, Pick::Next],
            Step::Refused(refusal) => {
                let mend = refusal.mend.iter().copied().map(Pick::Mend);
                mend.chain([Pick::Again, Pick::Anyway]).collect()
            }
            Step::Save => (0..self.keeps.len()).map(Pick::Keep).collect(),
            Step::Ask(_) | Step::Trying => Vec::new(),
        }
    }

    /// The chosen one of them.
    pub fn pick(&self) -> Option<Pick> {
        self.picks().get(self.row).copied()
    }

    /// The line the keys type into.
    pub fn line(&mut self) -> Option<&mut Editor> {
        match self.step {
            Step::Ask(Question::Server) => Some(&mut self.server),
            Step::Ask(Question::User) if self.in_login => Some(&mut self.login),
            Step::Ask(Question::User) => Some(&mut self.user),
            Step::Ask(Question::Password) => Some(&mut self.password),
            Step::Ask(Question::Sound) if self.pick() == Some(Pick::Echo) && !self.in_call => Some(&mut self.echo),
            _ => None,
        }
    }

    /// What is answered so far.
    ///
    /// # Errors
    /// The first question whose answer is none, and why.
    pub fn answers(&self) -> Result<Answers, (Question, String)> {
        let (server, says) = super::answers::server(&self.server.text()).map_err(|why| (Question::Server, why))?;
        let (user, domain) = super::answers::user(&self.user.text()).map_err(|why| (Question::User, why))?;
        let transport = match self.transport {
            Transport::Auto => says.unwrap_or_default(),
            chosen => chosen,
        };
        Ok(Answers {
            domain: domain.filter(|domain| *domain != server),
            server,
            user,
            login: self.login.text().trim().to_owned(),
            password: Secret::new(self.password.text()),
            transport,
            imported: self.imported,
        })
    }

    /// Whose phone it will be, as `user@domain`.
    pub fn whose(&self) -> String {
        self.answers()
            .map_or_else(|_| String::new(), |it| format!("{}@{}", it.user, it.domain.as_ref().unwrap_or(&it.server)))
    }

    /// Begins with these answers.
    pub(super) fn take(&mut self, answers: &Answers) {
        self.server.set(&answers.server, MAX_CHARS);
        let user = match &answers.domain {
            Some(domain) => format!("{}@{domain}", answers.user),
            None => answers.user.clone(),
        };
        self.user.set(&user, MAX_CHARS);
        self.login.set(&answers.login, MAX_CHARS);
        self.password.set(answers.password.reveal(), MAX_CHARS);
        (self.transport, self.imported) = (answers.transport, answers.imported);
    }
}
