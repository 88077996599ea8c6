//! libasound, taken in when sound is first asked for: the phone starts without it, and a face of it never maps it. The
//! functions cpal calls are defined here and jump to the library's once it is there; the linker then has no need of it.

#![allow(unsafe_code, reason = "functions of a library found at run time")]

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
use std::ffi::c_void;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

const NAME: &str = "libasound.so.2";

/// What to do about a library that is missing.
pub const WANTED: &str = "libasound.so.2 is not installed; Debian has it in libasound2, others in alsa-lib";

/// True once the library is here with all that cpal calls: nothing of cpal's ALSA may be touched before.
pub fn is_here() -> bool {
    static HERE: OnceLock<bool> = OnceLock::new();
    *HERE.get_or_init(|| taken_in().is_some())
}

fn taken_in() -> Option<()> {
    // SAFETY: libasound's constructors touch nothing of ours. Its plug-ins look for its symbols among the global ones.
    let library = unsafe { Library::open(Some(NAME), RTLD_NOW | RTLD_GLOBAL) }.ok()?;
    for (name, place) in FUNCTIONS {
        // SAFETY: only the address is taken; the jump below has no type, and cpal's callers have the header's.
        let function = unsafe { library.get::<*mut c_void>(name.as_bytes()) }.ok()?;
        place.store(*function, Ordering::Release);
    }
    // Its threads and handlers live as long as the program.
    std::mem::forget(library);
    Some(())
}

/// Every function, under its own name: a jump to wherever it was found.
macro_rules! functions {
    ($($name:ident)*) => {
        #[allow(non_upper_case_globals, reason = "the names are the library's")]
        mod place {
            use super::{AtomicPtr, c_void};
            $(pub(super) static $name: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());)*
        }

        const FUNCTIONS: &[(&str, &AtomicPtr<c_void>)] =
            &[$((concat!(stringify!($name), "\0"), &place::$name)),*];

        $(std::arch::global_asm!(
            concat!(".globl ", stringify!($name)),
            concat!(".hidden ", stringify!($name)),
            concat!(".type ", stringify!($name), ", @function"),
            concat!(stringify!($name), ":"),
            "endbr64",
            "jmp qword ptr [rip + {place}]",
            place = sym place::$name,
        );)*
    };
}

functions! {
    snd_card_next snd_config_update snd_config_update_free_global snd_ctl_card_info snd_ctl_card_info_free
    snd_ctl_card_info_get_name snd_ctl_card_info_malloc snd_ctl_close snd_ctl_open snd_ctl_pcm_info
    snd_ctl_pcm_next_device snd_device_name_free_hint snd_device_name_get_hint snd_device_name_hint
    snd_pcm_avail_delay snd_pcm_bytes_to_frames snd_pcm_close snd_pcm_format_physical_width snd_pcm_get_params
    snd_pcm_hw_params snd_pcm_hw_params_any snd_pcm_hw_params_can_resume snd_pcm_hw_params_copy
    snd_pcm_hw_params_current snd_pcm_hw_params_free snd_pcm_hw_params_get_buffer_size_max
    snd_pcm_hw_params_get_channels_max snd_pcm_hw_params_get_channels_min snd_pcm_hw_params_get_period_size
    snd_pcm_hw_params_get_period_size_max snd_pcm_hw_params_get_period_size_min snd_pcm_hw_params_get_rate_max
    snd_pcm_hw_params_get_rate_min snd_pcm_hw_params_malloc snd_pcm_hw_params_set_access
    snd_pcm_hw_params_set_buffer_size_near snd_pcm_hw_params_set_channels snd_pcm_hw_params_set_format
    snd_pcm_hw_params_set_period_size_near snd_pcm_hw_params_set_rate snd_pcm_hw_params_supports_audio_ts_type
    snd_pcm_hw_params_test_channels snd_pcm_hw_params_test_format snd_pcm_hw_params_test_rate snd_pcm_info
    snd_pcm_info_free snd_pcm_info_get_name snd_pcm_info_get_stream snd_pcm_info_malloc snd_pcm_info_set_device
    snd_pcm_info_set_stream snd_pcm_info_set_subdevice snd_pcm_open snd_pcm_pause snd_pcm_poll_descriptors
    snd_pcm_poll_descriptors_count snd_pcm_poll_descriptors_revents snd_pcm_prepare snd_pcm_readi snd_pcm_resume
    snd_pcm_start snd_pcm_state snd_pcm_status snd_pcm_status_get_audio_htstamp snd_pcm_status_get_htstamp
    snd_pcm_status_get_state snd_pcm_status_get_trigger_htstamp snd_pcm_status_set_audio_htstamp_config
    snd_pcm_status_sizeof snd_pcm_sw_params snd_pcm_sw_params_current snd_pcm_sw_params_free snd_pcm_sw_params_malloc
    snd_pcm_sw_params_set_avail_min snd_pcm_sw_params_set_start_threshold snd_pcm_sw_params_set_tstamp_mode
    snd_pcm_sw_params_set_tstamp_type snd_pcm_writei
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" {
        fn snd_card_next(card: *mut i32) -> i32;
    }

    #[test]
    fn a_call_arrives_in_the_library() {
        if !is_here() {
            assert!(std::env::var_os("CI").is_none(), "{WANTED}");
            println!("skipped: {WANTED}");
            return;
        }
        let mut card = -1;
        // SAFETY: as asoundlib.h has it: the next card's index after this one, -1 for none.
        assert_eq!(unsafe { snd_card_next(&raw mut card) }, 0);
        assert!(card >= -1);
    }
}
