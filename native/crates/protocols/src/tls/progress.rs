//! How far each side has come: the stages that hooks of rules name.

use sidewire_base::{Direction, PerDirection};

pub(super) mod stage {
    //! The stages, each with its value and its name.

    sidewire_app_layer::stages! {
        to_server {
            IN_PROGRESS = "client_in_progress",
            HELLO = "client_hello_done",
            CERTIFICATE = "client_cert_done",
            HANDSHAKE = "client_handshake_done",
            FINISHED = "client_finished",
        }
        to_client {
            IN_PROGRESS = "server_in_progress",
            HELLO = "server_hello",
            CERTIFICATE = "server_cert_done",
            HELLO_DONE = "server_hello_done",
            HANDSHAKE = "server_handshake_done",
            FINISHED = "server_finished",
        }
    }
}

use stage::{to_client, to_server};

/// A stage of either side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TlsStage {
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

impl TlsStage {
    /// The value in a direction.
    pub(super) const fn value(self, direction: Direction) -> u8 {
        match (direction, self) {
            (Direction::ToServer, Self::Hello) => to_server::HELLO,
            (Direction::ToServer, Self::Certificate | Self::HelloDone) => to_server::CERTIFICATE,
            (Direction::ToServer, Self::Handshake) => to_server::HANDSHAKE,
            (Direction::ToServer, Self::Finished) => to_server::FINISHED,
            (Direction::ToClient, Self::Hello) => to_client::HELLO,
            (Direction::ToClient, Self::Certificate) => to_client::CERTIFICATE,
            (Direction::ToClient, Self::HelloDone) => to_client::HELLO_DONE,
            (Direction::ToClient, Self::Handshake) => to_client::HANDSHAKE,
            (Direction::ToClient, Self::Finished) => to_client::FINISHED,
        }
    }
}

/// The stages a step reached.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TlsProgress(PerDirection<u8>);

impl TlsProgress {
    pub(super) fn reach(&mut self, direction: Direction, stage: TlsStage) {
        self.0[direction] = self.0[direction].max(stage.value(direction));
    }

    pub(super) fn reach_both(&mut self, stage: TlsStage) {
        Direction::BOTH.into_iter().for_each(|direction| self.reach(direction, stage));
    }

    pub(super) fn get(self, direction: Direction) -> u8 {
        self.0[direction]
    }
}
