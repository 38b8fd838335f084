//! Frames of HTTP/1: requests and responses as they were sent.

use sidewire_app_layer::StreamFrames;
use sidewire_base::Direction;

use super::Http1;
use super::state::{RequestState, ResponseState};

sidewire_app_layer::frames! {
    /// Kinds of frames.
    pub(super) enum FramePart of "http1" {
        /// A request as it was sent: line, headers, body with its chunks.
        Request = "request",
        /// A response as it was sent: line, headers, body with its chunks.
        Response = "response",
    }
}

const fn kind(direction: Direction) -> FramePart {
    match direction {
        Direction::ToServer => FramePart::Request,
        Direction::ToClient => FramePart::Response,
    }
}

impl Http1 {
    /// Does a message of this direction lie open?
    pub(super) const fn in_message(&self, direction: Direction) -> bool {
        match direction {
            Direction::ToServer => !matches!(
                self.request,
                // What follows the headers of `CONNECT` is the tunnel.
                RequestState::Idle | RequestState::Connect | RequestState::Ignore | RequestState::Resync
            ),
            Direction::ToClient => {
                !matches!(self.response, ResponseState::Idle | ResponseState::Resync | ResponseState::Closed)
            }
        }
    }

    /// Tells where a message begins or ends: at a stream offset the machine went on from where it `was` (in a message, or
    /// not).
    #[cold]
    pub(super) fn frame(&self, frames: &mut StreamFrames, direction: Direction, was: bool, offset: u64) {
        let tx = match direction {
            Direction::ToServer => self.request_id,
            Direction::ToClient => self.response_id,
        };
        match (was, self.in_message(direction)) {
            (false, true) => frames.begin(kind(direction), offset, None, Some(tx)),
            (true, false) => frames.end(kind(direction), offset),
            _ => {}
        }
    }

    /// What a gap cut off ends where the stream goes on.
    #[cold]
    pub(super) fn frame_behind_gap(&self, frames: &mut StreamFrames, direction: Direction, offset: u64) {
        if !self.in_message(direction) {
            frames.end(kind(direction), offset);
        }
    }
}
