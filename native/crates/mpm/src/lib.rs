//! Finding octets: many literals at once ([`LiteralMatcher`]: Vectorscan when its library is there, Aho-Corasick otherwise), and
//! one regular expression ([`Regex`]: PCRE2 with limits). Safe to use; the foreign calls stay in here.
#![allow(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod automaton;
mod compiler;
mod library;
mod literal;
mod literal_searcher;
mod regex;
mod vectorscan;

pub use compiler::{MatcherBackend, MatcherCompiler};
pub use literal::{LiteralMatcher, MatcherError, MatcherScratch, PatternLiteral};
pub use regex::{MatchSpan, Regex, RegexError, RegexLimits, RegexScratch};
