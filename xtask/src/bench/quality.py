"""Speech for the quality part of the bench, and its scores (PESQ, ITU-T P.862).

make FOLDER           writes speech-8000-1.wav ... : a lead-in, then three readings with pauses
score FOLDER FILE...  prints a line for each recording: its name and the score of each reading, `-` where there is none
"""
import os, sys, warnings, numpy as np, soundfile as sf
from concurrent.futures import ProcessPoolExecutor
from math import gcd
from scipy.signal import resample_poly

SPEECH = "/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-%s.wav"
READINGS, PAUSES = ["0870", "0890", "0920"], [2.0, 1.0, 0.7, 0.7]


def at(x, a, b):
    return x if a == b else resample_poly(x, b // gcd(a, b), a // gcd(a, b))


def load(path):
    x, rate = sf.read(path, dtype="float64", always_2d=True)
    return at(x[:, 0], rate, 16000)


def make(folder):
    silence = [np.zeros(int(s * 16000)) for s in PAUSES]
    parts = [silence[0]] + [p for n, r in enumerate(READINGS) for p in (load(SPEECH % r), silence[n + 1])]
    whole = np.concatenate(parts)
    for rate, channels in (8000, 1), (16000, 1), (48000, 1), (48000, 2):
        x = np.clip(at(whole, 16000, rate), -1, 1)
        sf.write(f"{folder}/speech-{rate}-{channels}.wav", np.stack([x] * channels, 1), rate, subtype="PCM_16")


def aligned(ref, x):
    n = 1 << int(np.ceil(np.log2(len(ref) + len(x))))
    fit = np.fft.irfft(np.fft.rfft(x, n) * np.conj(np.fft.rfft(ref, n)), n)[: len(x)]
    return x[int(np.argmax(fit)):][: len(ref)]


def score(path):
    from pesq import pesq
    wide = "PCM" not in path.rsplit("/", 1)[-1]
    scores = []
    try:
        heard = load(path)
    except Exception:
        heard = np.zeros(0)
    for reading in READINGS:
        try:
            ref = load(SPEECH % reading)
            deg = aligned(ref, heard)
            ref = ref[: len(deg)]
            mos = pesq(16000, ref, deg, "wb") if wide else pesq(8000, at(ref, 16000, 8000), at(deg, 16000, 8000), "nb")
            scores.append(f"{mos:.3f}")
        except Exception:
            scores.append("-")
    return " ".join([path.rsplit("/", 1)[-1], *scores])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1] == "make":
        make(sys.argv[2])
    else:
        os.nice(19)
        with ProcessPoolExecutor() as pool:
            for line in pool.map(score, [f"{sys.argv[2]}/{name}" for name in sys.argv[3:]]):
                print(line, flush=True)
