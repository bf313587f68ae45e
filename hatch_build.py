"""Adds the compiled kernels of this platform to a wheel: `make wheel`. Other installs compile them at first use."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CarriedKernels(BuildHookInterface):
    """Compiles the kernels, puts them beside their Python, and names the platform in the wheel's name."""

    def dependencies(self) -> list[str]:
        """What compiling needs: the headers come with JAX."""
        return self.metadata.core.dependencies

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Runs before the wheel is put together."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from spark.kernels import carried

        made = carried.make(Path(self.root) / "build" / "carried")
        build_data["force_include"][str(made)] = f"spark/kernels/{carried.FOLDER.name}/{made.name}"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{carried.platform_tag(made)}"
