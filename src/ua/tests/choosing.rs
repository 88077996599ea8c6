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
