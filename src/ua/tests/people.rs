//! Contacts: whose name a call shows, and whose light is there.

use super::following::following_with;
use super::incoming::{registered, rung};
use super::registering::SERVER;
use super::*;
use crate::config::Shortcut;
use crate::contacts::{Book, Contact};
use crate::sip::message::HeaderName;
use std::sync::Arc;

fn contact(name: &str, number: &str, presence: bool) -> Contact {
    Contact { name: name.into(), number: number.into(), presence, ..Contact::default() }
}

fn take(world: &mut World, contacts: Vec<Contact>) {
    let now = world.now;
    world.phones[0].agent.handle(Input::Contacts(Arc::new(Book::new(contacts))), now);
    world.settle();
}

#[test]
fn a_caller_has_the_name_of_the_contact() {
    let home = SERVER;
    for (number, disable_name_lookup, lines, shown) in [
        ("030 1234567", false, "", Some("Ann\u{202e}")),
        ("030 1234567", true, "", Some("From the network")),
        ("030 7654321", false, "", Some("From the network")),
        ("030 1234567", false, "Privacy: id\r\n", None),
    ] {
        let mut world = registered(Settings { disable_name_lookup, ..Settings::default() });
        take(&mut world, vec![contact("Ann\u{202e}", number, false), contact("5", "5", false)]);
        let asserted = "P-Asserted-Identity: \"From the network\" <sip:+49301234567@127.0.0.1>\r\n";
        assert_eq!(rung(&mut world, home, &format!("{asserted}{lines}"), "one"), 180);
        let call = world.phones[0].agent.status(world.now).calls[0].clone();
        assert_eq!(call.remote.name, shown.map(|name| name.replace('\u{202e}', "")), "{number} {lines}");
        assert!(world.names(0).iter().any(|name| name == "call_incoming"));
        // Who has become known while it rings has a name at once.
        take(&mut world, vec![contact("Bell", "+49301234567", false)]);
        let call = world.phones[0].agent.status(world.now).calls[0].clone();
        let named = !disable_name_lookup && lines.is_empty();
        assert_eq!(call.remote.name.as_deref() == Some("Bell"), named, "{number} {lines}");
    }
}

#[test]
fn a_contact_without_a_name_takes_none_away() {
    let mut world = registered(Settings::default());
    take(&mut world, vec![contact("+49301234567", "+49301234567", false)]);
    rung(&mut world, SERVER, "P-Asserted-Identity: \"Net\" <sip:+49301234567@127.0.0.1>\r\n", "one");
    assert_eq!(world.phones[0].agent.status(world.now).calls[0].remote.name.as_deref(), Some("Net"));
}

#[test]
fn who_is_to_be_followed_has_a_light() {
    let lights = |world: &World| -> Vec<(String, Option<String>, String)> {
        let lights = world.phones[0].agent.status(world.now).lights;
        lights.into_iter().map(|light| (light.target, light.name, light.package)).collect()
    };
    let lit = |number: &str, name: &str| (number.to_owned(), Some(name.to_owned()), "presence".to_owned());
    // One at the start, and another while the phone is registered.
    let (mut world, sent) = following_with(Settings::default());
    assert!(sent.is_empty());
    let ann = || contact("Ann", "102", true);
    take(&mut world, vec![ann(), contact("Bob", "103", false)]);
    let asked = world.requests("SUBSCRIBE");
    let uris: Vec<(&str, Option<String>)> =
        asked.iter().map(|request| (request.uri.as_str(), request.headers.text(&HeaderName::Event))).collect();
    assert_eq!(uris, [("sip:102@127.0.0.1", Some("presence".to_owned()))]);
    assert_eq!(lights(&world), [lit("102", "Ann")]);
    let starred = Contact { starred: true, ..contact("Cid", "104,1#", true) };
    take(&mut world, vec![ann(), contact("Ann's", "(102)", true), starred]);
    assert_eq!(lights(&world), [lit("102", "Ann"), lit("104,1#", "Cid")], "one light an address");
    assert_eq!(world.requests("SUBSCRIBE").len(), 2);
    take(&mut world, vec![ann()]);
    assert_eq!(lights(&world), [lit("102", "Ann")]);
    // The same as one of the settings is one light.
    let settings = Settings { shortcuts: vec![Shortcut::parse("Ann;102;call;;1").0], ..Settings::default() };
    let (mut world, sent) = following_with(settings);
    take(&mut world, vec![ann()]);
    assert_eq!((sent.len(), world.requests("SUBSCRIBE").len(), lights(&world)), (1, 1, vec![lit("102", "Ann")]));
}
