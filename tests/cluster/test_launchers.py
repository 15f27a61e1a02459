"""cluster/aws.yaml and gcp.yaml: Ray's own validation, and what the clouds say of themselves."""

import importlib.resources
from pathlib import Path

import pytest

from tests.cluster.files import LAUNCHERS, ROOT, Document, constraints, document
from tests.cluster.launcher import PROVIDER, commands, launcher_faults, prepared

EACH = pytest.mark.parametrize("path", LAUNCHERS, ids=lambda path: path.name)


@EACH
def test_ray_and_the_cloud_take_it(path: Path) -> None:
    assert list(launcher_faults(document(path))) == []


@EACH
def test_the_head_trains_nothing_and_all_else_comes_from_zero(path: Path) -> None:
    found = prepared(document(path))
    kinds = found["available_node_types"]
    head = kinds.pop(found["head_node_type"])
    assert (head["resources"], head["max_workers"]) == ({"CPU": 0}, 0)
    assert {kind["min_workers"] for kind in kinds.values()} == {0}
    assert {name: kind["resources"].get("GPU", 0) for name, kind in kinds.items()} == {
        "cpu": 0,
        "gpu_spot": 1,
        "gpu_on_demand": 1,
    }
    assert found["idle_timeout_minutes"] <= 10


@EACH
def test_only_the_head_and_the_fallback_are_paid_in_full(path: Path) -> None:
    spot = set()
    for name, kind in document(path)["available_node_types"].items():
        market = kind["node_config"].get("InstanceMarketOptions", {}).get("MarketType")
        model = kind["node_config"].get("scheduling", {}).get("provisioningModel")
        if "spot" in (market, str(model).lower()):
            spot.add(name)
    assert spot == {"cpu", "gpu_spot"}


@EACH
def test_none_of_rays_own_commands_is_left(path: Path) -> None:
    """They install a nightly wheel, and open the dashboard to everybody."""
    found = prepared(document(path))
    said = str({key: value for key, value in found.items() if key.endswith("_commands")})
    for word in ("wheel", "nightly", "latest", "dashboard-host=0.0.0.0", "anaconda", "1.4.8"):
        assert word not in said


@EACH
def test_the_dashboard_is_on_loopback_and_no_word_goes_home(path: Path) -> None:
    (head,) = [c for c in commands(document(path), "ray") if "--head" in c]
    assert {"--dashboard-host=127.0.0.1", "--disable-usage-stats"} <= set(head)


@EACH
def test_every_start_of_ray_knows_the_token(path: Path) -> None:
    found = document(path)
    for key in ("head_start_ray_commands", "worker_start_ray_commands"):
        for command in found[key]:
            assert command.startswith(". ~/.ser-node/environment.sh; "), command
    told = (ROOT / "cluster" / "environment.sh").read_text(encoding="utf-8")
    assert 'RAY_AUTH_MODE=token\nexport RAY_AUTH_TOKEN_PATH="$HOME/.ser-cluster/ray-token"' in told
    assert found["file_mounts"]["~/.ser-cluster"] == "~/.ser-cluster"
    assert found["setup_commands"][0] == "chmod 700 ~/.ser-cluster && chmod 600 ~/.ser-cluster/*"


@EACH
def test_what_is_copied_is_there(path: Path) -> None:
    for local in document(path)["file_mounts"].values():
        assert local.startswith("~/") or (ROOT / local).is_file(), local


@EACH
def test_packages_are_those_that_were_tested(path: Path) -> None:
    (install,) = [c for c in document(path)["setup_commands"] if "uv pip install" in c]
    assert "-c ~/.ser-node/constraints.txt -r ~/.ser-node/pyproject.toml" in install
    assert constraints()["ray"] == "2.60.0"


def test_a_cloud_is_asked_only_for_what_ray_reads() -> None:
    """PROVIDER is written by hand: each of its words stands in Ray's code for that cloud."""
    private = importlib.resources.files("ray.autoscaler") / "_private"
    common = [(private / name).read_text() for name in ("commands.py", "updater.py")]
    for cloud, settings in PROVIDER.items():
        own = [(private / cloud / name).read_text() for name in ("config.py", "node_provider.py")]
        for setting in settings - {"type"}:
            assert f'"{setting}"' in "".join([*common, *own]), (cloud, setting)


def test_no_machine_of_amazon_gives_its_credentials_away() -> None:
    """IMDSv2 alone, one hop; encrypted disks that go with the machine."""
    for name, kind in document(LAUNCHERS[0])["available_node_types"].items():
        node = kind["node_config"]
        assert node["MetadataOptions"] == {
            "HttpEndpoint": "enabled",
            "HttpTokens": "required",
            "HttpPutResponseHopLimit": 1,
        }, name
        for disk in node["BlockDeviceMappings"]:
            assert disk["Ebs"]["Encrypted"]
            assert disk["Ebs"]["DeleteOnTermination"]
        assert node["IamInstanceProfile"]["Name"] == (
            "ser-head" if name == "head" else "ser-trainer"
        )


def test_a_worker_at_google_may_ask_google_for_nothing() -> None:
    kinds: Document = document(LAUNCHERS[1])["available_node_types"]
    accounts = {name: kind["node_config"].get("serviceAccounts") for name, kind in kinds.items()}
    assert accounts == {"head": None, "cpu": [], "gpu_spot": [], "gpu_on_demand": []}


def test_the_two_clouds_have_the_same_cluster() -> None:
    aws, gcp = (document(path) for path in LAUNCHERS)
    for key in ("max_workers", "idle_timeout_minutes", "file_mounts", "head_start_ray_commands",
                "worker_start_ray_commands", "initialization_commands"):  # fmt: skip
        assert aws[key] == gcp[key], key
    for name, kind in aws["available_node_types"].items():
        other = gcp["available_node_types"][name]
        assert {k: v for k, v in kind.items() if k != "node_config"} == {
            k: v for k, v in other.items() if k != "node_config"
        }
