//! What packets are read with. The list itself is in `lib.rs`.

use sidewire_capture::PacketSource;

use crate::settings::InterfaceSettings;
use crate::{LiveError, OpenedInterface};

/// A source that is open, and what is to be known of each of its interfaces.
pub type OpenedSource = (Box<dyn PacketSource>, Vec<OpenedInterface>);

/// A way to read packets. Its file implements it, and the list in `lib.rs` names it.
pub(crate) trait SourceKind {
    /// Opens what the settings name, each with its number in frames: its place in the list.
    ///
    /// # Errors
    /// The interface that cannot be captured, and why.
    fn open(settings: &[InterfaceSettings]) -> Result<OpenedSource, (String, LiveError)>;
}

/// The list of methods: the name, which is also that of its section in suricata.yaml, and the type that opens it.
macro_rules! methods {
    ($(#[doc = $doc:literal] $method:ident = $name:literal => $kind:ty;)*) => {
        /// What packets are read with.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, ts_rs::TS)]
        #[ts(export_to = "live.ts", rename = "LiveMethod")]
        pub enum CaptureMethod {
            $(#[doc = $doc] #[serde(rename = $name)] $method,)*
        }

        impl CaptureMethod {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$method,)*];

            /// What configurations call it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$method => $name,)*
                }
            }

            /// One sentence.
            #[must_use]
            pub fn doc(self) -> &'static str {
                match self {
                    $(Self::$method => $doc.trim_ascii(),)*
                }
            }

            /// Opens what the settings name.
            ///
            /// # Errors
            /// The interface that cannot be captured, and why.
            pub fn open(self, settings: &[InterfaceSettings]) -> Result<OpenedSource, (String, LiveError)> {
                match self {
                    $(Self::$method => <$kind as $crate::method::SourceKind>::open(settings),)*
                }
            }
        }
    };
}

pub(crate) use methods;
