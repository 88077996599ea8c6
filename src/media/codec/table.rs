//! The one list of codecs: what they are called, what they are made of, why some cannot be had.

use super::at_rate::{Down, Up};
use super::g711::{G711, Law};
use super::g722::{G722Decoder, G722Encoder};
use super::gsm::{GsmDecoder, GsmEncoder};
use super::l16::L16;
use super::opus::{OpusDecoder, OpusEncoder};
use super::{CodecError, Decoder, Encoder, Tuning};
use crate::sdp::{Capability, Format};

/// A codec of MicroSIP's list.
#[derive(Debug)]
pub struct Codec {
    /// Its id in `audioCodecs`: name, sampling rate, channels.
    pub id: &'static str,
    /// Its name in SDP.
    pub encoding: &'static str,
    /// Its RTP clock, Hz.
    pub clock_rate: u32,
    /// Channels as SDP writes them.
    pub channels: u8,
    /// The number RFC 3551 §6 gives it, if any.
    pub static_payload_type: Option<u8>,
    /// Samples a second of the sound inside, Hz.
    pub sample_rate: u32,
    /// How long the packets we send can be, ms, the shortest first.
    pub packet_ms: &'static [u16],
    made: Made,
}

type NewEncoder = fn(&Codec, &str, &Tuning) -> Result<Box<dyn Encoder>, CodecError>;
type NewDecoder = fn(&Codec, &str, &Tuning) -> Result<Box<dyn Decoder>, CodecError>;

/// Where a codec comes from; the constructors take the far end's fmtp.
#[derive(Debug)]
enum Made {
    Here(NewEncoder, NewDecoder),
    /// Of a library that may be installed.
    Loaded(NewEncoder, NewDecoder),
    /// Nowhere, and why.
    Not(&'static str),
}

/// Packets of samples can have any length; 60 ms at most.
const ANY: &[u16] = &[10, 20, 30, 40, 50, 60];
/// Packets of one Opus frame (RFC 6716 §2.1.4).
const OPUS: &[u16] = &[10, 20, 40, 60];
/// Linear samples, while a packet fits into an Ethernet frame.
const UP_TO_40: &[u16] = &[10, 20, 30, 40];
const UP_TO_20: &[u16] = &[10, 20];
const ONLY_10: &[u16] = &[10];
const ONLY_20: &[u16] = &[20];
const GSM_FRAMES: &[u16] = &[20, 40, 60];

const NO_BCG729: &str = "it needs libbcg729, which is not installed (Debian: apt install libbcg729-0)";

const LICENSED: Made = Made::Not("it may not be used without a licence");
const OUT_OF_USE: Made = Made::Not("this phone has no implementation of it; Opus has taken its place");
// Why: what there is of iLBC is the RFC's own C code, under terms that no longer stand as such, and bindings to it.
const NO_ILBC: Made = Made::Not("there is no sound free implementation of it");

/// Every codec MicroSIP knows, in its order.
pub const TABLE: &[Codec] = &[
    codec("opus/48000/2", "opus", 48_000, 2, None, OPUS, OPUS_HERE),
    codec("PCMA/8000/1", "PCMA", 8_000, 1, Some(8), ANY, PCMA),
    codec("PCMU/8000/1", "PCMU", 8_000, 1, Some(0), ANY, PCMU),
    //= RFC 3551 §4.5.2: its clock is 8000 Hz by an old mistake
    Codec { sample_rate: 16_000, ..codec("G722/16000/1", "G722", 8_000, 1, Some(9), ANY, G722) },
    codec("G7221/16000/1", "G7221", 16_000, 1, None, ONLY_20, LICENSED),
    codec("G7221/32000/1", "G7221", 32_000, 1, None, ONLY_20, LICENSED),
    codec("G723/8000/1", "G723", 8_000, 1, Some(4), &[30, 60], OUT_OF_USE),
    codec("G729/8000/1", "G729", 8_000, 1, Some(18), ANY, G729),
    codec("GSM/8000/1", "GSM", 8_000, 1, Some(3), GSM_FRAMES, GSM),
    codec("GSM-EFR/8000/1", "GSM-EFR", 8_000, 1, None, ONLY_20, LICENSED),
    codec("AMR/8000/1", "AMR", 8_000, 1, None, ONLY_20, LICENSED),
    codec("AMR-WB/16000/1", "AMR-WB", 16_000, 1, None, ONLY_20, LICENSED),
    codec("iLBC/8000/1", "iLBC", 8_000, 1, None, &[20, 30], NO_ILBC),
    codec("speex/32000/1", "speex", 32_000, 1, None, ONLY_20, OUT_OF_USE),
    codec("speex/16000/1", "speex", 16_000, 1, None, ONLY_20, OUT_OF_USE),
    codec("speex/8000/1", "speex", 8_000, 1, None, ONLY_20, OUT_OF_USE),
    codec("SILK/24000/1", "SILK", 24_000, 1, None, ONLY_20, OUT_OF_USE),
    codec("SILK/16000/1", "SILK", 16_000, 1, None, ONLY_20, OUT_OF_USE),
    codec("SILK/12000/1", "SILK", 12_000, 1, None, ONLY_20, OUT_OF_USE),
    codec("SILK/8000/1", "SILK", 8_000, 1, None, ONLY_20, OUT_OF_USE),
    codec("L16/8000/1", "L16", 8_000, 1, None, ANY, LINEAR),
    codec("L16/8000/2", "L16", 8_000, 2, None, UP_TO_40, LINEAR),
    codec("L16/16000/1", "L16", 16_000, 1, None, UP_TO_40, LINEAR),
    codec("L16/16000/2", "L16", 16_000, 2, None, UP_TO_20, LINEAR),
    codec("L16/44100/1", "L16", 44_100, 1, Some(11), ONLY_10, LINEAR),
    codec("L16/44100/2", "L16", 44_100, 2, Some(10), ONLY_10, LINEAR),
    codec("L16/48000/1", "L16", 48_000, 1, None, ONLY_10, LINEAR),
    codec("L16/48000/2", "L16", 48_000, 2, None, ONLY_10, LINEAR),
];

const OPUS_HERE: Made = Made::Here(
    |_, fmtp, tuning| Ok(Box::new(OpusEncoder::new(fmtp, &tuning.opus)?)),
    |_, _, _| Ok(Box::new(OpusDecoder::new()?)),
);
const PCMA: Made = Made::Here(
    |codec, _, _| Ok(Box::new(Down::new(G711(Law::A), codec.sample_rate)?)),
    |codec, _, _| Ok(Box::new(Up::new(G711(Law::A), codec.sample_rate)?)),
);
const PCMU: Made = Made::Here(
    |codec, _, _| Ok(Box::new(Down::new(G711(Law::Mu), codec.sample_rate)?)),
    |codec, _, _| Ok(Box::new(Up::new(G711(Law::Mu), codec.sample_rate)?)),
);
const G722: Made = Made::Here(
    |codec, _, _| Ok(Box::new(Down::new(G722Encoder::default(), codec.sample_rate)?)),
    |codec, _, _| Ok(Box::new(Up::new(G722Decoder::default(), codec.sample_rate)?)),
);
const GSM: Made = Made::Here(
    |codec, _, _| Ok(Box::new(Down::new(GsmEncoder::default(), codec.sample_rate)?)),
    |codec, _, _| Ok(Box::new(Up::new(GsmDecoder::default(), codec.sample_rate)?)),
);
const G729: Made = Made::Loaded(
    |codec, fmtp, tuning| {
        //= RFC 4856 §2.1.9: without a word annex B is taken
        let annex_b = tuning.suppress_silence && !fmtp.replace(' ', "").contains("annexb=no");
        let encoder = tuning.g729.as_ref().and_then(|library| library.encoder(annex_b));
        let encoder = encoder.ok_or(CodecError::Missing { id: codec.id, why: NO_BCG729 })?;
        Ok(Box::new(Down::new(encoder, codec.sample_rate)?))
    },
    |codec, _, tuning| {
        let decoder = tuning.g729.as_ref().and_then(|library| library.decoder());
        let decoder = decoder.ok_or(CodecError::Missing { id: codec.id, why: NO_BCG729 })?;
        Ok(Box::new(Up::new(decoder, codec.sample_rate)?))
    },
);
const LINEAR: Made = Made::Here(
    |codec, _, _| Ok(Box::new(Down::new(L16::new(codec.channels), codec.sample_rate)?)),
    |codec, _, _| Ok(Box::new(Up::new(L16::new(codec.channels), codec.sample_rate)?)),
);

/// A row whose sound has the rate of its clock.
const fn codec(
    id: &'static str,
    encoding: &'static str,
    clock_rate: u32,
    channels: u8,
    static_payload_type: Option<u8>,
    packet_ms: &'static [u16],
    made: Made,
) -> Codec {
    Codec { id, encoding, clock_rate, channels, static_payload_type, sample_rate: clock_rate, packet_ms, made }
}

impl Codec {
    /// The codec of an id. As in MicroSIP the beginning is enough and case does not matter.
    pub fn by_id(id: &str) -> Option<&'static Codec> {
        let id = Some(id.trim()).filter(|id| !id.is_empty())?;
        let begins = |row: &&Codec| row.id.get(..id.len()).is_some_and(|head| head.eq_ignore_ascii_case(id));
        TABLE.iter().find(|row| row.id.eq_ignore_ascii_case(id)).or_else(|| TABLE.iter().find(begins))
    }

    /// The codec of a format: name without case, clock rate, channels.
    pub fn of(format: &Format) -> Option<&'static Codec> {
        TABLE.iter().find(|row| {
            row.encoding.eq_ignore_ascii_case(&format.encoding)
                && (row.clock_rate, row.channels) == (format.clock_rate, format.channels)
        })
    }

    /// Why it cannot be had; `None` = it can.
    pub fn missing(&self, tuning: &Tuning) -> Option<&'static str> {
        match self.made {
            Made::Here(..) => None,
            Made::Loaded(..) => tuning.g729.is_none().then_some(NO_BCG729),
            Made::Not(why) => Some(why),
        }
    }

    /// What we say of it in SDP.
    pub fn capability(&self, tuning: &Tuning) -> Capability {
        let fmtp = match self.encoding {
            "opus" => Some(tuning.opus.fmtp()),
            "G729" => Some(if tuning.suppress_silence { "annexb=yes" } else { "annexb=no" }.to_owned()),
            _ => None,
        };
        Capability {
            encoding: self.encoding.into(),
            clock_rate: self.clock_rate,
            channels: self.channels,
            static_payload_type: self.static_payload_type,
            fmtp,
            packet_ms: self.packet_ms.to_vec(),
        }
    }

    /// Its encoder, for a far end that says this of itself.
    pub fn encoder(&self, fmtp: &str, tuning: &Tuning) -> Result<Box<dyn Encoder>, CodecError> {
        match self.made {
            Made::Here(encoder, _) | Made::Loaded(encoder, _) => encoder(self, fmtp, tuning),
            Made::Not(why) => Err(CodecError::Missing { id: self.id, why }),
        }
    }

    /// Its decoder.
    pub fn decoder(&self, fmtp: &str, tuning: &Tuning) -> Result<Box<dyn Decoder>, CodecError> {
        match self.made {
            Made::Here(_, decoder) | Made::Loaded(_, decoder) => decoder(self, fmtp, tuning),
            Made::Not(why) => Err(CodecError::Missing { id: self.id, why }),
        }
    }
}

/// A codec of the settings that cannot be offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// As it was written.
    pub id: String,
    /// Why, in words.
    pub why: &'static str,
}

/// The codecs of a list of ids, the preferred first, each once; and those that are not to be had.
pub fn chosen(ids: &[impl AsRef<str>], tuning: &Tuning) -> (Vec<&'static Codec>, Vec<LeftOut>) {
    let (mut codecs, mut left_out) = (Vec::<&'static Codec>::new(), Vec::new());
    for id in ids.iter().map(AsRef::as_ref) {
        let codec = Codec::by_id(id);
        let why = codec.map_or(Some("no codec is called so"), |codec| codec.missing(tuning));
        match (codec, why) {
            (Some(codec), None) if codecs.iter().all(|known| known.id != codec.id) => codecs.push(codec),
            (_, Some(why)) => left_out.push(LeftOut { id: id.to_owned(), why }),
            _ => {}
        }
    }
    (codecs, left_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_microsip_reads_them() {
        for (id, found) in [
            ("opus/48000/2", Some(("opus", 48_000, 2))),
            ("OPUS/48000", Some(("opus", 48_000, 2))),
            ("G722/16000/1", Some(("G722", 8_000, 1))),
            ("G7221/32000/1", Some(("G7221", 32_000, 1))),
            ("L16/44100/2", Some(("L16", 44_100, 2))),
            ("", None),
            ("é", None),
            ("PCMU/8000/1/1", None),
        ] {
            let codec = Codec::by_id(id);
            assert_eq!(codec.map(|codec| (codec.encoding, codec.clock_rate, codec.channels)), found, "{id}");
        }
    }

    #[test]
    fn each_row_is_itself() {
        for row in TABLE {
            let parts: Vec<&str> = row.id.split('/').collect();
            assert_eq!(parts, [row.encoding, &row.sample_rate.to_string(), &row.channels.to_string()]);
            let format = row.capability(&Tuning::default()).numbered(96);
            assert_eq!(Codec::of(&format).map(|codec| codec.id), Some(row.id));
            let whole = |rate: u32, ms: u16| u64::from(rate) * u64::from(ms) % 1_000 == 0;
            assert!(
                row.packet_ms.is_sorted() && row.packet_ms.iter().all(|ms| whole(row.clock_rate, *ms)),
                "{}",
                row.id
            );
        }
    }

    #[test]
    fn the_settings_order_and_name_what_is_missing() {
        let ids = ["iLBC/8000/1", "PCMU/8000/1", "pcmu/8000/1", "G722/16000/1", "MP3/44100/2"];
        let (codecs, left_out) = chosen(&ids, &Tuning::default());
        assert_eq!(codecs.iter().map(|codec| codec.id).collect::<Vec<_>>(), ["PCMU/8000/1", "G722/16000/1"]);
        assert_eq!(left_out.iter().map(|left| left.id.as_str()).collect::<Vec<_>>(), ["iLBC/8000/1", "MP3/44100/2"]);
    }
}
