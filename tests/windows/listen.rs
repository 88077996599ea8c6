//! A window as another program has one: it prints what it is sent.

use std::cell::Cell;
use std::process::ExitCode;
use std::ptr::{null, null_mut};
use std::time::Duration;
use windows_sys::Win32::Foundation::{HWND, LPARAM, LRESULT, WPARAM};
use windows_sys::Win32::System::DataExchange::COPYDATASTRUCT;
use windows_sys::Win32::System::LibraryLoader::GetModuleHandleW;
use windows_sys::Win32::UI::WindowsAndMessaging::{
    CreateWindowExW, DefWindowProcW, DispatchMessageW, GetMessageW, MSG, PostQuitMessage, RegisterClassW,
    RegisterWindowMessageW, SetTimer, WM_COPYDATA, WM_TIMER, WM_USER, WNDCLASSW, WS_POPUP,
};

/// How long one that hangs does so.
const HANGS: Duration = Duration::from_secs(30);

thread_local! {
    static CAME: Cell<u32> = const { Cell::new(0) };
    static HANGING: Cell<bool> = const { Cell::new(false) };
    static NAMED: Cell<u32> = const { Cell::new(0) };
}

/// Listens for so long; 0 if something came, else 1. `named`: a message that is known by its name alone.
pub fn listen(class: &str, title: &str, seconds: u32, hangs: bool, named: &str) -> ExitCode {
    HANGING.set(hangs);
    let (class, title, named) = (crate::windows::wide(class), crate::windows::wide(title), crate::windows::wide(named));
    unsafe {
        NAMED.set(RegisterWindowMessageW(named.as_ptr()));
        let module = GetModuleHandleW(null());
        let about = WNDCLASSW {
            lpfnWndProc: Some(received),
            hInstance: module,
            lpszClassName: class.as_ptr(),
            ..WNDCLASSW::default()
        };
        RegisterClassW(&raw const about);
        let (class, title) = (class.as_ptr(), title.as_ptr());
        let window = CreateWindowExW(0, class, title, WS_POPUP, 0, 0, 0, 0, null_mut(), null_mut(), module, null());
        if window.is_null() {
            println!("no window: {}", std::io::Error::last_os_error());
            return ExitCode::from(2);
        }
        SetTimer(window, 1, seconds * 1000, None);
        println!("listening");
        let mut message = MSG::default();
        while GetMessageW(&raw mut message, null_mut(), 0, 0) > 0 {
            DispatchMessageW(&raw const message);
        }
    }
    ExitCode::from(u8::from(CAME.get() == 0))
}

unsafe extern "system" fn received(window: HWND, message: u32, wide: WPARAM, long: LPARAM) -> LRESULT {
    match message {
        WM_COPYDATA => {
            let data = unsafe { &*(long as *const COPYDATASTRUCT) };
            let units = unsafe { std::slice::from_raw_parts(data.lpData.cast::<u16>(), data.cbData as usize / 2) };
            let text = String::from_utf16_lossy(units);
            println!("copy {} {:?} from a window: {}", data.dwData, text.trim_end_matches('\0'), wide != 0);
            CAME.set(CAME.get() + 1);
            if HANGING.get() {
                std::thread::sleep(HANGS);
            }
            1
        }
        WM_TIMER => {
            unsafe { PostQuitMessage(0) };
            0
        }
        message if message == NAMED.get() => {
            println!("named {wide} {long}");
            0
        }
        WM_USER.. => {
            println!("message {message} {wide} {long}");
            CAME.set(CAME.get() + 1);
            0
        }
        _ => unsafe { DefWindowProcW(window, message, wide, long) },
    }
}
