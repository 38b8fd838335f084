//! How an interface is captured.

/// By what the kernel deals packets to several rings of one interface. Whatever it is, a packet's flow is found by its hosts
/// afterwards: this decides about load alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FanoutMode {
    /// By the pair of hosts, in both directions alike.
    HostPair,
    /// By the processor that received it.
    Cpu,
    /// By the card's queue.
    Queue,
}

/// What is done about checksums that were left to a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PendingChecksums {
    /// Those that the kernel says are not complete yet are not verified.
    Kernel,
    /// All are verified.
    Verify,
    /// None is.
    Ignore,
}

/// How an interface is captured.
#[derive(Clone, Debug)]
pub struct InterfaceSettings {
    /// Its name.
    pub name: String,
    /// A filter in the language of libpcap; empty: none.
    pub filter: String,
    /// What is for other hosts, too.
    pub promiscuous: bool,
    /// Octets taken of a packet; 0: all.
    pub snap_length: u32,
    /// Octets of each ring.
    pub ring_length: u64,
    /// Octets of a block of a ring.
    pub block_length: u32,
    /// Rings.
    pub rings: u32,
    /// How packets are dealt to several rings.
    pub fanout: FanoutMode,
    /// Number of the fanout group, for other processes to join; absent: one that nobody has.
    pub cluster: Option<u16>,
    /// Take the card's time stamps, where it gives any.
    pub hardware_time: bool,
    /// What is done about checksums that were left to a card.
    pub checksums: PendingChecksums,
}
