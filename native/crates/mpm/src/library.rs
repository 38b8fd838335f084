//! The functions of Vectorscan by their C interface (`hs.h`), loaded when the library is there, and the scratch space they need.

use core::ffi::{CStr, c_char, c_int, c_uint, c_ulonglong, c_void};
use core::ptr;
use std::path::{Path, PathBuf};

use sidewire_library::OpenedOnce;

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

pub(crate) type SerializeDatabase = unsafe extern "C" fn(*const c_void, *mut *mut c_char, *mut usize) -> c_int;
pub(crate) type DeserializeDatabase = unsafe extern "C" fn(*const c_char, usize, *mut *mut c_void) -> c_int;

sidewire_library::functions! {
    /// The functions of `libhs.so.5` in use. Never closed: databases live as long as they like.
    pub(crate) struct VectorscanLibrary {
        pub(crate) compile_multi: CompileMulti = c"hs_compile_multi";
        pub(crate) free_compile_error: unsafe extern "C" fn(*mut CompileFailure) -> c_int = c"hs_free_compile_error";
        pub(crate) serialize_database: SerializeDatabase = c"hs_serialize_database";
        pub(crate) deserialize_database: DeserializeDatabase = c"hs_deserialize_database";
        pub(crate) free_database: unsafe extern "C" fn(*mut c_void) -> c_int = c"hs_free_database";
        alloc_scratch: unsafe extern "C" fn(*const c_void, *mut *mut c_void) -> c_int = c"hs_alloc_scratch";
        free_scratch: unsafe extern "C" fn(*mut c_void) -> c_int = c"hs_free_scratch";
        pub(crate) scan: ScanFunction = c"hs_scan";
        version: unsafe extern "C" fn() -> *const c_char = c"hs_version";
        valid_platform: unsafe extern "C" fn() -> c_int = c"hs_valid_platform";
    }
}

/// The libraries opened so far.
static OPENED: OpenedOnce<VectorscanLibrary> = OpenedOnce::new();

impl VectorscanLibrary {
    /// Opens the first candidate that is a Vectorscan (or Hyperscan) library and runs on this processor.
    pub(crate) fn open(candidates: &[PathBuf]) -> Result<&'static Self, String> {
        let opened = OPENED.first(candidates.iter().cloned().chain(["libhs.so.5".into()]), Self::usable);
        opened.map_err(|why| why.join("; "))
    }

    /// A library that runs on this processor.
    pub(crate) fn usable(path: &Path) -> Result<Self, String> {
        // SAFETY: the library's initialisers are those of Vectorscan, which only look at the processor. The symbols have
        // the types of `hs_compile.h` and `hs_runtime.h`, stable since version 5.0.
        let library = unsafe { Self::load(path) }?;
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
