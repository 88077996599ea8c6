//! The DDE server `MicroSIP|control`: `[Dial(600)]` is executed, `Status` is asked for.

use super::window::{Answer, ask};
use crate::control::messages::{self, SERVICE, TOPIC};
use serde_json::Value;
use std::cell::Cell;
use std::ptr::{null_mut, without_provenance_mut};
use widestring::{U16CStr, U16CString};
use windows_sys::Win32::System::DataExchange::{
    CBF_FAIL_ADVISES, CBF_FAIL_POKES, CBF_SKIP_ALLNOTIFICATIONS, DDE_FACK, DNS_REGISTER, DdeCreateDataHandle,
    DdeCreateStringHandleW, DdeGetData, DdeInitializeW, DdeNameService, DdeQueryStringW, DdeUninitialize, HCONV,
    HDDEDATA, HSZ, XTYP_CONNECT, XTYP_EXECUTE, XTYP_REQUEST,
};

/// Strings are UTF-16.
const CP_WINUNICODE: i32 = 1200;
/// Forms of a value: of the clipboard, text in 8 and in 16 bits a unit.
const CF_TEXT: u32 = 1;
const CF_UNICODETEXT: u32 = 13;
/// Longest string of DDE, in units; longer ones do not exist.
const LONGEST: usize = 256;
/// More bytes than a request may have: read no further.
const ROOM: usize = crate::control::spelling::MAX_LINE + 1;

thread_local! {
    /// The thread's instance of DDEML.
    static INSTANCE: Cell<u32> = const { Cell::new(0) };
}

/// The server; gone when dropped. It lives on the thread that made it.
pub(super) struct Server(u32);

impl Server {
    /// Registers the service; `None` where the system has no DDE.
    pub fn open() -> Option<Server> {
        let name = U16CString::from_str(SERVICE).ok()?;
        let mut instance = 0;
        let wishes = CBF_FAIL_ADVISES | CBF_FAIL_POKES | CBF_SKIP_ALLNOTIFICATIONS;
        // SAFETY: the number is ours; the callback is a function, and there for ever.
        if unsafe { DdeInitializeW(&raw mut instance, Some(transaction), wishes, 0) } != 0 {
            return None;
        }
        let server = Server(instance);
        INSTANCE.set(instance);
        // SAFETY: the instance is a live one, the name ends with a NUL.
        let registered = unsafe {
            let service = DdeCreateStringHandleW(instance, name.as_ptr(), CP_WINUNICODE);
            DdeNameService(instance, service, null_mut(), DNS_REGISTER)
        };
        (!registered.is_null()).then_some(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SAFETY: a live instance of this thread; its service and strings go with it.
        unsafe { DdeUninitialize(self.0) };
    }
}

/// What a client wants: a conversation, something done, something told.
unsafe extern "system" fn transaction(
    kind: u32,
    format: u32,
    _: HCONV,
    first: HSZ,
    second: HSZ,
    data: HDDEDATA,
    _: usize,
    _: usize,
) -> HDDEDATA {
    let yes = without_provenance_mut(1);
    match kind {
        XTYP_CONNECT if is(first, TOPIC) && is(second, SERVICE) => yes,
        XTYP_EXECUTE => match ask(messages::executed(&bytes(data)), true) {
            Answer::Said(reply) if reply.get("ok").and_then(Value::as_bool) != Some(true) => null_mut(),
            Answer::Lost => null_mut(),
            _ => without_provenance_mut(DDE_FACK as usize),
        },
        XTYP_REQUEST => text(second).map_or(null_mut(), |item| told(&item, second, format)),
        _ => null_mut(),
    }
}

/// The value of an item, in the form that is asked for.
fn told(item: &str, name: HSZ, format: u32) -> HDDEDATA {
    let Answer::Said(reply) = ask(messages::requested(item), true) else { return null_mut() };
    let value = messages::value(item, &reply);
    let bytes: Vec<u8> = match format {
        CF_TEXT => value.bytes().chain([0]).collect(),
        CF_UNICODETEXT => value.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect(),
        _ => return null_mut(),
    };
    let length = u32::try_from(bytes.len()).unwrap_or_default();
    // SAFETY: so many bytes lie there, and are copied before it returns; the name is the client's.
    unsafe { DdeCreateDataHandle(INSTANCE.get(), bytes.as_ptr(), length, 0, name, format, 0) }
}

fn is(name: HSZ, wanted: &str) -> bool {
    text(name).is_some_and(|text| text.eq_ignore_ascii_case(wanted))
}

/// A string of DDE.
fn text(name: HSZ) -> Option<String> {
    let mut room = [0_u16; LONGEST];
    let length = u32::try_from(room.len()).unwrap_or_default();
    // SAFETY: the room is as long as is said, and the system ends what it writes with a NUL.
    unsafe { DdeQueryStringW(INSTANCE.get(), name, room.as_mut_ptr(), length, CP_WINUNICODE) };
    U16CStr::from_slice_truncate(&room).ok().map(U16CStr::to_string_lossy)
}

/// What a client sent, as far as it is read.
fn bytes(data: HDDEDATA) -> Vec<u8> {
    // SAFETY: null asks for the length alone.
    let length = unsafe { DdeGetData(data, null_mut(), 0, 0) };
    let mut room = vec![0; ROOM.min(length as usize)];
    let most = u32::try_from(room.len()).unwrap_or_default();
    // SAFETY: the room is as long as is said.
    let taken = unsafe { DdeGetData(data, room.as_mut_ptr(), most, 0) };
    room.truncate(taken as usize);
    room
}
