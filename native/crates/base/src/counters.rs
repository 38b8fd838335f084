//! Structs of counters with the names of Suricata's stats.

/// Declares a struct of counters: `u64` fields, each with the name it has in Suricata's stats, and `rows` over them.
///
/// ```
/// sidewire_base::counters! {
///     /// What is counted here.
///     pub struct Counters {
///         /// Packets.
///         packets = "decoder.pkts",
///     }
/// }
/// assert_eq!(Counters { packets: 3 }.rows().collect::<Vec<_>>(), [("decoder.pkts", 3)]);
/// ```
#[macro_export]
macro_rules! counters {
    ($(#[$about:meta])* pub struct $type:ident { $($(#[$doc:meta])+ $field:ident = $name:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $type { $($(#[$doc])+ pub $field: u64,)* }

        impl $type {
            /// Name and value of each.
            pub fn rows(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$(($name, self.$field),)*].into_iter()
            }
        }
    };
}
