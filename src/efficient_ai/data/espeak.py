"""eSpeak NG through ctypes, as a program: a list of utterances comes in, their samples go out.

The synthesizer carries state from one word to the next. Each list is therefore spoken by a fresh process with a fixed
seed, so that the same list always gives the same samples.
"""

from __future__ import annotations

import ctypes
import json
import sys

SYNCHRONOUS = 2  # the samples come through the callback, and Synth returns when they have
RATE_PARAMETER, PITCH_PARAMETER = 1, 3
SEED = 2024


def main() -> None:
    """Read a JSON list of [text, voice, words a minute, pitch]; write a JSON line, then int16 samples of all.

    The line has the sampling rate, and the length of each utterance; 0 where the voice is unknown.
    """
    import espeakng_loader

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = library.espeak_Initialize(SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0)
    spoken = bytearray()

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
    def collect(samples: int | None, count: int, events: int) -> int:
        if samples and count > 0:
            spoken.extend(ctypes.string_at(samples, 2 * count))
        return 0

    library.espeak_SetSynthCallback(collect)
    library.espeak_ng_SetRandSeed(ctypes.c_long(SEED))
    ctypes.CDLL(None).srand(SEED)
    lengths = []
    for text, voice, speed, pitch in json.load(sys.stdin):
        before = len(spoken)
        if library.espeak_SetVoiceByName(voice.encode()) == 0:
            library.espeak_SetParameter(RATE_PARAMETER, speed, 0)
            library.espeak_SetParameter(PITCH_PARAMETER, pitch, 0)
            content = text.encode()
            library.espeak_Synth(content, len(content) + 1, 0, 1, 0, 1, None, None)
            library.espeak_Synchronize()
        lengths.append((len(spoken) - before) // 2)
    sys.stdout.buffer.write(json.dumps({"rate": rate, "lengths": lengths}).encode() + b"\n" + bytes(spoken))


if __name__ == "__main__":
    main()
