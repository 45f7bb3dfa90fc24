//! What is said of variables that hold no arrays, whichever version wrote them.

pub(super) const FUNCTION: &str = "skipped: a function handle";

pub(super) const WORKSPACE: &str =
    "left out: what MATLAB stores with texts, tables and functions (the function workspace)";

/// Of an object of a class, whose layout only MATLAB knows.
pub(super) fn object(class: &str) -> String {
    let lower = class.to_ascii_lowercase();
    let is_network = ["network", "graph", "net"].iter().any(|end| lower.ends_with(end));
    let cure = match is_network {
        true => {
            "save its weights as arrays in MATLAB (w = net.Layers(2).Weights; save('w.mat', 'w')), \
             or write it with exportONNXNetwork"
        }
        false => "save its arrays as plain variables in MATLAB (s = struct(x); save('s.mat', 's'))",
    };
    format!("skipped: an object of the class {class}, whose layout only MATLAB knows; {cure}")
}
