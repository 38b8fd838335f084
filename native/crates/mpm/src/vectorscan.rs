//! Vectorscan, by its C interface (`hs.h`), loaded when it is there.

use core::ffi::{CStr, c_char, c_int, c_uint, c_ulonglong, c_void};
use core::ptr;
use std::ffi::CString;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::{CompileError, Literal, Matcher, Scratch};

const SUCCESS: c_int = 0;
const MODE_BLOCK: c_uint = 1;
const FLAG_CASELESS: c_uint = 1;
const FLAG_DOTALL: c_uint = 2;
const FLAG_SINGLEMATCH: c_uint = 8;

/// `hs_compile_error_t`.
#[repr(C)]
struct CompileFailure {
    message: *mut c_char,
    expression: c_int,
}

type OnMatch = unsafe extern "C" fn(c_uint, c_ulonglong, c_ulonglong, c_uint, *mut c_void) -> c_int;
type CompileMulti = unsafe extern "C" fn(
    *const *const c_char,
    *const c_uint,
    *const c_uint,
    c_uint,
    c_uint,
    *const c_void,
    *mut *mut c_void,
    *mut *mut CompileFailure,
) -> c_int;
type Scan = unsafe extern "C" fn(
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
pub(crate) struct Library {
    compile_multi: CompileMulti,
    free_compile_error: unsafe extern "C" fn(*mut CompileFailure) -> c_int,
    free_database: unsafe extern "C" fn(*mut c_void) -> c_int,
    alloc_scratch: unsafe extern "C" fn(*const c_void, *mut *mut c_void) -> c_int,
    free_scratch: unsafe extern "C" fn(*mut c_void) -> c_int,
    scan: Scan,
    version: unsafe extern "C" fn() -> *const c_char,
    valid_platform: unsafe extern "C" fn() -> c_int,
}

/// The libraries opened so far, by path.
static OPENED: Mutex<Vec<(PathBuf, &'static Library)>> = Mutex::new(Vec::new());

impl Library {
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

    fn load(path: &PathBuf) -> Result<Self, String> {
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
pub(crate) struct Space {
    library: &'static Library,
    raw: *mut c_void,
    /// A bit for each database, by its number: the space fits it.
    fits: Vec<u64>,
}

// SAFETY: scratch space may move between threads; it is used through `&mut` only.
unsafe impl Send for Space {}

impl Space {
    const fn new(library: &'static Library) -> Self {
        Self { library, raw: ptr::null_mut(), fits: Vec::new() }
    }

    #[cold]
    fn grow(&mut self, database: &Database) -> bool {
        // SAFETY: the database is valid; `raw` is null or came from the same function of the same library.
        if unsafe { (self.library.alloc_scratch)(database.raw, &raw mut self.raw) } != SUCCESS {
            return false;
        }
        let word = database.number / 64;
        if self.fits.len() <= word {
            self.fits.resize(word + 1, 0);
        }
        if let Some(bits) = self.fits.get_mut(word) {
            *bits |= 1 << (database.number % 64);
        }
        true
    }

    fn fits(&self, number: usize) -> bool {
        self.fits.get(number / 64).is_some_and(|bits| bits >> (number % 64) & 1 == 1)
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        // SAFETY: null is allowed; else it came from `hs_alloc_scratch` and is not in use.
        unsafe { (self.library.free_scratch)(self.raw) };
    }
}

/// A compiled set of literals.
#[derive(Debug)]
pub(crate) struct Database {
    library: &'static Library,
    raw: *mut c_void,
    number: usize,
}

// SAFETY: a compiled database is never written to; Vectorscan allows any number of threads to scan with it.
unsafe impl Send for Database {}
// SAFETY: as above.
unsafe impl Sync for Database {}

impl Database {
    pub(crate) fn new(library: &'static Library, literals: &[Literal]) -> Result<Self, CompileError> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let refused = |why: &str| CompileError::Refused(why.to_owned());
        let expressions = literals
            .iter()
            .map(|literal| CString::new(escaped(&literal.octets)))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| refused("an escaped pattern holds NUL"))?;
        let pointers: Vec<_> = expressions.iter().map(|expression| expression.as_ptr()).collect();
        let flags: Vec<_> = literals
            .iter()
            .map(|literal| FLAG_DOTALL | FLAG_SINGLEMATCH | if literal.nocase { FLAG_CASELESS } else { 0 })
            .collect();
        let ids: Vec<c_uint> = literals.iter().map(|literal| literal.id).collect();
        let count = c_uint::try_from(literals.len()).map_err(|_| refused("too many literals"))?;
        let (mut raw, mut failure) = (ptr::null_mut(), ptr::null_mut::<CompileFailure>());
        // SAFETY: three arrays of `count` elements that outlive the call, strings ending with NUL, a null platform (this
        // one), and two places for the results.
        let code = unsafe {
            (library.compile_multi)(
                pointers.as_ptr(),
                flags.as_ptr(),
                ids.as_ptr(),
                count,
                MODE_BLOCK,
                ptr::null(),
                &raw mut raw,
                &raw mut failure,
            )
        };
        if code != SUCCESS {
            let mut why = format!("Vectorscan error {code}");
            if !failure.is_null() {
                // SAFETY: on failure the library filled in a structure with a message ending with NUL, freed once here.
                unsafe {
                    why = CStr::from_ptr((*failure).message).to_string_lossy().into_owned();
                    (library.free_compile_error)(failure);
                }
            }
            return Err(CompileError::Refused(why));
        }
        Ok(Self { library, raw, number: NUMBER.fetch_add(1, Ordering::Relaxed) })
    }

    fn space<'s>(&self, scratch: &'s mut Scratch) -> Option<&'s mut Space> {
        if scratch.vectorscan.as_ref().is_none_or(|space| !ptr::eq(space.library, self.library)) {
            scratch.vectorscan = Some(Space::new(self.library));
        }
        let space = scratch.vectorscan.as_mut()?;
        (space.fits(self.number) || space.grow(self)).then_some(space)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // SAFETY: it came from `hs_compile_multi` and nobody scans any more.
        unsafe { (self.library.free_database)(self.raw) };
    }
}

impl Matcher for Database {
    fn scan(&self, scratch: &mut Scratch, data: &[u8], mut found: &mut dyn FnMut(u32, usize)) {
        let Some(space) = self.space(scratch) else { return };
        let length = c_uint::try_from(data.len()).unwrap_or(c_uint::MAX);
        // SAFETY: the database is valid, the space fits it and is borrowed for the call, `length` octets are readable, and
        // the context is a `&mut dyn FnMut` that outlives the call, which is what `on_match` takes it for.
        unsafe {
            (self.library.scan)(
                self.raw,
                data.as_ptr().cast(),
                length,
                0,
                space.raw,
                Some(on_match),
                (&raw mut found).cast(),
            );
        }
    }

    fn backend_name(&self) -> &'static str {
        "vectorscan"
    }
}

/// Hands a match on.
unsafe extern "C" fn on_match(
    id: c_uint,
    _from: c_ulonglong,
    to: c_ulonglong,
    _: c_uint,
    context: *mut c_void,
) -> c_int {
    // SAFETY: `scan` passes exactly this.
    let found = unsafe { &mut *context.cast::<&mut dyn FnMut(u32, usize)>() };
    found(id, usize::try_from(to).unwrap_or(usize::MAX));
    0
}

/// Every octet as `\xNN`: no octet has a meaning, and NUL may stand anywhere.
fn escaped(octets: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or(b'0');
    octets.iter().flat_map(|&octet| [b'\\', b'x', digit(octet >> 4), digit(octet & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Backend, Compiler};
    use proptest::prelude::*;

    fn ids(compiler: &Compiler, literals: &[Literal], data: &[u8]) -> Vec<u32> {
        let mut found = Vec::new();
        compiler.compile(literals).unwrap().scan(&mut Scratch::new(), data, &mut |id, _| found.push(id));
        found.sort_unstable();
        found.dedup();
        found
    }

    fn occurs(literal: &Literal, data: &[u8]) -> bool {
        data.windows(literal.octets.len()).any(|window| {
            if literal.nocase { window.eq_ignore_ascii_case(&literal.octets) } else { window == literal.octets }
        })
    }

    fn literals(sets: Vec<(Vec<u8>, bool)>) -> Vec<Literal> {
        (0..).zip(sets).map(|(id, (octets, nocase))| Literal { id, octets, nocase }).collect()
    }

    proptest! {
        #[test]
        fn both_backends_find_what_is_there(
            sets in prop::collection::vec((prop::collection::vec(prop::sample::select(b"aAbB\0\xff.".to_vec()), 1..5), any::<bool>()), 0..12),
            data in prop::collection::vec(prop::sample::select(b"aAbB\0\xff.".to_vec()), 0..60),
        ) {
            let literals = literals(sets);
            let expected: Vec<u32> = literals.iter().filter(|l| occurs(l, &data)).map(|l| l.id).collect();
            prop_assert_eq!(&ids(&Compiler::new(Backend::AhoCorasick, &[]).unwrap(), &literals, &data), &expected);
            match Compiler::new(Backend::Vectorscan, &[]) {
                Ok(vectorscan) => prop_assert_eq!(&ids(&vectorscan, &literals, &data), &expected),
                Err(why) => eprintln!("skipped the Vectorscan half: {why}"),
            }
        }
    }

    #[test]
    fn one_scratch_serves_many_databases() {
        let Ok(compiler) = Compiler::new(Backend::Vectorscan, &["/nonexistent/libhs.so.5".into()]) else {
            return eprintln!("skipped: no Vectorscan library");
        };
        assert!(compiler.library_version().unwrap().starts_with('5'));
        let mut scratch = Scratch::new();
        for size in [2u32, 40, 300] {
            let set: Vec<_> = (0..size)
                .map(|id| Literal { id, octets: format!("\0lit{id:04}").into_bytes(), nocase: id % 2 == 0 })
                .collect();
            let matcher = compiler.compile(&set).unwrap();
            let mut found = Vec::new();
            matcher.scan(&mut scratch, b"..\0LIT0000..\0lit0001..\0LIT0001", &mut |id, end| found.push((id, end)));
            assert_eq!(found, [(0, 10), (1, 20)], "{size}");
        }
    }

    #[test]
    fn demanding_a_missing_library_is_an_error_with_reasons() {
        let Err(why) = Library::load(&"/nonexistent/libhs.so.5".into()) else { panic!("opened nothing") };
        assert!(why.contains("/nonexistent"), "{why}");
    }

    #[test]
    fn an_empty_literal_is_refused() {
        let empty = Literal { id: 7, octets: vec![], nocase: false };
        let compiler = Compiler::new(Backend::Auto, &[]).unwrap();
        assert_eq!(compiler.compile(&[empty]).unwrap_err(), CompileError::Empty(7));
    }
}
