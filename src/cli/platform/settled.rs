//! Memory that a program no longer needs: what only its start took, what was freed, and pages of its file.

/// Sees to it that large blocks go back to the system as soon as they are freed, whichever thread had them. To be called
/// before there are threads.
#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
#[allow(unsafe_code)]
pub fn keep_large_blocks_apart() {
    /// Where glibc begins: it raises this with each large block that is freed, and keeps the next ones.
    const LARGE: std::ffi::c_int = 128 << 10;
    for what in [libc::M_MMAP_THRESHOLD, libc::M_TRIM_THRESHOLD] {
        // SAFETY: takes plain numbers.
        unsafe { libc::mallopt(what, LARGE) };
    }
}

/// See above.
#[cfg(not(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64")))]
pub fn keep_large_blocks_apart() {}

/// Gives both back to the system; what is needed once more is read again. To be called where nothing else is to be done.
#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
pub fn settle() {
    blocks::give_back();
    super::give_memory_back();
    pages::give_back();
}

/// See above.
#[cfg(not(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64")))]
pub fn settle() {}

#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
mod blocks {
    /// What glibc leaves a thread of what it has freed (tcache): so many blocks of each of these sizes. One block alone
    /// keeps its page, and after a thousand calls each lies on another.
    const OF_EACH: usize = 7;
    const SIZES: std::ops::RangeInclusive<usize> = 24..=1_032;
    const STEP: usize = 16;

    /// Gives back what this thread was left: takes it all, and has it freed by a thread that ends, which is left nothing.
    pub fn give_back() {
        let of_each = |size| std::iter::repeat_with(move || Vec::<u8>::with_capacity(size)).take(OF_EACH);
        let all: Vec<Vec<u8>> = SIZES.step_by(STEP).flat_map(of_each).collect();
        let other = std::thread::Builder::new().name("settle".into()).stack_size(64 << 10);
        if let Ok(other) = other.spawn(move || drop(all)) {
            let _ = other.join();
        }
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
#[allow(unsafe_code)]
mod pages {
    use std::ffi::{c_int, c_void};

    /// Entries of the dynamic section, and the flag among them, that say: there are relocations in what is not to be
    /// written (gABI, Dynamic Section).
    const DT_TEXTREL: u64 = 22;
    const DT_FLAGS: u64 = 30;
    const DF_TEXTREL: u64 = 4;

    /// Gives back every page of the program and its libraries that is as it stands in their files.
    pub fn give_back() {
        // SAFETY: the function keeps to the signature that is asked for, and needs no data.
        unsafe { libc::dl_iterate_phdr(Some(of_object), std::ptr::null_mut()) };
    }

    unsafe extern "C" fn of_object(object: *mut libc::dl_phdr_info, _: usize, _: *mut c_void) -> c_int {
        // SAFETY: the loader gives a valid object with this many headers, and keeps it during the call.
        let (base, headers) = unsafe {
            let object = &*object;
            if object.dlpi_phdr.is_null() {
                return 0;
            }
            (object.dlpi_addr, std::slice::from_raw_parts(object.dlpi_phdr, usize::from(object.dlpi_phnum)))
        };
        // SAFETY: the loader has mapped the dynamic section its own headers tell of.
        if headers.iter().any(|header| header.p_type == libc::PT_DYNAMIC && unsafe { is_relocated(base, header) }) {
            return 0;
        }
        for header in headers.iter().filter(|header| header.p_type == libc::PT_LOAD) {
            if let Some((start, length)) = whole_pages(base, header) {
                // SAFETY: these pages lie in one mapping of a file that nobody writes to, so they read the same again. An
                // error is no harm: they stay.
                unsafe { libc::madvise(std::ptr::with_exposed_provenance_mut(start), length, libc::MADV_DONTNEED) };
            }
        }
        0
    }

    /// The pages that lie in this segment from end to end; none of one that is written to.
    fn whole_pages(base: u64, header: &libc::Elf64_Phdr) -> Option<(usize, usize)> {
        // SAFETY: takes a plain number.
        let page = u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).ok().filter(|page| *page > 0)?;
        let start = base.checked_add(header.p_vaddr)?;
        let end = start.checked_add(header.p_filesz)? / page * page;
        let start = start.checked_next_multiple_of(page)?;
        let is_plain = header.p_flags & libc::PF_W == 0 && start < end;
        is_plain.then_some((usize::try_from(start).ok()?, usize::try_from(end - start).ok()?))
    }

    /// Whether the loader wrote into pages of this object that are not to be written.
    ///
    /// # Safety
    /// `header` is the mapped dynamic section of an object that lies at `base`.
    unsafe fn is_relocated(base: u64, header: &libc::Elf64_Phdr) -> bool {
        let count = header.p_memsz / 16;
        let Ok(at) = usize::try_from(base + header.p_vaddr) else { return true };
        let entries = std::ptr::with_exposed_provenance::<[u64; 2]>(at);
        let entry = |index: u64| {
            usize::try_from(index).map_or([0, 0], |index| {
                // SAFETY: it lies within the section, which is made of pairs of words.
                unsafe { *entries.add(index) }
            })
        };
        (0..count)
            .map(entry)
            .take_while(|[tag, _]| *tag != 0)
            .any(|[tag, value]| tag == DT_TEXTREL || tag == DT_FLAGS && value & DF_TEXTREL != 0)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        fn segment(flags: u32, address: u64, length: u64) -> libc::Elf64_Phdr {
            // SAFETY: plain numbers, for which zeros are valid.
            let mut header: libc::Elf64_Phdr = unsafe { std::mem::zeroed() };
            (header.p_type, header.p_flags, header.p_vaddr, header.p_filesz) = (libc::PT_LOAD, flags, address, length);
            header
        }

        #[test]
        fn only_whole_pages_that_nobody_writes() {
            let of = |flags, address, length| whole_pages(0x10000, &segment(flags, address, length));
            assert_eq!(of(libc::PF_R, 0, 0x2fff), Some((0x10000, 0x2000)));
            assert_eq!(of(libc::PF_R | libc::PF_X, 0x800, 0x2000), Some((0x11000, 0x1000)));
            assert_eq!(of(libc::PF_R, 0x800, 0x1000), None);
            assert_eq!(of(libc::PF_R | libc::PF_W, 0, 0x4000), None);
            assert_eq!(of(libc::PF_R, u64::MAX - 0x8000, 0x4000), None);
        }

        #[test]
        fn the_program_goes_on_and_has_less() {
            let resident = || {
                let text = std::fs::read_to_string("/proc/self/statm").unwrap();
                text.split_whitespace().nth(2).unwrap().parse::<usize>().unwrap()
            };
            let before = resident();
            give_back();
            let after = resident();
            assert!(after < before, "{after} pages of files after {before}");
        }
    }
}
