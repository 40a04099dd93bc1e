import re
import shutil
import subprocess
from pathlib import Path

from tests.template.reading import ROOT, resources

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
        "pynamodb",
        "typing-extensions",
    ]
    assert wanted.count("==") * 2 <= wanted.count("--hash=sha256:")


def test_the_dependencies_are_built_by_their_makefile() -> None:
    layer = resources("AWS::Serverless::LayerVersion")["DependenciesLayer"]

    assert layer["Metadata"] == {"BuildMethod": "makefile"}
    assert "build-DependenciesLayer:" in (LAYER / "Makefile").read_text()
