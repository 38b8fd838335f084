//! Interfaces and their procedures by name: `interfaces.tsv`, read once.

use std::sync::LazyLock;

use crate::Uuid;

/// An interface of the table.
#[derive(Debug)]
pub struct Interface {
    /// Which one.
    pub uuid: Uuid,
    /// Its short name: `svcctl`.
    pub name: &'static str,
    /// True for interfaces that derive from IUnknown: their stubs begin with ORPCTHIS and ORPCTHAT.
    pub is_object: bool,
    /// Operation number and name, in order.
    procedures: Vec<(u16, &'static str)>,
}

impl Interface {
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

/// Lines of `uuid TAB name TAB kind TAB procedures`; `#` begins a comment. A procedure list is names separated by
/// blanks, numbered from 0; `7:` sets the number of the next one. A name of `-` is a number nobody uses.
fn read(text: &'static str) -> Vec<Interface> {
    let mut table: Vec<Interface> = text.lines().filter(|line| !line.starts_with('#')).filter_map(line).collect();
    table.sort_by_key(|interface| interface.uuid);
    table
}

fn line(line: &'static str) -> Option<Interface> {
    let mut columns = line.split('\t');
    let uuid = Uuid::parse(columns.next()?)?;
    let name = columns.next()?;
    let is_object = columns.next()? == "object";
    let (mut procedures, mut next) = (Vec::new(), 0_u16);
    for word in columns.next().unwrap_or_default().split_ascii_whitespace() {
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
    Some(Interface { uuid, name, is_object, procedures })
}
