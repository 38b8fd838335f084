//! A body that grows: what is kept of it, within the limits.

use sidewire_app_layer::Value;

use super::config::BodyLimits;

/// Octets kept of a body without a limit: what rules have seen before is dropped from its front.
const UNLIMITED_KEEP: usize = 256 * 1024;

/// A body, decoded.
#[derive(Debug, Default)]
pub(super) struct HttpBody {
    data: Vec<u8>,
    /// Octets in front of `data` that were here and are gone.
    base: u64,
    /// Octets that were here: without those that are missing.
    here: u64,
    /// Octets of the entity so far, kept or not, missing or not.
    pub entity: u64,
    /// Octets on the wire so far, chunk lines included.
    pub wire: u64,
    /// Some octets were never seen.
    pub gap: bool,
    complete: bool,
}

impl HttpBody {
    /// Adds decoded octets.
    pub(super) fn push(&mut self, octets: &[u8], limits: BodyLimits) {
        let before = self.here;
        self.here = self.here.saturating_add(octets.len() as u64);
        self.entity = self.entity.saturating_add(octets.len() as u64);
        if limits.limit == 0 {
            self.data.extend_from_slice(octets);
            if self.data.len() > 2 * UNLIMITED_KEEP {
                let dropped = self.data.len() - UNLIMITED_KEEP;
                self.data.drain(..dropped);
                self.base += dropped as u64;
            }
            return;
        }
        let room = usize::try_from(limits.limit.saturating_sub(before)).unwrap_or(usize::MAX);
        self.data.extend_from_slice(octets.get(..room.min(octets.len())).unwrap_or_default());
    }

    /// Octets that are missing. Rules see what is here as one: what was in front of the gap, and what will follow it.
    pub(super) fn skip(&mut self, length: u64) {
        self.gap = true;
        self.entity = self.entity.saturating_add(length);
        self.wire = self.wire.saturating_add(length);
    }

    /// Octets that were here: without those that are missing. Limits count them.
    pub(super) const fn here(&self) -> u64 {
        self.here
    }

    /// Forgets what is kept: nobody will look at it.
    pub(super) fn forget(&mut self) {
        if self.data.capacity() > 0 {
            self.data = Vec::new();
            self.base = self.here;
        }
    }

    /// Nothing follows.
    pub(super) const fn finish(&mut self) {
        self.complete = true;
    }

    /// What is kept.
    pub(super) fn kept(&self) -> &[u8] {
        &self.data
    }

    /// What rules see: nothing until enough is there to be worth a look.
    pub(super) fn value(&self, limits: BodyLimits) -> Value<'_> {
        let full = limits.limit != 0 && self.here >= limits.limit;
        let complete = self.complete || full;
        if self.here == 0 || !complete && self.here < limits.inspect_from {
            return Value::Absent;
        }
        Value::Body { data: &self.data, base: self.base, complete }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: BodyLimits = BodyLimits { limit: 10, inspect_from: 4 };

    fn seen(body: &HttpBody) -> Option<(&[u8], u64, bool)> {
        match body.value(LIMITS) {
            Value::Body { data, base, complete } => Some((data, base, complete)),
            _ => None,
        }
    }

    #[test]
    fn shows_itself_when_enough_is_there() {
        let mut body = HttpBody::default();
        body.push(b"abc", LIMITS);
        assert_eq!(seen(&body), None);
        body.push(b"d", LIMITS);
        assert_eq!(seen(&body), Some((&b"abcd"[..], 0, false)));
        body.push(b"efghijklmn", LIMITS);
        assert_eq!(seen(&body), Some((&b"abcdefghij"[..], 0, true)), "complete at its limit");
        assert_eq!(body.entity, 14);
    }

    #[test]
    fn goes_on_behind_a_gap() {
        let mut body = HttpBody::default();
        body.push(b"abcd", LIMITS);
        body.skip(3);
        body.push(b"xy", LIMITS);
        assert_eq!(seen(&body), Some((&b"abcdxy"[..], 0, false)), "what is here is one");
        assert_eq!((body.entity, body.gap), (9, true));
    }

    #[test]
    fn is_absent_when_all_of_it_is_missing() {
        let mut body = HttpBody::default();
        body.skip(20);
        body.finish();
        assert_eq!(seen(&body), None);
    }

    #[test]
    fn slides_without_a_limit() {
        let mut body = HttpBody::default();
        let none = BodyLimits { limit: 0, inspect_from: 0 };
        for _ in 0..5 {
            body.push(&vec![b'x'; UNLIMITED_KEEP / 2 + 1], none);
        }
        assert!(body.kept().len() <= 2 * UNLIMITED_KEEP);
        assert_eq!(body.base + body.kept().len() as u64, body.entity);
    }
}
