//! One figure of several charts: letters, one scale or several, pages of any size.

use hinton::{DrawRequest, Picture, Tensor, draw, tensor_of};
use hinton_scene::{Item, Scene, Weight};

fn matrix(name: &str, size: f32) -> Tensor {
    let values: Vec<f32> =
        (0..80 * 90).map(|at| size * ((at * 37 % 101) as f32 / 50.0 - 1.0)).collect();
    tensor_of(name, &[80, 90], &values).unwrap()
}

fn drawn(tensors: Vec<Tensor>, settings: &[(&str, &str)]) -> Picture {
    let mut request = DrawRequest::default();
    for (setting, value) in settings {
        request = request.set(setting, value).unwrap();
    }
    draw(tensors, &request).unwrap()
}

/// The letters above panels: place and text, in order.
fn letters(scene: &Scene) -> Vec<String> {
    let letter = |item: &Item| match item {
        Item::Text(text) if text.style.weight == Weight::SemiBold && text.content.len() <= 3 => {
            Some(text.content.clone())
        }
        _ => None,
    };
    scene.items.iter().filter_map(letter).collect()
}

/// How many palettes colour bars and cells have.
fn cells(scene: &Scene) -> usize {
    scene.items.iter().filter(|item| matches!(item, Item::Cells(_))).count()
}

#[test]
fn values_of_one_size_share_a_scale_and_a_legend() {
    let three = || vec![matrix("first", 1.0), matrix("second", 1.5), matrix("third", 2.0)];
    let shared = drawn(three(), &[("panels", "")]);
    assert_eq!(letters(&shared.scene), ["a", "b", "c"]);
    assert_eq!(cells(&shared.scene), 4, "three matrices and one colour bar");
    assert!(shared.notes.contains(&"all panels have one scale".to_owned()), "{:?}", shared.notes);
    let own = drawn(three(), &[("panels", "own"), ("label", "(B)")]);
    assert_eq!(letters(&own.scene), ["(B)", "(C)", "(D)"]);
    assert_eq!(cells(&own.scene), 6);
    assert!(own.notes.contains(&"each panel has a scale of its own".to_owned()));
    // What lies beyond the scale is said of the panel in which it lies.
    let beyond = |text: &str| {
        shared
            .scene
            .items
            .iter()
            .any(|item| matches!(item, Item::Text(found) if found.content.contains(text)))
    };
    assert!(!beyond("0 values lie beyond") && !beyond("0 cells lie beyond"));
    // Of which the smallest would be blank, they share one only where that was asked for.
    let far = || vec![matrix("first", 1.0), matrix("second", 100.0)];
    assert_eq!(cells(&drawn(far(), &[("panels", "")]).scene), 4);
    assert_eq!(cells(&drawn(far(), &[("panels", "shared")]).scene), 3);
}

#[test]
fn charts_of_several_kinds_stand_beside_one_another() {
    let vector = tensor_of("bias", &[5], &[1.0, -2.0, 3.0, 0.5, 0.1]).unwrap();
    let small = tensor_of("small", &[3, 4], &[0.5; 12]).unwrap();
    let mixed = drawn(vec![matrix("first", 1.0), vector, small], &[("panels", "")]);
    assert_eq!(letters(&mixed.scene), ["a", "b", "c"]);
    for name in ["first", "bias", "small"] {
        let is_named = |item: &Item| matches!(item, Item::Text(text) if text.content == name);
        assert!(mixed.scene.items.iter().any(is_named), "{name}");
    }
    // One panel is a figure, too.
    assert_eq!(letters(&drawn(vec![matrix("first", 1.0)], &[("panels", "")]).scene), ["a"]);
}

#[test]
fn pages_have_the_size_that_was_asked_for() {
    let points = |cm: f64| cm / 2.54 * 72.0;
    let near = |a: f64, b: f64| (a - b).abs() < 0.01;
    let three = || vec![matrix("first", 1.0), matrix("second", 1.5), matrix("third", 2.0)];
    for size in [8.5, 17.0, 84.0] {
        let page = format!("{size}cm");
        let picture = drawn(three(), &[("panels", ""), ("size", &page)]);
        assert!(near(picture.scene.width, points(size)), "{size}");
    }
    let fixed = drawn(three(), &[("panels", ""), ("size", "17x6cm")]);
    assert!(near(fixed.scene.width, points(17.0)) && near(fixed.scene.height, points(6.0)));
    // A letter alone takes its room from the picture.
    let one = drawn(vec![matrix("first", 1.0)], &[("label", "d"), ("size", "8x8cm")]);
    assert!(near(one.scene.height, points(8.0)) && near(one.scene.width, points(8.0)));
    assert_eq!(letters(&one.scene), ["d"]);
    assert!(letters(&drawn(vec![matrix("first", 1.0)], &[]).scene).is_empty());
}

#[test]
fn wrong_words_say_what_is_meant() {
    let error = DrawRequest::default().set("panels", "same").unwrap_err();
    assert!(error.to_string().contains("expected shared or own"), "{error}");
    let many: Vec<Tensor> = (0..60).map(|_| tensor_of("w", &[2], &[1.0, 2.0]).unwrap()).collect();
    let request = DrawRequest::default().set("panels", "").unwrap();
    assert!(draw(many, &request).unwrap_err().to_string().contains("60 panels"));
}
