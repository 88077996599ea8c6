//! An exchange with users and phones on a network, and what scenarios ask of them.

use super::exchange::ExchangeNode;
use super::network::Network;
use super::phone::Phone;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tuiphone::demo::exchange::{Exchange, ExchangeConfig, User};
use tuiphone::sip::auth::Algorithm;
use tuiphone::ua::agent::{AgentConfig, IncomingPolicy};
use tuiphone::ua::command::{Command, HangupWhich};
use tuiphone::ua::snapshot::{CallState, RegistrationState};

pub const SECOND: Duration = Duration::from_secs(1);
pub const AT_ONCE: IncomingPolicy = IncomingPolicy::Answer { after: Duration::from_millis(500) };
pub const ALICE: (&str, &str) = ("alice", "secret");
pub const BOB: (&str, &str) = ("bob", "hunter2");
pub const CAROL: (&str, &str) = ("carol", "pass word");
/// Longer than a phone rings and any transaction lives after it.
pub const LONG: Duration = Duration::from_secs(260);

pub type Shared = Rc<RefCell<Phone>>;

pub fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// A host of its own, beyond this machine.
pub fn host(number: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, number], 5060))
}

/// The exchange at 5060.
pub fn exchange(network: &mut Network, seed: u64) -> Rc<RefCell<ExchangeNode>> {
    exchange_with(network, seed, |_| {})
}

pub fn exchange_with(
    network: &mut Network,
    seed: u64,
    change: impl FnOnce(&mut ExchangeConfig),
) -> Rc<RefCell<ExchangeNode>> {
    exchange_at(network, address(5060), seed, change)
}

pub fn exchange_at(
    network: &mut Network,
    at: SocketAddr,
    seed: u64,
    change: impl FnOnce(&mut ExchangeConfig),
) -> Rc<RefCell<ExchangeNode>> {
    let user = |(name, password), algorithm| User::new(name, password, algorithm);
    let users = vec![user(ALICE, Algorithm::MD5), user(BOB, Algorithm::SHA256), user(CAROL, Algorithm::SHA512_256)];
    let mut config = ExchangeConfig::new("demo.invalid", users);
    change(&mut config);
    network.add(at, ExchangeNode::new(Exchange::new(config), seed | u64::from(last_byte(at)) << 32))
}

pub fn phone(network: &mut Network, port: u16, user: (&str, &str), incoming: IncomingPolicy) -> Shared {
    let phone = Phone::new(address(port), address(5060), user, incoming, (network.seed, network.now));
    network.add(address(port), phone)
}

/// A phone like that, its configuration changed.
pub fn phone_with(
    network: &mut Network,
    port: u16,
    user: (&str, &str),
    incoming: IncomingPolicy,
    change: impl FnOnce(&mut AgentConfig),
) -> Shared {
    phone_at(network, (address(port), address(5060)), user, incoming, change)
}

/// A phone at the first address; every name leads to the host of the second.
pub fn phone_at(
    network: &mut Network,
    (at, server): (SocketAddr, SocketAddr),
    user: (&str, &str),
    incoming: IncomingPolicy,
    change: impl FnOnce(&mut AgentConfig),
) -> Shared {
    let mut config = Phone::config(user, incoming);
    change(&mut config);
    let seed = network.seed << 16 | u64::from(at.port().wrapping_add(u16::from(last_byte(at))));
    let phone = Phone::with(at, server, config, seed, network.now);
    network.add(at, phone)
}

fn last_byte(at: SocketAddr) -> u8 {
    if let SocketAddr::V4(at) = at { at.ip().octets()[3] } else { 0 }
}

/// Its account goes by this transport to a server at 5060.
pub fn over(transport: &str) -> impl Fn(&mut AgentConfig) {
    move |config| {
        for account in &mut config.accounts {
            account.transport = transport.to_owned();
            account.server = "demo.invalid:5060".to_owned();
        }
    }
}

pub fn registered(network: &Network, phone: &Shared) -> bool {
    phone.borrow().registration(network.now) == Some(RegistrationState::Registered)
}

/// Alice at 5061 and Bob at 5062.
pub fn phones(network: &mut Network, seed: u64, incoming: IncomingPolicy) -> (Shared, Shared) {
    exchange(network, seed);
    (phone(network, 5061, ALICE, IncomingPolicy::Ring), phone(network, 5062, BOB, incoming))
}

pub fn check(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

pub fn dial(network: &Network, phone: &Shared, target: &str) {
    let dial = Command::Dial { target: target.to_owned(), account: None };
    phone.borrow_mut().command(dial, network.now);
}

pub fn call_bob(network: &Network, phone: &Shared) {
    dial(network, phone, "sip:bob@demo.invalid");
}

pub fn hang_up(network: &Network, phone: &Shared) {
    phone.borrow_mut().command(Command::Hangup { which: HangupWhich::Current }, network.now);
}

pub fn order(network: &Network, phone: &Shared, command: Command) {
    phone.borrow_mut().command(command, network.now);
}

pub fn states(network: &Network, phone: &Shared) -> Vec<CallState> {
    phone.borrow().states(network.now)
}

pub fn is_idle(network: &Network, phone: &Shared) -> bool {
    let phone = phone.borrow();
    phone.states(network.now).is_empty() && phone.sounding.is_empty()
}

/// Everybody leaves: once the last timer has run out, nothing of anything is kept.
pub fn check_rest(network: &mut Network, phones: &[&Shared]) -> Result<(), String> {
    for phone in phones {
        order(network, phone, Command::Unregister { account: None });
    }
    network.run(LONG);
    for phone in phones {
        let census = phone.borrow().agent.census();
        let told = || phone.borrow().agent.status(network.now).calls;
        check(census.is_at_rest(), &format!("{census:?} {:?}", told()))?;
        let waits = phone.borrow().agent.next_timeout().map(|at| at - network.now);
        check(waits.is_none(), &format!("it still waits for something in {waits:?}"))?;
    }
    Ok(())
}

/// What the last ended call came to.
pub fn outcome(phone: &Shared) -> Option<String> {
    phone.borrow().ended().and_then(|call| call.outcome.clone())
}
