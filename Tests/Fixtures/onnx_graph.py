"""A small builder over `onnx.helper`: numpy arrays become raw initializers, nodes return their output's name."""

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

ELEMENT = {
    "f32": TensorProto.FLOAT,
    "f64": TensorProto.DOUBLE,
    "i64": TensorProto.INT64,
    "i32": TensorProto.INT32,
    "bool": TensorProto.BOOL,
}

# The oldest IR version that knows each opset: tree exporters still write opset 8 with IR 3.
IR_VERSION = {8: 3, 9: 4, 11: 6, 13: 7, 15: 8, 17: 8, 18: 8, 21: 10}


class GraphBuilder:
    """Collects nodes and weights of one graph, then writes it as a checked `ModelProto`."""

    def __init__(self, name, opset=17, ml_opset=None):
        self.name, self.opset, self.ml_opset = name, opset, ml_opset
        self.nodes, self.initializers, self.inputs, self.outputs = [], [], [], []
        self.counts = {}

    def fresh(self, stem):
        index = self.counts.get(stem, 0)
        self.counts[stem] = index + 1
        return stem if index == 0 else f"{stem}_{index}"

    def input(self, name, element, shape):
        self.inputs.append(helper.make_tensor_value_info(name, ELEMENT[element], shape))
        return name

    def output(self, name, element, shape):
        self.outputs.append(helper.make_tensor_value_info(name, ELEMENT[element], shape))

    def weight(self, stem, array):
        name = self.fresh(stem)
        self.initializers.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def node(self, op, inputs, output=None, domain="", **attributes):
        outputs = output if isinstance(output, list) else [output or self.fresh(f"/{op}_output_0")]
        node = helper.make_node(op, inputs, outputs, self.fresh(f"/{op}"), domain=domain, **attributes)
        self.nodes.append(node)
        return outputs if isinstance(output, list) else outputs[0]

    def gemm(self, x, weight, bias, stem, output=None):
        """`x · weightᵀ + bias`, weight stored [out, in] as PyTorch's Linear stores it."""
        names = [x, self.weight(f"{stem}.weight", weight), self.weight(f"{stem}.bias", bias)]
        return self.node("Gemm", names, output, alpha=1.0, beta=1.0, transB=1)

    def model(self):
        inputs = list(self.inputs)
        if IR_VERSION[self.opset] < 4:  # until IR 4 every initializer had to be an input as well
            for tensor in self.initializers:
                inputs.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
        graph = helper.make_graph(self.nodes, self.name, inputs, self.outputs, self.initializers)
        opsets = [helper.make_opsetid("", self.opset)]
        if self.ml_opset:
            opsets.append(helper.make_opsetid("ai.onnx.ml", self.ml_opset))
        model = helper.make_model(graph, opset_imports=opsets, producer_name="servec-fixtures")
        model.ir_version = IR_VERSION[self.opset]
        checker.check_model(model)
        return model


def linear(random, inputs, outputs):
    """A He-scaled weight [outputs, inputs] and a small bias, f32."""
    weight = random.standard_normal((outputs, inputs), np.float32) * np.float32((2.0 / inputs) ** 0.5)
    return weight, random.standard_normal(outputs, np.float32) * np.float32(0.05)


def mlp(builder, random, x, widths, stem, final=None, output=None):
    """Linear and Relu layers over `widths`; `final` replaces the last Relu (None leaves it linear)."""
    layers = list(zip(widths, widths[1:]))
    for index, (inputs, outputs) in enumerate(layers):
        last = index == len(layers) - 1
        activation = final if last else "Relu"
        weight, bias = linear(random, inputs, outputs)
        name = output if last and not activation else None
        x = builder.gemm(x, weight, bias, f"{stem}.{2 * index}", name)
        if activation:
            x = builder.node(activation, [x], output if last else None)
    return x
