//! Archives of logs (PKWARE's APPNOTE 6.3): the files in them one after the other, read forwards, so that standard input will do.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::DeflateDecoder;

/// First octets of a local file header (4.3.7).
pub(crate) const MAGIC: &[u8] = b"PK\x03\x04";
const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";

/// Files in an archive that are looked at.
const MAX_FILES: usize = 100_000;

/// Hands each file of the archive to `each`, with its name; a folder has none. `each` need not read to the end.
///
/// # Errors
/// What cannot be read: the files before it were handed over.
pub(crate) fn each_file(
    source: Box<dyn Read + '_>,
    each: &mut dyn FnMut(&str, &mut dyn Read) -> io::Result<()>,
) -> Result<(), String> {
    let mut source = BufReader::with_capacity(256 << 10, source);
    for _ in 0..MAX_FILES {
        let Some(header) = LocalHeader::read(&mut source).map_err(|error| error.to_string())? else { return Ok(()) };
        let name = &header.name;
        let fails = |error: io::Error| format!("{name}: {error}");
        if header.flags & 1 != 0 {
            return Err(format!("{name} is encrypted; unpack the archive first"));
        }
        match header.method {
            0 if header.has_descriptor() => {
                return Err(format!("{name} is stored without its length; unpack the archive first"));
            }
            0 => {
                let mut file = source.by_ref().take(header.compressed);
                each(name, &mut file).map_err(fails)?;
                io::copy(&mut file, &mut io::sink()).map_err(fails)?;
            }
            8 => {
                let mut file = DeflateDecoder::new(&mut source);
                each(name, &mut file).map_err(fails)?;
                io::copy(&mut file, &mut io::sink()).map_err(fails)?;
            }
            method => return Err(format!("{name} is compressed by method {method}; unpack the archive first")),
        }
        if header.has_descriptor() {
            skip_descriptor(&mut source, header.is_zip64).map_err(|error| error.to_string())?;
        }
    }
    Err(format!("more than {MAX_FILES} files"))
}

/// What stands in front of a file.
struct LocalHeader {
    flags: u16,
    method: u16,
    compressed: u64,
    name: String,
    is_zip64: bool,
}

impl LocalHeader {
    /// The next; `None` where the directory of the archive begins.
    fn read(source: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut fixed = [0; 30];
        match source.read_exact(&mut fixed) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        }
        if !fixed.starts_with(MAGIC) {
            return Ok(None);
        }
        let word = |at: usize| {
            fixed.get(at..at + 2).map_or(0, |pair| {
                u16::from(pair.first().copied().unwrap_or(0)) | (u16::from(pair.last().copied().unwrap_or(0)) << 8)
            })
        };
        let compressed = u64::from(word(18)) | (u64::from(word(20)) << 16);
        let (mut name, mut extra) = (vec![0; usize::from(word(26))], vec![0; usize::from(word(28))]);
        source.read_exact(&mut name)?;
        source.read_exact(&mut extra)?;
        let zip64 = zip64(&extra);
        let large = compressed == u64::from(u32::MAX);
        Ok(Some(Self {
            flags: word(6),
            method: word(8),
            compressed: if large { zip64.unwrap_or(compressed) } else { compressed },
            name: String::from_utf8_lossy(&name).into_owned(),
            is_zip64: zip64.is_some(),
        }))
    }

    /// Lengths stand behind the file.
    const fn has_descriptor(&self) -> bool {
        self.flags & 8 != 0
    }
}

/// The compressed length of the field with id 1 (4.5.3).
fn zip64(mut extra: &[u8]) -> Option<u64> {
    while let [a, b, c, d, rest @ ..] = extra {
        let (id, length) = (u16::from_le_bytes([*a, *b]), usize::from(u16::from_le_bytes([*c, *d])));
        let field = rest.get(..length)?;
        if id == 1 {
            return field.get(8..16)?.try_into().ok().map(u64::from_le_bytes);
        }
        extra = rest.get(length..)?;
    }
    None
}

/// Digest and lengths behind a file (4.3.9), whose own mark is optional.
fn skip_descriptor(source: &mut impl BufRead, is_zip64: bool) -> io::Result<()> {
    let mut first = [0; 4];
    source.read_exact(&mut first)?;
    let digest = if first == DESCRIPTOR { 4 } else { 0 };
    let lengths = if is_zip64 { 16 } else { 8 };
    io::copy(&mut source.take(digest + lengths), &mut io::sink()).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::DeflateEncoder;
    use std::io::Write;

    fn local(name: &str, flags: u16, method: u16, data: &[u8], length: u32) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&[20, 0]);
        out.extend_from_slice(&flags.to_le_bytes());
        out.extend_from_slice(&method.to_le_bytes());
        out.extend_from_slice(&[0; 8]);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(data);
        out
    }

    fn read(archive: Vec<u8>) -> (Vec<(String, String)>, Result<(), String>) {
        let mut found = Vec::new();
        let result = each_file(Box::new(io::Cursor::new(archive)), &mut |name, file| {
            let mut text = String::new();
            file.read_to_string(&mut text)?;
            found.push((name.to_owned(), text));
            Ok(())
        });
        (found, result)
    }

    #[test]
    fn reads_stored_and_deflated_files_with_and_without_descriptors() {
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
        deflate.write_all(b"deflated").unwrap();
        let packed = deflate.finish().unwrap();
        let mut archive = local("a.json", 0, 0, b"stored", 6);
        archive.extend(local("b.json", 8, 8, &packed, 0));
        archive.extend_from_slice(b"PK\x07\x08");
        archive.extend_from_slice(&[0; 12]);
        archive.extend(local("c.json", 8, 8, &packed, 0));
        archive.extend_from_slice(&[1; 12]);
        archive.extend_from_slice(b"PK\x01\x02 the directory, which is not needed");
        let (found, result) = read(archive);
        assert_eq!(result, Ok(()));
        let texts: Vec<_> = found.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert_eq!(texts, [("a.json", "stored"), ("b.json", "deflated"), ("c.json", "deflated")]);
    }

    #[test]
    fn says_what_it_cannot_read() {
        assert!(read(local("a", 1, 0, b"x", 1)).1.unwrap_err().contains("encrypted"));
        assert!(read(local("a", 0, 12, b"x", 1)).1.unwrap_err().contains("method 12"));
        assert!(read(local("a", 8, 0, b"x", 1)).1.unwrap_err().contains("length"));
    }
}
