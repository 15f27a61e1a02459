"""Speech emotion recognition experiments: corpora, features, models, folds, studies, leaderboard.

Reading order, the way the data goes: utterance.py -> config/schema.py -> corpora/ -> features/
-> dataset.py -> models/ -> train/ -> tune/ -> tracking/ -> leaderboard/. A room imports only
from the floors below it (docs/architecture.md; tests/test_floors.py holds it).
"""

__version__ = "0.1.0"
