//! What there is to see: sources, tensors, the map, colour maps.

use hinton::{ColormapKind, colormaps};
use hinton_chart::Colormap;
use serde_json::{Value, json};

use crate::map::{Shape, layout};
use crate::sources::{Holds, Source, Sources};

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

/// The catalogue of all sources.
pub(crate) fn catalogue(sources: &Sources, shape: Shape) -> Value {
    let all = sources.all.iter().enumerate();
    let title = match sources.all.as_slice() {
        [one] => one.name(),
        [one, other] => format!("{} and {}", one.name(), other.name()),
        several => format!("{} sources", several.len()),
    };
    let maps = colormaps().filter(|row| row.kind != ColormapKind::Qualitative);
    json!({
        "version": VERSION,
        "program": concat!("hinton ", env!("CARGO_PKG_VERSION")),
        "title": title,
        "sources": all.map(|(id, source)| of_source(id, source)).collect::<Vec<_>>(),
        "tensors": (0..sources.tensors.len()).map(|id| of_tensor(sources, id)).collect::<Vec<_>>(),
        "groups": sources.groups.all.len(),
        "pairs": sources.pairs.found.iter().map(|pair| json!({
            "a": pair.a,
            "b": pair.b,
            "difference": pair.difference,
            "how": pair.how,
        })).collect::<Vec<_>>(),
        "unpaired": sources.pairs.rest,
        "layout": layout(sources, shape),
        "maps": maps.map(|row| json!({
            "name": row.name,
            "kind": match row.kind {
                ColormapKind::Diverging => "diverging",
                _ => "sequential",
            },
            "colourBlindSafe": FOR_ALL_EYES.contains(&row.name),
        })).collect::<Vec<_>>(),
        "defaultMap": {
            "light": Colormap::house(false).name(),
            "dark": Colormap::house(true).name(),
        },
    })
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
        "live": source.run().is_some_and(|run| run.kind == hinton::RunKind::RunFolder),
    })
}

fn of_tensor(sources: &Sources, id: usize) -> Value {
    let entry = &sources.tensors[id];
    let is_empty = entry.shape.contains(&0);
    json!({
        "id": id,
        "source": entry.source,
        "name": entry.name,
        "dtype": entry.dtype,
        "shape": entry.shape,
        "rows": entry.matrix[0],
        "cols": entry.matrix[1],
        "orientation": entry.orientation(),
        "quantized": entry.is_quantised,
        "bytes": entry.bytes,
        "offset": entry.first_byte,
        "note": entry.remark,
        "group": sources.groups.of[id],
        "made": entry.is_made,
        "skipped": is_empty.then_some("it has no values"),
    })
}
