//! What runs are called.

use hinton_run::Run;

/// What users call a run: the name of its file or folder.
pub fn run_name(run: &Run) -> String {
    let path = std::path::Path::new(&run.path);
    path.file_name().map_or_else(|| run.path.clone(), |name| name.to_string_lossy().into_owned())
}

/// Names of runs by which they are distinguished: as short as may be.
pub fn run_names(runs: &[&Run]) -> Vec<String> {
    let short: Vec<String> = runs.iter().map(|run| run_name(run)).collect();
    let is_told = |name: &String| short.iter().filter(|other| *other == name).count() == 1;
    let long = |at: usize| {
        let path = std::path::Path::new(&runs[at].path);
        let parent = path.parent().and_then(|parent| parent.file_name());
        match parent {
            Some(parent) => format!("{}/{}", parent.to_string_lossy(), short[at]),
            None => format!("{} ({})", short[at], at + 1),
        }
    };
    let mut names: Vec<String> = Vec::new();
    for (at, name) in short.iter().enumerate() {
        let name = if is_told(name) { name.clone() } else { long(at) };
        // Two paths may still end alike, or one may be named twice.
        let name = if names.contains(&name) { format!("{name} ({})", at + 1) } else { name };
        names.push(name);
    }
    names
}
