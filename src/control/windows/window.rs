//! MicroSIP's window: nobody sees it, other programs find it by its class and send it messages.
//!
//! A thread of its own turns the messages into requests; a task in the phone's runtime carries them out.

use super::dde::Server;
use super::post::Post;
use crate::control::link::Link;
use crate::control::messages::{self, CLASSES};
use crate::control::spelling::Line;
use crate::control::{json, spelling};
use crate::engine::handle::Handle;
use serde_json::Value;
use std::cell::RefCell;
use std::io;
use std::ptr::{null, null_mut};
use std::sync::mpsc as sync;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use widestring::U16CString;
use windows_sys::Win32::Foundation::{HINSTANCE, HWND, LPARAM, LRESULT, WPARAM};
use windows_sys::Win32::System::DataExchange::COPYDATASTRUCT;
use windows_sys::Win32::System::LibraryLoader::GetModuleHandleW;
use windows_sys::Win32::System::Threading::GetCurrentThreadId;
use windows_sys::Win32::UI::WindowsAndMessaging::{
    CreateWindowExW, DefWindowProcW, DispatchMessageW, GetMessageW, MSG, PostThreadMessageW, RegisterClassW, WM_CLOSE,
    WM_COMMAND, WM_COPYDATA, WM_ENDSESSION, WM_QUIT, WNDCLASSW, WS_EX_NOACTIVATE, WS_EX_TOOLWINDOW, WS_POPUP,
};

/// Requests that wait or are being carried out, each.
const MOST: usize = 64;
/// How long a program that waits for an outcome is kept waiting; Windows takes it for hung at five seconds.
const PATIENCE: Duration = Duration::from_secs(4);
/// How long the thread may take to make its windows.
const START_PATIENCE: Duration = Duration::from_secs(10);

thread_local! {
    /// Where the requests of the thread's windows go.
    static DESK: RefCell<Option<Desk>> = const { RefCell::new(None) };
}

/// The window and the DDE server of a phone, and what it tells others' windows; gone when dropped.
#[derive(Debug)]
pub struct Messages {
    thread: u32,
    task: JoinHandle<()>,
    _post: Post,
}

impl Messages {
    /// Makes them; needs the runtime, which goes on meanwhile.
    ///
    /// # Errors
    /// The system has no window for us, as for a service without a desktop.
    pub async fn open(handle: Handle, title: &str) -> io::Result<Messages> {
        let (asks, waiting) = mpsc::channel(MOST);
        let (ready, started) = oneshot::channel();
        let title = wide(title)?;
        std::thread::Builder::new().name("messages".to_owned()).spawn(move || run(&title, Desk { asks }, ready))?;
        let late = |_| io::Error::new(io::ErrorKind::TimedOut, "the window does not come up");
        let ended = |_| io::Error::other("the thread of the window has ended");
        let started = tokio::time::timeout(START_PATIENCE, started).await.map_err(late)?;
        let Windows { thread, first } = started.map_err(ended)??;
        let post = Post::open(handle.events(), first)?;
        Ok(Messages { thread, task: tokio::spawn(carry_out(waiting, Link::Local(handle))), _post: post })
    }
}

impl Drop for Messages {
    fn drop(&mut self) {
        self.task.abort();
        // SAFETY: takes plain numbers; a thread that is gone is no harm.
        unsafe { PostThreadMessageW(self.thread, WM_QUIT, 0, 0) };
    }
}

/// A request on its way to the phone.
struct Ask {
    line: Line,
    /// Whoever waits for the reply.
    reply: Option<sync::SyncSender<Value>>,
}

/// What became of a request.
pub(super) enum Answer {
    /// The phone has replied.
    Said(Value),
    /// It is on its way.
    Taken,
    /// There is no room for it, or no phone any more.
    Lost,
}

/// The way from the thread of the windows to the phone.
struct Desk {
    asks: mpsc::Sender<Ask>,
}

impl Desk {
    fn ask(&self, line: Line, waits: bool) -> Answer {
        if let Err(why) = &line.request {
            return Answer::Said(json::reply(&line, Err(why.clone())));
        }
        let (reply, replied) = sync::sync_channel(1);
        if self.asks.try_send(Ask { line, reply: waits.then_some(reply) }).is_err() {
            return Answer::Lost;
        }
        if !waits {
            return Answer::Taken;
        }
        match replied.recv_timeout(PATIENCE) {
            Ok(reply) => Answer::Said(reply),
            Err(sync::RecvTimeoutError::Timeout) => Answer::Taken,
            Err(sync::RecvTimeoutError::Disconnected) => Answer::Lost,
        }
    }
}

/// Asks the phone, from the thread of the windows.
pub(super) fn ask(line: Line, waits: bool) -> Answer {
    DESK.with_borrow(|desk| desk.as_ref().map_or(Answer::Lost, |desk| desk.ask(line, waits)))
}

/// Carries requests out in the order they begin; one that takes long holds up no other.
async fn carry_out(mut asks: mpsc::Receiver<Ask>, link: Link) {
    let mut running = JoinSet::new();
    while let Some(Ask { line, reply }) = asks.recv().await {
        while running.try_join_next().is_some() {}
        if running.len() >= MOST {
            running.join_next().await;
        }
        let link = link.clone();
        running.spawn(async move {
            let result = match &line.request {
                Ok(request) => link.fields(request).await,
                Err(why) => Err(why.clone()),
            };
            if let Some(waits) = reply {
                let _ = waits.try_send(json::reply(&line, result));
            }
        });
    }
}

/// What the thread of the windows has made.
struct Windows {
    thread: u32,
    /// The window of MicroSIP's class.
    first: usize,
}

/// The thread of the windows: makes them, and turns their messages into requests until it is told to quit.
fn run(title: &U16CString, desk: Desk, ready: oneshot::Sender<io::Result<Windows>>) {
    DESK.set(Some(desk));
    let first = match make(title) {
        Ok(first) => first as usize,
        Err(why) => {
            let _ = ready.send(Err(why));
            return;
        }
    };
    // What speaks DDE is rare: a system without it is no reason to do without the window.
    let server = Server::open();
    // SAFETY: takes nothing.
    let thread = unsafe { GetCurrentThreadId() };
    // Nobody waits any more: windows that answer nothing would hide those of another phone.
    if ready.send(Ok(Windows { thread, first })).is_err() {
        return;
    }
    let mut message = MSG::default();
    // SAFETY: the message is ours; of all windows of this thread.
    while unsafe { GetMessageW(&raw mut message, null_mut(), 0, 0) } > 0 {
        // SAFETY: it was just filled in.
        unsafe { DispatchMessageW(&raw const message) };
    }
    drop(server);
}

/// One window of each class; the first of them. They go with the thread.
fn make(title: &U16CString) -> io::Result<HWND> {
    // SAFETY: null asks for this program's own module.
    let module: HINSTANCE = unsafe { GetModuleHandleW(null()) };
    let mut first: HWND = null_mut();
    for class in CLASSES {
        let class = wide(class)?;
        let about = WNDCLASSW {
            lpfnWndProc: Some(received),
            hInstance: module,
            lpszClassName: class.as_ptr(),
            ..WNDCLASSW::default()
        };
        // SAFETY: the name ends with a NUL and lives until after both calls; everything left out may be null. Why no look
        // at the first one's outcome: a class that is known already is ours.
        let window = unsafe {
            RegisterClassW(&raw const about);
            CreateWindowExW(
                WS_EX_TOOLWINDOW | WS_EX_NOACTIVATE,
                class.as_ptr(),
                title.as_ptr(),
                WS_POPUP,
                0,
                0,
                0,
                0,
                null_mut(),
                null_mut(),
                module,
                null(),
            )
        };
        if window.is_null() {
            return Err(io::Error::last_os_error());
        }
        if first.is_null() {
            first = window;
        }
    }
    Ok(first)
}

/// A message to one of the windows; its answer is 1 if the phone did what it was asked.
unsafe extern "system" fn received(window: HWND, message: u32, wide: WPARAM, long: LPARAM) -> LRESULT {
    match message {
        WM_COPYDATA => {
            // SAFETY: with this message, Windows gives a COPYDATASTRUCT that is valid until we return, or nothing.
            let Some(data) = (unsafe { (long as *const COPYDATASTRUCT).as_ref() }) else { return 0 };
            let length = if data.lpData.is_null() { 0 } else { data.cbData as usize };
            // SAFETY: so many bytes lie there, as Windows has copied them.
            let bytes =
                if length == 0 { &[] } else { unsafe { std::slice::from_raw_parts(data.lpData.cast::<u8>(), length) } };
            messages::copied(data.dwData, bytes).map_or(0, |copied| done(&ask(copied.line, copied.waits)))
        }
        // The high half tells a control from a menu, the low one which.
        WM_COMMAND => done(&ask(messages::pressed((wide & 0xffff) as u16), true)),
        // Whoever ends programs without force, and the end of the session.
        WM_CLOSE => done(&ask(spelling::parse("exit"), true)),
        WM_ENDSESSION if wide != 0 => done(&ask(spelling::parse("exit"), true)),
        // SAFETY: the very arguments we were given.
        _ => unsafe { DefWindowProcW(window, message, wide, long) },
    }
}

fn done(answer: &Answer) -> LRESULT {
    match answer {
        Answer::Said(reply) => LRESULT::from(reply.get("ok").and_then(Value::as_bool).unwrap_or(false)),
        Answer::Taken => 1,
        Answer::Lost => 0,
    }
}

fn wide(text: &str) -> io::Result<U16CString> {
    U16CString::from_str(text).map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a NUL in a name"))
}
