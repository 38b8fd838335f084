//! Lists of services: octets with structures in front and the strings they name by offset behind. [MS-SCMR] 3.1.4.11,
//! 2.2.11, 2.2.13.

use sidewire_base::{Cursor, Malformed};

use crate::datum::{CallArguments, StubValue};
use crate::ndr::utf16;
use crate::{ByteOrder, NdrCursor};

/// Services of one answer.
const MAX_SERVICES: usize = 1024;

/// `REnumServicesStatusW`: `ENUM_SERVICE_STATUSW` each.
pub(crate) fn list(ndr: &mut NdrCursor<'_>) -> Result<CallArguments, Malformed> {
    read(ndr, false)
}

/// `REnumServicesStatusExW`: `ENUM_SERVICE_STATUS_PROCESSW` each.
pub(crate) fn list_with_processes(ndr: &mut NdrCursor<'_>) -> Result<CallArguments, Malformed> {
    read(ndr, true)
}

fn read(ndr: &mut NdrCursor<'_>, processes: bool) -> Result<CallArguments, Malformed> {
    let octets = ndr.octets()?;
    let (_needed, returned) = (ndr.u32()?, ndr.u32()?);
    let mut cur = Cursor::new(octets);
    let mut services = Vec::new();
    // The structures are little-endian whatever the call is: they are octets to NDR.
    for _ in 0..returned {
        let (name, display_name) = (text(octets, cur.u32_le()?), text(octets, cur.u32_le()?));
        let (_kind, state) = (cur.u32_le()?, cur.u32_le()?);
        cur.skip(5 * 4)?; // accepted controls, exit codes, check point, wait hint
        let mut service = CallArguments::default();
        service.put_some("name", name);
        service.put_some("display_name", display_name);
        service.put("state", state);
        if processes {
            let pid = cur.u32_le()?;
            cur.skip(4)?; // flags
            service.put("pid", pid);
        }
        if services.len() < MAX_SERVICES {
            services.push(StubValue::Record(service));
        }
    }
    let mut results = CallArguments::default();
    results.put("services", StubValue::List(services));
    Ok(results)
}

fn text(octets: &[u8], offset: u32) -> Option<String> {
    /// A service's name has at most 256 characters, and so its display name. [MS-SCMR] 3.1.4.12.
    const LONGEST: usize = 2 * 257;
    let rest = octets.get(usize::try_from(offset).ok()?..)?;
    Some(utf16(rest.get(..LONGEST).unwrap_or(rest), ByteOrder::Little))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TransferSyntax;

    #[test]
    fn services_are_listed_with_their_names_and_processes() {
        let mut octets: Vec<u8> =
            [44, 48, 16, 4, 0, 0, 0, 0, 0, 1234, 0].iter().flat_map(|word: &u32| word.to_le_bytes()).collect();
        octets.extend([b'x', 0, 0, 0, b'Y', 0, 0, 0]);
        let mut stub = u32::try_from(octets.len()).unwrap().to_le_bytes().to_vec();
        stub.extend(&octets);
        stub.extend([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let mut ndr = NdrCursor::new(&stub, ByteOrder::Little, TransferSyntax::Ndr32);
        let mut out = Vec::new();
        list_with_processes(&mut ndr).unwrap().write(&mut sidewire_eve::Object::new(&mut out));
        let told = r#"{"services":[{"name":"x","display_name":"Y","state":4,"pid":1234}]}"#;
        assert_eq!(String::from_utf8(out).unwrap(), told);
        // More are said to be there than there are.
        stub[60] = 9;
        assert!(list_with_processes(&mut NdrCursor::new(&stub, ByteOrder::Little, TransferSyntax::Ndr32)).is_err());
    }
}
