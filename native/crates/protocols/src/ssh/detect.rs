//! How the protocol is recognised: each side begins by identifying itself.

use sidewire_app_layer::{ProtocolPattern, Transport};
use sidewire_base::Direction;

pub(super) const PATTERNS: &[ProtocolPattern] =
    &[identification(Direction::ToServer), identification(Direction::ToClient)];

const fn identification(direction: Direction) -> ProtocolPattern {
    ProtocolPattern {
        transport: Transport::Tcp,
        direction,
        octets: b"SSH-",
        nocase: false,
        offset: 0,
        depth: 4,
        confirm: None,
    }
}
