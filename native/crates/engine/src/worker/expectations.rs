//! Flows that others announced: what a control connection says of the data connection it opens.

use std::collections::{HashMap, VecDeque};

use sidewire_app_layer::Expectation;
use sidewire_base::Endpoint;

/// Announced flows that are remembered, oldest forgotten first.
const MAX_EXPECTATIONS: usize = 16_384;

/// Flows that others announced, by where they will go.
#[derive(Debug, Default)]
pub(crate) struct Expectations {
    by_server: HashMap<Endpoint, &'static str>,
    order: VecDeque<Endpoint>,
}

impl Expectations {
    /// How many are remembered.
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    pub(crate) fn add(&mut self, expectation: &Expectation) {
        if self.by_server.insert(expectation.server, expectation.protocol).is_none() {
            self.order.push_back(expectation.server);
            if self.order.len() > MAX_EXPECTATIONS
                && let Some(oldest) = self.order.pop_front()
            {
                self.by_server.remove(&oldest);
            }
        }
    }

    /// What a new flow was announced to speak. One whose first packet is the server's has its ends the wrong way round.
    pub(crate) fn of(&self, client: Endpoint, server: Endpoint) -> Option<&'static str> {
        if self.by_server.is_empty() {
            return None;
        }
        self.by_server.get(&server).or_else(|| self.by_server.get(&client)).copied()
    }
}
