//! The arithmetic of EN 300 961 §5.1: words of 16 bits, kept in wider ones, that saturate.

/// 16 bits.
pub fn saturated(value: i32) -> i32 {
    value.clamp(-32_768, 32_767)
}

/// `add`.
pub fn sum(a: i32, b: i32) -> i32 {
    saturated(a + b)
}

/// `sub`.
pub fn difference(a: i32, b: i32) -> i32 {
    saturated(a - b)
}

/// `mult`: of numbers of 15 bits behind the point.
pub fn product(a: i32, b: i32) -> i32 {
    saturated((a * b) >> 15)
}

/// `mult_r`: the same, rounded.
pub fn rounded_product(a: i32, b: i32) -> i32 {
    saturated((a * b + 16_384) >> 15)
}

/// `abs`.
pub fn magnitude(value: i32) -> i32 {
    value.abs().min(32_767)
}

/// `norm`: how far a number of 32 bits above 0 can be shifted left.
pub fn headroom(value: i32) -> u32 {
    value.leading_zeros().saturating_sub(1)
}
