//! Automation values as they travel. [MS-OAUT] 2.2.29.

use sidewire_base::Malformed;

use crate::datum::StubValue;
use crate::{NdrCursor, ObjRef, ObjRefBody, StdObjRef, Uuid};

/// Values of one call, and elements of one array.
const MAX_VALUES: usize = 256;
/// References to values that are references again. Scripts send one or two; each takes stack here.
const MAX_DEPTH: u8 = 8;

/// `VT_*`. [MS-OAUT] 2.2.7.
mod vt {
    pub(super) const EMPTY: u16 = 0;
    pub(super) const NULL: u16 = 1;
    pub(super) const I2: u16 = 2;
    pub(super) const I4: u16 = 3;
    pub(super) const R4: u16 = 4;
    pub(super) const R8: u16 = 5;
    pub(super) const CY: u16 = 6;
    pub(super) const DATE: u16 = 7;
    pub(super) const BSTR: u16 = 8;
    pub(super) const DISPATCH: u16 = 9;
    pub(super) const ERROR: u16 = 10;
    pub(super) const BOOL: u16 = 11;
    pub(super) const VARIANT: u16 = 12;
    pub(super) const UNKNOWN: u16 = 13;
    pub(super) const I1: u16 = 16;
    pub(super) const UI1: u16 = 17;
    pub(super) const UI2: u16 = 18;
    pub(super) const UI4: u16 = 19;
    pub(super) const I8: u16 = 20;
    pub(super) const UI8: u16 = 21;
    pub(super) const INT: u16 = 22;
    pub(super) const UINT: u16 = 23;
    pub(super) const ARRAY: u16 = 0x2000;
    pub(super) const BYREF: u16 = 0x4000;
}

/// An omitted optional argument: `DISP_E_PARAMNOTFOUND`.
const PARAM_NOT_FOUND: u32 = 0x8002_0004;

/// A value, and the interface pointer it holds if it holds one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Variant {
    pub(crate) value: StubValue,
    pub(crate) object: Option<(Uuid, StdObjRef)>,
}

/// Reads one `VARIANT`, its pointees behind it. [MS-OAUT] 2.2.29.1.
pub(crate) fn variant(ndr: &mut NdrCursor<'_>) -> Result<Variant, Malformed> {
    nested(ndr, 0)
}

fn nested(ndr: &mut NdrCursor<'_>, depth: u8) -> Result<Variant, Malformed> {
    if depth > MAX_DEPTH {
        return Err(Malformed::Limit("VARIANT"));
    }
    ndr.align(8)?;
    let start = *ndr;
    let quads = usize::try_from(ndr.u32()?).unwrap_or(usize::MAX);
    let _reserved = ndr.u32()?;
    let kind = ndr.u16()?;
    ndr.skip(6)?; // reserved
    let tag = ndr.u32()?;
    let mut object = None;
    let value = value(ndr, (kind, tag), depth, &mut object)?;
    // The size covers the pointees too; whatever was not understood inside is stepped over.
    let mut end = start;
    if quads > 0 && end.skip(quads.saturating_mul(8)).is_ok() && end.rest().len() <= ndr.rest().len() {
        *ndr = end;
    }
    Ok(Variant { value, object })
}

fn value(
    ndr: &mut NdrCursor<'_>,
    (kind, tag): (u16, u32),
    depth: u8,
    object: &mut Option<(Uuid, StdObjRef)>,
) -> Result<StubValue, Malformed> {
    if kind & vt::ARRAY != 0 {
        return Ok(StubValue::List(Vec::new())); // its elements are not told
    }
    if tag != u32::from(kind) {
        return Err(Malformed::Invalid("VARIANT"));
    }
    if kind & vt::BYREF != 0 {
        if !ndr.pointer()? {
            return Ok(StubValue::Null);
        }
        let kind = kind & !vt::BYREF;
        if kind == vt::VARIANT {
            return if ndr.pointer()? { nested(ndr, depth + 1).map(|inner| inner.value) } else { Ok(StubValue::Null) };
        }
        return scalar(ndr, kind, object);
    }
    scalar(ndr, kind, object)
}

fn scalar(ndr: &mut NdrCursor<'_>, kind: u16, object: &mut Option<(Uuid, StdObjRef)>) -> Result<StubValue, Malformed> {
    let signed = |bits: u32| i32::from_ne_bytes(bits.to_ne_bytes());
    Ok(match kind {
        vt::EMPTY | vt::NULL => StubValue::Null,
        vt::I2 => StubValue::Int(i16::from_ne_bytes(ndr.u16()?.to_ne_bytes()).into()),
        vt::I4 | vt::INT => StubValue::Int(signed(ndr.u32()?).into()),
        vt::R4 => StubValue::Real(f32::from_bits(ndr.u32()?).into()),
        vt::R8 | vt::DATE => StubValue::Real(f64::from_bits(ndr.u64()?)),
        vt::CY | vt::I8 => StubValue::Int(i64::from_ne_bytes(ndr.u64()?.to_ne_bytes())),
        vt::UI8 => StubValue::Uint(ndr.u64()?),
        vt::BSTR => ndr.bstr_pointer()?.map_or(StubValue::Null, StubValue::Text),
        vt::ERROR => match ndr.u32()? {
            PARAM_NOT_FOUND => StubValue::Null,
            code => StubValue::Text(format!("0x{code:08x}")),
        },
        vt::BOOL => StubValue::Bool(ndr.u16()? != 0),
        vt::I1 => StubValue::Int(i8::from_ne_bytes([ndr.u8()?]).into()),
        vt::UI1 => StubValue::Uint(ndr.u8()?.into()),
        vt::UI2 => StubValue::Uint(ndr.u16()?.into()),
        vt::UI4 | vt::UINT => StubValue::Uint(ndr.u32()?.into()),
        vt::DISPATCH | vt::UNKNOWN => {
            if !ndr.pointer()? {
                return Ok(StubValue::Null);
            }
            let _max = ndr.count()?;
            let size = usize::try_from(ndr.u32()?).unwrap_or(usize::MAX);
            let data = ndr.take(size)?;
            *object = ObjRef::scan(data).into_iter().find_map(|reference| match reference.body {
                ObjRefBody::Standard { std, .. } => Some((reference.iid, std)),
                ObjRefBody::Custom { .. } => None,
            });
            object.map_or(StubValue::Null, |(_, std)| StubValue::Uuid(std.ipid))
        }
        _ => return Err(Malformed::Invalid("VARTYPE")),
    })
}

/// `DISPPARAMS` of an Invoke, in the order they are written in a program (they travel reversed). [MS-OAUT] 2.2.33.
pub(crate) fn parameters(ndr: &mut NdrCursor<'_>) -> Result<Vec<StubValue>, Malformed> {
    ndr.align_pointer()?;
    let (args, _named) = (ndr.pointer()?, ndr.pointer()?);
    let (count, _named_count) = (ndr.u32()?, ndr.u32()?);
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    if count > MAX_VALUES {
        return Err(Malformed::Limit("DISPPARAMS"));
    }
    let mut values = Vec::new();
    if args {
        let _max = ndr.count()?;
        let mut present = Vec::with_capacity(count);
        for _ in 0..count {
            present.push(ndr.pointer()?);
        }
        for there in present {
            values.push(if there { variant(ndr)?.value } else { StubValue::Null });
        }
    }
    values.reverse();
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ByteOrder, TransferSyntax};

    /// A number behind `depth` references, each to the next.
    fn references(depth: usize) -> Vec<u8> {
        let mut stub = Vec::new();
        let mut head = |kind: u16, tail: &[u32]| {
            stub.resize(stub.len().next_multiple_of(8), 0);
            stub.extend([0; 8]);
            stub.extend(kind.to_le_bytes());
            stub.extend([0; 6]);
            stub.extend(u32::from(kind).to_le_bytes());
            stub.extend(tail.iter().flat_map(|word| word.to_le_bytes()));
        };
        for _ in 0..depth {
            head(vt::VARIANT | vt::BYREF, &[1, 1]);
        }
        head(vt::I4, &[7]);
        stub
    }

    #[test]
    fn references_are_followed_only_so_far() {
        let read = |depth| {
            let stub = references(depth);
            variant(&mut NdrCursor::new(&stub, ByteOrder::Little, TransferSyntax::Ndr32)).map(|found| found.value)
        };
        assert_eq!(read(0), Ok(StubValue::Int(7)));
        assert_eq!(read(2), Ok(StubValue::Int(7)));
        assert_eq!(read(30_000), Err(Malformed::Limit("VARIANT")));
    }
}
