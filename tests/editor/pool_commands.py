"""Commands of the editor for documents with pools, as `pools.py` has them."""

from spark.editor.history import History
from spark.editor.shapes import deep_check


def one(document, **command):
    history = History(document)
    return history, history.apply([command], shapes=deep_check(document)[0])[0][0]


def configured(document, path, value, ids=("n4",)):
    return one(document, do="configure", ids=list(ids), path=path, value=value)[0]


def into(document, node="n4"):
    return {k: e["to"][1] for k, e in document["edges"].items() if e["to"][0] == node}
