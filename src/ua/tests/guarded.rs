//! Those on whom no person looks: which of their commands dial nothing.

use super::rules::connected;
use super::*;
use crate::config::DialRules;
use crate::ua::command::TransferTo;
use crate::ua::outcome::ExitCode;

fn guarded(command: Command) -> Command {
    Command::Guarded(Box::new(command))
}

/// An account at the scripted registrar, with these rules.
fn phone(rules: DialRules) -> World {
    let mut world = World::new();
    let settings = Settings { dial_rules: rules, single_mode: false, ..Settings::default() };
    world.add(AgentConfig::new(settings, vec![account("alice")]), 5070);
    world
}

#[test]
fn whatever_dials_asks_the_rules() {
    let bad = || "*21*0900#".to_owned();
    let commands = [
        Command::Dial { target: bad(), account: None },
        Command::Dial { target: "sip:%2A21@127.0.0.1".to_owned(), account: Some("1".to_owned()) },
        Command::Message { target: bad(), text: "x".to_owned(), account: None },
        Command::Composing { target: bad(), account: None },
        Command::Forward { number: Some(bad()) },
        Command::Transfer { call: None, to: TransferTo::Number(bad()) },
        Command::Park { call: None, number: Some(bad()) },
        Command::Pickup { number: Some(bad()), account: None },
        Command::Retrieve { number: Some(bad()), account: None },
    ];
    for command in commands {
        let mut world = phone(DialRules::default());
        world.run(Duration::ZERO);
        let before = world.tap.len();
        let refused = world.command(0, guarded(command.clone())).expect_err("refused");
        assert_eq!((refused.kind, refused.code), ("not_allowed", ExitCode::Refused), "{command:?}: {refused}");
        assert_eq!(world.tap.len(), before, "{command:?}: nothing goes out");
        let mut rules = DialRules::default();
        rules.set_allow(".");
        let mut world = phone(rules);
        let now = world.now;
        world.phones[0].agent.handle(Input::Command(RequestId(1), guarded(command.clone())), now);
        world.settle();
        // What has a reply later has none of this kind now.
        let refused = world.phones[0].replies.iter().any(|told| matches!(told, Err(why) if why.kind == "not_allowed"));
        assert!(!refused, "{command:?}: the owner allows it");
    }
}

#[test]
fn a_person_dials_what_a_person_likes() {
    let mut world = phone(DialRules::default());
    assert!(world.command(0, Command::Dial { target: "*97".to_owned(), account: None }).is_ok());
    assert!(world.command(0, guarded(Command::Dial { target: "600".to_owned(), account: None })).is_ok());
    let dialled = &world.phones[0].dialled.0;
    assert_eq!(dialled.numbers().first().map(String::as_str), Some("600"), "what is let through is as any other");
}

#[test]
fn a_call_is_not_handed_over_to_a_code() {
    let (mut world, _) = connected();
    let to = TransferTo::Number("sip:%2a21@127.0.0.1:5998".to_owned());
    let sent = world.tap.len();
    let told = world.command(0, guarded(Command::Transfer { call: None, to }));
    assert_eq!(told.map_err(|why| why.kind), Err("not_allowed"));
    assert_eq!(world.tap.len(), sent);
}

#[test]
fn nor_is_a_code_keyed_where_the_exchange_listens() {
    let (mut world, _) = connected();
    world.phones[0].agent.config.settings.consult_code.enabled = true;
    let to = |number: &str| Command::Transfer { call: None, to: TransferTo::Call(Some(number.to_owned())) };
    let told = world.command(0, guarded(to("0900123456")));
    assert_eq!(told.map_err(|why| why.kind), Err("not_allowed"));
    assert_eq!(world.phones[0].digits(), "", "nothing is keyed");
    assert!(world.command(0, guarded(to("sip:201@127.0.0.1"))).is_ok());
    world.run(Duration::from_secs(5));
    assert_eq!(world.phones[0].digits(), "*2201");
}
