//! EVE as this engine writes it: what every event begins with, and the events that belong to no protocol.

mod alert;
mod anomaly;
mod arp;
pub(crate) mod envelope;
mod flow;
pub(crate) mod frame;
pub(crate) mod ip_protocol;
pub(crate) mod mac_set;
mod outputs;
mod packet;
mod stats;
mod transaction;
mod variables;
mod xff;

pub(crate) use alert::{AlertFacts, AlertPayload};
pub(crate) use anomaly::Anomaly;
pub(crate) use arp::write as write_arp;
pub(crate) use envelope::{EtherAddresses, EventEnvelope, address as address_member};
pub(crate) use flow::{AppNames, FlowFacts, TtlRange};
pub(crate) use frame::FrameFacts;
pub(crate) use outputs::{EveOutput, EventKind, RunOutputs};
pub(crate) use packet::write as write_packet;
pub(crate) use stats::write_stats;
pub(crate) use transaction::AlertTransaction;
pub(crate) use variables::RuleVariables;
