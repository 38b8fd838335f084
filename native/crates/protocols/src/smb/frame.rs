//! Frames of SMB: each layer of a message, and its header and data.

use sidewire_app_layer::StreamFrames;

use super::{wire1, wire2};

sidewire_app_layer::frames! {
    /// Kinds of frames.
    pub(super) enum FramePart of "smb" {
        /// A NetBIOS message: its length and what it carries.
        NbssPdu = "nbss.pdu",
        /// The type and length of a NetBIOS message.
        NbssHdr = "nbss.hdr",
        /// What a NetBIOS message carries.
        NbssData = "nbss.data",
        /// An SMB1 message.
        Smb1Pdu = "smb1.pdu",
        /// The header of an SMB1 message.
        Smb1Hdr = "smb1.hdr",
        /// What follows the header of an SMB1 message.
        Smb1Data = "smb1.data",
        /// An SMB2 message; of several in one, each by itself.
        Smb2Pdu = "smb2.pdu",
        /// The header of an SMB2 message.
        Smb2Hdr = "smb2.hdr",
        /// What follows the header of an SMB2 message.
        Smb2Data = "smb2.data",
        /// A sealed message of SMB3.
        Smb3Pdu = "smb3.pdu",
        /// The transform header of a sealed message.
        Smb3Hdr = "smb3.hdr",
        /// What follows the transform header: sealed.
        Smb3Data = "smb3.data",
    }
}

/// What is divided into header and data.
#[derive(Clone, Copy)]
pub(super) enum SmbLayer {
    Netbios,
    Smb1,
    Smb2,
    /// Of the transform header of SMB3. [MS-SMB2] 2.2.41.
    Sealed,
}

impl SmbLayer {
    /// All of it, its header, its data.
    const fn parts(self) -> [FramePart; 3] {
        use FramePart as Part;
        match self {
            Self::Netbios => [Part::NbssPdu, Part::NbssHdr, Part::NbssData],
            Self::Smb1 => [Part::Smb1Pdu, Part::Smb1Hdr, Part::Smb1Data],
            Self::Smb2 => [Part::Smb2Pdu, Part::Smb2Hdr, Part::Smb2Data],
            Self::Sealed => [Part::Smb3Pdu, Part::Smb3Hdr, Part::Smb3Data],
        }
    }

    const fn header(self) -> u64 {
        match self {
            Self::Netbios => 4,
            Self::Smb1 => wire1::Smb1Header::LENGTH as u64,
            Self::Smb2 => wire2::Smb2Header::LENGTH as u64,
            Self::Sealed => wire2::TRANSFORM as u64,
        }
    }

    /// Tells the frames of a PDU of `length` octets that begins at a stream offset, in Suricata's order.
    #[cold]
    pub(super) fn tell(self, frames: &mut StreamFrames, start: u64, length: u32) {
        let length = u64::from(length);
        let header = self.header().min(length);
        let [pdu, head, data] = self.parts();
        frames.begin(pdu, start, Some(length), None);
        frames.begin(head, start, Some(header), None);
        frames.begin(data, start + header, Some(length - header), None);
    }
}
