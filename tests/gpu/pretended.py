"""A CUDA device that is not there: torch checks the shapes and devices of every operation, and computes nothing.

`pretend()` changes the whole process, and has to come before torch is imported. Then, inside `pretended_device`,
tensors on "cuda" have shapes alone (torch's FakeTensorMode), and an operation that mixes devices fails as on a GPU.
`Watch` counts what a GPU would do: kernels, copies between devices, and read-backs, for which the host would wait.
"""

import ctypes
import importlib.util
import subprocess
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

SOURCE = Path(__file__).with_name("pretended_cuda.cpp")
_NO_KERNEL = {
    "_unsafe_view",
    "alias",
    "as_strided",
    "chunk",
    "detach",
    "device",
    "empty",
    "empty_like",
    "expand",
    "lift_fresh",
    "narrow",
    "new_empty",
    "new_empty_strided",
    "permute",
    "select",
    "slice",
    "split",
    "split_with_sizes",
    "squeeze",
    "t",
    "transpose",
    "unbind",
    "unfold",
    "unsqueeze",
    "view",
}
"""Operations of torch that launch no kernel: they look at memory in another way, or take some."""


def pretend() -> None:
    """Load torch's libraries and, behind them, a CUDA that is not there. The first time it needs g++."""
    home = Path(str(importlib.util.find_spec("torch").origin)).parent  # type: ignore[union-attr]
    library = user_cache_path("palate") / "tests" / f"pretended-cuda-{version('torch')}.so"
    if not library.exists():
        library.parent.mkdir(parents=True, exist_ok=True)
        beside = library.with_suffix(".new")
        includes, libraries = [f"-I{home}/include"], [f"-L{home}/lib", "-lc10", "-ltorch_cpu"]
        options = ["-std=c++20", "-O1", "-shared", "-fPIC"]
        subprocess.run(["g++", *options, *includes, str(SOURCE), *libraries, "-o", str(beside)], check=True)
        beside.replace(library)
    for each in ("libtorch_global_deps.so", "libc10.so", "libtorch_cpu.so"):
        ctypes.CDLL(str(home / "lib" / each), mode=ctypes.RTLD_GLOBAL)
    ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)


def in_engine() -> str:
    """The innermost function of the engine that is running, such as `generate.py:_draw`."""
    frames = [frame for frame in traceback.extract_stack() if "/engine/" in frame.filename]
    return f"{Path(frames[-1].filename).name}:{frames[-1].name}" if frames else "?"


@contextmanager
def pretended_device(*, memory: int = 80 << 30) -> Iterator[None]:
    """Inside, the device "cuda" has so many bytes, the abilities of an H100, and no numbers."""
    import torch
    from torch._subclasses.fake_tensor import FakeTensorMode

    import engine.dropout
    import engine.model

    class NoNumbers(torch.utils._python_dispatch.TorchDispatchMode):
        """Random numbers by their shapes alone: there is no generator on the device. Numbers read back are 5."""

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs, name = kwargs or {}, func._overloadpacket.__name__
            if name in ("uniform_", "normal_", "random_"):
                return args[0]
            if name == "_local_scalar_dense":
                return 5 if not args[0].is_floating_point() else 0.5
            if name == "randint" and torch.device(kwargs.get("device") or "cpu").type == "cuda":
                size = next(each for each in args if isinstance(each, (list, tuple)))
                return torch.empty(size, dtype=torch.int64, device="cuda")
            return func(*args, **kwargs)

    properties = type("Properties", (), {"total_memory": memory, "name": "pretended", "multi_processor_count": 132})
    torch.cuda.get_device_properties = lambda *_: properties()  # type: ignore[assignment]
    torch.cuda.get_device_capability = lambda *_: (9, 0)
    torch.cuda.mem_get_info = lambda *_: (memory, memory)
    torch.cuda.get_rng_state_all = lambda: []
    torch.cuda.set_rng_state_all = lambda _: None
    torch.backends.cuda.is_flash_attention_available = lambda: True
    torch.nn.Module._apply = _apply  # type: ignore[assignment,method-assign]
    engine.model.BaseModel._random_devices = lambda _: []  # type: ignore[method-assign]
    engine.llama.attention.agrees = lambda *_: True  # type: ignore[assignment]
    engine.dropout.seeded_places = lambda values, share, _, *, device, first=0: torch.randint(  # type: ignore[assignment]
        first, first + values, (int(values * share),), device=device
    )
    # A build for CPUs has no kernel for this, and would count those of its parts.
    library = torch.library.Library("aten", "IMPL")
    library.impl("_fused_rms_norm", lambda x, _, *__: (torch.empty_like(x), x.new_empty(*x.shape[:-1], 1)), "CUDA")
    with FakeTensorMode(), NoNumbers():
        yield
    del library


def _apply(self: Any, fn: Any, recurse: bool = True) -> Any:
    """`torch.nn.Module._apply` that makes parameters anew: those without numbers cannot be exchanged in place."""
    import torch

    for child in self.children() if recurse else ():
        child._apply(fn)
    for held, is_weight in ((self._parameters, True), (self._buffers, False)):
        for key, value in held.items():
            if value is not None:
                made = fn(value.detach())
                held[key] = torch.nn.Parameter(made, value.requires_grad) if is_weight else made
    return self


class Watch:
    """Counts what runs inside: kernels, and by their place in the engine copies to the device and read-backs."""

    def __init__(self) -> None:
        self.kernels = 0
        self.operations: Counter[str] = Counter()
        self.copied: Counter[str] = Counter()
        self.read: Counter[str] = Counter()

    def __enter__(self) -> "Watch":
        from torch.utils._python_dispatch import TorchDispatchMode

        watch = self

        class Mode(TorchDispatchMode):
            def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
                found = func(*args, **(kwargs or {}))
                watch._note(func._overloadpacket.__name__, args, found)
                return found

        self._mode = Mode()
        self._mode.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._mode.__exit__(*error)

    def _note(self, name: str, args: Any, found: Any) -> None:
        import torch

        given = next((each for each in args if isinstance(each, torch.Tensor)), None)
        made = found[0] if isinstance(found, (tuple, list)) and found else found
        devices = {each.device.type for each in (given, made) if isinstance(each, torch.Tensor)}
        if name == "_local_scalar_dense" and given is not None and given.is_cuda:
            self.read[in_engine()] += 1
        elif devices == {"cpu", "cuda"} and given is not None:
            (self.read if given.is_cuda else self.copied)[in_engine()] += 1
        if "cuda" in devices and name not in _NO_KERNEL:
            self.kernels += 1
            self.operations[name] += 1


class Kept:
    """The bytes that autograd keeps inside for a backward pass, each memory once, without a model's weights."""

    def __init__(self, model: Any) -> None:
        self._seen = {weight.untyped_storage()._cdata for weight in model.parameters()}
        self._held: list[Any] = []
        self.bytes = 0

    def __enter__(self) -> "Kept":
        import torch

        def pack(value: Any) -> Any:
            storage = value.untyped_storage()
            if storage._cdata not in self._seen:
                self._seen.add(storage._cdata)
                self._held.append(value)  # so that no other memory has its address
                self.bytes += storage.nbytes()
            return value

        self._hooks = torch.autograd.graph.saved_tensors_hooks(pack, lambda value: value)
        self._hooks.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._hooks.__exit__(*error)
