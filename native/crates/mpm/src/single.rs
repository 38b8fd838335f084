use memchr::memmem::Finder;

use crate::{Literal, Matcher, Scratch};

/// One literal: a substring search beats every automaton.
#[derive(Debug)]
pub(crate) struct Single {
    id: u32,
    finder: Finder<'static>,
}

impl Single {
    /// Substring search knows no case: it suits literals that have none.
    pub(crate) fn suits(literal: &Literal) -> bool {
        !literal.nocase || !literal.octets.iter().any(u8::is_ascii_alphabetic)
    }

    pub(crate) fn new(literal: &Literal) -> Self {
        Self { id: literal.id, finder: Finder::new(&literal.octets).into_owned() }
    }
}

impl Matcher for Single {
    fn scan(&self, _scratch: &mut Scratch, data: &[u8], found: &mut dyn FnMut(u32, usize)) {
        if let Some(at) = self.finder.find(data) {
            found(self.id, at + self.finder.needle().len());
        }
    }

    fn backend_name(&self) -> &'static str {
        "memmem"
    }
}
