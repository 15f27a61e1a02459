"""``python -m ser_platform.predict``: the emotions in recordings, as a saved model hears them."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from ser_platform.config.recognition import RecognitionConfig, recogniser_from
from ser_platform.config.schema import TrackingConfig
from ser_platform.door import at_least, guarded, parser_of
from ser_platform.inference import LONGEST_S, SHORTEST_STRETCH_S


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, fetch the model, ask it about each recording; 1 when one has no answer."""
    parser = parser_of("predict", __doc__ or "")
    _add_arguments(parser)
    arguments = parser.parse_args(argv)

    def act() -> int:
        recogniser: RecognitionConfig | None = None
        if arguments.recogniser is not None:
            recogniser = recogniser_from(arguments.recogniser)
        from ser_platform.predict.predict import predict

        return predict(
            arguments.model,
            arguments.recordings,
            uri=arguments.uri,
            text=arguments.text,
            transcripts=arguments.transcripts,
            recogniser=recogniser,
            longest_s=arguments.longest,
            store=arguments.store,
            form=arguments.form,
            page=arguments.page,
        )

    return guarded(act)


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="models:/NAME@champion, models:/NAME/3, runs:/RUN/NAME, or a folder",
    )
    parser.add_argument(
        "recordings",
        metavar="RECORDING",
        nargs="+",
        help="sound that libsndfile reads, a folder, or a CSV with a column 'file'",
    )
    parser.add_argument("--text", help="what is said in the only recording")
    parser.add_argument(
        "--transcripts",
        metavar="FILE",
        help="what is said in each: CSV 'utterance_id, transcript', CTM, or Google's JSON",
    )
    parser.add_argument(
        "--recogniser",
        metavar="KIND[,SETTING=VALUE...]",
        help="hears words that nobody gives: faster_whisper,model=/models/base.en "
        "(default: what the model was trained with, or else pocketsphinx,times=align)",
    )
    parser.add_argument(
        "--longest",
        type=at_least(SHORTEST_STRETCH_S),
        default=LONGEST_S,
        metavar="SECONDS",
        help="longer recordings are cut at pauses (default: %(default)g)",
    )
    parser.add_argument(
        "--uri", default=TrackingConfig().uri, help="of MLflow (default: %(default)s)"
    )
    parser.add_argument(
        "--store",
        metavar="STORE",
        help="ask on Ray and keep answers in this folder or s3://bucket/prefix; run again, it "
        "goes on where it ended",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--json", dest="form", action="store_const", const="json", help="a JSON object per line"
    )
    form.add_argument("--csv", dest="form", action="store_const", const="csv", help="a CSV")
    parser.add_argument(
        "--page", type=Path, metavar="FILE", help="a page with sound, words and attention"
    )


if __name__ == "__main__":
    sys.exit(main())
