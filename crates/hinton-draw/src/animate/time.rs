//! When each frame is shown.

use hinton_weights::Error;

/// How fast a film plays.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Timing {
    /// Ten steps a second, or five if there are fewer than twenty steps.
    #[default]
    Auto,
    /// This number of frames per second.
    Fps(f64),
    /// This number of seconds for the whole film.
    Duration(f64),
}

/// Fewer steps than this are shown more slowly.
const FEW: usize = 20;
/// Longest a frame may be shown, milliseconds: an hour.
const LONGEST: f64 = 3_600_000.0;

/// When each frame is shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Times {
    /// How long each frame is shown, milliseconds.
    pub(super) durations: Vec<u32>,
    /// Frames a second, where none is held.
    pub(super) rate: f64,
}

/// How long each frame is shown: `between` frames lie between two steps, and the first
/// and last are held for at least this many seconds. The ends of frames are rounded, not their
/// lengths, so that the film keeps its length.
pub(super) fn times(
    steps: usize,
    between: usize,
    timing: Timing,
    hold: (f64, f64),
) -> Result<Times, Error> {
    let frames = steps + steps.saturating_sub(1) * between;
    let wanted = |value: f64, option: &str, most: f64| match value > 0.0 && value <= most {
        true => Ok(value),
        false => Err(Error::request(
            format!("`{option}={value}`: expected a number above 0, at most {most}"),
            "",
        )),
    };
    for seconds in [hold.0, hold.1] {
        if !(0.0..=3_600.0).contains(&seconds) {
            return Err(Error::request(
                format!("`hold={seconds}`: expected 0 to 3600 seconds"),
                "",
            ));
        }
    }
    let hold = (hold.0 * 1000.0, hold.1 * 1000.0);
    let each = match timing {
        Timing::Auto => {
            let step = if steps < FEW { 200.0 } else { 100.0 };
            step / (between + 1) as f64
        }
        Timing::Fps(fps) => 1000.0 / wanted(fps, "fps", 1000.0)?,
        Timing::Duration(seconds) => {
            shared(wanted(seconds, "duration", 86_400.0)? * 1000.0, frames, hold)?
        }
    };
    let each = each.min(LONGEST);
    let mut end = 0.0;
    let mut shown = 0u64;
    let length = |at: usize| {
        let first = if at == 0 { hold.0 } else { 0.0 };
        let last = if at + 1 == frames { hold.1 } else { 0.0 };
        end += each.max(first).max(last);
        let until = (end + 0.5) as u64;
        let length = until.saturating_sub(shown).max(1);
        shown += length;
        length as u32
    };
    Ok(Times { durations: (0..frames).map(length).collect(), rate: 1000.0 / each })
}

/// What is left for each frame of a film of that length, milliseconds.
fn shared(all: f64, frames: usize, hold: (f64, f64)) -> Result<f64, Error> {
    let even = all / frames as f64;
    let held: Vec<f64> = [hold.0, hold.1].into_iter().filter(|&held| held > even).collect();
    let free = frames - held.len().min(frames);
    let rest = all - held.iter().sum::<f64>();
    if free == 0 || rest < free as f64 {
        return Err(Error::request(
            format!("`duration={}`: too short for {frames} frames", all / 1000.0),
            "give it longer, hold first and last frame for less (`hold=0`), or show fewer `steps`",
        ));
    }
    Ok(rest / free as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn films_keep_their_length() {
        let all = |steps, timing, hold| times(steps, 0, timing, hold).unwrap().durations;
        assert_eq!(all(3, Timing::Fps(30.0), (0.0, 0.0)), [33, 34, 33]);
        assert_eq!(all(3, Timing::Fps(10.0), (0.5, 1.0)), [500, 100, 1000]);
        let film = all(41, Timing::Duration(5.0), (0.0, 1.0));
        assert_eq!(film.iter().sum::<u32>(), 5000);
        assert_eq!(film[40], 1000);
        assert_eq!(all(41, Timing::Auto, (0.0, 0.0))[7], 100);
        assert_eq!(times(3, 4, Timing::Auto, (0.0, 0.0)).unwrap().durations, [40; 11]);
        assert_eq!(all(1, Timing::Duration(2.0), (0.0, 0.0)), [2000]);
    }

    #[test]
    fn impossible_times_are_refused() {
        for (timing, hold) in [
            (Timing::Fps(0.0), (0.0, 0.0)),
            (Timing::Fps(f64::NAN), (0.0, 0.0)),
            (Timing::Duration(-1.0), (0.0, 0.0)),
            (Timing::Duration(0.5), (1.0, 1.0)),
            (Timing::Auto, (-1.0, 0.0)),
        ] {
            assert!(times(10, 0, timing, hold).is_err(), "{timing:?} {hold:?}");
        }
    }
}
