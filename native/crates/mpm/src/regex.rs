//! Regular expressions with limits: `pcre`.

use core::ffi::c_int;
use core::ptr;
use std::sync::Once;

use pcre2_sys::{
    PCRE2_ANCHORED, PCRE2_CASELESS, PCRE2_DOLLAR_ENDONLY, PCRE2_DOTALL, PCRE2_ERROR_NOMATCH, PCRE2_EXTENDED,
    PCRE2_JIT_COMPLETE, PCRE2_MULTILINE, PCRE2_UNGREEDY, pcre2_code_8, pcre2_code_free_8, pcre2_compile_8,
    pcre2_get_error_message_8, pcre2_get_ovector_pointer_8, pcre2_jit_compile_8, pcre2_match_8, pcre2_match_context_8,
    pcre2_match_context_create_8, pcre2_match_context_free_8, pcre2_match_data_8, pcre2_match_data_create_8,
    pcre2_match_data_free_8, pcre2_set_depth_limit_8, pcre2_set_match_limit_8,
};

/// Groups whose places are told, the whole match included.
const GROUPS: u32 = 16;

/// How much work one search may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegexLimits {
    /// Internal match calls (`pcre.match-limit`).
    pub matches: u32,
    /// Depth of backtracking (`pcre.match-limit-recursion`).
    pub recursion: u32,
}

impl RegexLimits {
    /// What the flag `O` lifts the limits to: still bounded.
    pub const LIFTED: Self = Self { matches: 10_000_000, recursion: 10_000_000 };
}

impl Default for RegexLimits {
    fn default() -> Self {
        Self { matches: 3500, recursion: 1500 }
    }
}

/// Why an expression could not be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegexError {
    /// Not an expression: PCRE2's words and the octet it stopped at.
    #[error("{message} at offset {offset}")]
    Syntax {
        /// What is wrong.
        message: String,
        /// Where.
        offset: usize,
    },
    /// A flag that does not exist.
    #[error("unknown flag `{0}`")]
    Flag(char),
    /// PCRE2 could not get memory.
    #[error("out of memory")]
    Memory,
}

/// Where something was found: begin and end.
pub type MatchSpan = (usize, usize);

/// A compiled regular expression over octets.
#[derive(Debug)]
pub struct Regex {
    code: *mut pcre2_code_8,
    context: *mut pcre2_match_context_8,
    /// Its machine code is made with the first search: most expressions of a large set are never searched for.
    translated: Once,
}

// SAFETY: compiled code and a match context without a JIT stack are only read by searches; PCRE2 allows any number of threads
// to use them at once. The code is written to once, for its JIT form, which `translated` puts before every search.
unsafe impl Send for Regex {}
// SAFETY: as above.
unsafe impl Sync for Regex {}

impl Regex {
    /// Compiles `pattern` with flags out of `i m s x A E G O`: caseless, multi-line, dot-all, extended, anchored, dollar
    /// at the very end only, ungreedy, limits lifted.
    ///
    /// # Errors
    /// [`RegexError`].
    pub fn compile(pattern: &[u8], flags: &str, limits: RegexLimits) -> Result<Self, RegexError> {
        let (mut options, mut limits) = (0, limits);
        for flag in flags.chars() {
            options |= match flag {
                'i' => PCRE2_CASELESS,
                'm' => PCRE2_MULTILINE,
                's' => PCRE2_DOTALL,
                'x' => PCRE2_EXTENDED,
                'A' => PCRE2_ANCHORED,
                'E' => PCRE2_DOLLAR_ENDONLY,
                'G' => PCRE2_UNGREEDY,
                'O' => {
                    limits = RegexLimits::LIFTED;
                    0
                }
                other => return Err(RegexError::Flag(other)),
            };
        }
        let (mut code, mut offset) = (0, 0);
        // SAFETY: a readable pattern of the given length, and places for the two results; no compile context.
        let compiled = unsafe {
            pcre2_compile_8(pattern.as_ptr(), pattern.len(), options, &raw mut code, &raw mut offset, ptr::null_mut())
        };
        if compiled.is_null() {
            return Err(RegexError::Syntax { message: message(code), offset });
        }
        // SAFETY: the code was just made and nobody else has it. The context is checked before it is used.
        unsafe {
            let context = pcre2_match_context_create_8(ptr::null_mut());
            if context.is_null() {
                pcre2_code_free_8(compiled);
                return Err(RegexError::Memory);
            }
            pcre2_set_match_limit_8(context, limits.matches);
            pcre2_set_depth_limit_8(context, limits.recursion);
            Ok(Self { code: compiled, context, translated: Once::new() })
        }
    }

    /// Finds the first match that begins at `start` or later; what lies before `start` is seen by look-behind and `^`.
    /// A search that hits a limit finds nothing.
    pub fn find_at(&self, scratch: &mut RegexScratch, data: &[u8], start: usize) -> Option<MatchSpan> {
        if start > data.len() {
            return None;
        }
        // SAFETY: nobody searches with the code before this was called once. Without JIT (an expression it does not support, a
        // processor without) searches fall back to the interpreter.
        self.translated.call_once(|| unsafe {
            pcre2_jit_compile_8(self.code, PCRE2_JIT_COMPLETE);
        });
        // SAFETY: valid code, context and match data; `data` is readable over its length and outlives the call, and the
        // offsets are copied out of the match data below, before anything else uses it.
        let found =
            unsafe { pcre2_match_8(self.code, data.as_ptr(), data.len(), start, 0, scratch.data, self.context) };
        scratch.found = 0;
        if found < 0 {
            scratch.given_up += u64::from(found != PCRE2_ERROR_NOMATCH);
            return None;
        }
        // 0: more groups than places; all places are filled.
        scratch.found = if found == 0 { GROUPS as usize } else { usize::try_from(found).unwrap_or(0) };
        scratch.group(0)
    }
}

impl Drop for Regex {
    fn drop(&mut self) {
        // SAFETY: both came from PCRE2 and are freed once.
        unsafe {
            pcre2_match_context_free_8(self.context);
            pcre2_code_free_8(self.code);
        }
    }
}

/// What a thread needs to search, and the groups of its last search.
#[derive(Debug)]
pub struct RegexScratch {
    data: *mut pcre2_match_data_8,
    found: usize,
    /// Searches that ended at a limit, or in an error: nothing was found, whatever was there.
    pub given_up: u64,
}

// SAFETY: match data may move between threads; it is used through `&mut` only.
unsafe impl Send for RegexScratch {}

impl RegexScratch {
    /// Room for the groups of one search.
    ///
    /// # Errors
    /// [`RegexError::Memory`].
    pub fn new() -> Result<Self, RegexError> {
        // SAFETY: takes a number and a null context; the result is checked.
        let data = unsafe { pcre2_match_data_create_8(GROUPS, ptr::null_mut()) };
        if data.is_null() { Err(RegexError::Memory) } else { Ok(Self { data, found: 0, given_up: 0 }) }
    }

    /// Where a group of the last search matched; group 0 is the whole.
    #[must_use]
    pub fn group(&self, group: usize) -> Option<MatchSpan> {
        if group >= self.found.min(GROUPS as usize) {
            return None;
        }
        // SAFETY: the vector has `GROUPS` pairs and lives in the match data.
        let (from, to) = unsafe {
            let vector = pcre2_get_ovector_pointer_8(self.data);
            (*vector.add(group * 2), *vector.add(group * 2 + 1))
        };
        // A group that took no part has both at the greatest value; `\K` can put the begin behind the end.
        (from <= to && to != usize::MAX).then_some((from, to))
    }
}

impl Drop for RegexScratch {
    fn drop(&mut self) {
        // SAFETY: it came from PCRE2 and is freed once.
        unsafe { pcre2_match_data_free_8(self.data) };
    }
}

fn message(code: c_int) -> String {
    let mut text = [0u8; 256];
    // SAFETY: a buffer of the given length.
    let length = unsafe { pcre2_get_error_message_8(code, text.as_mut_ptr(), text.len()) };
    let text = usize::try_from(length).ok().and_then(|length| text.get(..length)).unwrap_or(b"syntax error");
    String::from_utf8_lossy(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(pattern: &str, flags: &str, data: &[u8], start: usize) -> Option<MatchSpan> {
        let mut scratch = RegexScratch::new().unwrap();
        Regex::compile(pattern.as_bytes(), flags, RegexLimits::default()).unwrap().find_at(&mut scratch, data, start)
    }

    #[test]
    fn finds_from_a_start_with_flags() {
        assert_eq!(find("b+", "", b"abba", 0), Some((1, 3)));
        assert_eq!(find("b+", "", b"abba", 2), Some((2, 3)));
        assert_eq!(find("b+", "G", b"abba", 0), Some((1, 2)));
        assert_eq!(find("B", "i", b"abba", 0), Some((1, 2)));
        assert_eq!(find("B", "", b"abba", 0), None);
        assert_eq!(find("b", "A", b"abba", 0), None);
        assert_eq!(find("a.b", "", b"a\nb", 0), None);
        assert_eq!(find("a.b", "s", b"a\nb", 0), Some((0, 3)));
        assert_eq!(find("^b", "m", b"a\nb", 0), Some((2, 3)));
        assert_eq!(find("a$", "", b"a\n", 0), Some((0, 1)));
        assert_eq!(find("a$", "E", b"a\n", 0), None);
        assert_eq!(find("a b", "x", b"ab", 0), Some((0, 2)));
        assert_eq!(find("a", "", b"a", 2), None);
        assert_eq!(find(r"\xff\x00", "", b"\xff\x00", 0), Some((0, 2)));
    }

    #[test]
    fn tells_groups() {
        let regex = Regex::compile(b"(a)|(b)(c)", "", RegexLimits::default()).unwrap();
        let mut scratch = RegexScratch::new().unwrap();
        assert_eq!(regex.find_at(&mut scratch, b"xbc", 0), Some((1, 3)));
        assert_eq!(
            [0, 1, 2, 3, 4].map(|group| scratch.group(group)),
            [Some((1, 3)), None, Some((1, 2)), Some((2, 3)), None]
        );
        assert_eq!(regex.find_at(&mut scratch, b"x", 0), None);
        assert_eq!(scratch.group(0), None);
        let many = "(.)".repeat(40);
        let regex = Regex::compile(many.as_bytes(), "", RegexLimits::default()).unwrap();
        assert!(regex.find_at(&mut scratch, &[b'x'; 40], 0).is_some());
        assert_eq!(scratch.group(15), Some((14, 15)));
        assert_eq!(scratch.group(16), None);
    }

    #[test]
    fn refuses_what_is_no_expression() {
        let syntax = Regex::compile(b"a(", "", RegexLimits::default()).unwrap_err();
        assert!(matches!(syntax, RegexError::Syntax { offset: 2, .. }), "{syntax}");
        assert_eq!(Regex::compile(b"a", "q", RegexLimits::default()).unwrap_err(), RegexError::Flag('q'));
    }

    #[test]
    fn a_hostile_expression_ends_soon() {
        let data = vec![b'a'; 5000];
        let began = std::time::Instant::now();
        assert_eq!(find("(a+)+$x", "", &data, 0), None);
        assert_eq!(find("(?:a|aa)+b", "", &data, 0), None);
        assert!(began.elapsed().as_secs() < 5);
    }
}
