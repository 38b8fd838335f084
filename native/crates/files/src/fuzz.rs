//! Entry for fuzzing: files of one transaction, driven by arbitrary octets.

use sidewire_base::{Cursor, Direction, PerDirection, TxId};
use sidewire_eve::Object;

use crate::{
    ChunkLimit, ChunkOrder, FileContext, FileHash, FileHashes, FilePolicy, FileState, MagicUse, StoreDecision,
    StoreState, TxFiles, write_fileinfo,
};

/// Files open, grow, have gaps, are stored and end. `data` begins with an octet of what is wanted of them; steps follow, each
/// an octet that says what happens (its highest bit is the direction), with its octets behind it.
///
/// # Panics
/// When files break their contract: octets handed to the store are not those that came, or a file that is over changes.
pub fn files(data: &[u8]) {
    let mut cur = Cursor::new(data);
    let Ok(wanted) = cur.u8() else { return };
    let policy = FilePolicy {
        hashes: if wanted & 1 != 0 { FileHashes::NONE.with(FileHash::Sha256) } else { FileHashes::NONE },
        magic: MagicUse::Never,
        content: wanted & 2 != 0,
        store: [StoreDecision::Never, StoreDecision::Maybe, StoreDecision::Always]
            .get(usize::from(wanted >> 2 & 3))
            .copied()
            .unwrap_or_default(),
    };
    let mut context = FileContext { policy: PerDirection::both(policy), ..FileContext::default() };
    let mut files = TxFiles::default();
    let mut chunks = PerDirection::<ChunkOrder>::default();
    while let Ok(step) = cur.u8() {
        let direction = if step & 0x80 == 0 { Direction::ToServer } else { Direction::ToClient };
        let length = usize::from(cur.u8().unwrap_or(0)).min(cur.left());
        let Ok(octets) = cur.take(length) else { return };
        let over: Vec<u64> = files.of(direction).iter().filter(|file| file.is_over()).map(crate::File::size).collect();
        match step & 0x7f {
            0 => {
                files.open(direction, octets, true, &mut context);
                chunks[direction] = ChunkOrder::default();
            }
            1 => files.append(direction, octets, &mut context),
            2 => files.gap(direction, length as u64),
            3 => files.close(direction, &mut context),
            4 => files.truncate(direction, &mut context),
            5 => files.store_all(direction),
            6 => files.inspected(direction),
            7 => {
                store(&mut files, direction);
            }
            place => {
                let limit = ChunkLimit { size: 512, count: 8 };
                let order = &mut chunks[direction];
                order.announce(place.into(), length as u64, limit);
                order.octets(place.into(), octets, |new| files.append(direction, new, &mut context));
            }
        }
        let now = files.of(direction).iter().map(crate::File::size);
        assert!(over.iter().copied().eq(now.take(over.len())), "files that are over stay as they are");
    }
    for direction in Direction::BOTH {
        files.truncate(direction, &mut context);
        store(&mut files, direction);
        for file in files.of(direction) {
            assert!(file.state() > FileState::Opened);
            let mut line = Vec::new();
            write_fileinfo(file, TxId(0), &mut Object::new(&mut line));
        }
    }
}

/// What the engine does after each packet: hands what is new of wanted files to the store.
fn store(files: &mut TxFiles, direction: Direction) -> u64 {
    let mut handed = 0;
    for file in files.of_mut(direction) {
        let written = match file.store() {
            StoreState::Wanted => 0,
            StoreState::Writing { written, .. } => written,
            _ => continue,
        };
        let new = file.content().from(written).len() as u64;
        assert_eq!(written + new, file.content().end(), "nothing is lost on the way to the store");
        handed += new;
        file.set_store(if file.is_over() {
            StoreState::Stored { key: 1 }
        } else {
            StoreState::Writing { key: 1, written: written + new }
        });
    }
    handed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_octets_are_survived(data in proptest::collection::vec(any::<u8>(), 0..2000)) {
            super::files(&data);
        }

        /// Steps that mean something most of the time.
        #[test]
        fn any_steps_are_survived(wanted: u8, steps in proptest::collection::vec((0_u8..12, any::<bool>(), 0_u8..40), 0..80)) {
            let mut data = vec![wanted];
            for (step, back, length) in steps {
                data.push(step | if back { 0x80 } else { 0 });
                data.push(length);
                data.extend((0..length).map(|at| at ^ step));
            }
            super::files(&data);
        }
    }
}
