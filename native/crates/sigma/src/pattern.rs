//! Patterns of text, compiled.

use memchr::memmem::Finder;
use sidewire_ir::{PatternPiece, TextPattern};

use crate::fold::folded;

/// A compiled pattern. It is held against folded text unless case matters.
#[derive(Debug)]
pub(crate) enum CompiledPattern {
    /// The whole value.
    Exact(Box<[u8]>),
    /// Its begin.
    Prefix(Box<[u8]>),
    /// Its end.
    Suffix(Box<[u8]>),
    /// A part of it.
    Inside(Box<Finder<'static>>),
    /// Any value.
    Anything,
    /// With wildcards inside.
    Glob(GlobPattern),
}

/// Runs of characters with anything between them.
#[derive(Debug)]
pub(crate) struct GlobPattern {
    /// Nothing may stand before the first run.
    anchored_start: bool,
    /// Nor behind the last.
    anchored_end: bool,
    runs: Box<[Box<[GlobPiece]>]>,
}

/// A piece of a run.
#[derive(Debug)]
pub(crate) enum GlobPiece {
    Text(Box<[u8]>),
    One,
}

impl CompiledPattern {
    pub(crate) fn new(pattern: &TextPattern, cased: bool) -> Self {
        use PatternPiece::{Any, Text};
        let octets = |text: &str| if cased { text.as_bytes().into() } else { folded(text).into_boxed_slice() };
        match pattern.0.as_slice() {
            [] => Self::Exact([].into()),
            [Text(text)] => Self::Exact(octets(text)),
            [Text(text), Any] => Self::Prefix(octets(text)),
            [Any, Text(text)] => Self::Suffix(octets(text)),
            [Any, Text(text), Any] => Self::Inside(Box::new(Finder::new(&octets(text)).into_owned())),
            [Any] | [Any, Any] => Self::Anything,
            pieces => Self::Glob(GlobPattern::new(pieces, &octets)),
        }
    }

    pub(crate) fn holds(&self, value: &[u8]) -> bool {
        match self {
            Self::Exact(text) => value == &**text,
            Self::Prefix(text) => value.starts_with(text),
            Self::Suffix(text) => value.ends_with(text),
            Self::Inside(finder) => finder.find(value).is_some(),
            Self::Anything => true,
            Self::Glob(glob) => glob.holds(value),
        }
    }
}

impl GlobPattern {
    fn new(pieces: &[PatternPiece], octets: &dyn Fn(&str) -> Box<[u8]>) -> Self {
        let is_any = |piece: Option<&PatternPiece>| matches!(piece, Some(PatternPiece::Any));
        let runs = pieces
            .split(|piece| matches!(piece, PatternPiece::Any))
            .filter(|run| !run.is_empty())
            .map(|run| {
                run.iter()
                    .map(|piece| match piece {
                        PatternPiece::Text(text) => GlobPiece::Text(octets(text)),
                        PatternPiece::One | PatternPiece::Any => GlobPiece::One,
                    })
                    .collect()
            })
            .collect();
        Self { anchored_start: !is_any(pieces.first()), anchored_end: !is_any(pieces.last()), runs }
    }

    /// Each run is taken where it fits first; that leaves most for those behind it. Only the last must also reach the end.
    fn holds(&self, value: &[u8]) -> bool {
        let mut rest = value;
        let mut runs = &*self.runs;
        if self.anchored_start {
            let Some((first, others)) = runs.split_first() else { return value.is_empty() };
            let Some(behind) = fits(first, rest) else { return false };
            if others.is_empty() {
                return !self.anchored_end || behind.is_empty();
            }
            (rest, runs) = (behind, others);
        }
        let last = if self.anchored_end { runs.split_last() } else { None };
        let middle = last.map_or(runs, |(_, middle)| middle);
        for run in middle {
            let Some(behind) = find(run, rest) else { return false };
            rest = behind;
        }
        last.is_none_or(|(run, _)| ends(run, rest))
    }
}

/// What is behind a run that begins the text.
fn fits<'v>(run: &[GlobPiece], mut text: &'v [u8]) -> Option<&'v [u8]> {
    for piece in run {
        text = match piece {
            GlobPiece::Text(octets) => text.strip_prefix(&**octets)?,
            GlobPiece::One => text.get(character(text)?..)?,
        };
    }
    Some(text)
}

/// What is behind the first place of a run.
fn find<'v>(run: &[GlobPiece], text: &'v [u8]) -> Option<&'v [u8]> {
    let mut from = 0;
    loop {
        let rest = text.get(from..)?;
        let at = match run.first() {
            Some(GlobPiece::Text(octets)) => memchr::memmem::find(rest, octets)?,
            _ => 0,
        };
        if let Some(behind) = fits(run, rest.get(at..)?) {
            return Some(behind);
        }
        from += at + character(rest.get(at..)?)?;
    }
}

/// The text ends with the run.
fn ends(run: &[GlobPiece], mut text: &[u8]) -> bool {
    for piece in run.iter().rev() {
        let before = match piece {
            GlobPiece::Text(octets) => text.strip_suffix(&**octets),
            GlobPiece::One => {
                let start = text.iter().rposition(|octet| (octet & 0xc0) != 0x80);
                start.and_then(|start| text.get(..start))
            }
        };
        let Some(before) = before else { return false };
        text = before;
    }
    true
}

/// Octets of the first character (UTF-8); of what is none, one.
fn character(text: &[u8]) -> Option<usize> {
    let behind = text.get(1..)?;
    Some(1 + behind.iter().take(3).take_while(|octet| (*octet & 0xc0) == 0x80).count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A pattern as rules write it, `*` and `?` as wildcards.
    pub(crate) fn pattern(text: &str) -> TextPattern {
        let mut pieces: Vec<PatternPiece> = Vec::new();
        for character in text.chars() {
            match (character, pieces.last_mut()) {
                ('*', _) => pieces.push(PatternPiece::Any),
                ('?', _) => pieces.push(PatternPiece::One),
                (other, Some(PatternPiece::Text(text))) => text.push(other),
                (other, _) => pieces.push(PatternPiece::Text(other.to_string())),
            }
        }
        TextPattern(pieces)
    }

    fn holds(text: &str, value: &str) -> bool {
        CompiledPattern::new(&pattern(text), false).holds(&folded(value))
    }

    #[test]
    fn wildcards() {
        assert!(holds("*\\WmiPrvSE.exe", "C:\\Windows\\wmiprvse.EXE"));
        assert!(holds(
            "*cmd.exe* /Q /c * \\\\127.0.0.1\\*&1*",
            "cmd.exe /Q /c cd \\ 1> \\\\127.0.0.1\\ADMIN$\\__1 2>&1"
        ));
        assert!(holds("a?c", "aéc") && !holds("a?c", "ac") && !holds("a?c", "abbc"));
        assert!(holds("*1?", "x12") && !holds("*1?", "x1") && holds("?", "é") && !holds("?", ""));
        assert!(holds("a*b*b", "abb") && !holds("a*b*b", "ab") && holds("*", "") && holds("", "") && !holds("", "a"));
        assert!(holds("a*?c", "axxc") && holds("?*a", "ba") && !holds("?*a", "a"));
    }

    proptest! {
        /// As the same pattern does as a regular expression, tried at every length.
        #[test]
        fn globs_are_what_their_definition_says(text in "[ab*?]{0,7}", value in "[ab]{0,8}") {
            fn definition(pattern: &[char], value: &[char]) -> bool {
                match pattern.split_first() {
                    None => value.is_empty(),
                    Some(('*', rest)) => (0..=value.len()).any(|skip| definition(rest, &value[skip..])),
                    Some((one, rest)) => value.split_first().is_some_and(|(first, behind)| (*one == '?' || one == first) && definition(rest, behind)),
                }
            }
            let (letters, chars): (Vec<char>, Vec<char>) = (text.chars().collect(), value.chars().collect());
            prop_assert_eq!(holds(&text, &value), definition(&letters, &chars));
        }
    }
}
