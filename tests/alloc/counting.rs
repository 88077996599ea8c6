//! The system's allocator, which writes down what one thread asks of it.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, Ordering};

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The thread that is watched; 0 = none.
static WATCHED: AtomicI32 = AtomicI32::new(0);
/// What it did, with where it did so.
static SEEN: Mutex<Vec<(&str, usize, Backtrace)>> = Mutex::new(Vec::new());
/// More than this tells nothing new.
const MOST: usize = 1_000;

thread_local! {
    /// Writing it down allocates too.
    static WRITING: Cell<bool> = const { Cell::new(false) };
    static TALLY: Cell<Option<Tally>> = const { Cell::new(None) };
}

/// What one piece of work asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Blocks, grown ones too.
    pub taken: u32,
    /// Blocks, grown ones too.
    pub given_back: u32,
    /// The largest, bytes.
    pub largest: usize,
}

#[cfg(feature = "apm")]
impl Tally {
    /// The worse of both.
    pub fn most(self, other: Tally) -> Tally {
        Tally {
            taken: self.taken.max(other.taken),
            given_back: self.given_back.max(other.given_back),
            largest: self.largest.max(other.largest),
        }
    }
}

/// Counts what this thread asks for in the course of the work.
pub fn tally(work: impl FnOnce()) -> Tally {
    TALLY.set(Some(Tally::default()));
    work();
    TALLY.take().unwrap_or_default()
}

/// Watches the thread of this number from now on.
pub fn watch(thread: i32) {
    WATCHED.store(thread, Ordering::SeqCst);
}

/// Ends the watch; what was seen, each place once with how often it was seen there.
pub fn seen() -> BTreeMap<String, usize> {
    WATCHED.store(0, Ordering::SeqCst);
    let seen = std::mem::take(&mut *SEEN.lock().unwrap());
    let mut places = BTreeMap::new();
    for (what, size, place) in seen {
        *places.entry(format!("{what} {size} bytes\n{}", frames(&place.to_string()))).or_default() += 1;
    }
    places
}

fn note(what: &'static str, size: usize) {
    if let Some(tally) = TALLY.get() {
        let (taken, given_back) = (u32::from(what != "freed"), u32::from(what != "allocated"));
        let largest = if taken > 0 { tally.largest.max(size) } else { tally.largest };
        TALLY.set(Some(Tally { taken: tally.taken + taken, given_back: tally.given_back + given_back, largest }));
    }
    let watched = WATCHED.load(Ordering::Relaxed);
    if watched == 0 || rustix::thread::gettid().as_raw_nonzero().get() != watched || WRITING.get() {
        return;
    }
    WRITING.set(true);
    let mut seen = SEEN.lock().unwrap();
    if seen.len() < MOST {
        seen.push((what, size, Backtrace::force_capture()));
    }
    drop(seen);
    WRITING.set(false);
}

/// Those of a backtrace that are ours.
fn frames(backtrace: &str) -> String {
    let lines = backtrace.lines().map(str::trim);
    let ours =
        lines.filter(|line| line.contains("tuiphone") && !line.starts_with("at ") && !line.contains("closure_env"));
    ours.take(8).collect::<Vec<_>>().join("\n")
}

// SAFETY: everything is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note("allocated", layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        note("freed", layout.size());
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note("reallocated", size);
        unsafe { System.realloc(pointer, layout, size) }
    }
}
