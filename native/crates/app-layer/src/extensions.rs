//! State that a protocol keeps for all flows of a worker: objects that one connection names and another calls, data
//! channels that are expected.
//!
//! A protocol declares its extensions ([`ExtensionDef`]); each worker has one of each, and a parser fetches its own by type
//! from [`ParseContext::extensions`](crate::ParseContext::extensions).

use core::any::{Any, TypeId};
use std::sync::Arc;

/// State of one protocol (or family of protocols) in one worker.
pub trait ProtocolExtension: Any + Send {
    /// The state before anything was seen.
    fn new(resources: &RunResources) -> Self
    where
        Self: Sized;

    /// Tells its counters, each with its full name in the statistics: `app_layer.msrpc.memuse`.
    fn counters(&self, tell: &mut dyn FnMut(&'static str, u64)) {
        let _ = tell;
    }
}

/// What a protocol declares to have an extension.
#[derive(Clone, Copy)]
pub struct ExtensionDef {
    id: fn() -> TypeId,
    begin: fn(&RunResources) -> Box<dyn ProtocolExtension>,
}

impl ExtensionDef {
    /// The extension of a type.
    #[must_use]
    pub const fn of<T: ProtocolExtension>() -> Self {
        Self { id: TypeId::of::<T>, begin: |resources| Box::new(T::new(resources)) }
    }
}

/// What a run is given for protocols beside its configuration (secrets, for instance), by type.
#[derive(Clone, Default)]
pub struct RunResources(Vec<Arc<dyn Any + Send + Sync>>);

impl RunResources {
    /// Adds one; of two of the same type the first counts.
    #[must_use]
    pub fn with<T: Any + Send + Sync>(mut self, resource: Arc<T>) -> Self {
        self.0.push(resource);
        self
    }

    /// The resource of a type, when there is one.
    #[must_use]
    pub fn get<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.0.iter().find_map(|one| Arc::clone(one).downcast().ok())
    }
}

/// The extensions of one worker.
#[derive(Default)]
pub struct ProtocolExtensions {
    resources: RunResources,
    /// A handful: comparing their types one after the other is cheaper than hashing.
    all: Vec<(TypeId, Box<dyn ProtocolExtension>)>,
}

impl ProtocolExtensions {
    /// The extensions that protocols declare; two may share one.
    #[must_use]
    pub fn new<'e>(declared: impl IntoIterator<Item = &'e ExtensionDef>, resources: RunResources) -> Self {
        let mut all: Vec<(TypeId, Box<dyn ProtocolExtension>)> = Vec::new();
        for extension in declared {
            if !all.iter().any(|(id, _)| *id == (extension.id)()) {
                all.push(((extension.id)(), (extension.begin)(&resources)));
            }
        }
        Self { resources, all }
    }

    /// The extension of a type; one that no protocol declares begins with the first call.
    #[inline]
    pub fn get<T: ProtocolExtension>(&mut self) -> &mut T {
        let wanted = TypeId::of::<T>();
        let position = self.all.iter().position(|(id, _)| *id == wanted);
        let position = position.unwrap_or_else(|| self.begin::<T>());
        let found = self.all.get_mut(position).map(|(_, extension)| &mut **extension as &mut dyn Any);
        match found.and_then(<dyn Any>::downcast_mut) {
            Some(extension) => extension,
            None => unreachable!("what is filed under a type is of that type"),
        }
    }

    #[cold]
    fn begin<T: ProtocolExtension>(&mut self) -> usize {
        self.all.push((TypeId::of::<T>(), Box::new(T::new(&self.resources))));
        self.all.len() - 1
    }

    /// Forgets everything that was seen.
    pub fn reset<'e>(&mut self, declared: impl IntoIterator<Item = &'e ExtensionDef>) {
        *self = Self::new(declared, core::mem::take(&mut self.resources));
    }

    /// Tells the counters of all.
    pub fn counters(&self, tell: &mut dyn FnMut(&'static str, u64)) {
        self.all.iter().for_each(|(_, extension)| extension.counters(tell));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Channels(u64);

    impl ProtocolExtension for Channels {
        fn new(resources: &RunResources) -> Self {
            Self(resources.get::<u64>().map_or(0, |start| *start))
        }

        fn counters(&self, tell: &mut dyn FnMut(&'static str, u64)) {
            tell("app_layer.channels", self.0);
        }
    }

    struct Other;

    impl ProtocolExtension for Other {
        fn new(_: &RunResources) -> Self {
            Self
        }
    }

    #[test]
    fn each_type_has_one_state_made_of_the_resources() {
        let mut extensions = ProtocolExtensions::new(&[], RunResources::default().with(Arc::new(7_u64)));
        let _other: &mut Other = extensions.get();
        extensions.get::<Channels>().0 += 1;
        let mut told = Vec::new();
        extensions.counters(&mut |name, value| told.push((name, value)));
        assert_eq!(told, [("app_layer.channels", 8)]);
        extensions.reset(&[]);
        assert_eq!(extensions.get::<Channels>().0, 7);
    }
}
