"""Version 2: embeddings, a deep part and a wide part, trained in numpy and written as plain ONNX operators."""

import numpy as np
import scipy.sparse
from onnx import TensorProto, checker, helper, numpy_helper

EMBEDDINGS = {"product": 32, "subclass": 12, "age": 4, "region": 4}
HIDDEN = (128, 64)


def initial(dense_width, sizes, seed=3):
    """f32 parameters by name; the embedding tables start small, the layers He-scaled."""
    random = np.random.default_rng(seed)
    normal = lambda *shape: random.standard_normal(shape).astype(np.float32)
    parameters = {f"{name}.table": 0.05 * normal(sizes[name], width) for name, width in EMBEDDINGS.items()}
    parameters["wide.table"] = np.zeros((sizes["product"], 1), np.float32)
    parameters["wide.weight"] = np.zeros((dense_width, 1), np.float32)
    widths = [dense_width + sum(EMBEDDINGS.values()), *HIDDEN, 1]
    for layer, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        parameters[f"deep.{layer}.weight"] = normal(inputs, outputs) * np.float32((2 / inputs) ** 0.5)
        parameters[f"deep.{layer}.bias"] = np.zeros(outputs, np.float32)
    return parameters


def forward(p, dense, ids):
    """The logits of every row, and what `backward` needs."""
    parts = [dense] + [p[f"{name}.table"][ids[:, column]] for column, name in enumerate(EMBEDDINGS)]
    activations = [np.concatenate(parts, axis=1)]
    layers = len(HIDDEN) + 1
    for layer in range(layers):
        x = activations[-1] @ p[f"deep.{layer}.weight"] + p[f"deep.{layer}.bias"]
        activations.append(np.maximum(x, 0) if layer < layers - 1 else x)
    wide = p["wide.table"][ids[:, 0]] + dense @ p["wide.weight"]
    return (activations[-1] + wide)[:, 0], activations


def table_gradient(column, gradient, rows):
    """Sums the gradients of rows that share an id: a sparse one-hot matrix times the gradient."""
    count = len(column)
    one_hot = scipy.sparse.csr_matrix((np.ones(count, np.float32), (column, np.arange(count))), (rows, count))
    return one_hot @ gradient


def backward(p, dense, ids, activations, logit_gradient):
    gradient = logit_gradient[:, None]
    result = {
        "wide.table": table_gradient(ids[:, 0], gradient, len(p["wide.table"])),
        "wide.weight": dense.T @ gradient,
    }
    for layer in reversed(range(len(HIDDEN) + 1)):
        result[f"deep.{layer}.weight"] = activations[layer].T @ gradient
        result[f"deep.{layer}.bias"] = gradient.sum(axis=0)
        gradient = gradient @ p[f"deep.{layer}.weight"].T
        if layer > 0:
            gradient *= activations[layer] > 0
    start = dense.shape[1]
    for column, (name, width) in enumerate(EMBEDDINGS.items()):
        part = gradient[:, start : start + width]
        result[f"{name}.table"] = table_gradient(ids[:, column], part, len(p[f"{name}.table"]))
        start += width
    return result


def listwise_gradient(logits, labels):
    """d/dlogits of the mean softmax cross entropy of each request's candidates against what was bought."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    probability = shifted / shifted.sum(axis=1, keepdims=True)
    target = labels / labels.sum(axis=1, keepdims=True)
    loss = -(target * np.log(probability + 1e-12)).sum(axis=1).mean()
    return (probability - target) / np.float32(len(labels)), loss


class Adam:
    """Kingma & Ba 2015, with decoupled weight decay on the tables."""

    def __init__(self, parameters, rate, decay):
        self.rate, self.decay, self.step = rate, decay, 0
        self.first = {name: np.zeros_like(value) for name, value in parameters.items()}
        self.second = {name: np.zeros_like(value) for name, value in parameters.items()}

    def update(self, parameters, gradients, scale):
        self.step += 1
        rate = self.rate * scale * (1 - 0.999**self.step) ** 0.5 / (1 - 0.9**self.step)
        for name, gradient in gradients.items():
            first, second = self.first[name], self.second[name]
            first += np.float32(0.1) * (gradient - first)
            second += np.float32(0.001) * (gradient * gradient - second)
            parameters[name] -= np.float32(rate) * first / (np.sqrt(second) + np.float32(1e-8))
            if name.endswith(".table"):
                parameters[name] *= np.float32(1 - self.rate * scale * self.decay)


def train(dense, ids, labels, sizes, epochs=3, batch=64, rate=1e-3, decay=10.0, drop=0.5, seed=5, report=print):
    """dense f32[requests, c, D], ids i64[requests, c, 4], labels f32[requests, c], one bought or more in each."""
    random = np.random.default_rng(seed)
    parameters = initial(dense.shape[2], sizes)
    adam = Adam(parameters, rate, decay)
    steps, total = 0, epochs * -(-len(labels) // batch)
    for epoch in range(epochs):
        order, losses = random.permutation(len(labels)), []
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            rows, columns = dense[chosen].reshape(-1, dense.shape[2]), ids[chosen].reshape(-1, ids.shape[2])
            # Some products go unnamed, so that the unknown product's row 0 is trained too.
            columns[random.random(len(columns)) < drop, 0] = 0
            logits, activations = forward(parameters, rows, columns)
            gradient, loss = listwise_gradient(logits.reshape(len(chosen), -1), labels[chosen])
            gradients = backward(parameters, rows, columns, activations, gradient.ravel())
            adam.update(parameters, gradients, 1 - steps / total)
            steps += 1
            losses.append(loss)
        report(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}")
    return parameters


def export(p, dense_width):
    """Gather, Concat, Gemm, Relu, MatMul, Add and Sigmoid, as a PyTorch export of the same module has them."""
    nodes, weights = [], []

    def weight(name, array):
        weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(op, inputs, output, **attributes):
        nodes.append(helper.make_node(op, inputs, [output], f"/{output}", **attributes))
        return output

    def gather(table, ids, output):
        return node("Gather", [weight(table, p[table]), ids], output, axis=0)

    parts = ["dense"]
    for column, name in enumerate(EMBEDDINGS):
        index = f"{name}.column"
        weights.append(numpy_helper.from_array(np.array(column, np.int64), index))
        node("Gather", ["ids", index], f"{name}.id", axis=1)
        parts.append(gather(f"{name}.table", f"{name}.id", f"{name}.vector"))
    x = node("Concat", parts, "deep_input", axis=1)
    for layer in range(len(HIDDEN) + 1):
        name = f"deep.{layer}"
        matrix, bias = weight(f"{name}.weight", p[f"{name}.weight"].T), weight(f"{name}.bias", p[f"{name}.bias"])
        x = node("Gemm", [x, matrix, bias], name, transB=1)
        if layer < len(HIDDEN):
            x = node("Relu", [x], f"deep.{layer}.relu")
    wide = node("MatMul", ["dense", weight("wide.weight", p["wide.weight"])], "wide")
    bias = gather("wide.table", "product.id", "product.bias")
    logit = node("Add", [node("Add", [x, wide], "deep_and_wide"), bias], "logit")
    shape = weight("rows", np.array([-1], np.int64))
    node("Sigmoid", [node("Reshape", [logit, shape], "column")], "score")
    graph = helper.make_graph(
        nodes, "wide_and_deep",
        [
            helper.make_tensor_value_info("dense", TensorProto.FLOAT, ["rows", dense_width]),
            helper.make_tensor_value_info("ids", TensorProto.INT64, ["rows", len(EMBEDDINGS)]),
        ],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["rows"])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="servec-example")
    model.ir_version = 8
    checker.check_model(model)
    return model
