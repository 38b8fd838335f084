use std::io;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use sidewire_capture::{Block, Blocks, Direct};

/// Blocks read before they are needed.
const AHEAD: usize = 3;
/// Files smaller than this are not worth a thread. Octets.
const WORTH: u64 = 4 << 20;

/// The blocks of a capture: those of a file of some size are read (and decompressed) ahead on a thread of their own.
/// Anything else may leave a thread waiting for ever.
pub(crate) fn blocks(direct: Direct, size: Option<u64>) -> Box<dyn Blocks> {
    if size.is_some_and(|size| size >= WORTH) { Ahead::start(direct) } else { Box::new(direct) }
}

struct Ahead {
    full: Option<Receiver<io::Result<Block>>>,
    used: Sender<Block>,
    thread: Option<JoinHandle<()>>,
}

impl Ahead {
    fn start(direct: Direct) -> Box<dyn Blocks> {
        let (filled, full) = sync_channel(AHEAD);
        let (used, empty) = channel();
        let (lend, lent) = channel();
        let run = move || {
            if let Ok(direct) = lent.recv() {
                read(direct, &filled, &empty);
            }
        };
        match std::thread::Builder::new().name("sidewire-read".to_owned()).spawn(run) {
            Ok(thread) => match lend.send(direct) {
                Ok(()) => Box::new(Self { full: Some(full), used, thread: Some(thread) }),
                Err(unsent) => Box::new(unsent.0),
            },
            Err(_) => Box::new(direct),
        }
    }
}

fn read(mut direct: Direct, filled: &SyncSender<io::Result<Block>>, empty: &Receiver<Block>) {
    loop {
        let block = direct.next(empty.try_recv().unwrap_or_default());
        let over = block.as_ref().map_or(true, Block::is_empty);
        if filled.send(block).is_err() || over {
            return;
        }
    }
}

impl Blocks for Ahead {
    fn next(&mut self, used: Block) -> io::Result<Block> {
        // The thread may be at the end already, and want none.
        let _over = self.used.send(used);
        self.full.as_ref().and_then(|full| full.recv().ok()).unwrap_or_else(|| Ok(Block::default()))
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        // Without anyone to take blocks the thread ends.
        self.full = None;
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}
