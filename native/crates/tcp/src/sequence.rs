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

/// `a` lies after `b`.
#[inline]
pub(crate) const fn gt(a: u32, b: u32) -> bool {
    a.wrapping_sub(b) as i32 > 0
}

/// `a` lies after `b` or is it.
#[inline]
pub(crate) const fn ge(a: u32, b: u32) -> bool {
    a.wrapping_sub(b) as i32 >= 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn order_goes_on_over_the_end_of_the_numbers(a: u32, distance in 1_u32..1 << 31) {
            let b = a.wrapping_add(distance);
            prop_assert!(lt(a, b) && le(a, b) && gt(b, a) && ge(b, a));
            prop_assert!(!lt(b, a) && !le(b, a) && !gt(a, b) && !ge(a, b));
            prop_assert!(le(a, a) && ge(a, a) && !lt(a, a) && !gt(a, a));
        }
    }
}
