//! What a packet asks of the allocator on its way between a stream and its sockets: nothing, where the pair that ICE found
//! is a direct one.

use super::counting::{self, Tally};
use super::{FORMATS, agreed};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tuiphone::media::reach::{MediaPath, Reach};
use tuiphone::media::stream::Port;
use tuiphone::media::wire::{Arrived, Output, Servers, Wire};
use tuiphone::sdp::{IceAgreed, IceDescription};

struct End {
    wire: Wire,
    address: SocketAddr,
    told: Option<IceDescription>,
    connected: bool,
}

impl End {
    fn new(address: &str, controlling: bool, now: Instant) -> End {
        let address: SocketAddr = address.parse().unwrap();
        let sockets = vec![address, SocketAddr::new(address.ip(), address.port() + 1)];
        let reach = Reach { ice: true, controlling, ..Reach::default() };
        let mut wire = Wire::new(sockets, reach, now, &mut StdRng::seed_from_u64(u64::from(address.port())));
        wire.begin(Servers::default(), now);
        End { wire, address, told: None, connected: false }
    }

    /// What it sends: from which socket, to whom.
    fn drain(&mut self) -> Vec<(usize, SocketAddr, Vec<u8>)> {
        let mut sent = Vec::new();
        while let Some(output) = self.wire.poll() {
            match output {
                Output::Transmit { socket, to, bytes } => sent.push((socket, to, bytes)),
                Output::Ready { ice, .. } => self.told = ice.map(|ice| *ice),
                Output::Path(path) => self.connected = matches!(path, MediaPath::Connected { .. }),
                other => panic!("{other:?}"),
            }
        }
        sent
    }

    fn start(&mut self, far: &End, controlling: bool, now: Instant) {
        let (ours, theirs) = (self.told.clone().unwrap(), far.told.clone().unwrap());
        let mut agreed = agreed(FORMATS[0], far.address).unwrap();
        agreed.rtcp_mux = true;
        agreed.ice = Some(IceAgreed { ours, theirs, controlling });
        self.wire.start(&agreed, now);
    }
}

#[test]
fn a_packet_on_a_direct_pair_takes_no_memory() {
    let mut now = Instant::now();
    let mut ends = [End::new("192.0.2.1:4000", true, now), End::new("192.0.2.2:5000", false, now)];
    ends.iter_mut().for_each(|end| assert!(end.drain().is_empty()));
    let [near, far] = &mut ends;
    far.start(near, false, now);
    near.start(far, true, now);
    while !ends.iter().all(|end| end.connected) {
        now += Duration::from_millis(10);
        for at in [0, 1] {
            ends[at].wire.handle_timeout(now);
            for (socket, to, bytes) in ends[at].drain() {
                let from = SocketAddr::new(ends[at].address.ip(), ends[at].address.port() + socket as u16);
                let socket = usize::from(to.port() - ends[1 - at].address.port());
                assert_eq!(ends[1 - at].wire.receive(socket, from, &bytes, now), Arrived::Taken);
            }
        }
    }
    let [near, far] = &mut ends;
    let packet = [0x80; 172];
    let seen = counting::tally(|| {
        for _ in 0..1_000 {
            let (socket, to) = near.wire.send(Port::Rtp, far.address, &packet, now).expect("a way");
            let from = near.address;
            assert_eq!((socket, to), (0, far.address));
            let heard = far.wire.receive(0, from, &packet, now);
            assert_eq!(heard, Arrived::Media { port: Port::Rtp, from, data: &packet });
            assert!(!near.wire.is_due(now));
        }
    });
    assert_eq!(seen, Tally::default());
}
