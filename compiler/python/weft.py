"""Weft in Python: compile a pattern file, call it with arrays.

    import weft
    attention = weft.compile("mine.weft")
    o = attention(q, k, v, w=100)               # q [H, Lq, D] or [B, H, Lq, D]; the pattern's parameters by keyword
    o, lse = attention(q, k, v, return_lse=True)
    attention.mask(1024)                        # booleans [H, Lq, Lk]

Arrays are NumPy's, PyTorch's, or anything in the CPU's memory with __dlpack__; none is copied, whatever its strides,
and results are of q's kind. float32 and float16, and bfloat16 where the arrays have it. No gradients are computed.

Kernels are compiled when a type and head dimension is first seen, and kept, also on disk; plans are kept per shape and
parameters. Objects may be shared between threads, and runs leave the interpreter to the others. libweft is looked for
where $WEFT_LIBRARY says, beside this file, and where the system's loader looks.
"""

import collections
import ctypes
import functools
import hashlib
import os
import pathlib
import sys
import threading
import warnings

import numpy

__all__ = ["compile", "compile_text", "block_mask", "save_mask", "version", "Attention", "Diagnostic", "Error",
           "PatternError", "ArgumentError", "UnsupportedError", "FileError", "PatternWarning"]

# ---- errors ---------------------------------------------------------------------------------------------------------

Diagnostic = collections.namedtuple("Diagnostic", "code is_error file line column message suggestion")


class Error(Exception):
    """What went wrong, as the tool would print it; `diagnostics` are the parts, where a file was read."""

    diagnostics = ()


class PatternError(Error):
    """The text of a pattern, or what it means for a shape, is wrong."""


class ArgumentError(Error, ValueError):
    """A parameter, array or option is wrong."""


class UnsupportedError(Error, NotImplementedError):
    """It is right, but this build cannot do it."""


class FileError(Error, OSError):
    """A file cannot be read."""


class PatternWarning(UserWarning):
    """Something in a pattern that nobody is likely to mean."""


_INVALID_PATTERN, _INVALID_ARGUMENT, _UNSUPPORTED, _OUT_OF_MEMORY, _IO_ERROR = 1, 2, 3, 4, 5
_ERRORS = {_INVALID_PATTERN: PatternError, _INVALID_ARGUMENT: ArgumentError, _UNSUPPORTED: UnsupportedError,
           _OUT_OF_MEMORY: MemoryError, _IO_ERROR: FileError}

# ---- the C interface: <weft/runtime.h> and <weft/weft.h> say what these mean ----------------------------------------


class _Struct(ctypes.Structure):
    """One whose first field is its size."""

    def __init__(self, **fields):
        super().__init__(size=ctypes.sizeof(type(self)), **fields)


class _DataType(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16)]


class _Tensor(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("device_type", ctypes.c_int), ("device_id", ctypes.c_int32),
                ("ndim", ctypes.c_int32), ("dtype", _DataType), ("shape", ctypes.POINTER(ctypes.c_int64)),
                ("strides", ctypes.POINTER(ctypes.c_int64)), ("byte_offset", ctypes.c_uint64)]


class _VersionedTensor(ctypes.Structure):
    _fields_ = [("major", ctypes.c_uint32), ("minor", ctypes.c_uint32), ("context", ctypes.c_void_p),
                ("deleter", ctypes.c_void_p), ("flags", ctypes.c_uint64), ("tensor", _Tensor)]


class _Config(_Struct):
    _fields_ = [("size", ctypes.c_size_t), ("hooks", ctypes.c_void_p * 8), ("threads", ctypes.c_uint32),
                ("cache_path", ctypes.c_char_p), ("cache_limit", ctypes.c_uint64), ("debug", ctypes.c_uint32)]


class _ModuleOptions(_Struct):
    _fields_ = [("size", ctypes.c_size_t), ("import_paths", ctypes.POINTER(ctypes.c_char_p)),
                ("import_path_count", ctypes.c_size_t)]


class _Parameter(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("type", ctypes.c_char_p), ("has_default", ctypes.c_bool)]


class _Diagnostic(ctypes.Structure):
    _fields_ = [("code", ctypes.c_char_p), ("is_error", ctypes.c_bool), ("file", ctypes.c_char_p),
                ("line", ctypes.c_uint32), ("column", ctypes.c_uint32), ("end_line", ctypes.c_uint32),
                ("end_column", ctypes.c_uint32), ("message", ctypes.c_char_p), ("suggestion", ctypes.c_char_p)]


class _KernelOptions(_Struct):
    _fields_ = [("size", ctypes.c_size_t), ("dtype", ctypes.c_int), ("head_dim", ctypes.c_int64),
                ("value_dim", ctypes.c_int64), ("target", ctypes.c_char_p), ("plan_only", ctypes.c_bool)]


class _Shape(_Struct):
    _fields_ = [("size", ctypes.c_size_t), ("batch", ctypes.c_int64), ("heads", ctypes.c_int64),
                ("kv_heads", ctypes.c_int64), ("queries", ctypes.c_int64), ("keys", ctypes.c_int64),
                ("head_dim", ctypes.c_int64), ("value_dim", ctypes.c_int64)]


class _Value(ctypes.Union):
    _fields_ = [("integer", ctypes.c_int64), ("real", ctypes.c_double), ("truth", ctypes.c_bool),
                ("array", ctypes.POINTER(_Tensor))]


class _Binding(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("kind", ctypes.c_int), ("value", _Value)]


class _Tensors(_Struct):
    _fields_ = [("size", ctypes.c_size_t), ("q", ctypes.POINTER(_Tensor)), ("k", ctypes.POINTER(_Tensor)),
                ("v", ctypes.POINTER(_Tensor)), ("o", ctypes.POINTER(_Tensor)), ("lse", ctypes.POINTER(_Tensor)),
                ("bindings", ctypes.POINTER(_Binding)), ("binding_count", ctypes.c_size_t)]


@functools.lru_cache(maxsize=None)
def _library():
    """libweft, with libweft_runtime behind it, when it is first needed."""
    name = "libweft.so.0"
    beside = pathlib.Path(__file__).with_name(name)
    path = os.environ.get("WEFT_LIBRARY") or (str(beside) if beside.exists() else name)
    try:
        library = ctypes.CDLL(path)
    except OSError as reason:
        raise OSError("%s; set WEFT_LIBRARY to the path of libweft.so" % reason) from None
    handle, text, count = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
    for function, result, *arguments in (
            ("weft_status_name", text, ctypes.c_int), ("weft_version", text),
            ("weft_context_create", ctypes.c_int, handle, handle), ("weft_context_destroy", None, handle),
            ("weft_context_message", count, handle, ctypes.c_bool, text, count),
            ("weft_context_diagnostic", ctypes.c_bool, handle, count, handle),
            ("weft_module_load", ctypes.c_int, handle, text, handle, handle),
            ("weft_module_load_text", ctypes.c_int, handle, text, text, count, handle, handle),
            ("weft_module_destroy", None, handle), ("weft_module_pattern", text, handle, count),
            ("weft_module_parameter", ctypes.c_bool, handle, text, count, handle),
            ("weft_module_heads", ctypes.c_int64, handle, text),
            ("weft_kernel_create", ctypes.c_int, handle, text, handle, handle), ("weft_kernel_destroy", None, handle),
            ("weft_kernel_message", count, handle, text, count),
            ("weft_plan_create", ctypes.c_int, handle, handle, handle, count, handle),
            ("weft_plan_destroy", None, handle),
            ("weft_plan_message", count, handle, text, count), ("weft_plan_workspace", count, handle),
            ("weft_plan_choose", ctypes.c_int, handle, handle), ("weft_run", ctypes.c_int, handle, handle, handle),
            ("weft_plan_mask", ctypes.c_int, handle, ctypes.c_int64, ctypes.c_int64, ctypes.c_int, handle),
            ("weft_plan_coverage", ctypes.c_int, handle, *[ctypes.c_int64] * 5, handle)):
        getattr(library, function).restype = result
        getattr(library, function).argtypes = arguments
    return library


class _Handle(ctypes.c_void_p):
    """What a function of the library made; destroyed with its last reference."""

    destroy = None

    def __del__(self):
        if self.value and self.destroy:
            self.destroy(self)


def _text(function, *arguments):
    """A text that a function writes as snprintf does."""
    buffer = ctypes.create_string_buffer(1)
    buffer = ctypes.create_string_buffer(function(*arguments, buffer, 1) + 1)
    function(*arguments, buffer, len(buffer))
    return buffer.value.decode(errors="replace").rstrip("\n")


def _check(status, explain, diagnostics=tuple):
    """Raises what a status means; `explain` fetches the library's words, if it has any."""
    if status:
        error = _ERRORS.get(status, Error)(explain() or _library().weft_status_name(status).decode())
        error.diagnostics = diagnostics()
        raise error


def version():
    """The version of the library, "0.1.0"."""
    return _library().weft_version().decode()


# ---- arrays ---------------------------------------------------------------------------------------------------------

_CPU = 1
_INTEGER, _REAL, _TRUTH, _ARRAY = range(4)  # weft_binding_kind
_CODES = {"i": 0, "u": 1, "f": 2, "b": 1}  # of NumPy's kinds in DLPack; the library takes booleans as bytes
_DTYPES = {(2, 32): 0, (4, 16): 1, (2, 16): 2}  # weft_dtype by DLPack's code and bits

_capsule_name = ctypes.pythonapi.PyCapsule_GetName
_capsule_name.restype, _capsule_name.argtypes = ctypes.c_char_p, [ctypes.py_object]
_capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype, _capsule_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]


def _listed(value):
    """Lists will do for arrays."""
    return numpy.array(value) if isinstance(value, (list, tuple)) else value


def _is_array(value):
    return isinstance(value, (list, tuple)) or hasattr(value, "__dlpack__") and getattr(value, "ndim", 1) > 0


def _copy(value):
    value = _listed(value)
    return value.copy() if isinstance(value, numpy.ndarray) else numpy.from_dlpack(value).copy()


def _is_torch(array):
    return "torch" in sys.modules and isinstance(array, sys.modules["torch"].Tensor)


def _numpy_view(name, array):
    """By itself, and not through __dlpack__, which some versions refuse for arrays that are read-only."""
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind not in _CODES or not array.dtype.isnative:
        raise ArgumentError("%s has elements of %s" % (name, array.dtype))
    if any(stride % size for stride in array.strides):
        raise ArgumentError("%s has strides that are no multiples of its elements' %d bytes" % (name, size))
    sizes = ctypes.c_int64 * array.ndim
    strides = sizes(*(stride // size for stride in array.strides))
    dtype = _DataType(_CODES[kind], 8 * size, 1)
    view = _Tensor(array.ctypes.data, _CPU, 0, array.ndim, dtype, sizes(*array.shape), strides)
    view.owner = array
    return view


def _view(name, array):
    """The array's own memory as a DLTensor, which keeps it."""
    if isinstance(array, numpy.ndarray):
        return _numpy_view(name, array)
    if not hasattr(array, "__dlpack__"):
        raise TypeError("%s is of type %s, which is no array: it has no __dlpack__" % (name, type(array).__name__))
    if array.__dlpack_device__()[0] != _CPU:
        raise ArgumentError("%s is not in the memory of the CPU" % name)
    if _is_torch(array) and array.requires_grad:
        if sys.modules["torch"].is_grad_enabled():
            raise ArgumentError("%s requires a gradient, and Weft computes none; see torch.no_grad()" % name)
        array = array.detach()
    try:
        capsule = array.__dlpack__(max_version=(1, 0))
    except TypeError:  # of before version 1
        capsule = array.__dlpack__()
    kind = _capsule_name(capsule)
    managed = _VersionedTensor if kind == b"dltensor_versioned" else _Tensor  # DLManagedTensor begins with its tensor
    found = managed.from_address(_capsule_pointer(capsule, kind))
    view = found.tensor if managed is _VersionedTensor else found
    view.owner = capsule  # never marked as used: with its last reference it gives the array back
    return view


def _new(like, shape, view):
    """An array of the kind of `like`, with the type of the view, or of float32; and one to be written, its memory."""
    if _is_torch(like):
        torch = sys.modules["torch"]
        out = torch.empty(shape, dtype=like.dtype if view else torch.float32)
        return out, out
    kind = view.dtype if view else _DataType(2, 32, 1)
    if kind.code != 2:
        raise ArgumentError("arrays of this type need PyTorch, since NumPy has none")
    written = numpy.empty(shape, "f%d" % (kind.bits // 8))
    if isinstance(like, numpy.ndarray) or not hasattr(like, "__array_namespace__"):
        return written, written
    return like.__array_namespace__().from_dlpack(written), written


def _binding(name, value):
    if isinstance(value, _Tensor):
        return _Binding(name.encode(), _ARRAY, _Value(array=ctypes.pointer(value)))
    if isinstance(value, numpy.generic) or hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool):
        return _Binding(name.encode(), _TRUTH, _Value(truth=value))
    if isinstance(value, int) and -(1 << 63) <= value < 1 << 63:
        return _Binding(name.encode(), _INTEGER, _Value(integer=value))
    if isinstance(value, float):
        return _Binding(name.encode(), _REAL, _Value(real=value))
    raise ArgumentError("%s is neither a number of 64 bits nor an array: %r" % (name, value))


def _bindings(values):
    return (_Binding * len(values))(*(_binding(name, value) for name, value in values.items()))


def _digest(value):
    """Equal for equal values of one type, and for nothing else."""
    if isinstance(value, numpy.ndarray):
        return value.dtype.str, value.shape, hashlib.blake2b(numpy.ascontiguousarray(value), digest_size=16).digest()
    return type(value).__name__, value


# ---- compiling ------------------------------------------------------------------------------------------------------


def _cache_folder():
    """As the tool has it: $WEFT_CACHE, where "" means nowhere, else the user's cache folder."""
    chosen = os.environ.get("WEFT_CACHE")
    if chosen is not None:
        return chosen
    folder = os.environ.get("XDG_CACHE_HOME", "")
    if folder.startswith("/"):
        return folder + "/weft"
    home = os.environ.get("HOME", "")
    return home + "/.cache/weft" if home.startswith("/") else ""


def compile(path, pattern=None, *, import_paths=(), threads=0, cache=None):
    """The pattern of a file, as an Attention; `pattern` names one where the file has several. import_paths: folders
    for imports, after the file's own. threads: for a run, 0 for one a core. cache: the folder where kernels are kept, ""
    for none; else as for the tool. PatternError says what is wrong in the file; warnings are PatternWarning."""

    def load(library, context, options, module):
        return library.weft_module_load(context, os.fsencode(path), options, module)

    return Attention(load, pattern, import_paths, threads, cache)


def compile_text(text, pattern=None, *, name="<text>", import_paths=(), threads=0, cache=None):
    """The same from the text; `name` stands for the file in messages, and imports are relative to its folder."""

    def load(library, context, options, module):
        data = text.encode()
        return library.weft_module_load_text(context, os.fsencode(name), data, len(data), options, module)

    return Attention(load, pattern, import_paths, threads, cache)


def block_mask(path, device="cpu"):
    """FlexAttention's BlockMask of a file that `weft export --to flex` wrote, with its mask function."""
    import torch
    from torch.nn.attention.flex_attention import BlockMask

    with numpy.load(path) as file:
        side, lengths = int(file["side"]), tuple(int(length) for length in file["lengths"])
        bits = numpy.unpackbits(file["tiles"], axis=-1, bitorder="little").astype(bool)
        tiles, tile_of = (torch.from_numpy(array).to(device) for array in (bits, file["tile_of"]))
        blocks = [torch.from_numpy(file[name]).to(device)
                  for name in ("kv_num_blocks", "kv_indices", "full_kv_num_blocks", "full_kv_indices")]

    def mask_function(batch, head, query, key):
        return tiles[tile_of[head, query // side, key // side], query % side, key % side]

    return BlockMask.from_kv_blocks(*blocks, BLOCK_SIZE=side, mask_mod=mask_function, seq_lengths=lengths)


def save_mask(path, block_mask):
    """The pairs of FlexAttention's BlockMask, as its mask function has them, in a .npy file for `weft import`."""
    from torch.nn.attention.flex_attention import create_mask

    pairs = create_mask(block_mask.mask_mod, *block_mask.shape, device=block_mask.kv_indices.device)
    numpy.save(path, pairs.cpu().numpy())


_Plan = collections.namedtuple("_Plan", "handle kept")  # the arrays that it reads, and that must not change
_workspace = threading.local()


class Attention:
    """A compiled pattern. `name` is the pattern's, `parameters` maps the names of its parameters to their types."""

    MOST_PLANS = 64  # that are kept; those used longest ago go first

    def __init__(self, load, pattern, import_paths, threads, cache):
        library = self._library = _library()
        self._lock = threading.RLock()
        self._kernels, self._plans = {}, collections.OrderedDict()
        folder = os.fsencode(_cache_folder() if cache is None else cache)
        debug = os.environ.get("WEFT_DEBUG", "")  # as for the tool: who is told of kernels
        config = _Config(threads=threads, cache_path=folder or None, debug=("gdb" in debug) + 2 * ("perf" in debug))
        self._context = self._make(library.weft_context_create, library.weft_context_destroy, ctypes.byref(config))
        paths = [os.fsencode(path) for path in import_paths]
        options = _ModuleOptions(import_paths=(ctypes.c_char_p * len(paths))(*paths), import_path_count=len(paths))
        self._module = self._make(functools.partial(load, library), library.weft_module_destroy, self._context,
                                  ctypes.byref(options), explain=self._explain)
        if self._diagnostics():
            warnings.warn(self._explain(), PatternWarning, stacklevel=3)
        self.name = self._choose(pattern)
        self.parameters = self._read_parameters()

    # -- calling

    def __call__(self, q, k, v, /, *, return_lse=False, **parameters):
        """o [H, Lq, Dv] or [B, H, Lq, Dv], of q's kind and type; with return_lse also the logarithms of the
        denominators, float32 [H, Lq] or [B, H, Lq]. k [KV, Lk, D], v [KV, Lk, Dv], KV divides H; k may be None for
        shared_qk. Parameters that are left out have the pattern's defaults. Arrays of type `keys` and `per_head` are
        read as they are; others are copied, since plans that hold them are kept."""
        views = {name: _view(name, array) for name, array in (("q", q), ("k", k), ("v", v)) if array is not None}
        shape = self._shape_of(views)
        dtype = self._dtype_of(views["q"])
        plan = self._plan(self._kernel(dtype, shape.head_dim, shape.value_dim), shape, self._planned(parameters))
        batch = [shape.batch] if views["q"].ndim == 4 else []
        o, o_memory = _new(q, (*batch, shape.heads, shape.queries, shape.value_dim), views["q"])
        lse, lse_memory = _new(q, (*batch, shape.heads, shape.queries), None) if return_lse else (None, None)
        views["o"] = _view("o", o_memory)
        if return_lse:
            views["lse"] = _view("lse", lse_memory)
        bound = _bindings({name: _view(name, _listed(parameters[name])) for name in self._late(parameters)})
        tensors = _Tensors(bindings=bound, binding_count=len(bound),
                           **{name: ctypes.pointer(view) for name, view in views.items()})
        status = self._library.weft_run(plan.handle, ctypes.byref(tensors), self._room(plan))
        _check(status, lambda: _text(self._library.weft_plan_message, plan.handle))
        return (o, lse) if return_lse else o

    # -- looking

    def mask(self, queries, keys=None, /, heads=None, **parameters):
        """Booleans [H, Lq, Lk]: which query row attends to which key. For lengths, `mask(1024)` or `mask(512, 1024)`,
        or for arrays, `mask(q, k)`, which sets that depend on data need; then [B, H, Lq, Lk] where q has four
        dimensions."""

        def fill(plan, batch, head, out):
            return self._library.weft_plan_mask(plan, batch, head, 0, out.ctypes.data)

        return self._look(queries, keys, heads, parameters, lambda shape: (shape.queries, shape.keys), "bool", fill)

    def show(self, queries, keys=None, /, heads=None, *, resolution=64, **parameters):
        """The pattern as a picture, float32 [H, rows, columns]: the share of each cell's pairs that is in the set,
        above 0 where a single one is. resolution: rows and columns, at most; one number stands for both."""
        sizes = resolution if isinstance(resolution, (tuple, list)) else (resolution, resolution)

        def fill(plan, batch, head, out):
            return self._library.weft_plan_coverage(plan, batch, head, -1, *out.shape, out.ctypes.data)

        return self._look(queries, keys, heads, parameters,
                          lambda shape: (min(sizes[0], shape.queries), min(sizes[1], shape.keys)), "float32", fill)

    # -- PyTorch

    def operator(self, name, **parameters):
        """An operator `weft::name` of PyTorch's, for torch.compile and torch.export: a function of q, k, v that gives
        o. The parameters are fixed; it is for inference, since it has no gradient."""
        import torch

        @torch.library.custom_op("weft::" + name, mutates_args=(), device_types="cpu")
        def run(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
            return self(q, k, v, **parameters)

        @run.register_fake
        def _(q, k, v):
            return q.new_empty(*q.shape[:-1], v.shape[-1])

        return run

    # -- inside

    def _make(self, create, destroy, *arguments, explain=str):
        """A handle from a function that puts it where its last argument says."""
        out = _Handle()
        diagnostics = self._diagnostics if explain == self._explain else tuple
        _check(create(*arguments, ctypes.byref(out)), explain, diagnostics)
        out.destroy = destroy
        return out

    def _explain(self):
        return _text(self._library.weft_context_message, self._context, False)

    def _diagnostics(self):
        out, found = [], _Diagnostic()
        while self._library.weft_context_diagnostic(self._context, len(out), ctypes.byref(found)):
            fields = (getattr(found, name) for name in Diagnostic._fields)
            out.append(Diagnostic(*(field.decode() if isinstance(field, bytes) else field for field in fields)))
        return tuple(out)

    def _choose(self, pattern):
        names = []
        while True:
            name = self._library.weft_module_pattern(self._module, len(names))
            if not name:
                break
            names.append(name.decode())
        if pattern is None and len(names) == 1:
            return names[0]
        if pattern in names:
            return pattern
        if not names:
            raise ArgumentError("the file has no pattern")
        question = "which pattern?" if pattern is None else "there is no pattern of that name;"
        raise ArgumentError("%s the file has: %s" % (question, ", ".join(names)))

    def _read_parameters(self):
        out, found = {}, _Parameter()
        while self._library.weft_module_parameter(self._module, self.name.encode(), len(out), ctypes.byref(found)):
            out[found.name.decode()] = found.type.decode()
        return out

    def _late(self, parameters):
        """Those that a run may bind: they have a say in no pair that a plan must know."""
        return [name for name in parameters if self.parameters.get(name) in ("keys", "per_head")]

    def _planned(self, parameters):
        late = self._late(parameters)
        return {name: value for name, value in parameters.items() if name not in late}

    def _dtype_of(self, view):
        dtype = _DTYPES.get((view.dtype.code, view.dtype.bits))
        if dtype is None:
            raise ArgumentError("q has elements that are neither float32, bfloat16 nor float16")
        return dtype

    def _shape_of(self, views):
        sizes = {name: tuple(view.shape[:view.ndim]) for name, view in views.items()}
        ranks = {len(size) for size in sizes.values()}
        if ranks not in ({3}, {4}):
            given = ", ".join("%s %s" % (name, list(size)) for name, size in sizes.items())
            raise ArgumentError("q, k and v have three dimensions, [H, L, D], or all have four; given: " + given)
        q, k = sizes["q"], sizes.get("k", sizes["q"])
        return _Shape(batch=q[0] if len(q) == 4 else 1, heads=q[-3], kv_heads=k[-3], queries=q[-2], keys=k[-2],
                      head_dim=q[-1], value_dim=sizes.get("v", q)[-1])

    def _kernel(self, dtype, head_dim, value_dim, plan_only=False):
        key = dtype, head_dim, value_dim, plan_only
        with self._lock:
            if key not in self._kernels:
                options = _KernelOptions(dtype=dtype, head_dim=head_dim, value_dim=value_dim, plan_only=plan_only)
                self._kernels[key] = self._make(self._library.weft_kernel_create, self._library.weft_kernel_destroy,
                                                self._module, self.name.encode(), ctypes.byref(options),
                                                explain=self._explain)
            return self._kernels[key]

    def _plan(self, kernel, shape, parameters):
        """One with these parameters, new or kept. Arrays are told apart by what they hold."""
        copies = {name: _copy(value) if _is_array(value) else value for name, value in parameters.items()}
        key = (kernel.value, bytes(shape), *sorted((name, _digest(value)) for name, value in copies.items()))
        with self._lock:
            if key not in self._plans:
                self._plans[key] = self._new_plan(kernel, shape, copies)
            self._plans.move_to_end(key)
            while len(self._plans) > self.MOST_PLANS:
                self._plans.popitem(last=False)
            return self._plans[key]

    def _new_plan(self, kernel, shape, values):
        views = {name: _view(name, value) if _is_array(value) else value for name, value in values.items()}
        bound = _bindings(views)
        with self._lock:  # so that the message is about this failure
            handle = self._make(self._library.weft_plan_create, self._library.weft_plan_destroy, kernel,
                                ctypes.byref(shape), bound, len(bound),
                                explain=lambda: _text(self._library.weft_kernel_message, kernel))
        return _Plan(handle, views)

    def _room(self, plan):
        """A thread's workspace, as large as it ever needed."""
        size = self._library.weft_plan_workspace(plan.handle)
        if len(getattr(_workspace, "room", b"")) < size:
            _workspace.room = None  # first, so that there are never two
            _workspace.room = ctypes.create_string_buffer(size)
        return _workspace.room

    def _look(self, queries, keys, heads, parameters, sizes, dtype, fill):
        """[B, H, ...] of what `fill` writes for each head, under a plan of its own, which is shown q and k."""
        views = {}
        if isinstance(queries, (int, numpy.integer)):
            heads = heads or self._library.weft_module_heads(self._module, self.name.encode()) or 1
            shape = _Shape(batch=1, heads=heads, queries=queries, keys=queries if keys is None else keys)
        elif heads is not None:
            raise ArgumentError("heads goes with lengths; arrays say themselves how many they have")
        else:
            views = {name: _view(name, array) for name, array in (("q", queries), ("k", keys)) if array is not None}
            shape = self._shape_of(views)
        values = {name: _copy(value) if _is_array(value) else value for name, value in parameters.items()}
        dtype_of_kernel = self._dtype_of(views["q"]) if views else 0
        plan = self._new_plan(self._kernel(dtype_of_kernel, 0, 0, plan_only=True), shape, values)
        explain = functools.partial(_text, self._library.weft_plan_message, plan.handle)
        if views:
            tensors = _Tensors(**{name: ctypes.pointer(view) for name, view in views.items()})
            _check(self._library.weft_plan_choose(plan.handle, ctypes.byref(tensors)), explain)
        out = numpy.empty((shape.batch, shape.heads, *sizes(shape)), dtype)
        for batch in range(shape.batch):
            for head in range(shape.heads):
                _check(fill(plan.handle, batch, head, out[batch, head]), explain)
        return out if views and views["q"].ndim == 4 else out[0]
