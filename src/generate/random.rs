//! The generator's source of chance: SplitMix64, integers only.
//!
//! The same seed gives the same hospital on every machine and with every release of every
//! dependency, which no seeded generator of a crate promises. It is good for variety, not for secrets.
//! Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014, figure 16.

/// A stream of numbers that depends on the seed alone.
#[derive(Debug)]
pub(super) struct Random {
    state: u64,
}

impl Random {
    /// The stream of `seed`.
    pub(super) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A number below `bound`, which is not 0. The highest bits are taken by multiplication; for bounds
    /// of a few thousand the unevenness is below one in 10^15.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        let wide = u128::from(self.next()) * u128::from(bound);
        u32::try_from(wide >> 64).expect("the upper half of the product is below the bound")
    }

    /// A number from `first` to `last`, both included.
    pub(super) fn between(&mut self, first: i32, last: i32) -> i32 {
        first + self.below(first.abs_diff(last) + 1).cast_signed()
    }

    /// True `percent` times in a hundred.
    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of `choices`, which are not empty.
    pub(super) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let count = u32::try_from(choices.len()).expect("choices are short lists of the catalogue");
        &choices[self.below(count) as usize]
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_stream_is_the_published_one() {
        let mut random = Random::new(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn numbers_reach_both_ends_of_a_range_and_no_further() {
        let mut random = Random::new(7);
        let drawn: Vec<i32> = (0..1_000).map(|_| random.between(-3, 2)).collect();
        assert_eq!(drawn.iter().min(), Some(&-3));
        assert_eq!(drawn.iter().max(), Some(&2));
    }
}
