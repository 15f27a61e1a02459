"""What Ray is told of a trial is written into its logs, so it holds no secret."""

import pytest
from ray import tune
from ray.tune.execution import class_cache

from ser_platform.tune.credentials import withhold_credentials


def test_a_trial_is_started_without_the_credentials_of_the_driver(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "SECURITY_TOKEN"):
        monkeypatch.setenv(f"AWS_{name}", "a-secret")
    monkeypatch.setenv("RAY_TRAIN_HEALTH_CHECK_INTERVAL_S", "0.5")
    withhold_credentials()
    # What Tune makes its actors with; Ray has no public way to look at it.
    told = class_cache._ActorClassCache().get(tune.Trainable)._default_options["runtime_env"]
    assert told["env_vars"]["RAY_TRAIN_HEALTH_CHECK_INTERVAL_S"] == "0.5"
    assert "a-secret" not in str(told)
