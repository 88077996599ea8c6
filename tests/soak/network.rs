//! A link that falls and comes back over and over, while the phone is registered and in a call.
//!
//! ```text
//!  here: the phone, 10.231.8.2   near ●────────● far   there: registrar 10.231.8.1:5060, a phone that answers 10.231.8.9
//! ```

use std::net::UdpSocket;
use std::time::Duration;

use crate::held::{Row, many};
use crate::phones::{answering, hang_up, have, hears, kept, number_of, talk};
use crate::registrar::{Registrar, accounts};
use crate::space::{Space, may_make_networks};
use crate::support::{Daemon, House, until};
use crate::turns::{calls_in_vain, over_and_over, warming};

const SERVER: &str = "10.231.8.1:5060";
const FAR: &str = "10.231.8.9";

/// A daemon in one of the networks, once its log has this.
fn daemon(house: &House, space: &Space) -> Daemon {
    let phone = house.program(&[]);
    let mut command = space.command(phone.get_program());
    command.args(phone.get_args()).env_clear().envs(phone.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
    house.started(command, "SIP on udp")
}

#[test]
fn a_link_that_falls_and_comes_back_costs_no_call() {
    if !may_make_networks() || !have("ip") {
        return;
    }
    let turns = many(2, 40);
    let (here, there) = (Space::new("here"), Space::new("there"));
    here.cable("near", &there, "far");
    for address in [SERVER.trim_end_matches(":5060"), FAR] {
        there.ip(&format!("address add {address}/24 dev far"));
    }
    here.ip("address add 10.231.8.2/24 dev near");
    let bound = there.spawn(|| UdpSocket::bind(SERVER).expect("its port"));
    let registrar = Registrar::start(bound.join().expect("no panic"), 1);
    let (house, other) = (House::open(), House::open());
    std::fs::write(other.ini(), answering(FAR)).expect("written");
    let far = daemon(&other, &there);
    std::fs::write(house.ini(), accounts(SERVER.parse().expect("an address"), 1)).expect("written");
    let phone = daemon(&house, &here);
    assert!(until(|| registrar.has_all()));
    let number = number_of(&far, FAR);
    let (before, after) = over_and_over(&phone, turns, |turn| {
        let wire = talk(&phone, &number);
        here.ip("link set near down");
        // Now and then longer than the registration.
        std::thread::sleep(Duration::from_millis([300, 1_000, 4_000][turn % 3]));
        here.ip("link set near up");
        let registered = || phone.connect().ask("status")["accounts"][0]["registered"] == true;
        assert!(until(|| registrar.has_all() && registered()), "turn {turn}: it is registered");
        assert!(hears(&phone), "turn {turn}: the call goes on");
        hang_up(wire);
    });
    let history = (calls_in_vain() + warming() + turns, kept(&house));
    Row { phase: "falls of the link", count: turns, before, after, history }.holds();
}
