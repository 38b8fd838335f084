//! How HTTP/1 is recognised: by a method at the beginning of a line, or by the version a response begins with.

use sidewire_app_layer::{ProtocolPattern, Transport};
use sidewire_base::Direction;

const fn pattern(direction: Direction, octets: &'static [u8]) -> ProtocolPattern {
    #[allow(clippy::cast_possible_truncation)]
    let depth = octets.len() as u16;
    ProtocolPattern { transport: Transport::Tcp, direction, octets, nocase: true, offset: 0, depth, confirm: None }
}

macro_rules! methods {
    ($($method:literal)*) => {
        &[
            $(
                pattern(Direction::ToServer, concat!($method, " ").as_bytes()),
                pattern(Direction::ToServer, concat!($method, "\t").as_bytes()),
                pattern(Direction::ToServer, concat!("\n", $method, " ").as_bytes()),
                pattern(Direction::ToServer, concat!("\r\n", $method, " ").as_bytes()),
            )*
            pattern(Direction::ToClient, b"HTTP/0.9"),
            pattern(Direction::ToClient, b"HTTP/1.0"),
            pattern(Direction::ToClient, b"HTTP/1.1"),
        ]
    };
}

pub(super) const PATTERNS: &[ProtocolPattern] = methods! {
    "GET" "PUT" "POST" "HEAD" "TRACE" "OPTIONS" "CONNECT" "DELETE" "PATCH" "PROPFIND" "PROPPATCH" "MKCOL" "COPY"
    "MOVE" "LOCK" "UNLOCK" "CHECKOUT" "UNCHECKOUT" "CHECKIN" "UPDATE" "LABEL" "REPORT" "MKWORKSPACE"
    "MKACTIVITY" "MERGE" "INVALID" "VERSION-CONTROL" "BASELINE-CONTROL" "RPC_IN_DATA" "RPC_OUT_DATA"
};
