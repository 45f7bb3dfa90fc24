//! PyTorch files: against the truth about real ones, broken ones, and our own fixtures.

mod python_support;

use hinton_format::{ErrorKind, Limits, open};
use python_support::{compare, data};

#[test]
fn real_files_hold_what_is_known_of_them() {
    let Some(data) = data() else { return };
    let mut count = 0;
    for folder in ["pytorch", "sequences/mnist_pth_epochs", "torchscript"] {
        for entry in std::fs::read_dir(data.join(folder)).unwrap() {
            let file = entry.unwrap().path();
            let name = file.file_name().unwrap().to_str().unwrap();
            let truth = format!("{}__{name}.json", folder.replace('/', "__"));
            compare(&file, &data.join("truth").join(truth));
            count += 1;
        }
    }
    assert!(count >= 27, "{count} files");
}

#[test]
fn broken_files_say_what_is_wrong() {
    let Some(data) = data() else { return };
    let error = |name: &str| {
        let path = data.join("malformed").join(name);
        open(&path, &Limits::default()).expect_err(name)
    };
    let missing = error("pt_storage_missing.pt");
    assert_eq!(missing.kind(), ErrorKind::Malformed);
    assert_eq!(missing.tensor(), Some("w"));
    assert!(missing.message().contains("archive/data/0"), "{missing}");
    let outside = error("pt_stride_out_of_range.pt");
    assert_eq!(outside.kind(), ErrorKind::Malformed);
    assert!(outside.message().contains("its data has 16 bytes"), "{outside}");
    let calls = error("pt_calls_os_system.pt");
    assert_eq!(calls.kind(), ErrorKind::Refused);
    assert!(calls.message().contains("os.system"), "{calls}");
    assert!(calls.file().ends_with("pt_calls_os_system.pt"));
}
