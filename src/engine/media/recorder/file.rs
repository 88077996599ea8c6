//! The file of a recording: its name, which is nobody else's, and its form.

use crate::media::SAMPLE_RATE;
use crate::media::command::{RecordFile, RecordFormat, Recording};
use crate::media::ogg_opus::OggOpus;
use crate::text::plain_error;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Files of one second that differ by a number.
const MOST_OF_A_NAME: u32 = 1_000;
/// Bytes of sound after which a WAV file goes on in another: its header has room for 4 GiB.
const MOST_OF_A_WAV: u32 = 0xF000_0000;
/// Bytes of a WAV header.
const HEADER: u32 = 44;

/// Where recordings that have no name of their own go.
#[derive(Debug, Clone)]
pub struct Place {
    /// The folder; made when it is needed.
    pub folder: PathBuf,
    /// A moment as the clock on the wall showed it: `20260102-030405`.
    pub stamp: fn(SystemTime) -> String,
}

impl Default for Place {
    /// Here, dated by seconds.
    fn default() -> Place {
        let seconds = |at: SystemTime| {
            at.duration_since(SystemTime::UNIX_EPOCH)
                .map_or_else(|_| "0".to_owned(), |since| since.as_secs().to_string())
        };
        Place { folder: PathBuf::from("."), stamp: seconds }
    }
}

/// An open recording.
pub struct Sink {
    path: PathBuf,
    form: Form,
}

enum Form {
    Wav(Wav),
    // An option because its end takes it whole.
    Ogg(Option<Box<OggOpus<File>>>),
}

impl Sink {
    /// A new file; never one that is there.
    pub fn open(what: &Recording, place: &Place) -> Result<Sink, String> {
        let (path, file) = match &what.file {
            RecordFile::Named(path) => {
                let file = create(path).map_err(|error| failed(path, &error))?;
                (path.clone(), file)
            }
            RecordFile::Dated(name) => dated(name, what.format, place)?,
        };
        let form = match what.format {
            RecordFormat::Wav => Wav::new(file, what.stereo).map(Form::Wav),
            RecordFormat::Ogg => OggOpus::new(file, what.stereo, 1).map(|ogg| Form::Ogg(Some(Box::new(ogg)))),
        };
        match form {
            Ok(form) => Ok(Sink { path, form }),
            Err(error) => {
                // Nothing was said yet, and half a head is no file.
                let _ = fs::remove_file(&path);
                Err(failed(&path, &error))
            }
        }
    }

    /// For people.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }

    pub fn write(&mut self, sound: &[i16]) -> Result<(), String> {
        let written = match &mut self.form {
            Form::Wav(wav) => wav.write(sound),
            Form::Ogg(ogg) => ogg.as_mut().map_or(Ok(()), |ogg| ogg.write(sound)),
        };
        written.map_err(|error| failed(&self.path, &error))
    }

    /// It can take no more.
    pub fn is_full(&self) -> bool {
        matches!(&self.form, Form::Wav(wav) if wav.bytes >= MOST_OF_A_WAV)
    }

    pub fn finish(&mut self) -> Result<(), String> {
        let finished = match &mut self.form {
            Form::Wav(wav) => wav.write_header(),
            Form::Ogg(ogg) => ogg.take().map_or(Ok(()), |ogg| ogg.finish().map(drop)),
        };
        finished.map_err(|error| failed(&self.path, &error))
    }
}

/// Sound of 16 bit whose header is true every second.
struct Wav {
    file: File,
    channels: u16,
    bytes: u32,
    told: u32,
}

impl Wav {
    fn new(file: File, stereo: bool) -> io::Result<Wav> {
        let mut wav = Wav { file, channels: if stereo { 2 } else { 1 }, bytes: 0, told: 0 };
        wav.write_header().map(|()| wav)
    }

    fn write(&mut self, sound: &[i16]) -> io::Result<()> {
        let bytes: Vec<u8> = sound.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        self.file.write_all(&bytes)?;
        self.bytes = self.bytes.saturating_add(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        let second = SAMPLE_RATE * 2 * u32::from(self.channels);
        if self.bytes - self.told >= second { self.write_header() } else { Ok(()) }
    }

    fn write_header(&mut self) -> io::Result<()> {
        let frame = self.channels * 2;
        let mut header = Vec::with_capacity(HEADER as usize);
        header.extend(b"RIFF");
        header.extend((self.bytes.saturating_add(HEADER - 8)).to_le_bytes());
        header.extend(b"WAVEfmt \x10\0\0\0\x01\0");
        header.extend(self.channels.to_le_bytes());
        header.extend(SAMPLE_RATE.to_le_bytes());
        header.extend((SAMPLE_RATE * u32::from(frame)).to_le_bytes());
        header.extend(frame.to_le_bytes());
        header.extend(b"\x10\0data");
        header.extend(self.bytes.to_le_bytes());
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&header)?;
        self.file.seek(SeekFrom::End(0))?;
        self.told = self.bytes;
        Ok(())
    }
}

fn dated(name: &str, format: RecordFormat, place: &Place) -> Result<(PathBuf, File), String> {
    make_folder(&place.folder).map_err(|error| failed(&place.folder, &error))?;
    #[allow(clippy::disallowed_methods, reason = "the shell reads the clock")]
    let stamp = (place.stamp)(SystemTime::now());
    let extension = format.extension();
    for number in 1..=MOST_OF_A_NAME {
        let more = if number > 1 { format!("-{number}") } else { String::new() };
        let path = place.folder.join(format!("{stamp}-{name}{more}.{extension}"));
        match create(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(&path, &error)),
        }
    }
    Err(format!("cannot record into {}: all names of this second are taken", place.folder.display()))
}

/// What people say on the phone is for the owner alone to hear.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn failed(path: &Path, error: &io::Error) -> String {
    format!("cannot record into {}: {}", path.display(), plain_error(error))
}
