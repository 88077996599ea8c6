//! A registrar that can be ended and started again at its place, having forgotten everything. To a phone that is what
//! the end of its process is: the port is closed, and whoever comes next asks everybody anew.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use tuiphone::demo::exchange::{Exchange, ExchangeConfig, User};
use tuiphone::sip::auth::Algorithm;
use tuiphone::sip::flow::{Flow, Transport};

/// What its users are called: u1, u2, …
pub const DOMAIN: &str = "soak";

/// The shortest registration that a phone wishes for (registerRefresh), and that is granted.
pub const EXPIRES_S: u32 = 10;

/// A running registrar; its port is closed when it is dropped.
pub struct Registrar {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    exchange: Mutex<Exchange>,
    users: usize,
    /// REGISTERs that were granted.
    granted: AtomicUsize,
    stop: AtomicBool,
}

impl Registrar {
    /// Serves so many users on this socket.
    pub fn start(socket: UdpSocket, users: usize) -> Registrar {
        let user = |n| User::new(&format!("u{n}"), "secret", Algorithm::SHA256);
        let config = ExchangeConfig::new(DOMAIN, (1..=users).map(user).collect());
        let exchange = Mutex::new(Exchange::new(ExchangeConfig { min_expires: 1, ..config }));
        let shared = Shared { exchange, users, granted: AtomicUsize::new(0), stop: AtomicBool::new(false) };
        let shared = Arc::new(shared);
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::spawn(move || of_thread.serve(&socket));
        Registrar { shared, thread: Some(thread) }
    }

    /// How many REGISTERs were granted.
    pub fn granted(&self) -> usize {
        self.shared.granted.load(Ordering::Relaxed)
    }

    /// Every user is registered, from one place.
    pub fn has_all(&self) -> bool {
        let exchange = self.shared.exchange.lock().expect("no panic");
        let now = Instant::now();
        let alive = |n| exchange.registrar().bindings(&format!("u{n}")).iter().filter(|it| it.expires_at > now).count();
        (1..=self.shared.users).all(|n| alive(n) == 1)
    }
}

impl Drop for Registrar {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Shared {
    fn serve(&self, socket: &UdpSocket) {
        let local = socket.local_addr().expect("its address");
        socket.set_read_timeout(Some(Duration::from_millis(20))).expect("a bound");
        // Each its own nonces: one that gave out those of the last would pass for a refusal.
        static STARTED: AtomicU64 = AtomicU64::new(0);
        let seed = STARTED.fetch_add(1, Ordering::Relaxed);
        let (mut rng, mut buffer) = (StdRng::seed_from_u64(seed), [0; 65_536]);
        while !self.stop.load(Ordering::Relaxed) {
            let got = socket.recv_from(&mut buffer);
            let now = Instant::now();
            let mut exchange = self.exchange.lock().expect("no panic");
            let mut sent = exchange.handle_timeout(now, &mut rng);
            if let Ok((length, remote)) = got {
                let flow = Flow { transport: Transport::Udp, local, remote };
                sent.extend(exchange.handle(&buffer[..length], flow, now, &mut rng));
            }
            drop(exchange);
            for transmit in sent {
                let text = String::from_utf8_lossy(&transmit.bytes);
                let grants = text.starts_with("SIP/2.0 200") && text.contains(" REGISTER\r\n");
                self.granted.fetch_add(usize::from(grants), Ordering::Relaxed);
                let _ = socket.send_to(&transmit.bytes, transmit.flow.remote);
            }
        }
    }
}

/// The accounts of an ini file for all of these users.
pub fn accounts(server: SocketAddr, users: usize) -> String {
    let account = |n| {
        format!(
            "[Account{n}]\r\nserver={server}\r\ndomain={DOMAIN}\r\nusername=u{n}\r\n\
             password=secret\r\nregisterRefresh={EXPIRES_S}\r\n"
        )
    };
    format!("[Settings]\r\naccountId=1\r\n{}", (1..=users).map(account).collect::<String>())
}
