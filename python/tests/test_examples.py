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


def test_the_readme_runs(tmp_path):
    readme = Path(__file__).parents[1] / "README.md"
    code = readme.read_text("utf-8").split("```python\n")[1].split("```")[0]
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", timeout=300
    )
    assert ran.returncode == 0, ran.stderr
    assert "relative change" in ran.stdout or "changed" in ran.stdout
    for name in ("spread.pdf", "layer2.png", "space.html", "learn.gif"):
        assert (tmp_path / name).stat().st_size > 200, name
