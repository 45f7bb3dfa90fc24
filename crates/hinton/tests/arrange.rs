//! How tensors become panels: the rules as a table.

use crate::common;

use common::{checkpoint, counting};
use hinton::arrange::{Arrangement, Each, arrange};
use hinton::look::Numbering;
use hinton::outputs::output_named;
use hinton::{DrawRequest, Selected, draw, render, select, tensor_of};

fn arranged(shape: &[usize], request: &DrawRequest) -> Arrangement {
    arrange(&[Selected::whole(counting("w", shape))], request).unwrap()
}

/// Chart, number of panels, shape of the first, its orientation.
type Row<'a> = (&'a [usize], &'a str, usize, [usize; 2], &'a str);

#[test]
fn shapes_decide() {
    let table: &[Row<'_>] = &[
        (&[], "heatmap", 1, [1, 1], "one value"),
        (&[7], "bars", 1, [1, 7], "columns → axis 0 (7)"),
        (&[10, 32], "hinton", 1, [10, 32], "rows ↓ axis 0 (10) · columns → axis 1 (32)"),
        (&[1000, 2], "heatmap", 1, [1000, 2], "rows ↓ axis 0 (1,000) · columns → axis 1 (2)"),
        (&[784, 10], "tiles", 10, [28, 28], "each column (axis 1) of 784 × 10"),
        (&[10, 784], "tiles", 10, [28, 28], "each row (axis 0) of 10 × 784"),
        (
            &[5, 8, 9],
            "tiles",
            5,
            [8, 9],
            "axis 0 of 5 × 8 × 9, one by one · rows ↓ axis 1 · columns → axis 2",
        ),
        (&[16, 1, 5, 5], "tiles", 16, [5, 5], "each filter (axis 0) of 16 × 1 × 5 × 5"),
        (
            &[8, 3, 7, 7],
            "tiles",
            8,
            [7, 7],
            "each filter (axis 0) of 8 × 3 × 7 × 7 · axis 1 is red, green, blue",
        ),
        (
            &[6, 4, 3, 3],
            "tiles",
            24,
            [3, 3],
            "rows ↓ filters, axis 0 (6) · columns → channels, axis 1 (4) of 6 × 4 × 3 × 3",
        ),
        (
            &[3, 3, 3, 16],
            "tiles",
            16,
            [3, 3],
            "each filter (axis 3) of 3 × 3 × 3 × 16 · axis 2 is red, green, blue",
        ),
        (
            &[64, 32, 3, 3],
            "heatmap",
            1,
            [64, 288],
            "rows ↓ axis 0 (64) · columns → axes 1, 2, 3 as one (32 × 3 × 3)",
        ),
        (
            &[2, 3, 2, 2, 2],
            "heatmap",
            1,
            [2, 24],
            "rows ↓ axis 0 (2) · columns → axes 1, 2, 3, 4 as one (3 × 2 × 2 × 2)",
        ),
    ];
    for (shape, chart, count, extent, orientation) in table {
        let found = arranged(shape, &DrawRequest::default());
        assert_eq!(found.chart.name, *chart, "{shape:?}");
        assert_eq!(found.panels.len(), *count, "{shape:?}");
        let first = &found.panels[0];
        assert_eq!(first.planes[0].shape(), extent, "{shape:?}");
        assert_eq!(first.orientation, *orientation, "{shape:?}");
    }
}

#[test]
fn squares_that_would_all_be_as_large_are_cells() {
    let chart = |values: &[f32], request: &DrawRequest| {
        let tensor = tensor_of("w", &[2, values.len() / 2], values).unwrap();
        arrange(&[Selected::whole(tensor)], request).unwrap().chart.name
    };
    let default = DrawRequest::default();
    assert_eq!(chart(&[999.0, 1000.0, 1001.0, f32::NAN], &default), "heatmap");
    assert_eq!(chart(&[-0.9, -1.0, -1.1, -1.0], &default), "heatmap");
    for not_far in [[1.0, 2.0, 3.0, 4.0], [-1.0, 1.0, 1.0, 1.0], [2.0; 4], [f32::NAN; 4]] {
        assert_eq!(chart(&not_far, &default), "hinton", "{not_far:?}");
    }
    let asked = default.set("max-weight", "4").unwrap();
    assert_eq!(chart(&[9.0, 10.0, 11.0, 10.0], &asked), "hinton");
}

#[test]
fn values_go_where_the_words_say() {
    let first = |shape: &[usize], request: &DrawRequest, panel: usize| {
        arranged(shape, request).panels[panel].planes[0].to_f32().unwrap()[..3].to_vec()
    };
    let default = DrawRequest::default();
    // Column 3 of [784, 10]: every tenth value.
    assert_eq!(first(&[784, 10], &default, 3), [3., 13., 23.]);
    assert_eq!(first(&[10, 784], &default, 2), [1568., 1569., 1570.]);
    // Filter 1, channel 2 of [6, 4, 3, 3].
    assert_eq!(first(&[6, 4, 3, 3], &default, 6), [54., 55., 56.]);
    // Keras: filter 5 of [3, 3, 1, 16].
    assert_eq!(first(&[3, 3, 1, 16], &default, 5), [5., 21., 37.]);
    let request = DrawRequest::default().each(Each::Axis(-1)).reshape([2, 3]);
    assert_eq!(first(&[6, 4], &request, 1), [1., 5., 9.]);
    assert_eq!(first(&[2, 3], &DrawRequest::default().transposed(), 0), [0., 3., 1.]);
}

#[test]
fn colour_pictures_have_three_planes_and_pairs_have_columns() {
    let found = arranged(&[8, 3, 7, 7], &DrawRequest::default());
    assert!(found.panels.iter().all(|panel| panel.planes.len() == 3));
    assert_eq!(found.panels[1].planes[2].to_f32().unwrap()[0], (5 * 49) as f32);
    assert_eq!(arranged(&[6, 4, 3, 3], &DrawRequest::default()).columns, Some(4));
    let keras = arranged(&[5, 5, 1, 16], &DrawRequest::default());
    assert!(keras.notes[0].contains("as Keras stores convolutions"), "{:?}", keras.notes);
}

#[test]
fn reshapes_find_the_axis_that_fits() {
    let request = |text: &str| DrawRequest::default().set("reshape", text).unwrap();
    let tiles = arranged(&[64, 10], &request("8x8"));
    assert_eq!((tiles.chart.name, tiles.panels.len()), ("tiles", 10));
    assert_eq!(tiles.panels[9].part, "9");
    assert_eq!(tiles.panels[0].shape, [8, 8]);
    let matrix = arranged(&[64, 10], &request("32x20"));
    assert_eq!((matrix.chart.name, matrix.panels.len()), ("hinton", 1));
    assert!(matrix.panels[0].orientation.contains("reshaped axis 0 (32)"));
    let wrong = arrange(&[Selected::whole(counting("w", &[64, 10]))], &request("7x7"));
    let error = wrong.err().unwrap();
    assert!(
        error.to_string().contains("`reshape=7x7`: the 640 values of w (shape 64 × 10) do not"),
        "{error}"
    );
}

#[test]
fn axes_are_brought_into_another_order() {
    let request = |text: &str| DrawRequest::chart("heatmap").set("permute", text).unwrap();
    let found = arranged(&[2, 3, 4], &request("2,0,1"));
    assert_eq!(
        found.panels[0].orientation,
        "rows ↓ axis 2 (4) · columns → axes 0, 1 as one (2 × 3)"
    );
    // Row 1 is the second position of the last axis.
    let values = found.panels[0].planes[0].to_f32().unwrap();
    assert_eq!(values[6..12], [1.0, 5.0, 9.0, 13.0, 17.0, 21.0]);
    // Filters and channels side by side: rows are axes 0 and 2, columns 1 and 3.
    let grid = request("0,2,1,3").set("reshape", "4x9").unwrap();
    let found = arranged(&[2, 3, 2, 3], &grid);
    let values = found.panels[0].planes[0].to_f32().unwrap();
    assert_eq!(values[..9], [0.0, 1.0, 2.0, 6.0, 7.0, 8.0, 12.0, 13.0, 14.0]);
    let tensor = Selected::whole(counting("w", &[3, 4]));
    let error = arrange(&[tensor], &request("0,2,1")).err().unwrap();
    assert_eq!(error.to_string(), "`permute=0,2,1`: w has 2 axes (shape 3 × 4)");
    assert_eq!(error.help(), Some("name each axis once: 0,1 in the order that is wanted"));
}

#[test]
fn axes_that_are_not_there_are_refused() {
    let request = DrawRequest::default().each(Each::Axis(2));
    let error = arrange(&[Selected::whole(counting("w", &[3, 4]))], &request).err().unwrap();
    assert!(error.to_string().contains("its shape is 3 × 4"), "{error}");
    assert_eq!(error.help(), Some("its axes are numbered 0 to 1"));
    let error = arrange(&[Selected::whole(counting("w", &[]))], &request).err().unwrap();
    assert!(error.help().unwrap().contains("single number"));
}

#[test]
fn slices_keep_the_numbers_of_their_axes() {
    let file = checkpoint(&[("w", &[4, 5, 6, 7])]);
    let part = select(&file, &["w[1,:,2]"]).unwrap();
    let found = arrange(&part, &DrawRequest::chart("heatmap")).unwrap();
    assert_eq!(found.panels[0].orientation, "rows ↓ axis 1 (5) · columns → axis 3 (7)");
    assert_eq!((found.panels[0].name.as_str(), found.panels[0].part.as_str()), ("w", "[1,:,2]"));
}

#[test]
fn slices_keep_the_numbers_of_their_positions() {
    let file = checkpoint(&[("w", &[10, 12]), ("c", &[8, 4, 3, 3])]);
    let found = |pattern: &str, request: &DrawRequest| {
        arrange(&select(&file, &[pattern]).unwrap(), request).unwrap().panels
    };
    let numbers = |first, step| Numbering { first, step };
    let heatmap = DrawRequest::chart("heatmap");
    let part = found("w[1:5,::-2]", &heatmap);
    assert_eq!(part[0].numbers, [numbers(1, 1), numbers(11, -2)]);
    let turned = found("w[1:5,::-2]", &heatmap.clone().transposed());
    assert_eq!(turned[0].numbers, [numbers(11, -2), numbers(1, 1)]);
    assert_eq!(found("w[3,4:]", &heatmap)[0].numbers, [numbers(0, 1), numbers(4, 1)]);
    let reshaped = found("w[2:4]", &heatmap.clone().reshape([4, 6]));
    assert_eq!(reshaped[0].numbers, [numbers(0, 1); 2]);
    let parts = |pattern: &str, request: &DrawRequest| -> Vec<String> {
        found(pattern, request).into_iter().map(|panel| panel.part).collect()
    };
    let columns = DrawRequest::default().each(Each::Column).reshape([2, 5]);
    assert_eq!(parts("w[:,3:6]", &columns), ["3", "4", "5"]);
    assert_eq!(found("w[:,3:6]", &columns)[2].number, Some(5));
    let tiles = DrawRequest::chart("tiles");
    assert_eq!(parts("c[6:,::-2]", &tiles), ["6,3", "6,1", "7,3", "7,1"]);
    assert_eq!(parts("c[::3,1:2]", &tiles), ["0", "3", "6"]);
    assert_eq!(found("c[0,1:3,1:,2:]", &tiles)[1].numbers, [numbers(1, 1), numbers(2, 1)]);
}

#[test]
fn presets_name_the_pictures_of_a_slice_by_their_numbers() {
    let file = checkpoint(&[("w", &[784, 10])]);
    let part = select(&file, &["w[:,3:6]"]).unwrap();
    let picture = draw(part, &DrawRequest::preset("mnist-weights").unwrap().each(Each::Column));
    let svg = render(&picture.unwrap(), output_named("svg").unwrap(), &Default::default());
    let svg = String::from_utf8(svg.unwrap()).unwrap();
    assert!(svg.contains("Weights: 3<") && svg.contains("Weights: 5<"));
    assert!(!svg.contains("Weights: 2<") && !svg.contains("Weights: 6<"));
}

#[test]
fn colour_pictures_say_which_axis_is_colour() {
    let found = arranged(&[5, 3, 8, 8], &DrawRequest::default().each(Each::Axis(0)));
    assert_eq!(found.panels[0].planes.len(), 3);
    assert_eq!(
        found.panels[0].orientation,
        "axis 0 of 5 × 3 × 8 × 8, one by one · axis 1 is red, green, blue"
    );
    let found = arranged(&[5, 48], &DrawRequest::default().each(Each::Row).reshape([3, 4, 4]));
    assert_eq!(
        found.panels[0].orientation,
        "each row (axis 0) of 5 × 48 · reshaped axis 0 is red, green, blue"
    );
}

#[test]
fn the_slice_that_is_offered_shows_others() {
    let note = |shape: &[usize], request: &DrawRequest| -> String {
        let notes = arranged(shape, request).notes;
        let note = notes.iter().find(|note| note.starts_with("the first")).unwrap();
        note.split("; ").nth(1).unwrap_or("").to_owned()
    };
    let tiles = DrawRequest::chart("tiles");
    let columns = DrawRequest::default().each(Each::Column);
    assert_eq!(
        note(&[5000, 2, 2], &DrawRequest::default()),
        "a slice such as [256:512] shows others"
    );
    assert_eq!(note(&[4, 10_000], &columns), "a slice such as [:,4096:8192] shows others");
    assert_eq!(note(&[4, 5000], &columns), "a slice such as [:,4096:5000] shows others");
    let turned = columns.clone().transposed();
    assert_eq!(note(&[10_000, 4], &turned), "a slice such as [4096:8192] shows others");
    // Filters of 500 channels each.
    assert_eq!(note(&[100, 500, 2, 2], &tiles), "a slice such as [8:16] shows others");
    // Keras counts filters along the last axis.
    assert_eq!(note(&[3, 3, 500, 100], &tiles), "a slice such as [:,:,:,8:16] shows others");
    // No one slice of these.
    let both = [
        Selected::whole(counting("v", &[3000, 2, 2])),
        Selected::whole(counting("w", &[3000, 2, 2])),
    ];
    let found = arrange(&both, &tiles).unwrap();
    assert_eq!(found.notes, ["the first 4,096 of 6,000 pictures are shown"]);
}

#[test]
fn many_pictures_are_cut_and_that_is_said() {
    let found = arranged(&[5000, 2, 2], &DrawRequest::default());
    assert_eq!(found.panels.len(), 256);
    assert!(found.notes[0].starts_with("the first 256 of 5,000 pictures are shown"));
    let asked = arranged(&[5000, 2, 2], &DrawRequest::chart("tiles"));
    assert_eq!(asked.panels.len(), 4096);
    // Pairs are cut between filters.
    let pairs = arranged(&[500, 100, 2, 2], &DrawRequest::chart("tiles"));
    assert_eq!(pairs.panels.len(), 4000);
}

#[test]
fn several_tensors_become_an_overview() {
    let chart = |shapes: &[&[usize]]| {
        let all: Vec<Selected> =
            shapes.iter().map(|shape| Selected::whole(counting("w", shape))).collect();
        arrange(&all, &DrawRequest::default()).unwrap().chart.name
    };
    assert_eq!(chart(&[&[4, 4]]), "hinton");
    assert_eq!(chart(&[&[4, 4], &[4, 4]]), "overview");
    assert_eq!(chart(&[&[4, 4], &[500, 5]]), "overview");
    // Unless all of them are taken apart as the reshape says.
    let both = [&[64, 10][..], &[64, 3]].map(|shape| Selected::whole(counting("w", shape)));
    let found = arrange(&both, &DrawRequest::default().reshape([8, 8])).unwrap();
    assert_eq!((found.chart.name, found.panels.len()), ("tiles", 13));
    assert!(arrange(&[], &DrawRequest::default()).is_err());
}

#[test]
fn empty_tensors_are_said_and_not_drawn() {
    let empty = Selected::whole(counting("e", &[0, 5]));
    let full = Selected::whole(counting("w", &[2, 2]));
    let error = arrange(std::slice::from_ref(&empty), &DrawRequest::default()).err().unwrap();
    assert_eq!(error.to_string(), "e (shape 0 × 5) has no values: there is nothing to draw");
    let found = arrange(&[empty.clone(), full.clone()], &DrawRequest::chart("hinton")).unwrap();
    assert_eq!(found.panels.len(), 1);
    assert_eq!(found.notes, ["e (shape 0 × 5) has no values and is left out"]);
    let both = [empty.clone(), full.clone()];
    let sheet = arrange(&both, &DrawRequest::chart("overview")).unwrap();
    assert_eq!(sheet.panels.len(), 2, "a large picture says that it is empty");
    let many: Vec<Selected> = [vec![empty], vec![full; 20]].concat();
    let map = arrange(&many, &DrawRequest::default()).unwrap();
    assert_eq!(
        (map.chart.name, map.panels.len()),
        ("overview", 20),
        "a tile has no room for words"
    );
    assert!(map.notes.contains(&"e (shape 0 × 5) has no values and is left out".to_owned()));
}

#[test]
fn unknown_charts_list_those_there_are() {
    let one = [Selected::whole(counting("w", &[2, 2]))];
    let error = arrange(&one, &DrawRequest::chart("pie")).err().unwrap();
    assert!(error.help().unwrap().contains("histogram, curve, distribution, confusion, overview"));
}

#[test]
fn codes_of_quantised_weights_are_said_in_the_picture() {
    let notes = |remarked: usize, all: usize| {
        let tensors = (0..all).map(|index| {
            let tensor = counting(&format!("t{index}"), &[4, 4]);
            match index < remarked {
                true => tensor.remarked("codes of t, shown as stored"),
                false => tensor,
            }
        });
        let selected: Vec<Selected> = tensors.map(Selected::whole).collect();
        arrange(&selected, &DrawRequest::chart("overview")).unwrap().notes
    };
    assert_eq!(notes(0, 2), [""; 0]);
    assert_eq!(notes(1, 2), ["t0 holds codes of t, shown as stored"]);
    let several = "hold codes of quantised weights, shown as stored";
    assert_eq!(notes(2, 2), [format!("t0 and t1 {several}")]);
    assert_eq!(notes(3, 4), [format!("t0, t1 and t2 {several}")]);
    assert_eq!(notes(6, 6), [format!("t0, t1, t2 and 3 more {several}")]);
}
