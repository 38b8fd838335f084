//! Interfaces and their procedures by name, out of `interfaces.tsv`, which is read once.

use std::sync::LazyLock;

use crate::{StatusFamily, Uuid};

/// An interface of the table.
#[derive(Debug)]
pub struct Interface {
    /// Which one.
    pub uuid: Uuid,
    /// Its short name: `svcctl`.
    pub name: &'static str,
    /// The version the document defines, as text.
    pub version: &'static str,
    /// How its stubs are laid out.
    pub kind: Kind,
    /// The public document that defines it.
    pub source: &'static str,
    /// Operation number and name, in order.
    procedures: Vec<(u16, &'static str)>,
}

/// What stands around the arguments of an interface's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing: a plain RPC interface.
    Rpc,
    /// ORPCTHIS and ORPCTHAT, but no object: the activators.
    Activation,
    /// ORPCTHIS and ORPCTHAT, and an object UUID: an interface that derives from IUnknown.
    Object,
}

impl Interface {
    /// True when requests begin with ORPCTHIS and responses with ORPCTHAT.
    #[must_use]
    pub fn is_orpc(&self) -> bool {
        self.kind != Kind::Rpc
    }

    /// What its operations return.
    #[must_use]
    pub fn returns(&self) -> StatusFamily {
        if self.is_orpc() { StatusFamily::Hresult } else { StatusFamily::Win32 }
    }

    /// Name of an operation.
    #[must_use]
    pub fn procedure(&self, opnum: u16) -> Option<&'static str> {
        let at = self.procedures.binary_search_by_key(&opnum, |(known, _)| *known).ok()?;
        self.procedures.get(at).map(|(_, name)| *name)
    }

    /// Number of named operations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.procedures.len()
    }

    /// True when no operation is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.procedures.is_empty()
    }
}

static TABLE: LazyLock<Vec<Interface>> = LazyLock::new(|| read(include_str!("interfaces.tsv")));

/// The interface of a UUID, whatever its version.
#[must_use]
pub fn find(uuid: &Uuid) -> Option<&'static Interface> {
    let at = TABLE.binary_search_by_key(uuid, |interface| interface.uuid).ok()?;
    TABLE.get(at)
}

/// All of them, by UUID.
#[must_use]
pub fn all() -> &'static [Interface] {
    &TABLE
}

/// Reads the lines of the table; its own head says what the columns are. A line that does not follow is left out, and
/// a test sees to it that none is.
fn read(text: &'static str) -> Vec<Interface> {
    let mut table: Vec<Interface> = text.lines().filter(|line| !line.starts_with('#')).filter_map(line).collect();
    table.sort_by_key(|interface| interface.uuid);
    table
}

fn line(line: &'static str) -> Option<Interface> {
    let mut columns = line.split('\t');
    let uuid = Uuid::parse(columns.next()?)?;
    let (version, name) = (columns.next()?, columns.next()?);
    let kind = match columns.next()? {
        "rpc" => Kind::Rpc,
        "activation" => Kind::Activation,
        "object" => Kind::Object,
        _ => return None,
    };
    let source = columns.next()?;
    let (mut procedures, mut next) = (Vec::new(), 0_u16);
    for word in columns.next()?.split_ascii_whitespace() {
        let word = match word.split_once(':') {
            Some((number, word)) => {
                next = number.parse().ok()?;
                word
            }
            None => word,
        };
        if word != "-" {
            procedures.push((next, word));
        }
        next = next.checked_add(1)?;
    }
    Some(Interface { uuid, name, version, kind, source, procedures })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_an_interface_and_none_comes_twice() {
        let lines = include_str!("interfaces.tsv").lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(all().len(), lines);
        assert!(lines >= 120, "{lines}");
        assert!(all().windows(2).all(|pair| pair[0].uuid < pair[1].uuid));
        for interface in all() {
            assert!(interface.procedures.windows(2).all(|pair| pair[0].0 < pair[1].0), "{}", interface.name);
        }
    }

    #[test]
    fn names_procedures_by_number() {
        let name = |uuid: &str, opnum| find(&Uuid::parse(uuid).unwrap()).unwrap().procedure(opnum);
        assert_eq!(name("367abb81-9844-35f1-ad32-98f038001003", 12), Some("RCreateServiceW"));
        assert_eq!(name("367abb81-9844-35f1-ad32-98f038001003", 64), Some("ROpenSCManager2"));
        assert_eq!(name("367abb81-9844-35f1-ad32-98f038001003", 10), None);
        assert_eq!(name("9556dc99-828c-11cf-a37e-00aa003240c7", 24), Some("ExecMethod"));
        assert_eq!(name("12345678-1234-abcd-ef00-0123456789ab", 89), Some("RpcAddPrinterDriverEx"));
        assert_eq!(name("76f03f96-cdfd-44fc-a22c-64950a001209", 62), Some("RpcAsyncInstallPrinterDriverFromPackage"));
        assert_eq!(name("12345778-1234-abcd-ef00-0123456789ac", 64), Some("SamrConnect5"));
        assert_eq!(name("12345678-1234-abcd-ef00-01234567cffb", 45), Some("NetrLogonSamLogonWithFlags"));
    }
}
