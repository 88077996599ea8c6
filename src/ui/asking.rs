//! What is asked of the phone, in order: commands one after another, questions about people and the past beside them.

use super::msg::{Answer, Msg};
use super::past::PastCall;
use super::sheet::outline;
use crate::control::link::Link;
use crate::control::told::Told;
use crate::control::verb::Request;
use crate::control::{Command, CommandError, Record, Reply};
use tokio::sync::mpsc;

/// Seconds since 1970 as the clock on the wall has them, `2026-01-02 04:04:05`; `None` where it is not known.
pub type LocalTime = fn(i64) -> Option<String>;

/// A command and what the phone said to it.
pub type Done = (Command, Result<Reply, CommandError>);

/// Sends commands one after another, so that digits arrive in the order they were pressed. Those that are answered with
/// their outcome hold up nothing: whoever waits for it may hang up meanwhile.
pub async fn ask_in_order<F>(
    request: impl Fn(Command) -> F,
    mut asked: mpsc::UnboundedReceiver<Command>,
    answer: mpsc::UnboundedSender<Done>,
) where
    F: Future<Output = Result<Reply, CommandError>> + Send + 'static,
{
    while let Some(command) = asked.recv().await {
        let (waits, answer) = (command.awaits_outcome(), answer.clone());
        let reply = request(command.clone());
        let asking = async move {
            let _ = answer.send((command, reply.await));
        };
        if waits {
            tokio::spawn(asking);
        } else {
            asking.await;
        }
    }
}

/// Puts questions about people and the past, one after another, and gives the answers as messages. Long lists are no
/// reason for a key to wait, so these have a way of their own.
pub async fn look_up(
    link: Link,
    local_time: LocalTime,
    mut asked: mpsc::UnboundedReceiver<Request>,
    answer: mpsc::UnboundedSender<Msg>,
) {
    while let Some(request) = asked.recv().await {
        let told = link.told(&request).await.map(|told| answer_of(told, local_time));
        if answer.send(Msg::Answer(request, told)).is_err() {
            return;
        }
    }
}

/// Asks what a command of the palette says; its answer comes when it does, and holds up nothing.
pub async fn carry_out(link: Link, verb: &'static str, request: Request, answer: mpsc::UnboundedSender<Msg>) {
    let told = link.fields(&request).await.map(|fields| outline(&fields));
    let _ = answer.send(Msg::Ran(verb, told));
}

fn answer_of(told: Told, local_time: LocalTime) -> Answer {
    let dated = |call: Record| {
        let utc = || humantime::format_rfc3339_seconds(call.started()).to_string().replace('T', " ");
        PastCall { local: local_time(call.started_s()).unwrap_or_else(utc), call }
    };
    match told {
        Told::Contacts(contacts, problems) => Answer::Contacts(contacts, problems),
        Told::Calls(calls, more) => Answer::Calls(calls.into_iter().map(dated).collect(), more),
        Told::Settings(settings) => Answer::Settings(settings),
        Told::Setting(changed) => Answer::Setting(changed),
        Told::Cards(cards) => Answer::Cards(cards),
        Told::Codecs(codecs) => Answer::Codecs(codecs),
        Told::Done => Answer::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{HangupWhich, Press, TransferTo};
    use std::future;
    use std::time::Duration;

    /// Puts the commands to a phone that settles nothing but digits and hanging up; the first `count` answers.
    async fn answers(commands: Vec<Command>, count: usize) -> Vec<Command> {
        let request = |command: Command| async move {
            if !matches!(command, Command::Hangup { .. } | Command::Dtmf { .. }) {
                future::pending::<()>().await;
            }
            // Who is asked first takes the longest.
            if let Command::Dtmf { digits, .. } = &command {
                for _ in digits.parse::<u8>().unwrap_or(0)..10 {
                    tokio::task::yield_now().await;
                }
            }
            Ok(Reply::Done)
        };
        let (ask, asked) = mpsc::unbounded_channel();
        let (answer, mut answered) = mpsc::unbounded_channel();
        commands.into_iter().for_each(|command| ask.send(command).unwrap());
        tokio::spawn(ask_in_order(request, asked, answer));
        let mut first = Vec::new();
        while first.len() < count
            && let Ok(Some((command, _))) = tokio::time::timeout(Duration::from_secs(10), answered.recv()).await
        {
            first.push(command);
        }
        first
    }

    #[tokio::test]
    async fn what_waits_for_an_outcome_holds_up_no_key() {
        let hangup = Command::Hangup { which: HangupWhich::All };
        for late in [
            Command::Message { target: "600".into(), text: "hello".into(), account: None },
            Command::Transfer { call: None, to: TransferTo::Number("601".into()) },
            Command::Park { call: None, number: None },
            Command::Ping { target: None, account: None },
        ] {
            let name = format!("{late:?}");
            let first = answers(vec![late, hangup.clone()], 1).await;
            assert_eq!(first.first(), Some(&hangup), "{name}");
        }
    }

    #[tokio::test]
    async fn digits_arrive_in_the_order_they_were_pressed() {
        let digit = |c: char| Command::Dtmf { call: None, digits: c.to_string(), press: Press::Tap, via: None };
        let pressed = "123".chars().map(digit).collect::<Vec<_>>();
        assert_eq!(answers(pressed.clone(), 3).await, pressed);
    }

    #[test]
    fn calls_are_told_with_the_time_on_the_wall() {
        let told = || Told::Calls(vec![Record { started_ms: 1_767_323_045_678, ..Record::default() }], true);
        let local = |local_time: LocalTime| match answer_of(told(), local_time) {
            Answer::Calls(calls, true) => calls.into_iter().map(|past| past.local).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!(local(|_| None), ["2026-01-02 03:04:05Z"]);
        assert_eq!(local(|s| Some(format!("{s}"))), ["1767323045"]);
    }
}
