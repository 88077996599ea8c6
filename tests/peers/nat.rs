//! Calls through real gateways: Linux that translates addresses, coturn that lends them.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::Value;
use tuiphone::nat::kind::{Behaviour, Dependence, Effect, Survey};
use tuiphone::nat::turn;

use crate::daemon::Daemon;
use crate::lab::{ACCOUNT, COTURN, Coturn, Family, Gate, Help, Home, Lab, SOMEBODY, hears};
use crate::space::Space;
use crate::support::{PATIENCE, beside_others, until};

/// Longest time until a call whose way is gone has another one: sooner than the consent to send is over.
const RECOVERY: Duration = Duration::from_secs(25);
/// What each phone says.
const TONES: [u32; 2] = [440, 700];

/// What the phone's own survey finds of the way out of this machine.
fn surveyed(machine: &Space, own: &str) -> Behaviour {
    let own: IpAddr = own.parse().unwrap();
    let survey = move || {
        let socket = UdpSocket::bind((own, 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let servers = COTURN.map(|ip| SocketAddr::new(ip.parse().unwrap(), 3478));
        let start = Instant::now();
        let mut survey = Survey::new(
            socket.local_addr().unwrap(),
            &servers,
            start,
            &mut StdRng::seed_from_u64(own.is_ipv4().into()),
        );
        let mut bytes = [0; 2_048];
        while start.elapsed() < PATIENCE {
            while let Some(effect) = survey.poll() {
                match effect {
                    Effect::Transmit { to, bytes } => drop(socket.send_to(&bytes, to)),
                    Effect::Known(behaviour) => return behaviour,
                }
            }
            if let Ok((count, from)) = socket.recv_from(&mut bytes) {
                survey.handle_datagram(&bytes[..count], from, Instant::now());
            }
            if survey.next_timeout().is_some_and(|at| at <= Instant::now()) {
                survey.handle_timeout(Instant::now());
            }
        }
        panic!("the survey did not end");
    };
    machine.spawn(survey).join().unwrap()
}

#[test]
fn gateways_are_of_the_kinds_they_are_named_after() {
    let Some(lab) = Lab::build() else { return };
    let _machine = beside_others();
    let _coturn = Coturn::start(&lab);
    use Dependence::{AddressAndPortDependent, EndpointIndependent};
    let rows = [
        (Gate::Cone, Some(EndpointIndependent), Some(AddressAndPortDependent)),
        (Gate::Symmetric, Some(AddressAndPortDependent), Some(AddressAndPortDependent)),
        (Gate::Office, None, None),
        (Gate::Meddling, Some(EndpointIndependent), Some(AddressAndPortDependent)),
    ];
    for (number, (gate, mapping, filtering)) in (1..).zip(rows) {
        let home = lab.home(number, gate);
        let known = surveyed(&home.machine(10, Family::Four), "192.168.1.10");
        eprintln!("{gate:?}: {known}");
        assert_eq!((known.mapping, known.filtering), (mapping, filtering), "{gate:?}: {known}");
        let outer = (gate != Gate::Office).then(|| format!("198.51.100.10{number}"));
        assert_eq!(known.mapped.map(|mapped| mapped.ip().to_string()), outer, "{gate:?}");
    }
    let open = surveyed(&lab.middle, SOMEBODY);
    assert_eq!(open.to_string(), "no NAT");
}

/// Sends a word through coturn to somebody and waits for it to come back.
fn relayed_and_back(machine: &Space, to: SocketAddr) -> SocketAddr {
    let relay = move || {
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let address = SocketAddr::new(COTURN[0].parse().unwrap(), 3478);
        let server = turn::Server {
            address,
            is_stream: false,
            username: ACCOUNT.0.into(),
            password: ACCOUNT.1.to_owned().into(),
        };
        let start = Instant::now();
        let mut client = turn::Client::new(server, start, &mut StdRng::seed_from_u64(1));
        let mut bytes = [0; 2_048];
        while start.elapsed() < PATIENCE {
            while let Some(effect) = client.poll() {
                match effect {
                    turn::Effect::Transmit { to, bytes } => drop(socket.send_to(&bytes, to)),
                    turn::Effect::Allocated { .. } => client.send(to, b"hello", Instant::now()),
                    told => panic!("{told:?}"),
                }
            }
            let count = socket.recv(&mut bytes).unwrap_or(0);
            if let turn::Received::Data { peer, data } = client.receive(&bytes[..count], Instant::now()) {
                assert_eq!((peer, data), (to, &b"hello"[..]));
                return client.relayed()[0];
            }
            if client.next_timeout().is_some_and(|at| at <= Instant::now()) {
                client.handle_timeout(Instant::now());
            }
        }
        panic!("nothing came back");
    };
    machine.spawn(relay).join().unwrap()
}

#[test]
fn coturn_lends_an_address() {
    let Some(lab) = Lab::build() else { return };
    let _machine = beside_others();
    let _coturn = Coturn::start(&lab);
    let echo = lab.middle.spawn(|| UdpSocket::bind((SOMEBODY, 0)).unwrap()).join().unwrap();
    echo.set_read_timeout(Some(PATIENCE)).unwrap();
    let to = echo.local_addr().unwrap();
    let seen = std::thread::spawn(move || {
        let mut bytes = [0; 64];
        let (count, from) = echo.recv_from(&mut bytes).unwrap();
        echo.send_to(&bytes[..count], from).unwrap();
        from
    });
    let home = lab.home(1, Gate::Symmetric);
    let relayed = relayed_and_back(&home.machine(10, Family::Four), to);
    assert_eq!((relayed, relayed.ip().to_string().as_str()), (seen.join().unwrap(), COTURN[0]));
}

/// One calls the other, and each hears the other's tone; what each tells of itself then.
fn talk(phones: [&Daemon; 2]) -> [Value; 2] {
    let start = Instant::now();
    phones[0].calls("102");
    let answered = start.elapsed();
    hears(phones[0], TONES[1]);
    hears(phones[1], TONES[0]);
    eprintln!("answered after {answered:.1?}, heard after {:.1?}", start.elapsed());
    phones.map(Daemon::status)
}

/// The call is over for both.
fn hang_up(phones: [&Daemon; 2]) {
    phones[0].does(&["hangup"]);
    phones.iter().for_each(|phone| phone.until_is("idle"));
}

#[test]
fn phones_of_one_home_need_no_server() {
    let Some(lab) = Lab::build() else { return };
    let _machine = beside_others();
    let home = lab.home(1, Gate::Cone);
    let rows = [
        (Family::Four, [Family::Four; 2]),
        (Family::Six, [Family::Six; 2]),
        (Family::Six, [Family::Six, Family::Both]),
    ];
    for (at, (server, families)) in (1..).zip(rows) {
        eprintln!("{families:?}");
        let machines = [home.machine(10 * at, families[0]), home.machine(10 * at + 1, families[1])];
        let near = lab.phone(&machines[0], "101", TONES[0], server, Help::Plain);
        let far = lab.phone(&machines[1], "102", TONES[1], server, Help::Plain);
        talk([&near, &far]);
        hang_up([&near, &far]);
    }
}

/// A call between two homes, and what each phone tells of itself.
fn between_homes(gates: [Gate; 2], help: [Help; 2]) -> Option<[Value; 2]> {
    between_families(gates, [Family::Four; 2], help)
}

/// The same with machines of these families; who has IPv4 is registered over it.
fn between_families(gates: [Gate; 2], families: [Family; 2], help: [Help; 2]) -> Option<[Value; 2]> {
    let lab = Lab::build()?;
    let _machine = beside_others();
    let _coturn = Coturn::start(&lab);
    let homes = [lab.home(1, gates[0]), lab.home(2, gates[1])];
    let machines = [homes[0].machine(10, families[0]), homes[1].machine(10, families[1])];
    let near = lab.phone(&machines[0], "101", TONES[0], families[0], help[0]);
    let far = lab.phone(&machines[1], "102", TONES[1], families[1], help[1]);
    let told = talk([&near, &far]);
    hang_up([&near, &far]);
    Some(told)
}

#[test]
fn gateways_that_write_into_sip_let_plain_calls_through_and_are_noticed() {
    let Some(told) = between_homes([Gate::Meddling; 2], [Help::Plain; 2]) else { return };
    for status in &told {
        let words = status["accounts"][0]["rewritten"].as_str();
        assert!(words.is_some_and(|words| words.contains("SIP ALG")), "{status}");
    }
}

/// The kinds of the two ends that were selected, ours first, as a phone tells.
fn path(status: &Value) -> [&str; 2] {
    let ice = &status["calls"][0]["media"]["ice"];
    assert_eq!(ice["state"], "connected", "{status}");
    ["local", "remote"].map(|end| ice[end].as_str().unwrap_or_else(|| panic!("no {end}: {status}")))
}

#[test]
fn two_homes_talk_directly() {
    let Some(told) = between_homes([Gate::Cone; 2], [Help::Stun; 2]) else { return };
    for kind in told.iter().flat_map(path) {
        assert!(["srflx", "prflx"].contains(&kind), "{told:?}");
    }
    assert!(told.iter().all(|status| status["accounts"][0]["rewritten"].is_null()), "{told:?}");
}

/// One end of the path is lent, and both phones agree which.
fn talk_through_a_relay(gates: [Gate; 2], help: [Help; 2]) {
    let Some(told) = between_homes(gates, help) else { return };
    let [near, far] = told.each_ref().map(|status| path(status).map(|kind| kind == "relay"));
    assert!(near.contains(&true) && near == [far[1], far[0]], "{told:?}");
}

#[test]
fn a_symmetric_gateway_needs_a_relay() {
    talk_through_a_relay([Gate::Symmetric, Gate::Cone], [Help::Turn("udp"), Help::Stun]);
}

#[test]
fn the_relay_may_be_the_other_sides() {
    talk_through_a_relay([Gate::Symmetric, Gate::Cone], [Help::Stun, Help::Turn("udp")]);
}

#[test]
fn two_symmetric_gateways_need_relays() {
    talk_through_a_relay([Gate::Symmetric; 2], [Help::Turn("udp"); 2]);
}

#[test]
fn where_no_udp_gets_out_the_relay_is_reached_over_a_stream() {
    for transport in ["tcp", "tls"] {
        talk_through_a_relay([Gate::Office, Gate::Cone], [Help::Turn(transport), Help::Stun]);
    }
}

#[test]
fn who_has_ipv6_alone_reaches_who_has_both() {
    for help in [Help::Plain, Help::Ice] {
        let Some(told) = between_families([Gate::Cone; 2], [Family::Six, Family::Both], [help; 2]) else { return };
        if help == Help::Ice {
            assert_eq!(told.each_ref().map(path), [["host"; 2]; 2]);
        }
    }
}

#[test]
fn who_has_ipv6_alone_reaches_who_has_ipv4_through_a_relay() {
    let help = [Help::Turn("udp"), Help::Stun];
    let Some(told) = between_families([Gate::Cone; 2], [Family::Six, Family::Four], help) else { return };
    assert_eq!((path(&told[0])[0], path(&told[1])[1]), ("relay", "relay"), "{told:?}");
}

/// A call between two homes comes to harm, which is told, and goes on by another way.
fn outlives(gate: Gate, help: Help, harm: impl FnOnce(&Lab, &Home, &mut Coturn)) {
    let Some(lab) = Lab::build() else { return };
    let _machine = beside_others();
    let mut coturn = Coturn::start(&lab);
    let homes = [lab.home(1, gate), lab.home(2, gate)];
    let machines = homes.each_ref().map(|home| home.machine(10, Family::Four));
    let near = lab.phone(&machines[0], "101", TONES[0], Family::Four, help);
    let far = lab.phone(&machines[1], "102", TONES[1], Family::Four, help);
    talk([&near, &far]);
    let mut events = near.followed();
    let harmed = Instant::now();
    harm(&lab, &homes[0], &mut coturn);
    events.until_says(r#""event":"call_media_lost""#);
    eprintln!("told after {:.1?}", harmed.elapsed());
    until("both hear again", RECOVERY, || sound_goes_on([&near, &far]));
    eprintln!("both hear again after {:.1?}", harmed.elapsed());
    hears(&near, TONES[1]);
    hears(&far, TONES[0]);
    hang_up([&near, &far]);
}

/// Most of a second's packets come to both.
fn sound_goes_on(phones: [&Daemon; 2]) -> bool {
    let heard = || phones.map(|phone| phone.status()["calls"][0]["media"]["rx_packets"].as_u64());
    let before = heard();
    std::thread::sleep(Duration::from_secs(1));
    heard()
        .iter()
        .zip(before)
        .all(|(after, before)| after.zip(before).is_some_and(|(after, before)| after > before + 25))
}

#[test]
fn a_call_outlives_a_relay_that_forgets_it() {
    outlives(Gate::Symmetric, Help::Turn("udp"), |lab, _, coturn| coturn.again(lab));
}

#[test]
fn a_call_outlives_another_address_of_its_home() {
    outlives(Gate::Cone, Help::Stun, |_, home, _| {
        home.gate.ip("address del 198.51.100.101/24 dev outer");
        home.gate.ip("address add 198.51.100.111/24 dev outer");
    });
}
