//! The signalling task beside others on its runtime.

use super::*;
use crate::audio::Spec;
use std::io::Write;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

const PATIENCE: Duration = Duration::from_secs(30);

/// Counts the messages of a trace: each is flushed.
struct Count(Arc<AtomicU32>);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// A phone on loopback, without sound.
fn silent(trace: Trace) -> EngineConfig {
    EngineConfig {
        agent: AgentConfig::new(Settings::default(), Vec::new()),
        bind: Some(Ipv4Addr::LOCALHOST.into()),
        port: 0,
        port_is_wanted: false,
        port_also: None,
        media: MediaConfig { input: Spec::Null, output: Spec::Null, ring: Spec::Null, ..MediaConfig::default() },
        trace: Some(trace),
        settings_file: None,
        contacts: None,
        certificate_file: None,
        history: None,
        mqtt: None,
        seed: [7; 32],
    }
}

/// Whoever else is on the runtime sends more than is taken in a row, at each of its turns: the phone takes no more than
/// that before the next turn, where without a bound it would take all.
#[test]
fn a_flood_leaves_the_others_on_the_runtime_their_turn() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let taken = Arc::<AtomicU32>::default();
        let (handle, _task) = start(silent(Trace::into(Count(taken.clone())))).unwrap();
        handle.status().await.unwrap();
        let (socket, to) = (UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(), handle.addresses()[0]);
        let (mut turns, mut before, deadline) = (Vec::new(), 0, now() + PATIENCE);
        while turns.len() < 9 {
            assert!(now() < deadline, "{turns:?}");
            for _ in 0..2 * MAX_IN_A_ROW {
                socket.send_to(b"x", to).unwrap();
            }
            tokio::task::yield_now().await;
            let count = taken.load(Ordering::Relaxed);
            turns.extend(Some(count - before).filter(|taken| *taken > 0));
            before = count;
        }
        turns.sort_unstable();
        // In the middle: something else may have woken the phone once more within a turn.
        assert_eq!(turns[turns.len() / 2], MAX_IN_A_ROW, "{turns:?}");
    });
}
