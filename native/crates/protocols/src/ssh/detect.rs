//! How the protocol is recognised: each side begins by identifying itself.

use sidewire_app_layer::{Pattern, Transport};
use sidewire_base::Direction;

pub(super) const PATTERNS: &[Pattern] = &[identification(Direction::ToServer), identification(Direction::ToClient)];

const fn identification(direction: Direction) -> Pattern {
    Pattern { transport: Transport::Tcp, direction, octets: b"SSH-", nocase: false, offset: 0, depth: 4, confirm: None }
}
