//! CRC32c, Castagnoli's (RFC 3720, B.4): SCTP and Kafka have it.

/// The polynomial, reflected.
const POLYNOMIAL: u32 = 0x82f6_3b78;

static TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut number = 0;
    while number < 256 {
        let (mut crc, mut bit) = (number as u32, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        #[allow(clippy::indexing_slicing, reason = "evaluated at compile time")]
        {
            table[number] = crc;
        }
        number += 1;
    }
    table
};

/// The checksum of octets, one after the other.
pub fn crc32c(octets: impl IntoIterator<Item = u8>) -> u32 {
    let step = |crc: u32, octet: u8| {
        let index = usize::from(crc as u8 ^ octet);
        (crc >> 8) ^ TABLE.get(index).copied().unwrap_or(0)
    };
    !octets.into_iter().fold(u32::MAX, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_rfc() {
        // RFC 3720, B.4.
        assert_eq!(crc32c([0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c([0xff; 32]), 0x62a8_ab43);
    }
}
