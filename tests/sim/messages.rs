//! Instant messages: delivered once or told as lost, on any network.

use super::network::{Link, Network, seeds};
use super::stage::*;
use tuiphone::demo::exchange::Fault;
use tuiphone::sip::message::{Method, StatusCode};
use tuiphone::ua::agent::IncomingPolicy;
use tuiphone::ua::command::Command;
use tuiphone::ua::event::Event;
use tuiphone::ua::snapshot::MessageInfo;

fn write(network: &Network, phone: &Shared, target: &str, text: &str) {
    order(network, phone, Command::Message { target: target.into(), text: text.into(), account: None });
}

fn messages(phone: &Shared) -> Vec<MessageInfo> {
    let message = |event: &Event| if let Event::Message { message } = event { Some(message.clone()) } else { None };
    phone.borrow().events.iter().filter_map(message).collect()
}

//= RFC 3428 §7, §11
#[test]
fn a_message_told_as_delivered_arrives_once_on_a_bad_network() {
    let mut lost = 0;
    let lost_once = std::cell::Cell::new(0);
    seeds(100, Link::BAD, |network, seed| {
        let (alice, bob) = phones(network, seed, IncomingPolicy::Ring);
        network.run(60 * SECOND);
        for number in 0..5 {
            write(network, &alice, "sip:bob@demo.invalid", &format!("line {number}\nsecond"));
            network.run(80 * SECOND);
            let told = messages(&alice).pop().ok_or("no fate was told")?;
            let text = format!("line {number}\nsecond");
            let got = messages(&bob).iter().filter(|message| message.text == text).count();
            match told.delivered {
                Some(true) => check(got == 1 && told.status == Some(200), &format!("delivered {got} times: {told:?}"))?,
                Some(false) => {
                    lost_once.set(lost_once.get() + 1);
                    check(got <= 1, &format!("{told:?}"))?;
                }
                None => check(false, "no fate")?,
            }
        }
        check(messages(&bob).iter().all(|message| !message.outgoing && message.remote.user == "alice"), "from alice")
    });
    lost += lost_once.get();
    assert!(lost < 25, "{lost} of 500 lost");
}

#[test]
fn a_message_waits_for_the_registration_and_both_ways_cross() {
    let mut network = Network::new(1, Link::GOOD);
    let (alice, bob) = phones(&mut network, 1, IncomingPolicy::Ring);
    network.run(std::time::Duration::from_millis(5));
    write(&network, &alice, "bob", "early");
    network.run(2 * SECOND);
    assert_eq!(network.times(&["5061 -> 5060 MESSAGE"]).len(), 2, "challenged once: {:#?}", network.trace);
    write(&network, &bob, "alice", "back");
    network.run(2 * SECOND);
    assert_eq!(messages(&bob).first().map(|message| message.text.as_str()), Some("early"));
    assert_eq!(messages(&alice).last().map(|message| message.text.as_str()), Some("back"));
}

#[test]
fn a_refusal_is_told_as_it_is() {
    for (status, target) in [(404, "nobody"), (480, "carol")] {
        let mut network = Network::new(1, Link::GOOD);
        let (alice, _bob) = phones(&mut network, 1, IncomingPolicy::Ring);
        network.run(5 * SECOND);
        write(&network, &alice, target, "hello?");
        network.run(5 * SECOND);
        let told = messages(&alice).pop().unwrap();
        assert_eq!((told.delivered, told.status), (Some(false), Some(status)), "{target}");
    }
    let mut network = Network::new(1, Link::GOOD);
    let node = exchange(&mut network, 1);
    let alice = phone(&mut network, 5061, ALICE, IncomingPolicy::Ring);
    network.run(5 * SECOND);
    for (fault, status) in [(Fault::Silent, None), (Fault::Refuse(StatusCode(603)), Some(603))] {
        node.borrow_mut().exchange.set_fault(Method::Message, Some(fault));
        write(&network, &alice, "bob", "hello?");
        network.run(40 * SECOND);
        let told = messages(&alice).pop().unwrap();
        assert_eq!((told.delivered, told.status), (Some(false), status), "{fault:?}");
    }
}
