//! Maps and sets with a fixed hasher. The standard ones seed theirs at random: a sandbox has no random
//! source, and the order of findings and the fuel that they cost must not change from run to run.

use std::hash::{BuildHasherDefault, Hasher};

/// A hash map with a fixed hasher; start one with `Map::default()`.
#[allow(clippy::disallowed_types, reason = "this is the replacement")]
pub type Map<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<FixedHasher>>;

/// A hash set with a fixed hasher; start one with `Set::default()`.
#[allow(clippy::disallowed_types, reason = "this is the replacement")]
pub type Set<K> = std::collections::HashSet<K, BuildHasherDefault<FixedHasher>>;

/// Multiply and rotate, word by word: quick for the small numbers that codes and rows are. Whoever fills
/// a map with hostile keys wastes only the fuel of the patient that they belong to.
#[derive(Debug, Clone, Default)]
pub struct FixedHasher {
    state: u64,
}

/// 2^64 divided by the golden ratio, made odd: it spreads neighbouring numbers over the whole range.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

impl FixedHasher {
    fn mix(&mut self, word: u64) {
        self.state = (self.state.rotate_left(5) ^ word).wrapping_mul(SPREAD);
    }
}

impl Hasher for FixedHasher {
    fn finish(&self) -> u64 {
        // The best bits of a product are the high ones; maps take the low ones too.
        self.state ^ (self.state >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.mix(u64::from(number));
    }

    fn write_u32(&mut self, number: u32) {
        self.mix(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.mix(number);
    }

    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_maps_filled_alike_are_walked_alike() {
        let walk = || {
            let map: Map<u32, u32> = (0..1_000).map(|number| (number, number)).collect();
            map.into_keys().collect::<Vec<_>>()
        };
        assert_eq!(walk(), walk());
        assert_ne!(walk(), (0..1_000).collect::<Vec<_>>());
    }

    #[test]
    fn neighbouring_numbers_spread_over_low_and_high_bits() {
        let hash = |number: u32| {
            let mut hasher = FixedHasher::default();
            hasher.write_u32(number);
            hasher.finish()
        };
        let low: Set<u64> = (0..256).map(|number| hash(number) & 0xFF).collect();
        let high: Set<u64> = (0..256).map(|number| hash(number) >> 57).collect();
        assert!(low.len() > 128, "{}", low.len());
        assert!(high.len() > 64, "{}", high.len());
    }
}
