"""The leaderboard in MLflow's own UI: a view of the runs, saved in the experiment.

Search and order are in the address of MLflow's page; columns are not: 3.17 keeps them in the
browser. A view that somebody shares holds all three in a tag of the experiment, and an address
can name it. So we share one for each protocol.
"""

import json

from ser_platform.tracking import layout

SHARED = "mlflow.sharedViewState."
"""MLflow's own: the tag of an experiment that holds a shared view, before its key."""
_METRICS = (
    *("test_ua", "test_ua_low", "test_ua_high", "test_ua_std"),
    *("test_wa", "test_wa_low", "test_wa_high", "test_macro_f1"),
    *("recall/ang", "recall/hap", "recall/neu", "recall/sad", "ece", "ece_scaled"),
    *("num_parameters", "seconds"),
)
_TAGS = (layout.STUDY, layout.SEED, layout.SCORING)


def view_key(protocol_id: str) -> str:
    """What an address names the view of a protocol by."""
    return f"ser-{protocol_id}"


def view_tag(protocol_id: str) -> str:
    """The tag that holds it."""
    return f"{SHARED}{view_key(protocol_id)}"


def view(protocol_id: str) -> str:
    """What the tag holds: complete finals of a protocol, best pooled UA first, with columns."""
    columns = [*(f"metrics.`{name}`" for name in _METRICS), *(f"tags.`{name}`" for name in _TAGS)]
    state = {
        "searchFilter": search_filter(protocol_id),
        "orderByKey": "metrics.`test_ua`",
        "orderByAsc": False,
        "selectedColumns": columns,
        "columnOrder": columns,
    }
    return json.dumps(state)


def search_filter(protocol_id: str) -> str:
    """Complete finals of a protocol, as MLflow's search box has it."""
    return (
        f"tags.`{layout.ROLE}` = 'final' AND tags.`{layout.PROTOCOL_ID}` = '{protocol_id}' "
        f"AND tags.`{layout.STATE}` = 'complete'"
    )
