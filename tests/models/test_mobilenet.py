import numpy as np
import pytest

from efficient_ai import cost, data, models, published

# Logits of the middle of scikit-image's coffee.png (short side to 256 pixels, bilinear; 224 × 224 cut out; ImageNet's
# mean and standard deviation), class: value. Made with PyTorch 2.13.0 on a CPU: the net of sandler2018mobilenetv2's
# table 2 written down in torch.nn, torchvision's state_dict loaded into it strictly, in eval mode.
REFERENCE = {
    967: 21.08019256591797,
    925: 15.643797874450684,
    968: 14.52028751373291,
    0: 2.826951742172241,
    500: -4.668397426605225,
    999: 3.468693733215332,
}


@pytest.fixture(scope="module")
def mobilenet():
    return models.imagenet_mobilenet_v2()


def test_the_logits_are_those_of_the_original(mobilenet):
    logits = mobilenet.predict(data.normalized(data.sample("coffee")[None]), verbose=0)[0]
    for index, value in REFERENCE.items():
        assert logits[index] == pytest.approx(value, abs=1e-4)
    assert data.imagenet_labels()[int(np.argmax(logits))] == "espresso"


def test_most_held_out_photographs_are_named_rightly(mobilenet):
    held_out = data.held_out()
    logits = mobilenet.predict(data.normalized(held_out.images), verbose=0)
    assert (logits.argmax(axis=1) == held_out.labels).mean() >= 0.8


def test_parameters_and_macs_are_as_published():
    counted = cost.count(models.mobilenet_v2())
    assert counted.params == published.figure("torchvision.mobilenet_v2.params").value
    assert round(counted.macs / 1e9, 3) == published.figure("torchvision.mobilenet_v2.macs").value
    assert counted.unknown_operators == ()


@pytest.mark.parametrize("width", [0.35, 0.5, 1.4])
def test_other_widths_have_channels_in_eights(width):
    model = models.mobilenet_v2(width=width, side=96)
    assert all(layer.filters % 8 == 0 for layer in model.layers if hasattr(layer, "filters"))
