//! Low-rank adapters (LoRA): the weights of a base model with an adapter applied.
//!
//! The weight is W + s·B·A, with A of `rank` x inputs and B of outputs x `rank` (Hu et al. 2021,
//! arXiv:2106.09685); s is alpha / rank, or alpha / √rank (rsLoRA, arXiv:2312.03732).

use std::sync::Arc;

use hinton_tensor::{
    Computed, Decode, Dtype, Endian, ReadError, Tensor, TensorError, View, read_values,
};

/// Ends of the names of A and B, behind the name of the weight without `.weight`.
const ENDS: &[(&str, &str)] = &[
    (".lora_A.weight", ".lora_B.weight"),
    (".lora_A.default.weight", ".lora_B.default.weight"),
    (".lora_embedding_A", ".lora_embedding_B"),
    (".lora_down.weight", ".lora_up.weight"),
    (".weight.lora_a", ".weight.lora_b"),
];
/// Most values of A and of B, which are held in memory.
const MOST_HELD: u64 = 64 << 20;

/// The pair of small matrices that changes one weight.
#[derive(Debug, Clone)]
pub struct LowRankPair {
    /// The name of the weight that it changes.
    pub target: String,
    /// The matrix A, `rank` x inputs.
    pub a: Tensor,
    /// The matrix B, outputs x `rank`.
    pub b: Tensor,
    /// The value of `alpha` stored next to them, if any.
    pub alpha: Option<f64>,
}

impl LowRankPair {
    /// The rank.
    pub fn rank(&self) -> usize {
        self.a.shape().first().copied().unwrap_or(0)
    }
}

/// Finds the pairs of an adapter, and the tensors that belong to no pair. There are no pairs if the
/// tensors are those of a model.
///
/// # Errors
/// Returns an error if a value of `alpha` cannot be read.
pub fn low_rank_pairs(tensors: &[Tensor]) -> Result<(Vec<LowRankPair>, Vec<Tensor>), TensorError> {
    let find = |name: String| tensors.iter().find(|tensor| tensor.name() == name);
    let mut pairs = Vec::new();
    let mut used: std::collections::BTreeSet<&str> = std::collections::BTreeSet::new();
    for one in tensors {
        for (end_a, end_b) in ENDS {
            let Some(stem) = one.name().strip_suffix(end_a) else { continue };
            let Some(other) = find(format!("{stem}{end_b}")) else { continue };
            let alpha = find(format!("{stem}.alpha"));
            used.extend([one.name(), other.name()]);
            used.extend(alpha.map(Tensor::name));
            let alpha = match alpha.filter(|alpha| alpha.elements() == 1) {
                Some(alpha) => alpha.to_f64()?.first().copied(),
                None => None,
            };
            let target = format!("{stem}.weight");
            pairs.push(LowRankPair { target, a: one.clone(), b: other.clone(), alpha });
        }
    }
    let rest = tensors.iter().filter(|tensor| !used.contains(tensor.name())).cloned().collect();
    Ok((pairs, rest))
}

/// The base's weight with the adapter applied, computed row by row when it is read; `None` if the
/// shapes do not fit.
///
/// # Errors
/// Returns an error if the small matrices cannot be read.
pub fn adapted(
    base: &Tensor,
    pair: &LowRankPair,
    scale: f64,
) -> Result<Option<Tensor>, TensorError> {
    let (&[rows, columns], &[rank, inputs], &[outputs, rank_b]) =
        (base.shape(), pair.a.shape(), pair.b.shape())
    else {
        return Ok(None);
    };
    let fits = rank == rank_b && outputs == rows && inputs == columns && columns > 0;
    if !fits || pair.a.elements() > MOST_HELD || pair.b.elements() > MOST_HELD {
        return Ok(None);
    }
    let rule = Applied {
        base: base.clone(),
        a: pair.a.to_f32()?,
        b: pair.b.to_f32()?,
        rank,
        columns,
        scale,
    };
    let data = Arc::new(Computed::new(rule));
    let view = View::packed(base.shape());
    let tensor =
        Tensor::new(pair.target.clone(), pair.a.file(), Dtype::F32, Endian::Little, view, 0, data)?;
    Ok(Some(tensor))
}

struct Applied {
    base: Tensor,
    a: Vec<f32>,
    b: Vec<f32>,
    rank: usize,
    columns: usize,
    scale: f64,
}

impl Decode for Applied {
    fn values(&self) -> u64 {
        self.base.elements()
    }

    fn unit(&self) -> usize {
        self.columns
    }

    fn decode(&self, first: u64, out: &mut [f32]) -> Result<(), ReadError> {
        let mut sums = vec![0.0f64; out.len()];
        read_values(&self.base, first, &mut sums).map_err(|error| {
            ReadError::of_tensor(first.saturating_mul(4), out.len() as u64 * 4, &error)
        })?;
        let first_row = (first / self.columns as u64) as usize;
        for (row, sums) in sums.chunks_mut(self.columns).enumerate() {
            let from = (first_row + row) * self.rank;
            for (index, b) in self.b[from..from + self.rank].iter().enumerate() {
                let factor = self.scale * f64::from(*b);
                let a = &self.a[index * self.columns..][..self.columns];
                for (sum, a) in sums.iter_mut().zip(a) {
                    *sum += factor * f64::from(*a);
                }
            }
        }
        for (out, sum) in out.iter_mut().zip(sums) {
            *out = sum as f32;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(name: &str, shape: &[usize], values: &[f32]) -> Tensor {
        Tensor::from_f32(name, shape, values).unwrap()
    }

    #[test]
    fn pairs_are_found_and_applied() {
        let all = [
            tensor("x.q.lora_A.weight", &[1, 3], &[1.0, 2.0, 3.0]),
            tensor("x.q.lora_B.weight", &[2, 1], &[1.0, -1.0]),
            tensor("x.q.alpha", &[], &[4.0]),
            tensor("other", &[1], &[0.0]),
        ];
        let (pairs, rest) = low_rank_pairs(&all).unwrap();
        assert_eq!((pairs.len(), rest.len()), (1, 1));
        assert_eq!((pairs[0].target.as_str(), pairs[0].rank()), ("x.q.weight", 1));
        assert_eq!(pairs[0].alpha, Some(4.0));
        let base = tensor("q", &[2, 3], &[0.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
        let found = adapted(&base, &pairs[0], 0.5).unwrap().unwrap();
        assert_eq!(found.to_f32().unwrap(), [0.5, 1.0, 1.5, 0.5, 0.0, -0.5]);
        let other = tensor("q", &[3, 2], &[0.0; 6]);
        assert!(adapted(&other, &pairs[0], 0.5).unwrap().is_none());
        assert!(low_rank_pairs(&all[..1]).unwrap().0.is_empty());
    }
}
