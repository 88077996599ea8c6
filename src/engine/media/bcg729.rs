//! G.729 out of libbcg729, if it is installed. The library is loaded, never linked: it is under the GPL, and who installs
//! it joins the two.

#![allow(unsafe_code, reason = "functions of a library found at run time")]

use crate::media::codec::g729::{DecodeFrame, EncodeFrame, FRAME_BYTES, Library, SAMPLES};
use libloading::Library as Shared;
use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::Arc;

/// Where it is found, on the systems that have it.
const NAMES: [&str; 3] = ["libbcg729.so.0", "libbcg729.0.dylib", "bcg729.dll"];

type NewEncoder = unsafe extern "C" fn(u8) -> *mut c_void;
type NewDecoder = unsafe extern "C" fn() -> *mut c_void;
type Close = unsafe extern "C" fn(*mut c_void);
type Encode = unsafe extern "C" fn(*mut c_void, *const i16, *mut u8, *mut u8);
type Decode = unsafe extern "C" fn(*mut c_void, *const u8, u8, u8, u8, u8, *mut i16);

/// The library and the functions of it that are used.
#[derive(Debug)]
struct Functions {
    new_encoder: NewEncoder,
    close_encoder: Close,
    encode: Encode,
    new_decoder: NewDecoder,
    close_decoder: Close,
    decode: Decode,
    /// Keeps the functions where they are.
    _library: Shared,
}

#[derive(Debug)]
struct Bcg729(Arc<Functions>);

/// The library, if it is here and new enough to know silence.
pub fn load() -> Option<Arc<dyn Library>> {
    // SAFETY: loading runs the library's constructors; this one has none.
    let library = NAMES.iter().find_map(|name| unsafe { Shared::new(name) }.ok())?;
    // SAFETY: the types are those of its header bcg729/encoder.h and decoder.h since 1.0.2, the first version with
    // `bcg729GetRFC3389Payload`; before, these functions had fewer arguments.
    let functions = unsafe {
        library.get::<*const c_void>(b"bcg729GetRFC3389Payload\0").ok()?;
        Functions {
            new_encoder: *library.get::<NewEncoder>(b"initBcg729EncoderChannel\0").ok()?,
            close_encoder: *library.get::<Close>(b"closeBcg729EncoderChannel\0").ok()?,
            encode: *library.get::<Encode>(b"bcg729Encoder\0").ok()?,
            new_decoder: *library.get::<NewDecoder>(b"initBcg729DecoderChannel\0").ok()?,
            close_decoder: *library.get::<Close>(b"closeBcg729DecoderChannel\0").ok()?,
            decode: *library.get::<Decode>(b"bcg729Decoder\0").ok()?,
            _library: library,
        }
    };
    Some(Arc::new(Bcg729(Arc::new(functions))))
}

impl Library for Bcg729 {
    fn encoder(&self, annex_b: bool) -> Option<Box<dyn EncodeFrame>> {
        // SAFETY: makes a state of its own, or null.
        let state = NonNull::new(unsafe { (self.0.new_encoder)(u8::from(annex_b)) })?;
        Some(Box::new(Encoder { state, functions: self.0.clone() }))
    }

    fn decoder(&self) -> Option<Box<dyn DecodeFrame>> {
        // SAFETY: as above.
        let state = NonNull::new(unsafe { (self.0.new_decoder)() })?;
        Some(Box::new(Decoder { state, functions: self.0.clone() }))
    }
}

struct Encoder {
    state: NonNull<c_void>,
    functions: Arc<Functions>,
}

// SAFETY: the state is used through `&mut` alone, and belongs to no thread.
unsafe impl Send for Encoder {}

impl EncodeFrame for Encoder {
    fn encode(&mut self, sound: &[i16; SAMPLES], bytes: &mut [u8; FRAME_BYTES]) -> usize {
        let mut length = 0;
        // SAFETY: reads 80 samples, writes at most 10 bytes and their number.
        unsafe { (self.functions.encode)(self.state.as_ptr(), sound.as_ptr(), bytes.as_mut_ptr(), &raw mut length) };
        usize::from(length).min(FRAME_BYTES)
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: made by the same library, closed once.
        unsafe { (self.functions.close_encoder)(self.state.as_ptr()) };
    }
}

struct Decoder {
    state: NonNull<c_void>,
    functions: Arc<Functions>,
}

// SAFETY: as the encoder's.
unsafe impl Send for Decoder {}

impl DecodeFrame for Decoder {
    fn decode(&mut self, bytes: Option<&[u8]>, sound: &mut [i16; SAMPLES]) {
        // The library reads ten bytes whatever it is told.
        let mut frame = [0; FRAME_BYTES];
        let given = bytes.unwrap_or_default();
        frame.iter_mut().zip(given).for_each(|(to, from)| *to = *from);
        let (length, lost, silence) = (given.len().min(FRAME_BYTES) as u8, bytes.is_none(), given.len() == 2);
        // SAFETY: reads at most 10 bytes, writes 80 samples.
        unsafe {
            (self.functions.decode)(
                self.state.as_ptr(),
                frame.as_ptr(),
                length,
                u8::from(lost),
                u8::from(silence),
                0,
                sound.as_mut_ptr(),
            );
        }
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: made by the same library, closed once.
        unsafe { (self.functions.close_decoder)(self.state.as_ptr()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::codec::{Codec, Decoded, Tuning};
    use crate::media::voice::Voice;

    /// Where the library is not installed the codec says what is missing.
    #[test]
    fn speech_passes_where_the_library_is() {
        let tuning = Tuning { g729: load(), ..Tuning::default() };
        let codec = Codec::by_id("G729/8000/1").unwrap();
        if tuning.g729.is_none() {
            return assert!(codec.missing(&tuning).is_some_and(|why| why.contains("libbcg729")));
        }
        let (mut encoder, mut decoder) =
            (codec.encoder("annexb=no", &tuning).unwrap(), codec.decoder("", &tuning).unwrap());
        let (mut voice, mut heard, mut said) = (Voice::new(1), Vec::new(), Vec::new());
        for _ in 0..250 {
            let (mut frame, mut payload) = ([0.0; 960], Vec::new());
            voice.fill(&mut frame);
            said.extend(frame);
            assert!(encoder.encode(&frame, &mut payload));
            assert_eq!((payload.len(), decoder.decode(&payload, &mut heard)), (20, Decoded::Sound));
        }
        let power = |sound: &[f32]| sound.iter().map(|s| s * s).sum::<f32>();
        let ratio = power(&heard) / power(&said);
        assert!(heard.len() == said.len() && (0.5..1.5).contains(&ratio), "{ratio} of the power comes through");
        for bytes in [&[][..], &[1; 2], &[0xff; 10], &[7; 12], &[3; 5]] {
            decoder.decode(bytes, &mut heard);
            decoder.conceal(std::time::Duration::from_millis(40), None, &mut heard);
        }
    }
}
