"""ResNet-50 and MobileNetV2 in their published shapes, random weights, batch normalisation folded at export."""

import numpy as np
import onnx
from onnx_graph import GraphBuilder, linear

from . import Model


class Images(GraphBuilder):
    """f32[batch, 3, 224, 224], opset 17, convolutions with the bias that folding left."""

    def __init__(self, name, seed):
        super().__init__(name)
        self.random = np.random.default_rng(seed)
        self.x = self.input("x", "f32", ["batch", 3, 224, 224])

    def conv(self, x, inputs, outputs, kernel, stride=1, group=1, gain=1.0):
        fan = inputs // group * kernel * kernel
        scale = np.float32(gain * (2.0 / fan) ** 0.5)
        weight = self.random.standard_normal((outputs, inputs // group, kernel, kernel), np.float32) * scale
        bias = self.random.standard_normal(outputs, np.float32) * np.float32(0.05)
        pad = kernel // 2
        return self.node(
            "Conv", [x, self.weight("conv.weight", weight), self.weight("conv.bias", bias)], dilations=[1, 1], group=group,
            kernel_shape=[kernel, kernel], pads=[pad] * 4, strides=[stride] * 2)

    def head(self, x, channels, classes=1000):
        x = self.node("Flatten", [self.node("GlobalAveragePool", [x])], axis=1)
        self.gemm(x, *linear(self.random, channels, classes), "fc", "logits")
        self.output("logits", "f32", ["batch", classes])
        return self.model()


def resnet50():
    """He et al. 2016 with the stride on the 3 x 3 (torchvision's v1.5): stages of 3, 4, 6, 3 bottlenecks."""
    net = Images("resnet50", 41)
    x = net.node("Relu", [net.conv(net.x, 3, 64, 7, 2)])
    x = net.node("MaxPool", [x], ceil_mode=0, kernel_shape=[3, 3], pads=[1] * 4, strides=[2, 2])
    channels = 64
    for width, blocks, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for block in range(blocks):
            step = stride if block == 0 else 1
            y = net.node("Relu", [net.conv(x, channels, width, 1)])
            y = net.node("Relu", [net.conv(y, width, width, 3, step)])
            y = net.conv(y, width, 4 * width, 1, gain=0.4)
            short = net.conv(x, channels, 4 * width, 1, step, gain=0.7) if block == 0 else x
            x, channels = net.node("Relu", [net.node("Add", [y, short])]), 4 * width
    return net.head(x, channels)


def mobilenet_v2():
    """Sandler et al. 2018, width 1.0: inverted residuals (expansion, channels, repeats, stride) with ReLU6."""
    net = Images("mobilenet_v2", 42)
    low, high = net.weight("low", np.float32(0)), net.weight("high", np.float32(6))

    def relu6(x):
        return net.node("Clip", [x, low, high])

    x, channels = relu6(net.conv(net.x, 3, 32, 3, 2)), 32
    blocks = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
    for expansion, outputs, repeats, stride in blocks:
        for index in range(repeats):
            step, hidden = stride if index == 0 else 1, channels * expansion
            y = relu6(net.conv(x, channels, hidden, 1)) if expansion > 1 else x
            y = relu6(net.conv(y, hidden, hidden, 3, step, group=hidden))
            y = net.conv(y, hidden, outputs, 1)
            x = net.node("Add", [x, y]) if step == 1 and channels == outputs else y
            channels = outputs
    return net.head(relu6(net.conv(x, channels, 1280, 1)), 1280)


def data(batch):
    return {"x": np.random.default_rng(7).standard_normal((batch, 3, 224, 224), np.float32)}


MODELS = (
    Model("mobilenet_v2", "mobilenet", lambda path: onnx.save(mobilenet_v2(), path), data, (1, 8)),
    Model("resnet50", "resnet", lambda path: onnx.save(resnet50(), path), data, (1, 8)),
    Model("resnet50_fast", "resnet, numerics = fast", lambda path: onnx.save(resnet50(), path), data, (1, 8),
          file="resnet50", settings=("numerics = fast",)),
)
