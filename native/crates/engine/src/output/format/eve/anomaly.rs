//! `anomaly`: of the decoder, of streams, of the application layer.

use sidewire_app_layer::ProtocolInfo;
use sidewire_decode::Packet;
use sidewire_eve::Object;

use super::outputs::AnomalyOptions;
use super::packet;

/// Octets shown of an odd packet (`packethdr`).
const PACKET_HEADER: usize = 32;

/// Something odd: in a packet, a stream, or an application layer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Anomaly {
    /// A decoder event.
    Decode(&'static str),
    /// A stream event.
    Stream(&'static str),
    /// An event of a protocol's parser.
    Parser { protocol: &'static ProtocolInfo, event: &'static str },
    /// An event of protocol detection.
    Detection { protocol: &'static str, event: &'static str },
}

impl Anomaly {
    pub(crate) const fn wanted(self, options: AnomalyOptions) -> bool {
        match self {
            Self::Decode(_) => options.decode,
            Self::Stream(_) => options.stream,
            Self::Parser { .. } | Self::Detection { .. } => options.applayer,
        }
    }

    /// Writes the anomaly, with the head of the packet it is about when the options ask for it.
    pub(crate) fn write(self, options: AnomalyOptions, packet: Option<&Packet<'_>>, out: &mut Object<'_>) {
        out.object("anomaly", |o| match self {
            Self::Decode(event) => {
                o.str("type", "decode").fmt("event", format_args!("decoder.{event}"));
            }
            Self::Stream(event) => {
                o.str("type", "stream").fmt("event", format_args!("stream.{event}"));
            }
            Self::Parser { protocol, event } => {
                applayer(o, protocol.name, event, "proto_parser", protocol.events_in_capitals)
            }
            Self::Detection { protocol, event } => applayer(o, protocol, event, "proto_detect", true),
        });
        if let Some(packet) =
            packet.filter(|_| options.packet_header && matches!(self, Self::Decode(_) | Self::Stream(_)))
        {
            packet::write(packet, PACKET_HEADER, out);
        }
    }
}

fn applayer(out: &mut Object<'_>, protocol: &str, event: &str, layer: &str, capitals: bool) {
    out.str("app_proto", protocol).str("type", "applayer");
    if capitals {
        out.str("event", &event.to_ascii_uppercase());
    } else {
        out.str("event", event);
    }
    out.str("layer", layer);
}
