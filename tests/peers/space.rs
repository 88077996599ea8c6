//! Network namespaces of our own, with programs, threads and cables in them. What is in one sees nothing of the
//! machine's network, and nobody there sees it.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// How many were made; names tell them apart.
static MADE: AtomicUsize = AtomicUsize::new(0);

/// Whether namespaces and links may be made here; says why not.
pub fn may_make_networks() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let bits = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let bits = bits.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or(0);
    // CAP_NET_ADMIN and CAP_SYS_ADMIN.
    let may = bits >> 12 & 1 == 1 && bits >> 21 & 1 == 1;
    if !may {
        eprintln!("skipped: no right to make network namespaces (root has it, in a container only if it is given)");
    }
    may
}

/// A network namespace; gone when dropped.
pub struct Space {
    name: String,
}

impl Space {
    /// An empty one, but for `lo`.
    pub fn new(side: &str) -> Self {
        let made = MADE.fetch_add(1, Ordering::Relaxed);
        let space = Self { name: format!("tuiphone-{}-{made}-{side}", std::process::id()) };
        ip(&format!("netns add {}", space.name));
        space.ip("link set lo up");
        space
    }

    /// What `ip netns` calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `ip ARGUMENTS` in it.
    pub fn ip(&self, arguments: &str) {
        ip(&format!("-n {} {arguments}", self.name));
    }

    /// A cable from this device to that one of another, both up.
    pub fn cable(&self, device: &str, other: &Space, far_device: &str) {
        ip(&format!("link add {device} netns {} type veth peer name {far_device} netns {}", self.name, other.name));
        self.ip(&format!("link set {device} up"));
        other.ip(&format!("link set {far_device} up"));
    }

    /// A program that is to run in it.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name]).arg(program);
        command
    }

    /// A thread in it.
    pub fn spawn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        let space = File::open(format!("/run/netns/{}", self.name)).unwrap();
        std::thread::spawn(move || {
            move_into_link_name_space(space.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            work()
        })
    }

    /// Sets one of the kernel's values of this network, by its path under `/proc/sys/net`.
    pub fn set(&self, name: &str, value: &'static str) {
        let path = format!("/proc/sys/net/{name}");
        let write = self.spawn(move || std::fs::write(&path, value).map_err(|e| format!("{path}: {e}")));
        write.join().unwrap().unwrap();
    }

    /// Takes these rules on, in the words of `nft`.
    pub fn rule(&self, rules: &str) {
        let mut nft =
            self.command("nft").args(["-f", "-"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        nft.stdin.take().expect("piped").write_all(rules.as_bytes()).unwrap();
        let output = nft.wait_with_output().unwrap();
        assert!(output.status.success(), "{rules}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "delete", &self.name]).status();
    }
}

fn ip(arguments: &str) {
    let output = Command::new("ip").args(arguments.split(' ')).output().unwrap();
    assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}
