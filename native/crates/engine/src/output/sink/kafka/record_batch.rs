//! A batch of records, format 2 (<https://kafka.apache.org/documentation/#recordbatch>).

use sidewire_base::crc32c;

use super::super::lines;
use super::wire::RequestWriter;

/// Octets in front of what the checksum is of: base offset, length, epoch of the leader, format, checksum.
const UNSUMMED: usize = 21;

/// A record for each line, without keys and headers. `time`: milliseconds since 1970.
pub(super) fn record_batch(given: &[u8], time: i64) -> Vec<u8> {
    let mut records = RequestWriter::default();
    let mut count = 0_i32;
    let mut record = RequestWriter::default();
    for line in lines::each(given) {
        let line = lines::without_end(line);
        record.0.clear();
        // No attributes, no later than the batch, its place in it, no key.
        record.octets(&[0]).varint(0).varint(count.into()).varint(-1);
        record.varint(i64::try_from(line.len()).unwrap_or(i64::MAX)).octets(line).varint(0);
        records.varint(i64::try_from(record.0.len()).unwrap_or(i64::MAX)).octets(&record.0);
        count = count.saturating_add(1);
    }
    let mut summed = RequestWriter::default();
    // No compression; offset of the last, times of the first and the last; no producer that is known again.
    summed
        .i16(0)
        .i32(count.saturating_sub(1))
        .i64(time)
        .i64(time)
        .i64(-1)
        .i16(-1)
        .i32(-1)
        .i32(count)
        .octets(&records.0);
    let mut batch = RequestWriter::default();
    let length = i32::try_from(UNSUMMED - 12 + summed.0.len()).unwrap_or(i32::MAX);
    batch
        .i64(0)
        .i32(length)
        .i32(-1)
        .octets(&[2])
        .octets(&crc32c(summed.0.iter().copied()).to_be_bytes())
        .octets(&summed.0);
    batch.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_what_follows() {
        let batch = record_batch(b"one\ntwo\n", 5);
        let length = i32::from_be_bytes(batch[8..12].try_into().unwrap());
        assert_eq!(usize::try_from(length).unwrap(), batch.len() - 12);
        assert_eq!(batch[16], 2, "the format");
        assert_eq!(&batch[57..61], &2_i32.to_be_bytes(), "records");
        assert_eq!(&batch[61..], b"\x12\0\0\0\x01\x06one\0\x12\0\0\x02\x01\x06two\0");
    }
}
