//! The same questions line by line: for terminals that cannot move a cursor, for people who listen, for expect(1).

use super::helper::{Helper, ended, microphone};
use super::offered;
use crate::cli::keeping::Keep;
use crate::cli::{out, prompt};
use crate::control::feed::Feed;
use crate::control::link::Link;
use crate::control::{Command, CommandError, Event, ExitCode, HangupWhich};
use crate::text::say;
use crate::ui::setup::answers::{self, PRESETS, Preset};
use crate::ui::setup::{Answers, Ending, Question, Refusal, Transport};
use std::time::Duration;

/// How long an echo call lasts.
const ECHO: Duration = Duration::from_secs(8);

/// What a person says to a question.
enum Said {
    Answer(String),
    Back,
    Quit,
}

/// Asks, registers, tests, writes; how it ended.
///
/// # Errors
/// The terminal fails.
pub async fn run(mut helper: Helper, keeps: &[(Keep, String)], file: &str) -> Result<Ending, CommandError> {
    out::talk(&say!("setup-lines-begin"));
    let mut dialogue = Dialogue { answers: Answers::default(), preset: &PRESETS[0], asks_preset: true };
    let first = match dialogue.begin(&helper)? {
        Begin::At(question) => question,
        Begin::Over(ending) => return Ok(ending),
    };
    let mut at = first;
    loop {
        let next = match at {
            Question::Sound => {
                let registered = dialogue.register(&mut helper).await;
                match registered {
                    Err(refusal) => dialogue.mend(&refusal)?,
                    Ok(()) => dialogue.sound(&helper).await?,
                }
            }
            question => dialogue.ask(question)?,
        };
        at = match next {
            Next::Question(question) => question,
            Next::Save => match dialogue.save(&mut helper, keeps, file)? {
                Next::Question(question) => question,
                Next::Over(ending) => return over(helper, ending).await,
                Next::Save => return over(helper, Ending::Saved).await,
            },
            Next::Over(ending) => return over(helper, ending).await,
        };
    }
}

async fn over(mut helper: Helper, ending: Ending) -> Result<Ending, CommandError> {
    helper.stop().await;
    Ok(ending)
}

enum Begin {
    At(Question),
    Over(Ending),
}

/// Where a dialogue goes on.
enum Next {
    Question(Question),
    Save,
    Over(Ending),
}

struct Dialogue {
    answers: Answers,
    preset: &'static Preset,
    /// An answer that was none asks for the exchange no second time.
    asks_preset: bool,
}

impl Dialogue {
    fn begin(&mut self, helper: &Helper) -> Result<Begin, CommandError> {
        let Some(offer) = helper.offer().and_then(offered) else { return self.ways() };
        out::talk(&say!("setup-lines-found", what = &offer.words));
        if !matches!(ask(&say!("setup-lines-bring"), "y")?, Said::Answer(answer) if answer.starts_with(['y', 'Y'])) {
            return self.ways();
        }
        self.answers = offer.answers;
        match offer.asks_password {
            Some(why) => {
                out::talk(&why);
                Ok(Begin::At(Question::Password))
            }
            None => Ok(Begin::At(Question::Sound)),
        }
    }

    fn ways(&self) -> Result<Begin, CommandError> {
        loop {
            return Ok(match ask(&say!("setup-lines-ways"), "1")? {
                Said::Answer(answer) => match answer.as_str() {
                    "1" => Begin::At(Question::Server),
                    "2" => Begin::Over(Ending::Demo),
                    "3" => Begin::Over(Ending::Skipped),
                    _ => continue,
                },
                Said::Back => continue,
                Said::Quit => Begin::Over(Ending::Left),
            });
        }
    }

    /// One of the first four questions.
    fn ask(&mut self, question: Question) -> Result<Next, CommandError> {
        let head = head(question);
        if question == Question::Server && self.asks_preset {
            self.choose_preset()?;
        }
        self.asks_preset = question != Question::Server;
        out::talk(&question.help(self.preset));
        let said = match question {
            Question::Password => {
                out::talk(&head);
                return Ok(match prompt::password(&self.whose()) {
                    Ok(secret) => {
                        self.answers.password = secret.unwrap_or_default();
                        Next::Question(Question::Transport)
                    }
                    Err(_) => Next::Over(Ending::Left),
                });
            }
            Question::Transport => {
                for (number, transport) in (1..).zip(Transport::ALL) {
                    out::talk(&format!("  {number} {}", transport.words()));
                }
                ask(&head, &(self.answers.transport as usize + 1).to_string())?
            }
            Question::Server if self.answers.server.is_empty() => ask(&head, self.preset.server)?,
            Question::Server => ask(&head, &self.answers.server)?,
            _ => ask(&head, &self.user())?,
        };
        let answer = match said {
            Said::Answer(answer) => answer,
            Said::Quit => return Ok(Next::Over(Ending::Left)),
            Said::Back => {
                let before = Question::ALL.get(question.number().saturating_sub(2)).copied();
                return Ok(Next::Question(before.unwrap_or(Question::Server)));
            }
        };
        let taken = match question {
            Question::Server => answers::server(&answer).map(|(server, says)| {
                self.answers.server = server;
                self.answers.transport = says.unwrap_or(self.answers.transport);
                Question::User
            }),
            Question::User => answers::user(&answer).map(|(user, domain)| {
                self.answers.domain = domain.filter(|domain| *domain != self.answers.server);
                self.answers.user = user;
                Question::Password
            }),
            _ => {
                let by_number =
                    answer.parse::<usize>().ok().and_then(|number| Transport::ALL.get(number.wrapping_sub(1)));
                let chosen = by_number.copied().or_else(|| Transport::of_word(&answer));
                let wrong = || say!("setup-lines-number-wrong", count = Transport::ALL.len());
                chosen.ok_or_else(wrong).map(|transport| {
                    self.answers.transport = transport;
                    Question::Sound
                })
            }
        };
        let mut next = taken.unwrap_or_else(|why| {
            out::talk(&why);
            question
        });
        if question == Question::User && next == Question::Password && self.preset.name == "3CX" {
            match ask(&say!("setup-lines-login"), &self.answers.login)? {
                Said::Answer(login) => self.answers.login = login,
                Said::Back => next = Question::User,
                Said::Quit => return Ok(Next::Over(Ending::Left)),
            }
        }
        Ok(Next::Question(next))
    }

    fn choose_preset(&mut self) -> Result<(), CommandError> {
        let names: Vec<String> =
            (1..).zip(PRESETS).map(|(number, preset)| format!("{number} {}", preset.called())).collect();
        let at = PRESETS.iter().position(|preset| preset.name == self.preset.name).unwrap_or_default();
        if let Said::Answer(answer) =
            ask(&say!("setup-lines-exchange", names = names.join(", ")), &(at + 1).to_string())?
        {
            let by_number = answer.parse::<usize>().ok().and_then(|number| PRESETS.get(number.wrapping_sub(1)));
            self.preset = by_number.unwrap_or(self.preset);
        }
        Ok(())
    }

    fn user(&self) -> String {
        match &self.answers.domain {
            Some(domain) => format!("{}@{domain}", self.answers.user),
            None => self.answers.user.clone(),
        }
    }

    fn whose(&self) -> String {
        let domain = self.answers.domain.as_ref().unwrap_or(&self.answers.server);
        crate::text::sanitise(&format!("{}@{domain}", self.answers.user))
    }

    async fn register(&self, helper: &mut Helper) -> Result<(), Refusal> {
        let server = &self.answers.server;
        let tell = |transport: Transport| out::talk(&say!("setup-lines-asking", server, way = transport.word()));
        let transport = helper.register(&self.answers, tell).await?;
        out::talk(&say!("setup-lines-registered", who = self.whose(), way = transport.word()));
        Ok(())
    }

    fn mend(&self, refusal: &Refusal) -> Result<Next, CommandError> {
        out::talk(&say!("setup-lines-refused", why = refusal.said.trim_end_matches('.')));
        out::talk(&refusal.means);
        let mut ways: Vec<(String, Next)> = Vec::new();
        ways.extend(
            refusal.mend.iter().map(|it| (say!("setup-lines-mend", question = it.number()), Next::Question(*it))),
        );
        ways.push((say!("setup-lines-again"), Next::Question(Question::Sound)));
        ways.push((say!("setup-lines-anyway"), Next::Save));
        let told: Vec<String> = (1..).zip(&ways).map(|(number, (words, _))| format!("{number} {words}")).collect();
        loop {
            match ask(&told.join(", "), "1")? {
                Said::Answer(answer) => {
                    let number = answer.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                    if let Some(number) = number.filter(|number| *number < ways.len()) {
                        return Ok(ways.swap_remove(number).1);
                    }
                }
                Said::Back => return Ok(Next::Question(Question::Transport)),
                Said::Quit => return Ok(Next::Over(Ending::Left)),
            }
        }
    }

    async fn sound(&self, helper: &Helper) -> Result<Next, CommandError> {
        let head = say!("setup-lines-sound", question = head(Question::Sound));
        let echo = if self.preset.echo.is_empty() { helper.echo_number() } else { self.preset.echo };
        loop {
            let answer = match ask(&head, "3")? {
                Said::Answer(answer) => answer,
                Said::Back => return Ok(Next::Question(Question::Transport)),
                Said::Quit => return Ok(Next::Over(Ending::Left)),
            };
            let Some(link) = helper.link() else { return Ok(Next::Save) };
            match answer.as_str() {
                "1" => {
                    out::talk(&say!("setup-lines-speak"));
                    match microphone(&link).await {
                        Ok(result) => out::talk(&result.words()),
                        Err(why) => out::talk(&why.message),
                    }
                }
                "2" => {
                    if let Said::Answer(number) = ask(&say!("setup-lines-echo"), echo)?
                        && !number.is_empty()
                    {
                        out::talk(&call(&link, number).await);
                    }
                }
                "3" => return Ok(Next::Save),
                _ => {}
            }
        }
    }

    fn save(&self, helper: &mut Helper, keeps: &[(Keep, String)], file: &str) -> Result<Next, CommandError> {
        let mut place = 0;
        if !self.answers.password.is_empty() && keeps.len() > 1 {
            out::talk(&say!("setup-keep-where"));
            for (number, (_, words)) in (1..).zip(keeps) {
                out::talk(&format!("  {number} {words}"));
            }
            loop {
                match ask(&say!("setup-lines-its-number"), "1")? {
                    Said::Answer(answer) => match answer.parse::<usize>() {
                        Ok(number) if (1..=keeps.len()).contains(&number) => {
                            place = number - 1;
                            break;
                        }
                        _ => continue,
                    },
                    Said::Back => return Ok(Next::Question(Question::Sound)),
                    Said::Quit => return Ok(Next::Over(Ending::Left)),
                }
            }
        }
        match helper.save(&self.answers, place) {
            Ok(()) => {
                out::talk(&say!("setup-lines-saved", who = self.whose(), file));
                Ok(Next::Save)
            }
            Err(why) => Err(why),
        }
    }
}

/// A question with its number.
fn head(question: Question) -> String {
    say!("setup-lines-question", number = question.number(), count = Question::ALL.len(), question = question.asks())
}

/// Calls for a while; how it went.
async fn call(link: &Link, target: String) -> String {
    let Ok(mut feed) = link.feed().await else { return say!("setup-lines-phone-gone") };
    if let Err(why) = link.request(Command::Dial { target, account: None }).await {
        return why.message;
    }
    let follow = async {
        while let Some(fed) = feed.recv().await {
            let Feed::Event(event) = fed else { continue };
            match *event {
                Event::CallRinging { .. } => out::talk(&say!("setup-rings")),
                Event::CallAnswered { .. } => out::talk(&say!("setup-connected")),
                Event::CallEnded { call } => return ended(&call),
                _ => {}
            }
        }
        say!("setup-lines-phone-gone")
    };
    match tokio::time::timeout(ECHO, follow).await {
        Ok(words) => words,
        Err(_) => {
            let _ = link.request(Command::Hangup { which: HangupWhich::All }).await;
            say!("setup-lines-echo-over")
        }
    }
}

fn ask(question: &str, otherwise: &str) -> Result<Said, CommandError> {
    match prompt::text(question, otherwise) {
        Ok(answer) => Ok(match answer.to_ascii_lowercase().as_str() {
            "back" => Said::Back,
            "quit" | "exit" => Said::Quit,
            _ => Said::Answer(answer),
        }),
        Err(why) if why.code == ExitCode::Interrupted => Ok(Said::Quit),
        Err(why) => Err(why),
    }
}
