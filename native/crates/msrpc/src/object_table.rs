/// DCOM objects and RPC associations seen by one worker, across flows.
#[derive(Debug, Default)]
pub struct ObjectTable {}
