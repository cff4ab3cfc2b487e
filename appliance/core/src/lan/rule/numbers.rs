//! Holds a small generator of numbers (xorshift) for the tests of this folder: what it finds is found again.
//! Never part of the product.

/// Numbers that look like chance, the same for the same seed, which must not be 0.
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    /// A number below a bound.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }
}
