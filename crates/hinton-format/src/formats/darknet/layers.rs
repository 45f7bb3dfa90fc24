//! From the sections of a `.cfg` to the shapes of the weights, in the order of the file.

use super::cfg::{Section, parse};
use crate::Limits;

/// A run of values of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Weights {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
}

/// All values, split into layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) weights: Vec<Weights>,
    /// What a person should know.
    pub(super) note: Option<String>,
}

/// What a layer gives to the next: channels, height, width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Size {
    c: i64,
    h: i64,
    w: i64,
}

/// Largest extent of anything: products of four stay below 2^63.
const MOST: i64 = 1 << 15;

/// Splits `floats` values as the text of a `.cfg` says. The file may end behind any layer.
///
/// # Errors
/// Why the text does not fit the values.
pub(super) fn split(
    text: &str,
    floats: u64,
    transposed: bool,
    limits: &Limits,
) -> Result<Split, String> {
    let sections = parse(text);
    let Some((net, layers)) =
        sections.split_first().filter(|(net, _)| matches!(net.kind, "net" | "network"))
    else {
        return Err("it does not begin with [net]".to_owned());
    };
    if layers.len() > limits.tensors {
        return Err(format!("it has {} layers", layers.len()));
    }
    let first = Size {
        c: net.number("channels", 0)?,
        h: net.number("height", 0)?,
        w: net.number("width", 0)?,
    };
    if [first.c, first.h, first.w].iter().any(|extent| !(0..=MOST).contains(extent)) {
        return Err(format!("its images have {} x {} x {} values", first.c, first.h, first.w));
    }
    let mut walk = Walk { sizes: Vec::new(), now: first, weights: Vec::new(), transposed };
    let mut left = floats;
    for (number, section) in layers.iter().enumerate() {
        if left == 0 {
            let behind = layers[number..].iter().any(|section| has_weights(section.kind));
            let note =
                format!("it holds the first {number} of the {} layers in the .cfg", layers.len());
            return Ok(Split { weights: walk.weights, note: behind.then_some(note) });
        }
        let before = walk.weights.len();
        walk.layer(number, section)?;
        for weights in &walk.weights[before..] {
            let count = hinton_tensor::element_count(&weights.shape).unwrap_or(u64::MAX);
            left = left.checked_sub(count).ok_or_else(|| {
                format!(
                    "the file ends inside {:?} of shape {:?}, {left} values before its end",
                    weights.name, weights.shape
                )
            })?;
        }
    }
    if left > 0 {
        return Err(format!("{left} of {floats} values belong to no layer"));
    }
    Ok(Split { weights: walk.weights, note: None })
}

fn has_weights(kind: &str) -> bool {
    matches!(kind, "convolutional" | "conv" | "connected" | "conn")
}

struct Walk {
    /// What each layer so far gives.
    sizes: Vec<Size>,
    now: Size,
    weights: Vec<Weights>,
    transposed: bool,
}

impl Walk {
    fn layer(&mut self, number: usize, section: &Section<'_>) -> Result<(), String> {
        let Size { c, h, w } = self.now;
        let next = match section.kind {
            "convolutional" | "conv" => self.convolutional(number, section)?,
            "connected" | "conn" => self.connected(number, section)?,
            "maxpool" | "max" => {
                let stride = positive(section, "stride", 1)?;
                let size = positive(section, "size", stride)?;
                let padding = section.number("padding", size - 1)?;
                Size { c, h: pooled(h, padding, size, stride), w: pooled(w, padding, size, stride) }
            }
            "avgpool" | "avg" => Size { c, h: 1, w: 1 },
            "route" => self.route(section)?,
            "upsample" => {
                let stride = positive(section, "stride", 2)?;
                Size { c, h: h.saturating_mul(stride), w: w.saturating_mul(stride) }
            }
            "reorg" => {
                let stride = positive(section, "stride", 1)?;
                let c = c.saturating_mul(stride).saturating_mul(stride);
                Size { c, h: h / stride, w: w / stride }
            }
            "scale_channels" | "sam" => {
                let from = section.number("from", -1)?;
                self.size_of(from)?
            }
            "shortcut" | "dropout" | "softmax" | "cost" | "yolo" | "Gaussian_yolo" | "region"
            | "detection" | "activation" | "logistic" | "l2norm" | "empty" | "silence" => self.now,
            other => return Err(format!("layer {number} is [{other}], which is not split")),
        };
        for extent in [next.c, next.h, next.w] {
            if extent > MOST * MOST {
                return Err(format!("layer {number} gives {} x {} x {}", next.c, next.h, next.w));
            }
        }
        self.sizes.push(next);
        self.now = next;
        Ok(())
    }

    fn add(&mut self, number: usize, kind: &str, what: &str, shape: &[i64]) {
        let name = format!("{number}.{kind}.{what}");
        let shape = shape.iter().map(|dim| *dim as usize).collect();
        self.weights.push(Weights { name, shape });
    }

    fn convolutional(&mut self, number: usize, section: &Section<'_>) -> Result<Size, String> {
        let Size { c, h, w } = self.now;
        let filters = positive(section, "filters", 1)?;
        let size = positive(section, "size", 1)?;
        let stride = positive(section, "stride", 1)?;
        let stride_x = positive(section, "stride_x", stride)?;
        let stride_y = positive(section, "stride_y", stride)?;
        let dilation = positive(section, "dilation", 1)?;
        let groups = positive(section, "groups", 1)?;
        let padding = if section.number("pad", 0)? != 0 {
            size / 2
        } else {
            section.number("padding", 0)?.clamp(0, MOST)
        };
        if c <= 0 || c % groups != 0 {
            return Err(format!("layer {number} has {c} channels in {groups} groups"));
        }
        let next = Size {
            c: filters,
            h: (h + 2 * padding * dilation - dilation * (size - 1) - 1) / stride_y + 1,
            w: (w + 2 * padding * dilation - dilation * (size - 1) - 1) / stride_x + 1,
        };
        // A layer that shares another's weights has none in the file.
        let shared = section.number("share_index", -1_000_000_000)? != -1_000_000_000;
        if !shared && section.number("dontload", 0)? == 0 {
            let kind = "convolutional";
            self.add(number, kind, "biases", &[filters]);
            if section.number("batch_normalize", 0)? != 0
                && section.number("dontloadscales", 0)? == 0
            {
                for what in ["scales", "rolling_mean", "rolling_variance"] {
                    self.add(number, kind, what, &[filters]);
                }
            }
            self.add(number, kind, "weights", &[filters, c / groups, size, size]);
        }
        Ok(next)
    }

    fn connected(&mut self, number: usize, section: &Section<'_>) -> Result<Size, String> {
        let Size { c, h, w } = self.now;
        let outputs = positive(section, "output", 1)?;
        let inputs = c.checked_mul(h).and_then(|size| size.checked_mul(w));
        let Some(inputs) = inputs.filter(|inputs| *inputs > 0) else {
            return Err(format!("layer {number} has inputs of {c} x {h} x {w}"));
        };
        let kind = "connected";
        self.add(number, kind, "biases", &[outputs]);
        let shape = if self.transposed { [inputs, outputs] } else { [outputs, inputs] };
        self.add(number, kind, "weights", &shape);
        if section.number("batch_normalize", 0)? != 0 {
            for what in ["scales", "rolling_mean", "rolling_variance"] {
                self.add(number, kind, what, &[outputs]);
            }
        }
        Ok(Size { c: outputs, h: 1, w: 1 })
    }

    /// What a layer named by its number, or by how far back it is, gives.
    fn size_of(&self, layer: i64) -> Result<Size, String> {
        let index = if layer < 0 { layer + self.sizes.len() as i64 } else { layer };
        let size = usize::try_from(index).ok().and_then(|index| self.sizes.get(index));
        size.copied().ok_or_else(|| format!("layer {} uses layer {layer}", self.sizes.len()))
    }

    fn route(&self, section: &Section<'_>) -> Result<Size, String> {
        let layers = section.numbers("layers")?;
        let groups = positive(section, "groups", 1)?;
        let first = layers.first().ok_or("a [route] of no layers")?;
        let mut size = self.size_of(*first)?;
        for layer in &layers[1..] {
            size.c = size.c.saturating_add(self.size_of(*layer)?.c);
        }
        Ok(Size { c: size.c / groups, ..size })
    }
}

fn pooled(extent: i64, padding: i64, size: i64, stride: i64) -> i64 {
    extent.saturating_add(padding).saturating_sub(size) / stride + 1
}

/// An option that must be a number from 1 on, and of a possible size.
fn positive(section: &Section<'_>, key: &str, default: i64) -> Result<i64, String> {
    let number = section.number(key, default)?;
    if (1..=MOST).contains(&number) {
        Ok(number)
    } else {
        Err(format!("{key} of [{}] is {number}", section.kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CFG: &str = "[net]\nchannels=3\nheight=8\nwidth=8\n\
                       [convolutional]\nfilters=4\nsize=3\npad=1\nbatch_normalize=1\n\
                       [maxpool]\nsize=2\nstride=2\n\
                       [convolutional]\nfilters=2\ngroups=2\n\
                       [route]\nlayers=-1,0\n\
                       [connected]\noutput=5\n";

    fn names(split: &Split) -> Vec<(&str, &[usize])> {
        split.weights.iter().map(|one| (&*one.name, &*one.shape)).collect()
    }

    #[test]
    fn layers_follow_each_other() {
        let whole = 4 * 4 + 4 * 27 + 2 + 2 * 2 + 5 + 5 * 6 * 16;
        let split = split(CFG, whole, false, &Limits::default()).unwrap();
        assert_eq!(split.note, None);
        assert_eq!(
            names(&split),
            [
                ("0.convolutional.biases", &[4][..]),
                ("0.convolutional.scales", &[4]),
                ("0.convolutional.rolling_mean", &[4]),
                ("0.convolutional.rolling_variance", &[4]),
                ("0.convolutional.weights", &[4, 3, 3, 3]),
                ("2.convolutional.biases", &[2]),
                ("2.convolutional.weights", &[2, 2, 1, 1]),
                ("4.connected.biases", &[5]),
                ("4.connected.weights", &[5, 96]),
            ]
        );
    }

    #[test]
    fn a_file_may_end_behind_a_layer_and_nowhere_else() {
        let limits = Limits::default();
        let part = split(CFG, 16 + 108, false, &limits).unwrap();
        assert_eq!(part.weights.len(), 5);
        assert!(part.note.unwrap().contains("first 1 of the 5 layers"));
        let error = split(CFG, 16 + 109, false, &limits).unwrap_err();
        assert!(error.contains("ends inside \"2.convolutional.biases\""), "{error}");
        let error = split(CFG, 1_000_000, false, &limits).unwrap_err();
        assert!(error.contains("belong to no layer"), "{error}");
        assert!(split("[net]\n[lstm]\n", 1, false, &limits).unwrap_err().contains("[lstm]"));
        assert!(split("[maxpool]\n", 1, false, &limits).is_err());
        for odd in ["filters=0", "filters=-1", "filters=99999999999", "size=x", "groups=2"] {
            let text = format!("[net]\nchannels=3\n[convolutional]\n{odd}\n");
            assert!(split(&text, 1, false, &limits).is_err(), "{odd}");
        }
    }
}
