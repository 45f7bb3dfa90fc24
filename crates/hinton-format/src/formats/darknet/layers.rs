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
    /// What the user should know.
    pub(super) note: Option<String>,
}

/// What a layer gives to the next: channels, height, width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Size {
    c: i64,
    h: i64,
    w: i64,
}

/// How a file of a version lies.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct How {
    /// Matrices of connected layers have inputs first.
    pub(super) transposed: bool,
    /// Written by AlexeyAB's Darknet (0.2.5), whose recurrent and batchnorm layers differ.
    pub(super) forked: bool,
}

/// Largest extent of anything: products of four stay below 2^63.
const MOST: i64 = 1 << 15;

/// Splits `floats` values as the text of a `.cfg` says. The file may end behind any layer.
///
/// # Errors
/// Why the text does not fit the values.
pub(super) fn split(text: &str, floats: u64, how: How, limits: &Limits) -> Result<Split, String> {
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
    let mut walk = Walk { sizes: Vec::new(), now: first, weights: Vec::new(), how };
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
    matches!(
        kind,
        "convolutional"
            | "conv"
            | "deconvolutional"
            | "deconv"
            | "connected"
            | "conn"
            | "local"
            | "batchnorm"
            | "rnn"
            | "crnn"
            | "lstm"
            | "gru"
    )
}

struct Walk {
    /// What each layer so far gives.
    sizes: Vec<Size>,
    now: Size,
    weights: Vec<Weights>,
    how: How,
}

impl Walk {
    fn layer(&mut self, number: usize, section: &Section<'_>) -> Result<(), String> {
        let Size { c, h, w } = self.now;
        let next = match section.kind {
            "convolutional" | "conv" => self.convolutional(number, section)?,
            "connected" | "conn" => self.connected(number, section)?,
            "deconvolutional" | "deconv" => self.deconvolutional(number, section)?,
            "local" => self.local(number, section)?,
            "batchnorm" => {
                if self.how.forked {
                    self.add(number, "batchnorm", "biases", &[c]);
                }
                self.statistics(&format!("{number}.batchnorm"), c);
                self.now
            }
            "rnn" | "lstm" | "gru" => self.recurrent(number, section)?,
            "crnn" => self.crnn(number, section)?,
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
        self.put(&format!("{number}.{kind}"), what, shape);
    }

    fn put(&mut self, layer: &str, what: &str, shape: &[i64]) {
        let name = format!("{layer}.{what}");
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
        let outputs = positive(section, "output", 1)?;
        let inputs = self.inputs(number)?;
        let normalised = section.number("batch_normalize", 0)? != 0;
        self.matrix(&format!("{number}.connected"), inputs, outputs, normalised);
        Ok(Size { c: outputs, h: 1, w: 1 })
    }

    /// Values that the layer gets.
    fn inputs(&self, number: usize) -> Result<i64, String> {
        let Size { c, h, w } = self.now;
        let inputs = c.checked_mul(h).and_then(|size| size.checked_mul(w));
        let most = MOST * MOST;
        inputs
            .filter(|inputs| (1..=most).contains(inputs))
            .ok_or_else(|| format!("layer {number} has inputs of {c} x {h} x {w}"))
    }

    /// A connected layer, or one inside another.
    fn matrix(&mut self, name: &str, inputs: i64, outputs: i64, normalised: bool) {
        self.put(name, "biases", &[outputs]);
        let shape = if self.how.transposed { [inputs, outputs] } else { [outputs, inputs] };
        self.put(name, "weights", &shape);
        if normalised {
            self.statistics(name, outputs);
        }
    }

    fn statistics(&mut self, name: &str, channels: i64) {
        for what in ["scales", "rolling_mean", "rolling_variance"] {
            self.put(name, what, &[channels]);
        }
    }

    /// Connected layers inside: of an [rnn] one after another, of others from the state (`w…`) and
    /// from the input (`u…`).
    fn recurrent(&mut self, number: usize, section: &Section<'_>) -> Result<Size, String> {
        let (kind, inputs) = (section.kind, self.inputs(number)?);
        let outputs = positive(section, "output", 1)?;
        let normalised = section.number("batch_normalize", 0)? != 0;
        let hidden = positive(section, "hidden", outputs)?;
        let (state, input) = ((outputs, outputs), (inputs, outputs));
        let parts: Vec<(&str, (i64, i64))> = match (kind, self.how.forked) {
            ("rnn", _) => vec![
                ("input", (inputs, hidden)),
                ("self", (hidden, hidden)),
                ("output", (hidden, outputs)),
            ],
            ("lstm", true) => ["wf", "wi", "wg", "wo", "uf", "ui", "ug", "uo"]
                .map(|part| (part, if part.starts_with('w') { state } else { input }))
                .to_vec(),
            ("lstm", false) => ["wi", "wf", "wo", "wg", "ui", "uf", "uo", "ug"]
                .map(|part| (part, if part.starts_with('w') { state } else { input }))
                .to_vec(),
            (_, true) => ["input_z", "input_r", "input_h", "state_z", "state_r", "state_h"]
                .map(|part| (part, if part.starts_with("state") { state } else { input }))
                .to_vec(),
            (_, false) => ["wz", "wr", "wh", "uz", "ur", "uh"]
                .map(|part| (part, if part.starts_with('w') { state } else { input }))
                .to_vec(),
        };
        for (part, (inputs, outputs)) in parts {
            self.matrix(&format!("{number}.{kind}.{part}"), inputs, outputs, normalised);
        }
        Ok(Size { c: outputs, h: 1, w: 1 })
    }

    /// Convolutions inside, of which each keeps the extents.
    fn crnn(&mut self, number: usize, section: &Section<'_>) -> Result<Size, String> {
        let Size { c, h, w } = self.now;
        let (hidden, output) = match self.how.forked {
            true => (positive(section, "hidden", 1)?, positive(section, "output", 1)?),
            false => {
                (positive(section, "hidden_filters", 1)?, positive(section, "output_filters", 1)?)
            }
        };
        let size = if self.how.forked { positive(section, "size", 3)? } else { 3 };
        let groups = if self.how.forked { positive(section, "groups", 1)? } else { 1 };
        if c <= 0 || c % groups != 0 || hidden % groups != 0 {
            return Err(format!("layer {number} has {c} channels in {groups} groups"));
        }
        let normalised = section.number("batch_normalize", 0)? != 0;
        for (part, from, to) in
            [("input", c, hidden), ("self", hidden, hidden), ("output", hidden, output)]
        {
            let name = format!("{number}.crnn.{part}");
            self.put(&name, "biases", &[to]);
            if normalised {
                self.statistics(&name, to);
            }
            self.put(&name, "weights", &[to, from / groups, size, size]);
        }
        Ok(Size { c: output, h, w })
    }

    /// A convolution with weights of its own at every place.
    fn local(&mut self, number: usize, section: &Section<'_>) -> Result<Size, String> {
        let Size { c, h, w } = self.now;
        let filters = positive(section, "filters", 1)?;
        let size = positive(section, "size", 1)?;
        let stride = positive(section, "stride", 1)?;
        // Padding is not a number here: with it the kernels stand on every place.
        let less = if section.number("pad", 0)? != 0 { 1 } else { size };
        let (high, wide) = ((h - less) / stride + 1, (w - less) / stride + 1);
        if c <= 0 || high <= 0 || wide <= 0 || high.saturating_mul(wide) > MOST {
            return Err(format!("layer {number} has {c} channels at {high} x {wide} places"));
        }
        self.add(number, "local", "biases", &[filters, high, wide]);
        self.add(number, "local", "weights", &[high * wide, filters, c, size, size]);
        Ok(Size { c: filters, h: high, w: wide })
    }

    fn deconvolutional(&mut self, number: usize, section: &Section<'_>) -> Result<Size, String> {
        let Size { c, h, w } = self.now;
        let filters = positive(section, "filters", 1)?;
        let size = positive(section, "size", 1)?;
        let stride = positive(section, "stride", 1)?;
        let padding = match section.number("pad", 0)? {
            0 => section.number("padding", 0)?.clamp(0, MOST),
            _ => size / 2,
        };
        if c <= 0 {
            return Err(format!("layer {number} has {c} channels"));
        }
        let name = format!("{number}.deconvolutional");
        self.put(&name, "biases", &[filters]);
        if section.number("batch_normalize", 0)? != 0 {
            self.statistics(&name, filters);
        }
        self.put(&name, "weights", &[c, filters, size, size]);
        let grown = |extent: i64| (extent - 1).saturating_mul(stride) + size - 2 * padding;
        Ok(Size { c: filters, h: grown(h), w: grown(w) })
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
        let split = split(CFG, whole, How::default(), &Limits::default()).unwrap();
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
    fn layers_of_other_kinds_lie_as_their_loaders_read_them() {
        let cfg = "[net]\nchannels=2\nheight=4\nwidth=4\n\
                   [batchnorm]\n\
                   [local]\nfilters=3\nsize=3\n\
                   [crnn]\nhidden_filters=4\noutput_filters=5\nbatch_normalize=1\n\
                   [deconvolutional]\nfilters=2\nsize=2\nstride=2\n\
                   [rnn]\noutput=6\nhidden=4\n\
                   [gru]\noutput=3\n[lstm]\noutput=2\n\
                   [connected]\noutput=2\nbatch_normalize=1\n";
        let count = |weights: &[Weights]| {
            let of = |one: &Weights| one.shape.iter().product::<usize>() as u64;
            weights.iter().map(of).sum::<u64>()
        };
        // How many there are is found by asking for too many.
        let all = |how| {
            let text = split(cfg, 1 << 40, how, &Limits::default()).unwrap_err();
            let left: u64 = text.split(' ').next().unwrap().parse().unwrap();
            let whole = (1 << 40) - left;
            let split = split(cfg, whole, how, &Limits::default()).unwrap();
            assert_eq!(count(&split.weights), whole);
            split
        };
        let first = all(How::default());
        let names = names(&first);
        let find = |name: &str| names.iter().find(|one| one.0 == name).map(|one| one.1);
        assert_eq!(names[0], ("0.batchnorm.scales", &[2][..]));
        assert_eq!(find("1.local.biases"), Some(&[3, 2, 2][..]));
        assert_eq!(find("1.local.weights"), Some(&[4, 3, 2, 3, 3][..]));
        assert_eq!(find("2.crnn.self.weights"), Some(&[4, 4, 3, 3][..]));
        assert_eq!(find("2.crnn.output.scales"), Some(&[5][..]));
        assert_eq!(find("3.deconvolutional.weights"), Some(&[5, 2, 2, 2][..]));
        assert_eq!(find("4.rnn.input.weights"), Some(&[4, 32][..]));
        assert_eq!(find("4.rnn.output.weights"), Some(&[6, 4][..]));
        assert_eq!(find("5.gru.wz.weights"), Some(&[3, 3][..]));
        assert_eq!(find("5.gru.uz.weights"), Some(&[3, 6][..]));
        assert_eq!(find("6.lstm.ug.weights"), Some(&[2, 3][..]));
        assert_eq!(names.last().unwrap().0, "7.connected.rolling_variance");
        let fork = cfg.replace("_filters=", "=");
        let fork =
            split(&fork, 1 << 40, How { forked: true, transposed: false }, &Limits::default());
        assert!(fork.unwrap_err().contains("belong to no layer"));
        let fork = all(How { forked: true, transposed: false });
        assert_eq!(fork.weights[0].name, "0.batchnorm.biases");
        assert!(fork.weights.iter().any(|one| one.name == "5.gru.state_h.weights"));
    }

    #[test]
    fn a_file_may_end_behind_a_layer_and_nowhere_else() {
        let limits = Limits::default();
        let part = split(CFG, 16 + 108, How::default(), &limits).unwrap();
        assert_eq!(part.weights.len(), 5);
        assert!(part.note.unwrap().contains("first 1 of the 5 layers"));
        let error = split(CFG, 16 + 109, How::default(), &limits).unwrap_err();
        assert!(error.contains("ends inside \"2.convolutional.biases\""), "{error}");
        let error = split(CFG, 1_000_000, How::default(), &limits).unwrap_err();
        assert!(error.contains("belong to no layer"), "{error}");
        assert!(split("[net]\n[odd]\n", 1, How::default(), &limits).unwrap_err().contains("[odd]"));
        assert!(split("[maxpool]\n", 1, How::default(), &limits).is_err());
        for odd in ["filters=0", "filters=-1", "filters=99999999999", "size=x", "groups=2"] {
            let text = format!("[net]\nchannels=3\n[convolutional]\n{odd}\n");
            assert!(split(&text, 1, How::default(), &limits).is_err(), "{odd}");
        }
    }
}
