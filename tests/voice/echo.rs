//! The echo of the far end's voice is taken out, the near end's is not.

use super::room::{Room, drifted, noise};
use super::{between, power_db, speech};
use tuiphone::media::FRAME;
use tuiphone::media::voice_processing::{Noise, Treatment, processor};

const ECHO: Treatment = Treatment { echo: true, noise: Noise::Kept, gain: false };
const SECONDS: usize = 20;

/// What the other side hears of `mic` while `played` sounds here.
fn treat(treatment: Treatment, played: &[f32], mic: &[f32]) -> Vec<f32> {
    let mut processor = processor(treatment).unwrap();
    let mut heard = Vec::with_capacity(mic.len());
    for (played, mic) in played.chunks_exact(FRAME).zip(mic.chunks_exact(FRAME)) {
        let mut frame: super::Frame = mic.try_into().unwrap();
        processor.capture(&mut frame);
        processor.render(played.try_into().unwrap());
        heard.extend_from_slice(&frame);
    }
    heard
}

/// Echo return loss enhancement, dB, where the far end speaks: soon after the start, later, in the end.
fn erle(played: &[f32], echo: &[f32], heard: &[f32]) -> [f64; 3] {
    [(1, 5), (5, 12), (14, 20)].map(|(from, to)| {
        let (mut before, mut after) = (0.0, 0.0);
        let parts = |sound| between(sound, from, to).chunks_exact(FRAME);
        for ((played, echo), heard) in parts(played).zip(parts(echo)).zip(parts(heard)) {
            if power_db(played) > -50.0 {
                let power = |sound: &[f32]| sound.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>();
                (before, after) = (before + power(echo), after + power(heard));
            }
        }
        10.0 * (before / after.max(1e-9)).log10()
    })
}

fn added(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

/// A room, what is said in it, and the echo that a microphone hears.
type Case = (&'static str, fn(&[f32]) -> Vec<f32>, [f64; 3]);

const CASES: &[Case] = &[
    ("quiet", |played| Room::new(1.0).echo(played, 80, -6.0), [23.0, 32.0, 45.0]),
    (
        "noise at -45 dB",
        |played| added(&Room::new(1.0).echo(played, 80, -6.0), &noise(played.len(), -45.0)),
        [12.0, 14.0, 15.0],
    ),
    ("300 ms late", |played| Room::new(1.0).echo(played, 300, -6.0), [30.0, 38.0, 42.0]),
    ("a clock 100 ppm faster", |played| drifted(&Room::new(1.0).echo(played, 80, -6.0), 100.0), [23.0, 32.0, 40.0]),
    ("another place from 12 s on", moved, [23.0, 32.0, 38.0]),
    ("120 ms later from 8 s on", later, [23.0, 10.0, 38.0]),
];

fn moved(played: &[f32]) -> Vec<f32> {
    let mut echo = Room::new(1.0).echo(played, 80, -6.0);
    let later = Room::new(1.4).echo(played, 95, -6.0);
    echo[12 * 48_000..].copy_from_slice(&later[12 * 48_000..]);
    echo
}

/// As when the sound goes by another device from now on.
fn later(played: &[f32]) -> Vec<f32> {
    let mut echo = Room::new(1.0).echo(played, 80, -6.0);
    let later = Room::new(1.0).echo(played, 200, -6.0);
    echo[8 * 48_000..].copy_from_slice(&later[8 * 48_000..]);
    echo
}

#[test]
fn the_far_end_does_not_hear_itself() {
    let mut failed = Vec::new();
    for (who, played) in speech::speakers(SECONDS) {
        for (case, room, floors) in CASES {
            let echo = room(&played);
            let got = erle(&played, &echo, &treat(ECHO, &played, &echo));
            println!("{who:9} {case:28} {:5.1} {:5.1} {:5.1} dB", got[0], got[1], got[2]);
            if got.iter().zip(floors).any(|(got, floor)| got < floor) {
                failed.push(format!("{who}, {case}: {got:.1?}, wanted {floors:?}"));
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn the_near_end_is_heard_as_it_speaks() {
    let everything = Treatment { echo: true, noise: Noise::Steady, gain: false };
    for treatment in [ECHO, everything] {
        let near = speech::synthetic(3, SECONDS);
        let silence = vec![0.0; near.len()];
        let heard = treat(treatment, &silence, &near);
        let lost = power_db(between(&near, 2, 20)) - power_db(between(&heard, 2, 20));
        println!("{treatment:?}: {lost:.2} dB lost");
        assert!(lost.abs() < 1.5, "{treatment:?}: {lost} dB lost");
    }
}

/// Who begins to speak after the far end has stopped is heard at once, echo tail or not.
#[test]
fn turns_are_taken_without_a_loss() {
    let played: Vec<f32> = speech::synthetic(1, SECONDS)
        .chunks(48_000)
        .enumerate()
        .flat_map(|(second, sound)| sound.iter().map(move |s| if second % 4 < 2 { *s } else { 0.0 }))
        .collect();
    let near: Vec<f32> = speech::synthetic(3, SECONDS)
        .chunks(48_000)
        .enumerate()
        .flat_map(|(second, sound)| sound.iter().map(move |s| if second % 4 == 3 { *s } else { 0.0 }))
        .collect();
    let echo = Room::new(1.0).echo(&played, 80, -6.0);
    let heard = treat(ECHO, &played, &added(&near, &echo));
    for second in (7..SECONDS).step_by(4) {
        let lost = power_db(between(&near, second, second + 1)) - power_db(between(&heard, second, second + 1));
        println!("second {second}: {lost:.2} dB lost");
        assert!(lost.abs() < 2.5, "second {second}: {lost} dB lost");
    }
}

/// Both speak from 8 s to 13 s: the near end is heard all the same, and what was learned of the room is not lost.
#[test]
fn who_speaks_at_the_same_time_is_heard() {
    for (who, played) in speech::speakers(SECONDS) {
        let near = speech::recorded(2, SECONDS).filter(|_| who == "recorded");
        let near: Vec<f32> = near.unwrap_or_else(|| speech::synthetic(3, SECONDS));
        let near: Vec<f32> =
            near.iter().enumerate().map(|(at, s)| if (8..13).contains(&(at / 48_000)) { *s } else { 0.0 }).collect();
        let echo = Room::new(1.0).echo(&played, 80, -12.0);
        let heard = treat(ECHO, &played, &added(&near, &echo));
        let mut lost: Vec<f64> = between(&near, 9, 13)
            .chunks_exact(FRAME)
            .zip(between(&heard, 9, 13).chunks_exact(FRAME))
            .map(|(near, heard)| (power_db(near), power_db(heard)))
            .filter(|(near, _)| *near > -35.0)
            .map(|(near, heard)| near - heard)
            .collect();
        lost.sort_by(f64::total_cmp);
        let [half, most] = [50, 90].map(|part| lost[lost.len() * part / 100]);
        let after = erle(&played, &echo, &heard)[2];
        println!(
            "{who:9} both at once: half of the frames lose {half:.1} dB, a tenth {most:.1} dB; then {after:.1} dB"
        );
        assert!(half < 6.0, "{who}: half of the frames lose {half} dB");
        assert!(after > 35.0, "{who}: {after} dB after both have spoken");
    }
}
