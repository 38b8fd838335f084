/// A decoder event, named as in Suricata's decoder-events (`ipv4.trunc_pkt`); the index into [`DecodeEvent::NAMES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DecodeEvent(pub u16);

impl DecodeEvent {
    /// Names, without the `decoder.` prefix, by number.
    pub const NAMES: &'static [&'static str] = &["ipv4.trunc_pkt"];

    /// The event's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.get(usize::from(self.0)).copied().unwrap_or("unknown")
    }
}
