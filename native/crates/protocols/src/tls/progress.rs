//! How far each side has come: the stages that hooks of rules name.

use sidewire_base::{Direction, PerDirection};

/// Names of the stages, towards the server and towards the client.
pub(super) const STAGES: [&[&str]; 2] = [
    &["client_in_progress", "client_hello_done", "client_cert_done", "client_handshake_done", "client_finished"],
    &[
        "server_in_progress",
        "server_hello",
        "server_cert_done",
        "server_hello_done",
        "server_handshake_done",
        "server_finished",
    ],
];

/// A stage of either side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its hello was read.
    Hello,
    /// Its certificates were read.
    Certificate,
    /// A server is done with its hello; clients have no such stage.
    HelloDone,
    /// It has nothing more to say in the clear.
    Handshake,
    /// The session is over.
    Finished,
}

impl Stage {
    /// The value in a direction.
    pub(super) const fn value(self, direction: Direction) -> u8 {
        match (self, direction) {
            (Self::Hello, _) => 1,
            (Self::Certificate, _) => 2,
            (Self::HelloDone, Direction::ToServer) => 2,
            (Self::HelloDone, Direction::ToClient) | (Self::Handshake, Direction::ToServer) => 3,
            (Self::Handshake, Direction::ToClient) | (Self::Finished, Direction::ToServer) => 4,
            (Self::Finished, Direction::ToClient) => 5,
        }
    }
}

/// The stages a step reached.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TlsProgress(PerDirection<u8>);

impl TlsProgress {
    pub(super) fn reach(&mut self, direction: Direction, stage: Stage) {
        self.0[direction] = self.0[direction].max(stage.value(direction));
    }

    pub(super) fn reach_both(&mut self, stage: Stage) {
        Direction::BOTH.into_iter().for_each(|direction| self.reach(direction, stage));
    }

    pub(super) fn get(self, direction: Direction) -> u8 {
        self.0[direction]
    }
}
