//! The functions of libmagic in use, and a cookie: its state for one thread.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr;
use std::ffi::CString;
use std::path::{Path, PathBuf};

use sidewire_library::OpenedOnce;

/// `MAGIC_NONE`: names as `file` prints them.
const NONE: c_int = 0;

/// Where the library is, by system.
const CANDIDATES: &[&str] = if cfg!(target_os = "macos") {
    &["libmagic.1.dylib", "/opt/homebrew/lib/libmagic.1.dylib", "/usr/local/lib/libmagic.1.dylib"]
} else {
    &["libmagic.so.1"]
};

sidewire_library::functions! {
    /// `magic.h`, stable since version 5.0.
    pub(crate) struct MagicLibrary {
        open: unsafe extern "C" fn(c_int) -> *mut c_void = c"magic_open";
        close: unsafe extern "C" fn(*mut c_void) = c"magic_close";
        load: unsafe extern "C" fn(*mut c_void, *const c_char) -> c_int = c"magic_load";
        buffer: unsafe extern "C" fn(*mut c_void, *const c_void, usize) -> *const c_char = c"magic_buffer";
        error: unsafe extern "C" fn(*mut c_void) -> *const c_char = c"magic_error";
        version: unsafe extern "C" fn() -> c_int = c"magic_version";
    }
}

/// Opened once and never closed.
static OPENED: OpenedOnce<MagicLibrary> = OpenedOnce::new();

impl MagicLibrary {
    pub(crate) fn open() -> Result<&'static Self, String> {
        // SAFETY: libmagic has no initialisers of its own. The symbols have the types of `magic.h`.
        let opened = OPENED.first(CANDIDATES.iter().map(PathBuf::from), |path| unsafe { Self::load(path) });
        opened.map_err(|why| why.into_iter().next().unwrap_or_default())
    }

    /// As 544 for 5.44.
    pub(crate) fn version(&self) -> c_int {
        // SAFETY: takes nothing, returns a number.
        unsafe { (self.version)() }
    }
}

/// `magic_t`.
#[derive(Debug)]
pub(crate) struct MagicCookie {
    library: &'static MagicLibrary,
    raw: *mut c_void,
}

// SAFETY: a cookie may move between threads; it is used through `&mut` only.
unsafe impl Send for MagicCookie {}

impl MagicCookie {
    /// A cookie with a database loaded.
    pub(crate) fn new(library: &'static MagicLibrary, database: Option<&Path>) -> Result<Self, String> {
        let path = database
            .map(|path| CString::new(path.as_os_str().as_encoded_bytes()))
            .transpose()
            .map_err(|_| "its path has a NUL".to_owned())?;
        // SAFETY: takes flags, returns a cookie or null.
        let raw = unsafe { (library.open)(NONE) };
        if raw.is_null() {
            return Err("no memory".to_owned());
        }
        let cookie = Self { library, raw };
        // SAFETY: the cookie is open; the path is null or ends with NUL.
        let loaded = unsafe { (library.load)(raw, path.as_ref().map_or(ptr::null(), |path| path.as_ptr())) };
        if loaded == 0 { Ok(cookie) } else { Err(cookie.error()) }
    }

    fn error(&self) -> String {
        // SAFETY: the cookie is open; the text is null or ends with NUL and lives until the next call.
        unsafe {
            let text = (self.library.error)(self.raw);
            if text.is_null() {
                "it does not say why".to_owned()
            } else {
                CStr::from_ptr(text).to_string_lossy().into()
            }
        }
    }

    /// What these octets are.
    pub(crate) fn name(&mut self, octets: &[u8]) -> Option<Box<str>> {
        // SAFETY: the cookie is open and loaded; the octets live longer than the call; the text is null or ends with NUL
        // and lives until the next call.
        unsafe {
            let text = (self.library.buffer)(self.raw, octets.as_ptr().cast(), octets.len());
            (!text.is_null()).then(|| CStr::from_ptr(text).to_string_lossy().into())
        }
    }
}

impl Drop for MagicCookie {
    fn drop(&mut self) {
        // SAFETY: the cookie is open and not used again.
        unsafe { (self.library.close)(self.raw) }
    }
}
