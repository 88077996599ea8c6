//! Microphones and speakers of several rates, on clocks of their own, with rings that run full and empty.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rtrb::RingBuffer;
use tuiphone::audio::callback::{Feed, Given, Taken};
use tuiphone::audio::{Ahead, CaptureLine, Health, Latency, PlaybackLine};
use tuiphone::engine::media::lines::{LineIn, LineOut};
use tuiphone::media::FRAME;

use super::{ALONE, counting};

/// Half a minute.
const TICKS: u64 = 3_000;

/// The callbacks of a device of each kind, and what they are joined to.
struct Devices {
    rate: u32,
    health: Arc<Health>,
    taken: Taken,
    mic: LineIn,
    given: Given,
    asking: LineOut,
    feed: Feed,
    asked: Vec<[u8; 4]>,
    fetching: LineOut,
}

impl Devices {
    fn new(rate: u32) -> Devices {
        let health = Arc::new(Health::default());
        let room = rate as usize / 5;
        let (ring, samples) = RingBuffer::new(room);
        let line = CaptureLine::new(samples, rate, health.clone());
        let taken = Taken::new(ring, line.came.clone(), health.clone());
        let mic = LineIn::new(line, Latency::NORMAL).unwrap();
        let (samples, ring) = RingBuffer::new(room);
        let given = Given::new(ring, rate, health.clone());
        let asking = LineOut::new(PlaybackLine::new(samples, rate, health.clone()), Latency::NORMAL).unwrap();
        let (samples, ring) = RingBuffer::new(room);
        let mut line = PlaybackLine::new(samples, rate, health.clone());
        line.ahead = Arc::new(Ahead::by(std::time::Instant::now, rate as usize / 300, rate as usize / 100));
        let feed = Feed::new(ring, rate, line.ahead.clone(), health.clone());
        let fetching = LineOut::new(line, Latency::NORMAL).unwrap();
        Devices { rate, health, taken, mic, given, asking, feed, asked: vec![[0; 4]; room], fetching }
    }

    /// What the devices do in a while.
    fn call(&mut self, samples: usize) {
        let Devices { taken, given, feed, asked, .. } = self;
        taken.take((0..samples).map(|n| if n % 50 < 25 { 0.1 } else { -0.1 }));
        given.give(0..samples, |_, sample| _ = black_box(sample));
        feed.fill(&mut asked[..samples.min(self.rate as usize / 5)]);
    }

    fn tick(&mut self) {
        let mut frame = [0.0; FRAME];
        self.mic.read(&mut frame);
        self.asking.write(&frame);
        self.fetching.write(&frame);
    }
}

#[test]
fn devices_are_served_without_allocating() {
    let _alone = ALONE.lock();
    for rate in [48_000, 44_100, 16_000] {
        let mut devices = Devices::new(rate);
        counting::watch(rustix::thread::gettid().as_raw_nonzero().get());
        for tick in 0..TICKS {
            match tick % 1_000 {
                // They stand still: what is played runs into full rings, what is heard comes out of an empty one.
                600..640 => {}
                // And catch up.
                640 => devices.call(rate as usize / 2),
                // Their clock is 0.1 % fast.
                at => devices.call((rate / 100) as usize + usize::from(at % 6 == 0) * (rate / 16_000) as usize),
            }
            devices.tick();
        }
        let seen = counting::seen();
        assert!(seen.is_empty(), "at {rate} Hz they did, so often:\n{seen:#?}");
        let (full, empty) = (&devices.health.overruns, &devices.health.underruns);
        assert!(full.load(Ordering::Relaxed) > 0 && empty.load(Ordering::Relaxed) > 0, "no ring ran full or empty");
        assert!(devices.mic.gaps() > 10, "the microphone brought all there was to hear");
    }
}
