//! The messages of `net.proto` that hold layers: which field is what.

/// A field of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// Its number.
    pub(super) number: u64,
    /// What it adds to the path of what is in it; may be empty.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Whether there may be several, distinguished by their index.
    pub(super) repeated: bool,
}

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Values.
    Layer,
    /// A number that is metadata.
    Count,
    /// A message of these fields.
    Message(&'static [Row]),
    /// An entry of a map: a name, and a message of these fields.
    Entry(&'static [Row]),
}

const fn layer(number: u64, name: &'static str) -> Row {
    Row { number, name, kind: Kind::Layer, repeated: false }
}

const fn count(number: u64, name: &'static str) -> Row {
    Row { number, name, kind: Kind::Count, repeated: false }
}

const fn message(number: u64, name: &'static str, rows: &'static [Row]) -> Row {
    Row { number, name, kind: Kind::Message(rows), repeated: false }
}

const fn several(number: u64, name: &'static str, rows: &'static [Row]) -> Row {
    Row { number, name, kind: Kind::Message(rows), repeated: true }
}

const fn map(number: u64, rows: &'static [Row]) -> Row {
    Row { number, name: "", kind: Kind::Entry(rows), repeated: false }
}

/// `Net`: what is behind field 2 and before the model of ONNX.
pub(super) const NET: &[Row] = &[message(5, "training", TRAINING), message(10, "", WEIGHTS)];

const TRAINING: &[Row] = &[count(1, "steps")];

const CONVOLUTION: &[Row] = &[
    layer(1, "weights"),
    layer(2, "biases"),
    layer(3, "bn_means"),
    layer(4, "bn_stddivs"),
    layer(5, "bn_gammas"),
    layer(6, "bn_betas"),
];

const SQUEEZE: &[Row] = &[layer(1, "w1"), layer(2, "b1"), layer(3, "w2"), layer(4, "b2")];

const RESIDUAL: &[Row] = &[
    message(1, "conv1", CONVOLUTION),
    message(2, "conv2", CONVOLUTION),
    message(3, "se", SQUEEZE),
];

const SMOLGEN: &[Row] = &[
    layer(1, "compress"),
    layer(2, "dense1_w"),
    layer(3, "dense1_b"),
    layer(4, "ln1_gammas"),
    layer(5, "ln1_betas"),
    layer(6, "dense2_w"),
    layer(7, "dense2_b"),
    layer(8, "ln2_gammas"),
    layer(9, "ln2_betas"),
];

const ATTENTION: &[Row] = &[
    layer(1, "q_w"),
    layer(2, "q_b"),
    layer(3, "k_w"),
    layer(4, "k_b"),
    layer(5, "v_w"),
    layer(6, "v_b"),
    layer(7, "dense_w"),
    layer(8, "dense_b"),
    message(9, "smolgen", SMOLGEN),
    layer(10, "rpe_q"),
    layer(11, "rpe_k"),
    layer(12, "rpe_v"),
];

const FEED_FORWARD: &[Row] =
    &[layer(1, "dense1_w"), layer(2, "dense1_b"), layer(3, "dense2_w"), layer(4, "dense2_b")];

const ENCODER: &[Row] = &[
    message(1, "mha", ATTENTION),
    layer(2, "ln1_gammas"),
    layer(3, "ln1_betas"),
    message(4, "ffn", FEED_FORWARD),
    layer(5, "ln2_gammas"),
    layer(6, "ln2_betas"),
];

const POLICY_HEAD: &[Row] = &[
    layer(1, "ip_pol_w"),
    layer(2, "ip_pol_b"),
    layer(3, "ip2_pol_w"),
    layer(4, "ip2_pol_b"),
    layer(5, "ip3_pol_w"),
    layer(6, "ip3_pol_b"),
    layer(7, "ip4_pol_w"),
    several(8, "pol_encoder", ENCODER),
    count(9, "pol_headcount"),
    message(10, "policy1", CONVOLUTION),
    message(11, "policy", CONVOLUTION),
];

const VALUE_HEAD: &[Row] = &[
    layer(1, "ip_val_w"),
    layer(2, "ip_val_b"),
    layer(3, "ip1_val_w"),
    layer(4, "ip1_val_b"),
    layer(5, "ip2_val_w"),
    layer(6, "ip2_val_b"),
    layer(7, "ip_val_err_w"),
    layer(8, "ip_val_err_b"),
    layer(9, "ip_val_cat_w"),
    layer(10, "ip_val_cat_b"),
    message(11, "value", CONVOLUTION),
];

const POLICY_HEADS: &[Row] = &[
    layer(1, "ip_pol_w"),
    layer(2, "ip_pol_b"),
    message(3, "vanilla", POLICY_HEAD),
    message(4, "optimistic_st", POLICY_HEAD),
    message(5, "soft", POLICY_HEAD),
    message(6, "opponent", POLICY_HEAD),
    map(7, POLICY_HEAD),
];

const VALUE_HEADS: &[Row] = &[
    message(1, "winner", VALUE_HEAD),
    message(2, "q", VALUE_HEAD),
    message(3, "st", VALUE_HEAD),
    map(4, VALUE_HEAD),
];

const WEIGHTS: &[Row] = &[
    message(1, "input", CONVOLUTION),
    several(2, "residual", RESIDUAL),
    message(3, "policy", CONVOLUTION),
    layer(4, "ip_pol_w"),
    layer(5, "ip_pol_b"),
    message(6, "value", CONVOLUTION),
    layer(7, "ip1_val_w"),
    layer(8, "ip1_val_b"),
    layer(9, "ip2_val_w"),
    layer(10, "ip2_val_b"),
    message(11, "policy1", CONVOLUTION),
    message(12, "moves_left", CONVOLUTION),
    layer(13, "ip1_mov_w"),
    layer(14, "ip1_mov_b"),
    layer(15, "ip2_mov_w"),
    layer(16, "ip2_mov_b"),
    layer(17, "ip2_pol_w"),
    layer(18, "ip2_pol_b"),
    layer(19, "ip3_pol_w"),
    layer(20, "ip3_pol_b"),
    several(21, "pol_encoder", ENCODER),
    layer(22, "ip4_pol_w"),
    count(24, "pol_headcount"),
    layer(25, "ip_emb_w"),
    layer(26, "ip_emb_b"),
    several(27, "encoder", ENCODER),
    count(28, "headcount"),
    layer(29, "ip_val_w"),
    layer(30, "ip_val_b"),
    layer(31, "ip_mov_w"),
    layer(32, "ip_mov_b"),
    layer(33, "ip_mult_gate"),
    layer(34, "ip_add_gate"),
    layer(35, "smolgen_w"),
    layer(36, "smolgen_b"),
    layer(37, "ip_emb_preproc_w"),
    layer(38, "ip_emb_preproc_b"),
    layer(39, "ip_emb_ln_gammas"),
    layer(40, "ip_emb_ln_betas"),
    message(41, "ip_emb_ffn", FEED_FORWARD),
    layer(42, "ip_emb_ffn_ln_gammas"),
    layer(43, "ip_emb_ffn_ln_betas"),
    message(44, "value_heads", VALUE_HEADS),
    message(45, "policy_heads", POLICY_HEADS),
];
