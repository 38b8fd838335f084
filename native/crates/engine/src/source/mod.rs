//! Where packets come from: blocks of frames, engine time, and what takes them.

pub(crate) mod block;
mod checksums;
pub(crate) mod clock;
pub(crate) mod control;
pub(crate) mod driver;
pub(crate) mod loss;
pub(crate) mod overload;
pub(crate) mod packet_sink;
pub(crate) mod pipe;
