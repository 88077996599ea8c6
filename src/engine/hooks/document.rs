//! Which program opens a document on Windows.
#![cfg_attr(windows, allow(unsafe_code))]

/// The command that opens documents of this kind, as the system knows it, and where this one lies; `None` where there is
/// none.
#[cfg(windows)]
pub(super) fn opener(document: &str) -> Option<(String, String)> {
    use std::path::{Path, is_separator};
    use std::ptr::null;
    use widestring::{U16CStr, U16CString};
    use windows_sys::Win32::UI::Shell::{ASSOCF_NONE, ASSOCSTR_COMMAND, AssocQueryStringW};
    /// Longest command that is taken, in units.
    const LONGEST: usize = 2048;
    let place = if document.contains(is_separator) {
        document.to_owned()
    } else {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let mut places = std::env::split_paths(&folders).map(|folder| folder.join(document));
        places.find(|place| place.is_file())?.to_string_lossy().into_owned()
    };
    let ending = Path::new(document).extension()?.to_string_lossy().into_owned();
    let ending = U16CString::from_str(format!(".{ending}")).ok()?;
    let mut room = [0_u16; LONGEST];
    let mut length = u32::try_from(room.len()).unwrap_or_default();
    // SAFETY: the ending ends with a NUL; null stands for the usual verb; the room is as long as is said.
    let code = unsafe {
        AssocQueryStringW(ASSOCF_NONE, ASSOCSTR_COMMAND, ending.as_ptr(), null(), room.as_mut_ptr(), &raw mut length)
    };
    if code != 0 {
        return None;
    }
    let command = U16CStr::from_slice_truncate(&room).ok()?.to_string_lossy();
    Some((command, place))
}

/// There is none: elsewhere a document that is run says itself what reads it.
#[cfg(not(windows))]
pub(super) fn opener(_: &str) -> Option<(String, String)> {
    None
}
