"""``python -m ser_platform.transcripts wer experiments/x.yaml``: how wrong its transcripts are."""

import sys
from argparse import Namespace
from collections.abc import Sequence

from ser_platform.config.recognition import RecognitionConfig
from ser_platform.config.schema import ExperimentFile
from ser_platform.door import door, parser_of
from ser_platform.errors import ConfigError


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, load the experiment file, do what is asked of its transcripts."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and arguments[0] in _COMMANDS:
        name, *rest = arguments
        return door(f"transcripts {name}", __doc__ or "", _COMMANDS[name], argv=rest)
    parser = parser_of("transcripts", __doc__ or "")
    parser.add_argument("command", choices=_COMMANDS, help="wer: word and character error rates")
    parser.add_argument("experiment", metavar="EXPERIMENT", help="file such as experiments/x.yaml")
    parser.parse_args(arguments)
    return 2


def _wer(file: ExperimentFile, _arguments: Namespace) -> None:
    from ser_platform.corpora import read_corpus
    from ser_platform.transcripts import with_transcripts
    from ser_platform.transcripts.show import show_rates
    from ser_platform.transcripts.wer import compare

    if isinstance(file.transcript, RecognitionConfig):
        raise ConfigError(
            f"transcript.kind is {file.transcript.kind}: what it hears is counted where it "
            "listens, in the log and the record of tune, train and features"
        )
    said = read_corpus(file.corpus)
    heard = with_transcripts(said, file.transcript)
    show_rates(said, compare(said.utterances, heard.utterances))


_COMMANDS = {"wer": _wer}


if __name__ == "__main__":
    sys.exit(main())
