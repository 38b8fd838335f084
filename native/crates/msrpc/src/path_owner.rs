//! Whose is the host that a path in a call names: the called machine's, the caller's, or another one's?

use core::net::IpAddr;

/// Whose host a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathOwner {
    /// The machine that is called.
    Own,
    /// A name, and neither the caller nor the called machine has shown its own.
    Unknown,
    /// The caller, by name.
    Caller,
    /// The caller, by address.
    CallerAddress,
    /// Another machine.
    Third,
}

/// What an end of a call is known by.
pub(crate) struct EndNames<'a> {
    pub(crate) address: IpAddr,
    pub(crate) names: Vec<&'a str>,
}

impl PathOwner {
    /// Words in rules, with their numbers.
    pub const NAMES: [(&'static str, u64); 5] =
        [("own", 0), ("unknown", 1), ("caller", 2), ("caller_address", 3), ("third", 4)];

    /// Word in EVE and in rules.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Unknown => "unknown",
            Self::Caller => "caller",
            Self::CallerAddress => "caller_address",
            Self::Third => "third",
        }
    }

    /// Of a host between the two ends of a call.
    pub(crate) fn between(host: &str, own: &EndNames<'_>, caller: &EndNames<'_>) -> Self {
        if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            return match address {
                address if address == own.address || address.is_loopback() => Self::Own,
                address if address == caller.address => Self::CallerAddress,
                _ => Self::Third,
            };
        }
        if host.eq_ignore_ascii_case("localhost") || own.has(host) {
            return Self::Own;
        }
        match (caller.has(host), caller.is_named() && own.is_named()) {
            (true, _) => Self::Caller,
            (false, true) => Self::Third,
            (false, false) => Self::Unknown,
        }
    }
}

impl EndNames<'_> {
    fn has(&self, host: &str) -> bool {
        self.names.iter().any(|name| is_same_host(name, host))
    }

    /// A name it is known by; an address says nothing about names.
    fn is_named(&self) -> bool {
        self.names.iter().any(|name| name.parse::<IpAddr>().is_err())
    }
}

/// Names of hosts are one when their first labels are, and what follows is or is left out.
fn is_same_host(a: &str, b: &str) -> bool {
    let (short_a, rest_a) = a.split_once('.').unwrap_or((a, ""));
    let (short_b, rest_b) = b.split_once('.').unwrap_or((b, ""));
    short_a.eq_ignore_ascii_case(short_b)
        && (rest_a.is_empty() || rest_b.is_empty() || rest_a.eq_ignore_ascii_case(rest_b))
}

/// The host of `\\host\share\..`, `\\host@80\..`, `\??\UNC\host\..`, `\\?\UNC\host\..`, `//host/..`.
pub(crate) fn unc_host(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("\\\\").or_else(|| path.strip_prefix("//")).or_else(|| path.strip_prefix("\\??\\"))?;
    let rest = rest.strip_prefix("?\\").unwrap_or(rest);
    let rest = match rest.get(..4) {
        Some(prefix) if prefix.eq_ignore_ascii_case("UNC\\") => rest.get(4..)?,
        _ if path.starts_with("\\??\\") => return None,
        _ => rest,
    };
    let host = rest.split(['\\', '/', '@']).next()?;
    // `\\.\` is a device, a drive behind `\\?\` is none either.
    (!host.is_empty() && host != "." && host != "?" && !host.ends_with(':')).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_in_paths() {
        let hosts = [
            (r"\\srv\share\x", Some("srv")),
            (r"\\srv@80\x", Some("srv")),
            (r"\??\UNC\srv\x", Some("srv")),
            (r"\\?\unc\srv\x", Some("srv")),
            (r"\\10.0.0.9\x", Some("10.0.0.9")),
            (r"\\?\C:\x", None),
            (r"\??\C:\x", None),
            (r"\\.\pipe\x", None),
            (r"c:\x", None),
        ];
        for (path, host) in hosts {
            assert_eq!(unc_host(path), host, "{path}");
        }
    }

    #[test]
    fn names_and_addresses_of_both_ends_decide() {
        let address = |last| IpAddr::from([10, 0, 0, last]);
        let own = EndNames { address: address(2), names: vec!["dc1.corp.local"] };
        let caller = EndNames { address: address(1), names: vec!["WS1"] };
        let nobody = EndNames { address: address(1), names: vec![] };
        let of = |host, caller| PathOwner::between(host, &own, caller);
        assert_eq!(of("DC1", &caller), PathOwner::Own);
        assert_eq!(of("10.0.0.2", &caller), PathOwner::Own);
        assert_eq!(of("ws1.corp.local", &caller), PathOwner::Caller);
        assert_eq!(of("10.0.0.1", &caller), PathOwner::CallerAddress);
        assert_eq!(of("10.0.0.9", &nobody), PathOwner::Third);
        assert_eq!(of("evil", &caller), PathOwner::Third);
        assert_eq!(of("dc1.other.local", &caller), PathOwner::Third);
        assert_eq!(of("evil", &nobody), PathOwner::Unknown);
    }
}
