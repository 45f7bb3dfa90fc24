//! A view of a tensor: which slice of it is shown, and which of its axes are rows and columns.
//!
//! As text it is a slice in numpy's notation, followed by the axes that are rows and columns, if
//! they are not the default: `[3,:,:,::2]`, `[:,:,:,:]0.2/1.3` (axes 0 and 2 together are rows, 1
//! and 3 columns), `1/0` (a matrix transposed). A preceding `@codes` selects that component of a
//! quantised tensor.

use std::fmt;

use hinton::Selected;
use hinton::arrange::matrix_shape;
use hinton::tensors::Slice;
use hinton_chart::{shape_text, short_count};
use hinton_tensor::{Component, Dtype, Endian, Index, Memory, Tensor};

use crate::Refusal;
use crate::query::Query;

/// Most axes of a tensor that is looked at through views.
const MOST_AXES: usize = 16;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct View {
    /// What is looked at of a quantised tensor; its values where `None`.
    pub(crate) component: Option<Component>,
    slice: Option<Slice>,
    /// Axes of the tensor that run down and right, the outermost first; the usual ones where `None`.
    axes: Option<[Vec<usize>; 2]>,
}

impl View {
    /// Reads a view in words.
    fn read(text: &str) -> Result<Self, Refusal> {
        let text = text.trim();
        let (component, text) = match text.strip_prefix('@') {
            None => (None, text),
            Some(text) => {
                let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
                let (word, text) = text.split_at(end);
                let component = Component::of_word(word).ok_or_else(|| {
                    let words = Component::ALL.map(Component::word).join(", ");
                    Refusal::question(format!("@{word}: expected one of {words}"))
                })?;
                (Some(component), text.trim())
            }
        };
        let (slice, axes) = match text.rfind(']') {
            Some(end) => text.split_at(end + 1),
            None if text.contains('/') => ("", text),
            None => (text, ""),
        };
        let slice = match slice {
            "" => None,
            slice => Some(slice.parse().map_err(|error| Refusal::question(format!("{error}")))?),
        };
        let axes = match axes.trim() {
            "" => None,
            axes => Some(read_axes(axes)?),
        };
        Ok(View { component, slice, axes })
    }
}

fn read_axes(text: &str) -> Result<[Vec<usize>; 2], Refusal> {
    let wrong = || {
        let expected = "expected ROWS/COLUMNS as numbers of axes, such as 1/0 or 0.2/1.3";
        Refusal::question(format!("{text:?}: {expected}"))
    };
    let (rows, cols) = text.split_once('/').ok_or_else(wrong)?;
    let read = |part: &str| -> Result<Vec<usize>, Refusal> {
        let numbers = part.split('.').filter(|_| !part.is_empty());
        numbers.map(|number| number.parse().map_err(|_| wrong())).collect()
    };
    Ok([read(rows)?, read(cols)?])
}

/// The views of a question: of each tensor that has one, or one for whichever it is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Views(Vec<(Option<usize>, View)>);

impl Views {
    /// Reads `v=VIEW`, or `v=TENSOR:VIEW;TENSOR:VIEW`.
    pub(crate) fn read(query: &Query) -> Result<Self, Refusal> {
        let parts = query.text("v").into_iter().flat_map(|text| text.split(';'));
        let one = |part: &str| {
            let tensor = part.split_once(':').and_then(|(number, view)| {
                let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
                Some((number.parse().ok().filter(|_| is_number)?, view))
            });
            Ok(match tensor {
                Some((number, view)) => (Some(number), View::read(view)?),
                None => (None, View::read(part)?),
            })
        };
        Ok(Views(parts.map(one).collect::<Result<_, Refusal>>()?))
    }

    /// The view of that tensor, where it has one.
    pub(crate) fn of(&self, tensor: usize) -> Option<&View> {
        let is_its = |(number, _): &&(Option<usize>, View)| number.is_none_or(|of| of == tensor);
        self.0.iter().find(is_its).map(|(_, view)| view)
    }
}

/// What is taken of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Number of the first position.
    pub(crate) first: i64,
    /// From one position to the next; negative where it runs backwards.
    pub(crate) step: i64,
    /// How many; `None` for a single one, whose axis goes away.
    pub(crate) count: Option<usize>,
}

impl Taken {
    /// In numpy's notation, of an axis of that length.
    fn text(self, length: usize) -> String {
        let Some(count) = self.count else { return self.first.to_string() };
        let (length, last) = (length as i64, self.first + self.step * (count.max(1) as i64 - 1));
        let (begin, end, stop) = match self.step > 0 {
            true => (0, length, last + 1),
            false => (length - 1, -1, last - 1),
        };
        let start = if self.first == begin { String::new() } else { self.first.to_string() };
        // Where the next position would be outside, nothing needs to be said.
        let next = last + self.step;
        let is_end = if self.step > 0 { next >= end } else { next <= end };
        let stop = if is_end { String::new() } else { stop.to_string() };
        match self.step {
            1 => format!("{start}:{stop}"),
            step => format!("{start}:{stop}:{step}"),
        }
    }

    fn is_whole(self, length: usize) -> bool {
        self == Taken { first: 0, step: 1, count: Some(length) }
    }
}

/// How the rows and columns of a matrix run through a tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    component: Option<Component>,
    /// Of the tensor, or of its component.
    shape: Vec<usize>,
    /// What is taken of each axis of the tensor.
    taken: Vec<Taken>,
    /// Axes of the tensor that run down and right, the outermost first.
    axes: [Vec<usize>; 2],
}

impl Frame {
    /// The frame of a view of a tensor with that shape; of a component, with the shape of that.
    pub(crate) fn of(view: &View, name: &str, shape: &[usize]) -> Result<Self, Refusal> {
        if shape.len() > MOST_AXES {
            let why = format!("tensors of more than {MOST_AXES} axes are shown whole");
            return Err(Refusal::question(why));
        }
        let whole = |&length: &usize| Taken { first: 0, step: 1, count: Some(length) };
        let mut taken: Vec<Taken> = shape.iter().map(whole).collect();
        let mut left: Vec<usize> = (0..shape.len()).collect();
        if let Some(slice) = &view.slice {
            let selected = Selected::sliced(&stand_in(name, shape)?, slice);
            // It is the question that is wrong, not the file.
            let selected = selected.map_err(|error| Refusal::question(error.to_string()))?;
            taken = positions(slice, shape);
            let counts = selected.tensor.shape().iter();
            for ((&axis, numbers), &count) in
                selected.axes.iter().zip(&selected.numbers).zip(counts)
            {
                let (first, step) = (numbers.first, numbers.step);
                taken[axis] = Taken { first, step, count: Some(count) };
            }
            if selected.tensor.elements() == 0 && !shape.contains(&0) {
                return Err(Refusal::question(format!("the slice {slice} takes no values")));
            }
            left = selected.axes;
        }
        let axes = match &view.axes {
            None => usual(&left, &taken),
            Some(axes) => {
                let mut named = axes.concat();
                named.sort_unstable();
                if named != left {
                    let left: Vec<String> = left.iter().map(ToString::to_string).collect();
                    let left = left.join(", ");
                    let why = format!("rows and columns take each of the axes {left} once");
                    return Err(Refusal::question(why));
                }
                axes.clone()
            }
        };
        Ok(Frame { component: view.component, shape: shape.to_vec(), taken, axes })
    }

    /// What is looked at of a quantised tensor; its values where `None`.
    pub(crate) fn component(&self) -> Option<Component> {
        self.component
    }

    /// Length of each axis of what is looked at.
    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Where blocks of that shape begin down and right: the first border, and from one to the next;
    /// `None` where a row or column has no borders, or they are not evenly spaced.
    pub(crate) fn borders(&self, block: &[usize]) -> [Option<[usize; 2]>; 2] {
        [0, 1].map(|side| {
            let (&axis, outer) = self.axes[side].split_last()?;
            let Taken { first, step, count } = self.taken[axis];
            let (every, count) = (*block.get(axis).filter(|every| **every > 1)?, count?);
            let is_even = step == 1 && (outer.is_empty() || count.is_multiple_of(every));
            let past = usize::try_from(first).ok()? % every;
            is_even.then_some([(every - past) % every, every])
        })
    }

    /// Rows and columns.
    pub(crate) fn extent(&self) -> [usize; 2] {
        [0, 1].map(|side| self.lengths(side).into_iter().product())
    }

    /// What is taken of each axis.
    pub(crate) fn taken(&self) -> &[Taken] {
        &self.taken
    }

    /// Axes of the tensor that run down and right, the outermost first.
    pub(crate) fn axes(&self) -> &[Vec<usize>; 2] {
        &self.axes
    }

    fn lengths(&self, side: usize) -> Vec<usize> {
        self.axes[side].iter().map(|&axis| self.taken[axis].count.unwrap_or(1)).collect()
    }

    /// The axes that are left, as the tensor has them.
    fn left(&self) -> Vec<usize> {
        (0..self.shape.len()).filter(|&axis| self.taken[axis].count.is_some()).collect()
    }

    /// Where each axis of the matrix comes from among those that are left.
    fn order(&self) -> Vec<usize> {
        let left = self.left();
        let place = |axis: &usize| left.iter().position(|other| other == axis).unwrap_or_default();
        self.axes.iter().flatten().map(place).collect()
    }

    /// The matrix of a tensor, with how many bytes at most put into another order in memory.
    pub(crate) fn apply(&self, tensor: &Tensor, most_bytes: u64) -> Result<Tensor, Refusal> {
        let slice: Slice = self.text().parse().unwrap_or_default();
        let part = match self.shape.is_empty() {
            true => tensor.clone(),
            false => Selected::sliced(tensor, &slice)?.tensor,
        };
        let turned = part.permute(&self.order())?;
        let extent = self.extent();
        if turned.view().reshape(&extent).is_none() && turned.byte_len() > most_bytes {
            let why = "too many values would have to be put into another order: choose one axis \
                       for the rows and one for the columns";
            return Err(Refusal::question(why));
        }
        Ok(turned.reshape(&extent)?)
    }

    /// The index in the tensor of a cell of the matrix.
    pub(crate) fn index(&self, row: usize, col: usize) -> Vec<usize> {
        let mut index: Vec<i64> = self.taken.iter().map(|taken| taken.first).collect();
        for (side, mut rest) in [row, col].into_iter().enumerate() {
            for &axis in self.axes[side].iter().rev() {
                let Taken { first, step, count } = self.taken[axis];
                let count = count.unwrap_or(1).max(1);
                index[axis] = first + step * (rest % count) as i64;
                rest /= count;
            }
        }
        index.into_iter().map(|position| usize::try_from(position).unwrap_or_default()).collect()
    }

    /// The part of it that rows and columns of the matrix are.
    pub(crate) fn part(
        &self,
        rows: std::ops::Range<usize>,
        cols: std::ops::Range<usize>,
    ) -> Result<Frame, Refusal> {
        let mut part = self.clone();
        for (side, mut range) in [rows, cols].into_iter().enumerate() {
            let lengths = self.lengths(side);
            let all: usize = lengths.iter().product();
            if range.start >= range.end || range.end > all {
                let (start, end) = (range.start, range.end);
                let why = format!("{start} to {end} is not within 0 to {all}");
                return Err(Refusal::question(why));
            }
            let mut inner = all;
            for (place, &axis) in self.axes[side].iter().enumerate() {
                inner /= lengths[place];
                let Taken { first, step, .. } = self.taken[axis];
                let first_of = |start: usize| first + step * start as i64;
                let (start, end) = (range.start / inner, range.end.div_ceil(inner));
                part.taken[axis] = Taken { first: first_of(start), step, count: Some(end - start) };
                if range.start.is_multiple_of(inner) && range.end.is_multiple_of(inner) {
                    break;
                }
                if end - start > 1 {
                    return Err(self.no_slice(side));
                }
                range = range.start - start * inner..range.end - start * inner;
            }
        }
        Ok(part)
    }

    fn no_slice(&self, side: usize) -> Refusal {
        let what = ["rows", "columns"][side];
        let axes: Vec<String> = self.axes[side].iter().map(ToString::to_string).collect();
        Refusal::question(format!(
            "the {what} are axes {} as one, and this part of them is not a slice: choose one axis for \
             the {what}, or whole positions of the outer ones",
            axes.join(", ")
        ))
    }

    /// The slice in numpy's notation, each axis named.
    fn text(&self) -> String {
        let parts = self.taken.iter().zip(&self.shape).map(|(taken, &length)| taken.text(length));
        format!("[{}]", parts.collect::<Vec<_>>().join(","))
    }

    /// The slice in numpy's notation; `None` where all values are taken.
    pub(crate) fn slice(&self) -> Option<String> {
        let mut all = self.taken.iter().zip(&self.shape);
        (!all.all(|(taken, &length)| taken.is_whole(length))).then(|| self.text())
    }

    /// The settings of `hinton draw` that lay the slice out in this way.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        let mut settings = Vec::new();
        let order = self.order();
        if order.iter().copied().ne(0..order.len()) {
            if order.iter().copied().eq((0..order.len()).rev()) {
                settings.push(("transpose", String::new()));
            } else {
                let order: Vec<String> = order.iter().map(ToString::to_string).collect();
                settings.push(("permute", order.join(",")));
            }
        }
        let [rows, cols] = self.extent();
        let lengths = [self.lengths(0), self.lengths(1)].concat();
        if matrix_shape(&lengths) != [rows, cols] {
            settings.push(("reshape", format!("{rows}x{cols}")));
        }
        settings
    }

    /// What runs down and right, for people; `names` of the tensor's axes where its format says them.
    pub(crate) fn orientation(&self, names: Option<&[&str]>) -> String {
        let side = |side: usize, words: &str| -> Option<String> {
            let (axes, lengths) = (&self.axes[side], self.lengths(side));
            let name = |axis: usize| match names.and_then(|names| names.get(axis)) {
                Some(name) => name.to_string(),
                None => axis.to_string(),
            };
            match (axes.as_slice(), lengths.as_slice()) {
                ([], _) => None,
                ([axis], [length]) => {
                    let named = names.and_then(|names| names.get(*axis));
                    let named = named.map_or(String::new(), |name| format!(", {name}"));
                    Some(format!("{words} axis {axis}{named} ({})", short_count(*length as u64)))
                }
                (axes, lengths) => {
                    let axes: Vec<String> = axes.iter().map(|&axis| name(axis)).collect();
                    let axes = axes.join(", ");
                    Some(format!("{words} axes {axes} as one ({})", shape_text(lengths)))
                }
            }
        };
        let sides: Vec<String> =
            [side(0, "rows ↓"), side(1, "columns →")].into_iter().flatten().collect();
        if sides.is_empty() { "one value".to_owned() } else { sides.join(" · ") }
    }
}

impl fmt::Display for Frame {
    /// The view in words, as they are read; axes are left out where they are the usual ones.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(component) = self.component {
            write!(f, "@{}", component.word())?;
        }
        f.write_str(&self.slice().unwrap_or_default())?;
        if self.axes == usual(&self.left(), &self.taken) {
            return Ok(());
        }
        let [rows, cols] = [0, 1].map(|side| {
            let axes: Vec<String> = self.axes[side].iter().map(ToString::to_string).collect();
            axes.join(".")
        });
        write!(f, "{rows}/{cols}")
    }
}

/// The axes of rows and of columns where none are chosen: those of [`matrix_shape`].
fn usual(left: &[usize], taken: &[Taken]) -> [Vec<usize>; 2] {
    let length = |axis: &usize| taken[*axis].count.unwrap_or(1);
    let idle = match left.len() {
        0..=2 => 0,
        axes => left.iter().take_while(|axis| length(axis) == 1).count().min(axes - 1),
    };
    // A vector is one row.
    let rows = if left.len() - idle < 2 { idle } else { idle + 1 };
    [left[..rows].to_vec(), left[rows..].to_vec()]
}

/// What a slice takes of each axis, as far as it is a single position.
fn positions(slice: &Slice, shape: &[usize]) -> Vec<Taken> {
    let mut indexes = slice.0.clone();
    let rest = indexes.iter().position(|index| *index == Index::Rest).unwrap_or(indexes.len());
    let named = indexes.iter().filter(|index| **index != Index::Rest).count();
    let whole = Index::Range { start: None, stop: None, step: 1 };
    let end = (rest + 1).min(indexes.len());
    indexes.splice(rest..end, vec![whole; shape.len().saturating_sub(named)]);
    let position = |(index, &length): (Index, &usize)| match index {
        Index::At(at) if at < 0 => Taken { first: at + length as i64, step: 1, count: None },
        Index::At(at) => Taken { first: at, step: 1, count: None },
        _ => Taken { first: 0, step: 1, count: Some(length) },
    };
    indexes.into_iter().zip(shape).map(position).collect()
}

/// A tensor of that shape whose every value is the same byte: to ask what a slice takes of it.
fn stand_in(name: &str, shape: &[usize]) -> Result<Tensor, Refusal> {
    let strides = vec![0; shape.len()];
    let view = hinton_tensor::View { shape: shape.to_vec(), strides, offset: 0 };
    let data = std::sync::Arc::new(Memory::new(vec![0]));
    Ok(Tensor::new(name, "", Dtype::U8, Endian::Little, view, 0, data)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &str, shape: &[usize]) -> Frame {
        Frame::of(&View::read(text).unwrap(), "w", shape).unwrap()
    }

    fn counting(shape: &[usize]) -> Tensor {
        let values: Vec<f32> = (0..shape.iter().product()).map(|value| value as f32).collect();
        Tensor::from_f32("w", shape, &values).unwrap()
    }

    #[test]
    fn every_cell_is_the_value_of_its_index() {
        let shape = [3, 4, 2, 5];
        let tensor = counting(&shape);
        for text in [
            "",
            "[1]",
            "[:,-1]",
            "[0,:,1,:]",
            "[...,3]",
            "[::-1,1:3,:,::2]",
            "[2:0:-1]",
            "0.2/1.3",
            "3.2.1.0/",
            "/0.1.2.3",
            "[0]3/1.2",
            "[:,:,0,1]1/0",
            "[0,0,0,0]",
        ] {
            let frame = frame(text, &shape);
            let matrix = frame.apply(&tensor, u64::MAX).unwrap();
            let [rows, cols] = frame.extent();
            assert_eq!(matrix.shape(), [rows, cols], "{text}");
            let values = matrix.to_f32().unwrap();
            for row in 0..rows {
                for col in 0..cols {
                    let index = frame.index(row, col);
                    let flat = index.iter().zip(shape).fold(0, |all, (at, len)| all * len + at);
                    assert_eq!(values[row * cols + col], flat as f32, "{text} {row},{col}");
                }
            }
            // As words it is the same again.
            assert_eq!(self::frame(&frame.to_string(), &shape), frame, "{text}: {frame}");
        }
    }

    #[test]
    fn views_are_written_as_short_as_can_be() {
        for (text, shape, expected) in [
            ("[:,:]", &[4, 5][..], ""),
            ("0/1", &[4, 5], ""),
            ("[:,:]1/0", &[4, 5], "1/0"),
            ("[0:4,-1:]", &[4, 5], "[:,4:]"),
            ("[::-1]", &[4, 5], "[::-1,:]"),
            ("[3::-2]", &[4, 5], "[::-2,:]"),
            ("[0:3:2]", &[4, 5], "[::2,:]"),
            ("[2:0:-1]", &[4, 5], "[2:0:-1,:]"),
            ("...,1", &[4, 5], "[:,1]"),
            ("[0]", &[2, 3, 4], "[0,:,:]"),
            ("[0,:,:]1/2", &[2, 3, 4], "[0,:,:]"),
        ] {
            assert_eq!(frame(text, shape).to_string(), expected, "{text}");
        }
    }

    #[test]
    fn parts_are_slices_where_they_can_be() {
        let shape = [3, 4, 2, 5];
        let tensor = counting(&shape);
        for (view, rows, cols) in [
            ("", 1..3, 0..40),
            ("", 0..1, 10..30),
            ("", 0..3, 5..10),
            ("", 2..3, 17..19),
            ("[:,::-1]1/0.2.3", 1..3, 10..20),
            ("[1,:,:,::-2]3/1.2", 1..3, 2..6),
        ] {
            let frame = frame(view, &shape);
            let part = frame.part(rows.clone(), cols.clone()).unwrap();
            let all = frame.apply(&tensor, u64::MAX).unwrap();
            let slice = format!("[{}:{},{}:{}]", rows.start, rows.end, cols.start, cols.end);
            let expected = all.slice(&slice.parse().unwrap()).unwrap().to_f32().unwrap();
            let found = part.apply(&tensor, u64::MAX).unwrap().to_f32().unwrap();
            assert_eq!(found, expected, "{view} {slice}");
        }
        let Err(Refusal::Question(why)) = frame("", &shape).part(0..3, 3..12) else { panic!() };
        assert!(why.contains("axes 1, 2, 3 as one"), "{why}");
        assert!(frame("", &shape).part(0..4, 0..1).is_err());
    }

    #[test]
    fn what_cannot_be_viewed_is_said() {
        for (text, why) in [
            ("[9]", "position 9 is outside axis 0"),
            ("[0,0,0]", "names 3 axes"),
            ("[3:3]", "takes no values"),
            ("0/0", "each of the axes 0, 1 once"),
            ("[0]0/1", "each of the axes 1 once"),
            ("[:]x/1", "expected ROWS/COLUMNS"),
            ("[:", "] is missing"),
        ] {
            let found = View::read(text).and_then(|view| Frame::of(&view, "w", &[4, 5]));
            let Err(Refusal::Question(message)) = found else { panic!("{text}") };
            assert!(message.contains(why), "{text}: {message}");
        }
    }

    #[test]
    fn settings_lay_out_the_same() {
        for (text, expected) in [
            ("", ""),
            ("[0]", ""),
            ("[0,:,:,1]", ""),
            ("[0,:,:,1]2/1", "transpose="),
            ("0.2/1.3", "permute=0,2,1,3 reshape=6x20"),
            ("0.1/2.3", "reshape=12x10"),
            ("1/0.2.3", "permute=1,0,2,3"),
            ("3.2.1.0/", "transpose= reshape=120x1"),
        ] {
            let settings = frame(text, &[3, 4, 2, 5]).settings();
            let words: Vec<String> =
                settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!(words.join(" "), expected, "{text}");
        }
    }
}
