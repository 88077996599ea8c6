//! The SIP trace of `--debug` and `enableLog`: every message with time, direction and path, secrets masked. What `trace`
//! shows of a running phone is in [`tap`].

pub mod ask;
pub mod message;
pub mod sound;
pub mod tap;

use crate::sip::flow::Flow;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What the file of a phone that always writes one may hold, in bytes, before it begins anew; the one before is kept.
const MOST_BYTES: u64 = 16 << 20;

/// Where the trace goes.
pub struct Trace {
    out: Box<dyn Write + Send>,
}

impl std::fmt::Debug for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Trace")
    }
}

impl Trace {
    /// Appends to a file (created readable by its owner alone); `-` is standard error.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(path: &Path) -> io::Result<Trace> {
        if path.as_os_str() == "-" {
            return Ok(Trace { out: Box::new(io::stderr()) });
        }
        Ok(Trace { out: Box::new(io::BufWriter::new(appending(path)?)) })
    }

    /// Appends to a file as [`Trace::open`] does, for as long as the phone lives: a full one is renamed to end in
    /// `.old`, in the place of the one before it.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open_bounded(path: &Path) -> io::Result<Trace> {
        let file = Bounded { path: path.to_owned(), written: 0, file: appending(path)?, most: MOST_BYTES };
        Ok(Trace { out: Box::new(io::BufWriter::new(file.measured()?)) })
    }

    /// Writes there.
    #[cfg(test)]
    pub fn into(out: impl Write + Send + 'static) -> Trace {
        Trace { out: Box::new(out) }
    }

    /// Writes one message; a full disk never stops the phone.
    pub fn message(&mut self, sent: bool, flow: &Flow, bytes: &[u8], wall: SystemTime) {
        let arrow = if sent { "->" } else { "<-" };
        let time = humantime::format_rfc3339_millis(wall);
        //= RFC 7983 §7
        if bytes.first().is_some_and(|first| *first < 4) {
            let _ = write!(self.out, "{time} {arrow} {} {} {}\nSTUN\n\n", flow.transport, flow.remote, bytes.len());
            return drop(self.out.flush());
        }
        let redacted = crate::sip::message::redact::redact(bytes);
        let text = String::from_utf8_lossy(&redacted);
        let _ = write!(self.out, "{time} {arrow} {} {} {}\n{text}\n", flow.transport, flow.remote, bytes.len());
        let _ = self.out.flush();
    }
}

fn appending(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A file that begins anew when it is full.
struct Bounded {
    path: PathBuf,
    file: File,
    written: u64,
    most: u64,
}

impl Bounded {
    fn measured(mut self) -> io::Result<Bounded> {
        self.written = self.file.metadata()?.len();
        Ok(self)
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.written >= self.most {
            let mut old = self.path.clone().into_os_string();
            old.push(".old");
            fs::rename(&self.path, old)?;
            self.file = appending(&self.path)?;
            self.written = 0;
        }
        let count = self.file.write(bytes)?;
        self.written = self.written.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_makes_room_and_one_before_it_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("microsip_log.txt");
        fs::write(&path, "there already\n").unwrap();
        let file = Bounded { path: path.clone(), written: 0, file: appending(&path).unwrap(), most: 40 };
        let mut file = file.measured().unwrap();
        for line in ["one ", "two ", "three "].map(|word| word.repeat(5)) {
            file.write_all(line.as_bytes()).unwrap();
        }
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("microsip_log.txt.old"), format!("there already\n{}{}", "one ".repeat(5), "two ".repeat(5)));
        assert_eq!(read("microsip_log.txt"), "three ".repeat(5));
        file.write_all("four ".repeat(3).as_bytes()).unwrap();
        file.write_all(b"five").unwrap();
        assert_eq!((read("microsip_log.txt.old").len(), read("microsip_log.txt")), (45, "five".to_owned()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_a_phone_always_writes_is_bounded_and_what_is_asked_for_is_whole() {
        use crate::sip::flow::Transport;
        let port = |port| std::net::SocketAddr::from(([127, 0, 0, 1], port));
        let flow = Flow { transport: Transport::Udp, local: port(5060), remote: port(5061) };
        for (open, files) in [(Trace::open_bounded as fn(&Path) -> io::Result<Trace>, 2), (Trace::open, 1)] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("microsip_log.txt");
            File::create(&path).unwrap().set_len(MOST_BYTES).unwrap();
            let secret = b"REGISTER sip:h SIP/2.0\r\nAuthorization: Digest response=\"5ec7e7\"\r\n\r\n";
            open(&path).unwrap().message(true, &flow, secret, SystemTime::UNIX_EPOCH);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), files);
            let text = fs::read_to_string(&path).unwrap();
            let text = text.trim_start_matches('\0');
            assert!(text.starts_with("1970-01-01T00:00:00.000Z -> ") && text.contains("REGISTER sip:h"), "{text}");
            assert!(text.contains("Authorization: <hidden>") && !text.contains("5ec7e7"), "{text}");
        }
    }
}
