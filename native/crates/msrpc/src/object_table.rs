use core::hash::Hash;
use core::net::{IpAddr, SocketAddr};
use std::collections::VecDeque;

use hashbrown::HashMap;

use crate::automation::Type;
use crate::{StdObjRef, StringBinding, Uuid};

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

/// DCOM objects seen by one worker, across flows: machine, object, interface pointer. [MS-DCOM] 1.3.
///
/// Every table is bounded; the oldest entry makes room, and [`ObjectTable::evicted`] counts it.
#[derive(Debug, Default)]
pub struct ObjectTable {
    pointers: Bounded<Uuid, Pointer>,
    objects: Bounded<(u64, u64), Object>,
    /// Address to another address of the same machine, towards the one that stands for all.
    machines: Bounded<IpAddr, IpAddr>,
    announced: Vec<SocketAddr>,
    evicted: u64,
}

/// An interface pointer: what an IPID stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pointer {
    pub(crate) server: IpAddr,
    /// `None` for an IRemUnknown whose version is not known.
    pub(crate) iid: Option<Uuid>,
    pub(crate) oxid: u64,
    pub(crate) oid: u64,
}

/// What is known of an object.
#[derive(Debug, Default)]
pub(crate) struct Object {
    /// The class whose activation led here, directly or through other objects.
    pub(crate) clsid: Option<Uuid>,
    /// Its automation type.
    pub(crate) kind: Option<&'static Type>,
    /// For type information: the object it describes.
    pub(crate) describes: Option<(u64, u64)>,
    /// Names the client asked numbers for.
    names: Vec<(i32, String)>,
}

impl Object {
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
    /// Entries that had to make room for younger ones.
    #[must_use]
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Interface pointers known now.
    #[must_use]
    pub fn pointers(&self) -> usize {
        self.pointers.map.len()
    }

    /// Takes the dynamic ports that were announced since the last time: flows to them will speak DCERPC.
    pub fn take_announced(&mut self) -> Vec<SocketAddr> {
        core::mem::take(&mut self.announced)
    }

    /// What an IPID stands for, on the machine of an address.
    pub(crate) fn pointer(&self, server: IpAddr, ipid: Uuid) -> Option<Pointer> {
        let pointer = *self.pointers.map.get(&ipid)?;
        self.same_machine(server, pointer.server).then_some(pointer)
    }

    /// The object behind a pointer.
    pub(crate) fn object(&self, pointer: Pointer) -> Option<&Object> {
        self.objects.map.get(&(pointer.oxid, pointer.oid))
    }

    /// The object of a key, made when there is none.
    pub(crate) fn object_mut(&mut self, key: (u64, u64)) -> Option<&mut Object> {
        if !self.objects.map.contains_key(&key) {
            self.evicted += self.objects.insert(key, Object::default(), MAX_OBJECTS);
        }
        self.objects.map.get_mut(&key)
    }

    /// Learns an interface pointer.
    pub(crate) fn learn(&mut self, server: IpAddr, iid: Option<Uuid>, std: StdObjRef) {
        if std.ipid.is_nil() {
            return;
        }
        let pointer = Pointer { server, iid, oxid: std.oxid, oid: std.oid };
        self.evicted += self.pointers.insert(std.ipid, pointer, MAX_POINTERS);
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

    /// Forgets a pointer whose last reference was released.
    pub(crate) fn release(&mut self, server: IpAddr, ipid: Uuid) {
        if self.pointer(server, ipid).is_some() {
            self.pointers.map.remove(&ipid);
        }
    }

    fn root(&self, mut address: IpAddr) -> IpAddr {
        // A chain is as long as a machine has had unions; a cycle cannot be built, and the bound is for certainty.
        for _ in 0..64 {
            match self.machines.map.get(&address) {
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

/// A map of bounded size whose oldest entry makes room.
#[derive(Debug)]
struct Bounded<K, V> {
    map: HashMap<K, V>,
    /// Keys in the order they came; keys that were removed since stay until their turn.
    order: VecDeque<K>,
}

impl<K, V> Default for Bounded<K, V> {
    fn default() -> Self {
        Self { map: HashMap::default(), order: VecDeque::new() }
    }
}

impl<K: Copy + Eq + Hash, V> Bounded<K, V> {
    /// Gives the number of entries that had to go.
    fn insert(&mut self, key: K, value: V, limit: usize) -> u64 {
        let mut gone = 0;
        if self.map.insert(key, value).is_none() {
            self.order.push_back(key);
            while self.map.len() > limit || self.order.len() > limit * 2 {
                let Some(oldest) = self.order.pop_front() else { break };
                gone += u64::from(self.map.remove(&oldest).is_some());
            }
        }
        gone
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
        let std = StdObjRef { oxid: 1, oid: 2, ipid: Uuid::com(9) };
        table.learn(address(1), Some(Uuid::com(0x20400)), std);
        assert!(table.pointer(address(2), std.ipid).is_none());
        let binding = |host: &str| StringBinding { tower: 7, host: host.into(), endpoint: Some("50000".into()) };
        table.reachable(address(1), &[binding("10.0.0.1"), binding("10.0.0.2"), binding("ws1")]);
        assert!(table.pointer(address(2), std.ipid).is_some());
        assert!(table.pointer(address(3), std.ipid).is_none());
        let announced: Vec<_> = table.take_announced().iter().map(ToString::to_string).collect();
        assert_eq!(announced, ["10.0.0.1:50000", "10.0.0.2:50000"]);
        table.release(address(2), std.ipid);
        assert!(table.pointer(address(1), std.ipid).is_none());
    }

    #[test]
    fn the_oldest_makes_room() {
        let mut bounded = Bounded::default();
        let gone: u64 = (0..10).map(|key| bounded.insert(key, (), 4)).sum();
        assert_eq!((gone, bounded.map.len()), (6, 4));
        assert!(bounded.map.contains_key(&9) && !bounded.map.contains_key(&5));
        for key in 0..1000 {
            bounded.insert(key, (), 4);
            bounded.map.remove(&key);
        }
        assert!(bounded.order.len() <= 9);
    }
}
