//! Functions that `data/rpc` names with a `+`: an enumeration of each kind, whose variants the crate gives their meaning.

use std::collections::BTreeSet;

/// Names of functions, by kind.
#[derive(Default)]
pub(crate) struct FunctionNames {
    /// Those that read a stub.
    pub(crate) stubs: BTreeSet<String>,
    /// Those that find a command line.
    pub(crate) commands: BTreeSet<String>,
}

impl FunctionNames {
    /// Both enumerations as Rust.
    pub(crate) fn generate(&self) -> String {
        let stubs = enumeration("StubFunction", "Reads a stub from its beginning.", &self.stubs);
        stubs + &enumeration("CommandFunction", "Finds the command line of a call in its arguments.", &self.commands)
    }
}

fn enumeration(name: &str, about: &str, functions: &BTreeSet<String>) -> String {
    let variants: String = functions.iter().map(|function| format!("    {},\n", variant(function))).collect();
    format!("/// {about}\n#[derive(Clone, Copy, Debug)]\npub(crate) enum {name} {{\n{variants}}}\n\n")
}

/// `WmiInstance` of `wmi_instance`.
pub(crate) fn variant(function: &str) -> String {
    let capital = |word: &str| word.split_at_checked(1).map(|(first, rest)| first.to_ascii_uppercase() + rest);
    function.split('_').filter_map(capital).collect()
}
