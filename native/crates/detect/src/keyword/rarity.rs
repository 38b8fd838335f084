//! How rare octets are in traffic, by the measurements in `native/data/traffic`.

use std::sync::LazyLock;

/// Letters are in it without case.
const MEASURED: &str = include_str!("../../../../data/traffic/octets.tsv");
/// Eighths of a bit of what was met hardly ever.
const RAREST: u32 = 80;

/// Information that octets carry where traffic is searched for them: the more, the rarer they are. Eighths of a bit.
#[derive(Debug)]
struct OctetRarity {
    octets: [u32; 256],
    /// Pairs that are met more often than their octets make them, sorted.
    pairs: Vec<([u8; 2], u32)>,
}

static RARITY: LazyLock<OctetRarity> = LazyLock::new(|| OctetRarity::read(MEASURED));

impl OctetRarity {
    fn read(text: &str) -> Self {
        let mut rarity = Self { octets: [RAREST; 256], pairs: Vec::new() };
        for (octets, bits) in
            text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'))
        {
            let (Ok(number), Ok(bits)) = (u16::from_str_radix(octets, 16), bits.parse()) else { continue };
            let pair = number.to_be_bytes();
            if octets.len() == 4 {
                rarity.pairs.push((pair, bits));
            } else if let Some(slot) = rarity.octets.get_mut(usize::from(number)) {
                *slot = bits;
            }
        }
        rarity.pairs.sort_unstable();
        rarity
    }
}

/// Information in one octet, whatever its case.
pub(crate) fn of_octet(octet: u8) -> u32 {
    RARITY.octets.get(usize::from(octet.to_ascii_lowercase())).copied().unwrap_or(RAREST)
}

/// Information in octets that follow one another: of each after the first, what it adds to the one before it.
pub(crate) fn of(octets: &[u8]) -> u32 {
    let first = octets.first().map_or(0, |octet| of_octet(*octet));
    let adds = |pair: &[u8]| {
        let &[before, octet] = pair else { return 0 };
        let folded = [before.to_ascii_lowercase(), octet.to_ascii_lowercase()];
        match RARITY.pairs.binary_search_by_key(&folded, |(pair, _)| *pair) {
            Ok(at) => RARITY.pairs.get(at).map_or(0, |(_, bits)| bits.saturating_sub(of_octet(before))),
            Err(_) => of_octet(octet),
        }
    };
    first + octets.windows(2).map(adds).sum::<u32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_traffic_is_full_of_says_little() {
        assert!(of(b"HTTP/1.1\r\n") < of(b"xq|1\x91J\x83v~\xa9"));
        assert!(of(&[0; 8]) < of(b"e\x00x\x00"));
        assert!(of(b"\r\n") < of_octet(b'\r') + of_octet(b'\n'));
        assert_eq!(of(b"AbC"), of(b"aBc"));
        assert_eq!(of(b""), 0);
    }

    #[test]
    fn every_octet_was_measured() {
        let octets = MEASURED.lines().filter(|line| line.split('\t').next().is_some_and(|octets| octets.len() == 2));
        assert_eq!(octets.count(), 256 - 26, "letters have no case");
    }
}
