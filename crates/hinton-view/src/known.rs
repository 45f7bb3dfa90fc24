//! What has been computed about a tensor in advance, stored compactly: a checkpoint may have tens
//! of thousands of tensors, and a run as many per step.

use hinton::check::Finding;
use hinton::tensors::Summary;
use hinton_tensor::Tensor;
use serde_json::{Value, json};

use crate::answer::{number, number_or_null};
use crate::values::rms;

/// Bins of the histogram of a row.
const BINS: usize = 24;
/// Share of the values that it leaves out at each end.
const TAIL: f64 = 0.001;
/// Most places of a kind of fault in one tensor.
const MOST_PLACES: usize = 8;

/// Statistics of a tensor, or why there are none.
pub(crate) enum Row {
    Read(Box<Figures>),
    Failed(Box<str>),
}

/// Statistics of a tensor.
pub(crate) struct Figures {
    rms: Option<f64>,
    mean: Option<f64>,
    std: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    kurtosis: Option<f64>,
    nan: u64,
    inf: u64,
    zeros: u64,
    /// One of this many values was read; 1 means all.
    sampled: u64,
    histogram: Option<Histogram>,
}

/// Counts between two quantiles.
struct Histogram {
    low: f64,
    high: f64,
    counts: Box<[u64]>,
}

impl Row {
    /// Of the statistics of one of every `sampled` values.
    pub(crate) fn of(summary: &Summary, sampled: u64) -> Self {
        let ends = summary.quantile(TAIL).zip(summary.quantile(1.0 - TAIL));
        let histogram = ends.map(|(low, high)| {
            let counts = summary.histogram(low, high, BINS).into();
            Histogram { low, high, counts }
        });
        Row::Read(Box::new(Figures {
            rms: rms(summary),
            mean: summary.mean(),
            std: summary.std(),
            min: summary.min(),
            max: summary.max(),
            kurtosis: summary.kurtosis(),
            nan: summary.nan,
            inf: summary.pos_inf + summary.neg_inf,
            zeros: summary.zeros,
            sampled,
            histogram,
        }))
    }

    /// As a cache stores it; nothing of what could not be read, or was read in part.
    pub(crate) fn to_cache(&self) -> Value {
        let figures = match self {
            Row::Read(figures) if figures.sampled == 1 => figures,
            _ => return Value::Null,
        };
        let bits = |value: Option<f64>| value.map(f64::to_bits);
        json!({
            "rms": bits(figures.rms),
            "mean": bits(figures.mean),
            "std": bits(figures.std),
            "min": bits(figures.min),
            "max": bits(figures.max),
            "kurtosis": bits(figures.kurtosis),
            "nan": figures.nan,
            "inf": figures.inf,
            "zeros": figures.zeros,
            "histogram": figures.histogram.as_ref().map(|one| {
                json!([one.low.to_bits(), one.high.to_bits(), one.counts])
            }),
        })
    }

    /// What [`to_cache`](Row::to_cache) stored.
    pub(crate) fn from_cache(stored: &Value) -> Option<Self> {
        let number = |name: &str| match stored.get(name)? {
            Value::Null => Some(None),
            bits => Some(Some(f64::from_bits(bits.as_u64()?))),
        };
        let count = |name: &str| stored.get(name)?.as_u64();
        let histogram = match stored.get("histogram")? {
            Value::Null => None,
            one => {
                let counts = one[2].as_array()?.iter().map(Value::as_u64);
                Some(Histogram {
                    low: f64::from_bits(one[0].as_u64()?),
                    high: f64::from_bits(one[1].as_u64()?),
                    counts: counts.collect::<Option<Box<[u64]>>>()?,
                })
            }
        };
        Some(Row::Read(Box::new(Figures {
            rms: number("rms")?,
            mean: number("mean")?,
            std: number("std")?,
            min: number("min")?,
            max: number("max")?,
            kurtosis: number("kurtosis")?,
            nan: count("nan")?,
            inf: count("inf")?,
            zeros: count("zeros")?,
            sampled: 1,
            histogram,
        })))
    }

    /// Bytes that it takes, itself included.
    pub(crate) fn bytes(&self) -> usize {
        let beside = match self {
            Row::Read(figures) => {
                let counts = figures.histogram.as_ref().map_or(0, |one| size_of_val(&*one.counts));
                size_of::<Figures>() + counts
            }
            Row::Failed(text) => text.len(),
        };
        size_of::<Row>() + beside
    }

    /// As the page reads it.
    pub(crate) fn json(&self, tensor: usize) -> Value {
        let figures = match self {
            Row::Read(figures) => figures,
            Row::Failed(error) => return json!({ "t": tensor, "error": error }),
        };
        let histogram = figures.histogram.as_ref();
        json!({
            "t": tensor,
            "rms": number_or_null(figures.rms),
            "mean": number_or_null(figures.mean),
            "std": number_or_null(figures.std),
            "min": number_or_null(figures.min),
            "max": number_or_null(figures.max),
            "nan": figures.nan,
            "inf": figures.inf,
            "zeros": figures.zeros,
            "kurtosis": number_or_null(figures.kurtosis),
            "sampled": figures.sampled,
            "low": histogram.map(|one| number(one.low)),
            "high": histogram.map(|one| number(one.high)),
            "histogram": histogram.map(|one| &one.counts),
        })
    }
}

impl Figures {
    /// What is wrong with the values of a sample, of which no places are known.
    pub(crate) fn faults(&self) -> Vec<Fault> {
        let fault = |code, count: u64, what: &str| Fault {
            code,
            is_fault: true,
            text: format!("{count} {what} among the values that were sampled").into(),
            count,
            places: Box::default(),
        };
        let found = [("nan", self.nan, "NaN"), ("inf", self.inf, "infinities")];
        let found = found.into_iter().filter(|&(_, count, _)| count > 0);
        found.map(|(code, count, what)| fault(code, count, what)).collect()
    }

    /// One of this many values was read; 1 means all.
    pub(crate) fn sampled(&self) -> u64 {
        self.sampled
    }
}

/// Something about a tensor's values that a person should know.
pub(crate) struct Fault {
    code: &'static str,
    is_fault: bool,
    text: Box<str>,
    count: u64,
    /// Cells of the matrix that the tensor is shown as.
    places: Box<[[usize; 2]]>,
}

impl Fault {
    /// Of a tensor that is shown as a matrix of this many columns.
    pub(crate) fn of(finding: Finding, stored: &Tensor, cols: usize) -> Self {
        let at = |place: &Vec<usize>| {
            let steps = place.iter().zip(stored.shape());
            let flat = steps.fold(0usize, |all, (index, length)| all * length + index);
            (place.len() == stored.shape().len() && cols > 0).then(|| [flat / cols, flat % cols])
        };
        Fault {
            code: finding.kind.name,
            is_fault: finding.kind.is_fault,
            places: finding.places.iter().take(MOST_PLACES).filter_map(at).collect(),
            text: finding.message.into(),
            count: finding.count,
        }
    }

    /// As a cache stores it.
    pub(crate) fn to_cache(&self) -> Value {
        json!({ "code": self.code, "text": self.text, "count": self.count, "places": self.places })
    }

    /// What [`to_cache`](Fault::to_cache) stored; `None` if there is no such kind of fault.
    pub(crate) fn from_cache(stored: &Value) -> Option<Self> {
        let kind = hinton::check::named(stored["code"].as_str()?)?;
        let place = |place: &Value| {
            let index = |axis: usize| usize::try_from(place[axis].as_u64()?).ok();
            Some([index(0)?, index(1)?])
        };
        Some(Fault {
            code: kind.name,
            is_fault: kind.is_fault,
            text: stored["text"].as_str()?.into(),
            count: stored["count"].as_u64()?,
            places: stored["places"].as_array()?.iter().map(place).collect::<Option<_>>()?,
        })
    }

    /// Bytes that it takes, itself included.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Fault>() + self.text.len() + size_of_val(&*self.places)
    }

    /// As the page reads it.
    pub(crate) fn json(&self, tensor: usize) -> Value {
        json!({
            "t": tensor,
            "code": self.code,
            "fault": self.is_fault,
            "text": self.text,
            "count": self.count,
            "at": self.places.first(),
            "places": self.places,
        })
    }
}
