//! What rules can ask. An operator (a check on the octets of a buffer) is one file with its name, and one line in the list
//! below; a condition on packets and flows likewise, with its line in [`condition`].

pub(crate) mod app_protocol;
pub(crate) mod asn1;
pub(crate) mod base64;
pub(crate) mod base64_decode;
pub(crate) mod bsize;
pub(crate) mod buffer_test;
pub(crate) mod byte_extract;
pub(crate) mod byte_jump;
mod byte_location;
pub(crate) mod byte_math;
pub(crate) mod byte_test;
pub(crate) mod catalog;
pub(crate) mod condition;
pub(crate) mod content;
pub(crate) mod context;
pub(crate) mod dataset;
pub(crate) mod dcerpc_iface;
pub(crate) mod document;
pub(crate) mod entropy;
pub(crate) mod eval;
pub(crate) mod events;
pub(crate) mod field_test;
pub(crate) mod fields;
pub(crate) mod file;
pub(crate) mod flowbits;
pub(crate) mod flowint;
pub(crate) mod ipopts;
pub(crate) mod isdataat;
pub(crate) mod literal;
pub(crate) mod meaning;
pub(crate) mod number;
pub(crate) mod operator;
pub(crate) mod packet_test;
pub(crate) mod pcre;
pub(crate) mod ranges;
pub(crate) mod rarity;
pub(crate) mod sameip;
pub(crate) mod stream_size;
mod tag;
pub(crate) mod transform;
pub(crate) mod tx_condition;
pub(crate) mod xbits;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::error::RuleError;
use crate::keyword::eval::{BufferRun, CheckVerdict, RemainingChecks};
use crate::keyword::literal::BufferLiteral;
use crate::keyword::operator::{CompileScope, Operator, OperatorPlacement};

/// `absent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct Absent {
    /// `absent: or_else`.
    pub or_else: bool,
}

/// The list of operators: the variant of [`CheckIr`] and of [`Check`], what the rule compiler says of it, and the type that
/// implements it.
macro_rules! operators {
    ($($name:ident($ir:ty => $check:ty);)*) => {
        /// A check on a buffer, as the rule compiler writes it.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        #[ts(export_to = "ir.ts", rename = "Check")]
        pub enum CheckIr {
            $(#[allow(missing_docs, reason = "its type says what it is")] $name($ir),)*
            /// The buffer is not there (or, with `or_else`, one of the other checks holds).
            Absent(Absent),
        }

        /// A check on a buffer, ready to run.
        #[derive(Debug)]
        pub(crate) enum Check {
            $($name($check),)*
        }

        impl Check {
            /// Compiles one; `None` for `absent`, which says something of the buffer as a whole.
            fn compile(check: &CheckIr, scope: &mut CompileScope) -> Result<Option<Self>, RuleError> {
                match check {
                    $(CheckIr::$name(ir) => <$check>::compile(ir, scope).map(|check| Some(Self::$name(check))),)*
                    CheckIr::Absent(_) => Ok(None),
                }
            }

            /// Does it count from the end of the last match?
            fn is_relative(check: &CheckIr) -> bool {
                match check {
                    $(CheckIr::$name(ir) => <$check>::is_relative(ir),)*
                    CheckIr::Absent(_) => false,
                }
            }

            /// [`Operator::ANCHORS`].
            const fn is_anchor(&self) -> bool {
                match self {
                    $(Self::$name(_) => <$check>::ANCHORS,)*
                }
            }

            /// [`Operator::placement`].
            pub(crate) fn placement(&self) -> OperatorPlacement {
                match self {
                    $(Self::$name(check) => check.placement(),)*
                }
            }

            /// [`Operator::needs_complete_buffer`].
            pub(crate) fn needs_complete_buffer(&self) -> bool {
                match self {
                    $(Self::$name(check) => check.needs_complete_buffer(),)*
                }
            }

            /// [`Operator::required`].
            pub(crate) fn required(&self) -> Option<&BufferLiteral> {
                match self {
                    $(Self::$name(check) => check.required(),)*
                }
            }

            /// [`Operator::is_placed`].
            pub(crate) fn is_placed(&self) -> bool {
                match self {
                    $(Self::$name(check) => check.is_placed(),)*
                }
            }

            /// [`Operator::count_from_placed`].
            fn count_from_placed(&mut self) {
                match self {
                    $(Self::$name(check) => check.count_from_placed(),)*
                }
            }

            fn retry(&mut self) {
                match self {
                    $(Self::$name(check) => check.retry(),)*
                }
            }

            /// [`Operator::eval`].
            #[inline]
            pub(crate) fn eval(&self, run: &mut BufferRun<'_, '_>, rest: RemainingChecks<'_>) -> CheckVerdict {
                match self {
                    $(Self::$name(check) => check.eval(run, rest),)*
                }
            }
        }
    };
}

operators! {
    Content(content::Content => content::ContentCheck);
    Pcre(pcre::Pcre => pcre::PcreCheck);
    ByteTest(byte_test::ByteTest => byte_test::ByteTestCheck);
    ByteJump(byte_jump::ByteJump => byte_jump::ByteJumpCheck);
    ByteExtract(byte_extract::ByteExtract => byte_extract::ByteExtractCheck);
    ByteMath(byte_math::ByteMath => byte_math::ByteMathCheck);
    IsDataAt(isdataat::IsDataAt => isdataat::IsDataAtCheck);
    Bsize(bsize::Bsize => bsize::BsizeCheck);
    Base64Decode(base64_decode::Base64Decode => base64_decode::Base64Check);
    Entropy(entropy::Entropy => entropy::EntropyCheck);
    Asn1(asn1::Asn1 => asn1::Asn1Check);
    Dataset(dataset::Dataset => dataset::DatasetCheck);
    Datarep(dataset::Datarep => dataset::DatarepCheck);
}

/// Compiles the checks of one condition.
///
/// # Errors
/// What of them cannot be used.
pub(crate) fn compile(checks: &[CheckIr], scope: &mut CompileScope) -> Result<Vec<Check>, RuleError> {
    let mut compiled: Vec<Check> = Vec::with_capacity(checks.len());
    // Position of the last check that relative ones make try again.
    let mut anchor: Option<usize> = None;
    // What relative checks count from is placed, back to a check that counts from none.
    let mut placed = false;
    for check in checks {
        let relative = Check::is_relative(check);
        if relative && let Some(anchor) = anchor.and_then(|at| compiled.get_mut(at)) {
            anchor.retry();
        }
        let Some(mut check) = Check::compile(check, scope)? else { continue };
        if relative && placed {
            check.count_from_placed();
        }
        placed = check.is_placed() && (placed || !relative);
        if check.is_anchor() {
            anchor = Some(compiled.len());
        }
        compiled.push(check);
    }
    Ok(compiled)
}
