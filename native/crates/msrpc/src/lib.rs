//! [C706]/[MS-RPCE] PDUs, fragments, auth trailers; NDR reader; interface tables; the [MS-DCOM] object model.
//! One core for every carriage: TCP, UDP, SMB pipes, HTTP.

/// DCOM objects and RPC associations seen by one worker, across flows.
#[derive(Debug, Default)]
pub struct ObjectTable {}
