//! The pass over two tensors: turns blocks into counts and sums, in fixed parts of the work.

use hinton_tensor::{Packed, STRIPE, Stripe, Tensor, TensorError, Work, side_by_side};

use super::histogram::{Counter, Histogram, Joint};
use super::kernel::{self, BLOCK, Found, Sums};
use super::sample::Sample;
use super::{Largest, Lines, MOST_COLUMNS, MOST_ROWS, Measured, Measures, Odd};
use crate::noise;

/// Parts of the work where a tensor has many values; their sums are added in order.
const PARTS: u64 = 64;
/// Most sums of columns that are held at once, over all parts.
const COLUMN_SUMS: u64 = 4 << 20;
/// Values of a tensor that are counted in its joint histogram, about.
const JOINT_VALUES: u64 = 1 << 18;

/// Compares two tensors of one shape in C order; rows, columns and places are those of `shape`, which has
/// as many values.
pub(super) fn run(
    a: &Tensor,
    b: &Tensor,
    shape: &[usize],
    work: Work<'_>,
) -> Result<Measured, TensorError> {
    let elements = a.elements();
    let (range, is_sampled) = match elements {
        0 => (1.0, false),
        _ => (Sample::read(a, b)?.range(), elements > JOINT_VALUES),
    };
    let every = if is_sampled { elements.div_ceil(JOINT_VALUES) } else { 1 };
    let axes = Axes::of(shape);
    let mut parts = PARTS;
    if let Some(columns) = axes.columns {
        parts = parts.min((COLUMN_SUMS / columns as u64).max(1));
    }
    let part = elements.div_ceil(parts).next_multiple_of(STRIPE);
    let (step, least) = noise::step(a.dtype(), b.dtype());
    let pass = Pass { axes, step, least, every, is_narrow: is_narrow(a) && is_narrow(b) };
    let state = || State::new(range, every);
    let states = side_by_side(a, b, part, work, state, |state, stripe| pass.add(state, stripe))?;
    Ok(gathered((a, b), shape, &pass, states))
}

/// Whether `f32` holds every value.
fn is_narrow(tensor: &Tensor) -> bool {
    let dtype = tensor.dtype();
    !dtype.is_complex() && if dtype.is_integer() { dtype.bits() <= 16 } else { dtype.bits() <= 32 }
}

/// Rows and columns of a tensor in C order.
#[derive(Debug, Clone, Copy)]
struct Axes {
    /// Positions on axis 0, where they are distinguished.
    rows: Option<usize>,
    /// Positions on axis 1, where they are.
    columns: Option<usize>,
    /// Values of a row.
    row: u64,
    /// Neighbours that belong to one column.
    run: u64,
}

impl Axes {
    fn of(shape: &[usize]) -> Self {
        let length = |axes: &[usize]| axes.iter().map(|&len| len as u64).product::<u64>().max(1);
        let is_empty = shape.contains(&0);
        match shape {
            [rows, columns, rest @ ..] if !is_empty => Axes {
                rows: Some(*rows).filter(|rows| *rows <= MOST_ROWS),
                columns: Some(*columns).filter(|columns| *columns <= MOST_COLUMNS),
                row: length(&shape[1..]),
                run: length(rest),
            },
            _ => Axes { rows: None, columns: None, row: 1, run: 1 },
        }
    }
}

/// What stays the same during a pass.
struct Pass {
    axes: Axes,
    step: f64,
    least: f64,
    every: u64,
    is_narrow: bool,
}

/// What one thread has seen.
struct State {
    a: Vec<f32>,
    b: Vec<f32>,
    d: Vec<f32>,
    histogram: Counter,
    joint: Joint,
    parts: Vec<Part>,
}

/// What was found in one part of the work.
struct Part {
    index: u64,
    sums: Sums,
    equal: u64,
    within: u64,
    flips: u64,
    odd: Odd,
    /// Number of the first place where one side alone is finite.
    broken: Option<u64>,
    /// Magnitude and number of the largest difference, and both values there.
    largest: Option<(f64, u64, f64, f64)>,
    /// Σ d² of the rows that the part touches, from this one on.
    first_row: usize,
    rows: Vec<f64>,
    columns: Vec<f64>,
}

impl State {
    fn new(range: f64, every: u64) -> Self {
        State {
            a: vec![0.0; BLOCK],
            b: vec![0.0; BLOCK],
            d: vec![0.0; BLOCK],
            histogram: Counter::default(),
            joint: Joint::new(range, every),
            parts: Vec::new(),
        }
    }
}

impl Part {
    fn new(index: u64, first: u64, axes: Axes) -> Self {
        Part {
            index,
            sums: Sums::default(),
            equal: 0,
            within: 0,
            flips: 0,
            odd: Odd::default(),
            broken: None,
            largest: None,
            first_row: (first / axes.row) as usize,
            rows: Vec::new(),
            columns: Vec::new(),
        }
    }

    /// Remembers the largest difference; of equal ones the first.
    fn look(&mut self, magnitude: f64, number: u64, a: f64, b: f64) {
        if magnitude > self.largest.map_or(0.0, |(most, ..)| most) {
            self.largest = Some((magnitude, number, a, b));
        }
    }

    /// Adds squares of differences to their rows and columns. `first` is the number of the first.
    fn add_lines(&mut self, axes: Axes, first: u64, d: &[f32]) {
        if axes.rows.is_some() {
            for_runs(first, d, axes.row, |row, _, d| {
                let row = row as usize - self.first_row;
                if self.rows.len() <= row {
                    self.rows.resize(row + 1, 0.0);
                }
                self.rows[row] += kernel::squares(d);
            });
        }
        let Some(columns) = axes.columns else { return };
        self.columns.resize(columns, 0.0);
        match axes.run {
            1 => for_runs(first, d, axes.row, |_, from, d| {
                kernel::add_squares(d, &mut self.columns[from as usize..]);
            }),
            run => for_runs(first, d, run, |run, _, d| {
                self.columns[(run % columns as u64) as usize] += kernel::squares(d);
            }),
        }
    }
}

/// Calls `todo` with each run of `length` numbers that the values touch: which run, where in it the
/// values begin, and they.
fn for_runs(first: u64, values: &[f32], length: u64, mut todo: impl FnMut(u64, u64, &[f32])) {
    let mut number = first;
    let mut rest = values;
    while !rest.is_empty() {
        let (run, from) = (number / length, number % length);
        let count = usize::try_from(length - from).unwrap_or(usize::MAX).min(rest.len());
        let (now, later) = rest.split_at(count);
        todo(run, from, now);
        number += count as u64;
        rest = later;
    }
}

impl Pass {
    fn add(&self, state: &mut State, stripe: Stripe<'_>) {
        let State { a, b, d, histogram, joint, parts } = state;
        if parts.last().is_none_or(|part| part.index != stripe.part) {
            parts.push(Part::new(stripe.part, stripe.first, self.axes));
        }
        let Some(part) = parts.last_mut() else { return };
        let count = stripe.a.len();
        let mut from = 0;
        while from < count {
            let to = count.min(from + BLOCK);
            let block = Block {
                first: stripe.first + from as u64,
                a: stripe.a.part(from..to),
                b: stripe.b.part(from..to),
            };
            let is_counted = (block.first / BLOCK as u64).is_multiple_of(self.every);
            let mut counted = is_counted.then_some(&mut *joint);
            let room = (&mut a[..to - from], &mut b[..to - from], &mut d[..to - from]);
            let is_done =
                self.is_narrow && self.fast(&block, room, part, histogram, counted.as_deref_mut());
            if !is_done {
                careful(self, &block, part, histogram, counted);
            }
            from = to;
        }
    }
}

/// As many values of both sides.
struct Block<'p> {
    first: u64,
    a: Packed<'p>,
    b: Packed<'p>,
}

/// Room for a block: both sides decoded, and their difference.
type Room<'r> = (&'r mut [f32], &'r mut [f32], &'r mut [f32]);

impl Pass {
    /// Looks at a block of values that `f32` holds; false where one is not finite, or too large for
    /// its difference: then nothing was counted.
    fn fast(
        &self,
        block: &Block<'_>,
        (a, b, d): Room<'_>,
        part: &mut Part,
        histogram: &mut Counter,
        joint: Option<&mut Joint>,
    ) -> bool {
        let count = a.len() as u64;
        block.a.to_f32(a);
        if block.a.dtype == block.b.dtype && block.a.bytes == block.b.bytes {
            let squares = kernel::squares(a);
            if !squares.is_finite() {
                return false;
            }
            part.sums.add(&Sums { aa: squares, bb: squares, ab: squares, ..Sums::default() });
            part.equal += count;
            part.within += count;
            histogram.add_zeros(count);
            if let Some(joint) = joint {
                joint.add(a, a);
            }
            return true;
        }
        block.b.to_f32(b);
        let Found { sums, counts, largest: most } =
            kernel::block(a, b, d, self.step as f32, self.least as f32);
        if !sums.is_finite() || !most.is_finite() {
            return false;
        }
        part.sums.add(&sums);
        part.equal += u64::from(counts.equal);
        part.within += u64::from(counts.within);
        part.flips += u64::from(counts.flips);
        histogram.add(d);
        part.add_lines(self.axes, block.first, d);
        // Differences were rounded: among those that round to the largest, the exact one decides.
        if most > 0.0 && most >= part.largest.map_or(0.0, |(exact, ..)| exact as f32) {
            for index in kernel::places_of(most, d) {
                let (a, b) = (f64::from(a[index]), f64::from(b[index]));
                part.look((b - a).abs(), block.first + index as u64, a, b);
            }
        }
        if let Some(joint) = joint {
            joint.add(a, b);
        }
        true
    }
}

/// Looks at a block value by value, in double precision: the plain version of [`Pass::fast`], which
/// also knows NaN and infinities.
fn careful(
    pass: &Pass,
    block: &Block<'_>,
    part: &mut Part,
    histogram: &mut Counter,
    mut joint: Option<&mut Joint>,
) {
    let count = block.a.len();
    let (mut a, mut b) = (vec![0.0f64; count], vec![0.0f64; count]);
    block.a.to_f64(&mut a);
    block.b.to_f64(&mut b);
    let size = block.a.size();
    let has_same_type = block.a.dtype == block.b.dtype;
    for index in 0..count {
        let (a, b) = (a[index], b[index]);
        let number = block.first + index as u64;
        let bytes = index * size..(index + 1) * size;
        let is_equal = match has_same_type {
            true => block.a.bytes[bytes.clone()] == block.b.bytes[bytes],
            false => a.to_bits() == b.to_bits(),
        } || (a.is_nan() && b.is_nan());
        part.equal += u64::from(is_equal);
        part.flips += u64::from((a > 0.0 && b < 0.0) || (a < 0.0 && b > 0.0));
        if !(a.is_finite() && b.is_finite()) {
            part.within += u64::from(is_equal);
            part.odd.add(a, b);
            if a.is_finite() != b.is_finite() {
                part.broken.get_or_insert(number);
            }
            continue;
        }
        let d = b - a;
        let larger = a.abs().max(b.abs());
        let one = (power_below(larger) * pass.step).max(pass.least);
        part.within += u64::from(is_equal || d.abs() <= one);
        let sums = Sums { aa: a * a, bb: b * b, ab: a * b, dd: d * d, d };
        part.sums.add(&sums);
        histogram.add(&[d as f32]);
        part.add_lines(pass.axes, number, &[d as f32]);
        part.look(d.abs(), number, a, b);
        if let Some(joint) = joint.as_deref_mut() {
            joint.add(&[a as f32], &[b as f32]);
        }
    }
}

/// The power of two at or below a positive number; 0 for zero and subnormal numbers.
fn power_below(value: f64) -> f64 {
    f64::from_bits(value.to_bits() & 0x7FF0_0000_0000_0000)
}

impl Odd {
    fn add(&mut self, a: f64, b: f64) {
        self.nan_a += u64::from(a.is_nan());
        self.nan_b += u64::from(b.is_nan());
        self.inf_a += u64::from(a.is_infinite());
        self.inf_b += u64::from(b.is_infinite());
        self.nan_came += u64::from(b.is_nan() && !a.is_nan());
        self.nan_went += u64::from(a.is_nan() && !b.is_nan());
        self.inf_came += u64::from(b.is_infinite() && a.is_finite());
        self.inf_went += u64::from(a.is_infinite() && b.is_finite());
    }

    fn merge(&mut self, other: &Odd) {
        self.nan_a += other.nan_a;
        self.nan_b += other.nan_b;
        self.inf_a += other.inf_a;
        self.inf_b += other.inf_b;
        self.nan_came += other.nan_came;
        self.nan_went += other.nan_went;
        self.inf_came += other.inf_came;
        self.inf_went += other.inf_went;
    }
}

/// All parts in their order, as one.
fn gathered(
    (a, b): (&Tensor, &Tensor),
    shape: &[usize],
    pass: &Pass,
    states: Vec<State>,
) -> Measured {
    let mut histogram = Histogram::default();
    let mut joint: Option<Joint> = None;
    let mut parts = Vec::new();
    for state in states {
        histogram.merge(&state.histogram.histogram());
        match &mut joint {
            Some(joint) => joint.merge(&state.joint),
            none => *none = Some(state.joint),
        }
        parts.extend(state.parts);
    }
    parts.sort_unstable_by_key(|part| part.index);
    let mut all = Part::new(0, 0, pass.axes);
    all.rows.resize(pass.axes.rows.unwrap_or(0), 0.0);
    all.columns.resize(pass.axes.columns.unwrap_or(0), 0.0);
    for part in parts {
        all.sums.add(&part.sums);
        all.equal += part.equal;
        all.within += part.within;
        all.flips += part.flips;
        all.odd.merge(&part.odd);
        all.broken = all.broken.or(part.broken);
        if let Some((magnitude, number, a, b)) = part.largest {
            all.look(magnitude, number, a, b);
        }
        let rows = all.rows.iter_mut().skip(part.first_row);
        rows.zip(&part.rows).for_each(|(sum, more)| *sum += more);
        all.columns.iter_mut().zip(&part.columns).for_each(|(sum, more)| *sum += more);
    }
    let elements = a.elements();
    let place = |number: u64| coordinates(shape, number);
    let measures = Measures {
        elements,
        equal: all.equal,
        within_step: all.within,
        norm_a: all.sums.aa.sqrt(),
        norm_b: all.sums.bb.sqrt(),
        norm_difference: all.sums.dd.sqrt(),
        dot: all.sums.ab,
        mean_difference: all.sums.d / elements.max(1) as f64,
        largest: all.largest.map(|(magnitude, number, a, b)| Largest {
            magnitude,
            at: place(number),
            a,
            b,
        }),
        sign_flips: all.flips,
        odd: Odd { first: all.broken.map(place), ..all.odd },
        rows: pass.axes.rows.map(|_| Lines::of(&all.rows)),
        columns: pass.axes.columns.map(|_| Lines::of(&all.columns)),
        noise: noise::noise(a, b),
    };
    let joint = joint.unwrap_or_else(|| Joint::new(1.0, 1));
    Measured { measures, histogram, joint }
}

/// Where in a tensor of that shape the value of that number (in C order) is.
pub(crate) fn coordinates(shape: &[usize], number: u64) -> Vec<usize> {
    let mut rest = number;
    let mut places: Vec<usize> = Vec::with_capacity(shape.len());
    for &len in shape.iter().rev() {
        let len = len.max(1) as u64;
        places.push((rest % len) as usize);
        rest /= len;
    }
    places.reverse();
    places
}

/// What was found with the axes of two matrices swapped, as of the matrices themselves.
pub(super) fn turned_back(found: Measured) -> Measured {
    let turn = |mut place: Vec<usize>| {
        place.reverse();
        place
    };
    let Measured { measures, histogram, joint } = found;
    let measures = Measures {
        largest: measures.largest.map(|one| Largest { at: turn(one.at), ..one }),
        odd: Odd { first: measures.odd.first.map(turn), ..measures.odd },
        rows: measures.columns,
        columns: measures.rows,
        ..measures
    };
    Measured { measures, histogram, joint }
}
