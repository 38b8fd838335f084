//! The functions of Vectorscan by their C interface (`hs.h`), loaded when the library is there, and the scratch space they need.

use core::ffi::{CStr, c_char, c_int, c_uint, c_ulonglong, c_void};
use core::ptr;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

pub(crate) const SUCCESS: c_int = 0;

/// `hs_compile_error_t`.
#[repr(C)]
pub(crate) struct CompileFailure {
    pub(crate) message: *mut c_char,
    _expression: c_int,
}

pub(crate) type OnMatch = unsafe extern "C" fn(c_uint, c_ulonglong, c_ulonglong, c_uint, *mut c_void) -> c_int;
pub(crate) type CompileMulti = unsafe extern "C" fn(
    *const *const c_char,
    *const c_uint,
    *const c_uint,
    c_uint,
    c_uint,
    *const c_void,
    *mut *mut c_void,
    *mut *mut CompileFailure,
) -> c_int;
pub(crate) type ScanFunction = unsafe extern "C" fn(
    *const c_void,
    *const c_char,
    c_uint,
    c_uint,
    *mut c_void,
    Option<OnMatch>,
    *mut c_void,
) -> c_int;

/// The functions of `libhs.so.5` in use. Opened once for each file and never closed: databases live as long as they like.
#[derive(Debug)]
pub(crate) struct VectorscanLibrary {
    pub(crate) compile_multi: CompileMulti,
    pub(crate) free_compile_error: unsafe extern "C" fn(*mut CompileFailure) -> c_int,
    pub(crate) free_database: unsafe extern "C" fn(*mut c_void) -> c_int,
    alloc_scratch: unsafe extern "C" fn(*const c_void, *mut *mut c_void) -> c_int,
    free_scratch: unsafe extern "C" fn(*mut c_void) -> c_int,
    pub(crate) scan: ScanFunction,
    version: unsafe extern "C" fn() -> *const c_char,
    valid_platform: unsafe extern "C" fn() -> c_int,
}

/// The libraries opened so far, by path.
static OPENED: Mutex<Vec<(PathBuf, &'static VectorscanLibrary)>> = Mutex::new(Vec::new());

impl VectorscanLibrary {
    /// Opens the first candidate that is a Vectorscan (or Hyperscan) library and runs on this processor.
    pub(crate) fn open(candidates: &[PathBuf]) -> Result<&'static Self, String> {
        let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        let mut why = String::new();
        for path in candidates.iter().cloned().chain(["libhs.so.5".into()]) {
            if let Some((_, library)) = opened.iter().find(|(known, _)| *known == path) {
                return Ok(library);
            }
            match Self::load(&path) {
                Ok(library) => {
                    let library: &'static Self = Box::leak(Box::new(library));
                    opened.push((path, library));
                    return Ok(library);
                }
                Err(error) => {
                    let _ = write!(why, "{}{error}", if why.is_empty() { "" } else { "; " });
                }
            }
        }
        Err(why)
    }

    pub(crate) fn load(path: &PathBuf) -> Result<Self, String> {
        // SAFETY: the library's initialisers are those of Vectorscan, which only look at the processor. The symbols have
        // the types of `hs_compile.h` and `hs_runtime.h`, stable since version 5.0. The library is leaked, so the
        // functions stay valid.
        let library = unsafe {
            let file: &'static libloading::Library =
                Box::leak(Box::new(libloading::Library::new(path).map_err(|error| error.to_string())?));
            let text = |error: libloading::Error| error.to_string();
            Self {
                compile_multi: *file.get(b"hs_compile_multi\0").map_err(text)?,
                free_compile_error: *file.get(b"hs_free_compile_error\0").map_err(text)?,
                free_database: *file.get(b"hs_free_database\0").map_err(text)?,
                alloc_scratch: *file.get(b"hs_alloc_scratch\0").map_err(text)?,
                free_scratch: *file.get(b"hs_free_scratch\0").map_err(text)?,
                scan: *file.get(b"hs_scan\0").map_err(text)?,
                version: *file.get(b"hs_version\0").map_err(text)?,
                valid_platform: *file.get(b"hs_valid_platform\0").map_err(text)?,
            }
        };
        // SAFETY: takes nothing, returns a code.
        if unsafe { (library.valid_platform)() } != SUCCESS {
            return Err(format!("{}: this processor is too old for it", path.display()));
        }
        Ok(library)
    }

    pub(crate) fn version(&self) -> String {
        // SAFETY: returns a static string that ends with NUL.
        unsafe { CStr::from_ptr((self.version)()) }.to_string_lossy().into_owned()
    }
}

/// Scratch space of one thread, grown to fit each database that used it.
#[derive(Debug)]
pub(crate) struct ScratchSpace {
    library: &'static VectorscanLibrary,
    pub(crate) raw: *mut c_void,
    /// A bit for each database, by its number: the space fits it.
    fits: Vec<u64>,
}

// SAFETY: scratch space may move between threads; it is used through `&mut` only.
unsafe impl Send for ScratchSpace {}

impl ScratchSpace {
    pub(crate) const fn new(library: &'static VectorscanLibrary) -> Self {
        Self { library, raw: ptr::null_mut(), fits: Vec::new() }
    }

    /// Whether it is for databases of a library.
    pub(crate) fn is_of(&self, library: &'static VectorscanLibrary) -> bool {
        ptr::eq(self.library, library)
    }

    /// Makes the space fit a database of its library; `number` is what the database is told apart by.
    ///
    /// # Safety
    /// `database` is a valid database of the library that the space is of.
    #[cold]
    pub(crate) unsafe fn grow(&mut self, database: *const c_void, number: usize) -> bool {
        // SAFETY: the caller's database is valid; `raw` is null or came from the same function of the same library.
        if unsafe { (self.library.alloc_scratch)(database, &raw mut self.raw) } != SUCCESS {
            return false;
        }
        let word = number / 64;
        if self.fits.len() <= word {
            self.fits.resize(word + 1, 0);
        }
        if let Some(bits) = self.fits.get_mut(word) {
            *bits |= 1 << (number % 64);
        }
        true
    }

    pub(crate) fn fits(&self, number: usize) -> bool {
        self.fits.get(number / 64).is_some_and(|bits| bits >> (number % 64) & 1 == 1)
    }
}

impl Drop for ScratchSpace {
    fn drop(&mut self) {
        // SAFETY: null is allowed; else it came from `hs_alloc_scratch` and is not in use.
        unsafe { (self.library.free_scratch)(self.raw) };
    }
}
