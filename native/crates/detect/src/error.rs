//! Why a rule cannot be used.

/// Why one rule was left out of a rule set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// The batch has no such address set.
    #[error("address set {0} is not in the batch")]
    AddressSet(u32),
    /// The batch has no such port set.
    #[error("port set {0} is not in the batch")]
    PortSet(u32),
    /// Text that is no address.
    #[error("`{0}` is no address")]
    Address(String),
    /// First and last address of different families, or in the wrong order.
    #[error("`{0}-{1}` is no address range")]
    AddressRange(String, String),
    /// The header names a protocol that nobody has.
    #[error("application protocol `{0}` is not known")]
    Protocol(String),
    /// A buffer or number that no protocol has, or none of those the rule is for.
    #[error("`{0}` is not known, or not for this rule's protocol")]
    Keyword(String),
    /// A number used as a buffer, or the other way round.
    #[error("`{0}` cannot be asked this way")]
    Kind(String),
    /// Keywords of protocols that no flow has at once.
    #[error("its keywords belong to different application protocols")]
    Protocols,
    /// More conditions on transactions than are kept track of.
    #[error("more than {0} buffers")]
    Buffers(usize),
    /// A kind of frame that no protocol has.
    #[error("frame `{0}` is not known")]
    Frame(String),
    /// A rule looks into one kind of frame.
    #[error("it looks into two kinds of frames")]
    Frames,
    /// Frames beside other buffers.
    #[error("frames go with no other buffer, nor with the payload")]
    MixedFrames,
    /// `base64_data` has nothing to look at.
    #[error("`base64_data` without `base64_decode` before it")]
    Base64Data,
    /// A hook without a protocol that has stages.
    #[error("a hook needs an application protocol")]
    HookProtocol,
    /// A hook that no protocol of the header has.
    #[error("hook `{0}` is not known")]
    Hook(String),
    /// A value outside a closed set of names.
    #[error("{keyword}: `{value}` is not known")]
    Value {
        /// Keyword.
        keyword: &'static str,
        /// As the rule has it.
        value: String,
    },
    /// A number outside what a keyword takes.
    #[error("{keyword}: {value} is not between {least} and {greatest}")]
    Range {
        /// Keyword.
        keyword: &'static str,
        /// As the rule has it.
        value: i64,
        /// Smallest that is taken.
        least: i64,
        /// Greatest that is taken.
        greatest: i64,
    },
    /// A keyword that needs a value has none.
    #[error("{0}: the value is missing")]
    Missing(&'static str),
    /// Text that is no hexadecimal octets, or none at all.
    #[error("`{0}` is no hexadecimal pattern")]
    Hex(String),
    /// Text that is no UUID.
    #[error("`{0}` is no UUID")]
    Uuid(String),
    /// A variable that no earlier check sets.
    #[error("variable `{0}` is not set before it is used")]
    Variable(String),
    /// An expression that does not compile.
    #[error("{keyword}: {reason}")]
    Expression {
        /// `pcre` or `pcrexform`.
        keyword: &'static str,
        /// What the compiler says.
        reason: String,
    },
}
