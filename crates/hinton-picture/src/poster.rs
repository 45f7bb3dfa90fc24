//! Films that begin with their last frame, which is what mail programs, papers and file lists show
//! of them.

use hinton_render::films::{Frame, FrameSource, SourceError};
use hinton_weights::Error;

use crate::Playable;

/// Least time of the frame that comes first, milliseconds: the shortest that browsers keep in a GIF.
const LEAST_MS: u32 = 20;

/// A film that shows its last frame before the first.
///
/// Programs that show only the first frame then show the most informative one; in a film that
/// loops, the extra frame goes unnoticed.
pub struct Poster<F: Playable> {
    film: F,
    hold_ms: u32,
}

impl<F: Playable> Poster<F> {
    /// Puts the last frame of `film` first, shown for `hold` seconds, or for a single short frame
    /// if `hold` is 0.
    pub fn new(film: F, hold: f64) -> Self {
        let hold_ms = (hold.clamp(0.0, 3600.0) * 1000.0).round() as u32;
        Poster { film, hold_ms: hold_ms.max(LEAST_MS) }
    }
}

impl<F: Playable> std::fmt::Debug for Poster<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Poster").field("frames", &self.len()).finish_non_exhaustive()
    }
}

impl<F: Playable> FrameSource for Poster<F> {
    fn len(&self) -> usize {
        match self.film.len() {
            // One picture is its own poster.
            all @ 0..=1 => all,
            all => all + 1,
        }
    }

    fn frame(&self, index: usize) -> Result<Frame, SourceError> {
        let all = self.film.len();
        if all <= 1 {
            return self.film.frame(index);
        }
        match index {
            0 => Ok(Frame { duration_ms: self.hold_ms, ..self.film.frame(all - 1)? }),
            _ => self.film.frame(index - 1),
        }
    }
}

impl<F: Playable> Playable for Poster<F> {
    fn dpi(&self) -> f64 {
        self.film.dpi()
    }

    fn rate(&self) -> f64 {
        self.film.rate()
    }

    fn threads(&self) -> usize {
        self.film.threads()
    }

    fn limit_colors(&mut self) -> Result<(), Error> {
        self.film.limit_colors()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinton_scene::Scene;

    /// Frames whose widths say which they are.
    struct Film(usize);

    impl FrameSource for Film {
        fn len(&self) -> usize {
            self.0
        }

        fn frame(&self, index: usize) -> Result<Frame, SourceError> {
            let scene = Scene {
                width: index as f64,
                height: 1.0,
                background: None,
                title: String::new(),
                description: String::new(),
                items: Vec::new(),
            };
            Ok(Frame { scene, duration_ms: 100 })
        }
    }

    impl Playable for Film {
        fn dpi(&self) -> f64 {
            72.0
        }

        fn rate(&self) -> f64 {
            10.0
        }

        fn threads(&self) -> usize {
            1
        }

        fn limit_colors(&mut self) -> Result<(), Error> {
            Ok(())
        }
    }

    #[test]
    fn the_last_frame_comes_first_and_once_more_at_its_place() {
        let shown = |count: usize, hold: f64| -> Vec<(f64, u32)> {
            let mut film = Film(count);
            let poster = Poster::new(&mut film, hold);
            let frames = (0..poster.len()).map(|at| poster.frame(at).unwrap());
            frames.map(|frame| (frame.scene.width, frame.duration_ms)).collect()
        };
        assert_eq!(shown(3, 0.0), [(2.0, 20), (0.0, 100), (1.0, 100), (2.0, 100)]);
        assert_eq!(shown(2, 1.5)[0], (1.0, 1500));
        assert_eq!(shown(1, 1.0), [(0.0, 100)]);
    }
}
