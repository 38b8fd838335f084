//! What DCOM marshals: object references, the extensions around every call, activation properties.
//! All of it is little-endian by definition. [MS-DCOM] 2.2.

use sidewire_base::{Cursor, Malformed};

use crate::{ByteOrder, DualStringArray, NdrCursor, Uuid};

/// `OBJREF_CUSTOM` of activation properties, request: `CLSID_ActivationPropertiesIn`. [MS-DCOM] 1.9.
const PROPERTIES_IN: Uuid = Uuid::com(0x338);
/// The same of the response: `CLSID_ActivationPropertiesOut`.
const PROPERTIES_OUT: Uuid = Uuid::com(0x339);
const INSTANTIATION_INFO: Uuid = Uuid::com(0x1ab);
const SCM_REPLY_INFO: Uuid = Uuid::com(0x1b6);
const INSTANCE_INFO: Uuid = Uuid::com(0x1ad);
const SECURITY_INFO: Uuid = Uuid::com(0x1a6);
const PROPS_OUT_INFO: Uuid = Uuid::com(0x339);

/// `OBJREF_SIGNATURE`.
const MEOW: [u8; 4] = *b"MEOW";
/// Object references taken out of one stub.
const MAX_OBJREFS: usize = 64;
/// IIDs of one request, and properties of one activation.
const MAX_IIDS: usize = 256;
/// Extensions of one ORPCTHIS or ORPCTHAT.
const MAX_EXTENTS: usize = 16;

/// One interface of one object, as a reference to it travels: `STDOBJREF`. [MS-DCOM] 2.2.18.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StdObjRef {
    /// The apartment of the server process.
    pub oxid: u64,
    /// The object.
    pub oid: u64,
    /// One of its interfaces: the object UUID of calls on it.
    pub ipid: Uuid,
    /// References that travel with it.
    pub references: u32,
}

impl StdObjRef {
    /// Octets it takes.
    pub const LENGTH: usize = 40;

    /// # Errors
    /// [`Malformed::Truncated`] when fewer than 40 octets are left.
    pub fn parse(cur: &mut Cursor<'_>) -> Result<Self, Malformed> {
        cur.skip(4)?; // flags
        let references = cur.u32_le()?;
        Ok(Self { oxid: cur.u64_le()?, oid: cur.u64_le()?, ipid: ByteOrder::Little.uuid(cur)?, references })
    }
}

/// An object reference: `OBJREF`. [MS-DCOM] 2.2.18.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjRef<'a> {
    /// The interface referred to.
    pub iid: Uuid,
    /// What refers to it.
    pub body: ObjRefBody<'a>,
}

/// The kinds of object reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjRefBody<'a> {
    /// Standard, handler or extended: an interface pointer with the addresses of its server.
    Standard {
        /// The pointer.
        std: StdObjRef,
        /// Where the server's object resolver answers.
        resolver: DualStringArray,
    },
    /// Marshaled by the object itself.
    Custom {
        /// The class that understands it.
        clsid: Uuid,
        /// Its octets.
        data: &'a [u8],
    },
}

impl<'a> ObjRef<'a> {
    /// Reads a reference.
    ///
    /// # Errors
    /// [`Malformed`] when it is cut short or of a kind that does not exist.
    pub fn parse(cur: &mut Cursor<'a>) -> Result<Self, Malformed> {
        if *cur.array::<4>()? != MEOW {
            return Err(Malformed::Invalid("OBJREF signature"));
        }
        let flags = cur.u32_le()?;
        let iid = ByteOrder::Little.uuid(cur)?;
        let body = match flags {
            1 => ObjRefBody::Standard { std: StdObjRef::parse(cur)?, resolver: DualStringArray::parse(cur)? },
            2 => {
                let std = StdObjRef::parse(cur)?;
                cur.skip(16)?; // class of the handler
                ObjRefBody::Standard { std, resolver: DualStringArray::parse(cur)? }
            }
            4 => {
                let clsid = ByteOrder::Little.uuid(cur)?;
                cur.skip(4)?; // cbExtension, 0
                let size = usize::try_from(cur.u32_le()?).map_err(|_| Malformed::Limit("OBJREF_CUSTOM"))?;
                // The size field counts itself in some senders' accounts, so the data may fall short of it.
                let data = cur.rest().get(..size).unwrap_or(cur.rest());
                cur.skip(data.len())?;
                ObjRefBody::Custom { clsid, data }
            }
            8 => {
                let std = StdObjRef::parse(cur)?;
                cur.skip(4)?; // signature
                ObjRefBody::Standard { std, resolver: DualStringArray::parse(cur)? }
            }
            _ => return Err(Malformed::Invalid("OBJREF flags")),
        };
        Ok(Self { iid, body })
    }

    /// Every reference found in a readable stub, wherever it lies.
    #[must_use]
    pub fn scan(stub: &'a [u8]) -> Vec<Self> {
        let (mut found, mut at) = (Vec::new(), 0);
        while found.len() < MAX_OBJREFS
            && let Some(rest) = stub.get(at..)
            && let Some(next) = rest.windows(MEOW.len()).position(|octets| octets == MEOW)
        {
            let mut cur = Cursor::new(rest.get(next..).unwrap_or_default());
            match Self::parse(&mut cur) {
                Ok(reference) => {
                    found.push(reference);
                    at += next + cur.position();
                }
                Err(_) => at += next + MEOW.len(),
            }
        }
        found
    }
}

/// Skips `ORPCTHIS`; gives the causality id. [MS-DCOM] 2.2.13.3.
///
/// # Errors
/// [`Malformed`] when it is not one.
pub(crate) fn orpc_this(ndr: &mut NdrCursor<'_>) -> Result<Uuid, Malformed> {
    let (major, minor) = (ndr.u16()?, ndr.u16()?);
    let (flags, reserved) = (ndr.u32()?, ndr.u32()?);
    if major != 5 || minor > 7 || flags > 1 || reserved != 0 {
        return Err(Malformed::Invalid("ORPCTHIS"));
    }
    let causality = ndr.uuid()?;
    extents(ndr)?;
    Ok(causality)
}

/// Skips `ORPCTHAT`. [MS-DCOM] 2.2.13.4.
///
/// # Errors
/// [`Malformed`] when it is not one.
pub(crate) fn orpc_that(ndr: &mut NdrCursor<'_>) -> Result<(), Malformed> {
    if ndr.u32()? > 0x10 {
        return Err(Malformed::Invalid("ORPCTHAT"));
    }
    extents(ndr)
}

/// `ORPC_EXTENT_ARRAY`. [MS-DCOM] 2.2.21.
fn extents(ndr: &mut NdrCursor<'_>) -> Result<(), Malformed> {
    if !ndr.pointer()? {
        return Ok(());
    }
    let _size = ndr.u32()?;
    let _reserved = ndr.u32()?;
    if !ndr.pointer()? {
        return Ok(());
    }
    let count = ndr.count()?;
    if count > MAX_EXTENTS {
        return Err(Malformed::Limit("ORPC_EXTENT_ARRAY"));
    }
    let mut present = 0;
    for _ in 0..count {
        present += usize::from(ndr.pointer()?);
    }
    for _ in 0..present {
        let padded = ndr.count()?; // the conformant data's size, in front of the structure
        let _id = ndr.uuid()?;
        let _size = ndr.u32()?;
        ndr.skip(padded)?;
    }
    ndr.align(4)
}

/// What an activation asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivationRequest {
    /// The class.
    pub clsid: Uuid,
    /// The interfaces wanted.
    pub iids: Vec<Uuid>,
    /// The name the client calls the server by.
    pub server: Option<String>,
    /// The file that the object is to load its state from.
    pub file: Option<String>,
    /// The storage that it is to load its state from: an interface pointer, which may be one of another machine.
    pub storage: Option<(Uuid, StdObjRef, DualStringArray)>,
}

impl ActivationRequest {
    /// RemoteGetClassObject and RemoteCreateInstance of IRemoteSCMActivator. [MS-DCOM] 3.1.2.5.2.3.2.
    ///
    /// # Errors
    /// [`Malformed`] when it is not one.
    pub fn parse(stub: &[u8]) -> Result<Self, Malformed> {
        let mut out = Self::default();
        properties(stub, PROPERTIES_IN, |class, data| match class {
            INSTANTIATION_INFO => out.instantiation(data),
            SECURITY_INFO => {
                out.server = security_info(data).ok().flatten();
                Ok(())
            }
            INSTANCE_INFO => {
                let _unreadable = out.instance(data); // then the rest of the activation is told
                Ok(())
            }
            _ => Ok(()),
        })?;
        if out.clsid.is_nil() { Err(Malformed::Invalid("InstantiationInfoData")) } else { Ok(out) }
    }

    /// RemoteActivation of IActivation, behind its ORPCTHIS. [MS-DCOM] 3.1.2.5.2.3.1.
    ///
    /// # Errors
    /// [`Malformed`] when it is not one.
    pub fn parse_old(ndr: &mut NdrCursor<'_>) -> Result<Self, Malformed> {
        orpc_this(ndr)?;
        let clsid = ndr.uuid()?;
        let file = ndr.wide_pointer()?;
        let storage = if ndr.pointer()? { storage(interface_pointer(ndr)?) } else { None };
        ndr.align(4)?;
        ndr.skip(8)?; // impersonation level, mode
        let count = usize::try_from(ndr.u32()?).unwrap_or(usize::MAX);
        let mut iids = Vec::new();
        if ndr.pointer()? {
            let _max = ndr.count()?;
            for _ in 0..count.min(MAX_IIDS) {
                iids.push(ndr.uuid()?);
            }
        }
        Ok(Self { clsid, iids, file, storage, ..Self::default() })
    }

    /// `InstanceInfoData`. [MS-DCOM] 2.2.22.2.3.
    fn instance(&mut self, data: &[u8]) -> Result<(), Malformed> {
        let mut ndr = NdrCursor::new(data, ByteOrder::Little, crate::TransferSyntax::Ndr32);
        let file = ndr.pointer()?;
        let _mode = ndr.u32()?;
        let (running, stored) = (ndr.pointer()?, ndr.pointer()?);
        self.file = if file { Some(ndr.wide()?) } else { None };
        if running {
            interface_pointer(&mut ndr)?;
        }
        if stored {
            self.storage = storage(interface_pointer(&mut ndr)?);
        }
        Ok(())
    }

    fn instantiation(&mut self, data: &[u8]) -> Result<(), Malformed> {
        let mut ndr = NdrCursor::new(data, ByteOrder::Little, crate::TransferSyntax::Ndr32);
        self.clsid = ndr.uuid()?;
        ndr.skip(12)?; // class context, activation flags, surrogate
        let count = usize::try_from(ndr.u32()?).unwrap_or(usize::MAX);
        ndr.skip(4)?; // instance flag
        let present = ndr.pointer()?;
        ndr.skip(8)?; // size of this, version
        if present {
            let max = ndr.count()?;
            for _ in 0..count.min(max).min(MAX_IIDS) {
                self.iids.push(ndr.uuid()?);
            }
        }
        Ok(())
    }
}

/// `MInterfacePointer`: octets of an object reference. [MS-DCOM] 2.2.14.
fn interface_pointer<'a>(ndr: &mut NdrCursor<'a>) -> Result<&'a [u8], Malformed> {
    let _max = ndr.count()?;
    let length = usize::try_from(ndr.u32()?).unwrap_or(usize::MAX);
    ndr.take(length)
}

/// The interface pointer of a storage, when it is no copy of it.
fn storage(octets: &[u8]) -> Option<(Uuid, StdObjRef, DualStringArray)> {
    let reference = ObjRef::parse(&mut Cursor::new(octets)).ok()?;
    match reference.body {
        ObjRefBody::Standard { std, resolver } => Some((reference.iid, std, resolver)),
        ObjRefBody::Custom { .. } => None,
    }
}

/// `SecurityInfoData`: the name in its `COSERVERINFO`.
fn security_info(data: &[u8]) -> Result<Option<String>, Malformed> {
    let mut ndr = NdrCursor::new(data, ByteOrder::Little, crate::TransferSyntax::Ndr32);
    let _authn_flags = ndr.u32()?;
    let (server, _reserved) = (ndr.pointer()?, ndr.pointer()?);
    if !server {
        return Ok(None);
    }
    let _reserved = ndr.u32()?;
    let name = ndr.pointer()?;
    let (_auth_info, _reserved) = (ndr.pointer()?, ndr.u32()?);
    if name { ndr.wide().map(Some) } else { Ok(None) }
}

/// What an activation gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivationResponse {
    /// The apartment the object lives in.
    pub oxid: u64,
    /// Its IRemUnknown.
    pub ipid_rem_unknown: Uuid,
    /// Where to call it: the dynamic port.
    pub oxid_bindings: DualStringArray,
    /// The level of authentication that its server asks for at least.
    pub authn_hint: Option<u32>,
    /// Where the server's object resolver answers.
    pub resolver: DualStringArray,
    /// The interface pointers, with their IIDs.
    pub interfaces: Vec<(Uuid, StdObjRef)>,
}

impl ActivationResponse {
    /// The answer of IRemoteSCMActivator.
    ///
    /// # Errors
    /// [`Malformed`] when it is not one; a failed activation has none.
    pub fn parse(stub: &[u8]) -> Result<Self, Malformed> {
        let mut out = Self::default();
        properties(stub, PROPERTIES_OUT, |class, data| match class {
            SCM_REPLY_INFO => out.reply(data),
            PROPS_OUT_INFO => {
                out.references(data);
                Ok(())
            }
            _ => Ok(()),
        })?;
        Ok(out)
    }

    /// The answer of IActivation, behind its ORPCTHAT.
    ///
    /// # Errors
    /// [`Malformed`] when it is not one.
    pub fn parse_old(ndr: &mut NdrCursor<'_>) -> Result<Self, Malformed> {
        orpc_that(ndr)?;
        let mut out = Self { oxid: ndr.u64()?, ..Self::default() };
        if ndr.pointer()? {
            out.oxid_bindings = DualStringArray::pointee(ndr)?;
        }
        out.ipid_rem_unknown = ndr.uuid()?;
        out.authn_hint = Some(ndr.u32()?);
        out.references(ndr.rest());
        Ok(out)
    }

    fn references(&mut self, data: &[u8]) {
        for reference in ObjRef::scan(data) {
            if let ObjRefBody::Standard { std, resolver } = reference.body {
                self.interfaces.push((reference.iid, std));
                self.resolver = resolver;
            }
        }
    }

    fn reply(&mut self, data: &[u8]) -> Result<(), Malformed> {
        let mut ndr = NdrCursor::new(data, ByteOrder::Little, crate::TransferSyntax::Ndr32);
        let (_reserved, reply) = (ndr.pointer()?, ndr.pointer()?);
        if !reply {
            return Ok(());
        }
        self.oxid = ndr.u64()?;
        let bindings = ndr.pointer()?;
        self.ipid_rem_unknown = ndr.uuid()?;
        self.authn_hint = Some(ndr.u32()?);
        ndr.skip(4)?; // version
        if bindings {
            self.oxid_bindings = DualStringArray::pointee(&mut ndr)?;
        }
        Ok(())
    }
}

/// Walks the activation properties inside the OBJREF_CUSTOM of a stub. [MS-DCOM] 2.2.22.
fn properties(
    stub: &[u8],
    wanted: Uuid,
    mut property: impl FnMut(Uuid, &[u8]) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let found = ObjRef::scan_custom(stub, wanted).ok_or(Malformed::Invalid("activation properties"))?;
    let mut cur = Cursor::new(found);
    cur.skip(8)?; // dwSize, reserved
    let blob = cur.rest();
    let mut ndr = NdrCursor::new(serialized(blob)?, ByteOrder::Little, crate::TransferSyntax::Ndr32);
    let _total = ndr.u32()?;
    let header = usize::try_from(ndr.u32()?).unwrap_or(usize::MAX);
    ndr.skip(8)?; // reserved, destination context
    let count = usize::try_from(ndr.u32()?).unwrap_or(usize::MAX).min(MAX_IIDS);
    let _class_info = ndr.uuid()?;
    let (classes, sizes, _extra) = (ndr.pointer()?, ndr.pointer()?, ndr.pointer()?);
    if !classes || !sizes {
        return Err(Malformed::Invalid("CustomHeader"));
    }
    let (mut ids, mut lengths) = (Vec::with_capacity(count), Vec::with_capacity(count));
    let _max = ndr.count()?;
    for _ in 0..count {
        ids.push(ndr.uuid()?);
    }
    let _max = ndr.count()?;
    for _ in 0..count {
        lengths.push(usize::try_from(ndr.u32()?).unwrap_or(usize::MAX));
    }
    let mut data = Cursor::new(blob);
    data.skip(header)?;
    for (id, length) in ids.into_iter().zip(lengths) {
        property(id, serialized(data.take(length)?)?)?;
    }
    Ok(())
}

/// What stands behind a type serialization header, version 1. [MS-RPCE] 2.2.6.
fn serialized(data: &[u8]) -> Result<&[u8], Malformed> {
    match data {
        [1, 0x10, 8, 0, ..] => data.get(16..).ok_or(Malformed::Truncated { needed: 16, left: data.len() }),
        _ => Err(Malformed::Invalid("type serialization header")),
    }
}

impl<'a> ObjRef<'a> {
    /// The data of the OBJREF_CUSTOM of a class inside a stub.
    #[must_use]
    pub fn scan_custom(stub: &'a [u8], clsid: Uuid) -> Option<&'a [u8]> {
        Self::scan(stub).into_iter().find_map(|reference| match reference.body {
            ObjRefBody::Custom { clsid: of, data } if of == clsid => Some(data),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StringBinding;
    use crate::dual_string_array;

    #[test]
    fn references_are_found_wherever_they_lie() {
        let mut stub = b"\0\0\0MEOWnot one".to_vec();
        stub.extend(MEOW);
        stub.extend(1_u32.to_le_bytes());
        stub.extend(Uuid::com(0x20400).to_wire(ByteOrder::Little));
        stub.extend([0; 8]);
        stub.extend(0x1122_u64.to_le_bytes());
        stub.extend(0x3344_u64.to_le_bytes());
        stub.extend(Uuid::com(7).to_wire(ByteOrder::Little));
        stub.extend(dual_string_array::tests::array());
        let found = ObjRef::scan(&stub);
        assert_eq!(found.len(), 1);
        let ObjRefBody::Standard { std, .. } = &found[0].body else { panic!() };
        assert_eq!((found[0].iid, std.oxid, std.oid, std.ipid), (Uuid::com(0x20400), 0x1122, 0x3344, Uuid::com(7)));
        for cut in 0..stub.len() {
            assert!(ObjRef::scan(&stub[..cut]).len() <= 1);
        }
    }

    #[test]
    fn an_activation_from_a_storage_names_its_host() {
        let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        let std =
            [words(&[0, 5]), 0x11_u64.to_le_bytes().to_vec(), 0x22_u64.to_le_bytes().to_vec(), vec![7; 16]].concat();
        // One string binding, ncacn_ip_tcp, and no security binding.
        let address = "10.9.8.7".encode_utf16().chain([0, 0]).flat_map(u16::to_le_bytes);
        let bindings: Vec<u8> = [7, 0].into_iter().chain(address).chain([0, 0]).collect();
        let units = u16::try_from(bindings.len() / 2).unwrap().to_le_bytes();
        let array =
            [&units[..], &(u16::try_from(bindings.len() / 2 - 1).unwrap().to_le_bytes())[..], &bindings].concat();
        let iid = Uuid::com(0xb).to_wire(ByteOrder::Little);
        let reference = [&MEOW[..], &words(&[1]), &iid, &std, &array].concat();
        let size = u32::try_from(reference.len()).unwrap();
        let mut data = words(&[0x2_0000, 2, 0, 0x2_0004, 4, 0, 4]);
        data.extend("a.b\0".encode_utf16().flat_map(u16::to_le_bytes));
        data.extend(words(&[size, size]));
        data.extend(&reference);
        let mut out = ActivationRequest::default();
        assert_eq!(out.instance(&data), Ok(()));
        assert_eq!(out.file.as_deref(), Some("a.b"));
        let (iid, std, resolver) = out.storage.unwrap();
        assert_eq!((iid, std.oxid, std.oid), (Uuid::com(0xb), 0x11, 0x22));
        assert_eq!(resolver.bindings.first().map(StringBinding::text).as_deref(), Some("10.9.8.7"));
        for cut in 0..data.len() {
            let mut out = ActivationRequest::default();
            let _cut_short = out.instance(&data[..cut]);
            assert_eq!(out.storage, None);
        }
    }
}
