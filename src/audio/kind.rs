//! What the name of a sound card tells about it.

/// Parts of the names of what is worn at the ear, or is no speaker in a room at all.
const SILENT_IN_THE_ROOM: [&str; 15] = [
    "headset",
    "headphone",
    "earphone",
    "earpiece",
    "earbud",
    "airpods",
    "buds",
    "hands-free",
    "handsfree",
    "bluetooth",
    "bluez",
    "null",
    "dummy",
    "loopback",
    "monitor of",
];

/// Words that are too short to be looked for within others.
const WORDS: [&str; 2] = ["hfp", "hsp"];

/// True unless the name says that nothing played on the card, or brought by it, can reach a microphone through the air.
pub fn is_in_the_room(name: &str) -> bool {
    let name = name.to_lowercase();
    let mut words = name.split(|c: char| !c.is_alphanumeric());
    !(SILENT_IN_THE_ROOM.iter().any(|part| name.contains(part)) || words.any(|word| WORDS.contains(&word)))
}

#[cfg(test)]
mod tests {
    use super::is_in_the_room;

    #[test]
    fn names_of_cards() {
        let rows = [
            ("Built-in Audio Analog Stereo", true),
            ("HDA Intel PCH, ALC257 Analog", true),
            ("MacBook Pro Speakers", true),
            ("USB Speakerphone", true),
            ("HDMI monitor speakers", true),
            ("", true),
            ("Plantronics Blackwire Headset Mono", false),
            ("Headphones (USB Audio)", false),
            ("AirPods Pro", false),
            ("Galaxy Buds2", false),
            ("bluez_output.00_11_22.1", false),
            ("Car Kit Hands-Free AG Audio", false),
            ("WH-1000XM4 HFP", false),
            ("Null Output", false),
            ("Monitor of Null Output", false),
            ("Loopback Audio", false),
        ];
        for (name, expected) in rows {
            assert_eq!(is_in_the_room(name), expected, "{name}");
        }
    }
}
