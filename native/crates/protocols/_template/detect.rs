//! How the protocol is recognised: by the first word of a request. A protocol without such a word has a `ProbingParser`
//! instead, which looks at the first octets on the ports it names.

use sidewire_app_layer::{ProtocolPattern, Transport};
use sidewire_base::Direction;

const REQUEST: &[u8] = b"TEMPLATE ";

pub(super) const PATTERNS: &[ProtocolPattern] = &[ProtocolPattern {
    transport: Transport::Tcp,
    direction: Direction::ToServer,
    octets: REQUEST,
    nocase: true,
    offset: 0,
    depth: REQUEST.len() as u16,
    confirm: None,
}];
