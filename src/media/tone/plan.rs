//! The tones of the public telephone network, by country: ITU-T E.180 Supplement 2, ETSI TS 101 041-2.

/// A country's tones. A tone is its parts, separated by blanks, again and again: `HZ+HZ/MS`, at most three frequencies
/// together, 0 for silence. What E.180 writes as one frequency modulated by another is written as what can be heard of it:
/// the sum, the difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// ISO 3166 code, lower case.
    pub country: &'static str,
    pub(super) dial: &'static str,
    pub(super) ringback: &'static str,
    pub(super) busy: &'static str,
    pub(super) congestion: &'static str,
    pub(super) waiting: &'static str,
}

/// Nearly the same everywhere (E.180 §7).
pub(super) const SPECIAL_INFORMATION: &str = "950/330 1400/330 1800/330 0/1000";

const ON: &str = "425/1000";
const FIVE: &str = "425/1000 0/4000";
const HALVES: &str = "425/500 0/500";
const QUARTERS: &str = "425/250 0/250";
const FIFTHS: &str = "425/200 0/200";
const US_RING: &str = "440+480/2000 0/4000";
const UK_RING: &str = "400+450/400 0/200 400+450/400 0/2000";

/// The common European plan, for who has no other.
pub const EUROPE: Plan = plan("eu", ON, FIVE, HALVES, QUARTERS, "425/200 0/600 425/200 0/5000");

/// Those that are known.
pub const PLANS: &[Plan] = &[
    EUROPE,
    plan("at", "420/1000", "420/1000 0/5000", "420/400 0/400", "420/200 0/200", "420/40 0/1950"),
    plan(
        "au",
        "400+425+450/1000",
        "400+425+450/400 0/200 400+425+450/400 0/2000",
        "425/375 0/375",
        "425/375 0/375",
        "425/200 0/200 425/200 0/4400",
    ),
    plan("be", ON, "425/1000 0/3000", HALVES, "425/167 0/167", "1400/175 0/175 1400/175 0/3500"),
    plan("br", ON, FIVE, QUARTERS, "425/250 0/250 425/750 0/250", "425/50 0/1000"),
    plan("ca", "350+440/1000", US_RING, "480+620/500 0/500", "480+620/250 0/250", "440/300 0/10000"),
    plan("ch", ON, FIVE, HALVES, FIFTHS, "425/200 0/200 425/200 0/4000"),
    plan("cn", "450/1000", "450/1000 0/4000", "450/350 0/350", "450/700 0/700", "450/400 0/4000"),
    plan("cz", "425/330 0/330 425/660 0/660", FIVE, "425/330 0/330", "425/165 0/165", "425/330 0/9000"),
    plan("de", ON, FIVE, "425/480 0/480", "425/240 0/240", "425/200 0/200 425/200 0/5000"),
    plan("dk", ON, FIVE, HALVES, QUARTERS, "425/200 0/600 425/200 0/3000"),
    plan(
        "es",
        ON,
        "425/1500 0/3000",
        FIFTHS,
        "425/200 0/200 425/200 0/200 425/200 0/600",
        "425/175 0/175 425/175 0/3500",
    ),
    plan("fi", ON, FIVE, "425/300 0/300", FIFTHS, "425/150 0/150 425/150 0/8000"),
    plan("fr", "440/1000", "440/1500 0/3500", "440/500 0/500", "440/250 0/250", "440/300 0/10000"),
    plan("gb", "350+440/1000", UK_RING, "400/375 0/375", "400/400 0/350 400/225 0/525", "400/100 0/2000"),
    plan("gr", "425/200 0/300 425/700 0/800", FIVE, "425/300 0/300", "425/150 0/150", "425/300 0/10000"),
    plan("hu", ON, "425/1250 0/3750", "425/300 0/300", "425/300 0/300", "425/40 0/1960"),
    plan("ie", ON, UK_RING, HALVES, QUARTERS, "425/180 0/200 425/200 0/4500"),
    plan("il", "400/1000", "400/1000 0/3000", "400/500 0/500", "400/250 0/250", "400/500 0/10000"),
    plan(
        "in",
        "375+425/1000",
        "375+425/400 0/200 375+425/400 0/2000",
        "400/750 0/750",
        "400/250 0/250",
        "400/200 0/100 400/200 0/7500",
    ),
    plan("it", "425/200 0/200 425/600 0/1000", FIVE, HALVES, FIFTHS, "425/400 0/100 425/250 0/100 425/150 0/14000"),
    plan("jp", "400/1000", "384+416/1000 0/2000", "400/500 0/500", "400/500 0/500", "384+416/500 0/8000"),
    plan(
        "kr",
        "350+440/1000",
        "440+480/1000 0/2000",
        "480+620/500 0/500",
        "480+620/300 0/200",
        "350+440/250 0/250 350+440/250 0/3250",
    ),
    plan("mx", ON, FIVE, QUARTERS, QUARTERS, "425/200 0/600 425/200 0/10000"),
    plan("nl", ON, FIVE, HALVES, QUARTERS, "425/500 0/9500"),
    plan("no", ON, FIVE, HALVES, FIFTHS, "425/200 0/600 425/200 0/10000"),
    plan("nz", "400/1000", UK_RING, "400/500 0/500", "400/250 0/250", "400/200 0/3000"),
    plan("pl", ON, FIVE, HALVES, HALVES, "425/150 0/150 425/150 0/4000"),
    plan("pt", ON, "425/1000 0/5000", HALVES, FIFTHS, "425/200 0/200 425/200 0/5000"),
    plan("ru", ON, "425/800 0/3200", "425/350 0/350", "425/175 0/175", "425/200 0/5000"),
    plan("se", ON, "425/1000 0/5000", QUARTERS, "425/250 0/750", "425/200 0/500 425/200 0/9100"),
    plan(
        "tr",
        "450/1000",
        "450/2000 0/4000",
        "450/500 0/500",
        "450/200 0/200 450/200 0/200 450/200 0/200 450/600 0/200",
        "450/200 0/600 450/200 0/8000",
    ),
    plan("ua", ON, FIVE, "425/350 0/350", "425/175 0/175", "425/200 0/5000"),
    plan("us", "350+440/1000", US_RING, "480+620/500 0/500", "480+620/250 0/250", "440/300 0/10000"),
    plan(
        "za",
        "367+433/1000",
        "367+433/400 0/200 367+433/400 0/2000",
        "400/500 0/500",
        "400/250 0/250",
        "367+433/400 0/4000",
    ),
];

const fn plan(
    country: &'static str,
    dial: &'static str,
    ringback: &'static str,
    busy: &'static str,
    congestion: &'static str,
    waiting: &'static str,
) -> Plan {
    Plan { country, dial, ringback, busy, congestion, waiting }
}

impl Plan {
    /// The tones of a country by its code in any letter case, `uk` for `gb` too.
    pub fn of(country: &str) -> Option<Plan> {
        let country = if country.eq_ignore_ascii_case("uk") { "gb" } else { country };
        PLANS.iter().find(|plan| plan.country.eq_ignore_ascii_case(country)).copied()
    }
}

/// A part of a tone: up to three frequencies in Hz (0 = none), and how long in ms.
pub(super) type Part = ([f32; 3], u32);

/// The parts of a written tone; what is not of the form is left out.
pub(super) fn parts(text: &str) -> Vec<Part> {
    let part = |text: &str| {
        let (hz, ms) = text.split_once('/')?;
        let mut frequencies = [0.0; 3];
        for (place, hz) in frequencies.iter_mut().zip(hz.split('+')) {
            *place = hz.parse().ok()?;
        }
        Some((frequencies, ms.parse().ok()?))
    };
    text.split_whitespace().filter_map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tone_of_every_country_is_written_right() {
        for plan in PLANS {
            assert_eq!(PLANS.iter().filter(|other| other.country == plan.country).count(), 1, "{}", plan.country);
            for tone in [plan.dial, plan.ringback, plan.busy, plan.congestion, plan.waiting, SPECIAL_INFORMATION] {
                let parts = parts(tone);
                assert_eq!(parts.len(), tone.split_whitespace().count(), "{}: {tone}", plan.country);
                for (hz, ms) in parts {
                    assert!((20..=15_000).contains(&ms), "{}: {tone}", plan.country);
                    assert!(
                        hz.iter().all(|hz| *hz == 0.0 || (300.0..=1_900.0).contains(hz)),
                        "{}: {tone}",
                        plan.country
                    );
                }
            }
        }
        assert!(PLANS.len() > 26);
        assert_eq!((Plan::of("UK"), Plan::of("xx"), Plan::of("")), (Plan::of("gb"), None, None));
    }
}
