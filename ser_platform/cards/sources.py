"""Where data, front ends and networks come from, as a card tells it. Ours to keep up to date."""

from typing import NamedTuple


class Source(NamedTuple):
    """A corpus: who is in it, and what may be done with it."""

    people: str
    missing: str
    """Who and what is not in it."""
    licence: str


_ACTED = "speech of everyday life, children, the old, accents, voice disorders"

CORPORA = {
    "iemocap": Source(
        "English; five women and five men, actors, in dialogues learned or made up (Busso 2008)",
        _ACTED,
        "Licensed by USC SAIL, for research; recordings must not be passed on.",
    ),
    "emodb": Source(
        "German; ten actors, five women and five men, ten fixed sentences (Burkhardt 2005)",
        f"{_ACTED}, other words",
        "Free to download; its authors ask to be cited.",
    ),
    "ravdess": Source(
        "North American English; 24 actors, two fixed sentences (Livingstone 2018)",
        f"{_ACTED}, other words",
        "CC BY-NC-SA 4.0: no commercial use without a licence of its own.",
    ),
    "cremad": Source(
        "English; 91 actors, twelve fixed sentences, labels are what was asked for (Cao 2014)",
        "speech of everyday life, children, voice disorders, other words",
        "Open Database License 1.0.",
    ),
    "meld": Source(
        "English; scenes of the television series Friends (Poria 2019)",
        f"{_ACTED}, speech without music and laughter",
        "Annotations: GPL 3.0. The recordings belong to the series' owners.",
    ),
    "demo": Source(
        "English; no people: voices of espeak-ng with rules for each emotion",
        "any person",
        "Made here. espeak-ng: GPL 3.0 or later.",
    ),
}
"""By ``corpus.kind``."""
UNKNOWN_CORPUS = Source(
    "people as its manifest has them; acted or not, we do not know",
    "everybody else",
    "as its owner says; we do not know.",
)

_OPENSMILE = "openSMILE (audEERING): research and non-commercial use only."
_OURS = "computed by this project's own code."
FRONT_ENDS = {
    "mfcc39": _OURS,
    "mfcc39 opensmile": _OPENSMILE,
    "prosody35": _OPENSMILE,
    "egemaps": _OPENSMILE,
    "compare": _OPENSMILE,
    "shortterm34": _OURS,
    "spectrogram": _OURS,
    "mfcc40": _OURS,
    "pretrained": "transformers (Apache 2.0); the weights as their authors say.",
    "glove50": "GloVe 6B: public domain (PDDL 1.0).",
    "file": "word vectors of a file: as its authors say.",
}
"""By ``kind``, and ``backend`` where it matters; of word vectors too."""
UNKNOWN_FRONT_END = "licence not known here."

SYSTEMS = {
    "alignment": "Xu et al., Interspeech 2019",
    "wise": "Shen et al., Interspeech 2020",
    "lstm_attention": "Mirsamadi et al., ICASSP 2017",
    "dual_rnn": "Yoon et al., SLT 2018",
    "cnn_lstm": "Satt et al., Interspeech 2017",
    "tdnn_lstm": "Sarma et al., Interspeech 2018",
    "cnn_phoneme": "Yenigalla et al., Interspeech 2018",
}
"""By ``model.kind``: the paper of the network."""
