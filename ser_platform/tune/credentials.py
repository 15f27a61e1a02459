"""Ray Tune, kept from handing credentials to those who only wait."""

from ray.tune.execution import class_cache

_OF_AWS = {
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    *("AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN"),
}


def withhold_credentials() -> None:
    """Keep the driver's AWS credentials out of the runtime environment of trials.

    Ray Tune copies them into it, for checkpoints that our trials do not write; Ray then writes
    runtime environments in clear into its logs (``runtime_env_agent.log``), and its dashboard
    shows them. Who reads the store finds credentials as every AWS tool does.
    """
    class_cache.ENV_VARS_TO_PROPAGATE.difference_update(_OF_AWS)
