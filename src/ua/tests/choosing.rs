//! Another account, another password, a call by its number.

use super::*;
use crate::ua::command::HangupWhich;

#[test]
fn calls_go_out_with_the_account_that_was_chosen_and_it_is_kept() {
    let mut world = World::new();
    let second = Account { id: AccountId(2), label: "Desk".into(), ..account("bob") };
    let settings = Settings { account_id: Some(1), ..Settings::default() };
    world.add(AgentConfig::new(settings, vec![account("alice"), second]), 5070);
    let chosen = |world: &World| {
        let status = world.phones[0].agent.status(world.now);
        status.accounts.iter().filter(|account| account.selected).map(|account| account.id).collect::<Vec<_>>()
    };
    assert_eq!(chosen(&world), [1]);
    world.command(0, Command::SelectAccount { account: "desk".into() }).expect("there is one");
    assert_eq!((chosen(&world), world.phones[0].kept.clone()), (vec![2], vec![("accountId", "2".to_owned())]));
    let refusal = world.command(0, Command::SelectAccount { account: "nobody".into() });
    assert!(matches!(refusal, Err(why) if why.kind == "no_such_account"));
    assert_eq!(chosen(&world), [2]);
}

#[test]
fn a_call_is_hung_up_by_its_number() {
    let (mut world, _) = super::rules::connected();
    let which = |name: &str| Command::Hangup { which: HangupWhich::Call(name.into()) };
    assert!(matches!(world.command(0, which("bobby")), Err(why) if why.kind == "no_such_call"));
    world.command(0, which("bob")).expect("it is hung up");
    assert_eq!(world.last_request().method.as_str(), "BYE");
}

/// Beside an account, whoever is called by their own address is called directly, if the Local account is kept.
#[test]
fn addresses_that_are_no_names_are_called_directly_where_local_is_kept() {
    for (kept, typed, number, sent) in [
        (true, "sip:bob@127.0.0.9:5070", 0, "INVITE sip:bob@127.0.0.9:5070"),
        (true, "bob@localhost", 0, ""),
        (true, "bob@127.0.0.1:5070", 1, "INVITE sip:bob@127.0.0.1:5070"),
        (true, "bob@example.net", 1, "INVITE sip:bob@example.net"),
        (true, "600", 1, "INVITE sip:600@127.0.0.1"),
        (false, "sip:bob@127.0.0.9:5070", 1, "INVITE sip:bob@127.0.0.9:5070"),
    ] {
        let settings = Settings { enable_local_account: kept, account_id: Some(1), ..Settings::default() };
        let without_server =
            Account { server: String::new(), proxies: vec!["127.0.0.1:5999".into()], ..account("alice") };
        let mut world = World::new();
        world.add(AgentConfig::new(settings, vec![without_server, Account::new(AccountId(0))]), 5070);
        world.dial(0, typed);
        let from = world.phones[0].events.iter().find_map(|event| match event {
            Event::CallOutgoing { call } => Some(call.account.as_str()),
            _ => None,
        });
        assert_eq!(from == Some("alice@127.0.0.1"), number == 1, "{typed}: {from:?}");
        assert!(sent.is_empty() || world.count(sent) > 0, "{typed}: {:?}", world.log);
    }
}
