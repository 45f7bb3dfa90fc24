//! Models of llama2.c and llm.c: a few settings, then the values of all weights in a fixed order.
//!
//! Layouts: `export.py` of <https://github.com/karpathy/llama2.c> (`legacy_export`, `version1_export`,
//! `version2_export`), `write_model` in `train_gpt2.py` of <https://github.com/karpathy/llm.c>.

use hinton_tensor::{Dtype, Endian, Tensor, View, element_count};

use super::FormatRow;
use super::affine::{Affine, Steps, dequantised};
use crate::source::read_head;
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "llama2c",
    about: "models of llama2.c and llm.c (stories15M.bin, gpt2_124M.bin)",
    help: "Read: llama2.c's export of versions 0, 1 and 2 (quantised to 8 bits), under the names that the \
           .pt has; llm.c's GPT-2 of versions 1 to 5 in f32 and bf16, under GPT-2's names, with the axes as \
           they are stored: [out, in]. Version 0 has no mark: a file is one where its settings give its \
           exact length. Not read: llm.c's Llama 3 and its state of a training. Layout: export.py of \
           llama2.c, train_gpt2.py of llm.c",
    quantised: "version 2 of llama2.c: 8 bits with a scale for each group, decoded",
    extensions: &["bin"],
    sniff,
    open,
};

/// `ak42` of llama2.c from version 1 on.
const LLAMA: u32 = 0x616b_3432;
const GPT2: u32 = 20_240_326;
/// Bytes of a header with a mark.
const HEADER: u64 = 256;
const GPT2_HEADER: u64 = 1024;

/// A weight: its name, shape, and how its values are stored.
struct Weight {
    name: String,
    shape: Vec<usize>,
    dtype: Dtype,
    /// Values that share a scale, where it is quantised.
    group: Option<u64>,
}

impl Weight {
    fn plain(name: impl Into<String>, shape: &[usize], dtype: Dtype) -> Self {
        Weight { name: name.into(), shape: shape.to_vec(), dtype, group: None }
    }

    /// Bytes of its values and of its scales.
    fn bytes(&self) -> Option<(u64, u64)> {
        let count = element_count(&self.shape)?;
        let scales = match self.group {
            Some(group) => count.checked_div(group)?.checked_mul(4)?,
            None => 0,
        };
        Some((self.dtype.bytes_of(count)?, scales))
    }
}

/// What a file holds.
struct Layout {
    metadata: Vec<(String, String)>,
    start: u64,
    weights: Vec<Weight>,
}

impl Layout {
    /// Bytes of the whole file.
    fn len(&self) -> Option<u64> {
        self.weights.iter().try_fold(self.start, |all, weight| {
            let (values, scales) = weight.bytes()?;
            all.checked_add(values)?.checked_add(scales)
        })
    }
}

/// The 32-bit numbers of a header.
fn numbers(bytes: &[u8]) -> Vec<i32> {
    bytes.as_chunks::<4>().0.iter().map(|number| i32::from_le_bytes(*number)).collect()
}

fn sniff(head: &Head<'_>) -> Sniff {
    match layout(head.bytes) {
        // Without a mark only the length speaks for it; of packed data it is not known yet.
        Some(Ok(layout)) if layout.start < HEADER => match head.len {
            None => Sniff::Likely,
            len if layout.len() == len => Sniff::Certain,
            _ => Sniff::No,
        },
        Some(_) => Sniff::Certain,
        None => Sniff::No,
    }
}

/// The layout that a header gives; `None` where it is none.
fn layout(bytes: &[u8]) -> Option<Result<Layout, Error>> {
    let header = numbers(bytes.get(..bytes.len().min(GPT2_HEADER as usize))?);
    match *header.as_slice() {
        [first, version, ref rest @ ..] if first.cast_unsigned() == LLAMA => {
            Some(marked_llama(version, rest, bytes))
        }
        [first, version, ref rest @ ..] if first.cast_unsigned() == GPT2 => {
            Some(gpt2(version, rest))
        }
        ref settings => {
            let settings: &[i32; 7] = settings.first_chunk()?;
            let sizes = Sizes::of(settings)?;
            Some(Ok(legacy(&sizes)))
        }
    }
}

/// The settings of a Llama.
struct Sizes {
    dim: usize,
    hidden: usize,
    layers: usize,
    kv_dim: usize,
    head: usize,
    vocabulary: usize,
    context: usize,
    /// Whether the last matrix is the first one again.
    is_shared: bool,
    metadata: Vec<(String, String)>,
}

impl Sizes {
    /// Checked, so that no size can be absurd.
    fn of(settings: &[i32; 7]) -> Option<Self> {
        let [dim, hidden, layers, heads, kv_heads, vocabulary, context] = *settings;
        let small = |value: i32, most: i32| (1..=most).contains(&value);
        let fits = small(dim, 1 << 16)
            && small(hidden, 1 << 18)
            && small(layers, 1 << 10)
            && small(heads, 1 << 10)
            && small(kv_heads, heads)
            && heads % kv_heads == 0
            && dim % heads == 0
            && small(vocabulary.saturating_abs(), 1 << 22)
            && small(context, 1 << 22);
        let names =
            ["dim", "hidden_dim", "n_layers", "n_heads", "n_kv_heads", "vocab_size", "max_seq_len"];
        let pair =
            |(name, value): (&str, &i32)| (name.to_owned(), value.unsigned_abs().to_string());
        let size = |value: i32| value.unsigned_abs() as usize;
        fits.then(|| Sizes {
            dim: size(dim),
            hidden: size(hidden),
            layers: size(layers),
            kv_dim: size(dim / heads * kv_heads),
            head: size(dim / heads),
            vocabulary: size(vocabulary),
            context: size(context),
            is_shared: vocabulary > 0,
            metadata: names.into_iter().zip(settings).map(pair).collect(),
        })
    }

    /// A matrix of each layer, one layer behind another.
    fn layers(&self, name: &str, shape: &[usize]) -> Vec<Weight> {
        let name = |layer| format!("layers.{layer}.{name}.weight");
        (0..self.layers).map(|layer| Weight::plain(name(layer), shape, Dtype::F32)).collect()
    }

    /// The matrices of the layers, in the order of the files.
    fn matrices(&self) -> [(&'static str, [usize; 2]); 7] {
        let (dim, hidden) = (self.dim, self.hidden);
        [
            ("attention.wq", [dim, dim]),
            ("attention.wk", [self.kv_dim, dim]),
            ("attention.wv", [self.kv_dim, dim]),
            ("attention.wo", [dim, dim]),
            ("feed_forward.w1", [hidden, dim]),
            ("feed_forward.w2", [dim, hidden]),
            ("feed_forward.w3", [hidden, dim]),
        ]
    }
}

/// Version 0: no mark, seven settings.
fn legacy(sizes: &Sizes) -> Layout {
    let mut weights =
        vec![Weight::plain("tok_embeddings.weight", &[sizes.vocabulary, sizes.dim], Dtype::F32)];
    for (index, (name, shape)) in sizes.matrices().into_iter().enumerate() {
        match index {
            0 => weights.extend(sizes.layers("attention_norm", &[sizes.dim])),
            4 => weights.extend(sizes.layers("ffn_norm", &[sizes.dim])),
            _ => {}
        }
        weights.extend(sizes.layers(name, &shape));
    }
    weights.push(Weight::plain("norm.weight", &[sizes.dim], Dtype::F32));
    for name in ["freqs_cos", "freqs_sin"] {
        weights.push(Weight::plain(name, &[sizes.context, sizes.head / 2], Dtype::F32));
    }
    if !sizes.is_shared {
        weights.push(Weight::plain("output.weight", &[sizes.vocabulary, sizes.dim], Dtype::F32));
    }
    let mut metadata = vec![("layout".to_owned(), "llama2.c 0".to_owned())];
    metadata.extend(sizes.metadata.iter().cloned());
    Layout { metadata, start: 28, weights }
}

/// Versions 1 and 2, behind a mark.
fn marked_llama(version: i32, settings: &[i32], bytes: &[u8]) -> Result<Layout, Error> {
    let unsupported = |message: String| Error::new(ErrorKind::Unsupported, message).at_byte(4);
    if !(1..=2).contains(&version) {
        return Err(unsupported(format!("version {version} of llama2.c is not read, 0 to 2 are")));
    }
    let sizes = settings.first_chunk().and_then(Sizes::of);
    // Whether the last matrix is shared, a byte, and the length of a group behind it.
    let (Some(sizes), Some([shared, a, b, c, d])) =
        (sizes, bytes.get(36..).and_then(|b| b.first_chunk()))
    else {
        return Err(Error::malformed("its settings make no model").at_byte(8));
    };
    let group = i32::from_le_bytes([*a, *b, *c, *d]);
    let group = (version == 2).then_some(group);
    if group.is_some_and(|group| group < 1 || sizes.dim % group.unsigned_abs() as usize != 0) {
        return Err(Error::malformed("its groups do not divide its rows").at_byte(37));
    }
    let mut weights = sizes.layers("attention_norm", &[sizes.dim]);
    weights.extend(sizes.layers("ffn_norm", &[sizes.dim]));
    weights.push(Weight::plain("norm.weight", &[sizes.dim], Dtype::F32));
    let norms = weights.len();
    let ends = [sizes.vocabulary, sizes.dim];
    weights.push(Weight::plain("tok_embeddings.weight", &ends, Dtype::F32));
    for (name, shape) in sizes.matrices() {
        weights.extend(sizes.layers(name, &shape));
    }
    if *shared == 0 {
        weights.push(Weight::plain("output.weight", &ends, Dtype::F32));
    }
    if let Some(group) = group {
        for weight in &mut weights[norms..] {
            weight.dtype = Dtype::I8;
            weight.group = Some(u64::from(group.unsigned_abs()));
        }
    }
    let mut metadata = vec![("layout".to_owned(), format!("llama2.c {version}"))];
    metadata.extend(sizes.metadata);
    metadata.extend(group.map(|group| ("group_size".to_owned(), group.to_string())));
    Ok(Layout { metadata, start: HEADER, weights })
}

/// GPT-2 of llm.c: every kind of weight for all layers, then the next kind.
fn gpt2(version: i32, settings: &[i32]) -> Result<Layout, Error> {
    let dtype = match version {
        1 | 3 => Dtype::F32,
        2 | 4 | 5 => Dtype::Bf16,
        _ => {
            let message = format!("version {version} of llm.c is not read, 1 to 5 are");
            return Err(Error::new(ErrorKind::Unsupported, message).at_byte(4));
        }
    };
    let [context, vocabulary, layers, heads, width, padded, ..] = *settings else {
        return Err(Error::malformed("the header is cut short").at_byte(8));
    };
    // Before version 3 the vocabulary was not filled up.
    let rows = if version >= 3 { padded } else { vocabulary };
    let small = |value: i32, most: i32| (1..=most).contains(&value);
    let fits = small(context, 1 << 22)
        && small(vocabulary, 1 << 22)
        && small(rows, 1 << 22)
        && small(layers, 1 << 10)
        && small(heads, 1 << 10)
        && small(width, 1 << 16);
    if !fits {
        return Err(Error::malformed("its settings make no model").at_byte(8));
    }
    let size = |value: i32| value.unsigned_abs() as usize;
    let (wide, layers) = (size(width), size(layers));
    let kinds: [(&str, Vec<usize>); 12] = [
        ("ln_1.weight", vec![wide]),
        ("ln_1.bias", vec![wide]),
        ("attn.c_attn.weight", vec![3 * wide, wide]),
        ("attn.c_attn.bias", vec![3 * wide]),
        ("attn.c_proj.weight", vec![wide, wide]),
        ("attn.c_proj.bias", vec![wide]),
        ("ln_2.weight", vec![wide]),
        ("ln_2.bias", vec![wide]),
        ("mlp.c_fc.weight", vec![4 * wide, wide]),
        ("mlp.c_fc.bias", vec![4 * wide]),
        ("mlp.c_proj.weight", vec![wide, 4 * wide]),
        ("mlp.c_proj.bias", vec![wide]),
    ];
    let mut weights = vec![
        Weight::plain("transformer.wte.weight", &[size(rows), wide], dtype),
        Weight::plain("transformer.wpe.weight", &[size(context), wide], dtype),
    ];
    for (name, shape) in kinds {
        let name = |layer| format!("transformer.h.{layer}.{name}");
        weights.extend((0..layers).map(|layer| Weight::plain(name(layer), &shape, dtype)));
    }
    weights.push(Weight::plain("transformer.ln_f.weight", &[wide], dtype));
    weights.push(Weight::plain("transformer.ln_f.bias", &[wide], dtype));
    let names = ["max_seq_len", "vocab_size", "num_layers", "num_heads", "channels"];
    let mut metadata = vec![("layout".to_owned(), format!("llm.c gpt2 {version}"))];
    metadata.extend(
        names.iter().zip(settings).map(|(name, value)| ((*name).to_owned(), value.to_string())),
    );
    Ok(Layout { metadata, start: GPT2_HEADER, weights })
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let head = read_head(&*input.data, GPT2_HEADER)?;
    let layout = layout(&head).unwrap_or_else(|| {
        let found = crate::lookalike::first_bytes(&head);
        Err(Error::malformed(format!("expected settings of a model, found {found}")).at_byte(0))
    })?;
    if layout.weights.len() > limits.tensors {
        let message =
            format!("it has {} tensors, the limit is {}", layout.weights.len(), limits.tensors);
        return Err(Error::new(ErrorKind::Limit, message));
    }
    let have = input.data.len();
    let needs = layout.len().unwrap_or(u64::MAX);
    if needs > have {
        let message = format!("its settings ask for {needs} bytes, the file has {have}");
        return Err(Error::malformed(message)
            .at_byte(0)
            .cure("the file is cut or damaged: download or copy it again"));
    }
    let mut warnings = Vec::new();
    if needs < have {
        let message = format!("{} bytes after the values belong to no tensor", have - needs);
        warnings.push(Warning::file(message).as_fault());
    }
    let mut start = layout.start;
    let mut tensors = Vec::new();
    for weight in layout.weights {
        let (values, scales) = weight.bytes().unwrap_or_default();
        let tensor = |name: &str, shape: &[usize], dtype: Dtype, start: u64| {
            let (view, data) = (View::packed(shape), input.data.clone());
            Tensor::new(name, input.name.as_str(), dtype, Endian::Little, view, start, data)
        };
        let stored = tensor(&weight.name, &weight.shape, weight.dtype, start)?;
        start += values;
        let Some(group) = weight.group else {
            tensors.push(stored);
            continue;
        };
        let own = tensor(
            &format!("{}.scales", weight.name),
            &[(scales / 4) as usize],
            Dtype::F32,
            start,
        )?;
        start += scales;
        // Groups run through the values as they lie: rows are whole groups.
        let steps = Steps::Blocks { len: stored.elements(), inner: 1, block: group };
        let affine = Affine { scales: own, zeros: None, steps };
        let name = weight.name.clone();
        tensors.push(dequantised(&stored, &affine, &name)?);
    }
    Ok(Checkpoint::of_file(input, ROW.name, layout.metadata, tensors, warnings))
}
