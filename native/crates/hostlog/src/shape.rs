//! What logs look like.

/// What a log looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogShape {
    /// `.evtx`.
    Evtx,
    /// JSON of `evtx_dump` and its kin.
    EvtxDump,
    /// winlogbeat's JSON.
    Winlogbeat,
    /// NXLog's flat JSON, as the Mordor data sets have it.
    Nxlog,
    /// Splunk's export.
    Splunk,
    /// JSON by the Elastic Common Schema alone.
    Ecs,
    /// EVE: what this engine and Suricata write of traffic.
    Eve,
    /// JSON with flat members of no known exporter.
    Flat,
    /// XML.
    Xml,
}

impl LogShape {
    /// For people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Evtx => "evtx",
            Self::EvtxDump => "JSON (evtx_dump)",
            Self::Winlogbeat => "JSON (winlogbeat)",
            Self::Nxlog => "JSON (NXLog)",
            Self::Splunk => "JSON (Splunk)",
            Self::Ecs => "JSON (Elastic Common Schema)",
            Self::Eve => "EVE",
            Self::Flat => "JSON",
            Self::Xml => "XML",
        }
    }
}
