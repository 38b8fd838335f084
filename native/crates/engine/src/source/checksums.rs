//! Automatic checksum mode.

use sidewire_base::fault::{FaultPlace, point};
use sidewire_capture::CaptureReader;
use sidewire_decode::{FrameDecoder, TransportLayer};

use crate::config::setup::RunSetup;
use crate::source::pipe::is_pipe;

/// Frames looked at to decide about checksums in automatic mode.
const CHECKSUM_SAMPLE: u64 = 1000;

/// Are so many of the first packets wrong that the capturing host must have left checksums to its network card? A tenth is
/// Suricata's bound. A pipe cannot be read twice and is verified.
pub(crate) fn are_broken(input: &str, setup: &RunSetup) -> bool {
    if is_pipe(input) {
        return false;
    }
    // Where the reading faults, checksums are verified, of what can be read.
    setup.faults.contain(|| sample(input, setup)).unwrap_or(false)
}

fn sample(input: &str, setup: &RunSetup) -> bool {
    let Ok(mut reader) = CaptureReader::open(input) else { return false };
    let mut decoder = FrameDecoder::new(setup.decode.clone());
    let (mut seen, mut wrong, mut ordinal) = (0_u64, 0_u64, 0);
    while let Ok(Some(frame)) = reader.next() {
        ordinal += 1;
        let input = sidewire_decode::LinkFrame {
            time: frame.time,
            ordinal,
            data: frame.data,
            wire_length: frame.wire_length,
            interface: frame.interface,
            checksums_pending: frame.checksums_pending,
            link_type: frame.link_type,
        };
        // A frame that faults has no part in the decision: the others say as much.
        setup.faults.contain(|| {
            point(FaultPlace::Sample);
            decoder.decode(&input, &mut |packet: &sidewire_decode::Packet<'_>| {
                if !matches!(packet.transport, TransportLayer::None) {
                    seen += 1;
                    wrong += u64::from(packet.bad_checksum.network || packet.bad_checksum.transport);
                }
            });
        });
        if ordinal >= CHECKSUM_SAMPLE {
            break;
        }
    }
    wrong * 10 > seen
}
