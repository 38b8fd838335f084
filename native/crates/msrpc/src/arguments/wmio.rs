//! WMI objects as they are encoded inside a stub. [MS-WMIO] 2.2.

use sidewire_base::{Cursor, Malformed};

use crate::datum::{CallArguments, StubValue};
use crate::ndr::utf16;
use crate::{ByteOrder, ObjRef, Uuid};

/// The class that marshals WMI objects: `CLSID_WbemClassObject`. [MS-WMI] 2.2.14.
const CLASS_OBJECT: Uuid = Uuid::literal("4590f812-1d3a-11d0-891f-00aa004b2e24");
/// Properties of one object.
const MAX_PROPERTIES: usize = 512;
/// A heap reference that is an index into the dictionary of well-known names. [MS-WMIO] 2.2.80.
const DICTIONARY: u32 = 0x8000_0000;
const INSTANCE: u8 = 2;
const DECORATION: u8 = 4;

/// A decoded instance: its class, and the values of its properties.
#[derive(Debug, Default)]
pub(super) struct WmiInstance {
    pub(super) class: Option<String>,
    pub(super) properties: CallArguments,
}

impl WmiInstance {
    /// The first instance in a stub.
    pub(super) fn find(stub: &[u8]) -> Option<Self> {
        let data = ObjRef::scan_custom(stub, CLASS_OBJECT)?;
        Self::parse(&mut Cursor::new(data)).ok()
    }

    /// `EncodingUnit` with an `ObjectBlock` of the instance kind. [MS-WMIO] 2.2.1, 2.2.5.
    fn parse(cur: &mut Cursor<'_>) -> Result<Self, Malformed> {
        if cur.u32_le()? != 0x1234_5678 {
            return Err(Malformed::Invalid("EncodingUnit signature"));
        }
        cur.skip(4)?; // length
        let flags = cur.u8()?;
        if flags & DECORATION != 0 {
            encoded_string(cur)?; // server
            encoded_string(cur)?; // namespace
        }
        if flags & INSTANCE == 0 {
            return Err(Malformed::Invalid("ObjectFlags"));
        }
        let class = ClassPart::parse(cur)?;
        cur.skip(4)?; // encoding length
        cur.skip(1)?; // instance flags
        let name = cur.u32_le()?;
        let values = cur.take(class.table_length)?;
        // Instance qualifiers: a set that states its length, then a flag; property qualifiers are not followed.
        qualifiers(cur)?;
        if cur.u8()? == 2 {
            return Err(Malformed::Invalid("InstPropQualSetFlag"));
        }
        let heap = heap(cur)?;
        let mut out = Self { class: heap_string(heap, name).ok(), properties: CallArguments::default() };
        for property in &class.properties {
            if let Ok(value) = property.value(values, class.properties.len(), heap) {
                out.properties.put(property.name.clone(), value);
            }
        }
        Ok(out)
    }
}

/// `ClassPart`: what an instance's values mean. [MS-WMIO] 2.2.14.
struct ClassPart {
    properties: Vec<WmiProperty>,
    /// Octets of NdTable and value table together.
    table_length: usize,
}

struct WmiProperty {
    name: String,
    kind: u32,
    order: usize,
    offset: usize,
}

impl ClassPart {
    fn parse(whole: &mut Cursor<'_>) -> Result<Self, Malformed> {
        // Some senders leave octets behind the heap; the part's own length says where the instance begins.
        let length = usize::try_from(whole.u32_le()?).unwrap_or(usize::MAX);
        let cur = &mut Cursor::new(whole.take(length.checked_sub(4).ok_or(Malformed::Invalid("EncodingLength"))?)?);
        cur.skip(5)?; // reserved, name
        let table_length = usize::try_from(cur.u32_le()?).unwrap_or(usize::MAX);
        qualifiers(cur)?; // the derivation list states its length as a qualifier set does
        qualifiers(cur)?;
        let count = usize::try_from(cur.u32_le()?).unwrap_or(usize::MAX);
        if count > MAX_PROPERTIES {
            return Err(Malformed::Limit("PropertyCount"));
        }
        let mut lookups = Vec::new();
        for _ in 0..count {
            lookups.push((cur.u32_le()?, cur.u32_le()?));
        }
        cur.skip(table_length)?; // the class's own default values
        let heap = heap(cur)?;
        let mut properties = Vec::new();
        for (name, info) in lookups {
            let mut info = Cursor::new(heap.get(usize::try_from(info).unwrap_or(usize::MAX)..).unwrap_or_default());
            let (kind, order, offset) = (info.u32_le()?, info.u16_le()?, info.u32_le()?);
            properties.push(WmiProperty {
                name: heap_string(heap, name)?,
                kind: kind & 0x3fff,
                order: order.into(),
                offset: usize::try_from(offset).unwrap_or(usize::MAX),
            });
        }
        properties.sort_by_key(|property| property.order);
        Ok(Self { properties, table_length })
    }
}

impl WmiProperty {
    /// Its value in an instance's table: two bits a property (NULL, inherited), then the values.
    fn value(&self, table: &[u8], count: usize, heap: &[u8]) -> Result<StubValue, Malformed> {
        let bits = table.get(self.order / 4).copied().unwrap_or_default() >> (self.order % 4 * 2);
        if bits & 1 != 0 {
            return Ok(StubValue::Null);
        }
        let at = (count * 2).div_ceil(8).saturating_add(self.offset);
        let mut cur = Cursor::new(table.get(at..).unwrap_or_default());
        Ok(match self.kind {
            2 => StubValue::Int(cur.i16_le()?.into()),
            3 => StubValue::Int(cur.i32_le()?.into()),
            4 => StubValue::Real(f32::from_bits(cur.u32_le()?).into()),
            5 => StubValue::Real(f64::from_bits(cur.u64_le()?)),
            8 | 101 | 102 => StubValue::Text(heap_string(heap, cur.u32_le()?)?),
            11 => StubValue::Bool(cur.u16_le()? != 0),
            16 | 17 => StubValue::Uint(cur.u8()?.into()),
            18 | 103 => StubValue::Uint(cur.u16_le()?.into()),
            19 => StubValue::Uint(cur.u32_le()?.into()),
            20 => StubValue::Int(i64::from_ne_bytes(cur.u64_le()?.to_ne_bytes())),
            21 => StubValue::Uint(cur.u64_le()?),
            _ => return Err(Malformed::Invalid("CimType")), // embedded objects and arrays are not told
        })
    }
}

/// Steps over a structure that begins with its own length.
fn qualifiers(cur: &mut Cursor<'_>) -> Result<(), Malformed> {
    let length = usize::try_from(cur.u32_le()?).unwrap_or(usize::MAX);
    cur.skip(length.checked_sub(4).ok_or(Malformed::Invalid("EncodingLength"))?)
}

/// A heap: its length with the highest bit set, its octets. [MS-WMIO] 2.2.66.
fn heap<'a>(cur: &mut Cursor<'a>) -> Result<&'a [u8], Malformed> {
    let length = cur.u32_le()?;
    if length & DICTIONARY == 0 {
        return Err(Malformed::Invalid("HeapLength"));
    }
    cur.take(usize::try_from(length & !DICTIONARY).unwrap_or(usize::MAX))
}

fn heap_string(heap: &[u8], at: u32) -> Result<String, Malformed> {
    if at & DICTIONARY != 0 {
        return Err(Malformed::Invalid("HeapStringRef")); // a well-known qualifier's name, never a value
    }
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    encoded_string(&mut Cursor::new(heap.get(at..).ok_or(Malformed::Invalid("HeapStringRef"))?))
}

/// `Encoded-String`: a flag, then octets or UTF-16 units up to a NUL. [MS-WMIO] 2.2.78.
fn encoded_string(cur: &mut Cursor<'_>) -> Result<String, Malformed> {
    match cur.u8()? {
        0 => {
            let text = cur.rest();
            let length = text.iter().position(|octet| *octet == 0).ok_or(Malformed::Invalid("Encoded-String"))?;
            cur.skip(length + 1)?;
            Ok(text.get(..length).unwrap_or_default().iter().map(|octet| char::from(*octet)).collect())
        }
        1 => {
            let text = cur.rest();
            let units = text.as_chunks::<2>().0.iter().position(|unit| *unit == [0, 0]);
            let units = units.ok_or(Malformed::Invalid("Encoded-String"))?;
            cur.skip(units * 2 + 2)?;
            Ok(utf16(text.get(..units * 2).unwrap_or_default(), ByteOrder::Little))
        }
        _ => Err(Malformed::Invalid("Encoded-String")),
    }
}
