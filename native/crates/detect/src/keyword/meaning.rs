//! Keywords that ask for something in one rule and do it in another, by their first word: `flowbits`, `flowint`, `xbits`.

/// What such a keyword means in a rule.
#[derive(Debug)]
pub(crate) enum KeywordMeaning<C, E> {
    /// Something must hold.
    Condition(C),
    /// Something happens on a match.
    Effect(E),
}
