//! An internet of our own: servers in the middle, homes around it behind gateways of the kinds that people have.
//!
//! ```text
//!  machine ●┐ 192.168.1.1            198.51.100.0/24            192.168.1.1 ┌● machine
//!           ├──● gate ●───────────────── middle ─────────────────● gate ●───┤
//!  machine ●┘        198.51.100.101      coturn .1 .2       198.51.100.102  └● machine
//!                                        exchange .3
//! ```
//!
//! All homes number their machines alike, as homes do. Who has IPv6 has it without NAT, 2001:db8:7:HOME::/64.

use std::net::UdpSocket;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use tuiphone::audio::wav;
use tuiphone::media::tone::goertzel_dbfs;

use crate::daemon::Daemon;
use crate::space::{Space, may_make_networks};
use crate::support::{PATIENCE, Phone, Process, have, until, which};
use crate::switchboard::Switchboard;

/// The domain of the exchange.
const DOMAIN: &str = "lab";
/// Where coturn listens; it tells the kind of a gateway from two addresses.
pub const COTURN: [&str; 2] = ["198.51.100.1", "198.51.100.2"];
/// The same in IPv6.
pub const COTURN6: &str = "2001:db8:7::1";
/// The exchange.
const EXCHANGE: [&str; 2] = ["198.51.100.3", "2001:db8:7::3"];
/// Somebody in the middle without a part in this.
pub const SOMEBODY: &str = "198.51.100.4";
/// Name and password at coturn.
pub const ACCOUNT: (&str, &str) = ("guest", "of the lab");

/// What a gateway does with IPv4. It lets nobody in who was not spoken to, in IPv6 too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// One outer port per socket, open to whom it has sent to (port-restricted cone): most homes.
    Cone,
    /// Another outer port for each far end: many offices and mobile networks.
    Symmetric,
    /// `Cone`, and over UDP nothing but SIP gets out: strict offices.
    Office,
    /// `Cone`, and it reads SIP and writes other addresses into it (ALG).
    Meddling,
}

impl Gate {
    fn rules(self) -> String {
        let only = if self == Self::Office { "meta l4proto udp udp dport != 5060 drop;" } else { "" };
        let ports = if self == Self::Symmetric { "fully-random" } else { "" };
        let meddling = if self == Self::Meddling { MEDDLING } else { "" };
        // What is let in by nobody's wish must leave no trace: the port it came to would be taken.
        format!(
            "table inet gate {{
                {meddling}
                chain incoming {{
                    type filter hook input priority 0; policy drop;
                    iifname \"inner\" accept; ct state established,related accept; meta l4proto ipv6-icmp accept;
                }}
                chain passing {{
                    type filter hook forward priority 0; policy drop;
                    ct state established,related accept; {only} iifname \"inner\" accept;
                }}
                chain leaving {{
                    type nat hook postrouting priority 100; policy accept;
                    meta nfproto ipv4 oifname \"outer\" masquerade {ports};
                }}
            }}\n"
        )
    }
}

/// The kernel's own meddler.
const MEDDLING: &str = r#"
    ct helper meddler { type "sip" protocol udp; l3proto ip; }
    chain reading {
        type filter hook prerouting priority 0; policy accept;
        iifname "inner" udp dport 5060 ct helper set "meddler";
    }"#;

/// Which servers a phone asks for a way through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Help {
    /// None, without ICE.
    Plain,
    /// None.
    Ice,
    /// STUN.
    Stun,
    /// STUN, and TURN over this transport.
    Turn(&'static str),
}

impl Help {
    /// Lines of `[Settings]`, of the account, and of `[tuiphone]`.
    fn lines(self, over: Family) -> [String; 3] {
        let server = match over {
            Family::Six => format!("[{COTURN6}]"),
            _ => COTURN[0].to_owned(),
        };
        let stun = format!("STUN={server}\nenableSTUN=1");
        let turn = |transport| {
            let (user, password) = ACCOUNT;
            format!("turnServer={server}\nturnTransport={transport}\nturnUsername={user}\nturnPassword={password}")
        };
        let (ice, none) = ("ICE=1".to_owned(), String::new());
        match self {
            Self::Plain => [none.clone(), "ICE=0".to_owned(), none],
            Self::Ice => [none.clone(), ice, none],
            Self::Stun => [stun, ice, none],
            Self::Turn(transport) => [stun, ice, turn(transport)],
        }
    }
}

/// Which addresses a machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// IPv4 alone.
    Four,
    /// IPv6 alone.
    Six,
    /// Both.
    Both,
}

/// The middle of it all, and who is there.
pub struct Lab {
    _exchange: Switchboard,
    /// A key of the servers and its certificate.
    folder: TempDir,
    /// The servers' network.
    pub middle: Space,
}

impl Lab {
    /// With an exchange; `None`, and why on standard error, where it may not be or something is missing.
    pub fn build() -> Option<Self> {
        if !may_make_networks() || !have(&["ip", "nft", "turnserver"]) {
            return None;
        }
        let middle = Space::new("middle");
        middle.set("ipv6/conf/all/forwarding", "1");
        middle.ip("link add core type bridge");
        middle.ip("link set core up");
        for last in 1..=4 {
            middle.ip(&format!("address add 198.51.100.{last}/24 dev core"));
            middle.ip(&format!("address add 2001:db8:7::{last}/64 dev core nodad"));
        }
        // What is for nowhere is lost on its way, as it is out there, and nobody is told.
        middle.ip("link add void type veth peer name nowhere");
        middle.ip("link set nowhere up");
        middle.ip("link set void arp off up");
        middle.ip("route add default dev void");
        middle.ip("-6 route add default dev void");
        let exchange = Switchboard::start(&middle, DOMAIN, &EXCHANGE.map(|ip| ip.parse().unwrap()));
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(vec![COTURN[0].to_owned()]).unwrap();
        std::fs::write(folder.path().join("certificate.pem"), made.cert.pem()).unwrap();
        std::fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        Some(Self { _exchange: exchange, folder, middle })
    }

    /// A phone on a machine, registered over this family: it says a tone, keeps what it hears, and answers by itself.
    pub fn phone(&self, machine: &Space, user: &str, tone: u32, over: Family, help: Help) -> Daemon {
        let server = match over {
            Family::Six => format!("[{}]:5060", EXCHANGE[1]),
            _ => format!("{}:5060", EXCHANGE[0]),
        };
        let [settings, account, own] = help.lines(over);
        let settings = format!("audioCodecs=PCMU/8000/1\nautoAnswer=all\nautoAnswerDelay=0\n{settings}");
        let mut phone = Phone::new(user, &format!("secret of {user}"), &server, &settings);
        phone.edit(|ini| {
            let ini = ini.replace(&format!("domain={server}"), &format!("domain={DOMAIN}"));
            let ini = ini.replace("proxy=", &format!("proxy={server}")).replace("ICE=0", &account);
            format!("{ini}[tuiphone]\ntlsCaFile={}\n{own}\n", self.folder.path().join("certificate.pem").display())
        });
        phone.space = Some(machine.name().to_owned());
        let heard = format!("file:{}", phone.file("heard.wav").display());
        Daemon::sounding(phone, &format!("tone:{tone}"), &heard)
    }

    /// A home, by its number and its gateway.
    pub fn home(&self, number: u8, gate: Gate) -> Home {
        let (space, port) = (Space::new("gate"), format!("home{number}"));
        space.set("ipv4/ip_forward", "1");
        space.set("ipv6/conf/all/forwarding", "1");
        space.cable("outer", &self.middle, &port);
        self.middle.ip(&format!("link set {port} master core"));
        space.ip("link add inner type bridge");
        space.ip("link set inner up");
        space.ip("address add 192.168.1.1/24 dev inner");
        space.ip(&format!("address add 2001:db8:7:{number}::1/64 dev inner nodad"));
        space.ip(&format!("address add 198.51.100.10{number}/24 dev outer"));
        space.ip(&format!("address add 2001:db8:7::10{number}/64 dev outer nodad"));
        space.ip("-6 route add default via 2001:db8:7::1");
        self.middle.ip(&format!("-6 route add 2001:db8:7:{number}::/64 via 2001:db8:7::10{number}"));
        space.rule(&gate.rules());
        Home { number, gate: space }
    }
}

/// A home or an office.
pub struct Home {
    number: u8,
    /// Its gateway.
    pub gate: Space,
}

impl Home {
    /// A machine in it, by the last number of its addresses.
    pub fn machine(&self, last: u8, family: Family) -> Space {
        let machine = Space::new("machine");
        let port = format!("to{last}");
        machine.cable("eth0", &self.gate, &port);
        self.gate.ip(&format!("link set {port} master inner"));
        if family != Family::Six {
            machine.ip(&format!("address add 192.168.1.{last}/24 dev eth0"));
            machine.ip("route add default via 192.168.1.1");
        }
        if family != Family::Four {
            machine.ip(&format!("address add 2001:db8:7:{}::{last}/64 dev eth0 nodad", self.number));
            machine.ip(&format!("-6 route add default via 2001:db8:7:{}::1", self.number));
        }
        machine
    }
}

/// coturn in the middle: STUN, and TURN over UDP, TCP and TLS.
pub struct Coturn {
    process: Process,
    folder: TempDir,
}

impl Coturn {
    /// Starts it and waits until it answers.
    pub fn start(lab: &Lab) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let process = serve(lab, folder.path());
        Self { process, folder }
    }

    /// Starts it again where it was; it has forgotten everything.
    pub fn again(&mut self, lab: &Lab) {
        self.process.terminate();
        self.process.ended(PATIENCE);
        self.process = serve(lab, self.folder.path());
    }
}

fn serve(lab: &Lab, folder: &Path) -> Process {
    let mut command = lab.middle.command("timeout");
    command.args(["--kill-after=3", "300"]).arg(which("turnserver").unwrap());
    command.args(["-n", "--log-file=stdout", "--simple-log", "--verbose", "--no-cli", "--no-dtls", "--lt-cred-mech"]);
    command.args(["--realm=lab", &format!("--user={}:{}", ACCOUNT.0, ACCOUNT.1)]);
    command.args(["--min-port=50000", "--max-port=50999"]);
    for ip in COTURN.into_iter().chain([COTURN6]) {
        command.arg(format!("--listening-ip={ip}"));
    }
    for ip in [COTURN[0], COTURN6] {
        command.arg(format!("--relay-ip={ip}"));
    }
    for (option, file) in [("cert", "certificate.pem"), ("pkey", "key.pem")] {
        command.arg(format!("--{option}={}", lab.folder.path().join(file).display()));
    }
    command.arg(format!("--pidfile={}", folder.join("pid").display()));
    command.arg(format!("--userdb={}", folder.join("users").display()));
    let process = Process::start("coturn", &mut command, folder);
    until("coturn answers", PATIENCE, || lab.middle.spawn(answers).join().unwrap());
    process
}

/// Whether a Binding request is answered.
fn answers() -> bool {
    let socket = UdpSocket::bind((SOMEBODY, 0)).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let ask = [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[7; 12]].concat();
    socket.send_to(&ask, (COTURN[0], 3478)).is_ok() && socket.recv(&mut [0; 512]).is_ok()
}

/// Waits until the last half second of what a phone heard is this tone.
#[track_caller]
pub fn hears(phone: &Daemon, tone: u32) {
    until(&format!("{tone} Hz is heard"), PATIENCE, || is_heard(phone, tone));
}

/// Whether the last half second of what a phone heard is this tone.
pub fn is_heard(phone: &Daemon, tone: u32) -> bool {
    let Ok((samples, rate)) = wav::read(&phone.phone.file("heard.wav")) else { return false };
    let start = samples.len().checked_sub(rate as usize / 2);
    start.is_some_and(|start| goertzel_dbfs(&samples[start..], tone as f32, rate) > -30.0)
}
