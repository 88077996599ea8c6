//! The demo's exchange on sockets of a network namespace. User N has the password `secret of N`.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use tuiphone::demo::exchange::{Exchange, ExchangeConfig, User};
use tuiphone::sip::auth::Algorithm;
use tuiphone::sip::flow::{Flow, Transport};

use crate::space::Space;

/// A running exchange; stops when dropped.
pub struct Switchboard {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    exchange: Mutex<Exchange>,
    sockets: Vec<UdpSocket>,
    /// How many REGISTERs of 101 came.
    registers: AtomicUsize,
    stop: AtomicBool,
}

impl Switchboard {
    /// Serves 101, 102 and 103 of this domain, on port 5060 of these addresses.
    pub fn start(space: &Space, domain: &str, addresses: &[IpAddr]) -> Self {
        let user = |name: &str| User::new(name, &format!("secret of {name}"), Algorithm::SHA256);
        let config = ExchangeConfig::new(domain, ["101", "102", "103"].map(user).to_vec());
        let addresses = addresses.to_vec();
        let bind = move |ip: &IpAddr| UdpSocket::bind((*ip, 5060)).unwrap();
        let sockets: Vec<UdpSocket> = space.spawn(move || addresses.iter().map(bind).collect()).join().unwrap();
        let shared = Arc::new(Shared {
            exchange: Mutex::new(Exchange::new(config)),
            sockets,
            registers: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        });
        let serve = |at| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || shared.serve(at))
        };
        let threads = (0..shared.sockets.len()).map(serve).collect();
        Self { shared, threads }
    }

    /// Where 101 is registered.
    pub fn contacts(&self) -> Vec<IpAddr> {
        let exchange = self.shared.exchange.lock().unwrap();
        let hosts = exchange.registrar().bindings("101").iter().filter_map(|binding| binding.contact.host());
        hosts.filter_map(|host| host.to_string().parse().ok()).collect()
    }

    /// How many REGISTERs of 101 came.
    pub fn registers(&self) -> usize {
        self.shared.registers.load(Ordering::Relaxed)
    }
}

impl Drop for Switchboard {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
    }
}

impl Shared {
    fn serve(&self, at: usize) {
        let socket = &self.sockets[at];
        let local = socket.local_addr().unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let mut rng = StdRng::seed_from_u64(at as u64);
        let mut buffer = [0; 65_536];
        while !self.stop.load(Ordering::Relaxed) {
            let got = socket.recv_from(&mut buffer);
            let now = Instant::now();
            let mut exchange = self.exchange.lock().unwrap();
            let mut out = exchange.handle_timeout(now, &mut rng);
            if let Ok((length, remote)) = got {
                let bytes = &buffer[..length];
                if bytes.starts_with(b"REGISTER") && String::from_utf8_lossy(bytes).contains("sip:101@") {
                    self.registers.fetch_add(1, Ordering::Relaxed);
                }
                out.extend(exchange.handle(bytes, Flow { transport: Transport::Udp, local, remote }, now, &mut rng));
            }
            for transmit in out {
                self.send(transmit.flow.remote, &transmit.bytes);
            }
        }
    }

    fn send(&self, to: SocketAddr, bytes: &[u8]) {
        let is_alike = |socket: &&UdpSocket| socket.local_addr().is_ok_and(|local| local.is_ipv4() == to.is_ipv4());
        if let Some(socket) = self.sockets.iter().find(is_alike) {
            let _ = socket.send_to(bytes, to);
        }
    }
}
