//! What a model's settings say about its matrices: which rows or columns belong to an attention
//! head, to queries, keys or values, or to an expert.
//!
//! The settings are the `config.json` next to a file, or the metadata inside it (GGUF). They are
//! used only if the tensor's name identifies it and its shape agrees with the settings.

use std::sync::Arc;

use hinton_compare::{Heads, canonical};
use hinton_format::{CONFIG, CONFIGURED, Checkpoint};
use hinton_words::Sections;

/// Words of a `config.json` for a number, and the end of GGUF's key for it.
type Words = (&'static [&'static str], &'static str);

const QUERY_HEADS: Words =
    (&["num_attention_heads", "n_head", "num_heads", "n_heads"], ".attention.head_count");
const KEY_HEADS: Words =
    (&["num_key_value_heads", "num_kv_heads", "n_kv_heads"], ".attention.head_count_kv");
const HEAD_ROWS: Words = (&["head_dim", "d_kv"], ".attention.key_length");
const HIDDEN: Words = (&["hidden_size", "n_embd", "d_model", "dim"], ".embedding_length");
const EXPERTS: Words = (&["num_local_experts", "num_experts", "n_routed_experts"], ".expert_count");

/// What the modules of attention are called, behind the names that [`canonical`] knows.
const ROLES: &[(Role, &[&str])] = &[
    (Role::Query, &["q_proj", "wq", "query", "q_lin", "q", "to_q"]),
    (Role::Key, &["k_proj", "wk", "key", "k_lin", "k", "to_k"]),
    (Role::Value, &["v_proj", "wv", "value", "v_lin", "v", "to_v"]),
    (Role::Output, &["o_proj", "wo", "out_proj", "out_lin", "o"]),
    (Role::Fused, &["qkv_proj", "qkv", "Wqkv", "in_proj"]),
    (Role::GateUp, &["gate_up_proj"]),
    (Role::Router, &["gate", "router", "classifier"]),
];

/// Models that keep query, key and value of a head side by side in `query_key_value`.
const BY_HEAD: &[&str] = &["GPTNeoX", "gpt_neox", "Bloom", "bloom"];
/// Models whose weights are `[in, out]`, as the class `Conv1D` of transformers has them.
const IN_OUT: &[&str] = &["GPT2", "gpt2", "OpenAIGPT", "openai-gpt", "ImageGPT", "imagegpt"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Query,
    Key,
    Value,
    Output,
    Fused,
    GateUp,
    Router,
}

/// What is known of the parts of a model's matrices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Structure {
    heads: Option<Heads>,
    head_rows: Option<usize>,
    hidden: Option<usize>,
    experts: Option<usize>,
    architecture: String,
    /// Where the file says that, for the user.
    told_by: &'static str,
}

/// The parts of rows and of columns.
type Parts = [Option<Arc<Sections>>; 2];

impl Structure {
    /// What a file's metadata say; `None` where they say neither of heads nor of experts.
    pub fn of(file: &Checkpoint) -> Option<Structure> {
        let number = |(words, end): Words| -> Option<(usize, bool)> {
            let plain = |key: &str| key.strip_prefix(CONFIG).unwrap_or(key).to_owned();
            let is_named = |key: &str| words.contains(&plain(key).as_str());
            let entries = || file.metadata.iter();
            // What stands in the file is of this very file.
            let entry = entries()
                .find(|(key, _)| key.ends_with(end))
                .or_else(|| entries().find(|(key, _)| is_named(key)))?;
            let count = entry.1.parse().ok().filter(|&count| count > 0)?;
            Some((count, entry.0.starts_with(CONFIG)))
        };
        let query = number(QUERY_HEADS);
        let experts = number(EXPERTS);
        let is_config = query.or(experts)?.1;
        let key = number(KEY_HEADS).or(query);
        let heads = query.zip(key).map(|((query, _), (key, _))| Heads { query, key });
        let architecture = file.metadata.iter().find(|(key, _)| key == CONFIGURED);
        Some(Structure {
            heads,
            head_rows: number(HEAD_ROWS).map(|found| found.0),
            hidden: number(HIDDEN).map(|found| found.0),
            experts: experts.map(|found| found.0),
            architecture: architecture.map_or(String::new(), |(_, name)| name.clone()),
            told_by: if is_config { "config.json" } else { "the file's metadata" },
        })
    }

    /// How many attention heads there are.
    pub fn heads(&self) -> Option<Heads> {
        self.heads
    }

    /// The parts of the rows and columns of a matrix of that name and shape.
    pub fn parts(&self, name: &str, shape: &[usize]) -> Parts {
        let &[rows, cols] = shape else { return [None, None] };
        let Some(role) = role(name) else { return [None, None] };
        // The axis along which what is computed lies.
        let is_turned = self.is_in_out(name);
        let (out, input) = if is_turned { (cols, rows) } else { (rows, cols) };
        let (of_out, of_input) = match role {
            Role::Query => (self.of_heads(out, true), None),
            Role::Key | Role::Value => (self.of_heads(out, false), None),
            Role::Output => (None, self.of_heads(input, true)),
            Role::Fused => (self.of_fused(name, out), None),
            Role::GateUp => (self.of_gate_up(out), None),
            Role::Router => (self.of_router(out), None),
        };
        let [of_out, of_input] = [of_out, of_input].map(|parts| {
            let (parts, about) = parts?;
            Sections::new(&parts, format!("{about} ({})", self.told_by))
        });
        if is_turned { [of_input, of_out] } else { [of_out, of_input] }
    }

    /// Whether weights of that name are stored `[in, out]`.
    fn is_in_out(&self, name: &str) -> bool {
        let is_conv1d = IN_OUT.iter().any(|model| self.architecture.starts_with(model));
        name.ends_with("kernel") || name.ends_with("kernel:0") || is_conv1d
    }

    /// Values of a head: as the settings say, or the model's width shared out.
    fn head_values(&self) -> Option<usize> {
        let share = || {
            let (hidden, heads) = (self.hidden?, self.heads?.query);
            hidden.is_multiple_of(heads).then(|| hidden / heads)
        };
        self.head_rows.or_else(share)
    }

    /// An axis that holds all heads of queries, or of keys or values, one behind the other.
    fn of_heads(&self, length: usize, is_query: bool) -> Option<(Vec<(usize, String)>, String)> {
        let heads = self.heads?;
        let count = if is_query { heads.query } else { heads.key };
        let values = match self.head_values() {
            Some(values) => values,
            None => length.is_multiple_of(count).then(|| length / count)?,
        };
        if values < 2 || values.checked_mul(count) != Some(length) {
            return None;
        }
        let what = if is_query || heads.query == heads.key { "heads" } else { "key/value heads" };
        Some((numbered("head", count, values), format!("{count} {what} of {values}")))
    }

    /// An axis that holds all queries, then all keys, then all values; or these three of each head.
    fn of_fused(&self, name: &str, length: usize) -> Option<(Vec<(usize, String)>, String)> {
        let heads = self.heads?;
        let all = heads.query.checked_add(heads.key.checked_mul(2)?)?;
        let values = match self.head_values() {
            Some(values) => values,
            None => length.is_multiple_of(all).then(|| length / all)?,
        };
        if values < 2 || values.checked_mul(all) != Some(length) {
            return None;
        }
        if name.contains("query_key_value") {
            let is_by_head = BY_HEAD.iter().any(|model| self.architecture.starts_with(model));
            let fits = is_by_head && heads.query == heads.key;
            let about = format!("{} heads, each q, k and v of {values}", heads.query);
            return fits.then(|| (numbered("head", heads.query, values * 3), about));
        }
        let part = |name: &str, heads: usize| (heads * values, name.to_owned());
        let parts = vec![part("q", heads.query), part("k", heads.key), part("v", heads.key)];
        let about = match heads.query == heads.key {
            true => format!("q, k and v, each {} heads of {values}", heads.query),
            false => format!("{} heads q, {} heads k and v, of {values}", heads.query, heads.key),
        };
        Some((parts, about))
    }

    fn of_gate_up(&self, length: usize) -> Option<(Vec<(usize, String)>, String)> {
        let half = length.is_multiple_of(2).then_some(length / 2)?;
        let parts = vec![(half, "gate".to_owned()), (half, "up".to_owned())];
        Some((parts, format!("gate and up of {half}")))
    }

    /// An axis of one position an expert.
    fn of_router(&self, length: usize) -> Option<(Vec<(usize, String)>, String)> {
        let experts = self.experts.filter(|&experts| experts == length)?;
        Some((numbered("expert", experts, 1), format!("{experts} experts")))
    }
}

fn numbered(noun: &str, count: usize, length: usize) -> Vec<(usize, String)> {
    (0..count).map(|number| (length, format!("{noun} {number}"))).collect()
}

/// What a weight is by its name.
fn role(name: &str) -> Option<Role> {
    let name = canonical(name);
    let mut pieces = name.rsplit('.');
    if pieces.next()? != "weight" {
        return None;
    }
    let module = pieces.next()?;
    let role = ROLES.iter().find(|(_, names)| names.contains(&module))?.0;
    // Words as short as these mean other things elsewhere.
    let is_of_attention = || name.to_ascii_lowercase().contains("att");
    let is_of_experts = || pieces.clone().any(|piece| matches!(piece, "mlp" | "block_sparse_moe"));
    let is_sure = match role {
        Role::GateUp => true,
        Role::Router => module == "classifier" || is_of_experts(),
        _ => is_of_attention(),
    };
    is_sure.then_some(role)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(metadata: &[(&str, &str)]) -> Structure {
        let metadata = metadata.iter().map(|(key, value)| ((*key).into(), (*value).into()));
        let file = Checkpoint {
            path: String::new(),
            format: "safetensors",
            metadata: metadata.collect(),
            tensors: Vec::new(),
            files: Vec::new(),
            warnings: Vec::new(),
        };
        Structure::of(&file).unwrap()
    }

    fn about(structure: &Structure, name: &str, shape: [usize; 2]) -> [String; 2] {
        structure
            .parts(name, &shape)
            .map(|parts| parts.map_or(String::new(), |parts| parts.about().to_owned()))
    }

    #[test]
    fn heads_are_believed_where_name_and_shape_agree() {
        let bert = file(&[
            ("config.json: num_attention_heads", "12"),
            ("config.json: hidden_size", "384"),
        ]);
        let layer = "encoder.layer.0.attention";
        let heads = "12 heads of 32 (config.json)";
        let of = |end: &str, shape| about(&bert, &format!("{layer}.{end}"), shape);
        assert_eq!(of("self.query.weight", [384, 384]), [heads, ""]);
        assert_eq!(of("self.value.weight", [384, 384]), [heads, ""]);
        assert_eq!(of("output.dense.weight", [384, 384]), ["", heads]);
        // TensorFlow and Flax write [in, out].
        assert_eq!(of("self/query/kernel:0", [384, 384]), ["", heads]);
        for (name, shape) in [
            ("self.query.weight", [768, 384]),
            ("self.query.bias", [384, 384]),
            ("self.query.weight", [12, 384]),
            ("output.LayerNorm.weight", [384, 384]),
        ] {
            assert_eq!(of(name, shape), ["", ""], "{name} {shape:?}");
        }
        assert_eq!(about(&bert, "encoder.layer.0.intermediate.dense.weight", [384, 384]), ["", ""]);
        assert_eq!(about(&bert, "dictionary.key.weight", [384, 384]), ["", ""]);
    }

    #[test]
    fn keys_have_heads_of_their_own() {
        let llama = file(&[
            ("llama.attention.head_count", "32"),
            ("llama.attention.head_count_kv", "4"),
            ("llama.embedding_length", "2048"),
        ]);
        let of = |name, shape| about(&llama, name, shape)[0].clone();
        assert_eq!(of("blk.0.attn_q.weight", [2048, 2048]), "32 heads of 64 (the file's metadata)");
        let key = "4 key/value heads of 64 (the file's metadata)";
        assert_eq!(of("blk.0.attn_k.weight", [256, 2048]), key);
        assert_eq!(of("model.layers.3.self_attn.v_proj.weight", [256, 2048]), key);
        let fused = "32 heads q, 4 heads k and v, of 64 (the file's metadata)";
        assert_eq!(of("blk.0.attn_qkv.weight", [2560, 2048]), fused);
        assert_eq!(of("blk.0.attn_k.weight", [2048, 2048]), "");
        assert_eq!(of("blk.0.attn_qkv.weight", [6144, 2048]), "");
    }

    #[test]
    fn fused_weights_are_parted_as_their_models_keep_them() {
        let of = |architecture, name, shape| {
            let told = [
                ("config.json: num_attention_heads", "8"),
                ("config.json: hidden_size", "512"),
                (CONFIGURED, architecture),
            ];
            about(&file(&told), name, shape)
        };
        let fused = "q, k and v, each 8 heads of 64 (config.json)";
        let by_head = "8 heads, each q, k and v of 64 (config.json)";
        let name = "transformer.h.0.attn.c_attn.weight";
        assert_eq!(of("GPT2LMHeadModel", name, [512, 1536]), ["", fused]);
        assert_eq!(of("gpt_bigcode", name, [1536, 512]), [fused, ""]);
        let output = "transformer.h.0.attn.c_proj.weight";
        assert_eq!(of("GPT2LMHeadModel", output, [512, 512]), ["8 heads of 64 (config.json)", ""]);
        let name = "gpt_neox.layers.0.attention.query_key_value.weight";
        assert_eq!(of("GPTNeoXForCausalLM", name, [1536, 512]), [by_head, ""]);
        // Others keep them otherwise, and nothing says how.
        assert_eq!(of("FalconForCausalLM", name, [1536, 512]), ["", ""]);
    }

    #[test]
    fn experts_and_gates() {
        let moe = file(&[("config.json: num_experts", "16")]);
        let of = |name, shape| about(&moe, name, shape)[0].clone();
        assert_eq!(of("model.layers.0.mlp.gate.weight", [16, 256]), "16 experts (config.json)");
        assert_eq!(of("model.layers.0.mlp.gate.weight", [17, 256]), "");
        let both = "model.layers.0.mlp.gate_up_proj.weight";
        assert_eq!(of(both, [512, 256]), "gate and up of 256 (config.json)");
        assert_eq!(of(both, [511, 256]), "");
        assert_eq!(of("model.layers.0.self_attn.q_proj.weight", [16, 256]), "");
    }

    #[test]
    fn numbers_of_a_hostile_file_are_no_more_than_no_structure() {
        let huge = usize::MAX.to_string();
        let of = file(&[("num_attention_heads", &huge), ("head_dim", &huge), ("n_head", "x")]);
        assert_eq!(about(&of, "attn.q_proj.weight", [64, 64]), ["", ""]);
        assert_eq!(about(&of, "attn.qkv.weight", [64, 64]), ["", ""]);
        let many = file(&[("num_attention_heads", "4000000000")]);
        assert_eq!(about(&many, "attn.q_proj.weight", [64, 64]), ["", ""]);
    }
}
