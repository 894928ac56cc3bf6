"""The operators that an actor's graph may use, of the standard domain. `check` refuses every other one.

Operators whose output's size depends on the graph's inputs (NonZero, Loop ...), and random ones, are not among them.
"""

from __future__ import annotations

from puppet.actor.graph import elementwise, layers, reshaping
from puppet.actor.graph.values import Operator


def _names(names: str, operator: Operator) -> dict[str, Operator]:
    return dict.fromkeys(names.split(), operator)


OPERATORS: dict[str, Operator] = {  # what the exporters write, and plain arithmetic beside it
    **_names("Abs Neg Sign Exp Log Sqrt Reciprocal Floor Ceil Round Identity Clip Not Erf", elementwise.unary),
    **_names("Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh Atanh Tanh", elementwise.unary),
    **_names(
        "Sigmoid Relu LeakyRelu Elu Selu Celu Gelu Mish HardSigmoid HardSwish Softplus Softsign", elementwise.unary
    ),
    **_names("ThresholdedRelu Softmax LogSoftmax", elementwise.unary),
    **_names("IsNaN IsInf", elementwise.predicate),
    **_names("Add Sub Mul Div Mod Pow Max Min Sum Mean PRelu", elementwise.joined),
    **_names(" ".join(elementwise.COMPARING), elementwise.joined),
    "Where": elementwise.where,
    "Cast": elementwise.cast,
    "Constant": reshaping.constant_node,
    "Shape": reshaping.shape_of,
    "Size": reshaping.size_of,
    "ConstantOfShape": reshaping.filled,
    "Range": reshaping.arange,
    "Reshape": reshaping.reshaped,
    "Flatten": reshaping.flattened,
    "Squeeze": reshaping.squeezed,
    "Unsqueeze": reshaping.unsqueezed,
    "Transpose": reshaping.transposed,
    "Concat": reshaping.concatenated,
    "Split": reshaping.split,
    "Slice": reshaping.sliced,
    "Gather": reshaping.gathered,
    "Expand": reshaping.expanded,
    "Tile": reshaping.tiled,
    "Pad": reshaping.padded,
    "Resize": reshaping.resized,
    **_names("DepthToSpace SpaceToDepth", reshaping.depth_moved),
    "MatMul": layers.matmul,
    "Gemm": layers.gemm,
    "Conv": layers.convolved,
    "ConvTranspose": layers.transpose_convolved,
    **_names("AveragePool MaxPool", layers.pooled),
    **_names("GlobalAveragePool GlobalMaxPool", layers.global_pooled),
    **_names("BatchNormalization InstanceNormalization LayerNormalization", layers.normalised),
    **_names("ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceSumSquare", layers.reduced),
    **_names("ReduceLogSum ReduceLogSumExp ArgMax ArgMin", layers.reduced),
}
