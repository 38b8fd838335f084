//! Where a server is reached, and as whom it answers: `DUALSTRINGARRAY`. [MS-DCOM] 2.2.19.

use core::net::{IpAddr, SocketAddr};

use sidewire_base::{Cursor, Malformed};

use crate::ndr::utf16;
use crate::{ByteOrder, NdrCursor};

/// Bindings of each kind taken out of one array.
const MAX_BINDINGS: usize = 64;

/// Where a server can be reached: `STRINGBINDING`. [MS-DCOM] 2.2.19.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StringBinding {
    /// Protocol tower: 7 TCP, 8 UDP, 0xf named pipe, 0x1f HTTP.
    pub tower: u16,
    /// Name or address, without the endpoint.
    pub host: String,
    /// What stands in brackets behind it: a port, a pipe.
    pub endpoint: Option<String>,
}

impl StringBinding {
    /// The address, when the host is given by one.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// As it is written: `10.1.2.3[49913]`.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.endpoint {
            Some(endpoint) => format!("{}[{endpoint}]", self.host),
            None => self.host.clone(),
        }
    }

    /// Address and TCP port, when both are given.
    #[must_use]
    pub fn socket(&self) -> Option<SocketAddr> {
        let port = self.endpoint.as_deref().filter(|_| self.tower == 7)?.parse().ok()?;
        Some(SocketAddr::new(self.address()?, port))
    }
}

/// Bindings of both kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DualStringArray {
    /// Where it is reached.
    pub bindings: Vec<StringBinding>,
    /// The accounts it runs as, or the services, each once: `LAB\alice`, `host/srv.lab.example`. [MS-DCOM] 2.2.19.4.
    pub principals: Vec<String>,
}

impl DualStringArray {
    /// # Errors
    /// [`Malformed`] when it is cut short.
    pub(crate) fn parse(cur: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let (entries, security) = (usize::from(cur.u16_le()?), usize::from(cur.u16_le()?));
        let (strings, security) = cur.take(entries * 2)?.split_at(security.min(entries) * 2);
        let mut out = Self::default();
        let mut cur = Cursor::new(strings);
        while let Ok(tower) = cur.u16_le()
            && tower != 0
            && out.bindings.len() < MAX_BINDINGS
        {
            let text = text(&mut cur);
            let (host, endpoint) = match text.strip_suffix(']').and_then(|text| text.rsplit_once('[')) {
                Some((host, endpoint)) => (host.to_owned(), Some(endpoint.to_owned())),
                None => (text, None),
            };
            out.bindings.push(StringBinding { tower, host, endpoint });
        }
        let mut cur = Cursor::new(security);
        for _ in 0..MAX_BINDINGS {
            let (Ok(1..), Ok(_reserved)) = (cur.u16_le(), cur.u16_le()) else { break };
            let principal = text(&mut cur);
            if !principal.is_empty() && !out.principals.contains(&principal) {
                out.principals.push(principal);
            }
        }
        Ok(out)
    }

    /// Reads it as a pointee: its conformance stands in front.
    ///
    /// # Errors
    /// [`Malformed`] when it is cut short.
    pub(crate) fn pointee(ndr: &mut NdrCursor<'_>) -> Result<Self, Malformed> {
        let _max = ndr.count()?;
        let mut cur = Cursor::new(ndr.rest());
        let array = Self::parse(&mut cur)?;
        ndr.skip(cur.position())?;
        Ok(array)
    }
}

/// A text of UTF-16 units up to a NUL, or to the end.
fn text(cur: &mut Cursor<'_>) -> String {
    let rest = cur.rest();
    let units = rest.as_chunks::<2>().0.iter().position(|unit| *unit == [0, 0]);
    let octets = units.unwrap_or(rest.len() / 2) * 2;
    let text = utf16(rest.get(..octets).unwrap_or_default(), ByteOrder::Little);
    let _at_the_end = cur.skip((octets + 2).min(rest.len()));
    text
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn array() -> Vec<u8> {
        let mut strings = Vec::new();
        for text in ["10.1.2.3[49913]", "ws6"] {
            strings.extend(7_u16.to_le_bytes());
            strings.extend(text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
        }
        strings.extend([0, 0]);
        let security = u16::try_from(strings.len() / 2).unwrap();
        for (provider, principal) in [(10_u16, "LAB\\svc"), (16, "LAB\\svc"), (22, "")] {
            strings.extend([provider, 0xffff].iter().flat_map(|word| word.to_le_bytes()));
            strings.extend(principal.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
        }
        strings.extend([0, 0]);
        let mut out = u16::try_from(strings.len() / 2).unwrap().to_le_bytes().to_vec();
        out.extend(security.to_le_bytes());
        out.extend(strings);
        out
    }

    #[test]
    fn it_names_the_dynamic_port_and_the_account() {
        let data = array();
        let DualStringArray { bindings: found, principals } = DualStringArray::parse(&mut Cursor::new(&data)).unwrap();
        assert_eq!(found[0].socket(), Some("10.1.2.3:49913".parse().unwrap()));
        assert_eq!((found[1].host.as_str(), found[1].socket()), ("ws6", None));
        assert_eq!(found.len(), 2);
        assert_eq!(principals, ["LAB\\svc"]);
        for cut in 0..data.len() {
            assert!(DualStringArray::parse(&mut Cursor::new(&data[..cut])).is_err());
        }
    }
}
