//! The messages themselves.

use std::process::ExitCode;
use std::ptr::{null, null_mut};
use windows_sys::Win32::Foundation::{HWND, INVALID_HANDLE_VALUE, LocalFree};
use windows_sys::Win32::Security::Authorization::{
    ConvertSecurityDescriptorToStringSecurityDescriptorW, GetNamedSecurityInfoW, SDDL_REVISION_1, SE_FILE_OBJECT,
};
use windows_sys::Win32::Security::{DACL_SECURITY_INFORMATION, OWNER_SECURITY_INFORMATION};
use windows_sys::Win32::Storage::FileSystem::{
    CreateFileW, FILE_GENERIC_READ, FILE_GENERIC_WRITE, OPEN_EXISTING, PIPE_ACCESS_DUPLEX,
};
use windows_sys::Win32::System::DataExchange::{
    APPCMD_CLIENTONLY, COPYDATASTRUCT, DdeAccessData, DdeClientTransaction, DdeConnect, DdeCreateStringHandleW,
    DdeGetLastError, DdeInitializeW, HCONV, HDDEDATA, HSZ, XTYP_EXECUTE, XTYP_REQUEST,
};
use windows_sys::Win32::System::Pipes::{CreateNamedPipeW, PIPE_TYPE_BYTE};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    FindWindowW, SMTO_ABORTIFHUNG, SendMessageTimeoutW, WM_COMMAND, WM_COPYDATA,
};

const CP_WINUNICODE: i32 = 1200;
const CF_UNICODETEXT: u32 = 13;
const PATIENCE_MS: u32 = 10_000;

pub fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let class = option(&mut words, "--class").unwrap_or_else(|| "MicroSIP".to_owned());
    let title = option(&mut words, "--title");
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["copy", kind, text] => {
            let kind: usize = kind.parse().unwrap_or_default();
            let bytes = match kind {
                0 => text.as_bytes().to_vec(),
                _ => wide(text).iter().flat_map(|unit| unit.to_le_bytes()).collect(),
            };
            let data =
                COPYDATASTRUCT { dwData: kind, cbData: bytes.len() as u32, lpData: bytes.as_ptr().cast_mut().cast() };
            send(&class, title.as_deref(), WM_COPYDATA, 0, &raw const data as isize)
        }
        ["command", id] => send(&class, title.as_deref(), WM_COMMAND, id.parse().unwrap_or_default(), 0),
        ["execute", text] => dde(text, true),
        ["request", item] => dde(item, false),
        ["rights", path] => rights(path),
        ["full", pipe, seconds] => full(pipe, seconds.parse().unwrap_or(10)),
        ["listen", seconds, more @ ..] => {
            let named = more.iter().skip_while(|word| **word != "named").nth(1).unwrap_or(&"named");
            let title = title.unwrap_or_default();
            crate::listen::listen(&class, &title, seconds.parse().unwrap_or(10), more.contains(&"hang"), named)
        }
        ["arguments", arguments @ ..] => {
            arguments.iter().for_each(|argument| println!("{argument:?}"));
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!(
                "messages [--class NAME] [--title TEXT] copy KIND TEXT | command ID | execute TEXT | request ITEM | rights PATH | full PIPE SECONDS | listen SECONDS [hang] [named TEXT] | arguments …"
            );
            ExitCode::from(2)
        }
    }
}

fn option(words: &mut Vec<String>, name: &str) -> Option<String> {
    let at = words.iter().position(|word| word == name)?;
    words.remove(at);
    (at < words.len()).then(|| words.remove(at))
}

pub fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

fn send(class: &str, title: Option<&str>, message: u32, wide_value: usize, long_value: isize) -> ExitCode {
    let (class, title) = (wide(class), title.map(wide));
    let window: HWND = unsafe { FindWindowW(class.as_ptr(), title.as_ref().map_or(null(), |title| title.as_ptr())) };
    if window.is_null() {
        println!("no such window");
        return ExitCode::from(2);
    }
    let mut answer = 0;
    let sent = unsafe {
        SendMessageTimeoutW(window, message, wide_value, long_value, SMTO_ABORTIFHUNG, PATIENCE_MS, &raw mut answer)
    };
    if sent == 0 {
        println!("no answer: {}", std::io::Error::last_os_error());
        return ExitCode::from(2);
    }
    println!("answer {answer}");
    ExitCode::from(u8::from(answer == 0))
}

fn dde(text: &str, executes: bool) -> ExitCode {
    unsafe extern "system" fn nothing(
        _: u32,
        _: u32,
        _: HCONV,
        _: HSZ,
        _: HSZ,
        _: HDDEDATA,
        _: usize,
        _: usize,
    ) -> HDDEDATA {
        null_mut()
    }
    let mut instance = 0;
    unsafe {
        if DdeInitializeW(&raw mut instance, Some(nothing), APPCMD_CLIENTONLY, 0) != 0 {
            println!("no DDE");
            return ExitCode::from(2);
        }
        let handle = |text: &str| DdeCreateStringHandleW(instance, wide(text).as_ptr(), CP_WINUNICODE);
        let conversation = DdeConnect(instance, handle("MicroSIP"), handle("control"), null());
        if conversation.is_null() {
            println!("no DDE server MicroSIP|control: {:#x}", DdeGetLastError(instance));
            return ExitCode::from(2);
        }
        if executes {
            let text = wide(text);
            let (bytes, length) = (text.as_ptr().cast_mut().cast(), (text.len() * 2) as u32);
            let done =
                DdeClientTransaction(bytes, length, conversation, null_mut(), 0, XTYP_EXECUTE, PATIENCE_MS, null_mut());
            println!("{}", if done.is_null() { "not processed" } else { "processed" });
            return ExitCode::from(u8::from(done.is_null()));
        }
        let value = DdeClientTransaction(
            null_mut(),
            0,
            conversation,
            handle(text),
            CF_UNICODETEXT,
            XTYP_REQUEST,
            PATIENCE_MS,
            null_mut(),
        );
        if value.is_null() {
            println!("not told: {:#x}", DdeGetLastError(instance));
            return ExitCode::FAILURE;
        }
        let mut length = 0;
        let bytes = DdeAccessData(value, &raw mut length);
        let units = std::slice::from_raw_parts(bytes.cast::<u16>(), length as usize / 2);
        let units: Vec<u16> = units.iter().copied().take_while(|unit| *unit != 0).collect();
        println!("{}", String::from_utf16_lossy(&units));
        ExitCode::SUCCESS
    }
}

/// A pipe whose one end is taken, as that of a phone that hangs.
fn full(pipe: &str, seconds: u64) -> ExitCode {
    let name = wide(pipe);
    unsafe {
        let ours = CreateNamedPipeW(name.as_ptr(), PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1, 4096, 4096, 0, null());
        let access = FILE_GENERIC_READ | FILE_GENERIC_WRITE;
        let theirs = CreateFileW(name.as_ptr(), access, 0, null(), OPEN_EXISTING, 0, null_mut());
        if ours == INVALID_HANDLE_VALUE || theirs == INVALID_HANDLE_VALUE {
            println!("no pipe: {}", std::io::Error::last_os_error());
            return ExitCode::from(2);
        }
    }
    println!("full");
    std::thread::sleep(std::time::Duration::from_secs(seconds));
    ExitCode::SUCCESS
}

fn rights(path: &str) -> ExitCode {
    let path = wide(path);
    let what = DACL_SECURITY_INFORMATION | OWNER_SECURITY_INFORMATION;
    let (mut descriptor, mut text) = (null_mut(), null_mut());
    unsafe {
        let code = GetNamedSecurityInfoW(
            path.as_ptr(),
            SE_FILE_OBJECT,
            what,
            null_mut(),
            null_mut(),
            null_mut(),
            null_mut(),
            &raw mut descriptor,
        );
        if code != 0 {
            println!("not told: {}", std::io::Error::from_raw_os_error(code.cast_signed()));
            return ExitCode::FAILURE;
        }
        let done = ConvertSecurityDescriptorToStringSecurityDescriptorW(
            descriptor,
            SDDL_REVISION_1,
            what,
            &raw mut text,
            null_mut(),
        );
        if done == 0 {
            println!("not told: {}", std::io::Error::last_os_error());
            return ExitCode::FAILURE;
        }
        let length = (0..).take_while(|at| *text.add(*at) != 0).count();
        println!("{}", String::from_utf16_lossy(std::slice::from_raw_parts(text, length)));
        LocalFree(text.cast());
    }
    ExitCode::SUCCESS
}
