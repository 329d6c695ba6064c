"""The finetuned ensemble as two ONNX graphs: one per polymer, one per test.

Whatever the members do inside, a kernel on all layers or a mixture with physics, is traced from
the modules that ``trinity predict`` runs; the page only feeds the graphs. Weights are stored in
half precision and widened when the graph is loaded: they weigh half, and results change by less
than one part in a thousand.
"""

import io
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from trinity.learning.correction import NUMBERS, AveragedCorrections, Correction
from trinity.learning.loop import member_folders
from trinity.learning.model import FlammabilityModel, load_model
from trinity.quantities import LABORATORIES

OPSET = 18
#: Arrays smaller than this stay in single precision: scalers, offsets, norms.
SMALL = 1024


class Encoders(nn.Module):
    """Token ids and mask (S, T) -> embeddings of each member (M, S, D), all layers side by side."""

    def __init__(self, members: list[FlammabilityModel]):
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return torch.stack([m.embed(input_ids, attention_mask, layers=True) for m in self.members])


class Heads(nn.Module):
    """Mean embeddings (M, D), log conditions (R, 2) and log nominal physics (R, 4, NaN where it
    does not ignite) of one polymer, laboratory unknown -> what `answer.combine` gives:
    log means (R, 4), log standard deviations (R, 4) and ignition probabilities (R,)."""

    def __init__(self, members: list[FlammabilityModel]):
        super().__init__()
        self.heads = nn.ModuleList(member.head for member in members)
        for name in ("condition_mean", "condition_scale", "target_mean", "target_scale"):
            values = [getattr(member.scalers, name) for member in members]
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32))

    def forward(self, pooled: Tensor, conditions: Tensor, physics: Tensor):
        laboratory = torch.zeros(conditions.shape[0], len(LABORATORIES))
        means, variances, ignition = [], [], []
        for i, head in enumerate(self.heads):
            centre, scale = self.target_mean[i], self.target_scale[i]
            at = (conditions - self.condition_mean[i]) / self.condition_scale[i]
            logit, mean, log_variance = head(
                pooled[i].expand(conditions.shape[0], -1), at, laboratory,
                (physics - centre) / scale,
            )  # fmt: skip
            means.append(mean * scale + centre)
            variances.append(torch.exp(log_variance) * scale**2)
            ignition.append(torch.sigmoid(logit))
        stacked = torch.stack(means)
        variance = torch.stack(variances).mean(0) + stacked.var(0, unbiased=False)
        return stacked.mean(0), variance.sqrt(), torch.stack(ignition).mean(0)


class TracedCorrection(Correction):
    """A fitted correction as a graph can hold it: its numbers are known before the trace, and
    distances are written in operators that ONNX has."""

    def __init__(self, fitted: Correction):
        nn.Module.__init__(self)
        for name, values in fitted.named_buffers():
            self.register_buffer(name, values)
        self.known = {name: fitted.number(name) for name in NUMBERS}

    def number(self, name: str) -> float:
        return self.known[name]

    def distance(self, embedding: Tensor) -> Tensor:
        return (embedding[:, None, :] - self.embedding[None, :, :]).pow(2).sum(-1).sqrt()


def members(folder: Path) -> list[FlammabilityModel]:
    """The members of an ensemble, ready to be traced."""
    found = [load_model(path) for path in member_folders(folder)]
    for model in found:
        # The plain formula: one graph for every runtime.
        model.backbone.config._attn_implementation = "eager"
        if fitted := model.head.correction:
            model.head.correction = AveragedCorrections(map(TracedCorrection, fitted.members))
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
    config = ensemble[0].backbone.config
    width = config.hidden_size * (config.num_hidden_layers + 1)
    sample = (torch.randn(len(ensemble), width), torch.randn(3, 2), torch.randn(3, 4))
    rows = {0: torch.export.Dim("tests", min=1)}
    return _trace(
        Heads(ensemble), sample, ["pooled", "conditions", "physics"],
        ["log_mean", "log_sigma", "ignition"], (None, rows, rows),
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
        exact = array.dtype != np.float32 or array.size < SMALL or "correction" in tensor.name
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
