//! Interfaces and their procedures: what `native/data/rpc` says about them, as code.

use crate::arguments::layout::{StubAlignment, StubField, StubFieldKind, StubLayout, StubStructure, StubWords};
use crate::functions::{CommandFunction, StubFunction};
use crate::{StatusFamily, Uuid};

/// An interface of the table.
#[derive(Debug)]
pub struct RpcInterface {
    /// Which one.
    pub uuid: Uuid,
    /// Its short name: `svcctl`.
    pub name: &'static str,
    /// The version the document defines, as text.
    pub version: &'static str,
    /// How its stubs are laid out.
    pub kind: InterfaceKind,
    /// What its procedures return.
    pub returns: StatusFamily,
    /// The public document that defines it; `undocumented` where there is none.
    pub source: &'static str,
    /// Pipes on which it is offered, by their names in small letters.
    pub(crate) pipes: &'static [&'static str],
    /// Well-known TCP ports on which it is offered.
    pub(crate) ports: &'static [u16],
    /// In the order of their numbers.
    procedures: &'static [RpcProcedure],
}

/// A procedure of an interface.
#[derive(Debug)]
pub(crate) struct RpcProcedure {
    opnum: u16,
    pub(crate) name: &'static str,
    /// What of a request is told.
    pub(crate) request: StubLayout,
    /// What of a response is told.
    pub(crate) response: StubLayout,
    /// Where the command line is that it makes the server run.
    pub(crate) command: Option<CommandLine>,
    /// What the context handle stands for that it gives.
    pub(crate) gives: Option<HandleMeaning>,
}

/// What a context handle stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HandleMeaning {
    /// `service`, `key`.
    pub(crate) kind: &'static str,
    pub(crate) name: HandleName,
}

/// Where the name is of what a context handle stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum HandleName {
    /// It has none.
    Nothing,
    /// It is always this.
    Always(&'static str),
    /// It is an argument.
    Argument(&'static str),
    /// It is an argument, below what the handle stands for that the call is made with: keys of the registry.
    Below(&'static str),
    /// It is a number behind what that handle stands for: accounts of a domain.
    Behind(&'static str),
}

/// Where the command line of a procedure is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CommandLine {
    /// It is an argument.
    Argument(&'static str),
    /// It is found in arguments.
    Found(CommandFunction),
}

/// What stands around the arguments of an interface's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterfaceKind {
    /// Nothing: a plain RPC interface.
    Rpc,
    /// ORPCTHIS and ORPCTHAT, but no object: the activators.
    Activation,
    /// ORPCTHIS and ORPCTHAT, and an object UUID: an interface that derives from IUnknown.
    Object,
}

impl RpcInterface {
    /// True when requests begin with ORPCTHIS and responses with ORPCTHAT.
    #[must_use]
    pub fn is_orpc(&self) -> bool {
        self.kind != InterfaceKind::Rpc
    }

    /// Name of an operation.
    #[must_use]
    pub fn procedure(&self, opnum: u16) -> Option<&'static str> {
        self.find_procedure(opnum).map(|procedure| procedure.name)
    }

    pub(crate) fn find_procedure(&self, opnum: u16) -> Option<&'static RpcProcedure> {
        self.procedures.get(self.procedures.binary_search_by_key(&opnum, |known| known.opnum).ok()?)
    }

    /// The version as numbers.
    pub(crate) fn version_numbers(&self) -> (u16, u16) {
        let (major, minor) = self.version.split_once('.').unwrap_or((self.version, "0"));
        (major.parse().unwrap_or(0), minor.parse().unwrap_or(0))
    }

    /// Number of named operations.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.procedures.len()
    }

    /// True when no operation is named.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.procedures.is_empty()
    }
}

include!(concat!(env!("OUT_DIR"), "/interfaces.rs"));

/// The interface of a UUID, whatever its version.
#[must_use]
pub fn find(uuid: &Uuid) -> Option<&'static RpcInterface> {
    TABLE.get(TABLE.binary_search_by_key(uuid, |interface| interface.uuid).ok()?)
}

/// All of them, by UUID.
#[must_use]
pub fn all() -> &'static [RpcInterface] {
    TABLE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order() {
        assert!(all().len() >= 120, "{}", all().len());
        assert!(all().windows(2).all(|pair| pair[0].uuid < pair[1].uuid));
        let told = all().iter().flat_map(|known| known.procedures).filter(|known| !known.request.is_empty()).count();
        assert!(told >= 60, "{told}");
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
        assert_eq!(name("df1941c5-fe89-4e79-bf10-463657acf44d", 0), Some("EfsRpcOpenFileRaw"));
        assert_eq!(name("12345678-1234-abcd-ef00-01234567cffb", 45), Some("NetrLogonSamLogonWithFlags"));
    }
}
