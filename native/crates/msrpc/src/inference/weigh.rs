//! How well a call fits a procedure: its octets where they can be read, its sizes where they are sealed.

use super::size::StubSizes;
use crate::arguments::layout::{StubFieldKind, StubLayout, StubSource};
use crate::arguments::readers;
use crate::interfaces::{InterfaceKind, RpcInterface, RpcProcedure};
use crate::status::is_status;
use crate::{ExchangeHalf, NdrCursor, PduType, RpcExchange, TransferSyntax, VerificationTrailer};

/// What speaks for an interface, in bits: how unlikely it is that another one's call looks so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EvidenceWeight(pub(super) u32);

/// The only size that a signature allows.
const ONE_SIZE: u32 = 4;
/// A stub that is read to its exact end.
const EXACT_END: u32 = 4;
/// A text where a text is due; more than two say no more.
const TEXT: u32 = 8;
const MAX_TEXTS: u32 = 2;
/// ORPCTHIS or ORPCTHAT where it is due.
const ORPC: u32 = 4;
/// A sealed stub of the size of activation properties.
const ACTIVATION: u32 = 8;
/// Less does not hold activation properties. Octets.
const ACTIVATION_SIZE: u64 = 256;
/// Padding that some senders put at the end of a stub. Octets.
const PADDING: usize = 3;

/// What a call says for an interface; `None` when it contradicts it.
pub(super) fn weigh(
    exchange: &RpcExchange,
    interface: &RpcInterface,
    syntax: TransferSyntax,
) -> Option<EvidenceWeight> {
    let procedure = interface.find_procedure(exchange.opnum?)?;
    if interface.kind == InterfaceKind::Activation {
        let large = exchange.request.closed && exchange.request.size >= ACTIVATION_SIZE;
        return Some(EvidenceWeight(if large { ACTIVATION } else { 0 }));
    }
    let request = half(&exchange.request, procedure, syntax, true)?;
    let answered = exchange.response_type == Some(PduType::RESPONSE) && exchange.response.done;
    let response = if answered { half(&exchange.response, procedure, syntax, false)? } else { 0 };
    Some(EvidenceWeight(request + response))
}

fn half(half: &ExchangeHalf, procedure: &RpcProcedure, syntax: TransferSyntax, request: bool) -> Option<u32> {
    let layout = if request { &procedure.request } else { &procedure.response };
    if half.incomplete || half.clipped || !half.done {
        return Some(0);
    }
    match half.readable() {
        Some(stub) => read(half, stub, layout, syntax, request),
        None => sealed(half.size, layout, syntax, request),
    }
}

/// By the size alone.
fn sealed(size: u64, layout: &StubLayout, syntax: TransferSyntax, request: bool) -> Option<u32> {
    let sizes = StubSizes::of(layout, syntax, request);
    match layout.complete {
        true if sizes.is_fixed() => sizes.hold(size, request).then_some(ONE_SIZE),
        true => sizes.hold(size, request).then_some(sizes.bits()),
        false => sizes.reach(size).then_some(0),
    }
}

/// By all octets, or as far as the fields go.
fn read(half: &ExchangeHalf, stub: &[u8], layout: &StubLayout, syntax: TransferSyntax, request: bool) -> Option<u32> {
    let verified = VerificationTrailer::find(stub).filter(|_| request).map_or(0, |trailer| trailer.length);
    let stub = stub.get(..stub.len().checked_sub(verified)?)?;
    let mut source = StubSource { ndr: NdrCursor::new(stub, half.order, syntax), syntax, request, checked: Some(0) };
    let fits = layout.fields.iter().try_for_each(|field| field.read(&mut source).map(|_| ())).is_ok();
    let orpc = layout.fields.first().is_some_and(|field| field.kind == StubFieldKind::Orpc);
    let texts = source.checked.unwrap_or(0).min(MAX_TEXTS);
    let told = TEXT * texts + if orpc { ORPC } else { 0 };
    if !layout.complete {
        let reads = |function| {
            // A null pointer in its place tells nothing.
            let read = readers::read(function, &mut NdrCursor::new(stub, half.order, syntax));
            read.is_ok_and(|arguments| arguments.iter().next().is_some())
        };
        let reads = layout.reader.is_some_and(reads);
        // Where only a part is written down, what does not fit may be the rest.
        return Some(if fits { told.max(if reads { TEXT } else { 0 }) } else { 0 });
    }
    let ends = fits && (request || source.ndr.u32().is_ok_and(is_status));
    let behind = source.ndr.rest().len();
    let padded = behind == 0 || behind <= PADDING && (verified > 0 || stub.len().is_multiple_of(4));
    (ends && padded).then_some(EXACT_END + told)
}
