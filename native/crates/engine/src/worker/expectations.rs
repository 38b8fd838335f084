//! Flows that others announced: what a control connection says of the data connection it opens.

use core::net::IpAddr;
use std::collections::{HashMap, VecDeque};

use sidewire_app_layer::{FlowExpectation, Transport};
use sidewire_base::{Endpoint, Time};

/// Announced flows that are remembered, oldest forgotten first.
const MAX_EXPECTATIONS: usize = 16_384;

/// Who will open a flow (when known), where to, and over what.
type AnnouncedFlow = (Option<IpAddr>, Endpoint, Transport);

#[derive(Clone, Copy, Debug)]
struct ExpectedFlow {
    protocol: &'static str,
    expires: Option<Time>,
    number: u64,
}

/// Flows that others announced, by where they will go.
#[derive(Debug, Default)]
pub(crate) struct ExpectationTable {
    expected: HashMap<AnnouncedFlow, ExpectedFlow>,
    /// As they came; one that was used up and announced again has another number.
    order: VecDeque<(AnnouncedFlow, u64)>,
    announced: u64,
    evicted: u64,
}

impl ExpectationTable {
    /// How many are remembered.
    pub(crate) fn len(&self) -> usize {
        self.expected.len()
    }

    /// How many were forgotten for want of room.
    pub(crate) const fn evicted(&self) -> u64 {
        self.evicted
    }

    pub(crate) fn add(&mut self, expectation: &FlowExpectation) {
        let &FlowExpectation { client, server, transport, protocol, expires } = expectation;
        let key = (client, server, transport);
        if let Some(known) = self.expected.get_mut(&key) {
            // Said again and again, it moves nobody else out.
            (known.protocol, known.expires) = (protocol, expires);
            return;
        }
        self.announced += 1;
        let number = self.announced;
        self.expected.insert(key, ExpectedFlow { protocol, expires, number });
        self.order.push_back((key, number));
        if self.order.len() > MAX_EXPECTATIONS
            && let Some((oldest, number)) = self.order.pop_front()
            && self.expected.get(&oldest).is_some_and(|expected| expected.number == number)
        {
            self.expected.remove(&oldest);
            self.evicted += 1;
        }
    }

    /// What a flow was announced to speak: one that is for a single flow is used up by it. A flow whose first packet is the
    /// server's has its ends the wrong way round.
    pub(crate) fn take(
        &mut self,
        client: Endpoint,
        server: Endpoint,
        transport: Transport,
        now: Time,
    ) -> Option<&'static str> {
        if self.expected.is_empty() {
            return None;
        }
        let keys = [
            (Some(client.address), server, transport),
            (None, server, transport),
            (Some(server.address), client, transport),
            (None, client, transport),
        ];
        for key in keys {
            let Some(expected) = self.expected.get(&key).copied() else { continue };
            let Some(expires) = expected.expires else { return Some(expected.protocol) };
            self.expected.remove(&key);
            if now < expires {
                return Some(expected.protocol);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(port: u16) -> Endpoint {
        Endpoint { address: IpAddr::from([192, 0, 2, u8::try_from(port % 7).unwrap()]), port }
    }

    fn channel(client: Option<IpAddr>, server: Endpoint, expires: Option<Time>) -> FlowExpectation {
        FlowExpectation { client, server, transport: Transport::Tcp, protocol: "p", expires }
    }

    fn take(expectations: &mut ExpectationTable, client: Endpoint, server: Endpoint, second: i64) -> bool {
        expectations.take(client, server, Transport::Tcp, Time::new(second, 0)).is_some()
    }

    #[test]
    fn a_channel_is_for_one_flow_of_its_hosts_and_not_for_ever() {
        let (client, server, other) = (end(1000), end(2001), end(3003));
        let mut expectations = ExpectationTable::default();
        let wanted = channel(Some(client.address), server, Some(Time::new(30, 0)));
        expectations.add(&wanted);
        assert!(!take(&mut expectations, other, server, 1));
        assert!(expectations.take(client, server, Transport::Udp, Time::new(1, 0)).is_none());
        assert!(take(&mut expectations, client, server, 1));
        assert!(!take(&mut expectations, client, server, 1), "it was used up");
        expectations.add(&wanted);
        assert!(!take(&mut expectations, client, server, 30), "it came too late");
        expectations.add(&wanted);
        assert!(take(&mut expectations, server, client, 2), "the first packet was the server's");
    }

    #[test]
    fn a_service_is_for_all_who_come() {
        let mut expectations = ExpectationTable::default();
        expectations.add(&channel(None, end(135), None));
        expectations.add(&channel(None, end(135), None));
        assert!(take(&mut expectations, end(1), end(135), 1_000_000) && take(&mut expectations, end(2), end(135), 0));
        assert_eq!(expectations.len(), 1);
    }

    #[test]
    fn the_oldest_gives_way_and_is_counted() {
        let mut expectations = ExpectationTable::default();
        let from = IpAddr::from([0, 0, 0, 0]);
        for number in 0..=MAX_EXPECTATIONS {
            let address = IpAddr::from(u32::try_from(number).unwrap().to_be_bytes());
            expectations.add(&channel(Some(from), Endpoint { address, port: 1 }, Some(Time::new(30, 0))));
        }
        assert_eq!((expectations.len(), expectations.evicted()), (MAX_EXPECTATIONS, 1));
    }
}
