"""Each example runs in an empty folder; those of libraries that are not installed are skipped."""

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_it_runs(example, tmp_path):
    source = example.read_text("utf-8")
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, (ast.Import, ast.ImportFrom))]
    needed = {name.name.split(".")[0] for node in imports for name in node.names if isinstance(node, ast.Import)}
    missing = [name for name in sorted(needed) if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    ran = subprocess.run(
        [sys.executable, str(example)],
        cwd=tmp_path, capture_output=True, text=True, timeout=300, env=os.environ | {"KERAS_BACKEND": "jax"},
    )
    assert ran.returncode == 0, ran.stderr
    written = [part.split('"')[0] for part in source.split('save("')[1:]]
    assert written
    for name in written:
        assert (tmp_path / name).stat().st_size > 200, name
