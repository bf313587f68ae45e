"""The faults that `make mutants` makes are faults, and each is made where the code runs."""

import ast
import signal
import subprocess
import sys
from pathlib import Path

import concerns
import mutants
import pytest
from mutants import AREAS, ROOT, keyed
from mutations import cpp_mutations, python_mutations

PYTHON = '''
"""A page."""
LIMIT = 3
def f(a: int = 1, b: str = "x") -> list[int]:
    """Says 1 < 2."""
    if not a and b in "ab" or a < 3:
        raise ValueError(f"{a + 1}")
    a.b = 2.0
    a.c(True)
    return [a - 1]
'''
CPP = """
#include <vector>
// a < b, c = 1;
template <typename T> int f(const T& a, int n) {
  if (a.size() <= 3 && !n) return n + 1;
  const char* text = "a < b";
  a->b[n] = 2;
  g(n);
  return 0;
}
"""


def changed(text, found):
    return {(text[m.begin : m.end], m.new) for m in found}


def test_faults_of_python_are_those_of_its_operators_constants_and_statements():
    found = python_mutations(PYTHON)
    made = changed(PYTHON, found)
    assert {("<", "<="), ("in", "not in"), ("and", "or"), ("or", "and"), ("not ", ""), ("-", "+")} <= made
    assert {("3", "4"), ("2.0", "5.0"), ("True", "False"), ("1", "2")} <= made
    assert {("a.b = 2.0", "pass"), ("a.c(True)", "pass"), ("return [a - 1]", "return None")} <= made
    assert not [m for m in found if m.begin < PYTHON.index("if not")]
    assert ("+", "-") not in made


@pytest.mark.parametrize("number", range(len(python_mutations(PYTHON))))
def test_every_fault_of_python_can_be_read(number):
    mutant = python_mutations(PYTHON)[number].applied(PYTHON)
    assert ast.dump(ast.parse(mutant)) != ast.dump(ast.parse(PYTHON))


def test_faults_of_cpp_leave_comments_texts_and_types_alone():
    found = cpp_mutations(CPP)
    assert changed(CPP, found) == {
        ("<=", "<"),
        ("&&", "||"),
        ("!", ""),
        ("+", "-"),
        ("3", "4"),
        ("1", "2"),
        ("2", "3"),
        ("0", "1"),
        ("a->b[n] = 2;", ";"),
        ("g(n);", ";"),
    }
    assert not [m for m in found if m.begin < CPP.index("{")]


def functions(*numbers):
    return "".join(f"def f{n}(a):\n    b = a + {n}\n\n    return b < {n}\n\n\n" for n in numbers)


def test_a_fault_keeps_its_key_when_lines_elsewhere_change():
    one, other = ({key for _, key in keyed("m.py", functions(*numbers))} for numbers in ((1, 2, 3, 4), (9, 2, 3, 8)))
    inner = {key for _, key in keyed("m.py", functions(2, 3))}
    assert one & other == inner and len(inner) == len(one) / 2 > 6
    assert not inner & {key for _, key in keyed("n.py", functions(2, 3))}


def test_the_same_fault_in_the_same_lines_has_a_key_of_its_own_each_time():
    keys = [key for _, key in keyed("m.py", functions(1, 1, 1))]
    assert len(set(keys)) == len(keys) == 3 * len(keyed("m.py", functions(1)))


def test_what_concerns_a_file_are_tests_that_exist_of_files_that_exist():
    named = {
        path.partition("::")[0] for listed in (*concerns.FILES.values(), *concerns.AREAS.values()) for path in listed
    }
    assert [path for path in sorted({*named, *concerns.FILES}) if not (ROOT / path).exists()] == []
    assert concerns.AREAS.keys() == AREAS.keys()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux says so here")
@pytest.mark.parametrize(("code", "ended"), [("import time; time.sleep(900)", -signal.SIGKILL), ("exit(3)", 3)])
def test_what_waits_for_ever_is_ended_and_what_ends_says_how(monkeypatch, code, ended):
    monkeypatch.setattr(mutants, "IDLE", 2)
    started = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    assert mutants.waited(started.pid) == ended
    started.returncode = ended
