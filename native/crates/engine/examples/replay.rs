//! A replay without Node, for counting instructions and memory:
//! `replay RUN_CONFIG.json COMPILE_REQUEST.json BATCH.json...`, each as the control plane writes it.

use std::error::Error;
use std::fs::read;

use sidewire_engine::{RuleCompiler, Run};

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = std::env::args().skip(1).map(read);
    let mut next = || files.next().ok_or("replay RUN_CONFIG COMPILE_REQUEST BATCH...");
    let config = serde_json::from_slice(&next()??)?;
    let request = serde_json::from_slice(&next()??)?;
    let compiler = RuleCompiler::begin(request)?;
    files.try_for_each(|batch| batch.map(|batch| compiler.add(batch)))?;
    let rules = compiler.finish()?.set();
    let run = Run::start(config, rules, None)?;
    let summary = run.finish().ok_or("the run was finished already")?;
    println!("{} packets, {} events", summary.packets, summary.events.values().sum::<u64>());
    Ok(())
}
