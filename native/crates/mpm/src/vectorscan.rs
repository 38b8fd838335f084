//! Literals compiled by Vectorscan.

use core::ffi::{CStr, c_int, c_uint, c_ulonglong, c_void};
use core::ptr;
use std::ffi::CString;
use std::sync::atomic::{AtomicUsize, Ordering};

use sidewire_base::fault::{Unwound, held};

use crate::library::{CompileFailure, SUCCESS, ScratchSpace, VectorscanLibrary};
use crate::literal::{LiteralMatcher, MatcherError, MatcherScratch, PatternLiteral};

const MODE_BLOCK: c_uint = 1;
const FLAG_CASELESS: c_uint = 1;
const FLAG_DOTALL: c_uint = 2;
const FLAG_SINGLEMATCH: c_uint = 8;

unsafe extern "C" {
    /// The C library's: Vectorscan allocates with `malloc`.
    fn free(octets: *mut c_void);
}

/// A compiled set of literals.
#[derive(Debug)]
pub(crate) struct VectorscanDatabase {
    library: &'static VectorscanLibrary,
    raw: *mut c_void,
    number: usize,
}

// SAFETY: a compiled database is never written to; Vectorscan allows any number of threads to scan with it.
unsafe impl Send for VectorscanDatabase {}
// SAFETY: as above.
unsafe impl Sync for VectorscanDatabase {}

impl VectorscanDatabase {
    pub(crate) fn new(library: &'static VectorscanLibrary, literals: &[PatternLiteral]) -> Result<Self, MatcherError> {
        let refused = |why: &str| MatcherError::Refused(why.to_owned());
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
            return Err(MatcherError::Refused(why));
        }
        Ok(Self::own(library, raw))
    }

    /// A database that [`LiteralMatcher::saved`] gave. The library refuses what is not whole, and what another version of it, or
    /// another kind of processor, made.
    pub(crate) fn restore(library: &'static VectorscanLibrary, saved: &[u8]) -> Option<Self> {
        let mut raw = ptr::null_mut();
        // SAFETY: octets of the given length, and a place for the result, which is the library's own copy.
        let code = unsafe { (library.deserialize_database)(saved.as_ptr().cast(), saved.len(), &raw mut raw) };
        (code == SUCCESS && !raw.is_null()).then(|| Self::own(library, raw))
    }

    /// Takes a database of the library.
    fn own(library: &'static VectorscanLibrary, raw: *mut c_void) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        Self { library, raw, number: NUMBER.fetch_add(1, Ordering::Relaxed) }
    }

    fn space<'s>(&self, scratch: &'s mut MatcherScratch) -> Option<&'s mut ScratchSpace> {
        if scratch.vectorscan.as_ref().is_none_or(|space| !space.is_of(self.library)) {
            scratch.vectorscan = Some(ScratchSpace::new(self.library));
        }
        let space = scratch.vectorscan.as_mut()?;
        // SAFETY: the database is valid as long as it lives, and of the library that the space is of.
        (space.fits(self.number) || unsafe { space.grow(self.raw, self.number) }).then_some(space)
    }
}

impl Drop for VectorscanDatabase {
    fn drop(&mut self) {
        // SAFETY: it came from `hs_compile_multi` and nobody scans any more.
        unsafe { (self.library.free_database)(self.raw) };
    }
}

impl LiteralMatcher for VectorscanDatabase {
    fn scan(&self, scratch: &mut MatcherScratch, data: &[u8], found: &mut dyn FnMut(u32, usize)) {
        let Some(space) = self.space(scratch) else {
            scratch.failed += 1;
            return;
        };
        let mut listener = MatchListener { found, unwound: None };
        let length = c_uint::try_from(data.len()).unwrap_or(c_uint::MAX);
        // SAFETY: the database is valid, the space fits it and is borrowed for the call, `length` octets are readable, and
        // the context is a `MatchListener` that outlives the call, which is what `on_match` takes it for.
        let code = unsafe {
            (self.library.scan)(
                self.raw,
                data.as_ptr().cast(),
                length,
                0,
                space.raw,
                Some(on_match),
                (&raw mut listener).cast(),
            )
        };
        if let Some(unwound) = listener.unwound {
            unwound.go_on();
        }
        scratch.failed += u64::from(code != SUCCESS);
    }

    fn saved(&self) -> Option<Vec<u8>> {
        let (mut octets, mut length) = (ptr::null_mut(), 0);
        // SAFETY: the database is valid; the two places take octets from `malloc` and their number.
        let code = unsafe { (self.library.serialize_database)(self.raw, &raw mut octets, &raw mut length) };
        if code != SUCCESS || octets.is_null() {
            return None;
        }
        // SAFETY: so many octets were just written there; they came from `malloc`, are copied, and freed once.
        unsafe {
            let saved = core::slice::from_raw_parts(octets.cast::<u8>(), length).to_vec();
            free(octets.cast());
            Some(saved)
        }
    }

    fn backend_name(&self) -> &'static str {
        "vectorscan"
    }
}

/// Who is told of matches.
struct MatchListener<'a> {
    found: &'a mut dyn FnMut(u32, usize),
    /// A panic that must not go through the library.
    unwound: Option<Unwound>,
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
    let listener = unsafe { &mut *context.cast::<MatchListener<'_>>() };
    let told = held(|| (listener.found)(id, usize::try_from(to).unwrap_or(usize::MAX)));
    listener.unwound = told.err();
    // Anything but 0 ends the scan.
    c_int::from(listener.unwound.is_some())
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
    use crate::{MatcherBackend, MatcherCompiler};
    use proptest::prelude::*;

    fn ids(compiler: &MatcherCompiler, literals: &[PatternLiteral], data: &[u8]) -> Vec<u32> {
        let mut found = Vec::new();
        compiler.compile(literals).unwrap().scan(&mut MatcherScratch::new(), data, &mut |id, _| found.push(id));
        found.sort_unstable();
        found.dedup();
        found
    }

    fn occurs(literal: &PatternLiteral, data: &[u8]) -> bool {
        data.windows(literal.octets.len()).any(|window| {
            if literal.nocase { window.eq_ignore_ascii_case(&literal.octets) } else { window == literal.octets }
        })
    }

    fn literals(sets: Vec<(Vec<u8>, bool)>) -> Vec<PatternLiteral> {
        (0..).zip(sets).map(|(id, (octets, nocase))| PatternLiteral { id, octets, nocase }).collect()
    }

    proptest! {
        #[test]
        fn both_backends_find_what_is_there(
            sets in prop::collection::vec((prop::collection::vec(prop::sample::select(b"aAbB\0\xff.".to_vec()), 1..5), any::<bool>()), 0..12),
            data in prop::collection::vec(prop::sample::select(b"aAbB\0\xff.".to_vec()), 0..60),
        ) {
            let literals = literals(sets);
            let expected: Vec<u32> = literals.iter().filter(|l| occurs(l, &data)).map(|l| l.id).collect();
            prop_assert_eq!(&ids(&MatcherCompiler::new(MatcherBackend::AhoCorasick, &[]).unwrap(), &literals, &data), &expected);
            match MatcherCompiler::new(MatcherBackend::Vectorscan, &[]) {
                Ok(vectorscan) => prop_assert_eq!(&ids(&vectorscan, &literals, &data), &expected),
                Err(why) => eprintln!("skipped the Vectorscan half: {why}"),
            }
        }
    }

    #[test]
    fn one_scratch_serves_many_databases() {
        let Ok(compiler) = MatcherCompiler::new(MatcherBackend::Vectorscan, &["/nonexistent/libhs.so.5".into()]) else {
            return eprintln!("skipped: no Vectorscan library");
        };
        assert!(compiler.library_version().unwrap().starts_with('5'));
        let mut scratch = MatcherScratch::new();
        for size in [2u32, 40, 300] {
            let set: Vec<_> = (0..size)
                .map(|id| PatternLiteral { id, octets: format!("\0lit{id:04}").into_bytes(), nocase: id % 2 == 0 })
                .collect();
            let matcher = compiler.compile(&set).unwrap();
            let mut found = Vec::new();
            matcher.scan(&mut scratch, b"..\0LIT0000..\0lit0001..\0LIT0001", &mut |id, end| found.push((id, end)));
            assert_eq!(found, [(0, 10), (1, 20)], "{size}");
        }
    }

    #[test]
    fn a_panic_of_who_is_told_goes_round_the_library() {
        let Ok(compiler) = MatcherCompiler::new(MatcherBackend::Vectorscan, &[]) else {
            return eprintln!("skipped: no Vectorscan library");
        };
        let set = literals((0..50).map(|n| (format!("lit{n:03}").into_bytes(), false)).collect());
        let matcher = compiler.compile(&set).unwrap();
        assert_eq!(matcher.backend_name(), "vectorscan");
        let mut scratch = MatcherScratch::new();
        let panicked = held(|| matcher.scan(&mut scratch, b"lit001 lit002", &mut |_, _| panic!("a bug")));
        assert!(panicked.is_err());
        let mut found = Vec::new();
        matcher.scan(&mut scratch, b"lit001 lit002", &mut |id, _| found.push(id));
        assert_eq!((found, scratch.failed), (vec![1, 2], 0), "the scratch space is as good as before");
    }

    #[test]
    fn a_saved_set_finds_the_same_and_a_damaged_one_is_refused() {
        let Ok(compiler) = MatcherCompiler::new(MatcherBackend::Vectorscan, &[]) else {
            return eprintln!("skipped: no Vectorscan library");
        };
        let set = literals((0..50).map(|n| (format!("lit{n:03}").into_bytes(), n % 2 == 0)).collect());
        let mut saved = compiler.compile(&set).unwrap().saved().unwrap();
        let restored = compiler.restore(&saved).unwrap();
        let mut found = Vec::new();
        restored.scan(&mut MatcherScratch::new(), b"LIT004 LIT005 lit007", &mut |id, _| found.push(id));
        assert_eq!(found, [4, 7]);
        assert!(compiler.restore(&saved[..saved.len() - 1]).is_none());
        // In the middle: what lies at the end may be padding that no checksum covers.
        let middle = saved.len() / 2;
        saved[middle] ^= 1;
        assert!(compiler.restore(&saved).is_none(), "its own checksum does not hold");
        assert!(compiler.restore(b"").is_none());
    }

    #[test]
    fn demanding_a_missing_library_is_an_error_with_reasons() {
        let Err(why) = VectorscanLibrary::usable("/nonexistent/libhs.so.5".as_ref()) else { panic!("opened nothing") };
        assert!(why.contains("/nonexistent"), "{why}");
    }

    #[test]
    fn an_empty_literal_is_refused() {
        let empty = PatternLiteral { id: 7, octets: vec![], nocase: false };
        let compiler = MatcherCompiler::new(MatcherBackend::Auto, &[]).unwrap();
        assert_eq!(compiler.compile(&[empty]).unwrap_err(), MatcherError::Empty(7));
    }
}
