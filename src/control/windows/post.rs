//! Tells windows of other programs what lines `On…=SendMessage,…` say.
//!
//! A thread of its own does it: one that hangs is waited for, and not by the phone.

use crate::control::notice::{Message, Notice, notice};
use crate::ua::event::Event;
use std::io;
use std::ptr::{null, null_mut};
use std::sync::Arc;
use std::sync::mpsc as sync;
use std::time::{Duration, Instant};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use widestring::U16CString;
use windows_sys::Win32::Foundation::HWND;
use windows_sys::Win32::System::DataExchange::COPYDATASTRUCT;
use windows_sys::Win32::UI::WindowsAndMessaging::{
    FindWindowExW, HWND_MESSAGE, PostMessageW, RegisterWindowMessageW, SMTO_ABORTIFHUNG, SMTO_NORMAL,
    SendMessageTimeoutW, WM_COPYDATA,
};

/// Notices that wait; more are dropped.
const MOST: usize = 64;
/// Windows that one notice goes to.
const MOST_WINDOWS: usize = 16;
/// How long a window may take for its text, and all of one notice together.
const PATIENCE: Duration = Duration::from_secs(1);
const WHOLE_PATIENCE: Duration = Duration::from_secs(3);

/// What is told from now on; no more once it is dropped.
#[derive(Debug)]
pub(super) struct Post(JoinHandle<()>);

impl Post {
    /// Begins; needs the runtime. `ours` is the window that others may answer to.
    ///
    /// # Errors
    /// The system has no thread for us.
    pub fn open(events: broadcast::Receiver<Arc<Event>>, ours: usize) -> io::Result<Post> {
        let (notices, waiting) = sync::sync_channel(MOST);
        std::thread::Builder::new().name("post".to_owned()).spawn(move || {
            for notice in waiting {
                deliver(&notice, ours);
            }
        })?;
        Ok(Post(tokio::spawn(pass_on(events, notices))))
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn pass_on(mut events: broadcast::Receiver<Arc<Event>>, notices: sync::SyncSender<Notice>) {
    loop {
        match events.recv().await {
            Ok(event) => {
                if let Some(notice) = notice(&event) {
                    // A window that hangs loses what it has no room for.
                    let _ = notices.try_send(notice);
                }
            }
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

/// To every window of the name: the text first, so that it is there when the message comes.
#[allow(clippy::disallowed_methods, reason = "it bounds how long windows of others are waited for")]
fn deliver(notice: &Notice, ours: usize) {
    let Ok(name) = U16CString::from_str(&notice.target) else { return };
    let message = notice.message.as_ref().map_or(0, number);
    let text: Vec<u16> = notice.text.encode_utf16().chain([0]).collect();
    let data = COPYDATASTRUCT {
        dwData: message as usize,
        cbData: u32::try_from(size_of_val(text.as_slice())).unwrap_or_default(),
        lpData: text.as_ptr().cast_mut().cast(),
    };
    let [wide, long] = notice.numbers;
    let began = Instant::now();
    for window in windows(&name) {
        let left = WHOLE_PATIENCE.saturating_sub(began.elapsed()).min(PATIENCE);
        if !left.is_zero() {
            let left_ms = u32::try_from(left.as_millis()).unwrap_or_default();
            // SAFETY: the system copies the text before it returns; a window that is gone is no harm; the answer is not
            // asked for.
            unsafe {
                SendMessageTimeoutW(
                    window,
                    WM_COPYDATA,
                    ours,
                    &raw const data as isize,
                    SMTO_NORMAL | SMTO_ABORTIFHUNG,
                    left_ms,
                    null_mut(),
                )
            };
        }
        if message != 0 {
            // SAFETY: takes plain numbers, and does not wait.
            unsafe { PostMessageW(window, message, wide as usize, long.cast_signed() as isize) };
        }
    }
}

/// Its number; 0 = the system has none left for a name.
fn number(message: &Message) -> u32 {
    match message {
        Message::Number(number) => *number,
        Message::Named(name) => {
            let Ok(name) = U16CString::from_str(name) else { return 0 };
            // SAFETY: the name ends with a NUL.
            unsafe { RegisterWindowMessageW(name.as_ptr()) }
        }
    }
}

/// The windows with this class or title, those that nobody sees among them.
fn windows(name: &U16CString) -> Vec<HWND> {
    let mut found: Vec<HWND> = Vec::new();
    for (parent, by_class) in [(null_mut(), true), (null_mut(), false), (HWND_MESSAGE, true), (HWND_MESSAGE, false)] {
        let (class, title) = if by_class { (name.as_ptr(), null()) } else { (null(), name.as_ptr()) };
        let mut last: HWND = null_mut();
        for _ in 0..MOST_WINDOWS {
            // SAFETY: the name ends with a NUL; one that went meanwhile ends the search.
            last = unsafe { FindWindowExW(parent, last, class, title) };
            if last.is_null() {
                break;
            }
            if !found.contains(&last) {
                found.push(last);
            }
        }
    }
    found.truncate(MOST_WINDOWS);
    found
}
