//! DCOM objects and interface pointers of the hosts that a worker sees. [MS-DCOM] 3.2.1.

use core::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::automation::AutomationType;
use crate::bounded::BoundedMap;
use crate::handle_object::{HandleKey, HandleObject};
use crate::redirection::OutputPath;
use crate::security::DecryptionSecrets;
use crate::stub_memory::MemoryTotal;
use crate::{StdObjRef, StringBinding, Uuid, WmiClient};

/// Interface pointers known at a time.
const MAX_POINTERS: usize = 1 << 16;
/// Objects known at a time.
const MAX_OBJECTS: usize = 1 << 15;
/// Addresses known to belong to a machine of several.
const MAX_ADDRESSES: usize = 1 << 14;
/// Dynamic ports announced and not yet taken.
const MAX_ANNOUNCED: usize = 1024;
/// Names of one object's members.
const MAX_NAMES: usize = 64;

/// Association groups known at a time.
const MAX_ASSOCIATIONS: usize = 1 << 12;
/// Endpoints whose interfaces are known, and interfaces of one.
const MAX_ENDPOINTS: usize = 1 << 12;
const MAX_TIED: usize = 16;
/// Pairs of hosts with outputs of commands, and outputs of one.
const MAX_OUTPUT_PAIRS: usize = 1 << 11;
const MAX_OUTPUTS: usize = 16;
/// Context handles known at a time.
const MAX_HANDLES: usize = 1 << 14;
/// Pointers of one object that go with it.
const MAX_OWN_POINTERS: usize = 32;

/// DCOM objects and RPC associations seen by one worker, across flows: machine, object, interface pointer. [MS-DCOM] 1.3.
///
/// Every table is bounded; when one is full, objects that a client took out of its ping set go first, then the oldest
/// entry, and [`ObjectTable::evicted`] counts it. A pointer goes when all references that were seen to be given were
/// given back.
#[derive(Debug, Default)]
pub struct ObjectTable {
    pointers: BoundedMap<Uuid, InterfacePointer>,
    objects: BoundedMap<ObjectKey, DcomObject>,
    /// Objects by OID, which is all that a ping names. [MS-DCOM] 1.3.6.
    pinged: BoundedMap<u64, ObjectKey>,
    associations: BoundedMap<AssociationGroup, Arc<WmiClient>>,
    /// What the user gave to have sealed calls opened.
    secrets: Option<Arc<DecryptionSecrets>>,
    /// Address to another address of the same machine, towards the one that stands for all.
    machines: BoundedMap<IpAddr, IpAddr>,
    announced: Vec<SocketAddr>,
    /// Interfaces that somebody was told of, or bound to, at an endpoint.
    endpoints: BoundedMap<SocketAddr, Vec<Uuid>>,
    /// Where commands that a client made a server run send their output.
    outputs: BoundedMap<(IpAddr, IpAddr), Vec<OutputPath>>,
    /// What context handles stand for.
    handles: BoundedMap<HandleKey, Arc<HandleObject>>,
    unfinished: MemoryTotal,
    contexts: MemoryTotal,
    evicted: u64,
}

/// OXID and OID. Without an OXID it is an object of which only an IPID was seen, in the place of the OID.
pub(crate) type ObjectKey = (Option<u64>, u64);

/// An association group: the connections of one client process with one server process. [C706] 12.4.2, [MS-RPCE] 3.3.1.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AssociationGroup {
    pub(crate) client: IpAddr,
    pub(crate) server: SocketAddr,
    pub(crate) group: u32,
}

/// An interface pointer: what an IPID stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InterfacePointer {
    pub(crate) server: IpAddr,
    /// `None` for an IRemUnknown whose version is not known.
    pub(crate) iid: Option<Uuid>,
    pub(crate) oxid: Option<u64>,
    pub(crate) oid: u64,
    /// Public and private references that clients hold.
    references: u64,
}

impl InterfacePointer {
    /// The object it points to.
    pub(crate) const fn key(&self) -> ObjectKey {
        (self.oxid, self.oid)
    }
}

/// What is known of an object.
#[derive(Debug, Default)]
pub(crate) struct DcomObject {
    /// The class whose activation led here, directly or through other objects.
    pub(crate) clsid: Option<Uuid>,
    /// Its automation type.
    pub(crate) kind: Option<&'static AutomationType>,
    /// For type information: the object it describes.
    pub(crate) describes: Option<ObjectKey>,
    /// The process that uses it, where it said so.
    pub(crate) client: Option<Arc<WmiClient>>,
    /// The WMI namespace of the login that led here.
    pub(crate) namespace: Option<Arc<str>>,
    pointers: Vec<Uuid>,
    /// Names the client asked numbers for.
    names: Vec<(i32, String)>,
}

impl DcomObject {
    /// Keeps the name of a member.
    pub(crate) fn name(&mut self, dispid: i32, name: String) {
        self.names.retain(|(known, _)| *known != dispid);
        if self.names.len() < MAX_NAMES {
            self.names.push((dispid, name));
        }
    }

    /// The name the client asked the number for.
    pub(crate) fn name_of(&self, dispid: i32) -> Option<&str> {
        self.names.iter().find(|(known, _)| *known == dispid).map(|(_, name)| name.as_str())
    }
}

impl ObjectTable {
    /// A table beside which secrets lie that open sealed calls.
    #[must_use]
    pub fn with_secrets(secrets: Option<Arc<DecryptionSecrets>>) -> Self {
        Self { secrets: secrets.filter(|secrets| !secrets.is_empty()), ..Self::default() }
    }

    /// The secrets that open sealed calls.
    #[must_use]
    pub fn secrets(&self) -> Option<&DecryptionSecrets> {
        self.secrets.as_deref()
    }

    /// Entries that had to make room for younger ones.
    #[must_use]
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Octets of unfinished calls that the connections of this worker hold now.
    #[must_use]
    pub fn octets_unfinished(&self) -> usize {
        self.unfinished.octets()
    }

    /// Presentation contexts of all connections of this worker.
    pub(crate) const fn contexts(&self) -> &MemoryTotal {
        &self.contexts
    }

    pub(crate) const fn unfinished(&self) -> &MemoryTotal {
        &self.unfinished
    }

    /// Interface pointers known now.
    #[must_use]
    pub fn pointers(&self) -> usize {
        self.pointers.len()
    }

    /// Takes the dynamic ports that were announced since the last time: flows to them will speak DCERPC.
    pub fn take_announced(&mut self) -> Vec<SocketAddr> {
        core::mem::take(&mut self.announced)
    }

    /// What an IPID stands for, on the machine of an address.
    pub(crate) fn pointer(&self, server: IpAddr, ipid: Uuid) -> Option<InterfacePointer> {
        let pointer = *self.pointers.get(&ipid)?;
        self.same_machine(server, pointer.server).then_some(pointer)
    }

    /// The object behind a pointer.
    pub(crate) fn object(&self, pointer: InterfacePointer) -> Option<&DcomObject> {
        self.objects.get(&pointer.key())
    }

    /// The object of a key, made when there is none.
    pub(crate) fn object_mut(&mut self, key: ObjectKey) -> Option<&mut DcomObject> {
        if !self.objects.contains(&key) {
            self.evicted += self.objects.insert(key, DcomObject::default(), MAX_OBJECTS);
            if key.0.is_some() {
                self.pinged.insert(key.1, key, MAX_OBJECTS);
            }
        }
        self.objects.get_mut(&key)
    }

    /// Learns an interface pointer.
    pub(crate) fn learn(&mut self, server: IpAddr, iid: Option<Uuid>, std: StdObjRef) {
        if std.ipid.is_nil() {
            return;
        }
        let before = self.pointer(server, std.ipid).filter(|known| known.key() == (Some(std.oxid), std.oid));
        let references = before.map_or(0, |known| known.references).saturating_add(std.references.into());
        let pointer = InterfacePointer { server, iid, oxid: Some(std.oxid), oid: std.oid, references };
        self.evicted += self.pointers.insert(std.ipid, pointer, MAX_POINTERS);
        if std.oid != 0
            && let Some(object) = self.object_mut(pointer.key())
            && object.pointers.len() < MAX_OWN_POINTERS
            && !object.pointers.contains(&std.ipid)
        {
            object.pointers.push(std.ipid);
        }
    }

    /// Takes an IPID that nothing announced for one interface of one object, which it is: what calls on it tell of the
    /// object is kept.
    pub(crate) fn assume(&mut self, server: IpAddr, iid: Uuid, ipid: Uuid) -> InterfacePointer {
        let [a, b, c, d, e, f, g, h, ..] = ipid.0;
        let [.., i, j, k, l, m, n, o, p] = ipid.0;
        let oid = u64::from_be_bytes([a, b, c, d, e, f, g, h]) ^ u64::from_be_bytes([i, j, k, l, m, n, o, p]);
        let pointer = InterfacePointer { server, iid: Some(iid), oxid: None, oid, references: 1 };
        self.evicted += self.pointers.insert(ipid, pointer, MAX_POINTERS);
        pointer
    }

    /// Learns where a server can be reached: its dynamic ports, and which addresses are one machine's.
    pub(crate) fn reachable(&mut self, server: IpAddr, bindings: &[StringBinding]) {
        for binding in bindings {
            if let Some(address) = binding.address() {
                self.unite(server, address);
            }
            // A binding by name is a port on the address the client already uses.
            let port = binding.endpoint.as_deref().filter(|_| binding.tower == 7).and_then(|port| port.parse().ok());
            let here = port.map(|port| SocketAddr::new(server, port));
            [binding.socket(), here].into_iter().flatten().for_each(|socket| self.announce(socket));
        }
    }

    /// A dynamic port that somebody named: flows to it will speak DCERPC.
    pub(crate) fn announce(&mut self, socket: SocketAddr) {
        if self.announced.len() < MAX_ANNOUNCED && !self.announced.contains(&socket) {
            self.announced.push(socket);
        }
    }

    /// An interface is offered at an endpoint: the endpoint mapper said so, or somebody bound to it there.
    pub(crate) fn tie(&mut self, endpoint: SocketAddr, interface: Uuid) {
        if let Some(tied) = self.endpoints.get_mut(&endpoint) {
            if tied.len() < MAX_TIED && !tied.contains(&interface) {
                tied.push(interface);
            }
        } else {
            self.evicted += self.endpoints.insert(endpoint, vec![interface], MAX_ENDPOINTS);
        }
    }

    /// What a context handle stands for.
    pub(crate) fn handle(&self, key: &HandleKey) -> Option<&Arc<HandleObject>> {
        self.handles.get(key)
    }

    /// A call gave a context handle.
    pub(crate) fn learn_handle(&mut self, key: HandleKey, object: Arc<HandleObject>) {
        self.handles.remove(&key);
        self.evicted += self.handles.insert(key, object, MAX_HANDLES);
    }

    /// A client made a server run a command whose output goes to a file.
    pub(crate) fn expect_output(&mut self, ends: (IpAddr, IpAddr), output: OutputPath) {
        match self.outputs.get_mut(&ends) {
            Some(outputs) if outputs.contains(&output) => {}
            Some(outputs) => {
                if outputs.len() >= MAX_OUTPUTS {
                    outputs.remove(0);
                }
                outputs.push(output);
            }
            None => self.evicted += self.outputs.insert(ends, vec![output], MAX_OUTPUT_PAIRS),
        }
    }

    /// Is a file on a share of the server the output of a command that the client made it run?
    #[must_use]
    pub fn is_output(&self, client: IpAddr, server: IpAddr, share: &str, name: &str) -> bool {
        let Some(outputs) = self.outputs.get(&(client, server)) else { return false };
        OutputPath::on_share(share, name).is_some_and(|file| outputs.iter().any(|output| output.is(&file)))
    }

    /// The interfaces that are known to be offered at an endpoint.
    pub(crate) fn tied_to(&self, endpoint: SocketAddr) -> Vec<Uuid> {
        self.endpoints.get(&endpoint).cloned().unwrap_or_default()
    }

    /// References were taken: RemAddRef.
    pub(crate) fn add_references(&mut self, server: IpAddr, ipid: Uuid, count: u32) {
        if self.pointer(server, ipid).is_some()
            && let Some(pointer) = self.pointers.get_mut(&ipid)
        {
            pointer.references = pointer.references.saturating_add(count.into());
        }
    }

    /// References were given back: RemRelease. With the last one the pointer goes.
    pub(crate) fn release(&mut self, server: IpAddr, ipid: Uuid, count: u32) {
        if self.pointer(server, ipid).is_some()
            && let Some(pointer) = self.pointers.get_mut(&ipid)
        {
            pointer.references = pointer.references.saturating_sub(count.into());
            if pointer.references == 0 {
                self.pointers.remove(&ipid);
            }
        }
    }

    /// A client took an object out of its ping set: it is the first to make room. Other clients may still call it.
    pub(crate) fn unpinged(&mut self, server: IpAddr, oid: u64) {
        let Some(key) = self.pinged.get(&oid).copied() else { return };
        let pointers = self.objects.get(&key).map(|object| object.pointers.clone()).unwrap_or_default();
        if pointers.iter().any(|ipid| self.pointer(server, *ipid).is_some()) {
            self.objects.first_to_go(key, MAX_OBJECTS);
            pointers.into_iter().for_each(|ipid| self.pointers.first_to_go(ipid, MAX_POINTERS));
        }
    }

    /// The process behind an association, where it said who it is.
    pub(crate) fn client_of(&self, association: &AssociationGroup) -> Option<&Arc<WmiClient>> {
        self.associations.get(association)
    }

    /// The process behind an association said who it is.
    pub(crate) fn identify(&mut self, association: AssociationGroup, client: Arc<WmiClient>) {
        self.evicted += self.associations.insert(association, client, MAX_ASSOCIATIONS);
    }

    fn root(&self, mut address: IpAddr) -> IpAddr {
        // A chain is as long as a machine has had unions; a cycle cannot be built, and the bound is for certainty.
        for _ in 0..64 {
            match self.machines.get(&address) {
                Some(next) if *next != address => address = *next,
                _ => break,
            }
        }
        address
    }

    fn same_machine(&self, a: IpAddr, b: IpAddr) -> bool {
        a == b || self.root(a) == self.root(b)
    }

    fn unite(&mut self, a: IpAddr, b: IpAddr) {
        // Loopback and unspecified addresses are everybody's.
        if a.is_loopback() || b.is_loopback() || a.is_unspecified() || b.is_unspecified() {
            return;
        }
        let (a, b) = (self.root(a), self.root(b));
        if a != b {
            self.evicted += self.machines.insert(a.max(b), a.min(b), MAX_ADDRESSES);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        [10, 0, 0, last].into()
    }

    #[test]
    fn a_pointer_is_known_on_every_address_of_its_machine() {
        let mut table = ObjectTable::default();
        let std = StdObjRef { oxid: 1, oid: 2, ipid: Uuid::com(9), references: 5 };
        table.learn(address(1), Some(Uuid::com(0x20400)), std);
        assert!(table.pointer(address(2), std.ipid).is_none());
        let binding = |host: &str| StringBinding { tower: 7, host: host.into(), endpoint: Some("50000".into()) };
        table.reachable(address(1), &[binding("10.0.0.1"), binding("10.0.0.2"), binding("ws1")]);
        assert!(table.pointer(address(2), std.ipid).is_some());
        assert!(table.pointer(address(3), std.ipid).is_none());
        let announced: Vec<_> = table.take_announced().iter().map(ToString::to_string).collect();
        assert_eq!(announced, ["10.0.0.1:50000", "10.0.0.2:50000"]);
        table.release(address(2), std.ipid, 4);
        assert!(table.pointer(address(1), std.ipid).is_some());
        table.add_references(address(2), std.ipid, 1);
        table.release(address(2), std.ipid, 2);
        assert!(table.pointer(address(1), std.ipid).is_none());
    }
}
