"""A table from names to classes; `spark.catalogue` holds the one that everybody uses."""

from collections.abc import Callable, Iterator

from spark.core.errors import Problem, RegistryError
from spark.core.names import suggestion


class Registry:
    """Names of classes, each once. A file can only name what is in here."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._classes: dict[str, type] = {}
        self._late: Callable[[], object] | None = None

    def on_miss(self, load: Callable[[], object]) -> None:
        """Call `load` once, the first time a name is not found: it may enter more classes."""
        self._late = load

    def _complete(self) -> None:
        load, self._late = self._late, None
        if load is not None:
            load()

    def add(self, cls: type, name: str | None = None) -> None:
        """Enter a class; entering the same class twice is no error, another under its name is.

        Raises:
            RegistryError: Another class has this name.
        """
        name = name or cls.__name__
        present = self._classes.get(name)
        if present is not None and present is not cls and not _redefined(present, cls):
            raise RegistryError(
                Problem(
                    name,
                    f"is already the name of {present.__module__}.{present.__qualname__}",
                    "Register the class under another name",
                )
            )
        self._classes[name] = cls

    def __getitem__(self, name: str) -> type:
        if name not in self._classes:
            self._complete()
        if name not in self._classes:
            raise RegistryError(
                Problem(
                    str(name),
                    f"is not a registered {self.what}",
                    suggestion(str(name), self._classes),
                )
            )
        return self._classes[name]

    def __contains__(self, cls: type) -> bool:
        return cls in self._classes.values()

    def name_of(self, cls: type) -> str:
        """The name under which a class is entered.

        Raises:
            RegistryError: It is not entered.
        """
        for name, known in self._classes.items():
            if known is cls:
                return name
        raise RegistryError(
            Problem(
                cls.__name__,
                f"is not a registered {self.what}",
                f"Call `spark.register({cls.__name__})` once, before saving or loading",
            )
        )

    def names(self) -> list[str]:
        """All names, sorted; those of installed packages too."""
        self._complete()
        return sorted(self._classes)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())


def _redefined(old: type, new: type) -> bool:
    """Whether `new` is `old` written again, as when a notebook's cell runs twice."""
    return (old.__module__, old.__qualname__) == (new.__module__, new.__qualname__)


modules = Registry("module")
