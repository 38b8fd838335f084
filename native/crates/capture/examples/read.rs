//! Reads a capture and does nothing with it: what reading alone costs. Prints JSON.

use std::error::Error;
use std::time::Instant;

use sidewire_capture::CaptureReader;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("read CAPTURE")?;
    let started = Instant::now();
    let mut reader = CaptureReader::open(path)?;
    let (mut packets, mut octets) = (0_u64, 0);
    while let Some(frame) = reader.next()? {
        packets += 1;
        octets += frame.data.len();
    }
    let seconds = started.elapsed().as_secs_f64();
    println!("{{\"packets\":{packets},\"bytes\":{octets},\"seconds\":{seconds}}}");
    Ok(())
}
