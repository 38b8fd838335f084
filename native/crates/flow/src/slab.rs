//! Where flows lie.

use crate::{
    Flow,
    key::FlowKey,
    silence::SilenceNumber,
    wheel::{LinkedSlots, WheelLinks},
};

/// Slots in one allocation: growing never moves flows, and never needs twice the memory.
const CHUNK: usize = 512;

/// A place for a flow.
pub(crate) struct FlowSlot<S> {
    pub(crate) key: FlowKey,
    pub(crate) links: WheelLinks,
    pub(crate) generation: u32,
    pub(crate) flow: Flow<S>,
    /// Kept beyond its timeout.
    pub(crate) silent: Option<SilenceNumber>,
}

/// Flows by number.
pub(crate) struct FlowSlab<S> {
    chunks: Vec<Vec<Option<FlowSlot<S>>>>,
    free: Vec<u32>,
    generations: u32,
    length: usize,
}

impl<S> FlowSlab<S> {
    pub(crate) const fn new() -> Self {
        Self { chunks: Vec::new(), free: Vec::new(), generations: 0, length: 0 }
    }

    pub(crate) const fn len(&self) -> usize {
        self.length
    }

    #[inline]
    pub(crate) fn get(&self, index: u32) -> Option<&FlowSlot<S>> {
        let index = index as usize;
        self.chunks.get(index / CHUNK)?.get(index % CHUNK)?.as_ref()
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut FlowSlot<S>> {
        let index = index as usize;
        self.chunks.get_mut(index / CHUNK)?.get_mut(index % CHUNK)?.as_mut()
    }

    /// Places a flow; `None` when there are 2^32 - 1 of them.
    pub(crate) fn insert(&mut self, key: FlowKey, flow: Flow<S>) -> Option<(u32, u32)> {
        self.generations = self.generations.wrapping_add(1);
        let generation = self.generations;
        let slot = FlowSlot { key, links: WheelLinks::UNFILED, generation, flow, silent: None };
        let index = match self.free.pop() {
            Some(index) => {
                *self.chunks.get_mut(index as usize / CHUNK)?.get_mut(index as usize % CHUNK)? = Some(slot);
                index
            }
            None => {
                if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
                    self.chunks.push(Vec::with_capacity(CHUNK));
                }
                let index = u32::try_from((self.chunks.len() - 1) * CHUNK + self.chunks.last()?.len()).ok()?;
                if index == u32::MAX {
                    return None;
                }
                self.chunks.last_mut()?.push(Some(slot));
                index
            }
        };
        self.length += 1;
        Some((index, generation))
    }

    pub(crate) fn remove(&mut self, index: u32) -> Option<FlowSlot<S>> {
        let slot = self.chunks.get_mut(index as usize / CHUNK)?.get_mut(index as usize % CHUNK)?.take()?;
        self.free.push(index);
        self.length -= 1;
        Some(slot)
    }
}

impl<S> LinkedSlots for FlowSlab<S> {
    #[inline]
    fn links(&mut self, index: u32) -> Option<&mut WheelLinks> {
        self.get_mut(index).map(|slot| &mut slot.links)
    }
}
