use sidewire_app_layer::{FrameInfo, FrameKind, Frames};

use super::{wire1, wire2};

/// Kinds of frames.
pub(super) const FRAMES: &[FrameInfo] = &[
    FrameInfo { name: "smb.stream", doc: "All octets that one side sends." },
    FrameInfo { name: "smb.nbss.pdu", doc: "A NetBIOS message: its length and what it carries." },
    FrameInfo { name: "smb.nbss.hdr", doc: "The type and length of a NetBIOS message." },
    FrameInfo { name: "smb.nbss.data", doc: "What a NetBIOS message carries." },
    FrameInfo { name: "smb.smb1.pdu", doc: "An SMB1 message." },
    FrameInfo { name: "smb.smb1.hdr", doc: "The header of an SMB1 message." },
    FrameInfo { name: "smb.smb1.data", doc: "What follows the header of an SMB1 message." },
    FrameInfo { name: "smb.smb2.pdu", doc: "An SMB2 message; of several in one, each by itself." },
    FrameInfo { name: "smb.smb2.hdr", doc: "The header of an SMB2 message." },
    FrameInfo { name: "smb.smb2.data", doc: "What follows the header of an SMB2 message." },
    FrameInfo { name: "smb.smb3.pdu", doc: "A sealed message of SMB3." },
    FrameInfo { name: "smb.smb3.hdr", doc: "The transform header of a sealed message." },
    FrameInfo { name: "smb.smb3.data", doc: "What follows the transform header: sealed." },
];

/// What is divided into header and data. Its kinds follow each other: all of it, header, data.
#[derive(Clone, Copy)]
pub(super) enum Layer {
    Netbios,
    Smb1,
    Smb2,
    /// Of the transform header of SMB3. [MS-SMB2] 2.2.41.
    Sealed,
}

impl Layer {
    const fn pdu(self) -> u8 {
        match self {
            Self::Netbios => 1,
            Self::Smb1 => 4,
            Self::Smb2 => 7,
            Self::Sealed => 10,
        }
    }

    const fn header(self) -> u64 {
        match self {
            Self::Netbios => 4,
            Self::Smb1 => wire1::Header::LENGTH as u64,
            Self::Smb2 => wire2::Header::LENGTH as u64,
            Self::Sealed => wire2::TRANSFORM as u64,
        }
    }

    /// Tells the frames of a PDU of `length` octets that begins at a stream offset, in Suricata's order.
    #[cold]
    pub(super) fn tell(self, frames: &mut Frames, start: u64, length: u32) {
        let length = u64::from(length);
        let header = self.header().min(length);
        let [pdu, head, data] = [0, 1, 2].map(|part| FrameKind(self.pdu() + part));
        frames.begin(pdu, start, Some(length), None);
        frames.begin(head, start, Some(header), None);
        frames.begin(data, start + header, Some(length - header), None);
    }
}
