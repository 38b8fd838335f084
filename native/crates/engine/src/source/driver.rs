//! Reads the captures of a run in order, and feeds what takes their frames.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use sidewire_capture::{OpenError, ReadError, Reader};
use sidewire_decode::{Decoder, Transport};

use crate::EngineError;
use crate::config::{ChecksumMode, setup::Setup};
use crate::source::block::Block;
use crate::source::clock::Clock;
use crate::source::control::{Control, lock};
use crate::source::intake::Intake;
use crate::summary::Summary;

/// Frames looked at to decide about checksums in automatic mode.
const CHECKSUM_SAMPLE: u64 = 1000;

/// The reading side of a run: files in order, frames with engine time and ordinals.
pub(crate) struct Reading<'a> {
    pub(crate) setup: &'a Setup,
    pub(crate) control: &'a Control,
    pub(crate) clock: Clock,
    pub(crate) ordinal: u64,
    pub(crate) summary: &'a mut Summary,
}

impl Reading<'_> {
    pub(crate) fn replay(&mut self, intake: &mut impl Intake) -> Result<(), EngineError> {
        let config = &self.setup.config;
        for (number, input) in config.inputs.iter().enumerate() {
            if self.control.stop.load(Ordering::Relaxed) {
                break;
            }
            let fresh = number == 0 || !config.continue_files;
            if fresh {
                self.clock = Clock::default();
                self.ordinal = 0;
            }
            match Reader::open(input) {
                Ok(reader) => {
                    self.file(input, reader, fresh, intake)?;
                    if !config.continue_files {
                        intake.finish(self.clock.now())?;
                    }
                }
                Err(error) => self.summary.errors.push(open_error(input, &error)),
            }
        }
        if config.continue_files {
            intake.finish(self.clock.now())?;
        }
        Ok(())
    }

    fn file(
        &mut self,
        input: &str,
        mut reader: Reader,
        fresh: bool,
        intake: &mut impl Intake,
    ) -> Result<(), EngineError> {
        let ignore = match self.setup.config.decode.checksums {
            ChecksumMode::Ignore => true,
            ChecksumMode::Verify => false,
            ChecksumMode::Auto => checksums_are_broken(input, self.setup),
        };
        self.summary.checksums_ignored += u64::from(ignore && self.setup.config.decode.checksums == ChecksumMode::Auto);
        let path: Arc<str> = Arc::from(input);
        intake.begin_file(&path, fresh, ignore);
        input.clone_into(&mut lock(&self.control.file));
        let progress = reader.progress();
        self.control.file_total.store(progress.size().unwrap_or(0), Ordering::Relaxed);
        let before = self.ordinal;
        let mut block = Block::default();
        let error = loop {
            if self.control.stop.load(Ordering::Relaxed) {
                break None;
            }
            if let Some(rules) = lock(&self.control.rules).take() {
                intake.swap(rules)?;
            }
            block = match block.read(&mut reader, &mut self.ordinal, &mut self.clock) {
                Ok(block) if block.len() == 0 => break None,
                Ok(block) => block,
                Err(error) => break Some(error),
            };
            block.frames().for_each(|(_, frame)| self.summary.note(frame.time, frame.data.len()));
            self.control.packets.store(self.summary.packets, Ordering::Relaxed);
            self.control.bytes.store(self.summary.bytes, Ordering::Relaxed);
            self.control.file_done.store(progress.read(), Ordering::Relaxed);
            block = intake.block(block)?;
        };
        self.summary.time_jumps += core::mem::take(&mut self.clock.jumps);
        match error {
            Some(error) => self.summary.errors.push(read_error(input, &error, self.ordinal > before)),
            None => self.summary.files += 1,
        }
        Ok(())
    }
}

fn open_error(input: &str, error: &OpenError) -> EngineError {
    let code = match error {
        OpenError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => "capture/not-found",
        OpenError::Io { .. } => "capture/unreadable",
        OpenError::NotCapture { .. } => "capture/no-capture",
        OpenError::Version { .. } => "capture/version",
        OpenError::HeaderCut { .. } => "capture/truncated",
    };
    let text = error.to_string();
    let reason = text.split_once(": ").map_or(text.as_str(), |(_, reason)| reason).to_owned();
    EngineError::Capture { path: PathBuf::from(input), reason, code, partial: false }
}

fn read_error(input: &str, error: &ReadError, partial: bool) -> EngineError {
    let code = match error {
        ReadError::Truncated { .. } => "capture/truncated",
        ReadError::Damaged { .. } => "capture/damaged",
        ReadError::Io { .. } => "capture/unreadable",
    };
    EngineError::Capture { path: PathBuf::from(input), reason: error.to_string(), code, partial }
}

/// Automatic checksum mode: are so many of the first packets wrong that the capturing host must have left checksums to
/// its network card? A tenth is Suricata's bound. Standard input cannot be read twice and is verified.
fn checksums_are_broken(input: &str, setup: &Setup) -> bool {
    if input == "-" {
        return false;
    }
    let Ok(mut reader) = Reader::open(input) else { return false };
    let mut decoder = Decoder::new(setup.decode.clone());
    let (mut seen, mut wrong, mut ordinal) = (0_u64, 0_u64, 0);
    while let Ok(Some(frame)) = reader.next() {
        ordinal += 1;
        let input = sidewire_decode::Frame {
            time: frame.time,
            ordinal,
            data: frame.data,
            wire_length: frame.wire_length,
            link_type: frame.link_type,
        };
        decoder.decode(&input, &mut |packet: &sidewire_decode::Packet<'_>| {
            if !matches!(packet.transport, Transport::None) {
                seen += 1;
                wrong += u64::from(packet.bad_checksum.network || packet.bad_checksum.transport);
            }
        });
        if ordinal >= CHECKSUM_SAMPLE {
            break;
        }
    }
    wrong * 10 > seen
}

/// Replays into something that writes nothing, and tells what went wrong.
pub(crate) fn drive_into(setup: &Setup, intake: &mut impl Intake) -> Result<Vec<EngineError>, EngineError> {
    let control = Control::default();
    let mut summary = Summary::default();
    Reading { setup, control: &control, clock: Clock::default(), ordinal: 0, summary: &mut summary }.replay(intake)?;
    Ok(summary.errors)
}
