//! The files that a body is: one, or those of a form.

use sidewire_base::Direction;
use sidewire_files::{FileContext, FilePart, TxFiles};

use super::config::BodyLimits;
use super::multipart::{FormFaults, FormStep, MultipartForm};

/// Where the octets of a body go.
pub(super) struct BodyTarget<'t, 'c, 'm> {
    pub direction: Direction,
    pub limits: BodyLimits,
    pub files: &'t mut TxFiles,
    pub context: &'c mut FileContext<'m>,
}

/// Which part of a file a body is. [RFC 9110] 14.4.
#[derive(Clone, Debug)]
pub(super) struct BodyPart {
    /// Host and name.
    pub key: Box<[u8]>,
    pub start: u64,
    pub end: u64,
    /// Of the whole; `None` when it is not said, or cannot be put together of its parts.
    pub size: Option<u64>,
}

/// The files of a body while it comes.
#[derive(Debug, Default)]
pub(super) enum BodyFile {
    /// No octet was there yet.
    #[default]
    Pending,
    /// All of it is one file, which is not open yet.
    Named { name: Box<[u8]>, part: Option<BodyPart> },
    /// All of it is one file.
    Whole,
    /// It is a form.
    Form(Box<MultipartForm>),
    /// Nothing of it is a file, or none is followed any more; what was wrong with the form.
    Over,
    /// The form is over.
    FormOver(FormFaults),
}

impl BodyFile {
    pub(super) fn whole(name: &[u8], part: Option<BodyPart>) -> Self {
        Self::Named { name: name.into(), part }
    }

    pub(super) fn form(boundary: &[u8]) -> Self {
        Self::Form(Box::new(MultipartForm::new(boundary)))
    }

    pub(super) const fn has_begun(&self) -> bool {
        !matches!(self, Self::Pending)
    }

    pub(super) const fn is_form(&self) -> bool {
        matches!(self, Self::Form(_) | Self::FormOver(_))
    }

    /// What was wrong with the form.
    pub(super) fn faults(&self) -> FormFaults {
        match self {
            Self::Form(form) => form.faults(),
            Self::FormOver(faults) => *faults,
            _ => FormFaults::default(),
        }
    }

    /// Takes decoded octets; `place`: so many were here before them, missing ones not counted.
    pub(super) fn take(&mut self, target: &mut BodyTarget<'_, '_, '_>, octets: &[u8], place: u64) {
        if octets.is_empty() || !self.open(target) {
            return;
        }
        let limit = Self::limit(target);
        let room = if limit == 0 { u64::MAX } else { limit.saturating_sub(place) };
        if room == 0 {
            // What is beyond the limit is not followed.
            return self.end(target, false);
        }
        let octets = octets.get(..usize::try_from(room).unwrap_or(usize::MAX)).unwrap_or(octets);
        let BodyTarget { direction, files, context, .. } = target;
        match self {
            Self::Whole => files.append(*direction, octets, context),
            Self::Form(form) => form.take(octets, &mut |step| match step {
                FormStep::File(name) => files.open(*direction, name, true, context),
                FormStep::Octets(octets) => files.append(*direction, octets, context),
                FormStep::End => files.close(*direction, context),
            }),
            _ => {}
        }
    }

    /// Octets are missing.
    pub(super) fn skip(&mut self, target: &mut BodyTarget<'_, '_, '_>, length: u64, place: u64) {
        let limit = Self::limit(target);
        if self.open(target) && (limit == 0 || place < limit) {
            if let Self::Form(form) = self {
                form.skip(&mut |held| target.files.append(target.direction, held, target.context));
            }
            target.files.gap(target.direction, length);
        }
    }

    /// Nothing follows.
    pub(super) fn finish(&mut self, target: &mut BodyTarget<'_, '_, '_>) {
        if let Self::Form(form) = self {
            form.skip(&mut |held| target.files.append(target.direction, held, target.context));
        }
        self.end(target, true);
    }

    /// Octets of the body that are followed; 0: all.
    fn limit(target: &BodyTarget<'_, '_, '_>) -> u64 {
        if target.files.is_followed(target.direction) { target.context.depth } else { target.limits.limit }
    }

    /// Opens the file that the body as a whole is. False when there is nothing to do.
    fn open(&mut self, target: &mut BodyTarget<'_, '_, '_>) -> bool {
        if let Self::Named { name, part } = self {
            // Rules look at the body itself.
            match part {
                None => target.files.open(target.direction, name, false, target.context),
                Some(BodyPart { key, start, end, size }) => {
                    let part = FilePart { key, start: *start, end: *end, size: *size };
                    target.files.open_part(target.direction, name, part, false, target.context);
                }
            }
            *self = Self::Whole;
        }
        matches!(self, Self::Whole | Self::Form(_))
    }

    fn end(&mut self, target: &mut BodyTarget<'_, '_, '_>, whole: bool) {
        if whole {
            target.files.close(target.direction, target.context);
        } else {
            target.files.truncate(target.direction, target.context);
        }
        *self = match self {
            Self::Form(form) => Self::FormOver(form.faults()),
            Self::FormOver(faults) => Self::FormOver(*faults),
            _ => Self::Over,
        };
    }
}
