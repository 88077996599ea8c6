//! The verbs of sound: volumes, what voices go through, digits, recordings, devices.

use super::{CALL_ID, Param, ParamKind, Request, VerbRow, flag, option, optional, required};
use crate::control::values::{device, dtmf, record, voice, volume};
use crate::control::{Command, VoicePart};

pub(super) const RECORD: VerbRow = VerbRow {
    name: "record",
    aliases: &[],
    params: &[
        required("action", "start, stop, pause or resume"),
        CALL_ID,
        option("file", "A new file, name.ogg or name.wav; else one in recordingPath called by date and number"),
    ],
    doc: "Record a call",
    examples: &[
        ("tuiphone record start", "Record the call, into a file that is told"),
        ("tuiphone record start --file talk.wav", "Into this file"),
        ("tuiphone record stop", "Record no more"),
    ],
    key: Some("Ctrl-g"),
    make: record,
};

pub(super) const PLAY: VerbRow = VerbRow {
    name: "play",
    aliases: &[],
    params: &[required("file", "A WAV file; stop = no longer"), CALL_ID, flag("alone", "Without the microphone")],
    doc: "Play a file to the far end",
    examples: &[("tuiphone play hello.wav", "Play a file to the far end"), ("tuiphone play stop", "Stop that")],
    key: Some("Ctrl-y"),
    make: |v| {
        let (file, call, alone) = (v.need("file")?, v.text("call"), v.flag("alone"));
        let stops = file.eq_ignore_ascii_case("stop");
        Ok(Request::Command(if stops { Command::StopPlaying { call } } else { Command::Play { call, file, alone } }))
    },
};

pub(super) const SOUND: VerbRow = VerbRow {
    name: "sound",
    aliases: &[],
    params: &[
        required("call", "Call id, such as c1"),
        option("rate", "Samples a second of the s16le mono, a WAV header left out; 16000 unless said"),
    ],
    doc: "Be the microphone and the speaker of a call: its sound on standard input and output",
    examples: &[(
        "tuiphone sound c1 --rate 8000 < hello.wav > heard.raw",
        "Say this, and keep what is heard, to the end of the call",
    )],
    key: None,
    make: |v| {
        let rate =
            v.text("rate").map_or(Ok(RATE), |rate| rate.parse().map_err(|_| format!("'{rate}' is no rate in Hz")));
        Ok(Request::Sound { call: v.need("call")?, rate: rate? })
    },
};

/// Good for recognisers, and for nearly all that a telephone line carries.
const RATE: u32 = 16_000;

pub(super) const MUTE: VerbRow = VerbRow {
    name: "mute",
    aliases: &[],
    params: &[optional("path", "mic or speaker; mic unless said"), flag("toggle", "Open it if it is muted")],
    doc: "Mute the microphone or the speaker",
    examples: &[
        ("tuiphone mute", "Mute the microphone"),
        ("tuiphone mute --toggle", "Mute it, or open it again: for one key"),
        ("tuiphone mute speaker", "Mute the speaker"),
    ],
    key: Some("F7"),
    make: |v| {
        let (path, toggle) = (v.path()?, v.flag("toggle"));
        Ok(Request::Command(if toggle { Command::ToggleMute { path } } else { Command::Mute { path } }))
    },
};

pub(super) const UNMUTE: VerbRow = VerbRow {
    name: "unmute",
    aliases: &[],
    params: &[optional("path", "mic or speaker; mic unless said")],
    doc: "Open the microphone or the speaker again",
    examples: &[
        ("tuiphone unmute", "Open the microphone again"),
        ("tuiphone unmute speaker", "Open the speaker again"),
    ],
    key: None,
    make: |v| Ok(Request::Command(Command::Unmute { path: v.path()? })),
};

pub(super) const VOLUME: VerbRow = VerbRow {
    name: "volume",
    aliases: &[],
    params: &[
        optional("path", "mic or speaker; speaker unless said"),
        optional("level", "0 to 100, +N or -N; without it the volume is told"),
    ],
    doc: "Set or tell a volume",
    examples: &[
        ("tuiphone volume 80", "Set the speaker"),
        ("tuiphone volume mic +5", "Microphone a little louder"),
        ("tuiphone volume mute", "Mute the speaker"),
        ("tuiphone volume", "Tell it"),
    ],
    key: None,
    make: volume,
};

pub(super) const DTMF: VerbRow = VerbRow {
    name: "dtmf",
    aliases: &["senddtmf"],
    params: &[
        required("digits", "0-9 * # A-D; a comma waits a second; a ? at the end = in the field, and they wait"),
        option("via", "rtp, info or inband; the account's way unless said"),
        option("duration", "How long each lasts, 40 to 5000 ms; 160 unless said"),
        option("press", "down = hold the key, up = let go of it; for programs that see keys"),
        option("call", "Call id"),
    ],
    doc: "Send digits in a call",
    examples: &[
        ("tuiphone dtmf 1234#", "Press keys"),
        ("tuiphone dtmf 1,,2 --via inband", "As tones in the sound, with two seconds between"),
    ],
    key: None,
    make: dtmf,
};

pub(super) const AEC: VerbRow = VerbRow {
    name: "aec",
    aliases: &[],
    params: &[required("state", "auto, on or off; auto is not for headsets")],
    doc: "Echo canceller at the microphone, for good",
    examples: &[("tuiphone aec auto", "Cancel the echo of a loudspeaker, not of a headset")],
    key: None,
    make: |v| voice(v, VoicePart::Echo),
};

pub(super) const DENOISE: VerbRow = VerbRow {
    name: "denoise",
    aliases: &[],
    params: &[required("state", "on, off, or rnnoise where the build has it")],
    doc: "Noise suppression at the microphone, for good",
    examples: &[("tuiphone denoise on", "Take the noise of the room away")],
    key: None,
    make: |v| voice(v, VoicePart::Noise),
};

pub(super) const AGC: VerbRow = VerbRow {
    name: "agc",
    aliases: &[],
    params: &[required("state", "on or off")],
    doc: "Automatic gain at the microphone, for good",
    examples: &[("tuiphone agc on", "Hold the voice at one loudness")],
    key: None,
    make: |v| voice(v, VoicePart::Gain),
};

pub(super) const BOOST: VerbRow = VerbRow {
    name: "boost",
    aliases: &[],
    params: &[required("state", "on or off")],
    doc: "Amplify the microphone, for good",
    examples: &[("tuiphone boost off", "Leave the microphone as it is")],
    key: None,
    make: |v| voice(v, VoicePart::Boost),
};

pub(super) const DEVICE: VerbRow = VerbRow {
    name: "device",
    aliases: &["setdevice"],
    params: &[
        required("kind", "input, output or ring"),
        Param { name: "name", kind: ParamKind::Rest, doc: "Its name, as `devices` lists it; default = the system's" },
    ],
    doc: "Use another sound card, for good",
    examples: &[("tuiphone device output default", "The speaker of the system")],
    key: None,
    make: device,
};

pub(super) const DEVICES: VerbRow = VerbRow {
    name: "devices",
    aliases: &[],
    params: &[],
    doc: "List the sound devices",
    examples: &[("tuiphone devices", "What there is")],
    key: None,
    make: |_| Ok(Request::Devices),
};

pub(super) const CODECS: VerbRow = VerbRow {
    name: "codecs",
    aliases: &[],
    params: &[],
    doc: "List the codecs: those of audioCodecs in their order, the others, and what is not to be had",
    examples: &[("tuiphone codecs", "In which order they are offered")],
    key: None,
    make: |_| Ok(Request::Codecs),
};

pub(super) const TEST_AUDIO: VerbRow = VerbRow {
    name: "test-audio",
    aliases: &["testaudio"],
    params: &[],
    doc: "Test microphone and speaker: three seconds, played back",
    examples: &[("tuiphone test-audio", "Speak for three seconds, then listen")],
    key: Some("Ctrl-t"),
    make: |_| Ok(Request::Command(Command::TestAudio)),
};
