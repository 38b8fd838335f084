//! A request with its response.

/// A request with its response.
#[derive(Debug, Default)]
pub struct TemplateTransaction {
    /// The line the client sent.
    pub(super) request: Vec<u8>,
    /// The line the server sent; `None` until it is there.
    pub(super) response: Option<Vec<u8>>,
}

impl TemplateTransaction {
    /// The request without its first word.
    pub(super) fn question(&self) -> &[u8] {
        let word = memchr::memchr(b' ', &self.request).map_or(self.request.len(), |blank| blank + 1);
        self.request.get(word..).unwrap_or_default()
    }
}
