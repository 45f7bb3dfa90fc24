//! Classes and functions whose mere mention refuses a pickle.
//!
//! Nothing is ever imported or called, so this table protects nobody from hinton. It tells people
//! that the file was made to attack whoever loads it with Python.

/// What a row forbids in its module.
enum Names {
    /// Everything, in its submodules too.
    All,
    /// These names only.
    These(&'static [&'static str]),
}

use Names::{All, These};

/// Modules that run code, reach the machine or the network, or lead to such functions.
const DANGEROUS: &[(&str, Names)] = &[
    ("__builtin__", These(BUILTINS)),
    ("builtins", These(BUILTINS)),
    ("__main__", These(&["eval", "exec", "os", "subprocess", "sys", "system"])),
    ("_aix_support", All),
    ("_osx_support", All),
    ("_posixsubprocess", All),
    ("_pyrepl", All),
    ("_winapi", All),
    ("aiohttp", All),
    ("antigravity", All),
    ("asyncio", All),
    ("bdb", All),
    ("cProfile", All),
    ("cffi", All),
    ("cloudpickle", These(MAKERS)),
    ("code", All),
    ("codeop", All),
    ("commands", All),
    ("ctypes", All),
    ("_ctypes", All),
    ("dill", These(MAKERS)),
    ("distutils", All),
    ("doctest", All),
    ("ensurepip", All),
    ("fileinput", All),
    ("ftplib", All),
    ("functools", These(&["reduce"])),
    ("_functools", These(&["reduce"])),
    ("glob", All),
    ("httplib", All),
    ("http", All),
    ("idlelib", All),
    ("imaplib", All),
    ("imp", All),
    ("_imp", All),
    ("importlib", All),
    ("_frozen_importlib", All),
    ("_frozen_importlib_external", All),
    ("inspect", All),
    ("io", These(&["FileIO", "open", "open_code"])),
    ("_io", These(&["FileIO", "open", "open_code"])),
    ("joblib", These(&["load"])),
    ("lib2to3", All),
    ("linecache", All),
    ("logging.config", All),
    ("mailcap", All),
    ("marshal", All),
    ("mmap", All),
    ("multiprocessing", All),
    ("_multiprocessing", All),
    ("nntplib", All),
    ("nt", All),
    ("ntpath", All),
    ("numpy", These(&["DataSource", "fromfile", "load", "loadtxt", "save"])),
    ("numpy.distutils", All),
    ("numpy.f2py", All),
    ("numpy.lib.npyio", These(&["DataSource", "fromfile", "load", "loadtxt", "save"])),
    ("numpy.testing", All),
    ("operator", These(OPERATORS)),
    ("_operator", These(OPERATORS)),
    ("os", All),
    ("pdb", All),
    ("pickle", All),
    ("_pickle", All),
    ("cPickle", All),
    ("pip", All),
    ("pkgutil", All),
    ("platform", All),
    ("poplib", All),
    ("popen2", All),
    ("posix", All),
    ("posixpath", All),
    ("profile", All),
    ("pty", All),
    ("py_compile", All),
    ("pydoc", All),
    ("requests", All),
    ("runpy", All),
    ("shelve", All),
    ("shutil", All),
    ("signal", All),
    ("site", All),
    ("smtplib", All),
    ("socket", All),
    ("_socket", All),
    ("socketserver", All),
    ("SocketServer", All),
    ("sqlite3", All),
    ("ssl", All),
    ("subprocess", All),
    ("sys", All),
    ("sysconfig", All),
    ("telnetlib", All),
    ("tempfile", All),
    ("test.support", All),
    ("_testcapi", All),
    ("thread", All),
    ("_thread", All),
    ("threading", All),
    ("timeit", All),
    ("torch", These(&["compile", "from_file", "load", "save"])),
    ("torch._dynamo.guards", All),
    ("torch._inductor", All),
    ("torch.fx", These(&["symbolic_trace"])),
    ("torch.fx.experimental", All),
    ("torch.fx.graph_module", These(GRAPHS)),
    ("torch.hub", All),
    ("torch.jit", These(&["load", "script", "trace"])),
    ("torch.jit.unsupported_tensor_ops", All),
    ("torch.package", All),
    ("torch.serialization", These(&["load", "save", "_load", "_open_file"])),
    ("torch.storage", These(&["_StorageBase.from_file", "UntypedStorage.from_file"])),
    ("torch.testing", All),
    ("torch.utils.bottleneck", All),
    ("torch.utils.collect_env", All),
    ("torch.utils.cpp_extension", All),
    ("torch.utils.data.datapipes", All),
    ("torch.utils.model_zoo", All),
    ("torch.utils._config_module", All),
    ("trace", All),
    ("types", These(&["BuiltinFunctionType", "CodeType", "FunctionType", "LambdaType"])),
    ("types", These(&["MethodType", "ModuleType"])),
    ("urllib", All),
    ("urllib2", All),
    ("urllib3", All),
    ("uuid", These(&["_get_command_stdout", "_popen"])),
    ("venv", All),
    ("webbrowser", All),
    ("winreg", All),
    ("_winreg", All),
    ("xmlrpc", All),
    ("xmlrpclib", All),
    ("zipimport", All),
];

const BUILTINS: &[&str] = &[
    "__build_class__",
    "__import__",
    "__loader__",
    "apply",
    "breakpoint",
    "compile",
    "delattr",
    "eval",
    "exec",
    "execfile",
    "exit",
    "file",
    "globals",
    "help",
    "input",
    "locals",
    "open",
    "quit",
    "raw_input",
    "reload",
    "setattr",
    "vars",
];

/// Functions of cloudpickle and dill that build functions and code objects.
const MAKERS: &[&str] = &[
    "_builtin_type",
    "_create_code",
    "_create_function",
    "_create_type",
    "_import_module",
    "_make_function",
    "_make_skel_func",
    "_load_type",
    "load",
    "loads",
    "subimport",
];

/// Functions of torch.fx that compile the source text a pickle carries.
const GRAPHS: &[&str] = &[
    "_deserialize_graph_module",
    "_exec_with_source",
    "_forward_from_src",
    "reduce_deploy_graph_module",
    "reduce_graph_module",
    "reduce_package_graph_module",
];

const OPERATORS: &[&str] = &["attrgetter", "call", "itemgetter", "methodcaller"];

/// Whether the mention of a class or function refuses the whole stream.
pub(super) fn is_dangerous(module: &str, name: &str) -> bool {
    if DANGEROUS.iter().any(|(row, names)| match names {
        All => is_within(module, row),
        These(list) => within_these(module, row, name, list),
    }) {
        return true;
    }
    // From protocol 4 on a name may be a path: `torch.serialization` `os.system` reaches `os`
    // through the modules that a harmless module has imported.
    name.contains('.') && name.split('.').any(is_dangerous_part)
}

/// Whether a part of a path leads to what is dangerous, whatever it is a part of.
pub(super) fn is_dangerous_part(part: &str) -> bool {
    // `apply` is a builtin of Python 2, and how autograd's functions are called.
    (BUILTINS.contains(&part) && part != "apply")
        || matches!(part, "builtins" | "getattr")
        || part.starts_with("__")
        || DANGEROUS.iter().any(|(row, names)| matches!(names, All) && *row == part)
}

/// Whether a path leads to what is dangerous, wherever in it the module ends: `torch.hub.load`.
pub(super) fn is_dangerous_path(path: &str) -> bool {
    let (_, last) = path.rsplit_once('.').unwrap_or_default();
    DANGEROUS.iter().any(|(row, names)| {
        let rest = path.strip_prefix(row).and_then(|rest| rest.strip_prefix('.'));
        rest.is_some_and(|rest| match names {
            All => true,
            These(list) if std::ptr::eq(*list, MAKERS) => list.contains(&last),
            These(list) => list.contains(&rest),
        })
    })
}

fn is_within(module: &str, row: &str) -> bool {
    module.strip_prefix(row).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// cloudpickle and dill keep their makers in submodules; the others are named exactly.
fn within_these(module: &str, row: &str, name: &str, list: &[&str]) -> bool {
    let module_fits =
        if std::ptr::eq(list, MAKERS) { is_within(module, row) } else { module == row };
    module_fits && list.contains(&name)
}

/// Whether it is a class for which joblib puts raw data between the opcodes.
pub(crate) fn is_joblib_array(module: &str, name: &str) -> bool {
    matches!(module, "joblib.numpy_pickle" | "sklearn.externals.joblib.numpy_pickle")
        && matches!(name, "NumpyArrayWrapper" | "NDArrayWrapper" | "ZNDArrayWrapper")
}

/// `module.name` for messages: control characters escaped, long names cut.
pub(super) fn shown(module: &str, name: &str) -> String {
    const MOST: usize = 120;
    let full = format!("{module}.{name}");
    let mut out: String = full.chars().take(MOST).flat_map(char::escape_debug).collect();
    if full.chars().nth(MOST).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_code_is_dangerous() {
        for (module, name) in [
            ("os", "system"),
            ("os.path", "join"),
            ("posix", "popen"),
            ("builtins", "eval"),
            ("__builtin__", "setattr"),
            ("_functools", "reduce"),
            ("torch.serialization", "builtins.getattr"),
            ("_operator", "attrgetter"),
            ("httplib", "HTTPSConnection"),
            ("numpy.testing._private.utils", "runstring"),
            ("torch.hub", "load"),
            ("cloudpickle.cloudpickle", "_make_function"),
            ("torch.serialization", "os.system"),
            ("collections", "OrderedDict.__reduce__"),
        ] {
            assert!(is_dangerous(module, name), "{module}.{name}");
        }
    }

    #[test]
    fn what_checkpoints_hold_is_not() {
        for (module, name) in [
            ("collections", "OrderedDict"),
            ("collections", "defaultdict"),
            ("argparse", "Namespace"),
            ("pathlib", "PosixPath"),
            ("datetime", "datetime"),
            ("types", "SimpleNamespace"),
            ("torch._utils", "_rebuild_tensor_v2"),
            ("torch.optim.lr_scheduler", "StepLR"),
            ("numpy", "ndarray"),
            ("numpy.core.multiarray", "_reconstruct"),
            ("oscillator", "Model"),
            ("builtins", "set"),
            ("builtins", "getattr"),
            ("functools", "partial"),
            ("models.yolo", "Detect.Inner"),
            ("models.functions", "Swish.apply"),
        ] {
            assert!(!is_dangerous(module, name), "{module}.{name}");
        }
    }

    #[test]
    fn names_are_shown_escaped_and_cut() {
        assert_eq!(shown("a\x1b", "b\n"), "a\\u{1b}.b\\n");
        assert_eq!(shown("m", &"x".repeat(500)).chars().count(), 121);
    }
}
