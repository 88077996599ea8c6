//! Ogg/Opus (RFC 7845): what is recorded, in packets of 20 ms. Each second is a page, so that what was cut off plays.

use super::SAMPLE_RATE;
use ogg::PacketWriter;
use ogg::writing::PacketWriteEndInfo;
use opus::{Application, Bitrate, Channels};
use std::io::{self, Write};

/// Samples of a channel in a packet.
const PACKET: usize = 960;
/// Packets in a page.
const PAGE: u64 = 50;
/// The longest packet there is, bytes.
const LONGEST: usize = 1_275;

/// A stream being written.
pub struct OggOpus<W: Write> {
    pages: PacketWriter<'static, W>,
    encoder: opus::Encoder,
    channels: usize,
    serial: u32,
    /// What the decoder is to leave out at the start, samples.
    pre_skip: u64,
    gathered: Vec<i16>,
    /// Samples of a channel that were written.
    samples: u64,
    /// Packets that were made of them.
    packets: u64,
}

impl<W: Write> OggOpus<W> {
    /// Starts a stream of 48 kHz sound.
    ///
    /// # Errors
    /// The sink's, or libopus has no encoder.
    pub fn new(sink: W, stereo: bool, serial: u32) -> io::Result<OggOpus<W>> {
        let (channels, kind, bitrate) =
            if stereo { (2, Channels::Stereo, 56_000) } else { (1, Channels::Mono, 32_000) };
        let mut encoder = opus::Encoder::new(SAMPLE_RATE, kind, Application::Audio).map_err(io::Error::other)?;
        encoder.set_bitrate(Bitrate::Bits(bitrate)).map_err(io::Error::other)?;
        encoder.set_complexity(5).map_err(io::Error::other)?;
        let pre_skip = u16::try_from(encoder.get_lookahead().map_err(io::Error::other)?).unwrap_or(0);
        let mut pages = PacketWriter::new(sink);
        //= RFC 7845 §5.1, §5.2: the two headers have pages of their own
        pages.write_packet(head(channels as u8, pre_skip), serial, PacketWriteEndInfo::EndPage, 0)?;
        pages.write_packet(tags(), serial, PacketWriteEndInfo::EndPage, 0)?;
        let gathered = Vec::with_capacity(2 * PACKET * channels);
        Ok(OggOpus {
            pages,
            encoder,
            channels,
            serial,
            pre_skip: u64::from(pre_skip),
            gathered,
            samples: 0,
            packets: 0,
        })
    }

    /// Adds sound; channels alternate.
    ///
    /// # Errors
    /// The sink's.
    pub fn write(&mut self, sound: &[i16]) -> io::Result<()> {
        self.gathered.extend_from_slice(sound);
        self.samples += (sound.len() / self.channels) as u64;
        let size = PACKET * self.channels;
        let mut done = 0;
        while self.gathered.len() - done > size {
            let end = if (self.packets + 1).is_multiple_of(PAGE) {
                PacketWriteEndInfo::EndPage
            } else {
                PacketWriteEndInfo::NormalPacket
            };
            self.packet(done, end, None)?;
            done += size;
        }
        self.gathered.drain(..done);
        Ok(())
    }

    /// Writes what is left and ends the stream.
    ///
    /// # Errors
    /// The sink's.
    pub fn finish(mut self) -> io::Result<W> {
        let last = self.pre_skip + self.samples;
        let packets = last.div_ceil(PACKET as u64).max(self.packets + 1);
        self.gathered.resize((packets - self.packets) as usize * PACKET * self.channels, 0);
        let mut at = 0;
        while self.packets < packets {
            let is_last = self.packets + 1 == packets;
            let end = if is_last { PacketWriteEndInfo::EndStream } else { PacketWriteEndInfo::NormalPacket };
            //= RFC 7845 §4.4: the last page's position cuts what was added to fill the packet
            self.packet(at, end, is_last.then_some(last))?;
            at += PACKET * self.channels;
        }
        Ok(self.pages.into_inner())
    }

    fn packet(&mut self, at: usize, end: PacketWriteEndInfo, position: Option<u64>) -> io::Result<()> {
        let sound = self.gathered.get(at..at + PACKET * self.channels).unwrap_or_default();
        let packet = self.encoder.encode_vec(sound, LONGEST).map_err(io::Error::other)?;
        self.packets += 1;
        let position = position.unwrap_or(self.packets * PACKET as u64);
        self.pages.write_packet(packet, self.serial, end, position)
    }
}

//= RFC 7845 §5.1
fn head(channels: u8, pre_skip: u16) -> Vec<u8> {
    let mut head = b"OpusHead\x01".to_vec();
    head.push(channels);
    head.extend(pre_skip.to_le_bytes());
    head.extend(SAMPLE_RATE.to_le_bytes());
    // No gain, channels in the order of family 0.
    head.extend([0, 0, 0]);
    head
}

//= RFC 7845 §5.2
fn tags() -> Vec<u8> {
    let vendor = concat!("tuiphone ", env!("CARGO_PKG_VERSION"));
    let mut tags = b"OpusTags".to_vec();
    tags.extend((vendor.len() as u32).to_le_bytes());
    tags.extend(vendor.as_bytes());
    tags.extend(0_u32.to_le_bytes());
    tags
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::tone::goertzel_dbfs;
    use ogg::PacketReader;

    /// Decodes as a player would: the channels of it, without what is to be left out.
    fn play(bytes: &[u8]) -> Vec<Vec<f32>> {
        let mut reader = PacketReader::new(io::Cursor::new(bytes));
        let head = reader.read_packet().unwrap().unwrap().data;
        assert_eq!((&head[..8], &head[12..16]), (&b"OpusHead"[..], &48_000_u32.to_le_bytes()[..]));
        let (channels, skip) = (usize::from(head[9]), usize::from(u16::from_le_bytes([head[10], head[11]])));
        assert!(reader.read_packet().unwrap().unwrap().data.starts_with(b"OpusTags"));
        let kind = if channels == 2 { Channels::Stereo } else { Channels::Mono };
        let (mut decoder, mut sound) = (opus::Decoder::new(48_000, kind).unwrap(), Vec::new());
        let mut last = 0;
        while let Ok(Some(packet)) = reader.read_packet() {
            let mut pcm = vec![0.0; PACKET * channels];
            assert_eq!(decoder.decode_float(&packet.data, &mut pcm, false).unwrap(), PACKET);
            sound.extend(pcm);
            if packet.last_in_page() {
                last = packet.absgp_page() as usize;
            }
        }
        let frames: Vec<&[f32]> = sound.chunks(channels).take(last).skip(skip).collect();
        (0..channels).map(|channel| frames.iter().map(|frame| frame[channel]).collect()).collect()
    }

    fn tone(hz: f64, seconds: f64) -> impl Iterator<Item = i16> {
        let samples = (seconds * 48_000.0) as u32;
        (0..samples).map(move |n| ((f64::from(n) * hz * std::f64::consts::TAU / 48_000.0).sin() * 8_192.0) as i16)
    }

    #[test]
    fn what_goes_in_comes_out_to_the_sample() {
        for samples in [0, 1, 959, 960, 961, 48_000, 48_001] {
            let mut file = OggOpus::new(Vec::new(), false, 7).unwrap();
            let sound: Vec<i16> = tone(1_000.0, 2.0).take(samples).collect();
            sound.chunks(480).for_each(|chunk| file.write(chunk).unwrap());
            let played = play(&file.finish().unwrap());
            assert_eq!(played[0].len(), samples);
            if samples > 40_000 {
                assert!((goertzel_dbfs(&played[0][4_800..43_200], 1_000.0, 48_000) + 12.0).abs() < 1.0);
            }
        }
    }

    #[test]
    fn stereo_keeps_the_sides_apart() {
        let mut file = OggOpus::new(Vec::new(), true, 7).unwrap();
        let both: Vec<i16> = tone(500.0, 1.0).zip(tone(2_000.0, 1.0)).flat_map(|(left, right)| [left, right]).collect();
        file.write(&both).unwrap();
        let played = play(&file.finish().unwrap());
        for (side, own, other) in [(0, 500.0, 2_000.0), (1, 2_000.0, 500.0)] {
            let sound = &played[side][4_800..43_200];
            assert!((goertzel_dbfs(sound, own, 48_000) + 12.0).abs() < 1.0);
            assert!(goertzel_dbfs(sound, other, 48_000) < -40.0);
        }
    }

    /// As after a `kill -9`: whatever was written is cut off anywhere.
    #[test]
    fn what_was_cut_off_plays_up_to_its_last_whole_second() {
        let mut bytes = Vec::new();
        let mut file = OggOpus::new(&mut bytes, false, 7).unwrap();
        file.write(&tone(1_000.0, 3.5).collect::<Vec<_>>()).unwrap();
        drop(file);
        let whole = play(&bytes)[0].len();
        assert!((140_000..=144_000).contains(&whole), "three seconds are there: {whole}");
        let cut = play(&bytes[..bytes.len() - 10])[0].len();
        assert!((92_000..=96_000).contains(&cut), "{cut}");
    }
}
