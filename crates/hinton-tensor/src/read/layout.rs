//! A view as few nested runs: neighbouring axes that lie behind one another become one.

use std::ops::Range;

use super::{Piece, Source};
use crate::{TensorError, View};

/// Axes from slow to fast, and the element at coordinate zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Length and stride of each axis; never empty.
    axes: Vec<(u64, i64)>,
    first: u64,
}

impl Layout {
    /// The elements in C order.
    pub(crate) fn c_order(view: &View) -> Self {
        let axes = view.shape.iter().map(|&len| len as u64).zip(view.strides.iter().copied());
        Layout { axes: join(axes), first: view.offset }
    }

    /// The elements in the order of memory, each stored one once, and how often the view repeats
    /// them (axes of stride zero). For work that does not care about order.
    pub(crate) fn memory_order(view: &View) -> (Self, u64) {
        let mut first = view.offset;
        let mut repeats = 1u64;
        let mut axes = Vec::new();
        for (&len, &stride) in view.shape.iter().zip(&view.strides) {
            let len = len as u64;
            if stride == 0 && len > 1 {
                repeats = repeats.saturating_mul(len);
            } else if stride < 0 && len > 0 {
                first = first.wrapping_add_signed(stride.wrapping_mul(len as i64 - 1));
                axes.push((len, -stride));
            } else {
                axes.push((len, stride));
            }
        }
        axes.sort_by_key(|&(_, stride)| std::cmp::Reverse(stride));
        (Layout { axes: join(axes), first }, repeats)
    }

    /// Number of elements.
    pub(crate) fn elements(&self) -> u64 {
        self.axes.iter().map(|&(len, _)| len).product()
    }

    /// Loads the elements `range`, numbered in this layout's order.
    pub(crate) fn load<'t>(
        &self,
        source: &Source<'t>,
        range: Range<u64>,
        piece: &mut Piece<'t>,
    ) -> Result<(), TensorError> {
        let at = Odometer::new(self, range.start);
        let count = range.end - range.start;
        if self.inner().1 == 1
            && at.left() >= count
            && let Some(bytes) = source.borrow(at.element, count)
        {
            piece.lend(bytes);
            return Ok(());
        }
        let out = piece.room(count as usize * source.size());
        self.load_into(source, range.start, out)
    }

    /// Fills `out` with the elements from number `start` on.
    pub(crate) fn load_into(
        &self,
        source: &Source<'_>,
        start: u64,
        mut out: &mut [u8],
    ) -> Result<(), TensorError> {
        let mut at = Odometer::new(self, start);
        while !out.is_empty() {
            let run = at.left().min((out.len() / source.size()) as u64) as usize;
            let (now, later) = out.split_at_mut(run * source.size());
            source.run(at.element, self.inner().1, now)?;
            at.next_run();
            out = later;
        }
        Ok(())
    }

    fn inner(&self) -> (u64, i64) {
        self.axes.last().copied().unwrap_or((1, 1))
    }
}

/// Leaves out axes of length 1 and joins neighbours that one stride can express.
fn join(axes: impl IntoIterator<Item = (u64, i64)>) -> Vec<(u64, i64)> {
    let mut joined: Vec<(u64, i64)> = Vec::new();
    let axes: Vec<(u64, i64)> = axes.into_iter().collect();
    // An empty tensor may have other axes of any length, whose product nothing has checked.
    if axes.iter().any(|&(len, _)| len == 0) {
        return vec![(0, 1)];
    }
    for (len, stride) in axes {
        if len == 1 {
            continue;
        }
        match joined.last_mut() {
            Some(outer) if Some(outer.1) == stride.checked_mul(len as i64) => {
                *outer = (outer.0 * len, stride);
            }
            _ => joined.push((len, stride)),
        }
    }
    if joined.is_empty() {
        joined.push((1, 1));
    }
    joined
}

/// A coordinate that walks run by run.
struct Odometer<'l> {
    layout: &'l Layout,
    /// Coordinates of all axes but the fastest.
    outer: Vec<u64>,
    /// Coordinate of the fastest axis.
    inner: u64,
    /// The element here.
    element: u64,
}

impl<'l> Odometer<'l> {
    fn new(layout: &'l Layout, index: u64) -> Self {
        let mut rest = index;
        let mut element = layout.first;
        let mut coordinates = vec![0; layout.axes.len()];
        for (coordinate, &(len, stride)) in coordinates.iter_mut().zip(&layout.axes).rev() {
            *coordinate = rest % len.max(1);
            rest /= len.max(1);
            element = element.wrapping_add_signed(stride.wrapping_mul(*coordinate as i64));
        }
        let inner = coordinates.pop().unwrap_or(0);
        Odometer { layout, outer: coordinates, inner, element }
    }

    /// Elements left in this run.
    fn left(&self) -> u64 {
        self.layout.inner().0 - self.inner
    }

    /// To the start of the next run.
    fn next_run(&mut self) {
        let (_, stride) = self.layout.inner();
        self.element = back(self.element, self.inner, stride);
        self.inner = 0;
        for (coordinate, &(len, stride)) in self.outer.iter_mut().zip(&self.layout.axes).rev() {
            self.element = self.element.wrapping_add_signed(stride);
            *coordinate += 1;
            if *coordinate < len {
                return;
            }
            self.element = back(self.element, len, stride);
            *coordinate = 0;
        }
    }
}

fn back(element: u64, steps: u64, stride: i64) -> u64 {
    element.wrapping_add_signed(stride.wrapping_mul(steps as i64).wrapping_neg())
}
