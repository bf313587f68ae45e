"""Pictures show what they are given."""

import re

import numpy as np
import pytest
from matplotlib import pyplot

import spark
from spark.plot import loop_picture, raster


@pytest.fixture(autouse=True)
def close_figures():
    yield
    pyplot.close("all")


def test_a_raster_marks_excitatory_and_inhibitory_spikes_where_they_are():
    spikes = np.zeros((10, 4), np.int8)
    spikes[3, 1], spikes[7, 2] = 1, -1
    image = raster(spikes).images[0].get_array()
    assert image.shape == (4, 10, 3)
    assert image[1, 3].max() < 50
    assert image[2, 7][0] > 100 > image[2, 7][1]
    assert (np.delete(image.reshape(-1, 3), [13, 27], axis=0) == 255).all()


def test_a_raster_takes_a_payload_and_flattens_units():
    payload = spark.SpikeArray(np.zeros((5, 2, 3), np.int8))
    assert raster(payload).images[0].get_array().shape == (6, 5, 3)


def test_a_raster_of_one_dimension_is_refused():
    with pytest.raises(spark.InputError, match=re.escape("got (3,); expected (steps, units...)")):
        raster(np.zeros(3))


def test_the_loop_picture_draws_observations_over_their_bands():
    spikes = np.zeros((40, 20), np.int8)
    observations = np.array([[0.0, 1.0]] * 10)
    figure = loop_picture(spikes, observations, [0, 1] * 5, breaks=[4], resolution=8)
    above, below = figure.axes
    heights = [line.get_ydata()[0] for line in above.get_lines() if len(line.get_xdata()) == 10]
    assert heights == [3.5, 8 + 7.0]
    assert len(below.get_lines()[0].get_xdata()) == 10
