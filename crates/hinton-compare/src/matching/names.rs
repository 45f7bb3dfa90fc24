//! The names of one tensor in different files.

use std::collections::BTreeMap;

/// What stands behind the name of a weight that was decoded and lies beside its codes.
const DECODED: &str = " (dequantised)";

/// The name of a tensor as other files have it.
pub(super) fn plain(tensor: &hinton_tensor::Tensor) -> &str {
    let name = tensor.name();
    name.strip_suffix(DECODED).filter(|_| tensor.is_derived()).unwrap_or(name)
}

/// Most prefixes that are looked for one after another.
pub(super) const MOST_PREFIXES: usize = 4;
/// Most names for which prefixes are looked for by comparing ends.
const MOST_CUTS: usize = 24;

/// What stands before the names of one file and not of the other.
pub(super) struct Prefix<'n> {
    /// With the separator at its end.
    pub(super) text: &'n str,
    /// Whether the first file has it.
    pub(super) is_first: bool,
}

/// The prefix that turns most names of one list into names of the other: at least two of them, or
/// all that one list has.
pub(super) fn common_prefix<'n>(a: &[&'n str], b: &[&'n str]) -> Option<Prefix<'n>> {
    let fewest = a.len().min(b.len()).min(2);
    if fewest == 0 {
        return None;
    }
    let (of_a, of_b) = (most_frequent(a, b), most_frequent(b, a));
    let count = |found: &Option<(&str, usize)>| found.map_or(0, |(_, count)| count);
    let is_first = count(&of_a) >= count(&of_b);
    let (text, count) = if is_first { of_a? } else { of_b? };
    (count >= fewest).then_some(Prefix { text, is_first })
}

/// The prefix of `long` that is cut most often to give a name of `short`; of equals the shortest.
fn most_frequent<'n>(long: &[&'n str], short: &[&'n str]) -> Option<(&'n str, usize)> {
    let known: std::collections::BTreeSet<&str> = short.iter().copied().collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in long {
        let cuts = name.match_indices(['.', '/']).map(|(index, _)| index + 1).take(MOST_CUTS);
        for cut in cuts.filter(|&cut| known.contains(&name[cut..])) {
            *counts.entry(&name[..cut]).or_default() += 1;
        }
    }
    counts.into_iter().max_by_key(|(text, count)| (*count, std::cmp::Reverse(text.len())))
}

/// Parts of names that wrappers add anywhere.
const WRAPPERS: &[&str] = &[
    "module",
    "_orig_mod",
    "_fsdp_wrapped_module",
    "_checkpoint_wrapped_module",
    "base_layer",
    "base_model",
    "params",
    "model_weights",
];

/// What other libraries call the last part of a name, and what PyTorch does.
const LEAVES: &[(&str, &str)] = &[
    ("kernel", "weight"),
    ("embedding", "weight"),
    ("embeddings", "weight"),
    ("gamma", "weight"),
    ("scale", "weight"),
    ("beta", "bias"),
    ("moving_mean", "running_mean"),
    ("moving_variance", "running_var"),
    ("mean", "running_mean"),
    ("var", "running_var"),
];

/// What GGUF calls parts of language models, and what Hugging Face's Llama does. Names as published
/// in llama.cpp's `gguf-py/gguf/tensor_mapping.py` (MIT).
const GGUF: &[(&str, &str)] = &[
    ("token_embd", "embed_tokens"),
    ("output_norm", "norm"),
    ("output", "lm_head"),
    ("attn_norm", "input_layernorm"),
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("attn_q_norm", "self_attn.q_norm"),
    ("attn_k_norm", "self_attn.k_norm"),
    ("ffn_norm", "post_attention_layernorm"),
    ("ffn_gate", "mlp.gate_proj"),
    ("ffn_up", "mlp.up_proj"),
    ("ffn_down", "mlp.down_proj"),
    ("ffn_gate_inp", "mlp.gate"),
    ("ffn_gate_exps", "mlp.experts.gate_proj"),
    ("ffn_up_exps", "mlp.experts.up_proj"),
    ("ffn_down_exps", "mlp.experts.down_proj"),
];

/// What models of Hugging Face that are older than Llama call the same parts: GPT-NeoX, BLOOM and Falcon,
/// GPT-2, and GGUF's one tensor for query, key and value.
const OLDER: &[(&str, &str)] = &[
    ("attn_qkv", "self_attn.qkv_proj"),
    ("attention.query_key_value", "self_attn.qkv_proj"),
    ("self_attention.query_key_value", "self_attn.qkv_proj"),
    ("attn.c_attn", "self_attn.qkv_proj"),
    ("attention.dense", "self_attn.o_proj"),
    ("self_attention.dense", "self_attn.o_proj"),
    ("attn.c_proj", "self_attn.o_proj"),
    ("mlp.dense_h_to_4h", "mlp.up_proj"),
    ("mlp.dense_4h_to_h", "mlp.down_proj"),
    ("mlp.c_fc", "mlp.up_proj"),
    ("mlp.c_proj", "mlp.down_proj"),
    ("ln_1", "input_layernorm"),
    ("ln_2", "post_attention_layernorm"),
    ("wte", "embed_tokens"),
    ("wpe", "position_embd"),
    ("ln_f", "norm"),
    ("embed_in", "embed_tokens"),
    ("embed_out", "lm_head"),
    ("final_layer_norm", "norm"),
    ("word_embeddings", "embed_tokens"),
    ("word_embeddings_layernorm", "token_embd_norm"),
];

/// What Hugging Face's BERT and its kin call the same parts in GGUF's words.
const BERT: &[(&str, &str)] = &[
    ("embeddings.word_embeddings", "embed_tokens"),
    ("embeddings.position_embeddings", "position_embd"),
    ("embeddings.token_type_embeddings", "token_types"),
    ("embeddings.LayerNorm", "token_embd_norm"),
    ("attention.self.query", "self_attn.q_proj"),
    ("attention.self.key", "self_attn.k_proj"),
    ("attention.self.value", "self_attn.v_proj"),
    ("attention.output.dense", "self_attn.o_proj"),
    ("attention.output.LayerNorm", "attn_output_norm"),
    ("intermediate.dense", "mlp.up_proj"),
    ("output.dense", "mlp.down_proj"),
    ("output.LayerNorm", "layer_output_norm"),
];

/// Normalises a name across libraries: without wrappers, in the terms of PyTorch and Hugging Face.
/// It is only a key: two tensors with the same key are candidates for a match.
pub fn canonical(name: &str) -> String {
    let name = name.strip_suffix(":0").unwrap_or(name).replace('/', ".");
    let mut parts: Vec<&str> = name.split('.').filter(|part| !WRAPPERS.contains(part)).collect();
    // `transformer.h.3` and `model.layers.3`, `blk.3` and `encoder.layer.3` are layer 3.
    let layer = parts
        .windows(2)
        .position(|pair| matches!(pair[0], "layers" | "layer" | "blk" | "h") && is_number(pair[1]));
    if let Some(layer) = layer {
        parts.drain(..layer);
        parts[0] = "layers";
    } else if matches!(parts.first(), Some(&("model" | "transformer" | "bert" | "gpt_neox")))
        && parts.len() > 2
    {
        parts.remove(0);
    }
    repeated_module_dropped(&mut parts);
    if let Some(last) = parts.last_mut()
        && let Some((_, ours)) = LEAVES.iter().find(|(theirs, _)| theirs == last)
    {
        *last = ours;
    }
    // Decay rates of state-space models are in a module that each library calls otherwise.
    if let ["layers", number, .., "ssm_a" | "A_log"] = parts.as_slice() {
        return format!("layers.{number}.A_log");
    }
    let (start, body, leaf) = match parts.as_slice() {
        ["layers", number, body @ .., leaf] => (format!("layers.{number}."), body, *leaf),
        [body @ .., leaf] => (String::new(), body, *leaf),
        [] => return name,
    };
    let body = body.join(".");
    let has_layer = !start.is_empty();
    let rows = GGUF.iter().chain(BERT).chain(OLDER);
    let ours = rows.clone().find(|(theirs, _)| *theirs == body && fits(theirs, has_layer));
    let body = ours.map_or(body.as_str(), |(_, ours)| ours);
    format!("{start}{body}.{leaf}")
}

/// Whether a name means the same inside layers as outside: GGUF's `output` and `output_norm` don't.
fn fits(theirs: &str, has_layer: bool) -> bool {
    !(has_layer && matches!(theirs, "output" | "output_norm" | "token_embd"))
}

/// Keras writes `dense_1/dense_1/kernel`: the module once is enough.
fn repeated_module_dropped(parts: &mut Vec<&str>) {
    if parts.len() > 2 && parts[0] == parts[1] {
        parts.remove(0);
    }
}

fn is_number(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commonest_prefix_is_found_on_either_side() {
        let a = ["module.fc.weight", "module.fc.bias", "module.x"];
        let b = ["fc.weight", "fc.bias", "y"];
        let found = common_prefix(&a, &b).unwrap();
        assert_eq!((found.text, found.is_first), ("module.", true));
        let found = common_prefix(&b, &a).unwrap();
        assert_eq!((found.text, found.is_first), ("module.", false));
        assert!(common_prefix(&["a.x", "b.y", "c.z"], &["x", "y", "q"]).is_none());
        assert!(common_prefix(&["module.w"], &["w"]).is_some());
        assert!(common_prefix(&[], &["w"]).is_none());
    }

    #[test]
    fn one_name_in_the_words_of_many_libraries() {
        let same = [
            ("blk.3.attn_q.weight", "model.layers.3.self_attn.q_proj.weight"),
            ("blk.3.ffn_down.weight", "model.layers.3.mlp.down_proj.weight"),
            ("token_embd.weight", "model.embed_tokens.weight"),
            ("output_norm.weight", "model.norm.weight"),
            ("output.weight", "lm_head.weight"),
            ("blk.0.layer_output_norm.bias", "bert.encoder.layer.0.output.LayerNorm.bias"),
            ("blk.0.attn_output.weight", "encoder.layer.0.attention.output.dense.weight"),
            ("gpt_neox.layers.1.attention.query_key_value.bias", "blk.1.attn_qkv.bias"),
            ("transformer.h.1.self_attention.query_key_value.bias", "blk.1.attn_qkv.bias"),
            ("gpt_neox.embed_in.weight", "token_embd.weight"),
            ("transformer.word_embeddings.weight", "token_embd.weight"),
            ("transformer.wte.weight", "token_embd.weight"),
            ("transformer.h.0.attn.c_attn.weight", "blk.0.attn_qkv.weight"),
            ("gpt_neox.final_layer_norm.weight", "output_norm.weight"),
            ("model.fc._orig_mod.weight", "model.fc.weight"),
            ("dense_1/dense_1/kernel:0", "dense_1.weight"),
            ("params/Dense_0/kernel", "Dense_0.weight"),
        ];
        for (a, b) in same {
            assert_eq!(canonical(a), canonical(b), "{a} {b}");
        }
        for name in ["w", "", ".", "a..b", "layers.0", "layers.x.weight"] {
            canonical(name);
        }
        assert_ne!(canonical("blk.0.attn_q.weight"), canonical("blk.1.attn_q.weight"));
        assert_ne!(canonical("blk.0.attn_q.weight"), canonical("blk.0.attn_q.bias"));
    }
}
