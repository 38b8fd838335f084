//! The files of one transaction.

use sidewire_base::{Direction, PerDirection};

use crate::parts::PartPlace;
use crate::{File, FileContext, FilePart, StoreDecision};

/// Files of one direction of a transaction that are followed; of more, none is.
const MAX_FILES: usize = 1024;

/// The files that a transaction carries, in both directions, in the order in which they began. The last of a direction is
/// the one octets go to.
#[derive(Clone, Debug, Default)]
pub struct TxFiles {
    files: PerDirection<Vec<File>>,
    /// Files that begin from here on are stored.
    store: PerDirection<bool>,
    /// Bodies are followed as far as the file store does.
    followed: PerDirection<bool>,
    /// Where in a whole the file that is open stands.
    part: PerDirection<Option<Box<PartPlace>>>,
}

impl TxFiles {
    /// A file begins. One before it that was not closed is truncated. `content`: rules that look into files look into this
    /// one here, and not at the protocol's own copy.
    pub fn open(&mut self, direction: Direction, name: &[u8], content: bool, context: &mut FileContext<'_>) {
        self.truncate(direction, context);
        let mut policy = context.policy(direction);
        policy.content &= content;
        if self.store[direction] && policy.store == StoreDecision::Maybe {
            policy.store = StoreDecision::Always;
        }
        let files = &mut self.files[direction];
        if files.len() < MAX_FILES {
            files.push(File::new(name, policy));
        }
    }

    /// A file begins that is a part of another. Once all parts of that are there, in whatever transaction, it is a file of the
    /// transaction with the last of them.
    pub fn open_part(
        &mut self,
        direction: Direction,
        name: &[u8],
        part: FilePart<'_>,
        content: bool,
        context: &mut FileContext<'_>,
    ) {
        self.open(direction, name, content, context);
        if let Some(file) = self.current(direction) {
            file.set_range(part.start, part.end);
        }
        let policy = context.policy(direction);
        let place = context.parts.as_mut().and_then(|parts| parts.begin(name, part, policy));
        self.part[direction] = place.map(Box::new);
    }

    /// The file that octets of a direction go to.
    pub fn current(&mut self, direction: Direction) -> Option<&mut File> {
        self.files[direction].last_mut().filter(|file| !file.is_over())
    }

    /// Octets of the file that is open.
    pub fn append(&mut self, direction: Direction, octets: &[u8], context: &mut FileContext<'_>) {
        if let Some(file) = self.current(direction) {
            file.append(octets, context.magic.as_deref_mut());
        }
        if let Some(place) = &mut self.part[direction]
            && let Some(parts) = context.parts.as_deref_mut()
        {
            parts.append(place, octets, context.magic.as_deref_mut());
        }
    }

    /// Octets of the file that is open are missing.
    pub fn gap(&mut self, direction: Direction, length: u64) {
        if let Some(file) = self.current(direction) {
            file.gap(length);
        }
        if let Some(place) = &mut self.part[direction] {
            place.pass(length);
        }
    }

    /// The file that is open is complete.
    pub fn close(&mut self, direction: Direction, context: &mut FileContext<'_>) {
        if let Some(file) = self.current(direction) {
            file.close(true, context.magic.as_deref_mut());
        }
        let magic = context.magic.as_deref_mut();
        let whole = self.part[direction].take().zip(context.parts.as_deref_mut());
        let whole = whole.and_then(|(place, parts)| parts.finish(&place, magic));
        if let Some(mut whole) = whole.filter(|_| self.files[direction].len() < MAX_FILES) {
            if self.store[direction] {
                whole.want_stored();
            }
            self.files[direction].push(whole);
        }
    }

    /// The file that is open ends before its time.
    pub fn truncate(&mut self, direction: Direction, context: &mut FileContext<'_>) {
        if let Some(file) = self.current(direction) {
            file.close(false, context.magic.as_deref_mut());
        }
        self.part[direction] = None;
    }

    /// Those of a direction.
    #[must_use]
    pub fn of(&self, direction: Direction) -> &[File] {
        &self.files[direction]
    }

    /// Those of a direction, to note what was done with them.
    pub fn of_mut(&mut self, direction: Direction) -> &mut [File] {
        &mut self.files[direction]
    }

    /// Those of a direction are stored, those to come as well.
    pub fn store_all(&mut self, direction: Direction) {
        self.store[direction] = true;
        self.files[direction].iter_mut().for_each(|file| file.want_stored());
    }

    /// A rule wants files of a direction stored: the protocol is to follow bodies as far as the file store does.
    pub fn follow(&mut self, direction: Direction) {
        self.followed[direction] = true;
    }

    /// Is a direction followed as far as the file store does?
    #[must_use]
    pub fn is_followed(&self, direction: Direction) -> bool {
        self.followed[direction]
    }

    /// No rule will look at files of a direction any more: what is kept for them goes.
    pub fn inspected(&mut self, direction: Direction) {
        for file in &mut self.files[direction] {
            file.forget();
            file.will_not_be_stored();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FilePolicy, FileState, StoreState};

    const TO_SERVER: Direction = Direction::ToServer;

    #[test]
    fn files_follow_each_other() {
        let (mut files, mut context) = (TxFiles::default(), FileContext::default());
        files.append(TO_SERVER, b"nowhere", &mut context);
        files.open(TO_SERVER, b"a", true, &mut context);
        files.append(TO_SERVER, b"12", &mut context);
        files.close(TO_SERVER, &mut context);
        files.append(TO_SERVER, b"late", &mut context);
        files.open(TO_SERVER, b"b", true, &mut context);
        files.append(TO_SERVER, b"3", &mut context);
        files.open(TO_SERVER, b"c", true, &mut context);
        let seen: Vec<_> = files.of(TO_SERVER).iter().map(|file| (file.name(), file.state(), file.size())).collect();
        let expected: [(&[u8], FileState, u64); 3] =
            [(b"a", FileState::Closed, 2), (b"b", FileState::Truncated, 1), (b"c", FileState::Opened, 0)];
        assert_eq!(seen, expected);
        assert!(files.of(Direction::ToClient).is_empty());
    }

    #[test]
    fn files_to_come_are_stored_as_well() {
        let policy = FilePolicy { store: StoreDecision::Maybe, ..FilePolicy::default() };
        let mut context = FileContext { policy: PerDirection::both(policy), ..FileContext::default() };
        let mut files = TxFiles::default();
        files.open(TO_SERVER, b"a", true, &mut context);
        files.store_all(TO_SERVER);
        files.open(TO_SERVER, b"b", true, &mut context);
        assert!(files.of(TO_SERVER).iter().all(|file| file.store() == StoreState::Wanted));
    }
}
