//! Colour scales as thresholds and a table, from the same scale that pictures are drawn with.

use hinton_chart::{
    CHARTS, ColorScale, Colormap, Extent, Need, Options, Range, ScaleKind, Span, Theme, ThemeName,
    charts, short,
};
use hinton_scene::Color;
use hinton_tensor::{Fold, Grid, GridRequest, Tensor, TensorError, Work, reduce, share_out};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};

use crate::answer::number;
use crate::query::Query;
use crate::sources::Sources;
use crate::tiles::fold_named;
use crate::view::{View, Views};
use crate::{Answer, Refusal};

/// Most tensors of a request.
const MOST: usize = 64;
/// Tensors of more bytes than this are sampled for their range.
const READ_WHOLE: u64 = 64 << 20;
const SAMPLE: u64 = 8 << 20;
/// How many tensors, and bytes of each, the range that all share is found from.
const SHARED: (usize, u64) = (64, 256 << 10);
/// Cells of the longer side of a tensor for that.
const SHARED_CELLS: usize = 64;
/// Most cells that are kept for other maps and scales, about 20 bytes each.
const MOST_CELLS: usize = 4 << 20;
/// Ticks of the legend, as shares of the bar.
const TICKS: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

/// What is asked of the colours.
#[derive(Debug, Clone)]
struct Wish {
    options: Options,
    /// A quantile that the range reaches to.
    quantile: Option<f64>,
    is_shared: bool,
}

/// Names of what a request may say.
pub(crate) const NAMES: [&str; 9] =
    ["t", "s", "v", "map", "scale", "range", "fold", "dark", "share"];

/// The colours of tensors.
pub(crate) fn colours(sources: &Sources, query: &Query, work: Work<'_>) -> Result<Answer, Refusal> {
    let wish = wish(query)?;
    let step = query.get("s")?;
    let views = Views::read(query)?;
    let asked: Vec<Of> = query
        .text("t")
        .unwrap_or("-")
        .split(',')
        .map(|one| Of::read(one, sources))
        .collect::<Result<_, _>>()?;
    if asked.len() > MOST {
        return Err(Refusal::question(format!("more than {MOST} tensors are asked for at once")));
    }
    let are_many = asked.len() > 1;
    let shared = match wish.is_shared && are_many && asked.iter().any(|of| !of.is_group()) {
        true => Some(shared_span(sources, 0, step, &wish, work)?),
        false => None,
    };
    let alone = Work { threads: 1, ..work };
    let one = |of: Of| -> Result<Value, Refusal> {
        let tensor = match of {
            Of::Tensor(tensor) => tensor,
            Of::Group(group) => {
                let work = if are_many { alone } else { work };
                let span = shared_span(sources, group, step, &wish, work)?;
                let mut colours = of_span(&wish, &span, false);
                colours["note"] = json!(match group {
                    0 => "one range for all matrices; vectors of one kind share theirs",
                    _ => "one range for all tensors of this kind",
                });
                return Ok(colours);
            }
        };
        let view = views.of(tensor);
        let matrix = sources.viewed(tensor, step, view)?;
        let is_picture = is_picture(&matrix);
        let span = match shared {
            // Codes and scales are numbers of another kind than values.
            Some(span) if view.is_none_or(|view| view.component.is_none()) => span,
            _ => own_span(sources, (tensor, step, view), &matrix, &wish, is_picture, alone)?,
        };
        let mut colours = of_span(&wish, &span, is_picture);
        colours["t"] = json!(tensor);
        Ok(colours)
    };
    if let [of] = asked[..] {
        return Ok(Answer::json(&one(of)?));
    }
    let list = share_out(asked, work.threads, one);
    Ok(Answer::json(&json!({ "list": list.into_iter().collect::<Result<Vec<_>, _>>()? })))
}

/// What colours are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Tensor(usize),
    /// All tensors of a group together.
    Group(usize),
}

impl Of {
    /// A tensor's number; `-` or `g0` for all matrices, `g1` and so on for the other groups.
    fn read(text: &str, sources: &Sources) -> Result<Self, Refusal> {
        let wrong = || Refusal::question(format!("t={text:?} makes no sense"));
        let number = |text: &str| text.parse::<usize>().map_err(|_| wrong());
        match text.strip_prefix('g') {
            _ if text == "-" => Ok(Of::Group(0)),
            None => Ok(Of::Tensor(number(text)?)),
            Some(group) => match number(group)? {
                group if group < sources.groups.all.len() => Ok(Of::Group(group)),
                _ => Err(Refusal::question(format!("there is no group {text}"))),
            },
        }
    }

    fn is_group(self) -> bool {
        matches!(self, Of::Group(_))
    }
}

/// Cells that a range was found from, and of what: another map or scale reads nothing.
type Key = (Of, Option<u64>, Option<View>, Fold, (usize, usize));

/// The cells that ranges of colours were found from, those used last at the end.
#[derive(Default)]
pub(crate) struct Cells(Mutex<Vec<(Key, Arc<Vec<Grid>>)>>);

impl Cells {
    /// The cells of that key, which are made where they are not kept.
    fn get(
        &self,
        key: Key,
        make: impl FnOnce() -> Result<Vec<Grid>, Refusal>,
    ) -> Result<Arc<Vec<Grid>>, Refusal> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let find = |kept: &mut Vec<(Key, Arc<Vec<Grid>>)>| {
            let place = kept.iter().position(|(other, _)| *other == key)?;
            let one = kept.remove(place);
            kept.push(one.clone());
            Some(one.1)
        };
        if let Some(grids) = find(&mut lock()) {
            return Ok(grids);
        }
        let grids = Arc::new(make()?);
        let cells = |grids: &[Grid]| grids.iter().map(|grid| grid.values.len()).sum::<usize>();
        let mut kept = lock();
        kept.push((key, Arc::clone(&grids)));
        let mut all: usize = kept.iter().map(|(_, grids)| cells(grids)).sum();
        while all > MOST_CELLS && kept.len() > 1 {
            all -= cells(&kept.remove(0).1);
        }
        Ok(grids)
    }
}

/// Whether a tensor is made of bytes, as pictures are.
fn is_picture(tensor: &Tensor) -> bool {
    tensor.stored_type() == "u8"
}

fn wish(query: &Query) -> Result<Wish, Refusal> {
    let mut options = Options::default();
    if let Some(name) = query.text("map").filter(|&name| name != "auto") {
        let map = Colormap::named(name);
        options.cmap =
            Some(map.ok_or_else(|| Refusal::question(format!("there is no map {name:?}")))?);
    }
    options.scale = match query.text("scale").unwrap_or("linear") {
        "linear" => ScaleKind::Linear,
        "sqrt" => ScaleKind::Sqrt,
        "log" | "symlog" => ScaleKind::Symlog,
        other => {
            let expected = "expected linear, sqrt or symlog";
            return Err(Refusal::question(format!("scale={other:?}: {expected}")));
        }
    };
    let mut quantile = None;
    options.range = match query.text("range").unwrap_or("auto") {
        "auto" => None,
        text => match text.strip_prefix("q:") {
            Some(share) => {
                let share = share.parse::<f64>().ok().filter(|share| (0.5..=1.0).contains(share));
                let wrong = || Refusal::question("range=q:SHARE takes a share from 0.5 to 1");
                quantile = Some(share.ok_or_else(wrong)?);
                None
            }
            None => {
                let text = text.replacen(',', "..", 1);
                Some(text.parse::<Range>().map_err(|error| Refusal::question(format!("{error}")))?)
            }
        },
    };
    options.reduce = match query.text("fold") {
        None | Some("r") => None,
        Some(letter) => Some(fold_named(letter)?),
    };
    if query.switch("dark", false)? {
        options.theme = ThemeName::Dark;
    }
    Ok(Wish { options, quantile, is_shared: query.switch("share", false)? })
}

/// What a tensor's cells span when it is drawn as a heat map, where the range depends on them.
fn own_span(
    sources: &Sources,
    (tensor, step, view): (usize, Option<u64>, Option<&View>),
    matrix: &Tensor,
    wish: &Wish,
    is_picture: bool,
    work: Work<'_>,
) -> Result<Span, Refusal> {
    if let Some(Range::Fixed(low, high)) = wish.options.range {
        return Ok(Span::of_values(low, high));
    }
    let &[rows, cols] = matrix.shape() else {
        return Err(Refusal::Work("the tensor is not a matrix".to_owned()));
    };
    let chart = CHARTS.iter().find(|row| row.name == "heatmap");
    let need = chart.map(|row| charts::needs(row, &[Extent::new(rows, cols)], &wish.options));
    let request = match need {
        Some(Need::Grids(requests)) => requests.first().copied(),
        _ => None,
    };
    let request = request.unwrap_or(GridRequest::new(512, 512, Fold::Rms));
    let sample_bytes = (matrix.byte_len() > READ_WHOLE).then_some(SAMPLE);
    let request = GridRequest { sample_bytes, quantiles: false, ..request };
    let extent = (request.max_rows, request.max_cols);
    let key = (Of::Tensor(tensor), step, view.cloned(), request.fold, extent);
    let grids = sources.cells.get(key, || Ok(vec![reduce(matrix, request, work)?]))?;
    Ok(span_of(&grids, wish, is_picture))
}

/// What the cells of a group of tensors span, found from some of them.
fn shared_span(
    sources: &Sources,
    group: usize,
    step: Option<u64>,
    wish: &Wish,
    work: Work<'_>,
) -> Result<Span, Refusal> {
    if let Some(Range::Fixed(low, high)) = wish.options.range {
        return Ok(Span::of_values(low, high));
    }
    let (most, sample) = SHARED;
    let all: Vec<usize> = match sources.groups.all[group].is_empty() {
        true => (0..sources.tensors.len()).collect(),
        false => sources.groups.all[group].clone(),
    };
    let every = all.len().div_ceil(most).max(1);
    let chosen: Vec<usize> = all.into_iter().step_by(every).collect();
    let alone = Work { threads: 1, ..work };
    let fold = wish.options.reduce.unwrap_or(Fold::Rms);
    // What cannot be read has no say; work that was stopped gives no range.
    let one = |tensor: usize| -> Result<Option<Grid>, Refusal> {
        let Ok(matrix) = sources.matrix(tensor, step) else { return Ok(None) };
        let request = GridRequest {
            sample_bytes: Some(sample),
            quantiles: false,
            ..GridRequest::new(SHARED_CELLS, SHARED_CELLS, fold)
        };
        match reduce(&matrix, request, alone) {
            Ok(grid) => Ok(Some(grid)),
            Err(error @ TensorError::Cancelled(_)) => Err(error.into()),
            Err(_) => Ok(None),
        }
    };
    let make = || -> Result<Vec<Grid>, Refusal> {
        let grids = share_out(chosen, work.threads, one);
        Ok(grids.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    };
    let key = (Of::Group(group), step, None, fold, (SHARED_CELLS, SHARED_CELLS));
    Ok(span_of(&sources.cells.get(key, make)?, wish, false))
}

fn span_of(grids: &[Grid], wish: &Wish, is_picture: bool) -> Span {
    let Some(share) = wish.quantile else {
        return Span::of_cells(grids.iter(), &wish.options, is_picture);
    };
    let values = grids.iter().flat_map(|grid| (0..grid.values.len()).map(|at| grid.value(at)));
    let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let (Some(&min), Some(&max)) = (values.first(), values.last()) else { return Span::EMPTY };
    let is_centred =
        wish.options.cmap.is_none_or(|map| map.kind() == hinton_chart::Kind::Diverging);
    let rank = |share: f64| ((values.len() - 1) as f64 * share).round() as usize;
    if is_centred {
        let mut magnitudes: Vec<f64> = values.iter().map(|value| value.abs()).collect();
        magnitudes.sort_by(f64::total_cmp);
        let reach = magnitudes[rank(share)];
        return Span::of_values(if min < 0.0 { -reach } else { 0.0 }, reach);
    }
    let tail = (1.0 - share) / 2.0;
    let (low, high) = (values[rank(tail)], values[rank(1.0 - tail)]);
    if low < high { Span::of_values(low, high) } else { Span::of_values(min, max) }
}

/// Colours over a span.
fn of_span(wish: &Wish, span: &Span, is_picture: bool) -> Value {
    let theme = Theme::named(wish.options.theme);
    let scale = ColorScale::fit(&wish.options, &theme, span, is_picture);
    let (one, two) = (scale.steps(), scale.two_way_steps());
    let two = match wish.options.reduce {
        Some(Fold::Ink) => ink_steps(&scale),
        _ => json!({
            "strength": bits(&two.strength),
            "balance": bits(&two.balance),
            "table": table(&two.colors),
        }),
    };
    let (low, high) = (scale.low(), scale.high());
    let ticks = TICKS.iter().map(|&at| {
        let value = match at {
            0.0 => low,
            1.0 => high,
            at => scale.value_at(at),
        };
        json!({ "at": at, "value": number(value), "text": short(value) })
    });
    json!({
        "low": number(low),
        "high": number(high),
        "map": scale.map().name(),
        "scale": match scale.kind() {
            ScaleKind::Linear => "linear",
            ScaleKind::Sqrt => "sqrt",
            ScaleKind::Symlog => "symlog",
        },
        "zeroIsMiddle": scale.zero_is_middle(),
        "one": { "thresholds": bits(&one.thresholds), "table": table(&one.colors) },
        "two": two,
        "nan": theme.nan.hex(),
        "posInf": theme.pos_inf.hex(),
        "negInf": theme.neg_inf.hex(),
        "paper": theme.page.hex(),
        "ink": theme.ink.hex(),
        "legend": { "ticks": ticks.collect::<Vec<_>>() },
    })
}

/// The colours of cells that hold the mean of the positive parts and that of the negative ones: those
/// of their difference, in steps of a sixteenth of the range.
fn ink_steps(scale: &ColorScale) -> Value {
    const STEPS: usize = 32;
    let reach = scale.low().abs().max(scale.high().abs());
    let edge = |step: usize| ((step as f64 - 0.5) * reach / STEPS as f64) as f32;
    let edges: Vec<f32> = (1..=STEPS).map(edge).collect();
    let middle = |step: usize| step as f64 * reach / STEPS as f64;
    let colors: Vec<Color> = (0..=STEPS)
        .flat_map(|up| (0..=STEPS).map(move |down| (up, down)))
        .map(|(up, down)| scale.color(middle(up) - middle(down)))
        .collect();
    json!({ "strength": bits(&edges), "balance": bits(&edges), "table": table(&colors) })
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Colours as hexadecimal digits, six each.
fn table(colors: &[Color]) -> String {
    colors.iter().map(|color| color.hex().trim_start_matches('#').to_owned()).collect()
}
