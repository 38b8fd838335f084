//! What context handles stand for: learnt from the call that opened it, told on those made with it. [C706] 5.1.6, appendix N.

use std::sync::Arc;

use crate::arguments::{self, layout::StubFieldKind};
use crate::datum::{CallArguments, StubValue};
use crate::interfaces::HandleName;
use crate::{HandleObject, NdrCursor, RpcContext, RpcExchange, Uuid};

/// Longest name that is kept. Octets.
const MAX_NAME: usize = 1024;

/// What a complete, readable request is about: what the handle stands for that it is made with, or the thing that it opens.
pub(crate) fn of_request(exchange: &RpcExchange, around: &RpcContext<'_>) -> Option<Arc<HandleObject>> {
    let key = |handle| (around.client.address, around.server.address, handle);
    let used = used(exchange).and_then(|handle| around.objects.handle(&key(handle)).cloned());
    match arguments::procedure(exchange)?.gives {
        Some(meaning) => {
            let name = name(meaning.name, &exchange.arguments, used.as_deref());
            Some(Arc::new(HandleObject { kind: meaning.kind, name, opened_before: false }))
        }
        None => used,
    }
}

/// Learns the handle that a complete, readable answer gives.
pub(crate) fn learn(exchange: &RpcExchange, around: &mut RpcContext<'_>) {
    let Some(object) = exchange.handle.as_ref().filter(|object| !object.opened_before) else { return };
    let Some(handle) = given(exchange).filter(|handle| !handle.is_nil()) else { return };
    let object = Arc::new(HandleObject { opened_before: true, ..(**object).clone() });
    let key = (around.client.address, around.server.address, handle);
    around.objects.learn_handle(key, object);
}

/// The handle a request begins with. Whether it is one is for the table to say: other octets are in none.
fn used(exchange: &RpcExchange) -> Option<Uuid> {
    let syntax = exchange.interface?.transfer_syntax;
    NdrCursor::new(exchange.request.beginning()?, exchange.request.order, syntax).handle().ok()
}

/// The first handle of an answer, where its fields say that there is one.
fn given(exchange: &RpcExchange) -> Option<Uuid> {
    let layout = &arguments::procedure(exchange)?.response;
    let mut source = arguments::source(exchange, &exchange.response, false)?;
    for field in layout.fields {
        let value = field.read(&mut source).ok()?;
        if let (StubFieldKind::Handle, Some(StubValue::Uuid(handle))) = (field.kind, value) {
            return Some(handle);
        }
    }
    None
}

fn name(from: HandleName, arguments: &CallArguments, parent: Option<&HandleObject>) -> Option<Arc<str>> {
    let argument = |name| match arguments.get(name)? {
        StubValue::Text(text) => Some(text.trim_end_matches('\0').to_owned()),
        StubValue::Uint(number) => Some(number.to_string()),
        _ => None,
    };
    let parent = || parent.and_then(|parent| parent.name.as_deref());
    let name = match from {
        HandleName::Nothing => return None,
        HandleName::Always(text) => text.to_owned(),
        HandleName::Argument(of) => argument(of)?,
        HandleName::Below(of) => match (parent(), argument(of)) {
            (Some(parent), None) => parent.to_owned(),
            (Some(parent), Some(name)) if name.is_empty() => parent.to_owned(),
            (Some(parent), Some(name)) => format!("{parent}\\{name}"),
            (None, name) => name?,
        },
        HandleName::Behind(of) => format!("{}-{}", parent()?, argument(of)?),
    };
    (!name.is_empty() && name.len() <= MAX_NAME).then(|| name.into())
}
