"""What a tracking URI may be, told without MLflow."""

from urllib.parse import urlsplit

SQLITE = "sqlite:///"


def fault_of(uri: str) -> str:
    """Why there can be no MLflow of ours at an address; empty where there may be one."""
    if uri.startswith(SQLITE):
        return ""
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return (
            f"'{uri}' is neither a SQLite file nor a server; write sqlite:///folder/mlflow.db or "
            "http://host:port"
        )
    if parts.username or parts.password or "password=" in parts.query:
        return (
            f"carries a user name or password for {parts.hostname}, and is logged with every run; "
            "take them out and set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
        )
    return ""
