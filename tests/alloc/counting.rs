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
