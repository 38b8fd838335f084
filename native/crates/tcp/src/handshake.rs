//! From nothing to ESTABLISHED: opening, handshake variants, pick-up in the middle.

mod later_syn;
mod offer;
mod opening;
mod syn_received;
mod syn_sent;

pub(crate) use offer::HandshakeOffer;
