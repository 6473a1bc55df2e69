"""Tensors of PyTorch: memory that several of them, or arrays of numpy, share comes back shared, and gradients come along.

PyTorch's own pickles give every tensor a copy of its storage, leave ``grad`` out, and forget what a tensor was computed from:
an optimizer would then go on from nothing without a word.
"""

import sys

from .errors import Unshippable


class TensorReductions:
    """The reductions of exact ``Tensor`` and ``Parameter`` types for one pickle stream."""

    def __init__(self):
        #: address of a storage -> what stands for it in the stream.
        self._storages = {}

    def reduction_of(self, kind):
        """The reduction for ``kind``, or None: subclasses reduce themselves, to tensors."""
        torch = sys.modules.get("torch")
        if torch is None or not hasattr(torch, "Tensor") or "numpy" not in sys.modules:
            return None
        if kind is torch.Tensor:
            return self._reduce_tensor
        return self._reduce_parameter if kind is torch.nn.Parameter else None

    def _reduce_tensor(self, tensor):
        torch = sys.modules["torch"]
        if tensor.grad_fn is not None:
            raise Unshippable(
                tensor,
                "a tensor that remembers how it was computed (grad_fn)",
                "Pass on tensor.detach() or tensor.item(), or call backward() in the step that computed it.",
            )
        if tensor.device.type != "cpu" or tensor.layout is not torch.strided or tensor.is_quantized:
            return tensor.__reduce_ex__(4)
        memory = tensor.untyped_storage()
        if not memory.nbytes() or tensor.is_conj() or tensor.is_neg() or tensor._backward_hooks:
            return tensor.__reduce_ex__(4)
        held = self._storages.get(memory.data_ptr())
        if held is None:
            held = self._storages[memory.data_ptr()] = _Storage(torch, memory)
        place = tensor.storage_offset(), tuple(tensor.size()), tensor.stride()
        args = (held, tensor.dtype, *place, tensor.requires_grad)
        return (make_tensor, args, *_state(tensor))

    def _reduce_parameter(self, parameter):
        if parameter._backward_hooks:
            return parameter.__reduce_ex__(4)
        return (make_parameter, (parameter.data, parameter.requires_grad), *_state(parameter))


def _state(tensor):
    state = dict(vars(tensor)), tensor.grad if tensor.is_leaf else None
    return () if state == ({}, None) else (state, None, None, set_tensor_state)


class _Storage:
    def __init__(self, torch, memory):
        # An array over the whole storage: it takes part in the extents that arrays make.
        self._array = torch.empty(0, dtype=torch.uint8).set_(memory).numpy()

    def __reduce_ex__(self, _):
        return make_storage, (self._array,)


def make_storage(array):
    """A storage over the memory of an array of bytes."""
    import torch

    return torch.from_numpy(array).untyped_storage()


def make_tensor(storage, dtype, offset, size, stride, requires_grad):
    """A tensor on a storage."""
    import torch

    tensor = torch.empty(0, dtype=dtype).set_(storage, offset, size, stride)
    return tensor.requires_grad_(requires_grad)


def make_parameter(data, requires_grad):
    """A parameter on the memory of a tensor."""
    import torch

    return torch.nn.Parameter(data, requires_grad)


def set_tensor_state(tensor, state):
    """Gives a tensor its attributes and its gradient."""
    attributes, grad = state
    vars(tensor).update(attributes)
    if grad is not None:
        tensor.grad = grad


def same_tensors(before, now, same):
    """Whether two tensors mean the same; ``same`` compares their parts."""
    torch = sys.modules["torch"]
    for part in ("dtype", "device", "layout", "requires_grad"):
        if getattr(before, part) != getattr(now, part):
            return False
    if before.size() != now.size() or (before.grad_fn is None) != (now.grad_fn is None):
        return False
    if not same(vars(before), vars(now)) or (before.is_leaf and not same(before.grad, now.grad)):
        return False
    if before.layout is not torch.strided:
        return torch.equal(before, now)
    one, other = (each.detach().contiguous().reshape(-1).view(torch.uint8) for each in (before, now))
    return torch.equal(one, other)
