//! What can be viewed: sources, tensors, the map, colour maps.

use hinton::look::{ColormapKind, colormaps};
use hinton_chart::Colormap;
use hinton_tensor::Component;
use serde_json::{Value, json};

use crate::answer::Members;
use crate::map::Layout;
use crate::query::Query;
use crate::sources::{Holds, Source, Sources};
use crate::view::Views;
use crate::{Answer, Refusal};

/// Version of the catalogue's form.
const VERSION: u32 = 1;
/// Maps whose steps people who see few hues tell apart.
const FOR_ALL_EYES: [&str; 13] = [
    "hinton",
    "hinton_dark",
    "hinton_sequential",
    "hinton_sequential_dark",
    "viridis",
    "plasma",
    "inferno",
    "magma",
    "cividis",
    "Greys",
    "gray",
    "RdBu",
    "PuOr",
];

/// The catalogue of all sources, as JSON.
pub(crate) fn catalogue(sources: &Sources, layout: &Layout) -> Vec<u8> {
    let all = sources.all.iter().enumerate();
    let title = match sources.all.as_slice() {
        [one] => one.name(),
        [one, other] => format!("{} and {}", one.name(), other.name()),
        several => format!("{} sources", several.len()),
    };
    let pairs = sources.pairs.found.iter().map(
        |pair| json!({ "a": pair.a, "b": pair.b, "difference": pair.difference, "how": pair.how }),
    );
    let maps = colormaps().filter(|row| row.kind != ColormapKind::Qualitative).map(|row| {
        json!({
            "name": row.name,
            "kind": match row.kind {
                ColormapKind::Diverging => "diverging",
                _ => "sequential",
            },
            "colourBlindSafe": FOR_ALL_EYES.contains(&row.name),
        })
    });
    let (light, dark) = (Colormap::house(false).name(), Colormap::house(true).name());
    let mut out = Vec::new();
    let mut members = Members::new(&mut out);
    members.add("version", VERSION);
    members.add("program", concat!("hinton ", env!("CARGO_PKG_VERSION")));
    members.add("title", title);
    members.add("sources", all.map(|(id, source)| of_source(id, source)).collect::<Vec<_>>());
    members.list("tensors", 0..sources.tensors.len(), |out, id| of_tensor(out, sources, id));
    members.add("groups", sources.groups.all.len());
    members.add("pairs", pairs.collect::<Vec<_>>());
    members.add("unpaired", &sources.pairs.rest);
    members.with("layout", |out| layout.write(out));
    members.add("maps", maps.collect::<Vec<_>>());
    members.add("defaultMap", json!({ "light": light, "dark": dark }));
    members.end();
    out
}

fn of_source(id: usize, source: &Source) -> Value {
    let (kind, format, bytes) = match &source.holds {
        Holds::File(file) => {
            let bytes = file.tensors.iter().filter(|tensor| !tensor.is_derived());
            ("checkpoint", file.format.to_owned(), bytes.map(|tensor| tensor.stored_len()).sum())
        }
        Holds::Run(run) => ("run", run.kind.to_string(), 0u64),
        Holds::Made(_) => ("made", String::new(), 0),
    };
    let steps = source.run().map_or(Vec::new(), |run| {
        let steps = run.steps.iter().map(|step| {
            json!({
                "number": step.number,
                "label": format!("{} {}", run.axis, step.number),
                "name": step.name,
                "broken": step.broken.as_ref().map(ToString::to_string),
            })
        });
        steps.collect::<Vec<_>>()
    });
    json!({
        "id": id,
        "name": source.name(),
        "kind": kind,
        "format": format,
        "bytes": bytes,
        "notes": source.notes(),
        "steps": steps,
        "live": source.run().is_some_and(|run| run.kind == hinton::runs::RunKind::RunFolder),
    })
}

/// What is not so, as of most tensors, is not told.
fn of_tensor(out: &mut Vec<u8>, sources: &Sources, id: usize) {
    let entry = &sources.tensors[id];
    let is_empty = entry.shape.contains(&0);
    let mut members = Members::new(out);
    members.add("id", id).add("source", entry.source).add("name", &entry.name);
    members.add("dtype", entry.dtype).add("shape", &entry.shape);
    members.add("rows", entry.matrix[0]).add("cols", entry.matrix[1]);
    members.add("orientation", entry.orientation());
    members.tell("quantized", entry.is_quantised.then_some(true));
    if !entry.components.is_empty() {
        members.add("components", words(&entry.components));
        if let Ok(frame) = sources.frame(id, None) {
            members.add("borders", frame.borders(&entry.block));
        }
    }
    members.add("bytes", entry.bytes).tell("offset", entry.first_byte);
    members.tell("note", entry.remark.as_ref()).add("group", sources.groups.of[id]);
    members.tell("made", entry.is_made.then_some(true));
    let skipped = match (is_empty, entry.is_summary) {
        (true, _) => Some("it has no values"),
        (_, true) => Some("statistics only"),
        _ => None,
    };
    members.tell("skipped", skipped);
    members.end();
}

fn words(components: &[Component]) -> Vec<&'static str> {
    components.iter().map(|component| component.word()).collect()
}

/// A view of a tensor: the matrix that it is, and where each axis of the tensor is in it.
pub(crate) fn view(sources: &Sources, query: &Query) -> Result<Answer, Refusal> {
    let tensor = query.need("t")?;
    let entry = sources.entry(tensor)?;
    let frame = sources.frame(tensor, Views::read(query)?.of(tensor))?;
    let names = match sources.all.get(entry.source).map(|source| &source.holds) {
        Some(Holds::File(file)) if entry.shape.len() == 4 => file.kernel_axes(),
        _ => None,
    };
    let names = names.as_ref().map(|kernel| kernel.names.as_slice());
    let [rows, cols] = frame.extent();
    let axes =
        frame.taken().iter().zip(frame.shape()).enumerate().map(|(axis, (taken, length))| {
            let role = match taken.count {
                None => "index",
                Some(_) if frame.axes()[0].contains(&axis) => "row",
                Some(_) => "col",
            };
            json!({
                "length": length,
                "name": names.and_then(|names| names.get(axis)),
                "role": role,
                "first": taken.first,
                "step": taken.step,
                "count": taken.count,
            })
        });
    Ok(Answer::json(&json!({
        "t": tensor,
        "view": frame.to_string(),
        "slice": frame.slice(),
        "rows": rows,
        "cols": cols,
        "rowAxes": frame.axes()[0],
        "colAxes": frame.axes()[1],
        "orientation": frame.orientation(names),
        "axes": axes.collect::<Vec<_>>(),
        "component": frame.component().map(Component::word),
        "borders": match frame.component() {
            None | Some(Component::Codes) => frame.borders(&entry.block),
            Some(Component::Scales | Component::Offsets) => [None, None],
        },
    })))
}
