//! Sequence number arithmetic, modulo 2^32 (RFC 9293, 3.4).

/// `a` lies before `b`.
#[inline]
pub(crate) const fn lt(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}

/// `a` lies before `b` or is it.
#[inline]
pub(crate) const fn le(a: u32, b: u32) -> bool {
    a.wrapping_sub(b) as i32 <= 0
}

/// `a` lies behind `b`.
#[inline]
pub(crate) const fn gt(a: u32, b: u32) -> bool {
    a.wrapping_sub(b) as i32 > 0
}

/// `a` lies behind `b` or is it.
#[inline]
pub(crate) const fn ge(a: u32, b: u32) -> bool {
    a.wrapping_sub(b) as i32 >= 0
}
