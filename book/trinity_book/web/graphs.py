"""The distilled networks as two ONNX graphs: one per polymer, one per test.

The graphs are traced from the modules that ``trinity predict --fast`` runs; the page combines what
they say. Weights are stored in half precision and widened when the graph is loaded: they weigh
half, and results change by less than one part in a thousand.
"""

import io
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from trinity.learning.loop import member_folders
from trinity.learning.model import FlammabilityModel, load_model
from trinity.quantities import LABORATORIES

OPSET = 18
#: Arrays smaller than this stay in single precision: scalers, offsets, norms.
SMALL = 1024


class Encoders(nn.Module):
    """Token ids and mask (S, T) -> embeddings of each member (M, S, D)."""

    def __init__(self, members: list[FlammabilityModel]):
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return torch.stack([m.embed(input_ids, attention_mask) for m in self.members])


class Heads(nn.Module):
    """Embeddings (M, D) and log conditions (R, 2) of one polymer, laboratory unknown -> means
    and standard deviations (M, R, 4) and ignition probabilities (M, R) of each member, in its own
    coordinates (`trinity.learning.model.Scalers`)."""

    def __init__(self, members: list[FlammabilityModel]):
        super().__init__()
        self.heads = nn.ModuleList(member.head for member in members)
        for name in ("condition_mean", "condition_scale", "target_mean", "target_scale"):
            values = [getattr(member.scalers, name) for member in members]
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32))

    def forward(self, pooled: Tensor, conditions: Tensor):
        laboratory = torch.zeros(conditions.shape[0], len(LABORATORIES))
        means, sigmas, ignition = [], [], []
        for i, head in enumerate(self.heads):
            at = (conditions - self.condition_mean[i]) / self.condition_scale[i]
            logit, mean, log_variance = head(
                pooled[i].expand(conditions.shape[0], -1), at, laboratory
            )
            means.append(mean * self.target_scale[i] + self.target_mean[i])
            sigmas.append(torch.exp(0.5 * log_variance) * self.target_scale[i])
            ignition.append(torch.sigmoid(logit))
        return torch.stack(means), torch.stack(sigmas), torch.stack(ignition)


def members(folder: Path) -> list[FlammabilityModel]:
    """The members of an ensemble, ready to be traced."""
    found = [load_model(path) for path in member_folders(folder)]
    for model in found:
        # The plain formula: one graph for every runtime.
        model.backbone.config._attn_implementation = "eager"
    return found


def encoder_graph(folder: Path) -> bytes:
    """`Encoders` as ONNX, any number of sequences of any length."""
    sample = torch.tensor([[2, 5, 7, 3], [2, 7, 3, 0]]), torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
    axes = {0: torch.export.Dim("sequences", min=1), 1: torch.export.Dim("tokens", max=256)}
    return _trace(
        Encoders(members(folder)), sample,
        ["input_ids", "attention_mask"], ["pooled"], (axes, axes),
    )  # fmt: skip


def head_graph(folder: Path) -> bytes:
    """`Heads` as ONNX, any number of tests."""
    ensemble = members(folder)
    width = ensemble[0].backbone.config.hidden_size
    sample = (torch.randn(len(ensemble), width), torch.randn(3, 2))
    rows = {0: torch.export.Dim("tests", min=1)}
    return _trace(
        Heads(ensemble), sample, ["pooled", "conditions"],
        ["mean", "sigma", "ignition"], (None, rows),
    )  # fmt: skip


def _trace(module: nn.Module, sample, inputs, outputs, axes) -> bytes:
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module.eval(), sample, dynamo=True, opset_version=OPSET, verbose=False,
            input_names=inputs, output_names=outputs, dynamic_shapes=axes, external_data=False,
        )  # fmt: skip
    stream = io.BytesIO()
    program.save(stream)
    graph = _halved(onnx.load_from_string(stream.getvalue()))
    onnx.checker.check_model(graph)
    return graph.SerializeToString()


def _halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """Large weights in half precision, each widened by a node of its own."""
    kept, widened = [], []
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        exact = array.dtype != np.float32 or array.size < SMALL
        if exact:
            kept.append(tensor)
            continue
        small = f"{tensor.name}.half"
        kept.append(numpy_helper.from_array(array.astype(np.float16), small))
        widened.append(
            onnx.helper.make_node("Cast", [small], [tensor.name], to=onnx.TensorProto.FLOAT)
        )
    nodes = [*widened, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)
    for node in model.graph.node:  # no traces of the machine that wrote it
        node.doc_string = ""
        del node.metadata_props[:]
    del model.graph.value_info[:]
    return model
