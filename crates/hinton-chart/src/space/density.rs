//! Counts the points on each pixel and averages their colours, for too many points to draw
//! individually.
//!
//! Counts are mapped to opacities by their rank (histogram equalisation), so that both sparse and
//! dense areas are visible. The colour is the mean of those of the points.

use hinton_scene::Color;
use hinton_tensor::{Cancelled, Work, share_out};

use super::Points;
use super::camera::Lens;

/// Points between two looks at whether the work is to be stopped.
const STRIPE: usize = 1 << 16;
/// Opacity of a pixel with the fewest points, of 255.
const FAINTEST: f64 = 96.0;
/// Counts that are distinguished exactly; above, only their magnitude is.
const EXACT_COUNTS: usize = 1 << 16;

/// Sums for each pixel: red, green, blue, number of points. They are whole numbers, so that the
/// order in which they are added changes nothing.
pub(crate) struct Sums {
    columns: usize,
    rows: usize,
    pixels: Vec<[u32; 4]>,
}

/// A picture of pixels: this many across and down, `per_point` of them to the point of the page, its
/// corner at `corner`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Raster {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
    pub(crate) corner: [f64; 2],
    pub(crate) per_point: f64,
}

impl Sums {
    fn new(raster: Raster) -> Self {
        let (columns, rows) = (raster.columns, raster.rows);
        Sums { columns, rows, pixels: vec![[0; 4]; columns * rows] }
    }

    /// Adds points; those outside, and those that are not finite, are left out. Says how many are
    /// not finite.
    fn add(&mut self, points: Points<'_>, colors: &[[u32; 4]], places: &[u16], eye: &Eye) -> u64 {
        match points.width() {
            1 => self.add_all::<1>(points.values(), colors, places, eye),
            2 => self.add_all::<2>(points.values(), colors, places, eye),
            _ => self.add_all::<3>(points.values(), colors, places, eye),
        }
    }

    fn add_all<const W: usize>(
        &mut self,
        values: &[f32],
        colors: &[[u32; 4]],
        places: &[u16],
        eye: &Eye,
    ) -> u64 {
        let mut odd = 0;
        let mut pixels = [0; ABREAST];
        let (points, _) = values.as_chunks::<W>();
        for (points, places) in points.chunks(ABREAST).zip(places.chunks(ABREAST)) {
            // Where they fall is found side by side, in vectors; then they are added one by one.
            eye.pixels(points, self.columns, self.rows, &mut pixels);
            for ((&pixel, &place), point) in pixels.iter().zip(places).zip(points) {
                let Some(pixel) = self.pixels.get_mut(pixel as usize) else {
                    odd += u64::from(!point.iter().all(|value| value.is_finite()));
                    continue;
                };
                for (sum, part) in pixel.iter_mut().zip(colors[usize::from(place)]) {
                    *sum += part;
                }
            }
        }
        odd
    }

    fn merge(&mut self, other: &Sums) {
        for (sum, more) in self.pixels.iter_mut().zip(&other.pixels) {
            for (sum, more) in sum.iter_mut().zip(more) {
                *sum += more;
            }
        }
    }

    /// The colours: the mean of the points', as opaque as the rank of their number.
    pub(crate) fn colors(&self) -> Vec<Color> {
        let opacities = Opacities::of(self.pixels.iter().map(|pixel| pixel[3]));
        let color = |&[red, green, blue, count]: &[u32; 4]| {
            if count == 0 {
                return Color::BLACK.alpha(0);
            }
            // A multiplication instead of three divisions; what is added is less than any whole
            // number can lack, so that the result is that of whole numbers.
            let share = 1.0 / f64::from(count);
            let half = f64::from(count / 2);
            let mean = |sum: u32| ((f64::from(sum) + half) * share + 1e-10) as u8;
            Color { r: mean(red), g: mean(green), b: mean(blue), a: opacities.get(count) }
        };
        self.pixels.iter().map(color).collect()
    }
}

/// The projection to pixels, in single precision.
struct Eye {
    rows: [[f32; 4]; 3],
    middle: [f32; 2],
}

impl Eye {
    fn new(lens: &Lens, raster: Raster) -> Self {
        let (mut rows, middle) = lens.single();
        let per_point = raster.per_point as f32;
        for row in &mut rows[..2] {
            row.iter_mut().for_each(|factor| *factor *= per_point);
        }
        let pixel = |axis: usize| (middle[axis] - raster.corner[axis] as f32) * per_point;
        Eye { rows, middle: [pixel(0), pixel(1)] }
    }

    #[inline(always)]
    fn pixel<const W: usize>(&self, point: &[f32; W]) -> [f32; 2] {
        let dot = |row: &[f32; 4]| {
            let parts = point.iter().zip(row).map(|(value, factor)| value * factor);
            // From the left, as the parts stand: `(x + y) + z`, then the shift.
            parts.reduce(|sum, part| sum + part).unwrap_or(0.0) + row[3]
        };
        let scale = 1.0 / (1.0 - dot(&self.rows[2]));
        [self.middle[0] + dot(&self.rows[0]) * scale, self.middle[1] + dot(&self.rows[1]) * scale]
    }

    /// Which pixel each point falls on, row after row; [`NOWHERE`] for those outside.
    fn pixels<const W: usize>(
        &self,
        points: &[[f32; W]],
        columns: usize,
        rows: usize,
        pixels: &mut [u32; ABREAST],
    ) {
        let (right, bottom) = (columns as f32, rows as f32);
        for (pixel, point) in pixels.iter_mut().zip(points) {
            let [x, y] = self.pixel(point);
            // False for NaN too. Without branches and conversions, which vectors do not have.
            let inside = (x >= 0.0) & (x < right) & (y >= 0.0) & (y < bottom);
            let (x, y) = if inside { (x, y) } else { (0.0, 0.0) };
            let at = floor(y).wrapping_mul(columns as u32).wrapping_add(floor(x));
            *pixel = if inside { at } else { NOWHERE };
        }
    }
}

/// The whole number below one from 0 to 2^22: where 2^23 is added no bits are left for the rest.
#[inline(always)]
fn floor(value: f32) -> u32 {
    const SHIFT: f32 = 8_388_608.0;
    let nearest = value + SHIFT;
    (nearest.to_bits() & 0x007f_ffff).wrapping_sub(u32::from(nearest - SHIFT > value))
}

/// Points whose pixels are found side by side.
const ABREAST: usize = 64;
/// No pixel.
const NOWHERE: u32 = u32::MAX;

/// Most points of a picture: the sums of one pixel hold them all.
pub(crate) const MOST_POINTS: usize = (u32::MAX / 255) as usize;

/// Points for which one thread is enough: each needs sums of its own, which cost more.
const FEW: usize = 2_000_000;

/// Counts the points of each pixel; of more than [`MOST_POINTS`] only the first.
///
/// Also says how many points are not finite.
///
/// # Errors
/// Returns an error if the work was stopped.
pub(crate) fn count(
    points: Points<'_>,
    places: &[u16],
    palette: &[Color],
    lens: &Lens,
    raster: Raster,
    work: Work<'_>,
) -> Result<(Sums, u64), Cancelled> {
    let eye = Eye::new(lens, raster);
    let most = points.len().min(MOST_POINTS);
    let work = Work { threads: work.threads.min(most.div_ceil(FEW)), ..work };
    let (points, places) = (points.first(most), &places[..most.min(places.len())]);
    // A place past the palette's end has the last colour.
    let mut colors: Vec<[u32; 4]> =
        palette.iter().map(|c| [c.r, c.g, c.b, 1].map(u32::from)).collect();
    let last = colors.last().copied().unwrap_or([128, 128, 128, 1]);
    let highest = places.iter().copied().max().map_or(0, usize::from);
    colors.resize(colors.len().max(highest + 1), last);
    let each = most.div_ceil(work.threads.max(1)).max(1);
    let shares: Vec<_> = points.chunks(each).zip(places.chunks(each)).collect();
    let parts = share_out(shares, work.threads, |(points, places)| {
        let (mut sums, mut odd) = (Sums::new(raster), 0);
        for (points, places) in points.chunks(STRIPE).zip(places.chunks(STRIPE)) {
            if work.progress.advance(0).is_break() {
                return Err(Cancelled);
            }
            odd += sums.add(points, &colors, places, &eye);
        }
        Ok((sums, odd))
    });
    let parts: Vec<(Sums, u64)> = parts.into_iter().collect::<Result<_, _>>()?;
    let mut parts = parts.into_iter();
    let (mut all, mut odd) = parts.next().unwrap_or_else(|| (Sums::new(raster), 0));
    for (part, more) in parts {
        all.merge(&part);
        odd += more;
    }
    Ok((all, odd))
}

/// For each count the opacity that the share of pixels with fewer points gives it.
struct Opacities {
    table: Vec<u8>,
}

impl Opacities {
    fn of(counts: impl Iterator<Item = u32>) -> Self {
        let mut pixels = vec![0u64; EXACT_COUNTS + 32];
        for count in counts.filter(|&count| count > 0) {
            pixels[place(count)] += 1;
        }
        let all: u64 = pixels.iter().sum();
        let first = pixels.iter().copied().find(|&pixels| pixels > 0).unwrap_or(0);
        let spread = all.saturating_sub(first).max(1) as f64;
        let mut up_to = 0;
        let table = pixels.iter().map(|&pixels| {
            up_to += pixels;
            let rank = up_to.saturating_sub(first) as f64 / spread;
            (FAINTEST + (255.0 - FAINTEST) * rank + 0.5) as u8
        });
        let mut table: Vec<u8> = table.collect();
        if all == first {
            // All pixels that have points have equally many.
            table.fill(255);
        }
        Opacities { table }
    }

    fn get(&self, count: u32) -> u8 {
        self.table[place(count)]
    }
}

/// Where a count stands in the table.
fn place(count: u32) -> usize {
    match (count as usize) < EXACT_COUNTS {
        true => count as usize,
        false => EXACT_COUNTS + (31 - count.leading_zeros()) as usize,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{Box3, Camera};

    fn noise(count: usize) -> Vec<[f32; 3]> {
        let mut state: u64 = 0x1234_5678_9abc_def1_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        };
        let mut normal = || (0..6).map(|_| next()).sum::<f32>() * 0.4;
        (0..count).map(|_| [normal(), normal(), normal()]).collect()
    }

    fn set() -> (Vec<[f32; 3]>, Vec<u16>, Vec<Color>, Lens, Raster) {
        let mut points = noise(2_100_000);
        points[7] = [f32::NAN, 0.0, 0.0];
        points[8] = [f32::INFINITY, 0.0, 0.0];
        points[9] = [1e30, -1e30, 0.0];
        let places = (0..points.len()).map(|at| (at % 3) as u16).collect();
        let palette = [0xff0000, 0x00ff40, 0x2040ff].map(Color::rgb).to_vec();
        let data = Box3 { low: [-1.5; 3], high: [1.5; 3] };
        let lens = Lens::new(&Camera::default(), &data, [1.0; 3], [50.0, 50.0], 60.0);
        let raster = Raster { columns: 90, rows: 80, corner: [2.0, 3.0], per_point: 0.9 };
        (points, places, palette, lens, raster)
    }

    #[test]
    fn counts_are_those_of_a_plain_loop() {
        let (points, places, palette, lens, raster) = set();
        let (got, odd) =
            count((&points).into(), &places, &palette, &lens, raster, Work::quiet()).unwrap();
        assert_eq!(odd, 2);
        let eye = Eye::new(&lens, raster);
        let mut want = vec![[0u32; 4]; 90 * 80];
        for (point, &place) in points.iter().zip(&places) {
            let seen = lens.see(point.map(f64::from)).at;
            let [x, y] = eye.pixel(point);
            if x.is_finite() && y.is_finite() && x.abs() < 1e4 && y.abs() < 1e4 {
                assert!((f64::from(x) - (seen[0] - 2.0) * 0.9).abs() < 1e-2);
                assert!((f64::from(y) - (seen[1] - 3.0) * 0.9).abs() < 1e-2);
            }
            let (x, y) = (x.floor(), y.floor());
            if !((0.0..90.0).contains(&x) && (0.0..80.0).contains(&y)) {
                continue;
            }
            let color = palette[usize::from(place)];
            let pixel = &mut want[y as usize * 90 + x as usize];
            for (sum, part) in pixel.iter_mut().zip([color.r, color.g, color.b, 1]) {
                *sum += u32::from(part);
            }
        }
        assert_eq!(got.pixels, want);
        assert!(want.iter().map(|pixel| u64::from(pixel[3])).sum::<u64>() > 1_000_000);
    }

    #[test]
    fn threads_change_nothing() {
        let (points, places, palette, lens, raster) = set();
        let counted = |threads| {
            count((&points).into(), &places, &palette, &lens, raster, Work::on(threads))
                .unwrap()
                .0
                .pixels
        };
        let one = counted(1);
        assert!([2, 3, 8].into_iter().all(|threads| counted(threads) == one));
    }

    #[test]
    fn a_plane_is_counted_as_the_same_points_in_space() {
        let (points, places, palette, _, raster) = set();
        let flat: Vec<[f32; 3]> = points.iter().map(|&[x, y, _]| [x, y, 0.0]).collect();
        let pairs: Vec<f32> = flat.iter().flat_map(|&[x, y, _]| [x, y]).collect();
        let data = Box3 { low: [-1.5; 3], high: [1.5; 3] };
        let lens = Lens::flat(&data, [50.0, 50.0], 30.0);
        let counted =
            |points| count(points, &places, &palette, &lens, raster, Work::quiet()).unwrap().0;
        let pairs = counted(Points::new(&pairs, 2));
        assert_eq!(pairs.pixels, counted((&flat).into()).pixels);
        let want = |sum: u32, count: u32| (sum + count / 2) / count;
        for (sums, color) in pairs.pixels.iter().zip(pairs.colors()).filter(|(sums, _)| sums[3] > 0)
        {
            assert_eq!(
                [color.r, color.g, color.b].map(u32::from),
                [0, 1, 2].map(|at| want(sums[at], sums[3]))
            );
        }
    }

    #[test]
    fn floors_are_exact() {
        let near = |whole: u32| {
            let whole = whole as f32;
            [whole, whole.next_up(), whole.next_down().max(0.0), whole + 0.5]
        };
        for value in (0..3000).chain([65_535, 4_194_302]).flat_map(near) {
            assert_eq!(floor(value), value as u32, "{value}");
        }
    }

    #[test]
    fn means_are_those_of_whole_numbers() {
        let mut pixels = Vec::new();
        for count in (1..2000u32).chain([65_537, 9_999_991, 16_843_009]) {
            for level in [0, 1, 7, 128, 254, 255] {
                for off in [0, 1, count / 2, count.div_ceil(2), count - 1] {
                    let sum = (level * count).saturating_sub(off);
                    pixels.push([sum, sum, sum, count]);
                }
            }
        }
        let sums = Sums { columns: pixels.len(), rows: 1, pixels };
        for (color, &[sum, _, _, count]) in sums.colors().iter().zip(&sums.pixels) {
            let want = (u64::from(sum) + u64::from(count / 2)) / u64::from(count);
            assert_eq!(u64::from(color.r), want, "{sum} of {count}");
        }
    }

    #[test]
    fn opacity_follows_the_rank() {
        let counts = [1, 1, 1, 1, 2, 3, 70_000, 5_000_000];
        let table = Opacities::of(counts.into_iter());
        let seen: Vec<u8> = counts.iter().map(|&count| table.get(count)).collect();
        assert_eq!(seen[..4], [96; 4]);
        assert!(seen.windows(2).all(|pair| pair[0] <= pair[1]), "{seen:?}");
        assert_eq!(seen[7], 255);
        let alike = Opacities::of([4, 4, 4].into_iter());
        assert_eq!(alike.get(4), 255);
    }
}
