"""The ten voices: a woman and a man in each of five sessions."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """One speaker: a voice of espeak-ng and the speaker's own habits.

    Attributes:
        voice: accent and variant.
        rate: words a minute when nothing is felt.
        pitch: in espeak-ng's units, 50 is the voice's own.
        pitch_range: likewise.
        gain_db: loudness against the other speakers.
    """

    voice: str
    rate: int
    pitch: int
    pitch_range: int
    gain_db: float


SESSIONS = (1, 2, 3, 4, 5)
ACTORS = {
    (1, "F"): Actor("en-us+f1", rate=172, pitch=50, pitch_range=45, gain_db=0.0),
    (1, "M"): Actor("en-us+m3", rate=165, pitch=46, pitch_range=50, gain_db=1.5),
    (2, "F"): Actor("en-us+f2", rate=160, pitch=44, pitch_range=40, gain_db=-1.5),
    (2, "M"): Actor("en-us+m7", rate=178, pitch=54, pitch_range=42, gain_db=0.5),
    (3, "F"): Actor("en-gb-scotland+f3", rate=168, pitch=48, pitch_range=52, gain_db=1.0),
    (3, "M"): Actor("en-gb-scotland+m5", rate=156, pitch=42, pitch_range=44, gain_db=-1.0),
    (4, "F"): Actor("en-029+f4", rate=180, pitch=54, pitch_range=50, gain_db=-0.5),
    (4, "M"): Actor("en-029+m1", rate=170, pitch=50, pitch_range=38, gain_db=0.0),
    (5, "F"): Actor("en-us-nyc+f5", rate=185, pitch=46, pitch_range=46, gain_db=1.5),
    (5, "M"): Actor("en-gb-x-rp+m6", rate=162, pitch=52, pitch_range=48, gain_db=-1.5),
}
"""By session and sex."""
