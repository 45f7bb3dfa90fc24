//! Frame times in the unit of a format, rounded so that the film as a whole keeps its duration.

/// Rounds the ends of frames, not their lengths: errors do not add up.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// Milliseconds of one unit.
    unit: u64,
    /// When the last frame ends, milliseconds.
    exact: u64,
    /// When it ends as stored, units.
    stored: u64,
}

impl Clock {
    pub(super) fn new(unit: u64) -> Self {
        Clock { unit, ..Clock::default() }
    }

    /// The units of the next frame: at least one, for most players take none as a tenth of a second.
    pub(super) fn next(&mut self, ms: u64) -> u64 {
        self.exact += ms;
        let end = (self.exact + self.unit / 2) / self.unit;
        let length = end.saturating_sub(self.stored).max(1);
        self.stored += length;
        length
    }

    /// Length of the film as stored, milliseconds.
    pub(super) fn stored_ms(&self) -> u64 {
        self.stored * self.unit
    }

    /// Length of the film as asked for, milliseconds.
    pub(super) fn exact_ms(&self) -> u64 {
        self.exact
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rounding_error_is_spread() {
        let mut clock = Clock::new(10);
        let delays: Vec<u64> = (0..6).map(|_| clock.next(33)).collect();
        assert_eq!(delays, [3, 4, 3, 3, 4, 3]);
        assert_eq!((clock.stored_ms(), clock.exact_ms()), (200, 198));
    }

    #[test]
    fn short_frames_take_one_unit_and_catch_up_later() {
        let mut clock = Clock::new(10);
        assert_eq!([2, 2, 2, 2, 100].map(|ms| clock.next(ms)), [1, 1, 1, 1, 7]);
        assert_eq!((clock.stored_ms(), clock.exact_ms()), (110, 108));
    }
}
