//! Who may reach a phone and its files: the person it runs for.

use interprocess::os::windows::security_descriptor::SecurityDescriptor;
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::Path;
use std::ptr::{null, null_mut};
use widestring::{U16CStr, U16CString};
use windows_sys::Win32::Foundation::{ERROR_ALREADY_EXISTS, ERROR_SUCCESS, HANDLE, LocalFree};
use windows_sys::Win32::Security::Authorization::{
    ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW, GetNamedSecurityInfoW,
    SDDL_REVISION_1, SE_FILE_OBJECT, SetNamedSecurityInfoW,
};
use windows_sys::Win32::Security::{
    ACL, DACL_SECURITY_INFORMATION, GetSecurityDescriptorControl, GetSecurityDescriptorDacl, GetTokenInformation,
    PROTECTED_DACL_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, SE_DACL_PROTECTED, SECURITY_ATTRIBUTES, TOKEN_QUERY,
    TOKEN_USER, TokenUser,
};
use windows_sys::Win32::Storage::FileSystem::CreateDirectoryW;
use windows_sys::Win32::System::Threading::{
    GetCurrentProcess, OpenProcess, OpenProcessToken, PROCESS_QUERY_LIMITED_INFORMATION,
};

/// The rights of a pipe that is this user's alone.
///
/// # Errors
/// The system does not tell who that is.
pub fn of_pipe() -> io::Result<SecurityDescriptor> {
    SecurityDescriptor::deserialize(&wide(&format!("D:P(A;;GA;;;{})", user()?))?)
}

/// True if a process runs for this user.
///
/// # Errors
/// The system does not tell: it is gone, or somebody else's.
pub fn is_ours(process: u32) -> io::Result<bool> {
    // SAFETY: takes plain numbers.
    let opened = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, process) };
    if opened.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it was just opened, and is nobody else's.
    let opened = unsafe { OwnedHandle::from_raw_handle(opened) };
    Ok(user_of(opened.as_raw_handle())? == user()?)
}

/// Makes a folder that this user alone (and the system) may read, with all that comes into it. One that is there and
/// takes its rights from the folder it lies in is made so.
///
/// # Errors
/// The system's refusal.
pub fn own_folder(folder: &Path) -> io::Result<()> {
    if let Some(above) = folder.parent() {
        std::fs::create_dir_all(above)?;
    }
    let rights = Descriptor::parse(&format!("D:P(A;OICI;FA;;;{})(A;OICI;FA;;;SY)", user()?))?;
    let name = U16CString::from_vec(folder.as_os_str().encode_wide().collect::<Vec<u16>>())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a NUL in the name of a folder"))?;
    let attributes = SECURITY_ATTRIBUTES {
        nLength: u32::try_from(size_of::<SECURITY_ATTRIBUTES>()).unwrap_or_default(),
        lpSecurityDescriptor: rights.0,
        bInheritHandle: 0,
    };
    // SAFETY: the name ends with a NUL; the attributes and what they point at live until after the call.
    if unsafe { CreateDirectoryW(name.as_ptr(), &raw const attributes) } != 0 {
        return Ok(());
    }
    let why = io::Error::last_os_error();
    if why.raw_os_error() != i32::try_from(ERROR_ALREADY_EXISTS).ok() {
        return Err(why);
    }
    if is_protected(&name)? {
        return Ok(());
    }
    let what = DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION;
    // SAFETY: the name ends with a NUL, and the list lives as long as the descriptor that it is part of.
    let code = unsafe {
        SetNamedSecurityInfoW(name.as_ptr(), SE_FILE_OBJECT, what, null_mut(), null_mut(), rights.dacl()?, null())
    };
    succeeded(code)
}

/// True for a folder with rights of its own.
fn is_protected(name: &U16CStr) -> io::Result<bool> {
    let mut descriptor: PSECURITY_DESCRIPTOR = null_mut();
    // SAFETY: the name ends with a NUL; what is not asked for may be null.
    let code = unsafe {
        GetNamedSecurityInfoW(
            name.as_ptr(),
            SE_FILE_OBJECT,
            DACL_SECURITY_INFORMATION,
            null_mut(),
            null_mut(),
            null_mut(),
            null_mut(),
            &raw mut descriptor,
        )
    };
    succeeded(code)?;
    let descriptor = Descriptor(descriptor);
    let (mut control, mut revision) = (0, 0);
    // SAFETY: the descriptor is valid, both numbers are ours.
    match unsafe { GetSecurityDescriptorControl(descriptor.0, &raw mut control, &raw mut revision) } {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(control & SE_DACL_PROTECTED != 0),
    }
}

fn succeeded(code: u32) -> io::Result<()> {
    match code {
        ERROR_SUCCESS => Ok(()),
        code => Err(io::Error::from_raw_os_error(code.cast_signed())),
    }
}

/// A security descriptor that the system has allocated.
struct Descriptor(PSECURITY_DESCRIPTOR);

impl Descriptor {
    fn parse(text: &str) -> io::Result<Descriptor> {
        let (text, mut descriptor) = (wide(text)?, null_mut());
        // SAFETY: the text ends with a NUL; the length is not asked for.
        let done = unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &raw mut descriptor,
                null_mut(),
            )
        };
        if done == 0 { Err(io::Error::last_os_error()) } else { Ok(Descriptor(descriptor)) }
    }

    fn dacl(&self) -> io::Result<*mut ACL> {
        let (mut is_there, mut list, mut by_default) = (0, null_mut(), 0);
        // SAFETY: the descriptor is valid, and what is written to is ours.
        let done = unsafe { GetSecurityDescriptorDacl(self.0, &raw mut is_there, &raw mut list, &raw mut by_default) };
        if done == 0 { Err(io::Error::last_os_error()) } else { Ok(list) }
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: the system allocated it for us, and nobody else frees it.
        unsafe { LocalFree(self.0) };
    }
}

/// The SID of this user, as text.
fn user() -> io::Result<String> {
    // SAFETY: takes nothing; the handle it gives needs no closing.
    user_of(unsafe { GetCurrentProcess() })
}

/// The SID of the user a process runs for, as text.
fn user_of(process: HANDLE) -> io::Result<String> {
    let mut token: HANDLE = null_mut();
    // SAFETY: the process is open, the handle written to is ours.
    if unsafe { OpenProcessToken(process, TOKEN_QUERY, &raw mut token) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it was just opened, and is nobody else's.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    // Longer than a TOKEN_USER with the longest SID, and aligned for it.
    let mut room = [0_u64; 32];
    let (length, mut used) = (u32::try_from(size_of_val(&room)).unwrap_or_default(), 0);
    // SAFETY: the token is open, and the room is as long as is said.
    let done = unsafe {
        GetTokenInformation(token.as_raw_handle(), TokenUser, room.as_mut_ptr().cast(), length, &raw mut used)
    };
    if done == 0 {
        return Err(io::Error::last_os_error());
    }
    let mut text = null_mut();
    // SAFETY: the call above has put a TOKEN_USER there, whose SID lies behind it in the same room.
    let sid = unsafe { (*room.as_ptr().cast::<TOKEN_USER>()).User.Sid };
    // SAFETY: the SID is valid as long as the room is; the text is the system's, ended by a NUL, and freed once, here.
    unsafe {
        if ConvertSidToStringSidW(sid, &raw mut text) == 0 {
            return Err(io::Error::last_os_error());
        }
        let copy = U16CStr::from_ptr_str(text).to_string_lossy();
        LocalFree(text.cast());
        Ok(copy)
    }
}

fn wide(text: &str) -> io::Result<U16CString> {
    U16CString::from_str(text).map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a NUL in a text"))
}
