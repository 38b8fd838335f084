//! The part of a file's octets that is kept.

/// Octets kept for rules at least: what they have seen before is dropped from the front.
const KEEP: usize = 256 * 1024;

/// Octets of a file, in order, from some place on.
#[derive(Clone, Debug, Default)]
pub struct FileContent {
    data: Vec<u8>,
    /// Octets in front of `data` that are gone.
    base: u64,
}

impl FileContent {
    /// The octets at hand.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// How many came before them and are gone.
    #[must_use]
    pub const fn base(&self) -> u64 {
        self.base
    }

    /// Place behind the last octet.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.base.saturating_add(self.data.len() as u64)
    }

    /// The octets from a place on; none when it is gone.
    #[must_use]
    pub fn from(&self, place: u64) -> &[u8] {
        let skip = place.checked_sub(self.base).and_then(|skip| usize::try_from(skip).ok());
        skip.and_then(|skip| self.data.get(skip..)).unwrap_or_default()
    }

    pub(crate) fn push(&mut self, octets: &[u8]) {
        self.data.extend_from_slice(octets);
    }

    /// Octets that are not kept pass.
    pub(crate) const fn pass(&mut self, octets: u64) {
        if self.data.is_empty() {
            self.base = self.base.saturating_add(octets);
        }
    }

    /// Drops what rules have had the time to see; of what is `needed` from a place on, nothing.
    pub(crate) fn slide(&mut self, needed: u64) {
        if self.data.len() > 2 * KEEP {
            self.drop_to(needed.min(self.end().saturating_sub(KEEP as u64)));
        }
    }

    /// Drops what lies in front of a place.
    pub(crate) fn drop_to(&mut self, place: u64) {
        let count = usize::try_from(place.saturating_sub(self.base)).unwrap_or(usize::MAX).min(self.data.len());
        if count == self.data.len() {
            self.data = Vec::new();
        } else {
            self.data.drain(..count);
        }
        self.base = self.base.saturating_add(count as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slides_and_keeps_what_is_needed() {
        let mut content = FileContent::default();
        content.push(&[1; 3 * KEEP]);
        content.slide(10);
        assert_eq!((content.base(), content.end()), (10, 3 * KEEP as u64));
        content.slide(u64::MAX);
        assert_eq!((content.base(), content.data().len()), (2 * KEEP as u64, KEEP));
        assert_eq!(content.from(content.end() - 1), [1]);
        assert_eq!(content.from(0), []);
        content.drop_to(u64::MAX);
        assert_eq!((content.base(), content.data().len()), (3 * KEEP as u64, 0));
    }
}
