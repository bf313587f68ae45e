"""Nonsense in the place of any argument or field is an error of ours that names it, or is accepted rightly."""

import warnings

import numpy as np
import pytest
from nonsense import NONSENSE, calls, close, field_cases

from spark import ConfigError, SparkError
from spark.nn.initializers import UniformInitializer

CALLS = calls()


def outcome(function, arguments):
    """Nothing, or what a call raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            function(**arguments)
        except Exception as error:
            return error
    return None


def given(call, folder):
    """Arguments that work; `self` and `cls` bound."""
    arguments = call.arguments(folder)
    owner = arguments.pop("self", None)
    return (call.function if owner is None else getattr(owner, call.name.rpartition(".")[2])), arguments


@pytest.mark.parametrize("call", CALLS, ids=lambda c: c.name)
def test_the_call_that_nonsense_is_put_into_works(call, tmp_path):
    assert outcome(*given(call, tmp_path)) is None
    close()


@pytest.mark.parametrize("call", CALLS, ids=lambda c: c.name)
def test_nonsense_as_an_argument_is_named(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    faults = []
    for parameter in call.parameters:
        for number, nonsense in enumerate(NONSENSE):
            folder = tmp_path / f"{parameter}{number}"
            folder.mkdir()
            function, arguments = given(call, folder)
            error = outcome(function, {**arguments, parameter: nonsense})
            shown = f"{parameter}={nonsense!r:.40}"
            if error is None:
                faults += [f"{shown} was accepted"] * (not call.accepts(parameter, nonsense))
            elif not isinstance(error, SparkError):
                faults.append(f"{shown} raised {type(error).__name__}: {error!s:.160}")
            elif not named(parameter, nonsense, error):
                faults.append(f"{shown} is not named by {error!s:.200}")
    close()
    assert not faults, "\n".join(faults)


def named(parameter, nonsense, error):
    """Whether an error says which argument it is about: by its name, or by what stands there."""
    return parameter in str(error).lower() or (isinstance(nonsense, (str, dict)) and "nonsense" in str(error))


def kept(config, name):
    """Whether JSON holds a config; rules that depend on dt are looked at once it is given, as JSON gives it."""
    try:
        return type(config).from_json(config.to_json()) == config
    except ConfigError as error:
        return name in str(error)


@pytest.mark.parametrize(("cls", "base"), field_cases(), ids=lambda v: getattr(v, "__name__", ""))
def test_nonsense_in_a_field_is_named(cls, base):
    faults = []
    for name in cls.model_fields:
        for nonsense in NONSENSE:
            try:
                made = cls(**{**base, name: nonsense})
            except ConfigError as error:
                if name not in str(error):
                    faults.append(f"{name}={nonsense!r:.40} is not named by {error!s:.200}")
            except Exception as error:
                faults.append(f"{name}={nonsense!r:.40} raised {type(error).__name__}: {error!s:.160}")
            else:
                faults += [f"{name}={nonsense!r:.40} was accepted, and JSON does not hold it"] * (not kept(made, name))
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(("cls", "base"), field_cases(), ids=lambda v: getattr(v, "__name__", ""))
def test_no_field_takes_a_number_that_a_step_could_not_compute_with(cls, base):
    """A step computes in float32, in which 1e39 is infinite."""
    faults = []
    for name in cls.model_fields:
        for number in (1e39, -1e39, np.float64(1e39), [1.0, -1e39]):
            try:
                cls(**{**base, name: number})
            except ConfigError as error:
                faults += [f"{name}={number!r:.40} is not named by {error!s:.200}"] * (name not in str(error))
            else:
                faults.append(f"{name}={number!r:.40} was accepted")
    assert not faults, "\n".join(faults)


# Numbers that floats, single precision or JSON could round, cut or take for others.
SETTINGS = [0, 1, -1, 3, 2**53 + 1, 0.1, -70.3, 1e-30, 3e38, np.float32(0.1), np.float64(0.1), np.int64(7)]
SETTINGS += [
    [0.1, 0.7, 3.0],
    np.float32([0.1, 0.7, 3.0]),
    np.array([0.1, 0.7, 3.0]),
    UniformInitializer(low=0.1, high=0.3),
]


@pytest.mark.thorough
@pytest.mark.parametrize(("cls", "base"), field_cases(), ids=lambda v: getattr(v, "__name__", ""))
def test_a_setting_that_is_accepted_comes_back_from_plain_data(cls, base):
    faults = []
    for name in cls.model_fields:
        for number in SETTINGS:
            try:
                made = cls(**{**base, name: number})
            except ConfigError:
                continue
            backs = {
                "a dict": lambda made=made: cls.from_dict(made.to_dict()),
                "JSON": lambda made=made: cls.from_json(made.to_json()),
            }
            for form, back in backs.items():
                try:
                    found = back()
                except ConfigError as error:
                    # Rules that depend on dt are looked at once it is given, as plain data gives it.
                    faults += [f"{name}={number!r:.40} does not come back from {form}: {error}"] * (
                        name not in str(error)
                    )
                else:
                    same = found == made and found.to_dict() == made.to_dict()
                    faults += [f"{name}={number!r:.40} comes back from {form} as another"] * (not same)
    assert not faults, "\n".join(faults)
