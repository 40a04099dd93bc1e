import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.template.reading import ROOT, resources, template

LAYER = ROOT / "layers" / "dependencies"


def test_the_layer_is_locked_like_the_rest() -> None:
    assert (LAYER / "requirements.txt").read_text() == (ROOT / "requirements" / "functions.txt").read_text()


def test_what_the_lambda_runtime_brings_is_not_shipped_again(tmp_path: Path) -> None:
    shutil.copytree(LAYER, tmp_path, dirs_exist_ok=True)

    subprocess.run(["make", "--silent", "wanted.txt"], cwd=tmp_path, check=True)

    wanted = (tmp_path / "wanted.txt").read_text()
    assert re.findall(r"^([A-Za-z0-9-]+)==", wanted, re.MULTILINE) == [
        "aws-lambda-powertools",
        "graphql-core",
        "jmespath",
        "prometheus-client",
        "pynamodb",
        "typing-extensions",
    ]
    assert wanted.count("==") * 2 <= wanted.count("--hash=sha256:")


@pytest.mark.parametrize("name", ["DependenciesLayer", "JobsLayer"])
def test_a_layer_is_built_by_its_makefile_for_the_runtimes_python(name: str) -> None:
    layer = resources("AWS::Serverless::LayerVersion")[name]
    makefile = (ROOT / layer["Properties"]["ContentUri"] / "Makefile").read_text()

    assert layer["Metadata"] == {"BuildMethod": "makefile"}
    assert f"build-{name}:" in makefile
    # Bytecode of another version would be of no use, and times do not survive a zip archive.
    assert f"{template()['Globals']['Function']['Runtime']} -m compileall" in makefile
    assert "--invalidation-mode unchecked-hash" in makefile
