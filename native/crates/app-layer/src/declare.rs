//! The macros a protocol declares itself with: names, documentation and numbers in one place each.
//!
//! [`stages!`](crate::stages), [`events!`](crate::events) and [`frames!`](crate::frames) make constants and the lists that
//! [`ProtocolInfo`](crate::ProtocolInfo) takes; [`buffers!`](crate::buffers) makes the list of
//! [`Protocol::BUFFERS`](crate::Protocol::BUFFERS). What a doc comment says is the documentation that `rules list` and
//! editors show.

/// The text of a doc comment, which begins with a blank.
#[doc(hidden)]
#[must_use]
pub const fn doc(comment: &'static str) -> &'static str {
    comment.trim_ascii()
}

/// One list after the other, for a protocol that offers another's buffers beside its own: `&joined::<_, N>(OWN, OTHERS)`.
///
/// # Panics
/// Where `N` is not the number of both together; in a constant that is an error of the compiler.
#[must_use]
#[allow(clippy::indexing_slicing, reason = "for constants: the compiler refuses what is out of range")]
pub const fn joined<T: Copy, const N: usize>(first: &[T], second: &[T]) -> [T; N] {
    assert!(first.len() + second.len() == N, "N is the number of both together");
    let mut all = [if first.is_empty() { second[0] } else { first[0] }; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < first.len() { first[at] } else { second[at - first.len()] };
        at += 1;
    }
    all
}

/// The progress values of transactions: a module of constants, counted from 0, and the names that rule hooks have for them.
/// The last one is a complete transaction.
///
/// Where requests and responses pass the same stages, names get `request_` and `response_` in front:
/// ```
/// mod stage {
///     sidewire_app_layer::stages! {
///         STARTED = "started",
///         /// The line is there.
///         LINE = "line",
///         COMPLETE = "complete",
///     }
/// }
/// assert_eq!(stage::STAGES.to_client[usize::from(stage::LINE)], "response_line");
/// ```
/// Otherwise each direction has constants of its own:
/// ```
/// mod stage {
///     sidewire_app_layer::stages! {
///         to_server { IN_PROGRESS = "client_in_progress", FINISHED = "client_finished" }
///         to_client { IN_PROGRESS = "server_in_progress", HELLO = "server_hello", FINISHED = "server_finished" }
///     }
/// }
/// assert_eq!(stage::to_client::FINISHED, 2);
/// ```
#[macro_export]
macro_rules! stages {
    (to_server { $($to_server:tt)* } to_client { $($to_client:tt)* }) => {
        /// To the server.
        pub(crate) mod to_server { $crate::stages!(@numbers $($to_server)*); }
        /// To the client.
        pub(crate) mod to_client { $crate::stages!(@numbers $($to_client)*); }
        /// Names of the stages.
        pub(crate) const STAGES: $crate::PerDirection<&'static [&'static str]> = $crate::PerDirection::new(
            $crate::stages!(@names "", $($to_server)*),
            $crate::stages!(@names "", $($to_client)*),
        );
    };
    (@numbers $($(#[doc = $doc:literal])* $stage:ident = $name:literal),* $(,)?) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, dead_code)]
        #[repr(u8)]
        enum Number { $($stage),* }
        $(
            $(#[doc = $doc])*
            #[allow(dead_code)]
            pub(crate) const $stage: u8 = Number::$stage as u8;
        )*
    };
    (@names $prefix:literal, $($(#[doc = $doc:literal])* $stage:ident = $name:literal),* $(,)?) => {
        &[$(concat!($prefix, $name)),*]
    };
    ($($stages:tt)*) => {
        $crate::stages!(@numbers $($stages)*);
        /// Names of the stages.
        pub(crate) const STAGES: $crate::PerDirection<&'static [&'static str]> = $crate::PerDirection::new(
            $crate::stages!(@names "request_", $($stages)*),
            $crate::stages!(@names "response_", $($stages)*),
        );
    };
}

/// What can go wrong: an enumeration, and the list of its names and documentation ([`EventInfo`](crate::EventInfo)) as
/// `EVENTS` of the type. Rules may name events that nothing raises here.
///
/// ```
/// sidewire_app_layer::events! {
///     /// What can be odd in a flow.
///     pub(crate) enum Event {
///         /// A message contradicts itself.
///         MalformedData = "malformed_data",
///     }
/// }
/// assert_eq!(Event::EVENTS[0].doc, "A message contradicts itself.");
/// ```
#[macro_export]
macro_rules! events {
    ($(#[$meta:meta])* $vis:vis enum $type:ident { $($(#[doc = $doc:literal])+ $event:ident = $name:literal),* $(,)? }) => {
        $(#[$meta])*
        #[allow(dead_code)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u16)]
        $vis enum $type { $($(#[doc = $doc])+ $event),* }

        impl $type {
            /// Names and documentation; the position is the number.
            $vis const EVENTS: &'static [$crate::EventInfo] =
                &[$($crate::EventInfo { name: $name, doc: $crate::declare::doc(concat!($($doc),+)) }),*];
        }

        impl From<$type> for $crate::EventId {
            fn from(event: $type) -> Self {
                Self(event as u16)
            }
        }
    };
}

/// Parts of the stream that rules can look into: an enumeration, which [`StreamFrames::begin`](crate::StreamFrames::begin) takes, and the
/// list of names and documentation as `FRAMES` of the type. Names get the protocol in front; the stream as a whole comes
/// first by itself.
///
/// ```
/// sidewire_app_layer::frames! {
///     /// Kinds of frames.
///     pub(crate) enum Part of "toy" {
///         /// A message: header and body.
///         Pdu = "pdu",
///     }
/// }
/// assert_eq!(Part::FRAMES[1].name, "toy.pdu");
/// ```
#[macro_export]
macro_rules! frames {
    (
        $(#[$meta:meta])* $vis:vis enum $type:ident of $protocol:literal
        { $($(#[doc = $doc:literal])+ $frame:ident = $name:literal),* $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        $vis enum $type {
            /// All octets that one side sends.
            #[allow(dead_code)]
            Stream,
            $($(#[doc = $doc])+ $frame),*
        }

        impl $type {
            /// Names and documentation; the position is the number.
            $vis const FRAMES: &'static [$crate::FrameInfo] = &[
                $crate::FrameInfo { name: concat!($protocol, ".stream"), doc: "All octets that one side sends." },
                $($crate::FrameInfo {
                    name: concat!($protocol, ".", $name),
                    doc: $crate::declare::doc(concat!($($doc),+)),
                }),*
            ];
        }

        impl From<$type> for $crate::FrameKind {
            fn from(frame: $type) -> Self {
                Self(frame as u8)
            }
        }
    };
}

/// What rules can look into of a transaction: a list of [`Buffer`](crate::Buffer)s, each with its documentation, name, other
/// names, kind, the progress it is there from, and the function that gives it.
///
/// The kind is a [`BufferKind`](crate::BufferKind), the progress a [`Hook`](crate::Hook); both without their types' names.
///
/// ```
/// use sidewire_app_layer::{Buffer, Value, buffers};
///
/// pub struct Query { name: Vec<u8>, answers: Vec<Vec<u8>>, code: Option<u16> }
///
/// const REQUEST: u8 = 1;
/// const RESPONSE: u8 = 1;
///
/// pub const BUFFERS: &[Buffer<Query>] = buffers! {
///     /// Name that is asked for, with dots.
///     "toy.query" [alias "toy_query"] [modifier "toy_query_name"]: Bytes, to_server(REQUEST)
///         => |tx, _, _| Value::Bytes(&tx.name);
///     /// Each answer.
///     "toy.answer": Multi, to_client(RESPONSE) => |tx, _, nth| Value::nth(&tx.answers, nth);
///     /// What came of it.
///     "toy.code": Uint(16), both(REQUEST, RESPONSE) => |tx, _, _| Value::uint(tx.code);
/// };
/// assert_eq!(BUFFERS[1].info.doc, "Each answer.");
/// ```
#[macro_export]
macro_rules! buffers {
    ($(
        $(#[doc = $doc:literal])+
        $name:literal $([alias $($alias:literal),+])? $([modifier $modifier:literal])?: $kind:expr, $hook:expr => $get:expr;
    )*) => {
        &[$(
            $crate::Buffer {
                info: $crate::BufferInfo {
                    name: $name,
                    aliases: &[$($($alias),+)?],
                    modifier: $crate::buffers!(@option $($modifier)?),
                    doc: $crate::declare::doc(concat!($($doc),+)),
                    kind: {
                        #[allow(unused_imports)]
                        use $crate::BufferKind::*;
                        $kind
                    },
                    hook: {
                        #[allow(unused_imports)]
                        use $crate::declare::hook::*;
                        $hook
                    },
                },
                get: $get,
            }
        ),*]
    };
    (@option) => { None };
    (@option $value:literal) => { Some($value) };
}

/// How [`buffers!`](crate::buffers) says where a buffer is there.
pub mod hook {
    use crate::Hook;

    /// In requests only, from a progress on.
    #[must_use]
    pub const fn to_server(progress: u8) -> Hook {
        Hook::to_server(progress)
    }

    /// In responses only.
    #[must_use]
    pub const fn to_client(progress: u8) -> Hook {
        Hook::to_client(progress)
    }

    /// In both.
    #[must_use]
    pub const fn both(to_server: u8, to_client: u8) -> Hook {
        Hook::both(to_server, to_client)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Buffer, BufferKind, EventId, FrameKind, Hook, Value};

    mod stage {
        crate::stages! {
            STARTED = "started",
            /// The line is there.
            LINE = "line",
            COMPLETE = "complete",
        }
    }

    events! {
        /// For tests.
        enum Event {
            /// One line.
            First = "first",
            /// Two lines, of which
            /// the second goes on.
            Second = "second",
        }
    }

    frames! {
        /// For tests.
        #[allow(dead_code)]
        enum Part of "toy" {
            /// A message.
            Pdu = "pdu",
            /// Its head.
            Head = "pdu.head",
        }
    }

    const OWN: &[Buffer<Vec<u8>>] = buffers! {
        /// All of it.
        "toy.all" [alias "toy_all", "toy"]: Bytes, to_server(stage::LINE).reinspect_at(stage::COMPLETE)
            => |tx, _, _| Value::Bytes(tx);
        /// How much.
        "toy.size" [modifier "toy_size"]: Enumeration(&[("none", 0)]), both(stage::LINE, stage::STARTED)
            => |tx, _, _| Value::Uint(tx.len() as u64);
    };

    const OTHERS: &[Buffer<Vec<u8>>] = buffers! {
        /// Nothing.
        "other": Multi, to_client(0) => |_, _, _| Value::Absent;
    };

    #[test]
    fn names_documentation_and_numbers_belong_together() {
        assert_eq!((stage::STARTED, stage::LINE, stage::COMPLETE), (0, 1, 2));
        assert_eq!(stage::STAGES.to_server, ["request_started", "request_line", "request_complete"]);
        assert_eq!(Event::EVENTS[EventId::from(Event::Second).index()].name, "second");
        assert_eq!(Event::EVENTS[1].doc, "Two lines, of which the second goes on.");
        assert_eq!(FrameKind::from(Part::Stream), FrameKind::STREAM);
        assert_eq!(Part::FRAMES[usize::from(FrameKind::from(Part::Head).0)].name, "toy.pdu.head");
    }

    #[test]
    fn a_row_says_all_of_a_buffer() {
        const ALL: &[Buffer<Vec<u8>>] = &super::joined::<_, 3>(OWN, OTHERS);
        let [all, size, other] = ALL else { panic!() };
        assert_eq!((all.info.aliases, all.info.modifier, all.info.doc), (&["toy_all", "toy"][..], None, "All of it."));
        assert_eq!(all.info.hook, Hook { to_server: Some(1), to_client: None, reinspect_at: Some(2) });
        assert_eq!((size.info.modifier, size.info.kind), (Some("toy_size"), BufferKind::Enumeration(&[("none", 0)])));
        assert!(matches!((size.get)(&vec![1, 2], sidewire_base::Direction::ToServer, 0), Value::Uint(2)));
        assert_eq!(other.info.name, "other");
    }
}
