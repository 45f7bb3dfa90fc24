//! `hinton space`: what it writes, and what it says of what is wrong.

use crate::support;

use support::Folder;

#[test]
fn pages_steps_numbers_and_films_are_written() {
    let folder = Folder::new();
    let run = |words: &[&str]| {
        let mut all = vec!["space", "2-3-tanh-2", "--spacing", "1"];
        all.extend(words);
        let said = folder.run(&all);
        assert_eq!(said.code, 0, "{all:?}: {}", said.err);
        said
    };
    let said = run(&["-o", "page.svg"]).out;
    assert!(said.contains("step 0: Linear Layer (2D → 3D)\n[["), "{said}");
    assert!(said.contains("singular values"), "{said}");
    run(&["-o", "steps/"]);
    assert!(folder.path().join("steps/02-tanh.png").is_file());
    for name in ["fold.gif", "fold.webp", "numbers.npz", "page.html", "page.pdf"] {
        let mut words = vec!["--size", "420x420px", "-o", name];
        if name.starts_with("fold") {
            words.extend(["--duration", "0.4", "--orbit", "--morph"]);
        }
        if name == "page.pdf" {
            words.drain(..2);
        }
        run(&words);
        assert!(!folder.read(name).is_empty(), "{name}");
    }
    let png = run(&["-o", "-"]).bytes;
    assert!(png.starts_with(b"\x89PNG"), "weights stay out of the bytes");
    let terminal = run(&[]).out;
    assert!(terminal.contains("step 1: Tanh"), "{terminal}");
}

#[test]
fn the_preset_makes_the_pictures_of_the_notebooks() {
    let folder = Folder::new();
    let words =
        ["space", "--preset", "space-stretching", "--networks", "all", "--size", "400x400px"];
    let said = folder.ok(&[&words[..], &["--point-size", "1", "-o", "space/"]].concat()).out;
    assert_eq!(said.matches("[[3.0000  0.0000]\n [0.0000  3.0000]\n [6.0000  6.0000]]").count(), 6);
    let made = std::fs::read_dir(folder.path().join("space")).unwrap().count();
    assert_eq!(made, 11, "nine networks and two inputs");
    let relu = ["--activation", "relu", "--weights", "random", "--points", "cloud", "-o", "relu/"];
    folder.ok(&[&words[..4], &["2d-3"], &relu[..]].concat());
    assert!(folder.path().join("relu/2d-3-l-nl-l.png").is_file());
}

#[test]
fn what_is_wrong_is_said() {
    let folder = Folder::new();
    let fails = |words: &[&str], wanted: &str| {
        let mut all = vec!["space"];
        all.extend(words);
        let said = folder.run(&all);
        assert!(said.code != 0 && said.err.contains(wanted), "{words:?}: {}", said.err);
        assert!(!said.err.contains("panicked"), "{}", said.err);
    };
    fails(&[], "no network is named");
    fails(&["2-3-tahn"], "did you mean tanh?");
    fails(&["2-3", "--morph"], "no file is named");
    fails(&["2-3", "--morph", "-o", "x.pdf"], "holds no film");
    fails(&["2-3", "-o", "x.xyz"], "nothing here writes .xyz");
    fails(&["784-10", "--points", "mesh"], "takes 784 values a point");
    fails(&["2-3", "--points", "meshh"], "there are no such points");
    fails(&["2-3", "--color", "rainbow"], "points are not coloured so");
    fails(&["2-3", "--show", "9"], "expected pca");
    fails(&["2-3", "--normalize", "0.5"], "expected MEAN,STD");
    fails(&["2-3", "--weights", "1=[[1]]"], "there is no such step");
    fails(&["2-3", "--zoom", "0"], "--zoom \"0\": expected a number from 0.01");
    fails(&["--preset", "space-stretching"], "need a folder");
    fails(&["--preset", "space-stretching", "--networks", "9d", "-o", "x/"], "no such network");
}
