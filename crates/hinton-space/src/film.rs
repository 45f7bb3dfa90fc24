//! Films in which points move from step to step, and the camera orbits them.

use hinton_chart::space::{Box3, Camera, Guide, Points, SpaceOptions, SpaceStep, space};
use hinton_chart::{Length, PageSize};
use hinton_picture::{Picture, Playable};
use hinton_render::films::{Frame, FrameSource, SourceError};
use hinton_scene::Scene;
use hinton_weights::Error;

use super::Show;
use super::show::{Shown, space_fault};

/// How a film is made.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct FilmRequest {
    /// Whether points move from step to step; if not, the last step is shown.
    pub morph: bool,
    /// Whether the camera orbits once around steps with three dimensions.
    pub orbit: bool,
    /// Frames per second.
    pub fps: f64,
    /// Seconds for which each step is shown.
    pub pause: f64,
    /// Seconds it takes to move from one step to the next.
    pub travel: f64,
    /// Seconds of the whole film; if set, the other times are derived from it.
    pub duration: Option<f64>,
}

impl Default for FilmRequest {
    fn default() -> Self {
        FilmRequest {
            morph: true,
            orbit: false,
            fps: 30.0,
            pause: 1.0,
            travel: 2.0,
            duration: None,
        }
    }
}

/// Most frames of a film.
const MOST_FRAMES: f64 = 100_000.0;
/// Side of the picture, points of the page.
const SIDE: f64 = 450.0;
/// Longest a single frame is shown while nothing moves, seconds.
const LONGEST: f64 = 3600.0;

/// A stretch of the film: a step that is shown, or the way to it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Part {
    /// Where it begins and ends, seconds.
    from: f64,
    to: f64,
    /// The step it leads to.
    step: usize,
    /// Whether it leads there from the step before.
    moves: bool,
}

/// A film of points that move from step to step. A linear map is interpolated as `(1-t)·x + t·Wx`,
/// an activation as `(1-t)·x + t·f(x)`, both starting and ending slowly. Two dimensions are seen
/// from above; for three the camera moves down.
pub struct SpaceFilm {
    show: Show,
    parts: Vec<Part>,
    /// For each block of steps in space, when the camera leaves the view from above and is back.
    turns: Vec<(f64, f64)>,
    orbit: bool,
    always_box: bool,
    times: Vec<f64>,
    durations: Vec<u32>,
    rate: f64,
    options: SpaceOptions,
}

impl std::fmt::Debug for SpaceFilm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SpaceFilm").field("frames", &self.durations.len()).finish_non_exhaustive()
    }
}

/// 0 to 1 with a soft start and end (Perlin 2002).
fn eased(t: f64) -> f64 {
    t * t * t * (t * (t * 6.0 - 15.0) + 10.0)
}

impl Show {
    /// Makes a film of the steps.
    ///
    /// # Errors
    /// Returns an error if the times make no sense.
    pub fn film(self, request: FilmRequest) -> Result<SpaceFilm, Error> {
        check(&request)?;
        let steps = self.shown.len();
        let first = if request.morph { 0 } else { steps - 1 };
        let mut parts = Vec::new();
        let mut now = 0.0;
        let turn = if request.orbit && !request.morph { request.travel.max(6.0) } else { 0.0 };
        for step in first..steps {
            if step > first {
                parts.push(Part { from: now, to: now + request.travel, step, moves: true });
                now += request.travel;
            }
            let shown = self.shown[step].dims > 2 && request.orbit && request.morph;
            // A turn wants more time than a look.
            let pause = if shown { request.pause.max(2.5) } else { request.pause }.max(turn);
            parts.push(Part { from: now, to: now + pause, step, moves: false });
            now += pause;
        }
        if let Some(duration) = request.duration {
            let factor = duration / now;
            parts.iter_mut().for_each(|part| {
                part.from *= factor;
                part.to *= factor;
            });
            now = duration;
        }
        if now * request.fps > MOST_FRAMES {
            return Err(Error::request(
                format!(
                    "a film of {now:.0} seconds at {} frames a second is too long",
                    request.fps
                ),
                "ask for a shorter `duration` or a smaller `fps`",
            ));
        }
        let has_box = self.shown[first..].iter().any(|shown| shown.dims > 2);
        let always_box = has_box || request.orbit;
        let mut options = self.options();
        options.always_box = always_box;
        options.equal_axes = Some(options.equal_axes.unwrap_or(true));
        let side = Length::Points(SIDE);
        options.size = options.size.or(Some(PageSize { width: side, height: Some(side) }));
        options.detail_lines = 1;
        let mut film = SpaceFilm {
            turns: turns(&parts, &self.shown, request.morph),
            show: self,
            parts,
            orbit: request.orbit,
            always_box,
            times: Vec::new(),
            durations: Vec::new(),
            rate: request.fps,
            options,
        };
        film.cut(request.fps, now);
        Ok(film)
    }
}

/// When the camera is away from above: from the way to the first step in space of each block to the
/// end of the way after its last.
fn turns(parts: &[Part], shown: &[Shown], morph: bool) -> Vec<(f64, f64)> {
    if !morph {
        return parts.iter().map(|part| (part.from, part.to)).collect();
    }
    let mut turns: Vec<(f64, f64)> = Vec::new();
    for part in parts {
        let before = if part.moves { part.step - 1 } else { part.step };
        if shown[part.step].dims <= 2 && shown[before].dims <= 2 {
            continue;
        }
        match turns.last_mut().filter(|turn| turn.1 == part.from) {
            Some(turn) => turn.1 = part.to,
            None => turns.push((part.from, part.to)),
        }
    }
    turns
}

fn check(request: &FilmRequest) -> Result<(), Error> {
    let duration = request.duration.unwrap_or(1.0);
    for (option, value, least, most) in [
        ("fps", request.fps, f64::MIN_POSITIVE, 240.0),
        ("pause", request.pause, 0.0, LONGEST),
        ("travel", request.travel, f64::MIN_POSITIVE, LONGEST),
        ("duration", duration, f64::MIN_POSITIVE, LONGEST),
    ] {
        if !(least..=most).contains(&value) {
            let least = if least > 0.0 { "above 0" } else { "from 0" };
            let message = format!("`{option}={value}`: expected a number {least}, at most {most}");
            return Err(Error::request(message, ""));
        }
    }
    Ok(())
}

impl SpaceFilm {
    /// Cuts the film into frames: while nothing moves one is enough.
    fn cut(&mut self, fps: f64, end: f64) {
        let mut times = Vec::new();
        for part in &self.parts {
            let turns = self.orbit && self.turning(part.from, part.to);
            let is_still = !(part.moves || turns);
            let frames =
                if is_still { 1.0 } else { ((part.to - part.from) * fps).round().max(1.0) };
            let count = frames as usize;
            let at = |frame: usize| part.from + (part.to - part.from) * frame as f64 / frames;
            times.extend((0..count).map(at));
        }
        let ends = times.iter().copied().skip(1).chain([end]);
        let mut shown = 0;
        let length = |end: f64| {
            let until = (end * 1000.0).round() as u64;
            let length = until.saturating_sub(shown).max(1);
            shown += length;
            length as u32
        };
        self.durations = ends.map(length).collect();
        self.times = times;
    }

    fn turning(&self, from: f64, to: f64) -> bool {
        self.turns.iter().any(|turn| turn.0 < to && from < turn.1)
    }

    /// The part of the film at a time.
    fn part(&self, time: f64) -> Part {
        let after = self.parts.partition_point(|part| part.from <= time);
        self.parts[after.max(1) - 1]
    }

    /// Where the camera is.
    fn camera(&self, time: f64, part: Part, share: f64) -> Camera {
        let own = self.options.camera;
        if !self.always_box {
            return own;
        }
        let above = Camera { zoom: own.zoom, projection: own.projection, ..Camera::ABOVE };
        let lone = self.parts.len() == 1;
        let is_space = |step: usize| f64::from(u8::from(self.show.shown[step].dims > 2 || lone));
        let before = if part.moves { part.step - 1 } else { part.step };
        let weight = is_space(before) + (is_space(part.step) - is_space(before)) * share;
        let mut camera = above.towards(own, weight);
        let turn = self.turns.iter().find(|turn| (turn.0..turn.1).contains(&time));
        if let (true, Some(&(from, to))) = (self.orbit, turn) {
            let way = (time - from) / (to - from);
            // Alone it turns forever, evenly; between views from above it starts and ends softly.
            camera.azimuth += 360.0 * if lone { way } else { eased(way) };
        }
        camera
    }

    /// Draws the frame at `index`.
    ///
    /// # Errors
    /// Returns an error if there is no such frame, or the page is too small.
    pub fn picture(&self, index: usize) -> Result<Picture, Error> {
        let Some(&time) = self.times.get(index) else {
            let message = format!("there is no frame {index}, the film has {}", self.times.len());
            return Err(Error::unfit(message, ""));
        };
        let part = self.part(time);
        let share =
            if part.moves { eased((time - part.from) / (part.to - part.from)) } else { 1.0 };
        let scene = self.scene(time, part, share)?;
        Ok(Picture { scene, notes: Vec::new(), dpi: self.options.dpi })
    }

    fn scene(&self, time: f64, part: Part, share: f64) -> Result<Scene, Error> {
        let was = if part.moves { part.step - 1 } else { part.step };
        let (here, before) = (&self.show.shown[part.step], &self.show.shown[was]);
        let options =
            SpaceOptions { camera: self.camera(time, part, share), ..self.options.clone() };
        let is_still = share == 1.0;
        let mixed: Vec<[f32; 3]>;
        let points = match is_still {
            true => self.show.places(part.step),
            false => {
                mixed = mix(self.show.places(was), self.show.places(part.step), share as f32);
                (&mixed).into()
            }
        };
        let guides: Vec<Guide> = before
            .guides
            .iter()
            .zip(&here.guides)
            .map(|(from, to)| Guide {
                kind: to.kind,
                points: mix((&from.points).into(), (&to.points).into(), share as f32),
            })
            .collect();
        let range = |shown: &Shown| self.range(shown);
        let step = SpaceStep {
            name: here.title.clone(),
            details: vec![here.details.join(" · ")],
            dims: if is_still { here.dims } else { here.dims.max(before.dims) },
            points,
            guides: &guides,
            regions: here.regions.as_ref().filter(|_| is_still),
            axes: here.axes.clone(),
            range: Some(range(before).towards(range(here), share)),
        };
        Ok(space(self.show.cloud(), &[step], &options, self.show.work())
            .map_err(space_fault)?
            .scene)
    }

    /// The part of space that a step is drawn in.
    fn range(&self, shown: &Shown) -> Box3 {
        match self.options.equal_axes {
            Some(true) if self.always_box => shown.range.cube(),
            _ => shown.range,
        }
    }

    /// Notes for the user, one sentence each.
    pub fn notes(&self) -> &[String] {
        self.show.notes()
    }

    /// How long each frame is shown, in milliseconds.
    pub fn durations(&self) -> &[u32] {
        &self.durations
    }
}

/// Points part of the way to others.
fn mix(from: Points<'_>, to: Points<'_>, share: f32) -> Vec<[f32; 3]> {
    let point = |(from, to): ([f32; 3], [f32; 3])| {
        std::array::from_fn(|axis| (1.0 - share) * from[axis] + share * to[axis])
    };
    from.iter().zip(to.iter()).map(point).collect()
}

impl FrameSource for SpaceFilm {
    fn len(&self) -> usize {
        self.durations.len()
    }

    fn frame(&self, index: usize) -> Result<Frame, SourceError> {
        let picture = self.picture(index)?;
        Ok(Frame { scene: picture.scene, duration_ms: self.durations[index] })
    }
}

impl Playable for SpaceFilm {
    fn dpi(&self) -> f64 {
        self.options.dpi
    }

    fn rate(&self) -> f64 {
        self.rate
    }

    fn threads(&self) -> usize {
        self.show.work().threads
    }

    fn limit_colors(&mut self) -> Result<(), Error> {
        self.show.limit_colors()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NetworkRequest, PointRequest, ShowRequest, model, points};

    fn show(spec: &str) -> Show {
        let model = model(spec, &NetworkRequest::default()).unwrap();
        let request = PointRequest { spacing: Some(1.0), ..PointRequest::default() };
        let set = points(&request, model.input_width()).unwrap();
        Show::new(&model, set, ShowRequest::default()).unwrap()
    }

    #[test]
    fn a_film_keeps_its_length_and_shows_every_step() {
        let film = show("2-3-tanh-2").film(FilmRequest::default()).unwrap();
        // Four steps of a second, three ways of two.
        assert_eq!(film.durations().iter().sum::<u32>(), 10_000);
        assert_eq!(film.durations().len(), 4 + 3 * 60);
        let request = FilmRequest { duration: Some(4.0), orbit: true, ..FilmRequest::default() };
        let film = show("2-3-tanh-2").film(request).unwrap();
        assert_eq!(film.durations().iter().sum::<u32>(), 4_000);
        let orbit = FilmRequest { morph: false, orbit: true, ..FilmRequest::default() };
        assert_eq!(show("2-3").film(orbit).unwrap().durations().len(), 180);
    }

    #[test]
    fn the_camera_comes_down_for_space_and_goes_back() {
        let request = FilmRequest { orbit: true, ..FilmRequest::default() };
        let film = show("2-3-tanh-2").film(request).unwrap();
        let camera = |time: f64| {
            let part = film.part(time);
            let way = (time - part.from) / (part.to - part.from);
            film.camera(time, part, if part.moves { eased(way) } else { 1.0 })
        };
        assert_eq!(camera(0.5), Camera::ABOVE);
        let down = camera(film.parts[2].from);
        assert!((down.elevation - 30.0).abs() < 1e-9, "{down:?}");
        let end = camera(film.parts[6].to - 1e-9);
        assert!((end.elevation - 90.0).abs() < 1e-6 && (end.azimuth + 90.0).abs() < 1e-6);
        let mut before = camera(0.0);
        for at in 1..3000 {
            let time = film.parts[6].to * f64::from(at) / 3000.0;
            let now = camera(time);
            let moved = (now.azimuth - before.azimuth).rem_euclid(360.0);
            assert!(moved.min(360.0 - moved) < 1.5, "it never jumps: {time} {moved}");
            before = now;
        }
    }

    #[test]
    fn linear_maps_are_passed_through_as_matrices() {
        let film = show("2-3-tanh-2").film(FilmRequest::default()).unwrap();
        let (input, linear) = (film.show.places(0), film.show.places(1));
        let half = mix(input, linear, 0.5);
        let map = film.show.stages()[1].map.clone().unwrap();
        for (point, half) in input.iter().zip(half) {
            for row in 0..3 {
                let own = if row < 2 { f64::from(point[row]) } else { 0.0 };
                let image: f64 =
                    (0..2).map(|at| map.weights[row * 2 + at] * f64::from(point[at])).sum();
                assert!((f64::from(half[row]) - 0.5 * (own + image)).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn times_that_make_no_sense_are_refused() {
        for request in [
            FilmRequest { fps: 0.0, ..FilmRequest::default() },
            FilmRequest { pause: -1.0, ..FilmRequest::default() },
            FilmRequest { travel: f64::NAN, ..FilmRequest::default() },
            FilmRequest { duration: Some(0.0), ..FilmRequest::default() },
            FilmRequest { pause: 3000.0, ..FilmRequest::default() },
        ] {
            assert!(show("2-3").film(request).is_err(), "{request:?}");
        }
    }
}
