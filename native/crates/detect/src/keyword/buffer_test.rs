//! What must hold of the octets of a buffer or a frame.

use sidewire_app_layer::FrameKind;
use sidewire_base::ProtocolId;

use crate::keyword::Check;
use crate::keyword::transform::TransformChain;

/// What must hold of a buffer.
#[derive(Debug)]
pub(crate) struct BufferInspection {
    pub(crate) transforms: TransformChain,
    pub(crate) absence: Absence,
    /// Some check may change its answer while octets follow.
    pub(crate) needs_all: bool,
    pub(crate) checks: Vec<Check>,
}

/// The `absent` keyword.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Absence {
    /// The buffer must be there.
    #[default]
    No,
    /// It must not.
    Must,
    /// It must not, or the checks hold.
    OrElse,
}

/// What must hold of a frame.
#[derive(Debug)]
pub(crate) struct FrameTest {
    /// Application protocol whose frame it is.
    pub(crate) app: ProtocolId,
    pub(crate) kind: FrameKind,
    /// Without the protocol.
    pub(crate) name: &'static str,
    /// Positions in the rule, and what must hold there.
    pub(crate) looks: Vec<(usize, BufferInspection)>,
}
