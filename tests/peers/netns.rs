//! A network of our own, in which addresses come and go, links fall, and a phone stands still: two network namespaces
//! with a cable between them, the exchange and a far end in one, the phone in the other.
//!
//! ```text
//!  ┌ here ───────────────┐      ┌ there ──────────────────────────┐
//!  │ 101 (daemon)   near ●──────● far   exchange at 10.231.7.1:5060 │
//!  │ 10.231.7.2, .3, .4  │      │       102 (daemon) at 10.231.7.9  │
//!  └─────────────────────┘      └─────────────────────────────────┘
//! ```

use std::fs::File;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tuiphone::demo::exchange::{Exchange, ExchangeConfig, User};
use tuiphone::sip::auth::Algorithm;
use tuiphone::sip::flow::{Flow, Transport};

use crate::support::{Phone, Process, beside_others, have, until};

const SERVER: &str = "10.231.7.1";
/// Apart from the server's: requests to its own address the exchange takes for itself.
const FAR: &str = "10.231.7.9";
/// Within this the phone is back, however it was away.
const BACK: Duration = Duration::from_secs(10);

/// Whether namespaces and links may be made here; says why not.
fn may_make_networks() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let bits = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let bits = bits.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or(0);
    // CAP_NET_ADMIN and CAP_SYS_ADMIN.
    let may = bits >> 12 & 1 == 1 && bits >> 21 & 1 == 1;
    if !may {
        eprintln!("skipped: no right to make network namespaces (root has it, in a container only if it is given)");
    }
    may
}

fn ip(arguments: &str) {
    let output = Command::new("ip").args(arguments.split(' ')).output().unwrap();
    assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Two namespaces and the cable; gone when dropped.
struct Cable {
    here: String,
    there: String,
}

impl Cable {
    fn lay() -> Self {
        let name = |side| format!("tuiphone-{}-{side}", std::process::id());
        let cable = Self { here: name("here"), there: name("there") };
        ip(&format!("netns add {}", cable.here));
        ip(&format!("netns add {}", cable.there));
        ip(&format!("link add near netns {} type veth peer name far netns {}", cable.here, cable.there));
        for (space, device) in [(&cable.here, "near"), (&cable.there, "far")] {
            ip(&format!("-n {space} link set lo up"));
            ip(&format!("-n {space} link set {device} up"));
        }
        for address in [SERVER, FAR] {
            ip(&format!("-n {} address add {address}/24 dev far", cable.there));
        }
        cable.come(2);
        cable
    }

    /// The phone's side has this address more.
    fn come(&self, last: u8) {
        ip(&format!("-n {} address add 10.231.7.{last}/24 dev near", self.here));
    }

    /// The phone's side has no address.
    fn go(&self) {
        ip(&format!("-n {} -4 address flush dev near", self.here));
    }

    fn link(&self, state: &str) {
        ip(&format!("-n {} link set near {state}", self.here));
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        for space in [&self.here, &self.there] {
            let _ = Command::new("ip").args(["netns", "delete", space]).status();
        }
    }
}

/// The demo's exchange, on a socket of the other namespace.
struct Switchboard {
    exchange: Arc<Mutex<Exchange>>,
    /// When each REGISTER of 101 came.
    registers: Arc<Mutex<Vec<Instant>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Switchboard {
    fn start(space: &str) -> Self {
        let user = |name: &str| User::new(name, &format!("secret of {name}"), Algorithm::SHA256);
        let config = ExchangeConfig::new(SERVER, vec![user("101"), user("102")]);
        let exchange = Arc::new(Mutex::new(Exchange::new(config)));
        let (registers, stop) = (Arc::<Mutex<Vec<Instant>>>::default(), Arc::<AtomicBool>::default());
        let space = File::open(format!("/run/netns/{space}")).unwrap();
        let (shared, came, stopped) = (exchange.clone(), registers.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            move_into_link_name_space(space.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            serve(&shared, &came, &stopped);
        });
        Self { exchange, registers, stop, thread: Some(thread) }
    }

    /// Where 101 is registered.
    fn contacts(&self) -> Vec<IpAddr> {
        let exchange = self.exchange.lock().unwrap();
        let hosts = exchange.registrar().bindings("101").iter().filter_map(|binding| binding.contact.host());
        hosts.filter_map(|host| host.to_string().parse().ok()).collect()
    }

    fn registers(&self) -> usize {
        self.registers.lock().unwrap().len()
    }
}

impl Drop for Switchboard {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(exchange: &Mutex<Exchange>, registers: &Mutex<Vec<Instant>>, stop: &AtomicBool) {
    let local: SocketAddr = format!("{SERVER}:5060").parse().unwrap();
    let socket = UdpSocket::bind(local).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let mut rng = StdRng::seed_from_u64(1);
    let mut buffer = [0; 65_536];
    while !stop.load(Ordering::Relaxed) {
        let got = socket.recv_from(&mut buffer);
        let mut exchange = exchange.lock().unwrap();
        let now = Instant::now();
        let mut out = exchange.handle_timeout(now, &mut rng);
        if let Ok((length, remote)) = got {
            let bytes = &buffer[..length];
            if bytes.starts_with(b"REGISTER") && String::from_utf8_lossy(bytes).contains("sip:101@") {
                registers.lock().unwrap().push(now);
            }
            out.extend(exchange.handle(bytes, Flow { transport: Transport::Udp, local, remote }, now, &mut rng));
        }
        for transmit in out {
            let _ = socket.send_to(&transmit.bytes, transmit.flow.remote);
        }
    }
}

/// A phone at work in one of the namespaces.
struct Daemon {
    // First, so that it ends and is heard before its folder goes.
    process: Process,
    phone: Phone,
}

impl Daemon {
    fn start(user: &str, space: &str, tone: &str, (settings, own): (&str, &str)) -> Self {
        let settings = format!("audioCodecs=PCMU/8000/1\n{settings}");
        let phone = Phone::new(user, &format!("secret of {user}"), SERVER, &settings);
        phone.edit(|ini| format!("{ini}[tuiphone]\n{own}\n"));
        let plain = phone.command(&["daemon", "--audio-in", tone, "--audio-out", "null", "--debug", "-"]);
        let mut command = Command::new("ip");
        command.args(["netns", "exec", space]).arg(plain.get_program()).args(plain.get_args());
        for (name, value) in plain.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let process = Process::start(user, &mut command, &phone.file("home"));
        Self { process, phone }
    }

    fn status(&self) -> serde_json::Value {
        let output = self.phone.command(&["status", "--json"]).output().unwrap();
        serde_json::from_slice(output.stdout.trim_ascii()).unwrap_or_default()
    }

    fn is_registered(&self) -> bool {
        self.status().pointer("/accounts/0/registered").and_then(serde_json::Value::as_bool) == Some(true)
    }

    /// Packets heard in the call so far; none without a call.
    fn heard(&self) -> Option<u64> {
        self.status().pointer("/calls/0/media/rx_packets").and_then(serde_json::Value::as_u64)
    }

    fn stands_still(&self, time: Duration) {
        self.process.signal("-STOP");
        sleep(time);
        self.process.signal("-CONT");
    }
}

/// A second of sound, both ways.
fn talking(phones: [&Daemon; 2]) -> bool {
    let Some(before) = phones[0].heard().zip(phones[1].heard()) else { return false };
    sleep(Duration::from_millis(1000));
    let Some(after) = phones[0].heard().zip(phones[1].heard()) else { return false };
    after.0 > before.0 + 25 && after.1 > before.1 + 25
}

#[test]
fn a_phone_follows_its_network_and_takes_its_call_along() {
    if !may_make_networks() || !have(&["ip"]) {
        return;
    }
    let _machine = beside_others();
    let cable = Cable::lay();
    let exchange = Switchboard::start(&cable.there);
    let bind = format!("bindAddress={FAR}");
    let far = Daemon::start("102", &cable.there, "tone:500", ("autoAnswer=all\nautoAnswerDelay=0", &bind));
    let near = Daemon::start("101", &cable.here, "tone:440", ("", ""));
    until("both register", Duration::from_secs(15), || near.is_registered() && far.is_registered());
    assert!(near.phone.command(&["call", "102", "--no-wait"]).output().unwrap().status.success());
    until("both talk", Duration::from_secs(15), || talking([&near, &far]));

    let changes: [(&str, u8, &dyn Fn()); 5] = [
        ("another address", 3, &|| {
            cable.go();
            cable.come(3);
        }),
        ("no address for a while, then another", 4, &|| {
            cable.go();
            sleep(Duration::from_secs(4));
            cable.come(4);
        }),
        ("the link down and up", 4, &|| {
            cable.link("down");
            sleep(Duration::from_secs(4));
            cable.link("up");
        }),
        ("ten times in two seconds", 2, &|| {
            for last in [3, 4, 2, 3, 4, 2, 3, 4, 3, 2] {
                cable.go();
                cable.come(last);
                sleep(Duration::from_millis(200));
            }
        }),
        ("the phone stands still", 2, &|| near.stands_still(Duration::from_secs(8))),
    ];
    for (what, last, change) in changes {
        let before = exchange.registers();
        change();
        let back = Instant::now();
        let here = IpAddr::from([10, 231, 7, last]);
        until(&format!("{what}: registered"), BACK, || exchange.contacts() == [here] && near.is_registered());
        let registered = back.elapsed();
        until(&format!("{what}: both talk"), BACK, || talking([&near, &far]));
        let talks = back.elapsed();
        assert!(talks < BACK, "{what}: {talks:?}");
        sleep(Duration::from_secs(5));
        let sent = exchange.registers() - before;
        eprintln!("{what}: registered after {registered:.1?}, both talk after {talks:.1?}, {sent} REGISTERs");
        assert!(sent <= 6, "{what}: {sent} REGISTERs");
    }
    assert!(near.phone.command(&["hangup"]).output().unwrap().status.success());
    until("the far end knows", BACK, || far.heard().is_none());
}
