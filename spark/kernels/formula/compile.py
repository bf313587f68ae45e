"""Machine code of formulas: made by LLVM, kept in the user's cache, and known to the native library by a key."""

import contextlib
import hashlib
import struct
import threading
from functools import cache
from pathlib import Path

import llvmlite
from llvmlite import binding

from spark.files import write_whole
from spark.kernels import native
from spark.kernels.cache import CacheError, user_cache
from spark.kernels.formula.emit import NAME

_DIGEST = 32


@cache
def _machine() -> binding.TargetMachine:
    """The processor of this machine, as LLVM describes it."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    target = binding.Target.from_default_triple()
    return target.create_target_machine(
        cpu=binding.get_host_cpu_name(),
        features=binding.get_host_cpu_features().flatten(),
        opt=3,
        reloc="pic",
        codemodel="default",
    )


@cache
def lanes() -> int:
    """How many floats of 32 bits this processor computes with at once."""
    features = binding.get_host_cpu_features()
    if features.get("avx512f"):
        return 16
    return 8 if features.get("avx2") else 4


class _Loaded:
    """The machine code of this process by key; it stays as long as the process, since programs refer to it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.engines: dict[int, binding.ExecutionEngine] = {}


_loaded = _Loaded()


def load(text: str) -> int:
    """The key of a formula in LLVM's intermediate language, whose machine code the native library then knows.

    The key follows from the text and the processor, so a program that was compiled by another process means the same.
    """
    machine = _machine()
    means = (text, machine.triple, binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten())
    digest = hashlib.sha256("\0".join((*means, llvmlite.__version__)).encode()).digest()
    (key,) = struct.unpack("<q", digest[:8])
    with _loaded.lock:
        if key not in _loaded.engines:
            code = _kept(digest.hex()) or _keep(digest.hex(), _compiled(text))
            engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine_of_its_own())
            engine.add_object_file(binding.ObjectFileRef.from_data(code))
            engine.finalize_object()
            _loaded.engines[key] = engine
        native.know_formula(key, _loaded.engines[key].get_function_address(NAME))
    return key


def machine_of_its_own() -> binding.TargetMachine:
    """A description of the processor that an engine may own."""
    _machine()
    return binding.Target.from_default_triple().create_target_machine()


def _compiled(text: str) -> bytes:
    module = binding.parse_assembly(text)
    module.triple, module.data_layout = _machine().triple, str(_machine().target_data)
    module.verify()
    options = binding.create_pipeline_tuning_options(speed_level=3)
    # The vectors are in the code: what LLVM would make of the loop around them is slower.
    options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = False
    passes = binding.create_pass_builder(_machine(), options)
    passes.getModulePassManager().run(module, passes)
    return _machine().emit_object(module)


def _folder() -> Path | None:
    try:
        folder = user_cache() / "formulas"
        folder.mkdir(mode=0o700, exist_ok=True)
    except (CacheError, OSError):
        return None
    return folder


def _kept(name: str) -> bytes | None:
    """Machine code that an earlier process kept, unless it is damaged."""
    folder = _folder()
    try:
        data = (folder / f"{name}.o").read_bytes() if folder else b""
    except OSError:
        return None
    code, digest = data[:-_DIGEST], data[-_DIGEST:]
    return code if code and hashlib.sha256(code).digest() == digest else None


def _keep(name: str, code: bytes) -> bytes:
    """Keep machine code for later processes; where that fails they compile it again."""
    folder = _folder()
    if folder is not None:
        with contextlib.suppress(OSError):
            write_whole(folder / f"{name}.o", code + hashlib.sha256(code).digest())
    return code
