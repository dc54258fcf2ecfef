//! A small generator of repeatable numbers (splitmix64).

/// Draws numbers; the same origin always draws the same ones.
pub(crate) struct Generator(u64);

impl Generator {
    /// Returns the generator of one record.
    pub(crate) fn of(seed: u64, purpose: &str, place: usize) -> Self {
        let mut state = seed;
        for byte in purpose.bytes() {
            state = mixed(state ^ u64::from(byte));
        }
        Self(mixed(state ^ u64::try_from(place).unwrap_or_default()))
    }

    /// Returns a number from 0 up to, not including, `end`; 0 where `end` is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % end).unwrap_or_default()
    }

    /// Returns true in so many of 100 draws.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Returns one of the texts; empty text where there is none.
    pub(crate) fn pick<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts
            .get(self.below(texts.len()))
            .copied()
            .unwrap_or_default()
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }
}

fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
