//! What says which interface a call is made on.

/// Why an interface is taken for the one a call is made on, where no bind says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InterfaceEvidence {
    /// The call itself names its interface, in the trailer that verifies it.
    VerificationTrailer,
    /// The object it is made on has no other.
    Object,
    /// Nothing but an activation is built like it.
    Activation,
    /// The pipe.
    Pipe,
    /// The endpoint: a well-known port, or one that the endpoint mapper or another client's bind tied to the interface.
    Endpoint,
    /// Calls are read by its signatures to their exact end, and by no other's.
    Stub,
    /// Several sealed calls have its operation numbers and sizes, and no other's.
    Sizes,
}

impl InterfaceEvidence {
    /// Word in EVE.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::VerificationTrailer => "verification_trailer",
            Self::Object => "object",
            Self::Activation => "activation",
            Self::Pipe => "pipe",
            Self::Endpoint => "endpoint",
            Self::Stub => "stub",
            Self::Sizes => "sizes",
        }
    }
}
