//! What was dialled is remembered as it was typed; whoever was called or called, as the last number.

use super::incoming::{HOME, registered, rung};
use super::*;
use crate::ua::command::HangupWhich;

fn phone(settings: Settings) -> World {
    registered(settings)
}

/// What is shown of it: numbers with blanks between, and the last one.
fn shown(world: &World) -> (String, String) {
    let status = world.phones[0].agent.status(world.now);
    (status.dialled.join(" "), status.last_call_number)
}

fn kept(world: &World) -> (String, Option<String>) {
    let (numbers, last) = &world.phones[0].dialled;
    (numbers.numbers().join(" "), last.clone())
}

fn dial(world: &mut World, target: &str) {
    let _refused = world.command(0, Command::Dial { target: target.to_owned(), account: None });
    world.settle();
    let _nobody = world.command(0, Command::Hangup { which: HangupWhich::All });
    world.settle();
}

#[test]
fn what_a_person_dials_is_remembered_as_it_is_typed() {
    let before = Dialled::of(["100", "200"].into_iter());
    let mut world = phone(Settings { dialled: before, single_mode: false, ..Settings::default() });
    for (typed, numbers, last) in [
        ("300,12#", "300,12# 100 200", "300"),
        ("(55) 50-1", "(55) 50-1 300,12# 100 200", "55501"),
        ("300,12#", "300,12# (55) 50-1 100 200", "300"),
        ("", "300,12# (55) 50-1 100 200", "300"),
        // What cannot be called is not remembered.
        ("bob@far.example;method=BYE", "300,12# (55) 50-1 100 200", "300"),
        ("bob@far.example", "bob@far.example 300,12# (55) 50-1 100 200", "bob@far.example"),
    ] {
        dial(&mut world, typed);
        assert_eq!(shown(&world), (numbers.to_owned(), last.to_owned()), "{typed}");
        assert_eq!(kept(&world), (numbers.to_owned(), Some(last.to_owned())), "{typed}");
    }
    world.phones[0].agent.forget_dialled();
    world.settle();
    assert_eq!((shown(&world), kept(&world).0), (Default::default(), String::new()));
}

#[test]
fn a_press_of_a_shortcut_is_a_call_and_no_typing() {
    let shortcut = crate::config::Shortcut::parse("Bob;102;call").0;
    let mut world = phone(Settings { shortcuts: vec![shortcut], ..Settings::default() });
    let _reply = world.command(0, Command::Shortcut { which: "1".to_owned(), text: None });
    world.settle();
    assert_eq!(shown(&world), (String::new(), "102".to_owned()));
}

#[test]
fn who_calls_is_the_last_number_too() {
    let mut world = phone(Settings::default());
    dial(&mut world, "300");
    rung(&mut world, HOME, "", "a");
    let (numbers, last) = shown(&world);
    assert_eq!((numbers.as_str(), last.is_empty(), last == "300"), ("300", false, false), "{last}");
    assert_eq!(kept(&world).1.as_ref(), Some(&last));
    rung(&mut world, HOME, "Privacy: id\r\n", "b");
    assert_eq!(shown(&world).1, last, "who hides cannot be called back");
}

#[test]
fn a_number_that_override_ini_sets_stays() {
    let locked = vec!["lastCallNumber"];
    let mut world = phone(Settings { locked, last_call_number: "1".to_owned(), ..Settings::default() });
    dial(&mut world, "300");
    assert_eq!((shown(&world), kept(&world)), (("300".into(), "1".into()), ("300".into(), None)));
}
