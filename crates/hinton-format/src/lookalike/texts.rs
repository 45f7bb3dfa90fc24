//! Recognises text files that hold no weights. A table with one row per kind of text.

use super::{DOWNLOAD, WRONG_FILE};
use crate::Head;

/// A kind of text.
pub(super) struct Kind {
    /// What it is, with its article.
    pub(super) name: &'static str,
    /// Whether it is it, by the file's name in lower case and the text.
    test: fn(&str, &str) -> bool,
    /// What to do.
    pub(super) cure: &'static str,
}

const BESIDE: &str = "choose the weights file beside it";

/// What JSON text may be; the last one is whatever is left.
pub(super) const JSON: &[Kind] = &[
    Kind {
        name: "the configuration of an adapter",
        test: |name, text| name.starts_with("adapter_config") || text.contains("\"peft_type\""),
        cure: "its weights are adapter_model.safetensors beside it",
    },
    Kind {
        name: "the list of a pipeline's models",
        test: |name, text| name == "model_index.json" || text.contains("Pipeline\""),
        cure: "the models lie in the folders beside it, such as unet/ and vae/: open one",
    },
    Kind {
        name: "a Jupyter notebook",
        test: |name, _| name.ends_with(".ipynb"),
        cure: "save the weights from it, with torch.save or numpy.save, and open that file",
    },
    Kind {
        name: "the log of a training",
        test: |name, text| {
            // One record of several: a place in the training, and a metric.
            let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
            let is_record = text.trim_start_matches(['[', ' ', '\n', '\r']).starts_with('{')
                && has(&["\"epoch\":", "\"step\":", "\"iter\":", "\"iteration\":"])
                && has(&["loss\":", "acc\":", "accuracy\":", "\"lr\":", "metrics\":"]);
            name == "trainer_state.json" || text.contains("\"log_history\"") || is_record
        },
        cure: "draw it or inspect it to see its metrics; the weights are in another file",
    },
    Kind {
        name: "a tokenizer",
        test: |name, text| {
            ["token", "vocab"].iter().any(|word| name.contains(word))
                || text.contains("\"added_tokens\"")
        },
        cure: BESIDE,
    },
    Kind {
        name: "a server's error message",
        test: |_, text| {
            let start: String =
                text.split_whitespace().collect::<String>().chars().take(40).collect();
            ["{\"error\"", "{\"message\"", "{\"detail\""].iter().any(|word| start.starts_with(word))
        },
        cure: DOWNLOAD,
    },
    Kind {
        name: "a configuration",
        test: |name, text| {
            name.contains("config")
                || ["\"model_type\"", "\"architectures\"", "\"_class_name\""]
                    .iter()
                    .any(|key| text.contains(key))
        },
        cure: BESIDE,
    },
    Kind { name: "settings or a server's error message", test: |_, _| true, cure: BESIDE },
];

/// What other text may be.
pub(super) const TEXTS: &[Kind] = &[
    Kind {
        name: "a server's error message",
        test: |_, text| {
            const MESSAGES: [&str; 8] = [
                "Entry not found",
                "Repository not found",
                "Invalid username or password",
                "Access to model",
                "Not Found",
                "404",
                "403",
                "Unauthorized",
            ];
            MESSAGES.iter().any(|message| text.trim_start().starts_with(message))
        },
        cure: DOWNLOAD,
    },
    Kind {
        name: "a tokenizer's list of merges",
        test: |name, text| name.starts_with("merges") || text.starts_with("#version:"),
        cure: BESIDE,
    },
    Kind {
        name: "a tokenizer's vocabulary",
        test: |name, text| name.contains("vocab") || text.starts_with("[PAD]\n"),
        cure: BESIDE,
    },
    Kind {
        name: "Python source",
        test: |name, text| {
            let starts = ["import ", "from ", "#!/usr/bin/env python", "#!/usr/bin/python"];
            name.ends_with(".py") || starts.iter().any(|start| text.starts_with(start))
        },
        cure: "save the weights from it, with torch.save or numpy.save, and open that file",
    },
    Kind {
        name: "TensorFlow's note of its last checkpoint",
        test: |_, text| text.starts_with("model_checkpoint_path:"),
        cure: "open the file of the name that it gives with .index behind it, in the same folder",
    },
    Kind {
        name: "a configuration (YAML)",
        test: |name, _| name.ends_with(".yaml") || name.ends_with(".yml"),
        cure: BESIDE,
    },
    Kind {
        name: "a page that describes a model",
        test: |name, text| name.ends_with(".md") || text.starts_with("---\n"),
        cure: BESIDE,
    },
    Kind { name: "a log", test: |name, _| name.ends_with(".log"), cure: WRONG_FILE },
];

/// The row that a text is, by the name of its file.
pub(super) fn kind<'k>(kinds: &'k [Kind], head: &Head<'_>, text: &str) -> Option<&'k Kind> {
    let file = head.name.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
    kinds.iter().find(|kind| (kind.test)(&file, text))
}

#[cfg(test)]
mod tests {
    use super::super::tests::told;

    #[test]
    fn texts_are_told_apart_with_a_cure_each() {
        for (name, text, said, cure) in [
            ("adapter_config.json", r#"{"peft_type": "LORA"}"#, "an adapter", "adapter_model"),
            ("model_index.json", r#"{"_class_name": "X"}"#, "a pipeline's models", "unet/"),
            ("a.ipynb", r#"{"cells": []}"#, "a Jupyter notebook", "torch.save"),
            ("trainer_state.json", r#"{"epoch": 1}"#, "the log of a training", "draw it"),
            ("a.json", r#"[{"step": 1, "loss": 2.5}]"#, "the log of a training", "draw it"),
            ("vocab.json", r#"{"!": 0}"#, "(a tokenizer)", "beside it"),
            ("w.bin", r#"{"error":"Repository not found"}"#, "a server's error", "download"),
            ("x.json", r#"{"model_type": "bert"}"#, "(a configuration)", "beside it"),
            ("x.json", r#"{"a": 1}"#, "settings or a server's", "beside it"),
            ("w.pt", "Entry not found", "a server's error message", "download"),
            ("merges.txt", "#version: 0.2\na b\n", "list of merges", "beside it"),
            ("vocab.txt", "[PAD]\n[unused0]\n", "a tokenizer's vocabulary", "beside it"),
            ("net.py", "import torch\n", "this is Python source", "torch.save"),
            ("checkpoint", "model_checkpoint_path: \"ckpt-1\"\n", "ckpt-1", ".index"),
            ("c.yaml", "a: b\n", "a configuration (YAML)", "beside it"),
            ("README.md", "---\nlicense: mit\n", "describes a model", "beside it"),
            ("x", "words of no kind", "it begins \"words of no kind\"", "choose the weights"),
        ] {
            let error = told(text.as_bytes(), name).unwrap();
            assert!(error.message().contains(said), "{name}: {error}");
            assert!(error.cure_text().unwrap().contains(cure), "{name}: {error:?}");
        }
    }
}
