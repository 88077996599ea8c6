use super::*;
use crate::media::SAMPLE_RATE;
use crate::media::tone::{Sine, goertzel_dbfs};

/// Hz; whole periods in a tenth of a second, no one a sum or difference of others' low harmonics that matters.
fn pitch(party: usize) -> f32 {
    300.0 + 110.0 * party as f32
}

struct Table {
    seats: Vec<Seat>,
    voices: Vec<Sine>,
    mic: Sine,
    /// What each far end heard, then what the speaker played.
    heard: Vec<Vec<f32>>,
}

impl Table {
    fn of(parties: usize, level: f32) -> Table {
        Table {
            seats: vec![Seat::default(); parties],
            voices: (0..parties).map(|party| Sine::new(pitch(party), level)).collect(),
            mic: Sine::new(pitch(parties), level),
            heard: vec![Vec::new(); parties + 1],
        }
    }

    fn place(&mut self, parties: std::ops::Range<usize>, present: bool, joined: bool) {
        self.seats[parties].iter_mut().for_each(|seat| seat.place(present, joined));
    }

    fn run(&mut self, ticks: usize) {
        self.heard.iter_mut().for_each(Vec::clear);
        for _ in 0..ticks {
            let (mut speaker, mut room, mut mic) = ([0.0; FRAME], [0.0; FRAME], [0.0; FRAME]);
            for (seat, voice) in self.seats.iter_mut().zip(&mut self.voices) {
                let mut heard = [0.0; FRAME];
                voice.fill(&mut heard);
                seat.hear(&mut heard, &mut speaker, &mut room);
            }
            mixer::limit(&mut speaker);
            self.mic.fill(&mut mic);
            for (seat, far) in self.seats.iter_mut().zip(&mut self.heard) {
                let mut said = [0.0; FRAME];
                seat.say(&mic, &room, &mut said);
                far.extend_from_slice(&said);
            }
            self.heard.last_mut().unwrap().extend_from_slice(&speaker);
        }
    }

    /// The level at which a listener hears a pitch, dBFS.
    fn level(&self, listener: usize, party: usize) -> f32 {
        goertzel_dbfs(&self.heard[listener], pitch(party), SAMPLE_RATE)
    }
}

#[test]
fn twenty_parties_hear_all_others_at_their_level_and_not_themselves() {
    const PARTIES: usize = 20;
    // Loud enough together that nothing may be bent, quiet enough each to be told apart.
    let mut table = Table::of(PARTIES, 0.02);
    table.place(0..PARTIES, true, true);
    table.run(2);
    table.run(100);
    let own = 20.0 * 0.02_f32.log10();
    for listener in 0..PARTIES {
        for party in 0..=PARTIES {
            let level = table.level(listener, party);
            if listener == party {
                assert!(level < -80.0, "{listener} hears itself: {level} dBFS");
            } else {
                assert!((level - own).abs() < 0.2, "{listener} hears {party} at {level} dBFS");
            }
        }
    }
    for party in 0..PARTIES {
        assert!((table.level(PARTIES, party) - own).abs() < 0.2);
    }
    assert!(table.level(PARTIES, PARTIES) < -80.0, "the speaker plays the microphone");
}

#[test]
fn twenty_who_shout_at_once_do_not_clip() {
    let mut table = Table::of(20, 0.9);
    table.place(0..20, true, true);
    table.run(50);
    let loudest = table.heard.iter().flatten().fold(0.0_f32, |most, sample| most.max(sample.abs()));
    assert!((0.95..=1.0).contains(&loudest), "{loudest}");
}

#[test]
fn calls_beside_a_conference_hear_only_the_person_here() {
    let mut table = Table::of(4, 0.1);
    table.place(0..4, true, false);
    table.place(0..2, true, true);
    table.run(2);
    table.run(20);
    for (listener, party, audible) in [(0, 1, true), (1, 0, true), (0, 2, false), (2, 0, false), (2, 3, false)] {
        assert_eq!(table.level(listener, party) > -30.0, audible, "{listener} hears {party}");
    }
    assert!((0..4).all(|listener| table.level(listener, 4) > -30.0), "all hear the microphone");
}

#[test]
fn one_who_is_held_leaves_the_talk_to_the_others() {
    let mut table = Table::of(3, 0.1);
    table.place(0..3, true, true);
    table.run(2);
    table.place(2..3, false, true);
    table.run(2);
    table.run(20);
    assert!((0..=3).all(|party| party == 2 || table.level(2, party) < -80.0), "it hears nobody");
    assert!(table.heard[2].iter().all(|sample| *sample == 0.0));
    assert!(table.level(0, 2) < -80.0 && table.level(3, 2) < -80.0, "nobody hears it");
    assert!(table.level(0, 1) > -30.0 && table.level(1, 0) > -30.0);
}

#[test]
fn nobody_comes_or_goes_with_a_click() {
    let mut table = Table::of(2, 0.3);
    table.place(0..2, true, true);
    table.run(3);
    let mut largest = 0.0_f32;
    for (present, joined) in [(true, false), (false, true), (true, true), (false, false)] {
        table.place(0..1, present, joined);
        table.run(3);
        for sound in &table.heard {
            largest = sound.windows(2).fold(largest, |most, pair| most.max((pair[1] - pair[0]).abs()));
        }
    }
    // Three tones of 0.3 below 520 Hz move by 0.06 from sample to sample; a cut would by up to 0.9.
    assert!(largest < 0.07, "{largest}");
}

#[test]
fn sound_that_is_no_number_stays_with_its_call() {
    let mut seats = [Seat::default(), Seat::default()];
    let (mut speaker, mut room) = ([0.0; FRAME], [0.0; FRAME]);
    for (seat, sound) in seats.iter_mut().zip([f32::NAN, 0.1]) {
        seat.place(true, true);
        for _ in 0..3 {
            (speaker, room) = ([0.0; FRAME], [0.0; FRAME]);
            seat.hear(&mut [sound; FRAME], &mut speaker, &mut room);
        }
    }
    assert!(speaker.iter().chain(&room).all(|sample| (sample - 0.1).abs() < 0.001));
}
