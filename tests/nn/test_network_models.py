"""Published networks of the textbooks' models do what their papers show."""

import sys
from pathlib import Path

import numpy as np
from reference import networks as reference

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "networks"))
import inhibition
import izhikevich


def spectrum(fired: np.ndarray, window: int = 500) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies (Hz) and power of the number of spikes in each ms, averaged over windows; its mean is 1."""
    count = fired.sum(axis=1).astype(float)
    parts = [count[first : first + window] for first in range(0, len(count) - window + 1, window // 2)]
    power = [np.abs(np.fft.rfft((part - part.mean()) * np.hanning(window))) ** 2 for part in parts]
    mean = np.mean(power, axis=0)
    return np.fft.rfftfreq(window, 1e-3), mean / mean[1:].mean()


def test_izhikevichs_thousand_neurons_have_their_rate_and_their_two_rhythms() -> None:
    """As the program in the paper, which is run beside it: alpha at about 10 Hz, gamma at 30 to 50 Hz."""
    found, expected = izhikevich.activity(seed=3, milliseconds=2500), reference.izhikevich(4, 2500)
    for units in (slice(0, 800), slice(800, 1000)):
        assert abs(found[:, units].mean() / expected[:, units].mean() - 1) < 0.1
    frequencies, power = spectrum(found)
    _, beside = spectrum(expected)

    def band(of: np.ndarray, low: float, high: float) -> float:
        return of[(frequencies >= low) & (frequencies < high)].mean()

    for low, high in ((6, 14), (24, 50)):
        # Against what lies around: slower than the first, faster than the second.
        assert band(power, low, high) > 3 * max(band(power, 1, 5), band(power, 70, 200))
        assert 0.5 < band(power, low, high) / band(beside, low, high) < 2
    assert 6 <= frequencies[3:][np.argmax(power[3:50])] <= 14


def test_inhibitory_plasticity_brings_every_unit_to_its_target_rate() -> None:
    """Vogels et al. 2011: within 20 %, whatever the excitation of the unit is."""
    brain = inhibition.balanced()
    assert inhibition.rates(brain, 1.0).mean() > 2 * inhibition.TARGET
    inhibition.rates(brain, 25.0)
    after = inhibition.rates(brain, 10.0)
    assert np.abs(after / inhibition.TARGET - 1).max() < 0.2
    # Not all at once: weights follow what each unit needs.
    weights = brain.connections("cells.learns").weights.reshape(inhibition.UNITS, -1, order="F").mean(axis=1)
    assert np.corrcoef(np.arange(inhibition.UNITS), weights)[0, 1] > 0.9
